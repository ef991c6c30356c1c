//! Reading one value after another from a snippet.

use super::strings::Quote;
use super::{Language, Literal};
use crate::capture::text::Text;
use crate::request::SampleError;

/// Deepest nesting that is followed.
const DEPTH: usize = 64;

/// Reads literals from a place in a snippet.
pub(super) struct Reader<'a> {
    text: &'a [u8],
    pub(super) at: usize,
    pub(super) language: Language,
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
    pub(super) fn at_line_start(&self) -> bool {
        let before = self.text[..self.at].iter().rev().find(|b| !matches!(b, b' ' | b'\t' | b'\r'));
        self.depth <= 1 && before.is_none_or(|b| *b == b'\n')
    }

    /// Whether a value stands here that can be read without running anything.
    pub(super) fn starts_literal(&self) -> bool {
        match self.rest() {
            [b'"' | b'\'' | b'`' | b'{' | b'[' | b'(', ..] => true,
            [b'b' | b'r' | b'u' | b'B' | b'R' | b'U', b'"' | b'\'', ..] => true,
            rest => rest.starts_with(b"json.dumps") || rest.starts_with(b"JSON.stringify"),
        }
    }

    /// One value, whatever follows it.
    pub(super) fn one_value(&mut self) -> Result<Literal, SampleError> {
        self.depth += 1;
        let value = self.value_inside();
        self.depth -= 1;
        value
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
            let arguments = self.list(b')')?;
            return Ok(match name.strip_suffix(".encode") {
                Some(text) if arguments.iter().all(is_utf8) => Literal::Name(text.to_owned()),
                _ => Literal::Call(name, arguments),
            });
        }
        Ok(Literal::Name(name))
    }

    /// Values up to a closing bracket.
    pub(super) fn list(&mut self, close: u8) -> Result<Vec<Literal>, SampleError> {
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
}

/// The encodings that keep a text as it stands here.
fn is_utf8(argument: &Literal) -> bool {
    argument.string().is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        matches!(name.as_str(), "utf-8" | "utf8" | "ascii")
    })
}
