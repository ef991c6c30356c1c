//! Carries a run on by itself, as far as the provider's interface and the places allow: one thing at
//! a time, each known to the run before it is done, until a person or the clock is waited for.

use std::fs::File;
use std::path::PathBuf;

use keyward_rotation::{Can, Run, Todo};
use keyward_scan::Cancel;

use super::{Job, state_error};
use crate::view::RunView;
use crate::{Error, Keyward};

/// How often in one go a making whose answer was lost is tried again.
const TRIES: u32 = 3;

/// Keeps two processes from driving the same run at once. The system lets go of it when the process
/// ends, however it ends.
#[derive(Debug)]
pub(super) struct Lease {
    _file: Option<File>,
}

impl Keyward {
    /// Goes on with a run through the provider's interface, and stops where a person or the clock is
    /// waited for. `tell` is called after each step.
    ///
    /// # Errors
    /// `NOT_FOUND` without a run, `RUN_BUSY`, `CANCELLED`, `PROVIDER_NOT_ALLOWED` and the others of a
    /// provider, `PLACE_FAILED`, `STILL_ALIVE`, the keychain or the disk. The run stays where it is, and
    /// the same call goes on from there.
    pub fn rotation_drive(
        &self,
        name: &str,
        cancel: &Cancel,
        tell: &mut dyn FnMut(&RunView),
    ) -> Result<RunView, Error> {
        let (mut job, _lease) = self.leased(name)?;
        self.check_drivable(&job)?;
        let mut created = 0;
        loop {
            if cancel.is_cancelled() {
                return Err(Error::new(
                    "CANCELLED",
                    "Stopped. The run stands where it is.",
                    "Go on with `keyward rotate NAME --resume --provider-api`.",
                ));
            }
            let todo = job.run.todo(job.can(), self.clock());
            let view = match &todo {
                Todo::Create if created == TRIES => {
                    return Err(Error::new(
                        "PROVIDER_FAILED",
                        "The answer was lost three times. What was made was cleared away each time.",
                        "Try again later.",
                    ));
                }
                Todo::Create => {
                    created += 1;
                    self.make(&mut job)?
                }
                Todo::GiveUp => self.give_up(&mut job, None, false)?,
                Todo::Settle => self.settle(&mut job)?,
                Todo::TryNew => self.try_new(&mut job)?,
                Todo::Push(place) => self.push(&mut job, place)?,
                Todo::GoOn => self.go_on(&mut job)?,
                Todo::Revoke => self.revoke_old(&mut job)?,
                Todo::ProveDead => self.prove_dead(&mut job)?,
                // A person or the clock is waited for, or the run has ended.
                _ => return self.seen(&job),
            };
            tell(&view);
            if job.run.state.ended() {
                return Ok(view);
            }
        }
    }

    fn go_on(&self, job: &mut Job) -> Result<RunView, Error> {
        let effect = job.run.next(self.clock()).map_err(|error| state_error(&job.entry, error))?;
        self.save(job, effect, "rotate-next")
    }

    /// The run as it stands, the places as they are known now kept with it.
    fn seen(&self, job: &Job) -> Result<RunView, Error> {
        let view = self.rotation_status(&job.entry.path())?;
        view.ok_or_else(|| super::no_run(&job.entry))
    }

    /// A provider that may not be talked to is said at once, not after half of the steps.
    fn check_drivable(&self, job: &Job) -> Result<(), Error> {
        if job.can() != Can::default() {
            return Ok(());
        }
        self.with_entry(&job.entry.path(), |open| self.reach(open, &job.entry)).map(|_| ())
    }

    /// One file for each run; it goes with the run's end.
    pub(super) fn lease_path(&self, job: &Job) -> PathBuf {
        self.config.home.join(format!("rotate-{}.lock", job.stored.id))
    }

    pub(super) fn lease(&self, job: &Job) -> Result<Lease, Error> {
        if self.is_in_memory() {
            return Ok(Lease { _file: None });
        }
        let path = self.lease_path(job);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(|error| crate::error::io(&error, "the lock of rotation runs"))?;
        match file.try_lock() {
            Ok(()) => Ok(Lease { _file: Some(file) }),
            Err(std::fs::TryLockError::WouldBlock) => Err(Error::new(
                "RUN_BUSY",
                format!(
                    "Another Keyward is at work on the rotation of `{}`. It was left as it is.",
                    job.entry.path()
                ),
                "Try again when it is done.",
            )),
            Err(std::fs::TryLockError::Error(error)) => {
                Err(crate::error::io(&error, "the lock of rotation runs"))
            }
        }
    }
}

/// Who holds what, for an error after some places were written.
pub(super) fn holders(run: &Run) -> String {
    let list = |done: bool| {
        let places = run.places.iter().filter(|place| place.at.is_some() == done);
        places.map(|place| place.shown.clone()).collect::<Vec<_>>().join("; ")
    };
    let held = match (list(true), list(false)) {
        (new, old) if new.is_empty() => format!("All places have the old value: {old}."),
        (new, old) => format!("These have the new value: {new}. These have the old one: {old}."),
    };
    match run.old_is_gone() {
        true => format!("The old value no longer works. {held}"),
        false => format!("Nothing was revoked. {held}"),
    }
}
