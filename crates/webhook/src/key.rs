//! From a secret as it is stored to the key that a scheme computes with. Strict: a secret is taken
//! byte for byte, and what cannot be decoded is named rather than repaired.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::scheme::{KeyForm, Method, Scheme};

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
    #[error("it is not a public key of 64 hex digits")]
    PublicKey,
}

/// The key that a secret stands for in a scheme.
pub(crate) fn key(scheme: &Scheme, secret: &[u8]) -> Result<KeyBytes, KeyFault> {
    match &scheme.sign {
        Method::Hmac(hmac) => {
            let bare = secret.strip_prefix(hmac.secret_prefix.as_bytes()).unwrap_or(secret);
            match hmac.key {
                KeyForm::Text => Ok(Zeroizing::new(secret.to_vec())),
                KeyForm::Hex => from_hex(bare).ok_or(KeyFault::Hex),
                KeyForm::Base64 => from_base64(bare).ok_or(KeyFault::Base64),
            }
        }
        Method::TwilioForm => Ok(Zeroizing::new(secret.to_vec())),
        Method::DiscordEd25519 => {
            let key = from_hex(secret).filter(|key| crate::discord::is_public_key(key));
            key.ok_or(KeyFault::PublicKey)
        }
    }
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
