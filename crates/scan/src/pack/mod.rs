//! Packs, read by our own code: every entry is inflated once, in the order of the delta trees, with
//! positioned reads into owned buffers. A mapped file that a `git gc` cuts short would end the process.
//!
//! The format is gitformat-pack(5). Sizes and offsets in it are claims of whoever wrote the pack; each is
//! checked before anything is allocated or read for it.

pub(crate) mod delta;
pub(crate) mod forest;
pub(crate) mod index;
pub(crate) mod inflate;
pub(crate) mod single;
pub(crate) mod walk;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::files;
use index::Index;

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Commit = 1,
    Tree = 2,
    Blob = 3,
    Tag = 4,
}

impl Kind {
    /// From a pack entry's type or this enum's own number.
    pub(crate) fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Commit,
            2 => Self::Tree,
            3 => Self::Blob,
            4 => Self::Tag,
            _ => return None,
        })
    }
}

/// How large objects may be to be read, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Most {
    pub(crate) blob: u64,
}

/// Commits, trees and tags are read up to this size, however small the limit of blobs is.
const MOST_OTHER: u64 = 64 * 1024 * 1024;

impl Most {
    pub(crate) fn of(self, kind: Kind) -> u64 {
        match kind {
            Kind::Blob => self.blob,
            Kind::Commit | Kind::Tree | Kind::Tag => self.blob.max(MOST_OTHER),
        }
    }
}

/// An entry's position in the order of the pack.
pub(crate) type Entry = u32;

/// One pack and its index, open.
pub(crate) struct Pack {
    pub(crate) file: File,
    /// Bytes of the file, the checksum at its end left out.
    pub(crate) end: u64,
    pub(crate) index: Index,
    /// The `.pack` file.
    pub(crate) path: PathBuf,
}

impl Pack {
    /// Opens a pack by its index file.
    ///
    /// # Errors
    /// What is damaged, in words.
    pub(crate) fn open(index: &Path, hash_len: usize) -> Result<Self, &'static str> {
        let path = index.with_extension("pack");
        let index = Index::open(index, hash_len)?;
        let no_data = "damaged pack: its data cannot be read";
        let file = files::open_plain(&path).map_err(|_| no_data)?;
        let len = file.metadata().map_err(|_| no_data)?.len();
        let mut head = [0; 12];
        files::read_at(&file, &mut head, 0).map_err(|_| no_data)?;
        let version = u32::from_be_bytes([head[4], head[5], head[6], head[7]]);
        let count = u32::from_be_bytes([head[8], head[9], head[10], head[11]]);
        if &head[..4] != b"PACK" || !(2..=3).contains(&version) {
            return Err("damaged pack: its data is not one");
        }
        if count != index.count() {
            return Err("damaged pack: its index is of another pack");
        }
        let Some(end) = len.checked_sub(hash_len as u64).filter(|&end| end >= 12) else {
            return Err("damaged pack: its data is cut short");
        };
        let mut checksum = vec![0; hash_len];
        files::read_at(&file, &mut checksum, end).map_err(|_| no_data)?;
        if index.pack_checksum() != Some(checksum) {
            return Err("damaged pack: its data is cut short or not its index's");
        }
        Ok(Self { file, end, index, path })
    }
}

/// The header of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) what: What,
    /// Bytes it inflates to: of the object, or of the delta.
    pub(crate) size: u64,
    /// Bytes of the header itself, a base's name included.
    pub(crate) len: u8,
}

/// What an entry holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Whole(Kind),
    /// A delta on the entry this many bytes before.
    Offset(u64),
    /// A delta on an object whose id begins here in the header.
    Named {
        at: u8,
    },
}

/// The most bytes a header can have: a size of 64 bits, and an offset or a SHA-256.
pub(crate) const MAX_HEADER: usize = 10 + 32;

impl Header {
    /// Reads a header; `None` if it is cut short or makes no sense.
    pub(crate) fn parse(bytes: &[u8], hash_len: usize) -> Option<Self> {
        let first = *bytes.first()?;
        let mut size = u64::from(first & 15);
        let (mut at, mut more, mut shift) = (1, first & 0x80 != 0, 4);
        while more {
            let byte = *bytes.get(at)?;
            if shift > 60 {
                return None;
            }
            size |= u64::from(byte & 0x7f) << shift;
            (at, more, shift) = (at + 1, byte & 0x80 != 0, shift + 7);
        }
        let what = match first >> 4 & 7 {
            6 => {
                let mut byte = *bytes.get(at)?;
                at += 1;
                let mut distance = u64::from(byte & 0x7f);
                while byte & 0x80 != 0 {
                    byte = *bytes.get(at)?;
                    at += 1;
                    if distance >= 1 << 56 {
                        return None;
                    }
                    distance = ((distance + 1) << 7) | u64::from(byte & 0x7f);
                }
                What::Offset(distance)
            }
            7 => {
                let start = at;
                at += hash_len;
                bytes.get(start..at)?;
                What::Named { at: u8::try_from(start).ok()? }
            }
            number => What::Whole(Kind::from_number(number)?),
        };
        Some(Self { what, size, len: u8::try_from(at).ok()? })
    }
}

/// A part of a pack, read ahead.
pub(crate) struct Window<'p> {
    pack: &'p Pack,
    start: u64,
    bytes: Vec<u8>,
    ahead: usize,
}

/// A larger window is given back after use.
const MAX_KEPT: usize = 4 * 1024 * 1024;

impl<'p> Window<'p> {
    /// Reads `ahead` bytes at once at least.
    pub(crate) fn new(pack: &'p Pack, ahead: usize) -> Self {
        Self { pack, start: 0, bytes: Vec::new(), ahead }
    }

    /// The bytes of the pack from `start` up to `end`, which is at most the pack's.
    pub(crate) fn get(&mut self, start: u64, end: u64) -> io::Result<&[u8]> {
        let held = self.start..self.start + self.bytes.len() as u64;
        if start < held.start || end > held.end {
            let wanted = usize::try_from(end - start).map_err(io::Error::other)?.max(self.ahead);
            let here = usize::try_from(self.pack.end.saturating_sub(start)).unwrap_or(usize::MAX);
            let len = wanted.min(here);
            if self.bytes.capacity() > MAX_KEPT && len <= MAX_KEPT {
                self.bytes = Vec::new();
            }
            self.bytes.resize(len, 0);
            self.start = start;
            if let Err(error) = files::read_at(&self.pack.file, &mut self.bytes, start) {
                self.bytes.clear();
                return Err(error);
            }
        }
        let from = (start - self.start) as usize;
        self.bytes
            .get(from..from + (end - start) as usize)
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn headers_of_each_kind() {
        let header = Header::parse(&[0x95, 0x0a], 20).expect("a commit of 165 bytes");
        assert_eq!(header, Header { what: What::Whole(Kind::Commit), size: 165, len: 2 });
        let header = Header::parse(&[0x65, 0x80, 0x00], 20).expect("an offset delta");
        assert_eq!(header, Header { what: What::Offset(128), size: 5, len: 3 });
        let named = [&[0x71][..], &[7; 20]].concat();
        let header = Header::parse(&named, 20).expect("a delta on a named object");
        assert_eq!(header, Header { what: What::Named { at: 1 }, size: 1, len: 21 });
        assert_eq!(Header::parse(&[0x05], 20), None, "type 0");
        assert_eq!(Header::parse(&[0xff; 40], 20), None, "a size without end");
    }

    proptest! {
        #[test]
        fn headers_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Header::parse(&bytes, 20);
            let _ = Header::parse(&bytes, 32);
        }
    }
}
