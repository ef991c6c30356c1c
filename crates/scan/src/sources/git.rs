//! What a scan reads of one repository's objects: all of them, those that are new since a revision, or
//! what is staged.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::ObjectId;
use gix::objs::Kind;

use crate::error::ScanError;
use crate::path::shown;
use crate::repo::Repo;
use crate::repo::attribute::{Attribution, Known, Search, TreeWalk};
use crate::repo::history::{History, parse_commit, parse_tag};
use crate::repo::ids::IdSet;
use crate::repo::index;
use crate::repo::objects::{Object, ObjectStore, Unreadable};
use crate::repo::reader::{LARGE, Reader};
use crate::repo::refs;
use crate::report::collect::Container;
use crate::scan::{Run, threads, too_large};

/// Objects are handed to threads in runs of this many, so that deltas find their bases in the cache.
const RUN: usize = 512;

/// The part of a scan that reads one repository's objects.
pub(crate) struct Git<'g> {
    pub(super) run: &'g Run<'g>,
    pub(super) number: usize,
    pub(super) prefix: &'g str,
    pub(super) repo: &'g Repo,
    pub(super) store: &'g ObjectStore,
    pub(super) history: History,
}

impl<'g> Git<'g> {
    pub(crate) fn new(
        run: &'g Run<'g>,
        number: usize,
        prefix: &'g str,
        repo: &'g Repo,
        store: &'g ObjectStore,
    ) -> Self {
        Self { run, number, prefix, repo, store, history: History::default() }
    }

    /// Every object, reachable or not; then the names of what was found.
    pub(crate) fn everything(&mut self, attribution: &mut Attribution) -> Result<(), ScanError> {
        let run = self.run;
        run.progress.stage("history");
        run.progress.total(self.store.len() as u64);
        let objects: Vec<&Object> = self.store.objects().iter().collect();
        self.objects(&objects)?;

        run.progress.stage("attribution");
        let tips = refs::tips(self.repo);
        let mut ids: Vec<ObjectId> = tips.refs.iter().chain(&tips.reflogs).copied().collect();
        if self.repo.has_reftable() {
            ids.extend(self.history.commits.keys());
        }
        let shallow: IdSet = self.repo.shallow().into_iter().collect();
        let named: IdSet = tips.refs.iter().copied().collect();
        let roots = self.history.roots(ids, |id| self.store.contains(id));
        // A reflog may name what gc has taken away since; a ref may not.
        let mut missing: IdSet =
            roots.missing.into_iter().filter(|id| named.contains(id)).collect();
        let reachable = self.history.reachable(roots.commits, &shallow, &mut missing);

        let staged = index::entries(self.repo).unwrap_or_default();
        let wanted = run.collector().blobs(self.number);
        let mut walk = TreeWalk::new(self.store);
        let (number, prefix) = (self.number, self.prefix);
        let search = Search {
            repository: number,
            prefix,
            wanted: &wanted,
            history: &self.history,
            reachable: &reachable,
            others: &roots.others,
        };
        search.run(attribution, &mut walk, || run.cancel.check())?;
        for entry in staged {
            if wanted.contains(&entry.id) {
                let names = attribution.blobs.entry((number, entry.id)).or_default();
                if names.iter().all(|known| known.commit.is_none()) {
                    let path = format!("{prefix}{}", shown(&entry.path));
                    names.push(Known { path, commit: None, order: 0, staged: true });
                }
            }
        }
        missing.extend(walk.missing.iter().copied());
        self.report_missing(missing.len());
        Ok(())
    }

    pub(super) fn report_missing(&self, missing: usize) {
        let partial = self.repo.is_partial();
        if partial {
            self.run.notice(
                "REPO_PARTIAL",
                "This is a partial clone: objects are missing on purpose and were not fetched."
                    .to_owned(),
            );
        }
        if missing > 0 {
            let why = if partial {
                "missing in this partial clone"
            } else {
                "missing from the repository"
            };
            let s = if missing == 1 { "object is" } else { "objects are" };
            self.run.skip(
                format!("{}.git/objects", self.prefix),
                format!("{missing} {s} {why}"),
                true,
            );
        }
    }

    /// Scans objects on all cores, in runs; fills `history` on the way.
    pub(super) fn objects(&mut self, objects: &[&Object]) -> Result<(), ScanError> {
        let next = AtomicUsize::new(0);
        let gate = Mutex::new(());
        let this = &*self;
        let parts: Vec<History> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads())
                .map(|_| {
                    scope.spawn(|| {
                        let mut part = History::default();
                        let mut reader = Reader::new(this.store);
                        let mut buffer = Vec::new();
                        loop {
                            let start = next.fetch_add(RUN, Ordering::Relaxed);
                            let Some(some) = objects
                                .get(start..objects.len().min(start + RUN))
                                .filter(|s| !s.is_empty())
                            else {
                                return part;
                            };
                            let mut bytes = 0;
                            for object in some {
                                if this.run.cancel.is_cancelled() {
                                    return part;
                                }
                                bytes +=
                                    this.object(object, &mut reader, &gate, &mut buffer, &mut part);
                            }
                            this.run.progress.advance(0, some.len() as u64, bytes);
                        }
                    })
                })
                .collect();
            workers.into_iter().filter_map(|worker| worker.join().ok()).collect()
        });
        for part in parts {
            self.history.commits.extend(part.commits);
            self.history.tags.extend(part.tags);
        }
        self.run.cancel.check()
    }

    /// Scans one object; returns how many bytes it had.
    fn object<'s>(
        &'s self,
        object: &Object,
        reader: &mut Reader<'s>,
        gate: &'s Mutex<()>,
        buffer: &mut Vec<u8>,
        part: &mut History,
    ) -> u64 {
        let run = self.run;
        if buffer.capacity() as u64 > 2 * LARGE {
            *buffer = Vec::new();
        }
        let name = || format!("{}object {}", self.prefix, object.id);
        let (kind, _guard) = match reader.content(object, gate, buffer) {
            Ok(None) => return 0,
            Ok(Some(content)) => content,
            Err(Unreadable::TooLarge(size)) => {
                run.skip(name(), too_large(size, run.options.max_blob), false);
                return 0;
            }
            Err(Unreadable::Damaged) => {
                run.skip(name(), "damaged object".to_owned(), true);
                return 0;
            }
            Err(Unreadable::Missing) => {
                run.skip(name(), "missing object".to_owned(), true);
                return 0;
            }
        };
        let bytes = buffer.len() as u64;
        match kind {
            Kind::Blob => {
                run.look(&Container::Blob(self.number, object.id), buffer);
                let mut tally = run.tally();
                tally.blobs += 1;
                tally.bytes += bytes;
                return bytes;
            }
            Kind::Commit => match parse_commit(buffer) {
                Some((commit, message)) => {
                    part.commits.insert(object.id, commit);
                    run.look(&Container::Message(self.number, object.id), &message);
                }
                None => run.skip(name(), "damaged commit".to_owned(), true),
            },
            Kind::Tag => match parse_tag(buffer) {
                Some((target, message)) => {
                    part.tags.insert(object.id, target);
                    run.look(&Container::Message(self.number, target), message);
                }
                None => run.skip(name(), "damaged tag".to_owned(), true),
            },
            Kind::Tree => return 0,
        }
        let mut tally = run.tally();
        tally.messages += 1;
        tally.bytes += bytes;
        bytes
    }
}
