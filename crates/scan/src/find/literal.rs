//! Every literal to look for, of rules and of the vault, behind one sieve: what a scan does with every byte.

use keyward_sieve::{GRAM, Sieve, gram};
use zeroize::Zeroizing;

use super::own::OwnIndex;
use crate::rules::Rules;

/// Marks that let a line pass: our own, and those that people have from other scanners.
pub(crate) const ALLOW: [&str; 6] = [
    "keyward:allow",
    "gitleaks:allow",
    "betterleaks:allow",
    "kingfisher:ignore",
    "trufflehog:ignore",
    "pragma: allowlist secret",
];
/// Texts are searched in pieces of this many bytes, so that what the sieve lets through stays in cache.
const PIECE: usize = 32 * 1024;
/// Bits of the first look at a gram that passed.
const INDEX_BITS: u32 = 12;

/// What a literal belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Rules with this keyword, by index.
    Rules(Vec<u32>),
    /// A probe of a pattern of the vault, by its number.
    Own(usize),
    /// A mark that lets a line pass.
    Allow,
}

/// One literal.
pub(crate) struct Literal {
    /// In lower case, unless it is a value's.
    bytes: Zeroizing<Vec<u8>>,
    /// Where in it the gram is that is searched for.
    gram_at: usize,
    pub(crate) owner: Owner,
}

impl Literal {
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// All literals, ready to search with.
pub(crate) struct Literals {
    sieve: Sieve,
    list: Vec<Literal>,
    /// Grams and the literals that have them, in order of the grams' slots.
    table: Vec<(u32, u32)>,
    /// Where each slot begins in `table`.
    index: Vec<u32>,
    /// The largest `gram_at`.
    before: usize,
}

/// A place where a literal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Anchor {
    pub(crate) at: usize,
    pub(crate) literal: u32,
}

impl Literals {
    /// The keywords of `rules` (unless only the vault's values are wanted) and the probes of `own`.
    pub(crate) fn new(rules: &Rules, own: &OwnIndex<'_>, own_only: bool) -> Self {
        let mut list = Vec::new();
        if !own_only {
            let mut pairs: Vec<(String, u32)> = Vec::new();
            for (number, rule) in (0_u32..).zip(rules.iter()) {
                pairs.extend(rule.keywords.iter().map(|word| (word.to_ascii_lowercase(), number)));
            }
            pairs.sort_unstable();
            pairs.dedup();
            for same in pairs.chunk_by(|a, b| a.0 == b.0) {
                let users = same.iter().map(|(_, rule)| *rule).collect();
                list.push(Self::literal(same[0].0.as_bytes(), Owner::Rules(users)));
            }
        }
        for mark in ALLOW {
            list.push(Self::literal(mark.as_bytes(), Owner::Allow));
        }
        for (number, probe) in own.probes() {
            list.push(Self::literal(probe, Owner::Own(number)));
        }

        let mut table: Vec<(u32, u32)> = Vec::new();
        for (number, literal) in (0_u32..).zip(&list) {
            for gram in literal.grams() {
                table.push((gram, number));
            }
        }
        table.sort_unstable_by_key(|&(gram, literal)| (slot(gram), gram, literal));
        let mut index = vec![0_u32; (1 << INDEX_BITS) + 1];
        for &(gram, _) in &table {
            index[slot(gram) + 1] += 1;
        }
        for at in 0..1 << INDEX_BITS {
            index[at + 1] += index[at];
        }
        let (short, long): (Vec<&Literal>, Vec<&Literal>) =
            list.iter().partition(|literal| literal.len() < GRAM);
        let first = |literal: &&Literal| literal.grams()[0];
        let grams: Vec<u32> = long.iter().map(first).collect();
        let short: Vec<u32> = short.iter().map(first).collect();
        let before = list.iter().map(|literal| literal.gram_at).max().unwrap_or(0);
        Self { sieve: Sieve::new(&grams, &short), list, table, index, before }
    }

    fn literal(bytes: &[u8], owner: Owner) -> Literal {
        let gram_at = (0..(bytes.len() + 1).saturating_sub(GRAM))
            .max_by_key(|&at| rarity(&bytes[at..at + GRAM]))
            .unwrap_or(0);
        Literal { bytes: Zeroizing::new(bytes.to_vec()), gram_at, owner }
    }

    pub(crate) fn at(&self, literal: u32) -> &Literal {
        &self.list[literal as usize]
    }

    /// Every literal that begins in `from..to`, in no particular order. `scratch` keeps its memory.
    pub(crate) fn anchors(
        &self,
        text: &[u8],
        from: usize,
        to: usize,
        scratch: &mut Vec<u32>,
        mut found: impl FnMut(Anchor),
    ) {
        let to = to.min(text.len());
        let end = to.saturating_add(self.before);
        let mut piece = from;
        while piece < end {
            let stop = end.min(piece + PIECE);
            scratch.clear();
            self.sieve.candidates(text, piece..stop, scratch);
            for &at in scratch.iter() {
                let at = at as usize;
                let Some(bytes) = text[at..].first_chunk::<GRAM>() else { continue };
                let gram = gram(*bytes);
                let slot = slot(gram);
                let range = self.index[slot] as usize..self.index[slot + 1] as usize;
                for &(its, number) in &self.table[range] {
                    if its != gram {
                        continue;
                    }
                    let literal = &self.list[number as usize];
                    let Some(start) = at.checked_sub(literal.gram_at) else { continue };
                    if start >= from && start < to && literal.stands(text, start) {
                        found(Anchor { at: start, literal: number });
                    }
                }
            }
            piece = stop;
        }
    }
}

impl Literal {
    /// The gram to search for; of a literal of three bytes, all that it can be the beginning of.
    fn grams(&self) -> Vec<u32> {
        match self.bytes.get(self.gram_at..self.gram_at + GRAM) {
            Some(four) => vec![gram([four[0], four[1], four[2], four[3]])],
            None => {
                let at = |n: usize| self.bytes.get(n).copied().unwrap_or(0);
                let mut all: Vec<u32> =
                    (0..=255).map(|last| gram([at(0), at(1), at(2), last])).collect();
                all.sort_unstable();
                all.dedup();
                all
            }
        }
    }

    fn stands(&self, text: &[u8], start: usize) -> bool {
        let Some(here) = text.get(start..start + self.bytes.len()) else { return false };
        match self.owner {
            Owner::Own(_) => here == self.bytes.as_slice(),
            _ => here.eq_ignore_ascii_case(&self.bytes),
        }
    }
}

fn slot(gram: u32) -> usize {
    (gram.wrapping_mul(0x9E37_79B1) >> (32 - INDEX_BITS)) as usize
}

/// How rare each pair of bytes is in source text: a line for each first byte, a letter for each second, folded
/// as the sieve folds them; `a` is one in eight, and each further letter half as often. Counted once over
/// C, Rust, Python, JavaScript, JSON and HTML.
const PAIRS: &[u8] = include_bytes!("bigrams.txt");
/// The 6,000 most frequent grams of the same texts, sorted, a line each; `~` is a blank. Pairs alone do not
/// tell that `able` is a common end.
const COMMON: &[u8] = include_bytes!("common.txt");

/// How rare a gram in lower case is; more is rarer.
fn rarity(gram: &[u8]) -> u32 {
    // Six bits are left of a folded byte.
    let six = |byte: u8| usize::from(byte & 0x1f | (byte & 0x40) >> 1);
    let pair = |at: usize| {
        let letter = PAIRS.get(six(gram[at]) * 65 + six(gram[at + 1]));
        letter.map_or(0, |&letter| u32::from(letter - b'a'))
    };
    let (mut low, mut high) = (0, COMMON.len() / 5);
    let lower = gram.to_ascii_lowercase();
    while low < high {
        let middle = low + (high - low) / 2;
        match COMMON[middle * 5..middle * 5 + GRAM]
            .iter()
            .copied()
            .cmp(lower.iter().map(|&b| if b == b' ' { b'~' } else { b }))
        {
            std::cmp::Ordering::Equal => return 0,
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    2 * pair(0) + pair(1) + pair(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_keyword_is_found_in_any_case() {
        let rules = Rules::builtin();
        let literals = Literals::new(&rules, &OwnIndex::new(&[]), false);
        for (number, literal) in literals.list.iter().enumerate() {
            let word = String::from_utf8_lossy(&literal.bytes).to_uppercase();
            for pad in [0, 1, 63, 64, 65, 200] {
                let text = format!("{}{word}{}", ".".repeat(pad), " ".repeat(201 - pad));
                let mut found = Vec::new();
                literals.anchors(text.as_bytes(), 0, text.len(), &mut Vec::new(), |anchor| {
                    found.push((anchor.at, anchor.literal as usize));
                });
                assert!(found.contains(&(pad, number)), "{word} at {pad}: {found:?}");
            }
        }
    }
}
