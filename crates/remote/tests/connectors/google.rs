//! Keys of Google service accounts against a server that checks the claim as RFC 7523 has it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use keyward_remote::connector::{Account, Liveness, connector};
use keyward_remote::{Happened, Why};
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use secrecy::ExposeSecret as _;
use sha2::{Digest as _, Sha256};

use crate::server::{Seen, Server, answer};
use crate::{ADMIN, NOW, TOKEN, secret, told};

const DER: &[u8] = include_bytes!("service_account.der");

/// A key file as Google hands it out.
pub fn key_file(id: &str) -> String {
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(DER)
    );
    serde_json::json!({
        "type": "service_account", "project_id": "p1", "private_key_id": id, "private_key": pem,
        "client_email": "ci@p1.iam.gserviceaccount.com", "client_id": "1",
        "token_uri": "https://thief.example/token",
    })
    .to_string()
}

fn part(text: &str) -> serde_json::Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

/// Google with the keys `k1` and `k2`, of which `dead` are deleted.
fn google(dead: &'static [&'static str]) -> Server {
    Server::start(move |request: &Seen, _| {
        let bearer = "Authorization: Bearer ya29.token".to_owned();
        match request.line.as_str() {
            "POST /token" => {
                let pairs: Vec<_> = form_urlencoded::parse(request.body.as_bytes()).collect();
                assert_eq!(pairs[0].1, "urn:ietf:params:oauth:grant-type:jwt-bearer");
                let claim = pairs[1].1.clone();
                let (signed, signature) = claim.rsplit_once('.').unwrap();
                let (header, claims) = signed.split_once('.').unwrap();
                let (header, claims) = (part(header), part(claims));
                assert_eq!((&header["alg"], &header["typ"]), (&"RS256".into(), &"JWT".into()));
                assert_eq!(claims["iss"], "ci@p1.iam.gserviceaccount.com");
                assert_eq!(claims["aud"], "https://oauth2.googleapis.com/token");
                assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
                // Another implementation than the one that signed.
                let key = RsaPrivateKey::from_pkcs8_der(DER).unwrap().to_public_key();
                let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
                key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(signed), &signature)
                    .unwrap();
                match dead.contains(&header["kid"].as_str().unwrap()) {
                    true => answer(
                        400,
                        r#"{"error":"invalid_grant","error_description":"Invalid JWT Signature."}"#,
                    ),
                    false => answer(200, r#"{"access_token":"ya29.token","expires_in":3599}"#),
                }
            }
            "POST /v1/projects/-/serviceAccounts/ci@p1.iam.gserviceaccount.com/keys" => {
                assert!(request.headers.contains(&bearer));
                let data = STANDARD.encode(key_file("k2"));
                answer(
                    200,
                    &format!(
                        r#"{{"name":"projects/p1/serviceAccounts/x/keys/k2","privateKeyData":"{data}","validBeforeTime":"2027-01-01T00:00:00Z"}}"#
                    ),
                )
            }
            "DELETE /v1/projects/-/serviceAccounts/ci@p1.iam.gserviceaccount.com/keys/k1" => {
                assert!(request.headers.contains(&bearer));
                answer(200, "{}")
            }
            "DELETE /v1/projects/-/serviceAccounts/ci@p1.iam.gserviceaccount.com/keys/k0" => {
                answer(404, r#"{"error":{"code":404,"status":"NOT_FOUND"}}"#)
            }
            _ => answer(403, r#"{"error":{"code":403,"status":"PERMISSION_DENIED"}}"#),
        }
    })
}

/// An account that has no other credential than its key.
fn alone<T>(url: &str, act: impl FnOnce(&Account) -> T) -> T {
    let connector = connector("google-service-account").unwrap();
    let parameters = std::collections::BTreeMap::new();
    let now = NOW.parse().unwrap();
    act(&Account { connector, parameters: &parameters, admin: None, endpoint: Some(url), now })
}

#[test]
fn a_key_makes_its_successor_which_deletes_it() {
    let old = secret(&key_file("k1"));
    let server = google(&[]);
    alone(&server.url, |account| {
        assert_eq!(account.check(&old).unwrap().liveness, Liveness::Alive);
        let new = account.create(&old, TOKEN).unwrap();
        assert_eq!(new.value.expose_secret(), key_file("k2").as_bytes());
        assert_eq!(new.id.as_deref(), Some("k2"));
        assert_eq!(new.expires.unwrap().to_string(), "2027-01-01T00:00:00Z");
        assert!(!format!("{new:?}").contains("PRIVATE"));
        assert_eq!(account.revoke(&new.value, Some(&old), None), Ok(()));
        assert_eq!(account.revoke(&new.value, None, Some("k0")), Ok(()));
        let failure = account.revoke(&new.value, None, Some("k9")).unwrap_err();
        assert_eq!(told(&failure), "no: it answered 403 (PERMISSION_DENIED)");
        let failure = account.revoke(&new.value, None, Some("../k9")).unwrap_err();
        assert!(matches!(failure.why, Why::Missing(_)));
    });
    let server = google(&["k1"]);
    alone(&server.url, |account| {
        let dead = account.check(&old).unwrap();
        assert_eq!(
            (dead.liveness, dead.said.as_str()),
            (Liveness::Dead, "HTTP 400 (invalid_grant)")
        );
        assert_eq!(dead.id.as_deref(), Some("k1"));
        let failure = account.create(&old, TOKEN).unwrap_err();
        assert_eq!(told(&failure), "no: it answered 400 (invalid_grant)");
    });
}

#[test]
fn a_wrong_clock_is_no_dead_key() {
    let body = r#"{"error":"invalid_grant","error_description":"Invalid JWT: Token must be a short-lived token"}"#;
    let server = Server::with(400, body);
    let said = alone(&server.url, |account| account.check(&secret(&key_file("k1")))).unwrap();
    assert_eq!(said.liveness, Liveness::Unknown);
}

#[test]
fn what_went_wrong_before_the_key_was_made_made_none() {
    // The exchange for a token was lost: no key was asked for.
    let server = Server::start(|_, _| String::new());
    let failure = alone(&server.url, |account| account.create(&secret(&key_file("k1")), TOKEN));
    assert_eq!(failure.unwrap_err().happened, Happened::No);
    // The making itself was.
    let server = Server::start(|request, _| match request.line.as_str() {
        "POST /token" => answer(200, r#"{"access_token":"ya29.token"}"#),
        _ => String::new(),
    });
    let failure = alone(&server.url, |account| account.create(&secret(&key_file("k1")), TOKEN));
    assert_eq!(failure.unwrap_err().happened, Happened::Perhaps);
}

#[test]
fn a_stronger_credential_is_used_as_the_token_that_it_is() {
    let server = Server::with(200, "{}");
    let key = secret(&key_file("k1"));
    let done = crate::with("google-service-account", &server.url, |account| {
        account.revoke(&key, Some(&key), None)
    });
    assert_eq!(done, Ok(()));
    let seen = server.seen();
    assert!(seen.len() == 1 && seen[0].headers.contains(&format!("Authorization: Bearer {ADMIN}")));
}

#[test]
fn what_is_no_key_file_is_not_sent_anywhere() {
    let server = Server::with(200, "{}");
    let evil = key_file("k1").replace("ci@p1", "ci/../../x@p1");
    let broken = key_file("k1").replace("MII", "MIJ");
    for text in ["", "{}", "AIza0123", &key_file(""), &key_file("../k"), &evil, &broken] {
        let failure = alone(&server.url, |account| account.check(&secret(text))).unwrap_err();
        let needed = "no: it needs `the JSON key file of a Google service account`";
        assert_eq!(told(&failure), needed);
    }
    assert!(server.seen().is_empty());
}
