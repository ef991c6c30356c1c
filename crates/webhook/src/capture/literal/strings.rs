//! Strings of JavaScript and Python.

use super::{Language, Literal, Reader};
use crate::capture::text::{Text, Units, hex};
use crate::request::SampleError;

/// How a string is written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Quote {
    /// Backslashes stand for themselves.
    pub raw: bool,
    /// `\xNN` is a byte and not a character.
    pub bytes: bool,
}

impl Reader<'_> {
    /// A string, with those that Python puts beside it.
    pub(super) fn text(&mut self, quote: Quote) -> Result<Literal, SampleError> {
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

    /// One quoted string by itself.
    pub(super) fn one_string(&mut self, style: Quote) -> Result<Text, SampleError> {
        let mut text = Text::default();
        self.one_text(style, &mut text)?;
        Ok(text)
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
