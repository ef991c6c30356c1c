//! Cutting a text into tokens.

use super::string::hex4;
use super::{Kind, Token};

/// Cuts a text into tokens, checking the grammar of RFC 8259 as far as a writer depends on it.
pub(super) struct Parser<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
    pub(super) tokens: Vec<Token>,
    pub(super) depth: usize,
}

impl Parser<'_> {
    pub(super) fn run(&mut self) -> Option<()> {
        // What is open, as its closing bracket.
        let mut open: Vec<u8> = Vec::new();
        loop {
            // A value stands here, or, in an object, a key and then a value.
            self.blanks();
            if open.last() == Some(&b'}') && self.last() != Some(Kind::Colon) {
                self.string()?;
                self.blanks();
                self.mark(b':', Kind::Colon)?;
                self.blanks();
            }
            match *self.text.get(self.at)? {
                bracket @ (b'{' | b'[') => {
                    self.push(Kind::Open, 1)?;
                    let close = if bracket == b'{' { b'}' } else { b']' };
                    open.push(close);
                    self.depth = self.depth.max(open.len());
                    self.blanks();
                    if self.text.get(self.at) != Some(&close) {
                        continue;
                    }
                }
                b'"' => self.string()?,
                _ => self.word()?,
            }
            // After a value: close what ends here, then a comma or the end.
            loop {
                self.blanks();
                let Some(&close) = open.last() else {
                    return (self.at == self.text.len()).then_some(());
                };
                if self.text.get(self.at) != Some(&close) {
                    break;
                }
                self.push(Kind::Close, 1)?;
                open.pop();
            }
            self.mark(b',', Kind::Comma)?;
        }
    }

    fn last(&self) -> Option<Kind> {
        self.tokens.last().map(|token| token.kind)
    }

    fn blanks(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn push(&mut self, kind: Kind, length: usize) -> Option<()> {
        let end = self.at + length;
        let (start, end) = (u32::try_from(self.at).ok()?, u32::try_from(end).ok()?);
        self.tokens.push(Token { kind, start, end });
        self.at += length;
        Some(())
    }

    fn mark(&mut self, byte: u8, kind: Kind) -> Option<()> {
        (self.text.get(self.at) == Some(&byte)).then_some(())?;
        self.push(kind, 1)
    }

    fn string(&mut self) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        (rest.first() == Some(&b'"')).then_some(())?;
        let mut at = 1;
        loop {
            match rest.get(at)? {
                b'"' => return self.push(Kind::String, at + 1),
                b'\\' => match rest.get(at + 1)? {
                    b'u' => {
                        hex4(rest.get(at + 2..)?)?;
                        at += 6;
                    }
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at += 2,
                    _ => return None,
                },
                0..0x20 => return None,
                _ => at += 1,
            }
        }
    }

    fn word(&mut self) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.');
        let length = rest.iter().position(|b| !is_part(b)).unwrap_or(rest.len());
        let word = &rest[..length];
        let is_number = matches!(word.first(), Some(b'-' | b'0'..=b'9'))
            && word.iter().all(|b| b.is_ascii_digit() || b"-+.eE".contains(b));
        let known = is_number || matches!(word, b"true" | b"false" | b"null");
        known.then(|| self.push(Kind::Word, length))?
    }
}
