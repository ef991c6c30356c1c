//! The sealed box: XChaCha20-Poly1305 with a random nonce, for values the platform cannot hold
//! and for the keychain file. Layout: 24 bytes nonce, then ciphertext with its 16-byte tag.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use thiserror::Error;

use crate::secret::{Secret, secret};

const NONCE: usize = 24;

/// Why a box was not made or opened.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SealError {
    /// Damaged, cut short, made under another key, or moved to another place.
    #[error("the sealed value is damaged or belongs elsewhere")]
    Damaged,
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness")]
    NoRandomness,
}

/// Seals `plain` so that it opens only under `key` and with the same `place` (associated data).
///
/// # Errors
/// [`SealError::NoRandomness`]; nothing else fails.
pub fn seal(key: &[u8; 32], place: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; NONCE];
    getrandom::getrandom(&mut nonce).map_err(|_| SealError::NoRandomness)?;
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(XNonce::from_slice(&nonce), Payload { msg: plain, aad: place })
        .map_err(|_| SealError::Damaged)?;
    Ok([&nonce[..], &sealed].concat())
}

/// Opens a box that [`seal`] made with the same key and place.
///
/// # Errors
/// [`SealError::Damaged`] for anything else.
pub fn open(key: &[u8; 32], place: &[u8], sealed: &[u8]) -> Result<Secret, SealError> {
    let (nonce, body) = sealed.split_at_checked(NONCE).ok_or(SealError::Damaged)?;
    XChaCha20Poly1305::new(key.into())
        .decrypt(XNonce::from_slice(nonce), Payload { msg: body, aad: place })
        .map(secret)
        .map_err(|_| SealError::Damaged)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_box_opens_only_whole_in_its_place_and_under_its_key() {
        let sealed = seal(&[1; 32], b"a/1", b"value").unwrap();
        assert_eq!(open(&[1; 32], b"a/1", &sealed).unwrap().expose_secret(), b"value");
        assert!(open(&[2; 32], b"a/1", &sealed).is_err());
        assert!(open(&[1; 32], b"a/2", &sealed).is_err());
        for cut in 0..sealed.len() {
            assert!(open(&[1; 32], b"a/1", &sealed[..cut]).is_err(), "opened when cut at {cut}");
        }
        for at in 0..sealed.len() {
            let mut bad = sealed.clone();
            bad[at] ^= 1;
            assert!(open(&[1; 32], b"a/1", &bad).is_err(), "opened with byte {at} changed");
        }
    }
}
