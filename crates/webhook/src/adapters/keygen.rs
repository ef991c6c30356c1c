//! Keygen's HTTP signature: the request line and the headers that the signature lists, each as
//! `name: value` on a line (draft-cavage-http-signatures). The body is covered through `Digest`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::delivery::Delivery;
use crate::url::target;

/// What is signed when the header lists nothing.
const USUAL: &str = "(request-target) host date digest";

/// The signed text; none when the stated digest is not the body's.
pub(super) fn fields(delivery: &Delivery) -> Option<Vec<u8>> {
    if covers_body(delivery) {
        let stated = delivery.request.header("digest")?;
        let right = STANDARD.encode(Sha256::digest(delivery.body));
        let given = stated.split_once('=').map(|(_, hash)| hash.to_owned())?;
        if given != right {
            return None;
        }
    }
    without_body(delivery)
}

/// The signed text with the digest taken at its word.
pub(super) fn without_body(delivery: &Delivery) -> Option<Vec<u8>> {
    let mut lines = Vec::new();
    for name in listed(delivery).split_whitespace() {
        let value = match name {
            "(request-target)" => {
                format!("{} {}", delivery.method.to_ascii_lowercase(), target(delivery.url))
            }
            _ => delivery.request.header(name)?.into_owned(),
        };
        lines.push(format!("{}: {value}", name.to_ascii_lowercase()));
    }
    Some(lines.join("\n").into_bytes())
}

/// Whether the digest is among what is signed.
pub(super) fn covers_body(delivery: &Delivery) -> bool {
    listed(delivery).split_whitespace().any(|name| name.eq_ignore_ascii_case("digest"))
}

fn listed(delivery: &Delivery) -> String {
    let header = delivery.request.header("keygen-signature").unwrap_or_default();
    let entries = header.split(',').filter_map(|entry| entry.trim().split_once('='));
    let listed = entries.into_iter().find(|(key, _)| *key == "headers");
    listed.map_or(USUAL.to_owned(), |(_, value)| value.trim_matches('"').to_owned())
}
