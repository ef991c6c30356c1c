//! The verdict: which scheme, which accepted secret fits, how old, and, if it does not hold, why.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretSlice};

use crate::delivery::{Delivery, Reading, first};
use crate::diagnose::{self, Context, Finding};
use crate::engine;
use crate::json_text::Document;
use crate::key::{self, KeyBytes, KeyFault};
use crate::report::{Check, CheckName, Code, Difference, Reason, Report, SecretName, Verdict};
use crate::request::Request;
use crate::scheme::{DeliveryId, Scheme};
use crate::schemes::{Candidate, find, guess, table};
use crate::text::{count, excerpt};

/// A secret with the name it is known by. Its bytes are taken exactly, never trimmed.
#[derive(Debug)]
pub struct NamedSecret {
    /// What a report calls it.
    pub name: String,
    /// Its version, if it is a stored one.
    pub version: Option<u32>,
    /// The secret, byte for byte.
    pub bytes: SecretSlice<u8>,
}

impl NamedSecret {
    pub(crate) fn label(&self) -> SecretName {
        SecretName { name: self.name.clone(), version: self.version }
    }
}

/// One question: does this request verify, and if not, why?
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The captured request.
    pub request: &'a Request,
    /// A shipped scheme's id; guessed from the headers when absent.
    pub scheme: Option<&'a str>,
    /// A scheme of your own; it goes before `scheme`.
    pub custom: Option<&'a Scheme>,
    /// The accepted secrets: any that fits makes the signature good.
    pub secrets: &'a [NamedSecret],
    /// Other secrets, tried only to explain a failure.
    pub also: &'a [NamedSecret],
    /// What a scheme needs besides: `url`, `public-key`.
    pub params: &'a BTreeMap<String, Vec<u8>>,
    /// The time of the check, in seconds since 1970.
    pub now: i64,
    /// Seconds that a delivery may be away from `now`, instead of the scheme's own window. It widens
    /// or narrows the limits that the scheme has; where it has none, it sets both.
    pub tolerance: Option<u64>,
}

/// A question that cannot be asked this way.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum VerifyError {
    /// No shipped scheme has this id.
    #[error("there is no scheme `{id}`; known are {}", known.join(", "))]
    UnknownScheme {
        /// The id that was asked for.
        id: String,
        /// The ids there are.
        known: Vec<String>,
    },
    /// No header speaks for a scheme.
    #[error("the headers do not tell the provider; name the scheme")]
    Unrecognised,
    /// The headers speak for several schemes.
    #[error("the headers fit several schemes: {}; name one", ids(candidates))]
    Ambiguous {
        /// The schemes that fit equally well.
        candidates: Vec<Candidate>,
    },
    /// The scheme needs a secret and none was given.
    #[error("{provider} signs with a secret; give the one that this endpoint accepts")]
    NoSecret {
        /// The provider's name.
        provider: String,
    },
    /// A secret holds nothing.
    #[error("the secret `{name}` is empty; anyone could sign with an empty key")]
    EmptySecret {
        /// The secret's name.
        name: String,
    },
    /// A parameter that the scheme needs is not text.
    #[error("the parameter `{name}` must be UTF-8 text")]
    BadParameter {
        /// The parameter's name.
        name: String,
    },
}

fn ids(candidates: &[Candidate]) -> String {
    candidates.iter().map(|c| c.id.as_str()).collect::<Vec<_>>().join(", ")
}

/// Verifies one request and, if it does not hold, says why.
///
/// # Errors
/// [`VerifyError`] when the question is not complete: no scheme, no secret, an empty secret. What is
/// wrong with the request itself is in the report.
pub fn verify(case: &Case) -> Result<Report, VerifyError> {
    let mut notes = case.request.notes.clone();
    let scheme = choose(case, &mut notes)?;
    let url = url_parameter(case, scheme, &mut notes)?;
    let public_key = public_key_parameter(case, scheme);
    let secrets: Vec<&NamedSecret> = case.secrets.iter().chain(public_key.as_ref()).collect();
    if let Some(empty) = secrets.iter().find(|s| key::is_empty(scheme, s.bytes.expose_secret())) {
        return Err(VerifyError::EmptySecret { name: empty.name.clone() });
    }

    let mut reading = Reading::new(scheme, case.request);
    let url = url.as_deref().or(case.request.url.as_deref()).unwrap_or_default();
    if scheme.needs_url() && url.is_empty() {
        reading.faults.push(Reason::new(
            Code::UrlMissing,
            format!("{} signs the public URL, and the capture has none.", scheme.provider),
            "Give the URL exactly as the provider called it (`--param url=https://…`).",
        ));
    }
    let delivery = Delivery {
        request: case.request,
        method: case.request.method.as_deref().unwrap_or("POST"),
        url,
        id: &reading.id,
        timestamp: &reading.timestamp,
        body: case.request.body(),
        signatures: &reading.signatures,
    };
    let mut report = Report {
        version: 1,
        verdict: Verdict::Invalid,
        scheme: scheme.id.clone(),
        scheme_name: scheme.provider.clone(),
        secret: None,
        checks: Vec::new(),
        reasons: Vec::new(),
        signed: String::new(),
        signed_text: None,
        difference: None,
        delivery_id: delivery_id(scheme, case.request),
        notes,
    };
    describe_signed(&mut report, scheme, &reading, &delivery);
    if secrets.is_empty() {
        return without_key(report, scheme);
    }

    let (keys, unusable) = usable(scheme, &secrets);
    let complete = can_be_tried(&reading);
    let matched = keys.iter().find(|key| complete && engine::fits(scheme, &key.bytes, &delivery));
    report.secret = matched.map(|key| key.secret.label());
    report.checks.push(Check {
        name: CheckName::Signature,
        ok: matched.is_some(),
        age_seconds: None,
    });
    let age = diagnose::timestamp::age(case, scheme, &reading);
    if let Some(age) = &age {
        report.checks.push(age.check.clone());
    }

    if matched.is_some() {
        report.reasons = std::mem::take(&mut reading.faults);
        for (secret, fault) in &unusable {
            report.notes.push(format!("The secret `{}` was passed over: {fault}.", secret.name));
        }
    } else {
        let context = Context::new(case, scheme, &secrets, &keys, &unusable, &reading, delivery);
        for finding in diagnose::explain(&context) {
            adopt(&mut report, finding);
        }
        report.notes.extend(context.notes());
    }
    let trusted = matched.is_some() || report.reasons.iter().any(|reason| reason.proved);
    if let Some(late) = age.and_then(|age| age.reason) {
        // How old it is stands only as firm as the signature that covers the timestamp.
        report.reasons.push(Reason { proved: trusted, ..late });
    }
    if report.checks.iter().all(|check| check.ok) && report.reasons.is_empty() {
        let covered = engine::covers_body(scheme, &delivery);
        report.verdict = if covered { Verdict::Valid } else { Verdict::Authenticated };
        if !covered {
            report.notes.push("The signature does not cover the body: whoever passed it on could have changed it.".into());
        }
    }
    Ok(report)
}

/// An accepted secret with the key that it stands for.
pub(crate) struct Key<'a> {
    pub secret: &'a NamedSecret,
    pub bytes: KeyBytes,
}

/// Secrets that a scheme cannot use, and why.
pub(crate) type Unusable<'a> = Vec<(&'a NamedSecret, KeyFault)>;

fn usable<'a>(scheme: &Scheme, secrets: &[&'a NamedSecret]) -> (Vec<Key<'a>>, Unusable<'a>) {
    let (mut keys, mut unusable) = (Vec::new(), Vec::new());
    for secret in secrets {
        match key::key(scheme, secret.bytes.expose_secret()) {
            Ok(bytes) => keys.push(Key { secret, bytes }),
            Err(fault) => unusable.push((*secret, fault)),
        }
    }
    (keys, unusable)
}

/// Whether everything that is signed is there. A malformed timestamp is signed as the text it is.
fn can_be_tried(reading: &Reading) -> bool {
    reading.faults.iter().all(|fault| fault.code == Code::TimestampMalformed)
}

fn choose<'a>(case: &Case<'a>, notes: &mut Vec<String>) -> Result<&'a Scheme, VerifyError> {
    if let Some(custom) = case.custom {
        return Ok(custom);
    }
    if let Some(id) = case.scheme {
        return find(id).ok_or_else(|| VerifyError::UnknownScheme {
            id: id.to_owned(),
            known: table().iter().map(|scheme| scheme.id.clone()).collect(),
        });
    }
    let candidates = guess(case.request);
    let best = candidates.first().ok_or(VerifyError::Unrecognised)?;
    let scheme = find(&best.id).ok_or(VerifyError::Unrecognised)?;
    let rival = |c: &&Candidate| {
        c.strength == best.strength && find(&c.id).is_some_and(|s| s.legacy == scheme.legacy)
    };
    let rivals: Vec<Candidate> = candidates.iter().filter(rival).cloned().collect();
    if rivals.len() > 1 {
        return Err(VerifyError::Ambiguous { candidates: rivals });
    }
    notes.push(format!(
        "The scheme was guessed: the header {} is {}'s.",
        best.header, best.provider
    ));
    Ok(scheme)
}

fn url_parameter(
    case: &Case,
    scheme: &Scheme,
    notes: &mut Vec<String>,
) -> Result<Option<String>, VerifyError> {
    for name in case.params.keys() {
        let needed = match name.as_str() {
            "url" => scheme.needs_url(),
            "public-key" => scheme.has_public_key(),
            _ => false,
        };
        if !needed {
            let shown = excerpt(name.as_bytes(), 40);
            notes.push(format!(
                "The parameter `{shown}` is not needed by {} and was left out.",
                scheme.id
            ));
        }
    }
    if !scheme.signs_timestamp() && scheme.timestamp.is_none() && case.tolerance.is_some() {
        notes.push(format!(
            "{} sends no timestamp, so the tolerance was left out.",
            scheme.provider
        ));
    }
    let Some(url) = case.params.get("url").filter(|_| scheme.needs_url()) else {
        return Ok(None);
    };
    let url =
        std::str::from_utf8(url).map_err(|_| VerifyError::BadParameter { name: "url".into() })?;
    Ok(Some(url.trim().to_owned()))
}

fn public_key_parameter(case: &Case, scheme: &Scheme) -> Option<NamedSecret> {
    let bytes = case.params.get("public-key").filter(|_| scheme.has_public_key())?;
    Some(NamedSecret { name: "public-key".into(), version: None, bytes: bytes.clone().into() })
}

fn without_key(mut report: Report, scheme: &Scheme) -> Result<Report, VerifyError> {
    if !scheme.has_public_key() {
        return Err(VerifyError::NoSecret { provider: scheme.provider.clone() });
    }
    report.verdict = Verdict::Undecidable;
    report.reasons.push(Reason::new(
        Code::PublicKeyNeeded,
        format!("{} signs with a key pair, and its public key was not given.", scheme.provider),
        "Copy the application's public key from the developer portal and give it with `--param public-key=…`.",
    ));
    Ok(report)
}

fn describe_signed(report: &mut Report, scheme: &Scheme, reading: &Reading, delivery: &Delivery) {
    report.signed = engine::recipe(scheme);
    if can_be_tried(reading) {
        let bytes = engine::signed_bytes(scheme, delivery);
        report.signed = format!("{}: {}", report.signed, count(bytes.len(), "byte"));
        report.signed_text = Some(excerpt(&bytes, 200));
    }
}

fn adopt(report: &mut Report, finding: Finding) {
    report.secret = report.secret.take().or(finding.secret);
    report.difference = report.difference.take().or(finding.difference);
    report.reasons.push(finding.reason);
}

fn delivery_id(scheme: &Scheme, request: &Request) -> Option<String> {
    let id = match scheme.delivery_id.as_ref()? {
        DeliveryId::Header(names) => first(request, names)?.into_owned(),
        DeliveryId::Body(member) => Document::parse(request.body())?.member(member)?,
    };
    let usable = !id.is_empty() && id.len() <= 256 && !id.contains(char::is_control);
    usable.then_some(id)
}

impl Difference {
    /// Where two bodies part, with a little of both sides; `None` when they are the same.
    pub(crate) fn between(received: &[u8], signed: &[u8]) -> Option<Self> {
        let pairs = received.iter().zip(signed);
        let shorter = received.len().min(signed.len());
        let at = pairs.clone().position(|(a, b)| a != b).unwrap_or(shorter);
        if at == received.len() && at == signed.len() {
            return None;
        }
        let from = at.saturating_sub(24);
        let shown = |bytes: &[u8]| excerpt(bytes.get(from..).unwrap_or_default(), 64);
        let offset = u64::try_from(at).unwrap_or(u64::MAX);
        Some(Self { offset, received: shown(received), signed: shown(signed) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_part_at_the_first_differing_byte() {
        let at = |a: &[u8], b: &[u8]| Difference::between(a, b).map(|d| d.offset);
        assert_eq!(at(b"abc", b"abd"), Some(2));
        assert_eq!(at(b"abc", b"abc\n"), Some(3));
        assert_eq!(at(b"", b"a"), Some(0));
        assert_eq!(at(b"abc", b"abc"), None);
    }
}
