//! Values by name out of a body or a URL: members of JSON, fields of forms, and query parameters.
//!
//! For the verdict the body is otherwise bytes; these are for schemes that sign fields of it, and a
//! value that cannot be found is simply absent.

use serde_json::Value;

use crate::json_text::Document;

/// Most elements that a path with `[]` yields.
const MOST: usize = 1_000;

/// The values at a path such as `event.hash` or `items[].signature` of a JSON body, as text.
///
/// A form or multipart body is read through its field `json` or `payload`, as Dropbox Sign sends it.
/// Numbers, `true` and `false` are as JSON writes them; `null` is empty.
pub(crate) fn json(body: &[u8], path: &str) -> Vec<String> {
    let Some(document) = parse(body) else { return Vec::new() };
    values(&document, path).into_iter().filter_map(text).collect()
}

/// The first value at a path.
pub(crate) fn json_first(body: &[u8], path: &str) -> Option<String> {
    json(body, path).into_iter().next()
}

/// The JSON of a body, or of its field `json` or `payload`; `None` when it is none, or too large.
pub(crate) fn parse(body: &[u8]) -> Option<Value> {
    if body.len() > Document::LIMIT {
        return None;
    }
    match body.trim_ascii_start().first()? {
        b'{' | b'[' => serde_json::from_slice(body).ok(),
        b'-' => serde_json::from_slice(multipart(body, "json")?).ok(),
        _ => {
            let field = form(body, "json").or_else(|| form(body, "payload"))?;
            serde_json::from_str(&field).ok()
        }
    }
}

/// The values at a path, each element of an array where the path says `[]`.
pub(crate) fn values<'a>(document: &'a Value, path: &str) -> Vec<&'a Value> {
    let mut found = vec![document];
    for step in path.split('.') {
        let (name, each) = match step.strip_suffix("[]") {
            Some(name) => (name, true),
            None => (step, false),
        };
        let members = found.into_iter().filter_map(|value| value.get(name));
        found = if each {
            members.filter_map(Value::as_array).flatten().take(MOST).collect()
        } else {
            members.collect()
        };
    }
    found
}

/// A simple value as text; `None` for objects and arrays.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null => Some(String::new()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// A field of a form body, decoded; the first that has the name.
pub(crate) fn form(body: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(body).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A field of a URL's query, decoded.
pub(crate) fn query(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split('#').next()?.split_once('?')?;
    form(query.as_bytes(), name)
}

/// The bytes of a multipart field; its boundary is the first line of the body.
fn multipart<'a>(body: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let end = find(body, b"\r\n")?;
    let boundary = body.get(..end).filter(|line| line.starts_with(b"--") && line.len() <= 200)?;
    let mut rest = body;
    for _ in 0..MOST {
        let at = find(rest, boundary)?;
        rest = rest.get(at + boundary.len()..)?.strip_prefix(b"\r\n")?;
        let head_end = find(rest, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(rest.get(..head_end)?).into_owned();
        let value = rest.get(head_end + 4..)?;
        let length = find(value, &[b"\r\n", boundary].concat())?;
        if head.contains(&format!("name=\"{name}\"")) {
            return value.get(..length);
        }
        rest = value.get(length + 2..)?;
    }
    None
}

/// Where some bytes first stand in others.
pub(crate) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_reach_into_objects_and_arrays() {
        let body = br#"{"a":{"b":1,"c":true,"d":null},"items":[{"s":"x"},{"s":"y"},{}]}"#;
        assert_eq!(json(body, "a.b"), ["1"]);
        assert_eq!(json(body, "a.c"), ["true"]);
        assert_eq!(json(body, "a.d"), [""]);
        assert_eq!(json(body, "items[].s"), ["x", "y"]);
        assert!(json(body, "a").is_empty() && json(body, "a.b.c").is_empty());
        assert!(json(b"{", "a").is_empty() && json(b"", "a").is_empty());
    }

    #[test]
    fn json_in_a_form_or_a_multipart_field_is_found() {
        assert_eq!(json_first(b"json=%7B%22a%22%3A%22x%22%7D", "a").as_deref(), Some("x"));
        let parts = b"--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n1\r\n--b\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{\"a\":\"x\"}\r\n--b--\r\n";
        assert_eq!(json_first(parts, "a").as_deref(), Some("x"));
        for cut in 0..parts.len() {
            let _ = json_first(&parts[..cut], "a");
        }
        assert_eq!(query("https://a.example/?data.id=A+b#x?data.id=c", "data.id").unwrap(), "A b");
    }
}
