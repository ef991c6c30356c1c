//! What a run does outside: at the provider and at the places. Each act is announced in the stored
//! run, done, looked at, and noted; after a crash between any two of these the next try finds out
//! what became of it.

use std::time::Duration;

use keyward_remote::connector::{Checked, Created, Liveness, Shape as RemoteShape};
use keyward_remote::destination::Held;
use keyward_remote::{Failure, Happened, Why};
use keyward_rotation::{Act, Placed, Proven, RunState};
use keyward_vault::{NewValue, Secret, secret};

use super::drive::holders;
use super::{Job, state_error};
use crate::entries::label;
use crate::place::{push_token, says};
use crate::provider::{Reached, failed};
use crate::view::RunView;
use crate::{Error, Keyward, place};

/// How long a new value may be unknown to the provider, and an old one still be taken.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// The first wait between two questions; each is twice the one before, up to [`LONGEST`].
pub(super) const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(8);
/// How often a value that exists nowhere else is offered to a keychain that does not take it.
const TRIES: u32 = 4;
/// How long it is held for a person who unlocks the vault again.
const UNLOCKED: Duration = Duration::from_secs(600);

impl Keyward {
    /// Makes the new value at the provider and stores it.
    pub(super) fn make(&self, job: &mut Job) -> Result<RunView, Error> {
        let (reached, old) = self.reached_with_old(job)?;
        let account = reached.account(self.clock());
        let title = &reached.name();
        if reached.connector.can.check {
            let checked = account.check(&old).map_err(|f| {
                failed(title, "asked about the old value", &f, "Nothing was changed.")
            })?;
            if checked.liveness == Liveness::Dead
                && !job.run.emergency
                // The value itself is what makes the next one.
                && reached.connector.admin.is_none()
            {
                return Err(Error::new(
                    "PROVIDER_FAILED",
                    format!(
                        "{title} refuses the old value already ({}), so it cannot make the next one. Nothing was changed.",
                        checked.said
                    ),
                    "Make one by hand: `keyward rotate NAME --next` takes it.",
                ));
            }
            job.run.old_id = checked.id.or(job.run.old_id.take());
        }
        // The entry may have got its provider after the run was begun, or the run may be of before there
        // were shapes.
        job.run.shape = reached.shape();
        if job.run.token.is_empty() {
            job.run.token = format!("keyward-{}", job.stored.id.to_lowercase());
        }
        if reached.connector.shape == RemoteShape::RollInPlace {
            self.can_keep(job)?;
        }
        self.announce(job, Act::Create)?;
        match account.create(&old, &job.run.token) {
            Ok(created) => self.keep(job, created),
            // Whether it happened is found out by the next round.
            Err(failure) if failure.happened == Happened::Perhaps => {
                self.save(job, None, "rotate-failed")
            }
            Err(failure) => {
                job.run.undone();
                self.save(job, None, "rotate-failed")?;
                Err(failed(title, "making the new key", &failure, "The run stands where it was."))
            }
        }
    }

    fn keep(&self, job: &mut Job, created: Created) -> Result<RunView, Error> {
        job.run.new_id = created.id;
        job.run.made = true;
        if created.old_until.is_some() {
            job.run.overlap_until = created.old_until;
        }
        let view = self.keep_value(job, &created.value)?;
        if let Some(end) = created.expires {
            let day = end.to_zoned(jiff::tz::TimeZone::UTC).date();
            let now = self.clock();
            let id = job.entry.id.clone();
            return self.save_with(job, None, "rotate-expiry", |tx, _| {
                if let Some(mut entry) = tx.entry(&id)? {
                    entry.expires = Some(day);
                    entry.updated = now;
                    tx.put_entry(&entry)?;
                }
                Ok(())
            });
        }
        Ok(view)
    }

    /// Sees that the keychain takes a value, before the only one that works is replaced. What is written
    /// for it belongs to no row, and is swept away.
    fn can_keep(&self, job: &Job) -> Result<(), Error> {
        let probe = secret(b"seen to be kept".to_vec());
        let (path, now) = (job.entry.path(), self.clock());
        let label = label(&path, job.next_number());
        let new = NewValue { entry: &job.entry.id, label, value: &probe };
        self.with_entry(&path, |open| self.stage(open, new, now))?;
        Ok(())
    }

    /// Stores a value that exists nowhere else: what may pass is waited for, and most of all a vault
    /// that was locked meanwhile.
    fn keep_value(&self, job: &mut Job, value: &Secret) -> Result<RunView, Error> {
        let before = job.run.clone();
        let (began, mut wait, mut tries) = (self.clock(), FIRST, 0);
        loop {
            let error = match self.take_in(job, value) {
                Ok(view) => return Ok(view),
                Err(error) => error,
            };
            let waited = self.clock().duration_since(began).unsigned_abs();
            let passes = match error.code.as_str() {
                "VAULT_LOCKED" | "UNLOCK_WAIT" => waited < UNLOCKED,
                _ => [5, 7, 8].contains(&error.status()) && tries < TRIES,
            };
            if !passes {
                return Err(error);
            }
            tries += 1;
            job.run = before.clone();
            pause(&mut wait);
        }
    }

    /// Asks the provider about the new value until it is known there. One that stays refused is given
    /// up, while nobody has it.
    pub(super) fn try_new(&self, job: &mut Job) -> Result<RunView, Error> {
        let reached = self.reached(job)?;
        let title = reached.name();
        let Some(new) = self.value_of(job, job.run.to_version)? else {
            return Err(super::no_run(&job.entry));
        };
        let created = job.run.reached(RunState::Created).unwrap_or(self.clock());
        let mut wait = FIRST;
        loop {
            let now = self.clock();
            let checked = reached.account(now).check(&new).map_err(|f| {
                failed(&title, "asked about the new value", &f, "The run stands where it was.")
            })?;
            match checked.liveness {
                Liveness::Alive | Liveness::NoPermission => {
                    job.run.prove(Proven::NewAlive, Some(checked.said), now);
                    // What making it said is what lists say; asking may call it otherwise.
                    job.run.new_id = job.run.new_id.take().or(checked.id);
                    let effect =
                        job.run.next(now).map_err(|error| state_error(&job.entry, error))?;
                    return self.save(job, effect, "rotate-next");
                }
                _ if now.duration_since(created).unsigned_abs() < PATIENCE => pause(&mut wait),
                Liveness::Dead if job.run.made && job.run.can_abort() => {
                    let reason = format!("{title} refused the new value ({})", checked.said);
                    self.give_up(job, Some(reason.clone()), false)?;
                    return Err(Error::new(
                        "PROVIDER_FAILED",
                        format!(
                            "{reason}. It was revoked and the run given up; the old value is untouched."
                        ),
                        "Begin another run with `--start`.",
                    ));
                }
                _ => return Err(unclear(&title, &checked)),
            }
        }
    }

    /// Writes the new value to a place and looks whether it is there.
    pub(super) fn push(&self, job: &mut Job, placed: &Placed) -> Result<RunView, Error> {
        let (Some(version), Some(value)) =
            (job.new_version().cloned(), self.value_of(job, job.run.to_version)?)
        else {
            return Err(super::no_run(&job.entry));
        };
        let id = placed.id.clone();
        let ready = self.with_entry(&job.entry.path(), |open| {
            let rows = open.read(|tx| Ok(tx.destinations()?))?;
            let rows: Vec<_> = rows.into_iter().filter(|row| row.id == id).collect();
            Ok(self.ready(open, &rows)?.pop())
        })?;
        let Some(ready) = ready else {
            return Err(Error::new(
                "PLACE_FAILED",
                format!("The place {} was taken away while its run is under way.", placed.shown),
                "Add it again, or say that it has the value with `--placed ID`.",
            ));
        };
        let token = push_token(&id, &version);
        self.announce(job, Act::Push(id.clone()))?;
        let now = self.clock();
        let pushed = ready.push(&value, &token, now).and_then(|()| {
            match ready.held(&[&value], &token, now)? {
                Held::Known(_) | Held::Unreadable => Ok(()),
                Held::Other | Held::Absent => Err(Failure {
                    happened: Happened::Perhaps,
                    why: Why::Answer("it was written, and something else is there"),
                    wait: None,
                }),
            }
        });
        if let Err(failure) = pushed {
            if failure.happened == Happened::No {
                job.run.undone();
                self.save(job, None, "rotate-failed")?;
            }
            let code = if failure.why == Why::Conflict { "PLACE_CONFLICT" } else { "PLACE_FAILED" };
            return Err(Error::new(
                code,
                format!("{}: {}. {}", placed.shown, says(&failure), holders(&job.run)),
                "Mend the place, then go on with `--next` or `--resume --provider-api`.",
            ));
        }
        let number = version.number;
        job.run.acknowledge(&id, now).map_err(|error| state_error(&job.entry, error))?;
        self.save_with(job, None, "rotate-place", |tx, _| place::holds(tx, &id, number, now))
    }

    /// Sees that every place that can be read still has the new value, before the old one is ended.
    fn check_places(&self, job: &Job, new: &Secret) -> Result<(), Error> {
        if job.run.emergency {
            return Ok(());
        }
        let ready = self.with_entry(&job.entry.path(), |open| {
            let rows = open.read(|tx| Ok(tx.destinations()?))?;
            let rows: Vec<_> = rows.into_iter().filter(|row| row.entry == job.entry.id).collect();
            self.ready(open, &rows)
        })?;
        let now = self.clock();
        for one in ready.iter().filter(|one| one.place.is_automatic()) {
            let why = match one.held(&[new], &job.run.token, now) {
                Ok(Held::Known(_) | Held::Unreadable) => continue,
                Ok(Held::Other | Held::Absent) => "it does not have the new value".to_owned(),
                Err(failure) => failure.to_string(),
            };
            return Err(Error::new(
                "PLACE_FAILED",
                format!("{}: {why}. The old key was not revoked.", one.place.shown()),
                "Write it with `keyward destination push NAME`, then go on.",
            ));
        }
        Ok(())
    }

    /// Revokes the old value at the provider.
    pub(super) fn revoke_old(&self, job: &mut Job) -> Result<RunView, Error> {
        let (reached, old) = self.reached_with_old(job)?;
        let title = reached.name();
        let new = self.value_of(job, job.run.to_version)?;
        if let Some(new) = &new {
            self.check_places(job, new)?;
            self.sweep_strays(job, &reached, new)?;
        }
        if job.run.old_id.is_some() && job.run.old_id == job.run.new_id {
            // The key kept its id: revoking by it would end the new value.
            job.run.old_id = None;
        }
        self.announce(job, Act::RevokeOld)?;
        let now = self.clock();
        let account = reached.account(now);
        let promotes = reached.connector.can.promote && !job.run.emergency;
        let done = match (&new, promotes) {
            (Some(new), true) => account.promote(&old, new),
            (new, _) => {
                let with = new.as_ref().unwrap_or(&old);
                account.revoke(with, Some(&old), job.run.old_id.as_deref())
            }
        };
        if let Err(failure) = done {
            if failure.happened == Happened::No {
                job.run.undone();
                self.save(job, None, "rotate-failed")?;
            }
            return Err(failed(
                &title,
                "revoking the old key",
                &failure,
                "The run stands where it was.",
            ));
        }
        let effect = job.run.next(self.clock()).map_err(|error| state_error(&job.entry, error))?;
        self.save(job, effect, "rotate-next")
    }

    /// Asks the provider about the old value until it refuses it.
    pub(super) fn prove_dead(&self, job: &mut Job) -> Result<RunView, Error> {
        let (reached, old) = self.reached_with_old(job)?;
        let title = reached.name();
        let mut wait = FIRST;
        let began = self.clock();
        // Revoking what is gone is no error, so what only a person said is made true. Promoting again
        // would not be the same.
        let ends_itself = job.run.was_rolled() || job.run.made && job.run.shape.ends_old_by_time();
        let keeps_id = job.run.old_id.is_some() && job.run.old_id == job.run.new_id;
        let mut revokes =
            job.can().revoke && !reached.connector.can.promote && !ends_itself && !keeps_id;
        loop {
            let now = self.clock();
            let checked = reached.account(now).check(&old).map_err(|f| {
                failed(&title, "asked about the old value", &f, "The run stands where it was.")
            })?;
            if checked.liveness == Liveness::Alive && revokes {
                revokes = false;
                self.revoke_again(job, &reached, &old);
            }
            if checked.liveness == Liveness::Dead {
                job.run.prove(Proven::OldDead, Some(checked.said), now);
                let effect = job.run.next(now).map_err(|error| state_error(&job.entry, error))?;
                return self.save(job, effect, "rotate-next");
            }
            if now.duration_since(began).unsigned_abs() >= PATIENCE {
                return Err(match checked.liveness {
                    Liveness::Unknown => unclear(&title, &checked),
                    _ => Error::new(
                        "STILL_ALIVE",
                        format!(
                            "{title} still takes the old value ({}), {} s after it was revoked. The run waits here.",
                            checked.said,
                            PATIENCE.as_secs()
                        ),
                        "Some providers take hours. Ask again with `--resume --provider-api`, or look at the console.",
                    ),
                });
            }
            pause(&mut wait);
        }
    }

    /// Revokes the old value once more. What came of it the next question about it says: a key that is
    /// dying may refuse to end itself.
    fn revoke_again(&self, job: &Job, reached: &Reached, old: &Secret) {
        let Ok(new) = self.value_of(job, job.run.to_version) else { return };
        let with = new.as_ref().unwrap_or(old);
        let account = reached.account(self.clock());
        let _ = account.revoke(with, Some(old), job.run.old_id.as_deref());
    }

    /// Gives a run up; a new value that was made at the provider is revoked there first, unless that is
    /// not to be waited for (`force`).
    pub(super) fn give_up(
        &self,
        job: &mut Job,
        reason: Option<String>,
        force: bool,
    ) -> Result<RunView, Error> {
        let mut after = job.run.clone();
        let effect =
            after.abort(reason, self.clock()).map_err(|error| state_error(&job.entry, error))?;
        if force {
            if job.run.made || job.run.is_begun(&Act::Create) {
                self.perhaps_left(job);
            }
            job.run = after;
            return self.save(job, Some(effect), "rotate-abort");
        }
        if job.run.is_begun(&Act::Create) {
            self.settle(job)?;
            if job.run.lost {
                return Err(state_error(&job.entry, keyward_rotation::RunError::NothingLeft));
            }
            after.begun = None;
        }
        if job.run.made && job.run.to_version.is_some() {
            let (reached, old) = self.reached_with_old(job)?;
            let title = reached.name();
            let new = self.value_of(job, job.run.to_version)?;
            self.announce(job, Act::RevokeNew)?;
            reached
                .account(self.clock())
                .revoke(&old, new.as_ref(), job.run.new_id.as_deref())
                .map_err(|f| {
                    failed(&title, "revoking the new key", &f, "The run is not given up yet.")
                })?;
        }
        job.run = after;
        self.save(job, Some(effect), "rotate-abort")
    }

    fn reached(&self, job: &Job) -> Result<Reached, Error> {
        let reached = self.with_entry(&job.entry.path(), |open| self.reach(open, &job.entry))?;
        match &job.run.at {
            Some(at) if *at != reached.at() => Err(Error::new(
                "PROVIDER_NOT_CONNECTED",
                format!(
                    "This run was begun at {at}, and `{}` is connected to {} now. Nothing was sent.",
                    job.entry.path(),
                    reached.at()
                ),
                "Connect it as it was, or go on by hand with `--next`.",
            )),
            _ => Ok(reached),
        }
    }

    pub(super) fn reached_with_old(&self, job: &Job) -> Result<(Reached, Secret), Error> {
        let reached = self.reached(job)?;
        let old = self.value_of(job, Some(job.run.from_version))?;
        let old = old.ok_or_else(|| {
            Error::new(
                "NOT_FOUND",
                format!("`{}` has no old value that could act.", job.entry.path()),
                "Make the new one by hand.",
            )
        })?;
        Ok((reached, old))
    }

    fn value_of(&self, job: &Job, number: Option<u32>) -> Result<Option<Secret>, Error> {
        let Some(version) = job.version(number) else { return Ok(None) };
        self.with_entry(&job.entry.path(), |open| self.read_one(open, version)).map(Some)
    }
}

pub(super) fn unclear(title: &str, checked: &Checked) -> Error {
    Error::new(
        "PROVIDER_FAILED",
        format!(
            "{title} does not say whether it takes the value ({}). The run stands where it was.",
            checked.said
        ),
        "Try again later, or look for yourself and confirm with `--next`.",
    )
}

pub(super) fn pause(wait: &mut Duration) {
    std::thread::sleep(*wait);
    *wait = (*wait * 2).min(LONGEST);
}
