//! What a face hands in. Values are not in here: they come as [`keyward_vault::Secret`] beside it.

use serde::Deserialize;
use ts_rs::TS;

pub use keyward_vault::{Secret, secret};

/// A new entry.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct NewEntry {
    /// `project/env/name`.
    pub name: String,
    /// Guessed from the value when not given.
    pub kind: Option<String>,
    /// Guessed from the value when not given.
    pub provider: Option<String>,
    /// `live` or `test`; guessed from the value when not given.
    pub mode: Option<String>,
    /// Environment variable; made from the name when not given.
    pub var: Option<String>,
    /// Days between rotations (0 to 3650; 0 is never); the vault's default when not given.
    pub rotate_days: Option<u32>,
    /// The provider's expiry, `YYYY-MM-DD`.
    pub expires: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Console page.
    pub url: Option<String>,
    /// Free text.
    pub notes: Option<String>,
    /// IP allowlist note.
    pub ip_note: Option<String>,
    /// Pass the guard against live and test mixed up; it is recorded.
    pub force: bool,
}

/// Changes of an entry; none leaves a field as it is, an empty text clears it.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
pub struct EntryEdit {
    /// New name, `project/env/name`.
    pub name: Option<String>,
    /// New kind.
    pub kind: Option<String>,
    /// New provider.
    pub provider: Option<String>,
    /// New mode.
    pub mode: Option<String>,
    /// New variable.
    pub var: Option<String>,
    /// New days between rotations.
    pub rotate_days: Option<u32>,
    /// New expiry, or empty for none.
    pub expires: Option<String>,
    /// New tags, replacing the old ones.
    pub tags: Option<Vec<String>>,
    /// New owner.
    pub owner: Option<String>,
    /// New console page.
    pub url: Option<String>,
    /// New notes.
    pub notes: Option<String>,
    /// New IP allowlist note.
    pub ip_note: Option<String>,
}

/// Which entries a list shows.
#[derive(Debug, Clone, Default)]
pub struct ListFilter {
    /// Only of this project.
    pub project: Option<String>,
    /// Only of this environment.
    pub env: Option<String>,
    /// Only with this tag.
    pub tag: Option<String>,
    /// Only those due within so many days, overdue ones included.
    pub due_within: Option<u32>,
}
