//! Why a call to a provider or a destination did not do what it was to do, and whether it may have
//! had its effect all the same: the one thing that decides whether it may be made again.

use std::time::Duration;

use thiserror::Error;

use crate::RemoteError;

/// Whether a call that failed may have had its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// Nothing was sent, or the answer says that nothing was done.
    No,
    /// It was sent, and no answer says what came of it.
    Perhaps,
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{why}")]
pub struct Failure {
    /// Whether it may have had its effect.
    pub happened: Happened,
    /// Why it failed.
    pub why: Why,
    /// How long the other side asks to wait.
    pub wait: Option<Duration>,
}

/// Why a call failed. No text holds a value, and none of the answer's body but a short code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Why {
    /// No answer came about.
    #[error("{0}")]
    Remote(#[from] RemoteError),
    /// The other side refused; its status, and its own code for the reason where it has one.
    #[error("it answered {status}{}", code.as_ref().map(|code| format!(" ({code})")).unwrap_or_default())]
    Refused {
        /// HTTP status.
        status: u16,
        /// The provider's own word, at most 80 printable characters.
        code: Option<String>,
    },
    /// It answered with success, and not with what was asked for.
    #[error("its answer cannot be used: {0}")]
    Answer(&'static str),
    /// Something that the call needs was not given.
    #[error("it needs `{0}`")]
    Missing(String),
    /// Someone else changed it since it was read.
    #[error("it was changed by someone else meanwhile")]
    Conflict,
    /// A file, or a command, could not be read, written or run.
    #[error("{0}")]
    Local(String),
    /// The provider has no such call.
    #[error("the provider has no interface for this")]
    Unsupported,
}

impl Failure {
    /// A failure that had no effect.
    #[must_use]
    pub fn without_effect(why: Why) -> Self {
        Self { happened: Happened::No, why, wait: None }
    }
}
