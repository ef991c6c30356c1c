//! The lock, as shown.

use serde::Serialize;
use ts_rs::TS;

/// `keyward passphrase status --json`, and what the lock screen knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct LockStatus {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// Whether there is a passphrase.
    pub passphrase: bool,
    /// Whether values cannot be read without it now.
    pub locked: bool,
    /// When it was last set or changed (RFC 3339).
    pub since: Option<String>,
    /// Seconds for which the key is still kept after `keyward unlock`.
    pub unlocked_for: Option<u64>,
    /// Seconds until the passphrase may be tried again; 0 at once.
    pub wait: u64,
    /// Values that have not followed a passphrase that was set or removed: it was cut off.
    pub behind: u32,
}
