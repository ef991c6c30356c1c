//! Reads single objects, from packs and from loose files, never more than the limit.

use gix::ObjectId;

use super::objects::{Objects, Unreadable, loose_path};
use crate::files;
use crate::pack::Kind;
use crate::pack::single::Single;
use crate::pack::walk::Fault;

/// Objects larger than this, in bytes, are held one at a time.
pub(crate) const LARGE: u64 = 8 * 1024 * 1024;
/// Deflate shrinks at most so many times (RFC 1951): a header that claims more lies.
const MOST: u64 = 1_032;

/// Reads objects; one for each thread.
pub(crate) struct Reader<'s> {
    store: &'s Objects,
    single: Single,
    inflate: gix::zlib::Inflate,
    compressed: Vec<u8>,
    plain: Vec<u8>,
}

impl<'s> Reader<'s> {
    pub(crate) fn new(store: &'s Objects) -> Self {
        Self {
            store,
            single: Single::default(),
            inflate: gix::zlib::Inflate::default(),
            compressed: Vec::new(),
            plain: Vec::new(),
        }
    }

    /// The object with this id, from the first place where it is whole.
    pub(crate) fn find(&mut self, id: &gix::oid) -> Result<(Kind, &[u8]), Unreadable> {
        let store = self.store;
        let mut fault = Unreadable::Missing;
        for pack in &store.packs {
            let Some(place) = pack.index.find(id.as_bytes()) else { continue };
            let read = pack.index.offset(place).ok_or(Fault::Damaged).and_then(|offset| {
                self.single.read(pack, store.hash_len(), offset, store.most).map(|(kind, _)| kind)
            });
            match read {
                Ok(kind) => return Ok((kind, self.single.bytes())),
                Err(Fault::TooLarge(size)) => fault = Unreadable::TooLarge(size),
                Err(Fault::Damaged | Fault::TooMuch) => fault = Unreadable::Damaged,
            }
        }
        for folder in 0..store.folders.len() as u16 {
            match self.loose_into(id, folder) {
                Ok(kind) => return Ok((kind, &self.plain)),
                Err(Unreadable::Missing) => {}
                Err(other) => fault = other,
            }
        }
        Err(fault)
    }

    /// A loose object.
    pub(crate) fn loose(
        &mut self,
        id: &gix::oid,
        folder: u16,
    ) -> Result<(Kind, &[u8]), Unreadable> {
        let kind = self.loose_into(id, folder)?;
        Ok((kind, &self.plain))
    }

    /// A loose object has to be what its name says: a file can be put anywhere, while a pack's objects are
    /// named by its own checksum.
    fn loose_into(&mut self, id: &gix::oid, folder: u16) -> Result<Kind, Unreadable> {
        let path = loose_path(&self.store.folders[usize::from(folder)], id);
        let most = self.store.most;
        let largest = most.of(Kind::Commit);
        // What cannot be compressed grows a little.
        let limit = largest.saturating_add(largest / 512).saturating_add(1024);
        self.compressed = match files::read(&path, limit, false) {
            Ok(content) => content.bytes,
            Err(files::Unread::TooLarge(size)) => return Err(Unreadable::TooLarge(size)),
            Err(files::Unread::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Unreadable::Missing);
            }
            Err(_) => return Err(Unreadable::Damaged),
        };
        let mut head = [0; 64];
        self.inflate.reset();
        let (_, _, len) =
            self.inflate.once(&self.compressed, &mut head).map_err(|_| Unreadable::Damaged)?;
        let (its, size, skip) =
            gix::objs::decode::loose_header(&head[..len]).map_err(|_| Unreadable::Damaged)?;
        let kind = match its {
            gix::objs::Kind::Commit => Kind::Commit,
            gix::objs::Kind::Tree => Kind::Tree,
            gix::objs::Kind::Blob => Kind::Blob,
            gix::objs::Kind::Tag => Kind::Tag,
        };
        if size > most.of(kind) {
            return Err(Unreadable::TooLarge(size));
        }
        if size > (self.compressed.len() as u64).saturating_mul(MOST) {
            return Err(Unreadable::Damaged);
        }
        let whole = usize::try_from(size).map_err(|_| Unreadable::Damaged)? + skip;
        self.plain.clear();
        self.plain.resize(whole, 0);
        self.inflate.reset();
        let (status, _, len) = self
            .inflate
            .once(&self.compressed, &mut self.plain)
            .map_err(|_| Unreadable::Damaged)?;
        if status != gix::zlib::Status::StreamEnd || len != whole {
            return Err(Unreadable::Damaged);
        }
        self.plain.drain(..skip);
        match gix::objs::compute_hash(self.store.hash, its, &self.plain) {
            Ok(actual) if *actual == *id => Ok(kind),
            _ => Err(Unreadable::Damaged),
        }
    }

    /// Whether an object is a tree; used where nothing else of it is wanted.
    pub(crate) fn is_tree(&mut self, id: &ObjectId) -> bool {
        matches!(self.find(id), Ok((Kind::Tree, _)))
    }
}
