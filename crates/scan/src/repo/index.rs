//! What is staged: the entries of the index, and which of them differ from the last commit.

use std::collections::HashMap;
use std::path::Path;

use gix::ObjectId;

use crate::files;
use crate::repo::Repo;

/// An index may be this large, in bytes; a million files take some 100 MB.
const MAX_INDEX: u64 = 1024 * 1024 * 1024;

/// Folders are followed this deep.
const MAX_DEPTH: usize = 1_000;

/// One file of the index.
pub(crate) struct Entry {
    pub(crate) path: Vec<u8>,
    pub(crate) id: ObjectId,
}

/// The index as far as a scan needs it.
#[derive(Default)]
pub(crate) struct Index {
    /// Its files, submodules and sparse folders left out.
    pub(crate) entries: Vec<Entry>,
    /// Folders whose tree is known: nothing in them was staged since. Each empty or ending in `/`.
    pub(crate) folders: HashMap<Vec<u8>, ObjectId>,
}

/// The files of the index.
///
/// # Errors
/// Why it cannot be read, in words. That there is none is no error.
pub(crate) fn entries(repo: &Repo) -> Result<Vec<Entry>, String> {
    read(repo, None).map(|index| index.entries)
}

/// The index; another than the repository's own if it is named, which then has to be there.
///
/// # Errors
/// As [`entries`].
pub(crate) fn read(repo: &Repo, named: Option<&Path>) -> Result<Index, String> {
    let path = named.map_or_else(|| repo.git_dir.join("index"), Path::to_owned);
    match std::fs::symlink_metadata(&path) {
        Err(_) if named.is_some() => return Err("the index that Git named is not there".to_owned()),
        Err(_) => return Ok(Index::default()),
        Ok(meta) if files::special(&meta).is_some() => {
            return Err("the index is no plain file".to_owned());
        }
        Ok(meta) if meta.len() > MAX_INDEX => {
            return Err("the index is larger than 1 GiB".to_owned());
        }
        Ok(_) => {}
    }
    decode(repo, &path).ok_or_else(|| "the index is damaged".to_owned())
}

fn decode(repo: &Repo, path: &Path) -> Option<Index> {
    let options = gix::index::decode::Options {
        thread_limit: Some(1),
        alloc_limit_bytes: usize::try_from(2 * MAX_INDEX).ok(),
        ..Default::default()
    };
    let index = gix::index::File::at(path, repo.hash, true, options).ok()?;
    let is_file =
        |entry: &&gix::index::Entry| !entry.mode.is_submodule() && !entry.mode.is_sparse();
    let entries = index
        .entries()
        .iter()
        .filter(is_file)
        .map(|entry| Entry { path: entry.path(&index).to_vec(), id: entry.id })
        .collect();
    let mut folders = HashMap::new();
    if let Some(tree) = index.tree() {
        known_folders(tree, &[], 0, &mut folders);
    }
    Some(Index { entries, folders })
}

/// The index's own record of trees; a folder without a count of entries has changed since.
fn known_folders(
    tree: &gix::index::extension::Tree,
    folder: &[u8],
    depth: usize,
    out: &mut HashMap<Vec<u8>, ObjectId>,
) {
    if tree.num_entries.is_some() {
        out.insert(folder.to_vec(), tree.id);
    }
    for child in tree.children.iter().filter(|_| depth < MAX_DEPTH) {
        known_folders(child, &[folder, &child.name, b"/"].concat(), depth + 1, out);
    }
}
