//! Changes one text inside a JSON document and leaves every other byte as it is: order, blanks,
//! numbers with more digits than a float has.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserializer as _, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

/// The members of an object, each with where its value stands; none when it is no object.
pub(crate) fn members(text: &str) -> Option<Vec<(Cow<'_, str>, Range<usize>)>> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let members = reader.deserialize_map(Members).ok()?;
    reader.end().ok()?;
    let span = |raw: &str| {
        // Each is a slice of the text itself.
        let start = raw.as_ptr() as usize - text.as_ptr() as usize;
        start..start + raw.len()
    };
    Some(members.into_iter().map(|(name, raw)| (name, span(raw.get()))).collect())
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members: Self::Value = vec![];
        while let Some((name, raw)) = map.next_entry::<Name<'de>, &RawValue>()? {
            if members.iter().any(|(known, _)| *known == name.0) {
                return Err(A::Error::custom("a key stands there twice"));
            }
            members.push((name.0, raw));
        }
        Ok(members)
    }
}

/// A key, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// One member as it is written; none when it is not there.
pub(crate) fn member<'a>(document: &'a str, key: &str) -> Option<&'a str> {
    let (_, span) = members(document)?.into_iter().find(|(name, _)| name == key)?;
    document.get(span)
}

/// The text of one member: none when it is not there; an error when it is something else.
pub(crate) fn text(document: &str, key: &str) -> Result<Option<Zeroizing<String>>, &'static str> {
    let members = members(document).ok_or("what is there is no JSON object")?;
    let Some((_, span)) = members.into_iter().find(|(name, _)| name == key) else {
        return Ok(None);
    };
    let value = serde_json::from_str::<String>(&document[span]);
    value.map(|text| Some(Zeroizing::new(text))).map_err(|_| "that key holds no text")
}

/// The document with another text at one member, which is added at the end when it is not there.
pub(crate) fn with_text(
    document: &str,
    key: &str,
    value: &str,
) -> Result<Zeroizing<String>, &'static str> {
    let members = members(document).ok_or("what is there is no JSON object")?;
    let quoted = Zeroizing::new(serde_json::Value::from(value).to_string());
    let parts = match members.iter().find(|(name, _)| name == key) {
        Some((_, span)) => [&document[..span.start], &quoted, &document[span.end..]].concat(),
        None => {
            let name = serde_json::Value::from(key).to_string();
            match members.iter().map(|(_, span)| span.end).max() {
                Some(end) => {
                    [&document[..end], ",", &gap(document), &name, ": ", &quoted, &document[end..]]
                        .concat()
                }
                None => ["{", &name, ": ", &quoted, "}"].concat(),
            }
        }
    };
    Ok(Zeroizing::new(parts))
}

/// What stands before the first member: the line end and blanks that another one gets too.
fn gap(document: &str) -> String {
    let inner = document.trim_start().strip_prefix('{').unwrap_or_default();
    let gap: String = inner.chars().take_while(char::is_ascii_whitespace).collect();
    if gap.is_empty() && document.contains(", ") { " ".to_owned() } else { gap }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_changes_and_nothing_else() {
        for (before, wanted) in [
            (
                r#"{"a": 1.0e400,"key" : "old" , "b":[ 1 ]}"#,
                r#"{"a": 1.0e400,"key" : "n\"w" , "b":[ 1 ]}"#,
            ),
            ("{\n  \"a\": 1\n}\n", "{\n  \"a\": 1,\n  \"key\": \"n\\\"w\"\n}\n"),
            (r#"{"k\u0065y":null}"#, r#"{"k\u0065y":"n\"w"}"#),
            (r#"{"a":{"key":1}}"#, r#"{"a":{"key":1},"key": "n\"w"}"#),
            ("{ }", r#"{"key": "n\"w"}"#),
        ] {
            let after = with_text(before, "key", "n\"w").unwrap();
            assert_eq!(*after, wanted);
            assert_eq!(text(&after, "key").unwrap().unwrap().as_str(), "n\"w");
        }
        for odd in ["", "[]", "\"x\"", "{", "{}x", r#"{"a":1,"a":2}"#] {
            assert!(with_text(odd, "key", "x").is_err(), "{odd}");
        }
        assert_eq!(text(r#"{"a":1}"#, "key"), Ok(None));
        assert!(text(r#"{"key":1}"#, "key").is_err());
    }
}
