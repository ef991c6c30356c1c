//! Scheduled backups: to which folders, how often, for whom, and what stays in them. A run can be
//! repeated at will: where the last backup is young enough, it does nothing.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use keyward_backup::{self as backup, Document, Kept, Lock, Retention};
use keyward_store::{BackupRecord, Tx};
use serde::{Deserialize, Serialize};

use crate::error::io;
use crate::timer::{self, Job};
use crate::view::{FolderRun, JSON_VERSION, ScheduleFolder, ScheduleRun, ScheduleStatus};
use crate::{Error, Keyward, kit};

const KEY: &str = "backup-schedule";
const HOUR: u64 = 3600;
/// Longest time between two backups, in seconds: a month.
const LONGEST: u64 = 31 * 24 * HOUR;
/// The timer comes once an hour and a little late; without this a daily backup would be made an
/// hour later each day.
const SLACK: u64 = 600;
/// How a file's name says when it was made.
const TIME: &str = "%Y%m%dT%H%M%SZ";

/// What is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Schedule {
    to: Vec<PathBuf>,
    every: u64,
    recipients: Vec<String>,
}

/// What a user sets.
#[derive(Debug, Clone, Default)]
pub struct NewSchedule {
    /// Folders, which have to be there.
    pub to: Vec<PathBuf>,
    /// Seconds between two backups, from an hour to 31 days.
    pub every: u64,
    /// Recipients `age1…`; the recovery kit's when empty.
    pub recipients: Vec<String>,
    /// Install the system's timer too.
    pub timer: bool,
}

/// One scheduled backup in a folder.
struct Ours {
    path: PathBuf,
    made: Timestamp,
}

impl Keyward {
    /// Sets the schedule and installs the timer.
    ///
    /// # Errors
    /// `FIELD_INVALID` for the time, `NOT_FOUND` for a folder that is not there,
    /// `BACKUP_NO_RECIPIENT` without a recovery kit and a recipient, `RECIPIENT_INVALID`, the
    /// keychain, the disk. Nothing is changed then; a timer that cannot be installed is a note.
    pub fn schedule_set(&self, new: &NewSchedule) -> Result<ScheduleStatus, Error> {
        if !(HOUR..=LONGEST).contains(&new.every) {
            return Err(Error::new(
                "FIELD_INVALID",
                "The time between backups is out of its range. Nothing was changed.",
                "From 1h to 31d.",
            ));
        }
        let mut to = vec![];
        for folder in &new.to {
            let folder = std::path::absolute(folder)
                .map_err(|error| io(&error, "the folder for backups"))?;
            let data = std::fs::metadata(&folder)
                .map_err(|error| io(&error, &format!("the folder {}", folder.display())))?;
            if !data.is_dir() {
                return Err(Error::new(
                    "BACKUP_NOT_A_FILE",
                    format!("{} is not a folder. Nothing was changed.", folder.display()),
                    "A schedule writes into folders; name one.",
                ));
            }
            if !to.contains(&folder) {
                to.push(folder);
            }
        }
        if to.is_empty() {
            return Err(Error::new("USAGE", "No folder was named.", "Name one with `--to`."));
        }
        Lock::recipients(&new.recipients)?;
        let schedule = Schedule { to, every: new.every, recipients: new.recipients.clone() };
        let text = serde_json::to_string(&schedule)
            .map_err(|_| Error::new("FAULT", "The schedule cannot be written.", ""))?;
        let vault = self.with_new(|open| {
            open.change(|tx, vault| {
                recipients(tx, &schedule)?;
                tx.put_meta(KEY, &text)?;
                let folders: Vec<String> =
                    schedule.to.iter().map(|folder| folder.display().to_string()).collect();
                let detail = format!("every {} s to {}", schedule.every, folders.join(", "));
                let event = self.event("backup-schedule", "vault", Some(detail));
                Ok((vault.id().to_owned(), vec![event]))
            })
        })?;
        let note = match new.timer {
            true => self.install_timer(Job::Backup, &vault),
            false => timer::remove(Job::Backup, &vault).err().map(|error| error.message),
        };
        let mut status = self.schedule_status()?;
        status.note = note.or(status.note);
        Ok(status)
    }

    /// The schedule, its folders and what is in them.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn schedule_status(&self) -> Result<ScheduleStatus, Error> {
        let rule = Retention::default();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let mut status = ScheduleStatus {
            version: JSON_VERSION,
            set: false,
            every: 0,
            recipients: vec![],
            next: None,
            folders: vec![],
            daily: number(rule.daily),
            weekly: number(rule.weekly),
            monthly: number(rule.monthly),
            timer: None,
            note: None,
        };
        let seen = self.with(|open| {
            let vault = open.vault.id().to_owned();
            open.read(|tx| match read(tx)? {
                Some(schedule) => {
                    let known = recipients(tx, &schedule).unwrap_or_default();
                    Ok(Some((vault, schedule, known, tx.lock()?.is_some())))
                }
                None => Ok(None),
            })
        })?;
        let Some((vault, schedule, recipients, lock)) = seen.flatten() else {
            return Ok(status);
        };
        let now = self.now();
        let mut next: Option<Timestamp> = None;
        for folder in &schedule.to {
            let ours = list(folder, &vault).unwrap_or_default();
            let last = newest(&ours, now);
            let due = last.map_or(now, |last| after(last, schedule.every));
            next = Some(next.map_or(due, |known| known.min(due)));
            status.folders.push(ScheduleFolder {
                folder: folder.display().to_string(),
                present: folder.is_dir(),
                files: number(ours.len()),
                last: last.map(|at| at.to_string()),
            });
        }
        status.set = true;
        status.every = schedule.every;
        status.recipients = recipients;
        status.next = next.map(|at| at.max(now).to_string());
        status.timer = timer::installed(Job::Backup, &vault).map(|path| path.display().to_string());
        status.note = lock.then(|| {
            "The vault has a passphrase, so a backup is made only while `keyward unlock` keeps it open."
                .to_owned()
        });
        Ok(status)
    }

    /// Ends the schedule and takes the timer away. The backups stay.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn schedule_remove(&self) -> Result<(), Error> {
        let vault = self.with(|open| {
            let vault = open.vault.id().to_owned();
            open.change(|tx, _| {
                if read(tx)?.is_none() {
                    return Ok(((), vec![]));
                }
                tx.put_meta(KEY, "")?;
                Ok(((), vec![self.event("backup-schedule", "vault", Some("removed".to_owned()))]))
            })?;
            Ok(vault)
        })?;
        vault.map_or(Ok(()), |vault| timer::remove(Job::Backup, &vault))
    }

    /// Writes a backup into each folder whose last one is old enough, or into all with `force`, and
    /// then lets go of what retention no longer keeps there. Only files that this vault wrote and
    /// still knows are deleted, never the last one that was verified, and none where the write
    /// failed.
    ///
    /// # Errors
    /// `NOT_FOUND` without a vault or a schedule, `BACKUP_NO_RECIPIENT`, `VAULT_LOCKED` where a backup
    /// is due and nobody has unlocked the vault, the keychain, the database.
    /// A folder that fails is in the report, and the others are written all the same.
    pub fn schedule_run(&self, force: bool) -> Result<ScheduleRun, Error> {
        let seen = self.with(|open| {
            let vault = open.vault.id().to_owned();
            open.read(|tx| match read(tx)? {
                Some(schedule) => {
                    let lock = Lock::recipients(&recipients(tx, &schedule)?)?;
                    Ok(Some((vault, schedule, lock)))
                }
                None => Ok(None),
            })
        })?;
        let Some((vault, schedule, lock)) = seen.flatten() else {
            return Err(Error::new(
                "NOT_FOUND",
                "No backup is scheduled.",
                "`keyward backup schedule set --to FOLDER` schedules one.",
            ));
        };
        let mut document = None;
        let mut folders = vec![];
        for folder in &schedule.to {
            let mut run = FolderRun {
                folder: folder.display().to_string(),
                state: "fresh".to_owned(),
                path: None,
                pruned: vec![],
                error: None,
            };
            match self.run_folder(folder, &vault, &schedule, &lock, force, &mut document) {
                Ok(None) => {}
                Ok(Some((path, pruned))) => {
                    run.state = "written".to_owned();
                    run.path = Some(path.display().to_string());
                    run.pruned = pruned;
                }
                // Without the values there is no backup for any folder, and none was written yet.
                Err(error) if document.is_none() && crate::session::is_keychain(&error) => {
                    return Err(error);
                }
                Err(error) => {
                    run.state = "failed".to_owned();
                    run.error = Some(error);
                }
            }
            folders.push(run);
        }
        let ok = folders.iter().all(|run| run.error.is_none());
        Ok(ScheduleRun { version: JSON_VERSION, ok, folders })
    }

    fn run_folder(
        &self,
        folder: &Path,
        vault: &str,
        schedule: &Schedule,
        lock: &Lock,
        force: bool,
        document: &mut Option<Document>,
    ) -> Result<Option<(PathBuf, Vec<String>)>, Error> {
        let now = self.clock();
        let shown = format!("the folder {} (is it mounted?)", folder.display());
        let ours = list(folder, vault).map_err(|error| io(&error, &shown))?;
        let due = newest(&ours, now)
            .is_none_or(|last| now >= after(last, schedule.every.saturating_sub(SLACK)));
        if !due && !force {
            return Ok(None);
        }
        if document.is_none() {
            *document = self.with(|open| self.document(open))?;
        }
        let Some(document) = document else {
            return Err(Error::not_found("vault"));
        };
        let path = folder.join(file_name(vault, now));
        let written = backup::write(&path, document, lock, false, false)?;
        self.record_backup(&path, document, written.size)?;
        // The new one is safe, so old ones may go; a fault here costs room, not a backup.
        let pruned = self.prune(folder, vault, now).unwrap_or_default();
        Ok(Some((path, pruned)))
    }

    fn prune(&self, folder: &Path, vault: &str, now: Timestamp) -> Result<Vec<String>, Error> {
        let records = self.with(|open| open.read(|tx| Ok(tx.backups()?)))?.unwrap_or_default();
        let ours = list(folder, vault).map_err(|error| io(&error, "the folder for backups"))?;
        // A file of our name that this vault does not know, or of another size, is somebody's copy.
        let known: Vec<(Ours, &BackupRecord)> = ours
            .into_iter()
            .filter_map(|file| {
                let record = records.iter().find(|row| Path::new(&row.path) == file.path)?;
                let size = std::fs::symlink_metadata(&file.path).ok()?.len();
                (size == record.size).then_some((file, record))
            })
            .collect();
        // Both the youngest that was verified and the one that was verified last.
        let verified = || known.iter().filter(|(_, record)| record.verified.is_some());
        let youngest = verified().map(|(file, _)| file.made).max();
        let last = verified().map(|(_, record)| record.verified).max().flatten();
        let files: Vec<Kept> = known
            .iter()
            .map(|(file, record)| Kept {
                made: file.made,
                pinned: record.verified.is_some()
                    && (Some(file.made) == youngest || record.verified == last),
            })
            .collect();
        let keep = Retention::default().keep(&files, now);
        let mut pruned = vec![];
        for ((file, record), _) in known.iter().zip(keep).filter(|(_, keep)| !keep) {
            std::fs::remove_file(&file.path).map_err(|error| io(&error, "an old backup"))?;
            self.with(|open| {
                open.change(|tx, _| {
                    tx.delete_backup(&record.path)?;
                    Ok(((), vec![self.event("backup-prune", &record.path, None)]))
                })
            })?;
            pruned.push(record.path.clone());
        }
        Ok(pruned)
    }
}

fn read(tx: &Tx<'_>) -> Result<Option<Schedule>, Error> {
    Ok(tx.meta(KEY)?.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Who a scheduled backup is for.
fn recipients(tx: &Tx<'_>, schedule: &Schedule) -> Result<Vec<String>, Error> {
    if !schedule.recipients.is_empty() {
        return Ok(schedule.recipients.clone());
    }
    match kit::read(tx)? {
        Some(kit) => Ok(vec![kit.recipient]),
        None => Err(Error::new(
            "BACKUP_NO_RECIPIENT",
            "A scheduled backup needs to know for whom it is, since nobody types a passphrase. Nothing was changed.",
            "Make a recovery kit with `keyward backup kit --out F`, or name a `--recipient age1…`.",
        )),
    }
}

fn file_name(vault: &str, at: Timestamp) -> String {
    format!("keyward-{vault}-{}.age", at.strftime(TIME))
}

/// When a file of this name was made; none for a name that is not ours to the letter.
fn made(name: &str, vault: &str) -> Option<Timestamp> {
    let time = name.strip_prefix("keyward-")?.strip_prefix(vault)?.strip_prefix('-')?;
    let time = time.strip_suffix(".age")?;
    let at = jiff::civil::DateTime::strptime(TIME, time)
        .ok()?
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()?
        .timestamp();
    (file_name(vault, at) == name).then_some(at)
}

/// The regular files of this vault's scheduled backups in a folder.
fn list(folder: &Path, vault: &str) -> std::io::Result<Vec<Ours>> {
    let mut ours = vec![];
    for row in std::fs::read_dir(folder)? {
        let row = row?;
        let name = row.file_name();
        let Some(made) = name.to_str().and_then(|name| made(name, vault)) else {
            continue;
        };
        if row.file_type()?.is_file() {
            ours.push(Ours { path: row.path(), made });
        }
    }
    Ok(ours)
}

/// The newest that is not of the future: a clock that was wrong must not stop backups.
fn newest(ours: &[Ours], now: Timestamp) -> Option<Timestamp> {
    ours.iter().map(|file| file.made).filter(|made| *made <= now).max()
}

fn after(at: Timestamp, seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_of_ours_to_the_letter_is_ours() {
        let at: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        let name = file_name("01AB", at);
        assert_eq!(name, "keyward-01AB-20261122T090000Z.age");
        assert_eq!(made(&name, "01AB"), Some(at));
        for other in [
            "keyward-01AC-20261122T090000Z.age",
            "keyward-01AB-20261122T090000Z.age.bak",
            "keyward-01AB-20261122T090000Z",
            "keyward-01AB-20261322T090000Z.age",
            "keyward-01AB-2026-11-22.age",
            "keyward-01AB-20261122T090000Z (1).age",
            "Keyward-01AB-20261122T090000Z.age",
            "keyward-01AB-+20261122T090000Z.age",
        ] {
            assert_eq!(made(other, "01AB"), None, "{other}");
        }
    }
}
