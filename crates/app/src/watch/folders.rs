//! Listening at folders through the operating system, and listing those at which it will not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::SystemTime;

use notify::event::{AccessKind, AccessMode};
use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

/// Whether one watch on a folder hears all that is below it. Elsewhere each folder has its own, and
/// ignored ones none.
pub(super) const IS_RECURSIVE: bool = cfg!(any(target_os = "macos", windows));

/// The entries of a folder, with time and size of its files.
type Listing = BTreeMap<PathBuf, Option<(SystemTime, u64)>>;

pub(super) struct Folders {
    pub(super) events: Receiver<notify::Result<Event>>,
    /// Held so that waiting for events never ends at once.
    _sender: Sender<notify::Result<Event>>,
    watcher: Option<RecommendedWatcher>,
    heard: BTreeSet<PathBuf>,
    listed: BTreeMap<PathBuf, Listing>,
    /// How many folders are only listed because the system's limit was reached.
    over_limit: usize,
    told_limit: bool,
}

impl Folders {
    pub(super) fn new() -> Self {
        let (sender, events) = mpsc::channel();
        let heard = sender.clone();
        let handler = move |event: notify::Result<Event>| {
            // That a file was opened or read is no change; our own reading would be heard, too.
            let only_read = event.as_ref().is_ok_and(|event| match event.kind {
                EventKind::Access(kind) => kind != AccessKind::Close(AccessMode::Write),
                _ => false,
            });
            if !only_read {
                let _ = heard.send(event);
            }
        };
        Self {
            events,
            _sender: sender,
            // None where all of a user's watchers are taken; then every folder is listed.
            watcher: notify::recommended_watcher(handler).ok(),
            heard: BTreeSet::new(),
            listed: BTreeMap::new(),
            over_limit: 0,
            told_limit: false,
        }
    }

    /// How many folders are listened at or listed.
    pub(super) fn len(&self) -> usize {
        self.heard.len() + self.listed.keys().filter(|folder| !self.heard.contains(*folder)).count()
    }

    /// Listens at folders, and lists those at which it cannot; `list_too` lists all of them.
    pub(super) fn listen(&mut self, folders: &BTreeSet<PathBuf>, below: bool, list_too: bool) {
        let mut listed = BTreeSet::new();
        if let Some(watcher) = &mut self.watcher {
            let mode = if below { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
            let mut paths = watcher.paths_mut();
            for folder in folders {
                if self.heard.contains(folder) || self.listed.contains_key(folder) {
                    continue;
                }
                match paths.add(folder, mode) {
                    Ok(()) => {
                        self.heard.insert(folder.clone());
                    }
                    Err(error) => {
                        if is_limit(&error) {
                            self.over_limit += 1;
                        }
                        // One that is gone already is heard of at the folder it was in.
                        if folder.is_dir() {
                            listed.insert(folder.clone());
                        }
                    }
                }
            }
            let _ = paths.commit();
        } else {
            self.over_limit += folders.len();
            listed.extend(folders.iter().cloned());
        }
        if list_too {
            listed.extend(folders.iter().cloned());
        }
        for folder in listed {
            self.listed.entry(folder).or_insert_with_key(|folder| listing(folder));
        }
    }

    /// The notice that the system's limit was reached, the first time.
    pub(super) fn unheard(&mut self) -> Option<(&'static str, String)> {
        if self.over_limit == 0 || self.told_limit {
            return None;
        }
        self.told_limit = true;
        let remedy = if cfg!(target_os = "linux") {
            "`sudo sysctl fs.inotify.max_user_watches=1048576 fs.inotify.max_user_instances=1024` raises it; a file in /etc/sysctl.d keeps it"
        } else {
            "A higher limit on open files helps, or fewer folders"
        };
        Some((
            "WATCH_LIMIT",
            format!(
                "The system's limit of watched folders is reached: {} of {} are listed every few seconds instead. {remedy}.",
                self.over_limit,
                self.len()
            ),
        ))
    }

    /// Stops listening at these.
    pub(super) fn forget(&mut self, which: impl Fn(&Path) -> bool) {
        let gone: Vec<PathBuf> =
            self.heard.iter().filter(|folder| which(folder)).cloned().collect();
        self.unwatch(gone);
        self.listed.retain(|folder, _| !which(folder));
    }

    /// Stops listening at a folder and all below it.
    pub(super) fn forget_below(&mut self, path: &Path) {
        let from = || (std::ops::Bound::Included(path), std::ops::Bound::Unbounded);
        let heard = self.heard.range::<Path, _>(from());
        self.unwatch(heard.take_while(|at| at.starts_with(path)).cloned().collect());
        let listed = self.listed.range::<Path, _>(from()).map(|(at, _)| at);
        let listed: Vec<PathBuf> = listed.take_while(|at| at.starts_with(path)).cloned().collect();
        for folder in listed {
            self.listed.remove(&folder);
        }
    }

    fn unwatch(&mut self, folders: Vec<PathBuf>) {
        let Some(watcher) = &mut self.watcher else { return };
        let mut paths = watcher.paths_mut();
        for folder in folders {
            // It fails for what the system has dropped by itself.
            let _ = paths.remove(&folder);
            self.heard.remove(&folder);
        }
        let _ = paths.commit();
    }

    /// What changed in the folders that are listed, since they were last.
    pub(super) fn poll(&mut self) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        for (folder, before) in &mut self.listed {
            let now = listing(folder);
            changed.extend(
                now.iter()
                    .filter(|(path, at)| before.get(*path) != Some(at))
                    .map(|(path, _)| path.clone()),
            );
            changed.extend(before.keys().filter(|path| !now.contains_key(*path)).cloned());
            *before = now;
        }
        changed
    }
}

fn is_limit(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::MaxFilesWatch => true,
        ErrorKind::Io(error) => {
            matches!(
                error.kind(),
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded
            )
        }
        _ => false,
    }
}

fn listing(folder: &Path) -> Listing {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let meta = entry.metadata().ok()?;
            let state = meta.is_file().then(|| Some((meta.modified().ok()?, meta.len()))).flatten();
            Some((entry.path(), state))
        })
        .collect()
}

/// Which folder is at a path, whatever its name; `None` if there is none.
pub(super) fn identity(path: &Path) -> Option<(u64, u64)> {
    let meta = fs::metadata(path).ok().filter(fs::Metadata::is_dir)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        Some((meta.dev(), meta.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = meta;
        Some((0, 0))
    }
}

/// Whether other machines may change what is at a path without this one being told.
#[cfg(target_os = "linux")]
pub(super) fn is_network(path: &Path) -> bool {
    // statfs(2): NFS, SMB1, CIFS, SMB2, Coda, AFS, Ceph, 9P (WSL's drives, shared folders),
    // VirtualBox, FUSE (sshfs and others).
    const KINDS: [u32; 10] = [
        0x6969,
        0x517b,
        0xff53_4d42,
        0xfe53_4d42,
        0x7375_7245,
        0x5346_414f,
        0x00c3_6400,
        0x0102_1997,
        0x786f_4256,
        0x6573_5546,
    ];
    // The field's type differs between machines; the numbers are of 32 bits.
    rustix::fs::statfs(path).is_ok_and(|at| KINDS.contains(&(at.f_type as u32)))
}

/// Elsewhere the system itself is asked, and tells.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_network(_path: &Path) -> bool {
    false
}
