//! JSON Web Tokens: what a forger tries, what expires, and whom a token is from and for.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyward_webhook::{
    Case, Code, NamedSecret, Report, Request, Sample, Scheme, Verdict, VerifyError, find, sign,
    verify,
};

use crate::common::NOW;
use crate::material::{JSON, Material, material, sample};

type Params<'a> = &'a [(&'a str, &'a str)];

fn ask(
    scheme: &Scheme,
    request: &Request,
    secret: Option<&[u8]>,
    params: Params,
    now: i64,
) -> Result<Report, VerifyError> {
    let params: BTreeMap<_, _> = params
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()))
        .collect();
    let secret = secret.map(|bytes| NamedSecret {
        name: "mine".into(),
        version: None,
        bytes: bytes.to_vec().into(),
    });
    let secrets: Vec<_> = secret.into_iter().collect();
    let id = scheme.id.clone();
    verify(&Case {
        request,
        scheme: Some(&id),
        custom: None,
        secrets: &secrets,
        also: &[],
        params: &params,
        now,
        tolerance: None,
    })
}

fn good(id: &str) -> (&'static Scheme, Material, Request) {
    let scheme = find(id).expect("a scheme of the table");
    let key = material(scheme, 7);
    let request = sample(scheme, &key, JSON);
    (scheme, key, request)
}

fn token(request: &mut Request) -> &mut String {
    let header = request.headers.iter_mut().find(|(_, value)| value.contains("eyJ"));
    &mut header.expect("a token").1
}

fn first(report: &Report) -> (Verdict, Code, bool) {
    (report.verdict, report.reasons[0].code, report.reasons[0].proved)
}

/// The token with its header replaced, and its signature by `resigned`.
fn with_header(value: &str, header: &str, resigned: impl Fn(&str) -> String) -> String {
    let start = value.find("eyJ").expect("a token");
    let claims = value[start..].split('.').nth(1).expect("claims");
    let input = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header));
    format!("{}{input}.{}", &value[..start], resigned(&input))
}

#[test]
fn none_is_never_an_algorithm() {
    for id in ["messagebird", "qstash", "livekit", "google_pubsub", "plaid", "netlify", "vonage"] {
        let (scheme, key, mut request) = good(id);
        for header in [r#"{"alg":"none"}"#, r#"{"alg":"None","typ":"JWT"}"#, r#"{"alg":"NONE"}"#] {
            let forged = with_header(token(&mut request), header, |_| String::new());
            *token(&mut request) = forged;
            let report = ask(scheme, &request, Some(&key.verifying), &[], NOW).unwrap();
            assert_eq!(
                first(&report),
                (Verdict::Invalid, Code::JwtAlgNone, false),
                "{id} {header}"
            );
        }
        let forged = with_header(token(&mut request), r#"{"typ":"JWT"}"#, |_| String::new());
        *token(&mut request) = forged;
        let report = ask(scheme, &request, Some(&key.verifying), &[], NOW).unwrap();
        assert_eq!(first(&report).1, Code::AlgorithmHeaderMissing, "{id}");
    }
}

/// The public key used as the secret of an HMAC: the classic confusion.
#[test]
fn a_public_key_is_never_a_shared_secret() {
    for id in ["google_pubsub", "plaid"] {
        let (scheme, key, mut request) = good(id);
        let mac = |input: &str| {
            URL_SAFE_NO_PAD.encode(crate::common::hmac_sha256(&key.verifying, input.as_bytes()))
        };
        let forged = with_header(token(&mut request), r#"{"alg":"HS256"}"#, mac);
        *token(&mut request) = forged;
        let report = ask(scheme, &request, Some(&key.verifying), &[], NOW).unwrap();
        assert_eq!(first(&report), (Verdict::Invalid, Code::AlgorithmMismatch, false), "{id}");
    }
}

#[test]
fn another_algorithm_of_the_same_kind_is_proved() {
    let (scheme, key, mut request) = good("livekit");
    let resigned = |input: &str| {
        use hmac::{Hmac, Mac};
        let mut mac = Hmac::<sha2::Sha512>::new_from_slice(&key.verifying).unwrap();
        mac.update(input.as_bytes());
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    };
    let other = with_header(token(&mut request), r#"{"alg":"HS512"}"#, resigned);
    *token(&mut request) = other;
    let report = ask(scheme, &request, Some(&key.verifying), &[], NOW).unwrap();
    assert_eq!(
        first(&report),
        (Verdict::Invalid, Code::AlgorithmMismatch, true),
        "{:?}",
        report.reasons
    );
}

#[test]
fn tokens_end_and_have_a_beginning() {
    for id in ["messagebird", "qstash", "livekit", "google_pubsub", "atlassian_connect"] {
        let (scheme, key, request) = good(id);
        let at = |now| ask(scheme, &request, Some(&key.verifying), &[], now).unwrap();
        let late = at(NOW + 3_600);
        assert_eq!(first(&late), (Verdict::Invalid, Code::TokenExpired, true), "{id}");
        assert!(late.checks[0].ok && !late.checks[1].ok, "signature and age are apart");
        assert_eq!(late.checks[1].age_seconds, Some(3_600), "{id}");
        let early = at(NOW - 3_600);
        assert_eq!(first(&early), (Verdict::Invalid, Code::TimestampInFuture, true), "{id}");
        assert_ne!(at(NOW + 299).verdict, Verdict::Invalid, "{id}");
    }
    let (scheme, key, request) = good("plaid");
    let report = ask(scheme, &request, Some(&key.verifying), &[], NOW + 301).unwrap();
    assert!(
        report.reasons.iter().any(|r| r.code == Code::TimestampTooOld && r.proved),
        "{:?}",
        report.reasons
    );
}

#[test]
fn whom_a_token_is_from_and_for() {
    let (scheme, key, request) = good("google_pubsub");
    let ask = |params: Params| ask(scheme, &request, Some(&key.verifying), params, NOW).unwrap();
    assert_eq!(ask(&[("audience", "https://hooks.example/in")]).verdict, Verdict::Authenticated);
    assert_eq!(ask(&[]).verdict, Verdict::Authenticated);
    let other = ask(&[("audience", "https://hooks.example/other")]);
    assert_eq!(first(&other), (Verdict::Invalid, Code::AudienceMismatch, true));
    let issuer = ask(&[("issuer", "https://issuer.example")]);
    assert_eq!(first(&issuer), (Verdict::Invalid, Code::IssuerMismatch, true));
}

#[test]
fn the_body_and_the_url_that_a_token_speaks_of() {
    for id in ["messagebird", "qstash", "livekit", "netlify", "vonage", "plaid"] {
        let (scheme, key, mut request) = good(id);
        request.body = Some(JSON.replace("evt_1", "evt_2").into());
        let report = ask(scheme, &request, Some(&key.verifying), &[], NOW).unwrap();
        assert_eq!(
            first(&report),
            (Verdict::Invalid, Code::BodyModified, true),
            "{id}: {:?}",
            report.reasons
        );
    }
    for id in ["messagebird", "qstash"] {
        let (scheme, key, mut request) = good(id);
        request.url = Some("https://elsewhere.example/x".into());
        let report = ask(scheme, &request, Some(&key.verifying), &[], NOW).unwrap();
        assert_eq!(first(&report), (Verdict::Invalid, Code::UrlMismatch, true), "{id}");
    }
}

#[test]
fn a_token_without_a_body_hash_only_authenticates() {
    let scheme = find("vonage").unwrap();
    let key = material(scheme, 7);
    let mut bare = scheme.clone();
    match &mut bare.sign {
        keyward_webhook::Method::Jwt(jwt) => jwt.body = None,
        _ => unreachable!(),
    }
    let request = sample(&bare, &key, JSON);
    let report = ask(scheme, &request, Some(&key.verifying), &[], NOW).unwrap();
    assert_eq!(report.verdict, Verdict::Authenticated);
}

#[test]
fn a_key_set_is_searched_by_name() {
    let (scheme, key, mut request) = good("plaid");
    let private: serde_json::Value = serde_json::from_slice(&key.signing).unwrap();
    let public: serde_json::Value = serde_json::from_slice(&key.verifying).unwrap();
    let named = |kid: &str| {
        let mut key = public.clone();
        key["kid"] = kid.into();
        serde_json::json!({ "keys": [{ "kty": "oct", "k": "AA" }, key] }).to_string()
    };
    let signing = p256::ecdsa::SigningKey::from_slice(
        &URL_SAFE_NO_PAD.decode(private["d"].as_str().unwrap()).unwrap(),
    )
    .unwrap();
    let resigned = |input: &str| {
        use p256::ecdsa::signature::Signer as _;
        let signature: p256::ecdsa::Signature = signing.sign(input.as_bytes());
        URL_SAFE_NO_PAD.encode(signature.to_bytes())
    };
    let with_kid = with_header(token(&mut request), r#"{"alg":"ES256","kid":"k1"}"#, resigned);
    *token(&mut request) = with_kid;
    let of = |set: String| ask(scheme, &request, None, &[("public-key", &set)], NOW).unwrap();
    assert_eq!(of(named("k1")).verdict, Verdict::Valid);
    assert_eq!(first(&of(named("k2"))), (Verdict::Invalid, Code::NoMatchingKey, false));
}

#[test]
fn without_a_key_the_way_to_hand_it_over_is_said() {
    for (id, hint) in [
        ("plaid", "--param public-key"),
        ("google_pubsub", "--param public-key"),
        ("wise", "--param public-key"),
        ("aws_sns", "--param-file cert"),
        ("paypal", "--param-file cert"),
    ] {
        let scheme = find(id).unwrap();
        let key = material(scheme, 7);
        let request = sample(scheme, &key, &crate::material::body(scheme));
        let report = ask(scheme, &request, None, &[], NOW).unwrap();
        assert_eq!(first(&report), (Verdict::Undecidable, Code::PublicKeyNeeded, false), "{id}");
        assert!(report.reasons[0].hint.contains(hint), "{id}: {}", report.reasons[0].hint);
        let wanted = report.reasons[0].wanted.as_ref().expect("told to the window too");
        assert!(hint.ends_with(wanted.parameter.as_deref().unwrap()), "{id}: {wanted:?}");
        assert!(!wanted.words.contains("--"), "{id}: {wanted:?}");
    }
    let scheme = find("paypal").unwrap();
    let request = sample(scheme, &material(scheme, 7), JSON);
    let report = ask(scheme, &request, Some(&material(scheme, 7).verifying), &[], NOW).unwrap();
    assert_eq!(first(&report), (Verdict::Undecidable, Code::PublicKeyNeeded, false));
    assert!(report.reasons[0].hint.contains("--param webhook-id"), "{}", report.reasons[0].hint);
    for id in ["azure_eventgrid", "dockerhub"] {
        let report = ask(find(id).unwrap(), &Request::default(), None, &[], NOW).unwrap();
        assert_eq!(first(&report), (Verdict::Undecidable, Code::NothingSigned, false));
    }
}

#[test]
fn a_certificate_from_elsewhere_is_refused() {
    let sns = find("aws_sns").unwrap();
    let key = material(sns, 7);
    let body = crate::material::body(sns)
        .replace('{', r#"{"SigningCertURL":"https://sns.evil.s3.amazonaws.com/x.pem","#);
    let request = sample(sns, &key, &body);
    for secret in [None, Some(key.verifying.as_slice())] {
        let report = ask(sns, &request, secret, &[], NOW).unwrap();
        assert_eq!(report.verdict, Verdict::Invalid);
        assert_eq!(report.reasons[0].code, Code::CertUrlUntrusted);
        assert_eq!(report.reasons[0].proved, secret.is_some(), "all else fits");
    }
}

#[test]
fn the_version_picks_the_scheme() {
    let v3 = find("hubspot_v3").unwrap();
    let key = material(v3, 7);
    let request = sample(v3, &key, JSON);
    let report =
        ask(find("hubspot_v1").unwrap(), &request, Some(&key.verifying), &[("version", "v3")], NOW)
            .unwrap();
    assert_eq!((report.verdict, report.scheme.as_str()), (Verdict::Valid, "hubspot_v3"));
}

#[test]
fn what_cannot_be_signed_says_why() {
    let try_sign = |id: &str, key: &[u8], body: &[u8], url: &str| {
        let params = BTreeMap::new();
        let sample = Sample {
            scheme: find(id).unwrap(),
            key,
            method: "POST",
            url,
            body,
            headers: &[],
            time: NOW,
            id: "1",
            params: &params,
        };
        sign(&sample).expect_err(id).to_string()
    };
    assert!(try_sign("dockerhub", b"k", b"{}", "").contains("signs nothing"));
    assert!(try_sign("square", b"k", b"{}", "").contains("`url`"));
    assert!(try_sign("paypal", b"k", b"{}", "u").contains("`webhook-id`"));
    assert!(try_sign("discord", b"k", b"{}", "u").contains("private key"));
    assert!(try_sign("standard_webhooks", b"whsec_*", b"{}", "u").contains("base64"));
    assert!(try_sign("github", b"", b"{}", "u").contains("empty"));
    assert!(try_sign("adyen_payments", b"00", b"{}", "u").contains("body"));
    assert!(
        try_sign("aws_sns", &crate::material::rsa_key().signing, b"[]", "u")
            .contains("JSON object")
    );
}
