//! The object database: which objects there are, and reading them. gix decodes the packs; finding the
//! objects is done here, because gix would follow alternates anywhere and trust every index.

use std::path::{Path, PathBuf};

use gix::ObjectId;

use super::ids::IdMap;
use super::pack::{Pack, PackedKind, PackedObject};
use super::{Repo, path_of_line};
use crate::files;
use crate::report::{Notice, Skipped};

/// Repositories that borrow from others that borrow.
const MAX_ALTERNATES: usize = 16;

/// Where an object is.
#[derive(Clone, Copy)]
pub(super) enum Location {
    Packed { pack: u16, kind: PackedKind, offset: u64 },
    Loose { folder: u16 },
}

/// One object and what is known without decoding it.
pub(crate) struct Object {
    pub(crate) id: ObjectId,
    pub(super) location: Location,
}

/// All objects of a repository, each once.
pub(crate) struct ObjectStore {
    pub(super) hash: gix::hash::Kind,
    pub(super) packs: Vec<Pack>,
    pub(super) folders: Vec<PathBuf>,
    objects: Vec<Object>,
    by_id: IdMap<u32>,
    pub(super) max_blob: u64,
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
    /// It decodes to this many bytes, more than the limit.
    TooLarge(u64),
}

impl ObjectStore {
    /// Lists every pack and loose object, in the repository and in alternates inside the scanned folder.
    pub(crate) fn open(repo: &Repo, max_blob: u64) -> (Self, Troubles) {
        let mut store = Self {
            hash: repo.hash,
            packs: Vec::new(),
            folders: Vec::new(),
            objects: Vec::new(),
            by_id: IdMap::default(),
            max_blob,
        };
        let mut troubles = Troubles::default();
        for folder in object_folders(repo, &mut troubles) {
            store.add_packs(repo, &folder, &mut troubles);
            store.add_loose(folder);
        }
        (store, troubles)
    }

    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }

    /// In the order of packs, then loose ones.
    pub(crate) fn objects(&self) -> &[Object] {
        &self.objects
    }

    pub(crate) fn contains(&self, id: &gix::oid) -> bool {
        self.by_id.contains_key(id)
    }

    pub(crate) fn get(&self, id: &gix::oid) -> Option<&Object> {
        self.by_id.get(id).map(|&at| &self.objects[at as usize])
    }

    fn add(&mut self, id: ObjectId, location: Location) {
        let at = u32::try_from(self.objects.len()).unwrap_or(u32::MAX);
        let free = |store: &Self, at: u32| match store.objects[at as usize].location {
            Location::Packed { kind, .. } => kind == PackedKind::Broken,
            Location::Loose { .. } => false,
        };
        match self.by_id.get(&id) {
            // A second copy is of use only if the first cannot be read.
            Some(&first) if free(self, first) => self.objects[first as usize].location = location,
            Some(_) => {}
            None => {
                self.by_id.insert(id, at);
                self.objects.push(Object { id, location });
            }
        }
    }

    fn add_packs(&mut self, repo: &Repo, folder: &Path, troubles: &mut Troubles) {
        let pack_folder = folder.join("pack");
        let mut indexes: Vec<PathBuf> = std::fs::read_dir(&pack_folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ext| ext == "idx"))
            .collect();
        indexes.sort();
        for index in indexes {
            let shown = crate::path::shown(&crate::path::relative(&repo.root, &index));
            let mut skip = |reason: &str| {
                troubles.skipped.push(Skipped { path: shown.clone(), reason: reason.to_owned() });
            };
            let (pack, packed) = match Pack::open(&index, self.hash, self.max_blob) {
                Ok(opened) => opened,
                Err(why) => {
                    skip(why);
                    continue;
                }
            };
            let Ok(number) = u16::try_from(self.packs.len()) else {
                skip("there are too many packs");
                continue;
            };
            for PackedObject { id, offset, kind } in packed {
                self.add(id, Location::Packed { pack: number, kind, offset });
            }
            self.packs.push(pack);
        }
    }

    fn add_loose(&mut self, folder: PathBuf) {
        let Ok(number) = u16::try_from(self.folders.len()) else {
            return;
        };
        let mut found = Vec::new();
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
                    found.push(id);
                }
            }
        }
        // Folders list in any order; a report should not.
        found.sort_unstable();
        self.folders.push(folder);
        for id in found {
            self.add(id, Location::Loose { folder: number });
        }
    }
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
