//! The small process that keeps the lock key after `keyward unlock`: how it is found and asked. It
//! listens on a Unix socket in a folder that only this user can enter; Windows has none.
//!
//! One line goes in, one answer comes out: `key ID` (32 bytes), `left` (`ID SECONDS`), `more SECONDS
//! ID` (`ID SECONDS`), `lock` (`ID 0`). ID is the lock's; what is not understood gets no answer.

#[cfg(unix)]
mod client;
#[cfg(unix)]
mod serve;

#[cfg(windows)]
use std::path::Path;
use std::path::PathBuf;

#[cfg(windows)]
use keyward_vault::LockKey;
use zeroize::Zeroizing;

use crate::Error;

#[cfg(unix)]
pub use serve::serve;

/// Longest time for which a key is kept, in seconds (12 hours).
pub const LONGEST: u64 = 12 * 60 * 60;

/// What the process that keeps the key has to know. The key itself goes through a pipe.
pub struct Order {
    /// Where to listen.
    pub socket: PathBuf,
    /// Id of the lock.
    pub lock: String,
    /// For how long, in seconds.
    pub seconds: u64,
    /// The key.
    pub key: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Order").field("socket", &self.socket).finish_non_exhaustive()
    }
}

/// What a running agent says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Left {
    /// The lock whose key it keeps.
    pub(crate) lock: String,
    /// For how many more seconds.
    pub(crate) seconds: u64,
}

#[cfg(unix)]
pub(crate) use client::{end, fetch, left, more, place};

#[cfg(windows)]
pub(crate) fn fetch(_home: &Path, _lock: &str) -> Option<LockKey> {
    None
}

#[cfg(windows)]
pub(crate) fn left(_home: &Path) -> Option<Left> {
    None
}

#[cfg(windows)]
pub(crate) fn more(_home: &Path, _lock: &str, _seconds: u64) -> Option<Left> {
    None
}

#[cfg(windows)]
pub(crate) fn end(_home: &Path) -> bool {
    false
}

#[cfg(windows)]
pub(crate) fn place(_home: &Path) -> Result<PathBuf, Error> {
    Err(unavailable("Windows has no agent"))
}

/// Keeps a key; not on Windows.
///
/// # Errors
/// `AGENT_UNAVAILABLE`, always.
#[cfg(windows)]
pub fn serve(_order: Order, _ready: impl FnOnce(), _stop: impl Fn() -> bool) -> Result<(), Error> {
    Err(unavailable("Windows has no agent"))
}

pub(crate) fn unavailable(why: &str) -> Error {
    Error::new(
        "AGENT_UNAVAILABLE",
        format!("The key cannot be kept in the background: {why}. The vault stays locked."),
        "Without it each command asks for the passphrase; the window keeps the key by itself.",
    )
}
