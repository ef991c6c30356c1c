//! Lines of logs that quote a request: the body stands in a string literal, which is unescaped once, beside
//! headers and other fields or all by itself.

use super::Sink;
use super::draft::malformed;
use super::hookdeck::take_parsed;
use super::json::{self, Json};
use super::quoted::{self, Value};
use super::text::Text;
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
    let is_wanted = |name: &[u8]| {
        let mut names = BODIES.iter().chain(&HEADERS).chain(&["method", "url"]);
        names.any(|wanted| wanted.as_bytes() == name)
    };
    let fields = quoted::fields(line, is_wanted);
    let field = |names: &[&str]| {
        let named = |name: &&str| fields.iter().find(|(found, _)| *found == name.as_bytes());
        names.iter().find_map(named).map(|(_, value)| value)
    };
    let text = |value: &Value| match value {
        Value::Json(value) => value.string(),
        Value::Text(text) => Some(text.lossy()),
        Value::Dict(_) => None,
    };
    let body = field(&BODIES)?;
    let mut request = Request {
        method: field(&["method"]).and_then(text),
        url: field(&["url"]).and_then(text),
        ..Request::default()
    };
    match field(&HEADERS) {
        Some(Value::Json(headers)) => take_headers(Some(*headers), &mut request),
        Some(Value::Text(text)) => take_quoted_headers(text, &mut request),
        Some(Value::Dict(members)) => {
            for (name, value) in members {
                request.push_header(name.lossy(), value.string().unwrap_or_default());
            }
        }
        None => {}
    }
    say_headers(&mut request);
    match body {
        Value::Json(body) => {
            if !body.is_string() {
                request.body = Some(body.raw().to_vec());
                request.loss("The line does not quote the body; it is taken as it stands, without what stood round it.");
            }
            take_body(Some(*body), &mut request);
        }
        Value::Text(text) => {
            request.take_text(text.clone());
            request.note("The body was quoted with the escapes of a programming language; it was unescaped once.");
            request.compare_length();
        }
        Value::Dict(_) => request.loss(
            "The line holds the body as a dictionary of Python, not its bytes; it is missing here.",
        ),
    }
    Some(request)
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
    take_headers(headers, &mut request);
    say_headers(&mut request);
    take_body(body, &mut request);
    Some(request)
}

fn take_headers(headers: Option<Json<'_>>, request: &mut Request) {
    match headers.and_then(Json::text) {
        // Headers may be quoted as well.
        Some(text) => take_quoted_headers(&text, request),
        None => request.take_headers(headers),
    }
}

fn take_quoted_headers(text: &Text, request: &mut Request) {
    request.take_headers(json::prefix(&text.bytes).map(|(value, _)| value));
}

fn say_headers(request: &mut Request) {
    if request.headers.is_empty() {
        request.loss("The log holds no headers that can be read, and so no signature.");
    }
}

fn take_body(body: Option<Json<'_>>, request: &mut Request) {
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
    fn lines_of_python_go_and_nginx() {
        for text in [
            r#"2026-01-02 03:04:05,678 INFO hook headers={'X-A': '1'} body=b'{"a": "\xc3\xbc", "data": "x"}\n'"#,
            r#"time=2026-01-02T03:04:05Z headers="{\"X-A\":\"1\"}" body="{\x22a\x22: \x22ü\x22, \x22data\x22: \x22x\x22}\x0a""#,
        ] {
            let request = one(text);
            let body = "{\"a\": \"ü\", \"data\": \"x\"}\n".as_bytes();
            assert_eq!((request.body(), request.lossy), (body, false), "{text}");
            assert_eq!(request.header("x-a").as_deref(), Some("1"));
        }
        let parsed = one("2026-01-02 headers={'X-A': '1'} body={'a': 1}");
        assert_eq!((parsed.body, parsed.lossy), (None, true));
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
