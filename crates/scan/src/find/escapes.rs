//! Percent-encoding (RFC 3986) and backslash escapes as in JSON strings, undone in a slice of text, with the
//! way back from each byte to where it stood.

use std::ops::Range;

use crate::report::Decoding;

/// A slice with its escapes undone.
pub(crate) struct Plain {
    pub(crate) bytes: Vec<u8>,
    pub(crate) decoding: Decoding,
    /// Where each byte stood, and at last where the slice ended.
    places: Vec<usize>,
}

impl Plain {
    /// Where the byte at this offset stood.
    pub(crate) fn place(&self, offset: usize) -> usize {
        self.places.get(offset).or(self.places.last()).copied().unwrap_or(0)
    }

    /// The offset of the byte that stood at `place`.
    pub(crate) fn offset_of(&self, place: usize) -> Option<usize> {
        self.places.binary_search(&place).ok()
    }
}

/// Undoes what is escaped in `slice`; `None` if nothing is, or `keyword` is inside an escape.
pub(crate) fn undo(text: &[u8], slice: Range<usize>, keyword: usize) -> Option<Plain> {
    let part = &text[slice.clone()];
    let mark = memchr::memchr2_iter(b'%', b'\\', part).find(|&at| escape(&part[at..]).is_some())?;
    let decoding = if part[mark] == b'%' { Decoding::Percent } else { Decoding::Json };
    let mut bytes = Vec::with_capacity(part.len());
    let mut places = Vec::with_capacity(part.len() + 1);
    let mut at = 0;
    while at < part.len() {
        let place = slice.start + at;
        match escape(&part[at..]).filter(|_| part[at] == part[mark]) {
            Some((plain, len)) => {
                let mut room = [0; 4];
                let plain: &[u8] = match plain {
                    Escaped::Byte(byte) => {
                        room[0] = byte;
                        &room[..1]
                    }
                    Escaped::Char(c) => c.encode_utf8(&mut room).as_bytes(),
                };
                for &byte in plain {
                    bytes.push(byte);
                    places.push(place);
                }
                at += len;
            }
            // The other escapes of a string are undone only beside one that made it worth while.
            None if part[mark] == b'\\' && part[at] == b'\\' && at + 1 < part.len() => {
                let byte = match part[at + 1] {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    other => other,
                };
                bytes.push(byte);
                places.push(place);
                at += 2;
            }
            None => {
                bytes.push(part[at]);
                places.push(place);
                at += 1;
            }
        }
    }
    places.push(slice.end);
    let plain = Plain { bytes, decoding, places };
    plain.offset_of(keyword).is_some().then_some(plain)
}

enum Escaped {
    Byte(u8),
    Char(char),
}

/// Writers escape signs, not letters: `%ad` in a date format is no soft hyphen.
fn hides(c: char) -> bool {
    c == ' ' || c.is_ascii_punctuation()
}

/// The escape at the start of `text` that hides something: `%2F`, `\/`, `\u0026`. An escaped quote does not:
/// patterns take it for a quote, and much code is full of them.
fn escape(text: &[u8]) -> Option<(Escaped, usize)> {
    match *text.get(..2)? {
        [b'%', _] => {
            let mut byte = [0];
            hex::decode_to_slice(text.get(1..3)?, &mut byte).ok()?;
            hides(char::from(byte[0])).then_some((Escaped::Byte(byte[0]), 3))
        }
        [b'\\', b'/'] => Some((Escaped::Byte(b'/'), 2)),
        [b'\\', b'u'] => {
            let digits = std::str::from_utf8(text.get(2..6)?).ok()?;
            let code = u32::from_str_radix(digits, 16).ok()?;
            let c = char::from_u32(code)?;
            hides(c).then_some((Escaped::Char(c), 6))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn undone(text: &str) -> Option<(String, Decoding)> {
        let plain = undo(text.as_bytes(), 0..text.len(), 0)?;
        Some((String::from_utf8_lossy(&plain.bytes).into_owned(), plain.decoding))
    }

    #[test]
    fn each_escape_is_undone() {
        assert_eq!(
            undone("u=postgres%3A%2F%2Fu:p%40h&"),
            Some(("u=postgres://u:p@h&".into(), Decoding::Percent))
        );
        assert_eq!(
            undone(r#"https:\/\/acme.io\n\u0026"#),
            Some(("https://acme.io\n&".into(), Decoding::Json))
        );
        assert_eq!(undone(r#"k\/ \"a\\b\""#), Some((r#"k/ "a\b""#.into(), Decoding::Json)));
        assert_eq!(undone(r#"k \"a\""#), None);
        assert_eq!(undone("100% sure \\n %d"), None);
    }

    proptest! {
        #[test]
        fn every_byte_knows_its_place(text in r#"[%\\u0-9a-fA-F/"né]{0,80}"#) {
            if let Some(plain) = undo(text.as_bytes(), 0..text.len(), 0) {
                prop_assert_eq!(plain.places.len(), plain.bytes.len() + 1);
                prop_assert!(plain.places.is_sorted());
            }
        }
    }
}
