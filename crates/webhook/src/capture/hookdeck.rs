//! Hookdeck: a request of its API, whose body was parsed, or an attempt as its command line gets it,
//! whose `data_string` or `data_base64` holds the bytes (`pkg/websocket/attempt_messages.go` of
//! hookdeck/hookdeck-cli).

use super::Sink;
use super::draft::{malformed, with_query};
use super::json::Json;
use crate::json_text::{Document, Layout};
use crate::request::{Request, SampleError};

const FORMAT: &str = "hookdeck";

/// Reads one request, or the `models` of a list.
pub(super) fn read(value: Json<'_>, sink: &mut Sink) -> Result<(), SampleError> {
    match value.get("models").filter(|models| models.is_array()) {
        Some(models) => models.items().try_for_each(|one| sink.add(read_one(one)?)),
        None => sink.add(read_one(value)?),
    }
}

fn read_one(from: Json<'_>) -> Result<Request, SampleError> {
    // An event of the command line has the request within its body.
    let inner = from.at(&["body", "request"]).or_else(|| from.get("request")).unwrap_or(from);
    let data = inner.get("data").filter(|data| data.has("headers")).unwrap_or(inner);
    if !data.has("headers") {
        return Err(malformed(FORMAT, "a request has no `data.headers`"));
    }
    let mut request = Request { method: data.string_at("method"), ..Request::default() };
    request.take_headers(data.get("headers"));
    let cli_path = from.at(&["body", "cli_path"]).and_then(Json::string);
    let path = data.string_at("path").or(cli_path).unwrap_or_default();
    let query = data.string_at("query").unwrap_or_default();
    let path = with_query(&path, query.trim_start_matches('?'));
    request.url = url(data.string_at("url"), &path, &request);
    if let Some(bytes) = data.get("data_base64").and_then(Json::text) {
        request.take_base64(FORMAT, &bytes)?;
        return Ok(request);
    }
    if let Some(text) = data.get("data_string").and_then(Json::text) {
        request.take_text(text);
        request.compare_length();
        return Ok(request);
    }
    take_parsed(data.get("body"), FORMAT, &mut request);
    Ok(request)
}

fn url(whole: Option<String>, path: &str, request: &Request) -> Option<String> {
    whole.or_else(|| {
        let host = request.header("x-forwarded-host").or_else(|| request.header("host"))?;
        (!path.is_empty()).then(|| format!("https://{host}{path}"))
    })
}

/// A body that a tool had parsed: JSON is written compactly, as most providers send it, in the order and
/// spelling it stands in.
pub(super) fn take_parsed(body: Option<Json<'_>>, whose: &str, request: &mut Request) {
    let Some(body) = body else {
        request.loss("The body is not in this capture.");
        return;
    };
    if let Some(text) = body.text() {
        request.take_text(text);
        request.loss(format!(
            "{whose} shows the body as it parsed it, so this may not be the exact text."
        ));
        return;
    }
    request.body = Document::parse(body.raw())
        .and_then(|document| document.write(Layout::Compact, None))
        .or_else(|| Some(body.raw().to_vec()));
    request.loss(format!(
        "{whose} keeps the body parsed, not its bytes; it was written again as compact JSON in the same order, and a signature that fits is one over this reconstructed body."
    ));
}

#[cfg(test)]
mod tests {
    use crate::capture::{Format, read};

    #[test]
    fn a_parsed_body_is_written_again() {
        let text = br#"{"id":"req_1","team_id":"tm_1","source_id":"src_1","data":{"path":"/hook","query":"a=1","headers":{"host":"hkdk.events","x-a":"1"},"body":{"b": 1.0, "a": ["\u00fc"]},"is_large_payload":false}}"#;
        let capture = read(text, None).expect("a request");
        assert_eq!(capture.format, Format::Hookdeck);
        let request = capture.only().expect("one");
        assert_eq!(request.body(), br#"{"b":1.0,"a":["\u00fc"]}"#);
        assert!(request.lossy && request.notes[0].contains("reconstructed"));
        assert_eq!(request.url.as_deref(), Some("https://hkdk.events/hook?a=1"));
    }

    #[test]
    fn an_event_of_the_command_line_has_the_text() {
        let with = |data: &str| {
            let text = format!(
                r#"{{"type":"attempt","body":{{"cli_path":"/hook","event_id":"evt_1","attempt_id":"atm_1","webhook_id":"web_1","request":{{"method":"POST","timeout":1,{data},"headers":{{"host":"a.example"}}}}}}}}"#
            );
            let capture = read(text.as_bytes(), None).expect("an attempt");
            assert_eq!(capture.format, Format::Hookdeck);
            capture.only().expect("one")
        };
        let text = with(r#""data_string":"{\"a\": 1}\n""#);
        assert_eq!((text.body(), text.lossy), (b"{\"a\": 1}\n".as_slice(), false));
        assert_eq!(text.url.as_deref(), Some("https://a.example/hook"));
        let bytes = with(r#""data_string":"","body_format":"binary","data_base64":"AP8=""#);
        assert_eq!((bytes.body(), bytes.lossy), (b"\0\xff".as_slice(), false));
    }
}
