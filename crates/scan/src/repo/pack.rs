//! A pack, as far as it is read here: its index, and of each entry the kind. gix decodes the entries.

use std::path::Path;

use gix::ObjectId;
use gix::objs::Kind;
use gix::odb::pack::data::entry::Header;
use gix::odb::pack::{MMap, data};

use super::ids::IdMap;
use crate::files;

/// git writes chains of at most 4,095 deltas; a longer one was made to waste time.
const MAX_CHAIN: u16 = 4_095;
/// A pack's index is read whole; 256 MiB are some eight million objects.
const MAX_INDEX: u64 = 256 * 1024 * 1024;

/// What a pack's headers alone say of an object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PackedKind {
    Known(Kind),
    /// Its chain of deltas is cyclic, cut off or too long.
    Broken,
}

/// One object of a pack: where it is and of what kind.
pub(super) struct PackedObject {
    pub(super) id: ObjectId,
    pub(super) offset: u64,
    pub(super) kind: PackedKind,
}

/// A pack's data, open for decoding.
pub(super) struct Pack {
    pub(super) file: data::File<MMap>,
    /// Where each object is, in packs whose deltas name their bases by id.
    by_id: Option<IdMap<u64>>,
}

impl Pack {
    /// Opens the data that belongs to an index, for objects of at most `max_blob` bytes.
    ///
    /// # Errors
    /// What is damaged, in words.
    pub(super) fn open(
        index: &Path,
        hash: gix::hash::Kind,
        max_blob: u64,
    ) -> Result<(Self, Vec<PackedObject>), &'static str> {
        let path = index.with_extension("pack");
        let bytes =
            files::small(index, MAX_INDEX).ok_or("damaged pack: its index cannot be read")?;
        let entries = read_index(&bytes, hash.len_in_bytes())
            .ok_or("damaged pack: its index is cut short or not one")?;
        let no_data = "damaged pack: its data cannot be read";
        // A pipe under the pack's name would block.
        if !path.symlink_metadata().is_ok_and(|meta| meta.is_file()) {
            return Err(no_data);
        }
        // Twice the object for the two work buffers, and as much again for instructions.
        let limit = usize::try_from(max_blob.saturating_mul(3).saturating_add(64 << 20)).ok();
        let file = data::File::at(&path, hash).map_err(|_| no_data)?.with_alloc_limit_bytes(limit);
        let mut pack = Self { file, by_id: None };
        let objects = pack.kinds(entries);
        Ok((pack, objects))
    }

    /// The base of a delta that names it by id.
    pub(super) fn base(&self, id: &gix::oid) -> Option<data::Entry> {
        let offset = self.by_id.as_ref()?.get(id)?;
        self.file.entry(*offset).ok()
    }

    /// The kind of every entry, by headers alone: a delta is of its base's kind. In the order of the pack.
    /// Fills the map of the pack if a delta names its base by id.
    fn kinds(&mut self, mut entries: Vec<(ObjectId, u64)>) -> Vec<PackedObject> {
        entries.sort_unstable_by_key(|&(_, offset)| offset);
        let at_offset =
            |offset: u64| entries.binary_search_by_key(&offset, |&(_, offset)| offset).ok();
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
                let entry = self.file.entry(offset);
                let base = match entry.map(|entry| (entry.header.as_kind(), entry.header, entry)) {
                    Ok((Some(kind), _, _)) => break (PackedKind::Known(kind), 0),
                    Ok((None, Header::OfsDelta { base_distance }, entry)) => {
                        entry.checked_base_pack_offset(base_distance).and_then(at_offset)
                    }
                    Ok((None, Header::RefDelta { base_id }, _)) => {
                        let by_id =
                            self.by_id.get_or_insert_with(|| entries.iter().copied().collect());
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
        entries
            .iter()
            .zip(kinds)
            .map(|(&(id, offset), kind)| PackedObject {
                id,
                offset,
                kind: kind.map_or(PackedKind::Broken, |(kind, _)| kind),
            })
            .collect()
    }
}

/// The ids and offsets of a pack index, version 1 or 2 (gitformat-pack); `None` unless it is whole.
fn read_index(bytes: &[u8], hash_len: usize) -> Option<Vec<(ObjectId, u64)>> {
    let number =
        |at: usize| Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?));
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
    let least = table.checked_add(count.checked_mul(row)?)?.checked_add(2 * hash_len)?;
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
