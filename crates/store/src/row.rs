//! The typed rows. Each is stored as one JSON document beside its key columns, under a MAC.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// One credential under a name that is unique in its project and environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// ULID; stays when the entry is renamed.
    pub id: String,
    /// First part of the name.
    pub project: String,
    /// Second part of the name.
    pub env: String,
    /// Third part of the name.
    pub name: String,
    /// `api-key`, `webhook-secret`, `token`, `password`, `private-key` or `other`.
    pub kind: String,
    /// Provider id such as `stripe`.
    pub provider: Option<String>,
    /// `live`, `test` or `unknown`.
    pub mode: String,
    /// Environment variable that it becomes.
    pub var: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The provider's console page.
    pub url: Option<String>,
    /// Free text.
    pub notes: Option<String>,
    /// What is known of the provider's IP allowlist.
    pub ip_note: Option<String>,
    /// Sorted, without repeats.
    pub tags: Vec<String>,
    /// Days between rotations; none means the vault's default, 0 means never.
    pub rotate_days: Option<u32>,
    /// Day on which the provider lets the value expire.
    pub expires: Option<Date>,
    /// Until when no reminder names it. Rows of older vaults do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snooze: Option<Snooze>,
    /// When the entry was made.
    pub created: Timestamp,
    /// When anything of it last changed.
    pub updated: Timestamp,
    /// When it was put in the bin; its name is free again from then on.
    pub removed: Option<Timestamp>,
}

impl Entry {
    /// The full name, `project/env/name`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}/{}", self.project, self.env, self.name)
    }
}

/// Reminders of an entry put off. It is for one value: a new one ends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snooze {
    /// Local day from which reminders name the entry again.
    pub until: Date,
    /// Number of the version that it is for.
    pub version: u32,
}

/// One value of an entry; the value itself is in the keychain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// ULID; the last part of the keychain item's account.
    pub id: String,
    /// ULID of the entry.
    pub entry: String,
    /// From 1, in order of storing.
    pub number: u32,
    /// `pending`, `current`, `previous`, `revoked` or `dead`.
    pub stage: String,
    /// When the value was stored; its age counts from here.
    pub created: Timestamp,
    /// When it stopped being current.
    pub retired: Option<Timestamp>,
    /// Length in bytes.
    pub size: u32,
    /// HMAC-SHA-256 of the value under the vault's fingerprint key, in hex: "is this the same
    /// value?" without the value.
    pub fingerprint: String,
    /// True when the value is too large for the platform and stands here as a sealed box.
    pub sealed: bool,
    /// True when what is kept is the value sealed under the lock key. Vaults made before there was
    /// a lock do not say.
    #[serde(default)]
    pub locked: bool,
}

/// The lock of a vault with a passphrase: the wrapped lock key, and how far values have followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// ULID, new with each lock key: a key that was kept elsewhere is known to be of this lock.
    pub id: String,
    /// `setting`, `set` or `removing`.
    pub state: String,
    /// When the passphrase was last set or changed.
    pub since: Timestamp,
    /// Salt of the derivation, in hex.
    pub salt: String,
    /// Argon2id memory in KiB.
    pub memory: u32,
    /// Argon2id passes.
    pub passes: u32,
    /// Argon2id lanes.
    pub lanes: u32,
    /// The lock key, sealed under the key that comes from the passphrase, in hex.
    pub wrapped: String,
    /// What tells the lock key from another one without giving it away, in hex.
    pub check: String,
}

/// Tries of a passphrase since the last right one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// How many failed. One that is under way counts as failed.
    pub failed: u32,
    /// Which run of the system the time is of.
    pub boot: String,
    /// When the last one began, in milliseconds since that run began.
    pub at: u64,
}

/// A keychain item that is about to be written or deleted. Left over only by a crash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The keychain account.
    pub account: String,
    /// When the intent was recorded.
    pub at: Timestamp,
}

/// One rotation run; its state is written by the rotation crate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// ULID.
    pub id: String,
    /// ULID of the entry.
    pub entry: String,
    /// Whether it is still under way; an entry has at most one open run.
    pub open: bool,
    /// The run's own state as JSON.
    pub state: serde_json::Value,
}

/// One place in which an entry was used or seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// ULID of the entry.
    pub entry: String,
    /// `run`, `env`, `import`, `copy` or `leak`.
    pub how: String,
    /// A command, a file, a repository with path and commit.
    pub place: String,
    /// Version number seen there.
    pub version: u32,
    /// When it was last seen.
    pub last: Timestamp,
}

/// One backup file that was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupRecord {
    /// Absolute path.
    pub path: String,
    /// When it was written.
    pub created: Timestamp,
    /// Size in bytes.
    pub size: u64,
    /// Entries in it.
    pub entries: u32,
    /// When it was last opened and checked after it was written.
    pub verified: Option<Timestamp>,
}

/// One key that the user issued. The key itself is nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedKey {
    /// The public part of the key, unique in the vault.
    pub id: String,
    /// What the key begins with.
    pub prefix: String,
    /// Whom or what it was made for.
    pub label: Option<String>,
    /// Project it belongs to.
    pub project: Option<String>,
    /// Environment it belongs to.
    pub env: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// Day (UTC) from which it is refused.
    pub expires: Option<Date>,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
    /// When it was last found valid.
    pub verified: Option<Timestamp>,
    /// Its Argon2id hash with salt and parameters, in the PHC string format.
    pub hash: String,
}

/// What the user lets Keyward do at one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderSetting {
    /// The connector's id.
    pub id: String,
    /// Since when it may be talked to; none when it may not.
    pub allowed: Option<Timestamp>,
    /// An address of the user's own instead of the built-in one.
    pub endpoint: Option<String>,
    /// The connector's own text, where the user described it.
    pub recipe: Option<String>,
}

/// What a provider has to be told of an entry beside its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// ULID of the entry.
    pub entry: String,
    /// The connector's id; none when the entry's provider says it.
    pub connector: Option<String>,
    /// ULID of the entry that is the stronger credential.
    pub admin: Option<String>,
    /// The connector's parameters. None of them is a secret.
    pub parameters: BTreeMap<String, String>,
}

/// One place that holds a copy of an entry's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// ULID.
    pub id: String,
    /// ULID of the entry.
    pub entry: String,
    /// The place; written by the crate that writes to it.
    pub place: serde_json::Value,
    /// ULID of the entry with which it is written.
    pub credential: Option<String>,
    /// When it was made known.
    pub added: Timestamp,
    /// The version that was last put or seen there, and when.
    pub holds: Option<(u32, Timestamp)>,
}

/// One row of the audit record, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Place in the chain, from 1.
    pub seq: u64,
    /// The row's JSON text, exactly as it was chained.
    pub body: String,
    /// The chain's MAC at this row.
    pub mac: Vec<u8>,
}
