//! Betterleaks writes its exceptions as expressions. The forms that nearly all of its rules use are read
//! here; an expression is a chain of reasons joined by `||`, each of which by itself discards a finding,
//! so that what is not understood can be left out without changing the rest.

/// One reason to discard a finding.
#[derive(Debug, PartialEq)]
pub(super) enum Reason {
    /// The value has less entropy than this, in bits a byte.
    Entropy(f64),
    /// One of the patterns matches; with `unless`, none does.
    Matches { target: Target, patterns: Vec<String>, unless: bool },
    /// One of the words is in the value.
    Contains(Vec<String>),
    /// Anything else, as written.
    Unknown(String),
}

/// What a pattern is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Secret,
    Path,
}

/// Brackets round a whole chain are taken off this often.
const MAX_DEPTH: usize = 16;

/// The reasons of an expression.
pub(super) fn reasons(expression: &str) -> Vec<Reason> {
    let mut out = Vec::new();
    chain(without_comments(expression).trim(), 0, &mut out);
    out
}

fn chain(text: &str, depth: usize, out: &mut Vec<Reason>) {
    if !is_chain(text) {
        out.push(Reason::Unknown(text.to_owned()));
        return;
    }
    for part in split(text, "||") {
        let inner = part.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        match inner.filter(|inner| depth < MAX_DEPTH && balanced(inner)) {
            Some(inner) => chain(inner.trim(), depth + 1, out),
            None if part.is_empty() && text.is_empty() => {}
            None => out.push(reason(part)),
        }
    }
}

/// Whether `||` binds least: not so where there are names (`let x = a || b;`) or choices (`a ? b : c || d`).
fn is_chain(text: &str) -> bool {
    let mut plain = true;
    let mut last = 0;
    walk(text, |at, byte, depth| {
        let next = text.as_bytes().get(at + 1).copied();
        // `??` gives a default and binds more tightly.
        let choice = byte == b'?' && next != Some(b'?') && last != b'?';
        plain &= !(depth == 0 && (byte == b';' || choice));
        last = byte;
        false
    });
    plain
}

fn reason(text: &str) -> Reason {
    read(text).unwrap_or_else(|| Reason::Unknown(text.to_owned()))
}

fn read(text: &str) -> Option<Reason> {
    let (text, unless) = match text.strip_prefix('!') {
        Some(rest) => (rest.trim_start(), true),
        None => (text, false),
    };
    let text = text.strip_prefix("filter.").unwrap_or(text);
    let (name, rest) = text.split_once('(')?;
    let close = split_close(rest)?;
    let (inner, after) = (rest[..close].trim(), rest[close + 1..].trim());
    match name.trim() {
        "entropy" if target(inner)? == Target::Secret && !unless => {
            if let Some(number) = after.strip_prefix("<=") {
                return number.trim().parse().ok().map(|bits: f64| Reason::Entropy(bits.next_up()));
            }
            after.strip_prefix('<')?.trim().parse().ok().map(Reason::Entropy)
        }
        "matchesAny" if after.is_empty() => {
            let (what, patterns) = arguments(inner)?;
            Some(Reason::Matches { target: what, patterns, unless })
        }
        "containsAny" if after.is_empty() && !unless => {
            let (what, words) = arguments(inner)?;
            (what == Target::Secret).then_some(Reason::Contains(words))
        }
        _ => None,
    }
}

/// What stands before the comma, and the strings of the list after it.
fn arguments(inner: &str) -> Option<(Target, Vec<String>)> {
    let parts = split(inner, ",");
    let (list, first) = parts.split_last()?;
    let items = list.strip_prefix('[')?.strip_suffix(']')?;
    let mut strings = Vec::new();
    for item in split(items, ",") {
        if !item.is_empty() {
            strings.push(string(item)?);
        }
    }
    let [first] = first else { return None };
    (!strings.is_empty()).then_some((target(first)?, strings))
}

fn target(text: &str) -> Option<Target> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    match plain.trim_start_matches('(').trim_end_matches(')') {
        "finding[\"secret\"]" => Some(Target::Secret),
        "get(attributes,\"path\",\"\"" | "attributes[\"path\"]??\"\"" | "attributes[\"path\"]" => {
            Some(Target::Path)
        }
        _ => None,
    }
}

/// A string in back-quotes, as it is, or in double quotes, with its escapes undone.
fn string(text: &str) -> Option<String> {
    if let Some(raw) = text.strip_prefix('`') {
        return raw.strip_suffix('`').map(ToOwned::to_owned);
    }
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '\\' => match chars.next()? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                same @ ('\\' | '"' | '\'' | '`') => same,
                _ => return None,
            },
            c => c,
        });
    }
    Some(out)
}

/// Calls `visit` with each byte that stands outside of strings, its offset and how many brackets are open
/// before it; stops when told to.
fn walk(text: &str, mut visit: impl FnMut(usize, u8, i32) -> bool) {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'`' | b'"') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += if quote == b'"' && bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            byte => {
                if visit(at, byte, depth) {
                    return;
                }
                match byte {
                    b'(' | b'[' | b'{' => depth += 1,
                    b')' | b']' | b'}' => depth -= 1,
                    _ => {}
                }
            }
        }
        at += 1;
    }
}

/// The parts between separators that stand outside of strings and brackets, trimmed.
fn split<'t>(text: &'t str, separator: &str) -> Vec<&'t str> {
    let mut cuts = Vec::new();
    walk(text, |at, _, depth| {
        let after = cuts.last().is_none_or(|cut: &usize| at >= cut + separator.len());
        if depth == 0 && after && text.as_bytes()[at..].starts_with(separator.as_bytes()) {
            cuts.push(at);
        }
        false
    });
    let mut parts = Vec::with_capacity(cuts.len() + 1);
    let mut start = 0;
    for cut in cuts {
        parts.push(text[start..cut].trim());
        start = cut + separator.len();
    }
    parts.push(text[start..].trim());
    parts
}

/// Where the bracket is closed that was opened just before `text`.
fn split_close(text: &str) -> Option<usize> {
    let mut close = None;
    walk(text, |at, byte, depth| {
        if byte == b')' && depth == 0 {
            close = Some(at);
        }
        close.is_some()
    });
    close
}

/// Whether no bracket is closed that was not opened.
fn balanced(text: &str) -> bool {
    let mut good = true;
    walk(text, |_, byte, depth| {
        good &= !(depth == 0 && matches!(byte, b')' | b']' | b'}'));
        false
    });
    good
}

/// Comments run from `//` to the line's end; not those inside strings.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut quote = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match quote {
            None if c == '/' && chars.peek() == Some(&'/') => {
                while chars.next_if(|&c| c != '\n').is_some() {}
                continue;
            }
            None if c == '`' || c == '"' => quote = Some(c),
            Some('"') if c == '\\' => {
                out.push(c);
                out.extend(chars.next());
                continue;
            }
            Some(open) if open == c => quote = None,
            _ => {}
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_usual_forms_are_read() {
        assert_eq!(reasons("\nentropy(finding[\"secret\"]) < 3.5\n"), [Reason::Entropy(3.5)]);
        let text = r#"
            // Too "plain.
            filter.entropy(finding["secret"]) <= 3.0
            || !filter.matchesAny(finding["secret"], ["^(?:[^0-9]*[0-9]){2}", `a||b`])
            || (matchesAny((attributes["path"] ?? ""), [`\.md$`,]) || containsAny(finding["secret"], ["a\\b"]))
        "#;
        assert_eq!(
            reasons(text),
            [
                Reason::Entropy(3.0_f64.next_up()),
                Reason::Matches {
                    target: Target::Secret,
                    patterns: vec!["^(?:[^0-9]*[0-9]){2}".to_owned(), "a||b".to_owned()],
                    unless: true,
                },
                Reason::Matches {
                    target: Target::Path,
                    patterns: vec![r"\.md$".to_owned()],
                    unless: false,
                },
                Reason::Contains(vec![r"a\b".to_owned()]),
            ]
        );
    }

    #[test]
    fn the_rest_is_named_not_guessed() {
        for text in [
            r#"matchesAny(finding["match"], [`x`])"#,
            r#"entropy(finding["secret"]) > 3"#,
            r#"entropy(finding["secret"]) < 3 && x"#,
            r#"let x = 1; x"#,
            r#"let x = a || entropy(finding["secret"]) < 3; x"#,
            r#"a ? b : c || entropy(finding["secret"]) < 3"#,
            r#"matchesAny(finding["secret"], [variable])"#,
            "((((",
            "))",
        ] {
            assert!(
                matches!(reasons(text).as_slice(), [Reason::Unknown(_)]),
                "{text}: {:?}",
                reasons(text)
            );
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in r#"[a-z()\[\]|"`\\/,.!<=\n é]{0,60}"#) {
            let _ = reasons(&text);
        }
    }
}
