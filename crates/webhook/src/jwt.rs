//! JSON Web Tokens (RFC 7519) as webhook signatures: the token's own signature, and what its claims say
//! of the body, the URL, the time, the issuer and the audience.
//!
//! The scheme fixes the algorithms; the token's header only chooses among them, and `none` is never one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::adapters::atlassian;
use crate::delivery::{Delivery, Params, Reading};
use crate::engine::{mac, same};
use crate::pki::{parse_public, token_key_pair};
use crate::report::{AHEAD_HINT, AHEAD_WORDS, Code, OLD_HINT, OLD_WORDS, Reason};
use crate::scheme::{ApiKey, Encoding, HashClaim, Jwt, JwtAlgorithm, Scheme, UrlClaim, UrlForm};
use crate::text::{duration, excerpt};

/// A token cut into its parts. Nothing of it is believed yet.
pub(crate) struct Token<'a> {
    header: Value,
    claims: Value,
    input: &'a str,
    signature: &'a str,
}

impl<'a> Token<'a> {
    /// Cuts a token; `None` when it is not three parts of base64 with JSON in the first two.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (input, signature) = text.rsplit_once('.')?;
        let (header, claims) = input.split_once('.')?;
        let part = |text: &str| -> Option<Value> {
            let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
            serde_json::from_slice(&bytes).ok().filter(Value::is_object)
        };
        Some(Self { header: part(header)?, claims: part(claims)?, input, signature })
    }

    /// Its claims, as they stand.
    pub(crate) fn claims(&self) -> &Value {
        &self.claims
    }

    /// A claim that is text.
    pub(crate) fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name)?.as_str()
    }

    fn time(&self, name: &str) -> Option<i64> {
        let value = self.claims.get(name)?;
        value.as_i64().or_else(|| {
            let seconds = value.as_f64().filter(|s| s.is_finite())?;
            Some(seconds as i64)
        })
    }

    fn algorithm(&self, recipe: &Jwt) -> Option<JwtAlgorithm> {
        let name = self.header.get("alg")?.as_str()?;
        recipe.algorithm.iter().copied().find(|algorithm| algorithm.name() == name)
    }
}

/// Checks what can be told of a token without a key, and notes its time.
pub(crate) fn read(recipe: &Jwt, scheme: &Scheme, reading: &mut Reading) {
    let Some(text) = reading.signatures.first().cloned() else { return };
    let Some(token) = Token::parse(&text) else {
        reading.faults.push(malformed(&text, scheme.signature.name()));
        return;
    };
    let names: Vec<_> = recipe.algorithm.iter().map(|algorithm| algorithm.name()).collect();
    match token.header.get("alg").and_then(Value::as_str) {
        None => reading.faults.push(Reason::new(
            Code::AlgorithmHeaderMissing,
            "The token's header names no algorithm.",
            format!("{} signs tokens with {}.", scheme.provider, names.join(" or ")),
        )),
        Some(name) if name.eq_ignore_ascii_case("none") => reading.faults.push(Reason::new(
            Code::JwtAlgNone,
            "The token says `alg: none`: it carries no signature, and anyone could have written it.",
            format!("Refuse it. {} signs tokens with {}.", scheme.provider, names.join(" or ")),
        )),
        Some(name) if token.algorithm(recipe).is_none() => reading.faults.push(Reason::new(
            Code::AlgorithmMismatch,
            format!("The token says `{}`; {} signs with {}.", excerpt(name.as_bytes(), 20), scheme.provider, names.join(" or ")),
            "The scheme fixes the algorithm; what a token claims is never followed.",
        )),
        Some(_) => {}
    }
    reading.seconds = ["iat", "nbf"].into_iter().find_map(|name| token.time(name));
    for name in ["iat", "nbf", "exp"] {
        if token.claims.get(name).is_some() && token.time(name).is_none() {
            reading.faults.push(Reason::new(
                Code::TimestampMalformed,
                format!("The token's `{name}` is not a number of seconds."),
                "Use the token as it was received.",
            ));
        }
    }
}

fn malformed(text: &str, place: &str) -> Reason {
    let short = text.starts_with("eyJ") && text.matches('.').count() < 2;
    if short {
        return Reason::new(
            Code::SignatureTruncated,
            format!("The token in {place} is cut short: a token has three parts."),
            "Look for a column, a log line or a copy that holds too few characters.",
        );
    }
    Reason::new(
        Code::SignatureEncoding,
        format!("{place} holds no JSON Web Token: it is not three parts of URL-safe base64."),
        "Use the header as it was received, without any word before the token.",
    )
}

/// Whether the token's own signature fits a key.
pub(crate) fn signature_fits(recipe: &Jwt, key: &[u8], text: &str) -> bool {
    let Some(token) = Token::parse(text) else { return false };
    let Some(algorithm) = token.algorithm(recipe) else { return false };
    match algorithm.hmac() {
        Some(hash) => {
            let right = Zeroizing::new(mac(hash, key, &[token.input.as_bytes()]));
            let right = Zeroizing::new(URL_SAFE_NO_PAD.encode(&*right));
            same(right.as_bytes(), token.signature.as_bytes())
        }
        None => {
            let Some(pair) = token_key_pair(algorithm) else { return false };
            let Ok(signature) = URL_SAFE_NO_PAD.decode(token.signature) else { return false };
            let wanted = token.header.get("kid").and_then(Value::as_str);
            parse_public(key).iter().any(|key| {
                let named = key.id.as_deref().zip(wanted).is_none_or(|(a, b)| a == b);
                named && key.suits(pair) && key.verify(pair, token.input.as_bytes(), &signature)
            })
        }
    }
}

/// Whether the token names a key that a set does not hold.
pub(crate) fn names_another_key(key: &[u8], text: &str) -> Option<String> {
    let token = Token::parse(text)?;
    let wanted = token.header.get("kid")?.as_str()?;
    let keys = parse_public(key);
    let named =
        !keys.is_empty() && keys.iter().all(|key| key.id.as_deref().is_some_and(|id| id != wanted));
    named.then(|| excerpt(wanted.as_bytes(), 60))
}

/// Whether the token fits a key, and its claims fit the body and the URL.
pub(crate) fn fits(recipe: &Jwt, key: &[u8], delivery: &Delivery) -> bool {
    delivery.signatures.iter().any(|text| {
        let Some(token) = Token::parse(text) else { return false };
        body_fits(recipe, &token, delivery)
            && url_fits(recipe, &token, delivery)
            && signature_fits(recipe, key, text)
    })
}

/// Whether the claim about the body is true.
pub(crate) fn body_fits(recipe: &Jwt, token: &Token, delivery: &Delivery) -> bool {
    let Some(HashClaim { claim, encoding, required }) = &recipe.body else { return true };
    match token.claim(claim) {
        Some(stated) => {
            let hash = Sha256::digest(delivery.body);
            let right = crate::engine::write(*encoding, &hash);
            let bare = |text: &str| text.trim_end_matches('=').to_owned();
            match encoding {
                Encoding::Hex | Encoding::HexUpper => same(stated.as_bytes(), right.as_bytes()),
                _ => same(bare(stated).as_bytes(), bare(&right).as_bytes()),
            }
        }
        None => !required || delivery.body.is_empty(),
    }
}

/// Whether the claim about the URL is true.
pub(crate) fn url_fits(recipe: &Jwt, token: &Token, delivery: &Delivery) -> bool {
    let Some(field) = &recipe.url else { return true };
    let right = url_claim(field, delivery);
    token.claim(&field.claim).is_some_and(|stated| same(stated.as_bytes(), right.as_bytes()))
}

/// What the claim about the URL must hold.
pub(crate) fn url_claim(field: &UrlClaim, delivery: &Delivery) -> String {
    match field.form {
        UrlForm::Plain => delivery.url.to_owned(),
        UrlForm::Sha256 => hex::encode(Sha256::digest(delivery.url.as_bytes())),
        UrlForm::Qsh => atlassian::qsh(delivery.method, delivery.url),
    }
}

/// Whether a token says what its body is.
pub(crate) fn covers_body(recipe: &Jwt, delivery: &Delivery) -> bool {
    let Some(field) = &recipe.body else { return false };
    let claim = |text: &String| Token::parse(text).is_some_and(|t| t.claim(&field.claim).is_some());
    delivery.body.is_empty() || delivery.signatures.iter().any(claim)
}

/// What is wrong with a token whose signature fits: its times, its issuer, its audience.
pub(crate) fn claims(
    recipe: &Jwt,
    scheme: &Scheme,
    text: &str,
    params: &Params,
    now: i64,
    tolerance: Option<u64>,
) -> Vec<Reason> {
    let Some(token) = Token::parse(text) else { return Vec::new() };
    let mut reasons = Vec::new();
    for name in recipe.require.iter().filter(|name| token.claims.get(name.as_str()).is_none()) {
        reasons.push(Reason::new(
            Code::SignatureFieldMissing,
            format!("The token has no `{name}`, which {} always sends.", scheme.provider),
            "Use the token as it was received.",
        ));
    }
    reasons.extend(times(recipe, &token, now, tolerance));
    let param =
        |name: &str| params.get(name).and_then(|v| std::str::from_utf8(v).ok()).map(str::trim);
    let key_name = Some("api-key").filter(|_| scheme.api_key == Some(ApiKey::Issuer));
    let issuers: Vec<&str> = match param("issuer").or_else(|| param(key_name?)) {
        Some(issuer) => vec![issuer],
        None => recipe.issuer.iter().map(String::as_str).collect(),
    };
    let issuer = token.claim("iss").unwrap_or_default();
    if !issuers.is_empty() && !issuers.contains(&issuer) {
        reasons.push(Reason::new(
            Code::IssuerMismatch,
            format!(
                "The token was issued by `{}`, not by `{}`.",
                excerpt(issuer.as_bytes(), 80),
                issuers.join("` or `")
            ),
            "Check which account, environment or project the endpoint belongs to.",
        ));
    }
    if let Some(audience) = param("audience") {
        let stated = match token.claims.get("aud") {
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => vec![one.as_str()],
            _ => Vec::new(),
        };
        if !stated.contains(&audience) {
            let shown = excerpt(stated.join("`, `").as_bytes(), 120);
            reasons.push(Reason::new(
                Code::AudienceMismatch,
                format!(
                    "The token is for `{shown}`, not for `{}`.",
                    excerpt(audience.as_bytes(), 80)
                ),
                "Compare the audience with the one that is set at the provider.",
            ));
        }
    }
    reasons
}

fn times(recipe: &Jwt, token: &Token, now: i64, tolerance: Option<u64>) -> Vec<Reason> {
    let leeway = i64::try_from(tolerance.unwrap_or(recipe.leeway)).unwrap_or(i64::MAX);
    let mut reasons = Vec::new();
    // RFC 7519, section 4.1.4: "on or after" that time it is not accepted.
    if let Some(end) = token.time("exp").filter(|end| now >= end.saturating_add(leeway)) {
        let late = duration(now.saturating_sub(end).unsigned_abs());
        reasons.push(
            Reason::new(
                Code::TokenExpired,
                format!("The token expired {late} before the check."),
                OLD_HINT,
            )
            .wanting(None, OLD_WORDS),
        );
    }
    if let Some(start) = token.time("nbf").filter(|start| now.saturating_add(leeway) < *start) {
        let early = duration(start.saturating_sub(now).unsigned_abs());
        reasons.push(
            Reason::new(
                Code::TimestampInFuture,
                format!("The token is not valid before a time {early} ahead of the check."),
                AHEAD_HINT,
            )
            .wanting(None, AHEAD_WORDS),
        );
    }
    let oldest = recipe.max_age.map(|age| tolerance.unwrap_or(age));
    if let Some((sent, limit)) = token.time("iat").zip(oldest) {
        let age = now.saturating_sub(sent);
        if age > i64::try_from(limit).unwrap_or(i64::MAX) {
            reasons.push(
                Reason::new(
                    Code::TimestampTooOld,
                    format!(
                        "The token is {} old; {} are allowed.",
                        duration(age.unsigned_abs()),
                        duration(limit)
                    ),
                    OLD_HINT,
                )
                .wanting(None, OLD_WORDS),
            );
        }
    }
    reasons
}

/// A token over these claims, up to its signature.
pub(crate) fn input(algorithm: JwtAlgorithm, claims: &Value) -> String {
    let header = format!("{{\"alg\":\"{}\",\"typ\":\"JWT\"}}", algorithm.name());
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// The token that a shared secret gives for the input of this one; empty for other keys.
pub(crate) fn expected(recipe: &Jwt, key: &[u8], text: &str) -> Option<Zeroizing<String>> {
    let token = Token::parse(text)?;
    let hash = token.algorithm(recipe)?.hmac()?;
    let signature = Zeroizing::new(mac(hash, key, &[token.input.as_bytes()]));
    Some(Zeroizing::new(format!("{}.{}", token.input, URL_SAFE_NO_PAD.encode(&*signature))))
}
