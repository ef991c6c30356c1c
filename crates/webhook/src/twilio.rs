//! Twilio's form signature: the URL, then each form field's name and value, sorted and without
//! repeats, HMAC-SHA1 in base64 (Twilio's `RequestValidator`). As its libraries do, the URL is tried
//! without its port and with one (its own, else the default of its scheme).

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use crate::delivery::Delivery;
use crate::engine::{mac, write};
use crate::scheme::{Algorithm, Encoding};
use crate::url::Url;

/// The signatures that a key gives, for the URL without and with a port.
pub(crate) fn expected(key: &[u8], delivery: &Delivery) -> Vec<Zeroizing<String>> {
    let text = |url: String| {
        let mac = Zeroizing::new(mac(Algorithm::Sha1, key, &[&signed(&url, delivery)]));
        Zeroizing::new(write(Encoding::Base64, &mac))
    };
    match Url::parse(delivery.url) {
        Some(url) => vec![text(url.without_port()), text(url.with_port())],
        None => vec![text(delivery.url.to_owned())],
    }
}

/// The bytes that are signed for one spelling of the URL.
pub(crate) fn signed(url: &str, delivery: &Delivery) -> Vec<u8> {
    let mut signed = url.as_bytes().to_vec();
    if is_form(delivery) {
        // Sorted by name, then by value; a field that repeats with the same value counts once.
        let fields: BTreeSet<_> = form_urlencoded::parse(delivery.body).collect();
        for (name, value) in fields {
            signed.extend_from_slice(name.as_bytes());
            signed.extend_from_slice(value.as_bytes());
        }
    }
    signed
}

/// Whether the body is a form: by its type, or, when that is absent, by not being JSON.
pub(crate) fn is_form(delivery: &Delivery) -> bool {
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
    use crate::request::Request;

    #[test]
    fn fields_are_sorted_and_repeats_dropped() {
        let request = Request::default();
        let delivery = Delivery {
            request: &request,
            method: "POST",
            url: "https://a.example/h",
            id: "",
            timestamp: "",
            body: b"b=2&a=z&a=y&a=z&c=&B=1",
            signatures: &[],
        };
        assert_eq!(signed(delivery.url, &delivery), b"https://a.example/hB1ayazb2c");
    }
}
