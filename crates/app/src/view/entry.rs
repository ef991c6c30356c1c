//! Entries and their versions, as shown.

use serde::Serialize;
use ts_rs::TS;

/// One entry in a list: the row of `keyward list --json` and `keyward due --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct EntryRow {
    /// `project/env/name`, unique in the vault.
    pub name: String,
    /// ULID of the entry; stays when it is renamed.
    pub id: String,
    /// Project, the first part of the name.
    pub project: String,
    /// Environment, the second part of the name.
    pub env: String,
    /// `api-key`, `webhook-secret`, `token`, `password`, `private-key` or `other`.
    pub kind: String,
    /// Provider id such as `stripe`, if known.
    pub provider: Option<String>,
    /// `live`, `test` or `unknown`.
    pub mode: String,
    /// The environment variable that the entry becomes in `keyward run`.
    pub var: String,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// The version in use.
    pub current: CurrentVersion,
    /// The calendar day (UTC, `YYYY-MM-DD`) on which the value is due for rotation; none when the
    /// entry never rotates.
    pub due: Option<String>,
    /// Days from now until `due`; negative when overdue.
    pub days_left: Option<i64>,
    /// Whole days since the value changed, never negative.
    pub age_days: i64,
    /// Days between rotations; 0 when the entry never rotates.
    pub rotate_days: u32,
    /// `fresh`, `due-soon`, `overdue`, `expired` or `leaked`.
    pub state: String,
    /// State of a rotation run that is under way, such as `created`.
    pub run: Option<String>,
    /// Day (local, `YYYY-MM-DD`) until which no reminder names it; none when it is not put off.
    pub snoozed_until: Option<String>,
}

/// The version that an entry's name stands for.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CurrentVersion {
    /// Number of the version, from 1.
    pub version: u32,
    /// When this value was stored (RFC 3339, UTC).
    pub created: String,
}

/// `keyward list --json`, `keyward due --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct EntryList {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// The entries, by name.
    pub entries: Vec<EntryRow>,
}

/// Everything about one entry but its values: `keyward show --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct EntryDetail {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// The same row as in lists.
    pub entry: EntryRow,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The provider's console page for this key.
    pub url: Option<String>,
    /// Free text.
    pub notes: Option<String>,
    /// What is known of the provider's IP allowlist for this key.
    pub ip_note: Option<String>,
    /// The day on which the provider lets the value expire (`YYYY-MM-DD`).
    pub expires: Option<String>,
    /// When the entry was made (RFC 3339).
    pub created: String,
    /// All versions, newest first.
    pub versions: Vec<VersionRow>,
    /// Where it is used, learned from run, export and scan; newest first.
    pub uses: Vec<UseRow>,
}

/// One version of an entry.
#[derive(Debug, Clone, Serialize, TS)]
pub struct VersionRow {
    /// Number from 1.
    pub version: u32,
    /// `pending`, `current`, `previous`, `revoked` or `dead`.
    pub stage: String,
    /// When the value was stored (RFC 3339).
    pub created: String,
    /// When it stopped being current (RFC 3339).
    pub retired: Option<String>,
    /// Length of the value in bytes.
    pub size: u32,
}

/// One place in which an entry was seen or used.
#[derive(Debug, Clone, Serialize, TS)]
pub struct UseRow {
    /// `run`, `env`, `copy`, `leak`.
    pub how: String,
    /// A command, a file, or a repository with path and commit.
    pub place: String,
    /// Version number that was seen there.
    pub version: u32,
    /// When it was last seen (RFC 3339).
    pub last: String,
}

/// What an import would do or has done: `keyward import --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ImportReport {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// False for a preview.
    pub applied: bool,
    /// One row for each variable, in file order.
    pub rows: Vec<ImportRow>,
}

/// One variable of an imported file.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ImportRow {
    /// Line in the file, from 1.
    pub line: u32,
    /// The variable's name in the file.
    pub var: String,
    /// Name of the entry it becomes.
    pub name: String,
    /// Guessed kind.
    pub kind: String,
    /// Guessed provider.
    pub provider: Option<String>,
    /// Guessed mode.
    pub mode: String,
    /// `add`, `new-version`, `same`, `bad`.
    pub action: String,
    /// Why a row is bad or needs a look.
    pub note: Option<String>,
}
