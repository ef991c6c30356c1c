//! One variable of an `.env` file. Every byte but the value's own stays as it is, and the value is
//! written so that the readers of such files agree on it: those that take `\n` in double quotes, those
//! that expand `$`, and ours. Where two readers would see different lines in the file as it stands,
//! nothing is written.

use std::ops::Range;
use std::path::Path;

use zeroize::Zeroizing;

use super::{local, text, write};
use crate::Failure;

/// Writes the value into the last line that sets the variable, or adds a line.
pub(super) fn push(path: &Path, var: &str, value: &[u8]) -> Result<(), Failure> {
    let value = text(value)?;
    let known = write::read(path)?;
    let old = contents(path, known.bytes.as_deref())?;
    let new = edited(old, var, value).map_err(|why| local(format!("{}: {why}", path.display())))?;
    known.replace(new.as_bytes())
}

/// The value that the file gives the variable.
pub(super) fn read(path: &Path, var: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    let known = write::read(path)?;
    let text = contents(path, known.bytes.as_deref())?;
    let rows = rows(text).map_err(|why| local(format!("{}: {why}", path.display())))?;
    let last = rows.iter().rev().find(|row| row.name == var);
    Ok(last.map(|row| Zeroizing::new(row.value(text).as_bytes().to_vec())))
}

/// What a person should know of the variable in this file.
pub(super) fn remarks(path: &Path, var: &str) -> Vec<String> {
    let Ok(known) = write::read(path) else { return vec![] };
    let text = contents(path, known.bytes.as_deref()).unwrap_or_default();
    let times = rows(text).unwrap_or_default().iter().filter(|row| row.name == var).count();
    if times < 2 {
        return vec![];
    }
    vec![format!(
        "`{var}` is set {times} times in {}. Readers take the last one, so that is the one that is written.",
        path.display()
    )]
}

fn contents<'a>(path: &Path, bytes: Option<&'a Vec<u8>>) -> Result<&'a str, Failure> {
    let bytes = bytes.map(Vec::as_slice).unwrap_or_default();
    std::str::from_utf8(bytes).map_err(|_| local(format!("{}: it is not UTF-8", path.display())))
}

/// The file with the new value, or why it cannot be written there.
fn edited(text: &str, var: &str, value: &str) -> Result<Zeroizing<String>, String> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if !var.bytes().all(is_name) || var.is_empty() || var.as_bytes()[0].is_ascii_digit() {
        return Err(format!("`{var}` is no name that a variable can have"));
    }
    let rows = rows(text)?;
    let alone = |line: &str| line.trim().strip_prefix("export ").unwrap_or(line).trim() == var;
    if text.split(['\n', '\r']).any(alone) {
        return Err(format!(
            "a line says `{var}` without `=`, which unsets it for some; mend it first"
        ));
    }
    let end = line_end(text);
    let last = rows.iter().rev().find(|row| row.name == var);
    let new = match last {
        Some(row) => {
            let style = Style::fitting(value, Some(row.style))?;
            let (before, after) = (&text[..row.token.start], &text[row.token.end..]);
            // `VAR=#note` sets nothing; with a value before it, the comment needs its blank.
            let gap = if after.starts_with('#') { " " } else { "" };
            joined(&[before, &style.written(value, end), gap, after])
        }
        None => {
            let line = [var, "=", &Style::fitting(value, None)?.written(value, end)].concat();
            let line = Zeroizing::new(line);
            match text.ends_with(['\n', '\r']) || text.trim_start_matches('\u{feff}').is_empty() {
                true => joined(&[text, &line, end]),
                // The last line had no end, and the new last one has none either.
                false => joined(&[text, end, &line]),
            }
        }
    };
    let again = self::rows(&new)?;
    let set = again.iter().rev().find(|row| row.name == var);
    match set {
        Some(row) if *row.value(&new) == value => Ok(new),
        _ => Err("the value would be read back differently".to_owned()),
    }
}

fn joined(parts: &[&str]) -> Zeroizing<String> {
    Zeroizing::new(parts.concat())
}

/// The file's own line end.
fn line_end(text: &str) -> &'static str {
    match text.find(['\n', '\r']).map(|at| &text[at..]) {
        Some(rest) if rest.starts_with("\r\n") => "\r\n",
        Some(rest) if rest.starts_with('\r') => "\r",
        _ => "\n",
    }
}

/// How a value is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    Bare,
    Single,
    Double,
}

impl Style {
    /// The way to write a value, the way of the old one if that will do.
    fn fitting(value: &str, old: Option<Self>) -> Result<Self, &'static str> {
        if value.contains('\0') {
            return Err("the value holds a NUL, which no variable can hold");
        }
        if value.contains("${") {
            return Err("the value holds `${`, which some readers expand even in quotes");
        }
        let all = [Self::Bare, Self::Single, Self::Double];
        let fits = old.into_iter().chain(all).find(|style| style.can_hold(value));
        // Without quotes a shell would take it apart, but nothing else ends with a backslash.
        let plain = |c: char| c == '\\' || is_plain(c);
        match fits {
            Some(style) => Ok(style),
            None if value.chars().all(plain) => Ok(Self::Bare),
            None => Err("no way of quoting it is read alike by all readers; \
                         it mixes quotes with `$`, `` ` `` or a backslash at its end"),
        }
    }

    fn can_hold(self, value: &str) -> bool {
        match self {
            Self::Bare => !value.is_empty() && value.chars().all(is_plain),
            // Some readers take `\\` and `\'` for one sign, though they are in single quotes.
            Self::Single => {
                !value.contains(['\'', '\r']) && !value.contains("\\\\") && !value.ends_with('\\')
            }
            // `$` and `` ` `` are expanded there by some, and hidden by a backslash for others only.
            Self::Double => !value.contains(['$', '`']) && !value.ends_with('\\'),
        }
    }

    fn written(self, value: &str, end: &str) -> Zeroizing<String> {
        // Twice for escapes and line ends, so that it does not grow out of its memory.
        let mut out = Zeroizing::new(String::with_capacity(value.len() * 2 + 2));
        let quote = match self {
            Self::Bare => "",
            Self::Single => "'",
            Self::Double => "\"",
        };
        out.push_str(quote);
        for c in value.chars() {
            match c {
                '\n' => out.push_str(end),
                '\r' if self == Self::Double => out.push_str("\\r"),
                '"' | '\\' if self == Self::Double => out.extend(['\\', c]),
                c => out.push(c),
            }
        }
        out.push_str(quote);
        out
    }
}

/// Means nothing to any reader, shells included, wherever it stands.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-./+=:@%,".contains(c)
}

/// A line, or some, that set a variable.
struct Row<'a> {
    name: &'a str,
    style: Style,
    /// Where the value is, with its quotes.
    token: Range<usize>,
}

impl Row<'_> {
    fn value(&self, text: &str) -> Zeroizing<String> {
        let token = &text[self.token.clone()];
        let mut out = Zeroizing::new(String::with_capacity(token.len()));
        let inner = match self.style {
            Style::Bare => token,
            Style::Single | Style::Double => &token[1..token.len() - 1],
        };
        let mut chars = inner.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\r' => {
                    chars.next_if_eq(&'\n');
                    out.push('\n');
                }
                '\\' if self.style == Style::Double => match chars.next() {
                    Some('n') => out.push('\n'),
                    Some('r') => out.push('\r'),
                    Some('t') => out.push('\t'),
                    Some(c @ ('"' | '\\' | '$' | '`')) => out.push(c),
                    Some(c) => out.extend(['\\', c]),
                    None => out.push('\\'),
                },
                c => out.push(c),
            }
        }
        out
    }
}

/// What the file sets, in order; or the line about which readers would not agree where it ends.
fn rows(text: &str) -> Result<Vec<Row<'_>>, String> {
    let start = text.len() - text.strip_prefix('\u{feff}').unwrap_or(text).len();
    let mut lines = Lines { text, at: start, number: 0 };
    let mut rows = vec![];
    while let Some(line) = lines.next() {
        let number = lines.number;
        let shown = &text[line.clone()];
        let trimmed = shown.trim_start();
        if trimmed.trim_end().is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let begin = line.end - trimmed.len();
        match row(text, begin..line.end, &mut lines) {
            Ok(row) => rows.push(row),
            Err(Odd::Harmless) if !shown.contains(['\'', '"']) => {}
            Err(_) => {
                return Err(format!("readers disagree on what line {number} sets; mend it first"));
            }
        }
    }
    Ok(rows)
}

/// A line that sets nothing.
enum Odd {
    /// As long as it holds no quotes, every reader passes over it.
    Harmless,
    /// Readers see different ends.
    Ambiguous,
}

fn row<'a>(text: &'a str, line: Range<usize>, lines: &mut Lines<'_>) -> Result<Row<'a>, Odd> {
    let whole = &text[line.clone()];
    let assignment = match whole.strip_prefix("export") {
        Some(rest) if rest.starts_with([' ', '\t']) => rest.trim_start(),
        _ => whole,
    };
    let (name, value) = assignment.split_once('=').ok_or(Odd::Harmless)?;
    let name = name.trim();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if name.is_empty() || name.as_bytes()[0].is_ascii_digit() || !name.bytes().all(is_name) {
        return Err(Odd::Harmless);
    }
    let value = value.trim_start();
    let from = line.end - value.len();
    let style = match value.bytes().next() {
        Some(b'\'') => Style::Single,
        Some(b'"') => Style::Double,
        _ => {
            let token = from..from + bare(value).len();
            return Ok(Row { name, style: Style::Bare, token });
        }
    };
    let mut rest = from + 1..line.end;
    let close = loop {
        if let Some(at) = closing(&text[rest.clone()], style) {
            break rest.start + at;
        }
        rest = lines.next().ok_or(Odd::Ambiguous)?;
    };
    // Some readers see an escaped quote in `\'`, and in the end of `\\"`, and read on.
    if text[..close].ends_with('\\') && close > from + 1 {
        return Err(Odd::Ambiguous);
    }
    let after = text[close + 1..rest.end].trim_start();
    if !after.is_empty() && !after.starts_with('#') {
        return Err(Odd::Ambiguous);
    }
    Ok(Row { name, style, token: from..close + 1 })
}

/// A bare value ends at ` #` or the line's end.
fn bare(value: &str) -> &str {
    let end = value
        .char_indices()
        .find(|(at, c)| *c == '#' && (*at == 0 || value[..*at].ends_with([' ', '\t'])))
        .map_or(value.len(), |(at, _)| at);
    value[..end].trim_end()
}

/// Where the closing quote is; in double quotes a backslash hides one.
fn closing(line: &str, style: Style) -> Option<usize> {
    let mut hidden = false;
    line.bytes().position(|byte| {
        let was = std::mem::replace(&mut hidden, false);
        match byte {
            b'"' => style == Style::Double && !was,
            b'\'' => style == Style::Single,
            b'\\' => {
                hidden = style == Style::Double && !was;
                false
            }
            _ => false,
        }
    })
}

struct Lines<'a> {
    text: &'a str,
    at: usize,
    number: u32,
}

impl Lines<'_> {
    /// Where the next line is, without its end; a lone CR ends a line too.
    fn next(&mut self) -> Option<Range<usize>> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        self.number += 1;
        let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let end = &rest[length..];
        let after = end.strip_prefix("\r\n").unwrap_or_else(|| end.get(1..).unwrap_or(""));
        let line = self.at..self.at + length;
        self.at = self.text.len() - after.len();
        Some(line)
    }
}
