//! After a passphrase was set or removed: every value gets a new item, sealed or bare, and its row is
//! switched to it. Each step is whole by itself, and each row says how its value is kept, so a vault
//! that was left half way reads as before and goes on from where it was.

use std::collections::HashSet;

use jiff::Timestamp;
use keyward_store::{Entry, Store, StoreError, Tx, Version};

use crate::staging::NewValue;
use crate::vault::{Vault, VaultError, in_force};

/// How far the values followed the lock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Relocked {
    /// Values that got a new item.
    pub moved: usize,
    /// Values that are not as they were stored, and were left as they are.
    pub unreadable: usize,
}

impl Vault {
    /// Versions that are not kept as the lock wants it.
    ///
    /// # Errors
    /// The database's.
    pub fn behind(&self, tx: &Tx<'_>) -> Result<Vec<Version>, StoreError> {
        let lock = tx.lock()?;
        let wanted = in_force(lock.as_ref()).is_some();
        Ok(tx.all_versions()?.into_iter().filter(|version| version.locked != wanted).collect())
    }

    /// Brings every value into the shape that the lock wants, then settles the lock: `setting`
    /// becomes `set`, and one that is being removed goes. The lock key has to be at hand. Done
    /// again it goes on where it stopped, and does nothing when all is settled. `label` names an
    /// item for the system's own tool.
    ///
    /// # Errors
    /// [`VaultError::Locked`]; [`VaultError::LockMoved`] when another process is at it too; the
    /// keychain's and the database's. What was moved before stays so.
    pub fn relock(
        &self,
        store: &mut Store,
        label: &dyn Fn(&Entry, u32) -> String,
        now: Timestamp,
    ) -> Result<Relocked, VaultError> {
        let mut done = Relocked::default();
        let mut unreadable: HashSet<String> = HashSet::new();
        loop {
            let behind = store.read(&self.row_key, |tx| self.behind(tx))?;
            let behind: Vec<_> =
                behind.into_iter().filter(|row| !unreadable.contains(&row.id)).collect();
            if behind.is_empty() {
                let settled = store.write(&self.row_key, |tx| self.settle(tx, &unreadable))?;
                if settled {
                    break;
                }
            }
            for row in behind {
                match self.move_one(store, &row, label, now) {
                    Ok(moved) => done.moved += usize::from(moved),
                    Err(VaultError::ValueMissing { .. } | VaultError::ValueChanged { .. }) => {
                        unreadable.insert(row.id);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        done.unreadable = unreadable.len();
        // The old items; where that fails now the next opening does it.
        let _ = self.sweep(store, now);
        Ok(done)
    }

    /// Settles the lock, unless a value came in meanwhile that is behind.
    fn settle(&self, tx: &Tx<'_>, unreadable: &HashSet<String>) -> Result<bool, VaultError> {
        if self.behind(tx)?.iter().any(|row| !unreadable.contains(&row.id)) {
            return Ok(false);
        }
        match tx.lock()? {
            Some(lock) if lock.state == "removing" => tx.put_lock(None)?,
            Some(mut lock) if lock.state == "setting" => {
                "set".clone_into(&mut lock.state);
                tx.put_lock(Some(&lock))?;
            }
            _ => {}
        }
        Ok(true)
    }

    /// Gives one value its new item. False when its row is gone.
    fn move_one(
        &self,
        store: &mut Store,
        row: &Version,
        label: &dyn Fn(&Entry, u32) -> String,
        now: Timestamp,
    ) -> Result<bool, VaultError> {
        let Some(entry) = store.read(&self.row_key, |tx| tx.entry(&row.entry))? else {
            return Ok(false);
        };
        let Some(value) = self.read(store, std::slice::from_ref(row))?.pop() else {
            return Ok(false);
        };
        let label = label(&entry, row.number);
        let new = NewValue { entry: &row.entry, label, value: &value };
        let staged = self.stage(store, new, now)?;
        store.write(&self.row_key, |tx| {
            let lock = tx.lock()?;
            if in_force(lock.as_ref()).map(|lock| &lock.id) != staged.lock.as_ref() {
                return Err(VaultError::LockMoved);
            }
            // As the row is now: another process may have moved the version to another stage.
            let versions = tx.versions(&row.entry)?;
            let Some(old) = versions.into_iter().find(|version| version.id == row.id) else {
                // Nobody will refer to the new item, so the next sweep may take it.
                tx.put_intent(&staged.account, Timestamp::UNIX_EPOCH)?;
                return Ok(false);
            };
            let new = Version {
                id: staged.id.clone(),
                sealed: staged.sealed_box.is_some(),
                locked: staged.lock.is_some(),
                ..old.clone()
            };
            tx.replace_version(&old.id, &new, staged.sealed_box.as_deref())?;
            tx.clear_intent(&staged.account)?;
            self.discard(tx, &[old])?;
            Ok(true)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::keychain::{Keychain, KeychainError, MemoryKeychain};
    use crate::lock::LockKey;
    use crate::passphrase::Passphrase;
    use crate::secret::{Secret, secret};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    /// A keychain that answers so many calls and no more, as one whose user was killed.
    struct Failing {
        inner: MemoryKeychain,
        left: AtomicUsize,
    }

    impl Failing {
        fn call(&self) -> Result<(), KeychainError> {
            let less = |left: usize| left.checked_sub(1);
            match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) {
                Ok(_) => Ok(()),
                Err(_) => Err(KeychainError::LostConnection),
            }
        }
    }

    impl Keychain for Failing {
        fn put(&self, account: &str, label: &str, value: &[u8]) -> Result<(), KeychainError> {
            // Cut off after the write as well as before it.
            self.call()?;
            self.inner.put(account, label, value)?;
            self.call()
        }

        fn get(&self, accounts: &[String]) -> Result<Vec<Option<Secret>>, KeychainError> {
            self.call()?;
            self.inner.get(accounts)
        }

        fn delete(&self, account: &str) -> Result<(), KeychainError> {
            self.call()?;
            self.inner.delete(account)
        }

        fn fits(&self, value: &[u8]) -> bool {
            // Bare it fits, sealed it does not: so it moves between the two places.
            value.len() < 100
        }

        fn kind(&self) -> &'static str {
            "memory"
        }
    }

    fn label(_: &Entry, number: u32) -> String {
        format!("version {number}")
    }

    fn new(value: &Secret) -> NewValue<'_> {
        NewValue { entry: "E", label: "l".to_owned(), value }
    }

    fn entry() -> Entry {
        Entry {
            id: "E".to_owned(),
            project: "a".to_owned(),
            env: "b".to_owned(),
            name: "c".to_owned(),
            kind: "other".to_owned(),
            provider: None,
            mode: "unknown".to_owned(),
            var: "C".to_owned(),
            owner: None,
            url: None,
            notes: None,
            ip_note: None,
            tags: vec![],
            rotate_days: None,
            expires: None,
            created: NOW,
            updated: NOW,
            snooze: None,
            removed: None,
        }
    }

    /// A vault with values whose places are item and item, item and box, box and box.
    fn vault() -> (Arc<Failing>, Store, Vault, Vec<Vec<u8>>) {
        let left = AtomicUsize::new(usize::MAX);
        let keychain = Arc::new(Failing { inner: MemoryKeychain::default(), left });
        let mut store = Store::memory().unwrap();
        let vault = Vault::create(keychain.clone(), &mut store, NOW).unwrap();
        let values: Vec<Vec<u8>> = [5, 30, 90, 150].map(|length| vec![b'x'; length]).into();
        store.write(vault.row_key(), |tx| tx.put_entry(&entry())).unwrap();
        for (index, value) in values.iter().enumerate() {
            let number = u32::try_from(index).unwrap() + 1;
            let staged = vault.stage(&mut store, new(&secret(value.clone())), NOW).unwrap();
            let row = staged.version("E", number, "current", NOW);
            store.write(vault.row_key(), |tx| vault.commit(tx, &staged, &row)).unwrap();
        }
        (keychain, store, vault, values)
    }

    fn read(vault: &Vault, store: &mut Store) -> Vec<Vec<u8>> {
        let rows = store.read(vault.row_key(), |tx| tx.all_versions()).unwrap();
        let values = vault.read(store, &rows).unwrap();
        values.iter().map(|value| value.expose_secret().to_vec()).collect()
    }

    #[test]
    fn cut_off_at_every_call_nothing_is_lost_and_again_finishes_it() {
        let (keychain, mut store, mut vault, values) = vault();
        let words = Passphrase::new(&secret(b"words".to_vec())).unwrap();
        let key = Arc::new(LockKey::generate(NOW).unwrap());
        let mut lock = key.wrap(vault.id(), &words, "setting", NOW).unwrap();
        vault.hold(Some(Arc::clone(&key)));
        // There and back, each begun anew after so many calls until it ends by itself.
        for state in ["setting", "removing"] {
            state.clone_into(&mut lock.state);
            let mut calls = 0;
            loop {
                store.write(vault.row_key(), |tx| tx.put_lock(Some(&lock))).unwrap();
                keychain.left.store(calls, Ordering::SeqCst);
                let done = vault.relock(&mut store, &label, NOW);
                keychain.left.store(usize::MAX, Ordering::SeqCst);
                assert_eq!(read(&vault, &mut store), values, "{state} after {calls} calls");
                let rows = store.read(vault.row_key(), |tx| vault.behind(tx)).unwrap();
                if rows.is_empty() {
                    assert!(done.is_ok());
                    break;
                }
                assert!(matches!(done, Err(VaultError::Keychain(_))), "{done:?}");
                // One call more each time; what was moved stays moved.
                calls += 1;
            }
            assert!(calls > 3, "{state} was never cut off");
            let after = store.read(vault.row_key(), |tx| tx.lock()).unwrap();
            let after = after.map(|lock| lock.state);
            assert_eq!(after.as_deref(), if state == "setting" { Some("set") } else { None });
        }
        // What the cuts left behind goes, and of each value one item is left, and the key.
        let later = NOW + jiff::SignedDuration::from_hours(1);
        vault.sweep(&mut store, later).unwrap();
        let bare = values.iter().filter(|value| value.len() < 100).count();
        assert_eq!(keychain.inner.accounts().len(), bare + 1);
    }

    /// A keychain in which another program's items match every account as well, before ours and
    /// after it.
    struct Crowded(MemoryKeychain, Vec<Vec<u8>>);

    impl Keychain for Crowded {
        fn put(&self, account: &str, label: &str, value: &[u8]) -> Result<(), KeychainError> {
            self.0.put(account, label, value)
        }

        fn get(&self, accounts: &[String]) -> Result<Vec<Option<Secret>>, KeychainError> {
            self.0.get(accounts)
        }

        fn candidates(&self, accounts: &[String]) -> Result<Vec<Vec<Secret>>, KeychainError> {
            let found = self.0.get(accounts)?.into_iter().map(|item| {
                let foreign = || self.1.iter().map(|value| secret(value.clone()));
                foreign().chain(item).chain(foreign()).collect()
            });
            Ok(found.collect())
        }

        fn delete(&self, account: &str) -> Result<(), KeychainError> {
            self.0.delete(account)
        }

        fn fits(&self, _: &[u8]) -> bool {
            true
        }

        fn kind(&self) -> &'static str {
            "memory"
        }
    }

    #[test]
    fn of_several_sealed_items_ours_is_the_one_that_opens_to_the_value() {
        let mut store = Store::memory().unwrap();
        let key = Arc::new(LockKey::generate(NOW).unwrap());
        // Not sealed, sealed for another place, and the bare value itself, which a lock does not take.
        let elsewhere = key.seal("v/e/1", b"ours").unwrap().expose_secret().to_vec();
        let foreign = vec![b"not sealed".to_vec(), elsewhere, b"ours".to_vec()];
        let keychain = Arc::new(Crowded(MemoryKeychain::default(), foreign));
        let mut vault = Vault::create(keychain.clone(), &mut store, NOW).unwrap();
        let words = Passphrase::new(&secret(b"words".to_vec())).unwrap();
        let lock = key.wrap(vault.id(), &words, "set", NOW).unwrap();
        store.write(vault.row_key(), |tx| tx.put_lock(Some(&lock))).unwrap();
        vault.hold(Some(key));
        let staged = vault.stage(&mut store, new(&secret(b"ours".to_vec())), NOW).unwrap();
        let row = staged.version("E", 1, "current", NOW);
        assert!(row.locked);
        assert_eq!(
            vault.read(&mut store, std::slice::from_ref(&row)).unwrap()[0].expose_secret(),
            b"ours"
        );
        assert!(!vault.extras().is_empty());
        keychain.delete(&staged.account).unwrap();
        let gone = vault.read(&mut store, &[row]);
        assert!(matches!(gone, Err(VaultError::ValueChanged { number: 1 })), "{gone:?}");
    }

    #[test]
    fn a_value_that_was_staged_before_the_passphrase_is_not_kept_beside_it() {
        let (_, mut store, mut vault, _) = vault();
        let staged = vault.stage(&mut store, new(&secret(b"late".to_vec())), NOW).unwrap();
        let words = Passphrase::new(&secret(b"words".to_vec())).unwrap();
        let key = Arc::new(LockKey::generate(NOW).unwrap());
        let lock = key.wrap(vault.id(), &words, "setting", NOW).unwrap();
        store.write(vault.row_key(), |tx| tx.put_lock(Some(&lock))).unwrap();
        let row = staged.version("E", 9, "current", NOW);
        let late = store.write(vault.row_key(), |tx| vault.commit(tx, &staged, &row));
        assert!(matches!(late, Err(VaultError::LockMoved)), "{late:?}");
        let without_key = vault.stage(&mut store, new(&secret(b"late".to_vec())), NOW);
        assert!(matches!(without_key, Err(VaultError::Locked)));
        // A row that was read before the values moved still leads to its value.
        let old = store.read(vault.row_key(), |tx| tx.versions("E")).unwrap();
        vault.hold(Some(key));
        // Late enough that the old items are swept with it.
        vault.relock(&mut store, &label, NOW + jiff::SignedDuration::from_hours(1)).unwrap();
        assert_eq!(vault.read(&mut store, &old[..1]).unwrap()[0].expose_secret(), b"xxxxx");
        vault.hold(None);
        assert!(matches!(vault.read(&mut store, &old[..1]), Err(VaultError::Locked)));
        assert_eq!(vault.read(&mut store, &[]).unwrap().len(), 0);
    }
}
