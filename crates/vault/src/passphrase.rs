//! A passphrase as a person gives it: the same words are the same bytes, whatever keyboard or editor
//! wrote them.

use secrecy::ExposeSecret;
use thiserror::Error;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use crate::secret::{Secret, secret};

/// Longest passphrase, in bytes.
const MAX: usize = 4096;

/// Why a passphrase is not taken.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PassphraseError {
    /// No passphrase at all.
    #[error("the passphrase is empty")]
    Empty,
    /// Over 4,096 bytes, or not UTF-8.
    #[error("the passphrase is too long or is not text")]
    Unfit,
}

/// A passphrase, normalised (Unicode NFKC, UAX #15). Wiped when dropped, prints nothing.
pub struct Passphrase(Secret);

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase([redacted])")
    }
}

impl Passphrase {
    /// Takes what was typed, or a file's bytes: one final newline is dropped.
    ///
    /// # Errors
    /// [`PassphraseError`] says why not.
    pub fn new(bytes: &Secret) -> Result<Self, PassphraseError> {
        let bytes = bytes.expose_secret();
        let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return Err(PassphraseError::Empty);
        }
        if line.len() > MAX {
            return Err(PassphraseError::Unfit);
        }
        let text = std::str::from_utf8(line).map_err(|_| PassphraseError::Unfit)?;
        // Measured first, so that growing leaves no unwiped copies behind.
        let mut normal =
            Zeroizing::new(String::with_capacity(text.nfkc().map(char::len_utf8).sum()));
        normal.extend(text.nfkc());
        Ok(Self(secret(normal.as_bytes().to_vec())))
    }

    /// The bytes from which a key is derived.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(text: &str) -> Result<Vec<u8>, PassphraseError> {
        Passphrase::new(&secret(text.as_bytes().to_vec())).map(|words| words.bytes().to_vec())
    }

    #[test]
    fn the_same_words_are_the_same_bytes() {
        assert_eq!(take("caf\u{e9}").unwrap(), take("cafe\u{301}\n").unwrap());
        assert_eq!(take("ﬁne").unwrap(), b"fine");
        assert_eq!(take("two words\r\n").unwrap(), b"two words");
        assert_eq!(take("two words\n\n").unwrap(), b"two words\n", "only one newline is dropped");
        assert_ne!(take("a").unwrap(), take("A").unwrap());
    }

    #[test]
    fn nothing_too_much_and_no_text_are_refused() {
        assert_eq!(take(""), Err(PassphraseError::Empty));
        assert_eq!(take("\n"), Err(PassphraseError::Empty));
        assert_eq!(take(&"x".repeat(MAX + 1)), Err(PassphraseError::Unfit));
        assert!(take(&"x".repeat(MAX)).is_ok());
        let bytes = secret(vec![0xff, 0xfe]);
        assert_eq!(Passphrase::new(&bytes).err(), Some(PassphraseError::Unfit));
    }
}
