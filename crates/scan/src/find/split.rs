//! A value broken over lines or into quoted pieces, as editors, mail and style guides do it: the same bytes
//! with line ends, indentation, quotes and signs of joining between them.

/// One gap has at most this many bytes.
const MAX_GAP: usize = 48;
/// After a gap, so many bytes have to fit before it counts as one.
const SURE: usize = 3;

/// How far the compared text can reach for so many bytes of a value.
pub(super) fn room(len: usize) -> usize {
    len + (len / SURE + 1) * MAX_GAP
}

/// How many bytes at the start of `text` are `value`, gaps included; `None` if they are not.
pub(super) fn forwards(value: &[u8], text: &[u8]) -> Option<usize> {
    walk(value.len(), |n| value[n], |n| text.get(n).copied())
}

/// The same at the end of `text`.
pub(super) fn backwards(value: &[u8], text: &[u8]) -> Option<usize> {
    let at = |bytes: &[u8], n: usize| bytes.len().checked_sub(n + 1).map(|at| bytes[at]);
    walk(value.len(), |n| value[value.len() - 1 - n], |n| at(text, n))
}

fn walk(
    len: usize,
    value: impl Fn(usize) -> u8,
    text: impl Fn(usize) -> Option<u8>,
) -> Option<usize> {
    let mut at = 0;
    let mut done = 0;
    while done < len {
        if text(at) == Some(value(done)) {
            (at, done) = (at + 1, done + 1);
            continue;
        }
        let fits = |skip: usize| {
            (0..SURE.min(len - done)).all(|n| text(at + skip + n) == Some(value(done + n)))
        };
        let gap = (1..=MAX_GAP)
            .take_while(|&skip| text(at + skip - 1).is_some_and(joins))
            .find(|&skip| fits(skip) && breaks((0..skip).filter_map(|n| text(at + n))))?;
        at += gap;
    }
    Some(at)
}

/// What may stand between two pieces.
fn joins(byte: u8) -> bool {
    byte.is_ascii_whitespace() || b"\"'`+\\.,&|()*#>/".contains(&byte)
}

/// A gap has a line end in it, or closes and opens quotes.
fn breaks(gap: impl Iterator<Item = u8>) -> bool {
    let mut quotes = 0;
    for byte in gap {
        if matches!(byte, b'\n' | b'\r') {
            return true;
        }
        quotes += usize::from(matches!(byte, b'"' | b'\'' | b'`'));
    }
    quotes >= 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn gaps_need_a_reason() {
        assert_eq!(forwards(b"abcdef", b"abcdef!"), Some(6));
        assert_eq!(forwards(b"abcdef", b"abc\\\n  def"), Some(10));
        assert_eq!(forwards(b"abcdef", b"abc\" + \"def"), Some(11));
        assert_eq!(forwards(b"abcdef", b"abc def"), None, "a blank alone joins nothing");
        assert_eq!(forwards(b"abcdef", b"abc\nxdef"), None);
        assert_eq!(backwards(b"abcdef", b"x = abc\ndef"), Some(7));
        assert_eq!(backwards(b"", b"x"), Some(0));
    }

    proptest! {
        #[test]
        fn never_panics_and_stays_in_its_room(
            value in "[ab\"\n]{0,40}",
            text in "[ab\"\n +]{0,200}",
        ) {
            for found in [forwards(value.as_bytes(), text.as_bytes()), backwards(value.as_bytes(), text.as_bytes())] {
                prop_assert!(found.is_none_or(|len| len <= room(value.len()) && len <= text.len()));
            }
        }
    }
}
