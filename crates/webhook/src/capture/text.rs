//! Text that stood in a capture's string literal, as the bytes it stands for, and what was odd in it.

/// Bytes read from a string literal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text {
    /// What the literal stands for, in UTF-8.
    pub bytes: Vec<u8>,
    /// Bytes that Python's `surrogateescape` had written as lone surrogates, put back.
    pub put_back: usize,
    /// Lone surrogates that stand for no byte; each became U+FFFD.
    pub lone: usize,
}

impl Text {
    /// Reads the inside of a JSON string. Faulty escapes are kept as they stand.
    pub(super) fn unescape(inside: &[u8]) -> Self {
        let mut text = Self::default();
        text.bytes.reserve(inside.len());
        let mut units = Units::default();
        let mut at = 0;
        while let Some(&byte) = inside.get(at) {
            if byte != b'\\' {
                units.flush(&mut text);
                let rest = &inside[at..];
                let run = rest.iter().position(|b| *b == b'\\').unwrap_or(rest.len());
                text.bytes.extend_from_slice(&rest[..run]);
                at += run;
                continue;
            }
            let escape = inside.get(at + 1).copied();
            if escape == Some(b'u')
                && let Some(unit) = hex(inside.get(at + 2..at + 6))
            {
                units.push(unit, &mut text);
                at += 6;
                continue;
            }
            units.flush(&mut text);
            let plain = match escape {
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(b'b') => 8,
                Some(b'f') => 12,
                Some(c @ (b'"' | b'\\' | b'/')) => c,
                _ => {
                    text.bytes.push(b'\\');
                    at += 1;
                    continue;
                }
            };
            text.bytes.push(plain);
            at += 2;
        }
        units.flush(&mut text);
        text
    }

    /// For reading; what is not UTF-8 is replaced.
    pub(super) fn lossy(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Adds a character.
    pub(super) fn push(&mut self, c: char) {
        self.bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// UTF-16 units on their way into a [`Text`]: a high half waits for its low half.
#[derive(Debug, Default)]
pub(super) struct Units {
    high: Option<u16>,
}

impl Units {
    /// Adds one unit.
    pub(super) fn push(&mut self, unit: u16, text: &mut Text) {
        match (self.high.take(), unit) {
            (Some(high), 0xdc00..=0xdfff) => {
                let code = 0x1_0000 + (u32::from(high - 0xd800) << 10) + u32::from(unit - 0xdc00);
                text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            (Some(_), _) => {
                lone(0xd800, text);
                self.push(unit, text);
            }
            (None, 0xd800..=0xdbff) => self.high = Some(unit),
            (None, _) => match char::from_u32(u32::from(unit)) {
                Some(c) => text.push(c),
                None => lone(unit, text),
            },
        }
    }

    /// Ends a run of units.
    pub(super) fn flush(&mut self, text: &mut Text) {
        if self.high.take().is_some() {
            lone(0xd800, text);
        }
    }
}

/// Half a character by itself: U+DC80 to U+DCFF are how Python's `surrogateescape` (PEP 383) writes
/// the bytes 0x80 to 0xff that are not UTF-8.
fn lone(unit: u16, text: &mut Text) {
    match u8::try_from(unit.wrapping_sub(0xdc00)) {
        Ok(byte @ 0x80..) => {
            text.bytes.push(byte);
            text.put_back += 1;
        }
        _ => {
            text.push(char::REPLACEMENT_CHARACTER);
            text.lone += 1;
        }
    }
}

/// Four hexadecimal digits.
pub(super) fn hex(digits: Option<&[u8]>) -> Option<u16> {
    let digits = digits.filter(|d| d.len() == 4 && d.iter().all(u8::is_ascii_hexdigit))?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_json() {
        let text = Text::unescape(br#"a\"\\\/\b\f\n\r\t\u00fc\ud83d\ude00\u0000 "#);
        assert_eq!(text.bytes, "a\"\\/\u{8}\u{c}\n\r\tü😀\0 ".as_bytes());
        assert_eq!((text.put_back, text.lone), (0, 0));
        assert_eq!(Text::unescape(br"\x\u12").bytes, br"\x\u12");
    }

    #[test]
    fn surrogates_by_themselves() {
        let escaped = Text::unescape(br"\udcff\udc80x");
        assert_eq!((escaped.bytes.as_slice(), escaped.put_back), (b"\xff\x80x".as_slice(), 2));
        let lone = Text::unescape(br"\ud83dx\ud83d\ud83d\ude00\udfff");
        assert_eq!(lone.bytes, "\u{fffd}x\u{fffd}😀\u{fffd}".as_bytes());
        assert_eq!(lone.lone, 3);
    }
}
