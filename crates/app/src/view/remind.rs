//! Reminders and the calendar file, as shown.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How the reminders go: `keyward remind status --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RemindStatus {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// Whether the system's timer is installed, so that reminders come with the window closed.
    pub installed: bool,
    /// The timer's file.
    pub timer: Option<String>,
    /// When the timer comes next (RFC 3339); none where the system does not say.
    pub next: Option<String>,
    /// Whether the settings want reminders.
    pub notify: bool,
    /// The quiet hours, `22:00-08:00` in local time.
    pub quiet_hours: Option<String>,
    /// When they end, while they hold (RFC 3339).
    pub quiet_until: Option<String>,
    /// Entries that a reminder would name now; none when the vault cannot be read.
    pub due: Option<u32>,
    /// Entries that are snoozed; none when the vault cannot be read.
    pub snoozed: Option<u32>,
    /// When it was last looked whether a reminder is due (RFC 3339).
    pub last_looked: Option<String>,
    /// When a reminder was last shown (RFC 3339).
    pub last_notified: Option<String>,
    /// Why none could be made, the last time or right now.
    pub failure: Option<MissedReminder>,
    /// What else is to be known or done.
    pub note: Option<String>,
}

/// Why a reminder could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MissedReminder {
    /// When (RFC 3339).
    pub at: String,
    /// Stable code such as `KC_LOCKED`.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// What became of the day's reminder: `keyward due --notify --daily --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct Reminded {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// `sent`, `already-today`, `quiet-hours`, `nothing-due`, `off`, or `busy` when another Keyward
    /// is at it.
    pub outcome: String,
    /// When the quiet hours end (RFC 3339).
    pub until: Option<String>,
    /// The notification's title.
    pub title: Option<String>,
    /// The notification's text.
    pub text: Option<String>,
    /// What the user chose on it: `open` or `snooze`.
    pub answer: Option<String>,
}

/// A calendar file that was written: `keyward calendar --out F --json`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CalendarReport {
    /// Always [`super::JSON_VERSION`].
    pub version: u32,
    /// The file.
    pub path: String,
    /// Entries that are ever due.
    pub events: u32,
    /// Events that are new in the file.
    pub added: u32,
    /// Events that were moved or renamed.
    pub changed: u32,
    /// Events that were cancelled, since their entry is gone or never due.
    pub cancelled: u32,
    /// Parts that are not ours and stayed as they were.
    pub others: u32,
}
