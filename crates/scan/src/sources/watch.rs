//! One path that is watched: which folders tell of news, which files a change concerns, and which commits
//! are new. Nothing here waits or reads a clock; whoever watches says when to look.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::git::Git;
use super::worktree::{self, Step, is_within};
use crate::error::ScanError;
use crate::find::matcher::{Matcher, Scratch};
use crate::find::own::OwnValue;
use crate::options::Options;
use crate::path::{below, relative, shown};
use crate::progress::{Cancel, Silent};
use crate::repo::attribute::Orders;
use crate::repo::history::History;
use crate::repo::ids::IdSet;
use crate::repo::objects::Objects;
use crate::repo::reader::Reader;
use crate::repo::{self, Repo, index, refs};
use crate::report::Report;
use crate::rules::Rules;
use crate::scan::{Run, prefix, threads};

/// A path of a scan's options, and the commits that were seen there.
#[derive(Debug)]
pub struct Watched {
    path: PathBuf,
    root: PathBuf,
    prefix: String,
    is_folder: bool,
    commits: IdSet,
}

impl Watched {
    /// Begins with one of the paths of `options`; nothing is read yet.
    ///
    /// # Errors
    /// [`ScanError::NotFound`].
    pub fn new(options: &Options, path: &Path) -> Result<Self, ScanError> {
        let root =
            path.canonicalize().map_err(|_| ScanError::NotFound { path: path.to_owned() })?;
        Ok(Self {
            path: path.to_owned(),
            is_folder: root.is_dir(),
            prefix: prefix(options, path),
            root,
            commits: IdSet::default(),
        })
    }

    /// The path itself, absolute and without links.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What the names of its files begin with in reports; all of it for a single file.
    #[must_use]
    pub fn prefix(&self) -> String {
        if self.is_folder { self.prefix.clone() } else { self.name(&self.root) }
    }

    /// The name that reports give to a file on disk.
    #[must_use]
    pub fn name(&self, path: &Path) -> String {
        if self.is_folder || self.prefix.is_empty() {
            format!("{}{}", self.prefix, shown(&relative(&self.root, path)))
        } else {
            self.prefix.clone()
        }
    }

    /// The folders at and below `at` whose files a scan of these options reads: not the ignored ones, but
    /// those of ignored files that are tracked.
    #[must_use]
    pub fn folders(&self, options: &Options, at: BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
        if !self.is_folder {
            return self.root.parent().map(Path::to_owned).into_iter().collect();
        }
        let repo = self.repo();
        if repo.as_ref().is_some_and(|repo| !repo.has_work_tree) {
            return BTreeSet::new();
        }
        let mut folders = BTreeSet::new();
        for path in self.tracked(repo.as_ref(), &at) {
            let folder = below(&self.root, &path).and_then(|path| Some(path.parent()?.to_owned()));
            folders.extend(folder.filter(|folder| {
                folder.canonicalize().is_ok_and(|real| real.starts_with(&self.root))
            }));
        }
        let at = Arc::new(at);
        worktree::folders(&self.root, repo.is_some(), options.no_ignore, &at, |folder| {
            folders.insert(folder);
        });
        folders
    }

    /// The folders in which a file changes when a branch, a tag or HEAD moves; none without a repository.
    #[must_use]
    pub fn git_folders(&self) -> BTreeSet<PathBuf> {
        self.repo().map(|repo| refs::places(&repo)).unwrap_or_default().into_iter().collect()
    }

    /// Whether commits cannot be noticed here, because refs are kept in a format that is not read.
    #[must_use]
    pub fn hides_commits(&self) -> bool {
        self.repo().is_some_and(|repo| repo.has_reftable())
    }

    /// Takes every commit that refs lead to as seen.
    ///
    /// # Errors
    /// [`ScanError::Cancelled`].
    pub fn remember_commits(
        &mut self,
        options: &Options,
        cancel: &Cancel,
    ) -> Result<(), ScanError> {
        let Some(repo) = self.repo() else { return Ok(()) };
        let tips = refs::current(&repo);
        let (store, _) = Objects::open(&repo, options);
        let mut history = History::default();
        let mut damaged = IdSet::default();
        let none = |_: &gix::ObjectId| false;
        history.load(&mut Reader::new(&store), tips.refs, none, &mut damaged, || cancel.check())?;
        self.commits.extend(history.commits.into_keys());
        self.commits.extend(history.tags.into_keys());
        Ok(())
    }

    /// Scans those of the `changed` files, and of the files below `changed` folders, that a scan of these
    /// options would read; also says the names of those that were read.
    ///
    /// # Errors
    /// [`ScanError::Cancelled`].
    pub fn scan_changed(
        &self,
        changed: BTreeSet<PathBuf>,
        options: &Options,
        rules: &Rules,
        own: Option<&[OwnValue]>,
        cancel: &Cancel,
    ) -> Result<(Report, BTreeSet<String>), ScanError> {
        let matcher = Matcher::new(rules, own, options, cancel);
        let mut run = Run::new(&matcher, options, &Silent, cancel);
        run.heed_ignores(&self.root, &self.prefix)?;
        let files = self.changed_files(&run, changed);
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..threads().min(files.len()) {
                scope.spawn(|| {
                    let mut scratch = Scratch::default();
                    while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed))
                        && !cancel.is_cancelled()
                    {
                        run.file(file, self.name(file), &mut scratch);
                    }
                });
            }
        });
        cancel.check()?;
        let report = run.report(&Orders::default(), own);
        let mut read: BTreeSet<String> = files.iter().map(|file| self.name(file)).collect();
        for skipped in &report.summary.skipped {
            read.remove(&skipped.path);
        }
        Ok((report, read))
    }

    fn changed_files(&self, run: &Run<'_>, changed: BTreeSet<PathBuf>) -> Vec<PathBuf> {
        if !self.is_folder {
            let is_there = changed.contains(&self.root) && self.root.is_file();
            return is_there.then(|| self.root.clone()).into_iter().collect();
        }
        let repo = self.repo();
        if repo.as_ref().is_some_and(|repo| !repo.has_work_tree) {
            return Vec::new();
        }
        let tracked = self.tracked(repo.as_ref(), &changed);
        let (mut files, mut env) = (Vec::new(), Vec::new());
        let only = Some(Arc::new(changed));
        let no_ignore = run.options.no_ignore;
        worktree::walk(&self.root, repo.is_some(), no_ignore, only.as_ref(), tracked, |step| {
            match step {
                Step::File(path) => files.push(path),
                Step::Skip(path, why, incomplete) => run.skip(self.name(&path), why, incomplete),
                Step::Env(path) => env.push(self.name(&path)),
            }
            !run.cancel.is_cancelled()
        });
        run.env_not_ignored(env);
        files
    }

    /// Scans the commits and tags that were not seen before; `None` if there are none. A branch that was
    /// rewritten brings only its new commits, and what gc took away is not missed.
    ///
    /// # Errors
    /// [`ScanError::Cancelled`].
    pub fn scan_commits(
        &mut self,
        options: &Options,
        rules: &Rules,
        own: Option<&[OwnValue]>,
        cancel: &Cancel,
    ) -> Result<Option<Report>, ScanError> {
        let Some(repo) = self.repo() else { return Ok(None) };
        // Before the objects are listed, so that what refs name is among them.
        let tips = refs::current(&repo);
        if tips.refs.iter().all(|id| self.commits.contains(id)) {
            return Ok(None);
        }
        let matcher = Matcher::new(rules, own, options, cancel);
        let mut run = Run::new(&matcher, options, &Silent, cancel);
        run.heed_ignores(&self.root, &self.prefix)?;
        let (store, _) = Objects::open(&repo, options);
        let mut orders = Orders::default();
        let before = self.commits.len();
        Git::new(&run, 0, &self.prefix, &repo, &store).beyond(
            &tips,
            &mut self.commits,
            &mut orders,
        )?;
        let is_new = self.commits.len() > before;
        Ok(is_new.then(|| run.report(&orders, own)))
    }

    /// The repository as it is now; it may have been made, or broken, meanwhile.
    fn repo(&self) -> Option<Repo> {
        repo::discover(&self.path).ok().flatten()
    }

    fn tracked(&self, repo: Option<&Repo>, only: &BTreeSet<PathBuf>) -> BTreeSet<Vec<u8>> {
        let entries = repo.map(index::entries).and_then(Result::ok).unwrap_or_default();
        let paths = entries.into_iter().map(|entry| entry.path);
        paths
            .filter(|path| below(&self.root, path).is_some_and(|path| is_within(only, &path)))
            .collect()
    }
}
