//! Tells where in a text one of many short literals may begin: the first stage of a scan, and the one that
//! sees every byte. What it lets through is a superset of the true places; the caller compares.
//!
//! Each literal lends four of its bytes, a *gram*, in any ASCII case. Two ways find grams: on processors
//! with AVX-512 VBMI sixty-four positions at a time (`vbmi`), elsewhere one at a time. Neither misses a true
//! place, which a property test holds them to.

#[cfg(target_arch = "x86_64")]
mod vbmi;

use std::ops::Range;

/// How many bytes a gram has.
pub const GRAM: usize = 4;
/// Bits of the map that each position is looked up in.
const MAP_BITS: u32 = 19;
/// Features of a gram that the vector code looks up: two bytes and three mixtures.
const FEATURES: usize = 5;
/// Groups of eight buckets. Each bucket has its own set of admitted features, so more of them let fewer
/// positions through, and each group costs [`FEATURES`] look-ups.
const GROUPS: usize = 7;

/// The gram at the start of `bytes`, in folded form: what an ASCII case change leaves the same.
#[must_use]
pub fn gram(bytes: [u8; GRAM]) -> u32 {
    u32::from_le_bytes(bytes) | 0x2020_2020
}

/// The first three bytes of a gram, in eighteen bits: nothing else falls on the same.
fn three(gram: u32) -> usize {
    let six = |byte: u32| (byte & 0x1f | (byte & 0x40) >> 1) as usize;
    six(gram) | six(gram >> 8) << 6 | six(gram >> 16) << 12
}

/// A set of grams, ready to search with.
pub struct Sieve {
    map: Vec<u64>,
    /// The three-byte grams; see [`three`].
    short_map: Vec<u64>,
    tables: Box<[[[u8; 128]; FEATURES]; GROUPS]>,
    /// One more group, for the three-byte grams, looked up by their bytes alone.
    short_tables: Box<[[u8; 128]; 3]>,
    vectors: bool,
}

impl Sieve {
    /// A sieve for these grams, as [`gram`] makes them; of those in `short` the last byte may be any.
    #[must_use]
    pub fn new(grams: &[u32], short: &[u32]) -> Self {
        let mut grams = grams.to_vec();
        // Neighbours in this order share their first bytes, so a bucket admits few of those.
        grams.sort_unstable_by_key(|gram| gram.swap_bytes());
        grams.dedup();
        let mut map = vec![0_u64; 1 << (MAP_BITS - 6)];
        let mut tables = Box::new([[[0_u8; 128]; FEATURES]; GROUPS]);
        let buckets = GROUPS * 8;
        for (number, &gram) in grams.iter().enumerate() {
            let slot = slot(gram);
            map[slot >> 6] |= 1 << (slot & 63);
            let bucket = number * buckets / grams.len();
            for (feature, value) in features(gram.to_le_bytes()).into_iter().enumerate() {
                tables[bucket / 8][feature][usize::from(value & 127)] |= 1 << (bucket % 8);
            }
        }
        let mut short = short.to_vec();
        short.sort_unstable_by_key(|gram| gram.swap_bytes());
        let mut short_map = vec![0_u64; 1 << (18 - 6)];
        let mut short_tables = Box::new([[0_u8; 128]; 3]);
        for (number, &gram) in short.iter().enumerate() {
            let slot = three(gram);
            short_map[slot >> 6] |= 1 << (slot & 63);
            let bit = 1 << (number * 8 / short.len());
            for (table, byte) in short_tables.iter_mut().zip(gram.to_le_bytes()) {
                table[usize::from(byte & 127)] |= bit;
            }
        }
        Self { map, short_map, tables, short_tables, vectors: vectors_here() }
    }

    /// The same without vector code, whatever the processor has.
    #[must_use]
    pub fn portable(mut self) -> Self {
        self.vectors = false;
        self
    }

    /// Whether the vector code is in use.
    #[must_use]
    pub fn is_vectored(&self) -> bool {
        self.vectors
    }

    /// Appends every position of `range` at which a gram of the set may stand in `text`, in order. A gram
    /// may reach past the range's end, but not past the text's. Positions are relative to `text`, which
    /// has fewer than 4 GiB.
    pub fn candidates(&self, text: &[u8], range: Range<usize>, out: &mut Vec<u32>) {
        let end = range.end.min((text.len() + 1).saturating_sub(GRAM));
        let mut at = range.start;
        if at >= end {
            return;
        }
        #[cfg(target_arch = "x86_64")]
        if self.vectors {
            at = vbmi::candidates(self, text, at..end, out);
        }
        while at < end {
            self.check(text, at, out);
            at += 1;
        }
    }

    /// Looks one position up; four bytes are there.
    #[inline]
    fn check(&self, text: &[u8], at: usize, out: &mut Vec<u32>) {
        if let Some(bytes) = text.get(at..at + GRAM).and_then(|bytes| bytes.first_chunk::<GRAM>()) {
            let gram = gram(*bytes);
            let (slot, short) = (slot(gram), three(gram));
            let has = |map: &[u64], slot: usize| map[slot >> 6] >> (slot & 63) & 1 != 0;
            if has(&self.map, slot) || has(&self.short_map, short) {
                out.push(at as u32);
            }
        }
    }
}

/// Where a gram is in the map. An odd factor mixes upwards, so the high bits are taken.
#[inline]
fn slot(gram: u32) -> usize {
    (gram.wrapping_mul(0x9E37_79B1) >> (32 - MAP_BITS)) as usize
}

/// What the vector code looks up of a folded gram; of each value the low seven bits count.
fn features([a, b, c, d]: [u8; GRAM]) -> [u8; FEATURES] {
    let times = |byte: u8, factor: u8| byte.wrapping_mul(factor);
    [
        a,
        b,
        times(c, 1).wrapping_add(times(d, 5)),
        times(a, 3).wrapping_add(times(c, 5)).wrapping_add(d),
        times(b, 5).wrapping_add(times(d, 3)).wrapping_add(c).wrapping_add(a),
    ]
}

fn vectors_here() -> bool {
    #[cfg(target_arch = "x86_64")]
    return vbmi::available();
    #[cfg(not(target_arch = "x86_64"))]
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(sieve: &Sieve, text: &[u8], range: Range<usize>) -> Vec<u32> {
        let mut out = Vec::new();
        sieve.candidates(text, range, &mut out);
        out
    }

    #[test]
    fn finds_in_any_case_at_any_place() {
        let sieve = Sieve::new(&[gram(*b"live"), gram(*b"AKIA")], &[]);
        for pad in 0..200 {
            let text = format!("{}LiVe{}akia", ".".repeat(pad), " ".repeat(pad));
            assert_eq!(
                found(&sieve, text.as_bytes(), 0..text.len()),
                [pad as u32, 2 * pad as u32 + 4]
            );
        }
        assert!(found(&sieve, b"liv", 0..3).is_empty());
        assert!(found(&sieve, b"", 0..0).is_empty());
    }

    #[test]
    fn an_empty_set_finds_nothing() {
        assert!(found(&Sieve::new(&[], &[]), &[b'a'; 500], 0..500).is_empty());
    }

    proptest! {
        #[test]
        fn neither_way_misses_and_vectors_let_less_through(
            grams in prop::collection::vec(prop::array::uniform4(prop_oneof![97_u8..100, any::<u8>()]), 0..60),
            text in prop::collection::vec(prop_oneof![96_u8..101, any::<u8>()], 0..700),
            start in 0_usize..300,
            len in 0_usize..500,
        ) {
            let mut folded: Vec<u32> = grams.iter().map(|&bytes| gram(bytes)).collect();
            let short = folded.split_off(folded.len() / 3 * 2);
            let fast = found(&Sieve::new(&folded, &short), &text, start..start + len);
            let slow = found(&Sieve::new(&folded, &short).portable(), &text, start..start + len);
            prop_assert!(fast.iter().all(|at| slow.contains(at)));
            for at in start..(start + len).min((text.len() + 1).saturating_sub(GRAM)) {
                let here = gram([text[at], text[at + 1], text[at + 2], text[at + 3]]);
                let there = folded.contains(&here) || short.iter().any(|gram| (gram ^ here) & 0xff_ffff == 0);
                prop_assert!(!there || fast.contains(&(at as u32)));
            }
        }
    }
}
