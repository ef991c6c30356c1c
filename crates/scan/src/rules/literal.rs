//! Which keywords a pattern needs, told from the pattern itself: for rules that name none.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// A shorter literal is in so many texts that it saves nothing.
const MIN_LITERAL: usize = 3;
/// More alternatives than this are not followed.
const MAX_WORDS: usize = 64;
/// A longer keyword finds nothing that this much of it does not.
const MAX_WORD: usize = 32;

/// What a pattern says of its matches.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// At least one of these is in every match, in any ASCII case; empty if nothing can be told.
    pub(super) words: Vec<String>,
    /// How many capture groups it has.
    pub(super) groups: usize,
    /// Every match fills all of them.
    pub(super) filled: bool,
    /// One of the keywords that were asked about is in every match, as far as can be told.
    pub(super) held: bool,
}

/// Reads what a valid pattern needs, and whether these keywords are what it needs.
pub(super) fn needs(pattern: &str, keywords: &[String]) -> Needs {
    let parse = |unicode| {
        let mut builder = ParserBuilder::new();
        builder.unicode(unicode).utf8(false).nest_limit(100);
        builder.build().parse(pattern).ok()
    };
    let Some(hir) = parse(false).or_else(|| parse(true)) else {
        return Needs::default();
    };
    let mut words = required(&hir).words;
    words.sort();
    words.dedup();
    let properties = hir.properties();
    let groups = properties.explicit_captures_len();
    Needs {
        words,
        groups,
        filled: properties.static_explicit_captures_len() == Some(groups),
        held: holds(
            &hir,
            &keywords.iter().map(|word| word.to_ascii_lowercase()).collect::<Vec<_>>(),
        ),
    }
}

/// What every match of a part has in it.
#[derive(Default)]
struct Required {
    /// The part matches this text and nothing else, case apart.
    exact: Option<String>,
    words: Vec<String>,
}

fn required(hir: &Hir) -> Required {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {
            Required { exact: Some(String::new()), words: Vec::new() }
        }
        HirKind::Literal(literal) => {
            let exact = std::str::from_utf8(&literal.0).ok().map(str::to_ascii_lowercase);
            Required { words: worth(exact.as_deref()), exact }
        }
        HirKind::Class(class) => {
            Required { exact: letter(class).map(|c| c.to_string()), words: Vec::new() }
        }
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => {
            let inner = required(&repetition.sub);
            let once = repetition.min == 1 && repetition.max == Some(1);
            Required { exact: inner.exact.filter(|_| once), words: inner.words }
        }
        HirKind::Repetition(_) => Required::default(),
        HirKind::Concat(parts) => concat(parts),
        HirKind::Alternation(parts) => {
            let mut words = Vec::new();
            for part in parts {
                let inner = required(part).words;
                if inner.is_empty() || words.len() + inner.len() > MAX_WORDS {
                    return Required::default();
                }
                words.extend(inner);
            }
            Required { exact: None, words }
        }
    }
}

/// The best that any part, or any run of exact parts, requires.
fn concat(parts: &[Hir]) -> Required {
    let mut best: Vec<String> = Vec::new();
    let mut run = String::new();
    let mut whole = true;
    let mut offer = |words: Vec<String>| {
        let least = |words: &[String]| words.iter().map(String::len).min().unwrap_or(0);
        if least(&words) > least(&best) {
            best = words;
        }
    };
    for part in parts {
        let inner = required(part);
        match inner.exact {
            Some(text) => run.push_str(&text),
            None => {
                whole = false;
                offer(worth(Some(&run)));
                run.clear();
            }
        }
        offer(inner.words);
    }
    offer(worth(Some(&run)));
    Required { exact: whole.then_some(run), words: best }
}

/// Whether one of the words, in lower case, is in every match of a part.
fn holds(hir: &Hir, words: &[String]) -> bool {
    let has = |text: &str| words.iter().any(|word| text.contains(word.as_str()));
    match hir.kind() {
        HirKind::Capture(capture) => holds(&capture.sub, words),
        HirKind::Repetition(repetition) => repetition.min > 0 && holds(&repetition.sub, words),
        HirKind::Alternation(parts) => parts.iter().all(|part| holds(part, words)),
        HirKind::Concat(parts) => {
            let mut run = String::new();
            parts.iter().any(|part| {
                match required(part).exact {
                    Some(text) => run.push_str(&text),
                    None => run.clear(),
                }
                has(&run) || holds(part, words)
            })
        }
        _ => required(hir).exact.is_some_and(|text| has(&text)),
    }
}

/// The literal as a keyword, if it is long enough to be one.
fn worth(literal: Option<&str>) -> Vec<String> {
    let Some(literal) = literal.filter(|literal| literal.len() >= MIN_LITERAL) else {
        return Vec::new();
    };
    let mut end = literal.len().min(MAX_WORD);
    while !literal.is_char_boundary(end) {
        end -= 1;
    }
    vec![literal[..end].to_owned()]
}

/// The letter that a class stands for if it is that letter in both cases.
fn letter(class: &Class) -> Option<char> {
    let mut chars: Vec<char> = Vec::new();
    let mut add = |from: u32, to: u32| {
        for code in (from..=to).take(4) {
            chars.extend(char::from_u32(code));
        }
    };
    match class {
        Class::Bytes(class) => {
            class.iter().for_each(|range| add(range.start().into(), range.end().into()));
        }
        Class::Unicode(class) => {
            class.iter().for_each(|range| add(range.start().into(), range.end().into()));
        }
    }
    // Unicode folds `k` and `s` with characters beyond ASCII, which no keyword has to find.
    chars.retain(char::is_ascii);
    let first = chars.first()?.to_ascii_lowercase();
    (chars.len() <= 2 && chars.iter().all(|c| c.to_ascii_lowercase() == first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_literal_of_every_branch() {
        for (pattern, words) in [
            (r"\bsk_live_[0-9A-Za-z]{24}\b", &["sk_live_"][..]),
            (r"(?i)adobe[ =]{0,3}([a-f0-9]{32})", &["adobe"]),
            (r"(?:ghu|ghs)_[0-9a-zA-Z]{36}", &["ghs", "ghu"]),
            (r"(?:a|ghs_)[0-9]{3}", &[]),
            (r"[0-9a-f]{32}", &[]),
            (r"x?token=(\w+)", &["token="]),
            (r"(?:token=)?\w+", &[]),
            (r"(?:abcd){2}", &["abcd"]),
            (r"ab[Cc]d", &["abcd"]),
            (r"short.longer", &["longer"]),
        ] {
            assert_eq!(needs(pattern, &[]).words, words, "{pattern}");
        }
    }

    #[test]
    fn keywords_may_be_elsewhere() {
        for (pattern, word, held) in [
            (r"(?i)adobe[ =]{0,3}longer_literal", "Adobe", true),
            (r"(?:adobe)?[a-f0-9]{32}", "adobe", false),
            (r"(?:live|test)_key", "_key", true),
            (r"(?:live_key|test)", "_key", false),
            (r"[a-f0-9]{32}", "jira", false),
        ] {
            assert_eq!(needs(pattern, &[word.to_owned()]).held, held, "{pattern} and {word}");
        }
    }

    #[test]
    fn lengths_and_groups() {
        assert_eq!(needs(r"(a)(b){2}", &[]).groups, 2);
        assert!(needs(r"(a)(b)", &[]).filled && !needs(r"(a)|(b)", &[]).filled);
        assert_eq!(needs("(", &[]), Needs::default());
    }
}
