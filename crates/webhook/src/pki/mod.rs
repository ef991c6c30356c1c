//! Keys of key pairs in every dress they come in: PEM, DER in base64, a JSON Web Key or a set of them, a
//! certificate, or bare bytes in hex or base64; and signing and verifying with them.

mod certificate;
mod der;
mod private;
mod public;

pub(crate) use self::certificate::{Chain, Distrust, judge};
pub(crate) use self::private::PrivateKey;
pub(crate) use self::public::{PublicKey, parse_public};

use base64::Engine as _;
use zeroize::Zeroizing;

use crate::key::{BASE64_ANY_PADDING, KeyBytes};

/// The DER inside a PEM block (RFC 7468) whose label ends with one of these.
fn pem(text: &[u8], labels: &[&str]) -> Option<KeyBytes> {
    let text = std::str::from_utf8(text).ok()?;
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (inner, _) = rest.split_once("-----END ")?;
    if !labels.iter().any(|wanted| label.ends_with(wanted)) || inner.contains(':') {
        return None;
    }
    let bare: String = inner.chars().filter(|c| !c.is_whitespace()).collect();
    let bare = Zeroizing::new(bare);
    BASE64_ANY_PADDING.decode(bare.as_bytes()).ok().map(Zeroizing::new)
}

/// A member of a JSON Web Key: URL-safe base64 without padding (RFC 7515).
fn jwk_bytes(key: &serde_json::Value, name: &str) -> Option<KeyBytes> {
    let text = key.get(name)?.as_str()?.trim_end_matches('=');
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    engine.decode(text).ok().map(Zeroizing::new)
}

/// The key pair algorithm of a token's; `None` for those with a shared secret.
pub(crate) fn token_key_pair(
    algorithm: crate::scheme::JwtAlgorithm,
) -> Option<crate::scheme::KeyPair> {
    use crate::scheme::{JwtAlgorithm, KeyPair};
    match algorithm {
        JwtAlgorithm::Rs256 => Some(KeyPair::RsaSha256),
        JwtAlgorithm::Es256 => Some(KeyPair::EcdsaSha256Raw),
        JwtAlgorithm::Hs256 | JwtAlgorithm::Hs384 | JwtAlgorithm::Hs512 => None,
    }
}
