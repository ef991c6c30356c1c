//! What one row of the record says.

use jiff::Timestamp;
use keyward_store::AuditRecord;
use serde::{Deserialize, Serialize};

/// One thing that was done. Never holds a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// Which face did it: `cli` or `desktop`.
    pub actor: String,
    /// What: `add`, `reveal`, `rotate-start` and so on.
    pub action: String,
    /// To what: an entry's name or a file.
    pub subject: String,
    /// More, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Event {
    /// Reads the event of a stored row; none when its text is not an event, which a row of an
    /// intact chain never is.
    #[must_use]
    pub fn of(record: &AuditRecord) -> Option<Self> {
        serde_json::from_str(&record.body).ok()
    }
}
