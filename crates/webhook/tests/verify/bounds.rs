//! The work of a diagnosis is bounded: a megabyte of body and fifty other secrets, for every kind of scheme.

use std::time::Instant;

use keyward_webhook::{Request, Verdict, find};

use crate::material::{ask, material, sample};

/// A JSON body of about a megabyte, with everything that re-encoders differ about.
fn megabyte() -> String {
    let member =
        r#"{"id":"evt_1","url":"https://x.example/?a=1&b=2","text":"grün 😀","n":[1.0,2,{}]},"#;
    format!("{{\"list\":[{}null]}}", member.repeat(1_000_000 / member.len()))
}

#[test]
fn a_megabyte_and_fifty_other_secrets() {
    let body = megabyte();
    // One for each kind: HMACs, a plain hash, tokens, key pairs, and what is looked up in the body.
    for id in [
        "stripe",
        "github",
        "standard_webhooks",
        "box",
        "getstream",
        "gitea",
        "cloudinary",
        "livekit",
        "plaid",
        "google_pubsub",
        "discord",
        "sendgrid",
        "wise",
        "paypal",
        "hubspot_v3",
        "twilio_json",
        "contentful",
        "keygen",
        "ubn",
        "linear",
        "mailgun",
        "telegram",
    ] {
        let scheme = find(id).expect("a scheme of the table");
        let mut request: Request = sample(scheme, &material(scheme, 7), &body);
        let changed = request.body.as_mut().expect("a body");
        let at = changed.len() / 2;
        changed[at] ^= 1;
        let others: Vec<_> =
            (20..70).map(|seed| ("other", material(scheme, seed).verifying)).collect();
        let start = Instant::now();
        let report = ask(scheme, &request, &material(scheme, 9).verifying, &others);
        let took = start.elapsed();
        assert!(matches!(report.verdict, Verdict::Invalid | Verdict::Authenticated), "{id}");
        // A release build takes well under a second on an idle machine; this guards against work that
        // grows with the square, or with the number of schemes.
        let limit = if cfg!(debug_assertions) { 60 } else { 10 };
        assert!(took.as_secs() < limit, "{id}: {took:?}");
    }
}
