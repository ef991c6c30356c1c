//! The ways in which a value leaves the vault for a person: revealed, or on the clipboard. Each
//! has its audit row, written before the value is handed out.

use jiff::Timestamp;
use keyward_store::{Use, Version};
use keyward_vault::{NewValue, Secret, Staged, VaultError};

use crate::session::Open;
use crate::snapshot::Snapshot;
use crate::{Error, Keyward};

/// A version that was used.
#[derive(Debug, Clone)]
pub(crate) struct Used {
    /// ULID of its entry.
    pub(crate) entry: String,
    /// Its number.
    pub(crate) version: u32,
}

impl Keyward {
    /// The value of an entry: the current version, or the one with this number.
    ///
    /// # Errors
    /// `NOT_FOUND` for the entry or the version, or the keychain. Where the disk takes no audit row,
    /// the value is still given, and the row waits in the keychain (`AUDIT_DEFERRED`).
    pub fn reveal(&self, name: &str, version: Option<u32>) -> Result<Secret, Error> {
        self.take(name, version, "reveal")
    }

    /// The current value for the clipboard, and the seconds after which it is to be cleared.
    ///
    /// # Errors
    /// As [`Keyward::reveal`].
    pub fn copy(&self, name: &str) -> Result<(Secret, u32), Error> {
        let value = self.take(name, None, "copy")?;
        Ok((value, self.settings()?.clear_after))
    }

    fn take(&self, name: &str, version: Option<u32>, action: &str) -> Result<Secret, Error> {
        self.with_entry(name, |open| {
            let (path, row) = open.read(|tx| {
                let snapshot = Snapshot::read(tx)?;
                let entry = snapshot.resolve(name)?;
                let found = match version {
                    None => snapshot.current(entry),
                    Some(number) => {
                        snapshot.versions(entry).iter().find(|version| version.number == number)
                    }
                };
                let row = found.cloned().ok_or_else(|| match version {
                    None => Error::new(
                        "NOT_FOUND",
                        format!("`{}` has no value in force: it was revoked.", entry.path()),
                        "Hand in the new one with `keyward rotate NAME --next`.",
                    ),
                    Some(_) => Error::new(
                        "NOT_FOUND",
                        format!("`{}` has no such version.", entry.path()),
                        "`keyward show` lists its versions.",
                    ),
                })?;
                Ok((entry.path(), row))
            })?;
            let value = self.read_one(open, &row)?;
            let detail = format!("version {}", row.number);
            self.record_or_defer(open, &self.event(action, &path, Some(detail)))?;
            Ok(value)
        })
    }

    /// Records that a copied value is on the clipboard now. The audit row was written before the
    /// value was handed out; where this cannot be kept, nothing is lost but a line of its history.
    pub fn copied(&self, name: &str) {
        let _ = self.with_entry(name, |open| {
            let row = open.read(|tx| {
                let snapshot = Snapshot::read(tx)?;
                Ok(snapshot.current(snapshot.resolve(name)?).cloned())
            })?;
            let Some(row) = row else { return Ok(()) };
            let used = Used { entry: row.entry, version: row.number };
            self.put_uses(open, &[used], "copy", "clipboard")
        });
    }

    /// Records where versions were used.
    pub(crate) fn put_uses(
        &self,
        open: &mut Open,
        used: &[Used],
        how: &str,
        place: &str,
    ) -> Result<(), Error> {
        open.change(|tx, _| {
            for one in used {
                tx.put_use(&Use {
                    entry: one.entry.clone(),
                    how: how.to_owned(),
                    place: place.to_owned(),
                    version: one.version,
                    last: self.clock(),
                })?;
            }
            Ok(((), vec![]))
        })
    }

    /// The values of these versions, in the order asked: the one way by which any value is read. A
    /// locked vault is unlocked first, where the session has a way to.
    pub(crate) fn values(
        &self,
        open: &mut Open,
        versions: &[Version],
    ) -> Result<Vec<Secret>, Error> {
        match open.vault.read(&mut open.store, versions) {
            Err(VaultError::Locked) => {
                self.fetch_key(open)?;
                Ok(open.vault.read(&mut open.store, versions)?)
            }
            read => Ok(read?),
        }
    }

    /// The same, but nobody is asked for a passphrase.
    pub(crate) fn values_unasked(
        &self,
        open: &mut Open,
        versions: &[Version],
    ) -> Result<Vec<Secret>, Error> {
        match open.vault.read(&mut open.store, versions) {
            Err(VaultError::Locked) if self.key_from_agent(open)? => {
                Ok(open.vault.read(&mut open.store, versions)?)
            }
            read => Ok(read?),
        }
    }

    /// Puts a new value into the keychain, sealed if the vault has a passphrase; see
    /// [`Keyward::values`].
    pub(crate) fn stage(
        &self,
        open: &mut Open,
        new: NewValue<'_>,
        now: Timestamp,
    ) -> Result<Staged, Error> {
        let mut staged = self.stage_all(open, &[new], now)?;
        staged.pop().ok_or_else(|| Error::new("FAULT", "No value was stored.", "Try again."))
    }

    /// The same for many: a keychain file is written once for all of them.
    pub(crate) fn stage_all(
        &self,
        open: &mut Open,
        new: &[NewValue<'_>],
        now: Timestamp,
    ) -> Result<Vec<Staged>, Error> {
        match open.vault.stage_all(&mut open.store, new, now) {
            Err(VaultError::Locked) => {
                self.fetch_key(open)?;
                Ok(open.vault.stage_all(&mut open.store, new, now)?)
            }
            staged => Ok(staged?),
        }
    }

    /// Every value of the vault with its entry's name, without an audit row: for masking and for
    /// looking for leaks.
    pub(crate) fn read_all(
        &self,
        open: &mut Open,
    ) -> Result<Vec<(String, Version, Secret)>, Error> {
        let snapshot = open.read(Snapshot::read)?;
        let mut rows = vec![];
        for entry in &snapshot.entries {
            rows.extend(snapshot.versions(entry).iter().map(|row| (entry.path(), row.clone())));
        }
        let versions: Vec<Version> = rows.iter().map(|(_, row)| row.clone()).collect();
        let values = self.values(open, &versions)?;
        Ok(rows.into_iter().zip(values).map(|((name, row), value)| (name, row, value)).collect())
    }

    /// One version's value, without an audit row: only for use inside the program.
    pub(crate) fn read_one(&self, open: &mut Open, version: &Version) -> Result<Secret, Error> {
        let mut values = self.values(open, std::slice::from_ref(version))?;
        values.pop().ok_or_else(|| Error::new("FAULT", "No value was read.", "Try again."))
    }
}
