//! The format of an issued key:
//!
//! ```text
//! acme_live_ k7Qm2XcA 8yG…43 letters and digits… 1aB2c3
//! prefix     id       secret                     checksum
//! ```
//!
//! in one word, without blanks. Everything after the prefix is base62 (`0-9A-Za-z`). The id is public:
//! it finds the key's row. The secret is 43 digits, 256 bits, of the operating system's randomness. The
//! checksum is the CRC-32 of ISO-HDLC (that of zlib and PNG) over everything before it, as six base62
//! digits, the highest first: GitHub's format of 2021, which code hosts' scanners can check without
//! asking anybody. It proves nothing but that the key was not mistyped, cut off or made up.

use secrecy::{ExposeSecret as _, SecretSlice};
use thiserror::Error;
use zeroize::Zeroizing;

/// Digits of a key's id.
pub const ID: usize = 8;
/// Longest prefix, in bytes.
pub const MAX_PREFIX: usize = 32;
/// 62^43 is just over 2^256.
const SECRET: usize = 43;
/// 62^6 is over 2^32.
const CHECKSUM: usize = 6;
const BODY: usize = ID + SECRET + CHECKSUM;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A key that was just made.
#[derive(Debug)]
pub struct Made {
    /// The public part.
    pub id: String,
    /// The whole key, ASCII.
    pub key: SecretSlice<u8>,
}

/// The public parts of a key whose checksum fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts<'k> {
    /// What it begins with, without the `_` that ends it.
    pub prefix: &'k str,
    /// Its id.
    pub id: &'k str,
}

/// Why a text is no key of this format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum KeyError {
    /// It has another form.
    #[error("this is no key of the form PREFIX_ and 57 letters and digits")]
    Form,
    /// It has the form, and its checksum does not fit the rest.
    #[error("the key's checksum does not fit: it was mistyped, cut off or made up")]
    Checksum,
}

/// The operating system gave no randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the system gave no randomness")]
pub struct RandomError;

/// Whether keys may begin with this: 2 to 32 ASCII letters, digits and single `_`, a letter first and
/// none of `_` last, so that a whole key is one word to every editor, shell and URL.
#[must_use]
pub fn is_prefix(text: &str) -> bool {
    (2..=MAX_PREFIX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && !text.ends_with('_')
        && !text.contains("__")
}

/// Whether this has the form of a key's id.
#[must_use]
pub fn is_id(text: &str) -> bool {
    text.len() == ID && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Makes a key. `prefix` is one that [`is_prefix`] takes.
///
/// # Errors
/// [`RandomError`].
pub fn make(prefix: &str) -> Result<Made, RandomError> {
    // Whole from the start, so that growing leaves no copy behind.
    let mut key = Zeroizing::new(Vec::with_capacity(prefix.len() + 1 + BODY));
    key.extend_from_slice(prefix.as_bytes());
    key.push(b'_');
    random_digits(&mut key, ID + SECRET)?;
    let id = key[prefix.len() + 1..][..ID].iter().map(|b| char::from(*b)).collect();
    let sum = checksum(&key);
    key.extend_from_slice(&sum);
    Ok(Made { id, key: SecretSlice::from(key.to_vec()) })
}

/// Reads a key's public parts and checks its checksum, which needs no hash and no row.
///
/// # Errors
/// [`KeyError`].
pub fn parse(key: &SecretSlice<u8>) -> Result<Parts<'_>, KeyError> {
    let text = std::str::from_utf8(key.expose_secret()).map_err(|_| KeyError::Form)?;
    let (prefix, body) = text.rsplit_once('_').ok_or(KeyError::Form)?;
    let digits = body.len() == BODY && body.bytes().all(|b| b.is_ascii_alphanumeric());
    if !digits || !is_prefix(prefix) {
        return Err(KeyError::Form);
    }
    let (before, sum) = text.split_at(text.len() - CHECKSUM);
    if checksum(before.as_bytes()) != sum.as_bytes() {
        return Err(KeyError::Checksum);
    }
    Ok(Parts { prefix, id: &body[..ID] })
}

fn checksum(text: &[u8]) -> [u8; CHECKSUM] {
    let mut rest = crc32fast::hash(text);
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    digits
}

fn random_digits(into: &mut Vec<u8>, count: usize) -> Result<(), RandomError> {
    let end = into.len() + count;
    let mut random = Zeroizing::new([0_u8; 64]);
    while into.len() < end {
        getrandom::getrandom(&mut *random).map_err(|_| RandomError)?;
        // Bytes past the last whole multiple of 62 are dropped, so that every digit is as likely.
        let digits = random.iter().filter(|b| **b < 248).map(|b| DIGITS[usize::from(b % 62)]);
        let missing = end - into.len();
        into.extend(digits.take(missing));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secret(text: &[u8]) -> SecretSlice<u8> {
        SecretSlice::from(text.to_vec())
    }

    /// The published check value of CRC-32/ISO-HDLC is that of `123456789`: cbf43926, which Python's
    /// `zlib` gives too; its base62 digits are 3, 45, 35, 27, 22, 14.
    #[test]
    fn the_checksum_is_the_published_one() {
        assert_eq!(crc32fast::hash(b"123456789"), 0xcbf4_3926);
        assert_eq!(&checksum(b"123456789"), b"3jZRME");
        assert_eq!(&checksum(b""), b"000000", "CRC-32 of nothing is 0");
    }

    #[test]
    fn prefixes_make_one_word() {
        for good in ["ab", "acme_live", "acme_v2_test", "Acme", &"a".repeat(32)] {
            assert!(is_prefix(good), "{good}");
        }
        let long = "a".repeat(33);
        let bad = [
            "", "a", "_acme", "acme_", "a__b", "1a", "a-b", "a b", "a.b", "é1", "a\n", "a/b", &long,
        ];
        for bad in bad {
            assert!(!is_prefix(bad), "{bad:?}");
        }
    }

    #[test]
    fn keys_differ_and_print_nothing() {
        let (one, two) = (make("acme_live").unwrap(), make("acme_live").unwrap());
        assert_ne!(one.key.expose_secret(), two.key.expose_secret());
        assert_eq!(one.key.expose_secret().len(), "acme_live_".len() + 57);
        assert!(!format!("{one:?}").contains("acme_live_"));
    }

    proptest! {
        #[test]
        fn what_is_made_is_read_and_one_changed_character_is_refused(
            prefix in "[a-z][a-z0-9]{1,5}(_[a-z0-9]{1,5}){0,2}",
            at in any::<prop::sample::Index>(),
            other in any::<u8>(),
        ) {
            let made = make(&prefix).unwrap();
            let parts = parse(&made.key).unwrap();
            prop_assert_eq!((parts.prefix, parts.id), (prefix.as_str(), made.id.as_str()));
            prop_assert!(is_id(&made.id));

            let text = made.key.expose_secret();
            let at = at.index(text.len());
            let mut changed = text.to_vec();
            changed[at] = other;
            if changed != text {
                prop_assert!(parse(&secret(&changed)).is_err());
            }
            prop_assert!(parse(&secret(&text[..at])).is_err(), "cut off");
            let mut doubled = text.to_vec();
            doubled.insert(at, text[at]);
            prop_assert!(parse(&secret(&doubled)).is_err(), "a character twice");
            if let Some(next) = text.get(at + 1).filter(|next| **next != text[at]) {
                let mut swapped = text.to_vec();
                (swapped[at], swapped[at + 1]) = (*next, text[at]);
                prop_assert!(parse(&secret(&swapped)).is_err(), "two exchanged");
            }
        }

        #[test]
        fn any_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(parse(&secret(&bytes)).is_err());
        }
    }
}
