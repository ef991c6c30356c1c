//! Providers and what Keyward may do there, as shown.

use std::collections::BTreeMap;

use serde::Serialize;
use ts_rs::TS;

/// What Keyward knows of a provider's interface, and what the user lets it do.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ProviderRow {
    /// Id of the connector.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// How it replaces a credential; see [`super::RunView`].
    pub shape: String,
    /// Whether Keyward may talk to it.
    pub allowed: bool,
    /// The user's own address for it.
    pub endpoint: Option<String>,
    /// Whether it asks if a value is alive.
    pub can_check: bool,
    /// Whether it makes a new value.
    pub can_create: bool,
    /// Whether it revokes.
    pub can_revoke: bool,
    /// What stronger credential making and revoking need.
    pub admin: Option<String>,
    /// What it has to be told of an entry.
    pub parameters: Vec<ParameterRow>,
    /// `real`, `simulated` or `documented`: against what its calls were tried.
    pub tried: String,
    /// The page on which keys are made and revoked.
    pub console: String,
    /// Traps to know.
    pub notes: Vec<String>,
    /// Where the facts are from.
    pub sources: Vec<String>,
    /// Whether the user described it.
    pub own: bool,
}

/// Something that a provider has to be told.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ParameterRow {
    /// Its name.
    pub name: String,
    /// What it is and where it is found.
    pub about: String,
    /// What stands for it where none is given.
    pub default: Option<String>,
}

/// `keyward provider list --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ProviderList {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// By id.
    pub providers: Vec<ProviderRow>,
}

/// How an entry is connected to its provider: `keyward provider connect NAME --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ConnectionView {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// Name of the entry.
    pub entry: String,
    /// The provider; none when none is known for the entry.
    pub provider: Option<ProviderRow>,
    /// Name of the entry that is the stronger credential.
    pub admin: Option<String>,
    /// The parameters that were given.
    pub parameters: BTreeMap<String, String>,
    /// What is missing before Keyward can act, a line each.
    pub missing: Vec<String>,
}

/// `keyward check NAME --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CheckView {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// Name of the entry.
    pub entry: String,
    /// Number of the version that was asked about.
    pub number: u32,
    /// Id of the provider.
    pub provider: String,
    /// `alive`, `dead`, `no-permission` or `unknown`.
    pub liveness: String,
    /// What the provider said, in a few words.
    pub said: String,
    /// When the provider ends it (RFC 3339), as it says itself.
    pub expires: Option<String>,
    /// When it was asked (RFC 3339).
    pub at: String,
    /// Milliseconds until the answer.
    pub took_ms: u64,
}

/// A place that holds a copy of a value.
#[derive(Debug, Clone, Serialize, TS)]
pub struct DestinationRow {
    /// Its id.
    pub id: String,
    /// Name of the entry.
    pub entry: String,
    /// `dotenv`, `file`, `secrets-manager`, `kv`, `github-actions`, `gitlab-ci`, `kubernetes`,
    /// `command` or `by-hand`.
    pub kind: String,
    /// One line for people.
    pub place: String,
    /// Name of the entry with which it is written.
    pub credential: Option<String>,
    /// Whether a person writes it.
    pub by_hand: bool,
    /// Version that was last put or seen there.
    pub holds: Option<u32>,
    /// When that was (RFC 3339).
    pub since: Option<String>,
    /// `current`, `behind`, `other` (a value that is not ours), `absent`, `unreadable` (it tells no
    /// one), `unknown` (never looked) or `failed`.
    pub state: String,
    /// Why it failed, or what to know of it.
    pub note: Option<String>,
}

/// `keyward destination list --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct DestinationList {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// In the order in which they were made known.
    pub destinations: Vec<DestinationRow>,
    /// Where the entry was seen and which is no destination yet, newest first.
    pub seen: Vec<SeenPlace>,
}

/// Where an entry was seen.
#[derive(Debug, Clone, Serialize, TS)]
pub struct SeenPlace {
    /// Name of the entry.
    pub entry: String,
    /// `run`, `env`, `import` or `leak`.
    pub how: String,
    /// A command, a file, a repository with path and commit.
    pub place: String,
    /// Version number seen there.
    pub version: u32,
    /// When it was last seen (RFC 3339).
    pub last: String,
}
