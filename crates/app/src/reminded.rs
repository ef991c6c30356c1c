//! What the reminders remember: on which day the last one was sent, and why one could not be. It lies in
//! a file of its own in the data folder, since it has to be read and written when the keychain is locked.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::error::io;
use crate::view::MissedReminder;
use crate::{Error, outfile};

const FILE: &str = "reminders.json";
const LOCK: &str = "reminders.lock";

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    /// Local day of the last reminder.
    pub(crate) day: Option<Date>,
    /// When it was shown.
    pub(crate) notified: Option<Timestamp>,
    /// When it was last looked whether one is due.
    pub(crate) looked: Option<Timestamp>,
    /// Why that could not be done the last time.
    pub(crate) failure: Option<MissedReminder>,
}

/// What is remembered; the beginning where there is nothing, or nothing that can be read.
pub(crate) fn read(home: &Path) -> State {
    let text = std::fs::read(home.join(FILE)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Remembers.
///
/// # Errors
/// The disk.
pub(crate) fn write(home: &Path, state: &State) -> Result<(), Error> {
    let text = serde_json::to_vec(state)
        .map_err(|_| Error::new("FAULT", "A reminder cannot be remembered.", ""))?;
    outfile::write(&home.join(FILE), &text, true)
}

/// Makes this process the one that reminds, until the file is dropped; none when another one is at it.
///
/// # Errors
/// The disk.
pub(crate) fn hold(home: &Path) -> Result<Option<File>, Error> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let what = "what the reminders remember";
    let file = options.open(home.join(LOCK)).map_err(|error| io(&error, what))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(io(&error, what)),
    }
}
