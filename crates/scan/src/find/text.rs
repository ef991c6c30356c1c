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
            return Self {
                bytes: Cow::Borrowed(raw),
                wide: None,
            };
        };
        let rest = &raw[mark..];
        let text: String = match wide {
            Wide::Utf16 { little } => {
                let units = rest.chunks_exact(2).map(|pair| {
                    let pair = [pair[0], pair[1]];
                    if little {
                        u16::from_le_bytes(pair)
                    } else {
                        u16::from_be_bytes(pair)
                    }
                });
                char::decode_utf16(units)
                    .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                    .collect()
            }
            Wide::Utf32 { little } => rest
                .chunks_exact(4)
                .map(|unit| {
                    let unit = [unit[0], unit[1], unit[2], unit[3]];
                    let code = if little {
                        u32::from_le_bytes(unit)
                    } else {
                        u32::from_be_bytes(unit)
                    };
                    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
                })
                .collect(),
        };
        Self {
            bytes: Cow::Owned(text.into_bytes()),
            wide: Some(wide),
        }
    }

    /// The encoding that was undone.
    pub(crate) fn decoding(&self) -> Option<Decoding> {
        self.wide.map(|wide| match wide {
            Wide::Utf16 { .. } => Decoding::Utf16,
            Wide::Utf32 { .. } => Decoding::Utf32,
        })
    }

    /// How many of the file's bytes a stretch of the text took.
    fn width(&self, stretch: &[u8]) -> u64 {
        let Some(wide) = self.wide else {
            return stretch.len() as u64;
        };
        // Counted by lead bytes: an offset into the text is always between characters here.
        let chars = stretch.iter().filter(|&&b| b & 0xc0 != 0x80).count() as u64;
        let beyond = stretch.iter().filter(|&&b| b >= 0xf0).count() as u64;
        match wide {
            Wide::Utf16 { .. } => 2 * (chars + beyond),
            Wide::Utf32 { .. } => 4 * chars,
        }
    }
}

/// Where every line of a text begins, for turning offsets into places.
pub(crate) struct Lines<'t, 'b> {
    text: &'t Text<'b>,
    starts: Vec<usize>,
}

/// A line from 1, and a byte in it from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl<'t, 'b> Lines<'t, 'b> {
    /// Lines end in `\n`, in `\r\n`, or in a `\r` of its own.
    pub(crate) fn new(text: &'t Text<'b>) -> Self {
        let bytes = &text.bytes;
        let mut starts = vec![0];
        for (at, &b) in bytes.iter().enumerate() {
            if b == b'\n' || (b == b'\r' && bytes.get(at + 1) != Some(&b'\n')) {
                starts.push(at + 1);
            }
        }
        Self { text, starts }
    }

    pub(crate) fn position(&self, offset: usize) -> Position {
        let (line, start) = self.line_of(offset);
        let offset = offset.min(self.text.bytes.len()).max(start);
        // The byte order mark belongs to the first line, though it is not part of the text.
        let mark = match (line, self.text.wide) {
            (0, Some(Wide::Utf16 { .. })) => 2,
            (0, Some(Wide::Utf32 { .. })) => 4,
            _ => 0,
        };
        Position {
            line: line as u64 + 1,
            column: 1 + mark + self.text.width(&self.text.bytes[start..offset]),
        }
    }

    /// The whole lines from the one at `start` to the one at `end`, as offsets.
    pub(crate) fn around(&self, start: usize, end: usize) -> (usize, usize) {
        let (_, first) = self.line_of(start);
        let (last, _) = self.line_of(end);
        let stop = self
            .starts
            .get(last + 1)
            .copied()
            .unwrap_or(self.text.bytes.len());
        (first, stop)
    }

    fn line_of(&self, offset: usize) -> (usize, usize) {
        let line = self
            .starts
            .partition_point(|&start| start <= offset)
            .saturating_sub(1);
        (line, self.starts[line])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(raw: &[u8], what: &[u8]) -> (u64, u64) {
        let text = Text::new(raw);
        let offset = text
            .bytes
            .windows(what.len())
            .position(|window| window == what)
            .expect("it is there");
        let position = Lines::new(&text).position(offset);
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
    fn wide_text_keeps_the_columns_of_the_file() {
        let wide = |order: fn(u16) -> [u8; 2], mark: [u8; 2]| {
            let mut raw = mark.to_vec();
            raw.extend("é\n😀key".encode_utf16().flat_map(order));
            raw
        };
        for raw in [
            wide(u16::to_le_bytes, [0xff, 0xfe]),
            wide(u16::to_be_bytes, [0xfe, 0xff]),
        ] {
            assert_eq!(at(&raw, b"key"), (2, 5), "a surrogate pair is four bytes");
            assert_eq!(at(&raw, "é".as_bytes()), (1, 3), "after the mark");
        }
        let mut raw = vec![0xff, 0xfe, 0, 0];
        raw.extend("a\nbkey".chars().flat_map(|c| u32::from(c).to_le_bytes()));
        assert_eq!(at(&raw, b"key"), (2, 5));
    }
}
