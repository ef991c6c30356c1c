//! A scan from beginning to end: which sources, on how many threads, into one report. It prints nothing,
//! reads no clock, and runs no program.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};

use crate::again::{Again, Session};
use crate::error::ScanError;
use crate::files::{self, Unread};
use crate::find::matcher::Matcher;
use crate::find::matcher::Scratch;
use crate::find::own::OwnValue;
use crate::find::unpack::Missed;
use crate::ignores::Ignores;
use crate::options::Options;
use crate::path::{relative, shown};
use crate::progress::{Cancel, Progress};
use crate::repo::attribute::Orders;
use crate::repo::index;
use crate::repo::objects::Objects;
use crate::repo::reader::LARGE;
use crate::repo::{self, Repo};
use crate::report::collect::{Collector, Container, examine};
use crate::report::finding::Shown;
use crate::report::{Notice, OwnValues, Report, Skipped, Summary};
use crate::rules::Rules;
use crate::sources::git::Git;
use crate::sources::worktree::{self, Step};

/// So many entries of `skipped` are listed; more are counted.
const MAX_SKIPPED: usize = 10_000;
/// More threads than this gain little and cost memory.
const MAX_THREADS: usize = 8;

/// Scans every path of the options. `own` is `None` if there is no vault to ask.
///
/// # Errors
/// [`ScanError`] if a path or a repository cannot be scanned at all, or if cancelled. What merely could not
/// be read is in the report's `skipped`.
pub fn scan(
    options: &Options,
    rules: &Rules,
    own: Option<&[OwnValue]>,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<Report, ScanError> {
    let matcher = Matcher::new(rules, own, options, cancel);
    let mut run = Run::new(&matcher, options, progress, cancel);
    let mut orders = Orders::default();
    for (number, path) in options.paths.iter().enumerate() {
        let prefix = prefix(options, path);
        run.heed_ignores(path, &prefix)?;
        run.path(number, path, &prefix, &mut orders)?;
    }
    Ok(run.report(&orders, own))
}

/// The same for one path, with what the last such scan remembered; also returns what to remember now. A
/// report is the same as without, except that of two commits that brought a secret to one path on different
/// branches, the one that was scanned first counts.
///
/// Only the work tree and the history are remembered; what is staged is always read.
///
/// # Errors
/// As [`scan`].
pub fn scan_again(
    options: &Options,
    rules: &Rules,
    own: Option<&[OwnValue]>,
    again: &Again<'_>,
    progress: &dyn Progress,
    cancel: &Cancel,
) -> Result<(Report, Option<Vec<u8>>), ScanError> {
    let ([path], None) = (&options.paths[..], &options.sources.since) else {
        return Ok((scan(options, rules, own, progress, cancel)?, None));
    };
    let matcher = Matcher::new(rules, own, options, cancel);
    let mut run = Run::new(&matcher, options, progress, cancel);
    run.again = Some(Session::new(options, path, rules, again));
    let mut orders = Orders::default();
    run.heed_ignores(path, "")?;
    run.path(0, path, "", &mut orders)?;
    let sources = &options.sources;
    let all = !sources.worktree && !sources.staged && !sources.history;
    let memory = run
        .again
        .take()
        .and_then(|session| session.finish(all || sources.worktree, all || sources.history));
    Ok((run.report(&orders, own), memory))
}

/// What the paths of a report begin with, for one of the options' paths.
pub(crate) fn prefix(options: &Options, path: &Path) -> String {
    if options.paths.len() < 2 {
        return String::new();
    }
    let shown = shown(path.as_os_str().as_encoded_bytes()).replace(std::path::MAIN_SEPARATOR, "/");
    let shown = shown.trim_end_matches('/');
    if path.is_dir() { format!("{shown}/") } else { shown.to_owned() }
}

/// Scans bytes that were handed in, such as standard input.
///
/// # Errors
/// [`ScanError::Cancelled`].
pub fn scan_bytes(
    bytes: &[u8],
    options: &Options,
    rules: &Rules,
    own: Option<&[OwnValue]>,
    cancel: &Cancel,
) -> Result<Report, ScanError> {
    cancel.check()?;
    let matcher = Matcher::new(rules, own, options, cancel);
    let run = Run::new(&matcher, options, &crate::progress::Silent, cancel);
    if bytes.len() as u64 > options.limit() {
        run.skip("-".to_owned(), too_large(bytes.len() as u64, options.limit()), false);
    } else {
        run.look("-", &Container::Stdin, bytes, &mut Scratch::default());
        run.tally().bytes += bytes.len() as u64;
    }
    Ok(run.report(&Orders::default(), own))
}

/// The counts of a running scan.
#[derive(Default)]
pub(crate) struct Tally {
    files: u64,
    pub(crate) blobs: u64,
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
    pub(crate) incomplete: bool,
    /// Something could not be read that may be whole the next time, though it goes by the same name.
    pub(crate) lost: bool,
    ignored: u64,
    pub(crate) skipped: BTreeSet<Skipped>,
    pub(crate) skipped_more: u64,
    pub(crate) notices: BTreeSet<Notice>,
}

/// A running scan, shared by its threads.
pub(crate) struct Run<'a> {
    pub(crate) matcher: &'a Matcher<'a>,
    pub(crate) options: &'a Options,
    pub(crate) progress: &'a dyn Progress,
    pub(crate) cancel: &'a Cancel,
    collector: Mutex<Collector>,
    tally: Mutex<Tally>,
    ignores: Vec<Ignores>,
    again: Option<Session>,
    /// Held while something large is in memory.
    gate: Mutex<()>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(
        matcher: &'a Matcher<'a>,
        options: &'a Options,
        progress: &'a dyn Progress,
        cancel: &'a Cancel,
    ) -> Self {
        Self {
            matcher,
            options,
            progress,
            cancel,
            collector: Mutex::default(),
            tally: Mutex::default(),
            ignores: Vec::new(),
            again: None,
            gate: Mutex::default(),
        }
    }

    /// Leaves out what the ignore file at `path` says, unless that was turned off.
    pub(crate) fn heed_ignores(&mut self, path: &Path, prefix: &str) -> Result<(), ScanError> {
        if !self.options.no_ignore {
            self.ignores.extend(Ignores::of(path, prefix)?);
        }
        Ok(())
    }

    pub(crate) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn collector(&self) -> MutexGuard<'_, Collector> {
        self.collector.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn skip(&self, path: String, reason: String, incomplete: bool) {
        self.tally().lost |= incomplete;
        self.list(path, reason, incomplete);
    }

    fn list(&self, path: String, reason: String, incomplete: bool) {
        let mut tally = self.tally();
        tally.incomplete |= incomplete;
        if tally.skipped.len() < MAX_SKIPPED {
            tally.skipped.insert(Skipped { path, reason });
        } else {
            tally.skipped_more += 1;
        }
    }

    pub(crate) fn notice(&self, code: &str, message: String) {
        self.tally().notices.insert(Notice { code: code.to_owned(), message });
    }

    /// Lists the members of the archive `name` that could not be read.
    pub(crate) fn missed(&self, name: &str, missed: Vec<Missed>) {
        for Missed { member, reason, damaged } in missed {
            let path = if member.is_empty() { name.to_owned() } else { format!("{name}!{member}") };
            self.list(path, reason, damaged);
        }
    }

    /// Searches what goes by this name and keeps what is found; `false` if there is nothing to tell of it.
    pub(crate) fn look(
        &self,
        name: &str,
        container: &Container,
        bytes: &[u8],
        scratch: &mut Scratch,
    ) -> bool {
        let mut seen = examine(self.matcher, bytes, scratch);
        let missed = std::mem::take(&mut seen.missed);
        let tells = !missed.is_empty() || !seen.is_empty() || seen.overflowed;
        self.missed(name, missed);
        if !seen.is_empty() {
            self.collector().add(container, seen, self.matcher);
        }
        tells
    }

    fn path(
        &self,
        number: usize,
        path: &Path,
        prefix: &str,
        orders: &mut Orders,
    ) -> Result<(), ScanError> {
        let sources = &self.options.sources;
        let history = sources.history || sources.since.is_some();
        let all = !sources.worktree && !sources.staged && !history;
        let only_files = sources.worktree && !sources.staged && !history;
        let repo = match repo::discover(path) {
            // The files of a broken repository can still be read.
            Err(ScanError::RepositoryUnreadable { why, .. }) if only_files => {
                self.notice(
                    "REPO_UNREADABLE",
                    format!("The repository could not be read ({why}); its files were."),
                );
                None
            }
            other => other?,
        };
        let Some(repo) = repo else {
            if sources.staged || history {
                return Err(ScanError::NotARepository { path: path.to_owned() });
            }
            return self.files(path, prefix, None);
        };
        for notice in repo.notices() {
            self.tally().notices.insert(notice);
        }
        if sources.worktree || all {
            if repo.has_work_tree {
                self.files(path, prefix, Some(&repo))?;
            } else if sources.worktree {
                self.notice(
                    "REPO_BARE",
                    "This repository is bare: it has no files on disk to scan.".to_owned(),
                );
            }
        }
        if sources.staged || history || all {
            let (store, troubles) = Objects::open(&repo, self.options);
            for skipped in troubles.skipped {
                self.skip(format!("{prefix}{}", skipped.path), skipped.reason, true);
            }
            self.tally().notices.extend(troubles.notices);
            let mut git = Git::new(self, number, prefix, &repo, &store);
            if sources.staged {
                git.staged()?;
            }
            if let Some(revision) = &sources.since {
                git.since(path, revision, orders)?;
            } else if history || all {
                match &self.again {
                    Some(session) => session.history(self, &mut git, orders)?,
                    None => git.everything(orders)?,
                }
            }
        }
        Ok(())
    }

    /// The files on disk at `path`.
    fn files(&self, path: &Path, prefix: &str, repo: Option<&Repo>) -> Result<(), ScanError> {
        self.progress.stage("worktree");
        let io = |error: &std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => ScanError::NotFound { path: path.to_owned() },
            _ => ScanError::Io { path: path.to_owned(), why: files::words(error) },
        };
        let root = path.canonicalize().map_err(|error| io(&error))?;
        if !root.is_dir() {
            let name =
                if prefix.is_empty() { shown(&relative(&root, &root)) } else { prefix.to_owned() };
            self.file(&root, name, &mut Scratch::default());
            return self.cancel.check();
        }
        let tracked = match repo.map(index::entries) {
            Some(Ok(entries)) => entries.into_iter().map(|entry| entry.path).collect(),
            Some(Err(why)) => {
                self.skip(format!("{prefix}.git/index"), why, true);
                BTreeSet::new()
            }
            None => BTreeSet::new(),
        };
        let name = |path: &Path| format!("{prefix}{}", shown(&relative(&root, path)));
        let mut env = Vec::new();
        let (sender, receiver) = mpsc::sync_channel::<PathBuf>(256);
        let receiver = Mutex::new(receiver);
        std::thread::scope(|scope| {
            for _ in 0..threads() {
                scope.spawn(|| {
                    let mut scratch = Scratch::default();
                    loop {
                        let next = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
                        match next {
                            Ok(path) if !self.cancel.is_cancelled() => {
                                self.file(&path, name(&path), &mut scratch)
                            }
                            Ok(_) => {}
                            Err(_) => break,
                        }
                    }
                });
            }
            worktree::walk(&root, repo.is_some(), self.options.no_ignore, None, tracked, |step| {
                let (Step::File(path) | Step::Skip(path, ..) | Step::Env(path)) = &step;
                if self.ignores.iter().any(|ignores| ignores.holds(&name(path))) {
                    self.tally().ignored += u64::from(matches!(step, Step::File(_)));
                    return !self.cancel.is_cancelled();
                }
                match step {
                    Step::File(path) => drop(sender.send(path)),
                    Step::Skip(path, why, incomplete) => self.skip(name(&path), why, incomplete),
                    Step::Env(path) => env.push(name(&path)),
                }
                !self.cancel.is_cancelled()
            });
            drop(sender);
        });
        self.env_not_ignored(env);
        self.cancel.check()
    }

    pub(crate) fn env_not_ignored(&self, mut env: Vec<String>) {
        if env.is_empty() {
            return;
        }
        let more = env.len().saturating_sub(10);
        env.truncate(10);
        let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
        let message = format!(
            "Not ignored by Git: {}{tail}. Add a line for it to .gitignore.",
            env.join(", ")
        );
        self.notice("ENV_NOT_IGNORED", message);
    }

    pub(crate) fn file(&self, path: &Path, name: String, scratch: &mut Scratch) {
        let meta = path.symlink_metadata().ok();
        if let (Some(session), Some(meta)) = (&self.again, &meta)
            && session.is_clean(&name, meta)
        {
            let mut tally = self.tally();
            tally.files += 1;
            tally.bytes += meta.len();
            return;
        }
        let large = meta.as_ref().is_some_and(|meta| meta.len() > LARGE);
        let _guard = large.then(|| self.gate.lock().unwrap_or_else(PoisonError::into_inner));
        match files::read(path, self.options.limit(), false) {
            Ok(content) => {
                {
                    let mut tally = self.tally();
                    tally.files += 1;
                    tally.bytes += content.bytes.len() as u64;
                }
                if content.changed {
                    self.skip(
                        name.clone(),
                        "changed during the scan; what was read was scanned".to_owned(),
                        true,
                    );
                }
                let found =
                    self.look(&name, &Container::File(name.clone()), &content.bytes, scratch);
                if let (Some(session), Some(meta)) = (&self.again, &meta)
                    && !found
                    && !content.changed
                {
                    session.clean(&name, meta);
                }
                self.progress.advance(1, 0, content.bytes.len() as u64);
            }
            Err(Unread::TooLarge(size)) => {
                self.skip(name, too_large(size, self.options.limit()), false)
            }
            Err(Unread::NotAFile(what)) => self.skip(name, what.to_owned(), false),
            Err(Unread::Io(error)) => self.skip(name, files::words(&error), true),
        }
    }

    pub(crate) fn report(self, orders: &Orders, own: Option<&[OwnValue]>) -> Report {
        let options = self.options;
        let collector = self.collector.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut tally = self.tally.into_inner().unwrap_or_else(PoisonError::into_inner);
        if collector.overflowed || self.matcher.sights.is_full() {
            tally.incomplete = true;
            tally.notices.insert(Notice {
                code: "TOO_MANY_FINDINGS".to_owned(),
                message: "There are more findings than fit into a report; the rest were left out."
                    .to_owned(),
            });
        }
        let how = Shown {
            secrets: options.show_secrets,
            quiet: !options.no_ignore,
            ignores: &self.ignores,
            ignored: Cell::new(tally.ignored),
        };
        let mut findings = collector.findings(self.matcher, orders, &how);
        findings.retain(|finding| {
            options.min_confidence.is_none_or(|least| finding.confidence >= least)
        });
        findings.sort_by(|a, b| {
            let key = |f: &crate::Finding| (f.line, f.column);
            b.severity
                .cmp(&a.severity)
                .then_with(|| a.path.cmp(&b.path))
                .then_with(|| key(a).cmp(&key(b)))
                .then_with(|| a.rule.cmp(&b.rule))
                .then_with(|| a.fingerprint.cmp(&b.fingerprint))
        });
        let baseline = options.baseline.clone().unwrap_or_default();
        let (findings, known, expired) = baseline.apply(findings, options.today);
        tally.notices.extend(expired);
        Report {
            version: 1,
            summary: Summary {
                findings: findings.len() as u64,
                files: tally.files,
                blobs: tally.blobs,
                messages: tally.messages,
                bytes: tally.bytes,
                complete: !tally.incomplete,
                own_values: match own {
                    None => OwnValues::Unavailable,
                    Some([]) => OwnValues::None,
                    Some(_) => OwnValues::Checked,
                },
                baselined: known.len() as u64,
                ignored: how.ignored.get(),
                skipped: tally.skipped.into_iter().collect(),
                skipped_more: tally.skipped_more,
                notices: tally.notices.into_iter().collect(),
                seconds: 0.0,
            },
            findings,
            known,
        }
    }
}

pub(crate) fn too_large(size: u64, limit: u64) -> String {
    format!("{size} bytes, more than the limit of {limit}; `--max-blob` raises it")
}

/// What a thread brings home. A fault in it is a fault of the scan: its part would be missing unseen.
pub(crate) fn joined<T>(worker: std::thread::ScopedJoinHandle<'_, T>) -> T {
    worker.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault))
}

/// As many as there are cores, within reason.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(MAX_THREADS)
}
