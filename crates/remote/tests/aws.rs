//! AWS against moto with enforced signatures, seen with boto3.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::collections::BTreeMap;

use jiff::Timestamp;
use keyward_remote::aws::keys;
use keyward_remote::connector::{Account, Liveness, connector};
use keyward_remote::destination::{Access, Held, Place};
use keyward_remote::{Failure, Happened, Why};
use secrecy::{ExposeSecret as _, SecretSlice};
use serde_json::{Value, json};
use support::moto::Moto;
use support::server::serve;
use support::{NOTHING, secret};

const TOKEN: &str = "01jd0000-0000-0000-0000-000000000001";

/// A user who may do what rotating takes, with one key.
fn user(moto: &mut Moto) -> (String, String) {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["iam:*", "secretsmanager:*"], "Resource": "*"}]});
    moto.boto("iam", "create_user", json!({"UserName": "dev"}));
    let policy =
        json!({"UserName": "dev", "PolicyName": "p", "PolicyDocument": policy.to_string()});
    moto.boto("iam", "put_user_policy", policy);
    let made = moto.boto("iam", "create_access_key", json!({"UserName": "dev"}));
    let part = |name: &str| made["AccessKey"][name].as_str().unwrap().to_owned();
    (part("AccessKeyId"), part("SecretAccessKey"))
}

fn account<'a>(
    moto: &'a Moto,
    admin: Option<&'a SecretSlice<u8>>,
    parameters: &'a BTreeMap<String, String>,
) -> Account<'a> {
    let connector = connector("aws").unwrap();
    Account { connector, parameters, admin, endpoint: Some(&moto.endpoint), now: Timestamp::now() }
}

fn text(value: &SecretSlice<u8>) -> String {
    String::from_utf8(value.expose_secret().to_vec()).unwrap()
}

fn code(failure: &Failure) -> &str {
    match &failure.why {
        Why::Refused { code: Some(code), .. } => code,
        why => panic!("{why:?}"),
    }
}

#[test]
fn an_access_key_is_replaced_and_the_old_one_is_proved_dead() {
    let mut moto = Moto::start();
    let (id, hidden) = user(&mut moto);
    moto.enforce();
    let account = account(&moto, None, &NOTHING);
    let old = secret(format!("{id}:{hidden}"));
    let checked = account.check(&old).unwrap();
    assert_eq!((checked.liveness, checked.id.as_deref()), (Liveness::Alive, Some(id.as_str())));

    let created = account.create(&old, TOKEN).unwrap();
    let new_id = created.id.unwrap();
    let new = created.value;
    assert!(text(&new).starts_with(&format!("{new_id}:")) && new_id != id);
    assert_eq!(account.check(&old).unwrap().liveness, Liveness::Alive, "both work");
    assert_eq!(account.check(&new).unwrap().liveness, Liveness::Alive, "both work");
    assert_eq!(account.made(&old, TOKEN).unwrap(), [new_id.as_str()]);
    let listed = keys(&account, &old).unwrap();
    assert!(listed.len() == 2 && listed.iter().all(|key| key.active && key.created.is_some()));

    let third = account.create(&old, TOKEN).unwrap_err();
    assert_eq!(third.happened, Happened::No);
    assert_eq!(code(&third), format!("LimitExceeded, in the way is {new_id} (active)"));
    assert!(code(&third).len() <= 80);

    let wrong = account.check(&secret(format!("{id}:{}", "x".repeat(40)))).unwrap();
    assert_eq!(wrong.liveness, Liveness::Unknown, "no proof that the key is dead");
    assert!(wrong.said.contains("SignatureDoesNotMatch"), "{}", wrong.said);

    account.revoke(&new, Some(&old), None).unwrap();
    let dead = account.check(&old).unwrap();
    assert_eq!(dead.liveness, Liveness::Dead);
    assert_eq!(dead.said, "HTTP 403 (InvalidClientTokenId)");
    account.revoke(&new, Some(&old), None).unwrap();
    account.revoke(&new, None, Some(&id)).unwrap();
    assert_eq!(
        account.made(&old, TOKEN).unwrap_err().happened,
        Happened::No,
        "the old one may nothing"
    );

    // The last one deletes itself, and doing it again is well.
    account.revoke(&new, Some(&new), None).unwrap();
    assert_eq!(account.check(&new).unwrap().liveness, Liveness::Dead);
    account.revoke(&new, Some(&new), None).unwrap();
}

#[test]
fn a_stronger_credential_finds_the_user_and_the_form_of_the_value_is_kept() {
    let mut moto = Moto::start();
    let (id, hidden) = user(&mut moto);
    moto.boto("iam", "create_user", json!({"UserName": "weak"}));
    let made = moto.boto("iam", "create_access_key", json!({"UserName": "weak"}));
    let weak_id = made["AccessKey"]["AccessKeyId"].as_str().unwrap().to_owned();
    moto.enforce();
    let weak = json!({"AccessKey": made["AccessKey"]}).to_string();
    let weak = secret(&weak);
    let admin = secret(format!("{id}:{hidden}"));

    let alone = account(&moto, None, &NOTHING);
    let refused = alone.create(&weak, TOKEN).unwrap_err();
    assert_eq!((code(&refused), refused.happened), ("AccessDenied", Happened::No));

    let account = account(&moto, Some(&admin), &NOTHING);
    let new = account.create(&weak, TOKEN).unwrap();
    let read: Value = serde_json::from_slice(new.value.expose_secret()).unwrap();
    assert_eq!(read["AccessKey"]["UserName"], "weak");
    assert_eq!(read["AccessKey"]["AccessKeyId"], new.id.as_deref().unwrap());
    assert_eq!(account.check(&new.value).unwrap().liveness, Liveness::Alive);
    assert_eq!(account.made(&weak, TOKEN).unwrap(), [new.id.unwrap()]);
    account.revoke(&weak, None, Some(&weak_id)).unwrap();
    assert_eq!(account.check(&weak).unwrap().liveness, Liveness::Dead);
    account.revoke(&weak, None, Some(&weak_id)).unwrap();

    let session = secret(
        r#"{"Credentials":{"AccessKeyId":"ASIAX","SecretAccessKey":"s","SessionToken":"CANARY"}}"#,
    );
    let refused = account.create(&session, TOKEN).unwrap_err();
    assert!(refused.to_string().contains("temporary"), "{refused}");
}

struct Managed {
    moto: Moto,
    id: String,
    hidden: String,
}

impl Managed {
    fn start() -> Self {
        let mut moto = Moto::start();
        let (id, hidden) = user(&mut moto);
        moto.enforce();
        Self { moto, id, hidden }
    }

    fn boto(&mut self, call: &str, args: Value) -> Value {
        self.moto.boto_as(Some((&self.id, &self.hidden)), "secretsmanager", call, args)
    }

    fn place(&self, name: &str, field: Option<&str>) -> Place {
        Place::SecretsManager {
            secret: name.to_owned(),
            region: "us-east-1".to_owned(),
            field: field.map(str::to_owned),
            endpoint: Some(self.moto.endpoint.clone()),
        }
    }

    fn push(&self, place: &Place, value: &str, token: &str) -> Result<(), Failure> {
        let credential = secret(format!("{}:{}\n", self.id, self.hidden));
        place.push(&secret(value), &access(&credential, token))
    }

    fn check(&self, place: &Place, values: &[&str]) -> Result<Held, Failure> {
        let credential = secret(format!("{}:{}", self.id, self.hidden));
        let values: Vec<_> = values.iter().map(secret).collect();
        place.check(&values.iter().collect::<Vec<_>>(), &access(&credential, TOKEN))
    }

    /// Each stage with what boto3 reads there.
    fn stages(&mut self, name: &str) -> BTreeMap<String, String> {
        let found = self.boto("describe_secret", json!({"SecretId": name}));
        let mut stages = BTreeMap::new();
        for (version, labels) in found["VersionIdsToStages"].as_object().unwrap() {
            let args = json!({"SecretId": name, "VersionId": version});
            let value = self.boto("get_secret_value", args)["SecretString"].clone();
            for label in labels.as_array().unwrap() {
                let (label, value) = (label.as_str().unwrap(), value.as_str().unwrap());
                stages.insert(label.to_owned(), value.to_owned());
            }
        }
        stages
    }
}

fn access<'a>(credential: &'a SecretSlice<u8>, token: &'a str) -> Access<'a> {
    Access { credential: Some(credential), token, now: Timestamp::now(), variables: &NOTHING }
}

#[test]
fn a_managed_secret_moves_through_its_stages_from_wherever_it_was_interrupted() {
    let mut aws = Managed::start();
    aws.boto("create_secret", json!({"Name": "shop/key", "SecretString": "one"}));
    let place = aws.place("shop/key", None);
    aws.push(&place, "two", TOKEN).unwrap();
    let stages = aws.stages("shop/key");
    assert_eq!((stages["AWSCURRENT"].as_str(), stages["AWSPREVIOUS"].as_str()), ("two", "one"));
    let args = json!({"SecretId": "shop/key", "VersionStage": "AWSCURRENT"});
    let current = aws.boto("get_secret_value", args);
    assert_eq!(current["VersionId"], TOKEN);
    assert_eq!(aws.check(&place, &["one", "two"]), Ok(Held::Known(1)));
    assert_eq!(aws.check(&place, &["one"]), Ok(Held::Other));
    // The answer was lost, and it is asked again: nothing moves.
    aws.push(&place, "two", TOKEN).unwrap();
    assert_eq!(aws.stages("shop/key"), stages);

    // Ended after the version was put.
    let token = "01jd0000-0000-0000-0000-000000000002";
    let put = |value: &str, token: &str| {
        json!({"SecretId": "shop/key", "SecretString": value, "ClientRequestToken": token,
               "VersionStages": ["AWSPENDING"]})
    };
    aws.boto("put_secret_value", put("three", token));
    assert_eq!(aws.stages("shop/key")["AWSCURRENT"], "two");
    aws.push(&place, "three", token).unwrap();
    assert_eq!(aws.stages("shop/key")["AWSCURRENT"], "three");
    assert_eq!(aws.stages("shop/key")["AWSPREVIOUS"], "two");

    // The same token with something else in it is someone else's.
    let token = "01jd0000-0000-0000-0000-000000000003";
    aws.boto("put_secret_value", put("not ours", token));
    let conflict = aws.push(&place, "four", token).unwrap_err();
    assert_eq!((conflict.why, conflict.happened), (Why::Conflict, Happened::No));
    assert_eq!(aws.stages("shop/key")["AWSCURRENT"], "three");

    let missing = aws.place("no/such", None);
    let refused = aws.push(&missing, "x", TOKEN).unwrap_err();
    assert_eq!(code(&refused), "ResourceNotFoundException");
    assert_eq!(aws.check(&missing, &["x"]), Ok(Held::Absent));
    let wrong = secret(format!("{}:{}", aws.id, "y".repeat(40)));
    let refused = place.push(&secret("CANARY"), &access(&wrong, TOKEN)).unwrap_err();
    assert_eq!(code(&refused), "SignatureDoesNotMatch");
    assert!(!format!("{refused:?}").contains("CANARY"));
    let missing = place.push(&secret("x"), &support::access(None)).unwrap_err();
    assert_eq!(missing.why, Why::Missing("credential".to_owned()));
}

#[test]
fn one_key_of_a_managed_secret_changes_and_the_others_stay_as_written() {
    let mut aws = Managed::start();
    let before = "{\n  \"user\": \"u\",\n  \"key\": \"one\", \"n\": 1.50,\n  \"other\": \"o\"\n}";
    aws.boto("create_secret", json!({"Name": "shop", "SecretString": before}));
    let (key, other) = (aws.place("shop", Some("key")), aws.place("shop", Some("other")));
    aws.push(&key, "t\"wo", TOKEN).unwrap();
    // Another key with the same run's token is another version.
    aws.push(&other, "p", TOKEN).unwrap();
    let after = before.replace("\"one\"", "\"t\\\"wo\"").replace("\"o\"", "\"p\"");
    assert_eq!(aws.stages("shop")["AWSCURRENT"], after);
    assert_eq!(aws.check(&key, &["t\"wo"]), Ok(Held::Known(0)));
    let fresh = aws.place("shop", Some("fresh"));
    assert_eq!(aws.check(&fresh, &["x"]), Ok(Held::Absent));
    aws.push(&fresh, "x", TOKEN).unwrap();
    assert_eq!(aws.check(&fresh, &["x"]), Ok(Held::Known(0)));
    aws.boto("create_secret", json!({"Name": "plain", "SecretString": "plain"}));
    let refused = aws.push(&aws.place("plain", Some("key")), "x", TOKEN).unwrap_err();
    assert!(matches!(refused.why, Why::Local(_)), "{refused}");
    assert_eq!(aws.stages("plain")["AWSCURRENT"], "plain");
    // A secret that never had a value.
    aws.boto("create_secret", json!({"Name": "empty"}));
    let empty = aws.place("empty", None);
    assert_eq!(aws.check(&empty, &["x"]), Ok(Held::Absent));
    aws.push(&empty, "x", TOKEN).unwrap();
    assert_eq!(aws.stages("empty")["AWSCURRENT"], "x");
}

fn with_server<T>(
    answers: impl Fn(&str, &Value) -> (String, Vec<u8>) + Send + 'static,
    act: impl FnOnce(&Account<'_>) -> T,
) -> T {
    let (endpoint, _) = serve(answers);
    let connector = connector("aws").unwrap();
    let endpoint = Some(endpoint.as_str());
    let now = Timestamp::now();
    act(&Account { connector, parameters: &NOTHING, admin: None, endpoint, now })
}

fn xml(status: &str, body: &str) -> (String, Vec<u8>) {
    (status.to_owned(), body.as_bytes().to_vec())
}

fn error(status: &str, code: &str, message: &str) -> (String, Vec<u8>) {
    let error = format!("<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>");
    xml(status, &format!("<ErrorResponse><Error>{error}</Error></ErrorResponse>"))
}

#[test]
fn what_no_answer_proves_is_not_taken_for_proof() {
    let value = secret("AKIAOLD:CANARY-secret");
    for (answer, liveness, said) in [
        (
            error("403 F", "InvalidClientTokenId", "x"),
            Liveness::Dead,
            "HTTP 403 (InvalidClientTokenId)",
        ),
        (error("403 F", "ExpiredToken", "x"), Liveness::Dead, "HTTP 403 (ExpiredToken)"),
        (error("403 F", "AccessDenied", "x"), Liveness::NoPermission, "HTTP 403 (AccessDenied)"),
        (
            error("403 F", "SignatureDoesNotMatch", "Signature expired: 2026"),
            Liveness::Unknown,
            "HTTP 403 (SignatureDoesNotMatch, the clock here is wrong)",
        ),
        (
            error("403 F", "SignatureDoesNotMatch", "x"),
            Liveness::Unknown,
            "HTTP 403 (SignatureDoesNotMatch: the secret is not that of this key id)",
        ),
        (error("403 F", "CANARY secret", "x"), Liveness::Unknown, "HTTP 403"),
        (xml("403 F", "<html>a proxy</html>"), Liveness::Unknown, "HTTP 403"),
        (xml("404 N", ""), Liveness::Unknown, "HTTP 404"),
        (
            xml("200 OK", "<html>a portal</html>"),
            Liveness::Unknown,
            "HTTP 200, without an identity",
        ),
    ] {
        let checked = with_server(move |_, _| answer.clone(), |account| account.check(&value));
        let checked = checked.unwrap();
        assert_eq!((checked.liveness, checked.said.as_str()), (liveness, said));
    }
    let slow = error("400 Bad", "Throttling", "Rate exceeded");
    let failure =
        with_server(move |_, _| slow.clone(), |account| account.check(&value)).unwrap_err();
    assert!(failure.wait.is_some() && failure.happened == Happened::No);
}

#[test]
fn a_key_that_may_have_been_made_is_told_and_never_repeated() {
    let value = secret("AKIAOLD:CANARY-secret");
    let made = "<CreateAccessKeyResponse><AccessKey><AccessKeyId>AKIANEW</AccessKeyId>";
    for (answer, happened) in [
        (xml("200 OK", made), Happened::Perhaps),
        (xml("200 OK", ""), Happened::Perhaps),
        (xml("500 Oops", ""), Happened::Perhaps),
        (xml("503 Down", "CANARY-secret"), Happened::Perhaps),
        (xml("429 Slow", ""), Happened::No),
        (error("403 F", "AccessDenied", "CANARY-secret"), Happened::No),
        (error("400 Bad", "Throttling", "x"), Happened::No),
    ] {
        let failure =
            with_server(move |_, _| answer.clone(), |account| account.create(&value, TOKEN));
        let failure = failure.unwrap_err();
        let shown = format!("{failure} {failure:?}");
        assert_eq!(failure.happened, happened, "{shown}");
        assert!(!shown.contains("CANARY"), "{shown}");
    }
    let created = with_server(
        move |_, asked| {
            assert!(!asked.as_str().unwrap().contains("UserName"), "its own user");
            xml("200 OK", &format!("{made}<SecretAccessKey>a/b+c&amp;</SecretAccessKey>"))
        },
        |account| account.create(&value, TOKEN).unwrap(),
    );
    assert_eq!(text(&created.value), "AKIANEW:a/b+c&");
    assert!(!format!("{created:?}").contains("a/b+c"));
}
