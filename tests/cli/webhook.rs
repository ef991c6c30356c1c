//! Webhook verification through the binary.

use crate::support::{STRIPE_HOOK, Sandbox, stripe_delivery};

const TIME: i64 = 1_780_000_000;
const BODY: &str = "{\"id\": \"evt_1\"}";

fn verify(keyward: &Sandbox, capture: &str, more: &str) -> serde_json::Value {
    let file = keyward.create("capture", capture);
    let secret = keyward.create("secret", STRIPE_HOOK);
    let said = keyward.run(&format!(
        "webhook verify --request {file} --secret-file {secret} --at {TIME} --json {more}"
    ));
    assert!([0, 1].contains(&said.status), "{said}");
    said.json()
}

#[test]
fn signature_and_age_are_separate_facts() {
    let keyward = Sandbox::bare().and("KEYWARD_KEYCHAIN", "memory");
    let fresh = verify(&keyward, &stripe_delivery(STRIPE_HOOK, TIME - 12, BODY, BODY), "");
    assert_eq!(fresh["verdict"], "valid");
    let old = verify(&keyward, &stripe_delivery(STRIPE_HOOK, TIME - 301, BODY, BODY), "");
    assert_eq!(
        (&old["verdict"], &old["reasons"][0]["code"]),
        (&"invalid".into(), &"timestamp-too-old".into())
    );
    assert_eq!(
        (&old["checks"][0]["ok"], &old["checks"][1]["age_seconds"]),
        (&true.into(), &301.into())
    );
    let wide =
        verify(&keyward, &stripe_delivery(STRIPE_HOOK, TIME - 301, BODY, BODY), "--tolerance 10m");
    assert_eq!(wide["verdict"], "valid");
}

#[test]
fn each_cause_is_named() {
    let keyward = Sandbox::bare().and("KEYWARD_KEYCHAIN", "memory");
    let first = |sent: &str| {
        let report = verify(&keyward, &stripe_delivery(STRIPE_HOOK, TIME, BODY, sent), "");
        assert_eq!(report["verdict"], "invalid");
        (
            report["reasons"][0]["code"].as_str().unwrap().to_owned(),
            report["reasons"][0]["proved"] == true,
        )
    };
    assert_eq!(first("{\"id\":\"evt_1\"}"), ("body-reserialised".to_owned(), true));
    assert_eq!(first("{\"id\": \"evt_1\"}\n"), ("trailing-newline-added".to_owned(), true));
    assert!(!first("{\"id\": \"evt_2\"}").1, "a cause that cannot be proved is a possibility");
}

#[test]
fn another_stored_secret_is_named() {
    let keyward = Sandbox::with_file();
    keyward.add("acme/prod/stripe-hook", STRIPE_HOOK);
    keyward.add("acme/test/stripe-hook", "whsec_Xo4ZrTq8nLw5KxYb2MdJc7HfGs4NaUe1");
    let capture = stripe_delivery("whsec_Xo4ZrTq8nLw5KxYb2MdJc7HfGs4NaUe1", TIME, BODY, BODY);
    let file = keyward.create("capture", capture);
    let report = keyward
        .run(&format!(
            "webhook verify --request {file} --secret acme/prod/stripe-hook --at {TIME} --json"
        ))
        .exits(1)
        .json();
    let reason = &report["reasons"][0];
    assert_eq!((&reason["code"], &reason["proved"]), (&"other-stored-secret".into(), &true.into()));
    assert_eq!(reason["secret"]["name"], "acme/test/stripe-hook");
}

#[test]
fn a_replay_is_seen_only_when_asked_to_remember() {
    let keyward = Sandbox::with_file();
    let capture = stripe_delivery(STRIPE_HOOK, TIME, BODY, BODY);
    assert_eq!(verify(&keyward, &capture, "")["verdict"], "valid");
    assert_eq!(verify(&keyward, &capture, "--remember shop")["verdict"], "valid");
    let again = verify(&keyward, &capture, "--remember shop");
    assert_eq!(
        (&again["verdict"], &again["reasons"][0]["code"]),
        (&"invalid".into(), &"replayed".into())
    );
    assert_eq!(verify(&keyward, &capture, "--remember other")["verdict"], "valid");
}

#[test]
fn a_scheme_of_ones_own() {
    use hmac::Mac as _;
    let keyward = Sandbox::bare().and("KEYWARD_KEYCHAIN", "memory");
    let scheme = keyward.create("scheme.toml", include_str!("../fixtures/custom-scheme.toml"));
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"our own secret").unwrap();
    mac.update(BODY.as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let capture = keyward
        .create("capture", format!("POST / HTTP/1.1\r\nX-Signature: {signature}\r\n\r\n{BODY}"));
    let secret = keyward.create("secret", "our own secret");
    let line = format!(
        "webhook verify --request {capture} --scheme-file {scheme} --secret-file {secret} --json"
    );
    assert_eq!(keyward.run(&line).ok().json()["verdict"], "valid");
    let stray = keyward.create("secret", "our own secret\n");
    let report = keyward.run(&line).exits(1).json();
    assert_eq!(report["reasons"][0]["code"], "secret-whitespace", "{stray}");
}

#[test]
fn what_is_no_request_is_refused() {
    let keyward = Sandbox::bare().and("KEYWARD_KEYCHAIN", "memory");
    let secret = keyward.create("secret", STRIPE_HOOK);
    for bad in ["", "{", "[]", "{\"method\":1}", "HTTP/1.1 200 OK\r\n\r\n"] {
        let file = keyward.create("capture", bad);
        keyward
            .run(&format!("webhook verify --request {file} --secret-file {secret}"))
            .fails(3, "SAMPLE_INVALID");
    }
    let file = keyward.create("capture", stripe_delivery(STRIPE_HOOK, TIME, BODY, BODY));
    let empty = keyward.create("secret", "");
    keyward
        .run(&format!("webhook verify --request {file} --secret-file {empty}"))
        .fails(3, "SECRET_EMPTY");
    keyward.run(&format!("webhook verify --request {file}")).fails(2, "USAGE");
    keyward.run("webhook schemes").ok().says("stripe").says("discord");
}

#[test]
fn code_for_the_framework_stands_under_the_report() {
    let keyward = Sandbox::bare().and("KEYWARD_KEYCHAIN", "memory");
    let capture = stripe_delivery(STRIPE_HOOK, TIME, BODY, "{\"id\":\"evt_1\"}");
    let report = verify(&keyward, &capture, "--framework express");
    let snippet = &report["snippets"][0];
    assert_eq!(
        (&snippet["framework"], &snippet["remedy"], &snippet["codes"][0]),
        (&"express".into(), &"raw-body".into(), &"body-reserialised".into())
    );
    let code = snippet["text"].as_str().unwrap();
    assert!(code.contains("express.raw("), "{code}");
    assert!(code.contains("req.get(\"Stripe-Signature\")"), "the scheme's own header: {code}");
    assert!(verify(&keyward, &capture, "")["snippets"].is_null(), "only when it is asked for");

    let valid = stripe_delivery(STRIPE_HOOK, TIME, BODY, BODY);
    let report = verify(&keyward, &valid, "--framework go");
    assert_eq!(
        (&report["verdict"], &report["snippets"]),
        (&"valid".into(), &Vec::<u8>::new().into())
    );

    let (file, secret) = (keyward.create("c", &capture), keyward.create("s", STRIPE_HOOK));
    let line = format!("webhook verify --request {file} --secret-file {secret} --at {TIME}");
    let said = keyward.run(&format!("{line} --framework fastapi")).exits(1);
    said.says("In FastAPI, verify the bytes as they came:").says("    raw = await request.body()");
    keyward
        .run(&format!("{line} --framework cobol"))
        .fails(2, "USAGE")
        .says("express, fastapi, rails");
}

#[test]
fn one_of_several_requests_is_picked() {
    let keyward = Sandbox::bare().and("KEYWARD_KEYCHAIN", "memory");
    let good = stripe_delivery(STRIPE_HOOK, TIME, BODY, BODY);
    let document = keyward.run(&format!("webhook import {} --json", keyward.create("a", &good)));
    let mut document = document.ok().json();
    let mut other = document["requests"][0].clone();
    other["body_base64"] = "e30=".into();
    document["requests"].as_array_mut().unwrap().push(other);
    let several = keyward.create("several.json", document.to_string());
    let secret = keyward.create("secret", STRIPE_HOOK);
    let verify = |pick: &str| {
        keyward.run(&format!(
            "webhook verify --request {several} --secret-file {secret} --at {TIME} {pick}"
        ))
    };
    verify("").fails(4, "AMBIGUOUS").says("--pick 1");
    assert_eq!(verify("--pick 1 --json").ok().json()["verdict"], "valid");
    assert_eq!(verify("--pick 2 --json").exits(1).json()["verdict"], "invalid");
    for beyond in ["0", "3"] {
        verify(&format!("--pick {beyond}")).fails(3, "SAMPLE_INVALID").says("from 1 to 2");
    }
}

/// The certificates are those of the crate's own tests; OpenSSL made them and the signature.
#[test]
fn a_certificate_is_handed_over_and_judged() {
    macro_rules! made {
        ($name:literal) => {
            include_str!(concat!("../../crates/webhook/tests/verify/paypal/", $name))
        };
    }
    let keyward = Sandbox::bare().and("KEYWARD_KEYCHAIN", "memory");
    let capture = format!(
        "POST / HTTP/1.1\r\nPAYPAL-TRANSMISSION-ID: 69cd13f0-d67a-11e5-baa3-778b53f4ae55\r\n\
         PAYPAL-TRANSMISSION-TIME: 2025-10-09T08:53:20Z\r\n\
         PAYPAL-CERT-URL: https://api.paypal.com/v1/notifications/certs/CERT-360caa42\r\n\
         PAYPAL-TRANSMISSION-SIG: {}\r\n\r\n{{\"id\":\"WH-1\"}}",
        made!("signature.txt").trim_end()
    );
    let file = keyward.create("capture", capture);
    let ask = |more: &str| {
        let line = format!("webhook verify --request {file} --at 2025-10-09T09:00:00Z {more}");
        keyward.run(&line)
    };
    ask("").exits(1).says("undecidable").says("--param-file cert=F");
    let chain = keyward.create("chain.pem", [made!("leaf.pem"), made!("issuer.pem")].concat());
    let other = keyward.create("other.pem", made!("other.pem"));
    let id = "--param webhook-id=8PT597110X687430LKGECATA";
    ask(&format!("--param-file cert={chain}")).exits(1).says("--param webhook-id");
    ask(&format!("--param-file cert={chain} {id}")).ok().says("valid (PayPal)").says("revoked");
    let report = ask(&format!("--param-file cert={other} {id} --json")).exits(1).json();
    let reason = &report["reasons"][0];
    assert_eq!((&reason["code"], &reason["proved"]), (&"cert-untrusted".into(), &true.into()));
    assert_eq!(reason["wanted"]["parameter"], "cert");
}
