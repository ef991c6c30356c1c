//! What a scan reads of one repository's objects: all of them, those that are new since a revision, or
//! what is staged.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::ObjectId;
use gix::hashtable::HashSet;
use gix::objs::Kind;

use crate::attribute::{Attribution, Known, TreeWalk, attribute};
use crate::collect::Container;
use crate::error::ScanError;
use crate::history::{History, parse_commit, parse_tag};
use crate::index;
use crate::objects::{LARGE, Object, ObjectStore, Reader, Unreadable};
use crate::path::shown;
use crate::refs;
use crate::repo::Repo;
use crate::scan::{Run, threads, too_large};

/// Objects are handed to threads in runs of this many, so that deltas find their bases in the cache.
const RUN: usize = 512;

/// The part of a scan that reads one repository's objects.
pub(crate) struct Git<'g> {
    run: &'g Run<'g>,
    number: usize,
    prefix: &'g str,
    repo: &'g Repo,
    store: &'g ObjectStore,
    history: History,
}

impl<'g> Git<'g> {
    pub(crate) fn new(
        run: &'g Run<'g>,
        number: usize,
        prefix: &'g str,
        repo: &'g Repo,
        store: &'g ObjectStore,
    ) -> Self {
        Self {
            run,
            number,
            prefix,
            repo,
            store,
            history: History::default(),
        }
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
        let shallow: HashSet<ObjectId> = self.repo.shallow().into_iter().collect();
        let named: HashSet<ObjectId> = tips.refs.iter().copied().collect();
        let roots = self.history.roots(ids, |id| self.store.contains(id));
        // A reflog may name what gc has taken away since; a ref may not.
        let mut missing: HashSet<ObjectId> = roots
            .missing
            .into_iter()
            .filter(|id| named.contains(id))
            .collect();
        let reachable = self
            .history
            .reachable(roots.commits, &shallow, &mut missing);

        let staged = index::entries(self.repo).unwrap_or_default();
        let wanted = run.collector().blobs(self.number);
        let mut walk = TreeWalk::new(self.store);
        let (number, prefix) = (self.number, self.prefix);
        attribute(
            attribution,
            number,
            prefix,
            &mut walk,
            &self.history,
            &reachable,
            &roots.others,
            &wanted,
            || run.cancel.check(),
        )?;
        for entry in staged {
            if wanted.contains(&entry.id) {
                let names = attribution.blobs.entry((number, entry.id)).or_default();
                if names.iter().all(|known| known.commit.is_none()) {
                    let path = format!("{prefix}{}", shown(&entry.path));
                    names.push(Known {
                        path,
                        commit: None,
                        order: 0,
                        staged: true,
                    });
                }
            }
        }
        missing.extend(walk.missing.iter().copied());
        self.report_missing(missing.len());
        Ok(())
    }

    fn report_missing(&self, missing: usize) {
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
            let s = if missing == 1 {
                "object is"
            } else {
                "objects are"
            };
            self.run.skip(
                format!("{}.git/objects", self.prefix),
                format!("{missing} {s} {why}"),
                true,
            );
        }
    }

    /// Scans objects on all cores, in runs; fills `history` on the way.
    fn objects(&mut self, objects: &[&Object]) -> Result<(), ScanError> {
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
            workers
                .into_iter()
                .filter_map(|worker| worker.join().ok())
                .collect()
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

    /// What refs lead to and `revision` does not, as `git rev-list --objects --all ^REV` counts it: new commits,
    /// and what their trees hold that the commits they build on do not.
    pub(crate) fn since(
        &mut self,
        path: &Path,
        revision: &str,
        attribution: &mut Attribution,
    ) -> Result<(), ScanError> {
        let run = self.run;
        run.progress.stage("history");
        let not_found = || ScanError::RevisionNotFound {
            path: path.to_owned(),
            revision: crate::rule::printable(revision),
        };
        let base = self.revision(revision).ok_or_else(not_found)?;
        let tips = refs::tips(self.repo);
        let mut reader = Reader::new(self.store);
        let mut damaged = HashSet::default();
        let ids = tips.refs.iter().copied().chain([base]);
        self.history
            .load(&mut reader, ids, &mut damaged, || run.cancel.check())?;
        if !self.history.commits.contains_key(&base) {
            return Err(not_found());
        }
        let shallow: HashSet<ObjectId> = self.repo.shallow().into_iter().collect();
        let roots = self
            .history
            .roots(tips.refs.iter().copied(), |id| self.store.contains(id));
        let mut missing = roots.missing;
        let hidden = self.history.reachable([base], &shallow, &mut missing);
        let mut new = self
            .history
            .reachable(roots.commits, &shallow, &mut missing);
        new.retain(|id| !hidden.contains(id));

        // The trees that new commits build on are known; so is everything below them.
        let mut walk = TreeWalk::new(self.store);
        let mut known: HashSet<ObjectId> = HashSet::default();
        let parents = new.iter().flat_map(|id| &self.history.commits[id].parents);
        let edge: HashSet<ObjectId> = parents
            .filter(|id| hidden.contains(*id))
            .copied()
            .chain([base])
            .collect();
        for id in &edge {
            run.cancel.check()?;
            walk.visit(self.history.commits[id].tree, &mut |blob, _, _| {
                known.insert(blob);
            });
        }
        let mut names: HashMap<ObjectId, Vec<Known>> = HashMap::new();
        for (order, id) in self.history.oldest_first(&new).into_iter().enumerate() {
            run.cancel.check()?;
            attribution.order.insert((self.number, id), order);
            walk.visit(self.history.commits[&id].tree, &mut |blob, folder, name| {
                if !known.contains(&blob) {
                    let path = format!("{}{}{}", self.prefix, shown(folder), shown(name));
                    let names = names.entry(blob).or_default();
                    if names.iter().all(|known| known.path != path) {
                        names.push(Known {
                            path,
                            commit: Some(id),
                            order,
                            staged: false,
                        });
                    }
                }
            });
        }
        let tags = self
            .history
            .tags
            .iter()
            .filter(|(_, target)| !hidden.contains(*target))
            .map(|(id, _)| *id);
        let scanned: HashSet<ObjectId> = names.keys().copied().chain(new).chain(tags).collect();
        let objects: Vec<&Object> = self
            .store
            .objects()
            .iter()
            .filter(|object| scanned.contains(&object.id))
            .collect();
        run.progress.total(objects.len() as u64);
        self.objects(&objects)?;
        attribution.blobs.extend(
            names
                .into_iter()
                .map(|(id, known)| ((self.number, id), known)),
        );
        missing.extend(walk.missing.iter().copied());
        self.report_missing(missing.len());
        for id in damaged.iter().chain(&walk.damaged) {
            run.skip(
                format!("{}object {id}", self.prefix),
                "damaged object".to_owned(),
                true,
            );
        }
        Ok(())
    }

    /// The commit that a revision names, through gix's parser; nothing but the repository itself is consulted.
    fn revision(&self, revision: &str) -> Option<ObjectId> {
        let options = gix::open::Options::isolated()
            .open_path_as_is(true)
            .strict_config(false)
            .object_store_slots(gix::odb::store::init::Slots::Given(256));
        let repo = gix::open_opts(self.repo.git_dir.clone(), options).ok()?;
        let id = repo.rev_parse_single(revision).ok()?.object().ok()?;
        Some(id.peel_to_kind(Kind::Commit).ok()?.id)
    }

    /// Index entries whose blob is not the last commit's at that path, from the object database.
    pub(crate) fn staged(&mut self) -> Result<(), ScanError> {
        let run = self.run;
        run.progress.stage("index");
        let entries = match index::entries(self.repo) {
            Ok(entries) => entries,
            Err(why) => {
                run.skip(format!("{}.git/index", self.prefix), why, true);
                return Ok(());
            }
        };
        let mut reader = Reader::new(self.store);
        let mut buffer = Vec::new();
        let mut committed: HashMap<Vec<u8>, ObjectId> = HashMap::new();
        let mut walk = TreeWalk::new(self.store);
        if let Some(head) = refs::tips(self.repo).head {
            match reader
                .find(&head, &mut buffer)
                .ok()
                .and_then(|_| parse_commit(&buffer))
            {
                Some((commit, _)) => walk.visit_all(commit.tree, &mut |blob, folder, name| {
                    committed.insert([folder, name].concat(), blob);
                }),
                None => run.skip(
                    format!("{}object {head}", self.prefix),
                    "damaged commit".to_owned(),
                    true,
                ),
            }
        }
        let gate = Mutex::new(());
        for entry in entries {
            run.cancel.check()?;
            if committed.get(&entry.path) == Some(&entry.id) {
                continue;
            }
            let name = format!("{}{}", self.prefix, shown(&entry.path));
            let Some(object) = self.store.get(&entry.id) else {
                // What is only marked to be added later has an empty blob that need not exist.
                if !entry.id.is_empty_blob() {
                    run.skip(name, "its staged content is missing".to_owned(), true);
                }
                continue;
            };
            match reader.content(object, &gate, &mut buffer) {
                Ok(Some((Kind::Blob, _guard))) => {
                    run.look(&Container::Staged(name, entry.id), &buffer);
                    let mut tally = run.tally();
                    tally.blobs += 1;
                    tally.bytes += buffer.len() as u64;
                    drop(tally);
                    run.progress.advance(0, 1, buffer.len() as u64);
                }
                Err(Unreadable::TooLarge(size)) => {
                    run.skip(name, too_large(size, run.options.max_blob), false)
                }
                _ => run.skip(name, "its staged content is damaged".to_owned(), true),
            }
        }
        Ok(())
    }
}
