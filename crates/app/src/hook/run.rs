//! What the hooks do when Git runs them. A hook that cannot look stops what it was to look at.

use std::path::{Path, PathBuf};

use keyward_scan::{Cancel, Finding, Progress, Report, Source, Sources};

use super::HookOptions;
use super::place::Place;
use super::push::Push;
use crate::{Error, Keyward, ScanJob};

/// Which hook runs.
#[derive(Debug, Clone)]
pub enum HookRun {
    /// Before a commit: what is staged.
    PreCommit,
    /// Before a push: what is sent.
    PrePush {
        /// The remote's name, if it has one.
        remote: Option<String>,
        /// What Git tells on stdin, as githooks(5) says.
        lines: Vec<u8>,
    },
}

impl Keyward {
    /// Does a hook's work in the repository that Git runs it in: `GIT_DIR`, else around the current folder.
    /// `None` when there is nothing to look at. Of the options only the files count.
    ///
    /// # Errors
    /// As a scan; also a repository or an input that cannot be understood.
    pub fn hook_run(
        &self,
        hook: &HookRun,
        options: HookOptions,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Option<Report>, Error> {
        let place = match std::env::var_os("GIT_DIR").filter(|folder| !folder.is_empty()) {
            Some(folder) => Place::open(Path::new(&folder), true)?,
            None => Place::find(Path::new("."))?,
        };
        let HookOptions { baseline, rules, .. } = options;
        let mut job = ScanJob { baseline, rules, ..ScanJob::of(place.root()) };
        match hook {
            HookRun::PreCommit => {
                let index = other_index(&place);
                job.options.sources = Sources { staged: true, index, ..Sources::default() };
                self.scan(job, progress, cancel).map(Some)
            }
            HookRun::PrePush { remote, lines } => {
                let push = Push::of(&place, remote.as_deref(), lines)?;
                self.scan_push(&push, &job, progress, cancel)
            }
        }
    }

    fn scan_push(
        &self,
        push: &Push<'_>,
        job: &ScanJob,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Option<Report>, Error> {
        let mut whole: Option<Report> = None;
        if !push.is_empty() {
            let mut job = job.clone();
            let since = push.base.filter(|_| !push.nameless).map(|base| base.to_string());
            job.options.sources = Sources { history: true, since, ..Sources::default() };
            let mut report = self.scan(job, progress, cancel)?;
            push.keep(&mut report);
            whole = Some(report);
        }
        // A tag may be new where all that it stands at is known.
        for (commit, text) in &push.tags {
            let job = ScanJob { stdin: Some(text.clone()), ..job.clone() };
            let mut report = self.scan(job, progress, cancel)?;
            for finding in &mut report.findings {
                finding.path.clear();
                finding.commit = Some(commit.to_string());
                finding.source = Source::CommitMessage;
                for place in &mut finding.places {
                    place.path.clear();
                    place.commit = Some(commit.to_string());
                    place.source = Source::CommitMessage;
                }
            }
            match &mut whole {
                None => whole = Some(report),
                Some(whole) => {
                    let known = |one: &Finding| {
                        whole.findings.iter().any(|other| other.fingerprint == one.fingerprint)
                    };
                    report.findings.retain(|finding| !known(finding));
                    whole.findings.append(&mut report.findings);
                    whole.summary.findings = whole.findings.len() as u64;
                }
            }
        }
        Ok(whole)
    }
}

/// The index that Git named to this hook, if it is not the repository's own: for `git commit -a` and
/// `git commit PATH` it makes one.
fn other_index(place: &Place) -> Option<PathBuf> {
    let named = std::env::var_os("GIT_INDEX_FILE").filter(|name| !name.is_empty())?;
    let named = std::path::absolute(PathBuf::from(named)).ok()?;
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    (real(&named) != real(&place.repo.git_dir().join("index"))).then_some(named)
}
