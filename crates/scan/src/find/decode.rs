//! Secrets wrapped in base64, hexadecimal, percent-encoding or backslash escapes: finds the stretches
//! of a text that decode to text again, so that they can be searched as well.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::report::Decoding;

/// A shorter run cannot hold a key worth finding.
const MIN_BASE64: usize = 24;
/// The same for hexadecimal digits.
const MIN_HEX: usize = 32;
/// A stretch with escapes may be this long; a longer one is not a value but a document.
const MAX_ESCAPED: usize = 64 * 1024;

const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, CONFIG);

/// A stretch of text and what it decodes to.
pub(crate) struct Decoded {
    pub(crate) span: Range<usize>,
    pub(crate) decoding: Decoding,
    pub(crate) bytes: Vec<u8>,
}

/// Calls `found` for each stretch of `text` that decodes to readable text.
pub(crate) fn each(text: &[u8], mut found: impl FnMut(Decoded)) {
    runs(text, &mut found);
    escapes(text, &mut found);
}

/// Base64 (wrapped lines are joined) and hexadecimal.
fn runs(text: &[u8], found: &mut impl FnMut(Decoded)) {
    let mut at = 0;
    while at < text.len() {
        let start = at;
        let mut all_hex = true;
        while at < text.len() && is_base64(text[at]) {
            all_hex &= text[at].is_ascii_hexdigit();
            at += 1;
        }
        let len = at - start;
        if len < MIN_BASE64 {
            at += 1;
            continue;
        }
        if all_hex {
            if len >= MIN_HEX
                && len % 2 == 0
                && readable_start(&text[start..at], |head| hex::decode(head).ok(), 32)
                && let Ok(bytes) = hex::decode(&text[start..at])
                && readable(&bytes)
            {
                found(Decoded { span: start..at, decoding: Decoding::Hex, bytes });
            }
            continue;
        }
        let first = &text[start..at];
        let url_safe = first.iter().any(|b| matches!(b, b'-' | b'_'));
        let engine = if url_safe { &BASE64_URL } else { &BASE64 };
        if !readable_start(first, |head| engine.decode(head).ok(), 24) {
            continue;
        }
        let (joined, end) = join_lines(text, start, at);
        at = end;
        // One letter more than whole bytes is no base64; the rest still may be.
        let usable = joined.len() - usize::from(joined.len() % 4 == 1);
        if let Ok(bytes) = engine.decode(&joined[..usable])
            && readable(&bytes)
        {
            found(Decoded { span: start..end, decoding: Decoding::Base64, bytes });
        }
    }
}

/// The run from `start` to `end`, with the lines that continue it where it is wrapped as MIME and PEM do.
fn join_lines(text: &[u8], start: usize, mut end: usize) -> (Cow<'_, [u8]>, usize) {
    let mut joined = Cow::Borrowed(&text[start..end]);
    let width = end - start;
    while (60..=76).contains(&width) && width.is_multiple_of(4) {
        let gap = text[end..].iter().take(80).take_while(|b| b.is_ascii_whitespace()).count();
        let next = end + gap;
        let len = text[next..].iter().take(width + 1).take_while(|&&b| is_base64(b)).count();
        let newline = text[end..next].contains(&b'\n');
        if !newline || len == 0 || len > width {
            break;
        }
        joined.to_mut().extend_from_slice(&text[next..next + len]);
        end = next + len;
        if len < width {
            break;
        }
    }
    (joined, end)
}

fn is_base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_')
}

/// Stretches between blanks and quotes that hold `%41`, `\/` or `\u0041`.
fn escapes(text: &[u8], found: &mut impl FnMut(Decoded)) {
    let mut done = 0;
    for at in memchr_two(text) {
        if at < done {
            continue;
        }
        let mark = text[at];
        let ends =
            |b: &u8| b.is_ascii_whitespace() || matches!(b, b'"' | b'\'' | b'`' | b'<' | b'>' | 0);
        let from = at.saturating_sub(MAX_ESCAPED).max(done);
        let start = text[from..at].iter().rposition(ends).map_or(from, |before| from + before + 1);
        let stop = text.len().min(at + MAX_ESCAPED);
        let end = text[at..stop].iter().position(ends).map_or(stop, |after| at + after);
        let span = start..end;
        let (decoding, bytes) = if mark == b'%' {
            (Decoding::Percent, percent(&text[span.clone()]))
        } else {
            (Decoding::Json, backslash(&text[span.clone()]))
        };
        done = end.max(at + 1);
        if let Some(bytes) = bytes.filter(|bytes| bytes.len() >= 12) {
            found(Decoded { span, decoding, bytes });
        }
    }
}

/// Where an escape that matters may begin.
fn memchr_two(text: &[u8]) -> impl Iterator<Item = usize> + '_ {
    text.windows(3).enumerate().filter_map(|(at, next)| {
        let percent = next[0] == b'%' && next[1].is_ascii_hexdigit() && next[2].is_ascii_hexdigit();
        let escape = next[0] == b'\\'
            && (next[1] == b'/' || (next[1] == b'u' && next[2].is_ascii_hexdigit()));
        (percent || escape).then_some(at)
    })
}

fn percent(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    let mut undone = false;
    while at < text.len() {
        let byte = (text[at] == b'%')
            .then(|| text.get(at + 1..at + 3).and_then(|two| hex::decode(two).ok()))
            .flatten();
        match byte {
            Some(byte) => {
                out.extend(byte);
                at += 3;
                undone = true;
            }
            None => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    undone.then_some(out)
}

fn backslash(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    let mut undone = false;
    while at < text.len() {
        let next = text.get(at + 1).copied().filter(|_| text[at] == b'\\');
        let (width, plain) = match next {
            Some(b'/' | b'\\' | b'"') => (2, next),
            Some(b'n') => (2, Some(b'\n')),
            Some(b'r') => (2, Some(b'\r')),
            Some(b't') => (2, Some(b'\t')),
            Some(b'u') => {
                let code = text
                    .get(at + 2..at + 6)
                    .and_then(|four| std::str::from_utf8(four).ok())
                    .and_then(|four| u32::from_str_radix(four, 16).ok())
                    .and_then(char::from_u32);
                match code {
                    Some(c) => {
                        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                        (6, None)
                    }
                    None => (1, Some(b'\\')),
                }
            }
            _ => (1, Some(text[at])),
        };
        undone |= width > 1;
        out.extend(plain);
        at += width;
    }
    undone.then_some(out)
}

/// A cheap first look: most runs are names and hashes, which decode to noise.
fn readable_start(run: &[u8], decode: impl Fn(&[u8]) -> Option<Vec<u8>>, len: usize) -> bool {
    let head = &run[..len.min(run.len()) / 4 * 4];
    decode(head).is_some_and(|bytes| readable(&bytes))
}

/// At least nine in ten bytes are printable ASCII or white space.
fn readable(bytes: &[u8]) -> bool {
    let good = bytes.iter().filter(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()).count();
    good * 10 >= bytes.len() * 9 && bytes.len() >= 12
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(text: &str) -> Vec<(Decoding, String)> {
        let mut out = Vec::new();
        each(text.as_bytes(), |decoded| {
            out.push((decoded.decoding, String::from_utf8_lossy(&decoded.bytes).into_owned()));
        });
        out
    }

    #[test]
    fn each_encoding_is_undone() {
        let base64 = "password: aGVsbG8gdGhlcmUsIHdvcmxkIQ==";
        assert_eq!(all(base64), [(Decoding::Base64, "hello there, world!".to_owned())]);
        let hex = "x=68656c6c6f2074686572652c20776f726c6421";
        assert_eq!(all(hex), [(Decoding::Hex, "hello there, world!".to_owned())]);
        let percent = "u=postgres%3A%2F%2Fu:p%40h&";
        assert_eq!(all(percent), [(Decoding::Percent, "u=postgres://u:p@h&".to_owned())]);
        let json = r#""https:\/\/hooks.acme.io\/T1\u0041""#;
        assert_eq!(all(json), [(Decoding::Json, "https://hooks.acme.io/T1A".to_owned())]);
    }

    #[test]
    fn wrapped_base64_is_joined() {
        let value = "line one of a longer text that wraps, ".repeat(5);
        let base64 = BASE64.encode(&value);
        let wrapped: Vec<String> =
            base64.as_bytes().chunks(64).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
        let text = format!("  {}\n", wrapped.join("\r\n  "));
        assert_eq!(all(&text), [(Decoding::Base64, value)]);
    }

    #[test]
    fn names_and_hashes_are_not() {
        assert_eq!(
            all("da39a3ee5e6b4b0d3255bfef95601890afd80709 someVeryLongFunctionNameInTheCode"),
            []
        );
    }

    proptest! {
        #[test]
        fn never_panics(text in prop::collection::vec(any::<u8>(), 0..400)) {
            each(&text, |decoded| assert!(decoded.span.end <= text.len()));
        }

        #[test]
        fn never_panics_on_escapes(text in r"[%\\u0-9a-fA-F/ é]{0,80}") {
            each(text.as_bytes(), |decoded| assert!(decoded.span.end <= text.len()));
        }
    }
}
