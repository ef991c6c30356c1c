//! What the targets share: packs made to measure, sound or broken, and a folder that is kept in memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io;
use std::path::{Path, PathBuf};

use arbitrary::Arbitrary;
use libdeflater::{CompressionLvl, Compressor};

/// One instruction of a delta.
#[derive(Debug, Clone, Arbitrary)]
pub enum Op {
    /// A part of the base, from this place, as long as that.
    Copy(u16, u16),
    /// New bytes.
    Insert(Vec<u8>),
}

/// One entry of a pack.
#[derive(Debug, Clone, Arbitrary)]
pub enum Item {
    /// An object of a kind (1 to 4, as packs number them) told whole.
    Whole(u8, Vec<u8>),
    /// A delta on an earlier entry, so many back.
    Offset(u8, Vec<Op>),
    /// A delta on the entry with this number, by its id.
    Named(u8, Vec<Op>),
}

/// A pack, its index, and what is in it.
pub struct Made {
    /// The bytes of the index file.
    pub index: Vec<u8>,
    /// The bytes of the pack.
    pub pack: Vec<u8>,
    /// Where each entry begins.
    pub offsets: Vec<u64>,
    /// Kind and bytes of each entry that is sound.
    pub objects: Vec<Option<(u8, Vec<u8>)>>,
}

/// An id for the entry with this number: nothing but this byte, so that a fuzzer can name it.
#[must_use]
pub fn id(number: usize, hash_len: usize) -> Vec<u8> {
    vec![number as u8; hash_len]
}

/// A sound pack of at most 250 entries; a delta that does not fit its base is in it as it is.
#[must_use]
pub fn pack(items: &[Item], hash_len: usize, version: u8) -> Made {
    let items = &items[..items.len().min(250)];
    let mut compressor = Compressor::new(CompressionLvl::fastest());
    let mut pack = b"PACK\0\0\0\x02".to_vec();
    pack.extend((items.len() as u32).to_be_bytes());
    let mut offsets: Vec<u64> = Vec::new();
    let objects = objects(items);
    for (number, item) in items.iter().enumerate() {
        let start = pack.len() as u64;
        let body = match item {
            Item::Whole(_, bytes) => bytes.clone(),
            Item::Offset(_, ops) | Item::Named(_, ops) => {
                let base = base(item, number, items.len());
                let base = base.and_then(|base| objects[base].as_ref());
                delta(ops, base.map_or(0, |(_, bytes)| bytes.len()))
            }
        };
        let kind = match item {
            Item::Whole(kind, _) => kind % 4 + 1,
            Item::Offset(..) => 6,
            Item::Named(..) => 7,
        };
        let mut rest = body.len() as u64 >> 4;
        let mut byte = kind << 4 | (body.len() & 15) as u8;
        while rest > 0 {
            pack.push(byte | 0x80);
            byte = (rest & 0x7f) as u8;
            rest >>= 7;
        }
        pack.push(byte);
        match item {
            Item::Whole(..) => {}
            Item::Offset(..) => {
                let base = base(item, number, items.len()).map_or(0, |base| offsets[base]);
                pack.extend(distance(start - base));
            }
            Item::Named(other, _) => pack.extend(id(usize::from(*other), hash_len)),
        }
        let mut room = vec![0; compressor.zlib_compress_bound(body.len())];
        let len = compressor.zlib_compress(&body, &mut room).expect("there is room");
        pack.extend(&room[..len]);
        offsets.push(start);
    }
    let checksum = vec![0x5a; hash_len];
    pack.extend(&checksum);
    Made { index: index(&offsets, hash_len, version, &checksum), pack, offsets, objects }
}

/// The number of an entry's base, if there is one.
fn base(item: &Item, number: usize, count: usize) -> Option<usize> {
    match item {
        Item::Whole(..) => None,
        Item::Offset(back, _) if number > 0 => Some(number - 1 - usize::from(*back) % number),
        Item::Offset(..) => None,
        Item::Named(other, _) => Some(usize::from(*other)).filter(|&other| other < count),
    }
}

/// Every object, built in the plainest way.
fn objects(items: &[Item]) -> Vec<Option<(u8, Vec<u8>)>> {
    let mut objects: Vec<Option<(u8, Vec<u8>)>> = vec![None; items.len()];
    for (number, item) in items.iter().enumerate() {
        if let Item::Whole(kind, bytes) = item {
            objects[number] = Some((kind % 4 + 1, bytes.clone()));
        }
    }
    // A base may come later; each round builds what now has one.
    loop {
        let mut built = false;
        for (number, item) in items.iter().enumerate() {
            let (Item::Offset(_, ops) | Item::Named(_, ops)) = item else { continue };
            let made = base(item, number, items.len())
                .filter(|_| objects[number].is_none())
                .and_then(|base| objects[base].as_ref())
                .and_then(|(kind, bytes)| Some((*kind, apply(ops, bytes)?)));
            built |= made.is_some();
            if made.is_some() {
                objects[number] = made;
            }
        }
        if !built {
            return objects;
        }
    }
}

/// What the instructions make of a base; `None` if they reach past it.
#[must_use]
pub fn apply(ops: &[Op], base: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for op in ops {
        match op {
            Op::Copy(from, len) => {
                // The longest copy is written as none.
                let len = if *len == 0 { 0x10000 } else { usize::from(*len) };
                out.extend(base.get(usize::from(*from)..usize::from(*from) + len)?);
            }
            Op::Insert(bytes) => out.extend(bytes),
        }
    }
    Some(out)
}

/// The instructions as a delta on a base of this length.
#[must_use]
pub fn delta(ops: &[Op], base_len: usize) -> Vec<u8> {
    let len = |op: &Op| match op {
        Op::Copy(_, 0) => 0x10000,
        Op::Copy(_, len) => usize::from(*len),
        Op::Insert(bytes) => bytes.len(),
    };
    let mut out = number(base_len as u64);
    out.extend(number(ops.iter().map(len).sum::<usize>() as u64));
    for op in ops {
        match op {
            Op::Copy(from, len) => {
                let bytes = [from.to_le_bytes(), len.to_le_bytes()];
                out.extend([0b1011_0011, bytes[0][0], bytes[0][1], bytes[1][0], bytes[1][1]]);
            }
            Op::Insert(bytes) => {
                for part in bytes.chunks(127) {
                    out.push(part.len() as u8);
                    out.extend(part);
                }
            }
        }
    }
    out
}

/// Seven bits a byte, least first.
fn number(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

/// The distance to a base, as gitformat-pack(5) writes it.
fn distance(mut value: u64) -> Vec<u8> {
    let mut out = vec![(value & 0x7f) as u8];
    while value > 0x7f {
        value = (value >> 7) - 1;
        out.insert(0, (value & 0x7f) as u8 | 0x80);
    }
    out
}

fn index(offsets: &[u64], hash_len: usize, version: u8, checksum: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    if version != 1 {
        out.extend(b"\xfftOc\0\0\0\x02");
    }
    for first in 0..256_usize {
        out.extend((offsets.len().min(first + 1) as u32).to_be_bytes());
    }
    if version == 1 {
        for (number, offset) in offsets.iter().enumerate() {
            out.extend((*offset as u32).to_be_bytes());
            out.extend(id(number, hash_len));
        }
    } else {
        (0..offsets.len()).for_each(|number| out.extend(id(number, hash_len)));
        out.extend(vec![0; 4 * offsets.len()]);
        offsets.iter().for_each(|offset| out.extend((*offset as u32).to_be_bytes()));
    }
    out.extend(checksum);
    out.extend(vec![0; hash_len]);
    out
}

/// A folder for this process, kept in memory where the system has such.
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// An empty folder.
    ///
    /// # Panics
    /// If there is no place for one.
    #[must_use]
    pub fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        Self(made.expect("a temporary folder"))
    }

    /// The path of a name in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file.
    ///
    /// # Panics
    /// If the disk is full.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        let done: io::Result<()> = std::fs::write(&path, bytes);
        done.expect("a file");
        path
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

/// One allocation may have this many bytes: nothing that the targets read is larger than a quarter of it.
const MAX_ALLOCATION: usize = 256 * 1024 * 1024;

/// Ends the process where hostile bytes ask for more memory than they can need, which without a sanitizer
/// nothing else tells.
struct Bounded;

#[global_allocator]
static ALLOCATOR: Bounded = Bounded;

// SAFETY: all is handed to the system's allocator as it came.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Bounded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() > MAX_ALLOCATION {
            std::process::abort();
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.size() > MAX_ALLOCATION {
            std::process::abort();
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if size > MAX_ALLOCATION {
            std::process::abort();
        }
        // SAFETY: the caller's promise.
        unsafe { System.realloc(at, layout, size) }
    }
}
