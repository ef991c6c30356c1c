//! Backups of the whole vault.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use keyward_backup::{self as backup, Document, Lock, MAX_WORK_FACTOR, Opener};
use keyward_store::{BackupRecord, Entry};
use keyward_vault::{Purpose, Secret, secret};
use zeroize::Zeroizing;

use crate::session::Open;
use crate::snapshot::Snapshot;
use crate::view::{BackupList, BackupReport, BackupRow, JSON_VERSION};
use crate::{Error, Keyward, place_backup};

/// What locks or opens a backup.
#[derive(Debug)]
pub enum Key {
    /// A passphrase's bytes; one final newline is dropped.
    Passphrase(Secret),
    /// age recipients, `age1…`; they only lock.
    Recipients(Vec<String>),
    /// An age identity file's bytes; it only opens.
    Identity(Secret),
}

/// Most that is read of an identity file, in bytes.
const MAX_IDENTITY: u64 = 1024 * 1024;

impl Key {
    /// The identity that lies in a file.
    ///
    /// # Errors
    /// `NOT_FOUND` or the disk. What is in it is looked at when it is used.
    pub fn identity_file(path: &Path) -> Result<Self, Error> {
        let mut bytes = Zeroizing::new(vec![]);
        std::fs::File::open(path)
            .and_then(|file| file.take(MAX_IDENTITY).read_to_end(&mut bytes))
            .map_err(|error| crate::error::io(&error, "the identity file"))?;
        Ok(Self::Identity(secret(bytes.to_vec())))
    }

    fn lock(&self) -> Result<Lock, Error> {
        match self {
            Self::Passphrase(bytes) => Ok(Lock::passphrase(bytes)?),
            Self::Recipients(texts) => Ok(Lock::recipients(texts)?),
            Self::Identity(bytes) => Ok(Opener::identities(bytes)?.lock()),
        }
    }

    pub(crate) fn opener(&self) -> Result<Opener, Error> {
        match self {
            Self::Passphrase(bytes) => Ok(Opener::passphrase(bytes)?),
            Self::Identity(bytes) => Ok(Opener::identities(bytes)?),
            Self::Recipients(_) => Err(Error::new(
                "USAGE",
                "A recipient locks a backup; it does not open one.",
                "Give the identity file with `--identity`.",
            )),
        }
    }
}

impl Keyward {
    /// Writes a backup of everything, reads it back, opens and compares it, and only then calls it
    /// done.
    ///
    /// # Errors
    /// `NOT_FOUND` without a vault, the keychain, the disk, or a key that cannot be used. An older
    /// file of that name is untouched then, and replaced only with `replace`.
    pub fn backup_create(
        &self,
        path: &Path,
        key: &Key,
        armor: bool,
        replace: bool,
    ) -> Result<BackupReport, Error> {
        let lock = key.lock()?;
        let path = absolute(path)?;
        let document = self.with(|open| self.document(open))?.ok_or_else(|| {
            Error::new(
                "NOT_FOUND",
                "There is no vault yet, so there is nothing to back up.",
                "Add an entry first.",
            )
        })?;
        let written = backup::write(&path, &document, &lock, armor, replace)?;
        self.record_backup(&path, &document, written.size)?;
        Ok(report(&path, &document, written.size, Some(true), written.opened))
    }

    /// Remembers a backup that was written.
    pub(crate) fn record_backup(
        &self,
        path: &Path,
        document: &Document,
        size: u64,
    ) -> Result<(), Error> {
        let shown = path.display().to_string();
        let counts = document.counts();
        self.with(|open| {
            let record = BackupRecord {
                path: shown.clone(),
                created: document.created,
                size,
                entries: counts.entries,
                // Reading back is part of writing; this counts later checks.
                verified: None,
            };
            let detail = format!("{} entries, {} values", counts.entries, counts.values);
            open.change(|tx, _| {
                tx.put_backup(&record)?;
                Ok(((), vec![self.event("backup", &shown, Some(detail))]))
            })
        })?;
        Ok(())
    }

    /// Opens a backup, checks all of it, and hands out only its figures.
    ///
    /// # Errors
    /// What is wrong with the file or the key.
    pub fn backup_verify(
        &self,
        path: &Path,
        key: &Key,
        max_work_factor: Option<u8>,
    ) -> Result<BackupReport, Error> {
        let path = absolute(path)?;
        let mut document =
            backup::read(&path, &key.opener()?, max_work_factor.unwrap_or(MAX_WORK_FACTOR))?;
        let size = std::fs::metadata(&path).map_or(0, |data| data.len());
        // Whose backup it is can be proved only where its vault is; the check needs no keychain.
        let proved = match self.with(|open| prove(open, &mut document)) {
            Ok(proved) => proved.flatten(),
            Err(error) if crate::session::is_keychain(&error) => None,
            Err(error) => return Err(error),
        };
        if proved.is_some() {
            let shown = path.display().to_string();
            self.with(|open| {
                open.change(|tx, _| {
                    let known = tx.backups()?.into_iter().find(|record| record.path == shown);
                    if let Some(mut record) = known {
                        record.verified = Some(self.clock());
                        tx.put_backup(&record)?;
                    }
                    Ok(((), vec![]))
                })
            })?;
        }
        Ok(report(&path, &document, size, proved, true))
    }

    /// The backups this vault wrote, newest first.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn backups(&self) -> Result<BackupList, Error> {
        let seen = self.with(|open| {
            open.read(|tx| Ok((tx.backups()?, crate::drill::last_view(tx)?, crate::kit::view(tx)?)))
        })?;
        let (records, drill, kit) = seen.unwrap_or_default();
        let rows = records.into_iter().map(|record| BackupRow {
            present: Path::new(&record.path).is_file(),
            path: record.path,
            created: record.created.to_string(),
            size: record.size,
            entries: record.entries,
            verified: record.verified.map(|at| at.to_string()),
        });
        let (backups, drill_due) = (rows.collect(), self.drill_reminder()?);
        Ok(BackupList { version: JSON_VERSION, backups, drill, drill_due, kit })
    }

    /// Everything of the vault as a document.
    pub(crate) fn document(&self, open: &mut Open) -> Result<Document, Error> {
        let (snapshot, issued, places, connections, head) = open.read(|tx| {
            let head =
                tx.last_audit()?.map(|row| keyward_audit::Head { seq: row.seq, mac: row.mac });
            let (places, connections) = (tx.destinations()?, tx.connections()?);
            Ok((Snapshot::read(tx)?, tx.issued_keys()?, places, connections, head))
        })?;
        let mut entries = vec![];
        for entry in &snapshot.entries {
            let rows = snapshot.versions(entry);
            let values = self.values(open, rows)?;
            let versions = rows.iter().zip(values).map(|(row, value)| backup::Version {
                number: row.number,
                stage: row.stage.clone(),
                created: row.created,
                retired: row.retired,
                value,
            });
            entries.push(to_backup(entry, versions.collect()));
        }
        let mut document = Document {
            vault: open.vault.id().to_owned(),
            created: self.clock(),
            audit_head: head.map(|head| head.to_string()),
            entries,
            issued: issued.iter().map(crate::issue::to_backup).collect(),
            places: place_backup::places(&places, &snapshot.entries),
            connections: place_backup::connections(&connections, &snapshot.entries),
            manifest: None,
        };
        let key = open.vault.keys().derive(Purpose::Manifest);
        document.sign(&key).map_err(backup::FileError::from)?;
        Ok(document)
    }
}

/// Whether the vault here wrote this document; none when it is another vault's.
pub(crate) fn prove(open: &mut Open, document: &mut Document) -> Result<Option<bool>, Error> {
    if document.vault != open.vault.id() {
        return Ok(None);
    }
    let key = open.vault.keys().derive(Purpose::Manifest);
    document.prove(&key).map_err(backup::FileError::from)?;
    Ok(Some(true))
}

pub(crate) fn to_backup(entry: &Entry, versions: Vec<backup::Version>) -> backup::Entry {
    backup::Entry {
        id: entry.id.clone(),
        name: entry.path(),
        kind: entry.kind.clone(),
        provider: entry.provider.clone(),
        mode: entry.mode.clone(),
        var: entry.var.clone(),
        owner: entry.owner.clone(),
        url: entry.url.clone(),
        notes: entry.notes.clone(),
        ip_note: entry.ip_note.clone(),
        tags: entry.tags.clone(),
        rotate_days: entry.rotate_days,
        expires: entry.expires,
        created: entry.created,
        updated: entry.updated,
        versions,
    }
}

fn report(
    path: &Path,
    document: &Document,
    size: u64,
    proved: Option<bool>,
    opened: bool,
) -> BackupReport {
    let counts = document.counts();
    BackupReport {
        version: JSON_VERSION,
        path: path.display().to_string(),
        vault: document.vault.clone(),
        created: document.created.to_string(),
        entries: counts.entries,
        values: counts.values,
        size,
        origin_proved: proved,
        opened,
    }
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(|error| crate::error::io(&error, "the backup's path"))
}
