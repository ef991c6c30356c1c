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
mod calendar;
mod check;
pub mod clipboard;
mod doctor;
mod dotenv;
mod drill;
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
mod issue;
mod kit;
mod leaving;
mod limits;
mod lock;
mod mask;
mod memory;
mod notice;
mod notification;
mod opening;
pub mod outfile;
mod place;
mod place_backup;
mod presence;
mod provider;
mod remind;
mod remind_status;
mod reminded;
mod restorable;
mod restore;
mod rotate;
mod rules;
mod scan;
mod schedule;
mod session;
mod settings;
mod snapshot;
mod snooze;
mod surroundings;
mod timer;
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
pub use notice::Notice;
pub use presence::{Left, Presence};
pub use remind::Reminder;
pub use restore::{Merge, RestoreOptions};
pub use rotate::EvidenceFormat;
pub use rules::{RuleTest, load_rules, test_rules};
pub use scan::ScanJob;
pub use schedule::NewSchedule;
pub use session::{Config, KeychainKind, Keyward, full_name, harden};
pub use watch::News;
pub use webhook::{
    AnswerEnding, CaptureInput, CaptureRead, CaptureView, CapturedRequest, ChallengeView,
    EndpointAnswer, RequestRead, RequestView, SEND_TIMEOUT, SampleInput, SendInput, SendView,
    SentRequest, SignedSample, VerifyInput, WebhookCase, WebhookSample, WebhookSecret, WebhookSend,
    WebhookView, read_capture,
};
