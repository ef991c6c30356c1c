//! One rule as data: what a rule file says, checked before it is used. Finding is in `matcher`.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;
use toml::Spanned;

use crate::check::Check;
use crate::error::{RuleError, RuleErrorCode};
use crate::report::{Confidence, Kind, Mode, Severity};

/// A pattern may be this many bytes long; longer ones are refused before they are compiled.
const MAX_PATTERN: usize = 4 * 1024;
/// A compiled pattern may take this many bytes.
const MAX_COMPILED: usize = 1024 * 1024;
/// The program for `\w` repeated some thousand times stays below that size without Unicode, so
/// counted repetitions inside one another are bounded as well: their product.
const MAX_REPEAT: u64 = 2_000;
/// Groups may be nested this deep.
const MAX_NEST: u32 = 50;
/// How far after a keyword a match may reach unless the rule says otherwise, in bytes.
const DEFAULT_REACH: usize = 4 * 1024;
/// The most a rule may ask for.
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
    /// The regular expression (bytes). The secret is the group `secret`, else the group 1, else all
    /// of it; a group `key` is the name the secret is assigned to.
    pub pattern: String,
    /// The least Shannon entropy of the secret, in bits a byte.
    pub entropy: Option<f64>,
    /// How far after its keyword a match may reach, in bytes.
    pub reach: usize,
    /// Texts in which it must find something.
    pub examples: Vec<String>,
    /// Texts in which it must find nothing.
    pub counter_examples: Vec<String>,
    pub(crate) check: Option<Check>,
    file: String,
    line: usize,
    regex: OnceLock<Regex>,
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
    pattern: Spanned<String>,
    entropy: Option<f64>,
    reach: Option<usize>,
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
        let line = line_at(rule.pattern.span().start);
        let id = rule.id.get_ref();
        let why = if !is_id(id) {
            "a rule id is made of a–z, 0–9 and `-`, at most 64"
        } else if rule.keywords.is_empty() || rule.keywords.len() > 64 {
            "a rule has 1 to 64 keywords"
        } else if rule
            .keywords
            .iter()
            .any(|word| word.len() < 2 || word.len() > 128)
        {
            "a keyword has 2 to 128 bytes"
        } else if rule
            .entropy
            .is_some_and(|bits| !(0.0..=8.0).contains(&bits))
        {
            "entropy is between 0 and 8 bits a byte"
        } else if rule
            .reach
            .is_some_and(|reach| reach == 0 || reach > MAX_REACH)
        {
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
            pattern: rule.pattern.into_inner(),
            entropy: rule.entropy,
            reach: rule.reach.unwrap_or(DEFAULT_REACH),
            check: rule.check,
            examples: rule.examples,
            counter_examples: rule.counter_examples,
            file: file.clone(),
            line,
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
    pub fn compile(&self) -> Result<&Regex, RuleError> {
        if let Some(regex) = self.regex.get() {
            return Ok(regex);
        }
        let regex = compile(&self.pattern).map_err(|(code, why)| self.error(code, why))?;
        Ok(self.regex.get_or_init(|| regex))
    }

    pub(crate) fn error(&self, code: RuleErrorCode, why: String) -> RuleError {
        RuleError {
            code,
            file: self.file.clone(),
            line: self.line,
            rule: self.id.clone(),
            why,
        }
    }
}

fn compile(pattern: &str) -> Result<Regex, (RuleErrorCode, String)> {
    if pattern.len() > MAX_PATTERN {
        let why = format!(
            "the pattern has {} bytes; at most {MAX_PATTERN} are taken",
            pattern.len()
        );
        return Err((RuleErrorCode::TooComplex, why));
    }
    let shape = Shape::of(pattern);
    if let Some((feature, column)) = shape.unsupported {
        let why =
            format!("{feature} at column {column} is not supported: patterns run in linear time");
        return Err((RuleErrorCode::Unsupported, why));
    }
    if shape.depth > MAX_NEST {
        let why = format!(
            "groups are nested {} deep; at most {MAX_NEST} are taken",
            shape.depth
        );
        return Err((RuleErrorCode::TooDeep, why));
    }
    if shape.repeat > MAX_REPEAT {
        let why = format!(
            "counted repetitions multiply to {}; at most {MAX_REPEAT} are taken",
            shape.repeat
        );
        return Err((RuleErrorCode::TooComplex, why));
    }
    let build = |unicode| {
        RegexBuilder::new(pattern)
            .unicode(unicode)
            .size_limit(MAX_COMPILED)
            .nest_limit(MAX_NEST)
            .build()
    };
    // Bytes first: smaller and quicker. A pattern that names Unicode classes needs the other.
    let regex = build(false)
        .or_else(|_| build(true))
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(limit) => (
                RuleErrorCode::TooComplex,
                format!("the pattern compiles to more than {limit} bytes"),
            ),
            error => {
                let text = error.to_string();
                if text.contains("nest") && text.contains("limit") || text.contains("nested") {
                    let why = format!("groups are nested more than {MAX_NEST} deep");
                    return (RuleErrorCode::TooDeep, why);
                }
                let last = text.lines().last().unwrap_or("it does not parse");
                let why = last.trim_start_matches("error: ").to_owned();
                (
                    RuleErrorCode::Invalid,
                    format!("the pattern is not valid: {why}"),
                )
            }
        })?;
    if regex.is_match(b"") {
        let why = "the pattern matches the empty text, and so would match everywhere".to_owned();
        return Err((RuleErrorCode::MatchesEmpty, why));
    }
    Ok(regex)
}

/// What can be told of a pattern without parsing it in full.
struct Shape {
    depth: u32,
    repeat: u64,
    unsupported: Option<(&'static str, usize)>,
}

impl Shape {
    /// Columns count characters from 1.
    fn of(pattern: &str) -> Self {
        let chars: Vec<char> = pattern.chars().collect();
        let mut shape = Self {
            depth: 0,
            repeat: 1,
            unsupported: None,
        };
        // The largest product of counted repetitions seen in each open group, and in the last atom.
        let mut open: Vec<u64> = vec![1];
        let mut atom = 1_u64;
        let mut in_class = 0_u32;
        let mut at = 0;
        while at < chars.len() {
            let rest = &chars[at..];
            let mut width = 1;
            match rest[0] {
                '\\' => {
                    width = 2;
                    let next = rest.get(1).copied().unwrap_or(' ');
                    if in_class == 0 && (next.is_ascii_digit() && next != '0' || next == 'k') {
                        shape.note("a back-reference", at);
                    }
                    atom = 1;
                }
                '[' => in_class += 1,
                ']' => {
                    in_class = in_class.saturating_sub(1);
                    atom = 1;
                }
                _ if in_class > 0 => {}
                '(' => {
                    for (mark, name) in [
                        ("?<=", "look-behind"),
                        ("?<!", "look-behind"),
                        ("?=", "look-ahead"),
                        ("?!", "look-ahead"),
                    ] {
                        if mark.chars().eq(rest[1..].iter().copied().take(mark.len())) {
                            shape.note(name, at);
                        }
                    }
                    open.push(1);
                    shape.depth = shape
                        .depth
                        .max(u32::try_from(open.len() - 1).unwrap_or(u32::MAX));
                }
                ')' => {
                    atom = if open.len() > 1 {
                        open.pop().unwrap_or(1)
                    } else {
                        1
                    };
                    shape.merge(&mut open, atom);
                }
                '{' => {
                    if let Some((count, len)) = counted(rest) {
                        atom = atom.saturating_mul(count.max(1));
                        shape.merge(&mut open, atom);
                        width = len;
                    }
                }
                '*' | '+' | '?' => {}
                _ => atom = 1,
            }
            at += width;
        }
        shape
    }

    fn note(&mut self, feature: &'static str, at: usize) {
        self.unsupported.get_or_insert((feature, at + 1));
    }

    fn merge(&mut self, open: &mut [u64], product: u64) {
        if let Some(group) = open.last_mut() {
            *group = (*group).max(product);
        }
        self.repeat = self.repeat.max(product);
    }
}

/// The largest count of a repetition such as `{3}` or `{2,40}` at the start, and its length.
fn counted(rest: &[char]) -> Option<(u64, usize)> {
    let end = rest.iter().take(24).position(|&c| c == '}')?;
    let inner: String = rest[1..end].iter().collect();
    let largest = inner
        .split(',')
        .filter_map(|n| n.trim().parse().ok())
        .max()?;
    Some((largest, end + 1))
}

fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= 64
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
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

    fn code(pattern: &str) -> Result<(), RuleErrorCode> {
        compile(pattern).map(|_| ()).map_err(|(code, _)| code)
    }

    #[test]
    fn linear_patterns_are_taken() {
        for pattern in [
            r"(a+)+$x",
            r"(a|aa)+$x",
            r"\b(sk_live_[0-9A-Za-z]{24,247})\b",
            r"[(?=]x",
            r"\\1",
        ] {
            assert_eq!(code(pattern), Ok(()), "{pattern}");
        }
    }

    #[test]
    fn complex_patterns_are_refused() {
        let long = "a".repeat(2 << 20);
        for pattern in [
            "(?:a{1000}){1000}",
            r"(?:\w{100}){50}",
            r"(?:(?:a{20}){20}){20}",
            &long,
        ] {
            assert_eq!(code(pattern), Err(RuleErrorCode::TooComplex));
        }
    }

    #[test]
    fn deep_patterns_are_refused() {
        for depth in [51, 300, 1_000] {
            let pattern = format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
            assert_eq!(code(&pattern), Err(RuleErrorCode::TooDeep), "{depth}");
        }
    }

    #[test]
    fn unsupported_features_are_named_with_their_column() {
        for (pattern, feature, column) in [
            (r"a(?=b)", "look-ahead", 2),
            (r"a(?!b)", "look-ahead", 2),
            (r"(?<=x)y", "look-behind", 1),
            (r"(?<!x)y", "look-behind", 1),
            (r"é(a)\1", "back-reference", 5),
        ] {
            let (code, why) = compile(pattern).expect_err("it cannot run in linear time");
            assert_eq!(code, RuleErrorCode::Unsupported);
            assert!(
                why.contains(feature) && why.contains(&format!("column {column} ")),
                "{why}"
            );
        }
    }

    #[test]
    fn empty_matches_are_refused() {
        for pattern in ["", "a*", "(x|)", "^"] {
            assert_eq!(code(pattern), Err(RuleErrorCode::MatchesEmpty), "{pattern}");
        }
    }

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
