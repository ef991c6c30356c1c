//! How a provider replaces a credential. A run goes by the shape and never by the brand.

use serde::{Deserialize, Serialize};

/// How a provider replaces a credential.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// A second one is made; both work until the old one is deleted.
    IssueDelete,
    /// One call gives the new one and ends the old one at once.
    RollInPlace,
    /// One call gives the new one; the old one works on for a time that the call says.
    RollWithGrace,
    /// A second slot is filled and then promoted, which ends the first one.
    PrimarySecondary,
    /// It is made in the console; the interface can only disable it.
    DisableOnly,
    /// It is made in the console; it can revoke itself, or anyone who has it can.
    SelfRevoke,
    /// The console alone: a person does every step. Runs of before there were shapes are this.
    #[default]
    ConsoleOnly,
}

impl Shape {
    /// The word for it in every output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::IssueDelete => "issue-delete",
            Self::RollInPlace => "roll-in-place",
            Self::RollWithGrace => "roll-with-grace",
            Self::PrimarySecondary => "primary-secondary",
            Self::DisableOnly => "disable-only",
            Self::SelfRevoke => "self-revoke",
            Self::ConsoleOnly => "console-only",
        }
    }

    /// Whether making the new value ends the old one in the same moment: there is no overlap, and
    /// whatever holds the old value stands still until it has the new one.
    #[must_use]
    pub fn ends_old_at_once(self) -> bool {
        self == Self::RollInPlace
    }

    /// Whether the old value ends by itself at a time that the provider says.
    #[must_use]
    pub fn ends_old_by_time(self) -> bool {
        self == Self::RollWithGrace
    }
}
