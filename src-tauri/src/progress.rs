//! A scan's progress as events for the window, at most ten a second.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use keyward_app::scanner::Progress;
use serde::Serialize;
use tauri::{AppHandle, Emitter as _};

const EACH: Duration = Duration::from_millis(100);

/// Sends `scan-progress` events.
pub struct Events {
    app: AppHandle,
    state: Mutex<(Instant, Payload)>,
}

#[derive(Clone, Serialize)]
struct Payload {
    path: String,
    stage: String,
    files: u64,
    blobs: u64,
    bytes: u64,
}

impl Events {
    /// Events about a scan of `path`.
    pub fn new(app: AppHandle, path: &Path) -> Self {
        let path = path.display().to_string();
        let payload = Payload { path, stage: String::new(), files: 0, blobs: 0, bytes: 0 };
        Self { app, state: Mutex::new((Instant::now(), payload)) }
    }
}

impl Progress for Events {
    fn stage(&self, name: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        name.clone_into(&mut state.1.stage);
    }

    fn advance(&self, files: u64, blobs: u64, bytes: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, payload) = &mut *state;
        payload.files += files;
        payload.blobs += blobs;
        payload.bytes += bytes;
        if last.elapsed() >= EACH {
            *last = Instant::now();
            // A window that is gone needs no progress.
            let _ = self.app.emit("scan-progress", payload.clone());
        }
    }
}
