//! What a user can do with Keyward: one function each, on [`Keyward`].
//!
//! Both faces, the command line and the window, only translate to and from these. This is the
//! only crate that reads the clock and the environment's folders, and the only one that joins the
//! domain crates: a change, its audit row and its keychain items are put together here. Views
//! ([`view`]) never hold a value; a value leaves only through the functions of `values` and
//! `exec`, each with its audit row.

pub mod agent;
mod audit;
mod backup;
pub mod bindings;
mod boot;
mod browser;
pub mod clipboard;
mod doctor;
mod dotenv;
mod entries;
mod error;
mod exec;
mod generate;
mod guard;
mod guess;
mod home;
mod hook;
pub mod import;
pub mod input;
mod leaving;
mod lock;
mod mask;
mod memory;
pub mod outfile;
mod presence;
mod remind;
mod restore;
mod rotate;
mod rules;
mod scan;
mod session;
mod settings;
mod snapshot;
mod values;
pub mod view;
mod watch;
mod webhook;

pub use backup::Key;
pub use browser::open_url;
pub use error::{CODES, Error, exit_status};
pub use exec::{Child, Selection, Variable};
pub use generate::generate;
pub use hook::{HookOptions, HookRow, HookRun, HookStatus};
pub use keyward_scan as scanner;
pub use keyward_webhook as webhooks;
pub use leaving::when_leaving;
pub use lock::{Unlocked, locked, spoken};
pub use mask::Masker;
pub use presence::{Left, Presence};
pub use restore::Merge;
pub use rules::{RuleTest, load_rules, test_rules};
pub use scan::ScanJob;
pub use session::{Config, KeychainKind, Keyward, full_name, harden};
pub use watch::News;
pub use webhook::{
    CaptureView, CapturedRequest, ChallengeView, RequestView, SignedSample, WebhookCase,
    WebhookSample, WebhookSecret, WebhookView, read_capture,
};
