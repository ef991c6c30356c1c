//! Reminders with the window closed: the system's timer put in and taken out, and how it goes.

use keyward_store::Store;

use crate::remind::whole;
use crate::settings::quiet;
use crate::snapshot::Snapshot;
use crate::timer::{self, Job};
use crate::view::{Check, JSON_VERSION, MissedReminder, RemindStatus, Settings};
use crate::{Error, Keyward, reminded};

impl Keyward {
    /// Installs the system's timer for the day's reminder, and turns reminders on.
    ///
    /// # Errors
    /// `COMMAND_NOT_STARTED` when it cannot be installed; the keychain or the disk.
    pub fn remind_install(&self) -> Result<RemindStatus, Error> {
        let vault = self.with_new(|open| Ok(open.vault.id().to_owned()))?;
        let note = self.install_timer(Job::Remind, &vault);
        if timer::installed(Job::Remind, &vault).is_none() {
            return Err(Error::new(
                "COMMAND_NOT_STARTED",
                format!("The reminders were not installed. {}", note.unwrap_or_default()),
                "`keyward due --notify` sends the reminder at once.",
            ));
        }
        self.record_reminders("installed")?;
        let settings = self.settings()?;
        if !settings.notify {
            self.save_settings(&Settings { notify: true, ..settings })?;
        }
        let mut status = self.remind_status()?;
        status.note = note.or(status.note);
        Ok(status)
    }

    /// Takes the timer away. It needs no keychain. The window still reminds while it is open.
    ///
    /// # Errors
    /// The disk.
    pub fn remind_remove(&self) -> Result<RemindStatus, Error> {
        if let Some(vault) = self.vault_id()? {
            let was = timer::installed(Job::Remind, &vault).is_some();
            timer::remove(Job::Remind, &vault)?;
            // A locked keychain keeps no timer in place; then it is not on record.
            let _ = if was { self.record_reminders("removed") } else { Ok(()) };
        }
        self.remind_status()
    }

    /// Whether the timer is installed, when it comes, when it last reminded, and why it could not.
    /// It needs no keychain: a locked one is what it tells of.
    ///
    /// # Errors
    /// The disk.
    pub fn remind_status(&self) -> Result<RemindStatus, Error> {
        let state = reminded::read(&self.config.home);
        let vault = self.vault_id()?;
        let timer = vault.as_deref().and_then(|vault| timer::installed(Job::Remind, vault));
        let next = vault.as_deref().filter(|_| timer.is_some());
        let next = next.and_then(|vault| timer::next(Job::Remind, vault));
        let mut status = RemindStatus {
            version: JSON_VERSION,
            installed: timer.is_some(),
            timer: timer.map(|path| path.display().to_string()),
            next: next.map(|at| at.to_string()),
            notify: Settings::default().notify,
            quiet_hours: None,
            quiet_until: None,
            due: None,
            snoozed: None,
            last_looked: state.looked.map(|at| at.to_string()),
            last_notified: state.notified.map(|at| at.to_string()),
            failure: state.failure,
            note: None,
        };
        let now = self.now();
        let seen = self.settings().and_then(|settings| {
            let due = self.reminder()?.map_or(0, |reminder| reminder.names.len());
            let snoozed = self.with(|open| {
                open.read(|tx| {
                    let snapshot = Snapshot::read(tx)?;
                    let snoozed = |entry: &&_| snapshot.snoozed_until(entry, now).is_some();
                    Ok(snapshot.entries.iter().filter(snoozed).count())
                })
            })?;
            Ok((settings, due, snoozed.unwrap_or(0)))
        });
        match seen {
            Ok((settings, due, snoozed)) => {
                let number = |count: usize| Some(u32::try_from(count).unwrap_or(u32::MAX));
                (status.due, status.snoozed) = (number(due), number(snoozed));
                status.notify = settings.notify;
                let hours = quiet(&settings);
                status.quiet_hours = hours.map(|hours| hours.to_string());
                let until = hours.and_then(|hours| hours.until(now, &jiff::tz::TimeZone::system()));
                status.quiet_until = until.map(|until| until.to_string());
                if !settings.notify {
                    status.note = Some(
                        "Reminders are off in the settings; `keyward settings notify on` turns them on."
                            .to_owned(),
                    );
                }
            }
            Err(error) => status.failure = Some(missed(whole(now).to_string(), error)),
        }
        Ok(status)
    }

    /// What the doctor says of reminders.
    pub(crate) fn check_reminders(&self) -> Check {
        let state = reminded::read(&self.config.home);
        let vault = self.vault_id().ok().flatten();
        let installed = vault.is_some_and(|vault| timer::installed(Job::Remind, &vault).is_some());
        let (code, message, hint) = match (state.failure, state.notified) {
            (Some(failure), _) => (
                Some(failure.code),
                format!("No reminder could be made at {}: {}", failure.at, failure.message),
                Some(failure.hint),
            ),
            (None, _) if !installed => (
                None,
                "Reminders come while the window is open.".to_owned(),
                Some(
                    "`keyward remind install` has them come with the window closed too.".to_owned(),
                ),
            ),
            (None, Some(at)) => (None, format!("The last reminder was shown at {at}."), None),
            (None, None) => (None, "Reminders are installed; none was due yet.".to_owned(), None),
        };
        Check { id: "reminders".to_owned(), ok: true, code, message, hint }
    }

    fn record_reminders(&self, what: &str) -> Result<(), Error> {
        let event = self.event("reminders", "vault", Some(what.to_owned()));
        self.with(|open| open.change(|_, _| Ok(((), vec![event])))).map(drop)
    }

    /// The vault's id, without asking the keychain.
    fn vault_id(&self) -> Result<Option<String>, Error> {
        if self.is_in_memory() || !self.vault_exists()? {
            return Ok(None);
        }
        Ok(Store::open(&self.database())?.meta("vault")?)
    }
}

fn missed(at: String, error: Error) -> MissedReminder {
    MissedReminder { at, code: error.code, message: error.message, hint: error.hint }
}
