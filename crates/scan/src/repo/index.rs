//! What is staged: the entries of the index, and which of them differ from the last commit.

use std::collections::HashMap;
use std::path::Path;

use gix::ObjectId;

use super::index_format::{self, IndexFile};
use crate::files::{self, Unread};
use crate::repo::Repo;

/// An index may be this large, in bytes; a million files take some 100 MB.
pub(crate) const MAX_INDEX: u64 = 1024 * 1024 * 1024;
/// The bits of a mode that say what it is of.
const KIND: u32 = 0o170_000;
const SUBMODULE: u32 = 0o160_000;
const SPARSE_FOLDER: u32 = 0o040_000;

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
    let bytes = match files::read(&path, MAX_INDEX, false) {
        Ok(content) => content.bytes,
        Err(Unread::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return match named {
                Some(_) => Err("the index that Git named is not there".to_owned()),
                None => Ok(Index::default()),
            };
        }
        Err(Unread::Io(error)) => {
            return Err(format!("the index cannot be read: {}", files::words(&error)));
        }
        Err(Unread::NotAFile(_)) => return Err("the index is no plain file".to_owned()),
        Err(Unread::TooLarge(_)) => return Err("the index is larger than 1 GiB".to_owned()),
    };
    decode(repo, &path, &bytes).ok_or_else(|| "the index is damaged".to_owned())
}

fn decode(repo: &Repo, path: &Path, bytes: &[u8]) -> Option<Index> {
    let hash_len = repo.hash.len_in_bytes();
    let IndexFile { mut entries, folders, shared, .. } = index_format::parse(bytes, hash_len)?;
    if let Some(shared) = shared {
        let base = path.with_file_name(format!("sharedindex.{}", shared.id));
        let base = index_format::parse(&files::small(&base, MAX_INDEX)?, hash_len)?;
        if base.checksum != shared.id.as_bytes() || base.shared.is_some() {
            return None;
        }
        entries = shared.join(base.entries, entries)?;
    }
    let entries = entries
        .into_iter()
        .filter(|entry| !matches!(entry.mode & KIND, SUBMODULE | SPARSE_FOLDER))
        .map(|entry| Entry { path: entry.path, id: entry.id })
        .collect();
    Some(Index { entries, folders })
}
