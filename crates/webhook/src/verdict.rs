//! The verdict: which scheme, which accepted secret fits, how old, and, if it does not hold, why.

mod certificate;
mod params;

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretSlice};

use crate::delivery::{Delivery, Reading, first};
use crate::diagnose::{self, Context, Finding};
use crate::guess::{self, Candidate, guess};
use crate::json_text::Document;
use crate::jwt::Token;
use crate::key::{self, KeyBytes, KeyFault};
use crate::report::{Check, CheckName, Code, Difference, Reason, Report, SecretName, Verdict};
use crate::request::Request;
use crate::scheme::{DeliveryId, Scheme};
use crate::schemes::{find, table};
use crate::text::{count, excerpt};
use crate::{engine, lookup};

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
    /// What a scheme needs besides: `url`, `public-key`, `cert`, `webhook-id`, `audience` and others.
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
    #[error("there is no scheme `{id}`{}", suggested(near))]
    UnknownScheme {
        /// The id that was asked for.
        id: String,
        /// Ids that look like it.
        near: Vec<String>,
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

fn suggested(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(", ")) }
}

/// Ids that begin like a wrong one, or hold it.
fn near(id: &str) -> Vec<String> {
    let id = id.trim().to_ascii_lowercase();
    let start: String = id.chars().take(3).collect();
    let ids = table().iter().map(|scheme| &scheme.id).filter(|known| {
        start.chars().count() == 3 && (known.starts_with(&start) || known.contains(&id))
    });
    ids.take(6).cloned().collect()
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
    verify_as(case, scheme, notes)
}

fn verify_as(case: &Case, scheme: &Scheme, mut notes: Vec<String>) -> Result<Report, VerifyError> {
    let url = params::read(case, scheme, &mut notes)?;
    let handed_in = params::keys(case, scheme);
    let secrets: Vec<&NamedSecret> = case.secrets.iter().chain(&handed_in).collect();
    if let Some(empty) = secrets.iter().find(|s| key::is_empty(scheme, s.bytes.expose_secret())) {
        return Err(VerifyError::EmptySecret { name: empty.name.clone() });
    }

    let mut reading = Reading::new(scheme, case.request, case.params);
    let url = url.as_deref().or(case.request.url.as_deref()).unwrap_or_default();
    if scheme.needs_url() && url.is_empty() {
        reading.faults.push(
            Reason::new(
                Code::UrlMissing,
                format!("{} signs the public URL, and the capture has none.", scheme.provider),
                "Give the URL exactly as the provider called it (`--param url=https://…`).",
            )
            .wanting(Some("url"), "Give the URL exactly as the provider called it."),
        );
    }
    let delivery = Delivery {
        request: case.request,
        params: case.params,
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
        delivery_id: delivery_id(scheme, &delivery),
        notes,
    };
    describe_signed(&mut report, scheme, &reading, &delivery);
    let untrusted = params::untrusted_cert_url(scheme, case.request);
    if let Some(reason) = params::undecided(case, scheme, !secrets.is_empty()) {
        // A certificate from elsewhere is refused before anything is fetched.
        report.verdict = if untrusted.is_some() { Verdict::Invalid } else { Verdict::Undecidable };
        report.reasons.extend(untrusted);
        report.reasons.push(reason);
        return Ok(report);
    }
    if secrets.is_empty() {
        return Err(VerifyError::NoSecret { provider: scheme.provider.clone() });
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
    let age = diagnose::timestamp::age(case, scheme, &reading, matched.is_some());
    report.checks.extend(age.iter().filter_map(|age| age.check.clone()));

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
    // How old it is, and what a token claims, stand only as firm as the signature over them.
    let late = age.into_iter().flat_map(|age| age.reasons);
    let looked = matched.and_then(|key| certificate::look(scheme, key.secret, case.now));
    let (looked, distrusted) = match looked {
        Some(Ok(note)) => (Some(note), None),
        Some(Err(reason)) => (None, Some(reason)),
        None => (None, None),
    };
    report.notes.extend(looked);
    let late =
        late.chain(untrusted).chain(distrusted).map(|reason| Reason { proved: trusted, ..reason });
    report.reasons.extend(late);
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
            Ok(bytes) => {
                keys.push(Key { secret, bytes });
                let second = key::second(scheme, secret.bytes.expose_secret());
                keys.extend(second.map(|bytes| Key { secret, bytes }));
            }
            Err(fault) => unusable.push((*secret, fault)),
        }
    }
    (keys, unusable)
}

/// Whether everything that is signed is there. A malformed timestamp is signed as the text it is.
fn can_be_tried(reading: &Reading) -> bool {
    reading.faults.iter().all(|fault| fault.code == Code::TimestampMalformed)
}

/// The scheme that a request's headers, or its body, speak for: the one that fits a secret where
/// several do, so that an old signature tells its scheme. What was guessed is said in `notes`.
///
/// # Errors
/// [`VerifyError::Unrecognised`] and [`VerifyError::Ambiguous`].
pub fn recognise(
    request: &Request,
    secrets: &[NamedSecret],
    params: &BTreeMap<String, Vec<u8>>,
    notes: &mut Vec<String>,
) -> Result<&'static Scheme, VerifyError> {
    let case = Case {
        request,
        scheme: None,
        custom: None,
        secrets,
        also: &[],
        params,
        now: 0,
        tolerance: None,
    };
    let chosen = choose(&case, notes)?;
    // What was chosen is of the table: the case has no scheme of its own.
    find(&chosen.id).ok_or(VerifyError::Unrecognised)
}

fn choose<'a>(case: &Case<'a>, notes: &mut Vec<String>) -> Result<&'a Scheme, VerifyError> {
    if let Some(custom) = case.custom {
        return Ok(custom);
    }
    if let Some(id) = case.scheme {
        return params::version(case, id)
            .ok_or_else(|| VerifyError::UnknownScheme { id: id.to_owned(), near: near(id) });
    }
    let candidates = guess(case.request);
    let best = candidates.first().ok_or(VerifyError::Unrecognised)?;
    let scheme = find(&best.id).ok_or(VerifyError::Unrecognised)?;
    let equal = candidates.iter().filter(|c| c.strength == best.strength);
    let equal = equal.filter_map(|c| Some((c, find(&c.id)?)));
    let equal: Vec<_> = equal.filter(|(_, rival)| rival.legacy == scheme.legacy).collect();
    // Of those that share a header, the ones whose other headers are there too go before the rest.
    let detail = |rival: &Scheme| guess::detail(rival, case.request);
    let of_header = |c: &Candidate, other: &Candidate| c.header.eq_ignore_ascii_case(&other.header);
    let outdone = |c: &Candidate, rival: &Scheme| {
        equal.iter().any(|(other, scheme)| of_header(c, other) && detail(scheme) > detail(rival))
    };
    let rivals: Vec<_> = equal.iter().copied().filter(|(c, rival)| !outdone(c, rival)).collect();
    let chosen = decide(case, &rivals)?;
    notes.push(format!(
        "The scheme was guessed: {} is where {} signs.",
        best.header, chosen.provider
    ));
    let others = rivals.iter().filter(|(_, rival)| rival.id != chosen.id);
    let others: Vec<_> = others.map(|(c, _)| c.id.as_str()).collect();
    if !others.is_empty() {
        notes.push(format!("It may as well be {}; name the scheme to be sure.", others.join(", ")));
    }
    Ok(chosen)
}

/// One of several schemes that the headers speak for: the one that fits an accepted secret, else the one
/// that many share, else the only way in which they sign.
fn decide<'a>(case: &Case, rivals: &[(&Candidate, &'a Scheme)]) -> Result<&'a Scheme, VerifyError> {
    let mut ways: Vec<(&Candidate, &Scheme)> = Vec::new();
    for (candidate, rival) in rivals {
        if !ways.iter().any(|(_, way)| signs_alike(way, rival)) {
            ways.push((candidate, rival));
        }
    }
    let &[(_, first), ..] = ways.as_slice() else { return Err(VerifyError::Unrecognised) };
    if ways.len() == 1 {
        return Ok(first);
    }
    let fits = |scheme: &&Scheme| {
        let quiet = Case { also: &[], ..*case };
        verify_as(&quiet, scheme, Vec::new()).is_ok_and(|report| {
            report.checks.iter().any(|c| c.name == CheckName::Signature && c.ok)
        })
    };
    let tried = ways.iter().map(|(_, scheme)| *scheme).take(MOST_TRIED);
    let fitting = tried.into_iter().find(fits);
    let shared = Some(first).filter(|scheme| scheme.generic && one_header(&ways));
    fitting.or(shared).ok_or_else(|| {
        let mut candidates: Vec<_> = ways.iter().map(|(c, _)| (*c).clone()).collect();
        candidates.sort_by(|a, b| a.id.cmp(&b.id));
        VerifyError::Ambiguous { candidates }
    })
}

/// Whether it is one header that several schemes use.
fn one_header(ways: &[(&Candidate, &Scheme)]) -> bool {
    ways.windows(2).all(|two| two[0].0.header.eq_ignore_ascii_case(&two[1].0.header))
}

/// Bytes of what was signed that a report holds.
const SHOWN_SIGNED: usize = 4_096;

/// Schemes that are tried when the headers fit several.
const MOST_TRIED: usize = 8;

/// Whether two schemes cannot be told apart by what they sign and how.
fn signs_alike(a: &Scheme, b: &Scheme) -> bool {
    let key = |scheme: &Scheme| scheme.hmac().map(|hmac| hmac.key);
    let window = |scheme: &Scheme| scheme.timestamp.as_ref().map(|t| (t.past, t.future));
    let name = |scheme: &Scheme| scheme.signature.name().to_ascii_lowercase();
    let is_token = |scheme: &Scheme| matches!(scheme.sign, crate::scheme::Method::Jwt(_));
    a.adapter == b.adapter
        && !is_token(a)
        && !a.signature.chosen
        && engine::recipe(a) == engine::recipe(b)
        && (key(a), window(a), name(a)) == (key(b), window(b), name(b))
}

fn describe_signed(report: &mut Report, scheme: &Scheme, reading: &Reading, delivery: &Delivery) {
    report.signed = engine::recipe(scheme);
    if !can_be_tried(reading) {
        return;
    }
    // A byte more than is shown, which tells that there is more.
    if let Some((length, start)) = engine::signed_start(scheme, delivery, SHOWN_SIGNED + 1) {
        report.signed = format!("{}: {}", report.signed, count(length, "byte"));
        report.signed_text = Some(excerpt(&start, SHOWN_SIGNED));
    }
}

fn adopt(report: &mut Report, finding: Finding) {
    report.secret = report.secret.take().or(finding.secret);
    report.difference = report.difference.take().or(finding.difference);
    report.reasons.push(finding.reason);
}

fn delivery_id(scheme: &Scheme, delivery: &Delivery) -> Option<String> {
    let id = match scheme.delivery_id.as_ref()? {
        DeliveryId::Header(names) => first(delivery.request, names)?.into_owned(),
        DeliveryId::Body(path) if path.contains(['.', '[']) => {
            lookup::json_first(delivery.body, path)?
        }
        DeliveryId::Body(member) => Document::parse(delivery.body)?.member(member)?,
        DeliveryId::Claim(name) => {
            let token = Token::parse(delivery.signatures.first()?)?;
            token.claim(name)?.to_owned()
        }
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
