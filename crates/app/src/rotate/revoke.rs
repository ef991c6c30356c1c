//! Revoke first, investigate second: the emergency path, by name or by a finding of our own.

use keyward_remote::connector::Liveness;
use keyward_scan::Cancel;
use keyward_store::Version;

use super::open_run;
use crate::error::shown;
use crate::input::NewRun;
use crate::provider::failed;
use crate::snapshot::Snapshot;
use crate::view::RunView;
use crate::{Error, Keyward};

/// What a revocation is of.
enum Doomed {
    /// The current value: an emergency run, which ends with a new one.
    Current,
    /// One that was replaced already: it is revoked, and nothing has to be made.
    Older(Box<Version>),
}

impl Keyward {
    /// Revokes the current value of an entry at once and sees that the provider refuses it; the run
    /// then waits for a new value. Where Keyward may not talk to the provider, or it has no interface
    /// for it, the run waits for the person to revoke it.
    ///
    /// # Errors
    /// `NOT_FOUND`, `RUN_OPEN` with a run under way that cannot turn, those of
    /// [`Keyward::rotation_drive`].
    pub fn revoke(
        &self,
        name: &str,
        cancel: &Cancel,
        tell: &mut dyn FnMut(&RunView),
    ) -> Result<RunView, Error> {
        // A calm run that has nothing out yet is given up: its new value was made for calm days.
        if let Some(view) = self.rotation_status(name)?
            && !matches!(view.state.as_str(), "done" | "aborted")
        {
            if view.emergency {
                return self.carry_on(name, cancel, tell);
            }
            if matches!(view.state.as_str(), "distributed" | "overlap") {
                // The new value is everywhere: the old one is ended now, and not when the overlap is over.
                self.end_overlap(name)?;
                return self.carry_on(name, cancel, tell);
            }
            if !view.can_abort {
                return Err(Error::new(
                    "RUN_OPEN",
                    format!(
                        "`{}` has its new value out already ({}). Nothing was changed.",
                        view.entry, view.state
                    ),
                    "Finish it first with `keyward rotate NAME --next` or `--resume --provider-api`, then revoke again.",
                ));
            }
            // The leaked key comes first: a new one that cannot be revoked now is told of and left.
            match self.rotation_abort(name, false) {
                Err(error) if error.code.starts_with("PROVIDER_") => {
                    self.rotation_abort(name, true)?;
                }
                aborted => {
                    aborted?;
                }
            }
        }
        self.rotation_start(name, &NewRun { emergency: true, overlap: Some(0) })?;
        self.carry_on(name, cancel, tell)
    }

    /// The same for a finding that is one of our own values, by its fingerprint in the last report of a
    /// scan. An older version is revoked without a new run.
    ///
    /// # Errors
    /// `NOT_FOUND` for a finding that no report has or that is none of ours, and those of
    /// [`Keyward::revoke`].
    pub fn revoke_finding(
        &self,
        fingerprint: &str,
        cancel: &Cancel,
        tell: &mut dyn FnMut(&RunView),
    ) -> Result<(String, u32, Option<RunView>), Error> {
        let (entry, number) = self.own_of(fingerprint)?;
        let doomed = self.with_entry(&entry, |open| {
            open.read(|tx| {
                let snapshot = Snapshot::read(tx)?;
                let found = snapshot.resolve(&entry)?;
                let version = snapshot.versions(found).iter().find(|one| one.number == number);
                let version = version.ok_or_else(|| Error::not_found(&entry))?;
                let open = open_run(tx, found)?.map(|(_, run)| run);
                if open.as_ref().is_some_and(|run| run.to_version == Some(number)) {
                    return Err(Error::new(
                        "RUN_OPEN",
                        format!("Version {number} of `{entry}` is the new value of a rotation that is under way. Nothing was revoked."),
                        "Give that rotation up with `keyward rotate NAME --abort`, which revokes it; if it is too late for that, finish it and revoke then.",
                    ));
                }
                let in_run = open.is_some_and(|run| run.from_version == number);
                Ok(match version.stage.as_str() {
                    "current" => Doomed::Current,
                    _ if in_run => Doomed::Current,
                    _ => Doomed::Older(Box::new(version.clone())),
                })
            })
        })?;
        match doomed {
            Doomed::Current => {
                let view = self.revoke(&entry, cancel, tell)?;
                Ok((entry, number, Some(view)))
            }
            Doomed::Older(version) => {
                self.revoke_older(&entry, &version)?;
                Ok((entry, number, None))
            }
        }
    }

    /// Ends the overlap of a run now.
    fn end_overlap(&self, name: &str) -> Result<(), Error> {
        let (mut job, _lease) = self.leased(name)?;
        job.run.overlap = 0;
        job.run.overlap_until = Some(self.clock());
        self.save(&mut job, None, "rotate-overlap").map(|_| ())
    }

    /// Goes on by itself where it may, and shows where it stands where it may not.
    fn carry_on(
        &self,
        name: &str,
        cancel: &Cancel,
        tell: &mut dyn FnMut(&RunView),
    ) -> Result<RunView, Error> {
        match self.rotation_drive(name, cancel, tell) {
            Err(error)
                if error.code.starts_with("PROVIDER_") && error.code != "PROVIDER_FAILED" =>
            {
                let view = self.rotation_status(name)?;
                view.ok_or_else(|| Error::not_found(name))
            }
            driven => driven,
        }
    }

    /// Revokes a version that is no longer in use, and sees that it is refused.
    fn revoke_older(&self, name: &str, version: &Version) -> Result<(), Error> {
        let (path, reached, doomed, with) = self.with_entry(name, |open| {
            let (entry, current) = open.read(|tx| {
                let snapshot = Snapshot::read(tx)?;
                let entry = snapshot.resolve(name)?.clone();
                let current = snapshot.current(&entry).cloned();
                Ok((entry, current))
            })?;
            let reached = self.reach(open, &entry)?;
            let doomed = self.read_one(open, version)?;
            let with = current.map(|current| self.read_one(open, &current)).transpose()?;
            Ok((entry.path(), reached, doomed, with))
        })?;
        let title = &reached.name();
        let account = reached.account(self.clock());
        let id = match reached.connector.can.check {
            true => account.check(&doomed).ok().and_then(|checked| checked.id),
            false => None,
        };
        account.revoke(with.as_ref().unwrap_or(&doomed), Some(&doomed), id.as_deref()).map_err(
            |failure| failed(title, "revoking the key", &failure, "Nothing was changed here."),
        )?;
        let dead = match reached.connector.can.check {
            true => account.check(&doomed).is_ok_and(|seen| seen.liveness == Liveness::Dead),
            false => false,
        };
        self.with_entry(name, |open| {
            let now = self.clock();
            open.change(|tx, _| {
                for mut row in tx.versions(&version.entry)? {
                    if row.id == version.id {
                        row.stage = if dead { "dead" } else { "revoked" }.to_owned();
                        row.retired.get_or_insert(now);
                        tx.put_version(&row, None)?;
                    }
                }
                let detail = format!("version {}", version.number);
                Ok(((), vec![self.event("revoke", &path, Some(detail))]))
            })
        })
    }

    /// The entry and version that a finding of the last reports is.
    fn own_of(&self, fingerprint: &str) -> Result<(String, u32), Error> {
        let reports = self.with(|open| open.read(|tx| Ok(tx.repositories()?)))?.unwrap_or_default();
        let mut seen = false;
        for text in reports.into_iter().filter_map(|(_, report)| report) {
            let report: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
            for finding in report["findings"].as_array().into_iter().flatten() {
                if finding["fingerprint"].as_str() != Some(fingerprint) {
                    continue;
                }
                seen = true;
                let own = &finding["own"];
                if let (Some(entry), Some(number)) = (
                    own["entry"].as_str(),
                    own["version"].as_u64().and_then(|n| u32::try_from(n).ok()),
                ) {
                    return Ok((entry.to_owned(), number));
                }
            }
        }
        let wanted = shown(fingerprint);
        Err(match seen {
            true => Error::new(
                "NOT_FOUND",
                format!("The finding `{wanted}` is none of your vault's values. Nothing was sent."),
                "Revoke it on the provider's page that the report names, or add it first: `keyward add NAME`.",
            ),
            false => Error::new(
                "NOT_FOUND",
                format!("No report of the last scans has a finding `{wanted}`. Nothing was sent."),
                "Scan again: the fingerprint stands below each finding.",
            ),
        })
    }
}
