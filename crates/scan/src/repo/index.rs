//! What is staged: the entries of the index, and which of them differ from the last commit.

use std::path::Path;

use gix::ObjectId;

use crate::files;
use crate::repo::Repo;

/// An index may be this large, in bytes; a million files take some 100 MB.
const MAX_INDEX: u64 = 1024 * 1024 * 1024;

/// One file of the index.
pub(crate) struct Entry {
    pub(crate) path: Vec<u8>,
    pub(crate) id: ObjectId,
}

/// The files of the index, submodules and sparse folders left out.
///
/// # Errors
/// Why it cannot be read, in words. That there is none is no error.
pub(crate) fn entries(repo: &Repo) -> Result<Vec<Entry>, String> {
    let path = repo.git_dir.join("index");
    match std::fs::symlink_metadata(&path) {
        Err(_) => return Ok(Vec::new()),
        Ok(meta) if files::special(&meta).is_some() => {
            return Err("the index is no plain file".to_owned());
        }
        Ok(meta) if meta.len() > MAX_INDEX => {
            return Err("the index is larger than 1 GiB".to_owned());
        }
        Ok(_) => {}
    }
    read(repo, &path).ok_or_else(|| "the index is damaged".to_owned())
}

fn read(repo: &Repo, path: &Path) -> Option<Vec<Entry>> {
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
    Some(entries)
}
