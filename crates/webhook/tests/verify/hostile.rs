//! Hostile and incomplete input: nothing panics, nothing leaks, and every refusal is typed.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::common::{Good, NOW, ask, good, hmac_sha256};
use keyward_webhook::{
    Case, Code, NamedSecret, Request, Scheme, Verdict, VerifyError, read_request, verify,
};
use proptest::prelude::*;

fn case<'a>(
    request: &'a Request,
    scheme: Option<&'a str>,
    params: &'a BTreeMap<String, Vec<u8>>,
) -> Case<'a> {
    Case {
        request,
        scheme,
        custom: None,
        secrets: &[],
        also: &[],
        params,
        now: NOW,
        tolerance: None,
    }
}

fn secret(bytes: &[u8]) -> NamedSecret {
    NamedSecret { name: "mine".into(), version: None, bytes: bytes.to_vec().into() }
}

#[test]
fn an_incomplete_question_is_a_typed_error() {
    let params = BTreeMap::new();
    let delivery = good("github", "x");
    let unknown = verify(&case(&delivery.request, Some("githb"), &params)).unwrap_err();
    assert!(
        matches!(&unknown, VerifyError::UnknownScheme { id, near } if id == "githb" && near.iter().any(|n| n == "github"))
    );
    let none = verify(&case(&Request::default(), None, &params)).unwrap_err();
    assert_eq!(none, VerifyError::Unrecognised);
    let no_secret = verify(&case(&delivery.request, None, &params)).unwrap_err();
    assert!(matches!(no_secret, VerifyError::NoSecret { .. }));
    for empty in [&b""[..], b" \n"] {
        let secrets = [secret(b"right"), secret(empty)];
        let error = verify(&Case { secrets: &secrets, ..case(&delivery.request, None, &params) });
        assert!(matches!(error, Err(VerifyError::EmptySecret { name }) if name == "mine"));
    }
    let secrets = [secret(b"whsec_")];
    let standard = good("standard_webhooks", "x");
    let error = verify(&Case { secrets: &secrets, ..case(&standard.request, None, &params) });
    assert!(matches!(error, Err(VerifyError::EmptySecret { .. })));
    let mut both = delivery.request.clone();
    both.headers.extend(good("slack", "x").request.headers);
    let Err(VerifyError::Ambiguous { candidates }) = verify(&case(&both, None, &params)) else {
        panic!("two providers' headers are ambiguous")
    };
    assert_eq!(candidates.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(), ["github", "slack"]);
}

#[test]
fn discord_takes_its_public_key_as_a_parameter() {
    let headers = [("X-Signature-Ed25519", "00"), ("X-Signature-Timestamp", "1")];
    let headers = headers.map(|(n, v)| (n.into(), v.into())).to_vec();
    let request = Request { headers, body: Some(b"{}".to_vec()), ..Request::default() };
    let mut params = BTreeMap::new();
    let without = verify(&case(&request, None, &params)).unwrap();
    assert_eq!(
        (without.verdict, without.reasons[0].code),
        (Verdict::Undecidable, Code::PublicKeyNeeded)
    );
    params.insert(
        "public-key".into(),
        b"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a".to_vec(),
    );
    params.insert("audience".into(), b"x".to_vec());
    let with = verify(&case(&request, None, &params)).unwrap();
    assert_eq!((with.verdict, with.reasons[0].code), (Verdict::Invalid, Code::SignatureTruncated));
    assert!(with.notes.iter().any(|note| note.contains("audience")), "{:?}", with.notes);
}

#[test]
fn a_custom_scheme_that_leaves_the_body_out_is_only_authenticated() {
    let text = |template: &str| {
        format!(
            "id = \"own\"\nprovider = \"Own\"\n[signature]\nheader = \"X-Own\"\n[sign]\nmethod = \"hmac\"\n\
             algorithm = \"sha256\"\nencoding = \"hex\"\ntemplate = \"{template}\"\n"
        )
    };
    for (template, signed, verdict) in [
        ("{method} {url}{header:X-Extra}", "PUT https://a.example/e", Verdict::Authenticated),
        ("{url}|{body}", "https://a.example/|body", Verdict::Valid),
    ] {
        let scheme = Scheme::from_toml(&text(template)).unwrap();
        let mac = hex::encode(hmac_sha256(b"key", signed.as_bytes()));
        let request = Request {
            method: Some("put".into()),
            url: Some("https://a.example/".into()),
            headers: vec![("x-own".into(), mac), ("x-extra".into(), "e".into())],
            body: Some(b"body".to_vec()),
            ..Request::default()
        };
        let (secrets, params) = ([secret(b"key")], BTreeMap::new());
        let case =
            Case { secrets: &secrets, custom: Some(&scheme), ..case(&request, None, &params) };
        assert_eq!(verify(&case).unwrap().verdict, verdict, "{template}");
    }
}

#[test]
fn any_accepted_secret_may_fit_and_is_named() {
    let delivery = good("slack", "{}");
    let mut secrets = [secret(b"old"), secret(&delivery.secret)];
    (secrets[1].name, secrets[1].version) = ("acme/prod/slack".into(), Some(2));
    let params = BTreeMap::new();
    let report =
        verify(&Case { secrets: &secrets, ..case(&delivery.request, None, &params) }).unwrap();
    assert_eq!(report.verdict, Verdict::Valid);
    let named = report.secret.unwrap();
    assert_eq!((named.name.as_str(), named.version), ("acme/prod/slack", Some(2)));
    assert!(report.notes[0].contains("guessed"));
}

/// Every report on every way to fail, as JSON and as Debug text.
#[test]
fn no_report_holds_the_secret_or_a_right_signature() {
    const CANARY: &str = "CANARY-4f1d0c";
    for scheme in ["stripe", "github", "slack", "shopify"] {
        let key = format!("{CANARY}{scheme}");
        let right = {
            let mut right = good(scheme, "{\"a\":1}");
            right.secret = key.clone().into();
            ask(&right)
        };
        assert_eq!(right.reasons[0].code, Code::WrongSecret);
        let mut deliveries =
            vec![good(scheme, "{\"a\":1}"), good(scheme, "{\"a\":1}"), good(scheme, "{\"a\":1}")];
        deliveries[0].secret = format!("{key}\n").into();
        deliveries[1].secret = format!("sk_live_{key}").into();
        deliveries[2].also = vec![("other", key.clone().into())];
        deliveries[2].secret = format!("\"{key}\"").into();
        for delivery in &deliveries {
            let report = ask(delivery);
            let texts = [
                serde_json::to_string(&report).unwrap(),
                format!("{report:?}"),
                format!("{:?}", secret(&delivery.secret)),
            ];
            for text in texts {
                assert!(!text.contains(CANARY), "{text}");
            }
        }
    }
    // With the wrong secret, the signature it would give is nowhere in the report.
    let mut wrong = good("github", "{}");
    wrong.secret = b"wrong".to_vec();
    let forged = hex::encode(hmac_sha256(b"wrong", b"{}"));
    assert!(!serde_json::to_string(&ask(&wrong)).unwrap().contains(&forged[..16]));
}

#[test]
fn the_report_has_the_shape_of_the_contract() {
    let mut delivery = good("stripe", "{\"id\":\"evt_1\"}");
    delivery.request.body = Some(b"{\"id\": \"evt_1\"}".to_vec());
    delivery.now = NOW + 12;
    let json = serde_json::to_value(ask(&delivery)).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["verdict"], "invalid");
    assert_eq!(json["scheme"], "stripe");
    assert_eq!(json["secret"], serde_json::json!({"name": "mine", "version": null}));
    assert_eq!(
        json["checks"],
        serde_json::json!([{"name": "signature", "ok": false}, {"name": "timestamp", "ok": true, "age_seconds": 12}])
    );
    assert_eq!(json["reasons"][0]["code"], "body-reserialised");
    assert_eq!(json["reasons"][0]["proved"], true);
    assert_eq!(json["reasons"][0]["secret"], serde_json::Value::Null);
    assert_eq!(json["delivery_id"], "evt_1");
    assert_eq!(
        json["difference"],
        serde_json::json!({"offset": 6, "received": "{\"id\": \"evt_1\"}", "signed": "{\"id\":\"evt_1\"}"})
    );
}

#[test]
fn what_a_sample_holds_is_shown_inert() {
    let mut delivery = good("stripe", "x");
    delivery.request.body = Some(b"<script>\x1b[2J\0\xff".repeat(9_000));
    delivery.replace(&NOW.to_string(), "1\r\nSet-Cookie: a\x1b[31m");
    let report = ask(&delivery);
    assert_eq!(report.reasons[0].code, Code::TimestampMalformed);
    // Of what was signed 4 KiB are shown, each control character written out.
    let messages = report.reasons.iter().map(|reason| (reason.message.as_str(), 2_000));
    for (text, most) in messages.chain(report.signed_text.as_deref().map(|text| (text, 24_000))) {
        assert!(!text.contains(|c: char| c.is_control()), "{text:?}");
        assert!(text.len() < most, "{}", text.len());
    }
}

#[test]
fn a_large_or_deep_body_is_verified_as_bytes_and_explained_in_bounded_time() {
    let deep = "[".repeat(1_000_000);
    assert_eq!(ask(&good("github", &deep)).verdict, Verdict::Valid);
    let mut closed = good("github", &(deep.clone() + &"]".repeat(1_000_000)));
    closed.request.body.as_mut().unwrap().push(b' ');
    assert_eq!(ask(&closed).reasons[0].code, Code::BodyReserialised);

    let member =
        r#"{"id":"evt_1","url":"https://x.example/?a=1&b=2","text":"grün 😀","n":[1.0,2,{}]},"#;
    let body = format!("[{}null]", member.repeat(1_000_000 / member.len()));
    let mut lost = good("stripe", &body);
    lost.request.body.as_mut().unwrap()[20] = b'X';
    let start = Instant::now();
    let report = ask(&lost);
    let took = start.elapsed();
    assert_eq!(report.reasons[0].code, Code::WrongSecret);
    // A release build takes well under a second; this guards against work that grows with the square.
    assert!(took.as_secs() < 60, "{took:?}");

    let huge = "x".repeat(50_000_000);
    let mut longer = good("github", &huge);
    assert_eq!(ask(&longer).verdict, Verdict::Valid);
    longer.request.body.as_mut().unwrap().push(b'\n');
    assert_eq!(ask(&longer).reasons[0].code, Code::TrailingNewlineAdded);
}

#[test]
fn a_hundred_signatures_and_any_match_wins() {
    let mut delivery = good("stripe", "{}");
    let wrong = format!("v1={},", "0".repeat(64)).repeat(99);
    delivery.replace("v1=", &format!("{wrong}v1="));
    assert_eq!(ask(&delivery).verdict, Verdict::Valid);
}

const SCHEMES: [&str; 9] = [
    "stripe",
    "github",
    "github_sha1",
    "slack",
    "shopify",
    "standard_webhooks",
    "svix",
    "twilio",
    "discord",
];
const HEADERS: [&str; 9] = [
    "Stripe-Signature",
    "X-Hub-Signature-256",
    "X-Hub-Signature",
    "X-Slack-Signature",
    "X-Shopify-Hmac-Sha256",
    "webhook-signature",
    "svix-signature",
    "X-Twilio-Signature",
    "X-Signature-Ed25519",
];

proptest! {
    #[test]
    fn any_bytes_are_a_request_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_request(&bytes);
        let _ = read_request(&[b"{\"headers\":", bytes.as_slice()].concat());
        let _ = read_request(&[b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", bytes.as_slice()].concat());
    }

    #[test]
    fn raw_http_keeps_the_body(body in prop::collection::vec(any::<u8>(), 0..400)) {
        let raw = [b"POST /h HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n", body.as_slice()].concat();
        let request = read_request(&raw).unwrap();
        prop_assert_eq!(request.body(), body.as_slice());
    }

    #[test]
    fn any_header_gets_a_report(
        at in 0..9_usize, value in "[tv01=,. sha256whsec+/A-Za-z\\x00-\\xff]{0,90}", url in "[a-z:/?#@\\[\\]0-9]{0,30}",
        body in prop::collection::vec(any::<u8>(), 0..60), key in prop::collection::vec(any::<u8>(), 1..40),
        time in "[0-9a-]{0,20}", now in any::<i64>(), tolerance in any::<Option<u64>>(),
    ) {
        let mut delivery = Good { secret: key, now, tolerance, ..Good::empty(SCHEMES[at]) };
        for name in ["X-Slack-Request-Timestamp", "webhook-timestamp", "svix-timestamp", "X-Signature-Timestamp", "webhook-id"] {
            delivery.set(name, time.clone());
        }
        delivery.set(HEADERS[at], value);
        delivery.request.url = Some(url);
        delivery.request.body = Some(body);
        if delivery.secret.trim_ascii().is_empty() || delivery.secret == b"whsec_" {
            return Ok(());
        }
        let report = ask(&delivery);
        prop_assert_ne!(report.verdict, Verdict::Valid);
        prop_assert!(!report.reasons.is_empty());
    }

    #[test]
    fn any_scheme_takes_any_request(
        which in any::<prop::sample::Index>(), value in "(eyJ[A-Za-z0-9._-]{0,40}|[tv01=,;. sha256A-Za-z+/\\x00-\\xff\"|&]{0,60})",
        body in "([\\{\\[\"a-z:,\\]\\}0-9]{0,60}|[a-z_=&|%0-9]{0,60}|--b\r\n\\PC{0,40})", key in prop::collection::vec(any::<u8>(), 1..40),
        url in "[a-z:/?#@\\[\\]0-9%&=.]{0,40}", now in any::<i64>(),
    ) {
        let all = keyward_webhook::table();
        let scheme = &all[which.index(all.len())];
        let mut request = Request { method: Some(value.clone()), url: Some(url), body: Some(body.into()), ..Request::default() };
        let names = scheme.signature.header.iter().take(3).chain(&scheme.recognise);
        let names = names.chain(scheme.timestamp.iter().flat_map(|t| &t.header)).chain(scheme.message_id.iter().flat_map(|m| &m.header));
        for name in names {
            request.headers.push((name.clone(), value.clone()));
        }
        let params: BTreeMap<_, _> = ["public-key", "cert", "header", "webhook-id", "audience", "issuer", "version"]
            .into_iter().map(|name| (name.to_owned(), key.clone())).collect();
        let secrets = [secret(&key)];
        for params in [&params, &BTreeMap::new()] {
            let case = Case { secrets: &secrets, now, ..case(&request, Some(&scheme.id), params) };
            if let Ok(report) = verify(&case) {
                prop_assert_ne!(report.verdict, Verdict::Valid);
            }
        }
        let _ = verify(&Case { secrets: &secrets, now, ..case(&request, None, &params) });
        let _ = keyward_webhook::challenge(&request, Some(&key));
        let sample = keyward_webhook::Sample {
            scheme, key: &key, method: &value, url: "https://a.example/", body: request.body(), headers: &request.headers,
            time: now, id: &value, params: &params,
        };
        let _ = keyward_webhook::sign(&sample);
    }

    #[test]
    fn any_bytes_are_a_key_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 1..200), label in "(PUBLIC KEY|CERTIFICATE|RSA PUBLIC KEY|RSA PRIVATE KEY|EC PRIVATE KEY|PRIVATE KEY)",
    ) {
        let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &bytes);
        let pem = format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n");
        let sequence = [&[0x30, 0x82, 0, u8::try_from(bytes.len()).unwrap_or(255)][..], &bytes].concat();
        let request = Request { headers: vec![("X-Signature-Ed25519".into(), "00".into())], ..Request::default() };
        let params = BTreeMap::new();
        for key in [pem.as_bytes(), &bytes, hex::encode(&sequence).as_bytes()] {
            for id in ["discord", "wise", "sendgrid", "plaid"] {
                let secrets = [secret(key)];
                let _ = verify(&Case { secrets: &secrets, ..case(&request, Some(id), &params) });
                let sample = keyward_webhook::Sample {
                    scheme: keyward_webhook::find(id).unwrap(), key, method: "POST", url: "", body: b"{}", headers: &[],
                    time: 0, id: "", params: &params,
                };
                let _ = keyward_webhook::sign(&sample);
            }
        }
    }
}
