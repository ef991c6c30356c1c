//! What the target `capture` begins with: a small capture of each format, as the tool writes it, under the
//! number of its format and under the next one's.

use keyward_app::webhooks::capture::Format;

/// A capture, and the format that it is in.
const CAPTURES: [(Format, &str); 26] = [
    (
        Format::RawHttp,
        "POST /h?x=1 HTTP/1.1\r\nHost: a.example\r\nContent-Length: 7\r\n\r\n{\"a\":1}GET /b HTTP/1.1\r\n\r\n",
    ),
    (
        Format::RawHttp,
        "POST /h HTTP/1.1\r\nX-A: 1\r\n folded\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nHello\r\n0\r\nT: 1\r\n\r\n",
    ),
    (Format::RawHttp, ":method: POST\n:authority: a.example\n:path: /h\n\n{}"),
    (
        Format::RequestJson,
        r#"{"version":1,"format":"har","requests":[{"method":"POST","url":"u","headers":[["A","1"]],"body_base64":"e30=","lossy":true,"notes":["n"]}]}"#,
    ),
    (
        Format::Curl,
        "curl --url 'https://a.example/\\[1\\]' \\\n  -X POST -H 'X-A: 1' -H 'X-B;' -b 'a=1' \\\n  --data-raw $'{\"a\":\\n\\'\\x41\\u00fc\\U0001f600\\101\\cA}' --compressed",
    ),
    (
        Format::Curl,
        "curl ^\"https://a.example/h^\" ^\r\n  -H ^\"X-A: 1^\" ^\r\n  --data-raw ^\"^{\\^\"a\\^\":^%^41^\n\n^}^\"",
    ),
    (
        Format::Curl,
        "$session = New-Object Microsoft.PowerShell.Commands.WebRequestSession\nInvoke-WebRequest -UseBasicParsing -Uri \"https://a.example/h\" `\n-Method \"POST\" `\n-Headers @{\n\"X-A\"=\"1\"\n} `\n-Body ([System.Text.Encoding]::UTF8.GetBytes(\"{`\"a`\":$([char]10)}\"))",
    ),
    (Format::Curl, "curl -sXPOST u -d @- <<'EOF'\n{\n}\nEOF\n"),
    (Format::Curl, "curl u -F 'a=b;type=text/plain' -F c=@d -G --data-urlencode 'x=y z'"),
    (
        Format::Har,
        r#"{"log":{"version":"1.2","entries":[{"request":{"method":"POST","url":"https://a.example/h","headers":[{"name":":path","value":"/h"}],"postData":{"mimeType":"text/plain","text":"a\udcff\ud83d\ude00","params":[]}}},{"request":{"postData":{"text":"e30=","encoding":"base64"}}},{"request":{"postData":{"params":[{"name":"a","value":"b"}]}}}]}}"#,
    ),
    (
        Format::HttpFile,
        "@host = a.example\n### one\n# @name x\nPOST https://{{host}}/h HTTP/1.1\nX-A: 1\n\n{\n}\n\n### two\nGET https://a.example\n  ?a=1\n\n< ./file\n> {% client.test() %}\n",
    ),
    (
        Format::WebhookSite,
        r#"{"data":[{"uuid":"u","token_id":"t","method":"POST","url":"https://a.example/h","headers":{"x-a":["1"]},"content":"{}","size":2,"request":{"a":"b"}}]}"#,
    ),
    (
        Format::WebhookTester,
        r#"[{"uuid":"u","method":"POST","headers":[{"name":"X-A","value":"1"}],"request_payload_base64":"e30=","url":"https://a.example/h"}]"#,
    ),
    (
        Format::Ngrok,
        r#"{"requests":[{"id":"1","request":{"method":"POST","raw":"UE9TVCAvIEhUVFAvMS4xDQpDb250ZW50LUxlbmd0aDogMg0KDQp7fQ=="}}]}"#,
    ),
    (
        Format::StripeCli,
        r#"{"type":"webhook_event","event_payload":"{\n}","http_headers":{"Stripe-Signature":"t=1,v1=00"}}"#,
    ),
    (Format::StripeCli, r#"{"id":"evt_1","object":"event","data":{}}"#),
    (
        Format::SvixCli,
        r#"{"type":"event","data":{"id":"msg_1","method":"POST","headers":{"X-A":"1"},"body":"e30="}}"#,
    ),
    (
        Format::Hookdeck,
        r#"{"type":"attempt","body":{"cli_path":"/h","request":{"method":"POST","data_string":"{}","headers":{"a":"1"}}}}"#,
    ),
    (
        Format::GithubDelivery,
        "Request URL: https://a.example/h\nRequest method: POST\nX-GitHub-Event: ping\n\n{\n  \"a\": 1.0\n}\n",
    ),
    (
        Format::GithubDelivery,
        r#"{"id":1,"request":{"headers":{"X-GitHub-Event":"ping"},"payload":{"a":[1.50,"\u00fc"]}}}"#,
    ),
    (
        Format::ApiGateway,
        r#"{"version":"2.0","rawPath":"/h","rawQueryString":"a=1","headers":{"host":"a.example"},"requestContext":{"http":{"method":"POST"}},"body":"e30=","isBase64Encoded":true}"#,
    ),
    (
        Format::Postman,
        r#"{"info":{"name":"x"},"variable":[{"key":"h","value":"a.example"}],"item":[{"item":[{"request":{"method":"POST","url":{"raw":"https://{{h}}/"},"header":[{"key":"A","value":"1","disabled":true}],"body":{"mode":"raw","raw":"{}"}}}]},{"request":{"url":"u","body":{"mode":"urlencoded","urlencoded":[{"key":"a","value":"b"}]}}}]}"#,
    ),
    (
        Format::Fetch,
        "await fetch(\"https://a.example/h\", {\n  \"headers\": {\"x-a\": \"1\"},\n  body: '{\\x41\\u{1f600}' + \"}\" /* c */,\n  method: \"POST\" // d\n});",
    ),
    (
        Format::PythonRequests,
        "import requests\nheaders = {'X-A': '1'}\ndata = b'{\\xff' + b'}'\nresponse = requests.post('https://a.example/h', headers=headers, data=data, json={'a': [True, None]}, params={'x': 1})\n",
    ),
    (
        Format::LogLine,
        "2026-01-02T03:04:05Z level=info x-hub-signature-256=sha256=00 body=\"{\\\"a\\\":\\u00fc}\"\n[1] body='{}'\n",
    ),
    (Format::LogLine, r#"{"level":"info","headers":{"x-a":"1"},"rawBody":"{\"a\":1}"}"#),
];

/// The seeds, as the target reads them: the format's number, then the capture.
pub fn captures() -> Vec<Vec<u8>> {
    let number =
        |format: Format| Format::ALL.into_iter().zip(0_u8..).find(|(one, _)| *one == format);
    CAPTURES
        .into_iter()
        .filter_map(|(format, text)| Some((number(format)?.1, text.as_bytes())))
        .flat_map(|(number, text)| [[&[number], text].concat(), [&[number + 1], text].concat()])
        .collect()
}
