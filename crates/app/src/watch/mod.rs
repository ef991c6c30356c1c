//! Watching: a first scan, then of every change only what is new, told once.
//!
//! Events of the file system are only hints that something may have changed at a path. They are
//! gathered until it is quiet for a moment, then what is there is looked at as a scan would.

mod folders;
mod told;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant, SystemTime};

use keyward_scan::{
    Baseline, Cancel, Finding, Notice, Options, OwnValue, Progress, Report, Rules, Sources,
    Summary, Watched,
};
use serde::Serialize;

use self::folders::{Folders, identity, is_network};
use self::told::Told;
use crate::error::io;
use crate::rules::load_rules;
use crate::{Error, Keyward, ScanJob};

/// It is quiet once nothing happened for so long.
const QUIET: Duration = Duration::from_millis(150);
/// What never becomes quiet is looked at even so, this long after its first change.
const AT_LAST: Duration = Duration::from_secs(1);
/// After a scan, so many times as long as it took is waited before the next: a file that is
/// written without end costs a fifth of one core at most.
const REST: u32 = 4;
/// How long a cancellation may go unnoticed.
const WAKE: Duration = Duration::from_millis(200);
/// How often it is asked whether the watched paths are still the same.
const ROOTS: Duration = Duration::from_secs(2);
/// How often folders are listed that cannot be watched; longer where listing takes long.
const POLL: Duration = Duration::from_secs(5);
/// More changed paths than this are looked at as a whole.
const MAX_PENDING: usize = 50_000;

/// What a watch tells.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum News {
    /// A scan is done, and all that it found is told.
    Scan {
        /// What it looked at: `start` (everything), `files` or `commits`.
        reason: &'static str,
        /// The totals of this scan alone.
        summary: Summary,
    },
    /// A secret is where it was not before.
    Finding {
        /// As in a report; its places are the new ones.
        finding: Box<Finding>,
    },
    /// A secret that was told is no longer in a file. It may be in the history still.
    Gone {
        /// The file.
        path: String,
        /// The rule's id.
        rule: String,
        /// The rule's name for people.
        name: String,
        /// As it was told.
        secret: String,
        /// As it was told.
        fingerprint: String,
    },
    /// A fact about what is watched, or how.
    Notice {
        /// Its code and words.
        notice: Notice,
    },
}

/// One path that is watched.
struct Target {
    watched: Watched,
    /// What is listened at: the path, or the folder that a single file is in.
    top: PathBuf,
    is_file: bool,
    /// Which folder that is, so that another one under its name is noticed; `None` while it is gone.
    identity: Option<(u64, u64)>,
    git: BTreeSet<PathBuf>,
    /// Changes are made by other machines, too, and nobody tells of those.
    network: bool,
}

/// Paths of which something was heard.
#[derive(Default)]
struct Pending {
    /// Whether the path itself came, went or was replaced; otherwise only its content changed.
    paths: BTreeMap<PathBuf, bool>,
    /// Too much happened to tell what.
    everything: bool,
    since: Option<(Instant, Instant)>,
}

impl Pending {
    fn add(&mut self, event: notify::Result<notify::Event>, now: Instant) {
        let Ok(event) = event else { return };
        let whole = match event.kind {
            notify::EventKind::Create(_)
            | notify::EventKind::Remove(_)
            | notify::EventKind::Modify(notify::event::ModifyKind::Name(_)) => true,
            _ => event.need_rescan(),
        };
        self.everything |= event.need_rescan();
        for path in event.paths {
            *self.paths.entry(path).or_default() |= whole;
        }
        if self.paths.len() > MAX_PENDING {
            self.everything = true;
        }
        self.touch(now);
    }

    fn touch(&mut self, now: Instant) {
        self.since = Some((self.since.map_or(now, |(first, _)| first), now));
    }

    fn is_due(&self, now: Instant) -> bool {
        self.since.is_some_and(|(first, last)| now >= (last + QUIET).min(first + AT_LAST))
    }
}

/// A watch that is running.
struct Watch<'w> {
    keyward: &'w Keyward,
    options: Options,
    rules: Rules,
    own: Option<Vec<OwnValue>>,
    own_state: Vec<Option<(SystemTime, u64)>>,
    targets: Vec<Target>,
    folders: Folders,
    told: Told,
    notices: HashSet<Notices>,
    cancel: &'w Cancel,
    tell: &'w mut dyn FnMut(News) -> bool,
    /// Nobody listens any more.
    deaf: bool,
}

type Notices = (String, String);

impl Keyward {
    /// Scans, hands the report and the number of watched folders to `start`, then watches the job's paths and tells of what is new,
    /// until it is cancelled or `tell` says `false` because nobody listens any more.
    ///
    /// # Errors
    /// Those of [`Keyward::scan`]; `USAGE` for sources that are no use here.
    pub fn watch(
        &self,
        job: ScanJob,
        progress: &dyn Progress,
        cancel: &Cancel,
        start: &mut dyn FnMut(&Report, usize) -> bool,
        tell: &mut dyn FnMut(News) -> bool,
    ) -> Result<(), Error> {
        if job.stdin.is_some() || job.options.sources.staged || job.options.sources.since.is_some()
        {
            return Err(Error::new(
                "USAGE",
                "Only files and new commits can be watched.",
                "Leave out --stdin, --staged and --since.",
            ));
        }
        let rules = load_rules(&job.rules)?;
        let mut options = job.options.clone();
        if let Some(path) = &job.baseline {
            let bytes = fs::read(path).map_err(|error| io(&error, "the baseline"))?;
            options.baseline = Some(Baseline::parse(&bytes, &path.display().to_string())?);
        }
        let mut watch = Watch {
            keyward: self,
            rules,
            own: None,
            own_state: vec![],
            targets: vec![],
            folders: Folders::new(),
            told: Told::default(),
            notices: HashSet::new(),
            cancel,
            tell,
            deaf: false,
            options,
        };
        // Listening begins before the first scan reads anything, so that nothing falls between.
        for path in &watch.options.paths.clone() {
            watch.begin(path)?;
        }
        let report = self.scan(job, progress, cancel)?;
        self.add_issued_rules(&mut watch.rules);
        watch.told.all(&report);
        let seen = |notice: &Notice| (notice.code.clone(), notice.message.clone());
        watch.notices.extend(report.summary.notices.iter().map(seen));
        if !start(&report, watch.folders.len()) {
            return Ok(());
        }
        drop(report);
        match watch.run() {
            // That is how a watch ends.
            Err(_) if cancel.is_cancelled() => Ok(()),
            done => done,
        }
    }

    /// What tells that the vault was changed, by us or another process.
    fn vault_state(&self) -> Vec<Option<(SystemTime, u64)>> {
        let database = self.database();
        let log = database.with_extension("db-wal");
        [database, log]
            .iter()
            .map(|path| fs::metadata(path).ok().and_then(|m| Some((m.modified().ok()?, m.len()))))
            .collect()
    }
}

/// Whether the files on disk are watched, and the commits.
fn parts(sources: &Sources) -> (bool, bool) {
    let all = !sources.worktree && !sources.history;
    (sources.worktree || all, sources.history || all)
}

impl Watch<'_> {
    fn begin(&mut self, path: &Path) -> Result<(), Error> {
        let mut watched = Watched::new(&self.options, path)?;
        let root = watched.root().to_owned();
        let is_file = !root.is_dir();
        let top = match root.parent() {
            Some(parent) if is_file => parent.to_owned(),
            _ => root,
        };
        let mut target = Target {
            identity: identity(&top),
            network: is_network(&top),
            git: BTreeSet::new(),
            top,
            is_file,
            watched: Watched::new(&self.options, path)?,
        };
        if target.network {
            self.notice("WATCH_NETWORK", format!(
                "{} is on a file system that does not tell of other machines' changes: it is listed every {} seconds as well.",
                target.top.display(), POLL.as_secs()
            ));
        }
        if parts(&self.options.sources).1 {
            if watched.hides_commits() {
                self.notice(
                    "WATCH_NO_COMMITS",
                    "This repository keeps its refs in the reftable format, which is not read yet: new commits are not noticed, only files."
                        .to_owned(),
                );
            }
            // Before the first scan: a commit that comes meanwhile is scanned twice, not never.
            watched.remember_commits(&self.options, self.cancel)?;
        }
        target.watched = watched;
        self.listen(&mut target, None);
        self.targets.push(target);
        Ok(())
    }

    /// Listens at all folders of a target, or at what is below some of its folders now.
    fn listen(&mut self, target: &mut Target, at: Option<&BTreeSet<PathBuf>>) {
        let (files, commits) = parts(&self.options.sources);
        let mut wanted = BTreeSet::new();
        if files {
            let everything = BTreeSet::from([target.watched.root().to_owned()]);
            wanted = target.watched.folders(&self.options, at.unwrap_or(&everything).clone());
        }
        target.git = target.watched.git_folders();
        if !commits {
            // The list of what is ignored is there.
            target.git.retain(|folder| folder.ends_with("info"));
        }
        let others: Vec<&Path> = self.targets.iter().map(|target| target.top.as_path()).collect();
        if let Some(at) = at {
            self.folders.forget(|folder| {
                at.iter().any(|at| folder.starts_with(at))
                    && !wanted.contains(folder)
                    && !target.git.contains(folder)
                    && !others.iter().any(|other| folder.starts_with(other))
            });
        }
        if folders::IS_RECURSIVE {
            let top = BTreeSet::from([target.top.clone()]);
            self.folders.listen(&top, !target.is_file, target.network);
            let outside = target.git.iter().filter(|folder| !folder.starts_with(&target.top));
            self.folders.listen(&outside.cloned().collect(), false, target.network);
        } else {
            self.folders.listen(&wanted, false, target.network);
            self.folders.listen(&target.git, false, target.network);
        }
        if let Some(unheard) = self.folders.unheard() {
            self.notice(unheard.0, unheard.1);
        }
    }

    fn run(&mut self) -> Result<(), Error> {
        let mut pending = Pending::default();
        let start = Instant::now();
        let (mut roots, mut poll, mut rested) = (start + ROOTS, start + POLL, start);
        while !self.cancel.is_cancelled() && !self.deaf {
            let wait = if pending.since.is_some() { WAKE / 8 } else { WAKE };
            match self.folders.events.recv_timeout(wait) {
                Ok(event) => {
                    pending.add(event, Instant::now());
                    while let Ok(event) = self.folders.events.try_recv() {
                        pending.add(event, Instant::now());
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            let now = Instant::now();
            if now >= poll {
                for path in self.folders.poll() {
                    pending.paths.insert(path, true);
                    pending.touch(now);
                }
                poll = Instant::now() + POLL.max(now.elapsed() * 20);
            }
            let at_root =
                || self.targets.iter().any(|target| pending.paths.get(&target.top) == Some(&true));
            if now >= roots || (pending.is_due(now) && at_root()) {
                self.check_roots()?;
                roots = Instant::now() + ROOTS;
            }
            if pending.is_due(now) && now >= rested {
                self.look(std::mem::take(&mut pending))?;
                rested = Instant::now() + (now.elapsed() * REST).min(Duration::from_secs(60));
            }
        }
        Ok(())
    }

    /// Looks for watched paths that went, came back, or are others now.
    fn check_roots(&mut self) -> Result<(), Error> {
        for number in 0..self.targets.len() {
            let target = &mut self.targets[number];
            let now = identity(&target.top);
            if now == target.identity {
                continue;
            }
            let before = std::mem::replace(&mut target.identity, now);
            let top = target.top.clone();
            self.folders.forget(|folder| folder.starts_with(&top));
            if now.is_none() {
                self.told.forget(&self.targets[number].watched.prefix());
                self.notices.retain(|(code, _)| !code.starts_with("WATCH_GONE"));
                self.notice(
                    "WATCH_GONE",
                    format!("{} is gone. It is watched again once it comes back.", top.display()),
                );
                continue;
            }
            if before.is_none() {
                self.notices.retain(|(code, _)| !code.starts_with("WATCH_BACK"));
                self.notice("WATCH_BACK", format!("{} is back.", top.display()));
            }
            let mut target = self.targets.remove(number);
            self.listen(&mut target, None);
            let done = self.look_at(&mut target, &BTreeMap::new(), true);
            self.targets.insert(number, target);
            done?;
        }
        Ok(())
    }

    /// Looks at all of which something was heard.
    fn look(&mut self, pending: Pending) -> Result<(), Error> {
        // A folder that came, went or was replaced: what listened there is dead, or elsewhere.
        let tops: BTreeSet<&Path> =
            self.targets.iter().map(|target| target.top.as_path()).collect();
        for (path, _) in
            pending.paths.iter().filter(|(path, whole)| **whole && !tops.contains(path.as_path()))
        {
            self.folders.forget_below(path);
        }
        for number in 0..self.targets.len() {
            let mut target = self.targets.remove(number);
            let done = if target.identity.is_some() {
                self.look_at(&mut target, &pending.paths, pending.everything)
            } else {
                Ok(())
            };
            self.targets.insert(number, target);
            done?;
        }
        Ok(())
    }

    fn look_at(
        &mut self,
        target: &mut Target,
        paths: &BTreeMap<PathBuf, bool>,
        everything: bool,
    ) -> Result<(), Error> {
        let (files, commits) = parts(&self.options.sources);
        let root = target.watched.root().to_owned();
        let mut changed = BTreeSet::new();
        let mut at_git = everything;
        if everything {
            changed.insert(root.clone());
        }
        for (path, whole) in paths {
            let name = path.file_name().unwrap_or_default();
            let parent = path.parent().unwrap_or(path);
            if target.git.contains(path)
                || target.git.contains(parent)
                || *path == root.join(".git")
            {
                let busy = name == "index" || path.extension().is_some_and(|end| end == "lock");
                at_git |= !busy;
                if name == "exclude" && parent.ends_with("info") {
                    changed.insert(root.clone());
                }
            } else if path
                .strip_prefix(&root)
                .is_ok_and(|inner| !inner.components().any(|part| part.as_os_str() == ".git"))
            {
                // Of folders only their coming matters; what happens in them is heard by itself.
                if *path == target.top || (!whole && path.is_dir()) {
                    continue;
                }
                if name == ".gitignore" {
                    changed.insert(parent.to_owned());
                }
                changed.insert(path.clone());
            }
        }
        let folders: BTreeSet<PathBuf> =
            changed.iter().filter(|path| path.is_dir()).cloned().collect();
        if at_git || !folders.is_empty() {
            // First listened, then looked: what comes in between is heard.
            self.listen(target, Some(&folders));
        }
        if files && !changed.is_empty() {
            self.look_at_files(target, changed, &folders)?;
        }
        if commits && at_git {
            self.refresh_own();
            let own = self.own.as_deref();
            let started = Instant::now();
            if let Some(mut report) =
                target.watched.scan_commits(&self.options, &self.rules, own, self.cancel)?
            {
                self.keyward.name_issued(&mut report.findings);
                let news = self.told.commits(&report);
                self.bring("commits", news, report, started);
            }
        }
        Ok(())
    }

    fn look_at_files(
        &mut self,
        target: &Target,
        changed: BTreeSet<PathBuf>,
        folders: &BTreeSet<PathBuf>,
    ) -> Result<(), Error> {
        self.refresh_own();
        let own = self.own.as_deref();
        let root = target.watched.root();
        let started = Instant::now();
        let mut gone: Vec<String> = changed
            .iter()
            .filter(|path| path.symlink_metadata().is_err())
            .map(|path| target.watched.name(path))
            .collect();
        let (mut report, read) =
            target.watched.scan_changed(changed, &self.options, &self.rules, own, self.cancel)?;
        self.keyward.name_issued(&mut report.findings);
        // What is in a folder that is looked at whole, and was not there to be read.
        let prefix = target.watched.prefix();
        for folder in folders {
            let inside = if folder == root {
                prefix.clone()
            } else {
                format!("{}/", target.watched.name(folder))
            };
            let missing = self.told.paths(&inside).filter(|name| {
                let path = root.join(&name[prefix.len()..]);
                !read.contains(*name) && path.symlink_metadata().is_err()
            });
            gone.extend(missing.map(ToOwned::to_owned));
        }
        let news = self.told.files(&report, &read, &gone);
        if report.summary.files > 0 || !report.summary.skipped.is_empty() || !news.is_empty() {
            self.bring("files", news, report, started);
        }
        Ok(())
    }

    /// Tells what a scan brought, notices only once.
    fn bring(
        &mut self,
        reason: &'static str,
        news: Vec<News>,
        mut report: Report,
        started: Instant,
    ) {
        report.summary.seconds = started.elapsed().as_secs_f64();
        for one in news {
            self.say(one);
        }
        for notice in report.summary.notices.clone() {
            self.notice(&notice.code, notice.message);
        }
        self.say(News::Scan { reason, summary: report.summary });
    }

    fn notice(&mut self, code: &str, message: String) {
        if self.notices.insert((code.to_owned(), message.clone())) {
            self.say(News::Notice { notice: Notice { code: code.to_owned(), message } });
        }
    }

    fn say(&mut self, news: News) {
        self.deaf = self.deaf || !(self.tell)(news);
    }

    /// Reads the vault's values again if it was changed. Without a vault there are none to look for.
    fn refresh_own(&mut self) {
        let state = self.keyward.vault_state();
        if state != self.own_state {
            if let Ok(own) = self.keyward.own_values() {
                self.own = own;
            }
            // Reading may write, too.
            self.own_state = self.keyward.vault_state();
        }
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, DataChange, EventKind, ModifyKind};

    use super::*;

    fn event(kind: EventKind, path: &str) -> notify::Result<notify::Event> {
        Ok(notify::Event::new(kind).add_path(PathBuf::from(path)))
    }

    #[test]
    fn a_change_is_due_once_it_is_quiet_or_at_last() {
        let data = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        let start = Instant::now();
        let mut pending = Pending::default();
        assert!(!pending.is_due(start + AT_LAST), "nothing happened");
        pending.add(event(data, "/a"), start);
        assert!(!pending.is_due(start));
        assert!(pending.is_due(start + QUIET));
        // Written without end: never quiet, but looked at even so.
        let mut now = start;
        while now < start + AT_LAST - QUIET / 2 {
            now += QUIET / 2;
            assert!(!pending.is_due(now) || now >= start + AT_LAST, "{:?}", now - start);
            pending.add(event(data, "/a"), now);
        }
        assert!(pending.is_due(start + AT_LAST));
    }

    #[test]
    fn that_a_path_came_is_not_forgotten_over_what_was_written_there() {
        let mut pending = Pending::default();
        let now = Instant::now();
        pending.add(event(EventKind::Create(CreateKind::Folder), "/a"), now);
        pending.add(event(EventKind::Modify(ModifyKind::Any), "/a"), now);
        pending.add(event(EventKind::Modify(ModifyKind::Any), "/b"), now);
        assert_eq!(pending.paths, BTreeMap::from([("/a".into(), true), ("/b".into(), false)]));
        let lost = notify::Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan);
        pending.add(Ok(lost), now);
        assert!(pending.everything, "events were lost");
    }
}
