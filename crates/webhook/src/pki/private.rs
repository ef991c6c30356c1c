//! Private keys, for making samples of schemes that sign with a key pair. Nothing here verifies.

use ed25519_dalek::{Signer as _, SigningKey as Ed25519Key};
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use p256::ecdsa::{Signature as P256Signature, SigningKey as P256Key};
use rsa::{BigUint, Pkcs1v15Sign, RsaPrivateKey};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::der::{self, Der, OCTET_STRING};
use super::public::hash;
use super::{jwk_bytes, pem};
use crate::key::{from_base64, from_hex};
use crate::scheme::KeyPair;

/// A private key.
pub(crate) enum PrivateKey {
    Ed25519(Ed25519Key),
    P256(P256Key),
    Rsa(Box<RsaPrivateKey>),
}

impl PrivateKey {
    /// Reads PKCS #8, PKCS #1 or SEC 1 in PEM or base64, a JSON Web Key, or the 32 bytes of an Ed25519
    /// seed in hex or base64.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let trimmed = text.trim_ascii();
        if trimmed.starts_with(b"{") {
            return Self::from_jwk(&serde_json::from_slice(trimmed).ok()?);
        }
        if trimmed.starts_with(b"-----") {
            if let Some(der) = pem(trimmed, &["RSA PRIVATE KEY"]) {
                return Self::from_pkcs1(&der);
            }
            if let Some(der) = pem(trimmed, &["EC PRIVATE KEY"]) {
                return Self::from_sec1(&der);
            }
            return Self::from_pkcs8(&pem(trimmed, &["PRIVATE KEY"])?);
        }
        let bytes = from_hex(trimmed).or_else(|| from_base64(trimmed))?;
        match bytes.len() {
            32 => Self::ed25519(&bytes),
            _ => Self::from_pkcs8(&bytes)
                .or_else(|| Self::from_pkcs1(&bytes))
                .or_else(|| Self::from_sec1(&bytes)),
        }
    }

    fn ed25519(seed: &[u8]) -> Option<Self> {
        Some(Self::Ed25519(Ed25519Key::from_bytes(seed.try_into().ok()?)))
    }

    fn from_pkcs8(der: &[u8]) -> Option<Self> {
        let mut outer = Der(der).sequence()?;
        outer.unsigned()?;
        let (algorithm, parameters) = der::algorithm(&mut outer)?;
        let key = outer.expect(OCTET_STRING)?;
        match algorithm {
            der::ED25519 => Self::ed25519(Der(key).expect(OCTET_STRING)?),
            der::EC if parameters == Some(der::P256) => Self::from_sec1(key),
            der::RSA => Self::from_pkcs1(key),
            _ => None,
        }
    }

    fn from_sec1(der: &[u8]) -> Option<Self> {
        let mut outer = Der(der).sequence()?;
        outer.unsigned()?;
        P256Key::from_slice(outer.expect(OCTET_STRING)?).ok().map(Self::P256)
    }

    fn from_pkcs1(der: &[u8]) -> Option<Self> {
        let mut outer = Der(der).sequence()?;
        outer.unsigned()?;
        let mut number = || outer.unsigned().map(BigUint::from_bytes_be);
        let (n, e, d, p, q) = (number()?, number()?, number()?, number()?, number()?);
        let key = RsaPrivateKey::from_components(n, e, d, vec![p, q]).ok()?;
        Some(Self::Rsa(Box::new(key)))
    }

    fn from_jwk(key: &serde_json::Value) -> Option<Self> {
        let d = jwk_bytes(key, "d")?;
        match (key.get("kty")?.as_str()?, key.get("crv").and_then(serde_json::Value::as_str)) {
            ("OKP", Some("Ed25519")) => Self::ed25519(&d),
            ("EC", Some("P-256")) => P256Key::from_slice(&d).ok().map(Self::P256),
            ("RSA", _) => {
                let number =
                    |name: &str| jwk_bytes(key, name).map(|bytes| BigUint::from_bytes_be(&bytes));
                let primes = vec![number("p")?, number("q")?];
                let d = BigUint::from_bytes_be(&d);
                let key = RsaPrivateKey::from_components(number("n")?, number("e")?, d, primes);
                key.ok().map(|key| Self::Rsa(Box::new(key)))
            }
            _ => None,
        }
    }

    /// The signature over a message; `None` when the key is not one for the algorithm. PSS is not
    /// made here: its salt would need randomness, and no provider of the table uses it.
    pub(crate) fn sign(&self, algorithm: KeyPair, message: &[u8]) -> Option<Vec<u8>> {
        match (self, algorithm) {
            (Self::Ed25519(key), KeyPair::Ed25519) => Some(key.sign(message).to_bytes().to_vec()),
            (Self::P256(key), KeyPair::EcdsaSha256 | KeyPair::EcdsaSha1) => {
                let signature: P256Signature = key.sign_prehash(&hash(algorithm, message)).ok()?;
                Some(signature.to_der().as_bytes().to_vec())
            }
            (Self::P256(key), KeyPair::EcdsaSha256Raw) => {
                let signature: P256Signature = key.sign_prehash(&hash(algorithm, message)).ok()?;
                Some(signature.to_bytes().to_vec())
            }
            (Self::Rsa(key), _) => {
                let padding = match algorithm {
                    KeyPair::RsaSha1 => Pkcs1v15Sign::new::<Sha1>(),
                    KeyPair::RsaSha256 => Pkcs1v15Sign::new::<Sha256>(),
                    KeyPair::RsaSha512 => Pkcs1v15Sign::new::<Sha512>(),
                    _ => return None,
                };
                key.sign(padding, &hash(algorithm, message)).ok()
            }
            _ => None,
        }
    }

    /// Signs a token's input.
    pub(crate) fn sign_token(
        &self,
        algorithm: crate::scheme::JwtAlgorithm,
        input: &[u8],
    ) -> Option<Vec<u8>> {
        self.sign(super::token_key_pair(algorithm)?, input)
    }
}
