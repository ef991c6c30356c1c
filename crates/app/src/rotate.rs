//! Rotation runs over the vault: every step and what it does to the versions is one transaction.

use jiff::Timestamp;
use keyward_rotation::{Effect, Run, RunError, RunState, Step, StepState};
use keyward_store::{Entry, Run as StoredRun, Tx};
use keyward_vault::{Secret, check_value, new_id};
use secrecy::ExposeSecret;

use crate::entries::{label, value_len};
use crate::guess::Guess;
use crate::snapshot::Snapshot;
use crate::view::{JSON_VERSION, NextStep, RunList, RunStep, RunView};
use crate::{Error, Keyward, guard, limits};

impl Keyward {
    /// Begins a rotation run. Both values are kept until it ends.
    ///
    /// # Errors
    /// `NOT_FOUND`, `RUN_OPEN` when one is under way, the keychain or the disk.
    pub fn rotation_start(&self, name: &str) -> Result<RunView, Error> {
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
                let from = snapshot.current(entry).map_or(0, |version| version.number);
                let run = Run::start(from, now);
                let stored = store(tx, &new_id(now)?, entry, &run)?;
                let event = self.event("rotate-start", &entry.path(), None);
                Ok((view(entry, &stored, &run), vec![event]))
            })
        })
    }

    /// Takes the next step of a run. The first one takes the new value; for the others the person
    /// says that it was done.
    ///
    /// # Errors
    /// `NOT_FOUND` without a run; `RUN_STATE` when the value is missing, handed in twice, or the
    /// same as an earlier one; the guard; the keychain or the disk. The run stays where it was.
    pub fn rotation_next(&self, name: &str, value: Option<&Secret>) -> Result<RunView, Error> {
        self.with_entry(name, |open| {
            let now = self.clock();
            let (entry, stored, mut run, number, prints) = open.read(|tx| {
                let snapshot = Snapshot::read(tx)?;
                let entry = snapshot.resolve(name)?.clone();
                let (stored, run) = open_run(tx, &entry)?.ok_or_else(|| no_run(&entry))?;
                let versions = snapshot.versions(&entry);
                let number = versions.iter().map(|version| version.number).max().unwrap_or(0) + 1;
                let prints: Vec<String> = versions.iter().map(|v| v.fingerprint.clone()).collect();
                Ok((entry, stored, run, number, prints))
            })?;
            let mut staged = None;
            if let Some(value) = value {
                if !run.needs_value() {
                    return Err(state_error(&entry, RunError::HasValue));
                }
                check_value(value)?;
                self.check_new_value(&entry, value)?;
                if prints.contains(&open.vault.keys().fingerprint(value.expose_secret())) {
                    return Err(Error::new(
                        "RUN_STATE",
                        "This value was stored for this entry before. Nothing was changed.",
                        "Make a new key at the provider and hand in that one.",
                    ));
                }
                open.read(|tx| limits::check(tx, 0, value_len(value)))?;
                let label = label(&entry.path(), number);
                let new = self.stage(open, &entry.id, &label, value, now)?;
                staged = Some(new);
            }
            open.change(|tx, vault| {
                // Read again under the write lock: another process may have moved the run.
                let (current, moved) = open_run(tx, &entry)?.ok_or_else(|| no_run(&entry))?;
                if current.id != stored.id || moved != run {
                    return Err(Error::new(
                        "RUN_STATE",
                        "The run was moved on by another Keyward meanwhile. Nothing was changed.",
                        "Look at it with `--status`.",
                    ));
                }
                if let Some(staged) = &staged {
                    run.created(number, now).map_err(|error| state_error(&entry, error))?;
                    vault.commit(tx, staged, &staged.version(&entry.id, number, "pending", now))?;
                } else {
                    let effect = run.next(now).map_err(|error| state_error(&entry, error))?;
                    if let Some(effect) = effect {
                        carry_out(tx, &entry, &run, effect, now)?;
                    }
                }
                let stored = store(tx, &stored.id, &entry, &run)?;
                let detail = Some(run.state.word().to_owned());
                let event = self.event("rotate-next", &entry.path(), detail);
                Ok((view(&entry, &stored, &run), vec![event]))
            })
        })
    }

    /// Gives a run up before the new value was distributed. Both values are kept.
    ///
    /// # Errors
    /// `NOT_FOUND` without a run, `RUN_STATE` when it is too late.
    pub fn rotation_abort(&self, name: &str) -> Result<RunView, Error> {
        self.with_entry(name, |open| {
            let now = self.clock();
            open.change(|tx, _| {
                let entry = Snapshot::read(tx)?.resolve(name)?.clone();
                let (stored, mut run) = open_run(tx, &entry)?.ok_or_else(|| no_run(&entry))?;
                let effect = run.abort(now).map_err(|error| state_error(&entry, error))?;
                carry_out(tx, &entry, &run, effect, now)?;
                let stored = store(tx, &stored.id, &entry, &run)?;
                let event = self.event("rotate-abort", &entry.path(), None);
                Ok((view(&entry, &stored, &run), vec![event]))
            })
        })
    }

    /// The run of an entry: the one under way, else the last one; none if it never had one.
    ///
    /// # Errors
    /// `NOT_FOUND` for the entry, the keychain or the disk.
    pub fn rotation_status(&self, name: &str) -> Result<Option<RunView>, Error> {
        self.with_entry(name, |open| {
            open.read(|tx| {
                let entry = Snapshot::read(tx)?.resolve(name)?.clone();
                let mut runs = tx.runs()?.into_iter().filter(|run| run.entry == entry.id);
                runs.next().map(|stored| Ok(view(&entry, &stored, &parse(&stored)?))).transpose()
            })
        })
    }

    /// All runs: those under way first, then the ended ones, newest first.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn runs(&self) -> Result<RunList, Error> {
        let runs = self.with(|open| {
            open.read(|tx| {
                let entries = tx.entries(false)?;
                let mut views = vec![];
                for stored in tx.runs()? {
                    if let Some(entry) = entries.iter().find(|entry| entry.id == stored.entry) {
                        views.push((!stored.open, view(entry, &stored, &parse(&stored)?)));
                    }
                }
                views.sort_by_key(|(ended, _)| *ended);
                Ok(views.into_iter().map(|(_, view)| view).collect())
            })
        })?;
        Ok(RunList { version: JSON_VERSION, runs: runs.unwrap_or_default() })
    }

    /// A new value has to be of the kind the old one was: same provider, and no test key for live.
    fn check_new_value(&self, entry: &Entry, value: &Secret) -> Result<(), Error> {
        let guess = Guess::of(&entry.name, value);
        guard::check(&entry.path(), &entry.env, &guess.mode)?;
        match (&entry.provider, &guess.provider) {
            (Some(old), Some(new)) if old != new => Err(Error::new(
                "RUN_STATE",
                format!(
                    "This is a value of {new}, and `{}` is of {old}. Nothing was changed.",
                    entry.path()
                ),
                "Check what you pasted.",
            )),
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

/// Moves the versions on, as the step says.
fn carry_out(
    tx: &Tx<'_>,
    entry: &Entry,
    run: &Run,
    effect: Effect,
    now: Timestamp,
) -> Result<(), Error> {
    for mut version in tx.versions(&entry.id)? {
        let old = version.number == run.from_version;
        let new = Some(version.number) == run.to_version;
        let stage = match effect {
            Effect::Promote if new => "current",
            Effect::Promote if old => "previous",
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
    let hint = match error {
        RunError::NeedsValue => {
            "Hand in the new value with `--next --stdin` (or --value-file, --from-env)."
        }
        RunError::HasValue => "Take the next step without a value.",
        RunError::Ended => "Begin another with `--start`.",
        RunError::TooLate => {
            "Go on with `--next`; both values stay valid until the old one is revoked."
        }
    };
    let what = crate::error::capital(&error.to_string());
    Error::new("RUN_STATE", format!("`{}`: {what}. Nothing was changed.", entry.path()), hint)
}

fn view(entry: &Entry, stored: &StoredRun, run: &Run) -> RunView {
    let at = |index: Option<&(RunState, Timestamp)>| {
        index.map(|(_, at)| at.to_string()).unwrap_or_default()
    };
    let steps = run.steps().map(|(step, state)| RunStep {
        id: words(step).0.to_owned(),
        title: words(step).1.to_owned(),
        state: match state {
            StepState::Done(_) => "done",
            StepState::Now => "now",
            StepState::Later => "later",
        }
        .to_owned(),
        done: match state {
            StepState::Done(at) => Some(at.to_string()),
            _ => None,
        },
    });
    RunView {
        version: JSON_VERSION,
        id: stored.id.clone(),
        entry: entry.path(),
        state: run.state.word().to_owned(),
        started: at(run.history.first()),
        updated: at(run.history.last()),
        from_version: run.from_version,
        to_version: run.to_version,
        steps: steps.into(),
        next: next(entry, run),
        can_abort: run.can_abort(),
    }
}

fn words(step: Step) -> (&'static str, &'static str) {
    match step {
        Step::Generate => ("generate", "Make the new key"),
        Step::Verify => ("verify", "Try the new key"),
        Step::Deploy => ("deploy", "Put it everywhere"),
        Step::Revoke => ("revoke", "Revoke the old key"),
        Step::Prove => ("prove", "See that the old key is refused"),
    }
}

fn next(entry: &Entry, run: &Run) -> Option<NextStep> {
    let provider = entry.provider.as_deref().unwrap_or("the provider");
    let (title, text) = match run.state {
        RunState::Planned => (
            "Make the new key and hand it in",
            format!("Make a new key at {provider}, without revoking the old one. Paste it here; it is stored beside the old one."),
        ),
        RunState::Created => (
            "Try the new key",
            "Make one harmless request with the new key. Confirm when it works.".to_owned(),
        ),
        RunState::VerifiedNew => (
            "Put the new key everywhere",
            "Replace the old key in every place that uses it, and deploy. Confirm when all of them have it; from then on it is the current one.".to_owned(),
        ),
        RunState::Distributed => (
            "Begin the overlap",
            "Both keys are valid now. Confirm to start the overlap, in which the last users of the old key move over.".to_owned(),
        ),
        RunState::Overlap => (
            "Revoke the old key",
            format!("When nothing uses the old key any more, revoke it at {provider}. Confirm when it is revoked."),
        ),
        RunState::RevokedOld => (
            "See that the old key is refused",
            "Make one request with the old key. Confirm when the provider refuses it.".to_owned(),
        ),
        RunState::VerifiedDead | RunState::Done | RunState::Aborted => return None,
    };
    Some(NextStep {
        title: title.to_owned(),
        text,
        needs_value: run.needs_value(),
        console_url: entry.url.clone(),
    })
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
        keyward.rotation_start("c").unwrap();
        assert_eq!(keyward.rotation_start("c").unwrap_err().code, "RUN_OPEN");
        assert_eq!(keyward.rotation_next("c", None).unwrap_err().code, "RUN_STATE");
        let same = keyward.rotation_next("c", Some(&value("old-value")));
        assert_eq!(same.unwrap_err().code, "RUN_STATE", "the old value is no new one");
        keyward.rotation_next("c", Some(&value("new-value"))).unwrap();
        let expect = |one: &str, two: &str| vec![(1, one.to_owned()), (2, two.to_owned())];
        assert_eq!(stages(&keyward), expect("current", "pending"));
        assert_eq!(keyward.reveal("c", None).unwrap().expose_secret(), b"old-value");
        keyward.rotation_next("c", None).unwrap();
        keyward.rotation_next("c", None).unwrap();
        assert_eq!(stages(&keyward), expect("previous", "current"));
        assert_eq!(keyward.reveal("c", None).unwrap().expose_secret(), b"new-value");
        assert_eq!(keyward.reveal("c", Some(1)).unwrap().expose_secret(), b"old-value");
        assert_eq!(keyward.rotation_abort("c").unwrap_err().code, "RUN_STATE");
        keyward.rotation_next("c", None).unwrap();
        keyward.rotation_next("c", None).unwrap();
        assert_eq!(stages(&keyward), expect("revoked", "current"));
        let done = keyward.rotation_next("c", None).unwrap();
        assert_eq!((done.state.as_str(), done.next.is_none()), ("done", true));
        assert_eq!(stages(&keyward), expect("dead", "current"));
    }

    #[test]
    fn an_aborted_run_leaves_the_old_value_current() {
        let keyward = keyward();
        keyward.rotation_start("c").unwrap();
        keyward.rotation_next("c", Some(&value("new-value"))).unwrap();
        assert_eq!(keyward.rotation_abort("c").unwrap().state, "aborted");
        let expected = vec![(1, "current".to_owned()), (2, "revoked".to_owned())];
        assert_eq!(stages(&keyward), expected);
        keyward.rotation_start("c").unwrap();
    }
}
