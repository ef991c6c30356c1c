//! `name=value` in a line of a log, where each language quotes the value in its own way: as JSON, as C and
//! those that follow it do (Go, Ruby, nginx, Apache), or as Python's `repr`.

use super::json::{self, Json};
use super::literal::{Members, python_dict, python_repr};
use super::text::{Text, Units, hex};

/// How often a value is tried in one line, so that a line of nothing else costs little.
const MOST_TRIES: usize = 100;

/// What stands after a name.
#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Json(Json<'a>),
    /// Text that was quoted in another way.
    Text(Text),
    /// A dictionary of Python.
    Dict(Members),
}

/// The fields of a line from left to right. What a quoted value holds is none; what an object holds is, unless
/// its own name is wanted.
pub(super) fn fields<'a>(
    line: &'a [u8],
    is_wanted: impl Fn(&[u8]) -> bool,
) -> Vec<(&'a [u8], Value<'a>)> {
    let mut found = Vec::new();
    let (mut at, mut tries) = (0, 0);
    while at < line.len() && tries < MOST_TRIES {
        let rest = &line[at..];
        let length = rest.iter().take_while(|b| is_name(**b)).count();
        if length == 0 || (at > 0 && line[at - 1] == b'\\') {
            at += length.max(1);
            continue;
        }
        let (name, after) = rest.split_at(length);
        at += length;
        let after = after.strip_prefix(b"\"").or_else(|| after.strip_prefix(b"'")).unwrap_or(after);
        let after = after.trim_ascii_start();
        let Some(text) = after.strip_prefix(b"=").or_else(|| after.strip_prefix(b":")) else {
            continue;
        };
        let text = text.trim_ascii_start();
        tries += usize::from(matches!(text.first(), Some(b'"' | b'\'' | b'b' | b'{' | b'[')));
        let Some((value, rest)) = value(text) else { continue };
        let is_quoted = matches!(value, Value::Text(_))
            || matches!(value, Value::Json(value) if value.is_string());
        if is_wanted(name) {
            found.push((name, value));
        } else if !is_quoted {
            continue;
        }
        at = line.len() - rest.len();
    }
    found
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// The value that a text starts with, and what follows it; a bare word is none.
fn value(text: &[u8]) -> Option<(Value<'_>, &[u8])> {
    match text {
        [b'"', ..] => {
            let json = json::prefix(text).map(|(value, rest)| (Value::Json(value), rest));
            json.or_else(|| c_string(text).map(|(text, rest)| (Value::Text(text), rest)))
        }
        [b'\'', ..] | [b'b', b'\'' | b'"', ..] => {
            python_repr(text).map(|(text, rest)| (Value::Text(text), rest))
        }
        [b'{', ..] => {
            let json = json::prefix(text).map(|(value, rest)| (Value::Json(value), rest));
            json.or_else(|| python_dict(text).map(|(dict, rest)| (Value::Dict(dict), rest)))
        }
        [b'[', ..] => json::prefix(text).map(|(value, rest)| (Value::Json(value), rest)),
        _ => None,
    }
}

/// A string in double quotes with the escapes of C, Go (`strconv.Quote`), Ruby (`inspect`), nginx and Apache.
/// `\xNN` is a byte. None when an escape is in none of them.
fn c_string(quoted: &[u8]) -> Option<(Text, &[u8])> {
    let mut text = Text::default();
    let mut units = Units::default();
    let mut rest = quoted.strip_prefix(b"\"")?;
    loop {
        let (&byte, after) = rest.split_first()?;
        if byte == b'\\'
            && let [b'u', digits @ ..] = after
            && let Some(unit) = hex(digits.get(..4))
        {
            units.push(unit, &mut text);
            rest = &digits[4..];
            continue;
        }
        units.flush(&mut text);
        rest = match (byte, after) {
            (b'"', _) => return Some((text, after)),
            (b'\\', _) => c_escape(after, &mut text)?,
            _ => {
                text.bytes.push(byte);
                after
            }
        };
    }
}

/// What stands after a backslash, and what follows that.
fn c_escape<'a>(escape: &'a [u8], text: &mut Text) -> Option<&'a [u8]> {
    let number = |digits: &[u8], radix: u32| {
        let digits = std::str::from_utf8(digits).ok()?;
        u32::from_str_radix(digits, radix).ok()
    };
    let (&first, after) = escape.split_first()?;
    let plain = match first {
        b'a' => 7,
        b'b' => 8,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 11,
        b'f' => 12,
        b'r' => b'\r',
        b'e' => 0x1b,
        b'"' | b'\'' | b'\\' | b'/' | b'#' => first,
        b'x' => {
            let digits = after.get(..2).filter(|d| d.iter().all(u8::is_ascii_hexdigit))?;
            text.bytes.push(u8::try_from(number(digits, 16)?).ok()?);
            return Some(&after[2..]);
        }
        b'U' => {
            let digits = after.get(..8).filter(|d| d.iter().all(u8::is_ascii_hexdigit))?;
            text.push(char::from_u32(number(digits, 16)?)?);
            return Some(&after[8..]);
        }
        b'0'..=b'7' => {
            let digits = escape.get(..3).filter(|d| d.iter().all(|b| matches!(b, b'0'..=b'7')))?;
            text.bytes.push(u8::try_from(number(digits, 8)?).ok()?);
            return Some(&escape[3..]);
        }
        _ => return None,
    };
    text.bytes.push(plain);
    Some(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(line: &str) -> Vec<(String, Vec<u8>)> {
        let wanted = fields(line.as_bytes(), |name| matches!(name, b"body" | b"data"));
        let text = |value: Value| match value {
            Value::Json(value) => value.text().map_or(value.raw().to_vec(), |text| text.bytes),
            Value::Text(text) => text.bytes,
            Value::Dict(_) => b"dict".to_vec(),
        };
        let name = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        wanted.into_iter().map(|(n, value)| (name(n), text(value))).collect()
    }

    #[test]
    fn each_language_quotes_in_its_own_way() {
        for (line, wanted) in [
            (r#"body="{\"a\":\"\u00fc\"}""#, "{\"a\":\"ü\"}".as_bytes()),
            (r#"body="{\x22a\x22: \x22\xC3\xBC\x22}\x0A""#, "{\"a\": \"ü\"}\n".as_bytes()),
            (
                r#"body="\a\v\x00\xff\101\e\#{x}\U0001f600\ud83d\ude00""#,
                b"\x07\x0b\0\xffA\x1b#{x}\xf0\x9f\x98\x80\xf0\x9f\x98\x80",
            ),
            (r"body=b'\xff\x00\'\n'", b"\xff\0'\n"),
            (r"'body': '\xfc\u20ac'", "ü€".as_bytes()),
            ("body={'a': 1}", b"dict"),
        ] {
            assert_eq!(read(line), [("body".to_owned(), wanted.to_vec())], "{line}");
        }
    }

    #[test]
    fn what_a_quoted_value_holds_is_no_field() {
        let read = |line: &str| read(line).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(read(r#"data=b'{"body": "x"}' body='y'"#), ["data", "body"]);
        assert_eq!(read(r#"msg="body=\"x\"" n=1"#), Vec::<String>::new());
        assert_eq!(read(r#"req={"body":"x"}"#), ["body"]);
        for none in [r#"body="\q""#, "body='x", "body=x", r"\body=''", "body=b'\\"] {
            assert_eq!(read(none), Vec::<String>::new(), "{none}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(line in "(body|=|:|'|\"|b'|\\\\|x|u|U|0|\\{|\\}|\\[|é| ){0,30}") {
            fields(line.as_bytes(), |name| name == b"body");
        }
    }
}
