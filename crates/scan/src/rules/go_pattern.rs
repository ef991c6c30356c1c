//! Patterns written for Go's regular expressions, in the words of Rust's. Both are RE2's children; what
//! differs is which characters need an escape.

/// The same pattern for the `regex` crate. What neither knows is left for the compiler to refuse.
pub(super) fn translate(pattern: &str) -> String {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut at = 0;
    while at < chars.len() {
        at += match chars[at] {
            '\\' => escape(&chars[at..], &mut out),
            '[' => class(&chars[at..], &mut out),
            // A brace that counts nothing is a character.
            '{' if !counts(&chars[at..]) => push(r"\{", &mut out),
            c => {
                out.push(c);
                1
            }
        };
    }
    out
}

fn push(text: &str, out: &mut String) -> usize {
    out.push_str(text);
    1
}

/// Whether `{…}` at the start is `{2}`, `{2,}` or `{2,3}`.
fn counts(rest: &[char]) -> bool {
    let Some(end) = rest.iter().take(24).position(|&c| c == '}') else {
        return false;
    };
    let inner: String = rest[1..end].iter().collect();
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match inner.split_once(',') {
        None => number(&inner),
        Some((least, most)) => number(least) && (most.is_empty() || number(most)),
    }
}

/// Writes the escape at the start and returns how many characters it had.
fn escape(rest: &[char], out: &mut String) -> usize {
    match rest.get(1) {
        None => push("\\", out),
        // To Go an escaped angle bracket is itself; to Rust it is an edge of a word.
        Some('<') => push(r"\x3C", out) + 1,
        Some('>') => push(r"\x3E", out) + 1,
        Some('Q') => {
            let close = rest.windows(2).position(|pair| pair == ['\\', 'E']);
            let text: String = rest[2..close.unwrap_or(rest.len()).max(2)].iter().collect();
            out.push_str(&regex_syntax::escape(&text));
            close.map_or(rest.len(), |close| close + 2)
        }
        Some('0'..='7')
            if rest[1] == '0' || rest.get(2).is_some_and(|c| ('0'..='7').contains(c)) =>
        {
            let octal: String =
                rest[1..].iter().take(3).take_while(|c| ('0'..='7').contains(*c)).collect();
            out.push_str(&format!(r"\x{{{:x}}}", u32::from_str_radix(&octal, 8).unwrap_or(0)));
            1 + octal.len()
        }
        Some(c) => {
            out.push('\\');
            out.push(*c);
            2
        }
    }
}

/// Writes the bracketed class at the start and returns how many characters it had. Rust knows nested
/// classes and `&&`, `--`, `~~` between them; Go does not.
fn class(rest: &[char], out: &mut String) -> usize {
    out.push('[');
    let mut at = 1;
    if rest.get(at) == Some(&'^') {
        at += push("^", out);
    }
    if rest.get(at) == Some(&']') {
        at += push(r"\]", out);
    }
    while let Some(&c) = rest.get(at) {
        let next = rest.get(at + 1).copied();
        match c {
            ']' => return at + push("]", out),
            '[' if next == Some(':') => {
                let end = rest[at..].windows(2).position(|pair| pair == [':', ']']);
                let len = end.map_or(1, |end| end + 2);
                out.extend(&rest[at..at + len]);
                at += len;
            }
            '[' => at += push(r"\[", out),
            '&' | '~' | '-' if next == Some(c) => {
                out.push(c);
                out.push('\\');
                out.push(c);
                at += 2;
            }
            '\\' => {
                at += escape(&rest[at..], out);
                let class = matches!(next, Some('d' | 'D' | 'w' | 'W' | 's' | 'S'));
                // After a class escape a hyphen begins no range.
                if class
                    && rest.get(at) == Some(&'-')
                    && rest.get(at + 1).is_some_and(|&c| c != ']')
                {
                    at += push(r"\-", out);
                }
            }
            c => {
                out.push(c);
                at += 1;
            }
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex_automata::meta::Regex;

    use super::*;

    #[test]
    fn what_go_takes_literally_is_taken_literally() {
        for (pattern, text, found) in [
            (r"^\$(?:\d+|{\d+})$", "${12}", true),
            (r"a{2,3}", "aaa", true),
            (r"a{,3}", "a{,3}", true),
            (r"\$?{{[^}]+}}", "${{ x }}", true),
            (r"[^]]x", "ax", true),
            (r"[[]", "[", true),
            (r"[a&&b]", "&", true),
            (r"[\w-.]+$", "a-.", true),
            (r"[\w-]+$", "a-b", true),
            (r"\<key\>", "<key>", true),
            (r"\Qa.b\E+", "a.bb", true),
            (r"\Qa.b\E", "axb", false),
            (r"\Qopen", "open", true),
            (r"\101", "A", true),
            (r"[[:alpha:]_]+$", "ab_", true),
            (r"(?P<x>a)\z", "a", true),
            (r#"[\x60'"\s=]{0,5}x"#, "`=x", true),
        ] {
            let rust = translate(pattern);
            let regex = Regex::new(&rust).unwrap_or_else(|error| panic!("{rust}: {error}"));
            assert_eq!(regex.is_match(text), found, "{pattern} as {rust} on {text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(pattern in r"[\[\]\\{}()^Q<E0-9a&~,:-]{0,24}") {
            let _ = translate(&pattern);
        }
    }
}
