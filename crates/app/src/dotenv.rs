//! Reading `.env` files, literally: no `$` is ever expanded and nothing is run. Lines may begin
//! with `export `; values may be bare, in single or in double quotes (with `\n`, `\"` and `\\`),
//! over several lines inside quotes; line ends may be CRLF; a BOM is skipped.

use zeroize::Zeroizing;

/// Largest file that is read, in bytes.
pub(crate) const MAX_FILE: u64 = 1024 * 1024;

/// One line that sets a variable.
pub(crate) struct Row {
    /// Line number from 1.
    pub(crate) line: u32,
    /// Name and value, or what is wrong with the line.
    pub(crate) set: Result<(String, Zeroizing<String>), &'static str>,
}

/// Reads the rows of a file, bad ones included.
pub(crate) fn parse(text: &str) -> Vec<Row> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rows = vec![];
    let mut lines = Lines { rest: text, number: 0 };
    while let Some((number, line)) = lines.next() {
        let trimmed = line.trim_start();
        if trimmed.trim_end().is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let set = assignment(trimmed, &mut lines);
        rows.push(Row { line: number, set });
    }
    rows
}

struct Lines<'a> {
    rest: &'a str,
    number: u32,
}

impl<'a> Lines<'a> {
    /// The next line without its end; a lone CR ends a line too.
    fn next(&mut self) -> Option<(u32, &'a str)> {
        if self.rest.is_empty() {
            return None;
        }
        self.number += 1;
        let end = self.rest.find(['\n', '\r']).unwrap_or(self.rest.len());
        let (line, rest) = self.rest.split_at(end);
        self.rest = rest.strip_prefix("\r\n").unwrap_or_else(|| rest.get(1..).unwrap_or(""));
        Some((self.number, line))
    }
}

fn assignment(
    line: &str,
    lines: &mut Lines<'_>,
) -> Result<(String, Zeroizing<String>), &'static str> {
    let line = match line.strip_prefix("export") {
        Some(rest) if rest.starts_with([' ', '\t']) => rest.trim_start(),
        _ => line,
    };
    let (name, value) = line.split_once('=').ok_or("there is no `=`")?;
    let name = name.trim();
    let first = name.bytes().next().ok_or("there is no name before `=`")?;
    if first.is_ascii_digit()
        || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
    {
        return Err("the name has characters that a variable cannot have");
    }
    let value = value.trim_start();
    let value = match value.chars().next() {
        Some('\'') => quoted(&value[1..], '\'', lines)?,
        Some('"') => unescape(&quoted(&value[1..], '"', lines)?),
        _ => Zeroizing::new(bare(value).to_owned()),
    };
    Ok((name.to_owned(), value))
}

/// A bare value ends at ` #` or the line's end.
fn bare(value: &str) -> &str {
    let end = value
        .char_indices()
        .find(|(at, c)| *c == '#' && (*at == 0 || value[..*at].ends_with([' ', '\t'])))
        .map_or(value.len(), |(at, _)| at);
    value[..end].trim_end()
}

/// The text up to the closing quote, over line ends if need be.
fn quoted(
    first: &str,
    quote: char,
    lines: &mut Lines<'_>,
) -> Result<Zeroizing<String>, &'static str> {
    let mut out = Zeroizing::new(String::new());
    let mut line = first;
    loop {
        if let Some(end) = closing(line, quote) {
            out.push_str(&line[..end]);
            let after = line[end + 1..].trim_start();
            return if after.is_empty() || after.starts_with('#') {
                Ok(out)
            } else {
                Err("there is text after the closing quote")
            };
        }
        out.push_str(line);
        out.push('\n');
        line = lines.next().ok_or("the quote is not closed")?.1;
    }
}

/// Where the closing quote is; in double quotes a backslash hides one.
fn closing(line: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote => return Some(at),
            _ => {}
        }
    }
    None
}

fn unescape(text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(text.len()));
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some(c @ ('"' | '\\' | '$' | '`')) => out.push(c),
            Some(c) => out.extend(['\\', c]),
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        parse(text)
            .into_iter()
            .filter_map(|row| row.set.ok())
            .map(|(name, value)| (name, value.to_string()))
            .collect()
    }

    fn one(text: &str) -> String {
        read(text).pop().unwrap().1
    }

    #[test]
    fn values_are_literal() {
        assert_eq!(one("A=$(rm -rf ~)"), "$(rm -rf ~)");
        assert_eq!(one("A=${VAR}"), "${VAR}");
        assert_eq!(one("A=\"${VAR}\""), "${VAR}");
        assert_eq!(one("export A='x # y' # note"), "x # y");
        assert_eq!(one("A=a#b # note"), "a#b");
        assert_eq!(one("A = b "), "b");
        assert_eq!(one("A=\"a\\nb\\\"c\\\\d\\q\""), "a\nb\"c\\d\\q");
        assert_eq!(one("A='a\\nb'"), "a\\nb");
        assert_eq!(one("A="), "");
        assert_eq!(one("\u{feff}A=b"), "b");
    }

    #[test]
    fn lines_end_in_lf_crlf_or_cr_and_quotes_span_them() {
        let expected = vec![("A".to_owned(), "1".to_owned()), ("B".to_owned(), "2".to_owned())];
        for text in ["A=1\nB=2\n", "A=1\r\nB=2\r\n", "A=1\rB=2"] {
            assert_eq!(read(text), expected, "{text:?}");
        }
        let pem = "K=\"-----BEGIN X-----\nabc\n-----END X-----\"\nB=2";
        assert_eq!(read(pem)[0].1, "-----BEGIN X-----\nabc\n-----END X-----");
        assert_eq!(read(pem)[1].0, "B");
    }

    #[test]
    fn bad_lines_are_named_with_their_number() {
        let rows = parse("# c\nA=1\nnonsense\n1A=x\nB=\"open\nC=2");
        let bad: Vec<u32> =
            rows.iter().filter(|row| row.set.is_err()).map(|row| row.line).collect();
        assert_eq!(bad, [3, 4, 5]);
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[A-Z='\"\\\\ #\\r\\n$é]{0,60}") {
            parse(&text);
        }
    }
}
