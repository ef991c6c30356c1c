//! Makes a valid sample request for a scheme, so that an endpoint can be tried without its provider.
//! The same recipe signs that verifies; nothing here reads a clock or makes randomness.

mod again;
mod body;
mod place;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::adapters::Adapter;
use crate::delivery::Delivery;
use crate::engine;
use crate::jwt;
use crate::key::{self, KeyFault};
use crate::pki::PrivateKey;
use crate::request::Request;
use crate::scheme::{ApiKey, Encoding, Jwt, Method, Part, Scheme, Unit};
use crate::url::Url;

pub use again::sign_again;

/// Seconds that a signed token is good for.
const TOKEN_LIFE: i64 = 300;

/// What is to be signed.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// The scheme.
    pub scheme: &'a Scheme,
    /// The secret, or, for a scheme with a key pair, the private key (PEM, JSON Web Key, base64 or hex).
    pub key: &'a [u8],
    /// The HTTP method.
    pub method: &'a str,
    /// The public URL.
    pub url: &'a str,
    /// The body. Schemes that put their signature into the body write it into this one.
    pub body: &'a [u8],
    /// Other headers of the request; those that the scheme sets itself replace them.
    pub headers: &'a [(String, String)],
    /// When the sample is sent, in seconds since 1970.
    pub time: i64,
    /// The message's id, for schemes that have one.
    pub id: &'a str,
    /// What a scheme needs besides: `webhook-id`, `audience`, `public-key` and others.
    pub params: &'a BTreeMap<String, Vec<u8>>,
}

/// A sample that cannot be signed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SignError {
    /// The provider signs nothing.
    #[error("{provider} signs nothing, so there is no signature to make")]
    NothingSigned {
        /// The provider's name.
        provider: String,
    },
    /// The secret cannot be used.
    #[error("the secret cannot be used for {provider}: {problem}")]
    Key {
        /// The provider's name.
        provider: String,
        /// What is wrong with it; holds nothing of it.
        problem: String,
    },
    /// A parameter is missing.
    #[error("{provider} signs a value that must be given: `{name}`")]
    Parameter {
        /// The provider's name.
        provider: String,
        /// The parameter's name.
        name: String,
    },
    /// The body does not have the form that the scheme signs.
    #[error("the body is not what {provider} sends: {problem}")]
    Body {
        /// The provider's name.
        provider: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The time is outside what dates can say.
    #[error("the time {0} is out of range")]
    Time(i64),
}

/// Signs a sample: the request with every header that the scheme's provider would send.
///
/// # Errors
/// [`SignError`] when something is missing or the key does not suit the scheme.
pub fn sign(sample: &Sample) -> Result<Request, SignError> {
    let scheme = sample.scheme;
    let provider = || scheme.provider.clone();
    if !scheme.has_key() {
        return Err(SignError::NothingSigned { provider: provider() });
    }
    if scheme.needs_url() && sample.url.trim().is_empty() {
        return Err(SignError::Parameter { provider: provider(), name: "url".into() });
    }
    if let Some(name) = scheme.signed_params().find(|name| !sample.params.contains_key(*name)) {
        return Err(SignError::Parameter { provider: provider(), name: name.into() });
    }
    if key::is_empty(scheme, sample.key) {
        return Err(SignError::Key { provider: provider(), problem: "it is empty".into() });
    }
    let moment = Timestamp::from_second(sample.time).map_err(|_| SignError::Time(sample.time))?;
    let timestamp = written(scheme, moment);
    let mut request = Request {
        method: Some(sample.method.to_owned()),
        url: Some(sample.url.to_owned()),
        headers: sample.headers.to_vec(),
        body: Some(sample.body.to_vec()),
        ..Request::default()
    };
    prepare(sample, moment, &timestamp, &mut request)?;
    let signatures = signatures(sample, &timestamp, &request)?;
    place::place(sample, &timestamp, &signatures, &mut request)?;
    Ok(request)
}

/// The timestamp as the scheme writes it.
fn written(scheme: &Scheme, moment: Timestamp) -> String {
    match scheme.timestamp.as_ref().map(|field| field.unit) {
        Some(Unit::Milliseconds) => moment.as_millisecond().to_string(),
        Some(Unit::Iso) => moment.to_string(),
        Some(Unit::Seconds) | None => moment.as_second().to_string(),
    }
}

/// Sets everything that is signed or read beside the signature.
fn prepare(
    sample: &Sample,
    moment: Timestamp,
    timestamp: &str,
    request: &mut Request,
) -> Result<(), SignError> {
    let scheme = sample.scheme;
    if let Some(name) = scheme.timestamp.as_ref().and_then(|field| field.header.first()) {
        place::set(request, name, timestamp.to_owned());
    }
    if let Some(name) = scheme.message_id.as_ref().and_then(|field| field.header.first()) {
        place::set(request, name, sample.id.to_owned());
    }
    if let Some((name, value)) =
        scheme.marker.as_ref().and_then(|marker| Some((&marker.header, marker.value.as_ref()?)))
    {
        place::set(request, name, value.clone());
    }
    for (name, value) in &scheme.beside {
        if request.header(name).is_none() {
            place::set(request, name, value.clone());
        }
    }
    for part in scheme.templates().flat_map(|template| template.parts()) {
        if let Part::Header(name) = part
            && request.header(name).is_none()
        {
            let lower = name.to_ascii_lowercase();
            let is_time = lower.contains("time") || lower.contains("date");
            place::set(request, name, if is_time { moment.to_string() } else { sample.id.into() });
        }
    }
    if let Some((name, host)) = scheme.cert_url.as_ref().and_then(|field| {
        Some((field.header.as_ref()?, field.hosts.first()?.replace('*', "us-east-1")))
    }) {
        place::set(request, name, format!("https://{host}/certificate.pem"));
    }
    match scheme.adapter {
        Some(Adapter::Contentful) if request.header("x-contentful-signed-headers").is_none() => {
            let listed = "x-contentful-signed-headers,x-contentful-timestamp";
            place::set(request, "x-contentful-signed-headers", listed.into());
        }
        Some(Adapter::Keygen) => {
            let hash = STANDARD.encode(Sha256::digest(request.body()));
            place::set(request, "Digest", format!("sha-256={hash}"));
            let host = Url::parse(sample.url).map(|url| url.host.to_owned()).unwrap_or_default();
            place::set(request, "Host", host);
            let date = moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
            place::set(request, "Date", date);
        }
        Some(Adapter::Twilio) if scheme.id == "twilio_json" => {
            let hash = hex::encode(Sha256::digest(request.body()));
            let mark = if sample.url.contains('?') { '&' } else { '?' };
            request.url = Some(format!("{}{mark}bodySHA256={hash}", sample.url));
            place::set(request, "Content-Type", "application/json".into());
        }
        _ => {}
    }
    body::prepare(sample, timestamp, request)
}

/// The signatures of a prepared request: one, or one for each signed part of the body.
fn signatures(
    sample: &Sample,
    timestamp: &str,
    request: &Request,
) -> Result<Vec<String>, SignError> {
    let scheme = sample.scheme;
    let problem = |problem: &str| SignError::Key {
        provider: scheme.provider.clone(),
        problem: problem.to_owned(),
    };
    let delivery = Delivery {
        request,
        params: sample.params,
        method: sample.method,
        url: request.url.as_deref().unwrap_or_default(),
        id: sample.id,
        timestamp,
        body: request.body(),
        signatures: &[],
    };
    match &scheme.sign {
        Method::PublicKey(recipe) => {
            let key = PrivateKey::parse(sample.key).ok_or_else(|| {
                problem("it is not a private key (PEM, JSON Web Key, base64 or hex)")
            })?;
            let messages = engine::messages(scheme, &recipe.template, &[], &delivery);
            let message = messages.first().ok_or_else(|| nothing(scheme))?.concat();
            let algorithm =
                engine::algorithm(scheme, recipe, &delivery).unwrap_or(recipe.algorithm);
            let signature = key.sign(algorithm, &message);
            let signature = signature.ok_or_else(|| problem("its kind is not the scheme's"))?;
            Ok(vec![engine::write(recipe.encoding, &signature)])
        }
        Method::Jwt(recipe) => token(sample, recipe, &delivery).map(|token| vec![token]),
        _ => {
            let key = key::key(scheme, sample.key)
                .map_err(|fault: KeyFault| problem(&fault.to_string()))?;
            let expected = engine::expected(scheme, &key, &delivery);
            let wanted = match scheme.adapter.is_some_and(Adapter::is_pairwise) {
                true => expected.len(),
                false => 1,
            };
            let texts: Vec<_> = expected.iter().take(wanted).map(|text| text.to_string()).collect();
            if texts.is_empty() { Err(nothing(scheme)) } else { Ok(texts) }
        }
    }
}

fn nothing(scheme: &Scheme) -> SignError {
    let problem = "it lacks what is signed";
    SignError::Body { provider: scheme.provider.clone(), problem }
}

/// A token with the claims that the scheme asks for.
fn token(sample: &Sample, recipe: &Jwt, delivery: &Delivery) -> Result<String, SignError> {
    let scheme = sample.scheme;
    let param = |name: &str| Some(delivery.param(name)).filter(|value| !value.is_empty());
    let mut claims = match scheme.signature.body {
        true => serde_json::from_slice::<Value>(sample.body).ok().filter(Value::is_object),
        false => Some(again::earlier_claims(sample).unwrap_or_else(|| json!({}))),
    }
    .ok_or_else(|| SignError::Body {
        provider: scheme.provider.clone(),
        problem: "it must be a JSON object, which becomes the token's claims",
    })?;
    let issuer = param("issuer")
        .or_else(|| param("api-key").filter(|_| scheme.api_key == Some(ApiKey::Issuer)))
        .or(recipe.issuer.first().map(String::as_str));
    claims["iat"] = json!(sample.time);
    claims["nbf"] = json!(sample.time);
    claims["exp"] = json!(sample.time.saturating_add(TOKEN_LIFE));
    claims["jti"] = json!(sample.id);
    if let Some(issuer) = issuer {
        claims["iss"] = json!(issuer);
    }
    if let Some(audience) = param("audience") {
        claims["aud"] = json!(audience);
    }
    if let Some(field) = &recipe.body {
        let hash = engine::write(field.encoding, &Sha256::digest(delivery.body));
        // URL-safe base64 without padding is what a token has elsewhere, too.
        claims[field.claim.as_str()] = json!(match field.encoding {
            Encoding::Base64url => hash.trim_end_matches('=').to_owned(),
            _ => hash,
        });
    }
    if let Some(field) = &recipe.url {
        claims[field.claim.as_str()] = json!(jwt::url_claim(field, delivery));
    }
    for name in &recipe.require {
        if claims.get(name).is_none() {
            claims[name.as_str()] = json!(sample.id);
        }
    }
    let algorithm = recipe.algorithm.first().copied();
    let algorithm = algorithm.ok_or_else(|| nothing(scheme))?;
    let input = jwt::input(algorithm, &claims);
    let key_problem = || SignError::Key {
        provider: scheme.provider.clone(),
        problem: format!("it is not a private key for {}", algorithm.name()),
    };
    let signature = match algorithm.hmac() {
        Some(hash) => engine::mac(hash, sample.key, &[input.as_bytes()]),
        None => PrivateKey::parse(sample.key)
            .and_then(|key| key.sign_token(algorithm, input.as_bytes()))
            .ok_or_else(key_problem)?,
    };
    Ok(format!("{input}.{}", engine::write(Encoding::Base64url, &signature)))
}
