//! Making a random value.

use keyward_vault::{Secret, secret};
use zeroize::Zeroizing;

use crate::Error;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A random value of letters and digits; `spec` is its length, 16 to 1024.
///
/// # Errors
/// `USAGE` for another spec, `FAULT` when the operating system gives no randomness.
pub fn generate(spec: &str) -> Result<Secret, Error> {
    let length =
        spec.parse().ok().filter(|length| (16..=1024).contains(length)).ok_or_else(|| {
            Error::new(
                "USAGE",
                "A generated value has 16 to 1024 characters.",
                "For example --generate=32.",
            )
        })?;
    let mut value = Vec::with_capacity(length);
    let mut random = Zeroizing::new([0_u8; 64]);
    while value.len() < length {
        getrandom::getrandom(&mut *random)
            .map_err(|_| Error::new("FAULT", "The system gave no randomness.", "Try again."))?;
        // Bytes past the last whole multiple of 62 are dropped, so that every letter is as likely.
        let letters =
            random.iter().filter(|byte| **byte < 248).map(|byte| ALPHABET[usize::from(byte % 62)]);
        let missing = length - value.len();
        value.extend(letters.take(missing));
    }
    Ok(secret(value))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn values_have_the_length_asked_for_and_differ() {
        let one = generate("40").unwrap();
        assert_eq!(one.expose_secret().len(), 40);
        assert!(one.expose_secret().iter().all(u8::is_ascii_alphanumeric));
        assert_ne!(one.expose_secret(), generate("40").unwrap().expose_secret());
        assert!(generate("8").is_err() && generate("x").is_err());
    }
}
