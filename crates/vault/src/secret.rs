//! The type that holds a value in memory.

use secrecy::{ExposeSecret, SecretSlice};
use thiserror::Error;

/// A value, or any other bytes that must not be seen: wiped when dropped, printed as redacted,
/// not serialisable.
pub type Secret = SecretSlice<u8>;

/// Longest value that Keyward stores, in bytes (64 KiB).
pub const MAX_VALUE: usize = 64 * 1024;

/// Why a value is not stored.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SecretError {
    /// Nothing, or only white space.
    #[error("the value is empty")]
    Empty,
    /// Over [`MAX_VALUE`] bytes.
    #[error("the value has {0} bytes; the limit is 65,536")]
    TooLarge(usize),
}

/// Takes bytes as a secret. The vector becomes the secret's own memory where it has no spare
/// room; else it is copied and wiped.
#[must_use]
pub fn secret(bytes: Vec<u8>) -> Secret {
    if bytes.len() == bytes.capacity() {
        return Secret::from(bytes);
    }
    let bytes = zeroize::Zeroizing::new(bytes);
    Secret::from(bytes.to_vec())
}

/// Whether a value may be stored.
///
/// # Errors
/// [`SecretError`] says why not.
pub fn check_value(value: &Secret) -> Result<(), SecretError> {
    let bytes = value.expose_secret();
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(SecretError::Empty);
    }
    if bytes.len() > MAX_VALUE {
        return Err(SecretError::TooLarge(bytes.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself() {
        let value = secret(b"CANARY-value".to_vec());
        assert!(!format!("{value:?}").contains("CANARY"));
    }

    #[test]
    fn empty_and_oversized_values_are_refused() {
        assert_eq!(check_value(&secret(b" \n".to_vec())), Err(SecretError::Empty));
        assert_eq!(check_value(&secret(vec![])), Err(SecretError::Empty));
        assert_eq!(check_value(&secret(vec![b'x'; MAX_VALUE])), Ok(()));
        assert_eq!(
            check_value(&secret(vec![b'x'; MAX_VALUE + 1])),
            Err(SecretError::TooLarge(MAX_VALUE + 1))
        );
    }
}
