//! One vault: its id, its keys, and the steps that keep keychain items and rows in agreement.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use keyward_store::{Lock, RowKey, Store, StoreError, Version};
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;
use thiserror::Error;
use ulid::Ulid;
use zeroize::Zeroizing;

use crate::keychain::{Keychain, KeychainError};
use crate::keys::{Keys, Purpose};
use crate::lock::LockKey;
use crate::sealed::{self, SealError};
use crate::secret::Secret;

/// After this time an intent is a crash's, not another process at work.
pub(crate) const STALE: SignedDuration = SignedDuration::from_mins(10);

/// Why a vault was not opened, or a value not written or read.
#[derive(Debug, Error)]
pub enum VaultError {
    /// The keychain.
    #[error(transparent)]
    Keychain(#[from] KeychainError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault exists, and its key is not in the keychain. Never taken for a first run.
    #[error("the vault's key is not in the keychain")]
    KeyMissing,
    /// The key item holds something that is no key.
    #[error("the vault's key item holds something else")]
    KeyMalformed,
    /// The key in the keychain opens another vault than this one.
    #[error("the key in the keychain belongs to another vault")]
    WrongVault,
    /// A value that the database knows is not in the keychain.
    #[error("version {number} is not in the keychain")]
    ValueMissing {
        /// Number of the version.
        number: u32,
    },
    /// A value that reads back differs from the one that was stored.
    #[error("version {number} in the keychain is not the value that was stored")]
    ValueChanged {
        /// Number of the version.
        number: u32,
    },
    /// A sealed box, or no randomness.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The value is sealed under the passphrase's lock key, which is not at hand.
    #[error("the vault is locked")]
    Locked,
    /// The passphrase was set or removed by another process meanwhile.
    #[error("the passphrase was set or removed by another Keyward meanwhile")]
    LockMoved,
}

/// The lock under which new values are sealed; none when there is none, or it is on its way out.
pub(crate) fn in_force(lock: Option<&Lock>) -> Option<&Lock> {
    lock.filter(|lock| lock.state != "removing")
}

/// An open vault: id, keys and keychain.
pub struct Vault {
    id: String,
    pub(crate) keys: Keys,
    pub(crate) row_key: RowKey,
    pub(crate) keychain: Arc<dyn Keychain>,
    lock_key: Option<Arc<LockKey>>,
    /// What the keychain held beside the key when the vault was opened.
    beside: Beside,
    /// Accounts for which another program's item matched as well.
    extras: Mutex<BTreeSet<String>>,
}

/// Items that are read together with the key, so that opening asks the keychain once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beside {
    /// The audit record's anchor; the furthest one, where another program added a second.
    pub anchor: Option<String>,
    /// Audit events that could not be written when they happened, as JSON.
    pub deferred: Option<String>,
    /// The vault that the keychain remembers for this data folder.
    pub home: Option<String>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Vault {
    /// Makes a new vault: a random master key, written to the keychain and read back, and the
    /// vault's id in the database. Call it only for a database that has no id yet.
    ///
    /// # Errors
    /// The keychain's and the database's; then no vault was made.
    pub fn create(
        keychain: Arc<dyn Keychain>,
        store: &mut Store,
        now: Timestamp,
    ) -> Result<Self, VaultError> {
        let id = new_id(now)?;
        let mut master = Zeroizing::new([0; 32]);
        getrandom::getrandom(&mut *master).map_err(|_| SealError::NoRandomness)?;
        // As text, so that every platform can hold it.
        let text = Zeroizing::new(hex::encode(*master));
        let account = key_account(&id);
        keychain.put(&account, "Keyward: vault key", text.as_bytes())?;
        let vault = Self::open(Arc::clone(&keychain), &id, None, None)?;
        let stored: Result<(), VaultError> = store.write(&vault.row_key, |tx| {
            // Another process may have made the vault meanwhile; then its key stands, not ours.
            if tx.meta("vault")?.is_some() {
                return Err(StoreError::Taken.into());
            }
            tx.put_meta("vault", &id)?;
            Ok(tx.put_meta("check", &vault.keys.fingerprint(id.as_bytes()))?)
        });
        if let Err(error) = stored {
            keychain.delete(&account)?;
            return Err(error);
        }
        Ok(vault)
    }

    /// Opens the vault with this id: its key has to be in the keychain. Where another program's
    /// item matches the key's account too, the one that opens `store` is taken. `home` is the
    /// account under which the keychain remembers which vault a data folder has.
    ///
    /// # Errors
    /// [`VaultError::KeyMissing`], [`VaultError::KeyMalformed`] or, with a store to open,
    /// [`VaultError::WrongVault`]; or the keychain's own.
    pub fn open(
        keychain: Arc<dyn Keychain>,
        id: &str,
        store: Option<&Store>,
        home: Option<&str>,
    ) -> Result<Self, VaultError> {
        let mut accounts = vec![key_account(id), anchor_account(id), deferred_account(id)];
        accounts.extend(home.map(str::to_owned));
        let mut found = keychain.candidates(&accounts)?.into_iter();
        let keys = found.next().unwrap_or_default();
        let mut rest = found.map(|items| {
            let mut texts: Vec<String> = items
                .iter()
                .map(|item| String::from_utf8_lossy(item.expose_secret()).into_owned())
                .collect();
            // The furthest anchor has the highest number before its colon; the others are one.
            texts.sort_by_key(|text| row_of(text));
            texts.pop()
        });
        let beside = Beside {
            anchor: rest.next().flatten(),
            deferred: rest.next().flatten(),
            home: rest.next().flatten(),
        };
        let extras = if keys.len() > 1 { vec![key_account(id)] } else { vec![] };
        // A keychain that knows this folder with another vault has no key to miss for this one.
        let mut error = match &beside.home {
            Some(other) if other != id => VaultError::WrongVault,
            _ => VaultError::KeyMissing,
        };
        for text in &keys {
            let mut master = Zeroizing::new([0; 32]);
            if hex::decode_to_slice(text.expose_secret(), &mut *master).is_err() {
                error = VaultError::KeyMalformed;
                continue;
            }
            let keys = Keys::new(*master);
            let vault = Self {
                id: id.to_owned(),
                row_key: keys.row_key(),
                keys,
                keychain: Arc::clone(&keychain),
                lock_key: None,
                beside: beside.clone(),
                extras: Mutex::new(extras.iter().cloned().collect()),
            };
            match store.map_or(Ok(()), |store| vault.check(store)) {
                Ok(()) => return Ok(vault),
                Err(wrong) => error = wrong,
            }
        }
        Err(error)
    }

    /// What the keychain held beside the key when the vault was opened.
    #[must_use]
    pub fn beside(&self) -> &Beside {
        &self.beside
    }

    /// Accounts for which another program's item matches as well, as seen so far in this session.
    #[must_use]
    pub fn extras(&self) -> Vec<String> {
        self.extras.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Every candidate of each account, remembering which have more than one.
    pub(crate) fn candidates(
        &self,
        accounts: &[String],
    ) -> Result<Vec<Vec<Secret>>, KeychainError> {
        let found = self.keychain.candidates(accounts)?;
        let several = accounts.iter().zip(&found).filter(|(_, items)| items.len() > 1);
        let mut extras = self.extras.lock().unwrap_or_else(PoisonError::into_inner);
        extras.extend(several.map(|(account, _)| account.clone()));
        Ok(found)
    }

    /// Checks that the key in the keychain is the one this database was made with.
    ///
    /// # Errors
    /// [`VaultError::WrongVault`].
    pub fn check(&self, store: &Store) -> Result<(), VaultError> {
        let expected = self.keys.fingerprint(self.id.as_bytes());
        match store.meta("check")? {
            Some(found) if bool::from(found.as_bytes().ct_eq(expected.as_bytes())) => Ok(()),
            _ => Err(VaultError::WrongVault),
        }
    }

    /// The vault's id, a ULID.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The vault's keys.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The key for the database's rows.
    #[must_use]
    pub fn row_key(&self) -> &RowKey {
        &self.row_key
    }

    /// Takes the lock key, or with none wipes it: from then on sealed values cannot be read.
    pub fn hold(&mut self, key: Option<Arc<LockKey>>) {
        self.lock_key = key;
    }

    /// The lock key that is at hand.
    #[must_use]
    pub fn held(&self) -> Option<&Arc<LockKey>> {
        self.lock_key.as_ref()
    }

    /// The lock key, if it is this lock's.
    pub(crate) fn key_of(&self, lock: &Lock) -> Result<&LockKey, VaultError> {
        self.lock_key.as_deref().filter(|key| key.fits(lock)).ok_or(VaultError::Locked)
    }

    /// Whether reading these versions takes the lock key, and it is not at hand.
    ///
    /// # Errors
    /// The database's.
    pub fn is_locked_for(
        &self,
        store: &mut Store,
        versions: &[Version],
    ) -> Result<bool, VaultError> {
        if !versions.iter().any(|version| version.locked) {
            return Ok(false);
        }
        let lock = store.read(&self.row_key, |tx| tx.lock())?;
        Ok(lock.is_some_and(|lock| self.key_of(&lock).is_err()))
    }

    /// Reads values, in the order asked, and compares each with its fingerprint.
    ///
    /// # Errors
    /// [`VaultError::Locked`] before anything is read; [`VaultError::ValueMissing`] or
    /// [`VaultError::ValueChanged`] for the first that is not what was stored, or the keychain's
    /// own.
    pub fn read(&self, store: &mut Store, versions: &[Version]) -> Result<Vec<Secret>, VaultError> {
        if self.is_locked_for(store, versions)? {
            return Err(VaultError::Locked);
        }
        let accounts: Vec<String> = versions
            .iter()
            .filter(|version| !version.sealed)
            .map(|version| self.account(&version.entry, &version.id))
            .collect();
        let mut items =
            if accounts.is_empty() { vec![] } else { self.candidates(&accounts)? }.into_iter();
        let mut values = Vec::with_capacity(versions.len());
        for version in versions {
            let found = if version.sealed { vec![] } else { items.next().unwrap_or_default() };
            let value = match self.value(store, version, found) {
                // It may have a new item since the row was read: a passphrase was set or removed.
                Err(VaultError::ValueMissing { number }) => {
                    let rows = store.read(&self.row_key, |tx| tx.versions(&version.entry))?;
                    let same = |row: &Version| row.number == number && row.id != version.id;
                    let row = rows.into_iter().find(same);
                    let row = row.ok_or(VaultError::ValueMissing { number })?;
                    if self.is_locked_for(store, std::slice::from_ref(&row))? {
                        return Err(VaultError::Locked);
                    }
                    let account = self.account(&row.entry, &row.id);
                    let found = match row.sealed {
                        true => vec![],
                        false => self.candidates(&[account])?.pop().unwrap_or_default(),
                    };
                    self.value(store, &row, found)?
                }
                other => other?,
            };
            values.push(value);
        }
        Ok(values)
    }

    /// The value of one version, from its sealed box or from the items of its account. Ours is the
    /// one that opens and has the fingerprint, whatever else matches.
    fn value(
        &self,
        store: &mut Store,
        version: &Version,
        found: Vec<Secret>,
    ) -> Result<Secret, VaultError> {
        let number = version.number;
        let kept = if version.sealed { vec![self.unseal(store, version)?] } else { found };
        if kept.is_empty() {
            return Err(VaultError::ValueMissing { number });
        }
        let account = self.account(&version.entry, &version.id);
        let ours = |kept: Secret| {
            let value = if version.locked {
                let key = self.lock_key.as_deref().ok_or(VaultError::Locked)?;
                key.open(&account, kept.expose_secret())
                    .map_err(|_| VaultError::ValueChanged { number })?
            } else {
                kept
            };
            let fingerprint = self.keys.fingerprint(value.expose_secret());
            match fingerprint.as_bytes().ct_eq(version.fingerprint.as_bytes()).into() {
                true => Ok(value),
                false => Err(VaultError::ValueChanged { number }),
            }
        };
        let mut answer = Err(VaultError::ValueChanged { number });
        for one in kept {
            answer = ours(one);
            if answer.is_ok() {
                break;
            }
        }
        answer
    }

    fn unseal(&self, store: &mut Store, version: &Version) -> Result<Secret, VaultError> {
        let number = version.number;
        let sealed = store
            .read(&self.row_key, |tx| tx.sealed_box(&version.id))?
            .ok_or(VaultError::ValueMissing { number })?;
        let account = self.account(&version.entry, &version.id);
        let key = self.keys.derive(Purpose::Sealed);
        sealed::open(&key, account.as_bytes(), &sealed)
            .map_err(|_| VaultError::ValueChanged { number })
    }

    /// Reads the audit record's anchor, `<seq>:<hex>`; the furthest one, where another program
    /// added a second.
    ///
    /// # Errors
    /// The keychain's.
    pub fn anchor(&self) -> Result<Option<String>, KeychainError> {
        let items = self.candidates(&[anchor_account(&self.id)])?.pop().unwrap_or_default();
        let texts = items.iter().map(|item| String::from_utf8_lossy(item.expose_secret()));
        Ok(texts.max_by_key(|text| row_of(text)).map(std::borrow::Cow::into_owned))
    }

    /// Writes the audit record's anchor.
    ///
    /// # Errors
    /// The keychain's.
    pub fn put_anchor(&self, head: &str) -> Result<(), KeychainError> {
        self.keychain.put(&anchor_account(&self.id), "Keyward: audit anchor", head.as_bytes())
    }

    /// Keeps audit events, as JSON, that the database would not take; none forgets them.
    ///
    /// # Errors
    /// The keychain's.
    pub fn put_deferred(&self, events: Option<&str>) -> Result<(), KeychainError> {
        let account = deferred_account(&self.id);
        match events {
            Some(text) => {
                self.keychain.put(&account, "Keyward: audit rows to come", text.as_bytes())
            }
            None => self.keychain.delete(&account),
        }
    }

    /// Lets the keychain remember that the data folder of this account has this vault.
    ///
    /// # Errors
    /// The keychain's.
    pub fn put_home(&self, account: &str) -> Result<(), KeychainError> {
        self.keychain.put(account, "Keyward: which vault a folder has", self.id.as_bytes())
    }

    /// The vault that the keychain remembers for a data folder, if its key is still there too.
    ///
    /// # Errors
    /// The keychain's.
    pub fn of_home(keychain: &dyn Keychain, home: &str) -> Result<Option<String>, KeychainError> {
        let found = keychain.candidates(&[home.to_owned()])?.pop().unwrap_or_default();
        let ids = found.iter().map(|item| String::from_utf8_lossy(item.expose_secret()));
        for id in ids {
            if keychain.candidates(&[key_account(&id)])?.iter().any(|items| !items.is_empty()) {
                return Ok(Some(id.into_owned()));
            }
        }
        Ok(None)
    }

    pub(crate) fn account(&self, entry: &str, version: &str) -> String {
        format!("{}/{entry}/{version}", self.id)
    }
}

fn key_account(vault: &str) -> String {
    format!("{vault}/key")
}

fn anchor_account(vault: &str) -> String {
    format!("{vault}/audit-head")
}

/// The row number of an anchor's text.
fn row_of(anchor: &str) -> Option<u64> {
    anchor.split(':').next()?.parse().ok()
}

fn deferred_account(vault: &str) -> String {
    format!("{vault}/audit-deferred")
}

/// When a ULID was made, by its own first ten characters; none when it is not a ULID.
#[must_use]
pub fn id_time(id: &str) -> Option<Timestamp> {
    let millis = Ulid::from_string(id).ok()?.timestamp_ms();
    Timestamp::from_millisecond(i64::try_from(millis).ok()?).ok()
}

/// A new ULID from the given time and the operating system's randomness.
///
/// # Errors
/// [`SealError::NoRandomness`].
pub fn new_id(now: Timestamp) -> Result<String, SealError> {
    let mut random = [0; 16];
    getrandom::getrandom(&mut random).map_err(|_| SealError::NoRandomness)?;
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    Ok(Ulid::from_parts(millis, u128::from_le_bytes(random)).to_string())
}
