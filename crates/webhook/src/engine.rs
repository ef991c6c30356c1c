//! Runs one recipe: what is signed, the signature that a key gives, and whether a request has it.
//!
//! Every comparison of a signature is constant-time, and is made on the written text: provider
//! libraries compare text, so upper-case hex or unpadded base64 does not fit.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::delivery::{Delivery, first};
use crate::scheme::{self, Algorithm, Encoding, Method, Part, Scheme};
use crate::{discord, twilio};

/// Whether any signature of the delivery fits the key.
pub(crate) fn fits(scheme: &Scheme, key: &[u8], delivery: &Delivery) -> bool {
    if matches!(scheme.sign, Method::DiscordEd25519) {
        return discord::fits(key, delivery);
    }
    let expected = expected(scheme, key, delivery);
    let pairs = expected.iter().flat_map(|e| delivery.signatures.iter().map(move |s| (e, s)));
    pairs.fold(false, |found, (e, s)| same(e.as_bytes(), s.as_bytes()) | found)
}

/// The signature texts that a key gives; none for a scheme whose key only verifies.
///
/// These stay inside the crate: showing one would hand out a forged signature.
pub(crate) fn expected(scheme: &Scheme, key: &[u8], delivery: &Delivery) -> Vec<Zeroizing<String>> {
    match &scheme.sign {
        Method::Hmac(hmac) => vec![hmac_text(hmac, key, delivery)],
        Method::TwilioForm => twilio::expected(key, delivery),
        Method::DiscordEd25519 => Vec::new(),
    }
}

/// The signature of one HMAC recipe, as it is written.
pub(crate) fn hmac_text(
    recipe: &scheme::Hmac,
    key: &[u8],
    delivery: &Delivery,
) -> Zeroizing<String> {
    let pieces: Vec<_> = recipe.template.parts().iter().map(|part| piece(part, delivery)).collect();
    let pieces: Vec<&[u8]> = pieces.iter().map(AsRef::as_ref).collect();
    let mac = Zeroizing::new(mac(recipe.algorithm, key, &pieces));
    Zeroizing::new(write(recipe.encoding, &mac))
}

fn piece<'a>(part: &'a Part, delivery: &Delivery<'a>) -> std::borrow::Cow<'a, [u8]> {
    match part {
        Part::Literal(text) => text.as_bytes().into(),
        Part::Body => delivery.body.into(),
        Part::Timestamp => delivery.timestamp.as_bytes().into(),
        Part::Id => delivery.id.as_bytes().into(),
        Part::Url => delivery.url.as_bytes().into(),
        Part::Method => delivery.method.to_ascii_uppercase().into_bytes().into(),
        Part::Header(name) => {
            let value = first(delivery.request, std::slice::from_ref(name));
            value.unwrap_or_default().into_owned().into_bytes().into()
        }
    }
}

/// RFC 2104 over the pieces put together. Any key length is allowed.
pub(crate) fn mac(algorithm: Algorithm, key: &[u8], pieces: &[&[u8]]) -> Vec<u8> {
    fn run<M: Mac + hmac::digest::KeyInit>(key: &[u8], pieces: &[&[u8]]) -> Vec<u8> {
        let mut mac = <M as Mac>::new_from_slice(key).expect("HMAC takes a key of any length");
        pieces.iter().for_each(|piece| mac.update(piece));
        mac.finalize().into_bytes().to_vec()
    }
    match algorithm {
        Algorithm::Sha1 => run::<Hmac<Sha1>>(key, pieces),
        Algorithm::Sha256 => run::<Hmac<Sha256>>(key, pieces),
        Algorithm::Sha512 => run::<Hmac<Sha512>>(key, pieces),
    }
}

/// Bytes in the encoding that a scheme writes signatures in.
pub(crate) fn write(encoding: Encoding, bytes: &[u8]) -> String {
    match encoding {
        Encoding::Hex => hex::encode(bytes),
        Encoding::Base64 => STANDARD.encode(bytes),
        Encoding::Base64url => URL_SAFE_NO_PAD.encode(bytes),
    }
}

/// Equality whose time tells nothing about where two texts differ, only that their lengths do.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// What a scheme signs and how, in words.
pub(crate) fn recipe(scheme: &Scheme) -> String {
    match &scheme.sign {
        Method::Hmac(hmac) => format!(
            "`{}` with {}, in {}",
            hmac.template.text(),
            hmac.algorithm.name(),
            hmac.encoding.name()
        ),
        Method::TwilioForm => {
            "the URL and each form field's name and value, sorted, with HMAC-SHA1, in base64".into()
        }
        Method::DiscordEd25519 => "`{timestamp}{body}` with Ed25519, in hex".into(),
    }
}

/// The bytes that are signed. For Twilio, those of the URL as given.
pub(crate) fn signed_bytes(scheme: &Scheme, delivery: &Delivery) -> Vec<u8> {
    match &scheme.sign {
        Method::Hmac(hmac) => {
            let pieces = hmac.template.parts().iter().map(|part| piece(part, delivery));
            pieces.fold(Vec::new(), |mut all, piece| {
                all.extend_from_slice(&piece);
                all
            })
        }
        Method::TwilioForm => twilio::signed(delivery.url, delivery),
        Method::DiscordEd25519 => discord::signed(delivery),
    }
}

/// Whether what is signed covers the body, so that the verdict may say valid.
pub(crate) fn covers_body(scheme: &Scheme, delivery: &Delivery) -> bool {
    match &scheme.sign {
        Method::Hmac(hmac) => hmac.template.has(&Part::Body),
        Method::TwilioForm => delivery.body.is_empty() || twilio::is_form(delivery),
        Method::DiscordEd25519 => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_hmac_vectors() {
        // RFC 2202 test case 2 and RFC 4231 test case 2.
        let (key, data): (&[u8], &[&[u8]]) = (b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(
            hex::encode(mac(Algorithm::Sha1, key, data)),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        );
        assert_eq!(
            hex::encode(mac(Algorithm::Sha256, key, data)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert!(
            hex::encode(mac(Algorithm::Sha512, key, data)).starts_with("164b7a7bfcf819e2e395fbe7")
        );
    }

    #[test]
    fn the_last_byte_counts() {
        assert!(same(b"0123456789abcdef", b"0123456789abcdef"));
        assert!(!same(b"0123456789abcdef", b"0123456789abcdee"));
        assert!(!same(b"0123456789abcdef", b"0123456789abcde"));
        assert!(!same(b"", b"0"));
    }
}
