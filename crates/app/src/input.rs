//! What a face hands in. Values are not in here: they come as [`keyward_vault::Secret`] beside it.

use std::collections::BTreeMap;

use jiff::Timestamp;
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

/// How an entry is connected to its provider; none leaves a field as it is, an empty text clears it.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectionEdit {
    /// Id of the connector, where the entry's provider does not say it.
    pub provider: Option<String>,
    /// Name of the entry that is the stronger credential.
    pub admin: Option<String>,
    /// Parameters, each set or, when empty, taken away.
    pub parameters: BTreeMap<String, String>,
}

/// A new place that holds a copy of a value. Which fields it needs is said by its kind.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
pub struct NewPlace {
    /// `dotenv`, `file`, `secrets-manager`, `kv`, `github-actions`, `gitlab-ci`, `kubernetes`,
    /// `command` or `by-hand`.
    pub kind: String,
    /// The file (dotenv, file, kubernetes), or the path in a KV store.
    pub path: Option<String>,
    /// The variable or key: of an `.env` file (the entry's own by default), of a pipeline, of a
    /// manifest, or the field of a KV secret.
    pub key: Option<String>,
    /// Name of the secret in Secrets Manager, or of the Secret in a manifest.
    pub secret: Option<String>,
    /// AWS region.
    pub region: Option<String>,
    /// Address of the server, where it is not the built-in one.
    pub address: Option<String>,
    /// Mount of a KV store.
    pub mount: Option<String>,
    /// Namespace of a KV store.
    pub namespace: Option<String>,
    /// `owner/name` at GitHub, id or `group/project` at GitLab.
    pub project: Option<String>,
    /// Environment of a repository, or the scope of a GitLab variable.
    pub environment: Option<String>,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Program and arguments that print what is there.
    pub check: Vec<String>,
    /// What a person does.
    pub note: Option<String>,
    /// Name of the entry with which the place is written.
    pub credential: Option<String>,
}

/// How a run is to go.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
pub struct NewRun {
    /// Seconds for which both values work (0 to 30 days); an hour when not given.
    pub overlap: Option<u32>,
    /// Revoke the old value first.
    pub emergency: bool,
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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Only of this project.
    pub project: Option<String>,
    /// Only of this environment.
    pub env: Option<String>,
    /// Only with this tag.
    pub tag: Option<String>,
    /// Only those due within so many days, overdue ones included.
    pub due_within: Option<u32>,
    /// Only with each of these somewhere in the name, provider, variable or tags, in any case, as the
    /// window filters its list; one with blanks stands for several.
    pub words: Vec<String>,
}

/// Reads a moment: RFC 3339 or Unix seconds.
///
/// # Errors
/// Why it is none, in words that follow "is".
pub fn parse_time(text: &str) -> Result<Timestamp, String> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Timestamp::from_second(seconds).map_err(|_| "out of range".to_owned());
    }
    text.parse().map_err(|_| "neither RFC 3339 nor Unix seconds".to_owned())
}
