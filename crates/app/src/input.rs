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

/// A key to issue.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
pub struct NewIssuedKey {
    /// What it begins with: 2 to 32 letters, digits and single `_`, such as `acme_live`.
    pub prefix: String,
    /// Whom or what it is for; at most 256 bytes.
    pub label: Option<String>,
    /// Day (UTC) from which it is refused, `YYYY-MM-DD`, or 1 to 3650 days such as `90d`.
    pub expires: Option<String>,
    /// Project it belongs to.
    pub project: Option<String>,
    /// Environment it belongs to.
    pub env: Option<String>,
    /// Argon2id parameters such as `m=19456,t=2,p=1`; 64 MiB, 3 passes, 4 lanes when not given.
    pub cost: Option<String>,
}

/// Which issued key is asked about; none is any.
#[derive(Debug, Clone, Default)]
pub struct ExpectedKey {
    /// Its id.
    pub id: Option<String>,
    /// Its prefix.
    pub prefix: Option<String>,
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
