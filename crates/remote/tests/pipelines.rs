//! GitHub and GitLab, played by servers of the test that answer as their documentation says, and as it
//! does not.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyward_remote::destination::{Held, Place};
use keyward_remote::{Failure, Happened, Why};
use serde_json::{Value, json};
use support::server::serve;
use support::{Readers, access, secret};

fn said(status: &str, body: Value) -> (String, Vec<u8>) {
    (status.to_owned(), body.to_string().into_bytes())
}

fn github(endpoint: &str, environment: Option<&str>) -> Place {
    Place::GithubActions {
        repository: "acme/shop".to_owned(),
        environment: environment.map(str::to_owned),
        name: "STRIPE_KEY".to_owned(),
        endpoint: Some(endpoint.to_owned()),
    }
}

fn gitlab(endpoint: &str, scope: Option<&str>) -> Place {
    Place::GitlabCi {
        project: "acme/shop".to_owned(),
        key: "STRIPE_KEY".to_owned(),
        scope: scope.map(str::to_owned),
        endpoint: Some(endpoint.to_owned()),
    }
}

fn push(place: &Place, value: &str) -> Result<(), Failure> {
    place.push(&secret(value), &access(Some(&secret("CANARY-token\n"))))
}

fn check(place: &Place, values: &[&str]) -> Result<Held, Failure> {
    let values: Vec<_> = values.iter().map(secret).collect();
    place.check(&values.iter().collect::<Vec<_>>(), &access(Some(&secret("CANARY-token"))))
}

/// A private key of the test, 32 bytes in base64.
const KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

#[test]
fn a_github_secret_is_sealed_so_that_libsodium_opens_it() {
    let mut readers = Readers::start();
    let public = readers.ask(&json!({"ask": "public", "key": KEY}));
    let (endpoint, asked) = serve(move |line, _| match line {
        line if line.ends_with("/public-key") => {
            said("200 OK", json!({"key_id": "0123", "key": public}))
        }
        line if line.starts_with("PUT") => ("201 Created".to_owned(), b"{}".to_vec()),
        _ => said("200 OK", json!({"name": "STRIPE_KEY", "updated_at": "2026-01-01T00:00:00Z"})),
    });
    for (environment, base) in [
        (None, "/repos/acme/shop/actions/secrets"),
        (Some("prod/eu"), "/repos/acme/shop/environments/prod%2Feu/secrets"),
    ] {
        let place = github(&endpoint, environment);
        for value in ["new", "CANARY-\u{e9}\n\0", &"x".repeat(48 * 1024)] {
            push(&place, value).unwrap();
            let mut asked = asked.lock().unwrap();
            let (line, head, body) = asked.pop().unwrap();
            assert_eq!(line, format!("PUT {base}/STRIPE_KEY"));
            assert!(head.contains("\r\nAuthorization: Bearer CANARY-token\r\n"), "{head}");
            assert_eq!(body["key_id"], "0123");
            let question = json!({"ask": "unseal", "key": KEY, "box": body["encrypted_value"]});
            let opened = readers.ask(&question);
            let opened = base64::Engine::decode(
                &base64::engine::general_purpose::STANDARD,
                opened.as_str().unwrap(),
            );
            assert_eq!(opened.unwrap(), value.as_bytes());
            assert_eq!(asked.pop().unwrap().0, format!("GET {base}/public-key"));
        }
        assert_eq!(check(&place, &["new"]), Ok(Held::Unreadable));
    }
    let long = push(&github(&endpoint, None), &"x".repeat(48 * 1024 + 1)).unwrap_err();
    assert!(long.to_string().contains("48 KiB"));
    let odd = Place::GithubActions {
        repository: "acme/shop/x".to_owned(),
        environment: None,
        name: "A".to_owned(),
        endpoint: Some(endpoint),
    };
    assert!(push(&odd, "x").unwrap_err().to_string().contains("owner/name"));
}

#[test]
fn a_github_secret_that_is_missing_is_told_from_a_repository_that_is() {
    let (endpoint, _) = serve(|line, _| match line.ends_with("/public-key") {
        true => said("200 OK", json!({"key_id": "1", "key": KEY})),
        false => said("404 Not Found", json!({"message": "Not Found"})),
    });
    assert_eq!(check(&github(&endpoint, None), &["x"]), Ok(Held::Absent));
    let (endpoint, _) = serve(|_, _| said("404 Not Found", json!({"message": "Not Found"})));
    let failure = check(&github(&endpoint, None), &["x"]).unwrap_err();
    assert_eq!(failure.to_string(), "it answered 404 (Not Found)");
}

#[test]
fn a_gitlab_variable_is_made_changed_in_its_scope_and_read_back() {
    let held = Arc::new(Mutex::new(None::<Value>));
    let state = Arc::clone(&held);
    let (endpoint, asked) = serve(move |line, body| {
        let mut state = state.lock().unwrap();
        let (method, path) = line.split_once(' ').unwrap();
        let base = "/api/v4/projects/acme%2Fshop/variables";
        let one = format!("{base}/STRIPE_KEY?filter%5Benvironment_scope%5D=prod%2F%2A");
        match (method, path, state.as_mut()) {
            ("GET", path, None) if path == one => {
                said("404 Not Found", json!({"message": "404 Variable Not Found"}))
            }
            ("GET", path, Some(found)) if path == one => said("200 OK", found.clone()),
            ("GET", path, _) if path == format!("{base}?per_page=1") => said("200 OK", json!([])),
            ("POST", path, None) if path == base => {
                *state = Some(body.clone());
                said("201 Created", body.clone())
            }
            ("PUT", path, Some(found)) if path == one => {
                assert_eq!(body["filter"]["environment_scope"], "prod/*");
                for (name, value) in body.as_object().unwrap() {
                    found[name] = value.clone();
                }
                said("200 OK", found.clone())
            }
            _ => panic!("{line}"),
        }
    });
    let place = gitlab(&endpoint, Some("prod/*"));
    assert_eq!(check(&place, &["one"]), Ok(Held::Absent));
    push(&place, "value-one").unwrap();
    let made = held.lock().unwrap().clone().unwrap();
    assert_eq!(made["environment_scope"], "prod/*");
    assert_eq!((&made["masked"], &made["raw"]), (&json!(true), &json!(true)));
    assert_eq!(check(&place, &["no", "value-one"]), Ok(Held::Known(1)));
    assert_eq!(check(&place, &["no"]), Ok(Held::Other));
    held.lock().unwrap().as_mut().unwrap()["raw"] = false.into();
    push(&place, "value-two").unwrap();
    let changed = held.lock().unwrap().clone().unwrap();
    assert_eq!((&changed["masked"], &changed["raw"]), (&json!(true), &json!(false)), "kept");
    push(&place, "with$dollar").unwrap();
    assert_eq!(held.lock().unwrap().as_ref().unwrap()["raw"], true, "or GitLab expands it");
    let before = asked.lock().unwrap().len();
    push(&place, "with$dollar").unwrap();
    assert_eq!(asked.lock().unwrap().len(), before + 1, "the same again writes nothing");
    assert!(asked.lock().unwrap()[0].1.contains("\r\nPRIVATE-TOKEN: CANARY-token\r\n"));
    held.lock().unwrap().as_mut().unwrap()["value"] = Value::Null;
    assert_eq!(check(&place, &["x"]), Ok(Held::Unreadable), "a hidden one");
}

#[test]
fn whatever_a_server_answers_is_told_plainly_and_never_with_a_value() {
    let echo = "CANARY-token CANARY-value";
    let huge = vec![b'['; 2 << 20];
    for (status, body, happened, wanted) in [
        (
            "401 No",
            json!({"message": "Bad credentials"}).to_string().into_bytes(),
            Happened::No,
            "it answered 401 (Bad credentials)",
        ),
        (
            "403 No",
            json!({"message": echo}).to_string().into_bytes(),
            Happened::No,
            "it answered 403",
        ),
        ("404 No", b"<html>".to_vec(), Happened::No, "it answered 404"),
        (
            "422 No",
            json!({"message": [echo]}).to_string().into_bytes(),
            Happened::No,
            "it answered 422",
        ),
        (
            "429 Slow\r\nRetry-After: 30",
            vec![],
            Happened::No,
            "it answered 429 (too many requests)",
        ),
        (
            "302 Found\r\nLocation: http://127.0.0.1:1/",
            vec![],
            Happened::No,
            "it answered 302 (a redirect, which is not followed)",
        ),
        ("503 Down", echo.as_bytes().to_vec(), Happened::Perhaps, "it answered 503"),
        ("500 Oops", huge.clone(), Happened::Perhaps, "it answered 500"),
    ] {
        // Everything is well until the write.
        let (lines, bytes) = (status.to_owned(), body.clone());
        let answer = move |line: &str, _: &Value| match line {
            line if line.ends_with("/public-key") => {
                said("200 OK", json!({"key_id": "1", "key": KEY}))
            }
            line if line.starts_with("GET") => said("200 OK", json!({"value": "old"})),
            _ => (lines.clone(), bytes.clone()),
        };
        let (endpoint, _) = serve(answer);
        for place in [github(&endpoint, None), gitlab(&endpoint, None)] {
            let failure = push(&place, "CANARY-value").unwrap_err();
            let shown = format!("{failure} {failure:?}");
            assert_eq!(failure.to_string(), wanted, "{place:?}");
            assert_eq!(failure.happened, happened, "{shown}");
            assert!(!shown.contains("CANARY"), "{shown}");
            if status.starts_with("429") {
                assert_eq!(failure.wait, Some(Duration::from_secs(30)));
            }
        }
        // And when it is so from the start, nothing was written.
        let (status, body) = (status.to_owned(), body.clone());
        let (endpoint, _) = serve(move |_, _| (status.clone(), body.clone()));
        if wanted.contains("50") {
            continue; // repeated after a pause; the client's own tests have it
        }
        for place in [github(&endpoint, None), gitlab(&endpoint, None)] {
            for failure in [
                push(&place, "CANARY-value").unwrap_err(),
                check(&place, &["CANARY-value"]).unwrap_err(),
            ] {
                assert_eq!(
                    (failure.happened, failure.to_string().as_str()),
                    (Happened::No, wanted)
                );
            }
        }
    }
    for body in [
        &b"null"[..],
        b"[]",
        b"{}",
        b"{\"key\":1,\"value\":{}}",
        b"{\"key_id\":\"1\",\"key\":\"AAAA\"}",
        b"\xff",
        &huge,
    ] {
        let body = body.to_vec();
        let (endpoint, _) = serve(move |_, _| ("200 OK".to_owned(), body.clone()));
        assert!(push(&github(&endpoint, None), "x").is_err());
        let failure = check(&gitlab(&endpoint, None), &["x"]).unwrap_err();
        assert!(matches!(failure.why, Why::Answer(_)), "{failure}");
    }
}

#[test]
fn a_credential_goes_nowhere_but_where_it_may() {
    for endpoint in [
        "http://gitlab.example",
        "http://10.0.0.1",
        "http://user@localhost",
        "ftp://localhost",
        "localhost",
    ] {
        for place in [github(endpoint, None), gitlab(endpoint, None)] {
            let failure = push(&place, "CANARY-value").unwrap_err();
            assert!(matches!(failure.why, Why::Remote(_)), "{endpoint}: {failure}");
            assert_eq!(failure.happened, Happened::No);
        }
    }
    let (endpoint, asked) = serve(|_, _| said("200 OK", json!({})));
    for token in ["a\r\nX: y", "a b", "\u{e9}", "\n"] {
        let failure =
            github(&endpoint, None).push(&secret("x"), &access(Some(&secret(token)))).unwrap_err();
        assert_eq!(failure.to_string(), "the credential is no token");
    }
    assert!(asked.lock().unwrap().is_empty());
}
