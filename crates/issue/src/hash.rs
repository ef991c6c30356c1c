//! What is kept of a key: its Argon2id hash (RFC 9106) as one line in the PHC string format, salt and
//! parameters included, so that any library that knows the format can verify it.
//! Source: <https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md>.

use std::fmt;

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, Salt};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret as _, SecretSlice};
use thiserror::Error;

/// The least memory in KiB: the smallest that OWASP's password storage cheat sheet names.
const MIN_MEMORY: u32 = 7 * 1024;
/// The most memory in KiB (1 GiB), passes and lanes that are worked with.
const MAX_MEMORY: u32 = 1024 * 1024;
const MAX_PASSES: u32 = 12;
const MAX_LANES: u32 = 16;
/// Longest hash line that is read, in bytes.
const MAX_LINE: usize = 256;

/// What one hash costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// KiB, 7,168 to 1,048,576.
    memory: u32,
    /// 1 to 12.
    passes: u32,
    /// 1 to 16.
    lanes: u32,
}

impl Default for Cost {
    /// 64 MiB, 3 passes, 4 lanes: RFC 9106's second recommendation.
    fn default() -> Self {
        Self { memory: 64 * 1024, passes: 3, lanes: 4 }
    }
}

/// Why a hash cannot be made or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HashError {
    /// Parameters that are not written as `m=65536,t=3,p=4`, or are out of range.
    #[error("the Argon2 parameters are not m=7168 to 1048576, t=1 to 12, p=1 to 16")]
    Cost,
    /// Not an Argon2id line of version 19 with a salt and a hash.
    #[error("the line is no Argon2id hash")]
    Line,
    /// The salt could not be made, or the memory is not there.
    #[error("the hash could not be made")]
    Failed,
}

impl Cost {
    /// Reads parameters in the words of a hash line, such as `m=19456,t=2,p=1`.
    ///
    /// # Errors
    /// [`HashError::Cost`].
    pub fn parse(text: &str) -> Result<Self, HashError> {
        let mut parts = text.split(',');
        let mut number = |name: &str| {
            let digits = parts.next()?.strip_prefix(name)?;
            digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
        };
        let (memory, passes, lanes) = (number("m="), number("t="), number("p="));
        match (memory, passes, lanes, parts.next()) {
            (Some(memory), Some(passes), Some(lanes), None) => {
                Self { memory, passes, lanes }.checked()
            }
            _ => Err(HashError::Cost),
        }
    }

    fn checked(self) -> Result<Self, HashError> {
        let fits = (MIN_MEMORY..=MAX_MEMORY).contains(&self.memory)
            && (1..=MAX_PASSES).contains(&self.passes)
            && (1..=MAX_LANES).contains(&self.lanes);
        if fits { Ok(self) } else { Err(HashError::Cost) }
    }

    fn params(self) -> Result<Params, HashError> {
        Params::new(self.memory, self.passes, self.lanes, Some(32)).map_err(|_| HashError::Cost)
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={},t={},p={}", self.memory, self.passes, self.lanes)
    }
}

/// The hash line of a key, with a fresh salt of 16 bytes.
///
/// # Errors
/// [`HashError::Failed`] when the system gives no randomness or no memory.
pub fn hash(key: &SecretSlice<u8>, cost: Cost) -> Result<String, HashError> {
    let mut random = [0; Salt::RECOMMENDED_LENGTH];
    getrandom::getrandom(&mut random).map_err(|_| HashError::Failed)?;
    let salt =
        argon2::password_hash::SaltString::encode_b64(&random).map_err(|_| HashError::Failed)?;
    let line = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.params()?)
        .hash_password(key.expose_secret(), &salt)
        .map_err(|_| HashError::Failed)?;
    Ok(line.to_string())
}

/// Whether a line is one that [`fits`] works with; it is checked before any work is done for it.
///
/// # Errors
/// [`HashError::Line`] or [`HashError::Cost`].
pub fn check_hash(line: &str) -> Result<Cost, HashError> {
    read(line).map(|(_, cost)| cost)
}

/// Whether a hash line is of this key. It costs what the line says.
///
/// # Errors
/// As [`check_hash`], and [`HashError::Failed`] when there is not enough memory.
pub fn fits(key: &SecretSlice<u8>, line: &str) -> Result<bool, HashError> {
    let (parsed, _) = read(line)?;
    // The verifier takes the parameters of the line and compares in constant time.
    match Argon2::default().verify_password(key.expose_secret(), &parsed) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::Password) => Ok(false),
        Err(_) => Err(HashError::Failed),
    }
}

fn read(line: &str) -> Result<(PasswordHash<'_>, Cost), HashError> {
    if line.len() > MAX_LINE {
        return Err(HashError::Line);
    }
    let parsed = PasswordHash::new(line).map_err(|_| HashError::Line)?;
    let ours = parsed.algorithm == Algorithm::Argon2id.ident()
        && parsed.version == Some(Version::V0x13.into())
        && parsed.salt.is_some()
        && parsed.hash.is_some_and(|hash| hash.len() == 32);
    if !ours {
        return Err(HashError::Line);
    }
    let number = |name| parsed.params.get_decimal(name).ok_or(HashError::Line);
    let cost = Cost { memory: number("m")?, passes: number("t")?, lanes: number("p")? };
    Ok((parsed, cost.checked()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIGHT: Cost = Cost { memory: MIN_MEMORY, passes: 1, lanes: 1 };

    fn secret(text: &[u8]) -> SecretSlice<u8> {
        SecretSlice::from(text.to_vec())
    }

    #[test]
    fn a_hash_fits_its_key_and_no_other() {
        let line = hash(&secret(b"acme_live_key"), LIGHT).unwrap();
        assert!(line.starts_with("$argon2id$v=19$m=7168,t=1,p=1$"), "{line}");
        assert_eq!(fits(&secret(b"acme_live_key"), &line), Ok(true));
        assert_eq!(fits(&secret(b"acme_live_kez"), &line), Ok(false));
        assert_ne!(line, hash(&secret(b"acme_live_key"), LIGHT).unwrap(), "the salt is fresh");
    }

    /// Made with the reference implementation, libargon2 20171227 (argon2-cffi 21.1.0): salt
    /// `keyward-salt-16b`.
    #[test]
    fn a_line_of_the_reference_implementation_is_read() {
        let line = "$argon2id$v=19$m=7168,t=2,p=4$a2V5d2FyZC1zYWx0LTE2Yg$JDQ9LkB8oPdwWuFW9QzvxD3NYFf3nySnpdhAOn4NKEE";
        assert_eq!(fits(&secret(b"acme_live_key"), line), Ok(true));
        assert_eq!(fits(&secret(b"acme_live_keY"), line), Ok(false));
    }

    #[test]
    fn absurd_parameters_are_refused_before_any_work() {
        let line = |params: &str| {
            format!(
                "$argon2id$v=19${params}$a2V5d2FyZC1zYWx0LTE2Yg$ENY3YwxQmnE8sF2JBtqu3UXvhpqAtWe9RvaSYoXyGWE"
            )
        };
        assert_eq!(check_hash(&line("m=65536,t=3,p=4")), Ok(Cost::default()));
        for params in
            ["m=4294967295,t=3,p=4", "m=65536,t=4294967295,p=4", "m=65536,t=3,p=0", "m=8,t=1,p=1"]
        {
            assert_eq!(check_hash(&line(params)), Err(HashError::Cost), "{params}");
        }
        for bad in
            ["", "$argon2id$", "x", "$argon2i$v=19$m=65536,t=3,p=4$a2V5d2FyZC1zYWx0LTE2Yg$AAAA"]
        {
            assert_eq!(check_hash(bad), Err(HashError::Line), "{bad}");
        }
        assert_eq!(check_hash(&line("t=3,p=4")), Err(HashError::Line));
        assert_eq!(check_hash(&"$".repeat(300)), Err(HashError::Line));
    }

    #[test]
    fn costs_are_read_in_the_words_of_a_hash_line() {
        assert_eq!(Cost::parse("m=65536,t=3,p=4"), Ok(Cost::default()));
        assert_eq!(Cost::parse("m=19456,t=2,p=1").unwrap().to_string(), "m=19456,t=2,p=1");
        for bad in [
            "",
            "m=19456",
            "m=19456,t=2",
            "m=19456,t=2,p=1,x=1",
            "t=2,m=19456,p=1",
            "m=+19456,t=2,p=1",
            "m=1024,t=2,p=1",
            "m=19456,t=0,p=1",
            "m=19456,t=13,p=1",
            "m=19456,t=2,p=17",
            "m=,t=2,p=1",
            "m=99999999999,t=1,p=1",
        ] {
            assert_eq!(Cost::parse(bad), Err(HashError::Cost), "{bad}");
        }
    }
}
