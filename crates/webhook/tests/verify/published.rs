//! Examples that providers publish, and requests whose provider must be guessed.

use std::collections::BTreeMap;

use keyward_webhook::{Case, NamedSecret, Report, Request, Verdict, VerifyError, find, verify};

use crate::common::NOW;
use crate::material::{JSON, Material, material, sample};

fn check(
    scheme: Option<&str>,
    request: &Request,
    secret: &[u8],
    now: i64,
) -> Result<Report, VerifyError> {
    let bytes = secret.to_vec().into();
    let secrets = [NamedSecret { name: "mine".into(), version: None, bytes }];
    verify(&Case {
        request,
        scheme,
        custom: None,
        secrets: &secrets,
        also: &[],
        params: &BTreeMap::new(),
        now,
        tolerance: None,
    })
}

fn request(headers: &[(&str, &str)], body: &str) -> Request {
    let headers = headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
    Request { headers, body: Some(body.into()), ..Request::default() }
}

/// <https://circleci.com/docs/outbound-webhooks/#validate-webhooks>
#[test]
fn circleci_documents_these() {
    for (secret, body, signature) in [
        (
            "secret",
            "hello world",
            "734cc62f32841568f45715aeb9f4d7891324e6d948e4c6c60c0621cdac48623a",
        ),
        (
            "another-secret",
            "lalala",
            "daa220016c8f29a8b214fbfc3671aeec2145cfb1e6790184ffb38b6d0425fa00",
        ),
        (
            "hunter123",
            "an-important-request-payload",
            "9be2242094a9a8c00c64306f382a7f9d691de910b4a266f67bd314ef18ac49fa",
        ),
    ] {
        let request = request(&[("circleci-signature", &format!("v1={signature}"))], body);
        let report = check(None, &request, secret.as_bytes(), NOW).unwrap();
        assert_eq!((report.verdict, report.scheme.as_str()), (Verdict::Valid, "circleci"));
    }
}

/// The example that Adyen's libraries test with.
#[test]
fn adyen_publishes_this_one() {
    let body = r#"{"notificationItems":[{"NotificationRequestItem":{"pspReference":"7914073381342284","originalReference":"","merchantAccountCode":"TestMerchant","merchantReference":"TestPayment-1407325143704","amount":{"value":1130,"currency":"EUR"},"eventCode":"AUTHORISATION","success":"true","additionalData":{"hmacSignature":"coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0="}}}]}"#;
    let key = b"44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056";
    let report = check(None, &request(&[], body), key, NOW).unwrap();
    assert_eq!(
        (report.verdict, report.scheme.as_str()),
        (Verdict::Authenticated, "adyen_payments")
    );
}

/// The example that Box' libraries test with: either of the two keys will do.
#[test]
fn box_publishes_this_one() {
    let body = r#"{"type":"webhook_event","webhook":{"id":"1234567890"},"trigger":"FILE.UPLOADED","source":{"id":"1234567890","type":"file","name":"Test.txt"}}"#;
    let headers = [
        ("Box-Delivery-Timestamp", "2020-01-01T00:00:00-07:00"),
        ("Box-Signature-Primary", "6TfeAW3A1PASkgboxxA5yqHNKOwFyMWuEXny/FPD5hI="),
        ("Box-Signature-Secondary", "v+1CD1Jdo3muIcbpv5lxxgPglOqMfsNHPV899xWYydo="),
    ];
    let sent = 1_577_862_000;
    for secret in ["SamplePrimaryKey", "SampleSecondaryKey"] {
        let verdict =
            |now| check(None, &request(&headers, body), secret.as_bytes(), now).unwrap().verdict;
        assert_eq!(verdict(sent), Verdict::Valid, "{secret}");
        assert_eq!(verdict(sent + 600), Verdict::Valid);
        assert_eq!(verdict(sent + 601), Verdict::Invalid);
        assert_eq!(verdict(sent - 1), Verdict::Invalid, "the future is refused");
    }
}

fn signed(id: &str) -> (Material, Request) {
    let scheme = find(id).expect("a scheme of the table");
    let key = material(scheme, 7);
    let request = sample(scheme, &key, JSON);
    (key, request)
}

/// Several providers share these headers; the one whose recipe fits the secret is taken, and the others named.
#[test]
fn a_shared_header_is_settled_by_the_secret() {
    for (id, taken) in [
        ("standard_webhooks", "standard_webhooks"),
        ("clerk", "svix"),
        ("polar", "bigcommerce"),
        ("github", "github"),
        ("meta", "github"),
        ("jira", "bitbucket_dc"),
        ("modern_treasury", "x_signature"),
        ("segment", "segment"),
        ("gocardless", "gocardless"),
        ("hubspot_v1", "hubspot_v1"),
        ("hubspot_v2", "hubspot_v2"),
        ("strike", "strike"),
        ("cashfree", "cashfree"),
        ("netlify", "netlify"),
        ("twilio_json", "twilio"),
        ("vonage", "vonage"),
        ("monday", "vonage"),
        ("teams", "teams"),
    ] {
        let (key, request) = signed(id);
        let report = check(None, &request, &key.verifying, NOW);
        let report = report.unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_ne!(report.verdict, Verdict::Invalid, "{id}: {:?}", report.reasons);
        assert_eq!(report.scheme, taken, "{id}");
        assert!(
            report.notes.iter().any(|note| note.contains("guessed")),
            "{id}: {:?}",
            report.notes
        );
        if id != taken {
            assert!(report.notes.iter().any(|note| note.contains(id)), "{id}: {:?}", report.notes);
        }
    }
}

/// When nothing settles it, all that it may be are named, and none is picked.
#[test]
fn what_cannot_be_told_apart_is_listed() {
    let token = |value: &str| request(&[("Authorization", value)], JSON);
    let Err(VerifyError::Ambiguous { candidates }) = check(None, &token("opaque"), b"other", NOW)
    else {
        panic!("an authorisation header alone tells no provider")
    };
    let ids: Vec<_> = candidates.iter().map(|c| c.id.as_str()).collect();
    assert!(ids.contains(&"okta") || ids.contains(&"auth0"), "{ids:?}");
}
