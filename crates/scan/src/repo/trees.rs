//! Which trees hold which, of a whole history, from one pass over what changed between trees: an entry is
//! noted where it first appears in a family of deltas, and each delta's copies say where it was kept. From a
//! blob this leads up to the commits, at a small part of the cost of reading every tree (on git/git 129
//! million entries in 340,000 trees).

mod wanted;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::ObjectId;

use self::wanted::{Wanted, eight};
use super::ids::IdSet;
use super::objects::Objects;
use super::reader::Reader;
use crate::pack::delta::{Copy, Delta};
use crate::pack::forest::Forest;
use crate::pack::walk::{Fault, Visit, Walker};
use crate::pack::{Entry, Kind, Pack};
use crate::path::shown;
use crate::scan::{joined, threads};

/// A name in a tree has at most this many bytes; longer ones were made to exhaust.
const MAX_NAME: usize = 512;
/// A mode and the blank after it (`100644 `).
const MAX_MODE: usize = 7;
/// A folder that was moved about has at most this many paths told.
const MAX_PATHS: usize = 64;
/// Steps from one tree up to those that hold it, in all.
const MAX_STEPS: usize = 40_000_000;
/// Folders are followed this deep.
const MAX_DEPTH: usize = 1_000;

/// Since when something is in the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Since {
    /// The place in history of the first commit that had it.
    pub(crate) order: u32,
    /// Whether any commit that had it was pushed: not always the first, after a rebase.
    pub(crate) pushed: bool,
}

impl Since {
    fn join(&mut self, other: Self) {
        self.order = self.order.min(other.order);
        self.pushed |= other.pushed;
    }
}

/// An entry of a tree, where it first appears.
#[derive(Clone, Copy)]
struct Seen {
    /// The first eight bytes of what the entry names.
    what: u64,
    /// The tree that holds it.
    tree: u32,
    /// Where in it the name's id begins.
    at: u32,
    /// How far before that the entry begins.
    lead: u16,
    /// The number of its name.
    name: u32,
}

/// The copies of one tree.
#[derive(Clone, Copy, Default)]
struct Copied {
    part: u32,
    start: u32,
    end: u32,
}

/// Every tree of the packs and loose objects, and what holds what.
pub(crate) struct Trees<'s> {
    store: &'s Objects,
    forests: &'s [Forest],
    /// The number of each pack's first object.
    firsts: &'s [u32],
    loose: &'s [(ObjectId, u16)],
    first_loose: u32,
    seen: Vec<Seen>,
    names: Vec<Vec<u8>>,
    /// The numbers of these names.
    numbers: HashMap<Vec<u8>, u32>,
    /// What the deltas that build trees copy, one after the other, as each thread brought them.
    copies: Vec<Vec<Copy>>,
    /// Which of these are a tree's, by its number.
    copied: Vec<Copied>,
    folders: Folders,
    /// Which of `paths` are a tree's, by its number.
    memo: HashMap<u32, (u32, u32)>,
    /// The folders that trees were, and since when, one tree after the other.
    paths: Vec<(u32, Since)>,
    /// Where commits begin: what is known of those with this tree.
    roots: HashMap<u32, Since>,
    steps: usize,
    /// What trees name and is not here, if that was asked for.
    pub(crate) missing: IdSet,
}

#[derive(Default)]
struct Part {
    missing: IdSet,
    seen: Vec<Seen>,
    numbers: HashMap<Vec<u8>, u32>,
    copies: Vec<Copy>,
    /// Each tree that is told as a delta, and which of the copies are its.
    copied: Vec<(u32, Range<u32>)>,
}

/// The folders that were met, each by the number of the one above it and of its name.
#[derive(Default)]
struct Folders {
    list: Vec<(u32, u32)>,
    numbers: HashMap<(u32, u32), u32>,
}

impl Folders {
    /// The repository itself.
    const ROOT: u32 = 0;

    fn number(&mut self, above: u32, name: u32) -> u32 {
        *self.numbers.entry((above, name)).or_insert_with(|| {
            self.list.push((above, name));
            self.list.len() as u32
        })
    }

    /// The path of a folder, empty or ending in `/`.
    fn path(&self, mut folder: u32, names: &[Vec<u8>]) -> Vec<u8> {
        let mut parts: Vec<&[u8]> = Vec::new();
        while let Some(&(above, name)) =
            folder.checked_sub(1).and_then(|at| self.list.get(at as usize))
        {
            parts.push(&names[name as usize]);
            folder = above;
        }
        parts.iter().rev().flat_map(|part| part.iter().chain(b"/")).copied().collect()
    }
}

struct Gather<'w> {
    wanted: &'w Wanted,
    exists: Option<&'w Exists<'w>>,
    hash_len: usize,
    first: u32,
    part: Part,
}

/// Whether there is an object with this id.
type Exists<'w> = dyn Fn(&[u8]) -> bool + Sync + 'w;

/// Where an entry that was noted begins and ends in its tree.
type Place = (u32, u32);

/// A tree that is read: its number and its bytes.
#[derive(Clone, Copy)]
struct Tree<'b> {
    number: u32,
    bytes: &'b [u8],
}

impl Visit for Gather<'_> {
    /// What was noted of this tree, in order: of what builds on it, only copies that keep some of that count.
    type Left = Vec<Place>;

    fn root(&mut self, entry: Entry, bytes: &[u8]) -> Vec<Place> {
        let tree = Tree { number: self.first + entry, bytes };
        let all = 0..bytes.len();
        let mut here = Vec::new();
        self.part.entries(self.wanted, self.hash_len, tree, all.clone(), all, &mut here);
        self.part.check(self.exists, self.hash_len, bytes, 0..bytes.len(), 0..bytes.len());
        here
    }

    fn child(
        &mut self,
        entry: Entry,
        bytes: &[u8],
        delta: &Delta,
        base: &Vec<Place>,
    ) -> Vec<Place> {
        let tree = Tree { number: self.first + entry, bytes };
        let longest = MAX_MODE + MAX_NAME + 1 + self.hash_len;
        let (wanted, exists, hash_len) = (self.wanted, self.exists, self.hash_len);
        let part = &mut self.part;
        let mut here = Vec::with_capacity(base.len() + 1);
        let first = part.copies.len() as u32;
        for copy in &delta.copies {
            let before = here.len();
            let kept = base[base.partition_point(|&(from, _)| from < copy.from)..].iter();
            let kept = kept.take_while(|&&(_, to)| to <= copy.from + copy.len);
            here.extend(
                kept.map(|&(from, to)| (from - copy.from + copy.to, to - copy.from + copy.to)),
            );
            if here.len() > before {
                part.copies.push(*copy);
            }
        }
        part.copied.push((tree.number, first..part.copies.len() as u32));
        delta.dirty(|start, end| {
            let changed = start as usize..end as usize;
            let near =
                changed.start.saturating_sub(longest)..(changed.end + longest).min(bytes.len());
            part.check(exists, hash_len, bytes, near.clone(), changed.clone());
            part.entries(wanted, hash_len, tree, near, changed, &mut here);
        });
        here.sort_unstable();
        here.dedup();
        here
    }

    fn fault(&mut self, _: Entry, _: Fault) {}

    fn go_on(&self) -> bool {
        true
    }
}

impl Part {
    /// Notes folders, and blobs that are wanted, of the entries in `range` that `changed` touches, and in `here`
    /// where they are; the others were copied whole. Entries are known by the NUL before an id; one inside an id
    /// leads to an id that nothing has.
    fn entries(
        &mut self,
        wanted: &Wanted,
        hash_len: usize,
        tree: Tree<'_>,
        range: Range<usize>,
        changed: Range<usize>,
        here: &mut Vec<Place>,
    ) {
        let Tree { number: tree, bytes } = tree;
        let Range { start: mut at, end: to } = range;
        while let Some(found) = bytes.get(at..to).and_then(|rest| memchr::memchr(0, rest)) {
            let nul = at + found;
            at = nul + 1;
            let Some(id) = bytes.get(nul + 1..nul + 1 + hash_len) else { return };
            let head = &bytes[nul.saturating_sub(MAX_NAME + MAX_MODE)..nul];
            let first = eight(id);
            if nul + 1 + hash_len < changed.start {
                continue;
            }
            let Some((mode, lead)) = entry_before(head) else { continue };
            if nul - lead > changed.end {
                return;
            }
            if mode == b"40000 " || wanted.has(first) {
                let name = &head[head.len() - lead + mode.len()..];
                let name = self.number(name);
                let lead = (lead + 1) as u16;
                self.seen.push(Seen { what: first, tree, at: (nul + 1) as u32, lead, name });
                // Ids hold NULs of their own; after a true one the next entry begins behind it.
                at = nul + 1 + hash_len;
                here.push(((nul + 1) as u32 - u32::from(lead), at as u32));
            }
        }
    }

    /// Notes what entries name that does not exist, for those that `changed` touches.
    fn check(
        &mut self,
        exists: Option<&Exists<'_>>,
        hash_len: usize,
        bytes: &[u8],
        range: Range<usize>,
        changed: Range<usize>,
    ) {
        let Some(exists) = exists else { return };
        let mut at = range.start;
        while let Some(found) = bytes.get(at..range.end).and_then(|rest| memchr::memchr(0, rest)) {
            let nul = at + found;
            at = nul + 1;
            let Some(id) = bytes.get(nul + 1..nul + 1 + hash_len) else { return };
            let head = &bytes[nul.saturating_sub(MAX_NAME + MAX_MODE)..nul];
            let Some((_, lead)) = entry_before(head) else { continue };
            // A NUL inside an id has the true one between it and the mode.
            if head[head.len() - lead..].contains(&0) {
                continue;
            }
            at = nul + 1 + hash_len;
            let touched = nul - lead <= changed.end && at >= changed.start;
            if touched
                && !exists(id)
                && let Ok(id) = gix::oid::try_from_bytes(id)
            {
                self.missing.insert(id.to_owned());
            }
        }
    }

    fn number(&mut self, name: &[u8]) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.numbers.len() as u32;
        self.numbers.insert(name.to_vec(), number);
        number
    }
}

/// The mode of the entry whose name ends where `head` does, and how far back it begins.
fn entry_before(head: &[u8]) -> Option<(&'static [u8], usize)> {
    const MODES: [&[u8]; 5] = [b"40000 ", b"100644 ", b"100755 ", b"120000 ", b"100664 "];
    // From the blank after the mode; names may hold blanks too.
    for blank in memchr::memrchr_iter(b' ', head) {
        for mode in MODES {
            if head[..=blank].ends_with(mode) {
                return Some((mode, head.len() + mode.len() - blank - 1));
            }
        }
    }
    None
}

impl<'s> Trees<'s> {
    /// Reads what changed between all trees, for the names of `blobs`.
    pub(crate) fn gather(
        store: &'s Objects,
        forests: &'s [Forest],
        firsts: &'s [u32],
        loose: &'s [(ObjectId, u16)],
        first_loose: u32,
        blobs: &[ObjectId],
        check: bool,
    ) -> Self {
        let wanted = Wanted::new(blobs);
        let exists = |id: &[u8]| {
            store.packs.iter().any(|pack| pack.index.find(id).is_some())
                || loose.binary_search_by(|(other, _)| other.as_bytes().cmp(id)).is_ok()
                || gix::oid::try_from_bytes(id)
                    .is_ok_and(|id| id.to_owned().is_empty_blob() || id.to_owned().is_empty_tree())
        };
        let exists: Option<&Exists<'_>> = if check { Some(&exists) } else { None };
        let mut trees = Self {
            store,
            forests,
            firsts,
            loose,
            first_loose,
            seen: Vec::new(),
            names: Vec::new(),
            numbers: HashMap::new(),
            copies: Vec::new(),
            copied: vec![Copied::default(); first_loose as usize],
            folders: Folders::default(),
            memo: HashMap::new(),
            paths: Vec::new(),
            roots: HashMap::new(),
            steps: 0,
            missing: IdSet::default(),
        };
        for ((pack, forest), &first) in store.packs.iter().zip(forests).zip(firsts) {
            for part in gather_pack(store, pack, forest, first, &wanted, exists) {
                trees.join(part);
            }
        }
        let mut reader = Reader::new(store);
        let mut part = Part::default();
        for (number, (id, folder)) in (first_loose..).zip(loose) {
            if let Ok((Kind::Tree, bytes)) = reader.loose(id, *folder) {
                let all = 0..bytes.len();
                let tree = Tree { number, bytes };
                part.entries(
                    &wanted,
                    store.hash_len(),
                    tree,
                    all.clone(),
                    all.clone(),
                    &mut Vec::new(),
                );
                part.check(exists, store.hash_len(), bytes, all.clone(), all);
            }
        }
        trees.join(part);
        trees.seen.sort_unstable_by_key(|seen| (seen.what, seen.tree, seen.at));
        trees
    }

    fn join(&mut self, part: Part) {
        let mut names = vec![0; part.numbers.len()];
        for (name, number) in part.numbers {
            names[number as usize] = *self.numbers.entry(name).or_insert_with_key(|name| {
                self.names.push(name.clone());
                self.names.len() as u32 - 1
            });
        }
        self.missing.extend(part.missing);
        let mut seen = part.seen;
        for seen in &mut seen {
            seen.name = names[seen.name as usize];
        }
        if self.seen.is_empty() {
            self.seen = seen;
        } else {
            // There are millions: no more room than they need.
            self.seen.reserve_exact(seen.len());
            self.seen.extend(seen);
        }
        let number = self.copies.len() as u32;
        self.copies.push(part.copies);
        for (tree, Range { start, end }) in part.copied {
            self.copied[tree as usize] = Copied { part: number, start, end };
        }
    }

    /// Takes a commit's tree as a beginning; the oldest commit of a tree counts.
    pub(crate) fn begin(&mut self, tree: &ObjectId, since: Since) {
        if let Some(number) = self.number(tree) {
            self.roots.entry(number).or_insert(since).join(since);
        }
    }

    fn number(&self, id: &ObjectId) -> Option<u32> {
        for ((pack, forest), first) in self.store.packs.iter().zip(self.forests).zip(self.firsts) {
            if let Some(place) = pack.index.find(id.as_bytes()) {
                let offset = pack.index.offset(place)?;
                let count = forest.len();
                let entry = forest.offsets[..count].binary_search(&offset).ok()?;
                return Some(first + u32::try_from(entry).ok()?);
            }
        }
        let at = self.loose.binary_search_by(|(other, _)| other.cmp(id)).ok()?;
        Some(self.first_loose + u32::try_from(at).ok()?)
    }

    fn id(&self, number: u32) -> Option<ObjectId> {
        if number >= self.first_loose {
            return self.loose.get((number - self.first_loose) as usize).map(|(id, _)| *id);
        }
        let pack = self.firsts.partition_point(|&first| first <= number).checked_sub(1)?;
        let entry = (number - self.firsts[pack]) as usize;
        self.store.packs[pack].index.id(*self.forests[pack].places.get(entry)?)
    }

    /// Calls `found` with every tree that holds what has this id, and its name there.
    fn holders(&mut self, id: &ObjectId, mut found: impl FnMut(u32, u32)) {
        let first = eight(id.as_bytes());
        let start = self.seen.partition_point(|seen| seen.what < first);
        let hash_len = self.store.hash_len() as u32;
        let mut open: Vec<Seen> =
            self.seen[start..].iter().take_while(|seen| seen.what == first).copied().collect();
        while let Some(seen) = open.pop() {
            self.steps += 1;
            found(seen.tree, seen.name);
            if seen.tree >= self.first_loose {
                continue;
            }
            let pack = self.firsts.partition_point(|&first| first <= seen.tree) - 1;
            let entry = seen.tree - self.firsts[pack];
            let (from, to) = (seen.at - u32::from(seen.lead), seen.at + hash_len);
            for &child in self.forests[pack].children(entry) {
                let number = self.firsts[pack] + child;
                let Copied { part, start, end } = self.copied[number as usize];
                let copies = self.copies.get(part as usize).into_iter();
                for copy in copies.flat_map(|copies| &copies[start as usize..end as usize]) {
                    if copy.from <= from && to <= copy.from + copy.len {
                        open.push(Seen { tree: number, at: seen.at - copy.from + copy.to, ..seen });
                    }
                }
            }
        }
    }

    /// The names under which commits hold a blob, and since when.
    pub(crate) fn names(&mut self, blob: &ObjectId) -> Vec<(String, Since)> {
        let mut holders = Vec::new();
        self.holders(blob, |tree, name| holders.push((tree, name)));
        let mut known: HashMap<(u32, u32), Since> = HashMap::new();
        for (tree, name) in holders {
            self.settle(tree, 0);
            for &(folder, since) in &self.paths[self.settled(tree)] {
                known.entry((folder, name)).or_insert(since).join(since);
            }
        }
        let mut names: Vec<(Vec<u8>, Since)> = known
            .into_iter()
            .map(|((folder, name), since)| {
                let mut path = self.folders.path(folder, &self.names);
                path.extend_from_slice(&self.names[name as usize]);
                (path, since)
            })
            .collect();
        names.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        names.into_iter().map(|(path, since)| (shown(&path), since)).collect()
    }

    /// Finds out which folders a tree was, and since when, into `memo`.
    fn settle(&mut self, tree: u32, depth: usize) {
        if self.memo.contains_key(&tree) {
            return;
        }
        let mut paths: Vec<(u32, Since)> = Vec::new();
        if let Some(&since) = self.roots.get(&tree) {
            paths.push((Folders::ROOT, since));
        }
        if depth < MAX_DEPTH
            && self.steps < MAX_STEPS
            && let Some(id) = self.id(tree)
        {
            let mut holders = Vec::new();
            self.holders(&id, |tree, name| holders.push((tree, name)));
            for (holder, name) in holders {
                self.settle(holder, depth + 1);
                for at in self.settled(holder) {
                    let (folder, since) = self.paths[at];
                    let folder = self.folders.number(folder, name);
                    match paths.iter().position(|(known, _)| *known == folder) {
                        Some(at) => paths[at].1.join(since),
                        None if paths.len() < MAX_PATHS => paths.push((folder, since)),
                        None => {}
                    }
                }
            }
        }
        let start = self.paths.len() as u32;
        self.paths.extend(paths);
        self.memo.insert(tree, (start, self.paths.len() as u32));
    }

    /// Where in `paths` a tree's are.
    fn settled(&self, tree: u32) -> Range<usize> {
        let (start, end) = self.memo.get(&tree).copied().unwrap_or_default();
        start as usize..end as usize
    }
}

fn gather_pack(
    store: &Objects,
    pack: &Pack,
    forest: &Forest,
    first: u32,
    wanted: &Wanted,
    exists: Option<&Exists<'_>>,
) -> Vec<Part> {
    let roots: Vec<Entry> =
        forest.roots().filter(|&entry| forest.kind(entry) == Some(Kind::Tree)).collect();
    let (next, gate) = (AtomicUsize::new(0), Mutex::new(()));
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads())
            .map(|_| {
                scope.spawn(|| {
                    let mut walker = Walker::new(pack, forest, store.most, &gate);
                    let mut gather = Gather {
                        wanted,
                        exists,
                        hash_len: store.hash_len(),
                        first,
                        part: Part::default(),
                    };
                    while let Some(&root) = roots.get(next.fetch_add(1, Ordering::Relaxed)) {
                        walker.family(root, &mut gather);
                    }
                    gather.part.seen.shrink_to_fit();
                    gather.part.copies.shrink_to_fit();
                    gather.part
                })
            })
            .collect();
        workers.into_iter().map(joined).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_told_from_names_with_blanks() {
        assert_eq!(entry_before(b"\x01\x02100644 a 40 b"), Some((&b"100644 "[..], 13)));
        assert_eq!(entry_before(b"40000 dir"), Some((&b"40000 "[..], 9)));
        assert_eq!(entry_before(b"nothing here"), None);
    }
}
