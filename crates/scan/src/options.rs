//! What a scan is asked for.

use std::path::PathBuf;

use jiff::civil::Date;

use crate::report::Confidence;
use crate::report::baseline::Baseline;

/// The default of [`Options::max_blob`]: 64 MiB.
pub const DEFAULT_MAX_BLOB: u64 = 64 * 1024 * 1024;

/// Which sources of a repository are scanned. With none chosen: work tree and full history.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// The files on disk.
    pub worktree: bool,
    /// What is staged and differs from the last commit.
    pub staged: bool,
    /// The index to take as staged, where it is not the repository's own: for `git commit -a` Git makes another
    /// and names it to the hooks (githooks(5), `GIT_INDEX_FILE`).
    pub index: Option<PathBuf>,
    /// Every object, reachable or not.
    pub history: bool,
    /// Of the history only what refs lead to and this revision does not. Implies `history`.
    pub since: Option<String>,
}

/// What to scan and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Repositories, folders or files; at least one. With several, paths in the report begin with theirs.
    pub paths: Vec<PathBuf>,
    /// Which sources of each repository.
    pub sources: Sources,
    /// Ignore files, `.keywardignore` among them, and the quieting of test and generated data are off.
    pub no_ignore: bool,
    /// Larger files and blobs are skipped, in bytes; more than 4 GiB are never read. The size is read before
    /// anything is inflated.
    pub max_blob: u64,
    /// Look for the vault's values only, not for what rules describe.
    pub own_only: bool,
    /// Put whole values into the report.
    pub show_secrets: bool,
    /// Findings that are known already.
    pub baseline: Option<Baseline>,
    /// The day by which rows of the baseline expire; without it none does.
    pub today: Option<Date>,
    /// Less sure findings are left out.
    pub min_confidence: Option<Confidence>,
    /// Search every version of a file whole, not only what changed. Finds the same, slower: for tests.
    pub whole: bool,
}

impl Options {
    /// The defaults, for one path.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            paths: vec![path.into()],
            sources: Sources::default(),
            no_ignore: false,
            max_blob: DEFAULT_MAX_BLOB,
            own_only: false,
            show_secrets: false,
            baseline: None,
            today: None,
            min_confidence: None,
            whole: false,
        }
    }

    /// [`max_blob`](Self::max_blob), within what positions in a text can count.
    pub(crate) fn limit(&self) -> u64 {
        self.max_blob.min(u64::from(u32::MAX))
    }
}
