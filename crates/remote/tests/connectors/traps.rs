//! What providers, networks and enemies do to a call.

use std::collections::BTreeMap;
use std::sync::Mutex;

use keyward_remote::connector::{Liveness, connector, connectors};
use keyward_remote::{Happened, Why};
use proptest::prelude::*;
use secrecy::SecretSlice;

use crate::server::{Seen, Server, answer};
use crate::{NEW, TOKEN, VALUE, clean, parameters, secret, told, with, with_connector};

fn create(id: &str, server: &Server) -> Result<String, String> {
    with(id, &server.url, |account| match account.create(&secret(VALUE), TOKEN) {
        Ok(new) => Ok(format!("{:?} {:?}", new.id, new.expires)),
        Err(failure) => Err(told(&failure)),
    })
}

#[test]
fn a_roll_is_never_tried_twice_with_the_old_key() {
    // GitLab: a token that was rotated away and is used again takes the whole family with it.
    struct Family {
        old_is_used_up: bool,
        is_dead: bool,
    }
    let family = Mutex::new(Family { old_is_used_up: false, is_dead: false });
    let server = Server::start(move |request: &Seen, _| {
        let mut family = family.lock().unwrap();
        let old = request.headers.contains(&format!("PRIVATE-TOKEN: {VALUE}"));
        if old && family.old_is_used_up {
            family.is_dead = true;
        }
        family.old_is_used_up = true;
        // The answer with the new token is lost.
        if family.is_dead { answer(401, "{}") } else { String::new() }
    });
    let failure = with("gitlab", &server.url, |account| account.create(&secret(VALUE), TOKEN));
    assert_eq!(failure.unwrap_err().happened, Happened::Perhaps);
    assert_eq!(server.seen().len(), 1, "the second call would have killed the family");
}

#[test]
fn what_a_failed_making_may_have_done_is_told() {
    let long = answer(200, &format!("{{\"token\":\"{}\"}}", "x".repeat(300 * 1024)));
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{\"token\":\"fresh".to_owned();
    let deep = answer(200, &"[".repeat(100_000));
    for (text, told) in [
        (answer(400, r#"{"error":"bad"}"#), "no: it answered 400 (bad)"),
        (answer(401, ""), "no: it answered 401"),
        (answer(302, ""), "no: it answered 302 (a redirect, which is not followed)"),
        (answer(500, ""), "perhaps: it answered 500"),
        (answer(503, ""), "perhaps: it answered 503"),
        (String::new(), "perhaps: the connection was closed before an answer came"),
        (half, "perhaps: the connection was closed before an answer came"),
        (long, "perhaps: its answer cannot be used: it is longer than 256 KiB"),
        (deep, "perhaps: its answer cannot be used: no value is in it"),
        (answer(200, "{"), "perhaps: its answer cannot be used: no value is in it"),
        (answer(204, ""), "perhaps: its answer cannot be used: no value is in it"),
        (
            answer(200, r#"{"token":""}"#),
            "perhaps: its answer cannot be used: the value in it is empty, or longer than 64 KiB",
        ),
        (
            answer(200, &format!(r#"{{"token":"{VALUE}"}}"#)),
            "perhaps: its answer cannot be used: it gave the old value again",
        ),
        (
            "SSH-2.0-x\r\n\r\n".to_owned(),
            "perhaps: what came back is not HTTP: invalid HTTP version",
        ),
    ] {
        let server = Server::start(move |_, _| text.clone());
        assert_eq!(create("gitlab", &server), Err(told.to_owned()));
        assert_eq!(server.seen().len(), 1, "{told}");
    }
}

#[test]
fn busy_is_waited_for_once() {
    let body = format!(r#"{{"id":7,"token":"{NEW}"}}"#);
    let busy = "HTTP/1.1 429 X\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n";
    let server = Server::start(move |_, count| match count {
        0 => busy.to_owned(),
        _ => answer(200, &body),
    });
    assert!(create("gitlab", &server).is_ok());
    assert_eq!(server.seen().len(), 2);
    let later = "HTTP/1.1 429 X\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n";
    let server = Server::start(move |_, _| later.to_owned());
    let failure = with("gitlab", &server.url, |account| account.check(&secret(VALUE)));
    let failure = failure.unwrap_err();
    assert_eq!(
        (failure.happened, failure.wait.map(|wait| wait.as_secs())),
        (Happened::No, Some(3600))
    );
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_credential_follows_no_redirect() {
    let thief = Server::with(200, r#"{"login":"me"}"#);
    let moved = format!("HTTP/1.1 307 X\r\nLocation: {}/\r\nContent-Length: 0\r\n\r\n", thief.url);
    let server = Server::start(move |_, _| moved.clone());
    for connector in connectors().iter().filter(|known| known.can.check) {
        let value = match connector.id.as_str() {
            "google-service-account" => crate::google::key_file("k1"),
            "aws" => format!("AKIA1:{VALUE}"),
            "twilio" => format!("SK1:{VALUE}"),
            "sendgrid" => format!("SG.id.{VALUE}"),
            "vault-approle" => format!("role:{VALUE}"),
            "paddle" => format!("pdl_live_apikey_1_{VALUE}"),
            _ => VALUE.to_owned(),
        };
        let failure = with(&connector.id, &server.url, |account| account.check(&secret(&value)));
        assert_eq!(
            told(&failure.unwrap_err()),
            "no: it answered 307 (a redirect, which is not followed)"
        );
    }
    assert!(thief.seen().is_empty());
}

#[test]
fn the_end_of_a_key_is_what_the_provider_says() {
    // Asked for 30 days, given one hour: a server may cap what it is asked for.
    let body = format!(r#"{{"auth":{{"client_token":"{NEW}","lease_duration":3600}}}}"#);
    let server = Server::with(200, &body);
    let new = with("vault", &server.url, |account| account.create(&secret(VALUE), TOKEN));
    assert!(server.seen()[0].body.contains("720h"));
    assert_eq!(new.unwrap().expires.unwrap().to_string(), "2026-11-22T13:00:00Z");
}

#[test]
fn a_key_that_is_gone_already_is_no_error_to_revoke() {
    // The id is asked of the provider, which does not know the key any more.
    let server = Server::with(401, "{}");
    let known = connector("cloudflare").unwrap();
    let value = secret(VALUE);
    with_connector(known, Some(&server.url), &parameters(), |account| {
        assert_eq!(account.revoke(&value, Some(&value), None), Ok(()));
    });
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn promoting_what_was_promoted_before_is_no_error() {
    let server = Server::start(|request, _| {
        use base64::Engine as _;
        let new = base64::engine::general_purpose::STANDARD.encode(format!("acc1:{NEW}"));
        match request.headers.contains(&format!("Authorization: Basic {new}")) {
            true => answer(200, r#"{"sid":"AC1"}"#),
            false => answer(401, r#"{"code":20003}"#),
        }
    });
    let (old, new) = (secret(VALUE), secret(NEW));
    with("twilio-auth-token", &server.url, |account| {
        assert_eq!(account.promote(&old, &new), Ok(()));
        assert!(account.promote(&old, &secret("another")).is_err());
    });
}

#[test]
fn what_cannot_be_sent_is_refused_before_anything_is() {
    let server = Server::with(200, "{}");
    let refused = |id: &str, value: SecretSlice<u8>| {
        let failure = with(id, &server.url, |account| account.check(&value)).unwrap_err();
        assert_eq!(failure.happened, Happened::No);
        told(&failure)
    };
    let line = "no: the header `PRIVATE-TOKEN` cannot be sent: it holds a line break or a sign that HTTP has no place for";
    assert_eq!(refused("gitlab", secret("a\r\nX-Evil: b")), line);
    assert_eq!(refused("gitlab", secret("a\n")), line);
    let binary = SecretSlice::from(vec![0xff, 0xfe]);
    assert_eq!(refused("gitlab", binary), "no: it needs `a value that is text`");
    let form = "no: it needs `a value of the form SG.{id}.{secret}`";
    assert_eq!(refused("sendgrid", secret(VALUE)), form);
    assert!(server.seen().is_empty());
    let takes = |id: &str, value: &str| connector(id).unwrap().takes(&secret(value));
    assert!(takes("sendgrid", "SG.a.b") && !takes("sendgrid", VALUE) && !takes("gitlab", ""));
    assert!(takes("google-service-account", &crate::google::key_file("k1")));
    // An id from elsewhere stays one segment of the path.
    let value = secret(VALUE);
    with("gitlab", &server.url, |account| account.revoke(&value, None, Some("../users?x=1#")))
        .unwrap();
    assert_eq!(server.seen()[0].line, "DELETE /personal_access_tokens/..%2Fusers%3Fx%3D1%23");
    for id in ["..", ".", ""] {
        let failure = with("gitlab", &server.url, |account| account.revoke(&value, None, Some(id)));
        assert!(matches!(failure.unwrap_err().why, Why::Missing(_)));
    }
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_call_goes_to_the_hosts_that_are_built_in_or_where_the_user_said() {
    let check = |id: &str, name: &str, value: &str, endpoint: Option<&str>| {
        let given = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let known = connector(id).unwrap();
        let failure =
            with_connector(known, endpoint, &given, |account| account.check(&secret(VALUE)));
        told(&failure.unwrap_err())
    };
    let host = "no: the URL cannot be sent to: it is none of the hosts that are built in; give it as the endpoint";
    for site in
        ["example.com", "datadoghq.com.example.com", "datadoghq.com:8443@example.com", "127.0.0.1"]
    {
        let said = check("datadog", "site", site, None);
        assert!(said == host || said.contains("cannot be sent to"), "{site}: {said}");
    }
    for domain in [
        "example.com",
        "auth0.com.example.com",
        "x.auth0.com.example.com",
        "evilauth0.com",
        "x.auth0.com/..",
        "x.auth0.com#",
    ] {
        let said = check("auth0", "domain", domain, None);
        assert!(said.starts_with("no: the URL cannot be sent to"), "{domain}: {said}");
    }
    for endpoint in [
        "http://example.com",
        "http://10.0.0.1",
        "https://x.example/?a=",
        "https://x.example#",
        "file:///etc",
        "gopher://x",
        "https://user@x.example",
        "",
    ] {
        let said = check("gitlab", "x", "", Some(endpoint));
        assert!(said.starts_with("no: "), "{endpoint}: {said}");
    }
    assert_eq!(check("vault", "x", "", None), "no: it needs `endpoint`");
}

/// A provider that puts whatever it was sent into every field that is read.
fn echo(request: &Seen) -> String {
    let sent = format!("{} {} {}", request.line, request.headers.join(" "), request.body);
    let words: Vec<_> = sent.split([' ', '"', '=', ':', '{', '}', '[', ']']).collect();
    let longest = words.iter().max_by_key(|word| word.len()).copied().unwrap_or_default();
    let canary = words.iter().find(|word| word.contains("Canary")).copied().unwrap_or(longest);
    let text = serde_json::Value::from(canary).to_string();
    let body = format!(
        r#"{{"id":{text},"code":{text},"message":{text},"error":{text},"active":true,"login":{text},
        "data":{{"id":{text},"accessor":{text}}},"result":{{"id":{text},"status":"active"}},
        "errors":[{{"message":{text},"code":{text}}},{text}],"token":{{"id":{text}}},"uuid":{text},
        "api_key_id":{text},"name":{text},"scopes":[],"user":{text},"username":{text}}}"#
    );
    answer(if request.line.len().is_multiple_of(2) { 200 } else { 403 }, &body)
}

#[test]
fn a_provider_that_echoes_a_credential_does_not_get_it_told() {
    let server = Server::start(|request, _| echo(request));
    for connector in connectors() {
        let value = match connector.id.as_str() {
            "sendgrid" => format!("SG.id.{VALUE}"),
            "twilio" => format!("SK1:{VALUE}"),
            "vault-approle" => format!("role:{VALUE}"),
            "paddle" => format!("pdl_live_apikey_1_{VALUE}"),
            _ => VALUE.to_owned(),
        };
        let value = secret(&value);
        with(&connector.id, &server.url, |account| {
            clean(&format!("{:?}", account.check(&value)));
            clean(&format!("{:?}", account.create(&value, TOKEN)));
            clean(&format!("{:?}", account.made(&value, TOKEN)));
            clean(&format!("{:?}", account.revoke(&value, Some(&value), Some("id"))));
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_answer_makes_it_panic_or_tell(
        id in prop::sample::select(connectors().iter().map(|known| known.id.clone()).collect::<Vec<_>>()),
        status in 200_u16..500,
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            "[\\[\\]{}\":,a-z0-9/]{0,80}",
            Just(format!("{{\"token\":\"{VALUE}\",\"id\":{{}},\"data\":[null],\"expires_at\":-1}}")),
        ],
    ) {
        prop_assume!(status != 429);
        let server = Server::with(status, &body);
        let value = secret(VALUE);
        with(&id, &server.url, |account| {
            let said = account.check(&value);
            clean(&format!("{said:?}"));
            // Chance makes no proof.
            if let Ok(said) = said {
                assert!(said.liveness != Liveness::Dead || status >= 400 || body.contains("error"));
            }
            clean(&format!("{:?}", account.create(&value, TOKEN).map(|_| ())));
            clean(&format!("{:?}", account.made(&value, TOKEN)));
            clean(&format!("{:?}", account.revoke(&value, Some(&value), None)));
        });
    }
}
