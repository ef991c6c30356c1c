//! Twilio's signature: the URL, then each form field's name and value, sorted and without repeats
//! (Twilio's `RequestValidator`). As its libraries do, the URL is tried without its port and with one
//! (its own, else the default of its scheme). A body that is no form is covered through the query's
//! `bodySHA256`.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use crate::delivery::Delivery;
use crate::lookup;
use crate::url::Url;

/// The signed texts for each spelling of the URL.
pub(super) fn fields(delivery: &Delivery) -> Vec<Vec<u8>> {
    if is_form(delivery) {
        let fields = sorted(delivery.body);
        return spellings(delivery.url).map(|url| [url.as_bytes(), &fields].concat()).collect();
    }
    match lookup::query(delivery.url, "bodySHA256") {
        Some(stated) if stated != hex::encode(Sha256::digest(delivery.body)) => Vec::new(),
        _ => without_body(delivery),
    }
}

/// The signed texts with the body's hash in the URL taken at its word.
pub(super) fn without_body(delivery: &Delivery) -> Vec<Vec<u8>> {
    if is_form(delivery) {
        return Vec::new();
    }
    spellings(delivery.url).map(String::into_bytes).collect()
}

/// Whether the body is covered: as a form, or by its hash.
pub(super) fn covers_body(delivery: &Delivery) -> bool {
    delivery.body.is_empty()
        || is_form(delivery)
        || lookup::query(delivery.url, "bodySHA256").is_some()
}

fn spellings(given: &str) -> impl Iterator<Item = String> {
    let url = Url::parse(given);
    let others = url.iter().flat_map(|url| [url.without_port(), url.with_port()]);
    let mut all = vec![given.to_owned()];
    for other in others {
        if !all.contains(&other) {
            all.push(other);
        }
    }
    all.into_iter()
}

/// Sorted by name, then by value; a field that repeats with the same value counts once.
fn sorted(body: &[u8]) -> Vec<u8> {
    let fields: BTreeSet<_> = form_urlencoded::parse(body).collect();
    let mut text = Vec::with_capacity(body.len());
    for (name, value) in fields {
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(value.as_bytes());
    }
    text
}

/// Whether the body is a form: by its type, or, when that is absent, by not being JSON.
fn is_form(delivery: &Delivery) -> bool {
    match delivery.request.header("content-type") {
        Some(kind) => kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"),
        None => {
            !delivery.body.is_empty()
                && !matches!(delivery.body.trim_ascii_start().first(), Some(b'{' | b'['))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_sorted_and_repeats_dropped() {
        assert_eq!(sorted(b"b=2&a=z&a=y&a=z&c=&B=1"), b"B1ayazb2c");
    }

    #[test]
    fn the_url_is_tried_with_and_without_its_port() {
        let all: Vec<_> = spellings("https://a.example/h").collect();
        assert_eq!(all, ["https://a.example/h", "https://a.example:443/h"]);
        let all: Vec<_> = spellings("http://a.example:8080/h").collect();
        assert_eq!(all, ["http://a.example:8080/h", "http://a.example/h"]);
    }
}
