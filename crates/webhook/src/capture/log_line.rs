//! Lines of logs that quote a request: the body stands in a JSON string literal, which is unescaped once,
//! beside headers and other fields or all by itself.

use super::Sink;
use super::draft::malformed;
use super::hookdeck::take_parsed;
use super::json::{self, Json};
use super::variables::find;
use crate::request::{Request, SampleError};

const FORMAT: &str = "log-line";

/// Names under which logs keep a body, the plainest first.
pub(super) const BODIES: [&str; 10] = [
    "rawBody",
    "raw_body",
    "body",
    "payload",
    "requestBody",
    "request_body",
    "data",
    "content",
    "raw",
    "message",
];

/// How often a name is looked at in one line, so that a line of nothing else costs little.
const MOST_TRIES: usize = 100;

/// Objects within which a log may keep the request.
const WITHIN: [&str; 6] = ["request", "req", "http", "event", "data", "httpRequest"];

const HEADERS: [&str; 4] = ["headers", "requestHeaders", "request_headers", "header"];

const UNESCAPED: &str = "The body was quoted as a JSON string; it was unescaped once.";

/// Reads a log as text: each line that quotes a body.
pub(super) fn read(text: &[u8], sink: &mut Sink) -> Result<(), SampleError> {
    for line in text.split(|b| *b == b'\n').map(<[u8]>::trim_ascii) {
        if let Some(request) = read_line(line) {
            sink.add(request)?;
        }
    }
    if sink.requests.is_empty() {
        return Err(malformed(FORMAT, "no line quotes a body, such as `body=\"{…}\"`"));
    }
    Ok(())
}

/// Whether a line of a log quotes a body.
pub(super) fn is_log(line: &[u8]) -> bool {
    read_line(line).is_some()
}

fn read_line(line: &[u8]) -> Option<Request> {
    // A line may end in a JSON object with everything.
    if let Some(at) = find(line, b"{")
        && let Some((value, b"")) = json::prefix(&line[at..])
        && let Some(request) = read_object(value)
    {
        return Some(request);
    }
    let body = BODIES.iter().find_map(|name| field(line, name))?;
    let mut request = Request {
        method: field(line, "method").and_then(|value| value.string()),
        url: field(line, "url").and_then(|value| value.string()),
        ..Request::default()
    };
    let headers = HEADERS.iter().find_map(|name| field(line, name));
    if !body.is_string() {
        request.body = Some(body.raw().to_vec());
        request.loss("The line does not quote the body; it is taken as it stands, without what stood round it.");
    }
    take(headers, Some(body), &mut request);
    Some(request)
}

/// `name="…"`, `name={…}` or `"name": …`, as a JSON value; a bare word is none for a body.
fn field<'a>(line: &'a [u8], name: &str) -> Option<Json<'a>> {
    let mut rest = line;
    for _ in 0..MOST_TRIES {
        let at = find(rest, name.as_bytes())?;
        let before = at.checked_sub(1).and_then(|at| rest.get(at));
        rest = &rest[at + name.len()..];
        if before.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'\\')) {
            continue;
        }
        let after = rest.strip_prefix(b"\"").unwrap_or(rest).trim_ascii_start();
        let value = after.strip_prefix(b"=").or_else(|| after.strip_prefix(b":"));
        let value = value.unwrap_or_default().trim_ascii_start();
        if matches!(value.first(), Some(b'"' | b'{' | b'['))
            && let Some((value, _)) = json::prefix(value)
        {
            return Some(value);
        }
    }
    None
}

/// Reads the JSON values of a log: each that keeps a request, or quoted bodies alone.
pub(super) fn read_values<'a>(
    values: impl Iterator<Item = Json<'a>>,
    sink: &mut Sink,
) -> Result<(), SampleError> {
    for value in values {
        if let Some(text) = value.text() {
            let mut request = Request::default();
            request.take_text(text);
            request.note(UNESCAPED);
            request.loss(
                "The capture is a body alone: the headers, and so the signature, are not in it.",
            );
            sink.add(request)?;
        } else if let Some(request) = read_object(value) {
            sink.add(request)?;
        }
    }
    if sink.requests.is_empty() {
        return Err(malformed(FORMAT, "no field quotes a body"));
    }
    Ok(())
}

/// An object that keeps a request, in itself or up to two levels down.
pub(super) fn read_object<'a>(value: Json<'a>) -> Option<Request> {
    let within = |value: Json<'a>| {
        WITHIN.iter().filter_map(|name| value.get(name)).find(|inner| inner.is_object())
    };
    let inner = within(value);
    let places = [Some(value), inner, inner.and_then(within)];
    let field = |names: &[&str]| {
        names.iter().find_map(|name| places.into_iter().flatten().find_map(|place| place.get(name)))
    };
    let headers = field(&HEADERS).filter(|headers| headers.is_object() || headers.is_array());
    let body = field(&BODIES[..6]).or_else(|| field(&BODIES[6..]).filter(|body| body.is_string()));
    if headers.is_none() && !body.is_some_and(Json::is_string) {
        return None;
    }
    let mut request = Request {
        method: field(&["method", "httpMethod", "requestMethod"]).and_then(Json::string),
        url: field(&["url", "requestUrl", "uri"]).and_then(Json::string),
        ..Request::default()
    };
    take(headers, body, &mut request);
    Some(request)
}

fn take(headers: Option<Json<'_>>, body: Option<Json<'_>>, request: &mut Request) {
    match headers.and_then(Json::text) {
        // Headers may be quoted as well.
        Some(text) => request.take_headers(json::prefix(&text.bytes).map(|(value, _)| value)),
        None => request.take_headers(headers),
    }
    if request.headers.is_empty() {
        request.loss("The log holds no headers that can be read, and so no signature.");
    }
    match body.and_then(Json::text) {
        Some(text) => {
            request.take_text(text);
            request.note(UNESCAPED);
            request.compare_length();
        }
        None if request.body.is_none() => take_parsed(body, "The log", request),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::capture::{Capture, Format, read};
    use crate::request::Request;

    fn one(text: &str) -> Request {
        let capture = read(text.as_bytes(), None).expect("a log");
        assert_eq!(capture.format, Format::LogLine, "{text}");
        capture.only().expect("one")
    }

    #[test]
    fn lines_of_json() {
        let request = one(
            r#"{"level":"info","time":1780000000,"msg":"hook","req":{"method":"POST","url":"/h","headers":{"x-a":"1"}},"rawBody":"{\"a\": \"\u00fc\"}\r\n"}"#,
        );
        assert_eq!((request.body(), request.lossy), ("{\"a\": \"ü\"}\r\n".as_bytes(), false));
        assert_eq!(request.header("x-a").as_deref(), Some("1"));
        assert_eq!(request.method.as_deref(), Some("POST"));
        assert!(request.notes[0].contains("unescaped once"));
        let parsed =
            one(r#"{"level":"info","req":{"headers":{"x-a":"1"},"body":{"b": 1, "a": 2}}}"#);
        assert_eq!((parsed.body(), parsed.lossy), (b"{\"b\":1,\"a\":2}".as_slice(), true));
    }

    #[test]
    fn lines_of_text() {
        for text in [
            r#"2026-01-02T03:04:05Z INFO hook method="POST" headers={"X-A":"1"} body="{\"a\": 1}\n" took=3ms"#,
            r#"time="2026-01-02" level=info method="POST" headers="{\"X-A\":\"1\"}" body="{\"a\": 1}\n""#,
            r#"[2026-01-02 03:04:05] app.INFO: hook {"method":"POST","headers":{"X-A":["1"]},"body":"{\"a\": 1}\n"}"#,
        ] {
            let request = one(text);
            assert_eq!(
                (request.body(), request.lossy),
                (b"{\"a\": 1}\n".as_slice(), false),
                "{text}"
            );
            assert_eq!(request.header("x-a").as_deref(), Some("1"));
            assert_eq!(request.method.as_deref(), Some("POST"));
        }
    }

    #[test]
    fn a_body_without_quotes_stands_as_it_is() {
        let request = one("2026-01-02T03:04:05Z POST /h headers={\"X-A\":\"1\"} body={\"a\": 1}\n");
        assert_eq!((request.body(), request.lossy), (b"{\"a\": 1}".as_slice(), true));
    }

    #[test]
    fn a_quoted_body_alone() {
        let request = one("\"{\\\"a\\\": \\\"\\u00fc\\\"}\\n\"\n");
        assert_eq!((request.body(), request.lossy), ("{\"a\": \"ü\"}\n".as_bytes(), true));
        assert_eq!(request.notes.len(), 2);
        let forced = read(b"no body here", Some(Format::LogLine)).and_then(Capture::only);
        assert!(forced.is_err());
    }
}
