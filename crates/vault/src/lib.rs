//! The values of a vault: where they live, under which keys, and how keychain and database are
//! kept in agreement.
//!
//! Each version of an entry is its own keychain item and never changes. Writing one goes: record
//! the intent, write the item, read it back and compare, then commit the row and clear the intent
//! in one transaction; a crash in between leaves an intent that [`Vault::sweep`] settles. With a
//! passphrase each value is sealed under the lock key before the keychain gets it ([`LockKey`]).
//! This is the only crate that knows a keychain.

mod kdf;
mod keychain;
mod keys;
mod lock;
mod name;
mod passphrase;
mod relock;
mod sealed;
mod secret;
mod staging;
mod tries;
mod vault;

#[cfg(fuzzing)]
pub use keychain::fuzz_keychain_file;
pub use keychain::{FileKeychain, Item, Keychain, KeychainError, MemoryKeychain, OsKeychain};
pub use keys::{Keys, Purpose};
pub use lock::{LockKey, UnwrapError};
pub use name::{EntryName, NameError, looks_like};
pub use passphrase::{Passphrase, PassphraseError};
pub use relock::Relocked;
pub use sealed::{SealError, open, seal};
pub use secret::{MAX_VALUE, Secret, SecretError, check_value, secret};
pub use staging::{NewValue, Staged};
pub use tries::{Moment, one_more, wait};
pub use vault::{Beside, Vault, VaultError, id_time, new_id};
