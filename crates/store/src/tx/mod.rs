//! One transaction and the rows it reads and writes. Every MAC is made and checked here.

mod places;
mod uses;

use std::str::FromStr;

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{
    AuditRecord, BackupRecord, Entry, Intent, IssuedKey, Lock, Run, StoreError, Tries, Version,
};

/// The key under which rows are authenticated (HMAC-SHA-256). Prints nothing.
#[derive(Clone)]
pub struct RowKey([u8; 32]);

impl RowKey {
    /// Takes a key that was derived for this purpose alone.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac =
            <Hmac<Sha256> as Mac>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for RowKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RowKey([redacted])")
    }
}

/// A transaction; see [`crate::Store::write`] and [`crate::Store::read`].
pub struct Tx<'a> {
    inner: Transaction<'a>,
    key: &'a RowKey,
}

impl std::fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tx")
    }
}

impl<'a> Tx<'a> {
    pub(crate) fn new(inner: Transaction<'a>, key: &'a RowKey) -> Self {
        Self { inner, key }
    }

    pub(crate) fn commit(self) -> Result<(), StoreError> {
        Ok(self.inner.commit()?)
    }

    fn seal<T: Serialize>(
        &self,
        table: &str,
        id: &str,
        row: &T,
    ) -> Result<(String, [u8; 32]), StoreError> {
        let body = serde_json::to_string(row)?;
        let mac = self.key.mac(&[table.as_bytes(), id.as_bytes(), body.as_bytes()]);
        Ok((body, mac))
    }

    /// Writes a row of a table that has its key and the sealed document and nothing else.
    fn put<T: Serialize>(
        &self,
        table: &'static str,
        key: &'static str,
        id: &str,
        row: &T,
    ) -> Result<(), StoreError> {
        let (body, mac) = self.seal(table, id, row)?;
        let sql = format!("INSERT OR REPLACE INTO {table} ({key}, body, mac) VALUES (?1, ?2, ?3)");
        self.inner.execute(&sql, params![id, body, mac])?;
        Ok(())
    }

    fn unseal<T: DeserializeOwned>(
        &self,
        table: &str,
        row: &rusqlite::Row<'_>,
    ) -> Result<T, StoreError> {
        // Borrowed from the database's own page: a list reads every row of the vault.
        let text = |at: usize| row.get_ref(at)?.as_str().map_err(rusqlite::Error::from);
        let (id, body) = (text(0)?, text(1)?);
        let mac = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
        let expected = self.key.mac(&[table.as_bytes(), id.as_bytes(), body.as_bytes()]);
        if bool::from(expected.as_slice().ct_eq(mac)) {
            Ok(serde_json::from_str(body)?)
        } else {
            Err(StoreError::Damaged { what: format!("a row of `{table}` does not fit its seal") })
        }
    }

    fn all<T: DeserializeOwned>(
        &self,
        table: &str,
        sql: &str,
        values: impl rusqlite::Params,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.inner.prepare_cached(sql)?;
        let mut rows = statement.query(values)?;
        let mut all = vec![];
        while let Some(row) = rows.next()? {
            all.push(self.unseal(table, row)?);
        }
        Ok(all)
    }

    // Entries.

    /// All entries, by name; those in the bin only when `removed` is set.
    ///
    /// # Errors
    /// A disk error, or a row that does not fit its MAC.
    pub fn entries(&self, removed: bool) -> Result<Vec<Entry>, StoreError> {
        let sql = if removed {
            "SELECT id, body, mac FROM entry WHERE path IS NULL ORDER BY id"
        } else {
            "SELECT id, body, mac FROM entry WHERE path IS NOT NULL"
        };
        let mut entries: Vec<Entry> = self.all("entry", sql, [])?;
        if !removed {
            // Sorted here: by its index the database would look each row up in another place.
            entries.sort_by_cached_key(|entry| entry.path().to_lowercase());
        }
        Ok(entries)
    }

    /// The entry with this id, in the bin or not.
    ///
    /// # Errors
    /// As [`Tx::entries`].
    pub fn entry(&self, id: &str) -> Result<Option<Entry>, StoreError> {
        Ok(self.all("entry", "SELECT id, body, mac FROM entry WHERE id = ?1", [id])?.pop())
    }

    /// Writes an entry, new or changed.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another entry has the same name in any letter case.
    pub fn put_entry(&self, entry: &Entry) -> Result<(), StoreError> {
        let (body, mac) = self.seal("entry", &entry.id, entry)?;
        let path = entry.removed.is_none().then(|| entry.path().to_lowercase());
        self.inner.execute(
            "INSERT INTO entry (id, path, body, mac) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE SET path = ?2, body = ?3, mac = ?4",
            params![entry.id, path, body, mac],
        )?;
        Ok(())
    }

    /// Deletes an entry for good, with its versions, runs and uses.
    ///
    /// # Errors
    /// A disk error.
    pub fn delete_entry(&self, id: &str) -> Result<(), StoreError> {
        self.inner.execute("DELETE FROM entry WHERE id = ?1", [id])?;
        Ok(())
    }

    // Versions.

    /// All versions of all entries, by entry and number.
    ///
    /// # Errors
    /// As [`Tx::entries`].
    pub fn all_versions(&self) -> Result<Vec<Version>, StoreError> {
        // Sorted here, as entries are.
        let mut versions: Vec<Version> =
            self.all("version", "SELECT id, body, mac FROM version", [])?;
        versions.sort_by(|a, b| (&a.entry, a.number).cmp(&(&b.entry, b.number)));
        Ok(versions)
    }

    /// The versions of one entry, oldest first.
    ///
    /// # Errors
    /// As [`Tx::entries`].
    pub fn versions(&self, entry: &str) -> Result<Vec<Version>, StoreError> {
        self.all(
            "version",
            "SELECT id, body, mac FROM version WHERE entry = ?1 ORDER BY number",
            [entry],
        )
    }

    /// Writes a version, new or with a new stage. `sealed_box` is given only with a new one that
    /// does not fit the platform's keychain.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the entry already has another version of this number.
    pub fn put_version(
        &self,
        version: &Version,
        sealed_box: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let (body, mac) = self.seal("version", &version.id, version)?;
        self.inner.execute(
            "INSERT INTO version (id, entry, number, body, mac, box) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (id) DO UPDATE SET body = ?4, mac = ?5",
            params![version.id, version.entry, version.number, body, mac, sealed_box],
        )?;
        Ok(())
    }

    /// The sealed box of a version that is too large for the keychain.
    ///
    /// # Errors
    /// A disk error.
    pub fn sealed_box(&self, version: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let mut statement = self.inner.prepare_cached("SELECT box FROM version WHERE id = ?1")?;
        Ok(statement.query_row([version], |row| row.get(0)).optional()?.flatten())
    }

    /// Puts another row in the place of the version with the id `old`: the same value, kept in
    /// another way. False when that row is gone; nothing is changed then.
    ///
    /// # Errors
    /// A disk error.
    pub fn replace_version(
        &self,
        old: &str,
        version: &Version,
        sealed_box: Option<&[u8]>,
    ) -> Result<bool, StoreError> {
        let (body, mac) = self.seal("version", &version.id, version)?;
        let changed = self.inner.execute(
            "UPDATE version SET id = ?2, body = ?3, mac = ?4, box = ?5 WHERE id = ?1",
            params![old, version.id, body, mac, sealed_box],
        )?;
        Ok(changed == 1)
    }

    // The lock.

    /// The lock; none for a vault without a passphrase.
    ///
    /// # Errors
    /// As [`Tx::entries`].
    pub fn lock(&self) -> Result<Option<Lock>, StoreError> {
        let sql = "SELECT id, body, mac FROM lock WHERE id = 'passphrase'";
        Ok(self.all("lock", sql, [])?.pop())
    }

    /// Writes the lock; none takes it away.
    ///
    /// # Errors
    /// A disk error.
    pub fn put_lock(&self, lock: Option<&Lock>) -> Result<(), StoreError> {
        match lock {
            Some(lock) => self.put_lock_row("passphrase", lock),
            None => {
                self.inner.execute("DELETE FROM lock", [])?;
                Ok(())
            }
        }
    }

    /// The tries of a passphrase since the last right one.
    ///
    /// # Errors
    /// As [`Tx::entries`].
    pub fn tries(&self) -> Result<Tries, StoreError> {
        let sql = "SELECT id, body, mac FROM lock WHERE id = 'tries'";
        Ok(self.all("lock", sql, [])?.pop().unwrap_or_default())
    }

    /// Writes how many tries there were.
    ///
    /// # Errors
    /// A disk error.
    pub fn put_tries(&self, tries: &Tries) -> Result<(), StoreError> {
        self.put_lock_row("tries", tries)
    }

    fn put_lock_row<T: Serialize>(&self, id: &str, row: &T) -> Result<(), StoreError> {
        let (body, mac) = self.seal("lock", id, row)?;
        self.inner.execute(
            "INSERT OR REPLACE INTO lock (id, body, mac) VALUES (?1, ?2, ?3)",
            params![id, body, mac],
        )?;
        Ok(())
    }

    // Intents.

    /// Records that a keychain item is about to be written or deleted.
    ///
    /// # Errors
    /// A disk error.
    pub fn put_intent(&self, account: &str, at: Timestamp) -> Result<(), StoreError> {
        self.inner.execute(
            "INSERT OR REPLACE INTO intent (account, at) VALUES (?1, ?2)",
            params![account, at.to_string()],
        )?;
        Ok(())
    }

    /// Forgets an intent: the item and its row agree.
    ///
    /// # Errors
    /// A disk error.
    pub fn clear_intent(&self, account: &str) -> Result<(), StoreError> {
        self.inner.execute("DELETE FROM intent WHERE account = ?1", [account])?;
        Ok(())
    }

    /// Intents recorded before `cut`: what a crash left behind.
    ///
    /// # Errors
    /// A disk error.
    pub fn stale_intents(&self, cut: Timestamp) -> Result<Vec<Intent>, StoreError> {
        let mut statement = self.inner.prepare_cached("SELECT account, at FROM intent")?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<Vec<(String, String)>, _>>()?;
        Ok(rows
            .into_iter()
            .map(|(account, at)| Intent {
                account,
                at: Timestamp::from_str(&at).unwrap_or(Timestamp::MIN),
            })
            .filter(|intent| intent.at < cut)
            .collect())
    }

    // Rotation runs.

    /// All runs, newest first.
    ///
    /// # Errors
    /// As [`Tx::entries`].
    pub fn runs(&self) -> Result<Vec<Run>, StoreError> {
        self.all("run", "SELECT id, body, mac FROM run ORDER BY id DESC", [])
    }

    /// Writes a run, new or changed.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the entry has another open run.
    pub fn put_run(&self, run: &Run) -> Result<(), StoreError> {
        let (body, mac) = self.seal("run", &run.id, run)?;
        self.inner.execute(
            "INSERT INTO run (id, entry, open, body, mac) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO UPDATE SET open = ?3, body = ?4, mac = ?5",
            params![run.id, run.entry, run.open, body, mac],
        )?;
        Ok(())
    }

    // Issued keys.

    /// All keys that were issued, by id.
    ///
    /// # Errors
    /// As [`Tx::entries`].
    pub fn issued_keys(&self) -> Result<Vec<IssuedKey>, StoreError> {
        self.all("issued", "SELECT id, body, mac FROM issued ORDER BY id", [])
    }

    /// The issued key with this id.
    ///
    /// # Errors
    /// As [`Tx::entries`].
    pub fn issued_key(&self, id: &str) -> Result<Option<IssuedKey>, StoreError> {
        Ok(self.all("issued", "SELECT id, body, mac FROM issued WHERE id = ?1", [id])?.pop())
    }

    /// Writes an issued key, new or changed.
    ///
    /// # Errors
    /// A disk error.
    pub fn put_issued_key(&self, key: &IssuedKey) -> Result<(), StoreError> {
        self.put("issued", "id", &key.id, key)
    }

    // Backups, repositories, deliveries, settings.

    /// Backups that were written, newest first.
    ///
    /// # Errors
    /// A disk error.
    pub fn backups(&self) -> Result<Vec<BackupRecord>, StoreError> {
        let mut statement = self.inner.prepare_cached("SELECT body FROM backup")?;
        let rows = statement
            .query_map([], |row| row.get::<_, String>(0))?
            .collect::<Result<Vec<_>, _>>()?;
        let mut backups: Vec<BackupRecord> =
            rows.iter().map(|body| serde_json::from_str(body)).collect::<Result<_, _>>()?;
        backups.sort_by_key(|row| std::cmp::Reverse(row.created));
        Ok(backups)
    }

    /// Records a backup, or that it was verified.
    ///
    /// # Errors
    /// A disk error.
    pub fn put_backup(&self, backup: &BackupRecord) -> Result<(), StoreError> {
        self.inner.execute(
            "INSERT OR REPLACE INTO backup (path, body) VALUES (?1, ?2)",
            params![backup.path, serde_json::to_string(backup)?],
        )?;
        Ok(())
    }

    /// Forgets a backup whose file was deleted.
    ///
    /// # Errors
    /// A disk error.
    pub fn delete_backup(&self, path: &str) -> Result<(), StoreError> {
        self.inner.execute("DELETE FROM backup WHERE path = ?1", [path])?;
        Ok(())
    }

    /// Repositories that were scanned, by path, each with its last report as JSON.
    ///
    /// # Errors
    /// A disk error.
    pub fn repositories(&self) -> Result<Vec<(String, Option<String>)>, StoreError> {
        let mut statement =
            self.inner.prepare_cached("SELECT path, report FROM repository ORDER BY path")?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<Vec<_>, _>>()?;
        Ok(rows)
    }

    /// Keeps a repository; a report replaces the last one, none leaves it.
    ///
    /// # Errors
    /// A disk error.
    pub fn put_repository(&self, path: &str, report: Option<&str>) -> Result<(), StoreError> {
        self.inner.execute(
            "INSERT INTO repository (path, report) VALUES (?1, ?2)
             ON CONFLICT (path) DO UPDATE SET report = coalesce(?2, report)",
            params![path, report],
        )?;
        Ok(())
    }

    /// Forgets a repository.
    ///
    /// # Errors
    /// A disk error.
    pub fn delete_repository(&self, path: &str) -> Result<(), StoreError> {
        self.inner.execute("DELETE FROM repository WHERE path = ?1", [path])?;
        Ok(())
    }

    /// Remembers a webhook delivery; true when it was there before.
    ///
    /// # Errors
    /// A disk error.
    pub fn remember_delivery(
        &self,
        endpoint: &str,
        id: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let added = self.inner.execute(
            "INSERT OR IGNORE INTO delivery (endpoint, id, at) VALUES (?1, ?2, ?3)",
            params![endpoint, id, at.to_string()],
        )?;
        Ok(added == 0)
    }

    /// Reads one plain setting.
    ///
    /// # Errors
    /// A disk error.
    pub fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        meta(&self.inner, key)
    }

    /// Writes one plain setting.
    ///
    /// # Errors
    /// A disk error.
    pub fn put_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        self.inner
            .execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", [key, value])?;
        Ok(())
    }

    // Audit.

    /// A table that was taken out is a record without rows, and the anchor tells how many it had;
    /// appending to it fails.
    fn has_audit(&self) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'audit'";
        let count: i64 = self.inner.query_row(sql, [], |row| row.get(0))?;
        Ok(count > 0)
    }

    /// The last row of the audit record.
    ///
    /// # Errors
    /// A disk error.
    pub fn last_audit(&self) -> Result<Option<AuditRecord>, StoreError> {
        if !self.has_audit()? {
            return Ok(None);
        }
        let mut statement = self
            .inner
            .prepare_cached("SELECT seq, body, mac FROM audit ORDER BY seq DESC LIMIT 1")?;
        Ok(statement.query_row([], audit_record).optional()?)
    }

    /// The audit record from its first row on.
    ///
    /// # Errors
    /// A disk error.
    pub fn audit(&self) -> Result<Vec<AuditRecord>, StoreError> {
        if !self.has_audit()? {
            return Ok(vec![]);
        }
        let mut statement =
            self.inner.prepare_cached("SELECT seq, body, mac FROM audit ORDER BY seq")?;
        let rows = statement.query_map([], audit_record)?.collect::<Result<Vec<_>, _>>()?;
        Ok(rows)
    }

    /// Appends one row; there is no way to change or delete it.
    ///
    /// # Errors
    /// A disk error.
    pub fn append_audit(&self, record: &AuditRecord) -> Result<(), StoreError> {
        self.inner.execute(
            "INSERT INTO audit (seq, body, mac) VALUES (?1, ?2, ?3)",
            params![record.seq as i64, record.body, record.mac],
        )?;
        Ok(())
    }
}

fn audit_record(row: &rusqlite::Row<'_>) -> rusqlite::Result<AuditRecord> {
    Ok(AuditRecord { seq: row.get::<_, i64>(0)? as u64, body: row.get(1)?, mac: row.get(2)? })
}

pub(crate) fn meta(connection: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
    Ok(statement.query_row([key], |row| row.get(0)).optional()?)
}
