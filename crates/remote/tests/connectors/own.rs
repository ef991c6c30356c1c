//! Connectors that a user describes in TOML.

use std::collections::BTreeMap;

use keyward_remote::connector::{Connector, Liveness, Shape};
use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use crate::server::{Server, answer};
use crate::{NEW, TOKEN, VALUE, secret, with_connector};

const OWN: &str = r#"
id = "our-gateway"
provider = "our-gateway"
title = "Our gateway"
shape = "issue-delete"
console = "https://gateway.example/keys"
base = "https://gateway.example/v1"
code = ["/problem"]

[auth]
headers = { X-Key = "{key}" }

[[parameters]]
name = "team"
about = "The team"

[check]
method = "GET"
path = "/whoami"
read = { id = "/id", expires = "/until" }
answers = [
    { is = "alive", status = 200, at = "/id" },
    { is = "dead", status = 410, at = "/problem", equals = ["revoked"] },
]

[create]
method = "POST"
path = "/teams/{param.team}/keys"
headers = { Idempotency-Key = "{token}" }
json = { note = "by {token}", limits = { days = 90 } }
read = { value = "/keys/*/secret", id = "/keys/*/id" }

[[revoke]]
method = "DELETE"
path = "/keys/{id}"
answers = [{ is = "gone", status = 404 }]
"#;

#[test]
fn a_connector_of_the_users_own_does_a_whole_replacement() {
    let server = Server::start(|request, _| match request.line.as_str() {
        "GET /whoami" if request.headers.contains(&format!("X-Key: {VALUE}")) => {
            answer(410, r#"{"problem":"revoked"}"#)
        }
        "GET /whoami" => answer(200, r#"{"id":"k2","until":"2027-01-01"}"#),
        "POST /teams/a%2Fb/keys" => {
            assert!(request.headers.contains(&format!("Idempotency-Key: {TOKEN}")));
            assert_eq!(request.body, format!(r#"{{"limits":{{"days":90}},"note":"by {TOKEN}"}}"#));
            answer(200, &format!(r#"{{"keys":[{{"id":null}},{{"id":"k2","secret":"{NEW}"}}]}}"#))
        }
        "DELETE /keys/k1" => answer(404, ""),
        line => panic!("{line}"),
    });
    let connector = Connector::parse(OWN).unwrap();
    assert_eq!((connector.shape, connector.needs_endpoint()), (Shape::IssueDelete, false));
    assert_eq!(connector.hosts(), ["gateway.example"]);
    let given = BTreeMap::from([("team".to_owned(), "a/b".to_owned())]);
    with_connector(&connector, Some(&server.url), &given, |account| {
        let new = account.create(&secret(VALUE), TOKEN).unwrap();
        assert_eq!(new.value.expose_secret(), NEW.as_bytes());
        assert_eq!(account.check(&new.value).unwrap().liveness, Liveness::Alive);
        assert_eq!(account.revoke(&new.value, None, Some("k1")), Ok(()));
        let old = account.check(&secret(VALUE)).unwrap();
        assert_eq!((old.liveness, old.said.as_str()), (Liveness::Dead, "HTTP 410 (revoked)"));
    });
    with_connector(&connector, Some(&server.url), &BTreeMap::new(), |account| {
        let failure = account.create(&secret(VALUE), TOKEN).unwrap_err();
        assert_eq!(failure.to_string(), "it needs `team`");
    });
}

#[test]
fn http_on_this_machine_is_a_base_of_ones_own_and_nothing_else_is() {
    let server = Server::with(200, r#"{"id":"k1"}"#);
    let local = OWN.replace("https://gateway.example/v1", &server.url);
    let connector = Connector::parse(&local).unwrap();
    with_connector(&connector, None, &BTreeMap::new(), |account| {
        assert_eq!(account.check(&secret(VALUE)).unwrap().liveness, Liveness::Alive);
    });
    let far = OWN.replace("https://gateway.example", "http://10.1.2.3");
    let connector = Connector::parse(&far);
    assert!(connector.is_err());
}

#[test]
fn a_mistake_is_named_with_its_line() {
    for (from, to, said) in [
        (
            "id = \"our-gateway\"",
            "id = \"github\"",
            "`github` is built in; give yours another `id`",
        ),
        (
            "id = \"our-gateway\"",
            "id = \"Our\"",
            "`id` is up to 40 small letters, digits and hyphens",
        ),
        ("title = ", "titel = ", "line 4: unknown field `titel`"),
        ("shape = \"issue-delete\"", "shape = \"other\"", "line 5: unknown variant `other`"),
        ("base = \"https://gateway.example/v1\"", "", "`base` is missing"),
        (
            "https://gateway.example/v1",
            "http://gateway.example/v1",
            "`base` is https, or http on this machine",
        ),
        (
            "https://gateway.example/v1",
            "https://{param.team}",
            "`base` is an address without placeholders",
        ),
        ("https://gateway.example/v1", "https://gateway.example/", "`base` ends before the slash"),
        ("\"{key}\"", "\"{secret}\"", "line 11: `{secret}` is no placeholder"),
        ("/keys/{id}", "/keys/{value}", "`revoke`: a value never goes into the address"),
        (
            "/keys/{id}",
            "/keys/{param.none}",
            "`revoke`: a placeholder has nothing to stand for here",
        ),
        ("/whoami", "/who/{doomed}", "`check`: a value never goes into the address"),
        ("is = \"alive\", ", "is = \"ok\", ", "`check`: a row of `answers`"),
        (
            "value = \"/keys/*/secret\", ",
            "",
            "`create`: `read` does not say where the new value is",
        ),
        ("at = \"/id\" }", "at = \"id\" }", "line 22: a JSON pointer begins with `/`"),
        ("method = \"GET\"", "method = \"get\"", "line 18: unknown variant `get`"),
        ("path = \"/whoami\"", "path = \"whoami\"", "`check`: `path` begins with a slash"),
        ("console = \"https", "console = \"http", "`console` is an https address"),
        ("title = \"Our gateway\"", "title = \"a\\u001bb\"", "a line of words is empty"),
    ] {
        let text = OWN.replacen(from, to, 1);
        assert_ne!(text, OWN, "{from}");
        let error = Connector::parse(&text).unwrap_err().to_string();
        assert!(error.starts_with(said), "{error}\n  wanted: {said}");
    }
    let long = format!("{OWN}\n# {}", "x".repeat(70_000));
    assert_eq!(Connector::parse(&long).unwrap_err().to_string(), "it is longer than 64 KiB");
}

proptest! {
    #[test]
    fn any_text_is_a_connector_or_an_error(
        at in 0..OWN.len(), length in 0..40_usize, with in "[a-z\\[\\]{}\"= .\n/*]{0,20}",
    ) {
        let end = (at + length).min(OWN.len());
        let text = format!("{}{with}{}", &OWN[..at], &OWN[end..]);
        if let Err(error) = Connector::parse(&text) {
            prop_assert!(!error.why.is_empty() && error.line.is_none_or(|line| line > 0));
        }
    }
}
