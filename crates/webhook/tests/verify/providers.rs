//! The verdict against the providers' own libraries, and against the vectors that providers publish.

use std::collections::BTreeMap;

use base64::Engine as _;
use keyward_webhook::{Case, CheckName, NamedSecret, Report, Request, Verdict, verify};
use serde::Deserialize;

/// One delivery with the judgement of the provider's library; `vectors.py` writes them.
#[derive(Deserialize)]
struct Row {
    name: String,
    scheme: String,
    secret: String,
    now: i64,
    valid: bool,
    url: Option<String>,
    headers: Vec<(String, String)>,
    body_base64: String,
}

fn check(scheme: Option<&str>, secret: &str, now: i64, request: &Request) -> Report {
    let bytes = secret.as_bytes().to_vec().into();
    let secrets = [NamedSecret { name: "the one".into(), version: Some(3), bytes }];
    let case = Case {
        request,
        scheme,
        custom: None,
        secrets: &secrets,
        also: &[],
        params: &BTreeMap::new(),
        now,
        tolerance: None,
    };
    verify(&case).expect("a complete question")
}

fn request(headers: &[(&str, &str)], body: &[u8]) -> Request {
    let headers = headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
    Request { headers, body: Some(body.to_vec()), ..Request::default() }
}

#[test]
fn the_verdict_is_that_of_the_providers_library() {
    let rows: Vec<Row> = serde_json::from_str(include_str!("vectors.json")).unwrap();
    assert!(rows.len() > 150, "only {} vectors", rows.len());
    for row in rows {
        let body = base64::engine::general_purpose::STANDARD.decode(&row.body_base64).unwrap();
        let request =
            Request { url: row.url, headers: row.headers, body: Some(body), ..Request::default() };
        let report = check(Some(&row.scheme), &row.secret, row.now, &request);
        let place = format!("{} {} now={}: {:?}", row.scheme, row.name, row.now, report.reasons);
        assert_eq!(report.verdict == Verdict::Valid, row.valid, "{place}");
        assert_eq!(report.reasons.is_empty(), row.valid, "an invalid one has a reason: {place}");
        if row.valid {
            assert_eq!(
                report.secret.map(|s| (s.name, s.version)),
                Some(("the one".into(), Some(3)))
            );
        }
    }
}

/// <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>
#[test]
fn github_documents_this_one() {
    let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let request = request(&[("X-Hub-Signature-256", signature)], b"Hello, World!");
    let report = check(None, "It's a Secret to Everybody", 0, &request);
    assert_eq!(report.verdict, Verdict::Valid);
    assert_eq!(report.scheme, "github", "guessed from the header");
    assert!(report.signed.ends_with("13 bytes"), "{}", report.signed);
}

/// The example of the Svix documentation, which the Standard Webhooks libraries test with.
#[test]
fn standard_webhooks_publish_this_one() {
    let headers = [
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ];
    let request = request(&headers, br#"{"test": 2432232314}"#);
    let report = check(None, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 1_614_265_330, &request);
    assert_eq!(report.verdict, Verdict::Valid);
    assert_eq!(report.delivery_id.as_deref(), Some("msg_p5jXN8AQM9LWM0D4loKWxJek"));
}

/// <https://www.twilio.com/docs/usage/security#validating-requests>, as it is and as it used to be.
#[test]
fn twilio_documents_these() {
    for (caller, signature) in [
        ("%2B12349013030", "0/KCTR6DLpKmkAf8muzZqo1nDgQ="),
        ("%2B14158675309", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    ] {
        let body = format!(
            "Digits=1234&To=%2B18005551212&From={caller}&Caller={caller}&CallSid=CA1234567890ABCDE"
        );
        let headers = [
            ("X-Twilio-Signature", signature),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        let url = Some("https://mycompany.com/myapp.php?foo=1&bar=2".to_owned());
        let request = Request { url, ..request(&headers, body.as_bytes()) };
        assert_eq!(check(None, "12345", 0, &request).verdict, Verdict::Valid);
    }
}

/// <https://docs.slack.dev/authentication/verifying-requests-from-slack/>
#[test]
fn slack_documents_this_one() {
    let body = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let headers = [
        ("X-Slack-Request-Timestamp", "1531420618"),
        (
            "X-Slack-Signature",
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
        ),
    ];
    let request = request(&headers, body);
    let secret = "8f742231b10e8888abcd99yyyzzz85a5";
    assert_eq!(check(None, secret, 1_531_420_618, &request).verdict, Verdict::Valid);
    let old = check(None, secret, 1_531_420_618 + 301, &request);
    assert_eq!(old.verdict, Verdict::Invalid);
    let age = old.checks.iter().find(|c| c.name == CheckName::Timestamp).unwrap();
    assert_eq!((age.ok, age.age_seconds), (false, Some(301)));
    assert!(
        old.checks.iter().any(|c| c.name == CheckName::Signature && c.ok),
        "signature and age are apart"
    );
}
