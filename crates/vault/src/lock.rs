//! The lock key: a random key under which every value of a vault with a passphrase is sealed before
//! the keychain gets it, and which the passphrase alone unwraps. So locked means locked, for the
//! owner of the keychain too.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use keyward_store::Lock;
use secrecy::{ExposeSecret, SecretBox};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::kdf::{self, COST, Cost, SALT};
use crate::passphrase::Passphrase;
use crate::sealed::{self, SealError};
use crate::secret::{Secret, secret};
use crate::vault::new_id;

/// What a sealed value begins with: text, because not every keychain holds anything else.
const MARK: &[u8] = b"keyward-locked-1:";

/// Why a lock key was not unwrapped.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum UnwrapError {
    /// Not this passphrase.
    #[error("the passphrase is wrong")]
    Wrong,
    /// The lock asks for more work than is sane.
    #[error("the lock asks for too much memory or time")]
    Limit,
    /// The lock's row holds something else.
    #[error("the lock is damaged")]
    Damaged,
}

/// The key of one lock. Wiped when dropped, prints nothing.
pub struct LockKey {
    id: String,
    key: SecretBox<[u8; 32]>,
}

impl std::fmt::Debug for LockKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LockKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl LockKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`].
    pub fn generate(now: Timestamp) -> Result<Self, SealError> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::getrandom(&mut *key).map_err(|_| SealError::NoRandomness)?;
        Ok(Self::from_bytes(new_id(now)?, &key))
    }

    /// A key that was kept elsewhere, with the id of its lock.
    #[must_use]
    pub fn from_bytes(id: String, bytes: &[u8; 32]) -> Self {
        let key = SecretBox::init_with_mut(|key: &mut [u8; 32]| key.copy_from_slice(bytes));
        Self { id, key }
    }

    /// Which lock it is of; see [`Lock::id`].
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether it is the key of this lock, and not one that only says so.
    #[must_use]
    pub fn fits(&self, lock: &Lock) -> bool {
        self.id == lock.id && self.check().as_bytes().ct_eq(lock.check.as_bytes()).into()
    }

    /// HMAC-SHA-256 (RFC 2104) of a fixed text under the key, in hex.
    fn check(&self) -> String {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(self.bytes())
            .expect("HMAC takes keys of any length");
        mac.update(b"keyward 1 lock check");
        hex::encode(mac.finalize().into_bytes())
    }

    /// The key itself, for the process that keeps it.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 32] {
        self.key.expose_secret()
    }

    /// Wraps the key under a passphrase, with a new salt. `state` is the lock's; see [`Lock::state`].
    ///
    /// # Errors
    /// [`SealError::NoRandomness`].
    pub fn wrap(
        &self,
        vault: &str,
        passphrase: &Passphrase,
        state: &str,
        now: Timestamp,
    ) -> Result<Lock, SealError> {
        let mut salt = [0; SALT];
        getrandom::getrandom(&mut salt).map_err(|_| SealError::NoRandomness)?;
        let key = kdf::derive(passphrase.bytes(), &salt, COST)
            .expect("our own cost is within the limits");
        let wrapped = sealed::seal(&key, &wrap_place(vault, &self.id), self.bytes())?;
        Ok(Lock {
            id: self.id.clone(),
            state: state.to_owned(),
            since: now,
            salt: hex::encode(salt),
            memory: COST.memory,
            passes: COST.passes,
            lanes: COST.lanes,
            wrapped: hex::encode(wrapped),
            check: self.check(),
        })
    }

    /// Unwraps the key of a lock. It takes a fraction of a second, on purpose.
    ///
    /// # Errors
    /// [`UnwrapError`].
    pub fn from_lock(
        vault: &str,
        lock: &Lock,
        passphrase: &Passphrase,
    ) -> Result<Self, UnwrapError> {
        let bytes = |text: &str| hex::decode(text).map_err(|_| UnwrapError::Damaged);
        let (salt, wrapped) = (bytes(&lock.salt)?, bytes(&lock.wrapped)?);
        let cost = Cost { memory: lock.memory, passes: lock.passes, lanes: lock.lanes };
        let key = kdf::derive(passphrase.bytes(), &salt, cost)
            .map_err(|kdf::TooMuch| UnwrapError::Limit)?;
        let found = sealed::open(&key, &wrap_place(vault, &lock.id), &wrapped)
            .map_err(|_| UnwrapError::Wrong)?;
        let bytes: &[u8; 32] =
            found.expose_secret().try_into().map_err(|_| UnwrapError::Damaged)?;
        Ok(Self::from_bytes(lock.id.clone(), bytes))
    }

    /// Seals a value so that it opens only here and only at `account`. The result is text.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`].
    pub(crate) fn seal(&self, account: &str, value: &[u8]) -> Result<Secret, SealError> {
        let sealed = sealed::seal(self.bytes(), &value_place(account), value)?;
        let mut text = MARK.to_vec();
        text.extend_from_slice(STANDARD_NO_PAD.encode(sealed).as_bytes());
        Ok(secret(text))
    }

    /// Opens what [`LockKey::seal`] made for the same account.
    ///
    /// # Errors
    /// [`SealError::Damaged`] for anything else.
    pub(crate) fn open(&self, account: &str, text: &[u8]) -> Result<Secret, SealError> {
        let body = text.strip_prefix(MARK).ok_or(SealError::Damaged)?;
        let sealed = STANDARD_NO_PAD.decode(body).map_err(|_| SealError::Damaged)?;
        sealed::open(self.bytes(), &value_place(account), &sealed)
    }
}

fn wrap_place(vault: &str, lock: &str) -> Vec<u8> {
    format!("keyward 1 lock key/{vault}/{lock}").into_bytes()
}

fn value_place(account: &str) -> Vec<u8> {
    format!("keyward 1 locked value/{account}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Passphrase {
        Passphrase::new(&secret(text.as_bytes().to_vec())).unwrap()
    }

    #[test]
    fn only_the_passphrase_of_this_vault_unwraps_the_key() {
        let key = LockKey::generate(Timestamp::UNIX_EPOCH).unwrap();
        let lock = key.wrap("V1", &words("right"), "set", Timestamp::UNIX_EPOCH).unwrap();
        let again = LockKey::from_lock("V1", &lock, &words("right\n")).unwrap();
        assert_eq!((again.id(), again.bytes()), (key.id(), key.bytes()));
        assert!(again.fits(&lock));
        assert!(!LockKey::from_bytes(lock.id.clone(), &[7; 32]).fits(&lock));
        assert_eq!(
            LockKey::from_lock("V1", &lock, &words("wrong")).err(),
            Some(UnwrapError::Wrong)
        );
        assert_eq!(
            LockKey::from_lock("V2", &lock, &words("right")).err(),
            Some(UnwrapError::Wrong)
        );
        let salted = key.wrap("V1", &words("right"), "set", Timestamp::UNIX_EPOCH).unwrap();
        assert_ne!(lock.salt, salted.salt);
        let greedy = Lock { memory: u32::MAX, ..lock.clone() };
        assert_eq!(
            LockKey::from_lock("V1", &greedy, &words("right")).err(),
            Some(UnwrapError::Limit)
        );
        let broken = Lock { wrapped: "zz".to_owned(), ..lock };
        assert_eq!(
            LockKey::from_lock("V1", &broken, &words("right")).err(),
            Some(UnwrapError::Damaged)
        );
    }

    #[test]
    fn a_sealed_value_is_text_and_opens_only_in_its_place() {
        let key = LockKey::generate(Timestamp::UNIX_EPOCH).unwrap();
        let sealed = key.seal("v/e/1", b"CANARY\xff").unwrap();
        let text = sealed.expose_secret();
        assert!(text.is_ascii() && !text.windows(6).any(|part| part == b"CANARY"));
        assert_eq!(key.open("v/e/1", text).unwrap().expose_secret(), b"CANARY\xff");
        assert!(key.open("v/e/2", text).is_err());
        assert!(key.open("v/e/1", b"CANARY").is_err(), "a bare value is no sealed one");
        let other = LockKey::generate(Timestamp::UNIX_EPOCH).unwrap();
        assert!(other.open("v/e/1", text).is_err());
    }
}
