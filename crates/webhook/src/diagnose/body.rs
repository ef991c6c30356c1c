//! What happened to the body on its way: a line break more or less, other line endings, a byte order
//! mark, or another character set. Forms and JSON that were decoded have modules of their own.

use std::io::Read as _;

use super::{Context, Finding, form, json};
use crate::delivery::Delivery;
use crate::json_text::Document;
use crate::report::{Code, Difference, Reason};

/// Longest body that is copied into other forms; larger ones are only cut.
const LONGEST: usize = Document::LIMIT;

pub(super) const BOM: &[u8] = b"\xEF\xBB\xBF";

const EDITOR: &str =
    "Keep the bytes as they were received: no editor, text box or `echo` in between.";

/// Tries the body with something added to it cut off again, which costs no copy.
pub(super) fn cut(context: &Context) -> Option<Finding> {
    if !context.covers_body() {
        return None;
    }
    let body = context.delivery.body;
    let bom = body.strip_prefix(BOM).and_then(|body| {
        let message = "A byte order mark was put before the body.";
        let hint = "Save as UTF-8 without a byte order mark.";
        attempt(context, Code::BomAdded, body, message, hint)
    });
    let ends: [&[u8]; 5] = [b"\r\n", b"\n", b"\r", b"\n\n", b"\r\n\r\n"];
    bom.or_else(|| {
        ends.into_iter().filter_map(|end| body.strip_suffix(end)).find_map(|body| {
            let message = "A line break was added at the end of the body.";
            attempt(context, Code::TrailingNewlineAdded, body, message, EDITOR)
        })
    })
}

/// Tries the body in other forms.
pub(super) fn find(context: &Context) -> Option<Finding> {
    let body = context.delivery.body;
    if body.is_empty() || body.len() > LONGEST || !context.covers_body() {
        return None;
    }
    let stripped = [b"\n".as_slice(), b"\r\n", b"\r\n\r\n"].into_iter().find_map(|end| {
        let message = "The line break at the end of the body was taken off.";
        let whole = [body, end].concat();
        attempt(context, Code::TrailingNewlineStripped, &whole, message, EDITOR)
    });
    stripped
        .or_else(|| unpacked(context, body))
        .or_else(|| line_endings(context, body))
        .or_else(|| charset(context, body))
        .or_else(|| form::find(context, body))
        .or_else(|| json::find(context, body))
}

/// A body that fits, as a finding.
pub(super) fn attempt(
    context: &Context,
    code: Code,
    candidate: &[u8],
    message: &str,
    hint: &str,
) -> Option<Finding> {
    let key = context.fits(&Delivery { body: candidate, ..context.delivery })?;
    let difference = Difference::between(context.delivery.body, candidate);
    let reason = Reason::proved(code, message, hint);
    Some(Finding { difference, ..Finding::by(key, reason) })
}

/// Most bytes that a compressed body is unfolded to.
const UNPACKED: u64 = 4 * LONGEST as u64;

fn unpacked(context: &Context, body: &[u8]) -> Option<Finding> {
    if !body.starts_with(&[0x1f, 0x8b]) {
        return None;
    }
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(body).take(UNPACKED).read_to_end(&mut plain).ok()?;
    let message = "The body is compressed; the signature covers it uncompressed.";
    let hint = "Undo the compression first, then verify the bytes that come out.";
    attempt(context, Code::BodyCompressed, &plain, message, hint)
}

fn line_endings(context: &Context, body: &[u8]) -> Option<Finding> {
    if !body.contains(&b'\n') {
        return None;
    }
    let lf: Vec<u8> = without_cr(body);
    let mut crlf = Vec::with_capacity(lf.len() + lf.len() / 16);
    for &byte in &lf {
        if byte == b'\n' {
            crlf.push(b'\r');
        }
        crlf.push(byte);
    }
    let ways = [(lf, "CRLF was LF", "\n"), (crlf, "LF was CRLF", "\r\n")];
    ways.into_iter().find_map(|(candidate, what, end)| {
        let message = format!(
            "The line endings of the body were changed: what is {what} when it was signed."
        );
        let as_is = attempt(context, Code::LineEndingsChanged, &candidate, &message, EDITOR);
        // A text box also drops the last line break.
        as_is.or_else(|| {
            let whole = [&candidate, end.as_bytes()].concat();
            attempt(context, Code::LineEndingsChanged, &whole, &message, EDITOR)
        })
    })
}

fn without_cr(body: &[u8]) -> Vec<u8> {
    let mut lf = Vec::with_capacity(body.len());
    for (at, &byte) in body.iter().enumerate() {
        if byte != b'\r' || body.get(at + 1) != Some(&b'\n') {
            lf.push(byte);
        }
    }
    lf
}

fn charset(context: &Context, body: &[u8]) -> Option<Finding> {
    let hint =
        "Keep the body as bytes: read it without decoding, and capture it without converting.";
    let try_as = |candidate: Vec<u8>, what: &str| {
        let message = format!("The body's characters were converted: {what}.");
        attempt(context, Code::CharsetChanged, &candidate, &message, hint)
    };
    if let Some(text) = from_utf16(body) {
        return try_as(text.into_bytes(), "it is UTF-16 here and was UTF-8 when it was signed");
    }
    match std::str::from_utf8(body) {
        Ok(text) if text.is_ascii() => None,
        Ok(text) => {
            let bytes = text.chars().map(to_windows_1252).collect::<Option<Vec<u8>>>()?;
            try_as(bytes, "bytes were read as Latin-1 and written as UTF-8")
        }
        Err(_) => {
            let text: String = body.iter().map(|&b| from_windows_1252(b)).collect();
            try_as(text.into_bytes(), "UTF-8 was written as Latin-1")
        }
    }
}

/// UTF-16 with its byte order mark, as PowerShell's `>` writes.
fn from_utf16(body: &[u8]) -> Option<String> {
    let (rest, unit): (_, fn([u8; 2]) -> u16) = match body {
        [0xff, 0xfe, rest @ ..] => (rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => (rest, u16::from_be_bytes),
        _ => return None,
    };
    let (pairs, odd) = rest.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text = char::decode_utf16(units).collect::<Result<String, _>>().ok()?;
    odd.is_empty().then_some(text)
}

/// Windows-1252 where it differs from Latin-1: 0x80 to 0x9f. Bytes without a character stand for
/// themselves, as the WHATWG Encoding Standard has it.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn from_windows_1252(byte: u8) -> char {
    match byte {
        0x80..0xa0 => WINDOWS_1252[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

fn to_windows_1252(c: char) -> Option<u8> {
    let special = || WINDOWS_1252.iter().position(|&w| w == c).map(|at| at + 0x80);
    u8::try_from(u32::from(c)).ok().or_else(|| u8::try_from(special()?).ok())
}
