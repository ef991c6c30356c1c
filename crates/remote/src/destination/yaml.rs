//! As much of YAML 1.2 as a plainly written manifest needs, read with the place of every scalar:
//! documents, block mappings of plain keys, and scalars on one line or in a literal block.

use std::ops::Range;

use zeroize::Zeroizing;

/// A value of a mapping.
#[derive(Debug, Clone)]
pub(super) struct Scalar {
    /// Where it is: quotes, or a block's header and lines, included; empty where nothing is.
    pub(super) span: Range<usize>,
    style: Style,
    /// Its line, from 1.
    line: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Style {
    Empty,
    Plain,
    Single,
    Double,
    /// `|`: spaces before each line, and what becomes of line ends after it (`-`, `+` or nothing).
    Literal(usize, Option<char>),
    /// What is not read: why.
    Odd(&'static str),
}

/// A line: where it is without its end, and its number from 1.
#[derive(Debug, Clone)]
struct Line {
    span: Range<usize>,
    /// Where the next one begins.
    next: usize,
    number: usize,
}

fn lines(text: &str, within: Range<usize>) -> Vec<Line> {
    let mut number = text[..within.start].matches('\n').count();
    let mut at = within.start;
    let whole = text[within].split_inclusive('\n').map(|line| {
        number += 1;
        let bare = line.strip_suffix('\n').unwrap_or(line);
        let bare = bare.strip_suffix('\r').unwrap_or(bare);
        let line = Line { span: at..at + bare.len(), next: at + line.len(), number };
        at = line.next;
        line
    });
    whole.collect()
}

/// Spaces that a line begins with; none for one that says nothing.
fn depth(line: &str) -> Option<usize> {
    let rest = line.trim_start_matches(' ');
    let silent = rest.is_empty() || rest.starts_with('#');
    (!silent).then_some(line.len() - rest.len())
}

/// The documents of a file.
pub(super) fn documents(text: &str) -> Vec<Range<usize>> {
    let start = text.len() - text.strip_prefix('\u{feff}').unwrap_or(text).len();
    let mut documents = vec![];
    let mut from = start;
    for line in lines(text, start..text.len()) {
        let shown = &text[line.span.clone()];
        let marks = |mark: &str| {
            shown
                .strip_prefix(mark)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
        };
        if marks("---") || marks("...") {
            documents.push(from..line.span.start);
            from = line.next;
        }
    }
    documents.push(from..text.len());
    documents
}

/// The keys of a document with what stands beside them and the lines below. A document that is no
/// block mapping has none.
pub(super) fn top(
    text: &str,
    document: Range<usize>,
) -> Result<Vec<(String, Scalar, Range<usize>)>, String> {
    let all = lines(text, document.clone());
    let first = all.iter().find(|line| depth(&text[line.span.clone()]).is_some());
    match first.map(|line| &text[line.span.clone()]) {
        Some(line) if !line.starts_with([' ', '-', '{', '[', '%']) => {}
        _ => return Ok(vec![]),
    }
    let mut found: Vec<(String, Scalar, Range<usize>)> = vec![];
    for line in &all {
        let shown = &text[line.span.clone()];
        if shown.starts_with('\t') {
            return Err(format!("line {}: a tab", line.number));
        }
        // A list may stand under its key without being moved in.
        if depth(shown) != Some(0) || shown.starts_with("- ") || shown == "-" {
            continue;
        }
        if let Some((.., children)) = found.last_mut() {
            children.end = line.span.start;
        }
        let (name, scalar) = entry(text, line, &all, 0)?;
        if found.iter().any(|(known, ..)| *known == name) {
            return Err(format!("line {}: `{name}` stands there twice", line.number));
        }
        found.push((name, scalar, line.next.min(document.end)..document.end));
    }
    Ok(found)
}

/// How far the keys among these lines are moved in; none when there are none.
pub(super) fn indent(text: &str, within: Range<usize>) -> Result<Option<usize>, String> {
    let all = lines(text, within);
    for line in &all {
        let shown = &text[line.span.clone()];
        if shown.trim_start_matches(' ').starts_with('\t') {
            return Err(format!("line {}: a tab", line.number));
        }
        if let Some(depth) = depth(shown) {
            return Ok(Some(depth));
        }
    }
    Ok(None)
}

/// The keys and values of a block mapping that these lines are.
pub(super) fn mapping(text: &str, within: Range<usize>) -> Result<Vec<(String, Scalar)>, String> {
    let Some(indent) = indent(text, within.clone())? else { return Ok(vec![]) };
    let all = lines(text, within);
    let mut found: Vec<(String, Scalar)> = vec![];
    let mut skip_to = 0;
    for line in all.iter() {
        let Some(depth) = depth(&text[line.span.clone()]) else { continue };
        if line.span.start < skip_to {
            continue;
        }
        if depth != indent {
            // What is below a key belongs to it, and is not ours to understand.
            match found.last_mut() {
                Some((_, scalar)) if depth > indent => {
                    if !matches!(scalar.style, Style::Odd(_)) {
                        scalar.style = Style::Odd("it goes over several lines");
                    }
                    continue;
                }
                _ => return Err(format!("line {}: it is moved in unlike the others", line.number)),
            }
        }
        let (name, scalar) = entry(text, line, &all, indent)?;
        skip_to = scalar.span.end;
        found.push((name, scalar));
    }
    Ok(found)
}

/// The value of one key of a block mapping.
pub(super) fn mapping_value(
    text: &str,
    within: Range<usize>,
    key: &str,
) -> Result<Option<Scalar>, String> {
    let mut found = mapping(text, within)?.into_iter().filter(|(name, _)| name == key);
    let first = found.next().map(|(_, scalar)| scalar);
    match found.next() {
        None => Ok(first),
        Some((_, scalar)) => Err(format!("line {}: `{key}` stands there twice", scalar.line)),
    }
}

/// `key: value` on a line.
fn entry(text: &str, line: &Line, all: &[Line], indent: usize) -> Result<(String, Scalar), String> {
    let odd = |why: &str| Err(format!("line {}: {why}", line.number));
    let shown = &text[line.span.start + indent..line.span.end];
    let (name, after) = match shown.bytes().next() {
        Some(quote @ (b'"' | b'\'')) => {
            let inner = &shown[1..];
            let Some((name, after)) = inner.split_once(char::from(quote)) else {
                return odd("a key that goes over several lines");
            };
            if name.contains('\\') || after.starts_with(char::from(quote)) {
                return odd("a key with escapes");
            }
            let Some(after) = after.trim_start_matches(' ').strip_prefix(':') else {
                return odd("no `:` after the key");
            };
            (name, after)
        }
        Some(b'&' | b'*' | b'!' | b'?' | b'<' | b'{' | b'[' | b'-' | b'|' | b'>' | b'%' | b'@') => {
            return odd("anchors, tags, merges, lists and flow style are not understood here");
        }
        _ => match shown.find(": ").or_else(|| shown.strip_suffix(':').map(str::len)) {
            Some(at) => (shown[..at].trim_end(), &shown[at + 1..]),
            None => return odd("it is no `key: value`"),
        },
    };
    if !after.is_empty() && !after.starts_with(' ') {
        return odd("it is no `key: value`");
    }
    let value = after.trim_start_matches(' ');
    let from = line.span.end - value.len();
    let (style, length) = style(value);
    let mut scalar = Scalar { span: from..from + length, style, line: line.number };
    if scalar.style == Style::Empty {
        // Where a value would be written: beside the colon.
        let colon = line.span.end - after.len();
        scalar.span = colon..colon;
    }
    if let Style::Literal(..) = scalar.style {
        literal(text, &mut scalar, all, indent);
    }
    Ok((name.to_owned(), scalar))
}

/// What kind of scalar begins here, and how long it is on this line.
fn style(value: &str) -> (Style, usize) {
    let odd = |why| (Style::Odd(why), value.len());
    let is_end = |rest: &str| {
        let bare = rest.trim_start_matches([' ', '\t']);
        bare.is_empty() || bare.starts_with('#') && bare.len() < rest.len()
    };
    let first = match value.chars().next() {
        None | Some('#') => return (Style::Empty, 0),
        Some(first) => first,
    };
    match first {
        '&' | '*' => odd("anchors and aliases are not understood here"),
        '!' => odd("tags are not understood here"),
        '{' | '[' => odd("flow style is not understood here"),
        '%' | '@' | '`' | ',' | ']' | '}' | '\t' => odd("it is not YAML that is understood here"),
        '>' => odd("folded text is not understood here"),
        '|' => {
            let mark = &value[1..];
            let (chomp, rest) = match mark.chars().next() {
                Some(c @ ('-' | '+')) => (Some(c), &mark[1..]),
                _ => (None, mark),
            };
            match is_end(rest) {
                true => (Style::Literal(0, chomp), value.len()),
                false => odd("its block is not understood here"),
            }
        }
        '\'' => {
            let mut at = 1;
            loop {
                let Some(length) = value[at..].find('\'') else {
                    return odd("it goes over several lines");
                };
                at += length + 1;
                if !value[at..].starts_with('\'') {
                    break;
                }
                at += 1;
            }
            match is_end(&value[at..]) {
                true => (Style::Single, at),
                false => odd("there is text after the quote"),
            }
        }
        '"' => {
            let mut hidden = false;
            let close = value[1..].bytes().position(|byte| {
                let was = std::mem::replace(&mut hidden, false);
                hidden = byte == b'\\' && !was;
                byte == b'"' && !was
            });
            match close.map(|close| close + 2) {
                None => odd("it goes over several lines"),
                Some(at) if is_end(&value[at..]) => (Style::Double, at),
                Some(_) => odd("there is text after the quote"),
            }
        }
        '?' | '-' | ':' if value[1..].is_empty() || value[1..].starts_with(' ') => {
            odd("it is no plain value")
        }
        _ => {
            let end = value.find(" #").or_else(|| value.find("\t#")).unwrap_or(value.len());
            let plain = value[..end].trim_end_matches([' ', '\t']);
            match plain.contains(": ") || plain.ends_with(':') {
                true => odd("it holds a `:` that means something else"),
                false => (Style::Plain, plain.len()),
            }
        }
    }
}

/// Takes the lines of a literal block into its span.
fn literal(text: &str, scalar: &mut Scalar, all: &[Line], parent: usize) {
    let Style::Literal(_, chomp) = scalar.style else { return };
    let below = all.iter().filter(|line| line.span.start >= scalar.span.end);
    let mut indent = None;
    let mut end = scalar.span.end;
    for line in below {
        let shown = &text[line.span.clone()];
        let spaces = shown.len() - shown.trim_start_matches(' ').len();
        if shown.trim_start_matches(' ').is_empty() {
            // More spaces than the text has would be part of it.
            if indent.is_none_or(|indent| spaces > indent) && spaces > 0 {
                scalar.style =
                    Style::Odd("its block begins with blanks, which is not understood here");
                return;
            }
            continue;
        }
        let deep = *indent.get_or_insert(spaces);
        if deep <= parent || spaces < deep {
            if spaces > parent && deep > parent {
                scalar.style = Style::Odd("its block is moved in unevenly");
                return;
            }
            break;
        }
        end = line.span.end;
    }
    match indent.filter(|deep| *deep > parent) {
        // Blank lines after it would count with `+`.
        Some(_) if chomp == Some('+') => {
            scalar.style = Style::Odd("`|+` is not understood here");
        }
        Some(deep) => {
            scalar.style = Style::Literal(deep, chomp);
            scalar.span.end = end;
        }
        None => scalar.style = Style::Odd("its block is empty"),
    }
}

impl Scalar {
    /// Refuses what is not simply a key with lines below it.
    pub(super) fn must_be_block(&self, text: &str, name: &str) -> Result<(), String> {
        match self.style {
            Style::Empty => Ok(()),
            Style::Odd(why) => Err(format!("line {}: `{name}`: {why}", self.line)),
            _ => Err(format!(
                "line {}: `{name}` is no block of keys: `{}`",
                self.line,
                text[self.span.clone()].chars().take(1).collect::<String>()
            )),
        }
    }

    /// Its value as text.
    pub(super) fn read(&self, text: &str) -> Result<Zeroizing<String>, String> {
        let odd = |why: &str| Err(format!("line {}: {why}", self.line));
        let shown = &text[self.span.clone()];
        let mut out = Zeroizing::new(String::with_capacity(shown.len() + 1));
        match &self.style {
            Style::Odd(why) => return odd(why),
            Style::Empty => {}
            Style::Plain => out.push_str(shown),
            Style::Single => {
                let mut rest = &shown[1..shown.len() - 1];
                while let Some((before, after)) = rest.split_once("''") {
                    out.push_str(before);
                    out.push('\'');
                    rest = after;
                }
                out.push_str(rest);
            }
            Style::Double => unescape(&shown[1..shown.len() - 1], &mut out)
                .map_err(|why| format!("line {}: {why}", self.line))?,
            Style::Literal(indent, chomp) => {
                let inner = shown.split_once('\n').map(|(_, inner)| inner).unwrap_or_default();
                for (number, line) in inner.split('\n').enumerate() {
                    if number > 0 {
                        out.push('\n');
                    }
                    let line = line.strip_suffix('\r').unwrap_or(line);
                    out.push_str(line.get(*indent..).unwrap_or_default());
                }
                if chomp.is_none() {
                    out.push('\n');
                }
            }
        }
        Ok(out)
    }
}

fn unescape(inner: &str, out: &mut String) -> Result<(), &'static str> {
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let escaped = chars.next().unwrap_or_default();
        let digits = match escaped {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => {
                let known = ESCAPES.iter().find(|(short, _)| *short == escaped);
                out.push(known.ok_or("an escape that YAML does not have")?.1);
                continue;
            }
        };
        let code: String = chars.by_ref().take(digits).collect();
        let whole = code.len() == digits && code.bytes().all(|b| b.is_ascii_hexdigit());
        let code = if whole { u32::from_str_radix(&code, 16).ok() } else { None };
        out.push(code.and_then(char::from_u32).ok_or("an escape that YAML does not have")?);
    }
    Ok(())
}

/// What stands for one sign in double quotes (YAML 1.2.2 section 5.7).
const ESCAPES: [(char, char); 18] = [
    ('0', '\0'),
    ('a', '\x07'),
    ('b', '\x08'),
    ('t', '\t'),
    ('\t', '\t'),
    ('n', '\n'),
    ('v', '\x0b'),
    ('f', '\x0c'),
    ('r', '\r'),
    ('e', '\x1b'),
    (' ', ' '),
    ('"', '"'),
    ('/', '/'),
    ('\\', '\\'),
    ('N', '\u{85}'),
    ('_', '\u{a0}'),
    ('L', '\u{2028}'),
    ('P', '\u{2029}'),
];

/// A text as a scalar, in the style of the old one where that can hold it.
pub(super) fn written(value: &str, old: Option<&Scalar>) -> Zeroizing<String> {
    let style = old.map_or(&Style::Plain, |old| &old.style);
    let printable = value.chars().all(|c| c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric());
    let parts: Zeroizing<Vec<String>> = Zeroizing::new(match style {
        Style::Plain | Style::Empty if is_string(value) => vec![value.to_owned()],
        Style::Single if printable => vec!["'".into(), value.replace('\'', "''"), "'".into()],
        Style::Literal(indent, _) if fits_a_block(value) => {
            let (body, header) = match value.strip_suffix('\n') {
                Some(body) => (body, "|"),
                None => (value, "|-"),
            };
            let start = format!("\n{}", " ".repeat(*indent));
            vec![header.into(), start.clone(), body.replace('\n', &start)]
        }
        _ => vec!["\"".into(), escaped(value), "\"".into()],
    });
    // After `key:`, where nothing stood.
    let gap = if *style == Style::Empty { " " } else { "" };
    Zeroizing::new([gap, &parts.concat()].concat())
}

/// Whether a text without quotes is read as that text: nothing in it means anything to YAML, and it
/// is neither a number nor a truth, in any version.
pub(super) fn is_string(value: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./+=".contains(&b);
    let of_a_number = |b: u8| b.is_ascii_hexdigit() || b"xXoOeE_+-.".contains(&b);
    let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    value.bytes().all(plain)
        && value.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && !value.bytes().all(of_a_number)
        && !words.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Whether a literal block can hold a text as it is: printable lines, none of them beginning or ending
/// with blanks, none empty at either end.
fn fits_a_block(value: &str) -> bool {
    let body = value.strip_suffix('\n').unwrap_or(value);
    let ends = body.starts_with(['\n', ' ']) || body.ends_with('\n');
    let plain = |c: char| c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric();
    !ends && !body.is_empty() && body.split('\n').all(|line| line.chars().all(plain))
}

fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len() * 2);
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric() => out.push(c),
            c if (c as u32) < 0x1_0000 => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push_str(&format!("\\U{:08x}", c as u32)),
        }
    }
    out
}
