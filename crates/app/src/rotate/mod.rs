//! Rotation runs over the vault. Every move of a run and what it does to the versions is one
//! transaction; what is done at a provider or a place is announced in the run before it is done.

mod acts;
mod drive;
mod evidence;
mod revoke;
mod settle;
mod shown;

use std::collections::BTreeMap;

use jiff::Timestamp;
use keyward_rotation::{Act, Can, Effect, Plan, Run, RunError, Todo};
use keyward_store::{Connection, Entry, Run as StoredRun, Tx, Version};
use keyward_vault::{NewValue, Secret, Staged, check_value, new_id};
use secrecy::ExposeSecret;

use crate::entries::{label, value_len};
use crate::guess::Guess;
use crate::input::NewRun;
use crate::provider::{KEY_ID, Standing};
use crate::snapshot::Snapshot;
use crate::view::{JSON_VERSION, RunList, RunView};
use crate::{Error, Keyward, guard, limits, place};

pub use evidence::EvidenceFormat;

/// Seconds for which both values work when nothing is said.
const OVERLAP: u32 = 3600;
/// Longest overlap, in seconds.
const MAX_OVERLAP: u32 = 30 * 24 * 3600;

/// A run with what belongs to it, as read at one moment.
struct Job {
    entry: Entry,
    stored: StoredRun,
    run: Run,
    versions: Vec<Version>,
    standing: Standing,
}

impl Job {
    fn read(tx: &Tx<'_>, name: &str) -> Result<Self, Error> {
        let snapshot = Snapshot::read(tx)?;
        let entry = snapshot.resolve(name)?.clone();
        let (stored, mut run) = open_run(tx, &entry)?.ok_or_else(|| no_run(&entry))?;
        run.set_places(place::placed(tx, &entry)?);
        let standing = Standing::read(tx, &entry)?;
        Ok(Self { versions: snapshot.versions(&entry).to_vec(), entry, stored, run, standing })
    }

    /// What the program may do now: a run that moves on may lose the key that acts.
    fn can(&self) -> Can {
        self.standing.can_for(&self.run)
    }

    fn version(&self, number: Option<u32>) -> Option<&Version> {
        self.versions.iter().find(|version| Some(version.number) == number)
    }

    fn old_version(&self) -> Option<&Version> {
        self.version(Some(self.run.from_version))
    }

    fn new_version(&self) -> Option<&Version> {
        self.version(self.run.to_version)
    }

    fn next_number(&self) -> u32 {
        self.versions.iter().map(|version| version.number).max().unwrap_or(0) + 1
    }
}

impl Keyward {
    /// Begins a rotation run. Both values are kept until it ends.
    ///
    /// # Errors
    /// `NOT_FOUND`, `RUN_OPEN` when one is under way, `FIELD_INVALID` for the overlap, the keychain or
    /// the disk.
    pub fn rotation_start(&self, name: &str, how: &NewRun) -> Result<RunView, Error> {
        let overlap = how.overlap.unwrap_or(OVERLAP);
        if overlap > MAX_OVERLAP {
            return Err(Error::new(
                "FIELD_INVALID",
                "The overlap is over 30 days. Nothing was changed.",
                "Give 0 seconds to 30 days.",
            ));
        }
        self.with_entry(name, |open| {
            let now = self.clock();
            open.change(|tx, _| {
                let snapshot = Snapshot::read(tx)?;
                let entry = snapshot.resolve(name)?;
                if open_run(tx, entry)?.is_some() {
                    return Err(Error::new(
                        "RUN_OPEN",
                        format!(
                            "`{}` is being rotated already. Nothing was changed.",
                            entry.path()
                        ),
                        "Go on with `keyward rotate NAME --next`, or give up with `--abort`.",
                    ));
                }
                let id = new_id(now)?;
                let standing = Standing::read(tx, entry)?;
                let mut run = Run::start(
                    Plan {
                        from_version: snapshot.current(entry).map_or(0, |version| version.number),
                        token: format!("keyward-{}", id.to_lowercase()),
                        shape: standing.shape(),
                        emergency: how.emergency,
                        has_address_list: entry.ip_note.is_some(),
                        overlap: u64::from(overlap),
                    },
                    now,
                );
                run.old_id = standing.key_id();
                run.set_places(place::placed(tx, entry)?);
                let stored = store(tx, &id, entry, &run)?;
                let detail = how.emergency.then(|| "revoke first".to_owned());
                let event = self.event("rotate-start", &entry.path(), detail);
                Ok((shown::view(tx, entry, &stored, &run, now)?, vec![event]))
            })
        })
    }

    /// Takes the next step of a run. The first one takes the new value; the places that Keyward can
    /// write are written; for the others the person says that it was done. `force` takes a value that
    /// does not look like one of the provider's.
    ///
    /// # Errors
    /// `NOT_FOUND` without a run; `RUN_STATE` when the value is missing, handed in twice, or the
    /// same as an earlier one; `VALUE_UNFIT`; `PLACE_FAILED`; the guard; the keychain or the disk. The
    /// run stays where it was.
    pub fn rotation_next(
        &self,
        name: &str,
        value: Option<&Secret>,
        force: bool,
    ) -> Result<RunView, Error> {
        let (mut job, _lease) = self.leased(name)?;
        let now = self.clock();
        let Some(value) = value else {
            while let Todo::Push(place) = job.run.todo(Can::default(), now) {
                self.push(&mut job, &place)?;
            }
            let effect = job.run.next(now).map_err(|error| state_error(&job.entry, error))?;
            return self.save(&mut job, effect, "rotate-next");
        };
        if !job.run.needs_value() {
            return Err(state_error(&job.entry, RunError::HasValue));
        }
        check_value(value)?;
        self.check_new_value(&job, value, force)?;
        // A key of the provider's that was cut off is cleared away, or at least told of.
        if job.run.is_begun(&Act::Create) && self.settle(&mut job).is_err() {
            self.perhaps_left(&job);
        }
        self.take_in(&mut job, value)
    }

    /// Notes that a person put the new value into a place.
    ///
    /// # Errors
    /// `NOT_FOUND` without a run or such a place, `RUN_STATE` before there is a new value, `RUN_BUSY` while
    /// another Keyward is at work on the run.
    pub fn rotation_acknowledge(&self, name: &str, place: &str) -> Result<RunView, Error> {
        // A tick in the middle of another's step would make that one's end a conflict.
        let (mut job, _lease) = self.leased(name)?;
        let wanted = place.to_lowercase();
        let fits = |id: &str| id.to_lowercase().ends_with(&wanted) && wanted.len() >= 4;
        let Some(id) = job.run.places.iter().find(|p| fits(&p.id)).map(|p| p.id.clone()) else {
            let error = RunError::NoPlace(crate::error::shown(place));
            return Err(state_error(&job.entry, error));
        };
        let Some(number) = job.run.to_version else {
            return Err(state_error(&job.entry, RunError::NeedsValue));
        };
        let now = self.clock();
        job.run.acknowledge(&id, now).map_err(|error| state_error(&job.entry, error))?;
        self.save_with(&mut job, None, "rotate-place", |tx, _| place::holds(tx, &id, number, now))
    }

    /// Gives a run up before the new value is anywhere. Both values are kept; a new one that Keyward
    /// made at the provider is revoked there first; with `force` it is left there, with a notice.
    ///
    /// # Errors
    /// `NOT_FOUND` without a run, `RUN_STATE` when it is too late, `PROVIDER_FAILED` when the new value
    /// could not be revoked; the run stays then.
    pub fn rotation_abort(&self, name: &str, force: bool) -> Result<RunView, Error> {
        let (mut job, _lease) = self.leased(name)?;
        if force && job.run.emergency && job.run.old_is_gone() {
            // Revoked for good: there is nothing that could be given back to.
            job.run.leave_dead(self.clock()).map_err(|error| state_error(&job.entry, error))?;
            return self.save(&mut job, None, "rotate-abort");
        }
        self.give_up(&mut job, None, force)
    }

    /// The run of an entry: the one under way, else the last one; none if it never had one.
    ///
    /// # Errors
    /// `NOT_FOUND` for the entry, the keychain or the disk.
    pub fn rotation_status(&self, name: &str) -> Result<Option<RunView>, Error> {
        let now = self.now();
        self.with_entry(name, |open| {
            open.read(|tx| {
                let entry = Snapshot::read(tx)?.resolve(name)?.clone();
                let Some((stored, run)) = last_run(tx, &entry)? else { return Ok(None) };
                shown::view(tx, &entry, &stored, &run, now).map(Some)
            })
        })
    }

    /// All runs: those under way first, then the ended ones, newest first.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn runs(&self) -> Result<RunList, Error> {
        let now = self.now();
        let runs = self.with(|open| {
            open.read(|tx| {
                let entries = tx.entries(false)?;
                let mut views = vec![];
                for stored in tx.runs()? {
                    if let Some(entry) = entries.iter().find(|entry| entry.id == stored.entry) {
                        let run = parse(&stored)?;
                        views.push((!stored.open, shown::view(tx, entry, &stored, &run, now)?));
                    }
                }
                views.sort_by_key(|(ended, _)| *ended);
                Ok(views.into_iter().map(|(_, view)| view).collect())
            })
        })?;
        Ok(RunList { version: JSON_VERSION, runs: runs.unwrap_or_default() })
    }

    /// The run with the sole right to move it, read after that was had.
    fn leased(&self, name: &str) -> Result<(Job, drive::Lease), Error> {
        let lease = self.lease(&self.job(name)?)?;
        Ok((self.job(name)?, lease))
    }

    fn job(&self, name: &str) -> Result<Job, Error> {
        self.with_entry(name, |open| open.read(|tx| Job::read(tx, name)))
    }

    /// Stores a run that moved, with what the move does to the versions.
    fn save(&self, job: &mut Job, effect: Option<Effect>, action: &str) -> Result<RunView, Error> {
        self.save_with(job, effect, action, |_, _| Ok(()))
    }

    fn save_with(
        &self,
        job: &mut Job,
        effect: Option<Effect>,
        action: &str,
        more: impl FnOnce(&Tx<'_>, &keyward_vault::Vault) -> Result<(), Error>,
    ) -> Result<RunView, Error> {
        let (view, after) = self.with_entry(&job.entry.path(), |open| {
            let now = self.clock();
            open.change(|tx, vault| {
                // Read again under the write lock: another process may have moved the run.
                let here = open_run(tx, &job.entry)?.ok_or_else(|| no_run(&job.entry))?.0;
                if here != job.stored {
                    return Err(Error::new(
                        "RUN_STATE",
                        "The run was moved on by another Keyward meanwhile. Nothing was changed.",
                        "Look at it with `--status`.",
                    ));
                }
                more(tx, vault)?;
                if let Some(effect) = effect {
                    carry_out(tx, &job.entry, &job.run, effect, now)?;
                }
                let stored = store(tx, &job.stored.id, &job.entry, &job.run)?;
                let detail = Some(job.run.state.word().to_owned());
                let event = self.event(action, &job.entry.path(), detail);
                let view = shown::view(tx, &job.entry, &stored, &job.run, now)?;
                Ok(((view, (stored, tx.versions(&job.entry.id)?)), vec![event]))
            })
        })?;
        (job.stored, job.versions) = after;
        if job.run.state.ended() {
            // Nobody can take a step any more, so nobody has to be kept out.
            let _ = std::fs::remove_file(self.lease_path(job));
        }
        Ok(view)
    }

    /// Says in the run that an act begins.
    fn announce(&self, job: &mut Job, act: Act) -> Result<(), Error> {
        if !matches!(act, Act::Push(_)) && job.run.at.is_none() {
            job.run.at = job.standing.at();
        }
        job.run.begin(act, self.clock());
        self.save(job, None, "rotate-begin").map(|_| ())
    }

    /// Stores the new value as pending, and as current where the old one is gone.
    fn take_in(&self, job: &mut Job, value: &Secret) -> Result<RunView, Error> {
        let number = job.next_number();
        let now = self.clock();
        let path = job.entry.path();
        let staged: Staged = self.with_entry(&path, |open| {
            open.read(|tx| limits::check(tx, 0, value_len(value)))?;
            let label = label(&path, number);
            self.stage(open, NewValue { entry: &job.entry.id, label, value }, now)
        })?;
        let effect =
            job.run.created(number, now).map_err(|error| state_error(&job.entry, error))?;
        let row = staged.version(&job.entry.id, number, "pending", now);
        self.save_with(job, effect, "rotate-next", |tx, vault| Ok(vault.commit(tx, &staged, &row)?))
    }

    /// A new value has to be new, of the kind the old one was, and no test key for live.
    fn check_new_value(&self, job: &Job, value: &Secret, force: bool) -> Result<(), Error> {
        let path = job.entry.path();
        let known = self.with_entry(&path, |open| {
            let print = open.vault.keys().fingerprint(value.expose_secret());
            Ok(job.versions.iter().any(|version| version.fingerprint == print))
        })?;
        if known {
            return Err(Error::new(
                "RUN_STATE",
                "This value was stored for this entry before. Nothing was changed.",
                "Make a new key at the provider and hand in that one.",
            ));
        }
        let guess = Guess::of(&job.entry.name, value);
        if force {
            return Ok(());
        }
        guard::check(&path, &job.entry.env, &guess.mode)?;
        if let (Some(old), Some(new)) = (&job.entry.provider, &guess.provider)
            && old != new
        {
            return Err(Error::new(
                "RUN_STATE",
                format!("This is a value of {new}, and `{path}` is of {old}. Nothing was changed."),
                "Check what you pasted.",
            ));
        }
        let Some(old) = job.old_version() else { return Ok(()) };
        let old = self.with_entry(&path, |open| self.read_one(open, old))?;
        let unfit = |what: &str| {
            Err(Error::new(
                "VALUE_UNFIT",
                format!("{what} Nothing was changed."),
                "Copy it again, whole; `--force` takes it as it is.",
            ))
        };
        if let Some(known) = job.standing.connector.as_deref()
            && known.takes(&old)
            && !known.takes(value)
        {
            return unfit(&format!("This is not the form of a {}.", known.title));
        }
        match (Guess::of("", &old), guess) {
            (Guess { provider: Some(provider), .. }, Guess { provider: None, .. }) => {
                unfit(&format!(
                    "The old value has the form of {provider}'s keys, and this one has not: it is cut short, mistyped, or something else."
                ))
            }
            (old, new) if new.doubtful && !old.doubtful => unfit(&format!(
                "This has the form of a {} key, and its checksum does not fit: a letter is wrong, or it is made up.",
                new.provider.or(old.provider).unwrap_or_default()
            )),
            (old, new) if old.provider.is_some() && old.kind != new.kind => unfit(&format!(
                "The old value is of the kind {}, and this one is a {}.",
                old.kind, new.kind
            )),
            (old, new)
                if old.mode != new.mode && old.mode != "unknown" && new.mode != "unknown" =>
            {
                unfit(&format!(
                    "The old value is a {} key, and this one is a {} key.",
                    old.mode, new.mode
                ))
            }
            _ => Ok(()),
        }
    }
}

fn open_run(tx: &Tx<'_>, entry: &Entry) -> Result<Option<(StoredRun, Run)>, Error> {
    let found = tx.runs()?.into_iter().find(|run| run.open && run.entry == entry.id);
    found
        .map(|stored| {
            let run = parse(&stored)?;
            Ok((stored, run))
        })
        .transpose()
}

/// The run of an entry that is under way, else the last one.
fn last_run(tx: &Tx<'_>, entry: &Entry) -> Result<Option<(StoredRun, Run)>, Error> {
    let mut runs: Vec<_> = tx.runs()?.into_iter().filter(|run| run.entry == entry.id).collect();
    runs.sort_by_key(|run| !run.open);
    let found = runs.into_iter().next();
    found.map(|stored| parse(&stored).map(|run| (stored, run))).transpose()
}

fn parse(stored: &StoredRun) -> Result<Run, Error> {
    serde_json::from_value(stored.state.clone()).map_err(|_| {
        let what = "a rotation run cannot be read".to_owned();
        keyward_store::StoreError::Damaged { what }.into()
    })
}

fn store(tx: &Tx<'_>, id: &str, entry: &Entry, run: &Run) -> Result<StoredRun, Error> {
    let state = serde_json::to_value(run)
        .map_err(|_| Error::new("FAULT", "A run cannot be written.", "Please report this."))?;
    let stored =
        StoredRun { id: id.to_owned(), entry: entry.id.clone(), open: !run.state.ended(), state };
    tx.put_run(&stored)?;
    Ok(stored)
}

/// Keeps the provider's id of the value that is now the current one.
fn keep_id(tx: &Tx<'_>, entry: &Entry, id: Option<&String>) -> Result<(), Error> {
    let found = tx.connections()?.into_iter().find(|one| one.entry == entry.id);
    let mut connection = match (found, id) {
        (Some(found), _) => found,
        (None, None) => return Ok(()),
        (None, Some(_)) => Connection {
            entry: entry.id.clone(),
            connector: None,
            admin: None,
            parameters: BTreeMap::new(),
        },
    };
    match id {
        Some(id) => connection.parameters.insert(KEY_ID.to_owned(), id.clone()),
        None => connection.parameters.remove(KEY_ID),
    };
    Ok(tx.put_connection(&connection)?)
}

/// Moves the versions on, as the step says.
fn carry_out(
    tx: &Tx<'_>,
    entry: &Entry,
    run: &Run,
    effect: Effect,
    now: Timestamp,
) -> Result<(), Error> {
    if effect == Effect::Promote {
        keep_id(tx, entry, run.new_id.as_ref())?;
    }
    for mut version in tx.versions(&entry.id)? {
        let old = version.number == run.from_version;
        let new = Some(version.number) == run.to_version;
        let stage = match effect {
            Effect::Promote if new => "current",
            Effect::Promote if old && version.stage == "current" => "previous",
            Effect::RevokeOld if old => "revoked",
            Effect::BuryOld if old => "dead",
            Effect::DropNew if new => "revoked",
            _ => continue,
        };
        stage.clone_into(&mut version.stage);
        if stage != "current" && version.retired.is_none() {
            version.retired = Some(now);
        }
        tx.put_version(&version, None)?;
    }
    Ok(())
}

fn no_run(entry: &Entry) -> Error {
    Error::new(
        "NOT_FOUND",
        format!("No rotation of `{}` is under way.", entry.path()),
        "Begin one with `keyward rotate NAME --start`.",
    )
}

fn state_error(entry: &Entry, error: RunError) -> Error {
    let code = if matches!(error, RunError::NoPlace(_)) { "NOT_FOUND" } else { "RUN_STATE" };
    let hint = match &error {
        RunError::NeedsValue => {
            "Hand in the new value with `--next --stdin` (or --value-file, --from-env)."
        }
        RunError::HasValue => "Take the next step without a value.",
        RunError::Ended => "Begin another with `--start`.",
        RunError::TooLate(_) => {
            "Go on with `--next`; both values stay valid until the old one is revoked."
        }
        RunError::NothingLeft => {
            "Go on with `--next`: only a new value works again. `--abort --force` ends an emergency run for good."
        }
        RunError::GivingUp => "Finish it with `--abort`.",
        RunError::Places(..) => {
            "Put it there, then say so with `keyward rotate NAME --placed ID`; `--status` shows the ids."
        }
        RunError::NoPlace(_) => "`keyward rotate NAME --status` shows the ids.",
    };
    let what = crate::error::capital(&error.to_string());
    Error::new(code, format!("`{}`: {what}. Nothing was changed.", entry.path()), hint)
}

#[cfg(test)]
mod tests {
    use keyward_vault::secret;

    use super::*;
    use crate::input::NewEntry;

    fn keyward() -> Keyward {
        let keyward = Keyward::in_memory("2026-01-01T00:00:00Z".parse().unwrap());
        let input = NewEntry { name: "a/b/c".to_owned(), ..NewEntry::default() };
        keyward.add(&input, &value("old-value")).unwrap();
        keyward
    }

    fn value(text: &str) -> Secret {
        secret(text.as_bytes().to_vec())
    }

    fn stages(keyward: &Keyward) -> Vec<(u32, String)> {
        let versions = keyward.show("c").unwrap().versions;
        versions.into_iter().rev().map(|version| (version.version, version.stage)).collect()
    }

    #[test]
    fn both_values_are_kept_and_move_through_their_stages() {
        let keyward = keyward();
        keyward.rotation_start("c", &NewRun::default()).unwrap();
        assert_eq!(keyward.rotation_start("c", &NewRun::default()).unwrap_err().code, "RUN_OPEN");
        assert_eq!(keyward.rotation_next("c", None, false).unwrap_err().code, "RUN_STATE");
        let same = keyward.rotation_next("c", Some(&value("old-value")), false);
        assert_eq!(same.unwrap_err().code, "RUN_STATE", "the old value is no new one");
        keyward.rotation_next("c", Some(&value("new-value")), false).unwrap();
        let expect = |one: &str, two: &str| vec![(1, one.to_owned()), (2, two.to_owned())];
        assert_eq!(stages(&keyward), expect("current", "pending"));
        assert_eq!(keyward.reveal("c", None).unwrap().expose_secret(), b"old-value");
        keyward.rotation_next("c", None, false).unwrap();
        keyward.rotation_next("c", None, false).unwrap();
        assert_eq!(stages(&keyward), expect("previous", "current"));
        assert_eq!(keyward.reveal("c", None).unwrap().expose_secret(), b"new-value");
        assert_eq!(keyward.reveal("c", Some(1)).unwrap().expose_secret(), b"old-value");
        assert_eq!(keyward.rotation_abort("c", false).unwrap_err().code, "RUN_STATE");
        keyward.rotation_next("c", None, false).unwrap();
        keyward.rotation_next("c", None, false).unwrap();
        assert_eq!(stages(&keyward), expect("revoked", "current"));
        let done = keyward.rotation_next("c", None, false).unwrap();
        assert_eq!((done.state.as_str(), done.next.is_none()), ("done", true));
        assert_eq!(stages(&keyward), expect("dead", "current"));
    }

    #[test]
    fn an_aborted_run_leaves_the_old_value_current() {
        let keyward = keyward();
        keyward.rotation_start("c", &NewRun::default()).unwrap();
        keyward.rotation_next("c", Some(&value("new-value")), false).unwrap();
        assert_eq!(keyward.rotation_abort("c", false).unwrap().state, "aborted");
        let expected = vec![(1, "current".to_owned()), (2, "revoked".to_owned())];
        assert_eq!(stages(&keyward), expected);
        keyward.rotation_start("c", &NewRun::default()).unwrap();
    }
}
