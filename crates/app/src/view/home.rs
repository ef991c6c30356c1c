//! The first screen, and the repositories that are looked after.

use serde::Serialize;
use ts_rs::TS;

use super::LeakCount;

/// What needs the user today.
#[derive(Debug, Clone, Serialize, TS)]
pub struct Home {
    /// Things to do, most pressing first. Empty: nothing needs you.
    pub needs: Vec<Need>,
    /// Entries in the vault.
    pub entries: u32,
    /// Ages in days of all current values, for the picture.
    pub ages: Vec<i64>,
    /// The next twelve weeks: how many entries fall due in each.
    pub weeks: Vec<Week>,
}

/// One thing to do, with one action.
#[derive(Debug, Clone, Serialize, TS)]
pub struct Need {
    /// `leaked`, `expired`, `overdue`, `run`, `due-soon`, `backup`, `drill` or `keychain`.
    pub kind: String,
    /// Name of the entry, or empty.
    pub name: String,
    /// One sentence in words.
    pub text: String,
}

/// One week on the calendar.
#[derive(Debug, Clone, Serialize, TS)]
pub struct Week {
    /// Its Monday (`YYYY-MM-DD`).
    pub start: String,
    /// Entries due in it (overdue ones count in the first week).
    pub due: u32,
}

/// One repository or folder that was scanned.
#[derive(Debug, Clone, Serialize, TS)]
pub struct Repository {
    /// Absolute path.
    pub path: String,
    /// When it was last scanned (RFC 3339).
    pub scanned: Option<String>,
    /// What was found then.
    pub leaks: LeakCount,
}

/// Repositories on the leaks screen.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RepositoryList {
    /// By path.
    pub repositories: Vec<Repository>,
}
