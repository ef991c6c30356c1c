//! What the shell itself remembers: the scan and the run that can be cancelled, and whether somebody is there.

use std::sync::{Mutex, PoisonError};

use keyward_app::Presence;
use keyward_app::scanner::Cancel;

/// The shell's own state.
#[derive(Default)]
pub struct Shell {
    scan: Mutex<Option<Cancel>>,
    drive: Mutex<Option<Cancel>>,
    presence: Presence,
}

impl Shell {
    /// Whether somebody is at work in the window.
    pub fn presence(&self) -> &Presence {
        &self.presence
    }

    /// Remembers the running scan, or that there is none.
    pub fn scanning(&self, cancel: Option<Cancel>) {
        *self.scan.lock().unwrap_or_else(PoisonError::into_inner) = cancel;
    }

    /// Stops the running scan.
    pub fn cancel_scan(&self) {
        if let Some(cancel) = &*self.scan.lock().unwrap_or_else(PoisonError::into_inner) {
            cancel.cancel();
        }
    }

    /// Begins a run that goes on by itself; none while another does.
    pub fn begin_drive(&self) -> Option<Cancel> {
        let mut drive = self.drive.lock().unwrap_or_else(PoisonError::into_inner);
        if drive.is_some() {
            return None;
        }
        let cancel = Cancel::default();
        *drive = Some(cancel.clone());
        Some(cancel)
    }

    /// Forgets it.
    pub fn end_drive(&self) {
        *self.drive.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Stops the run that goes on by itself.
    pub fn cancel_drive(&self) {
        if let Some(cancel) = &*self.drive.lock().unwrap_or_else(PoisonError::into_inner) {
            cancel.cancel();
        }
    }
}
