//! Keys and bodies that suit each scheme of the table, and signing with them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyward_webhook::{
    Case, KeyForm, KeyPair, Method, NamedSecret, Report, Request, Sample, Scheme, sign, verify,
};
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs8::EncodePublicKey as _;
use rsa::{BigUint, RsaPrivateKey};

use crate::common::NOW;

/// The primes of a test key, made for these tests and used nowhere else.
const PRIMES: [&str; 2] = [
    "fb247f13bd6bdca710c29e24f67b95cada829444fad1bbdce41432b1db2079569cff69d433f4038fa9b4afaedd320179675035b24b2ad7f06660836f43f3781e19eb466e4854a3dab31f498d0283aa8d74c9b874dc81c5a0ac48de956785cd1b20d6dc9e1301b443be555f9be283997fface61fdec4371fdcc1a9218c96a5c75",
    "f8ee762ff6237ef33d637d86f1acfd0085f2b2c96442579f58a39208c92db6e6ab8b49c1933f79d00cec36483fedd87992650a659f60c747c03a49dd53e55018c9c223e03caae10ef9543e6b1a2da27fcd2c6dbdc500ae97e0e08fc0ac715fa50525d000c55f31afaae07fe6c9e1b391ca04ded0e5870b22a3ea27731742ec7d",
];

/// A JSON body with what re-encoders differ about.
pub const JSON: &str =
    r#"{"id":"evt_1","type":"x","amount":1.50,"text":"grün 😀","url":"https://x.example/?a=1"}"#;

/// Schemes whose check does not cover the body.
pub const AUTHENTICATED: [&str; 18] = [
    "adyen_payments",
    "atlassian_connect",
    "auth0",
    "buildkite_token",
    "chargebee",
    "datadog",
    "dropbox_sign",
    "finix",
    "flutterwave_v3",
    "gitlab_token",
    "google_pubsub",
    "mailgun",
    "mercado_pago",
    "monday",
    "ms_graph",
    "okta",
    "postmark",
    "telegram",
];

/// What signs a scheme's samples, and what verifies them.
pub struct Material {
    pub signing: Vec<u8>,
    pub verifying: Vec<u8>,
}

/// Keys for a scheme; another `seed` gives other keys, but for RSA there is one.
pub fn material(scheme: &Scheme, seed: u8) -> Material {
    let same = |text: String| Material { signing: text.clone().into(), verifying: text.into() };
    let raw = [seed; 32];
    match &scheme.sign {
        Method::Hmac(recipe) | Method::Digest(recipe) => {
            let prefix = recipe.secret_prefix.first().cloned().unwrap_or_default();
            same(match recipe.key {
                KeyForm::Hex => hex::encode(raw),
                KeyForm::Base64 | KeyForm::PrefixedBase64 => {
                    format!("{prefix}{}", STANDARD.encode(raw))
                }
                _ => format!("{prefix}MfKQ9r8GKYqrTwjUPD8ILPZIo2Lab{seed}"),
            })
        }
        Method::PublicKey(recipe) => match recipe.algorithm {
            KeyPair::Ed25519 => ed25519(raw),
            KeyPair::EcdsaSha256 | KeyPair::EcdsaSha256Raw | KeyPair::EcdsaSha1 => p256_key(raw),
            _ => rsa_key(),
        },
        Method::Jwt(jwt) => match jwt.algorithm[0].name() {
            "RS256" => rsa_key(),
            "ES256" => p256_key(raw),
            _ => same(format!("MfKQ9r8GKYqrTwjUPD8ILPZIo2Lab{seed}")),
        },
        Method::Basic => same(format!("user:password{seed}")),
        _ => same(format!("MfKQ9r8GKYqrTwjUPD8ILPZIo2Lab{seed}")),
    }
}

fn ed25519(seed: [u8; 32]) -> Material {
    let key = ed25519_dalek::SigningKey::from_bytes(&seed);
    let public = hex::encode(key.verifying_key().as_bytes());
    Material { signing: hex::encode(seed).into(), verifying: public.into() }
}

fn p256_key(seed: [u8; 32]) -> Material {
    let key = p256::ecdsa::SigningKey::from_slice(&seed).expect("test material");
    let point = key.verifying_key().to_encoded_point(false);
    // A JSON Web Key holds both halves in plain sight.
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let public = serde_json::json!({
        "kty": "EC", "crv": "P-256",
        "x": engine.encode(point.x().expect("test material")), "y": engine.encode(point.y().expect("test material")),
    });
    let mut private = public.clone();
    private["d"] = engine.encode(seed).into();
    Material { signing: private.to_string().into(), verifying: public.to_string().into() }
}

/// The one RSA key, as PKCS #1 in base64, and its public half as SPKI in base64.
pub fn rsa_key() -> Material {
    let [p, q] =
        PRIMES.map(|prime| BigUint::from_bytes_be(&hex::decode(prime).expect("test material")));
    let key = RsaPrivateKey::from_p_q(p, q, BigUint::from(65_537_u32)).expect("test material");
    let private = STANDARD.encode(key.to_pkcs1_der().expect("test material").as_bytes());
    let public =
        STANDARD.encode(key.to_public_key().to_public_key_der().expect("test material").as_bytes());
    Material { signing: private.into(), verifying: public.into() }
}

/// A body that a scheme's provider could send.
pub fn body(scheme: &Scheme) -> String {
    match scheme.id.as_str() {
        "twilio" | "twilio_sharedkey" | "mandrill" | "plivo_v3" | "paddle_classic" => {
            "From=%2B1415&Body=gr%C3%BCn+x&Empty=".into()
        }
        "adyen_payments" => r#"{"live":"false","notificationItems":[{"NotificationRequestItem":{"pspReference":"7914073381342284","merchantAccountCode":"TestMerchant","merchantReference":"TestPayment-1","amount":{"value":1130,"currency":"EUR"},"eventCode":"AUTHORISATION","success":"true"}}]}"#.into(),
        "ms_graph" => r#"{"value":[{"subscriptionId":"a"},{"subscriptionId":"b"}]}"#.into(),
        "aws_sns" => r#"{"Type":"Notification","Message":"grün","TopicArn":"arn:aws:sns:us-east-1:1:t","Timestamp":"2025-10-09T08:53:20.000Z"}"#.into(),
        _ => JSON.into(),
    }
}

/// Parameters that a scheme needs.
pub fn params(scheme: &Scheme) -> BTreeMap<String, Vec<u8>> {
    match scheme.id.as_str() {
        "paypal" => [("webhook-id".into(), b"8PT597110X687430LKGECATA".to_vec())].into(),
        "google_pubsub" => [("audience".into(), b"https://hooks.example/in".to_vec())].into(),
        _ => BTreeMap::new(),
    }
}

/// A signed sample of a scheme.
pub fn sample(scheme: &Scheme, key: &Material, body: &str) -> Request {
    let sample = Sample {
        scheme,
        key: &key.signing,
        method: "POST",
        url: "https://hooks.example/in?data.id=AB1&x=a%20b",
        body: body.as_bytes(),
        headers: &[],
        time: NOW,
        id: "msg_2mX9",
        params: &params(scheme),
    };
    sign(&sample).unwrap_or_else(|error| panic!("{}: {error}", scheme.id))
}

/// Asks about a request of a scheme.
pub fn ask(scheme: &Scheme, request: &Request, secret: &[u8], also: &[(&str, Vec<u8>)]) -> Report {
    asked(scheme, request, secret, also, NOW)
}

/// The same at another time.
pub fn ask_at(scheme: &Scheme, request: &Request, secret: &[u8], now: i64) -> Report {
    asked(scheme, request, secret, &[], now)
}

fn asked(
    scheme: &Scheme,
    request: &Request,
    secret: &[u8],
    also: &[(&str, Vec<u8>)],
    now: i64,
) -> Report {
    let named = |name: &str, bytes: &[u8]| NamedSecret {
        name: name.into(),
        version: None,
        bytes: bytes.to_vec().into(),
    };
    let also: Vec<_> = also.iter().map(|(name, bytes)| named(name, bytes)).collect();
    let case = Case {
        request,
        scheme: None,
        custom: Some(scheme),
        secrets: &[named("mine", secret)],
        also: &also,
        params: &params(scheme),
        now,
        tolerance: None,
    };
    verify(&case).unwrap_or_else(|error| panic!("{}: {error}", scheme.id))
}
