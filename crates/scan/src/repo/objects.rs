//! The object database: its packs and loose objects, each by id. Finding them is done here, because a library
//! would follow alternates anywhere and trust every index.

use std::path::{Path, PathBuf};

use gix::ObjectId;

use super::{Repo, path_of_line};
use crate::files;
use crate::options::Options;
use crate::pack::{Most, Pack};
use crate::report::{Notice, Skipped};

/// Repositories that borrow from others that borrow.
const MAX_ALTERNATES: usize = 16;

/// The packs of a repository, open, and where its loose objects are.
pub(crate) struct Objects {
    pub(crate) hash: gix::hash::Kind,
    pub(crate) packs: Vec<Pack>,
    pub(super) folders: Vec<PathBuf>,
    /// Larger objects are not read.
    pub(crate) most: Most,
}

/// What could not be opened, and what the reader should know.
#[derive(Default)]
pub(crate) struct Troubles {
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) notices: Vec<Notice>,
}

/// Why an object could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// Its data is not what its header or its name say.
    Damaged,
    /// It is not here.
    Missing,
    /// It has this many bytes, more than the limit.
    TooLarge(u64),
}

impl Objects {
    /// Opens every pack of the repository and of alternates inside the scanned folder.
    pub(crate) fn open(repo: &Repo, options: &Options) -> (Self, Troubles) {
        let most = Most { blob: options.limit() };
        let mut store = Self { hash: repo.hash, packs: Vec::new(), folders: Vec::new(), most };
        let mut troubles = Troubles::default();
        for folder in object_folders(repo, &mut troubles) {
            store.add_packs(repo, &folder, &mut troubles);
            store.folders.push(folder);
        }
        (store, troubles)
    }

    pub(crate) fn hash_len(&self) -> usize {
        self.hash.len_in_bytes()
    }

    pub(crate) fn contains(&self, id: &gix::oid) -> bool {
        self.packs.iter().any(|pack| pack.index.find(id.as_bytes()).is_some())
            || self.folders.iter().any(|folder| {
                loose_path(folder, id).symlink_metadata().is_ok_and(|meta| meta.is_file())
            })
    }

    fn add_packs(&mut self, repo: &Repo, folder: &Path, troubles: &mut Troubles) {
        let pack_folder = folder.join("pack");
        let mut files: Vec<PathBuf> = std::fs::read_dir(&pack_folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ext| ext == "idx" || ext == "pack"))
            .collect();
        files.sort();
        for file in &files {
            let shown = crate::path::shown(&crate::path::relative(&repo.root, file));
            let mut skip = |reason: &str| {
                troubles.skipped.push(Skipped { path: shown.clone(), reason: reason.to_owned() });
            };
            if file.extension().is_some_and(|ext| ext == "pack") {
                if files.binary_search(&file.with_extension("idx")).is_err() {
                    skip("pack without an index; `git index-pack` makes one");
                }
                continue;
            }
            match Pack::open(file, self.hash_len()) {
                Ok(pack) => self.packs.push(pack),
                Err(why) => skip(why),
            }
        }
    }

    /// Every loose object and the folder it is in, each once, in the order of ids.
    pub(crate) fn loose(&self) -> Vec<(ObjectId, u16)> {
        let mut found = Vec::new();
        for (number, folder) in (0_u16..).zip(&self.folders) {
            for fan in 0..=255_u8 {
                let entries = std::fs::read_dir(folder.join(format!("{fan:02x}")))
                    .into_iter()
                    .flatten()
                    .flatten();
                for entry in entries {
                    let name = entry.file_name();
                    let hex = [format!("{fan:02x}").as_bytes(), name.as_encoded_bytes()].concat();
                    let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
                    if let Ok(id) = ObjectId::from_hex(&hex)
                        && id.kind() == self.hash
                        && is_file
                    {
                        found.push((id, number));
                    }
                }
            }
        }
        found.sort_unstable();
        found.dedup_by_key(|(id, _)| *id);
        found
    }
}

/// Where a loose object's file is.
pub(super) fn loose_path(folder: &Path, id: &gix::oid) -> PathBuf {
    let hex = id.to_hex().to_string();
    folder.join(&hex[..2]).join(&hex[2..])
}

/// The repository's `objects` folder and the alternates that may be read.
fn object_folders(repo: &Repo, troubles: &mut Troubles) -> Vec<PathBuf> {
    let first = repo.common_dir.join("objects");
    let mut folders = vec![first.canonicalize().unwrap_or(first)];
    let mut at = 0;
    let mut elsewhere = Vec::new();
    while at < folders.len() {
        let list =
            files::small(&folders[at].join("info/alternates"), 1024 * 1024).unwrap_or_default();
        for line in list.split(|&b| b == b'\n').filter(|line| !line.is_empty() && line[0] != b'#') {
            let Some(path) = path_of_line(line).map(|path| folders[at].join(path)) else {
                continue;
            };
            match path.canonicalize() {
                Ok(path) if folders.contains(&path) => {}
                Ok(path)
                    if (path.starts_with(&repo.root) || path.starts_with(&repo.common_dir))
                        && folders.len() < MAX_ALTERNATES =>
                {
                    folders.push(path);
                }
                _ => elsewhere.push(crate::rules::rule::printable(&crate::path::shown(line))),
            }
        }
        at += 1;
    }
    if !elsewhere.is_empty() {
        elsewhere.truncate(10);
        troubles.notices.push(Notice {
            code: "REPO_OBJECTS_ELSEWHERE".to_owned(),
            message: format!(
                "This repository borrows objects from outside the scanned folder, which were not read: {}. Scan that \
                 repository as well.",
                elsewhere.join(", ")
            ),
        });
    }
    folders
}
