//! Reads single objects, from packs through gix and from loose files, never more than the limit.

use std::sync::{Mutex, MutexGuard, PoisonError};

use gix::objs::Kind;
use gix::odb::pack::cache::lru::MemoryCappedHashmap;
use gix::odb::pack::data::decode;

use super::objects::{Location, Object, ObjectStore, Unreadable};
use super::pack::PackedKind;
use crate::files;

/// Decoded delta bases kept by each reader, in bytes.
const CACHE: usize = 48 * 1024 * 1024;
/// Objects larger than this, in bytes, are decoded one at a time.
pub(crate) const LARGE: u64 = 8 * 1024 * 1024;

/// A decoded object to be scanned: its kind, and the gate's key if it is large.
pub(crate) type Content<'g> = (Kind, Option<MutexGuard<'g, ()>>);

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
    ) -> Result<Option<Content<'s>>, Unreadable> {
        let (kind, size) = match object.location {
            Location::Packed { kind: PackedKind::Broken, .. } => return Err(Unreadable::Damaged),
            Location::Packed { kind: PackedKind::Known(Kind::Tree), .. } => return Ok(None),
            Location::Packed { pack, offset, .. } => {
                let pack = &self.store.packs[usize::from(pack)];
                let entry = pack.file.entry(offset).map_err(|_| Unreadable::Damaged)?;
                let resolve =
                    |id: &gix::oid| Ok(pack.base(id).map(decode::header::ResolvedBase::InPack));
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
            Location::Packed { kind: PackedKind::Broken, .. } => Err(Unreadable::Damaged),
            Location::Packed { pack, offset, .. } => {
                let pack = &self.store.packs[usize::from(pack)];
                let entry = pack.file.entry(offset).map_err(|_| Unreadable::Damaged)?;
                let resolve = |id: &gix::oid, _: &mut Vec<u8>| {
                    Ok(pack.base(id).map(decode::entry::ResolvedBase::InPack))
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
        let path = self.store.folders[usize::from(folder)].join(&hex[..2]).join(&hex[2..]);
        // What cannot be compressed grows a little.
        let limit =
            self.store.max_blob.saturating_add(self.store.max_blob / 512).saturating_add(1024);
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
        let (_, _, len) =
            self.inflate.once(&self.compressed, head).map_err(|_| Unreadable::Damaged)?;
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
        let (status, _, len) =
            self.inflate.once(&self.compressed, out).map_err(|_| Unreadable::Damaged)?;
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
