//! What becomes of a making that was cut off: a key of the run that nobody knows is found and cleared
//! away, and a roll is judged by the old key.

use std::time::Duration;

use jiff::SignedDuration;
use keyward_remote::aws;
use keyward_remote::connector::{Liveness, Shape as RemoteShape};
use keyward_remote::{Failure, Why};
use keyward_rotation::RunState;
use keyward_vault::Secret;

use super::Job;
use super::acts::{FIRST, PATIENCE, pause, unclear};
use crate::provider::{Reached, failed, provider_name};
use crate::view::RunView;
use crate::{Error, Keyward};

/// How long a provider may still take an old value that it has ended.
const SETTLED: Duration = Duration::from_secs(10);
/// How often a list of keys is asked for: some lag behind.
const LOOKS: u32 = 4;
/// How far the time at which a key was made may be from the time at which making it began.
const NEAR: SignedDuration = SignedDuration::from_secs(90);

impl Keyward {
    /// Finds out what became of a making that was cut off, and clears away what it left.
    pub(super) fn settle(&self, job: &mut Job) -> Result<RunView, Error> {
        let (reached, old) = self.reached_with_old(job)?;
        if reached.connector.shape == RemoteShape::RollInPlace {
            return self.settle_roll(job, &reached, &old);
        }
        let mut wait = FIRST;
        for look in 0..LOOKS {
            if look > 0 {
                pause(&mut wait);
            }
            match self.strays(job, &reached, &old) {
                Ok(ids) if ids.is_empty() => {}
                Ok(ids) => {
                    self.clear_away(&reached, &old, &ids)?;
                    break;
                }
                Err(Failure { why: Why::Unsupported, .. }) => {
                    self.perhaps_left(job);
                    break;
                }
                Err(failure) => {
                    let stays = "The run stands where it was.";
                    return Err(failed(&reached.name(), "asked for its keys", &failure, stays));
                }
            }
        }
        job.run.undone();
        self.save(job, None, "rotate-settled")
    }

    /// Looks once more for keys that carry the run's name, before its end: a list may have lagged.
    pub(super) fn sweep_strays(
        &self,
        job: &Job,
        reached: &Reached,
        with: &Secret,
    ) -> Result<(), Error> {
        // Without its id the new key itself could not be told from a stray.
        if !job.run.made || job.run.new_id.is_none() || !reached.connector.finds_by_name() {
            return Ok(());
        }
        match self.strays(job, reached, with) {
            Ok(ids) => self.clear_away(reached, with, &ids),
            // It was found before; what cannot be asked now is no reason to keep the old key alive.
            Err(_) => Ok(()),
        }
    }

    /// Ids of keys that this run made and nobody knows.
    fn strays(&self, job: &Job, reached: &Reached, with: &Secret) -> Result<Vec<String>, Failure> {
        let account = reached.account(self.clock());
        let run = &job.run;
        let known =
            |id: &String| Some(id) == run.new_id.as_ref() || Some(id) == run.old_id.as_ref();
        if reached.connector.finds_by_name() {
            return Ok(account
                .made(with, &run.token)?
                .into_iter()
                .filter(|id| !known(id))
                .collect());
        }
        if reached.connector.id != "aws" {
            return Err(Failure::without_effect(Why::Unsupported));
        }
        // IAM keeps no name with a key: only one that was made when the run tried to is the run's.
        let began = run.begun.as_ref().map(|begun| begun.at).or(run.reached(RunState::Planned));
        let is_near = |key: &aws::IamKey| match (key.created, began) {
            (Some(made), Some(began)) => made.duration_since(began).abs() <= NEAR,
            _ => false,
        };
        let keys = aws::keys(&account, with)?.into_iter().filter(is_near).map(|key| key.id);
        let own = account.check(with)?.id;
        Ok(keys.filter(|id| !known(id) && Some(id) != own.as_ref()).collect())
    }

    fn clear_away(&self, reached: &Reached, with: &Secret, ids: &[String]) -> Result<(), Error> {
        let account = reached.account(self.clock());
        for id in ids {
            account.revoke(with, None, Some(id)).map_err(|failure| {
                let what = "clearing away a key that was cut off";
                failed(&reached.name(), what, &failure, "The run stands where it was.")
            })?;
        }
        Ok(())
    }

    /// Says that the provider may have a key that nobody knows.
    pub(super) fn perhaps_left(&self, job: &Job) {
        let known = job.standing.connector.as_deref();
        let title = known.map_or_else(|| "The provider".to_owned(), provider_name);
        let console = known.map_or("its console", |known| known.console.as_str());
        self.notice(
            "KEY_PERHAPS_LEFT",
            format!(
                "{title} may have a key of this run whose value nobody knows. Look for it at {console}, and delete it."
            ),
        );
    }

    /// A roll ends the old value; whether it did says whether it happened. It is never called again
    /// with a value that may be dead: some providers take that for theft and end the whole family.
    fn settle_roll(
        &self,
        job: &mut Job,
        reached: &Reached,
        old: &Secret,
    ) -> Result<RunView, Error> {
        let title = &reached.name();
        let begun = job.run.begun.as_ref().map_or(self.clock(), |begun| begun.at);
        let mut wait = FIRST;
        loop {
            let now = self.clock();
            let checked = reached.account(now).check(old).map_err(|f| {
                failed(title, "asked about the old value", &f, "The run stands where it was.")
            })?;
            let since = now.duration_since(begun);
            match checked.liveness {
                Liveness::Dead => {
                    job.run.lost = true;
                    self.perhaps_left(job);
                    job.run.undone();
                    return self.save(job, None, "rotate-lost");
                }
                Liveness::Alive | Liveness::NoPermission
                    if since.unsigned_abs() >= SETTLED || since.is_negative() =>
                {
                    job.run.undone();
                    return self.save(job, None, "rotate-settled");
                }
                Liveness::Unknown if since.unsigned_abs() >= PATIENCE => {
                    return Err(unclear(title, &checked));
                }
                _ => pause(&mut wait),
            }
        }
    }
}
