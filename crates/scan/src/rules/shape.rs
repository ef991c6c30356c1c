//! How far a pattern reaches round its keyword, read from the pattern itself. A match is then a matter of the
//! keyword's place and a bounded slice round it, which is what lets a scan of a history skip what it has
//! seen. Also used by the build script.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::literal::{ExtractKind, Extractor};
use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

/// How far before its keyword a match may begin where the pattern does not tell, in bytes.
const MOST_LEAD: usize = 512;
/// How far a match reaches where the pattern does not tell, in bytes.
const MOST_REACH: usize = 16 * 1024;
/// Longer runs are not asked for.
const MOST_RUN: usize = 64;

/// What can be told of a pattern's matches round one of its keywords, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// A match begins at most this far before the keyword's first byte.
    pub lead: usize,
    /// A match ends at most this far after the keyword's first byte.
    pub reach: usize,
    /// A match begins with at least this many [token bytes](is_token).
    pub starts: usize,
    /// So many of them stand together somewhere in a match.
    pub run: usize,
}

/// Where a match begins, for a rule that says so: nothing else is then tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Begins {
    /// With the name that holds the keyword: letters, digits, `_`, `.` and `-`.
    Name,
    /// With the line.
    Line,
}

impl Begins {
    /// Where, for a keyword that begins at `at`; `None` if it would be more than `most` bytes before that.
    // The build script shares this file and has no text to search.
    #[allow(dead_code)]
    pub fn before(self, text: &[u8], at: usize, most: usize) -> Option<usize> {
        let floor = at.saturating_sub(most);
        let last = text[floor..at].iter().rposition(|&byte| match self {
            Self::Name => !(byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')),
            Self::Line => byte == b'\n',
        });
        match last {
            Some(last) => Some(floor + last + 1),
            None => (floor == 0).then_some(0),
        }
    }
}

/// The shape of a pattern, given its keywords; `None` if it does not parse.
pub fn shape(pattern: &str, keywords: &[&str]) -> Option<Shape> {
    let hir = parse(pattern)?;
    let longest = hir.properties().maximum_len().unwrap_or(MOST_REACH).min(MOST_REACH);
    let lead = lead_of(&hir, keywords).unwrap_or(longest).min(longest).min(MOST_LEAD);
    let run = runs(&hir);
    Some(Shape {
        lead,
        reach: longest,
        starts: run.starts.min(MOST_RUN),
        run: run.best.min(MOST_RUN),
    })
}

/// What is left of a pattern from its keyword on, groups taken away; `None` if the keyword comes first, or
/// its place cannot be told.
pub fn tail(pattern: &str, keywords: &[&str]) -> Option<Hir> {
    let hir = parse(pattern)?;
    let (parts, at) = split_at(&hir, keywords)?;
    (at > 0).then(|| Hir::concat(parts[at..].to_vec()))
}

/// Bytes that stand together in keys, addresses and what escapes them; not quotes, brackets, blanks, commas.
pub const fn is_token(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(
            byte,
            b'"' | b'\''
                | b'`'
                | b'('
                | b')'
                | b'['
                | b']'
                | b'{'
                | b'}'
                | b'<'
                | b'>'
                | b','
                | b';'
                | b'|'
        )
}

/// A pattern without its groups; `None` if it does not parse.
pub fn parse(pattern: &str) -> Option<Hir> {
    let parse = |unicode| {
        ParserBuilder::new()
            .unicode(unicode)
            .utf8(false)
            .nest_limit(100)
            .build()
            .parse(pattern)
            .ok()
    };
    parse(false).or_else(|| parse(true)).map(|hir| bare(&hir))
}

/// The same without groups.
fn bare(hir: &Hir) -> Hir {
    let all = |parts: &[Hir]| parts.iter().map(bare).collect();
    match hir.kind() {
        HirKind::Capture(group) => bare(&group.sub),
        HirKind::Concat(parts) => Hir::concat(all(parts)),
        HirKind::Alternation(parts) => Hir::alternation(all(parts)),
        HirKind::Repetition(repeat) => {
            Hir::repetition(Repetition { sub: Box::new(bare(&repeat.sub)), ..repeat.clone() })
        }
        _ => hir.clone(),
    }
}

/// The parts of a concatenation, and at which of them the keyword is.
fn split_at<'h>(hir: &'h Hir, keywords: &[&str]) -> Option<(&'h [Hir], usize)> {
    let parts = match hir.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        _ => std::slice::from_ref(hir),
    };
    let words: Vec<Vec<u8>> =
        keywords.iter().map(|word| word.to_ascii_lowercase().into_bytes()).collect();
    let at = (0..parts.len())
        .find(|&at| starts_with(&fold(&Hir::concat(parts[at..].to_vec())), &words) == Some(0))?;
    Some((parts, at))
}

/// The most bytes before the keyword.
fn lead_of(hir: &Hir, keywords: &[&str]) -> Option<usize> {
    let words: Vec<Vec<u8>> =
        keywords.iter().map(|word| word.to_ascii_lowercase().into_bytes()).collect();
    lead(&fold(hir), &words)
}

/// How token bytes stand together in all that a pattern matches.
#[derive(Clone, Copy, Default)]
struct Runs {
    /// Nothing else is in it.
    only: bool,
    least: usize,
    starts: usize,
    ends: usize,
    best: usize,
}

fn runs(hir: &Hir) -> Runs {
    let of = |least: usize| Runs { only: true, least, starts: least, ends: least, best: least };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => of(0),
        HirKind::Literal(text) => text.0.iter().fold(of(0), |sum, &byte| {
            then(sum, if is_token(byte) { of(1) } else { Runs { least: 1, ..Runs::default() } })
        }),
        HirKind::Class(class) => {
            let token = match class {
                Class::Bytes(bytes) => {
                    bytes.iter().all(|range| (range.start()..=range.end()).all(is_token))
                }
                Class::Unicode(chars) => chars.iter().all(|range| {
                    range.end().is_ascii()
                        && (range.start()..=range.end()).all(|c| is_token(c as u8))
                }),
            };
            if token { of(1) } else { Runs { least: 1, ..Runs::default() } }
        }
        HirKind::Capture(group) => runs(&group.sub),
        HirKind::Concat(parts) => parts.iter().map(runs).fold(of(0), then),
        HirKind::Alternation(parts) => parts.iter().map(runs).reduce(either).unwrap_or_default(),
        HirKind::Repetition(repeat) => {
            let one = runs(&repeat.sub);
            let times = repeat.min as usize;
            if one.only {
                of(one.least.saturating_mul(times))
            } else if times == 0 {
                Runs::default()
            } else {
                let two = if times > 1 { one.ends + one.starts } else { 0 };
                Runs { least: one.least * times, best: one.best.max(two), ..one }
            }
        }
    }
}

fn then(a: Runs, b: Runs) -> Runs {
    Runs {
        only: a.only && b.only,
        least: a.least.saturating_add(b.least),
        starts: if a.only { a.least + b.starts } else { a.starts },
        ends: if b.only { b.least + a.ends } else { b.ends },
        best: a.best.max(b.best).max(a.ends + b.starts),
    }
}

fn either(a: Runs, b: Runs) -> Runs {
    Runs {
        only: a.only && b.only,
        least: a.least.min(b.least),
        starts: a.starts.min(b.starts),
        ends: a.ends.min(b.ends),
        best: a.best.min(b.best),
    }
}

/// The same with every letter in lower case, so that a word in any case is one literal and not thousands.
fn fold(hir: &Hir) -> Hir {
    let all = |parts: &[Hir]| parts.iter().map(fold).collect();
    match hir.kind() {
        HirKind::Literal(text) => Hir::literal(text.0.to_ascii_lowercase()),
        HirKind::Class(class) => match class.literal().or_else(|| one_letter(class)) {
            Some(letter) => Hir::literal(letter.to_ascii_lowercase()),
            None => hir.clone(),
        },
        HirKind::Capture(group) => fold(&group.sub),
        HirKind::Concat(parts) => Hir::concat(all(parts)),
        HirKind::Alternation(parts) => Hir::alternation(all(parts)),
        HirKind::Repetition(repeat) => {
            Hir::repetition(Repetition { sub: Box::new(fold(&repeat.sub)), ..repeat.clone() })
        }
        HirKind::Empty | HirKind::Look(_) => hir.clone(),
    }
}

/// The letter of a class that is one letter in both cases.
fn one_letter(class: &Class) -> Option<Vec<u8>> {
    let letters: Vec<u8> = match class {
        Class::Bytes(bytes) => {
            bytes.iter().flat_map(|range| range.start()..=range.end()).take(3).collect()
        }
        Class::Unicode(chars) => chars
            .iter()
            .flat_map(|range| range.start()..=range.end())
            .filter(char::is_ascii)
            .map(|c| c as u8)
            .take(3)
            .collect(),
    };
    match letters[..] {
        [upper, lower] if upper.is_ascii_uppercase() && upper.to_ascii_lowercase() == lower => {
            Some(vec![lower])
        }
        _ => None,
    }
}

/// The most bytes before the first keyword; `None` if that cannot be told.
fn lead(hir: &Hir, keywords: &[Vec<u8>]) -> Option<usize> {
    let parts = match hir.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        _ => std::slice::from_ref(hir),
    };
    let mut before = 0_usize;
    for at in 0..parts.len() {
        if let HirKind::Alternation(branches) = parts[at].kind()
            && let Some(most) = each(branches, keywords)
        {
            return Some(before + most);
        }
        if let Some(offset) = starts_with(&Hir::concat(parts[at..].to_vec()), keywords) {
            return Some(before + offset);
        }
        before += parts[at].properties().maximum_len()?;
    }
    None
}

/// The most of all branches, if each holds a keyword.
fn each(branches: &[Hir], keywords: &[Vec<u8>]) -> Option<usize> {
    branches
        .iter()
        .map(|branch| lead(branch, keywords))
        .try_fold(0, |most, next| Some(most.max(next?)))
}

/// If every text that this can begin with holds a keyword at its start: how far in at most.
fn starts_with(rest: &Hir, keywords: &[Vec<u8>]) -> Option<usize> {
    let mut extractor = Extractor::new();
    extractor
        .kind(ExtractKind::Prefix)
        .limit_total(4_096)
        .limit_literal_len(48)
        .limit_class(12)
        .limit_repeat(64);
    let found = extractor.extract(rest);
    let literals = found.literals()?;
    if literals.is_empty() {
        return None;
    }
    let mut most = 0;
    for literal in literals {
        let text = literal.as_bytes().to_ascii_lowercase();
        let at = keywords
            .iter()
            .filter_map(|word| text.windows(word.len()).position(|window| window == word))
            .min();
        most = most.max(at?);
    }
    Some(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pattern: &str, keywords: &[&str]) -> (usize, usize) {
        let shape = shape(pattern, keywords).expect("it parses");
        (shape.lead, shape.reach)
    }

    #[test]
    fn a_prefix_needs_nothing_before_it() {
        assert_eq!(of(r"\b(sk_live_[0-9A-Za-z]{24,40})\b", &["sk_live_"]), (0, 48));
        assert_eq!(of(r"\b([sr]k_test_[0-9A-Za-z]{24})\b", &["sk_test_", "rk_test_"]), (0, 32));
        assert_eq!(of(r"(?i)key-[0-9a-f]{8}", &["key-"]), (0, 12));
    }

    #[test]
    fn what_comes_before_a_keyword_is_counted() {
        assert_eq!(of(r"[a-z]{0,40}(?:secret|token)=[a-z]{8}", &["secret", "token"]), (40, 55));
        assert_eq!(of(r"[0-9]{8}:AA[a-z]{4}", &[":aa"]), (8, 15));
        assert_eq!(of(r"(?:ab{2}|[0-9]{3}x-)yy", &["yy"]), (5, 7));
    }

    #[test]
    fn token_bytes_that_must_stand_together_are_counted() {
        let runs = |pattern: &str| {
            let shape = shape(pattern, &["ab"]).expect("it parses");
            (shape.starts, shape.run)
        };
        assert_eq!(runs(r"\bab_[0-9a-z]{36}\b"), (39, 39));
        assert_eq!(runs(r"ab[^\r\n]{0,20}=[0-9a-f]{32}(?:\s|$)"), (2, 33));
        assert_eq!(runs(r"ab(?:[0-9]{10}|[a-z]{4,8})x?"), (6, 6));
        assert_eq!(runs(r"ab(?:c,){3}d+"), (3, 3));
    }

    #[test]
    fn the_tail_begins_at_the_keyword() {
        assert!(tail(r"\bab[0-9]{3}", &["ab"]).is_none());
        let hir =
            tail(r"(?P<key>[a-z]{0,9}(?:ab|cd))=x", &["ab", "cd"]).expect("something is before");
        assert_eq!(hir.properties().maximum_len(), Some(4));
    }

    #[test]
    fn without_bounds_the_most_is_taken() {
        assert_eq!(of(r"[a-z]+@acme", &["acme"]), (MOST_LEAD, MOST_REACH));
        assert_eq!(of(r"-----BEGIN[\s\S]*?-----END", &["-----begin"]), (0, MOST_REACH));
    }
}
