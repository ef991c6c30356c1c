//! A pack's index: which objects are in the pack, by id, and where (gitformat-pack, versions 1 and 2).

use std::fs::File;
use std::path::Path;
use std::sync::OnceLock;

use crate::files;

/// A pack's index may have this many objects; the arrays for them take some 60 bytes each.
const MAX_OBJECTS: u32 = 32_000_000;
const FAN: usize = 256 * 4;

/// An index, read by positions; whole only when every entry is wanted.
pub(crate) struct Index {
    file: File,
    hash_len: usize,
    version: u32,
    fan: Vec<u32>,
    len: u64,
    whole: OnceLock<Vec<u8>>,
}

impl Index {
    pub(super) fn open(path: &Path, hash_len: usize) -> Result<Self, &'static str> {
        let unread = "damaged pack: its index cannot be read";
        let cut = "damaged pack: its index is cut short or not one";
        let file = files::open_plain(path).map_err(|_| unread)?;
        let len = file.metadata().map_err(|_| unread)?.len();
        let mut head = [0; 8 + FAN];
        files::read_at(&file, &mut head, 0).map_err(|_| cut)?;
        let number =
            |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let version = if &head[..4] == b"\xfftOc" { number(4) } else { 1 };
        if version > 2 {
            return Err("damaged pack: its index is of a version that is not known");
        }
        let start = if version == 2 { 8 } else { 0 };
        let fan: Vec<u32> = (0..256).map(|byte| number(start + byte * 4)).collect();
        let index = Self { file, hash_len, version, fan, len, whole: OnceLock::new() };
        if !index.fan.is_sorted() || index.count() > MAX_OBJECTS {
            return Err(cut);
        }
        let rows = u64::from(index.count()) * index.row();
        if len < index.table() + rows + 2 * hash_len as u64 {
            return Err(cut);
        }
        Ok(index)
    }

    pub(crate) fn count(&self) -> u32 {
        self.fan.last().copied().unwrap_or(0)
    }

    /// Where the ids begin.
    fn table(&self) -> u64 {
        FAN as u64 + if self.version == 2 { 8 } else { 0 }
    }

    /// Bytes of all that belongs to one object.
    fn row(&self) -> u64 {
        self.hash_len as u64 + if self.version == 2 { 8 } else { 4 }
    }

    /// Where the id at this position is.
    fn id_at(&self, at: u32) -> u64 {
        match self.version {
            2 => self.table() + u64::from(at) * self.hash_len as u64,
            _ => self.table() + u64::from(at) * self.row() + 4,
        }
    }

    fn read(&self, buffer: &mut [u8], at: u64) -> Option<()> {
        if let Some(whole) = self.whole.get() {
            let at = usize::try_from(at).ok()?;
            buffer.copy_from_slice(whole.get(at..at.checked_add(buffer.len())?)?);
            return Some(());
        }
        files::read_at(&self.file, buffer, at).ok()
    }

    fn number(&self, at: u64) -> Option<u32> {
        let mut bytes = [0; 4];
        self.read(&mut bytes, at)?;
        Some(u32::from_be_bytes(bytes))
    }

    /// Reads the whole file, so that what follows needs no more reads.
    pub(crate) fn load(&self) -> Option<()> {
        if self.whole.get().is_none() {
            let mut bytes = vec![0; usize::try_from(self.len).ok()?];
            files::read_at(&self.file, &mut bytes, 0).ok()?;
            let _ = self.whole.set(bytes);
        }
        Some(())
    }

    /// The id at a position in the order of ids.
    pub(crate) fn id(&self, at: u32) -> Option<gix::ObjectId> {
        let mut bytes = [0; 32];
        self.read(&mut bytes[..self.hash_len], self.id_at(at))?;
        Some(gix::oid::try_from_bytes(&bytes[..self.hash_len]).ok()?.to_owned())
    }

    /// The position of an id.
    pub(crate) fn find(&self, id: &[u8]) -> Option<u32> {
        let first = usize::from(*id.first()?);
        let mut low = if first == 0 { 0 } else { self.fan[first - 1] };
        let mut high = self.fan[first];
        let mut here = [0; 32];
        while low < high {
            let middle = low + (high - low) / 2;
            self.read(&mut here[..self.hash_len], self.id_at(middle))?;
            match here[..self.hash_len].cmp(id) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// Where the object at this position begins in the pack.
    pub(crate) fn offset(&self, at: u32) -> Option<u64> {
        if self.version == 1 {
            return Some(u64::from(self.number(self.table() + u64::from(at) * self.row())?));
        }
        let count = u64::from(self.count());
        let offsets = self.table() + count * (self.hash_len as u64 + 4);
        let short = self.number(offsets + u64::from(at) * 4)?;
        if short & 0x8000_0000 == 0 {
            return Some(u64::from(short));
        }
        let long = offsets + count * 4 + u64::from(short & 0x7fff_ffff) * 8;
        Some(u64::from(self.number(long)?) << 32 | u64::from(self.number(long + 4)?))
    }

    /// The checksum of the pack that this is the index of.
    pub(crate) fn pack_checksum(&self) -> Option<Vec<u8>> {
        let mut bytes = vec![0; self.hash_len];
        self.read(&mut bytes, self.len.checked_sub(2 * self.hash_len as u64)?)?;
        Some(bytes)
    }
}
