//! Commits and tags as far as a scan needs them: who is whose parent, which tree, what the message says.
//! Parsed leniently, because a malformed commit can still hold a secret.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use gix::ObjectId;

use super::attribute::Author;
use super::ids::{IdMap, IdSet};
use super::objects::Unreadable;
use super::reader::Reader;
use crate::pack::Kind;
use crate::path::shown;

/// A commit without its message.
pub(crate) struct Commit {
    pub(crate) tree: ObjectId,
    pub(crate) parents: Box<[ObjectId]>,
    /// The committer's clock, in Unix seconds; 0 if it cannot be read.
    pub(crate) time: i64,
}

/// Commits and annotated tags by id.
#[derive(Default)]
pub(crate) struct History {
    pub(crate) commits: IdMap<Commit>,
    /// What each annotated tag points at.
    pub(crate) tags: IdMap<ObjectId>,
}

/// What names in a repository come down to.
#[derive(Default)]
pub(crate) struct Roots {
    pub(crate) commits: IdSet,
    /// Trees that are tagged directly, or blobs.
    pub(crate) others: Vec<ObjectId>,
    /// What they name and is not here.
    pub(crate) missing: IdSet,
}

/// A commit and its message; the message of a merged tag follows.
pub(crate) fn parse_commit(bytes: &[u8]) -> Option<(Commit, Vec<u8>)> {
    let (head, message) = split(bytes);
    let mut tree = None;
    let mut parents = Vec::new();
    let mut time = 0;
    let mut message = message.to_vec();
    let mut in_merged_tag = false;
    for line in head.split(|&b| b == b'\n') {
        if let Some(more) = line.strip_prefix(b" ") {
            if in_merged_tag {
                message.extend_from_slice(more);
                message.push(b'\n');
            }
            continue;
        }
        in_merged_tag = line.starts_with(b"mergetag ");
        if in_merged_tag && !message.ends_with(b"\n") {
            message.push(b'\n');
        }
        if let Some(id) = line.strip_prefix(b"tree ") {
            tree = tree.or(ObjectId::from_hex(id).ok());
        } else if let Some(id) = line.strip_prefix(b"parent ") {
            parents.extend(ObjectId::from_hex(id).ok());
        } else if let Some(who) = line.strip_prefix(b"committer ") {
            time = seconds(who).unwrap_or(0);
        }
    }
    Some((Commit { tree: tree?, parents: parents.into(), time }, message))
}

/// What an annotated tag points at, and its message.
pub(crate) fn parse_tag(bytes: &[u8]) -> Option<(ObjectId, &[u8])> {
    let (head, message) = split(bytes);
    let id = head.split(|&b| b == b'\n').find_map(|line| line.strip_prefix(b"object "))?;
    Some((ObjectId::from_hex(id).ok()?, message))
}

/// Who wrote a commit, and when.
pub(crate) fn author(bytes: &[u8]) -> Option<Author> {
    let (head, _) = split(bytes);
    let line = head.split(|&b| b == b'\n').find_map(|line| line.strip_prefix(b"author "))?;
    let end = line.iter().rposition(|&b| b == b'>').map_or(line.len(), |at| at + 1);
    let date = gix::date::Time::new(seconds(line)?, 0);
    let date = date.format(gix::date::time::format::ISO8601_STRICT).ok()?;
    Some(Author { name: crate::rules::rule::printable(&shown(&line[..end])), date })
}

fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) => (&bytes[..at], &bytes[at + 2..]),
        None => (bytes, &[]),
    }
}

fn seconds(who: &[u8]) -> Option<i64> {
    let after = who.iter().rposition(|&b| b == b'>')? + 1;
    let word = who[after..].split(|&b| b == b' ').find(|word| !word.is_empty())?;
    std::str::from_utf8(word).ok()?.parse().ok()
}

impl History {
    /// Follows annotated tags to what they name.
    pub(crate) fn roots(
        &self,
        ids: impl IntoIterator<Item = ObjectId>,
        exists: impl Fn(&ObjectId) -> bool,
    ) -> Roots {
        let mut roots = Roots::default();
        for mut id in ids {
            for _ in 0..16 {
                match self.tags.get(&id) {
                    Some(target) => id = *target,
                    None => break,
                }
            }
            if self.commits.contains_key(&id) {
                roots.commits.insert(id);
            } else if exists(&id) {
                roots.others.push(id);
            } else {
                roots.missing.insert(id);
            }
        }
        roots
    }

    /// Every commit that `from` leads to, itself included. Parents that are not here go to `missing`, unless
    /// the commit is at the edge of a shallow clone.
    pub(crate) fn reachable(
        &self,
        from: impl IntoIterator<Item = ObjectId>,
        shallow: &IdSet,
        missing: &mut IdSet,
    ) -> IdSet {
        let mut seen = IdSet::default();
        let mut open: Vec<ObjectId> = from.into_iter().collect();
        while let Some(id) = open.pop() {
            let Some(commit) = self.commits.get(&id) else {
                missing.insert(id);
                continue;
            };
            if seen.insert(id) && !shallow.contains(&id) {
                open.extend(commit.parents.iter().filter(|parent| !seen.contains(*parent)));
            }
        }
        seen
    }

    /// The commits in an order in which parents come first, and else the oldest.
    pub(crate) fn oldest_first(&self, commits: &IdSet) -> Vec<ObjectId> {
        let mut list: Vec<(&ObjectId, &Commit)> =
            commits.iter().filter_map(|id| self.commits.get_key_value(id)).collect();
        list.sort_unstable_by_key(|(id, _)| *id);
        let numbers: IdMap<u32> =
            (0..).zip(&list).map(|(number, (id, _))| (**id, number)).collect();
        // Who builds on whom, in the order of the older.
        let mut edges: Vec<(u32, u32)> = Vec::with_capacity(list.len());
        for (number, (_, commit)) in (0..).zip(&list) {
            edges.extend(commit.parents.iter().filter_map(|id| Some((*numbers.get(id)?, number))));
        }
        edges.sort_unstable();
        edges.dedup();
        let mut waits = vec![0_u32; list.len()];
        edges.iter().for_each(|&(_, child)| waits[child as usize] += 1);
        let ready = |number: u32| Reverse((list[number as usize].1.time, number));
        let mut open: BinaryHeap<_> =
            (0..).zip(&waits).filter(|(_, waits)| **waits == 0).map(|(at, _)| ready(at)).collect();
        let mut order = Vec::with_capacity(list.len());
        while let Some(Reverse((_, number))) = open.pop() {
            order.push(*list[number as usize].0);
            let first = edges.partition_point(|&(parent, _)| parent < number);
            for &(_, child) in edges[first..].iter().take_while(|(parent, _)| *parent == number) {
                waits[child as usize] -= 1;
                if waits[child as usize] == 0 {
                    open.push(ready(child));
                }
            }
        }
        order
    }

    /// Reads commits and tags from `ids` and all they lead to, for a scan that does not read every object.
    /// What is `known` is read only if it is among `ids`, and not followed.
    pub(crate) fn load(
        &mut self,
        reader: &mut Reader<'_>,
        ids: impl IntoIterator<Item = ObjectId>,
        known: impl Fn(&ObjectId) -> bool,
        damaged: &mut IdSet,
        mut go_on: impl FnMut() -> Result<(), crate::ScanError>,
    ) -> Result<(), crate::ScanError> {
        let mut open: Vec<ObjectId> = ids.into_iter().collect();
        while let Some(id) = open.pop() {
            if self.commits.contains_key(&id) || self.tags.contains_key(&id) {
                continue;
            }
            go_on()?;
            match reader.find(&id) {
                Ok((Kind::Commit, bytes)) => match parse_commit(bytes) {
                    Some((commit, _)) => {
                        open.extend(commit.parents.iter().filter(|id| !known(id)));
                        self.commits.insert(id, commit);
                    }
                    None => drop(damaged.insert(id)),
                },
                Ok((Kind::Tag, bytes)) => match parse_tag(bytes) {
                    Some((target, _)) => {
                        open.extend((!known(&target)).then_some(target));
                        self.tags.insert(id, target);
                    }
                    None => drop(damaged.insert(id)),
                },
                Ok(_) | Err(Unreadable::Missing) => {}
                Err(_) => drop(damaged.insert(id)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_commit_with_all_headers() {
        let hex = "1".repeat(40);
        let text = format!(
            "tree {hex}\nparent {hex}\nauthor A <a@b> 5 +0000\ncommitter C > <c@d> 1700000000 +0100\nmergetag object {hex}\n \
             type commit\n \n tagged message\ngpgsig -----BEGIN\n abc\n\nsubject\n\nbody\n"
        );
        let (commit, message) = parse_commit(text.as_bytes()).expect("a commit");
        assert_eq!((commit.parents.len(), commit.time), (1, 1_700_000_000));
        let message = String::from_utf8_lossy(&message);
        assert!(
            message.starts_with("subject\n\nbody\n") && message.contains("tagged message"),
            "{message}"
        );
        assert!(!message.contains("abc"), "signatures are left out");
    }

    proptest! {
        #[test]
        fn parsing_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_commit(&bytes);
            let _ = parse_tag(&bytes);
        }
    }
}
