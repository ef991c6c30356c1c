//! Values of a PowerShell script that can be read without running it: strings, tables and variables.

use super::{Script, Value, is_name};
use crate::capture::text::{Text, Units};
use crate::request::SampleError;

impl Script<'_> {
    /// A literal, a variable, or something that would have to be run.
    pub(super) fn value(&mut self) -> Result<Value, SampleError> {
        self.blanks();
        match (self.peek(0), self.peek(1)) {
            (Some(b'"' | b'\''), _) => Ok(Value::Text { text: self.string()?, is_bytes: false }),
            (Some(b'@'), Some(b'"' | b'\'')) => {
                Ok(Value::Text { text: self.here_string()?, is_bytes: false })
            }
            (Some(b'@'), Some(b'{')) => self.table(),
            (Some(b'('), _) => self.parenthesis(),
            (Some(b'['), _) => {
                // `[ordered]@{…}`, `[string]"…"`, `[System.Text.Encoding]::UTF8.GetBytes(…)`
                self.word(|b| b != b']' && b != b'\n');
                self.at = (self.at + 1).min(self.text.len());
                if self.rest().starts_with(b"::") {
                    let method = self.word(|b| b == b':' || b == b'.' || b.is_ascii_alphanumeric());
                    let is_utf8 = method.eq_ignore_ascii_case("::UTF8.GetBytes");
                    return Ok(match (is_utf8, self.peek(0)) {
                        (true, Some(b'(')) => match self.parenthesis()? {
                            Value::Text { text, .. } => Value::Text { text, is_bytes: true },
                            other => other,
                        },
                        _ => Value::Unknown,
                    });
                }
                self.value()
            }
            (Some(b'$'), _) => {
                self.at += 1;
                let name = self.word(is_name).to_ascii_lowercase();
                Ok(self.variable(&name))
            }
            _ => {
                let word =
                    self.word(|b| !b.is_ascii_whitespace() && b != b';' && b != b')' && b != b'}');
                // Whatever stands here is passed, so that reading goes on.
                self.at += usize::from(word.is_empty() && self.at < self.text.len());
                Ok(Value::Text {
                    text: Text { bytes: word.into_bytes(), ..Text::default() },
                    is_bytes: false,
                })
            }
        }
    }

    fn variable(&mut self, name: &str) -> Value {
        let size = match self.variables.get(name) {
            Some(Value::Text { text, .. }) => text.bytes.len(),
            Some(Value::Table(rows)) => {
                rows.iter().map(|(name, value)| name.len() + value.len()).sum()
            }
            _ => 0,
        };
        match (self.variables.get(name), self.left.checked_sub(size)) {
            (Some(value), Some(left)) => {
                self.left = left;
                value.clone()
            }
            _ => Value::Unknown,
        }
    }

    /// `( value )`, and nothing else within. The nesting that is followed is that of the text, so it is
    /// bounded here.
    fn parenthesis(&mut self) -> Result<Value, SampleError> {
        let opened = self.rest().iter().take_while(|b| matches!(b, b'(' | b'[' | b' ')).count();
        if opened > 32 {
            self.at += opened;
            return Ok(Value::Unknown);
        }
        self.at += 1;
        self.space();
        let mut value = self.value()?;
        self.space();
        if self.peek(0) != Some(b')') {
            // More than one literal: a pipeline or an operator.
            value = Value::Unknown;
            let mut depth = 1_usize;
            while depth > 0 {
                match self.peek(0) {
                    None => return Ok(Value::Unknown),
                    Some(b'"' | b'\'') => {
                        self.string()?;
                        continue;
                    }
                    Some(b'(') => depth += 1,
                    Some(b')') => depth -= 1,
                    _ => {}
                }
                self.at += 1;
            }
            return Ok(value);
        }
        self.at += 1;
        Ok(value)
    }

    /// `@{ name = value; "name"="value" }`
    fn table(&mut self) -> Result<Value, SampleError> {
        self.at += 2;
        let mut rows = vec![];
        loop {
            self.space();
            let name = match self.peek(0) {
                None => {
                    return Err(SampleError::CutShort(
                        "a table of the script is not closed".into(),
                    ));
                }
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Table(rows));
                }
                Some(b'"' | b'\'') => self.string()?.lossy(),
                _ => self.word(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'),
            };
            self.blanks();
            if self.peek(0) != Some(b'=') {
                self.expands = true;
                self.at += 1;
                continue;
            }
            self.at += 1;
            self.blanks();
            // A table within a table is no header; it is not followed.
            let nested = self.rest().starts_with(b"@{") || self.rest().starts_with(b"[");
            match if nested { Value::Unknown } else { self.value()? } {
                Value::Text { text, .. } => rows.push((name, text.lossy())),
                _ => self.expands = true,
            }
            if nested {
                self.at += 2;
            }
        }
    }

    pub(super) fn string(&mut self) -> Result<Text, SampleError> {
        let quote = self.peek(0).unwrap_or(b'"');
        self.at += 1;
        let mut text = Text::default();
        let mut units = Units::default();
        loop {
            let byte = self.peek(0).ok_or_else(open_string)?;
            if byte == quote {
                self.at += 1;
                if self.peek(0) != Some(quote) {
                    units.flush(&mut text);
                    return Ok(text);
                }
            }
            self.character(quote == b'"', &mut text, &mut units);
        }
    }

    /// `@"`, a line end, lines, and `"@` at the start of a line.
    fn here_string(&mut self) -> Result<Text, SampleError> {
        let quote = self.peek(1).unwrap_or(b'"');
        self.at += 2;
        self.word(|b| b != b'\n');
        self.at += 1;
        let end = [quote, b'@'];
        let mut text = Text::default();
        let mut units = Units::default();
        loop {
            let is_line_start = self.at > 0 && self.text.get(self.at - 1) == Some(&b'\n');
            if is_line_start && self.rest().starts_with(&end) {
                self.at += 2;
                units.flush(&mut text);
                // The last line break belongs to the end.
                text.bytes.pop_if(|last| *last == b'\n');
                text.bytes.pop_if(|last| *last == b'\r');
                return Ok(text);
            }
            if self.at >= self.text.len() {
                return Err(open_string());
            }
            self.character(quote == b'"', &mut text, &mut units);
        }
    }

    /// One character of a string; in double quotes with escapes.
    fn character(&mut self, escapes: bool, text: &mut Text, units: &mut Units) {
        let Some(byte) = self.peek(0) else { return };
        self.at += 1;
        if !escapes || !matches!(byte, b'`' | b'$') {
            units.flush(text);
            text.bytes.push(byte);
            return;
        }
        if byte == b'$' {
            if let Some(unit) = self.char_code() {
                units.push(unit, text);
                return;
            }
            units.flush(text);
            self.expands |= self.peek(0).is_some_and(|b| b == b'(' || b == b'{' || is_name(b));
            text.bytes.push(b'$');
            return;
        }
        units.flush(text);
        let Some(next) = self.peek(0) else { return };
        self.at += 1;
        text.bytes.push(match next {
            b'0' => 0,
            b'a' => 7,
            b'b' => 8,
            b'e' => 0x1b,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            _ => next,
        });
    }

    /// `$([char]10)`, a UTF-16 unit; the dollar is passed already.
    fn char_code(&mut self) -> Option<u16> {
        let rest = self.rest().strip_prefix(b"([char]")?;
        let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric()).take(8).count();
        (rest.get(length) == Some(&b')')).then_some(())?;
        let digits = std::str::from_utf8(&rest[..length]).ok()?;
        let unit = match digits.strip_prefix("0x") {
            Some(hex) => u16::from_str_radix(hex, 16).ok()?,
            None => digits.parse().ok()?,
        };
        self.at += b"([char]".len() + length + 1;
        Some(unit)
    }
}

fn open_string() -> SampleError {
    SampleError::CutShort("a quotation mark of the script is not closed".into())
}
