//! Every scheme of the table: what is signed verifies, and what is tampered with never does.

use keyward_webhook::{
    Layout, Method, Part, Request, Sample, Scheme, Verdict, schemes, sign_again, table,
};
use proptest::prelude::*;

use crate::common::NOW;
use crate::material::{AUTHENTICATED, JSON, Material, ask, ask_at, body, material, params, sample};

fn signed() -> impl Iterator<Item = (&'static Scheme, Material, Request)> {
    table().iter().filter(|scheme| scheme.has_key()).map(|scheme| {
        let key = material(scheme, 7);
        let request = sample(scheme, &key, &body(scheme));
        (scheme, key, request)
    })
}

/// Whether the signature is a header.
fn in_header(scheme: &Scheme) -> bool {
    !scheme.signature.header.is_empty() || scheme.signature.chosen
}

fn header<'a>(scheme: &Scheme, request: &'a mut Request) -> &'a mut String {
    let name = scheme.signature.header.first().map_or("X-Signature", String::as_str);
    let header = request.headers.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name));
    &mut header.unwrap_or_else(|| panic!("{}: no {name}", scheme.id)).1
}

#[test]
fn the_table_is_whole() {
    assert_eq!(schemes().len(), 165);
    assert_eq!(schemes().iter().filter(|s| s.verified).count(), 104);
    let silent: Vec<_> = schemes().into_iter().filter(|s| !s.can_sign).map(|s| s.id).collect();
    assert_eq!(silent, ["azure_eventgrid", "dockerhub"]);
}

#[test]
fn what_is_signed_verifies() {
    for (scheme, key, request) in signed() {
        let report = ask(scheme, &request, &key.verifying, &[]);
        let covered = !AUTHENTICATED.contains(&scheme.id.as_str());
        let wanted = if covered { Verdict::Valid } else { Verdict::Authenticated };
        assert_eq!(report.verdict, wanted, "{}: {:?} {request:?}", scheme.id, report.reasons);
        assert_eq!(report.secret.map(|s| s.name).as_deref(), Some("mine"), "{}", scheme.id);
    }
}

#[test]
fn another_secret_never_verifies() {
    for (scheme, key, request) in signed() {
        let other = material(scheme, 9);
        if other.verifying == key.verifying {
            continue;
        }
        let report = ask(scheme, &request, &other.verifying, &[("right", key.verifying.clone())]);
        assert_eq!(report.verdict, Verdict::Invalid, "{}", scheme.id);
        let first = &report.reasons[0];
        assert_eq!(
            (
                serde_json::to_value(first.code).unwrap(),
                first.proved,
                first.secret.as_ref().map(|s| s.name.as_str())
            ),
            ("other-stored-secret".into(), true, Some("right")),
            "{}: {:?}",
            scheme.id,
            report.reasons
        );
    }
}

#[test]
fn a_changed_signature_never_verifies() {
    for (scheme, key, mut request) in signed().filter(|(scheme, ..)| in_header(scheme)) {
        let value = header(scheme, &mut request);
        // The middle of the last long run of letters is signature, whatever stands round it.
        let at = match scheme.signature.layout {
            Layout::Base64Json => value.len() / 2,
            _ if scheme.id == "keygen" => value.find("signature=").unwrap() + 30,
            _ => value.len() - 10,
        };
        let other = if value.as_bytes()[at] == b'b' { "c" } else { "b" };
        value.replace_range(at..=at, other);
        let report = ask(scheme, &request, &key.verifying, &[]);
        assert_eq!(report.verdict, Verdict::Invalid, "{}: {:?}", scheme.id, request.headers);
        assert!(!report.checks[0].ok && !report.reasons.is_empty(), "{}", scheme.id);
    }
}

#[test]
fn a_changed_body_never_verifies_where_it_is_covered() {
    for (scheme, key, mut request) in signed() {
        let text = String::from_utf8(request.body.clone().unwrap()).unwrap();
        let changed = match () {
            () if text.contains("gr%C3%BCn") => text.replace("gr%C3%BCn", "grun"),
            () if text.contains("grün") => text.replace("grün", "grun"),
            () => text.replacen('7', "8", 1).replacen("eyJ", "eyK", 2),
        };
        if AUTHENTICATED.contains(&scheme.id.as_str()) {
            continue;
        }
        assert_ne!(changed, text, "{}", scheme.id);
        request.body = Some(changed.into());
        let report = ask(scheme, &request, &key.verifying, &[]);
        assert_eq!(report.verdict, Verdict::Invalid, "{}", scheme.id);
        // A hash of the body beside the signature proves the change; anything else is possible only.
        let hashed = matches!(scheme.sign, Method::Jwt(_)) && !scheme.signature.body
            || ["twilio_json", "keygen"].contains(&scheme.id.as_str());
        let first = &report.reasons[0];
        assert_eq!(first.proved, hashed, "{}: {:?}", scheme.id, report.reasons);
    }
}

#[test]
fn a_changed_timestamp_never_verifies_where_it_is_signed() {
    for (scheme, key, mut request) in signed().filter(|(scheme, ..)| scheme.signs_timestamp()) {
        let before = request.headers.clone();
        for (_, value) in &mut request.headers {
            *value =
                value.replace(&NOW.to_string(), &(NOW + 1).to_string()).replace(":53:20", ":53:21");
        }
        assert_ne!(before, request.headers, "{}", scheme.id);
        let report = ask(scheme, &request, &key.verifying, &[]);
        assert_eq!(report.verdict, Verdict::Invalid, "{}: {:?}", scheme.id, request.headers);
    }
}

#[test]
fn a_missing_signature_is_named() {
    for (scheme, key, request) in signed() {
        let mut bare = request.clone();
        bare.headers.clear();
        if scheme.signature.body {
            bare.body = Some(Vec::new());
        } else if !in_header(scheme) {
            bare.body = Some(b"{}".to_vec());
        }
        let report = ask(scheme, &bare, &key.verifying, &[]);
        assert_eq!(report.verdict, Verdict::Invalid, "{}", scheme.id);
        assert!(
            report.reasons.iter().all(|reason| !reason.proved),
            "{}: {:?}",
            scheme.id,
            report.reasons
        );
    }
}

#[test]
fn every_scheme_is_guessed_or_listed_from_its_own_sample() {
    for (scheme, _, request) in signed().filter(|(scheme, ..)| !scheme.signature.chosen) {
        let candidates = keyward_webhook::guess(&request);
        let best = candidates.first().map_or(0, |c| c.strength);
        let found = candidates.iter().find(|c| c.id == scheme.id);
        let found =
            found.unwrap_or_else(|| panic!("{} is no candidate: {candidates:?}", scheme.id));
        assert!(found.strength + 1 >= best || scheme.legacy, "{}: {candidates:?}", scheme.id);
    }
}

/// Schemes over the raw body, whose signature is a header.
fn raw() -> Vec<&'static Scheme> {
    let is_raw = |scheme: &&Scheme| match &scheme.sign {
        Method::Hmac(recipe) => recipe.template.has(&Part::Body) && in_header(scheme),
        _ => false,
    };
    table().iter().filter(is_raw).collect()
}

proptest! {
    #[test]
    fn any_body_is_valid_and_any_change_of_it_is_not(
        which in any::<prop::sample::Index>(), body in "\\PC{1,200}", at in any::<prop::sample::Index>(), flip in 1_u8..=255,
    ) {
        let raw = raw();
        let scheme = raw[which.index(raw.len())];
        prop_assume!(scheme.timestamp.as_ref().is_none_or(|t| t.json.is_none()));
        let key = material(scheme, 5);
        let mut request = sample(scheme, &key, &body);
        prop_assert_eq!(ask(scheme, &request, &key.verifying, &[]).verdict, Verdict::Valid);
        let bytes = request.body.as_mut().unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let report = ask(scheme, &request, &key.verifying, &[]);
        prop_assert_eq!(report.verdict, Verdict::Invalid);
        prop_assert!(!report.reasons.is_empty());
    }
}

#[test]
fn most_of_the_table_signs_the_raw_body() {
    assert!(raw().len() > 100, "{}", raw().len());
    assert!(JSON.contains("grün"));
}

#[test]
fn a_capture_signed_afresh_verifies_and_is_otherwise_as_it_was() {
    for (scheme, key, mut captured) in signed() {
        captured.headers.insert(0, ("X-Trace".into(), "1".into()));
        captured.headers.push(("x-trace".into(), "2".into()));
        let later = NOW + 90_000;
        let fresh = sign_afresh(scheme, &key, &captured, later);
        let names = |request: &Request| -> Vec<String> {
            request.headers.iter().map(|(name, _)| name.clone()).collect()
        };
        assert_eq!(names(&fresh), names(&captured), "{}", scheme.id);
        let report = ask_at(scheme, &fresh, &key.verifying, later);
        let good = matches!(report.verdict, Verdict::Valid | Verdict::Authenticated);
        assert!(good, "{}: {:?} {fresh:?}", scheme.id, report.reasons);
        // Signed for the same moment, it is the same request but for what the OS's randomness adds.
        let again = sign_afresh(scheme, &key, &captured, NOW);
        if !matches!(scheme.sign, Method::Jwt(_)) {
            assert_eq!(again.body, captured.body, "{}", scheme.id);
        }
    }
}

#[test]
fn a_signature_in_the_body_is_exchanged_and_the_body_keeps_its_form() {
    let scheme = keyward_webhook::find("dropbox_sign").unwrap();
    let key = material(scheme, 7);
    let signed = sample(scheme, &key, r#"{"event":{"event_time":"1","event_type":"x"}}"#);
    let json = String::from_utf8(signed.body.clone().unwrap()).unwrap();
    let spaced = json.replace("\":", "\" : ");
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{spaced}\r\n--b--\r\n"
    );
    let captured = Request { body: Some(body.clone().into_bytes()), ..signed };
    let other = material(scheme, 9);
    let fresh = sign_afresh(scheme, &other, &captured, NOW + 90_000);
    assert_eq!(ask(scheme, &fresh, &other.verifying, &[]).verdict, Verdict::Authenticated);
    let text = String::from_utf8(fresh.body.unwrap()).unwrap();
    assert_eq!(text.len(), body.len());
    assert!(text != body && text.starts_with("--b\r\n") && text.contains("\" : "), "{text}");
}

#[test]
fn a_time_in_the_body_is_exchanged_and_the_body_keeps_its_form() {
    let scheme = keyward_webhook::find("linear").unwrap();
    let key = material(scheme, 7);
    let body = r#"{ "z": "7", "webhookTimestamp" : 1500000000000 , "a": 1.50 }"#;
    let captured = Request { body: Some(body.into()), ..sample(scheme, &key, body) };
    let fresh = sign_afresh(scheme, &key, &captured, NOW);
    assert_eq!(fresh.body, Some(body.replace("1500000000", &NOW.to_string()).into_bytes()));
    assert_eq!(ask(scheme, &fresh, &key.verifying, &[]).verdict, Verdict::Valid);
}

fn sign_afresh(scheme: &Scheme, key: &Material, captured: &Request, time: i64) -> Request {
    let again = Sample {
        scheme,
        key: &key.signing,
        method: "",
        url: captured.url.as_deref().unwrap_or_default(),
        body: b"",
        headers: &[],
        time,
        id: "msg_other",
        params: &params(scheme),
    };
    sign_again(captured, &again, None).unwrap_or_else(|error| panic!("{}: {error}", scheme.id))
}
