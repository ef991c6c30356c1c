//! From a secret as it is stored to the key that a scheme computes with. Strict: a secret is taken
//! byte for byte, and what cannot be decoded is named rather than repaired.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha1::{Digest as _, Sha1};
use zeroize::Zeroizing;

use crate::pki::{PublicKey, parse_public, token_key_pair};
use crate::scheme::{Hmac, KeyForm, KeyPair, Method, Scheme};

/// Standard base64, padded or not, as the Standard Webhooks libraries take secrets.
pub(crate) const BASE64_ANY_PADDING: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A key, wiped when dropped.
pub(crate) type KeyBytes = Zeroizing<Vec<u8>>;

/// A secret that a scheme cannot use; the words never hold any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyFault {
    #[error("it is not base64 after its prefix")]
    Base64,
    #[error("it is not hexadecimal")]
    Hex,
    #[error("it is not a public key (PEM, JSON Web Key, base64 or hex)")]
    PublicKey,
    #[error("its key is of another kind than the scheme's")]
    OtherKind,
}

/// The key that a secret stands for in a scheme. A public key stays as the text it came in.
pub(crate) fn key(scheme: &Scheme, secret: &[u8]) -> Result<KeyBytes, KeyFault> {
    match &scheme.sign {
        Method::Hmac(hmac) | Method::Digest(hmac) => hmac_key(hmac, secret),
        Method::PublicKey(recipe) => public(secret, |key| {
            key.suits(recipe.algorithm) || (scheme.adapter.is_some() && key.suits(KeyPair::RsaSha1))
        }),
        Method::Jwt(jwt) => {
            let pairs: Vec<_> = jwt.algorithm.iter().filter_map(|a| token_key_pair(*a)).collect();
            match pairs.is_empty() {
                true => Ok(Zeroizing::new(secret.to_vec())),
                false => public(secret, |key| pairs.iter().any(|pair| key.suits(*pair))),
            }
        }
        Method::Token | Method::Basic | Method::None => Ok(Zeroizing::new(secret.to_vec())),
    }
}

fn hmac_key(hmac: &Hmac, secret: &[u8]) -> Result<KeyBytes, KeyFault> {
    let prefixes = hmac.secret_prefix.iter();
    let bare = prefixes.into_iter().find_map(|prefix| secret.strip_prefix(prefix.as_bytes()));
    let rest = bare.unwrap_or(secret);
    match hmac.key {
        KeyForm::Hex => from_hex(rest).ok_or(KeyFault::Hex),
        KeyForm::Base64 => from_base64(rest).ok_or(KeyFault::Base64),
        KeyForm::PrefixedBase64 if bare.is_some() => from_base64(rest).ok_or(KeyFault::Base64),
        KeyForm::Text | KeyForm::PrefixedBase64 | KeyForm::TextOrBase64 => {
            Ok(Zeroizing::new(secret.to_vec()))
        }
        KeyForm::Sha1 => Ok(Zeroizing::new(Sha1::digest(secret).to_vec())),
    }
}

/// The second key of a secret, for a scheme that takes it in two ways.
pub(crate) fn second(scheme: &Scheme, secret: &[u8]) -> Option<KeyBytes> {
    let recipe = scheme.hmac().filter(|recipe| recipe.key == KeyForm::TextOrBase64);
    recipe.and_then(|_| from_base64(secret.strip_prefix(b"whsec_").unwrap_or(secret)))
}

fn public(text: &[u8], suits: impl Fn(&PublicKey) -> bool) -> Result<KeyBytes, KeyFault> {
    let keys = parse_public(text);
    if keys.is_empty() {
        return Err(KeyFault::PublicKey);
    }
    keys.iter().any(suits).then(|| Zeroizing::new(text.to_vec())).ok_or(KeyFault::OtherKind)
}

/// Whether a secret holds nothing but white space and the scheme's prefix.
pub(crate) fn is_empty(scheme: &Scheme, secret: &[u8]) -> bool {
    let secret = secret.trim_ascii();
    secret.is_empty() || secret == scheme.secret_prefix().as_bytes()
}

/// The bytes that a text of hex digits stands for, if it has any.
pub(crate) fn from_hex(text: &[u8]) -> Option<KeyBytes> {
    let bytes = Zeroizing::new(hex::decode(text).ok()?);
    (!bytes.is_empty()).then_some(bytes)
}

/// The bytes that a standard base64 text stands for, if it has any.
pub(crate) fn from_base64(text: &[u8]) -> Option<KeyBytes> {
    let bytes = Zeroizing::new(BASE64_ANY_PADDING.decode(text).ok()?);
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schemes::find;

    #[test]
    fn whsec_means_two_things() {
        let text = key(find("stripe").unwrap(), b"whsec_AAEC").unwrap();
        assert_eq!(*text, b"whsec_AAEC");
        let decoded = key(find("standard_webhooks").unwrap(), b"whsec_AAEC").unwrap();
        assert_eq!(*decoded, [0, 1, 2]);
        assert_eq!(*key(find("svix").unwrap(), b"AAE").unwrap(), [0, 1], "no prefix, no padding");
    }

    #[test]
    fn nothing_is_repaired() {
        let standard = find("standard_webhooks").unwrap();
        for bad in [&b"whsec_AAEC\n"[..], b"whsec_AA EC", b"whsec_*", b"v1,whsec_AAEC", b"whsec_"] {
            assert_eq!(key(standard, bad).unwrap_err(), KeyFault::Base64);
        }
        let discord = find("discord").unwrap();
        assert_eq!(key(discord, b"00").unwrap_err(), KeyFault::PublicKey);
        assert_eq!(key(discord, &[b'f'; 63]).unwrap_err(), KeyFault::PublicKey);
    }

    #[test]
    fn a_bare_prefix_is_an_empty_secret() {
        assert!(is_empty(find("stripe").unwrap(), b" whsec_\n"));
        assert!(is_empty(find("github").unwrap(), b"\r\n"));
        assert!(!is_empty(find("github").unwrap(), b"whsec_"));
    }
}
