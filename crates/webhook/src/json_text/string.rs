//! Strings of JSON: their characters, however they are spelled, and spelling them as another encoder would.

use super::Escapes;

/// A character that every encoder writes as it is.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
        && !matches!(byte, b'"' | b'\\' | b'/' | b'<' | b'>' | b'&' | b'\'' | b'+' | b'`')
}

/// A piece of a string.
pub(super) enum Unit<'a> {
    /// Characters that every encoder writes as they are.
    Plain(&'a [u8]),
    Char(char),
    /// Half of a surrogate pair without the other half.
    Lone(u32),
    /// A byte that is no UTF-8.
    Byte(u8),
}

/// Walks through what a quoted string stands for.
pub(super) fn units<'a>(quoted: &'a [u8], mut each: impl FnMut(Unit<'a>)) {
    let mut rest = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    while let Some(&first) = rest.first() {
        if is_plain(first) {
            let end = rest.iter().position(|b| !is_plain(*b)).unwrap_or(rest.len());
            each(Unit::Plain(&rest[..end]));
            rest = &rest[end..];
            continue;
        }
        if first != b'\\' {
            let end = rest.iter().position(|b| is_plain(*b) || *b == b'\\').unwrap_or(rest.len());
            for chunk in rest[..end].utf8_chunks() {
                chunk.valid().chars().for_each(|c| each(Unit::Char(c)));
                chunk.invalid().iter().for_each(|&b| each(Unit::Byte(b)));
            }
            rest = &rest[end..];
            continue;
        }
        // The parser let only complete escapes through.
        let Some(&escape) = rest.get(1) else { return };
        rest = &rest[2..];
        each(match escape {
            b'b' => Unit::Char('\u{8}'),
            b'f' => Unit::Char('\u{c}'),
            b'n' => Unit::Char('\n'),
            b'r' => Unit::Char('\r'),
            b't' => Unit::Char('\t'),
            b'u' => {
                let (unit, used) = unicode_escape(rest);
                rest = rest.get(used..).unwrap_or_default();
                unit
            }
            other => Unit::Char(char::from(other)),
        });
    }
}

/// The bytes that a quoted string stands for; half a surrogate pair becomes U+FFFD.
pub(super) fn unescape(quoted: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(quoted.len());
    units(quoted, |unit| match unit {
        Unit::Plain(run) => out.extend_from_slice(run),
        Unit::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        Unit::Lone(_) => out.extend_from_slice("\u{fffd}".as_bytes()),
        Unit::Byte(b) => out.push(b),
    });
    out
}

/// What `XXXX` after `\u` stands for, with its second half if it is a pair, and the bytes used.
fn unicode_escape(rest: &[u8]) -> (Unit<'static>, usize) {
    let unit = hex4(rest).unwrap_or(0xfffd);
    if let Some(c) = char::from_u32(unit) {
        return (Unit::Char(c), 4);
    }
    let low = rest.get(4..).and_then(|r| r.strip_prefix(b"\\u")).and_then(hex4);
    if let (0xd800..0xdc00, Some(low @ 0xdc00..0xe000)) = (unit, low) {
        let code = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        return (Unit::Char(char::from_u32(code).unwrap_or('\u{fffd}')), 10);
    }
    (Unit::Lone(unit), 4)
}

pub(super) fn hex4(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.get(..4).filter(|d| d.iter().all(u8::is_ascii_hexdigit))?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Writes one character of a string as an encoder would.
pub(super) fn write_char(c: char, escapes: &Escapes, out: &mut Vec<u8>) {
    let short = match c {
        '"' if escapes.dotnet => None,
        '"' | '\\' => Some(c),
        '/' if escapes.slash => Some(c),
        '\u{8}' => Some('b'),
        '\u{c}' => Some('f'),
        '\n' => Some('n'),
        '\r' => Some('r'),
        '\t' => Some('t'),
        _ => None,
    };
    let html = matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
    let dotnet = matches!(c, '"' | '\'' | '+' | '`');
    if let Some(short) = short {
        out.push(b'\\');
        out.extend(u8::try_from(short));
    } else if c < ' '
        || (escapes.ascii && c > '~')
        || (escapes.html && html)
        || (escapes.dotnet && dotnet)
    {
        for unit in c.encode_utf16(&mut [0; 2]) {
            write_escape((*unit).into(), escapes, out);
        }
    } else {
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

pub(super) fn write_escape(unit: u32, escapes: &Escapes, out: &mut Vec<u8>) {
    let digits: &[u8; 16] = if escapes.dotnet { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    let digit = |shift: u32| digits[(unit >> shift & 15) as usize];
    out.extend_from_slice(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
}
