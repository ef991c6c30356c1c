//! The drill: a restore rehearsed. The backup goes into a vault in memory by the same way as a
//! restore, and what comes out of that one is compared with the vault, value by value.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use keyward_backup::{self as backup, Document, MAX_WORK_FACTOR};
use keyward_store::{Entry, Tx, Version};
use keyward_vault::{Secret, id_time};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::backup::{Key, prove};
use crate::snapshot::Snapshot;
use crate::view::{DrillReport, DrillRow, JSON_VERSION, LastDrill};
use crate::{Error, Keyward};

/// Days after which a drill is late.
pub(crate) const DRILL_DAYS: i64 = 30;
const KEY: &str = "drill";

/// What is kept of the last drill. Its place in the audit record is the proof; this is for showing.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Record {
    at: Timestamp,
    path: String,
    same: u32,
    differs: u32,
    missing: u32,
    newer: u32,
}

/// One value that came out of the throw-away vault.
struct Restored {
    entry: String,
    name: String,
    number: u32,
    print: String,
}

impl Keyward {
    /// Rehearses a restore of `path`, or of the newest backup that is there: restores it into a
    /// throw-away vault in memory, compares each value's keyed fingerprint with the vault's, and
    /// records the result with its date.
    ///
    /// # Errors
    /// `NOT_FOUND` without a vault or without a backup, what is wrong with the file or the key, the
    /// keychain, the disk. Values that differ are a report, not an error.
    pub fn backup_drill(
        &self,
        path: Option<&Path>,
        key: &Key,
        max_work_factor: Option<u8>,
    ) -> Result<DrillReport, Error> {
        let opener = key.opener()?;
        let path = match path {
            Some(path) => std::path::absolute(path)
                .map_err(|error| crate::error::io(&error, "the backup's path"))?,
            None => self.newest_backup()?,
        };
        let mut document =
            backup::read(&path, &opener, max_work_factor.unwrap_or(MAX_WORK_FACTOR))?;
        let proved = self.with(|open| prove(open, &mut document))?.ok_or_else(no_vault)?;
        let restored = self.rehearse(&mut document)?;
        let rows = self.compare(&document, restored)?;
        let count = |result: &str| {
            let number = rows.iter().filter(|row| row.result == result).count();
            u32::try_from(number).unwrap_or(u32::MAX)
        };
        let (differs, missing) = (count("differs"), count("missing"));
        let report = DrillReport {
            version: JSON_VERSION,
            path: path.display().to_string(),
            created: document.created.to_string(),
            drilled: self.clock().to_string(),
            ok: differs == 0 && missing == 0,
            same: count("same"),
            differs,
            missing,
            newer: count("newer"),
            removed: count("removed"),
            origin_proved: proved,
            rows,
        };
        self.record_drill(&report)?;
        Ok(report)
    }

    fn newest_backup(&self) -> Result<PathBuf, Error> {
        let newest = self.backups()?.backups.into_iter().find(|backup| backup.present);
        newest.map(|backup| PathBuf::from(backup.path)).ok_or_else(|| {
            Error::new(
                "NOT_FOUND",
                "There is no backup of this vault to rehearse with.",
                "`keyward backup create` writes one; a file of another place can be named.",
            )
        })
    }

    /// Restores the document into a vault in memory and reads every value out of it again.
    fn rehearse(&self, document: &mut Document) -> Result<Vec<(Restored, Secret)>, Error> {
        let throwaway = Keyward::in_memory(self.clock());
        throwaway.restore_all(document)?;
        let read = throwaway.with(|open| {
            let snapshot = open.read(Snapshot::read)?;
            let mut out = vec![];
            for entry in &snapshot.entries {
                let rows = snapshot.versions(entry);
                let values = throwaway.values(open, rows)?;
                out.extend(rows.iter().zip(values).map(|(row, value)| {
                    let restored = Restored {
                        entry: entry.id.clone(),
                        name: entry.path(),
                        number: row.number,
                        print: String::new(),
                    };
                    (restored, value)
                }));
            }
            Ok(out)
        })?;
        Ok(read.unwrap_or_default())
    }

    /// Lays what was restored beside the vault.
    fn compare(
        &self,
        document: &Document,
        restored: Vec<(Restored, Secret)>,
    ) -> Result<Vec<DrillRow>, Error> {
        let made = document.created;
        self.with(|open| {
            let mut left: Vec<Restored> = restored
                .into_iter()
                .map(|(row, value)| Restored {
                    print: open.vault.keys().fingerprint(value.expose_secret()),
                    ..row
                })
                .collect();
            let snapshot = open.read(Snapshot::read)?;
            let mut rows = vec![];
            for entry in &snapshot.entries {
                let known = left.iter().any(|row| belongs(row, entry));
                // The same value first, so that a number that moved is not taken for a difference.
                let mut open_versions: Vec<&Version> = vec![];
                for version in snapshot.versions(entry) {
                    let fits =
                        |row: &Restored| belongs(row, entry) && row.print == version.fingerprint;
                    match left.iter().position(fits) {
                        Some(at) => {
                            left.remove(at);
                            rows.push(line(entry.path(), version.number, "same"));
                        }
                        None => open_versions.push(version),
                    }
                }
                for version in open_versions {
                    // A version's id says when it came into this vault; its own date may be older.
                    let came = id_time(&version.id).unwrap_or(version.created);
                    let newer = came > made || (!known && entry.updated > made);
                    let same_number =
                        |row: &Restored| belongs(row, entry) && row.number == version.number;
                    let result = if newer {
                        "newer"
                    } else if let Some(at) = left.iter().position(same_number) {
                        left.remove(at);
                        "differs"
                    } else {
                        "missing"
                    };
                    rows.push(line(entry.path(), version.number, result));
                }
            }
            // What only the backup has was removed from the vault since.
            rows.extend(left.into_iter().map(|row| line(row.name, row.number, "removed")));
            Ok(rows)
        })?
        .ok_or_else(no_vault)
    }

    fn record_drill(&self, report: &DrillReport) -> Result<(), Error> {
        let record = Record {
            at: self.clock(),
            path: report.path.clone(),
            same: report.same,
            differs: report.differs,
            missing: report.missing,
            newer: report.newer,
        };
        let text = serde_json::to_string(&record)
            .map_err(|_| Error::new("FAULT", "The drill cannot be recorded.", ""))?;
        let detail = format!(
            "{} same, {} differ, {} missing, {} newer since",
            report.same, report.differs, report.missing, report.newer
        );
        self.with(|open| {
            open.change(|tx, _| {
                tx.put_meta(KEY, &text)?;
                let known = tx.backups()?.into_iter().find(|row| row.path == report.path);
                if let Some(mut row) = known.filter(|_| report.ok) {
                    row.verified = Some(record.at);
                    tx.put_backup(&row)?;
                }
                Ok(((), vec![self.event("drill", &report.path, Some(detail))]))
            })
        })?;
        Ok(())
    }

    /// One sentence when a restore should be rehearsed: there was no drill, the last is older than
    /// 30 days, or it found something. None while it is well, and for an empty vault.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn drill_reminder(&self) -> Result<Option<String>, Error> {
        let now = self.now();
        let seen = self.with(|open| {
            open.read(|tx| {
                let any = !tx.entries(false)?.is_empty();
                Ok(any.then_some((last(tx)?, tx.backups()?.is_empty())))
            })
        })?;
        let Some((last, no_backup)) = seen.flatten() else {
            return Ok(None);
        };
        if no_backup {
            return Ok(None);
        }
        let days = |at: Timestamp| now.duration_since(at).as_hours() / 24;
        Ok(match last {
            None => Some("No restore was rehearsed yet.".to_owned()),
            Some(last) if last.differs + last.missing > 0 => {
                Some("The last rehearsal of a restore did not bring everything back.".to_owned())
            }
            Some(last) if days(last.at) > DRILL_DAYS => {
                Some(format!("The last restore was rehearsed {} days ago.", days(last.at)))
            }
            Some(_) => None,
        })
    }
}

/// The last drill, as shown.
pub(crate) fn last_view(tx: &Tx<'_>) -> Result<Option<LastDrill>, Error> {
    Ok(last(tx)?.map(|record| LastDrill {
        at: record.at.to_string(),
        path: record.path,
        ok: record.differs + record.missing == 0,
        same: record.same,
        differs: record.differs,
        missing: record.missing,
        newer: record.newer,
    }))
}

fn last(tx: &Tx<'_>) -> Result<Option<Record>, Error> {
    Ok(tx.meta(KEY)?.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Whether a restored value is of this entry: a restore keeps the id, and finds by name without it.
fn belongs(row: &Restored, entry: &Entry) -> bool {
    row.entry == entry.id || row.name.eq_ignore_ascii_case(&entry.path())
}

fn line(name: String, number: u32, result: &str) -> DrillRow {
    DrillRow { name, number, result: result.to_owned() }
}

fn no_vault() -> Error {
    Error::new(
        "NOT_FOUND",
        "There is no vault here to compare with.",
        "`keyward backup verify` checks a backup without one.",
    )
}
