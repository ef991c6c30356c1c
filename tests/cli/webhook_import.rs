//! Captures of every kind through the binary: `webhook import`, and `webhook verify` on them.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::{STRIPE_HOOK, Said, Sandbox, stripe_delivery};

const TIME: i64 = 1_780_000_000;
const BODY: &str = "{\"id\": \"evt_ü\",\r\n \"a\": \"it's $HOME\"}\n";

fn sandbox() -> Sandbox {
    Sandbox::bare().and("KEYWARD_KEYCHAIN", "memory")
}

fn import(keyward: &Sandbox, capture: impl AsRef<[u8]>) -> Said {
    let file = keyward.create("capture", capture);
    keyward.run(&format!("webhook import {file} --json"))
}

/// The body of a request that was read.
fn body(request: &Value) -> Vec<u8> {
    let text = request["body_base64"].as_str().expect("a body");
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bits = vec![];
    for byte in text.bytes().filter(|b| *b != b'=') {
        let digit = digits.iter().position(|d| *d == byte).expect("base64");
        (0..6).rev().for_each(|bit| bits.push(digit >> bit & 1));
    }
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | *bit as u8)).collect()
}

fn signature() -> String {
    let raw = stripe_delivery(STRIPE_HOOK, TIME, BODY, BODY);
    let line = raw.lines().find(|line| line.starts_with("Stripe-Signature")).expect("signed");
    line.split(": ").nth(1).expect("a value").to_owned()
}

fn har() -> Vec<u8> {
    let request = json!({
        "method": "POST", "url": "https://shop.example/hooks/stripe", "httpVersion": "HTTP/2",
        "headers": [{"name": "Stripe-Signature", "value": signature()}], "queryString": [], "cookies": [],
        "postData": {"mimeType": "application/json", "text": BODY},
    });
    json!({"log": {"version": "1.2", "creator": {"name": "t", "version": "1"}, "entries": [{"request": request}]}})
        .to_string()
        .into_bytes()
}

/// As Chrome copies it for bash.
fn curl() -> String {
    let body =
        BODY.replace('\\', "\\\\").replace('\'', "\\'").replace('\r', "\\r").replace('\n', "\\n");
    format!(
        "curl 'https://shop.example/hooks/stripe' \\\n  -H 'Stripe-Signature: {}' \\\n  -H 'Content-Type: application/json' \\\n  --data-raw $'{body}'",
        signature()
    )
}

#[test]
fn one_request_reads_the_same_from_every_capture() {
    let keyward = sandbox();
    let raw = stripe_delivery(STRIPE_HOOK, TIME, BODY, BODY);
    for (format, capture) in
        [("raw-http", raw.into_bytes()), ("har", har()), ("curl", curl().into())]
    {
        let document = import(&keyward, &capture).ok().json();
        assert_eq!(
            (&document["version"], &document["format"]),
            (&1.into(), &format.into()),
            "{document}"
        );
        let request = &document["requests"][0];
        assert_eq!(body(request), BODY.as_bytes(), "{format}");
        assert_eq!(request["lossy"], false, "{format}: {request}");
        assert_eq!(request["method"], "POST");
        assert_eq!(request["url"], "https://shop.example/hooks/stripe");

        // The capture verifies, and so does what the import printed.
        let secret = keyward.create("secret", STRIPE_HOOK);
        for file in
            [keyward.create("capture", &capture), keyward.create("read.json", document.to_string())]
        {
            let report = keyward
                .run(&format!(
                    "webhook verify --request {file} --secret-file {secret} --at {TIME} --json"
                ))
                .ok()
                .json();
            assert_eq!(report["verdict"], "valid", "{format}");
        }
    }
}

#[test]
fn stdin_and_a_format_that_is_named() {
    let keyward = sandbox();
    let said =
        keyward.pipe("webhook import - --from raw-http --json", "X-A: fetch(1)\n\n\"x\"").ok();
    assert_eq!(body(&said.json()["requests"][0]), b"\"x\"");
    keyward.pipe("webhook import - --from pigeon", "x").fails(2, "USAGE").says("raw-http");
    keyward.pipe("webhook import - --from har", "{}").fails(3, "SAMPLE_INVALID");
    keyward
        .pipe("webhook import -", curl())
        .ok()
        .says("1 request (curl)")
        .says(&format!("body {} bytes", BODY.len()));
}

#[test]
fn losses_are_flagged_and_short_captures_refused() {
    let keyward = sandbox();
    let lost = import(&keyward, "curl https://a.example -d @/etc/passwd").ok().json();
    let request = &lost["requests"][0];
    assert_eq!((&request["lossy"], &request["body_base64"]), (&true.into(), &Value::Null));
    assert!(!request["notes"].as_array().expect("notes").is_empty());

    let cut = "POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 20\r\n\r\n{\"a\":";
    import(&keyward, cut).fails(3, "SAMPLE_INVALID").says("15 bytes short");
    for cut in ["{\"log\":{\"entries\":[", "curl https://a.example -d '{", "fetch(\"https://a.exa"]
    {
        import(&keyward, cut).fails(3, "SAMPLE_INVALID").says("cut short");
    }
    for bad in ["", "{}", "[]", "{\"a\":1}", "{\"log\":{\"entries\":[]}}", "no header here"] {
        import(&keyward, bad).fails(3, "SAMPLE_INVALID");
    }
}

#[test]
fn of_several_requests_one_must_be_picked() {
    let keyward = sandbox();
    let secret = keyward.create("secret", STRIPE_HOOK);
    let two = format!("{}\n###\n{}", "POST https://a.example\n\n{}", "PUT https://b.example\n\n{}");
    let file = keyward.create("two.http", two);
    keyward
        .run(&format!("webhook verify --request {file} --secret-file {secret}"))
        .fails(4, "AMBIGUOUS")
        .says("1 POST https://a.example")
        .says("2 PUT https://b.example");
    let document = keyward.run(&format!("webhook import {file} --json")).ok().json();
    let second = keyward.create("second.json", document["requests"][1].to_string());
    let again = keyward.run(&format!("webhook import {second} --json")).ok().json();
    assert_eq!(
        (&again["format"], &again["requests"][0]["method"]),
        (&"request-json".into(), &"PUT".into())
    );
}

/// GitHub shows a payload parsed; what was signed is put together again, and the answer says so.
#[test]
fn a_github_page_verifies_by_its_reconstructed_body() {
    use hmac::Mac as _;
    let keyward = sandbox();
    let signed = "{\"zen\":\"Grüße\",\"hook_id\":1.0,\"a\":[]}";
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"our hook").unwrap();
    mac.update(signed.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let page = format!(
        "Request URL: https://ci.example/hook\nRequest method: POST\nAccept: */*\nContent-Type: application/json\nUser-Agent: GitHub-Hookshot/044aadd\nX-GitHub-Event: ping\nX-Hub-Signature-256: sha256={signature}\n\n{{\n  \"zen\": \"Grüße\",\n  \"hook_id\": 1.0,\n  \"a\": []\n}}\n"
    );
    let document = import(&keyward, &page).ok().json();
    assert_eq!(document["format"], "github-delivery");
    assert_eq!(
        (body(&document["requests"][0]), &document["requests"][0]["lossy"]),
        (signed.into(), &true.into())
    );
    let file = keyward.create("page", page);
    let secret = keyward.create("secret", "our hook");
    let line = format!("webhook verify --request {file} --secret-file {secret}");
    keyward.run(&line).ok().says("valid").says("reconstructed body");
}

/// G05: nothing that a capture names is run or opened. G08: what it holds is shown inert.
#[test]
fn captures_are_only_read() {
    let keyward = sandbox();
    let marker = keyward.path("marker");
    let canary = keyward.create("canary", "the canary sings"); // keyward:allow
    let captures = [
        format!("curl https://a.example -d \"$(touch {marker})\" -H \"X: `touch {marker}`\""),
        format!("curl file://{canary} -d @{canary} --data-binary @{canary} -T {canary} -K {canary}"),
        format!("curl https://a.example -d @- < {canary} > {marker}"),
        format!("iwr https://a.example -Method POST -Body (Get-Content {canary}) -OutFile {marker}"),
        format!("POST https://a.example\n\n< {canary}\n> {{% require('fs').writeFileSync('{marker}','') %}}"),
        format!("import requests\nrequests.post('https://a.example', data=open('{canary}','rb'))"),
        json!({"info": {}, "item": [{"request": {"method": "POST", "url": "u", "body": {"mode": "file", "file": {"src": canary}}}}]}).to_string(),
        json!({"log": {"entries": [{"request": {"method": "POST", "url": format!("file://{canary}"), "postData": {"text": format!("@{canary}")}}}]}}).to_string(),
    ];
    for capture in captures {
        let said = import(&keyward, &capture).ok();
        assert!(!said.out.contains("sings") && !said.err.contains("sings"), "{said}");
        let request = &said.json()["requests"][0];
        if request["body_base64"].is_string() {
            assert!(!String::from_utf8_lossy(&body(request)).contains("sings"), "{capture}");
        }
        assert!(!std::path::Path::new(&marker).exists(), "{capture}");
    }
    let hostile =
        "POST /\u{1b}[31m HTTP/1.1\r\nHost: a\u{202e}b\r\nContent-Length: 3\r\n\r\n\0\u{1b}<";
    let file = keyward.create("hostile", hostile);
    let shown = keyward.run(&format!("webhook import {file}")).ok();
    assert!(!shown.out.contains('\u{1b}') && !shown.out.contains('\u{202e}'), "{shown}");
}

/// G04: any body is bytes; size and depth cost nothing but their length.
#[test]
fn odd_bodies_are_bytes() {
    let keyward = sandbox();
    let head =
        |length: usize| format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
    let deep = "[".repeat(1_000_000);
    for odd in [b"".as_slice(), b"\xff\xfe\0{", b"{\"a\":1,\"a\":2}", deep.as_bytes()] {
        let document = import(&keyward, [head(odd.len()).as_bytes(), odd].concat()).ok().json();
        assert_eq!(body(&document["requests"][0]), odd);
        assert_eq!(document["requests"][0]["lossy"], false);
    }
    import(&keyward, format!("{{\"log\":{deep}")).fails(3, "SAMPLE_INVALID").says("deeper");
    let mut many = String::new();
    for _ in 0..10_001 {
        let _ = writeln!(many, "curl https://a.example");
    }
    import(&keyward, many).fails(3, "SAMPLE_INVALID").says("more than 10000 requests");
}
