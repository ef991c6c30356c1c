//! Captures as other programs write them, from random bodies: the bytes come back, or the loss is said.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyward_webhook::Request;
use keyward_webhook::capture::{Format, read};
use proptest::prelude::*;
use serde_json::json;

fn one(text: impl AsRef<[u8]>, format: Format) -> Request {
    let capture = read(text.as_ref(), None);
    let capture = capture
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(text.as_ref())));
    assert_eq!(capture.format, format, "{}", String::from_utf8_lossy(text.as_ref()));
    capture.only().expect("one request")
}

/// Text as bodies hold it, with everything that quoting gets wrong.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[ -~]{0,8}",
        2 => prop::sample::select(vec!["\r\n", "\n", "\t", "\0", "\u{1b}", "'", "\"", "\\", "$", "`", "!", "%41", "^", "\\n", "\\u0041", "${x}", "\u{7f}", "\u{85}", "\u{2028}"]).prop_map(str::to_owned),
        2 => prop::sample::select(vec!["ü", "€", "😀", "日本", "\u{202e}"]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// How Chrome quotes for bash: `$'…'` when there is something that plain quotes cannot say.
fn chrome_bash(text: &str) -> String {
    let needs = |c: char| matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '!' | '\'');
    if !text.contains(needs) {
        return format!("'{text}'");
    }
    let mut out = String::from("$'");
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c if needs(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out + "'"
}

/// How Chrome quotes for cmd.
fn chrome_cmd(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    let mut out = String::from("^\"");
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' | '\n' => {
                if c == '\r' && chars.peek() == Some(&'\n') {
                    chars.next();
                }
                out.push_str("^\n\n");
            }
            '%' => {
                out.push_str("^%");
                if chars.peek().is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    out.push('^');
                }
            }
            c if c.is_ascii_alphanumeric() || " _-:=+~'/.',?;()*`".contains(c) => out.push(c),
            c if c.is_whitespace() || c == '\u{feff}' => out.push(' '),
            c if c.is_ascii_graphic() => out.extend(['^', c]),
            c => (0..c.len_utf16()).for_each(|_| out.push_str("^ ")),
        }
    }
    out + "^\""
}

/// How Chrome quotes for PowerShell.
fn chrome_powershell(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '`' | '$' | '"' => out.extend(['`', c]),
            ' '..='~' => out.push(c),
            c => c
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| out.push_str(&format!("$([char]{unit})"))),
        }
    }
    format!("([System.Text.Encoding]::UTF8.GetBytes(\"{out}\"))")
}

/// Python's `repr` of text.
fn python_repr(text: &str) -> String {
    let mut out = String::from("'");
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 || (0x7f..0xa0).contains(&u32::from(c)) => {
                out.push_str(&format!("\\x{:02x}", u32::from(c)))
            }
            c if (0x2000..0x2070).contains(&u32::from(c)) => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)))
            }
            c => out.push(c),
        }
    }
    out + "'"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn text_comes_back_from_every_format_that_carries_it(body in text()) {
        let length = body.len();
        let headers = json!({"X-A": "1"});
        let quoted = serde_json::to_string(&body).expect("text");
        let captures = [
            (Format::RawHttp, format!("POST /h HTTP/1.1\r\nHost: a.example\r\nX-A: 1\r\nContent-Length: {length}\r\n\r\n{body}")),
            (Format::Curl, format!("curl 'https://a.example/h' \\\n  -H 'X-A: 1' \\\n  --data-raw {}", chrome_bash(&body))),
            (Format::Curl, format!("Invoke-WebRequest -UseBasicParsing -Uri \"https://a.example/h\" `\n-Method \"POST\" `\n-Headers @{{\n\"X-A\"=\"1\"\n}} `\n-Body {}", chrome_powershell(&body))),
            (Format::Fetch, format!("fetch(\"https://a.example/h\", {{\n  \"headers\": {headers},\n  \"body\": {quoted},\n  \"method\": \"POST\"\n}});")),
            (Format::PythonRequests, format!("import requests\n\ndata = {}\n\nrequests.post('https://a.example/h', headers={{'X-A': '1'}}, data=data)\n", python_repr(&body))),
            (Format::Har, json!({"log": {"entries": [{"request": {"method": "POST", "url": "https://a.example/h", "headers": [{"name": "X-A", "value": "1"}], "postData": {"mimeType": "text/plain", "text": body}}}]}}).to_string()),
            (Format::WebhookSite, json!({"data": [{"uuid": "u", "token_id": "t", "method": "POST", "url": "https://a.example/h", "headers": {"x-a": ["1"]}, "content": body, "size": length, "request": null}]}).to_string()),
            (Format::StripeCli, json!({"type": "webhook_event", "event_payload": body, "http_headers": headers}).to_string()),
            (Format::Hookdeck, json!({"type": "attempt", "body": {"cli_path": "/h", "request": {"method": "POST", "data_string": body, "headers": headers}}}).to_string()),
            (Format::ApiGateway, json!({"version": "2.0", "rawPath": "/h", "rawQueryString": "", "headers": {"host": "a.example", "x-a": "1"}, "requestContext": {"http": {"method": "POST"}}, "body": body, "isBase64Encoded": false}).to_string()),
            (Format::LogLine, json!({"level": "info", "headers": headers, "rawBody": body}).to_string()),
            (Format::RequestJson, json!({"method": "POST", "url": "https://a.example/h", "headers": headers, "body": body}).to_string()),
        ];
        for (format, capture) in captures {
            let request = one(&capture, format);
            prop_assert_eq!(request.body(), body.as_bytes(), "{:?}", format);
            prop_assert!(!request.lossy, "{:?}: {:?}", format, request.notes);
            prop_assert!(request.header("x-a").as_deref() == Some("1"), "{:?}", format);
        }
    }

    #[test]
    fn bytes_come_back_from_every_format_that_carries_them(body in prop::collection::vec(any::<u8>(), 0..60)) {
        let packed = STANDARD.encode(&body);
        let length = body.len();
        let raw = [format!("POST /h HTTP/1.1\r\nHost: a.example\r\nX-A: 1\r\nContent-Length: {length}\r\n\r\n").as_bytes(), &body].concat();
        let chunked = [format!("POST /h HTTP/1.1\r\nHost: a.example\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n{}", if length > 0 { format!("{length:x}\r\n") } else { String::new() }).as_bytes(), &body, if length > 0 { b"\r\n".as_slice() } else { b"" }, b"0\r\n\r\n"].concat();
        let bytes: String = body.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        let captures = [
            (Format::RawHttp, raw.clone()),
            (Format::RawHttp, chunked),
            (Format::Ngrok, json!({"uri": "/api/requests/http", "requests": [{"id": "1", "request": {"method": "POST", "raw": STANDARD.encode(&raw)}}]}).to_string().into()),
            (Format::WebhookTester, json!([{"uuid": "u", "method": "POST", "headers": [{"name": "X-A", "value": "1"}], "request_payload_base64": packed, "url": "https://a.example/h"}]).to_string().into()),
            (Format::SvixCli, json!({"id": "msg_1", "method": "POST", "headers": {"X-A": "1"}, "body": packed}).to_string().into()),
            (Format::ApiGateway, json!({"version": "2.0", "rawPath": "/h", "headers": {"x-a": "1"}, "requestContext": {"http": {"method": "POST"}}, "body": packed, "isBase64Encoded": true}).to_string().into()),
            (Format::Har, json!({"log": {"entries": [{"request": {"headers": [{"name": "X-A", "value": "1"}], "postData": {"text": packed, "encoding": "base64"}}}]}}).to_string().into()),
            (Format::RequestJson, json!({"headers": [["X-A", "1"]], "body_base64": packed}).to_string().into()),
            (Format::PythonRequests, format!("import requests\nrequests.post('https://a.example/h', headers={{'X-A': '1'}}, data=b'{bytes}')").into()),
        ];
        for (format, capture) in captures {
            let request = one(&capture, format);
            prop_assert_eq!(request.body(), body.as_slice(), "{:?}", format);
            prop_assert!(!request.lossy, "{:?}: {:?}", format, request.notes);
            prop_assert!(request.header("x-a").as_deref() == Some("1"), "{:?}", format);
        }
    }

    #[test]
    fn what_cmd_cannot_say_is_never_passed_off_as_exact(body in text()) {
        let request = one(format!("curl ^\"https://a.example/h^\" ^\r\n  -H ^\"X-A: 1^\" ^\r\n  --data-raw {}", chrome_cmd(&body)), Format::Curl);
        prop_assert!(request.lossy || request.body() == body.as_bytes(), "{:?} {:?}", request.body(), body);
        let plain = body.chars().all(|c| c.is_ascii_graphic());
        prop_assert!(!plain || (!request.lossy && request.body() == body.as_bytes()), "{:?} {:?}", request, body);
    }

    /// An .http file cannot say whether line breaks at the end belong to the body.
    #[test]
    fn an_http_file_keeps_all_but_the_end(body in text()) {
        // Lines that mean something to the format itself are not bodies it can carry.
        prop_assume!(!body.lines().any(|line| matches!(line.trim_start().chars().next(), Some('#' | '<' | '>'))) && !body.contains("{{"));
        let request = one(format!("### x\nPOST https://a.example/h\nX-A: 1\n\n{body}\n\n###\n"), Format::HttpFile);
        let kept = body.trim_end_matches(['\r', '\n']);
        prop_assert_eq!(request.body(), kept.as_bytes());
        prop_assert!(request.lossy || kept == body || kept.is_empty());
    }
}

/// Python's json module, by which mitmproxy, Django and many log handlers write.
#[test]
fn json_as_python_writes_it() {
    let script = r#"
import json, sys
body = bytes(range(256))
text = body.decode('utf8', 'surrogateescape')
har = {'log': {'version': '1.2', 'entries': [{'request': {'method': 'POST', 'url': 'https://a.example/h', 'headers': [],
  'postData': {'mimeType': 'application/octet-stream', 'text': text, 'params': []}}}]}}
sys.stdout.write(json.dumps(har, indent=4))
"#;
    let output = std::process::Command::new("python3")
        .args(["-c", script])
        .output()
        .expect("python3 is installed");
    assert!(output.status.success());
    let request = one(&output.stdout, Format::Har);
    let every: Vec<u8> = (0..=255).collect();
    assert_eq!(request.body(), every);
    assert!(request.lossy && request.notes[0].contains("lone surrogates"), "{:?}", request.notes);
}

/// PowerShell 5 saves what it shows as UTF-16.
#[test]
fn wide_text_is_read_from_utf_16() {
    let text = "POST /h HTTP/1.1\r\nHost: a.example\r\n\r\n{\"a\":\"ü\"}";
    let wide: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let request = one(wide, Format::RawHttp);
    assert_eq!(request.body(), "{\"a\":\"ü\"}".as_bytes());
    assert!(request.lossy, "the console may have changed more");
}
