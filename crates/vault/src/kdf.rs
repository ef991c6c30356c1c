//! From a passphrase to a key: Argon2id (RFC 9106), with limits that are checked before any work.

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

/// Argon2id as OWASP and RFC 9106 (second choice) have it: 64 MiB, 3 passes, 4 lanes.
pub(crate) const COST: Cost = Cost { memory: 64 * 1024, passes: 3, lanes: 4 };
/// The most that is done for what was read: four times what we write.
pub(crate) const MOST: Cost = Cost { memory: 4 * COST.memory, passes: 12, lanes: 16 };
/// Length of a salt that we write, in bytes.
pub(crate) const SALT: usize = 16;

/// What a derivation costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    /// KiB.
    pub(crate) memory: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
}

/// The parameters ask for too much, or for what Argon2 does not know.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooMuch;

impl Cost {
    /// Refuses what is too much, before any work.
    ///
    /// # Errors
    /// [`TooMuch`].
    pub(crate) fn check(self) -> Result<Params, TooMuch> {
        if self.memory > MOST.memory || self.passes > MOST.passes || self.lanes > MOST.lanes {
            return Err(TooMuch);
        }
        Params::new(self.memory, self.passes, self.lanes, Some(32)).map_err(|_| TooMuch)
    }
}

/// Derives a key of 32 bytes.
pub(crate) fn derive(
    passphrase: &[u8],
    salt: &[u8],
    cost: Cost,
) -> Result<Zeroizing<[u8; 32]>, TooMuch> {
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.check()?)
        .hash_password_into(passphrase, salt, &mut *key)
        .map_err(|_| TooMuch)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From Debian's `argon2` 0~20171227, the reference implementation in C:
    /// `printf 'correct horse battery' | argon2 0123456789abcdef -id -t 3 -k 65536 -p 4 -l 32 -r`
    #[test]
    fn the_reference_implementation_derives_the_same_key() {
        let key = derive(b"correct horse battery", b"0123456789abcdef", COST).unwrap();
        assert_eq!(
            hex::encode(*key),
            "5220483d4ba1637c5d5df43b377a7f6aed39a6159693d0029a3e4f76d50669ab"
        );
    }

    #[test]
    fn absurd_costs_are_refused_before_any_work() {
        for cost in [
            Cost { memory: u32::MAX, ..COST },
            Cost { passes: u32::MAX, ..COST },
            Cost { lanes: 17, ..COST },
            Cost { memory: 1, ..COST },
            Cost { passes: 0, ..COST },
        ] {
            assert_eq!(derive(b"p", &[0; SALT], cost).err(), Some(TooMuch), "{cost:?}");
        }
    }
}
