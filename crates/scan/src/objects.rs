//! The object database: which objects there are, and reading them. gix decodes the packs; finding the
//! objects is done here, because gix would follow alternates anywhere and trust every index.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use gix::ObjectId;
use gix::hashtable::HashMap;
use gix::objs::Kind;
use gix::odb::pack;
use gix::odb::pack::cache::lru::MemoryCappedHashmap;
use gix::odb::pack::data::entry::Header;

use crate::files;
use crate::repo::{self, Repo};
use crate::report::{Notice, Skipped};

/// git writes chains of at most 4,095 deltas; a longer one was made to waste time.
const MAX_CHAIN: u16 = 4_095;
/// A pack's index is read whole; 256 MiB are some eight million objects.
const MAX_INDEX: u64 = 256 * 1024 * 1024;
/// Decoded delta bases kept by each reader, in bytes.
const CACHE: usize = 48 * 1024 * 1024;
/// Objects larger than this, in bytes, are decoded one at a time.
pub(crate) const LARGE: u64 = 8 * 1024 * 1024;
/// Repositories that borrow from others that borrow.
const MAX_ALTERNATES: usize = 16;

/// Where an object is.
#[derive(Clone, Copy)]
enum Location {
    Packed {
        pack: u16,
        kind: PackedKind,
        offset: u64,
    },
    Loose {
        folder: u16,
    },
}

/// What a pack's headers alone say of an object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PackedKind {
    Known(Kind),
    /// Its chain of deltas is cyclic, cut off or too long.
    Broken,
}

/// One object and what is known without decoding it.
pub(crate) struct Object {
    pub(crate) id: ObjectId,
    location: Location,
}

struct Pack {
    file: pack::data::File<pack::MMap>,
    /// Where each object is, in packs whose deltas name their bases by id.
    by_id: Option<HashMap<ObjectId, u64>>,
}

/// All objects of a repository, each once.
pub(crate) struct ObjectStore {
    hash: gix::hash::Kind,
    packs: Vec<Pack>,
    folders: Vec<PathBuf>,
    objects: Vec<Object>,
    by_id: HashMap<ObjectId, u32>,
    max_blob: u64,
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
            by_id: HashMap::default(),
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
                troubles.skipped.push(Skipped {
                    path: shown.clone(),
                    reason: reason.to_owned(),
                });
            };
            let data = index.with_extension("pack");
            let is_file = data.symlink_metadata().is_ok_and(|meta| meta.is_file());
            let Some(bytes) = files::small(&index, MAX_INDEX) else {
                skip("damaged pack: its index cannot be read");
                continue;
            };
            let Some(entries) = read_index(&bytes, self.hash.len_in_bytes()) else {
                skip("damaged pack: its index is cut short or not one");
                continue;
            };
            let opened = is_file
                .then(|| pack::data::File::at(&data, self.hash).ok())
                .flatten();
            let (Some(file), Ok(number)) = (opened, u16::try_from(self.packs.len())) else {
                skip("damaged pack: its data cannot be read");
                continue;
            };
            // Twice the object for the two work buffers, and as much again for instructions.
            let limit =
                usize::try_from(self.max_blob.saturating_mul(3).saturating_add(64 << 20)).ok();
            let file = file.with_alloc_limit_bytes(limit);
            let (kinds, by_id) = kinds(&file, entries);
            for (id, offset, kind) in kinds {
                self.add(
                    id,
                    Location::Packed {
                        pack: number,
                        kind,
                        offset,
                    },
                );
            }
            self.packs.push(Pack { file, by_id });
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
        for line in list
            .split(|&b| b == b'\n')
            .filter(|line| !line.is_empty() && line[0] != b'#')
        {
            let Some(path) = repo::path_of_line(line).map(|path| folders[at].join(path)) else {
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
                _ => elsewhere.push(crate::rule::printable(&crate::path::shown(line))),
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

/// The ids and offsets of a pack index, version 1 or 2 (gitformat-pack); `None` unless it is whole.
fn read_index(bytes: &[u8], hash_len: usize) -> Option<Vec<(ObjectId, u64)>> {
    let number = |at: usize| {
        Some(u32::from_be_bytes(
            bytes.get(at..at.checked_add(4)?)?.try_into().ok()?,
        ))
    };
    let id = |at: usize| {
        let bytes = bytes.get(at..at.checked_add(hash_len)?)?;
        gix::oid::try_from_bytes(bytes).ok().map(ToOwned::to_owned)
    };
    let second = bytes.starts_with(b"\xfftOc");
    if second && number(4)? != 2 {
        return None;
    }
    let fan = if second { 8 } else { 0 };
    let count = number(fan + 255 * 4)? as usize;
    let table = fan + 256 * 4;
    let row = if second { hash_len + 8 } else { hash_len + 4 };
    // The rows, and two checksums after them.
    let least = table
        .checked_add(count.checked_mul(row)?)?
        .checked_add(2 * hash_len)?;
    if bytes.len() < least {
        return None;
    }
    let mut entries = Vec::with_capacity(count);
    for n in 0..count {
        if second {
            let offsets = table + count * (hash_len + 4);
            let short = number(offsets + n * 4)?;
            let offset = if short & 0x8000_0000 == 0 {
                u64::from(short)
            } else {
                let at = offsets + count * 4 + (short & 0x7fff_ffff) as usize * 8;
                u64::from(number(at)?) << 32 | u64::from(number(at + 4)?)
            };
            entries.push((id(table + n * hash_len)?, offset));
        } else {
            let at = table + n * row;
            entries.push((id(at + 4)?, u64::from(number(at)?)));
        }
    }
    Some(entries)
}

/// The kind of every entry, by headers alone: a delta is of its base's kind. In the order of the pack.
/// Also a map of the pack, if a delta names its base by id.
fn kinds(
    file: &pack::data::File<pack::MMap>,
    mut entries: Vec<(ObjectId, u64)>,
) -> (
    Vec<(ObjectId, u64, PackedKind)>,
    Option<HashMap<ObjectId, u64>>,
) {
    entries.sort_unstable_by_key(|&(_, offset)| offset);
    let at_offset = |offset: u64| {
        entries
            .binary_search_by_key(&offset, |&(_, offset)| offset)
            .ok()
    };
    let mut by_id: Option<HashMap<ObjectId, u64>> = None;
    let mut kinds: Vec<Option<(PackedKind, u16)>> = vec![None; entries.len()];
    for start in 0..entries.len() {
        // Down the chain to something known, then back up.
        let mut chain = Vec::new();
        let mut at = start;
        let (mut kind, mut depth) = loop {
            if let Some((kind, depth)) = kinds[at] {
                break (kind, depth.saturating_add(1));
            }
            chain.push(at);
            kinds[at] = Some((PackedKind::Broken, 0)); // A chain that comes back here is a cycle.
            let (_, offset) = entries[at];
            let base = match file
                .entry(offset)
                .map(|entry| (entry.header.as_kind(), entry.header.clone(), entry))
            {
                Ok((Some(kind), _, _)) => break (PackedKind::Known(kind), 0),
                Ok((None, Header::OfsDelta { base_distance }, entry)) => entry
                    .checked_base_pack_offset(base_distance)
                    .and_then(at_offset),
                Ok((None, Header::RefDelta { base_id }, _)) => {
                    let by_id = by_id.get_or_insert_with(|| entries.iter().copied().collect());
                    by_id.get(&base_id).copied().and_then(at_offset)
                }
                _ => None,
            };
            match base {
                Some(base) => at = base,
                None => break (PackedKind::Broken, 0),
            }
        };
        // The last one pushed is the root itself if its kind was read from its own header.
        for &at in chain.iter().rev() {
            if kind != PackedKind::Broken && depth > MAX_CHAIN {
                kind = PackedKind::Broken;
            }
            kinds[at] = Some((kind, depth));
            depth = depth.saturating_add(1);
        }
    }
    let kinds = kinds
        .into_iter()
        .map(|kind| kind.map_or(PackedKind::Broken, |(kind, _)| kind));
    let kinds = entries
        .iter()
        .zip(kinds)
        .map(|(&(id, offset), kind)| (id, offset, kind))
        .collect();
    (kinds, by_id)
}

/// Reads objects; one for each thread.
pub(crate) struct Reader<'s> {
    store: &'s ObjectStore,
    inflate: gix::zlib::Inflate,
    cache: MemoryCappedHashmap,
    compressed: Vec<u8>,
}

impl<'s> Reader<'s> {
    pub(crate) fn new(store: &'s ObjectStore) -> Self {
        Self {
            store,
            inflate: gix::zlib::Inflate::default(),
            cache: MemoryCappedHashmap::new(CACHE),
            compressed: Vec::new(),
        }
    }

    /// Decodes an object to be scanned into `out`, and its kind; `None` for a tree, which is not decoded.
    /// Its size is known, and compared with the limit, before anything is inflated. One that is large waits
    /// at the gate, so that only one of them is in memory at a time.
    pub(crate) fn content(
        &mut self,
        object: &Object,
        gate: &'s Mutex<()>,
        out: &mut Vec<u8>,
    ) -> Result<Option<(Kind, Option<MutexGuard<'s, ()>>)>, Unreadable> {
        let (kind, size) = match object.location {
            Location::Packed {
                kind: PackedKind::Broken,
                ..
            } => return Err(Unreadable::Damaged),
            Location::Packed {
                kind: PackedKind::Known(Kind::Tree),
                ..
            } => return Ok(None),
            Location::Packed { pack, offset, .. } => {
                let pack = &self.store.packs[usize::from(pack)];
                let entry = pack.file.entry(offset).map_err(|_| Unreadable::Damaged)?;
                let resolve = |id: &gix::oid| {
                    Ok(pack
                        .base(id)
                        .map(pack::data::decode::header::ResolvedBase::InPack))
                };
                let header = pack
                    .file
                    .decode_header(entry, &mut self.inflate, &resolve)
                    .map_err(|_| Unreadable::Damaged)?;
                (header.kind, header.object_size)
            }
            Location::Loose { folder } => {
                self.load_loose(folder, &object.id)?;
                let (kind, size, _) = self.loose_header(&mut [0; 64])?;
                (kind, size)
            }
        };
        if kind == Kind::Tree {
            return Ok(None);
        }
        if size > self.store.max_blob {
            return Err(Unreadable::TooLarge(size));
        }
        let guard = (size > LARGE).then(|| gate.lock().unwrap_or_else(PoisonError::into_inner));
        let kind = match object.location {
            Location::Packed { .. } => self.read(object, out)?,
            Location::Loose { .. } => self.inflate_loose(&object.id, out)?,
        };
        Ok(Some((kind, guard)))
    }

    /// Decodes an object into `out`. At most the limit, for trees and commits as well.
    fn read(&mut self, object: &Object, out: &mut Vec<u8>) -> Result<Kind, Unreadable> {
        out.clear();
        match object.location {
            Location::Packed {
                kind: PackedKind::Broken,
                ..
            } => Err(Unreadable::Damaged),
            Location::Packed { pack, offset, .. } => {
                let pack = &self.store.packs[usize::from(pack)];
                let entry = pack.file.entry(offset).map_err(|_| Unreadable::Damaged)?;
                let resolve = |id: &gix::oid, _: &mut Vec<u8>| {
                    Ok(pack
                        .base(id)
                        .map(pack::data::decode::entry::ResolvedBase::InPack))
                };
                pack.file
                    .decode_entry(entry, out, &mut self.inflate, &resolve, &mut self.cache)
                    .map(|outcome| outcome.kind)
                    .map_err(|_| Unreadable::Damaged)
            }
            Location::Loose { folder } => {
                self.load_loose(folder, &object.id)?;
                self.inflate_loose(&object.id, out)
            }
        }
    }

    /// [`read`](Self::read) by id.
    pub(crate) fn find(&mut self, id: &gix::oid, out: &mut Vec<u8>) -> Result<Kind, Unreadable> {
        let store = self.store;
        let object = store.get(id).ok_or(Unreadable::Missing)?;
        self.read(object, out)
    }

    fn load_loose(&mut self, folder: u16, id: &gix::oid) -> Result<(), Unreadable> {
        let hex = id.to_hex().to_string();
        let path = self.store.folders[usize::from(folder)]
            .join(&hex[..2])
            .join(&hex[2..]);
        // What cannot be compressed grows a little.
        let limit = self
            .store
            .max_blob
            .saturating_add(self.store.max_blob / 512)
            .saturating_add(1024);
        match files::read(&path, limit, false) {
            Ok(content) => {
                self.compressed = content.bytes;
                Ok(())
            }
            Err(files::Unread::TooLarge(size)) => Err(Unreadable::TooLarge(size)),
            Err(_) => Err(Unreadable::Damaged),
        }
    }

    /// Kind, size and length of the header, from the first bytes of `self.compressed`.
    fn loose_header(&mut self, head: &mut [u8]) -> Result<(Kind, u64, usize), Unreadable> {
        self.inflate.reset();
        let (_, _, len) = self
            .inflate
            .once(&self.compressed, head)
            .map_err(|_| Unreadable::Damaged)?;
        gix::objs::decode::loose_header(&head[..len]).map_err(|_| Unreadable::Damaged)
    }

    /// The object in `self.compressed`, which has to be what its name says: a file can be put anywhere, while
    /// a pack's objects are named by its own checksum.
    fn inflate_loose(&mut self, id: &gix::oid, out: &mut Vec<u8>) -> Result<Kind, Unreadable> {
        let mut head = [0; 64];
        let (kind, size, skip) = self.loose_header(&mut head)?;
        if size > self.store.max_blob {
            return Err(Unreadable::TooLarge(size));
        }
        // Deflate shrinks at most 1,032 times (RFC 1951): a header that claims more lies.
        if size > (self.compressed.len() as u64).saturating_mul(1_032) {
            return Err(Unreadable::Damaged);
        }
        let whole = usize::try_from(size).map_err(|_| Unreadable::Damaged)? + skip;
        out.resize(whole, 0);
        self.inflate.reset();
        let (status, _, len) = self
            .inflate
            .once(&self.compressed, out)
            .map_err(|_| Unreadable::Damaged)?;
        if status != gix::zlib::Status::StreamEnd || len != whole {
            return Err(Unreadable::Damaged);
        }
        out.drain(..skip);
        match gix::objs::compute_hash(self.store.hash, kind, out) {
            Ok(actual) if *actual == *id => Ok(kind),
            _ => Err(Unreadable::Damaged),
        }
    }
}

impl Pack {
    /// The base of a delta that names it by id.
    fn base(&self, id: &gix::oid) -> Option<pack::data::Entry> {
        let offset = self.by_id.as_ref()?.get(id)?;
        self.file.entry(*offset).ok()
    }
}
