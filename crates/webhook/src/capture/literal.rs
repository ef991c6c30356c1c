//! Literals of JavaScript and Python as they stand in copied snippets: strings, numbers, objects and
//! lists. Names and calls are read as such and never worked out.

use std::collections::BTreeMap;

use super::text::{Text, Units, hex};
use crate::request::SampleError;

/// Deepest nesting that is followed.
const DEPTH: usize = 64;

/// The language of a snippet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    JavaScript,
    Python,
}

/// What a literal stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Text(Text),
    /// Members in order.
    Object(Vec<(Text, Literal)>),
    List(Vec<Literal>),
    /// A number, `true`, `None` and the like, as it is spelled.
    Word(String),
    /// A variable.
    Name(String),
    /// A function and what it is called with, such as `json.dumps(…)`.
    Call(String, Vec<Literal>),
    /// An argument that is handed in by name.
    Argument(String, Box<Literal>),
    /// Something that would have to be run.
    Unknown,
}

/// The variables that a snippet has set so far.
#[derive(Debug, Default)]
pub(super) struct Scope(BTreeMap<String, Literal>);

impl Scope {
    /// What a variable holds; everything else is itself.
    pub(super) fn resolve<'a>(&'a self, value: &'a Literal) -> &'a Literal {
        match value {
            Literal::Name(name) => self.0.get(name).unwrap_or(&Literal::Unknown),
            _ => value,
        }
    }
}

/// Walks over a snippet and hands on each call that is asked for, with what was assigned before it.
pub(super) fn scan(
    text: &[u8],
    language: Language,
    is_call: impl Fn(&str) -> bool,
    mut on_call: impl FnMut(&str, Vec<Literal>, &Scope) -> Result<(), SampleError>,
) -> Result<(), SampleError> {
    let mut reader = Reader::new(text, 0, language);
    let mut scope = Scope::default();
    loop {
        reader.space();
        match reader.peek() {
            None => return Ok(()),
            Some(b'"' | b'\'' | b'`') => {
                reader.text(Quote::default())?;
                continue;
            }
            _ => {}
        }
        let name = reader.name();
        if name.is_empty() {
            reader.at += 1;
            continue;
        }
        reader.space();
        match reader.rest() {
            [b'(', ..] if is_call(&name) => {
                reader.at += 1;
                let arguments = reader.list(b')')?;
                on_call(&name, arguments, &scope)?;
            }
            [b'=', next, ..] if !matches!(next, b'=' | b'>') => {
                reader.at += 1;
                reader.space();
                if reader.starts_literal() {
                    let value = reader.value()?;
                    scope.0.insert(name, value);
                }
            }
            _ => {}
        }
    }
}

/// How a string is written.
#[derive(Debug, Clone, Copy, Default)]
struct Quote {
    /// Backslashes stand for themselves.
    raw: bool,
    /// `\xNN` is a byte and not a character.
    bytes: bool,
}

impl Literal {
    pub(super) fn get(&self, name: &str) -> Option<&Literal> {
        match self {
            Self::Object(members) => {
                let named = |(key, _): &&(Text, Literal)| key.bytes == name.as_bytes();
                members.iter().rev().find(named).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// Text, or a number as it is spelled.
    pub(super) fn string(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.lossy()),
            Self::Word(word) => Some(word.clone()),
            _ => None,
        }
    }
}

/// Reads literals from a place in a snippet.
pub(super) struct Reader<'a> {
    text: &'a [u8],
    pub(super) at: usize,
    language: Language,
    depth: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a [u8], at: usize, language: Language) -> Self {
        Self { text, at, language, depth: 0 }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(super) fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Skips white space and comments.
    pub(super) fn space(&mut self) {
        loop {
            let rest = self.rest();
            let blanks = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
            self.at += blanks;
            let rest = &rest[blanks..];
            let is_comment = match self.language {
                Language::JavaScript => rest.starts_with(b"//"),
                // A backslash at the end of a line continues it.
                Language::Python => {
                    rest.starts_with(b"#") || rest.starts_with(b"\\\n") || rest.starts_with(b"\\\r")
                }
            };
            if !is_comment {
                return;
            }
            self.at += rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |at| at + 1);
        }
    }

    /// Passes a mark if it stands here.
    pub(super) fn pass(&mut self, mark: u8) -> bool {
        self.space();
        let is_here = self.peek() == Some(mark);
        self.at += usize::from(is_here);
        is_here
    }

    /// A name with dots.
    pub(super) fn name(&mut self) -> String {
        let rest = self.rest();
        let part =
            |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'.') || !b.is_ascii();
        let length = rest.iter().position(|b| !part(b)).unwrap_or(rest.len());
        self.at += length;
        String::from_utf8_lossy(&rest[..length]).into_owned()
    }

    /// Reads one value. What is no literal is passed over up to the next comma or bracket.
    pub(super) fn value(&mut self) -> Result<Literal, SampleError> {
        self.space();
        if self.depth == DEPTH {
            return Err(SampleError::Json(format!("nested deeper than {DEPTH} levels")));
        }
        self.depth += 1;
        let value = self.value_inside();
        self.depth -= 1;
        let mut value = value?;
        self.space();
        // A method on the literal, such as `.encode()`; only that one keeps the text.
        if self.peek() == Some(b'.') {
            let method = self.name();
            let arguments = if self.pass(b'(') { self.list(b')')? } else { vec![] };
            let keeps = method == ".encode" && arguments.iter().all(is_utf8);
            value = if keeps { value } else { Literal::Unknown };
            self.space();
        }
        let is_name = matches!(value, Literal::Name(_)) && self.peek() == Some(b'=');
        let ends = matches!(self.peek(), None | Some(b',' | b')' | b']' | b'}' | b':' | b';'));
        if !ends && !is_name && !self.at_line_start() {
            self.pass_over()?;
            return Ok(Literal::Unknown);
        }
        Ok(value)
    }

    /// Whether nothing stands before this place on its line: a new statement.
    fn at_line_start(&self) -> bool {
        let before = self.text[..self.at].iter().rev().find(|b| !matches!(b, b' ' | b'\t' | b'\r'));
        self.depth <= 1 && before.is_none_or(|b| *b == b'\n')
    }

    /// Whether a value stands here that can be read without running anything.
    fn starts_literal(&self) -> bool {
        match self.rest() {
            [b'"' | b'\'' | b'`' | b'{' | b'[' | b'(', ..] => true,
            [b'b' | b'r' | b'u' | b'B' | b'R' | b'U', b'"' | b'\'', ..] => true,
            rest => rest.starts_with(b"json.dumps") || rest.starts_with(b"JSON.stringify"),
        }
    }

    fn value_inside(&mut self) -> Result<Literal, SampleError> {
        match self.peek() {
            Some(b'"' | b'\'' | b'`') => self.text(Quote::default()),
            Some(b'{') => {
                self.at += 1;
                self.object()
            }
            Some(b'[') => {
                self.at += 1;
                Ok(Literal::List(self.list(b']')?))
            }
            Some(b'(') => {
                // Python puts long strings in brackets.
                self.at += 1;
                let mut values = self.list(b')')?;
                Ok(match (values.pop(), values.is_empty()) {
                    (Some(only), true) => only,
                    _ => Literal::Unknown,
                })
            }
            Some(b'-' | b'+' | b'0'..=b'9') => {
                let rest = self.rest();
                let part = |b: &u8| b.is_ascii_alphanumeric() || b"+-._".contains(b);
                let length = rest.iter().position(|b| !part(b)).unwrap_or(rest.len());
                self.at += length;
                Ok(Literal::Word(String::from_utf8_lossy(&rest[..length]).into_owned()))
            }
            Some(_) => self.named(),
            None => Err(SampleError::CutShort("the snippet ends in the middle".into())),
        }
    }

    /// A word, a prefixed string, a variable or a call.
    fn named(&mut self) -> Result<Literal, SampleError> {
        let name = self.name();
        if name.is_empty() {
            self.pass_over()?;
            return Ok(Literal::Unknown);
        }
        if self.language == Language::Python && matches!(self.peek(), Some(b'"' | b'\'')) {
            let prefix = name.to_ascii_lowercase();
            return match prefix.as_str() {
                "b" | "u" => self.text(Quote { raw: false, bytes: prefix == "b" }),
                "r" | "br" | "rb" => self.text(Quote { raw: true, bytes: prefix != "r" }),
                _ => {
                    self.text(Quote { raw: true, bytes: false })?;
                    Ok(Literal::Unknown)
                }
            };
        }
        if matches!(
            name.as_str(),
            "true" | "false" | "null" | "True" | "False" | "None" | "undefined"
        ) {
            return Ok(Literal::Word(name));
        }
        if self.pass(b'(') {
            return Ok(Literal::Call(name, self.list(b')')?));
        }
        Ok(Literal::Name(name))
    }

    /// Values up to a closing bracket.
    fn list(&mut self, close: u8) -> Result<Vec<Literal>, SampleError> {
        let mut values = vec![];
        loop {
            if self.pass(close) {
                return Ok(values);
            }
            let value = self.value()?;
            values.push(match value {
                Literal::Name(name) if self.pass(b'=') => {
                    Literal::Argument(name, Box::new(self.value()?))
                }
                value => value,
            });
            if !self.pass(b',') && self.peek() != Some(close) {
                self.end_of(close)?;
                return Ok(vec![Literal::Unknown]);
            }
        }
    }

    /// Passes over what was not understood, to a closing bracket.
    fn end_of(&mut self, close: u8) -> Result<(), SampleError> {
        loop {
            self.pass_over()?;
            match self.peek() {
                None => {
                    return Err(SampleError::CutShort(
                        "a bracket of the snippet is not closed".into(),
                    ));
                }
                Some(byte) => {
                    self.at += 1;
                    if byte == close {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn object(&mut self) -> Result<Literal, SampleError> {
        let mut members = vec![];
        loop {
            if self.pass(b'}') {
                return Ok(Literal::Object(members));
            }
            self.space();
            let key = match self.peek() {
                Some(b'"' | b'\'' | b'`') => match self.text(Quote::default())? {
                    Literal::Text(text) => text,
                    _ => Text::default(),
                },
                _ => Text { bytes: self.name().into_bytes(), ..Text::default() },
            };
            if self.pass(b':') {
                members.push((key, self.value()?));
            } else if !matches!(self.peek(), Some(b',' | b'}')) {
                self.end_of(b'}')?;
                return Ok(Literal::Unknown);
            } else {
                // `{headers}` is short for `{headers: headers}`.
                let name = Literal::Name(key.lossy());
                members.push((key, name));
            }
            self.pass(b',');
        }
    }

    /// To the next comma or closing bracket, over strings and brackets.
    fn pass_over(&mut self) -> Result<(), SampleError> {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' | b'\'' | b'`' => {
                    self.text(Quote::default())?;
                    continue;
                }
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' if depth == 0 => return Ok(()),
                b')' | b']' | b'}' => depth -= 1,
                b',' | b';' if depth == 0 => return Ok(()),
                _ => {}
            }
            self.at += 1;
        }
        Ok(())
    }

    /// A string, with those that Python puts beside it.
    fn text(&mut self, quote: Quote) -> Result<Literal, SampleError> {
        let mut text = Text::default();
        let mut runs = !self.one_text(quote, &mut text)?;
        while self.language == Language::Python {
            self.space();
            let (prefix, rest) = match self.rest() {
                [prefix @ (b'r' | b'R' | b'b' | b'B' | b'u' | b'U'), rest @ ..] => {
                    (Some(*prefix), rest)
                }
                rest => (None, rest),
            };
            if !matches!(rest.first(), Some(b'"' | b'\'')) || self.at_line_start() {
                break;
            }
            self.at += usize::from(prefix.is_some());
            let raw = matches!(prefix, Some(b'r' | b'R'));
            runs |= !self.one_text(Quote { raw, ..quote }, &mut text)?;
        }
        Ok(if runs { Literal::Unknown } else { Literal::Text(text) })
    }

    /// One quoted string; false when a part of it would have to be run.
    fn one_text(&mut self, style: Quote, text: &mut Text) -> Result<bool, SampleError> {
        let quote = self.peek().unwrap_or(b'"');
        let triple = [quote; 3];
        let is_triple = self.language == Language::Python && self.rest().starts_with(&triple);
        let end: &[u8] = if is_triple { &triple } else { &triple[..1] };
        self.at += end.len();
        let mut units = Units::default();
        let mut is_plain = true;
        loop {
            let rest = self.rest();
            let byte = *rest.first().ok_or_else(|| {
                SampleError::CutShort("a quotation mark of the snippet is not closed".into())
            })?;
            if rest.starts_with(end) {
                units.flush(text);
                self.at += end.len();
                return Ok(is_plain);
            }
            if byte != b'\\' {
                is_plain &= quote != b'`' || !rest.starts_with(b"${");
                units.flush(text);
                text.bytes.push(byte);
                self.at += 1;
            } else if style.raw {
                text.bytes.extend_from_slice(&rest[..rest.len().min(2)]);
                self.at += rest.len().min(2);
            } else {
                self.escape(rest, style, text, &mut units);
            }
        }
    }

    /// After a backslash.
    fn escape(&mut self, rest: &[u8], style: Quote, text: &mut Text, units: &mut Units) {
        let digits = |from: usize, most: usize, radix: u32| {
            let digits = rest.get(from..).unwrap_or_default().iter().take(most);
            let digits = digits.map_while(|b| char::from(*b).to_digit(radix));
            digits.fold((0_u32, 0_usize), |(sum, n), digit| {
                (sum.wrapping_mul(radix).wrapping_add(digit), n + 1)
            })
        };
        if rest.get(1) == Some(&b'u')
            && let Some(unit) = hex(rest.get(2..6))
        {
            units.push(unit, text);
            self.at += 6;
            return;
        }
        let is_python = self.language == Language::Python;
        let (code, length) = match rest.get(1) {
            Some(b'x') if digits(2, 2, 16).1 == 2 => (digits(2, 2, 16).0, 4),
            Some(b'u') if rest.get(2) == Some(&b'{') => {
                let (code, n) = digits(3, 6, 16);
                (code, n + 4)
            }
            Some(b'U') if is_python && digits(2, 8, 16).1 == 8 => (digits(2, 8, 16).0, 10),
            Some(b'0'..=b'7') if is_python => {
                let (code, n) = digits(1, 3, 8);
                (code, n + 1)
            }
            Some(b'0') => (0, 2),
            Some(b'n') => (10, 2),
            Some(b'r') => (13, 2),
            Some(b't') => (9, 2),
            Some(b'b') => (8, 2),
            Some(b'f') => (12, 2),
            Some(b'v') => (11, 2),
            Some(b'a') if is_python => (7, 2),
            Some(b'\n') => {
                self.at += 2;
                return;
            }
            Some(byte) if is_python && !matches!(byte, b'\\' | b'\'' | b'"') => {
                units.flush(text);
                text.bytes.push(b'\\');
                self.at += 1;
                return;
            }
            Some(_) | None => {
                // Any other character stands for itself.
                units.flush(text);
                self.at += 1;
                text.bytes.extend(self.peek());
                self.at += 1;
                return;
            }
        };
        units.flush(text);
        match u8::try_from(code) {
            Ok(byte) if style.bytes => text.bytes.push(byte),
            _ => text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
        }
        self.at += length;
    }
}

/// The encodings that keep a text as it stands here.
fn is_utf8(argument: &Literal) -> bool {
    argument.string().is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        matches!(name.as_str(), "utf-8" | "utf8" | "ascii")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str, language: Language) -> Literal {
        Reader::new(text.as_bytes(), 0, language).value().expect("a literal")
    }

    fn plain(text: &str) -> Literal {
        Literal::Text(Text { bytes: text.as_bytes().to_vec(), ..Text::default() })
    }

    #[test]
    fn strings_of_javascript() {
        for (text, value) in [
            (r#""a\n\"\u00fc\ud83d\ude00\x41\u{1F600}\/""#, "a\n\"ü😀A😀/"),
            (r"'it\'s'", "it's"),
            ("`a\nb`", "a\nb"),
            ("'a\\\nb'", "ab"),
        ] {
            assert_eq!(read(text, Language::JavaScript), plain(value), "{text}");
        }
        assert_eq!(read("`${a}`", Language::JavaScript), Literal::Unknown);
        assert_eq!(read("'a' + b", Language::JavaScript), Literal::Unknown);
    }

    #[test]
    fn strings_of_python() {
        for (text, value) in [
            (r"'a\x41\101\u00fc\U0001f600\q\n'", "aAAü😀\\q\n"),
            (r"r'\n'", r"\n"),
            ("'''a\n\"b'''", "a\n\"b"),
            ("('a'\n 'b' \"c\")", "abc"),
            ("'x'.encode()", "x"),
            ("'ü'.encode('utf-8')", "ü"),
        ] {
            assert_eq!(read(text, Language::Python), plain(value), "{text}");
        }
        let bytes = Text { bytes: b"\xff\0".to_vec(), ..Text::default() };
        assert_eq!(read(r"b'\xff\0'", Language::Python), Literal::Text(bytes));
        for text in ["f'{x}'", "'a' % b", "'ü'.encode('latin-1')", "'a'.upper()"] {
            assert_eq!(read(text, Language::Python), Literal::Unknown, "{text}");
        }
    }

    #[test]
    fn objects_lists_and_calls() {
        let object = read(
            "{a: 1, 'b': [true, null,], \"c\": f(x), d, // no\n e: {},}",
            Language::JavaScript,
        );
        assert_eq!(object.get("a"), Some(&Literal::Word("1".into())));
        assert_eq!(
            object.get("b"),
            Some(&Literal::List(vec![Literal::Word("true".into()), Literal::Word("null".into())]))
        );
        assert_eq!(
            object.get("c"),
            Some(&Literal::Call("f".into(), vec![Literal::Name("x".into())]))
        );
        assert_eq!(object.get("d"), Some(&Literal::Name("d".into())));
        assert_eq!(object.get("e"), Some(&Literal::Object(vec![])));
        let deep = "[".repeat(100_000);
        assert!(Reader::new(deep.as_bytes(), 0, Language::Python).value().is_err());
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "[\\[\\](){}'\"`,:.;$\\\\u0xbrnf# \n-]{0,60}") {
            for language in [Language::JavaScript, Language::Python] {
                let _ = Reader::new(text.as_bytes(), 0, language).value();
            }
        }
    }
}
