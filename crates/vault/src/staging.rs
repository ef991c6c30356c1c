//! How values come into the keychain and leave it, so that it and the database agree after a crash at
//! any moment: an intent, the item, the row; and the intent alone before an item goes.

use std::collections::HashSet;

use jiff::Timestamp;
use keyward_store::{Store, StoreError, Tx, Version};
use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;

use crate::keychain::{Item, KeychainError};
use crate::keys::Purpose;
use crate::sealed;
use crate::secret::Secret;
use crate::vault::{STALE, Vault, VaultError, in_force, new_id};

/// A value that is to go into the keychain.
#[derive(Debug)]
pub struct NewValue<'a> {
    /// Id of its entry.
    pub entry: &'a str,
    /// What the system's own tool shows of it.
    pub label: String,
    /// The value.
    pub value: &'a Secret,
}

/// A value that is in the keychain and waits for its row.
#[derive(Debug)]
pub struct Staged {
    /// The version's id, part of the account.
    pub id: String,
    /// See [`Version::fingerprint`].
    pub fingerprint: String,
    /// Length in bytes.
    pub size: u32,
    /// The sealed box, when the keychain could not hold the value.
    pub sealed_box: Option<Vec<u8>>,
    pub(crate) account: String,
    /// Id of the lock whose key seals the value.
    pub(crate) lock: Option<String>,
}

impl Staged {
    /// The row for this value.
    #[must_use]
    pub fn version(&self, entry: &str, number: u32, stage: &str, created: Timestamp) -> Version {
        Version {
            id: self.id.clone(),
            entry: entry.to_owned(),
            number,
            stage: stage.to_owned(),
            created,
            retired: None,
            size: self.size,
            fingerprint: self.fingerprint.clone(),
            sealed: self.sealed_box.is_some(),
            locked: self.lock.is_some(),
        }
    }
}

impl Vault {
    /// Puts a value into the keychain; [`Vault::stage_all`] of one.
    ///
    /// # Errors
    /// As there.
    pub fn stage(
        &self,
        store: &mut Store,
        new: NewValue<'_>,
        now: Timestamp,
    ) -> Result<Staged, VaultError> {
        let mut staged = self.stage_all(store, &[new], now)?;
        staged.pop().ok_or(VaultError::Keychain(KeychainError::WriteFailed))
    }

    /// Puts values into the keychain as new items and reads them back, in the order given. The rows
    /// follow with [`Vault::commit`]; until then intents say that the items may be orphans. With a
    /// passphrase the values are sealed under the lock key first.
    ///
    /// # Errors
    /// [`VaultError::Locked`] without the lock key; the keychain's and the database's;
    /// [`KeychainError::WriteFailed`] when one reads back differently. Then no row refers to any
    /// of the items, and [`Vault::sweep`] removes what is left.
    pub fn stage_all(
        &self,
        store: &mut Store,
        new: &[NewValue<'_>],
        now: Timestamp,
    ) -> Result<Vec<Staged>, VaultError> {
        let lock = store.read(&self.row_key, |tx| tx.lock())?;
        let key = in_force(lock.as_ref()).map(|lock| self.key_of(lock)).transpose()?;
        let box_key = self.keys.derive(Purpose::Sealed);
        let mut staged = Vec::with_capacity(new.len());
        // What is sealed under the lock key, beside the value that it is of.
        let mut under_lock = Vec::with_capacity(new.len());
        for one in new {
            let bytes = one.value.expose_secret();
            let id = new_id(now)?;
            let account = self.account(one.entry, &id);
            let locked = key.map(|key| key.seal(&account, bytes)).transpose()?;
            let kept = locked.as_ref().unwrap_or(one.value).expose_secret();
            let sealed_box = match self.keychain.fits(kept) {
                true => None,
                false => Some(sealed::seal(&box_key, account.as_bytes(), kept)?),
            };
            staged.push(Staged {
                fingerprint: self.keys.fingerprint(bytes),
                size: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
                sealed_box,
                account,
                lock: key.map(|key| key.id().to_owned()),
                id,
            });
            under_lock.push(locked);
        }
        let items: Vec<Item<'_>> = staged
            .iter()
            .zip(new.iter().zip(&under_lock))
            .filter(|(staged, _)| staged.sealed_box.is_none())
            .map(|(staged, (one, locked))| Item {
                account: &staged.account,
                label: &one.label,
                value: locked.as_ref().unwrap_or(one.value).expose_secret(),
            })
            .collect();
        if !items.is_empty() {
            self.keep(store, &items, now)?;
        }
        Ok(staged)
    }

    /// Records the intents, writes the items and reads them back.
    fn keep(
        &self,
        store: &mut Store,
        items: &[Item<'_>],
        now: Timestamp,
    ) -> Result<(), VaultError> {
        store.write(&self.row_key, |tx| {
            items.iter().try_for_each(|item| tx.put_intent(item.account, now))
        })?;
        self.keychain.put_all(items)?;
        let accounts: Vec<String> = items.iter().map(|item| item.account.to_owned()).collect();
        let back = self.candidates(&accounts)?;
        let is_kept = |(item, back): (&Item<'_>, &Vec<Secret>)| {
            back.iter().any(|back| back.expose_secret().ct_eq(item.value).into())
        };
        match back.len() == items.len() && items.iter().zip(&back).all(is_kept) {
            true => Ok(()),
            false => Err(KeychainError::WriteFailed.into()),
        }
    }

    /// Writes the row of a staged value and clears its intent, in the caller's transaction.
    ///
    /// # Errors
    /// [`VaultError::LockMoved`] when the passphrase was set or removed since the value was
    /// staged, so that no value is ever kept bare beside a lock; the database's.
    pub fn commit(
        &self,
        tx: &Tx<'_>,
        staged: &Staged,
        version: &Version,
    ) -> Result<(), VaultError> {
        let lock = tx.lock()?;
        if in_force(lock.as_ref()).map(|lock| &lock.id) != staged.lock.as_ref() {
            return Err(VaultError::LockMoved);
        }
        tx.put_version(version, staged.sealed_box.as_deref())?;
        Ok(tx.clear_intent(&staged.account)?)
    }

    /// Records that these versions' items are about to go, in the transaction that deletes their
    /// rows. The items themselves go with the next [`Vault::sweep`] of that age.
    ///
    /// # Errors
    /// The database's.
    pub fn discard(&self, tx: &Tx<'_>, versions: &[Version]) -> Result<(), StoreError> {
        for version in versions.iter().filter(|version| !version.sealed) {
            // The oldest date: nobody else is at work on it, so the next sweep may take it.
            tx.put_intent(&self.account(&version.entry, &version.id), Timestamp::UNIX_EPOCH)?;
        }
        Ok(())
    }

    /// Settles what a crash left behind: items without a row are removed, intents cleared.
    /// Returns how many items were removed.
    ///
    /// # Errors
    /// The keychain's and the database's; what was settled before stays settled.
    pub fn sweep(&self, store: &mut Store, now: Timestamp) -> Result<usize, VaultError> {
        let cut = now.checked_sub(STALE).unwrap_or(Timestamp::MIN);
        let (stale, known, lock) = store.read(&self.row_key, |tx| {
            let stale = tx.stale_intents(cut)?;
            let known = if stale.is_empty() { vec![] } else { tx.all_versions()? };
            Ok::<_, StoreError>((stale, known, tx.lock()?))
        })?;
        let live: HashSet<String> =
            known.iter().map(|version| self.account(&version.entry, &version.id)).collect();
        let orphans: Vec<&str> = stale
            .iter()
            .map(|intent| intent.account.as_str())
            .filter(|account| !live.contains(*account))
            .collect();
        self.keychain.delete_all(&orphans)?;
        // They may be bare values that were sealed since, and a locked vault gives none away.
        if !orphans.is_empty() && in_force(lock.as_ref()).is_some() {
            self.keychain.forget_generations()?;
        }
        if !stale.is_empty() {
            store.write(&self.row_key, |tx| {
                stale.iter().try_for_each(|intent| tx.clear_intent(&intent.account))
            })?;
        }
        Ok(orphans.len())
    }
}
