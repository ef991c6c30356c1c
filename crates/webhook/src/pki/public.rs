//! Public keys: reading them and verifying with them.

use ed25519_dalek::VerifyingKey as Ed25519Key;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use p256::ecdsa::{Signature as P256Signature, VerifyingKey as P256Key};
use rsa::{BigUint, Pkcs1v15Sign, Pss, RsaPublicKey};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use super::der::{self, Der};
use super::{jwk_bytes, pem};
use crate::key::{from_base64, from_hex};
use crate::scheme::KeyPair;

/// Most keys that a set may hold.
const MOST: usize = 64;

/// Largest text that is read as a key: a set of [`MOST`] certificates.
const LARGEST: usize = 512 * 1024;

/// A public key with the name that a set gives it.
pub(crate) struct PublicKey {
    pub id: Option<String>,
    kind: Kind,
}

enum Kind {
    Ed25519(Ed25519Key),
    P256(P256Key),
    Rsa(RsaPublicKey),
}

/// The public keys that a text holds; none when it holds none that can be used.
pub(crate) fn parse_public(text: &[u8]) -> Vec<PublicKey> {
    if text.len() > LARGEST {
        return Vec::new();
    }
    let one =
        |kind: Option<Kind>| kind.map(|kind| PublicKey { id: None, kind }).into_iter().collect();
    let trimmed = text.trim_ascii();
    if trimmed.starts_with(b"{") {
        return serde_json::from_slice(trimmed).map(|value| jwks(&value)).unwrap_or_default();
    }
    if trimmed.starts_with(b"-----") {
        return one(from_pem(trimmed));
    }
    let bytes = from_hex(text).or_else(|| from_base64(text));
    one(bytes.and_then(|bytes| from_bytes(&bytes)))
}

fn from_pem(text: &[u8]) -> Option<Kind> {
    if let Some(der) = pem(text, &["CERTIFICATE"]) {
        return from_spki(der::certificate_key(&der)?);
    }
    if let Some(der) = pem(text, &["RSA PUBLIC KEY"]) {
        return from_pkcs1(&der);
    }
    from_spki(&pem(text, &["PUBLIC KEY"])?)
}

/// Bare bytes: an Ed25519 key, a point of P-256, or DER.
fn from_bytes(bytes: &[u8]) -> Option<Kind> {
    match bytes {
        [0x02 | 0x03, ..] if bytes.len() == 33 => {
            P256Key::from_sec1_bytes(bytes).ok().map(Kind::P256)
        }
        [0x04, ..] if bytes.len() == 65 => P256Key::from_sec1_bytes(bytes).ok().map(Kind::P256),
        _ if bytes.len() == 32 => ed25519(bytes),
        _ => from_spki(bytes)
            .or_else(|| from_pkcs1(bytes))
            .or_else(|| from_spki(der::certificate_key(bytes)?)),
    }
}

fn ed25519(bytes: &[u8]) -> Option<Kind> {
    Ed25519Key::from_bytes(bytes.try_into().ok()?).ok().map(Kind::Ed25519)
}

fn from_spki(der: &[u8]) -> Option<Kind> {
    let der::Spki { algorithm, parameters, key } = der::spki(der)?;
    match algorithm {
        der::ED25519 => ed25519(key),
        der::EC if parameters == Some(der::P256) => {
            P256Key::from_sec1_bytes(key).ok().map(Kind::P256)
        }
        der::RSA => from_pkcs1(key),
        _ => None,
    }
}

fn from_pkcs1(der: &[u8]) -> Option<Kind> {
    let mut numbers = Der(der).sequence()?;
    let (n, e) = (numbers.unsigned()?, numbers.unsigned()?);
    rsa(n, e)
}

/// RSA keys of 1,024 to 4,096 bits; the old ones only because old webhook keys are that short.
fn rsa(n: &[u8], e: &[u8]) -> Option<Kind> {
    let key = RsaPublicKey::new(BigUint::from_bytes_be(n), BigUint::from_bytes_be(e)).ok()?;
    (n.len() >= 128).then_some(Kind::Rsa(key))
}

/// A JSON Web Key, a set of them (RFC 7517), or an object of `"id": "PEM"` as Google publishes.
fn jwks(value: &Value) -> Vec<PublicKey> {
    if let Some(keys) = value.get("keys").and_then(Value::as_array) {
        return keys.iter().take(MOST).filter_map(jwk).collect();
    }
    if let Some(key) = value.get("key").filter(|key| key.is_object()).unwrap_or(value).as_object()
        && key.contains_key("kty")
    {
        return jwk(&Value::Object(key.clone())).into_iter().collect();
    }
    let members = value.as_object().into_iter().flatten().take(MOST);
    let pems = members.filter_map(|(id, text)| {
        Some(PublicKey { id: Some(id.clone()), kind: from_pem(text.as_str()?.as_bytes())? })
    });
    pems.collect()
}

fn jwk(key: &Value) -> Option<PublicKey> {
    let kind = match (key.get("kty")?.as_str()?, key.get("crv").and_then(Value::as_str)) {
        ("OKP", Some("Ed25519")) => ed25519(&jwk_bytes(key, "x")?)?,
        ("EC", Some("P-256")) => {
            let (x, y) = (jwk_bytes(key, "x")?, jwk_bytes(key, "y")?);
            let point = [&[4], x.as_slice(), y.as_slice()].concat();
            Kind::P256(P256Key::from_sec1_bytes(&point).ok()?)
        }
        ("RSA", _) => rsa(&jwk_bytes(key, "n")?, &jwk_bytes(key, "e")?)?,
        _ => return None,
    };
    let id = key.get("kid").and_then(Value::as_str).map(str::to_owned);
    Some(PublicKey { id, kind })
}

impl PublicKey {
    /// The key of a SubjectPublicKeyInfo (RFC 5280).
    pub(super) fn from_spki(der: &[u8]) -> Option<Self> {
        Some(Self { id: None, kind: from_spki(der)? })
    }

    /// Whether the key is one for this algorithm.
    pub(crate) fn suits(&self, algorithm: KeyPair) -> bool {
        match self.kind {
            Kind::Ed25519(_) => algorithm == KeyPair::Ed25519,
            Kind::P256(_) => matches!(
                algorithm,
                KeyPair::EcdsaSha256 | KeyPair::EcdsaSha256Raw | KeyPair::EcdsaSha1
            ),
            Kind::Rsa(_) => matches!(
                algorithm,
                KeyPair::RsaSha1 | KeyPair::RsaSha256 | KeyPair::RsaSha512 | KeyPair::RsaPssSha256
            ),
        }
    }

    /// Whether a signature over a message verifies.
    ///
    /// For Ed25519 it is the strict check: Discord's libraries verify with libsodium, which refuses
    /// public keys and nonces of small order, and of the two checks that our library has only that one does.
    pub(crate) fn verify(&self, algorithm: KeyPair, message: &[u8], signature: &[u8]) -> bool {
        match (&self.kind, algorithm) {
            (Kind::Ed25519(key), KeyPair::Ed25519) => {
                ed25519_dalek::Signature::from_slice(signature)
                    .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())
            }
            (Kind::P256(key), KeyPair::EcdsaSha256 | KeyPair::EcdsaSha1) => {
                let hash = hash(algorithm, message);
                P256Signature::from_der(signature)
                    .is_ok_and(|signature| key.verify_prehash(&hash, &signature).is_ok())
            }
            (Kind::P256(key), KeyPair::EcdsaSha256Raw) => {
                let hash = hash(algorithm, message);
                P256Signature::from_slice(signature)
                    .is_ok_and(|signature| key.verify_prehash(&hash, &signature).is_ok())
            }
            (Kind::Rsa(key), _) => {
                let hash = hash(algorithm, message);
                match algorithm {
                    KeyPair::RsaSha1 => key.verify(Pkcs1v15Sign::new::<Sha1>(), &hash, signature),
                    KeyPair::RsaSha256 => {
                        key.verify(Pkcs1v15Sign::new::<Sha256>(), &hash, signature)
                    }
                    KeyPair::RsaSha512 => {
                        key.verify(Pkcs1v15Sign::new::<Sha512>(), &hash, signature)
                    }
                    KeyPair::RsaPssSha256 => key.verify(Pss::new::<Sha256>(), &hash, signature),
                    _ => return false,
                }
                .is_ok()
            }
            _ => false,
        }
    }
}

/// The hash that an algorithm signs.
pub(super) fn hash(algorithm: KeyPair, message: &[u8]) -> Vec<u8> {
    match algorithm {
        KeyPair::RsaSha1 | KeyPair::EcdsaSha1 => Sha1::digest(message).to_vec(),
        KeyPair::RsaSha512 => Sha512::digest(message).to_vec(),
        _ => Sha256::digest(message).to_vec(),
    }
}
