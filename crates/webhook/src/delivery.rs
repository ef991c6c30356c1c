//! Reads signature, timestamp, id and URL out of a request, as a scheme says where they are, and
//! names what is missing or malformed. Nothing is computed here.

use std::borrow::Cow;

use crate::report::{Code, Reason};
use crate::request::Request;
use crate::scheme::{HeaderField, Layout, Scheme, Unit};
use crate::text::excerpt;

/// Everything of a request that goes into its signature, or is compared with it.
///
/// It is `Copy`, so that a diagnosis changes one field and asks again.
#[derive(Clone, Copy)]
pub(crate) struct Delivery<'a> {
    pub request: &'a Request,
    pub method: &'a str,
    pub url: &'a str,
    pub id: &'a str,
    pub timestamp: &'a str,
    pub body: &'a [u8],
    /// Signatures without their prefix.
    pub signatures: &'a [String],
}

/// What a request holds in the places that a scheme names.
#[derive(Default)]
pub(crate) struct Reading {
    /// The signature header's value.
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
    pub(crate) fn new(scheme: &Scheme, request: &Request) -> Self {
        let mut reading = Self::default();
        match first(request, &scheme.signature.header) {
            Some(value) => {
                reading.read_signatures(scheme, &value);
                reading.header = Some(value.into_owned());
                let names = &scheme.signature.header;
                let times = names.iter().map(|name| request.header_values(name).count()).max();
                if times > Some(1) {
                    reading.faults.insert(0, repeated(scheme.signature.name()));
                }
            }
            None => reading.faults.push(header_missing(scheme.signature.name())),
        }
        if let Some(field) = &scheme.message_id {
            reading.read_id(field, request);
        }
        if scheme.timestamp.is_some() {
            reading.read_timestamp(scheme, request);
        }
        reading
    }

    fn read_signatures(&mut self, scheme: &Scheme, value: &str) {
        let field = &scheme.signature;
        let name = field.name();
        if value.is_empty() {
            self.faults.push(empty(name));
            return;
        }
        let mut was_empty = false;
        match field.layout {
            Layout::Plain => match value.strip_prefix(&field.prefix) {
                Some(signature) => self.signatures.push(signature.to_owned()),
                None => self.faults.push(prefix_fault(&field.prefix, value)),
            },
            Layout::List => {
                let entries = value.split(field.separator.unwrap_or(' ')).filter(|e| !e.is_empty());
                let taken = entries.clone().filter_map(|e| e.strip_prefix(&field.prefix));
                self.signatures.extend(taken.map(str::to_owned));
                if self.signatures.is_empty() {
                    let entry = entries.into_iter().next().unwrap_or_default();
                    self.faults.push(prefix_fault(&field.prefix, entry));
                }
            }
            Layout::Pairs => {
                let wanted = field.field.as_deref().unwrap_or_default();
                let taken = pairs(scheme, value).filter(|(key, _)| *key == wanted);
                let taken = taken.map(|(_, v)| v.strip_prefix(&field.prefix).unwrap_or(v));
                self.signatures.extend(taken.map(str::to_owned));
                if self.signatures.is_empty() {
                    self.faults.push(no_field(scheme, name, wanted, value));
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
        let (found, place) = match &field.field {
            Some(key) => {
                let header = self.header.as_deref();
                let pair = header.and_then(|h| pairs(scheme, h).find(|(k, _)| k == key));
                let found = pair.map(|(_, value)| Cow::Owned(value.to_owned()));
                (found, format!("`{key}=` in {}", scheme.signature.name()))
            }
            None => {
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
            self.faults.push(Reason::new(
                Code::TimestampMalformed,
                format!("The timestamp `{}` is not a whole number.", excerpt(text.as_bytes(), 40)),
                format!(
                    "{} sends digits in {place}; use the header as it was received.",
                    scheme.provider
                ),
            ));
        }
        self.timestamp = text.into_owned();
    }
}

/// A timestamp in seconds, if it is digits that fit.
pub(crate) fn seconds(text: &str, unit: Unit) -> Option<i64> {
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    Some(match unit {
        Unit::Seconds => number,
        Unit::Milliseconds => number / 1_000,
    })
}

/// The first of these headers that is present.
pub(crate) fn first<'a>(request: &'a Request, names: &[String]) -> Option<Cow<'a, str>> {
    names.iter().find_map(|name| request.header(name))
}

/// The `key=value` entries of a header.
fn pairs<'a>(scheme: &Scheme, value: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
    let trim = scheme.signature.trim;
    let entries = value.split(scheme.signature.separator.unwrap_or(','));
    entries.filter_map(move |entry| if trim { entry.trim() } else { entry }.split_once('='))
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
