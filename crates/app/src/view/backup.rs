//! Backups and restores, as shown.

use serde::Serialize;
use ts_rs::TS;

/// One backup that Keyward wrote.
#[derive(Debug, Clone, Serialize, TS)]
pub struct BackupRow {
    /// Absolute path of the file.
    pub path: String,
    /// When it was written (RFC 3339).
    pub created: String,
    /// Size in bytes.
    pub size: u64,
    /// Entries in it.
    pub entries: u32,
    /// When it was last opened and checked after it was written (RFC 3339).
    pub verified: Option<String>,
    /// Whether the file is still there.
    pub present: bool,
}

/// `keyward backup list --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct BackupList {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// Newest first.
    pub backups: Vec<BackupRow>,
    /// The last drill; none when there was none.
    pub drill: Option<super::LastDrill>,
    /// One sentence when a restore should be rehearsed.
    pub drill_due: Option<String>,
    /// The recovery kit; none when none was made.
    pub kit: Option<super::KitRow>,
}

/// `keyward backup create --json`, `keyward backup verify --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct BackupReport {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// The file.
    pub path: String,
    /// Vault the backup was made of.
    pub vault: String,
    /// When it was made (RFC 3339).
    pub created: String,
    /// Entries in it.
    pub entries: u32,
    /// Values in it, all versions counted.
    pub values: u32,
    /// Size of the file in bytes.
    pub size: u64,
    /// Whether the keyed manifest proves that this vault wrote it; none when its key is not here.
    pub origin_proved: Option<bool>,
    /// Whether it was opened and its document compared; false when only its bytes were, since a
    /// recipient's identity is not at hand.
    pub opened: bool,
}

/// One difference between a backup and the vault.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RestoreChange {
    /// Name of the entry.
    pub name: String,
    /// `added`, `changed`, `older` or `same`.
    pub change: String,
    /// Whether this restore takes it over.
    pub apply: bool,
    /// What differs, in words.
    pub note: Option<String>,
}

/// What a restore would do or has done: `keyward backup restore --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RestoreReport {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// False for `--dry-run`.
    pub applied: bool,
    /// Entries that the vault lacks.
    pub added: u32,
    /// Entries whose backup copy is newer.
    pub changed: u32,
    /// Entries whose backup copy is older than the vault's.
    pub older: u32,
    /// Entries that are the same in both.
    pub same: u32,
    /// Whether the keyed manifest proves where the backup comes from; none when its key is gone.
    pub origin_proved: Option<bool>,
    /// One row for each entry of the backup.
    pub changes: Vec<RestoreChange>,
    /// The backup of the vault as it was before, made first when the vault was not empty.
    pub before: Option<String>,
    /// Entries that cannot be restored and were left out (`--skip-bad`).
    pub bad: Vec<BadEntry>,
    /// What is odd about the backup and does not hinder, in words.
    pub warnings: Vec<String>,
}

/// One entry of a backup that cannot be restored.
#[derive(Debug, Clone, Serialize, TS)]
pub struct BadEntry {
    /// Its place in the backup, from 1.
    pub position: u32,
    /// Its name, short and without control characters.
    pub name: String,
    /// What is wrong with it.
    pub problem: String,
}
