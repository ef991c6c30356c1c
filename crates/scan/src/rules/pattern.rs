//! Whether a pattern can be used at all: size, nesting and features, so that no rule can exhaust a scan.

use regex_automata::meta::{BuildError, Config, Regex};
use regex_automata::util::syntax;

use crate::error::RuleErrorCode;

/// A pattern may be this many bytes long; longer ones are refused before they are compiled.
const MAX_PATTERN: usize = 4 * 1024;
/// A compiled pattern may take this many bytes.
const MAX_COMPILED: usize = 1024 * 1024;
/// The program for `\w` repeated some thousand times stays below that size without Unicode, so
/// counted repetitions inside one another are bounded as well: their product.
const MAX_REPEAT: u64 = 2_000;
/// What a search may remember of a pattern's states, in bytes, for each thread.
const MAX_CACHE: usize = 256 * 1024;
/// Groups may be nested this deep.
const MAX_NEST: u32 = 50;

/// Compiles a pattern within limits that make it safe on any text; or says why not.
pub(super) fn compile(pattern: &str) -> Result<Regex, (RuleErrorCode, String)> {
    let regex = compile_any(pattern)?;
    if regex.is_match(b"") {
        let why = "the pattern matches the empty text, and so would match everywhere".to_owned();
        return Err((RuleErrorCode::MatchesEmpty, why));
    }
    Ok(regex)
}

/// The same for a pattern that may match the empty text, because it says what to let pass.
pub(super) fn compile_any(pattern: &str) -> Result<Regex, (RuleErrorCode, String)> {
    if pattern.len() > MAX_PATTERN {
        let why =
            format!("the pattern has {} bytes; at most {MAX_PATTERN} are taken", pattern.len());
        return Err((RuleErrorCode::TooComplex, why));
    }
    let shape = Shape::of(pattern);
    if let Some((feature, column)) = shape.unsupported {
        let why =
            format!("{feature} at column {column} is not supported: patterns run in linear time");
        return Err((RuleErrorCode::Unsupported, why));
    }
    if shape.depth > MAX_NEST {
        let why = format!("groups are nested {} deep; at most {MAX_NEST} are taken", shape.depth);
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
        Regex::builder()
            .configure(config())
            .syntax(syntax::Config::new().unicode(unicode).utf8(false).nest_limit(MAX_NEST))
            .build(pattern)
            .map_err(|error| refused(&error))
    };
    // Bytes first: smaller and quicker. A pattern that names Unicode classes needs the other.
    build(false).or_else(|_| build(true))
}

/// Compiles a part of a pattern that was compiled before.
pub(super) fn compile_hir(hir: &regex_syntax::hir::Hir) -> Option<Regex> {
    Regex::builder().configure(config()).build_from_hir(hir).ok()
}

fn config() -> Config {
    Config::new()
        .nfa_size_limit(Some(MAX_COMPILED))
        .utf8_empty(false)
        .hybrid_cache_capacity(MAX_CACHE)
}

/// The words for what the library refuses.
fn refused(error: &BuildError) -> (RuleErrorCode, String) {
    if let Some(limit) = error.size_limit() {
        return (
            RuleErrorCode::TooComplex,
            format!("the pattern compiles to more than {limit} bytes"),
        );
    }
    let why = match error.syntax_error() {
        Some(regex_syntax::Error::Parse(error)) => {
            if matches!(error.kind(), regex_syntax::ast::ErrorKind::NestLimitExceeded(_)) {
                let why = format!("groups are nested more than {MAX_NEST} deep");
                return (RuleErrorCode::TooDeep, why);
            }
            error.kind().to_string()
        }
        Some(regex_syntax::Error::Translate(error)) => error.kind().to_string(),
        _ => "it does not parse".to_owned(),
    };
    (RuleErrorCode::Invalid, format!("the pattern is not valid: {why}"))
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
        let mut shape = Self { depth: 0, repeat: 1, unsupported: None };
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
                    shape.depth =
                        shape.depth.max(u32::try_from(open.len() - 1).unwrap_or(u32::MAX));
                }
                ')' => {
                    atom = if open.len() > 1 { open.pop().unwrap_or(1) } else { 1 };
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
    let largest = inner.split(',').filter_map(|n| n.trim().parse().ok()).max()?;
    Some((largest, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(pattern: &str) -> Result<(), RuleErrorCode> {
        compile(pattern).map(|_| ()).map_err(|(code, _)| code)
    }

    #[test]
    fn linear_patterns_are_taken() {
        for pattern in
            [r"(a+)+$x", r"(a|aa)+$x", r"\b(sk_live_[0-9A-Za-z]{24,247})\b", r"[(?=]x", r"\\1"]
        {
            assert_eq!(code(pattern), Ok(()), "{pattern}");
        }
    }

    #[test]
    fn complex_patterns_are_refused() {
        let long = "a".repeat(2 << 20);
        for pattern in ["(?:a{1000}){1000}", r"(?:\w{100}){50}", r"(?:(?:a{20}){20}){20}", &long] {
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
            assert!(why.contains(feature) && why.contains(&format!("column {column} ")), "{why}");
        }
    }

    #[test]
    fn empty_matches_are_refused() {
        for pattern in ["", "a*", "(x|)", "^"] {
            assert_eq!(code(pattern), Err(RuleErrorCode::MatchesEmpty), "{pattern}");
        }
    }
}
