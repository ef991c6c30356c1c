//! Rotation runs, as shown.

use serde::Serialize;
use ts_rs::TS;

/// One rotation run with its five steps: `keyward rotate NAME --status --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RunView {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// ULID of the run.
    pub id: String,
    /// Name of the entry.
    pub entry: String,
    /// `planned`, `created`, `verified-new`, `distributed`, `overlap`, `revoked-old`,
    /// `verified-dead`, `done` or `aborted`.
    pub state: String,
    /// When it began (RFC 3339).
    pub started: String,
    /// When it last moved (RFC 3339).
    pub updated: String,
    /// Version number that is being replaced.
    pub from_version: u32,
    /// Version number that replaces it, once there is one.
    pub to_version: Option<u32>,
    /// The five steps in order.
    pub steps: Vec<RunStep>,
    /// The one thing to do now; none when the run has ended.
    pub next: Option<NextStep>,
    /// Whether `--abort` is still possible.
    pub can_abort: bool,
}

/// One of the five steps: generate, update, deploy, verify, revoke old.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RunStep {
    /// `generate`, `verify`, `update`, `deploy` or `revoke`.
    pub id: String,
    /// A short title.
    pub title: String,
    /// `done`, `now` or `later`.
    pub state: String,
    /// When it was done (RFC 3339).
    pub done: Option<String>,
}

/// What the person does next.
#[derive(Debug, Clone, Serialize, TS)]
pub struct NextStep {
    /// One imperative line.
    pub title: String,
    /// What exactly to do, and what `--next` will record.
    pub text: String,
    /// True when the new value has to be handed in with this step.
    pub needs_value: bool,
    /// The provider's page for it.
    pub console_url: Option<String>,
}

/// `keyward runs --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RunList {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// Runs under way first, then ended ones, newest first.
    pub runs: Vec<RunView>,
}
