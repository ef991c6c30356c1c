//! What every match of a pattern has beside its keyword. Most keywords are met where nothing of the kind follows
//! (`git checkout`), and a search for three letters costs a tenth of the pattern's.

use memchr::memmem::Finder;
use regex_syntax::hir::{Hir, HirKind};

use super::shape;

/// A shorter word stands in too many texts.
const MIN_WORD: usize = 3;
/// More words than this cost more than they save.
const MAX_WORDS: usize = 4;

/// Words of which every match has one. Letters, digits and `_` only: nothing escapes those, so they stand in
/// escaped text as well.
#[derive(Debug, Default)]
pub(crate) struct Also(Vec<Finder<'static>>);

impl Also {
    /// Reads them from the pattern; none if nothing can be told.
    pub(super) fn of(pattern: &str, keywords: &[&str]) -> Self {
        let words = shape::parse(pattern).map_or_else(Vec::new, |hir| required(&hir, keywords));
        Self(words.iter().map(|word| Finder::new(word).into_owned()).collect())
    }

    /// Whether `text` may hold a match.
    pub(crate) fn may_hold(&self, text: &[u8]) -> bool {
        self.0.is_empty() || self.0.iter().any(|word| word.find(text).is_some())
    }
}

fn required(hir: &Hir, keywords: &[&str]) -> Vec<Vec<u8>> {
    match hir.kind() {
        HirKind::Literal(literal) => {
            let longest = literal
                .0
                .split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
                .filter(|word| word.len() >= MIN_WORD && !is_of(word, keywords))
                .max_by_key(|word| word.len());
            longest.map(<[u8]>::to_vec).into_iter().collect()
        }
        HirKind::Capture(group) => required(&group.sub, keywords),
        HirKind::Repetition(repeat) if repeat.min > 0 => required(&repeat.sub, keywords),
        HirKind::Concat(parts) => parts
            .iter()
            .map(|part| required(part, keywords))
            .max_by_key(|words| words.iter().map(Vec::len).min().unwrap_or(0))
            .unwrap_or_default(),
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                let words = required(part, keywords);
                if words.is_empty() || all.len() + words.len() > MAX_WORDS {
                    return Vec::new();
                }
                all.extend(words);
            }
            all
        }
        _ => Vec::new(),
    }
}

/// Whether a word is a part of a keyword or holds one: then the keyword says all that it does.
fn is_of(word: &[u8], keywords: &[&str]) -> bool {
    let holds = |long: &[u8], short: &[u8]| {
        long.windows(short.len()).any(|part| part.eq_ignore_ascii_case(short))
    };
    keywords
        .iter()
        .any(|keyword| holds(keyword.as_bytes(), word) || holds(word, keyword.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(pattern: &str, keywords: &[&str]) -> Vec<String> {
        let hir = shape::parse(pattern).expect("it parses");
        let words = required(&hir, keywords);
        words.into_iter().map(|word| String::from_utf8_lossy(&word).into_owned()).collect()
    }

    #[test]
    fn words_beside_the_keyword() {
        for (pattern, keyword, wanted) in [
            (r"(?i:checkout)[= ]{1,9}(sk_[0-9a-z]{24})", "checkout", &["sk_"][..]),
            (r"(?i:p12|pfx)\S{0,60}(MII[0-9A-Z]{4}(?:IBAz|CAQMw))", "p12", &["IBAz", "CAQMw"]),
            (r"gpg .*--passphrase[ =](\S+)", "gpg ", &["passphrase"]),
            (r"svn .*(?:--password|-p) (\S+)", "svn ", &[]),
            (r"acme(?:_live)?=([0-9]{3})", "acme", &[]),
            (r"(?i:acme)=(?i:live_[0-9]{3})", "acme", &[]),
            (r"sk_live_([0-9a-z]{24})", "sk_live_", &[]),
        ] {
            assert_eq!(words(pattern, &[keyword]), wanted, "{pattern}");
        }
    }

    #[test]
    fn every_example_has_them() {
        for rule in crate::rules::Rules::builtin().iter() {
            for example in &rule.examples {
                assert!(rule.also().may_hold(example.as_bytes()), "{}: {example}", rule.id);
            }
        }
    }
}
