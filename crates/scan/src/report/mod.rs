//! The report: exactly the JSON of the command line's contract, and the same type for the window.
//! No value is in it unless it was asked for.

pub(crate) mod accept;
pub(crate) mod baseline;
pub(crate) mod collect;
pub(crate) mod export;
pub(crate) mod finding;
pub(crate) mod html;
pub(crate) mod sarif;

use std::fmt;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What kind of credential a rule finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename_all = "kebab-case")]
pub enum Kind {
    /// A key for an API.
    ApiKey,
    /// The secret that signs a provider's webhooks.
    WebhookSecret,
    /// A bearer token.
    Token,
    /// A password, or a URL with one.
    Password,
    /// A private key.
    PrivateKey,
    /// Anything else.
    Other,
}

impl Kind {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ApiKey => "api-key",
            Self::WebhookSecret => "webhook-secret",
            Self::Token => "token",
            Self::Password => "password",
            Self::PrivateKey => "private-key",
            Self::Other => "other",
        }
    }
}

/// Whether a credential works on live or test data, where its format says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename_all = "kebab-case")]
pub enum Mode {
    /// Real data and money.
    Live,
    /// The provider's test or sandbox mode.
    Test,
}

impl Mode {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

/// How bad a leak of this credential is. Ordered: `Low` is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename_all = "kebab-case")]
pub enum Severity {
    /// Hardly usable by itself.
    Low,
    /// Limited in what it opens.
    Medium,
    /// Opens much.
    High,
    /// Opens an account, money or production data.
    Critical,
}

impl Severity {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// How sure it is that this is a credential. Ordered: `Low` is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename_all = "kebab-case")]
pub enum Confidence {
    /// Looks like one; often is not.
    Low,
    /// Probably one.
    Medium,
    /// The format, a checksum or the vault says so.
    High,
}

impl Confidence {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// One step less sure; `Low` stays.
    pub(crate) fn lowered(self) -> Self {
        match self {
            Self::High => Self::Medium,
            Self::Medium | Self::Low => Self::Low,
        }
    }
}

/// Where a finding was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename_all = "kebab-case")]
pub enum Source {
    /// A file on disk.
    Worktree,
    /// Staged for the next commit.
    Index,
    /// A blob of the object database.
    History,
    /// The message of a commit or of an annotated tag.
    CommitMessage,
    /// Bytes handed in.
    Stdin,
}

impl Source {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Worktree => "worktree",
            Self::Index => "index",
            Self::History => "history",
            Self::CommitMessage => "commit-message",
            Self::Stdin => "stdin",
        }
    }
}

/// One way in which a value was wrapped up where it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename_all = "kebab-case")]
pub enum Decoding {
    /// RFC 4648 base64, standard or URL-safe.
    Base64,
    /// Two hexadecimal digits a byte.
    Hex,
    /// RFC 3986 percent-encoding.
    Percent,
    /// Backslash escapes as in JSON strings.
    Json,
    /// UTF-16 with a byte order mark.
    Utf16,
    /// UTF-32 with a byte order mark.
    Utf32,
    /// A member of a zip, tar or gzip archive.
    Archive,
}

/// One place where a finding's secret is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Place {
    /// Relative to the scanned path, with `/`, bytes that are not UTF-8 percent-escaped. Empty for a
    /// commit message and for a blob that no known tree names. A member of an archive follows a `!`, as in
    /// `dist/app.zip!config/.env`; line and column are those in the member.
    pub path: String,
    /// From 1.
    #[ts(type = "number")]
    pub line: u64,
    /// In bytes, from 1.
    #[ts(type = "number")]
    pub column: u64,
    /// The commit that brought it in, as hex; `None` for files, staged and unreachable content.
    pub commit: Option<String>,
    /// Where it was read from.
    pub source: Source,
    /// The column in UTF-16 code units, from 1: what SARIF counts.
    #[serde(skip)]
    #[ts(skip)]
    pub(crate) utf16_column: u64,
}

/// The entry of the vault whose value was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
pub struct Own {
    /// The entry's name, such as `acme/prod/stripe`.
    pub entry: String,
    /// Which of its versions.
    pub version: u32,
    /// The version's stage: `pending`, `current`, `previous`, `revoked` or `dead`.
    pub stage: String,
}

/// One secret that should not be where it is, with all its places.
#[derive(Clone, Serialize, TS)]
pub struct Finding {
    /// The rule's id, or `own-value`.
    pub rule: String,
    /// The rule's name for people.
    pub name: String,
    /// The provider's id; `generic` for generic rules, `None` for a bare own value.
    pub provider: Option<String>,
    /// What kind of credential.
    pub kind: Kind,
    /// Live or test, where the format says so.
    pub mode: Option<Mode>,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// The path of the place that matters most; see [`Place::path`].
    pub path: String,
    /// First line, from 1.
    #[ts(type = "number")]
    pub line: u64,
    /// First byte in that line, from 1.
    #[ts(type = "number")]
    pub column: u64,
    /// Last line.
    #[ts(type = "number")]
    pub end_line: u64,
    /// The byte after the last, from 1.
    #[ts(type = "number")]
    pub end_column: u64,
    /// `end_column` in UTF-16 code units.
    #[serde(skip)]
    #[ts(skip)]
    pub(crate) utf16_end_column: u64,
    /// The commit that brought it in, as hex.
    pub commit: Option<String>,
    /// The blob it is in, as hex.
    pub blob: Option<String>,
    /// Where that place was read from.
    pub source: Source,
    /// Masked, such as `sk_l…9f2c`; the whole value only if asked for.
    pub secret: String,
    /// The same across runs, machines and line moves: 32 hexadecimal digits.
    pub fingerprint: String,
    /// Every place, the one that matters most first.
    pub places: Vec<Place>,
    /// How it was wrapped up at that place, outermost first.
    pub decoded: Vec<Decoding>,
    /// The vault's entry, if it is one of ours.
    pub own: Option<Own>,
    /// The key, if it is of a prefix with which the user issues keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub issued: Option<Issued>,
    /// Who wrote the commit that brought it in: name and address.
    pub author: Option<String>,
    /// When that commit was written, RFC 3339 in UTC.
    pub date: Option<String>,
    /// Whether a file on disk or the last commit still holds it.
    pub in_head: bool,
    /// Whether a remote's branch, as last fetched or pushed, leads to a commit that brought it in.
    pub pushed: bool,
    /// What to do about it, in the provider's words.
    pub advice: Option<String>,
    /// What to do about it, in order, for where it is now.
    pub steps: Vec<String>,
    /// Where a person replaces it.
    pub console: Option<String>,
}

/// A key that the user issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Issued {
    /// Its public part.
    pub id: String,
    /// Whom or what it was made for.
    pub label: Option<String>,
    /// `active`, `expired` or `revoked`; none if the vault does not know it. The scan itself does not.
    pub state: Option<String>,
}

/// Leaves `secret` out, which may hold a whole value.
impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finding")
            .field("rule", &self.rule)
            .field("path", &self.path)
            .field("line", &self.line)
            .field("commit", &self.commit)
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

/// Whether the vault's values were looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename_all = "kebab-case")]
pub enum OwnValues {
    /// They were.
    Checked,
    /// The vault or its keychain was locked or not there.
    Unavailable,
    /// The vault holds none.
    None,
}

/// Something that was not scanned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
pub struct Skipped {
    /// A path as in [`Place::path`], or `object` and its id, or a file below `.git`.
    pub path: String,
    /// Why, in words.
    pub reason: String,
}

/// A fact about what was scanned that is no credential.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
pub struct Notice {
    /// The stable code, such as `REPO_RUNS_CODE`.
    pub code: String,
    /// For people.
    pub message: String,
}

/// The totals of a scan.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct Summary {
    /// How many findings there are.
    #[ts(type = "number")]
    pub findings: u64,
    /// Files on disk that were scanned.
    #[ts(type = "number")]
    pub files: u64,
    /// Blobs, commit messages apart, that were scanned.
    #[ts(type = "number")]
    pub blobs: u64,
    /// Commits and annotated tags whose messages were scanned.
    #[ts(type = "number")]
    pub messages: u64,
    /// Bytes scanned.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Whether everything that should be read could be.
    pub complete: bool,
    /// Whether the vault's values were looked for.
    pub own_values: OwnValues,
    /// Findings left out because the baseline lists them.
    #[ts(type = "number")]
    pub baselined: u64,
    /// Files on disk and places in the history that `.keywardignore` left out.
    #[ts(type = "number")]
    pub ignored: u64,
    /// What was not scanned, at most 10,000 of it.
    pub skipped: Vec<Skipped>,
    /// How many more were not scanned than `skipped` lists.
    #[ts(type = "number")]
    pub skipped_more: u64,
    /// Facts that are no credential.
    pub notices: Vec<Notice>,
    /// How long it took; measured and set by the caller, 0 until then.
    pub seconds: f64,
}

/// A finding that the baseline accepts.
#[derive(Debug, Clone)]
pub struct KnownFinding {
    /// What was found.
    pub finding: Finding,
    /// Why it may stay, where the baseline says so.
    pub reason: Option<String>,
}

/// What a scan found.
#[derive(Debug, Clone, Serialize, TS)]
#[ts(rename = "ScanReport")]
pub struct Report {
    /// The version of this format: 1.
    pub version: u32,
    /// Ordered by severity (worst first), then path, line, column and rule.
    pub findings: Vec<Finding>,
    /// What the baseline accepts, in the same order; only SARIF tells it, as suppressed.
    #[serde(skip)]
    #[ts(skip)]
    pub known: Vec<KnownFinding>,
    /// The totals.
    pub summary: Summary,
}
