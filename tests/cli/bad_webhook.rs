//! The table of bad inputs, section G: webhook samples, each row through the binary. G05 is in
//! `webhook_import.rs` too, for every format.

use std::fmt::Write as _;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::Mac as _;
use serde_json::{Value, json};

use crate::support::bad::{CANARY, Run};
use crate::support::{STRIPE_HOOK, Said, Sandbox, stripe_delivery};

const TIME: i64 = 1_780_000_000;
const BODY: &str = "{\"id\": \"evt_1\", \"text\": \"grün\"}";

fn filled() -> Sandbox {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/c", CANARY);
    keyward
}

/// One verification, held to what every row has to hold.
fn verify(
    keyward: &Sandbox,
    capture: impl AsRef<[u8]>,
    secret: impl AsRef<[u8]>,
    more: &str,
) -> Said {
    let file = keyward.create("capture", capture);
    let secret = keyward.create("secret", secret);
    Run::new(keyward, &format!("webhook verify --request {file} --secret-file {secret} {more}"))
        .said()
}

/// The verdict at a time, and the first reason with whether it is proved.
fn verdict(said: Said) -> (i32, String, Option<(String, bool)>) {
    let report = said.json();
    let reason = report["reasons"].get(0);
    let reason = reason.map(|r| (r["code"].as_str().unwrap().to_owned(), r["proved"] == true));
    (said.status, report["verdict"].as_str().unwrap().to_owned(), reason)
}

fn at() -> String {
    format!("--scheme stripe --at {TIME} --json")
}

/// The code of a delivery of Stripe's that is not valid.
#[track_caller]
fn refused(keyward: &Sandbox, capture: impl AsRef<[u8]>) -> (String, bool) {
    let (status, verdict, reason) = verdict(verify(keyward, capture, STRIPE_HOOK, &at()));
    assert_eq!((status, verdict.as_str()), (1, "invalid"));
    reason.expect("a reason")
}

fn signature(scheme: &str, secret: &[u8], signed: &str) -> String {
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
    mac.update(signed.as_bytes());
    let mac = mac.finalize().into_bytes();
    if scheme == "hex" { hex::encode(mac) } else { STANDARD.encode(mac) }
}

#[test]
fn g01_signature_headers_of_every_wrong_form() {
    let keyward = filled();
    let good = stripe_delivery(STRIPE_HOOK, TIME, BODY, BODY);
    let line = good.lines().find(|line| line.starts_with("Stripe-Signature")).unwrap();
    let right = line.split_once("v1=").unwrap().1;
    let with = |header: &str| good.replace(line, header);
    let stamped = |rest: &str| with(&format!("Stripe-Signature: {rest}"));
    for (capture, code) in [
        (with("X-Other: 1"), "header-missing"),
        (with(&format!("{line}\r\n{line}")), "header-repeated"),
        (stamped(""), "signature-empty"),
        (stamped(&format!("t={TIME},v1=")), "signature-empty"),
        (stamped(&format!("v1={right}")), "timestamp-missing"),
        (stamped(&format!("t={TIME}")), "signature-field-missing"),
        (stamped(&format!("t={TIME},v0={right}")), "unsupported-version"),
        (stamped(&format!("t=abc,v1={right}")), "timestamp-malformed"),
        (stamped(&format!("t=-1,v1={right}")), "timestamp-malformed"),
        (stamped(&format!("t=9e18,v1={right}")), "timestamp-malformed"),
        (stamped(&format!("t=99999999999999999999,v1={right}")), "timestamp-malformed"),
        (stamped(&format!("t={TIME},v1={}", &right[..63])), "signature-truncated"),
        (stamped(&format!("t={TIME},v1={}", right.to_uppercase())), "signature-case"),
    ] {
        assert_eq!(refused(&keyward, &capture).0, code, "{capture}");
    }
    // Without its header and without a name, nothing tells the scheme.
    let untold = verify(&keyward, with("X-Other: 1"), STRIPE_HOOK, "--json");
    assert!([2, 3].contains(&untold.status), "{untold}");

    let shopify = signature("base64", b"shop", BODY);
    let bare = STANDARD.decode(&shopify).map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).unwrap();
    let capture = format!("POST / HTTP/1.1\r\nX-Shopify-Hmac-Sha256: {bare}\r\n\r\n{BODY}");
    let (_, _, reason) = verdict(verify(&keyward, capture, "shop", "--json"));
    assert_eq!(reason, Some(("signature-encoding".into(), true)));

    // Of many signatures any may match.
    let many = format!("t={TIME},{}v1={right}", format!("v1={},", "0".repeat(64)).repeat(99));
    assert_eq!(
        verdict(verify(&keyward, stamped(&many), STRIPE_HOOK, &at())),
        (0, "valid".into(), None)
    );
}

#[test]
fn g02_times_as_each_library_reads_them() {
    let keyward = filled();
    let stripe = |ago: i64| stripe_delivery(STRIPE_HOOK, TIME - ago, BODY, BODY);
    let slack = |ago: i64| {
        let time = TIME - ago;
        let mac = signature("hex", b"slack", &format!("v0:{time}:{BODY}"));
        format!(
            "POST / HTTP/1.1\r\nX-Slack-Request-Timestamp: {time}\r\nX-Slack-Signature: v0={mac}\r\n\r\n{BODY}"
        )
    };
    // Stripe's library takes a time in the future, Slack's does not.
    for (capture, secret, outcome) in [
        (stripe(300), STRIPE_HOOK, None),
        (stripe(301), STRIPE_HOOK, Some("timestamp-too-old")),
        (stripe(-301), STRIPE_HOOK, None),
        (slack(300), "slack", None),
        (slack(301), "slack", Some("timestamp-too-old")),
        (slack(-301), "slack", Some("timestamp-in-future")),
    ] {
        let (status, _, reason) =
            verdict(verify(&keyward, &capture, secret, &format!("--at {TIME} --json")));
        assert_eq!(status, i32::from(outcome.is_some()), "{capture}");
        assert_eq!(reason.map(|(code, _)| code), outcome.map(str::to_owned), "{capture}");
    }
    // The same through `--at` in both of its forms, on a sample that is replayed later.
    for (time, status) in
        [("2026-05-28T20:26:40Z", 0), ("2026-05-28T20:31:41Z", 1), ("1780000301", 1)]
    {
        assert_eq!(
            verify(&keyward, stripe(0), STRIPE_HOOK, &format!("--at {time}")).status,
            status,
            "{time}"
        );
    }
    let old = verify(&keyward, stripe(301), STRIPE_HOOK, &format!("--at {TIME}"));
    old.says("2026-05-28T20:21:39Z").says("2026-05-28T20:26:40Z");

    // A clock that is wrong is told by its time.
    let file = keyward.create("capture", stripe(0));
    let secret = keyward.create("secret", STRIPE_HOOK);
    let line = format!("webhook verify --request {file} --secret-file {secret} --json");
    for (clock, outcome) in [
        ("2026-02-27 20:26:40", None),
        ("1970-01-02 00:00:00", None),
        ("2105-01-01 00:00:00", Some(("timestamp-too-old".to_owned(), true))),
    ] {
        let said = Run::new(&keyward, &line).inside(&["faketime", "-f", clock]).said();
        assert_eq!(verdict(said).2, outcome, "{clock}");
    }
}

#[test]
fn g03_bodies_that_were_encoded_anew() {
    let keyward = filled();
    let signed = "{\"id\":\"evt_1\",\n\"text\":\"grün\"}";
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(signed.as_bytes()).unwrap();
    for (sent, code) in [
        (
            "{\n  \"id\": \"evt_1\",\n  \"text\": \"grün\"\n}".as_bytes().to_vec(),
            "body-reserialised",
        ),
        (signed.replace('\n', "\r\n").into_bytes(), "line-endings-changed"),
        (format!("\u{feff}{signed}").into_bytes(), "bom-added"),
        (format!("{signed}\n").into_bytes(), "trailing-newline-added"),
        (packed.finish().unwrap(), "body-compressed"),
    ] {
        // Pretty-printing keeps what a serialiser keeps, so that body is signed without its line break.
        let signed =
            if code == "body-reserialised" { signed.replace('\n', "") } else { signed.into() };
        let head = stripe_delivery(STRIPE_HOOK, TIME, &signed, "");
        let head = head.replace("Content-Length: 0", &format!("Content-Length: {}", sent.len()));
        let capture = [head.as_bytes(), &sent].concat();
        assert_eq!(refused(&keyward, capture), (code.to_owned(), true));
    }
}

#[test]
fn g04_any_body_is_bytes() {
    let keyward = filled();
    let sign = |body: &[u8]| {
        let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"hub").unwrap();
        mac.update(body);
        let mac = hex::encode(mac.finalize().into_bytes());
        let head = format!(
            "POST / HTTP/1.1\r\nX-Hub-Signature-256: sha256={mac}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    };
    let deep = "[".repeat(1_000_000);
    for body in [
        b"".as_slice(),
        deep.as_bytes(),
        b"\xff\xfe\0\x1b[2J{\"a\":\xfc}",
        b"{\"a\":1,\"a\":2}",
        &vec![b'x'; 100_000_000],
    ] {
        let capture = sign(body);
        for more in ["--scheme github", "--scheme github --json"] {
            let said = verify(&keyward, &capture, "hub", more);
            assert_eq!(said.status, 0, "{said}");
            // What is shown is bounded and escaped.
            assert!(said.out.len() < 256 * 1024, "{} bytes shown", said.out.len());
            assert!(!said.out.contains(['\u{1b}', '\0']), "{said}");
        }
        let wrong = verify(&keyward, &capture, "bud", "--scheme github --json");
        assert_eq!(verdict(wrong).1, "invalid");
    }
}

#[test]
fn g05_nothing_that_a_sample_names_is_run_or_opened() {
    let keyward = filled();
    let canary = keyward.create("canary", "the canary sings");
    let marker = keyward.path("marker");
    for capture in [
        format!("curl https://a.example -H 'Stripe-Signature: t={TIME},v1=00' -d \"$(touch {marker})\""),
        format!("curl file://{canary} -H 'Stripe-Signature: t={TIME},v1=00' -d @{canary}"),
        format!("curl https://a.example -H 'Stripe-Signature: t={TIME},v1=00' -d @/etc/passwd"),
        json!({"log": {"entries": [{"request": {"method": "POST", "url": format!("file://{canary}"),
            "headers": [{"name": "Stripe-Signature", "value": format!("t={TIME},v1=00")}],
            "postData": {"text": format!("@{canary} $(touch {marker})")}}}]}}).to_string(),
    ] {
        let said = verify(&keyward, &capture, STRIPE_HOOK, &at());
        assert_eq!(said.status, 1, "{said}");
        assert!(!format!("{}{}", said.out, said.err).contains("sings"), "{said}");
        assert!(!said.out.contains("root:"), "{said}");
        assert!(!std::path::Path::new(&marker).exists(), "{capture}");
    }
}

#[test]
fn g06_secrets_that_are_none() {
    let keyward = filled();
    let key = STANDARD.encode([7_u8; 24]);
    let mac = signature("base64", &[7; 24], &format!("msg_1.{TIME}.{BODY}"));
    let capture = format!(
        "POST / HTTP/1.1\r\nwebhook-id: msg_1\r\nwebhook-timestamp: {TIME}\r\nwebhook-signature: v1,{mac}\r\n\r\n{BODY}"
    );
    let ask = |secret: &str| {
        verify(
            &keyward,
            &capture,
            secret,
            &format!("--scheme standard_webhooks --at {TIME} --json"),
        )
    };
    assert_eq!(ask(&format!("whsec_{key}")).status, 0);
    for (secret, codes) in [
        ("whsec_*not*base64*".to_owned(), ["secret-format", "secret-format"]),
        (format!("whsec_{key}\n"), ["secret-whitespace", "secret-format"]),
        (format!(" whsec_{key}"), ["secret-whitespace", "secret-format"]),
        (format!("whsec_{} {}", &key[..8], &key[8..]), ["secret-whitespace", "secret-format"]),
        (format!("\"whsec_{key}\""), ["secret-format", "secret-whitespace"]),
        // Of other providers: a Shopify app's, a Slack app's in hex.
        ("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!".to_owned(), ["secret-format", "wrong-secret"]),
        ("0123456789abcdef0123456789abcdef".to_owned(), ["wrong-secret", "wrong-secret"]),
        ("sk_live_51H8aZ2KJ4mQ7tR9wXyB3cD6eF".to_owned(), ["secret-is-api-key", "secret-format"]), // keyward:allow
    ] {
        let (status, verdict, reason) = verdict(ask(&secret));
        assert_eq!((status, verdict.as_str()), (1, "invalid"), "{secret}");
        let code = reason.expect("a reason").0;
        assert!(codes.contains(&code.as_str()), "{secret}: {code}");
    }
    for empty in ["", "whsec_", " \n"] {
        ask(empty).fails(3, "SECRET_EMPTY");
    }
}

#[test]
fn g07_a_signature_that_is_right_up_to_its_last_byte() {
    let keyward = filled();
    let good = stripe_delivery(STRIPE_HOOK, TIME, BODY, BODY);
    let line = good.lines().find(|line| line.starts_with("Stripe-Signature")).unwrap();
    let (head, last) = line.split_at(line.len() - 1);
    let other = if last == "0" { "1" } else { "0" };
    let capture = good.replace(line, &format!("{head}{other}"));
    assert_eq!(refused(&keyward, capture), ("signature-modified".into(), true));
}

#[test]
fn g08_hostile_text_is_shown_inert() {
    let keyward = filled();
    let body = "<script>alert(1)</script><a href=\"javascript:x\">\u{1b}]0;title\u{7}\u{1b}[31m\0\u{202e}\u{9b}2J";
    let raw = stripe_delivery(STRIPE_HOOK, TIME, "signed", body);
    // Only JSON can say a header with a line break in it.
    let injected = json!({
        "method": "POST\r\nX-Evil: 1", "url": "javascript:alert(1)\r\n\u{1b}[31m",
        "headers": [["Stripe-Signature", format!("t={TIME}\r\nSet-Cookie: a=\u{1b}[31m,v1=00")]], "body": body,
    });
    for capture in [raw, injected.to_string()] {
        for more in [format!("--scheme stripe --at {TIME}"), at()] {
            let said = verify(&keyward, &capture, STRIPE_HOOK, &more);
            assert_eq!(said.status, 1, "{said}");
            for text in [&said.out, &said.err] {
                let hostile =
                    |c: char| (c.is_control() && c != '\n') || "\u{202e}\u{9b}".contains(c);
                assert!(!text.contains(hostile), "{text:?}");
                assert!(
                    !text.lines().any(|line| line.trim_start().starts_with("Set-Cookie")),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn g09_algorithms_that_the_request_would_choose() {
    let keyward = filled();
    let mac = signature("hex", b"hub", BODY);
    for word in ["sha1", "none", "md5"] {
        let capture = format!("POST / HTTP/1.1\r\nX-Hub-Signature-256: {word}={mac}\r\n\r\n{BODY}");
        let (status, _, reason) =
            verdict(verify(&keyward, capture, "hub", "--scheme github --json"));
        assert_eq!(
            (status, reason.map(|(code, _)| code)),
            (1, Some("algorithm-mismatch".into())),
            "{word}"
        );
    }
    let token = |header: Value, key: &[u8]| {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({"iss": "key", "exp": TIME + 60, "nbf": TIME - 60, "sha256": ""});
        let input = format!("{}.{}", encode(&header), encode(&claims));
        let mac = signature("base64", key, &input);
        let mac =
            if key.is_empty() { String::new() } else { mac.replace('+', "-").replace('/', "_") };
        format!("{input}.{}", mac.trim_end_matches('='))
    };
    let ask = |scheme: &str, header: &str, token: String, secret: &str| {
        let mut capture = String::from("POST / HTTP/1.1\r\n");
        let _ = write!(capture, "{header}: {token}\r\n\r\n{BODY}");
        verdict(verify(&keyward, capture, secret, &format!("--scheme {scheme} --at {TIME} --json")))
    };
    for none in ["none", "None", "NONE", ""] {
        for signed in [b"".as_slice(), b"livekit"] {
            let token = token(json!({"alg": none, "typ": "JWT"}), signed);
            let (status, verdict, reason) = ask("livekit", "Authorization", token, "livekit");
            assert_eq!((status, verdict.as_str()), (1, "invalid"), "{none}");
            let code = reason.expect("a reason").0;
            assert!(
                ["jwt-alg-none", "algorithm-mismatch"].contains(&code.as_str()),
                "{none}: {code}"
            );
        }
    }
    // A public key is never taken for a shared secret.
    let public = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEa7LUSg5aFhgDmVU4YG6jW8xFqGl6jXjMTH8ZL0TX\ncWmXUiOlfTCgSpRaTw4cDV2Dc1f0LGhP1vZ8sO5EtLmpqw==\n-----END PUBLIC KEY-----\n";
    let confused = token(json!({"alg": "HS256", "kid": "k"}), public.as_bytes());
    let (status, verdict, _) = ask("plaid", "Plaid-Verification", confused, public);
    assert_eq!((status, verdict.as_str()), (1, "invalid"));
}
