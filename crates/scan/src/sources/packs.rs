//! Scans every object of a pack once. Of an object told as a delta only what changed is searched; what it
//! copies was searched in its base, and what was found there is taken over at its new place.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::ObjectId;

use crate::find::hits::{Ask, Hit, Hits};
use crate::find::matcher::{AFTER, BEFORE, Matcher, Scratch};
use crate::find::settle::settle;
use crate::find::text::Text;
use crate::find::unpack::{Missed, is_archive};
use crate::pack::delta::{Copy, Delta};
use crate::pack::forest::Forest;
use crate::pack::walk::{Fault, Visit, Walker};
use crate::pack::{Entry, Kind, Most, Pack};
use crate::repo::history::{Commit, parse_commit, parse_tag};
use crate::report::collect::{Seen, examine};
use crate::scan::{Run, joined, threads};

/// Families with more than this to inflate, in bytes, are begun first, so that none is left over at the end.
const BIG_FAMILY: u64 = 8 * 1024 * 1024;
/// The others are handed out in runs of this many, in the order of the pack.
const BATCH: usize = 16;

/// A secret in a blob; the blob by its number among all objects of the scan. Where in an archive it is shows
/// when the archive is read again: until then it is [`INSIDE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub(crate) sight: u32,
    pub(crate) blob: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// Stands for both ends of a secret in an archive.
pub(super) const INSIDE: u32 = u32::MAX;

/// What one thread brings home.
#[derive(Default)]
pub(crate) struct Part {
    pub(crate) found: Vec<Found>,
    pub(crate) commits: Vec<(ObjectId, Commit)>,
    pub(crate) tags: Vec<(ObjectId, ObjectId)>,
    pub(crate) messages: Vec<(ObjectId, Seen)>,
    pub(crate) faults: Vec<(Entry, Fault)>,
    /// Members of archives, by the blob.
    pub(crate) missed: Vec<(ObjectId, Missed)>,
    pub(crate) blobs: u64,
    pub(crate) read_messages: u64,
    pub(crate) bytes: u64,
    pub(crate) overflowed: bool,
}

impl Part {
    /// Searches one blob that is no archive.
    pub(super) fn search(
        &mut self,
        matcher: &Matcher<'_>,
        blob: u32,
        bytes: &[u8],
        scratch: &mut Scratch,
    ) {
        let text = Text::new(bytes);
        let hits = matcher.all(&text.bytes, scratch);
        self.keep(matcher, blob, &text.bytes, &hits);
    }

    /// Keeps what settles of a blob's hits, which are in order.
    fn keep(&mut self, matcher: &Matcher<'_>, blob: u32, text: &[u8], hits: &Hits) {
        self.overflowed |= hits.full;
        self.found.extend(settle(matcher, text, &hits.list).into_iter().map(|one| Found {
            sight: one.sight,
            blob,
            start: one.start,
            end: one.end,
        }));
    }
}

/// Scans all of a pack but its trees. `first` is the number of its first object among all of the scan.
pub(crate) fn scan(run: &Run<'_>, pack: &Pack, forest: &Forest, first: u32) -> Vec<Part> {
    let wanted = |entry: &Entry| forest.kind(*entry).is_some_and(|kind| kind != Kind::Tree);
    let (mut big, small): (Vec<Entry>, Vec<Entry>) =
        forest.roots().filter(wanted).partition(|&root| forest.cost(root) > BIG_FAMILY);
    big.sort_by_key(|&root| std::cmp::Reverse(forest.cost(root)));
    let (next_big, next_small) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (gate, most) = (Mutex::new(()), Most { blob: run.options.limit() });
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads())
            .map(|_| {
                scope.spawn(|| {
                    let mut walker = Walker::new(pack, forest, most, &gate);
                    let mut visitor = Visitor {
                        run,
                        matcher: run.matcher,
                        pack,
                        forest,
                        first,
                        kind: Kind::Blob,
                        scratch: Scratch::default(),
                        part: Part::default(),
                    };
                    let mut told = (0, 0);
                    loop {
                        let roots = match big.get(next_big.fetch_add(1, Ordering::Relaxed)) {
                            Some(root) => std::slice::from_ref(root),
                            None => {
                                let start = next_small.fetch_add(BATCH, Ordering::Relaxed);
                                &small[start.min(small.len())..small.len().min(start + BATCH)]
                            }
                        };
                        if roots.is_empty() || run.cancel.is_cancelled() {
                            return visitor.part;
                        }
                        for &root in roots {
                            visitor.kind = forest.kind(root).unwrap_or(Kind::Blob);
                            walker.family(root, &mut visitor);
                        }
                        let now =
                            (visitor.part.blobs + visitor.part.read_messages, visitor.part.bytes);
                        run.progress.advance(0, now.0 - told.0, now.1 - told.1);
                        told = now;
                    }
                })
            })
            .collect();
        workers.into_iter().map(joined).collect()
    })
}

struct Visitor<'s> {
    run: &'s Run<'s>,
    matcher: &'s Matcher<'s>,
    pack: &'s Pack,
    forest: &'s Forest,
    first: u32,
    /// The kind of the family at hand.
    kind: Kind,
    scratch: Scratch,
    part: Part,
}

impl Visit for Visitor<'_> {
    /// In order of [`place`]; `None` where what builds on it is to be searched whole.
    type Left = Option<Vec<Hit>>;

    fn root(&mut self, entry: Entry, bytes: &[u8]) -> Self::Left {
        if self.kind != Kind::Blob {
            self.message(entry, bytes);
            return None;
        }
        let hits = self.whole(bytes);
        self.settled(entry, bytes, hits)
    }

    fn child(
        &mut self,
        entry: Entry,
        bytes: &[u8],
        delta: &Delta,
        base: &Self::Left,
    ) -> Self::Left {
        if self.kind != Kind::Blob {
            self.message(entry, bytes);
            return None;
        }
        let hits = match base {
            Some(base) if !self.run.options.whole => self.changed(bytes, delta, base),
            _ => self.whole(bytes),
        };
        self.settled(entry, bytes, hits)
    }

    fn fault(&mut self, entry: Entry, fault: Fault) {
        self.part.faults.push((entry, fault));
    }

    fn go_on(&self) -> bool {
        !self.run.cancel.is_cancelled()
    }
}

/// Where a hit is looked for in its base.
fn place(hit: &Hit) -> u32 {
    hit.ask.map_or(hit.start, |ask| ask.at)
}

/// Whether what is searched is not the bytes themselves; nothing is handed on then.
fn is_other(bytes: &[u8]) -> bool {
    Text::is_wide(bytes) || is_archive(bytes)
}

impl Visitor<'_> {
    fn whole(&mut self, bytes: &[u8]) -> Hits {
        let mut hits = Hits::default();
        if is_other(bytes) {
            return hits;
        }
        self.matcher.part(bytes, 0..bytes.len(), &mut self.scratch, &mut hits);
        hits
    }

    /// The hits of a text that came from another: searched where it changed, taken over elsewhere.
    fn changed(&mut self, bytes: &[u8], delta: &Delta, base: &[Hit]) -> Hits {
        let mut hits = Hits::default();
        if is_other(bytes) {
            return hits;
        }
        let mut windows: Vec<(usize, usize)> = Vec::new();
        let mut sum = 0;
        delta.dirty(|start, end| {
            let from = (start as usize).saturating_sub(AFTER + 2);
            let to = (end as usize + BEFORE + 2).min(bytes.len());
            match windows.last_mut() {
                Some(last) if from <= last.1 => {
                    sum += to.max(last.1) - last.1;
                    last.1 = last.1.max(to);
                }
                _ => {
                    sum += to - from;
                    windows.push((from, to));
                }
            }
        });
        if sum > bytes.len() / 10 * 9 {
            return self.whole(bytes);
        }
        for &(from, to) in &windows {
            self.matcher.part(bytes, from..to, &mut self.scratch, &mut hits);
        }
        for copy in &delta.copies {
            let first = base.partition_point(|hit| place(hit) < copy.from);
            for hit in &base[first..] {
                if place(hit) >= copy.from + copy.len {
                    break;
                }
                self.taken_over(bytes, delta, copy, hit, &mut hits);
            }
        }
        hits
    }

    fn taken_over(&mut self, text: &[u8], delta: &Delta, copy: &Copy, hit: &Hit, hits: &mut Hits) {
        let moved = |at: u32| at - copy.from + copy.to;
        let left = if hit.low == 0 { copy.from == 0 && copy.to == 0 } else { hit.low >= copy.from };
        let right = if hit.high == delta.base_len {
            copy.from + copy.len == delta.base_len && copy.end() == delta.len
        } else {
            hit.high <= copy.from + copy.len
        };
        let ask = hit.ask.map(|ask| Ask { at: moved(ask.at), ..ask });
        if left && right {
            hits.push(Hit {
                start: moved(hit.start),
                end: moved(hit.end),
                low: moved(hit.low),
                high: moved(hit.high),
                ask,
                ..*hit
            });
        } else if let Some(ask) = ask {
            let end =
                hit.ask.map_or(0, |ask| ask.at as usize) + self.matcher.literal_len(ask.literal);
            // A literal that itself changed is found again by the windows.
            if end <= (copy.from + copy.len) as usize {
                self.matcher.again(text, ask, &mut self.scratch, hits);
            }
        }
    }

    /// Keeps what is settled in a blob; returns its hits for those that build on it.
    fn settled(&mut self, entry: Entry, bytes: &[u8], mut hits: Hits) -> Option<Vec<Hit>> {
        self.part.blobs += 1;
        self.part.bytes += bytes.len() as u64;
        let blob = self.first + entry;
        if is_archive(bytes) {
            // An id that cannot be read is among the faults already.
            if let Some(id) = self.pack.index.id(self.forest.places[entry as usize]) {
                members(self.matcher, bytes, (id, blob), &mut self.scratch, &mut self.part);
            }
            return None;
        }
        if Text::is_wide(bytes) {
            self.part.search(self.matcher, blob, bytes, &mut self.scratch);
            return None;
        }
        hits.sort();
        self.part.keep(self.matcher, blob, bytes, &hits);
        if hits.forgetful || self.forest.children(entry).is_empty() {
            return None;
        }
        hits.list.sort_by_key(place);
        Some(hits.list)
    }

    /// A commit or an annotated tag: its message is searched, the rest kept.
    fn message(&mut self, entry: Entry, bytes: &[u8]) {
        self.part.bytes += bytes.len() as u64;
        self.part.read_messages += 1;
        let Some(id) = self.pack.index.id(self.forest.places[entry as usize]) else {
            self.part.faults.push((entry, Fault::Damaged));
            return;
        };
        if !read_message(self.matcher, &mut self.scratch, self.kind, id, bytes, &mut self.part) {
            self.part.faults.push((entry, Fault::Damaged));
        }
    }
}

/// Searches an archive and keeps which secrets are in it.
pub(super) fn members(
    matcher: &Matcher<'_>,
    bytes: &[u8],
    (id, blob): (ObjectId, u32),
    scratch: &mut Scratch,
    part: &mut Part,
) {
    let mut seen = examine(matcher, bytes, scratch);
    part.missed.extend(std::mem::take(&mut seen.missed).into_iter().map(|missed| (id, missed)));
    part.overflowed |= seen.overflowed;
    let found = seen.sights().into_iter();
    part.found.extend(found.map(|sight| Found { sight, blob, start: INSIDE, end: INSIDE }));
}

/// Reads a commit or tag; `false` if it is none.
pub(super) fn read_message(
    matcher: &Matcher<'_>,
    scratch: &mut Scratch,
    kind: Kind,
    id: ObjectId,
    bytes: &[u8],
    part: &mut Part,
) -> bool {
    let mut look = |id: ObjectId, message: &[u8]| {
        let seen = examine(matcher, message, scratch);
        if !seen.is_empty() {
            part.messages.push((id, seen));
        }
    };
    match kind {
        Kind::Commit => match parse_commit(bytes) {
            Some((commit, message)) => {
                look(id, &message);
                part.commits.push((id, commit));
            }
            None => return false,
        },
        Kind::Tag => match parse_tag(bytes) {
            Some((target, message)) => {
                look(target, message);
                part.tags.push((id, target));
            }
            None => return false,
        },
        Kind::Blob | Kind::Tree => return false,
    }
    true
}
