//! tarampampam/webhook-tester: `GET /api/session/:id/requests`, which keeps every byte.

use super::Sink;
use super::draft::malformed;
use super::json::Json;
use crate::request::{Request, SampleError};

const FORMAT: &str = "webhook-tester";

/// Reads one captured request.
pub(super) fn read(from: Json<'_>, sink: &mut Sink) -> Result<(), SampleError> {
    let payload = from.get("request_payload_base64").and_then(Json::text);
    let payload =
        payload.ok_or_else(|| malformed(FORMAT, "a request has no `request_payload_base64`"))?;
    let mut request = Request {
        method: from.string_at("method"),
        url: from.string_at("url"),
        ..Request::default()
    };
    request.take_headers(from.get("headers"));
    request.take_base64(FORMAT, &payload)?;
    sink.add(request)
}

#[cfg(test)]
mod tests {
    use crate::capture::{Format, read};

    #[test]
    fn every_byte_is_kept() {
        let text = br#"[{"uuid":"9b6bbab9","client_address":"192.0.2.1","method":"PUT","request_payload_base64":"AP8NCsM8","headers":[{"name":"X-A","value":"1"}],"url":"https://hooks.example/9b6bbab9/x?y=%20","captured_at_unix_milli":1780000000000}]"#;
        let capture = read(text, None).expect("a list");
        assert_eq!(capture.format, Format::WebhookTester);
        let request = &capture.requests[0];
        assert_eq!(request.body(), b"\0\xff\r\n\xc3<");
        assert_eq!(request.method.as_deref(), Some("PUT"));
        assert_eq!(request.header("x-a").as_deref(), Some("1"));
        assert!(!request.lossy && request.notes.is_empty());
    }
}
