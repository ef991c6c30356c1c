//! Signs a captured request afresh, so that a delivery of last week is one of now: what its old
//! signature left behind is taken out, and everything else stays as it was captured.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::Value;

use super::{Sample, SignError, sign};
use crate::delivery::{Reading, pairs};
use crate::jwt::Token;
use crate::lookup;
use crate::request::Request;
use crate::scheme::{Method, Scheme};

/// Signs a captured request for `sample.time` and `sample.url`. Method, headers and body are the
/// capture's, and so is the message's id, for a replay is the same message: unless `id` is another, or
/// the capture has none and `sample.id` becomes it.
///
/// # Errors
/// [`SignError`], as [`sign`].
pub fn sign_again(
    captured: &Request,
    sample: &Sample,
    id: Option<&str>,
) -> Result<Request, SignError> {
    let scheme = sample.scheme;
    let old = Reading::new(scheme, captured, sample.params);
    let claims = match &scheme.sign {
        Method::Jwt(_) => old.signatures.first().and_then(|token| Token::parse(token)),
        _ => None,
    };
    let claims = claims.map(|token| token.claims().clone());
    let body: Cow<'_, [u8]> = match (&claims, scheme.signature.body, &scheme.signature.form) {
        (Some(claims), true, _) => claims.to_string().into_bytes().into(),
        (_, _, Some(name)) => without_field(captured.body(), name).into(),
        _ => timed(scheme, captured.body(), sample.time).into(),
    };
    let earlier = claims.as_ref().and_then(|claims| claims.get("jti")?.as_str());
    let earlier = earlier.or(signer(scheme, &old)).unwrap_or(&old.id);
    let id = id.or(Some(earlier).filter(|id| !id.is_empty())).unwrap_or(sample.id);
    let mut request = sign(&Sample {
        method: captured.method.as_deref().unwrap_or("POST"),
        headers: &without_other_names(scheme, captured),
        body: &body,
        id,
        ..*sample
    })?;
    if let Some(body) = kept(scheme, &body, &request) {
        request.body = Some(body);
    }
    Ok(request)
}

/// Whose signature it was, where that is the key of a pair (Braintree's public key).
fn signer<'a>(scheme: &Scheme, old: &'a Reading) -> Option<&'a str> {
    let any = scheme.signature.field.as_deref() == Some("*");
    pairs(scheme, old.header.as_deref().filter(|_| any)?).next().map(|(key, _)| key)
}

/// The headers without the second names under which a receiver would look for what is made anew.
fn without_other_names(scheme: &Scheme, captured: &Request) -> Vec<(String, String)> {
    let timestamp = scheme.timestamp.iter().map(|field| &field.header);
    let id = scheme.message_id.iter().map(|field| &field.header);
    let fields = timestamp.chain(id).chain([&scheme.signature.header]);
    let others: Vec<&String> = fields.flat_map(|names| names.iter().skip(1)).collect();
    let is_other = |name: &str| others.iter().any(|other| other.eq_ignore_ascii_case(name));
    captured.headers.iter().filter(|(name, _)| !is_other(name)).cloned().collect()
}

/// A form body without one of its fields; the others keep their bytes.
fn without_field(body: &[u8], name: &str) -> Vec<u8> {
    let fields = body.split(|&byte| byte == b'&');
    let kept = fields.filter(|field| lookup::form(field, name).is_none());
    kept.collect::<Vec<_>>().join(&b'&')
}

/// The body with the new time in the place of its old one, where it holds one; the rest keeps its bytes.
fn timed(scheme: &Scheme, body: &[u8], time: i64) -> Vec<u8> {
    let path = scheme.timestamp.as_ref().and_then(|field| field.json.as_deref());
    let old = path.and_then(|path| lookup::json_first(body, path));
    let places: Vec<usize> = old.iter().flat_map(|old| places(body, old.as_bytes())).collect();
    let moment = Timestamp::from_second(time);
    match (old, places.as_slice(), moment) {
        (Some(old), &[at], Ok(moment)) => {
            let new = super::written(scheme, moment);
            [&body[..at], new.as_bytes(), &body[at + old.len()..]].concat()
        }
        // Signing writes the time then, and with it the body.
        _ => body.to_vec(),
    }
}

/// The body with only its signatures exchanged, where they are members of it: so spacing, order and
/// a multipart frame stay. None when that cannot be done exactly.
fn kept(scheme: &Scheme, body: &[u8], signed: &Request) -> Option<Vec<u8>> {
    let path = scheme.signature.json.as_deref()?;
    let (old, new) = (lookup::json(body, path), lookup::json(signed.body(), path));
    let mut pairs: Vec<_> = old.iter().zip(&new).filter(|(old, _)| !old.is_empty()).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut body = body.to_vec();
    for (old, new) in pairs {
        for at in places(&body, old.as_bytes()).into_iter().rev() {
            body.splice(at..at + old.len(), new.bytes());
        }
    }
    // The signatures must be all that changed.
    (lookup::parse(&body)? == lookup::parse(signed.body())?).then_some(body)
}

/// Where a text stands, without overlaps; none for more places than a delivery has items.
fn places(body: &[u8], text: &[u8]) -> Vec<usize> {
    const MOST: usize = 1_000;
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = lookup::find(&body[from..], text).filter(|_| !text.is_empty()) {
        found.push(from + at);
        from += at + text.len();
        if found.len() > MOST {
            return Vec::new();
        }
    }
    found
}

/// The claims of the token that a request came with: a fresh one says the same of everything but time.
pub(super) fn earlier_claims(sample: &Sample) -> Option<Value> {
    let request = Request { headers: sample.headers.to_vec(), ..Request::default() };
    let old = Reading::new(sample.scheme, &request, sample.params);
    Token::parse(old.signatures.first()?).map(|token| token.claims().clone())
}
