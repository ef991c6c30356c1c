//! How a long scan tells where it is, and how it is stopped. The same two types serve the
//! command line's bar and the window's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::ScanError;

/// Where progress goes. Called from several threads.
pub trait Progress: Sync {
    /// A new stage began: `worktree`, `index`, `history` or `attribution`.
    fn stage(&self, name: &str);
    /// This stage has `items` files or objects to go through, if that is known beforehand.
    fn total(&self, items: u64) {
        let _ = items;
    }
    /// So many more files, objects (of any kind) and bytes were gone through since the last call.
    fn advance(&self, files: u64, blobs: u64, bytes: u64);
}

/// A progress sink that ignores everything.
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _name: &str) {}
    fn advance(&self, _files: u64, _blobs: u64, _bytes: u64) {}
}

/// A token to stop a scan from another thread; clones share the same state.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks the scan to stop; it does so at the next file or object.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether [`cancel`](Self::cancel) was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// [`ScanError::Cancelled`] once cancelled, for use with `?`.
    pub(crate) fn check(&self) -> Result<(), ScanError> {
        if self.is_cancelled() { Err(ScanError::Cancelled) } else { Ok(()) }
    }
}
