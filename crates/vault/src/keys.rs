//! The vault's keys: one random master key in the keychain, and one key derived from it for each
//! purpose (HKDF-SHA-256, RFC 5869).

use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use keyward_store::RowKey;
use secrecy::{ExposeSecret, SecretBox};
use sha2::Sha256;
use zeroize::Zeroizing;

/// What a derived key is for. The text is part of the derivation and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// MACs of database rows.
    Row,
    /// "Is this the same value?"
    Fingerprint,
    /// The audit chain.
    Audit,
    /// Sealed boxes.
    Sealed,
    /// Manifests of backups.
    Manifest,
}

impl Purpose {
    fn info(self) -> &'static [u8] {
        match self {
            Self::Row => b"keyward 1 row",
            Self::Fingerprint => b"keyward 1 fingerprint",
            Self::Audit => b"keyward 1 audit",
            Self::Sealed => b"keyward 1 sealed",
            Self::Manifest => b"keyward 1 manifest",
        }
    }
}

/// The master key of one vault, from which the others come. Prints nothing, wiped when dropped.
pub struct Keys(SecretBox<[u8; 32]>);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys([redacted])")
    }
}

impl Keys {
    /// Takes the master key.
    #[must_use]
    pub fn new(master: [u8; 32]) -> Self {
        let master = Zeroizing::new(master);
        Self(SecretBox::init_with_mut(|key: &mut [u8; 32]| key.copy_from_slice(&*master)))
    }

    /// The key for one purpose.
    #[must_use]
    pub fn derive(&self, purpose: Purpose) -> Zeroizing<[u8; 32]> {
        let mut key = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(None, self.0.expose_secret())
            .expand(purpose.info(), &mut *key)
            .expect("32 bytes are within HKDF's limit");
        key
    }

    /// The key for database rows.
    #[must_use]
    pub fn row_key(&self) -> RowKey {
        RowKey::new(*self.derive(Purpose::Row))
    }

    /// HMAC-SHA-256 of a value under the vault's own key, in hex. Equal values of this vault have
    /// equal fingerprints; nobody without the key can test a guess.
    #[must_use]
    pub fn fingerprint(&self, value: &[u8]) -> String {
        let key = self.derive(Purpose::Fingerprint);
        let mut mac =
            <Hmac<Sha256> as Mac>::new_from_slice(&*key).expect("HMAC takes keys of any length");
        mac.update(value);
        hex::encode(mac.finalize().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_have_different_keys_that_stay_the_same() {
        let keys = Keys::new([9; 32]);
        let row = keys.derive(Purpose::Row);
        assert_eq!(row, Keys::new([9; 32]).derive(Purpose::Row));
        assert_ne!(row, keys.derive(Purpose::Audit));
        assert_ne!(keys.fingerprint(b"a"), keys.fingerprint(b"b"));
        assert!(!format!("{keys:?}").contains('9'));
    }
}
