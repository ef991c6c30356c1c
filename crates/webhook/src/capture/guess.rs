//! Telling the format of a capture by what only that format has.

use super::draft::{base64, contains};
use super::format::Format;
use super::json::{self, Json};
use super::log_line;
use super::raw_http::header;
use super::variables::find;
use super::{curl, raw_http};
use crate::request::SampleError;

/// Lines, or values one after another, that are looked at: a log may start with something else.
const LOOKED_AT: usize = 1_000;

/// The format of a text, with its JSON values if it is JSON.
pub(super) fn format(text: &[u8]) -> Result<(Format, Option<Vec<Json<'_>>>), SampleError> {
    let start = text.trim_ascii_start();
    match start.first() {
        Some(b'{' | b'"') => {
            let values = json::documents(text)?;
            let format = values.iter().take(LOOKED_AT).find_map(|value| of_value(*value));
            Ok((format.ok_or(SampleError::Unknown)?, Some(values)))
        }
        Some(b'[') => match json::documents(text) {
            Ok(values) => {
                let items = values.iter().flat_map(|list| list.items()).take(LOOKED_AT);
                let format = items.into_iter().find_map(of_value).ok_or(SampleError::Unknown)?;
                Ok((format, Some(values)))
            }
            // Logs like to start with a time in brackets.
            Err(_) if quotes_body(start) => Ok((Format::LogLine, None)),
            Err(error) => Err(error),
        },
        _ => Ok((of_text(start), None)),
    }
}

/// The format of a JSON value.
fn of_value(value: Json<'_>) -> Option<Format> {
    if value.is_string() {
        return Some(Format::LogLine);
    }
    let has = |name: &str| value.has(name);
    let first = |name: &str| value.get(name).and_then(|list| list.items().next());
    let says = |name: &str, text: &str| value.string_at(name).is_some_and(|found| found == text);
    let has_headers = has("headers") || has("multiValueHeaders");
    let format = if value.at(&["log", "entries"]).is_some() {
        Format::Har
    } else if has("info") && has("item") {
        Format::Postman
    } else if first("requests").is_some_and(|one| one.at(&["request", "raw"]).is_some())
        || value.at(&["request", "raw"]).is_some()
    {
        Format::Ngrok
    } else if has("requests") {
        Format::RequestJson
    } else if first("data").is_some_and(is_webhook_site) || is_webhook_site(value) {
        Format::WebhookSite
    } else if has("request_payload_base64") {
        Format::WebhookTester
    } else if has("event_payload") || is_stripe_event(value) {
        Format::StripeCli
    } else if (says("type", "event") && value.get("data").is_some_and(is_svix)) || is_svix(value) {
        Format::SvixCli
    } else if is_hookdeck(value) || first("models").is_some_and(is_hookdeck) {
        Format::Hookdeck
    } else if value.at(&["request", "headers"]).is_some()
        && value.at(&["request", "payload"]).is_some()
    {
        Format::GithubDelivery
    } else if has("requestContext") || has("isBase64Encoded") || (has("httpMethod") && has_headers)
    {
        Format::ApiGateway
    } else if has("rawBody") || has("raw_body") {
        Format::LogLine
    } else if is_request(value) {
        Format::RequestJson
    } else if log_line::read_object(value).is_some() {
        Format::LogLine
    } else {
        return None;
    };
    Some(format)
}

/// Keyward's own: it has a body under its own name, or none at all. Logs keep it under other names, or
/// parsed beside a level or a time.
fn is_request(value: Json<'_>) -> bool {
    let body = value.get("body");
    let is_parsed = body.is_some_and(|body| body.is_object() || body.is_array());
    let is_log =
        ["level", "time", "timestamp", "msg", "message"].iter().any(|name| value.has(name));
    let has_other_body = log_line::BODIES.iter().any(|name| value.has(name));
    if value.has("body_base64") || body.is_some() {
        return !(is_parsed && is_log);
    }
    let known = ["method", "url", "headers", "body", "body_base64", "lossy", "notes"];
    let own =
        value.members().any(|(key, _)| key.string().is_some_and(|key| known.contains(&&*key)));
    own && !has_other_body && (value.has("headers") || log_line::read_object(value).is_none())
}

fn is_webhook_site(value: Json<'_>) -> bool {
    value.has("token_id") && (value.has("content") || value.has("uuid"))
}

fn is_stripe_event(value: Json<'_>) -> bool {
    let object = value.string_at("object").unwrap_or_default();
    matches!(object.as_str(), "event" | "v2.core.event") && !value.has("headers")
}

/// A message has an id, no URL, and its body in base64.
fn is_svix(value: Json<'_>) -> bool {
    let body = value.get("body").and_then(Json::text);
    value.has("id")
        && value.has("method")
        && value.has("headers")
        && !value.has("url")
        && body.is_some_and(|body| base64("svix-cli", &body).is_ok())
}

fn is_hookdeck(value: Json<'_>) -> bool {
    let event = value.at(&["body", "request"]).or_else(|| value.get("request"));
    event.is_some_and(|event| event.has("data_string") || event.has("data_base64"))
        || value.has("data_string")
        || value.get("data").is_some_and(|data| data.is_object() && data.has("headers"))
}

/// The format of a text that is no JSON.
fn of_text(text: &[u8]) -> Format {
    let first = first_line(text);
    let lower = first.to_ascii_lowercase();
    if lower.starts_with(b"request url:") {
        Format::GithubDelivery
    } else if is_http_file(text, first) {
        Format::HttpFile
    } else if is_head(text) {
        // What stands in a body may look like anything.
        Format::RawHttp
    } else if curl::is_command(text) {
        Format::Curl
    } else if imports_requests(first) {
        Format::PythonRequests
    } else if is_fetch(text, first) {
        Format::Fetch
    } else if is_python(text, first) {
        Format::PythonRequests
    } else if starts_apart(first) {
        Format::HttpFile
    } else if is_log(text, first) {
        Format::LogLine
    } else {
        Format::RawHttp
    }
}

fn first_line(text: &[u8]) -> &[u8] {
    text.split(|b| *b == b'\n').next().unwrap_or_default().trim_ascii()
}

/// Whether the text is headers or a request line from the start. A time with colons is neither.
fn is_head(text: &[u8]) -> bool {
    let first = first_line(text);
    let is_time = first.first().is_some_and(u8::is_ascii_digit);
    raw_http::starts_request(text) || (header(first).is_some() && !is_time)
}

fn is_fetch(text: &[u8], first: &[u8]) -> bool {
    let starts = |starts: &[&[u8]]| starts.iter().any(|start| first.starts_with(start));
    starts(&[b"fetch(", b"await fetch(", b"window.fetch("])
        || (starts(&[b"//", b"/*", b"const ", b"let ", b"var ", b"import ", b"async "])
            && contains(text, b"fetch("))
}

fn imports_requests(line: &[u8]) -> bool {
    line.starts_with(b"import requests") || line.starts_with(b"from requests")
}

fn is_python(text: &[u8], first: &[u8]) -> bool {
    first.starts_with(b"requests.") || text.split(|b| *b == b'\n').any(imports_requests)
}

/// `.http` files separate requests, which HTTP does not, or name a whole URL without a version.
fn is_http_file(text: &[u8], first: &[u8]) -> bool {
    let is_whole = |url: &[u8]| {
        [b"http://".as_slice(), b"https://", b"{{"].iter().any(|start| url.starts_with(start))
    };
    let mut words = first.split(|b| *b == b' ');
    let method = words.next().unwrap_or_default();
    let has_method = !method.is_empty() && method.iter().all(u8::is_ascii_uppercase);
    let has_url = has_method && words.next().is_some_and(is_whole);
    let has_separator = || find(text, b"\n###").is_some();
    first.starts_with(b"###")
        || is_whole(first)
        || (has_url && (!raw_http::starts_request(text) || has_separator()))
}

/// Comments and variables before the first request of an `.http` file.
fn starts_apart(first: &[u8]) -> bool {
    let is_variable = first.starts_with(b"@") && first.contains(&b'=');
    first.starts_with(b"#") || first.starts_with(b"//") || is_variable
}

/// A first line that starts with a time or a field, and a line that quotes a body.
fn is_log(text: &[u8], first: &[u8]) -> bool {
    let word = first.split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let starts =
        first.first().is_some_and(u8::is_ascii_digit) || word.contains(&b'=') || !is_head(first);
    starts && quotes_body(text)
}

fn quotes_body(text: &[u8]) -> bool {
    text.split(|b| *b == b'\n').take(LOOKED_AT).any(|line| log_line::is_log(line.trim_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> &'static str {
        format(text.as_bytes()).map_or("none", |(format, _)| format.name())
    }

    #[test]
    fn what_could_be_two_formats() {
        for (text, wanted) in [
            (
                "POST / HTTP/1.1\r\nHost: a\r\n\r\n### a heading\nimport requests\nfetch(",
                "raw-http",
            ),
            ("POST https://a.example HTTP/1.1\nHost: a\n\n{}", "raw-http"),
            ("POST https://a.example\nHost: a\n\n{}", "http-file"),
            (
                "POST https://a.example HTTP/1.1\n\n{}\n\n###\nGET https://b.example HTTP/1.1\n",
                "http-file",
            ),
            ("X-A: fetch(1)\n\ncurl", "raw-http"),
            ("X-A: 1\n\n$a = irm x\nimport requests\n", "raw-http"),
            ("POST https://a.example\n\nimport requests\niwr x", "http-file"),
            ("curl u -d '\niwr x\n'", "curl"),
            ("# x\n@a = 1\nPOST {{a}}\n", "http-file"),
            ("#!/usr/bin/python\nimport requests\n", "python-requests"),
            ("// x\nfetch('u')", "fetch"),
            ("import requests\nrequests.post('u', data='fetch(1)')", "python-requests"),
            ("X-A: body=\"1\"\n\n", "raw-http"),
            ("# sends it\n$ curl a.example", "curl"),
            (r#"{"method":"POST","headers":{},"body":"AAAA"}"#, "request-json"),
            (r#"{"id":"1","method":"POST","headers":{},"body":"AAAA","url":"u"}"#, "request-json"),
            (r#"{"id":"evt_1","object":"event","data":{}}"#, "stripe-cli"),
            (r#"{"headers":{},"body":"x","timestamp":1}"#, "request-json"),
            (r#"{"body_base64":"","level":"info"}"#, "request-json"),
            (r#"{"headers":{},"payload":"x"}"#, "log-line"),
            (
                r#"{"msg":"started"}
{"msg":"hook","rawBody":"x"}"#,
                "log-line",
            ),
            ("2026-01-02 started\n2026-01-02 hook body=\"x\"\n", "log-line"),
            (r#"{"a":1}"#, "none"),
            ("[]", "none"),
            ("[1]", "none"),
            ("nonsense", "raw-http"),
        ] {
            assert_eq!(name(text), wanted, "{text}");
        }
    }
}
