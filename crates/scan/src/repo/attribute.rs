//! Names for blobs: the paths under which trees hold them, and the commit that brought each one in. Only for
//! what was found, from the blobs upwards; see `trees` for how that goes without reading every tree again.

use std::collections::{HashMap, HashSet};

use gix::ObjectId;

use super::ids::IdSet;
use super::objects::{Objects, Unreadable};
use super::reader::Reader;
use crate::pack::Kind;
use crate::report::collect::GroupKey;

/// Folders deeper than this, and longer paths in bytes, are made to exhaust; they are counted as unread.
const MAX_DEPTH: usize = 4_096;
const MAX_PATH: usize = 64 * 1024;
/// Trees that hold themselves many times over (a dozen of them can name a billion files) end here.
const MAX_TREES: usize = 2_000_000;

/// One name of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) path: String,
    /// `None` if no ref or reflog leads to it.
    pub(crate) commit: Option<ObjectId>,
    /// The commit's place in history, oldest first.
    pub(crate) order: usize,
    /// The name is the index's.
    pub(crate) staged: bool,
}

/// What is known of the history that findings stand in.
#[derive(Default)]
pub(crate) struct Orders {
    /// The place of commits in the history of each repository, by its number.
    pub(crate) commits: HashMap<(usize, ObjectId), usize>,
    /// Secrets that the last commit still holds, in whatever version of a file.
    pub(crate) in_head: HashSet<GroupKey>,
    /// Secrets in a commit that a remote's branch leads to.
    pub(crate) pushed: HashSet<GroupKey>,
    /// Whether there is a remote's branch at all.
    pub(crate) has_remote: bool,
    /// How many commits refs lead to; those that only reflogs know come after them.
    pub(crate) by_refs: usize,
    /// The blobs that hold each secret, in whatever version of a file.
    pub(crate) blobs: HashMap<GroupKey, Vec<ObjectId>>,
    /// Author and date of the commits that findings name.
    pub(crate) authors: HashMap<ObjectId, Author>,
}

/// Who made a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Author {
    pub(crate) name: String,
    /// RFC 3339 in UTC.
    pub(crate) date: String,
}

/// Takes a blob's id, the folder that holds it (empty, or ending in `/`) and its name there.
pub(crate) type OnBlob<'f> = dyn FnMut(ObjectId, &[u8], &[u8]) + 'f;

/// Goes through trees, each once.
pub(crate) struct TreeWalk<'s> {
    reader: Reader<'s>,
    seen: IdSet,
    /// What trees name and the repository lacks.
    pub(crate) missing: IdSet,
    /// Trees that could not be read.
    pub(crate) damaged: IdSet,
    /// Folders that were known to be the same and passed over, each empty or ending in `/`.
    same: HashSet<Vec<u8>>,
    /// The trees that were met, each with its folder.
    met: HashSet<(ObjectId, Vec<u8>)>,
    /// A tree that was visited before was met again at another place.
    pub(crate) moved: bool,
}

impl<'s> TreeWalk<'s> {
    pub(crate) fn new(store: &'s Objects) -> Self {
        Self {
            reader: Reader::new(store),
            seen: IdSet::default(),
            missing: IdSet::default(),
            damaged: IdSet::default(),
            same: HashSet::new(),
            met: HashSet::new(),
            moved: false,
        }
    }

    /// Calls `blob` with the id, the folder and the name of every blob below `root` that is in a tree
    /// not visited before. Submodules are no blobs of this repository.
    pub(crate) fn visit(&mut self, root: ObjectId, blob: &mut OnBlob<'_>) {
        self.go(root, None, blob);
    }

    /// The same for every path below `root`, though a tree may be there twice; but not for folders that
    /// `known` has with the very same tree.
    pub(crate) fn visit_changed(
        &mut self,
        root: ObjectId,
        known: &HashMap<Vec<u8>, ObjectId>,
        blob: &mut OnBlob<'_>,
    ) {
        self.go(root, Some(known), blob);
    }

    /// Whether [`visit_changed`](Self::visit_changed) passed over a folder above this path.
    pub(crate) fn is_same(&self, path: &[u8]) -> bool {
        self.same.contains(&b""[..])
            || (!self.same.is_empty()
                && memchr::memchr_iter(b'/', path).any(|at| self.same.contains(&path[..=at])))
    }

    fn go(
        &mut self,
        root: ObjectId,
        known: Option<&HashMap<Vec<u8>, ObjectId>>,
        blob: &mut OnBlob<'_>,
    ) {
        let once = known.is_none();
        let hash = root.kind();
        let mut left = MAX_TREES;
        let mut open = vec![(root, Vec::new(), 0)];
        while let Some((id, folder, depth)) = open.pop() {
            if known.and_then(|known| known.get(&folder)) == Some(&id) {
                self.same.insert(folder);
                continue;
            }
            if id.is_empty_tree() || (once && !self.seen.insert(id)) {
                continue;
            }
            if left == 0 {
                self.damaged.insert(root);
                return;
            }
            left -= usize::from(!once);
            let bytes = match self.reader.find(&id) {
                Ok((Kind::Tree, bytes)) if depth < MAX_DEPTH && folder.len() < MAX_PATH => bytes,
                Err(Unreadable::Missing) => {
                    self.missing.insert(id);
                    continue;
                }
                _ => {
                    self.damaged.insert(id);
                    continue;
                }
            };
            for entry in gix::objs::TreeRefIter::from_bytes(bytes, hash) {
                let Ok(entry) = entry else {
                    self.damaged.insert(id);
                    break;
                };
                if entry.mode.is_tree() {
                    let path = [folder.as_slice(), entry.filename, b"/"].concat();
                    let seen = once && self.seen.contains(entry.oid);
                    let is_new = once && self.met.insert((entry.oid.to_owned(), path.clone()));
                    self.moved |= seen && is_new;
                    if !seen {
                        open.push((entry.oid.to_owned(), path, depth + 1));
                    }
                } else if !entry.mode.is_commit() {
                    blob(entry.oid.to_owned(), &folder, entry.filename);
                }
            }
        }
    }
}
