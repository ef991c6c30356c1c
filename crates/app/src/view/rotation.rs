//! Rotation runs, as shown.

use serde::Serialize;
use ts_rs::TS;

/// One rotation run with its steps: `keyward rotate NAME --status --json`.
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
    /// How the provider replaces a credential: `issue-delete`, `roll-in-place`, `roll-with-grace`,
    /// `primary-secondary`, `disable-only`, `self-revoke` or `console-only`.
    pub shape: String,
    /// Whether the old value is revoked first.
    pub emergency: bool,
    /// When it began (RFC 3339).
    pub started: String,
    /// When it last moved (RFC 3339).
    pub updated: String,
    /// Version number that is being replaced.
    pub from_version: u32,
    /// Version number that replaces it, once there is one.
    pub to_version: Option<u32>,
    /// The steps in order.
    pub steps: Vec<RunStep>,
    /// The one thing to do now; none when the run has ended.
    pub next: Option<NextStep>,
    /// Until when both values work (RFC 3339); none before the overlap.
    pub overlap_until: Option<String>,
    /// The places that are to have the new value.
    pub places: Vec<RunPlace>,
    /// What was proved.
    pub proofs: Vec<RunProof>,
    /// Why it was given up.
    pub reason: Option<String>,
    /// Whether `--abort` is still possible.
    pub can_abort: bool,
}

/// One of the steps: generate, allow, verify, deploy, revoke, prove.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RunStep {
    /// `generate`, `allow`, `verify`, `deploy`, `revoke` or `prove`.
    pub id: String,
    /// A short title.
    pub title: String,
    /// `done`, `now` or `later`.
    pub state: String,
    /// When it was done (RFC 3339).
    pub done: Option<String>,
}

/// What happens next.
#[derive(Debug, Clone, Serialize, TS)]
pub struct NextStep {
    /// One imperative line.
    pub title: String,
    /// What exactly to do, and what `--next` will record.
    pub text: String,
    /// What to click at the provider, a line each; empty when nothing is known.
    pub clicks: Vec<String>,
    /// Whom it waits for: `you`, `keyward` (`--resume --provider-api` goes on) or `clock`.
    pub waits_for: String,
    /// True when the new value has to be handed in with this step.
    pub needs_value: bool,
    /// The provider's page for it.
    pub console_url: Option<String>,
}

/// A place of a run.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RunPlace {
    /// Its id.
    pub id: String,
    /// One line for people.
    pub place: String,
    /// Whether a person writes it.
    pub by_hand: bool,
    /// When it got the new value (RFC 3339).
    pub done: Option<String>,
}

/// A proof.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RunProof {
    /// `new-alive` or `old-dead`.
    pub of: String,
    /// When it was had (RFC 3339).
    pub at: String,
    /// What the provider said; none when a person said so.
    pub said: Option<String>,
    /// Milliseconds from making or revoking until the provider said so.
    pub after_ms: Option<u64>,
}

/// `keyward runs --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RunList {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// Runs under way first, then ended ones, newest first.
    pub runs: Vec<RunView>,
}
