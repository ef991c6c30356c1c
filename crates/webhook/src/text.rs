//! Bytes and numbers made safe and short for people: nothing that a sample holds reaches a terminal
//! or a window unescaped, or at full length.

/// `1 byte`, `1,234 bytes`.
pub(crate) fn count(number: usize, unit: &str) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped} {unit}{}", if number == 1 { "" } else { "s" })
}

/// At most `limit` bytes with everything but printable characters escaped; `…` marks what was cut.
pub(crate) fn excerpt(bytes: &[u8], limit: usize) -> String {
    let shown = &bytes[..bytes.len().min(limit)];
    let mut text = String::new();
    for chunk in shown.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '\\' || c.is_control() || is_invisible(c) {
                text.extend(c.escape_default());
            } else {
                text.push(c);
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    if shown.len() < bytes.len() {
        text.push('…');
    }
    text
}

/// Characters that change how the text round them is shown, or cannot be seen at all.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Seconds as `3 s`, `5 min`, `2 h` or `3 days`, rounded down.
pub(crate) fn duration(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(1, "byte"), "1 byte");
        assert_eq!(count(1_234_567, "byte"), "1,234,567 bytes");
        assert_eq!(duration(301), "5 min");
        assert_eq!(duration(259_200), "3 days");
    }

    #[test]
    fn excerpts_are_inert() {
        assert_eq!(excerpt(b"a\x1b[31m\0\r\n\xff", 99), "a\\u{1b}[31m\\u{0}\\r\\n\\xff");
        assert_eq!(excerpt("ü\u{202e}".as_bytes(), 99), "ü\\u{202e}");
        assert_eq!(excerpt(b"abcdef", 3), "abc…");
        assert_eq!(excerpt("ü".as_bytes(), 1), "\\xc3…", "a cut character is shown as its bytes");
    }
}
