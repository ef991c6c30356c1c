//! Keys that the user issued, as shown.

use serde::Serialize;
use ts_rs::TS;

/// One key that was issued: the row of `keyward issue list --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct IssuedKeyRow {
    /// The public part of the key, eight letters and digits.
    pub id: String,
    /// What the key begins with, such as `acme_live`.
    pub prefix: String,
    /// Whom or what it was made for.
    pub label: Option<String>,
    /// Project it belongs to.
    pub project: Option<String>,
    /// Environment it belongs to.
    pub env: Option<String>,
    /// When it was made (RFC 3339).
    pub created: String,
    /// Day (UTC, `YYYY-MM-DD`) from which it is refused.
    pub expires: Option<String>,
    /// When it was revoked (RFC 3339).
    pub revoked: Option<String>,
    /// When it was last found valid here (RFC 3339).
    pub verified: Option<String>,
    /// `active`, `expired` or `revoked`.
    pub state: String,
    /// Argon2id parameters of its hash, such as `m=65536,t=3,p=4` (memory in KiB, passes, lanes).
    pub cost: String,
}

/// `keyward issue list --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct IssuedKeyList {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// Newest first.
    pub keys: Vec<IssuedKeyRow>,
}

/// One key that was made or revoked: `keyward issue create --json`, `keyward issue revoke --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct IssuedKeyView {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// The key, as in lists.
    pub key: IssuedKeyRow,
}

/// A key that was made and put on the clipboard by the window.
#[derive(Debug, Clone, Serialize, TS)]
pub struct IssuedKeyCopied {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// The key, as in lists.
    pub key: IssuedKeyRow,
    /// Seconds until the clipboard is cleared.
    pub seconds: u32,
}

/// `keyward issue verify --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct IssuedKeyVerdict {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// `valid`, `revoked`, `expired`, `unknown` (not issued here, or altered), `other` (issued here, but
    /// not the one asked about), `mistyped` (the checksum does not fit) or `not-a-key`.
    pub verdict: String,
    /// One sentence in words.
    pub message: String,
    /// The key, if it is one that was issued here.
    pub key: Option<IssuedKeyRow>,
}

/// `keyward issue hash --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct IssuedKeyHash {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// The key's id.
    pub id: String,
    /// Its Argon2id hash as one line (PHC string format), for a database of the user's own.
    pub hash: String,
    /// The key's state, as in lists.
    pub state: String,
}
