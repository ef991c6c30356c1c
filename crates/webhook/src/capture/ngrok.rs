//! ngrok's inspector: `GET http://127.0.0.1:4040/api/requests/http[/:id]`. Its `raw` is the whole request
//! as it came, in base64; the parsed headers beside it are not needed
//! (<https://ngrok.com/docs/agent/api>).

use super::draft::{base64, malformed};
use super::json::Json;
use super::{Sink, raw_http};
use crate::request::SampleError;

const FORMAT: &str = "ngrok";

/// Reads the list, or one request of it.
pub(super) fn read(value: Json<'_>, sink: &mut Sink) -> Result<(), SampleError> {
    match value.get("requests").filter(|list| list.is_array()) {
        Some(list) => list.items().try_for_each(|one| read_one(one, sink)),
        None => read_one(value, sink),
    }
}

fn read_one(from: Json<'_>, sink: &mut Sink) -> Result<(), SampleError> {
    let raw = from.at(&["request", "raw"]).and_then(Json::text);
    let raw = raw.ok_or_else(|| malformed(FORMAT, "a request has no `request.raw`"))?;
    raw_http::read(&base64(FORMAT, &raw)?, sink)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use crate::capture::{Format, read};
    use crate::request::SampleError;

    fn inspected(raw: &[u8]) -> String {
        let raw = STANDARD.encode(raw);
        format!(
            r#"{{"uri":"/api/requests/http","requests":[{{"uri":"/api/requests/http/548fb5c700000002","id":"548fb5c700000002","tunnel_name":"command_line","remote_addr":"192.0.2.1","start":"2026-01-15T10:32:07-08:00","duration":3893202,"request":{{"method":"POST","proto":"HTTP/1.1","headers":{{"X-A":["1"]}},"uri":"/hook","raw":"{raw}"}},"response":{{"status":"502 Bad Gateway","status_code":502,"proto":"HTTP/1.1","headers":null,"raw":""}}}}]}}"#
        )
    }

    #[test]
    fn the_raw_request_is_read() {
        let raw = b"POST /hook HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-Proto: https\r\nContent-Length: 6\r\n\r\n\0\xff\r\n\n ";
        let capture = read(inspected(raw).as_bytes(), None).expect("a list");
        assert_eq!(capture.format, Format::Ngrok);
        let request = capture.only().expect("one");
        assert_eq!(request.body(), b"\0\xff\r\n\n ");
        assert_eq!(request.url.as_deref(), Some("https://a.example/hook"));
        assert!(!request.lossy && request.notes.is_empty(), "{:?}", request.notes);
    }

    #[test]
    fn a_body_that_the_inspector_cut_is_not_whole() {
        let raw = b"POST /hook HTTP/1.1\r\nContent-Length: 60\r\n\r\n{\"a\":";
        let capture = read(inspected(raw).as_bytes(), None).expect("a list");
        assert!(matches!(capture.whole(), Err(SampleError::CutShort(_))));
    }
}
