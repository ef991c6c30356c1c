//! One rule as data: what a rule file says, checked before it is used. Finding is in `matcher`.

use std::sync::{Arc, OnceLock};

use regex_automata::PatternID;
use regex_automata::meta::Regex;
use serde::Deserialize;
use toml::Spanned;

use super::allow::Allowlist;
use super::also::Also;
use super::check::Check;
use super::context;
use super::pattern;
use super::shape::{Begins, Shape, shape, tail};
use crate::error::{RuleError, RuleErrorCode};
use crate::report::{Confidence, Kind, Mode, Severity};

/// Shorter keywords stand everywhere, in bytes.
pub(super) const MIN_KEYWORD: usize = 3;
/// The most reach that a rule may ask for, in bytes.
const MAX_REACH: usize = 64 * 1024;

/// One rule: what to look for, and what to say about it.
#[derive(Debug)]
pub struct Rule {
    /// Unique, kebab-case, such as `stripe-secret-key`.
    pub id: String,
    /// For people.
    pub name: String,
    /// The provider's id, such as `stripe`.
    pub provider: String,
    /// The provider's name for people.
    pub provider_name: String,
    /// Where a person replaces the key.
    pub console: Option<String>,
    /// What to do about a leak.
    pub advice: Option<String>,
    /// Where the provider documents the format.
    pub references: Vec<String>,
    /// What kind of credential it finds.
    pub kind: Kind,
    /// Live or test, where the format says so.
    pub mode: Option<Mode>,
    /// How bad a leak is.
    pub severity: Severity,
    /// How sure a match is.
    pub confidence: Confidence,
    /// At least one of these is in every match, in any ASCII case.
    pub keywords: Vec<String>,
    /// The regular expression (bytes), as the file gives it with its abbreviations written out (see
    /// `context`), or made from the value's form. The secret is the group `secret`, else the group 1, else
    /// all of it; a group `key` is the name the secret is assigned to.
    pub pattern: String,
    /// The least Shannon entropy of the secret, in bits a byte.
    pub entropy: Option<f64>,
    /// Texts in which it must find something.
    pub examples: Vec<String>,
    /// Texts in which it must find nothing.
    pub counter_examples: Vec<String>,
    pub(crate) check: Option<Check>,
    /// A value that looks made up is doubted. Whoever writes rules of their own knows what they look for.
    pub(crate) doubts: bool,
    /// Only paths that it matches are looked at.
    pub(super) path: Option<Regex>,
    pub(super) allowlists: Vec<Arc<Allowlist>>,
    pub(super) file: String,
    pub(super) line: usize,
    /// The file's own bound on how far after its keyword a match may reach, in bytes.
    pub(super) reach: Option<usize>,
    /// Where a match begins, if the file says so.
    pub(crate) begins: Option<Begins>,
    pub(super) shape: OnceLock<Shape>,
    pub(super) also: OnceLock<Also>,
    pub(super) regex: OnceLock<Compiled>,
}

/// A pattern ready to run.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) regex: Regex,
    /// The pattern from its keyword on, where something may come before: most keywords are none, and this
    /// says so sooner.
    pub(crate) tail: Option<Regex>,
    /// Which group is the secret, and which the name it is assigned to.
    pub(crate) secret: usize,
    pub(crate) key: Option<usize>,
}

/// A built-in rule as the build script wrote it down; see [`Rule`].
pub(crate) struct Built {
    pub(crate) file: &'static str,
    pub(crate) line: usize,
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) provider: &'static str,
    pub(crate) provider_name: &'static str,
    pub(crate) console: Option<&'static str>,
    pub(crate) advice: Option<&'static str>,
    pub(crate) references: &'static [&'static str],
    pub(crate) kind: Kind,
    pub(crate) mode: Option<Mode>,
    pub(crate) severity: Severity,
    pub(crate) confidence: Confidence,
    pub(crate) keywords: &'static [&'static str],
    pub(crate) pattern: &'static str,
    pub(crate) entropy: Option<f64>,
    pub(crate) check: Option<Check>,
    pub(crate) shape: Shape,
    pub(crate) begins: Option<Begins>,
    pub(crate) examples: &'static [&'static str],
    pub(crate) counter_examples: &'static [&'static str],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderFile {
    provider: Spanned<String>,
    name: String,
    console: Option<String>,
    advice: Option<String>,
    #[serde(default)]
    references: Vec<String>,
    #[serde(default)]
    rule: Vec<RuleTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleTable {
    id: Spanned<String>,
    name: String,
    kind: Kind,
    mode: Option<Mode>,
    severity: Severity,
    confidence: Confidence,
    keywords: Vec<String>,
    pattern: Option<Spanned<String>>,
    value: Option<Spanned<String>>,
    entropy: Option<f64>,
    reach: Option<usize>,
    begins: Option<Begins>,
    check: Option<Check>,
    #[serde(default)]
    examples: Vec<String>,
    #[serde(default)]
    counter_examples: Vec<String>,
}

/// Reads a rule file. Patterns are not compiled yet: see [`Rule::compile`].
pub(crate) fn parse(text: &str, file: &str) -> Result<Vec<Rule>, RuleError> {
    let file = printable(file);
    let line_at = |offset: usize| 1 + text[..floor(text, offset)].matches('\n').count();
    let refuse = |line: usize, rule: &str, why: String| RuleError {
        code: RuleErrorCode::Invalid,
        file: file.clone(),
        line,
        rule: printable(rule),
        why,
    };

    let table: ProviderFile = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_at(span.start));
        refuse(line, "", printable(error.message()))
    })?;
    let provider = table.provider.get_ref().clone();
    if !is_id(&provider) {
        let why = "a provider id is made of a–z, 0–9 and `-`, at most 64".to_owned();
        return Err(refuse(line_at(table.provider.span().start), "", why));
    }

    let mut rules = Vec::with_capacity(table.rule.len());
    for rule in table.rule {
        let id = rule.id.get_ref();
        let words: Vec<&str> = rule.keywords.iter().map(String::as_str).collect();
        // Either the pattern itself, or the value's form, to be found where a keyword announces it.
        let (span, pattern, check, near) = match (rule.pattern, rule.value) {
            (Some(pattern), None) => {
                (pattern.span(), context::written_out(pattern.get_ref()), rule.check, None)
            }
            (None, Some(value)) => (
                value.span(),
                context::assigned_to(&words, value.get_ref()),
                rule.check.or(Some(Check::InContext)),
                context::reach(value.get_ref()),
            ),
            _ => {
                let why = "a rule has either a pattern or a value".to_owned();
                return Err(refuse(line_at(rule.id.span().start), id, why));
            }
        };
        let line = line_at(span.start);
        let why = if !is_id(id) {
            "a rule id is made of a–z, 0–9 and `-`, at most 64"
        } else if rule.keywords.is_empty() || rule.keywords.len() > 64 {
            "a rule has 1 to 64 keywords"
        } else if rule.keywords.iter().any(|word| !(MIN_KEYWORD..=128).contains(&word.len())) {
            "a keyword has 3 to 128 bytes"
        } else if rule.entropy.is_some_and(|bits| !(0.0..=8.0).contains(&bits)) {
            "entropy is between 0 and 8 bits a byte"
        } else if rule.reach.is_some_and(|reach| reach == 0 || reach > MAX_REACH) {
            "reach is between 1 and 65536 bytes"
        } else {
            ""
        };
        if !why.is_empty() {
            return Err(refuse(line_at(rule.id.span().start), id, why.to_owned()));
        }
        rules.push(Rule {
            id: rule.id.into_inner(),
            name: rule.name,
            provider: provider.clone(),
            provider_name: table.name.clone(),
            console: table.console.clone(),
            advice: table.advice.clone(),
            references: table.references.clone(),
            kind: rule.kind,
            mode: rule.mode,
            severity: rule.severity,
            confidence: rule.confidence,
            keywords: rule.keywords,
            pattern,
            entropy: rule.entropy,
            check,
            doubts: false,
            examples: rule.examples,
            counter_examples: rule.counter_examples,
            path: None,
            allowlists: Vec::new(),
            file: file.clone(),
            line,
            reach: rule.reach.or(near),
            begins: rule.begins,
            shape: OnceLock::new(),
            also: OnceLock::new(),
            regex: OnceLock::new(),
        });
    }
    Ok(rules)
}

impl Rule {
    /// The file and line of the rule, for messages.
    #[must_use]
    pub fn origin(&self) -> (&str, usize) {
        (&self.file, self.line)
    }

    /// Compiles the pattern within limits that make it safe on any text.
    ///
    /// # Errors
    /// A [`RuleError`] that says why the pattern cannot be used.
    pub(crate) fn compile(&self) -> Result<&Compiled, RuleError> {
        if let Some(compiled) = self.regex.get() {
            return Ok(compiled);
        }
        let regex = pattern::compile(&self.pattern).map_err(|(code, why)| self.error(code, why))?;
        let named = |name| regex.group_info().to_index(PatternID::ZERO, name);
        let secret = named("secret").unwrap_or(usize::from(regex.captures_len() > 1));
        let key = named("key");
        let words: Vec<&str> = self.keywords.iter().map(String::as_str).collect();
        let tail = tail(&self.pattern, &words)
            .filter(|_| self.shape().lead > 0)
            .and_then(|hir| pattern::compile_hir(&hir));
        Ok(self.regex.get_or_init(|| Compiled { regex, tail, secret, key }))
    }

    /// Tells all that decides what it finds, piece by piece.
    pub(crate) fn identify(&self, tell: &mut impl FnMut(&[u8])) {
        for text in [&self.id, &self.pattern, &self.provider] {
            tell(text.as_bytes());
        }
        self.keywords.iter().for_each(|word| tell(word.as_bytes()));
        let facts = (self.kind, self.confidence, self.check, self.entropy, self.reach, self.begins);
        tell(format!("{facts:?}").as_bytes());
        tell(format!("{:?} {:?}", self.path, self.allowlists).as_bytes());
    }

    /// How far round a keyword the pattern looks. Of one that does not compile it is meaningless.
    pub(crate) fn shape(&self) -> Shape {
        *self.shape.get_or_init(|| {
            let words: Vec<&str> = self.keywords.iter().map(String::as_str).collect();
            let mut shape = shape(&self.pattern, &words).unwrap_or(Shape {
                lead: 0,
                reach: 0,
                starts: 0,
                run: 0,
            });
            shape.reach = shape.reach.min(self.reach.unwrap_or(MAX_REACH));
            shape
        })
    }

    /// What every match has beside a keyword.
    pub(crate) fn also(&self) -> &Also {
        self.also.get_or_init(|| {
            let words: Vec<&str> = self.keywords.iter().map(String::as_str).collect();
            Also::of(&self.pattern, &words)
        })
    }

    /// A built-in rule.
    pub(crate) fn built(built: &Built) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Self {
            path: None,
            allowlists: Vec::new(),
            id: built.id.to_owned(),
            name: built.name.to_owned(),
            provider: built.provider.to_owned(),
            provider_name: built.provider_name.to_owned(),
            console: built.console.map(ToOwned::to_owned),
            advice: built.advice.map(ToOwned::to_owned),
            references: owned(built.references),
            kind: built.kind,
            mode: built.mode,
            severity: built.severity,
            confidence: built.confidence,
            keywords: owned(built.keywords),
            pattern: built.pattern.to_owned(),
            entropy: built.entropy,
            examples: owned(built.examples),
            counter_examples: owned(built.counter_examples),
            check: built.check,
            doubts: true,
            file: built.file.to_owned(),
            line: built.line,
            reach: None,
            begins: built.begins,
            shape: OnceLock::from(built.shape),
            also: OnceLock::new(),
            regex: OnceLock::new(),
        }
    }

    /// Whether this value at this path is one that the rule's own exceptions do not let pass.
    pub(crate) fn accepts(&self, secret: &[u8], path: &str) -> bool {
        self.path.as_ref().is_none_or(|wanted| wanted.is_match(path.as_bytes()))
            && !self.allowlists.iter().any(|list| list.allows(secret, path))
    }

    pub(crate) fn error(&self, code: RuleErrorCode, why: String) -> RuleError {
        RuleError { code, file: self.file.clone(), line: self.line, rule: self.id.clone(), why }
    }
}

fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= 64
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !id.starts_with('-')
}

/// Text of a file made safe for a message: control and invisible characters escaped, cut short.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(300) {
        let hidden = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        if (c.is_control() && c != '\n') || hidden {
            out.extend(c.escape_unicode());
        } else {
            out.push(if c == '\n' { ' ' } else { c });
        }
    }
    out
}

/// The nearest character boundary at or before `offset`.
fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_its_line_and_hides_escapes() {
        let text = "provider = \"x\"\nname = \"X\"\n\n[[rule]]\nid = \"\\u001b[31m\"\nname=\"n\"\nkind=\"token\"\nseverity=\"low\"\nconfidence=\"low\"\nkeywords=[\"abc\"]\npattern=\"abc\"\n";
        let error = parse(text, "mine.toml").expect_err("escape codes are no id");
        assert_eq!((error.line, error.code), (5, RuleErrorCode::Invalid));
        assert!(!error.to_string().contains('\u{1b}'));
        let error =
            parse("provider = \"x\"\nname = \"X\"\nwhat = 1\n", "f").expect_err("unknown key");
        assert_eq!(error.line, 3);
    }
}
