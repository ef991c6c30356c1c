//! What is read out of an answer, and nothing more: short codes, ids, times and the one value. The
//! rest of it is wiped.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroize as _;

/// Longest code that is told, in characters.
const MAX_CODE: usize = 80;
/// Longest id.
const MAX_ID: usize = 200;

/// JSON that is wiped when it is dropped.
pub(crate) struct Json(pub Value);

impl Json {
    /// The JSON of a body; what is no JSON is null.
    pub(crate) fn read(body: &[u8]) -> Self {
        Self(serde_json::from_slice(body).unwrap_or(Value::Null))
    }
}

impl Drop for Json {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(map) => map.values_mut().for_each(wipe),
        _ => {}
    }
}

/// A JSON pointer (RFC 6901); a `*` segment is the first element of a list in which the rest is found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Pointer(Vec<String>);

impl TryFrom<String> for Pointer {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let Some(rest) = text.strip_prefix('/') else {
            return Err("a JSON pointer begins with `/`".to_owned());
        };
        Ok(Self(rest.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect()))
    }
}

impl Pointer {
    /// What it points to, unless that is null.
    pub(crate) fn find<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        follow(&self.0, value).filter(|found| !found.is_null())
    }

    /// Text, or a number as text.
    pub(crate) fn text(&self, value: &Value) -> Option<String> {
        match self.find(value)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

fn follow<'a>(path: &[String], value: &'a Value) -> Option<&'a Value> {
    let Some((first, rest)) = path.split_first() else { return Some(value) };
    match value {
        Value::Object(map) => follow(rest, map.get(first)?),
        Value::Array(items) if first == "*" => items.iter().find_map(|item| follow(rest, item)),
        Value::Array(items) => follow(rest, items.get(first.parse::<usize>().ok()?)?),
        _ => None,
    }
}

/// A provider's own word for a reason: printable, short, and with no piece of a credential in it.
pub(crate) fn code(text: &str, secrets: &[impl AsRef<str>]) -> Option<String> {
    let text = text.trim();
    let printable = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    // Pieces are looked for before it is cut.
    if text.is_empty()
        || !printable
        || secrets.iter().any(|secret| shares(text, secret.as_ref(), 6))
    {
        return None;
    }
    Some(text.chars().take(MAX_CODE).collect())
}

/// An id of a key: printable, without blanks, and with no piece of a credential in it.
pub(crate) fn id(text: String, secrets: &[impl AsRef<str>]) -> Option<String> {
    let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
    let is_id = printable && (1..=MAX_ID).contains(&text.len());
    (is_id && !secrets.iter().any(|secret| shares(&text, secret.as_ref(), 8))).then_some(text)
}

/// Whether `text` holds `length` bytes of the secret in a row, or all of a shorter one.
fn shares(text: &str, secret: &str, length: usize) -> bool {
    let (text, secret) = (text.to_ascii_lowercase(), secret.as_bytes().to_ascii_lowercase());
    let length = length.min(secret.len());
    length > 0
        && secret.windows(length).any(|piece| text.as_bytes().windows(length).any(|at| at == piece))
}

/// A time as providers write it: RFC 3339, a date (its first moment in UTC), seconds or milliseconds
/// since 1970.
pub(crate) fn time(value: &Value) -> Option<Timestamp> {
    // Seconds reach this number in the year 5138, milliseconds did in 1973.
    let unix = |number: i64| match number {
        1..100_000_000_000 => Timestamp::from_second(number).ok(),
        100_000_000_000.. => Timestamp::from_millisecond(number).ok(),
        _ => None,
    };
    match value {
        Value::Number(number) => unix(number.as_i64().or(number.as_f64().map(|f| f as i64))?),
        Value::String(text) if text.len() > 60 => None,
        Value::String(text) => text.parse::<Timestamp>().ok().or_else(|| {
            if let Ok(number) = text.parse() {
                return unix(number);
            }
            let date: Date = (text.len() == 10).then(|| text.parse().ok())??;
            date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
        }),
        _ => None,
    }
}

/// A time from now on, in seconds; none and 0 mean for ever.
pub(crate) fn after(now: Timestamp, value: &Value) -> Option<Timestamp> {
    let seconds = match value {
        Value::Number(number) => number.as_u64()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    let length = SignedDuration::try_from(Duration::from_secs(seconds)).ok()?;
    (seconds > 0).then(|| now.checked_add(length).ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn at(pointer: &str, value: &Value) -> Option<String> {
        Pointer::try_from(pointer.to_owned()).unwrap().text(value)
    }

    #[test]
    fn pointers_find_what_is_there() {
        let value = json!({"a": {"b/c": [{"x": null}, {"x": 5}]}, "s": "t", "n": null});
        assert_eq!(at("/a/b~1c/1/x", &value).as_deref(), Some("5"));
        assert_eq!(at("/a/b~1c/*/y", &value), None);
        assert_eq!(at("/s", &value).as_deref(), Some("t"));
        for nothing in ["", "/n", "/a", "/s/t", "/a/b~1c/7", "/a/b~1c/x"] {
            assert_eq!(at(nothing, &value), None, "{nothing}");
        }
        assert!(Pointer::try_from("a".to_owned()).is_err());
    }

    #[test]
    fn a_code_is_short_and_holds_nothing_of_a_secret() {
        let secrets = ["sk-live-0123456789", "ab"];
        assert_eq!(code(" invalid_key ", &secrets).as_deref(), Some("invalid_key"));
        assert_eq!(code(&"x".repeat(200), &secrets).map(|code| code.len()), Some(80));
        for text in
            ["", "a\nb", "grün", "key SK-LIVE-01…", "no 456789", "no key 345678", "ab", "\u{202e}"]
        {
            assert_eq!(code(text, &secrets), None, "{text}");
        }
        let long = format!("{} 0123456789", "x".repeat(100));
        assert_eq!(code(&long, &secrets), None);
        assert_eq!(id("key_1".to_owned(), &secrets).as_deref(), Some("key_1"));
        assert_eq!(id("a b".to_owned(), &secrets), None);
        assert_eq!(id("x".repeat(201), &secrets), None);
        assert_eq!(id("live-01234".to_owned(), &secrets), None);
    }

    #[test]
    fn times_are_read_as_providers_write_them() {
        let seconds = |value: Value| time(&value).map(Timestamp::as_second);
        assert_eq!(seconds(json!("2026-01-02T03:04:05Z")), Some(1_767_323_045));
        assert_eq!(seconds(json!("2026-01-02T03:04:05.123456+01:00")), Some(1_767_319_445));
        assert_eq!(seconds(json!("2026-01-02")), Some(1_767_312_000));
        assert_eq!(seconds(json!(1_767_323_045)), Some(1_767_323_045));
        assert_eq!(seconds(json!("1767323045")), Some(1_767_323_045));
        assert_eq!(seconds(json!(1_767_323_045_000_i64)), Some(1_767_323_045));
        for nothing in [json!(0), json!(-1), json!(""), json!("never"), json!({}), json!(1e300)] {
            assert_eq!(seconds(nothing.clone()), None, "{nothing}");
        }
        let now = Timestamp::from_second(1000).unwrap();
        assert_eq!(after(now, &json!(60)).map(Timestamp::as_second), Some(1060));
        assert_eq!(after(now, &json!(0)), None);
        assert_eq!(after(now, &json!(u64::MAX)), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(body in prop::collection::vec(any::<u8>(), 0..200), text in any::<String>()) {
            let json = Json::read(&body);
            time(&json.0);
            time(&Value::String(text.clone()));
            after(Timestamp::UNIX_EPOCH, &json.0);
            let kept = code(&text, &["secret-value"]).unwrap_or_default();
            prop_assert!(kept.len() <= 80 && kept.bytes().all(|b| (b' '..=b'~').contains(&b)));
        }
    }
}
