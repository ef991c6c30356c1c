//! Reads signature, timestamp, id and URL out of a request, as a scheme says where they are, and
//! names what is missing or malformed. Nothing is computed here.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::report::{Code, Reason};
use crate::request::Request;
use crate::scheme::{HeaderField, Layout, Method, Scheme, Unit};
use crate::text::excerpt;
use crate::{jwt, lookup};

/// Parameters handed in beside the request.
pub(crate) type Params = BTreeMap<String, Vec<u8>>;

/// Everything of a request that goes into its signature, or is compared with it.
///
/// It is `Copy`, so that a diagnosis changes one field and asks again.
#[derive(Clone, Copy)]
pub(crate) struct Delivery<'a> {
    pub request: &'a Request,
    pub params: &'a Params,
    pub method: &'a str,
    pub url: &'a str,
    pub id: &'a str,
    pub timestamp: &'a str,
    pub body: &'a [u8],
    /// Signatures without their prefix.
    pub signatures: &'a [String],
}

impl<'a> Delivery<'a> {
    /// A parameter as text; empty when it is absent or no text.
    pub(crate) fn param(&self, name: &str) -> &'a str {
        self.params.get(name).and_then(|v| std::str::from_utf8(v).ok()).unwrap_or_default().trim()
    }
}

/// What a request holds in the places that a scheme names.
#[derive(Default)]
pub(crate) struct Reading {
    /// The signature header's value, or what stands in its place in the body.
    pub header: Option<String>,
    /// Its signatures of the right version, without their prefix.
    pub signatures: Vec<String>,
    /// The timestamp as sent.
    pub timestamp: String,
    /// The timestamp in seconds, if it is a number.
    pub seconds: Option<i64>,
    /// The message id.
    pub id: String,
    /// What is missing or malformed, most telling first.
    pub faults: Vec<Reason>,
}

impl Reading {
    /// Reads a request the way a scheme says.
    pub(crate) fn new(scheme: &Scheme, request: &Request, params: &Params) -> Self {
        let mut reading = Self::default();
        if !scheme.has_key() {
            return reading;
        }
        if scheme.signature.in_body() {
            reading.read_body(scheme, request);
        } else {
            reading.read_header(scheme, request, params);
        }
        if let Method::Jwt(recipe) = &scheme.sign {
            jwt::read(recipe, scheme, &mut reading);
        }
        if let Some(field) = &scheme.message_id {
            reading.read_id(field, request);
        }
        if scheme.timestamp.is_some() {
            reading.read_timestamp(scheme, request);
        }
        reading
    }

    fn read_header(&mut self, scheme: &Scheme, request: &Request, params: &Params) {
        let chosen = header_names(scheme, request, params);
        let names = chosen.as_deref().unwrap_or(&scheme.signature.header);
        let name = names.first().map_or(scheme.signature.name(), String::as_str);
        let every = scheme.signature.every;
        let mut values = names.iter().filter_map(|name| request.header(name));
        let Some(value) = values.next() else {
            self.faults.push(header_missing(name));
            return;
        };
        self.read_signatures(scheme, name, &value, params);
        if every {
            for more in values {
                let mut other = Self::default();
                other.read_signatures(scheme, name, &more, params);
                if self.signatures.is_empty() {
                    self.faults = other.faults;
                }
                self.signatures.append(&mut other.signatures);
            }
        }
        self.header = Some(value.into_owned());
        let times = names.iter().map(|name| request.header_values(name).count()).max();
        if times > Some(1) && !every {
            self.faults.insert(0, repeated(name));
        }
    }

    fn read_body(&mut self, scheme: &Scheme, request: &Request) {
        let field = &scheme.signature;
        let values = match (&field.json, &field.form) {
            (Some(path), _) => lookup::json(request.body(), path),
            (None, Some(name)) => lookup::form(request.body(), name).into_iter().collect(),
            (None, None) => vec![String::from_utf8_lossy(request.body().trim_ascii()).into_owned()],
        };
        let none = Params::new();
        for value in &values {
            self.read_signatures(scheme, field.name(), value, &none);
        }
        if values.is_empty() {
            self.faults.push(Reason::new(
                Code::SignatureFieldMissing,
                format!("The body has no `{}`, where {} puts the signature.", field.name(), scheme.provider),
                "Check that signing is set up at the provider, and that the capture holds the whole body.",
            ));
        }
        self.header = values.into_iter().next();
    }

    fn read_signatures(&mut self, scheme: &Scheme, name: &str, value: &str, params: &Params) {
        let field = &scheme.signature;
        if value.is_empty() {
            self.faults.push(empty(name));
            return;
        }
        let mut was_empty = false;
        match field.layout {
            Layout::Plain => match value.strip_prefix(&field.prefix) {
                Some(signature) => self.signatures.push(signature.to_owned()),
                None if field.bare => self.signatures.push(value.to_owned()),
                None => self.faults.push(prefix_fault(&field.prefix, value)),
            },
            Layout::List | Layout::Timed => {
                let timed = field.layout == Layout::Timed;
                let separator = field.separator.unwrap_or(if timed { ',' } else { ' ' });
                let entries = value.split(separator).map(str::trim).filter(|e| !e.is_empty());
                let entries = entries.skip(usize::from(timed));
                let taken = entries.clone().filter_map(|entry| {
                    entry.strip_prefix(&field.prefix).or(field.bare.then_some(entry))
                });
                self.signatures.extend(taken.map(str::to_owned));
                if self.signatures.is_empty() {
                    let entry = entries.into_iter().next().unwrap_or_default();
                    self.faults.push(prefix_fault(&field.prefix, entry));
                }
            }
            Layout::Pairs => self.read_pairs(scheme, name, value, params),
            Layout::Base64Json => {
                let member = field.field.as_deref().unwrap_or_default();
                let inner = STANDARD.decode(value).ok();
                match inner.and_then(|inner| lookup::json_first(&inner, member)) {
                    Some(signature) => self.signatures.push(signature),
                    None => self.faults.push(no_field(scheme, name, member, value)),
                }
            }
        }
        self.signatures.retain(|signature| {
            was_empty |= signature.is_empty();
            !signature.is_empty()
        });
        if self.signatures.is_empty() && was_empty {
            self.faults.push(empty(name));
        }
    }

    fn read_pairs(&mut self, scheme: &Scheme, name: &str, value: &str, params: &Params) {
        let field = &scheme.signature;
        let asked = params.get("public-key").and_then(|key| std::str::from_utf8(key).ok());
        let wanted = match field.field.as_deref().unwrap_or_default() {
            "*" => asked.map_or("*", str::trim),
            wanted => wanted,
        };
        let all: Vec<_> = pairs(scheme, value).collect();
        let taken = all.iter().filter(|(key, _)| *key == wanted || wanted == "*");
        let quotes: &[char] = if field.quoted { &['"'] } else { &[] };
        let taken = taken.map(|(_, v)| v.trim_matches(quotes));
        let taken = taken.map(|v| v.strip_prefix(&field.prefix).unwrap_or(v).to_owned());
        self.signatures.extend(taken);
        if !self.signatures.is_empty() {
            return;
        }
        let other_key = asked.is_some() && field.field.as_deref() == Some("*") && !all.is_empty();
        self.faults.push(if other_key {
            Reason::new(
                Code::NoMatchingKey,
                format!("{name} has no signature for the public key that was given."),
                "Compare the public key with the one of this endpoint's account.",
            )
        } else {
            no_field(scheme, name, wanted, value)
        });
    }

    fn read_id(&mut self, field: &HeaderField, request: &Request) {
        match first(request, &field.header) {
            Some(id) if !id.is_empty() => self.id = id.into_owned(),
            _ => self.faults.push(header_missing(field.header.first().map_or("", String::as_str))),
        }
    }

    fn read_timestamp(&mut self, scheme: &Scheme, request: &Request) {
        let Some(field) = &scheme.timestamp else {
            return;
        };
        let header = self.header.as_deref();
        let (found, place) = match (&field.field, &field.json) {
            (Some(key), _) if scheme.signature.layout == Layout::Timed => {
                let first =
                    header.and_then(|h| h.split(scheme.signature.separator.unwrap_or(',')).next());
                (
                    first.map(|text| Cow::Owned(text.trim().to_owned())),
                    format!("`{key}` in {}", scheme.signature.name()),
                )
            }
            (Some(key), _) => {
                let pair = header.and_then(|h| pairs(scheme, h).find(|(k, _)| k == key));
                let found = pair.map(|(_, value)| Cow::Owned(value.to_owned()));
                (found, format!("`{key}=` in {}", scheme.signature.name()))
            }
            (None, Some(path)) => (
                lookup::json_first(request.body(), path).map(Cow::Owned),
                format!("`{path}` in the body"),
            ),
            (None, None) => {
                (first(request, &field.header), field.header.first().cloned().unwrap_or_default())
            }
        };
        let Some(text) = found.filter(|text| !text.is_empty()) else {
            // Without its header, the pair in it is no second fault.
            if field.field.is_none() || self.header.is_some() {
                self.faults.push(Reason::new(
                    Code::TimestampMissing,
                    format!("There is no timestamp: {place} is absent or empty."),
                    "Check that a proxy passes it on, and that the capture holds every header.",
                ));
            }
            return;
        };
        self.seconds = seconds(&text, field.unit);
        // Without a limit, a provider's library signs the timestamp but never reads it.
        let is_read = field.past.is_some() || field.future.is_some();
        if self.seconds.is_none() && is_read {
            let (what, sends) = match field.unit {
                Unit::Iso => ("a date and time", "a date and time (RFC 3339)"),
                _ => ("a whole number", "digits"),
            };
            self.faults.push(Reason::new(
                Code::TimestampMalformed,
                format!("The timestamp `{}` is not {what}.", excerpt(text.as_bytes(), 40)),
                format!(
                    "{} sends {sends} in {place}; use the header as it was received.",
                    scheme.provider
                ),
            ));
        }
        self.timestamp = text.into_owned();
    }
}

/// The header that a receiver chose, or, where any will do, the first that looks signed.
fn header_names(scheme: &Scheme, request: &Request, params: &Params) -> Option<Vec<String>> {
    if !scheme.signature.chosen {
        return None;
    }
    let asked = params.get("header").and_then(|name| std::str::from_utf8(name).ok());
    if let Some(name) = asked.map(str::trim).filter(|name| !name.is_empty()) {
        return Some(vec![name.to_owned()]);
    }
    let wanted = scheme.signature.field.as_deref()?;
    let signed = request.headers.iter().find(|(_, value)| {
        pairs(scheme, value).any(|(key, value)| key == wanted && !value.is_empty())
    });
    signed.map(|(name, _)| vec![name.clone()])
}

/// A timestamp in seconds, if it is of its unit's form and fits.
pub(crate) fn seconds(text: &str, unit: Unit) -> Option<i64> {
    if unit == Unit::Iso {
        return iso(text).map(Timestamp::as_second);
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    Some(match unit {
        Unit::Milliseconds => number / 1_000,
        Unit::Seconds | Unit::Iso => number,
    })
}

/// A date and time; without a zone it is UTC.
pub(crate) fn iso(text: &str) -> Option<Timestamp> {
    let zoned = text.parse::<Timestamp>().ok();
    zoned.or_else(|| {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|time| time.timestamp())
    })
}

/// The first of these headers that is present.
pub(crate) fn first<'a>(request: &'a Request, names: &[String]) -> Option<Cow<'a, str>> {
    names.iter().find_map(|name| request.header(name))
}

/// The `key=value` entries of a header.
pub(crate) fn pairs<'a>(
    scheme: &Scheme,
    value: &'a str,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let trim = scheme.signature.trim;
    let entries = value.split(scheme.signature.separator.unwrap_or(','));
    let assign = scheme.signature.assign.unwrap_or('=');
    entries.filter_map(move |entry| if trim { entry.trim() } else { entry }.split_once(assign))
}

fn header_missing(name: &str) -> Reason {
    Reason::new(
        Code::HeaderMissing,
        format!("The header {name} is missing."),
        "Check that a proxy passes it on, that the capture holds every header, and that the sender has a secret set.",
    )
}

/// Frameworks take the first, the last, or all of them joined: no verdict would hold everywhere.
fn repeated(name: &str) -> Reason {
    Reason::new(
        Code::HeaderRepeated,
        format!("The header {name} is there more than once, and receivers differ on which counts."),
        "Find the proxy that adds the header again, or the capture that holds two deliveries.",
    )
}

fn empty(name: &str) -> Reason {
    Reason::new(
        Code::SignatureEmpty,
        format!("The signature in {name} is empty."),
        "Check that the sender has a secret set, and that the header was copied whole.",
    )
}

fn no_field(scheme: &Scheme, name: &str, wanted: &str, value: &str) -> Reason {
    let other = pairs(scheme, value).map(|(key, _)| key).find(|key| is_version(key));
    match other {
        Some(other) => Reason::new(
            Code::UnsupportedVersion,
            format!(
                "{name} holds `{other}=` but no `{wanted}=`, the version that {} checks.",
                scheme.provider
            ),
            format!("Use the `{wanted}` signature; others are not meant for live deliveries."),
        ),
        None => Reason::new(
            Code::SignatureFieldMissing,
            format!("{name} has no `{wanted}=` entry."),
            "Use the header as it was received, with nothing cut out of it.",
        ),
    }
}

/// Names what stands where the prefix should be.
fn prefix_fault(prefix: &str, value: &str) -> Reason {
    let mark = prefix.chars().last().unwrap_or('=');
    let stated = value.split_once(mark).map(|(word, _)| word);
    let hint = format!("Send and compare the signature as `{prefix}…`.");
    match stated {
        Some(word) if is_algorithm(word) => Reason::new(
            Code::AlgorithmMismatch,
            format!("The signature says `{word}{mark}` where the scheme has `{prefix}`."),
            "The scheme fixes the algorithm; what the request claims is never followed. Use the header of the right algorithm.",
        ),
        Some(word) if is_version(word) => Reason::new(
            Code::UnsupportedVersion,
            format!("The signature is of version `{word}`; the scheme checks `{prefix}`."),
            "Check the provider's notes on signature versions.",
        ),
        _ => Reason::new(
            Code::PrefixMissing,
            format!("The signature does not start with `{prefix}`."),
            hint,
        ),
    }
}

fn is_algorithm(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    ["none", "md5", "sha1", "sha-1", "sha224", "sha256", "sha-256", "sha384", "sha512", "sha-512"]
        .contains(&word.as_str())
}

fn is_version(word: &str) -> bool {
    let digits = word.strip_prefix('v').unwrap_or_default().trim_end_matches('a');
    !digits.is_empty() && word.len() <= 4 && digits.bytes().all(|b| b.is_ascii_digit())
}
