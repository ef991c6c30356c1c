//! The bytes of an index file (gitformat-index(5), versions 2 to 4), read by our own code: the library follows
//! its trees and its shared indexes as deep as they say, and grows its paths as far.

use std::collections::HashMap;

use gix::ObjectId;

/// The fields of `stat` before an entry's id; the mode is among them.
const STAT: usize = 40;
const MODE: usize = 24;
/// There is a second word of flags.
const EXTENDED: u16 = 0x4000;
/// The length of the path; all ones if it is longer.
const PATH_LEN: u16 = 0x0fff;
/// Folders are followed this deep.
const MAX_DEPTH: usize = 1_000;
/// Paths share their beginnings, which the file holds once; all together they have at most so many times the
/// bytes of the file.
const MAX_RATIO: usize = 16;

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// Empty in a split index where only the rest of a shared entry changed.
    pub(super) path: Vec<u8>,
    pub(super) id: ObjectId,
    pub(super) mode: u32,
}

/// What an index file says.
#[derive(Debug)]
pub(super) struct IndexFile {
    pub(super) entries: Vec<Entry>,
    /// Folders whose tree is known, each empty or ending in `/`.
    pub(super) folders: HashMap<Vec<u8>, ObjectId>,
    pub(super) shared: Option<Shared>,
    /// The checksum at its end.
    pub(super) checksum: Vec<u8>,
}

/// The index that a split index builds on, and what became of its entries.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) id: ObjectId,
    bitmaps: Vec<u8>,
}

/// Takes fields off the front of bytes; `None` where they end before.
struct Fields<'b>(&'b [u8]);

impl<'b> Fields<'b> {
    fn take(&mut self, len: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    /// What comes before this byte, which is taken too.
    fn until(&mut self, byte: u8) -> Option<&'b [u8]> {
        let taken = self.take(memchr::memchr(byte, self.0)?)?;
        self.take(1)?;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    fn id(&mut self, hash_len: usize) -> Option<ObjectId> {
        Some(gix::oid::try_from_bytes(self.take(hash_len)?).ok()?.to_owned())
    }

    /// Seven bits a byte, the most significant first, each continuation one more than it says.
    fn varint(&mut self) -> Option<usize> {
        let mut value = 0_usize;
        loop {
            let byte = *self.take(1)?.first()?;
            value |= usize::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Some(value);
            }
            value = value.checked_add(1)?.checked_mul(128)?;
        }
    }

    /// Decimal digits before this byte, `-1` among them.
    fn number(&mut self, end: u8) -> Option<i64> {
        std::str::from_utf8(self.until(end)?).ok()?.parse().ok()
    }
}

/// Reads an index file; `None` if it is damaged, or asks for what is not known here.
pub(super) fn parse(bytes: &[u8], hash_len: usize) -> Option<IndexFile> {
    let (body, checksum) = bytes.split_at_checked(bytes.len().checked_sub(hash_len)?)?;
    let mut fields = Fields(body);
    if fields.take(4)? != b"DIRC" {
        return None;
    }
    let version = fields.u32().filter(|version| (2..=4).contains(version))?;
    let count = fields.u32()? as usize;
    let mut room = bytes.len().saturating_mul(MAX_RATIO);
    // More than the file has room for are refused by their lack, not by an allocation.
    let mut entries: Vec<Entry> = Vec::with_capacity(count.min(body.len() / (STAT + hash_len)));
    for _ in 0..count {
        let before = entries.last().map_or(&[][..], |entry| &entry.path);
        let entry = entry(&mut fields, hash_len, version, before, &mut room)?;
        entries.push(entry);
    }
    let mut index =
        IndexFile { entries, folders: HashMap::new(), shared: None, checksum: checksum.to_vec() };
    while !fields.0.is_empty() {
        let signature = fields.take(4)?;
        let len = fields.u32()? as usize;
        let content = fields.take(len)?;
        match signature {
            // Without it, or if it is damaged, more has to be compared, and that is all.
            b"TREE" => index.folders = folders(content, hash_len, &mut room).unwrap_or_default(),
            b"link" => {
                let mut content = Fields(content);
                let id = content.id(hash_len)?;
                let bitmaps = content.0.to_vec();
                index.shared = (!id.is_null()).then_some(Shared { id, bitmaps });
            }
            b"sdir" => {}
            // Those in capitals may be passed over.
            [first, ..] if first.is_ascii_uppercase() => {}
            _ => return None,
        }
    }
    Some(index)
}

fn entry(
    fields: &mut Fields<'_>,
    hash_len: usize,
    version: u32,
    before: &[u8],
    room: &mut usize,
) -> Option<Entry> {
    let start = fields.0.len();
    let mode = Fields(&fields.take(STAT)?[MODE..]).u32()?;
    let id = fields.id(hash_len)?;
    let flags = fields.u16()?;
    if flags & EXTENDED != 0 {
        fields.u16()?;
    }
    let kept = match version {
        4 => before.len().checked_sub(fields.varint()?)?,
        _ => 0,
    };
    let rest = fields.until(0)?;
    if version != 4 {
        let len = usize::from(flags & PATH_LEN);
        if len != rest.len().min(usize::from(PATH_LEN)) {
            return None;
        }
        // One to eight NULs end the path, so that entries have a multiple of eight bytes.
        fields.take((8 - (start - fields.0.len()) % 8) % 8)?;
    }
    let path = [&before[..kept], rest].concat();
    *room = room.checked_sub(path.len())?;
    Some(Entry { path, id, mode })
}

/// The index's own record of trees; a folder whose count of entries is negative has changed since.
fn folders(
    content: &[u8],
    hash_len: usize,
    room: &mut usize,
) -> Option<HashMap<Vec<u8>, ObjectId>> {
    let mut out = HashMap::new();
    let mut fields = Fields(content);
    // The folders that are open, and how many are to come in each.
    let mut open: Vec<(Vec<u8>, u64)> = Vec::new();
    loop {
        let name = fields.until(0)?;
        let entries = fields.number(b' ')?;
        let inner = u64::try_from(fields.number(b'\n')?).ok()?;
        let folder = match open.last() {
            None => Vec::new(),
            Some((above, _)) => [above.as_slice(), name, b"/"].concat(),
        };
        *room = room.checked_sub(folder.len())?;
        if entries >= 0 {
            let id = fields.id(hash_len)?;
            if out.insert(folder.clone(), id).is_some() {
                return None;
            }
        }
        open.push((folder, inner));
        while open.last().is_some_and(|(_, left)| *left == 0) {
            open.pop();
        }
        match open.last_mut() {
            None => return fields.0.is_empty().then_some(out),
            Some((_, left)) => *left -= 1,
        }
        if open.len() > MAX_DEPTH {
            return None;
        }
    }
}

impl Shared {
    /// The entries of a split index and of the one it builds on as one; `None` if they do not fit.
    pub(super) fn join(&self, mut shared: Vec<Entry>, split: Vec<Entry>) -> Option<Vec<Entry>> {
        let mut fields = Fields(&self.bitmaps);
        let (mut deleted, mut replaced) = (Vec::new(), Vec::new());
        if !self.bitmaps.is_empty() {
            deleted = bits(&mut fields, shared.len())?;
            replaced = bits(&mut fields, shared.len())?;
        }
        let mut split = split.into_iter();
        for at in replaced {
            let Entry { path, id, mode } = split.next()?;
            if !path.is_empty() {
                return None;
            }
            shared[at] = Entry { id, mode, path: std::mem::take(&mut shared[at].path) };
        }
        let mut deleted = deleted.into_iter().peekable();
        let mut at = 0;
        shared.retain(|_| {
            let kept = deleted.next_if_eq(&at).is_none();
            at += 1;
            kept
        });
        shared.extend(split);
        shared.sort_by(|a, b| a.path.cmp(&b.path));
        Some(shared)
    }
}

/// The places of the ones in an EWAH bitmap (gitformat-bitmap(5), appendix A), in order. `None` if one of them
/// is not below `limit`.
fn bits(fields: &mut Fields<'_>, limit: usize) -> Option<Vec<usize>> {
    fields.u32()?;
    let len = (fields.u32()? as usize).checked_mul(8)?;
    let words = fields.take(len)?;
    fields.u32()?;
    let mut words = words
        .chunks_exact(8)
        .map(|word| word.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
    let mut out = Vec::new();
    let mut at = 0_usize;
    while let Some(marker) = words.next() {
        // A run of words of one kind, then words as they are.
        let run = usize::try_from((marker >> 1 & 0xffff_ffff) * 64).ok()?;
        let end = at.checked_add(run)?;
        if marker & 1 != 0 {
            if end > limit {
                return None;
            }
            out.extend(at..end);
        }
        at = end;
        for _ in 0..marker >> 33 {
            let word = words.next()?;
            for bit in (0..64).filter(|bit| word >> bit & 1 != 0) {
                out.push(at.checked_add(bit).filter(|&place| place < limit)?);
            }
            at = at.checked_add(64)?;
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HASH: usize = 20;

    fn index(
        version: u8,
        entries: &[(&str, &[u8])],
        extensions: &[(&[u8; 4], Vec<u8>)],
    ) -> Vec<u8> {
        let mut out = [&b"DIRC\0\0\0"[..], &[version]].concat();
        out.extend((entries.len() as u32).to_be_bytes());
        for (path, strip) in entries {
            let start = out.len();
            out.extend([0; MODE]);
            out.extend(0o100_644_u32.to_be_bytes());
            out.extend([0; STAT - MODE - 4]);
            out.extend([7; HASH]);
            out.extend((path.len().min(0xfff) as u16).to_be_bytes());
            out.extend(*strip);
            out.extend(path.bytes());
            let len = out.len() - start;
            out.extend(vec![0; if version == 4 { 1 } else { 8 - len % 8 }]);
        }
        for (name, content) in extensions {
            out.extend(*name);
            out.extend((content.len() as u32).to_be_bytes());
            out.extend(content);
        }
        out.extend([9; HASH]);
        out
    }

    fn paths(bytes: &[u8]) -> Option<Vec<String>> {
        let index = parse(bytes, HASH)?;
        let path = |entry: &Entry| String::from_utf8_lossy(&entry.path).into_owned();
        Some(index.entries.iter().map(path).collect())
    }

    #[test]
    fn paths_of_each_version() {
        let long = "d/".repeat(3_000);
        let plain = [("a", &b""[..]), ("abcdefg", b""), (long.as_str(), b"")];
        for version in [2, 3] {
            let read = paths(&index(version, &plain, &[])).expect("it is sound");
            assert_eq!(read, ["a", "abcdefg", &long]);
        }
        let shared = [("folder/one", &b"\0"[..]), ("two", b"\x03"), ("x", b"\x0a")];
        let read = paths(&index(4, &shared, &[])).expect("it is sound");
        assert_eq!(read, ["folder/one", "folder/two", "x"]);
        assert_eq!(paths(&index(4, &[("a", b"\x01")], &[])), None, "there is nothing to share yet");
        assert_eq!(paths(&index(5, &[], &[])), None);
        assert_eq!(paths(&index(2, &[], &[(b"what", vec![])])), None, "it has to be understood");
        assert_eq!(paths(&index(2, &[], &[(b"WHAT", vec![])])), Some(vec![]));
    }

    #[test]
    fn the_record_of_trees() {
        let id = [7; HASH];
        let tree = [&b"\x003 2\n"[..], &id, b"a\x00-1 1\n", b"b\x001 0\n", &id, b"c\x001 0\n", &id];
        let read = |content: Vec<u8>| parse(&index(2, &[], &[(b"TREE", content)]), HASH);
        let mut folders: Vec<Vec<u8>> =
            read(tree.concat()).expect("it is sound").folders.into_keys().collect();
        folders.sort();
        assert_eq!(folders, [&b""[..], b"a/b/", b"c/"]);
        assert!(read(tree[..5].concat()).expect("entries do").folders.is_empty());
    }

    #[test]
    fn trees_as_deep_as_the_file_is_long_end_nothing() {
        let deep = b"\0-1 1\n".repeat(1_000_000);
        let index = parse(&index(2, &[], &[(b"TREE", deep.clone()), (b"UNTR", deep)]), HASH);
        assert!(index.expect("the rest is sound").folders.is_empty());
    }

    #[test]
    fn paths_that_share_a_long_beginning_stay_in_bounds() {
        let long = "x".repeat(50_000);
        let mut entries = vec![(long.as_str(), &b"\0"[..])];
        entries.extend(vec![("", &b"\0"[..]); 20_000]);
        let bytes = index(4, &entries, &[]);
        assert!(bytes.len() < 2_000_000);
        assert_eq!(paths(&bytes), None, "a gigabyte of paths");
    }

    #[test]
    fn a_split_index_is_joined() {
        let entry = |path: &str, n: u8| Entry {
            path: path.into(),
            id: ObjectId::from_bytes_or_panic(&[n; HASH]),
            mode: 0o100_644,
        };
        let bitmap = |bits: u64| {
            let words = [2_u64 << 32, bits].map(u64::to_be_bytes).concat();
            [&[0, 0, 0, 64, 0, 0, 0, 2][..], &words, &[0; 4]].concat()
        };
        let shared = |bitmaps: Vec<u8>| Shared { id: entry("", 1).id, bitmaps };
        let base = vec![entry("a", 1), entry("c", 1), entry("d", 1)];
        let join = |deleted: u64, replaced: u64| {
            shared([bitmap(deleted), bitmap(replaced)].concat())
                .join(base.clone(), vec![entry("", 2), entry("b", 2)])
        };
        assert_eq!(join(1, 2), Some(vec![entry("b", 2), entry("c", 2), entry("d", 1)]));
        assert_eq!(join(0, 8), None, "there is no fourth");
        assert_eq!(join(0, 6), None, "the second replacement has a name");
        let ones = [&[0, 0, 0, 64, 0, 0, 0, 1][..], &u64::MAX.to_be_bytes(), &[0; 4]].concat();
        assert!(shared(ones).join(base, vec![]).is_none(), "a run without end");
    }

    proptest! {
        #[test]
        fn never_panics(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            at in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut sound = index(4, &[("folder/one", b"\0"), ("two", b"\x03")], &[
                (b"TREE", [&b"\x003 1\n"[..], &[7; HASH], b"a\x00-1 0\n"].concat()),
                (b"link", bytes.clone()),
            ]);
            let at = at.index(sound.len());
            sound[at] = byte;
            for bytes in [&bytes, &sound] {
                if let Some(IndexFile { entries, shared: Some(shared), .. }) = parse(bytes, HASH) {
                    let _ = shared.join(entries.clone(), entries);
                }
            }
        }
    }
}
