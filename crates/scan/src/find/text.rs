//! From a file's bytes to text that patterns understand, and from an offset back to line and column.

use std::borrow::Cow;

use crate::report::Decoding;

/// The wider encodings that a byte order mark announces (Unicode 16, section 23.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wide {
    Utf16 { little: bool },
    Utf32 { little: bool },
}

/// Text to search, which remembers how its offsets relate to the file's bytes.
pub(crate) struct Text<'b> {
    pub(crate) bytes: Cow<'b, [u8]>,
    wide: Option<Wide>,
}

impl<'b> Text<'b> {
    /// UTF-16 and UTF-32 with a byte order mark become UTF-8; everything else stays as it is.
    pub(crate) fn new(raw: &'b [u8]) -> Self {
        // UTF-32's little-endian mark begins with UTF-16's.
        let (wide, mark) = if raw.starts_with(&[0xff, 0xfe, 0, 0]) {
            (Wide::Utf32 { little: true }, 4)
        } else if raw.starts_with(&[0, 0, 0xfe, 0xff]) {
            (Wide::Utf32 { little: false }, 4)
        } else if raw.starts_with(&[0xff, 0xfe]) {
            (Wide::Utf16 { little: true }, 2)
        } else if raw.starts_with(&[0xfe, 0xff]) {
            (Wide::Utf16 { little: false }, 2)
        } else {
            return Self { bytes: Cow::Borrowed(raw), wide: None };
        };
        let rest = &raw[mark..];
        // Room for the longest outcome, so that growing never holds the text twice.
        let mut text = String::with_capacity(rest.len() / 2 * 3);
        match wide {
            Wide::Utf16 { little } => {
                let units = rest.chunks_exact(2).map(|pair| {
                    let pair = [pair[0], pair[1]];
                    if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
                });
                text.extend(
                    char::decode_utf16(units)
                        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)),
                );
            }
            Wide::Utf32 { little } => text.extend(rest.chunks_exact(4).map(|unit| {
                let unit = [unit[0], unit[1], unit[2], unit[3]];
                let code = if little { u32::from_le_bytes(unit) } else { u32::from_be_bytes(unit) };
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            })),
        }
        Self { bytes: Cow::Owned(text.into_bytes()), wide: Some(wide) }
    }

    /// Whether a file begins with a byte order mark that [`new`](Self::new) heeds.
    pub(crate) fn is_wide(raw: &[u8]) -> bool {
        raw.starts_with(&[0xff, 0xfe])
            || raw.starts_with(&[0xfe, 0xff])
            || raw.starts_with(&[0, 0, 0xfe, 0xff])
    }

    /// The encoding that was undone.
    pub(crate) fn decoding(&self) -> Option<Decoding> {
        self.wide.map(|wide| match wide {
            Wide::Utf16 { .. } => Decoding::Utf16,
            Wide::Utf32 { .. } => Decoding::Utf32,
        })
    }

    /// How many of the file's bytes one byte of the text stands for, counted at a character's first.
    fn width(&self, byte: u8) -> u64 {
        let first = byte & 0xc0 != 0x80;
        match self.wide {
            None => 1,
            // Beyond the basic plane a character takes two units.
            Some(Wide::Utf16 { .. }) if byte >= 0xf0 => 4,
            Some(Wide::Utf16 { .. }) => 2 * u64::from(first),
            Some(Wide::Utf32 { .. }) => 4 * u64::from(first),
        }
    }

    /// Turns offsets into places, in one pass that keeps nothing of the rest of the text.
    /// Lines end in `\n`, in `\r\n`, or in a `\r` of its own.
    pub(crate) fn places(&self, mut offsets: Vec<usize>) -> Places {
        offsets.sort_unstable();
        offsets.dedup();
        // The byte order mark belongs to the first line, though it is not part of the text.
        let mark = match self.wide {
            None => 0,
            Some(Wide::Utf16 { .. }) => 2,
            Some(Wide::Utf32 { .. }) => 4,
        };
        let mut position = Position { line: 1, column: 1 + mark, beyond: mark.cast_signed() };
        let mut at = 0;
        let mut places = Vec::with_capacity(offsets.len());
        for offset in offsets {
            while at < offset.min(self.bytes.len()) {
                let byte = self.bytes[at];
                at += 1;
                if byte == b'\n' || (byte == b'\r' && self.bytes.get(at) != Some(&b'\n')) {
                    position = Position { line: position.line + 1, column: 1, beyond: 0 };
                } else {
                    let width = self.width(byte);
                    position.column += width;
                    position.beyond += width.cast_signed() - utf16_units(byte);
                }
            }
            places.push((offset, position));
        }
        Places(places)
    }
}

/// A line from 1, and a byte in it from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Position {
    pub(crate) line: u64,
    pub(crate) column: u64,
    /// How many more bytes than UTF-16 code units stand before it in its line.
    pub(crate) beyond: i64,
}

impl Position {
    /// The column in UTF-16 code units, from 1.
    pub(crate) fn utf16_column(self) -> u64 {
        self.column.saturating_add_signed(-self.beyond).max(1)
    }
}

/// The offset of a place in text that is in no wider encoding: the way back of [`Text::places`].
pub(crate) fn offset_of(text: &[u8], place: Position) -> Option<usize> {
    let (mut line, mut at) = (1, 0);
    while line < place.line {
        let end = at + memchr::memchr2(b'\n', b'\r', text.get(at..)?)?;
        at = end + 1;
        line += u64::from(text[end] == b'\n' || text.get(at) != Some(&b'\n'));
    }
    let offset = at + usize::try_from(place.column.checked_sub(1)?).ok()?;
    (offset <= text.len()).then_some(offset)
}

/// The UTF-16 code units of a character, counted at the first byte of its UTF-8.
fn utf16_units(byte: u8) -> i64 {
    match byte {
        0x80..=0xbf => 0,
        0xf0.. => 2,
        _ => 1,
    }
}

/// The places of the offsets that were asked for.
pub(crate) struct Places(Vec<(usize, Position)>);

impl Places {
    pub(crate) fn of(&self, offset: usize) -> Position {
        match self.0.binary_search_by_key(&offset, |&(offset, _)| offset) {
            Ok(at) => self.0[at].1,
            Err(_) => Position { line: 1, column: 1, beyond: 0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(raw: &[u8], what: &[u8]) -> (u64, u64) {
        let text = Text::new(raw);
        let offset =
            text.bytes.windows(what.len()).position(|window| window == what).expect("it is there");
        let position = text.places(vec![0, offset]).of(offset);
        (position.line, position.column)
    }

    #[test]
    fn lines_and_columns_count_from_one() {
        assert_eq!(at(b"key", b"key"), (1, 1));
        assert_eq!(at(b"a\nbc key", b"key"), (2, 4));
        assert_eq!(at(b"a\r\nb\rkey", b"key"), (3, 1));
        assert_eq!(at("é key".as_bytes(), b"key"), (1, 4));
    }

    #[test]
    fn columns_in_utf16_units_are_known_too() {
        let wide: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain("é😀key".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        for raw in ["é😀key".as_bytes(), "\né😀key".as_bytes(), &wide] {
            let text = Text::new(raw);
            let at = text.bytes.windows(3).position(|three| three == b"key").expect("it is there");
            assert_eq!(text.places(vec![at]).of(at).utf16_column(), 4);
        }
    }

    #[test]
    fn wide_text_keeps_the_columns_of_the_file() {
        let wide = |order: fn(u16) -> [u8; 2], mark: [u8; 2]| {
            let mut raw = mark.to_vec();
            raw.extend("é\n😀key".encode_utf16().flat_map(order));
            raw
        };
        for raw in [wide(u16::to_le_bytes, [0xff, 0xfe]), wide(u16::to_be_bytes, [0xfe, 0xff])] {
            assert_eq!(at(&raw, b"key"), (2, 5), "a surrogate pair is four bytes");
            assert_eq!(at(&raw, "é".as_bytes()), (1, 3), "after the mark");
        }
        let mut raw = vec![0xff, 0xfe, 0, 0];
        raw.extend("a\nbkey".chars().flat_map(|c| u32::from(c).to_le_bytes()));
        assert_eq!(at(&raw, b"key"), (2, 5));
    }
}
