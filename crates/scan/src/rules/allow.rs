//! What a rule taken from another tool lets pass: values, words in them, and paths.

use regex_automata::meta::Regex;

/// One list of exceptions.
#[derive(Debug, Default)]
pub(crate) struct Allowlist {
    /// All kinds of exception that it names have to hold, not just one.
    pub(super) all: bool,
    /// Of which one matches the value; or none, if `unless`.
    pub(super) regexes: Vec<Regex>,
    /// The value is let pass unless a regex matches.
    pub(super) unless: bool,
    /// In lower case; one is in the value.
    pub(super) words: Vec<String>,
    /// One matches the path.
    pub(super) paths: Vec<Regex>,
}

impl Allowlist {
    /// Whether it names anything at all: a list that does not would let everything pass.
    pub(super) fn is_empty(&self) -> bool {
        self.regexes.is_empty() && self.words.is_empty() && self.paths.is_empty()
    }

    /// Whether this value at this path is no finding.
    pub(crate) fn allows(&self, secret: &[u8], path: &str) -> bool {
        let mut held = Vec::new();
        if !self.regexes.is_empty() {
            held.push(self.regexes.iter().any(|regex| regex.is_match(secret)) != self.unless);
        }
        if !self.words.is_empty() {
            let lower = zeroize::Zeroizing::new(secret.to_ascii_lowercase());
            let has = |word: &String| lower.windows(word.len()).any(|part| part == word.as_bytes());
            held.push(self.words.iter().any(has));
        }
        if !self.paths.is_empty() {
            held.push(self.paths.iter().any(|regex| regex.is_match(path.as_bytes())));
        }
        if self.all {
            !held.is_empty() && held.into_iter().all(|one| one)
        } else {
            held.into_iter().any(|one| one)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(all: bool) -> Allowlist {
        Allowlist {
            all,
            regexes: vec![Regex::new("^EXAMPLE").expect("it is valid")],
            words: vec!["dummy".to_owned()],
            paths: vec![Regex::new(r"\.md$").expect("it is valid")],
            unless: false,
        }
    }

    #[test]
    fn one_is_enough_unless_all_are_asked_for() {
        let any = list(false);
        assert!(any.allows(b"EXAMPLE1", "a.rs"));
        assert!(any.allows(b"x-DUMMY-x", "a.rs"));
        assert!(any.allows(b"x", "a.md"));
        assert!(!any.allows(b"x", "a.rs"));
        let all = list(true);
        assert!(all.allows(b"EXAMPLEdummy", "a.md"));
        assert!(!all.allows(b"EXAMPLEdummy", "a.rs"));
    }

    #[test]
    fn an_empty_list_allows_nothing() {
        for all in [false, true] {
            let list = Allowlist { all, ..Allowlist::default() };
            assert!(list.is_empty() && !list.allows(b"x", "y"));
        }
    }

    #[test]
    fn a_value_may_have_to_look_some_way() {
        let regexes = vec![Regex::new("[0-9]").expect("it is valid")];
        let list = Allowlist { regexes, unless: true, ..Allowlist::default() };
        assert!(list.allows(b"letters", ""));
        assert!(!list.allows(b"letters1", ""));
    }
}
