//! Health, audit and settings, as shown.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The status line of the window.
#[derive(Debug, Clone, Serialize, TS)]
pub struct Status {
    /// Version of the program.
    pub program: String,
    /// Whether a vault exists yet.
    pub vault: bool,
    /// The keychain.
    pub keychain: KeychainStatus,
    /// When the last backup was written (RFC 3339).
    pub last_backup: Option<String>,
    /// When a restore was last rehearsed (RFC 3339).
    pub last_drill: Option<String>,
    /// The data folder.
    pub home: String,
}

/// Whether the keychain answers.
#[derive(Debug, Clone, Serialize, TS)]
pub struct KeychainStatus {
    /// `os`, `file` or `memory`.
    pub kind: String,
    /// Whether it answered just now.
    pub ok: bool,
    /// Stable error code such as `KC_LOCKED`.
    pub code: Option<String>,
    /// What is the matter, or which keychain it is.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// `keyward doctor --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct Doctor {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// Whether every check passed.
    pub ok: bool,
    /// The checks in order.
    pub checks: Vec<Check>,
}

/// One thing that the doctor looked at.
#[derive(Debug, Clone, Serialize, TS)]
pub struct Check {
    /// Stable id such as `keychain`.
    pub id: String,
    /// Whether it is well.
    pub ok: bool,
    /// Stable error code when it is not.
    pub code: Option<String>,
    /// What was found.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// One row of the audit record.
#[derive(Debug, Clone, Serialize, TS)]
pub struct AuditRow {
    /// Place in the chain, from 1.
    pub seq: u64,
    /// When (RFC 3339).
    pub at: String,
    /// `cli` or `desktop`.
    pub actor: String,
    /// What was done, such as `add`, `reveal`, `rotate-start`.
    pub action: String,
    /// What it was done to: an entry's name, a file.
    pub subject: String,
    /// More, never a value.
    pub detail: Option<String>,
}

/// `keyward audit list --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct AuditList {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// Newest first.
    pub rows: Vec<AuditRow>,
}

/// `keyward audit export`: the whole record, to keep elsewhere.
#[derive(Debug, Clone, Serialize)]
pub struct AuditExport {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// The vault's id; none without a vault.
    pub vault: Option<String>,
    /// Whether the record was unbroken when it was exported.
    pub ok: bool,
    /// What was found, in words.
    pub message: String,
    /// The chain's head, `<seq>:<hex>`.
    pub head: Option<String>,
    /// Oldest first.
    pub rows: Vec<AuditExportRow>,
}

/// One row of an exported record.
#[derive(Debug, Clone, Serialize)]
pub struct AuditExportRow {
    /// Place in the chain, from 1.
    pub seq: u64,
    /// When (RFC 3339); none, as the next four, where the row's text is no event.
    pub at: Option<String>,
    /// `cli` or `desktop`.
    pub actor: Option<String>,
    /// What was done.
    pub action: Option<String>,
    /// What it was done to.
    pub subject: Option<String>,
    /// More, never a value.
    pub detail: Option<String>,
    /// The row's text exactly as it was chained.
    pub body: String,
    /// Its MAC, in hex: HMAC-SHA-256 over the row before it, its number and its text.
    pub mac: String,
}

/// `keyward audit verify --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct AuditVerdict {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// Whether the chain holds and ends at the anchored head.
    pub ok: bool,
    /// Rows that were checked.
    pub rows: u64,
    /// The chain's head, `<seq>:<hex>`.
    pub head: Option<String>,
    /// First row that does not fit.
    pub broken_at: Option<u64>,
    /// What was found there, in words.
    pub message: String,
    /// When it was checked (RFC 3339).
    pub checked: String,
}

/// What the user may set. Stored in the database; every field has a sentence in the window.
#[derive(Debug, Clone, Serialize, Deserialize, TS, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Days between rotations for entries that set none (1 to 3650).
    pub rotate_days: u32,
    /// Days before the due date from which an entry is due soon (0 to 365).
    pub lead_days: u32,
    /// Seconds after which a copied value leaves the clipboard (5 to 600).
    pub clear_after: u32,
    /// `system`, `light` or `dark`.
    pub theme: String,
    /// Whether a notification is sent once a day when something is due, by the window or by the
    /// system's timer.
    pub notify: bool,
    /// Hours of the day, in local time, in which none is sent: `22:00-08:00`, or empty for none.
    pub quiet_hours: String,
    /// Minutes without a key or pointer after which the window locks, if there is a passphrase (1, 5,
    /// 15, 60; 0 is never).
    pub lock_after: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rotate_days: 90,
            lead_days: 14,
            clear_after: 30,
            theme: "system".to_owned(),
            notify: true,
            quiet_hours: String::new(),
            lock_after: 15,
        }
    }
}

/// How many findings of each severity a repository has.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
pub struct LeakCount {
    /// Findings that are values of this vault.
    pub own: u32,
    /// Critical ones.
    pub critical: u32,
    /// High ones.
    pub high: u32,
    /// The rest, without those of low confidence.
    pub other: u32,
    /// Findings of low confidence, counted apart.
    pub low_confidence: u32,
}
