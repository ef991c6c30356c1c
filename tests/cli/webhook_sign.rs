//! Signing samples and answering handshakes through the binary.

use crate::support::{STRIPE_HOOK, Sandbox};

const TIME: i64 = 1_780_000_000;

#[test]
fn what_is_signed_verifies_as_text_and_as_json() {
    let keyward = Sandbox::bare().and("KEYWARD_KEYCHAIN", "memory");
    let secret = keyward.create("secret", STRIPE_HOOK);
    let body = keyward.create("body.json", "{\"id\": \"evt_1\",\r\n \"text\": \"grün\"}\n");
    for json in ["", "--json"] {
        let line = format!(
            "webhook sign --scheme stripe --secret-file {secret} --body {body} --at {TIME} {json}"
        );
        let sample = keyward.run(&line).ok();
        let capture = keyward.create("sample", &sample.out);
        let report = keyward.run(&format!(
            "webhook verify --request {capture} --secret-file {secret} --at {TIME} --json"
        ));
        let report = report.ok().json();
        assert_eq!((&report["verdict"], &report["scheme"]), (&"valid".into(), &"stripe".into()));
    }
}

#[test]
fn a_stored_secret_signs_with_its_current_version() {
    let keyward = Sandbox::with_file();
    keyward.add("acme/prod/stripe-hook", STRIPE_HOOK);
    let sample = keyward
        .run(&format!("webhook sign --scheme stripe --secret stripe-hook --at {TIME} --json"));
    let sample = sample.ok();
    assert!(!sample.out.contains(STRIPE_HOOK), "the secret stays where it is");
    let capture = keyward.create("sample.json", &sample.out);
    let line =
        format!("webhook verify --request {capture} --secret stripe-hook --at {TIME} --json");
    assert_eq!(keyward.run(&line).ok().json()["verdict"], "valid");
    keyward.run("webhook sign --scheme stripe --secret nothing-here").fails(4, "NOT_FOUND");
}

#[test]
fn a_secret_that_would_show_needs_to_be_asked_for() {
    let keyward = Sandbox::bare().and("KEYWARD_KEYCHAIN", "memory");
    let secret = keyward.create("secret", "tok-en");
    let line = format!("webhook sign --scheme telegram --secret-file {secret}");
    keyward.run(&line).fails(3, "REVEAL_DENIED");
    keyward.run(&format!("{line} --reveal")).ok().says("X-Telegram-Bot-Api-Secret-Token: tok-en");
}

#[test]
fn what_is_missing_is_named() {
    let keyward = Sandbox::bare().and("KEYWARD_KEYCHAIN", "memory");
    let secret = keyward.create("secret", "whsec_*");
    let sign = |more: &str| keyward.run(&format!("webhook sign --secret-file {secret} {more}"));
    sign("--scheme nothing").fails(2, "USAGE");
    sign("--scheme dockerhub").fails(2, "USAGE");
    sign("--scheme paypal").fails(2, "USAGE");
    sign("--scheme standard_webhooks").fails(3, "FIELD_INVALID");
    sign("--scheme adyen_payments").fails(3, "FIELD_INVALID");
    sign("--scheme aws_sns").fails(3, "SAMPLE_INVALID");
    sign("--scheme github --header Broken").fails(2, "USAGE");
    keyward.run("webhook sign --scheme github").fails(2, "USAGE");
}

#[test]
fn handshakes_are_answered() {
    let keyward = Sandbox::bare().and("KEYWARD_KEYCHAIN", "memory");
    let slack = keyward.create(
        "slack",
        "POST /hook HTTP/1.1\r\nHost: a.example\r\n\r\n{\"type\":\"url_verification\",\"challenge\":\"3eZbrw1aB\"}",
    );
    keyward.run(&format!("webhook challenge --request {slack}")).ok().says("\r\n\r\n3eZbrw1aB");
    let answer = keyward.run(&format!("webhook challenge --request {slack} --json")).ok().json();
    assert_eq!(
        (&answer["version"], &answer["handshake"], &answer["status"]),
        (&1.into(), &"slack".into(), &200.into())
    );
    assert_eq!(answer["body"], "3eZbrw1aB");

    let crc = keyward.create("crc", "GET /hook?crc_token=abc HTTP/1.1\r\nHost: a.example\r\n\r\n");
    keyward.run(&format!("webhook challenge --request {crc}")).fails(2, "USAGE");
    let secret = keyward.create("secret", "consumer secret");
    let line = format!("webhook challenge --request {crc} --secret-file {secret} --json");
    let answer = keyward.run(&line).ok().json();
    assert!(answer["body"].as_str().unwrap().contains("\"response_token\":\"sha256="));

    let none = keyward.create("none", "POST / HTTP/1.1\r\nHost: a.example\r\n\r\n{}");
    keyward.run(&format!("webhook challenge --request {none}")).fails(3, "SAMPLE_INVALID");
}
