//! Names for blobs: the paths under which trees hold them, and the commit that brought each one in.
//! Every tree is read once, oldest commit first, so the first sight of a blob is its introduction. On
//! the way this notices what is missing.

use std::collections::{HashMap, HashSet};

use gix::ObjectId;
use gix::objs::Kind;

use super::history::History;
use super::ids::IdSet;
use super::objects::{ObjectStore, Unreadable};
use super::reader::Reader;
use crate::ScanError;
use crate::path::shown;

/// Folders deeper than this, and longer paths in bytes, are made to exhaust; they are counted as unread.
const MAX_DEPTH: usize = 4_096;
const MAX_PATH: usize = 64 * 1024;
/// Trees that hold themselves many times over (a dozen of them can name a billion files) end here.
const MAX_TREES: usize = 2_000_000;

/// One name of a blob.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) path: String,
    /// `None` if no ref or reflog leads to it.
    pub(crate) commit: Option<ObjectId>,
    /// The commit's place in history, oldest first.
    pub(crate) order: usize,
    /// The name is the index's.
    pub(crate) staged: bool,
}

/// Names of blobs, and the order of commits, each with its repository's number.
#[derive(Default)]
pub(crate) struct Attribution {
    pub(crate) blobs: HashMap<(usize, ObjectId), Vec<Known>>,
    pub(crate) order: HashMap<(usize, ObjectId), usize>,
}

/// Takes a blob's id, the folder that holds it (empty, or ending in `/`) and its name there.
pub(crate) type OnBlob<'f> = dyn FnMut(ObjectId, &[u8], &[u8]) + 'f;

/// Goes through trees, each once.
pub(crate) struct TreeWalk<'s> {
    store: &'s ObjectStore,
    reader: Reader<'s>,
    seen: IdSet,
    /// What trees name and the repository lacks.
    pub(crate) missing: IdSet,
    /// Trees that could not be read.
    pub(crate) damaged: IdSet,
}

impl<'s> TreeWalk<'s> {
    pub(crate) fn new(store: &'s ObjectStore) -> Self {
        Self {
            store,
            reader: Reader::new(store),
            seen: IdSet::default(),
            missing: IdSet::default(),
            damaged: IdSet::default(),
        }
    }

    /// Calls `blob` with the id, the folder and the name of every blob below `root` that is in a tree
    /// not visited before. Submodules are no blobs of this repository.
    pub(crate) fn visit(&mut self, root: ObjectId, blob: &mut OnBlob<'_>) {
        self.go(root, true, blob);
    }

    /// The same for every path below `root`, though a tree may be there twice.
    pub(crate) fn visit_all(&mut self, root: ObjectId, blob: &mut OnBlob<'_>) {
        self.go(root, false, blob);
    }

    fn go(&mut self, root: ObjectId, once: bool, blob: &mut OnBlob<'_>) {
        let hash = root.kind();
        let mut left = MAX_TREES;
        let mut open = vec![(root, Vec::new(), 0)];
        let mut buffer = Vec::new();
        while let Some((id, folder, depth)) = open.pop() {
            if id.is_empty_tree() || (once && !self.seen.insert(id)) {
                continue;
            }
            if left == 0 {
                self.damaged.insert(root);
                return;
            }
            left -= usize::from(!once);
            match self.reader.find(&id, &mut buffer) {
                Ok(Kind::Tree) if depth < MAX_DEPTH && folder.len() < MAX_PATH => {}
                Err(Unreadable::Missing) => {
                    self.missing.insert(id);
                    continue;
                }
                _ => {
                    self.damaged.insert(id);
                    continue;
                }
            }
            for entry in gix::objs::TreeRefIter::from_bytes(&buffer, hash) {
                let Ok(entry) = entry else {
                    self.damaged.insert(id);
                    break;
                };
                if entry.mode.is_tree() {
                    if !once || !self.seen.contains(entry.oid) {
                        let path = [folder.as_slice(), entry.filename, b"/"].concat();
                        open.push((entry.oid.to_owned(), path, depth + 1));
                    }
                } else if !entry.mode.is_commit() {
                    if !self.store.contains(entry.oid) && !entry.oid.is_empty_blob() {
                        self.missing.insert(entry.oid.to_owned());
                    }
                    blob(entry.oid.to_owned(), &folder, entry.filename);
                }
            }
        }
    }
}

/// The blobs of one repository whose names are looked for, and where.
pub(crate) struct Search<'h> {
    /// The repository's number.
    pub(crate) repository: usize,
    /// Goes before every path.
    pub(crate) prefix: &'h str,
    pub(crate) wanted: &'h IdSet,
    pub(crate) history: &'h History,
    /// Commits that refs and reflogs lead to.
    pub(crate) reachable: &'h IdSet,
    /// Trees and blobs that are tagged directly.
    pub(crate) others: &'h [ObjectId],
}

impl Search<'_> {
    /// Finds the names. Reads every reachable tree even if nothing is wanted, to see what is missing.
    pub(crate) fn run(
        &self,
        attribution: &mut Attribution,
        walk: &mut TreeWalk<'_>,
        mut go_on: impl FnMut() -> Result<(), ScanError>,
    ) -> Result<(), ScanError> {
        let Self { repository, prefix, wanted, history, reachable, others } = *self;
        let Attribution { blobs, order: orders } = attribution;
        let mut named: HashSet<(ObjectId, String)> = HashSet::new();
        let mut note =
            |id: ObjectId, folder: &[u8], name: &[u8], commit: Option<ObjectId>, order: usize| {
                if !wanted.contains(&id) {
                    return;
                }
                let path = format!("{prefix}{}{}", shown(folder), shown(name));
                if named.insert((id, path.clone())) {
                    let known = Known { path, commit, order, staged: false };
                    blobs.entry((repository, id)).or_default().push(known);
                }
            };
        for (order, id) in history.oldest_first(reachable).into_iter().enumerate() {
            go_on()?;
            orders.insert((repository, id), order);
            walk.visit(history.commits[&id].tree, &mut |blob, folder, name| {
                note(blob, folder, name, Some(id), order)
            });
        }
        for &id in others {
            if walk.reader.find(&id, &mut Vec::new()) == Ok(Kind::Tree) {
                walk.visit(id, &mut |blob, folder, name| {
                    note(blob, folder, name, None, usize::MAX)
                });
            }
        }
        for &id in others {
            if wanted.contains(&id) {
                // A tag on a blob: it has no path, but it is reachable.
                blobs.entry((repository, id)).or_default().push(Known {
                    path: String::new(),
                    commit: None,
                    order: usize::MAX,
                    staged: false,
                });
            }
        }
        // Commits that nothing leads to still know the paths of what is left; what they lack is nobody's loss.
        if wanted.iter().any(|&id| !blobs.contains_key(&(repository, id))) {
            let rest: IdSet =
                history.commits.keys().copied().filter(|id| !reachable.contains(id)).collect();
            let (missing, damaged) = (walk.missing.clone(), walk.damaged.clone());
            for id in history.oldest_first(&rest) {
                go_on()?;
                walk.visit(history.commits[&id].tree, &mut |blob, folder, name| {
                    if !wanted.contains(&blob) {
                        return;
                    }
                    let known = blobs.entry((repository, blob)).or_default();
                    let path = format!("{prefix}{}{}", shown(folder), shown(name));
                    if known.iter().all(|known| known.commit.is_none() && known.path != path) {
                        known.push(Known { path, commit: None, order: usize::MAX, staged: false });
                    }
                });
            }
            (walk.missing, walk.damaged) = (missing, damaged);
        }
        Ok(())
    }
}
