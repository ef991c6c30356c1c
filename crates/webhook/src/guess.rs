//! Guessing a scheme from a request: which headers are there, whether what they hold looks right, and
//! what else speaks for a provider.

use serde::Serialize;
use serde_json::Value;
use ts_rs::TS;

use crate::delivery::{Params, Reading};
use crate::lookup;
use crate::request::Request;
use crate::scheme::{Encoding, Layout, Method, Scheme};
use crate::schemes::table;

/// Longest body that is looked into for a guess.
const LONGEST: usize = 1024 * 1024;

/// A scheme that a request may have been signed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Candidate {
    /// The scheme's id.
    pub id: String,
    /// The provider's name.
    pub provider: String,
    /// The header that tells it, or the place in the body.
    pub header: String,
    /// How sure: 4 its signature header is there, looks right, and another header of the provider is
    /// there too; 3 it is there and looks right; 2 it is there; 1 only another header of the provider is.
    pub strength: u8,
}

/// The schemes that a request speaks for, strongest first; those that many share before those of one
/// provider, and those kept for old receivers last.
pub fn guess(request: &Request) -> Vec<Candidate> {
    let document = match request.body() {
        body if body.len() <= LONGEST => lookup::parse(body),
        _ => None,
    };
    let found = table().iter().filter_map(|scheme| {
        let candidate = candidate(scheme, request, document.as_ref())?;
        Some((scheme, detail(scheme, request), candidate))
    });
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|(scheme, detail, candidate)| {
        let weight =
            std::cmp::Reverse((candidate.strength, *detail, scheme.generic, scheme.verified));
        (scheme.legacy, weight)
    });
    found.into_iter().map(|(_, _, candidate)| candidate).collect()
}

/// How many of the other headers that a scheme reads are there.
pub(crate) fn detail(scheme: &Scheme, request: &Request) -> usize {
    let timestamp = scheme.timestamp.iter().flat_map(|field| &field.header);
    let id = scheme.message_id.iter().flat_map(|field| &field.header);
    let others = timestamp.chain(id);
    usize::from(others.into_iter().any(|name| request.header(name).is_some()))
}

fn candidate(scheme: &Scheme, request: &Request, document: Option<&Value>) -> Option<Candidate> {
    if let Some(marker) = &scheme.marker
        && let Some((value, wanted)) = request.header(&marker.header).zip(marker.value.as_deref())
        && value != wanted
    {
        return None;
    }
    let marked = scheme.marker.iter().map(|marker| &marker.header).chain(&scheme.recognise);
    let mut marked = marked.filter(|name| request.header(name).is_some());
    let signature = &scheme.signature;
    let place = signature.name();
    let (header, strength) = if signature.in_body() {
        match in_body(scheme, request, document) {
            true => (place, 3 + u8::from(marked.next().is_some())),
            false => (marked.next()?.as_str(), 1),
        }
    } else if let Some(value) = request.header(place).filter(|_| !place.is_empty()) {
        match (&scheme.sign, looks_right(scheme, request, &value)) {
            // A header that anyone may use says little.
            (Method::Token, _) if signature.chosen => (place, 1),
            (Method::Basic, true) => (place, 2),
            (Method::Basic, false) => return None,
            // One that many providers use must look right.
            (_, false) if place.eq_ignore_ascii_case("authorization") => return None,
            (_, true) => (place, 3 + u8::from(marked.next().is_some())),
            (_, false) => (place, 2),
        }
    } else {
        let known = signature.header.iter().skip(1).chain(marked);
        // `webhook-signature` alone speaks for the schemes that have it as their first header.
        let mut known = known.filter(|name| {
            !table().iter().any(|other| other.signature.name().eq_ignore_ascii_case(name))
        });
        (known.find(|name| request.header(name).is_some())?.as_str(), 1)
    };
    let (id, provider) = (scheme.id.clone(), scheme.provider.clone());
    Some(Candidate { id, provider, header: header.to_owned(), strength })
}

/// Whether the body has the scheme's signature where it should be.
fn in_body(scheme: &Scheme, request: &Request, document: Option<&Value>) -> bool {
    let field = &scheme.signature;
    match (&field.json, &field.form) {
        (Some(path), _) => document.is_some_and(|document| {
            let values = lookup::values(document, path);
            values.into_iter().any(|value| value.as_str().is_some_and(|text| !text.is_empty()))
        }),
        (None, Some(name)) => {
            let body = request.body();
            body.len() <= LONGEST
                && !matches!(body.first(), Some(b'{' | b'['))
                && lookup::form(body, name).is_some()
        }
        (None, None) => {
            request.body().starts_with(b"eyJ")
                && request.body().len() <= LONGEST
                && Reading::new(scheme, request, &Params::new()).faults.is_empty()
        }
    }
}

/// Whether the signature header holds what the scheme puts there.
fn looks_right(scheme: &Scheme, request: &Request, value: &str) -> bool {
    let field = &scheme.signature;
    let reading = Reading::new(scheme, request, &Params::new());
    let mut signatures = reading.signatures.iter();
    match &scheme.sign {
        Method::Jwt(_) => reading.faults.is_empty() && !reading.signatures.is_empty(),
        Method::Basic => value.starts_with(&field.prefix),
        _ if !field.prefix.is_empty() || field.layout != Layout::Plain => {
            signatures.next().is_some()
        }
        _ => signatures.any(|signature| has_shape(scheme, signature)),
    }
}

/// Whether a text has the length and the letters of one of the scheme's signatures.
pub(crate) fn has_shape(scheme: &Scheme, text: &str) -> bool {
    let (Some(encoding), length) = (scheme.encoding(), scheme.signature_length()) else {
        return true;
    };
    let others = scheme.hmac().into_iter().flat_map(|hmac| hmac.spellings().skip(1));
    let others = others.map(|(algorithm, _, encoding)| (encoding, Some(algorithm.length())));
    let mut shapes = [(encoding, length)].into_iter().chain(others);
    shapes.any(|(encoding, length)| shape(encoding, length, text))
}

/// Whether a text is so many bytes in an encoding.
pub(crate) fn shape(encoding: Encoding, bytes: Option<usize>, text: &str) -> bool {
    let length = bytes.map(|bytes| characters(encoding, bytes));
    length.is_none_or(|length| length == text.len())
        && text.chars().all(|c| has_letter(encoding, c))
}

/// Characters that so many bytes take.
pub(crate) fn characters(encoding: Encoding, bytes: usize) -> usize {
    match encoding {
        Encoding::Hex | Encoding::HexUpper => 2 * bytes,
        Encoding::Base64 => bytes.div_ceil(3) * 4,
        Encoding::Base64url => (bytes * 4).div_ceil(3),
    }
}

/// Whether a character may occur in an encoding.
pub(crate) fn has_letter(encoding: Encoding, c: char) -> bool {
    match encoding {
        Encoding::Hex | Encoding::HexUpper => c.is_ascii_hexdigit(),
        Encoding::Base64 => c.is_ascii_alphanumeric() || "+/=".contains(c),
        Encoding::Base64url => c.is_ascii_alphanumeric() || "-_".contains(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(headers: &[(&str, &str)]) -> Vec<(String, u8)> {
        let headers = headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
        let request = Request { headers, ..Request::default() };
        guess(&request).into_iter().map(|c| (c.id, c.strength)).collect()
    }

    fn first(headers: &[(&str, &str)]) -> String {
        guessed(headers).first().map(|(id, _)| id.clone()).unwrap_or_default()
    }

    #[test]
    fn the_strongest_guess_comes_first() {
        let both = guessed(&[("x-hub-signature", "sha1=00"), ("x-hub-signature-256", "sha256=00")]);
        assert_eq!(both[0], ("github".into(), 3));
        assert_eq!(
            both.last().map(|(id, _)| id.as_str()),
            Some("github_sha1"),
            "legacy comes last"
        );
        assert_eq!(guessed(&[("X-GitHub-Event", "ping")]), [("github".into(), 1)]);
        assert_eq!(guessed(&[("WEBHOOK-SIGNATURE", "v1,00")])[0], ("standard_webhooks".into(), 3));
        assert_eq!(guessed(&[("Shopify-Hmac-Sha256", "x")])[0], ("shopify_events".into(), 2));
        assert!(guessed(&[("Host", "example.com")]).is_empty());
    }

    #[test]
    fn what_a_shared_header_holds_tells_its_providers_apart() {
        let hex = "0".repeat(64);
        let ids = |value: &str| -> Vec<String> {
            let strong = guessed(&[("X-Signature", value)]).into_iter().filter(|(_, s)| *s >= 3);
            strong.map(|(id, _)| id).collect()
        };
        let ambiguous = ids(&hex);
        assert_eq!(ambiguous[0], "x_signature", "the one that claims no provider");
        for id in ["getstream", "lemonsqueezy", "modern_treasury"] {
            assert!(ambiguous.iter().any(|found| found == id), "{ambiguous:?}");
        }
        assert_eq!(ids(&hex[..40]), ["segment"]);
        assert_eq!(ids(&format!("ts=1,v1={hex}")), ["mercado_pago"]);
        assert_eq!(first(&[("X-Hub-Signature", "sha1=00")]), "intercom");
        assert_eq!(first(&[("X-Hub-Signature", "sha256=00")]), "bitbucket_dc");
        assert_eq!(first(&[("Authorization", "HMAC AAAA")]), "teams");
        let basic = guessed(&[("Authorization", "Basic YTpi")]);
        assert!(basic.iter().any(|(id, s)| id == "postmark" && *s == 2), "{basic:?}");
        let version = |version| {
            first(&[("X-HubSpot-Signature", &hex), ("X-HubSpot-Signature-Version", version)])
        };
        assert_eq!((version("v1"), version("v2")), ("hubspot_v1".into(), "hubspot_v2".into()));
    }
}
