//! Drills, recovery kits and scheduled backups, as shown.

use serde::Serialize;
use ts_rs::TS;

use crate::Error;

/// What a drill found: `keyward backup drill --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct DrillReport {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// The backup.
    pub path: String,
    /// When the backup was made (RFC 3339).
    pub created: String,
    /// When it was rehearsed (RFC 3339).
    pub drilled: String,
    /// Whether nothing differs and nothing is missing.
    pub ok: bool,
    /// Values that are the same in both.
    pub same: u32,
    /// Values that the backup has otherwise.
    pub differs: u32,
    /// Values that the vault had when the backup was made and that it lacks.
    pub missing: u32,
    /// Values that came into the vault after the backup was made.
    pub newer: u32,
    /// Values of the backup that the vault no longer has.
    pub removed: u32,
    /// Whether the keyed manifest proves that this vault wrote it; none when another did.
    pub origin_proved: Option<bool>,
    /// One row for each value of either.
    pub rows: Vec<DrillRow>,
}

/// One value in a drill.
#[derive(Debug, Clone, Serialize, TS)]
pub struct DrillRow {
    /// Name of the entry.
    pub name: String,
    /// Number of the version.
    pub number: u32,
    /// `same`, `differs`, `missing`, `newer` or `removed`.
    pub result: String,
}

/// The last drill.
#[derive(Debug, Clone, Serialize, TS)]
pub struct LastDrill {
    /// When (RFC 3339).
    pub at: String,
    /// The backup it was done with.
    pub path: String,
    /// Whether everything came back.
    pub ok: bool,
    /// Values that were the same.
    pub same: u32,
    /// Values that differed.
    pub differs: u32,
    /// Values that were missing.
    pub missing: u32,
    /// Values that came after the backup.
    pub newer: u32,
}

/// A recovery kit that was made: `keyward backup kit --json`. The identity is not in it.
#[derive(Debug, Clone, Serialize, TS)]
pub struct KitReport {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// Its public key, `age1…`.
    pub recipient: String,
    /// When it was made (RFC 3339).
    pub created: String,
    /// The file it lies in.
    pub path: Option<String>,
    /// The recipient of the kit whose place it takes.
    pub replaced: Option<String>,
}

/// The recovery kit that backups are made for.
#[derive(Debug, Clone, Serialize, TS)]
pub struct KitRow {
    /// Its public key, `age1…`.
    pub recipient: String,
    /// When it was made (RFC 3339).
    pub created: String,
}

/// `keyward backup schedule status --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ScheduleStatus {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// Whether one is set.
    pub set: bool,
    /// Seconds between backups.
    pub every: u64,
    /// Who can open them, `age1…`; those of the recovery kit where none were named.
    pub recipients: Vec<String>,
    /// When the next one is due (RFC 3339), the earliest of all folders.
    pub next: Option<String>,
    /// The folders.
    pub folders: Vec<ScheduleFolder>,
    /// How many stay: of each of the last so many days, weeks and months the newest.
    pub daily: u32,
    /// See `daily`.
    pub weekly: u32,
    /// See `daily`.
    pub monthly: u32,
    /// The system's timer that runs it; none when it is not installed.
    pub timer: Option<String>,
    /// What is still to be done for the timer, in words.
    pub note: Option<String>,
}

/// One folder that backups go to.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ScheduleFolder {
    /// Absolute path.
    pub folder: String,
    /// Whether it is there now.
    pub present: bool,
    /// Backups of this vault in it.
    pub files: u32,
    /// When the newest of them was made (RFC 3339).
    pub last: Option<String>,
}

/// `keyward backup schedule run --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ScheduleRun {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// Whether no folder failed.
    pub ok: bool,
    /// What was done for each folder.
    pub folders: Vec<FolderRun>,
}

/// What a scheduled run did for one folder.
#[derive(Debug, Clone, Serialize, TS)]
pub struct FolderRun {
    /// The folder.
    pub folder: String,
    /// `written`, `fresh` (the last one is young enough) or `failed`.
    pub state: String,
    /// The file that was written.
    pub path: Option<String>,
    /// Files that retention took away.
    pub pruned: Vec<String>,
    /// What went wrong.
    pub error: Option<Error>,
}
