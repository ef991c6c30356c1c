//! Sixty-four positions at a time, with AVX-512 VBMI: `vpermi2b` looks sixty-four bytes up in a table of 128
//! at once (Intel Intrinsics Guide, `_mm512_permutex2var_epi8`). A position passes if one bucket admits all
//! its features; those few are then looked up in the map like any other.

use std::arch::x86_64::{
    __m512i, _mm512_add_epi8, _mm512_and_si512, _mm512_loadu_si512, _mm512_or_si512,
    _mm512_permutex2var_epi8, _mm512_set1_epi8, _mm512_test_epi8_mask,
};
use std::ops::Range;

use super::{FEATURES, GRAM, GROUPS, Sieve};

const LANES: usize = 64;

pub(super) fn available() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi")
}

/// Goes through `range` in blocks; returns where the rest begins, if a block would reach past the text.
/// Only called where [`available`] said yes.
pub(super) fn candidates(
    sieve: &Sieve,
    text: &[u8],
    range: Range<usize>,
    out: &mut Vec<u32>,
) -> usize {
    debug_assert!(available());
    // SAFETY: `Sieve::vectors` is only true where `available` found each of the features.
    #[allow(unsafe_code)]
    unsafe {
        blocks(sieve, text, range, out)
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn blocks(sieve: &Sieve, text: &[u8], range: Range<usize>, out: &mut Vec<u32>) -> usize {
    let mut tables = [[[_mm512_set1_epi8(0); 2]; FEATURES]; GROUPS];
    for (group, from) in tables.iter_mut().zip(sieve.tables.iter()) {
        for (table, from) in group.iter_mut().zip(from) {
            let (low, high) = from.split_at(LANES);
            *table = [load(low), load(high)];
        }
    }
    let short_tables = sieve.short_tables.each_ref().map(|table| {
        let (low, high) = table.split_at(LANES);
        [load(low), load(high)]
    });
    let fold = _mm512_set1_epi8(0x20);
    let mut at = range.start;
    // The last gram of a block reaches three bytes past it. Most ranges are short, so of the last block as much
    // as counts is looked at here too.
    while at < range.end
        && let Some(block) = text.get(at..at + LANES + GRAM - 1)
    {
        let a = _mm512_or_si512(load(block), fold);
        let b = _mm512_or_si512(load(&block[1..]), fold);
        let c = _mm512_or_si512(load(&block[2..]), fold);
        let d = _mm512_or_si512(load(&block[3..]), fold);
        let features = [
            a,
            b,
            _mm512_add_epi8(c, five(d)),
            _mm512_add_epi8(_mm512_add_epi8(three(a), five(c)), d),
            _mm512_add_epi8(_mm512_add_epi8(five(b), three(d)), _mm512_add_epi8(c, a)),
        ];
        let mut passed = 0_u64;
        for group in &tables {
            let mut buckets = _mm512_set1_epi8(-1);
            for (table, feature) in group.iter().zip(features) {
                let admits = _mm512_permutex2var_epi8(table[0], feature, table[1]);
                buckets = _mm512_and_si512(buckets, admits);
            }
            passed |= _mm512_test_epi8_mask(buckets, buckets);
        }
        let mut buckets = _mm512_set1_epi8(-1);
        for (table, byte) in short_tables.iter().zip([a, b, c]) {
            let admits = _mm512_permutex2var_epi8(table[0], byte, table[1]);
            buckets = _mm512_and_si512(buckets, admits);
        }
        passed |= _mm512_test_epi8_mask(buckets, buckets);
        if range.end - at < LANES {
            passed &= (1 << (range.end - at)) - 1;
        }
        while passed != 0 {
            sieve.check(text, at + passed.trailing_zeros() as usize, out);
            passed &= passed - 1;
        }
        at += LANES;
    }
    at
}

#[target_feature(enable = "avx512f,avx512bw")]
fn three(x: __m512i) -> __m512i {
    _mm512_add_epi8(_mm512_add_epi8(x, x), x)
}

#[target_feature(enable = "avx512f,avx512bw")]
fn five(x: __m512i) -> __m512i {
    let twice = _mm512_add_epi8(x, x);
    _mm512_add_epi8(_mm512_add_epi8(twice, twice), x)
}

/// The first sixty-four bytes of a slice that has them.
#[target_feature(enable = "avx512f")]
fn load(bytes: &[u8]) -> __m512i {
    let bytes: &[u8; LANES] = bytes.first_chunk().expect("a block has its lanes");
    // SAFETY: the reference is to 64 readable bytes, and `loadu` asks for no alignment.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_loadu_si512(bytes.as_ptr().cast())
    }
}
