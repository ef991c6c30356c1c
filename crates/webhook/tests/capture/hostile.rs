//! Any bytes in any format: an answer or an error, soon, and never a crash.

use std::time::{Duration, Instant};

use keyward_webhook::capture::{Format, MAX_REQUESTS, read};
use keyward_webhook::{Request, SampleError};
use proptest::prelude::*;

/// Pieces that parsers look for, so that random texts get far into them.
const PIECES: &[&str] = &[
    "curl ",
    "-d ",
    "--data-raw ",
    "-H ",
    "'",
    "\"",
    "$'",
    "\\",
    "^",
    "^\"",
    "`",
    "\n",
    "\r\n",
    " ",
    "@",
    "-",
    "--",
    "<<E",
    "E\n",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "=",
    "(",
    ")",
    "#",
    "###\n",
    "{{",
    "}}",
    "< ",
    "> {% ",
    "%}",
    "POST ",
    "https://a/",
    " HTTP/1.1",
    "Content-Length: 3",
    "Transfer-Encoding: chunked",
    "5\r\n",
    "0\r\n",
    "fetch(",
    "import requests\n",
    "requests.post(",
    "data=",
    "b'",
    "\\u",
    "\\ud83d",
    "\\x",
    "00",
    "ff",
    "é",
    "iwr ",
    "-Body ",
    "-Headers @{",
    "@'\n",
    "\n'@",
    "$([char]",
    "$x",
    "$x = ",
    "[System.Text.Encoding]::UTF8.GetBytes(",
    "Request URL: u\n",
    "body=",
    "\"body\":",
    "\"headers\":",
    "null",
    "true",
    "1e9",
    "\u{0}",
    "\u{feff}",
];

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => prop::sample::select(PIECES).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// JSON of the names that importers know, in any shape.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("7".to_owned()),
        prop::sample::select(vec![
            "\"\"",
            "\"AP8=\"",
            "\"a\\udcff\\ud83d\"",
            "\"{{a}}\"",
            "\"base64\"",
            "\"raw\"",
            "\"event\""
        ])
        .prop_map(str::to_owned),
    ];
    let names = prop::sample::select(vec![
        "log",
        "entries",
        "request",
        "requests",
        "raw",
        "headers",
        "name",
        "value",
        "postData",
        "text",
        "encoding",
        "params",
        "data",
        "content",
        "token_id",
        "uuid",
        "size",
        "request_payload_base64",
        "event_payload",
        "http_headers",
        "object",
        "id",
        "type",
        "method",
        "url",
        "body",
        "payload",
        "requestContext",
        "rawPath",
        "rawQueryString",
        "queryStringParameters",
        "isBase64Encoded",
        "info",
        "item",
        "variable",
        "key",
        "mode",
        "urlencoded",
        "data_string",
        "models",
        "rawBody",
        "bodySize",
        "cookies",
        "host",
        "path",
        "query",
    ]);
    leaf.prop_recursive(6, 60, 6, move |inner| {
        let member = (names.clone(), inner.clone()).prop_map(|(name, value)| format!("\"{name}\":{value}"));
        prop_oneof![
            3 => prop::collection::vec(member, 0..6).prop_map(|all| format!("{{{}}}", all.join(","))),
            1 => prop::collection::vec(inner, 0..4).prop_map(|all| format!("[{}]", all.join(","))),
        ]
    })
}

/// Reads a text as what it looks like and as every format; what is read says why when it is not exact.
fn read_all(bytes: &[u8]) -> Result<(), TestCaseError> {
    let all = Format::ALL.into_iter().map(Some).chain([None]);
    for capture in all.filter_map(|format| read(bytes, format).ok()) {
        prop_assert!(!capture.requests.is_empty());
        for request in capture.requests {
            prop_assert!(!request.lossy || !request.notes.is_empty(), "{request:?}");
            prop_assert!(
                request.body.is_some()
                    || !request.notes.is_empty()
                    || capture.format == Format::RequestJson
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_text_crashes(text in text()) {
        read_all(text.as_bytes())?;
    }

    #[test]
    fn no_json_crashes(text in json()) {
        read_all(text.as_bytes())?;
    }

    #[test]
    fn no_bytes_crash(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_all(&bytes)?;
    }

    #[test]
    fn cut_captures_are_never_made_whole(body in "[a-z\"{}:,\\\\ ]{1,60}", missing in 1_usize..60) {
        let missing = missing.min(body.len() + 3);
        let raw = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let cut = read(&raw.as_bytes()[..raw.len() - missing], None).and_then(|capture| capture.whole());
        prop_assert!(matches!(cut, Err(SampleError::CutShort(_))));
        let missing = missing.min(body.len());
        let quoted = serde_json::to_string(&body).expect("text");
        let har = format!(r#"{{"log":{{"entries":[{{"request":{{"postData":{{"text":{quoted}}}}}}}]}}}}"#);
        let cut = read(&har.as_bytes()[..har.len() - missing], None);
        prop_assert!(matches!(cut, Err(SampleError::CutShort(_))), "{cut:?}");
    }
}

/// Long and deep texts that would cost a careless parser the square of their length, or its stack.
#[test]
fn work_grows_with_the_length_only() {
    let repeated: Vec<String> = [
        "[",
        "{\"a\":",
        "(",
        "'",
        "\"",
        "$'",
        "\\",
        "^",
        "`",
        "<<E ",
        "<<E\n",
        "{{",
        "{{{{a}}",
        "@{a=",
        "$(",
        "###\n",
        "body=",
        "body=[\"",
        "body=\"",
        "fetch(",
        "fetch([",
        "requests.post(",
        "x=",
        "x='",
        "#",
        "-d a ",
        "-d a -d ",
        "curl u;",
        "\n",
        "\r\n",
        " \n",
        "X: y\n",
        "X: y\n ",
        "a\n",
        "POST / HTTP/1.1\r\n\r\n",
        "1\r\na\r\n",
        "é",
        "\u{0}",
    ]
    .iter()
    .map(|piece| piece.repeat(100_000 / piece.len()))
    .collect();
    let heads = [
        "",
        "curl ",
        "curl -d ",
        "curl ^\"",
        "iwr -Body ",
        "$x = ",
        "fetch(",
        "import requests\nrequests.post(",
        "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "### x\nPOST https://a/\n\n",
        "### x\nPOST https://a/\n",
        "Request URL: u\n",
        "2026 body=",
        "{\"log\":",
    ];
    for head in heads {
        for long in &repeated {
            let start = Instant::now();
            let _ = read(format!("{head}{long}").as_bytes(), None);
            let took = start.elapsed();
            assert!(took < Duration::from_secs(3), "{head:?} {:?}: {took:?}", &long[..10]);
        }
    }
}

#[test]
fn requests_are_counted() {
    let many = "curl https://a.example\n".repeat(MAX_REQUESTS + 1);
    assert_eq!(read(many.as_bytes(), None), Err(SampleError::TooMany(MAX_REQUESTS)));
    let most = read("curl https://a.example\n".repeat(MAX_REQUESTS).as_bytes(), None);
    assert_eq!(most.map(|capture| capture.requests.len()), Ok(MAX_REQUESTS));
}

/// A short text must not become a long one.
#[test]
fn one_body_named_many_times_is_bounded() {
    let body = "x".repeat(1024 * 1024);
    let calls = "requests.post('https://a.example', data=body)\n".repeat(5_000);
    let text = format!("import requests\nbody = '{body}'\n{calls}");
    assert!(matches!(read(text.as_bytes(), None), Err(SampleError::TooLarge(_))));
    let calls = "iwr https://a.example -Method POST -Body $body\n".repeat(5_000);
    let read = read(format!("$body = '{body}'\n{calls}").as_bytes(), None);
    let bytes: usize = read
        .iter()
        .flat_map(|capture| &capture.requests)
        .map(|one: &Request| one.body().len())
        .sum();
    assert!(bytes <= 320 * 1024 * 1024, "{bytes}");
}
