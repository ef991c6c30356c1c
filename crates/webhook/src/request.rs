//! A captured webhook request, and reading it from Keyward's request JSON. The other formats are read
//! into the same type in `capture`.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};

use crate::capture;

/// Most bytes of input that [`read_request`] takes: a body of 100 MiB in base64, and its headers.
pub const MAX_INPUT: usize = 160 * 1024 * 1024;

/// One captured webhook request: what was received, byte for byte.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Request {
    /// The HTTP method, if the capture has it.
    pub method: Option<String>,
    /// The public URL, if the capture has it.
    pub url: Option<String>,
    /// Header lines in order; names keep their case and may repeat.
    pub headers: Vec<(String, String)>,
    /// The exact body. `None` when the capture holds no body at all, not even an empty one.
    #[serde(skip)]
    pub body: Option<Vec<u8>>,
    /// True when the capture's format could not carry the request exactly.
    pub lossy: bool,
    /// What was noticed or changed while reading, in sentences.
    pub notes: Vec<String>,
}

impl Request {
    /// The value of a header by name, in any case, without the blanks round it. A header that
    /// repeats is joined with `, ` (RFC 9110 section 5.3), as Node and most frameworks do.
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut values = self.header_values(name);
        let first = values.next()?;
        Some(values.fold(Cow::Borrowed(first), |joined, next| format!("{joined}, {next}").into()))
    }

    /// Each value of a header by name, in any case, in order.
    pub fn header_values<'a, 'n>(
        &'a self,
        name: &'n str,
    ) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let named = self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.trim_matches([' ', '\t']))
    }

    /// The body's bytes; none is the same as empty.
    pub fn body(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
    }
}

/// A sample that cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SampleError {
    /// Nothing was given.
    #[error("the sample is empty; give a captured request, such as raw HTTP text, cURL or HAR")]
    Empty,
    /// More than [`MAX_INPUT`] bytes.
    #[error("the sample has {0} bytes; at most {MAX_INPUT} are read")]
    TooLarge(usize),
    /// The JSON is malformed or not a request; the text says where.
    #[error("the JSON cannot be read: {0}")]
    Json(String),
    /// `body_base64` is not base64.
    #[error("`body_base64` is not standard base64: {0}")]
    Base64(String),
    /// Two bodies are one too many.
    #[error(
        "the request has both `body` and `body_base64`; keep the one that holds the exact bytes"
    )]
    TwoBodies,
    /// The capture holds no request.
    #[error("the capture holds no request")]
    NoRequest,
    /// The capture holds several requests, and one is wanted; each as `2 POST https://…`.
    #[error("the capture holds {} requests; one is wanted: {}", .0.len(), shown(.0))]
    Several(Vec<String>),
    /// More requests than are read.
    #[error("the capture holds more than {0} requests; save the ones that you want to look at")]
    TooMany(usize),
    /// The text is no capture that is known.
    #[error("this is no capture that Keyward knows; it reads raw HTTP, cURL, HAR and others")]
    Unknown,
    /// It is known what the text should be, and it is not that.
    #[error("this cannot be read as {format}: {why}")]
    Malformed {
        /// The format's id.
        format: &'static str,
        /// What is wrong, and where.
        why: String,
    },
    /// The capture ends before the request does.
    #[error("the capture is cut short: {0}")]
    CutShort(String),
    /// A line before the body is neither a request line nor a header.
    #[error("line {0} is not a `Name: value` header; is a blank line missing before the body?")]
    NotAHeader(usize),
    /// The text is an HTTP response.
    #[error("this is an HTTP response; the signature is on the request that came before it")]
    Response,
}

/// At most twenty, so that a message stays one.
fn shown(requests: &[String]) -> String {
    let mut text = requests.iter().take(20).cloned().collect::<Vec<_>>().join(", ");
    if requests.len() > 20 {
        text.push_str(", …");
    }
    text
}

/// Reads the one request that a capture of any format holds; see [`capture::read`].
///
/// # Errors
/// [`SampleError`] says what is malformed, or that there are several requests.
pub fn read_request(bytes: &[u8]) -> Result<Request, SampleError> {
    capture::read(bytes, None)?.only()
}

/// Reads Keyward's request JSON, or an import document with its requests.
pub(crate) fn read_json(text: &[u8]) -> Result<Vec<Request>, SampleError> {
    let mut wire: Wire =
        serde_json::from_slice(text).map_err(|e| SampleError::Json(e.to_string()))?;
    let Some(requests) = wire.requests.take() else {
        return Ok(vec![read_wire(wire)?]);
    };
    if requests.iter().any(|request| request.requests.is_some()) {
        return Err(SampleError::Json("a request within a request".into()));
    }
    requests.into_iter().map(read_wire).collect()
}

fn read_wire(wire: Wire) -> Result<Request, SampleError> {
    let body = match (wire.body, wire.body_base64) {
        (Some(_), Some(_)) => return Err(SampleError::TwoBodies),
        (Some(text), None) => Some(text.0.into_owned().into_bytes()),
        (None, Some(text)) => {
            let decoded = STANDARD.decode(text.0.as_bytes());
            Some(decoded.map_err(|e| SampleError::Base64(e.to_string()))?)
        }
        (None, None) => None,
    };
    let mut notes = wire.notes;
    if wire.lossy && notes.is_empty() {
        notes.push("It says that something was lost, and not what.".to_owned());
    }
    let headers = wire.headers.0;
    Ok(Request { method: wire.method, url: wire.url, headers, body, lossy: wire.lossy, notes })
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    headers: Headers,
    #[serde(borrow, default)]
    body: Option<Text<'a>>,
    #[serde(borrow, default)]
    body_base64: Option<Text<'a>>,
    #[serde(default)]
    lossy: bool,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(borrow, default)]
    requests: Option<Vec<Wire<'a>>>,
}

/// Text that is borrowed when it can be, so that a large body is in memory once.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("the body as text: a parsed body has lost its exact bytes")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Read)
    }
}

/// `[["Name","value"]]` or `{"Name":"value"}`; a value may be a list or a number.
#[derive(Default)]
struct Headers(Vec<(String, String)>);

#[derive(Deserialize)]
#[serde(untagged)]
enum HeaderValue {
    One(String),
    Many(Vec<String>),
    Number(serde_json::Number),
}

impl Headers {
    fn add(&mut self, name: String, value: HeaderValue) {
        match value {
            HeaderValue::One(value) => self.0.push((name, value)),
            HeaderValue::Many(values) => {
                self.0.extend(values.into_iter().map(|value| (name.clone(), value)));
            }
            HeaderValue::Number(value) => self.0.push((name, value.to_string())),
        }
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Headers;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("headers as [[\"Name\",\"value\"]] or {\"Name\":\"value\"}")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Headers, A::Error> {
                let mut headers = Headers::default();
                while let Some((name, value)) = seq.next_element::<(String, HeaderValue)>()? {
                    headers.add(name, value);
                }
                Ok(headers)
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers = Headers::default();
                while let Some((name, value)) = map.next_entry::<String, HeaderValue>()? {
                    headers.add(name, value);
                }
                Ok(headers)
            }
        }
        deserializer.deserialize_any(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_header_forms_and_both_bodies_read_the_same() {
        let list = br#"{"method":"POST","url":"https://a.example/h","headers":[["X-A","1"],["x-a","2"]],"body":"{\"a\":1}\n"}"#;
        let map = br#"{"method":"POST","url":"https://a.example/h","headers":{"X-A":["1","2"]},"body_base64":"eyJhIjoxfQo="}"#;
        let (list, map) = (read_request(list).unwrap(), read_request(map).unwrap());
        assert_eq!(list.body(), b"{\"a\":1}\n");
        assert_eq!(list.body, map.body);
        assert_eq!(list.header("X-a").as_deref(), Some("1, 2"));
        assert_eq!(list.header("X-a"), map.header("X-a"));
    }

    #[test]
    fn an_import_document_must_hold_one_request() {
        let one = br#"{"version":1,"format":"har","requests":[{"headers":[],"body_base64":"","lossy":true,"notes":["n"]}]}"#;
        let request = read_request(one).unwrap();
        assert_eq!(request.body, Some(Vec::new()));
        assert!(request.lossy);
        assert_eq!(request.notes, ["n"]);
        let silent = read_request(br#"{"headers":[],"body":"","lossy":true}"#).unwrap();
        assert_eq!(silent.notes.len(), 1, "a loss is said");
        let many =
            br#"{"requests":[{"method":"POST","url":"https://a.example/h"},{"headers":[]}]}"#;
        let several = ["1 POST https://a.example/h", "2"].map(str::to_owned).to_vec();
        assert_eq!(read_request(many), Err(SampleError::Several(several)));
        assert_eq!(read_request(br#"{"requests":[]}"#), Err(SampleError::NoRequest));
    }

    #[test]
    fn no_body_differs_from_an_empty_one() {
        assert_eq!(read_request(br#"{"headers":{}}"#).unwrap().body, None);
        assert_eq!(read_request(br#"{"headers":{},"body":null}"#).unwrap().body, None);
        assert_eq!(read_request(br#"{"headers":{},"body":""}"#).unwrap().body, Some(vec![]));
    }

    #[test]
    fn what_is_malformed_is_named() {
        assert_eq!(read_request(b" \n"), Err(SampleError::Empty));
        assert_eq!(
            read_request(br#"{"body":"a","body_base64":"YQ=="}"#),
            Err(SampleError::TwoBodies)
        );
        let parsed = read_request(br#"{"body":{"a":1}}"#).unwrap_err().to_string();
        assert!(parsed.contains("lost its exact bytes"), "{parsed}");
        assert!(matches!(read_request(br#"{"body_base64":"*"}"#), Err(SampleError::Base64(_))));
        assert!(matches!(read_request(br#"{"body":"\ud800"}"#), Err(SampleError::Json(_))));
        let deep = format!("{{\"x\":{}", "[".repeat(1_000_000));
        assert!(matches!(read_request(deep.as_bytes()), Err(SampleError::Json(_))));
        assert_eq!(
            read_request(&vec![b'{'; MAX_INPUT + 1]),
            Err(SampleError::TooLarge(MAX_INPUT + 1))
        );
    }
}
