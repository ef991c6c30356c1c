//! The delta trees of a pack, by headers alone: what each entry is, on what it builds, and how much there is
//! to do below it. An entry's kind is its root's, so whole families can be left out unread.

use super::{Entry, Header, Kind, MAX_HEADER, Pack, What, Window};

/// No base: the entry is whole.
const NONE: u32 = u32::MAX;
/// git writes chains of at most 4,095 deltas; a longer one was made to waste time.
const MAX_CHAIN: u16 = 4_095;
/// Headers are read in the order of the pack, so much at once.
const AHEAD: usize = 128 * 1024;
/// Entries further apart than this are read one by one.
const SPARSE: u64 = 8 * 1024;

/// Everything known of a pack's entries before one is inflated. Arrays are in the order of the pack.
#[derive(Default)]
pub(crate) struct Forest {
    /// Where each begins, and at last where the data ends.
    pub(crate) offsets: Vec<u64>,
    /// The position of each in the index.
    pub(crate) places: Vec<u32>,
    /// A [`Kind`], or 0 where the chain of deltas is cyclic, cut off or too long.
    kinds: Vec<u8>,
    /// Bytes each inflates to.
    pub(crate) sizes: Vec<u64>,
    header_lens: Vec<u8>,
    bases: Vec<u32>,
    /// Where the children of each begin in `children`.
    starts: Vec<u32>,
    children: Vec<u32>,
    /// What is to be inflated for each and all that builds on it, in bytes.
    costs: Vec<u64>,
}

impl Forest {
    /// Reads every header. `None` if the index cannot be read; entries that make no sense are [`broken`](Self::kind).
    pub(crate) fn grow(pack: &Pack, hash_len: usize) -> Option<Self> {
        pack.index.load()?;
        let count = pack.index.count();
        let mut order: Vec<(u64, u32)> =
            (0..count).map(|at| Some((pack.index.offset(at)?, at))).collect::<Option<_>>()?;
        order.sort_unstable();
        let mut offsets: Vec<u64> = order.iter().map(|&(offset, _)| offset).collect();
        offsets.push(pack.end);
        let places: Vec<u32> = order.into_iter().map(|(_, at)| at).collect();
        let n = places.len();
        let mut forest = Self {
            offsets,
            places,
            kinds: vec![0; n],
            sizes: vec![0; n],
            header_lens: vec![0; n],
            bases: vec![NONE; n],
            starts: Vec::new(),
            children: Vec::new(),
            costs: Vec::new(),
        };
        forest.read_headers(pack, hash_len);
        forest.join();
        Some(forest)
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// What an entry is; `None` if nothing can be said, because its chain of deltas leads nowhere.
    pub(crate) fn kind(&self, entry: Entry) -> Option<Kind> {
        Kind::from_number(self.kinds[entry as usize])
    }

    /// What builds on an entry, the costliest last.
    pub(crate) fn children(&self, entry: Entry) -> &[Entry] {
        let at = entry as usize;
        &self.children[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// Frees what only [`cost`](Self::cost) needs.
    pub(crate) fn forget_costs(&mut self) {
        self.costs = Vec::new();
    }

    /// What is to be inflated for an entry and all that builds on it, in bytes.
    pub(crate) fn cost(&self, entry: Entry) -> u64 {
        self.costs[entry as usize]
    }

    /// Where the compressed data of an entry begins and ends.
    pub(crate) fn data(&self, entry: Entry) -> (u64, u64) {
        let at = entry as usize;
        (self.offsets[at] + u64::from(self.header_lens[at]), self.offsets[at + 1])
    }

    /// The entries without a base, in the order of the pack.
    pub(crate) fn roots(&self) -> impl Iterator<Item = Entry> + '_ {
        (0..self.len() as u32)
            .filter(|&entry| self.bases[entry as usize] == NONE && self.kinds[entry as usize] != 0)
    }

    /// Every entry below `root`, itself included.
    pub(crate) fn family(&self, root: Entry) -> Vec<Entry> {
        let mut all = vec![root];
        let mut at = 0;
        while at < all.len() {
            all.extend_from_slice(self.children(all[at]));
            at += 1;
        }
        all
    }

    fn read_headers(&mut self, pack: &Pack, hash_len: usize) {
        let mut window = Window::new(pack, AHEAD);
        let mut small = [0; MAX_HEADER];
        for at in 0..self.len() {
            let (start, next) = (self.offsets[at], self.offsets[at + 1]);
            if start < 12 || next <= start || start >= pack.end {
                continue;
            }
            let end = next.min(start + MAX_HEADER as u64).min(pack.end);
            let bytes = if next - start > SPARSE {
                let room = &mut small[..end.saturating_sub(start) as usize];
                match crate::files::read_at(&pack.file, room, start) {
                    Ok(()) => &*room,
                    Err(_) => continue,
                }
            } else {
                match window.get(start, end) {
                    Ok(bytes) => bytes,
                    Err(_) => continue,
                }
            };
            let Some(header) = Header::parse(bytes, hash_len) else {
                continue;
            };
            self.sizes[at] = header.size;
            self.header_lens[at] = header.len;
            match header.what {
                What::Whole(kind) => self.kinds[at] = kind as u8,
                What::Offset(distance) => {
                    let base = start.checked_sub(distance).filter(|_| distance > 0);
                    if let Some(base) = base.and_then(|base| self.at_offset(base, at)) {
                        self.bases[at] = base;
                    }
                }
                What::Named { at: from } => {
                    let from = usize::from(from);
                    let id = &bytes[from..from + hash_len];
                    let base = pack.index.find(id).and_then(|place| pack.index.offset(place));
                    if let Some(base) = base.and_then(|base| self.at_offset(base, self.len())) {
                        self.bases[at] = base;
                    }
                }
            }
        }
    }

    /// The entry at an offset, among the first `before`.
    fn at_offset(&self, offset: u64, before: usize) -> Option<u32> {
        // Bases are near: look from the back in growing steps.
        let mut step = 16;
        let mut low = before.saturating_sub(step);
        while low > 0 && self.offsets[low] > offset {
            step *= 4;
            low = before.saturating_sub(step);
        }
        let found = self.offsets[low..before].binary_search(&offset).ok()?;
        u32::try_from(low + found).ok()
    }

    /// Children, kinds and costs, from the roots outwards: a base may come later in the pack than what
    /// builds on it, and what is on a cycle is never reached.
    fn join(&mut self) {
        let n = self.len();
        let mut starts = vec![0_u32; n + 1];
        for &base in self.bases.iter().filter(|&&base| base != NONE) {
            starts[base as usize + 1] += 1;
        }
        for at in 0..n {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        self.children = vec![0; starts[n] as usize];
        for (entry, &base) in self.bases.iter().enumerate() {
            if base != NONE {
                let slot = &mut next[base as usize];
                self.children[*slot as usize] = entry as u32;
                *slot += 1;
            }
        }
        drop(next);
        self.starts = starts;

        let mut order: Vec<u32> = self.roots().collect();
        let mut depths = vec![0_u16; n];
        let mut at = 0;
        while at < order.len() {
            let entry = order[at] as usize;
            let (kind, depth) = (self.kinds[entry], depths[entry]);
            for child in self.starts[entry]..self.starts[entry + 1] {
                let child = self.children[child as usize];
                if depth < MAX_CHAIN {
                    self.kinds[child as usize] = kind;
                    depths[child as usize] = depth + 1;
                    order.push(child);
                } else {
                    // Too deep: it and what is on it stay without a kind.
                    self.kinds[child as usize] = 0;
                }
            }
            at += 1;
        }
        drop(depths);
        self.costs = self.sizes.clone();
        for &entry in order.iter().rev() {
            let base = self.bases[entry as usize];
            if base != NONE {
                let cost = self.costs[entry as usize];
                let sum = &mut self.costs[base as usize];
                *sum = sum.saturating_add(cost);
            }
        }
        let (kinds, costs) = (&self.kinds, &self.costs);
        for entry in 0..n {
            let range = self.starts[entry] as usize..self.starts[entry + 1] as usize;
            self.children[range]
                .sort_unstable_by_key(|&child| (kinds[child as usize] == 0, costs[child as usize]));
        }
    }
}
