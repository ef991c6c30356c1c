//! The set of rules in use: the built-in ones, plus a user's own files. Building it is quick, because
//! patterns are compiled only when a keyword of theirs is first seen.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;
use std::sync::OnceLock;

mod allow;
pub(crate) mod also;
pub(crate) mod check;
mod context;
pub(crate) mod entropy;
mod exceptions;
mod explain;
mod filter;
mod gitleaks;
mod go_pattern;
mod literal;
mod located;
mod pattern;
pub(crate) mod plausible;
pub(crate) mod published;
pub(crate) mod rule;
pub(crate) mod shape;
pub(crate) mod token;

pub use self::explain::{Explanation, Matched, Verdict};
use self::rule::Rule;
use crate::error::{RuleError, RuleErrorCode};
use crate::find::confirm::{self, rule_finds};
use crate::report::{Confidence, Kind, Mode};

/// Every rule of `rules/`, written down by the build script: reading the files took longer than a scan of a
/// small repository.
mod built {
    use super::check::Check;
    use super::rule::Built;
    use super::shape::{Begins, Shape};
    use crate::report::{Confidence, Kind, Mode, Severity};

    pub(super) static RULES: &[Built] = include!(concat!(env!("OUT_DIR"), "/rules.rs"));
}
/// A rule file may be this large, in bytes.
const MAX_FILE: u64 = 1024 * 1024;
/// A set may hold this many rules.
const MAX_RULES: usize = 5_000;

/// A set of rules.
#[derive(Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
    notes: Vec<RuleNote>,
}

/// What a rule file asks for that is not done here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleNote {
    /// The rule file's name.
    pub file: String,
    /// The line in it, from 1.
    pub line: usize,
    /// The rule's id in that file; empty if it is about the file.
    pub rule: String,
    /// What is not done, in words.
    pub what: String,
}

impl fmt::Display for RuleNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if !self.rule.is_empty() {
            write!(f, "rule `{}`: ", self.rule)?;
        }
        f.write_str(&self.what)
    }
}

/// What a value looks like by its form alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// The provider's id.
    pub provider: String,
    /// What kind of credential.
    pub kind: Kind,
    /// Live or test, where the format says so.
    pub mode: Option<Mode>,
    /// The rule that knows the format.
    pub rule: String,
    /// How sure the form makes it: a checksum that does not fit makes it low.
    pub confidence: Confidence,
    /// Where a person replaces it.
    pub console: Option<String>,
}

impl Rules {
    /// The rules that come with the program. Tests prove that every one of them is valid.
    #[must_use]
    pub fn builtin() -> Self {
        Self { rules: built::RULES.iter().map(Rule::built).collect(), notes: Vec::new() }
    }

    /// Adds the rules of a file's text; `file` is its name, for messages. Either all are added or none.
    /// The file is one of ours, or of gitleaks or betterleaks, which is told by its shape; see
    /// [`notes`](Self::notes) for what such a file asks for in vain.
    ///
    /// # Errors
    /// The first fault in it: bad TOML, a pattern that cannot be used, an id already taken, too much.
    pub fn extend_from_toml(&mut self, text: &str, file: &str) -> Result<(), RuleError> {
        let too_large = |why: String| RuleError {
            code: RuleErrorCode::TooLarge,
            file: rule::printable(file),
            line: 1,
            rule: String::new(),
            why,
        };
        if text.len() as u64 > MAX_FILE {
            return Err(too_large(format!("a rule file has at most {MAX_FILE} bytes")));
        }
        let gitleaks::Loaded { rules: mut added, mut notes } = match gitleaks::parse(text, file) {
            Some(loaded) => {
                let mut loaded = loaded?;
                self.make_room(&mut loaded);
                loaded
            }
            None => gitleaks::Loaded { rules: rule::parse(text, file)?, notes: Vec::new() },
        };
        if self.rules.len() + added.len() > MAX_RULES {
            return Err(too_large(format!("at most {MAX_RULES} rules are taken")));
        }
        let mut ids: HashSet<&str> = self.rules.iter().map(|rule| rule.id.as_str()).collect();
        for rule in &added {
            if !ids.insert(&rule.id) {
                let why = "another rule has this id already".to_owned();
                return Err(rule.error(RuleErrorCode::Duplicate, why));
            }
            rule.compile()?;
        }
        self.rules.append(&mut added);
        self.notes.append(&mut notes);
        Ok(())
    }

    /// Another tool's rule may be called as one of ours is: then it is renamed, and that is said.
    fn make_room(&self, loaded: &mut gitleaks::Loaded) {
        for rule in &mut loaded.rules {
            if self.get(&rule.id).is_some() {
                let renamed = format!("other-{}", rule.id);
                let (file, line) = rule.origin();
                loaded.notes.push(RuleNote {
                    file: file.to_owned(),
                    line,
                    rule: rule.id.clone(),
                    what: format!("there is a rule of this name; this one is `{renamed}`"),
                });
                rule.id = renamed;
            }
        }
    }

    /// What rule files of other tools ask for that is not done here, in their order.
    #[must_use]
    pub fn notes(&self) -> &[RuleNote] {
        &self.notes
    }

    /// Adds the rules of a file on disk, which has to be a plain file of UTF-8.
    ///
    /// # Errors
    /// As [`extend_from_toml`](Self::extend_from_toml), and if the file is a link, a folder, too large,
    /// not UTF-8 or not readable.
    pub fn extend_from_file(&mut self, path: &Path) -> Result<(), RuleError> {
        let name = path.display().to_string();
        let refuse = |code, why: &str| RuleError {
            code,
            file: rule::printable(&name),
            line: 1,
            rule: String::new(),
            why: why.to_owned(),
        };
        let invalid = RuleErrorCode::Invalid;
        let meta = std::fs::symlink_metadata(path)
            .map_err(|error| refuse(invalid, &format!("it cannot be read: {error}")))?;
        if !meta.is_file() {
            return Err(refuse(invalid, "a rule file is a plain file, no link and no folder"));
        }
        if meta.len() > MAX_FILE {
            return Err(refuse(RuleErrorCode::TooLarge, "a rule file has at most 1 MiB"));
        }
        let bytes = std::fs::read(path)
            .map_err(|error| refuse(invalid, &format!("it cannot be read: {error}")))?;
        let text = String::from_utf8(bytes).map_err(|_| refuse(invalid, "it is not UTF-8"))?;
        self.extend_from_toml(&text, &name)
    }

    /// Tests each rule against its own examples and counter-examples, through the same matcher that
    /// scans, and returns every fault.
    #[must_use]
    pub fn check(&self) -> Vec<RuleError> {
        let mut faults = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            if let Err(error) = rule.compile() {
                faults.push(error);
                continue;
            }
            for (number, text) in rule.examples.iter().enumerate() {
                if !rule_finds(self, index, text.as_bytes()) {
                    let why = format!("example {} is not found", number + 1);
                    faults.push(rule.error(RuleErrorCode::ExampleMissed, why));
                }
            }
            for (number, text) in rule.counter_examples.iter().enumerate() {
                if rule_finds(self, index, text.as_bytes()) {
                    let why = format!("counter-example {} is found", number + 1);
                    faults.push(rule.error(RuleErrorCode::CounterExampleFound, why));
                }
            }
        }
        faults
    }

    /// Every rule, in the order of files and of rules in them.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// The rule with this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// Which provider's credential a value is by its form: the surest rule whose match is the whole
    /// value. Surrounding white space does not count.
    #[must_use]
    pub fn classify(&self, value: &[u8]) -> Option<Class> {
        let (index, confidence) = confirm::classify(self, value.trim_ascii())?;
        let rule = &self.rules[index];
        Some(Class {
            confidence,
            provider: rule.provider.clone(),
            kind: rule.kind,
            mode: rule.mode,
            rule: rule.id.clone(),
            console: rule.console.clone(),
        })
    }

    pub(crate) fn at(&self, index: usize) -> &Rule {
        &self.rules[index]
    }
}

/// [`Rules::classify`] by the built-in rules: used on import, to guess provider, kind and mode.
#[must_use]
pub fn classify(value: &[u8]) -> Option<Class> {
    static RULES: OnceLock<Rules> = OnceLock::new();
    RULES.get_or_init(Rules::builtin).classify(value)
}
