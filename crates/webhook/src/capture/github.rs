//! GitHub: the page of recent deliveries as a person copies it, and `GET …/hooks/:id/deliveries/:id`.
//! Both show the payload parsed; what was signed was compact JSON
//! (<https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/viewing-webhook-deliveries>).

use super::Sink;
use super::draft::malformed;
use super::json::Json;
use crate::json_text::{Document, Layout};
use crate::request::{Request, SampleError};

const FORMAT: &str = "github-delivery";

/// Reads the text of the page: `Request URL:`, `Request method:`, header lines, then the payload.
pub(super) fn read_page(text: &[u8], sink: &mut Sink) -> Result<(), SampleError> {
    let mut request = Request { method: Some("POST".into()), ..Request::default() };
    let start = text.iter().position(|b| *b == b'{').filter(|at| {
        // The payload is the first brace that starts a line.
        text[..*at].iter().rev().find(|b| **b != b' ' && **b != b'\t').is_none_or(|b| *b == b'\n')
    });
    let head = &text[..start.unwrap_or(text.len())];
    for (at, line) in head.split(|b| *b == b'\n').enumerate() {
        let line = String::from_utf8_lossy(line.trim_ascii()).into_owned();
        let Some((name, value)) = line.split_once(':') else {
            // The titles of the page's boxes stand between them.
            let title = ["", "headers", "payload", "request", "body"];
            if title.contains(&line.to_ascii_lowercase().as_str()) {
                continue;
            }
            return Err(malformed(FORMAT, format!("line {} is no header", at + 1)));
        };
        let value = value.trim().to_owned();
        match name.to_ascii_lowercase().as_str() {
            "request url" => request.url = Some(value),
            "request method" => request.method = Some(value),
            _ => request.push_header(name.trim(), value),
        }
    }
    match start {
        Some(start) => take_payload(text[start..].trim_ascii(), &mut request)?,
        None => request.loss("The payload was not copied; the body is missing here."),
    }
    sink.add(request)
}

/// Reads a delivery of the REST API.
pub(super) fn read_api(value: Json<'_>, sink: &mut Sink) -> Result<(), SampleError> {
    let from = value.get("request").filter(|request| request.has("headers"));
    let from = from.ok_or_else(|| malformed(FORMAT, "a delivery has no `request.headers`"))?;
    let mut request =
        Request { method: Some("POST".into()), url: value.string_at("url"), ..Request::default() };
    request.take_headers(from.get("headers"));
    match from.get("payload") {
        Some(payload) => take_payload(payload.raw(), &mut request)?,
        None => request.loss("The delivery holds no payload; the body is missing here."),
    }
    sink.add(request)
}

/// Writes a shown payload again as GitHub sends it.
fn take_payload(payload: &[u8], request: &mut Request) -> Result<(), SampleError> {
    let mut values = super::json::documents(payload)?;
    let (Some(value), true) = (values.pop(), values.is_empty()) else {
        return Err(malformed(FORMAT, "the payload is not one JSON document"));
    };
    let document = Document::parse(value.raw());
    let compact = document.and_then(|document| document.write(Layout::Compact, None));
    let compact = compact.unwrap_or_else(|| value.raw().to_vec());
    let form = request.header("content-type").is_some_and(|kind| {
        kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
    });
    request.body = Some(match form {
        true => {
            let mut body = b"payload=".to_vec();
            body.extend(form_urlencoded::byte_serialize(&compact).flat_map(str::bytes));
            body
        }
        false => compact,
    });
    request.loss("GitHub shows the payload parsed; it was written again as compact JSON in the same order, and a signature that fits is one over this reconstructed body.");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Format, read};

    const PAGE: &str = "Request URL: https://ci.example/hook\nRequest method: POST\nAccept: */*\nContent-Type: application/json\nUser-Agent: GitHub-Hookshot/044aadd\nX-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958\nX-GitHub-Event: issues\nX-Hub-Signature-256: sha256=00\n";
    const PAYLOAD: &str = "{\n  \"zen\": \"Grüße / \\u003c: {\",\n  \"id\": 1.0,\n  \"a\": [\n    {},\n    []\n  ]\n}";
    const COMPACT: &str = "{\"zen\":\"Grüße / \\u003c: {\",\"id\":1.0,\"a\":[{},[]]}";

    #[test]
    fn the_page_is_read_and_the_payload_written_again() {
        for between in ["\n", "\r\nPayload\r\n", ""] {
            let text = format!("{PAGE}{between}{PAYLOAD}\n");
            let capture = read(text.as_bytes(), None).expect("a page");
            assert_eq!(capture.format, Format::GithubDelivery);
            let request = capture.only().expect("one");
            assert_eq!(request.body(), COMPACT.as_bytes());
            assert_eq!(request.url.as_deref(), Some("https://ci.example/hook"));
            assert_eq!(request.headers.len(), 6);
            assert!(request.lossy && request.notes[0].contains("reconstructed"));
        }
    }

    #[test]
    fn a_form_is_encoded_again() {
        let text = format!(
            "{}\n{{\"a\": \"b c\"}}",
            PAGE.replace("application/json", "application/x-www-form-urlencoded")
        );
        let request =
            read(text.as_bytes(), None).and_then(super::super::Capture::only).expect("one");
        assert_eq!(request.body(), b"payload=%7B%22a%22%3A%22b+c%22%7D");
    }

    #[test]
    fn the_api_answers_with_the_same() {
        let text = format!(
            r#"{{"id":12345678,"guid":"0b98","delivered_at":"2026-06-02T18:57:54Z","redelivery":false,"event":"issues","url":"https://ci.example/hook","request":{{"headers":{{"X-GitHub-Event":"issues"}},"payload":{PAYLOAD}}},"response":{{"headers":{{}},"payload":"ok"}}}}"#
        );
        let capture = read(text.as_bytes(), None).expect("a delivery");
        assert_eq!(capture.format, Format::GithubDelivery);
        let request = capture.only().expect("one");
        assert_eq!((request.body(), request.lossy), (COMPACT.as_bytes(), true));
        assert_eq!(request.header("x-github-event").as_deref(), Some("issues"));
    }

    #[test]
    fn without_a_payload_there_is_no_body() {
        let request =
            read(PAGE.as_bytes(), None).and_then(super::super::Capture::only).expect("one");
        assert_eq!((request.body.as_ref(), request.lossy), (None, true));
        assert!(matches!(
            read(format!("{PAGE}\n{{\"a\":").as_bytes(), None),
            Err(SampleError::CutShort(_))
        ));
        assert!(matches!(
            read(format!("{PAGE}nonsense\n{{}}").as_bytes(), None),
            Err(SampleError::Malformed { .. })
        ));
    }
}
