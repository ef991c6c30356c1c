//! The blobs that are asked for, as they are met a million times while trees are read.

use gix::ObjectId;

/// The blobs whose names are looked for, as a quick test before the true one.
pub(super) struct Wanted {
    firsts: Vec<u64>,
    map: Vec<u64>,
}

impl Wanted {
    pub(super) fn new(ids: &[ObjectId]) -> Self {
        let mut firsts: Vec<u64> = ids.iter().map(|id| eight(id.as_bytes())).collect();
        firsts.sort_unstable();
        let mut map = vec![0_u64; 1024];
        for first in &firsts {
            let slot = (first >> 48) as usize;
            map[slot >> 6] |= 1 << (slot & 63);
        }
        Self { firsts, map }
    }

    pub(super) fn has(&self, first: u64) -> bool {
        let slot = (first >> 48) as usize;
        self.map[slot >> 6] >> (slot & 63) & 1 != 0 && self.firsts.binary_search(&first).is_ok()
    }
}

/// The first eight bytes of an id as a number.
pub(super) fn eight(id: &[u8]) -> u64 {
    id.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
