//! Secrets wrapped in base64 or hexadecimal: finds the runs of such letters that decode to text again, so
//! that the text can be searched as well.

use std::ops::{Range, RangeInclusive};

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::report::Decoding;

/// A shorter run cannot hold a key worth finding.
pub(crate) const MIN_RUN: usize = 24;
/// So many bytes are looked at together, at every so many: any run of the least length holds one such sample.
const SAMPLE: usize = 8;
const STRIDE: usize = MIN_RUN - SAMPLE + 1;
/// The least for hexadecimal digits.
const MIN_HEX: usize = 32;
/// So many letters of base64 are decoded before all of them are.
const HEAD: usize = 24;
/// A run longer than this is no value but a file.
const MAX_RUN: usize = 1024 * 1024;
/// The same for a block of lines.
const MAX_BLOCK: usize = 64 * 1024;
/// Lines of a block have at most so many bytes between them, with their indentation.
const MAX_GAP: usize = 40;
/// The widths at which MIME, PEM and their kin wrap.
const WRAPPED: RangeInclusive<usize> = 60..=76;
/// What lies further from a run or a block than this does not change what it is: a gap, and of the line beyond
/// it as much as tells whether it is too long to belong to the block.
pub(crate) const REACH: usize = MAX_GAP + *WRAPPED.end() + 2;

const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, CONFIG);

/// Which bytes are base64, in either alphabet.
const LETTERS: [bool; 256] = {
    let mut letters = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        letters[byte] =
            (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'+' | b'/' | b'-' | b'_');
        byte += 1;
    }
    letters
};

/// A stretch of text and what it decodes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Decoded {
    pub(crate) span: Range<usize>,
    pub(crate) decoding: Decoding,
    pub(crate) bytes: Vec<u8>,
}

/// Calls `found` for each run or block that decodes to readable text and of which at least [`MIN_RUN`]
/// letters of one line are in `from..to`. What it finds depends on the run alone.
pub(crate) fn runs(text: &[u8], from: usize, to: usize, mut found: impl FnMut(Decoded)) {
    let to = to.min(text.len());
    let mut at = from;
    while at + SAMPLE <= to {
        if !may_run(text, at) {
            at += STRIDE;
            continue;
        }
        let line = line(text, at);
        at = line.end;
        if (MIN_RUN..=MAX_RUN).contains(&line.len()) {
            at = run(text, line, to, &mut found).max(at);
        }
        at += 1;
    }
}

/// Whether a run of [`MIN_RUN`] can hold the sample at this position: then another one beside it is letters too.
fn may_run(text: &[u8], at: usize) -> bool {
    begins_with_letters(text, at)
        && (begins_with_letters(text, at + SAMPLE)
            || at.checked_sub(SAMPLE).is_some_and(|before| begins_with_letters(text, before)))
}

fn begins_with_letters(text: &[u8], at: usize) -> bool {
    text.get(at..).and_then(<[u8]>::first_chunk).is_some_and(|sample| all_letters(*sample))
}

/// Whether all eight bytes are [`LETTERS`], computed in one word: no branch could foretell where words end.
fn all_letters(sample: [u8; SAMPLE]) -> bool {
    const fn every(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; SAMPLE])
    }
    let word = u64::from_ne_bytes(sample);
    let ascii = word & every(0x7f);
    // The highest bit of each byte says whether it is from `low` up to `last`.
    let within =
        |word: u64, low: u8, last: u8| (word + every(0x80 - low)) & !(word + every(0x7f - last));
    let good = within(ascii | every(0x20), b'a', b'z')
        | within(ascii, b'/', b'9')
        | within(ascii, b'+', b'+')
        | within(ascii, b'-', b'-')
        | within(ascii, b'_', b'_');
    good & !word & every(0x80) == every(0x80)
}

/// The letters round a position; of a run that is too long, more than [`MAX_RUN`] of them.
fn line(text: &[u8], at: usize) -> Range<usize> {
    let other = |b: &u8| !LETTERS[usize::from(*b)];
    let floor = at.saturating_sub(MAX_RUN);
    let ceiling = text.len().min(at + MAX_RUN + 1);
    let start = text[floor..at].iter().rposition(other).map_or(floor, |before| floor + before + 1);
    let end = text[at..ceiling].iter().position(other).map_or(ceiling, |after| at + after);
    start..end
}

/// Decodes a run, with the lines that it is part of; returns where they end.
fn run(text: &[u8], line: Range<usize>, to: usize, found: &mut impl FnMut(Decoded)) -> usize {
    let letters = &text[line.clone()];
    // `0x` belongs to the number, and `x` is no digit of it.
    let digits = letters.strip_prefix(b"0x").unwrap_or(letters);
    if digits.len() >= MIN_HEX && digits.iter().all(u8::is_ascii_hexdigit) {
        let even = &digits[..digits.len() & !1];
        if readable_start(even, |head| hex::decode(head).ok(), 32)
            && let Ok(bytes) = hex::decode(even)
            && readable(&bytes)
        {
            found(Decoded { span: line.clone(), decoding: Decoding::Hex, bytes });
        }
        return line.end;
    }
    let Some(block) = block(text, line.clone()) else {
        // Too many lines: the rest of them is passed over at once.
        let mut end = line.end;
        while end < to
            && let Some(below) = line_below(text, end)
        {
            end = below.end;
        }
        return end;
    };
    let joined: Vec<u8>;
    let letters = if block == line {
        letters
    } else {
        joined = text[block.clone()].iter().copied().filter(|&b| LETTERS[usize::from(b)]).collect();
        &joined
    };
    let url_safe = letters.iter().any(|b| matches!(b, b'-' | b'_'));
    let engine = if url_safe { &BASE64_URL } else { &BASE64 };
    // One letter more than whole bytes is no base64; the rest still may be.
    let usable = letters.len() - usize::from(letters.len() % 4 == 1);
    if may_be_text(letters)
        && readable_start(letters, |head| engine.decode(head).ok(), HEAD)
        && let Ok(bytes) = engine.decode(&letters[..usable])
        && readable(&bytes)
    {
        found(Decoded { span: block.clone(), decoding: Decoding::Base64, bytes });
    }
    block.end
}

/// All the lines that a line of base64 is wrapped with: of one width, the last at most as wide. `None` if
/// they are too many to be a value.
fn block(text: &[u8], line: Range<usize>) -> Option<Range<usize>> {
    let mut block = line.clone();
    let mut width = line.len();
    while let Some(above) = line_above(text, block.start)
        && WRAPPED.contains(&above.len())
        && above.len().is_multiple_of(4)
        && (above.len() == width || (block == line && above.len() > width))
    {
        width = above.len();
        block.start = above.start;
        if block.len() > MAX_BLOCK {
            return None;
        }
    }
    if !WRAPPED.contains(&width)
        || !width.is_multiple_of(4)
        || (block != line && line.len() < width)
    {
        return Some(block);
    }
    while let Some(below) = line_below(text, block.end)
        && below.len() <= width
    {
        block.end = below.end;
        if block.len() > MAX_BLOCK {
            return None;
        }
        if below.len() < width {
            break;
        }
    }
    Some(block)
}

/// The run that ends where the line before this one does, if only blanks lie between.
fn line_above(text: &[u8], start: usize) -> Option<Range<usize>> {
    let floor = start.saturating_sub(MAX_GAP);
    let end = floor + text[floor..start].iter().rposition(|b| !b.is_ascii_whitespace())? + 1;
    (text[end..start].contains(&b'\n') && LETTERS[usize::from(text[end - 1])])
        .then(|| line(text, end - 1))
}

fn line_below(text: &[u8], end: usize) -> Option<Range<usize>> {
    let gap = text[end..].iter().take(MAX_GAP).position(|b| !b.is_ascii_whitespace())?;
    let start = end + gap;
    (text[end..start].contains(&b'\n') && LETTERS[usize::from(text[start])])
        .then(|| line(text, start))
}

/// What each letter of base64 stands for, in either alphabet.
const VALUES: [u8; 256] = {
    let mut values = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        values[byte] = match byte as u8 {
            upper @ b'A'..=b'Z' => upper - b'A',
            lower @ b'a'..=b'z' => lower - b'a' + 26,
            digit @ b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            _ => 63,
        };
        byte += 1;
    }
    values
};

/// A still cheaper look than at what the head decodes to: whether all its bytes but one have their highest bit
/// clear, as those of text do. Words, paths and hashes hardly ever pass.
fn may_be_text(letters: &[u8]) -> bool {
    let high = letters[..HEAD.min(letters.len())].chunks_exact(4).map(|four| {
        let bit = |at: usize, mask: u8| u32::from(VALUES[usize::from(four[at])] & mask != 0);
        bit(0, 0x20) + bit(1, 0x08) + bit(2, 0x02)
    });
    high.sum::<u32>() <= 1
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
        runs(text.as_bytes(), 0, text.len(), |decoded| {
            out.push((decoded.decoding, String::from_utf8_lossy(&decoded.bytes).into_owned()));
        });
        out
    }

    #[test]
    fn each_encoding_is_undone() {
        let base64 = "password: aGVsbG8gdGhlcmUsIHdvcmxkIQ==";
        assert_eq!(all(base64), [(Decoding::Base64, "hello there, world!".to_owned())]);
        for hex in
            ["x=68656c6c6f2074686572652c20776f726c6421", "0x68656c6c6f2074686572652c20776f726c6421"]
        {
            assert_eq!(all(hex), [(Decoding::Hex, "hello there, world!".to_owned())]);
        }
    }

    #[test]
    fn a_sample_is_letters_if_each_byte_is_one() {
        for byte in 0..=255_u8 {
            for at in 0..SAMPLE {
                let mut sample = *b"aZ09+/-_";
                sample[at] = byte;
                assert_eq!(all_letters(sample), LETTERS[usize::from(byte)], "{byte} at {at}");
            }
        }
    }

    #[test]
    fn wrapped_base64_is_joined_from_any_of_its_lines() {
        let value = "line one of a longer text that wraps, ".repeat(5);
        let base64 = BASE64.encode(&value);
        let wrapped: Vec<String> =
            base64.as_bytes().chunks(64).map(|c| String::from_utf8_lossy(c).into_owned()).collect();
        let text = format!("  {}\n", wrapped.join("\r\n  "));
        assert_eq!(all(&text), [(Decoding::Base64, value.clone())]);
        for from in (0..text.len() - 100).step_by(10) {
            let mut out = Vec::new();
            runs(text.as_bytes(), from, from + 90, |decoded| out.push(decoded.bytes));
            assert_eq!(out, [value.as_bytes()], "from {from}");
        }
    }

    #[test]
    fn a_file_of_base64_takes_no_longer_than_its_length() {
        // Pieces that decode to noise, wrapped: 4 MB took minutes when each line looked at all above it.
        let line = "txGcATReg717ZIhj5KPqVC+nanaPPjmoTicKBqBqYo6C0g6lfsIognyTX3I+IKFHn4Sv5M7wDo1x\n";
        let text = line.repeat(50_000);
        let mut steps = 0;
        runs(text.as_bytes(), 0, text.len(), |_| steps += 1);
        assert_eq!(steps, 0);
        assert_eq!(block(text.as_bytes(), 0..76), None, "too long to be a value");
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
        fn never_panics(text in prop::collection::vec(any::<u8>(), 0..400), from in 0_usize..300) {
            runs(&text, from, text.len(), |decoded| assert!(decoded.span.end <= text.len()));
        }

        #[test]
        fn a_run_is_found_from_every_window_that_shows_enough_of_it(
            before in "[ a-z\n]{0,60}",
            words in "[a-z ]{18,200}",
            after in "[ =\n][a-z \n]{0,60}",
            cut in 0_usize..400,
        ) {
            let text = format!("{before} {}{after}", BASE64.encode(&words));
            let mut whole = Vec::new();
            runs(text.as_bytes(), 0, text.len(), |decoded| whole.push(decoded));
            let from = cut.min(text.len());
            let mut part = Vec::new();
            runs(text.as_bytes(), from, text.len(), |decoded| part.push(decoded));
            for run in whole {
                prop_assert!(run.span.end < from + MIN_RUN || part.contains(&run));
            }
        }
    }
}
