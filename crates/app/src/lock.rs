//! The lock: a passphrase whose key seals every value, so that without it neither the keychain nor
//! the database gives one away. Names, dates and the record stay readable.

use std::sync::Arc;

use keyward_store::{Entry, Lock, Tries};
use keyward_vault::{LockKey, Moment, Passphrase, UnwrapError, one_more, wait};
use zeroize::Zeroizing;

use crate::agent::{self, LONGEST, Order};
use crate::entries::label;
use crate::input::Secret;
use crate::session::{KeychainKind, Open};
use crate::view::{JSON_VERSION, LockStatus};
use crate::{Error, Keyward, boot};

/// What `keyward unlock` came to.
#[derive(Debug)]
pub enum Unlocked {
    /// There is no passphrase, so nothing is locked.
    Nothing,
    /// The agent that runs already keeps the key for so many seconds from now.
    Longer(u64),
    /// An agent is to be started with this.
    Start(Order),
}

impl Keyward {
    /// Whether there is a passphrase, whether values can be read now, and how long to wait after a
    /// wrong one. No vault has no passphrase.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn lock_status(&self) -> Result<LockStatus, Error> {
        let found = self.with(|open| {
            let (lock, tries, behind) =
                open.read_with(|tx, vault| Ok((tx.lock()?, tx.tries()?, vault.behind(tx)?.len())))?;
            Ok((lock, tries, behind, open.vault.held().map(|key| key.id().to_owned())))
        })?;
        let Some((Some(lock), tries, behind, held)) = found else {
            return Ok(LockStatus {
                version: JSON_VERSION,
                passphrase: false,
                locked: false,
                since: None,
                unlocked_for: None,
                wait: 0,
                behind: 0,
            });
        };
        let left = self.agent(agent::left).filter(|left| left.lock == lock.id);
        Ok(LockStatus {
            version: JSON_VERSION,
            passphrase: true,
            locked: held.as_deref() != Some(lock.id.as_str()) && left.is_none(),
            since: Some(lock.since.to_string()),
            unlocked_for: left.map(|left| left.seconds),
            wait: wait(&tries, &self.moment()).div_ceil(1000),
            behind: u32::try_from(behind).unwrap_or(u32::MAX),
        })
    }

    /// Sets a passphrase and seals every value under its key. One that was cut off goes on with the
    /// same passphrase. The session has the key afterwards.
    ///
    /// # Errors
    /// `PASSPHRASE_EMPTY`, `PASSPHRASE_UNFIT`; `PASSPHRASE_STATE` when there is one; the keychain or
    /// the disk. What was not sealed then is as it was, and doing it again goes on.
    pub fn passphrase_set(&self, words: &Secret) -> Result<LockStatus, Error> {
        let words = Passphrase::new(words)?;
        self.with_new(|open| {
            match open.read(|tx| Ok(tx.lock()?))? {
                None => {
                    let key = LockKey::generate(self.clock())?;
                    let lock = key.wrap(open.vault.id(), &words, "setting", self.clock())?;
                    open.change(|tx, vault| {
                        if tx.lock()?.is_some() {
                            return Err(state("There is a passphrase already", CHANGE));
                        }
                        tx.put_lock(Some(&lock))?;
                        let detail = format!("{} values to seal", vault.behind(tx)?.len());
                        Ok(((), vec![self.event("passphrase-set", "vault", Some(detail))]))
                    })?;
                    open.vault.hold(Some(Arc::new(key)));
                }
                Some(lock) if lock.state == "setting" => {
                    let key = self.try_passphrase(open, &lock, &words)?;
                    open.vault.hold(Some(Arc::new(key)));
                }
                Some(lock) if lock.state == "removing" => {
                    return Err(state(
                        "The passphrase is being removed, and that was cut off",
                        "Finish it with `keyward passphrase remove`.",
                    ));
                }
                Some(_) => return Err(state("There is a passphrase already", CHANGE)),
            }
            self.relock(open)
        })?;
        self.lock_status()
    }

    /// Changes the passphrase. The values stay as they are; only their key is wrapped anew.
    ///
    /// # Errors
    /// As [`Keyward::passphrase_set`]; `PASSPHRASE_STATE` without one; `VAULT_WRONG_PASSPHRASE` and
    /// `UNLOCK_WAIT` for the old one.
    pub fn passphrase_change(&self, old: &Secret, new: &Secret) -> Result<LockStatus, Error> {
        let (old, new) = (Passphrase::new(old)?, Passphrase::new(new)?);
        self.with(|open| {
            let lock = self.the_lock(open)?;
            let key = self.try_passphrase(open, &lock, &old)?;
            let changed = key.wrap(open.vault.id(), &new, &lock.state, self.clock())?;
            open.change(|tx, _| {
                if tx.lock()?.as_ref() != Some(&lock) {
                    return Err(keyward_vault::VaultError::LockMoved.into());
                }
                tx.put_lock(Some(&changed))?;
                Ok(((), vec![self.event("passphrase-change", "vault", None)]))
            })?;
            open.vault.hold(Some(Arc::new(key)));
            Ok(())
        })?
        .ok_or_else(no_passphrase)?;
        self.lock_status()
    }

    /// Removes the passphrase: every value is in the keychain by itself again.
    ///
    /// # Errors
    /// As [`Keyward::passphrase_change`].
    pub fn passphrase_remove(&self, words: &Secret) -> Result<LockStatus, Error> {
        let words = Passphrase::new(words)?;
        self.with(|open| {
            let lock = self.the_lock(open)?;
            let key = self.try_passphrase(open, &lock, &words)?;
            open.vault.hold(Some(Arc::new(key)));
            open.change(|tx, _| {
                let now = tx.lock()?.filter(|now| now.id == lock.id);
                let mut now = now.ok_or(keyward_vault::VaultError::LockMoved)?;
                if now.state == "removing" {
                    return Ok(((), vec![]));
                }
                "removing".clone_into(&mut now.state);
                tx.put_lock(Some(&now))?;
                Ok(((), vec![self.event("passphrase-remove", "vault", None)]))
            })?;
            self.relock(open)?;
            open.vault.hold(None);
            Ok(())
        })?
        .ok_or_else(no_passphrase)?;
        self.agent(|home| agent::end(home).then_some(()));
        self.lock_status()
    }

    /// Unlocks this session: it has the key from now on, until [`Keyward::lock_session`].
    ///
    /// # Errors
    /// `VAULT_WRONG_PASSPHRASE`, `UNLOCK_WAIT`, `PASSPHRASE_STATE` without one, the keychain or the
    /// disk.
    pub fn unlock_session(&self, words: &Secret) -> Result<LockStatus, Error> {
        let words = Passphrase::new(words)?;
        self.with(|open| self.unlock_with(open, &words, "the window"))?
            .ok_or_else(no_passphrase)?;
        self.lock_status()
    }

    /// Forgets the lock key, and with it closes the vault; `why` goes into the record. True when
    /// there was a key.
    pub fn lock_session(&self, why: &str) -> bool {
        // The keys go first; the record does not keep them here.
        let held = self.forget();
        if held {
            self.record_lock(why);
        }
        held
    }

    /// The same, and ends the agent of the command line too: a person who locks, or leaves, means
    /// both. True when anything was unlocked.
    pub fn lock_everything(&self, why: &str) -> bool {
        let agent = !self.is_in_memory() && agent::end(&self.config.home);
        let session = self.lock_session(why);
        if agent && !session {
            self.record_lock(why);
        }
        agent || session
    }

    /// Unlocks for other processes, for so many seconds (at most 12 hours): an agent that runs goes
    /// on for longer, else `ask` gives the passphrase and the answer says what to start.
    ///
    /// # Errors
    /// As [`Keyward::unlock_session`]; `AGENT_UNAVAILABLE` where no agent can be; `FIELD_INVALID`
    /// for no time or too long a one.
    pub fn unlock(
        &self,
        seconds: u64,
        ask: impl FnOnce() -> Result<Secret, Error>,
    ) -> Result<Unlocked, Error> {
        if !(1..=LONGEST).contains(&seconds) {
            return Err(Error::new(
                "FIELD_INVALID",
                "The time is not between a second and 12 hours. Nothing was changed.",
                "For example `--for 15m`.",
            ));
        }
        if self.config.keychain == KeychainKind::Memory {
            return Ok(Unlocked::Nothing);
        }
        let done = self.with(|open| {
            let Some(lock) = open.read(|tx| Ok(tx.lock()?))? else {
                return Ok(Unlocked::Nothing);
            };
            if let Some(left) = agent::more(&self.config.home, &lock.id, seconds) {
                let detail = format!("{} longer", spoken(seconds));
                let event = self.event("unlock", "vault", Some(detail));
                open.change(|_, _| Ok(((), vec![event])))?;
                return Ok(Unlocked::Longer(left.seconds));
            }
            // Before anything is asked, so that nobody types a passphrase for nothing.
            let socket = agent::place(&self.config.home)?;
            self.check_wait(open)?;
            let words = Passphrase::new(&ask()?)?;
            self.unlock_with(open, &words, &spoken(seconds))?;
            let key = open.vault.held().ok_or_else(no_passphrase)?;
            let key = Zeroizing::new(*key.bytes());
            Ok(Unlocked::Start(Order { socket, lock: lock.id, seconds, key }))
        })?;
        Ok(done.unwrap_or(Unlocked::Nothing))
    }

    /// Ends the agent. True when one was running. It needs neither keychain nor vault.
    #[must_use]
    pub fn lock(&self) -> bool {
        let ended = self.agent(|home| agent::end(home).then_some(())).is_some();
        if ended {
            self.record_lock("the command line");
        }
        ended
    }

    /// A record that cannot be written does not keep anything open.
    fn record_lock(&self, why: &str) {
        let event = self.event("lock", "vault", Some(why.to_owned()));
        let _ = self.with(|open| open.change(|_, _| Ok(((), vec![event]))));
    }

    /// Gets the lock key for a command that needs a value: from the agent, else with the passphrase
    /// that a person gives.
    pub(crate) fn fetch_key(&self, open: &mut Open) -> Result<(), Error> {
        if self.key_from_agent(open)? {
            return Ok(());
        }
        if self.config.prompts {
            self.check_wait(open)?;
        }
        let words = Passphrase::new(&(self.config.unlock)()?)?;
        self.unlock_with(open, &words, "one command")
    }

    /// Gets the lock key from the agent; false when none keeps it.
    pub(crate) fn key_from_agent(&self, open: &mut Open) -> Result<bool, Error> {
        let lock = self.the_lock(open)?;
        let key = self.agent(|home| agent::fetch(home, &lock.id));
        let Some(key) = key.filter(|key| key.fits(&lock)) else {
            return Ok(false);
        };
        open.vault.hold(Some(Arc::new(key)));
        Ok(true)
    }

    fn unlock_with(&self, open: &mut Open, words: &Passphrase, how: &str) -> Result<(), Error> {
        let lock = self.the_lock(open)?;
        let key = self.try_passphrase(open, &lock, words)?;
        let event = self.event("unlock", "vault", Some(format!("for {how}")));
        open.change(|_, _| Ok(((), vec![event])))?;
        open.vault.hold(Some(Arc::new(key)));
        if lock.state != "set" {
            // What was cut off is finished with the key at hand; it can also wait.
            let _ = self.relock(open);
        }
        Ok(())
    }

    /// Tries a passphrase. The try is counted before it is known whether it is right, so that
    /// ending the process does not save the wait.
    fn try_passphrase(
        &self,
        open: &mut Open,
        lock: &Lock,
        words: &Passphrase,
    ) -> Result<LockKey, Error> {
        let row_key = open.vault.row_key().clone();
        let now = self.moment();
        let tries = open.store.write(&row_key, |tx| {
            let tries = tx.tries()?;
            if wait(&tries, &now) == 0 {
                tx.put_tries(&one_more(&tries, &now))?;
            } else if tries.boot == now.boot && now.millis < tries.at {
                // A clock that was put back must not lock out: the wait begins anew.
                tx.put_tries(&Tries { at: now.millis, ..tries.clone() })?;
            }
            Ok::<_, Error>(tries)
        })?;
        must_wait(&tries, &now)?;
        match LockKey::from_lock(open.vault.id(), lock, words) {
            Ok(key) => {
                open.store.write(&row_key, |tx| tx.put_tries(&Tries::default()))?;
                Ok(key)
            }
            Err(UnwrapError::Wrong) => {
                let failed = one_more(&tries, &self.moment());
                let (count, left) = (failed.failed, wait(&failed, &self.moment()).div_ceil(1000));
                open.change(|tx, _| {
                    tx.put_tries(&failed)?;
                    let detail = format!("wrong passphrase, {count} in a row");
                    Ok(((), vec![self.event("unlock-failed", "vault", Some(detail))]))
                })?;
                Err(Error::new(
                    "VAULT_WRONG_PASSPHRASE",
                    "The passphrase is wrong. The vault stays as it was.",
                    format!("Try again in {}.", spoken(left)),
                ))
            }
            Err(UnwrapError::Limit) => Err(Error::new(
                "VAULT_KDF_LIMIT",
                "The lock asks for too much memory or time. Nothing was changed.",
                "Its row was not written by Keyward as it is; restore a backup.",
            )),
            Err(UnwrapError::Damaged) => {
                let what = "the lock's row".to_owned();
                Err(keyward_store::StoreError::Damaged { what }.into())
            }
        }
    }

    fn check_wait(&self, open: &mut Open) -> Result<(), Error> {
        must_wait(&open.read(|tx| Ok(tx.tries()?))?, &self.moment())
    }

    fn the_lock(&self, open: &mut Open) -> Result<Lock, Error> {
        open.read(|tx| Ok(tx.lock()?))?.ok_or_else(no_passphrase)
    }

    /// Brings the values into line with the lock.
    fn relock(&self, open: &mut Open) -> Result<(), Error> {
        let name = |entry: &Entry, number: u32| label(&entry.path(), number);
        let now = self.clock();
        open.vault.relock(&mut open.store, &name, now)?;
        Ok(())
    }

    /// Asks an agent of this data folder, where this session may use one.
    fn agent<T>(&self, ask: impl FnOnce(&std::path::Path) -> Option<T>) -> Option<T> {
        let may = self.config.agent && self.config.keychain != KeychainKind::Memory;
        if may { ask(&self.config.home) } else { None }
    }

    fn moment(&self) -> Moment {
        match self.config.keychain {
            KeychainKind::Memory => Moment {
                boot: "memory".to_owned(),
                millis: u64::try_from(self.now().as_millisecond()).unwrap_or(0),
            },
            _ => boot::moment(),
        }
    }
}

const CHANGE: &str = "`keyward passphrase change` gives another one.";

fn state(what: &str, hint: &str) -> Error {
    Error::new("PASSPHRASE_STATE", format!("{what}. Nothing was changed."), hint)
}

fn no_passphrase() -> Error {
    state("There is no passphrase, so nothing is locked", "`keyward passphrase set` sets one.")
}

fn must_wait(tries: &Tries, now: &Moment) -> Result<(), Error> {
    match wait(tries, now).div_ceil(1000) {
        0 => Ok(()),
        left => Err(Error::new(
            "UNLOCK_WAIT",
            format!(
                "The passphrase was wrong {}, so another try has to wait {}. Nothing was changed.",
                if tries.failed == 1 {
                    "once".to_owned()
                } else {
                    format!("{} times", tries.failed)
                },
                spoken(left)
            ),
            "The wait ends by itself, after half a minute at the longest.",
        )),
    }
}

/// The error of a value that cannot be read without the passphrase.
#[must_use]
pub fn locked() -> Error {
    Error::new(
        "VAULT_LOCKED",
        "The vault is locked. Nothing was changed.",
        "`keyward unlock --for 15m` opens it for a while; on a terminal each command asks for the passphrase.",
    )
}

/// A length of time in words.
#[must_use]
pub fn spoken(seconds: u64) -> String {
    let count = |number: u64, one: &str| match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    };
    match (seconds / 3600, seconds % 3600 / 60, seconds % 60) {
        (0, 0, seconds) => count(seconds, "second"),
        (0, minutes, 0) => count(minutes, "minute"),
        (0, minutes, seconds) => {
            format!("{} {}", count(minutes, "minute"), count(seconds, "second"))
        }
        (hours, 0, _) => count(hours, "hour"),
        (hours, minutes, _) => format!("{} {}", count(hours, "hour"), count(minutes, "minute")),
    }
}

#[cfg(test)]
mod tests {
    use keyward_vault::secret;
    use secrecy::ExposeSecret as _;

    use super::*;
    use crate::input::NewEntry;

    fn words(text: &str) -> Secret {
        secret(text.as_bytes().to_vec())
    }

    fn keyward() -> Keyward {
        let keyward = Keyward::in_memory("2026-01-01T00:00:00Z".parse().unwrap());
        add(&keyward, "a/b/one", "first-value").unwrap();
        keyward
    }

    fn add(keyward: &Keyward, name: &str, value: &str) -> Result<(), Error> {
        let input = NewEntry { name: name.to_owned(), ..NewEntry::default() };
        keyward.add(&input, &words(value)).map(drop)
    }

    fn later(keyward: &mut Keyward, seconds: i64) {
        let now = keyward.now() + jiff::SignedDuration::from_secs(seconds);
        keyward.config.at = Some(now);
    }

    fn code<T>(answer: Result<T, Error>) -> String {
        answer.err().map(|error| error.code).unwrap_or_default()
    }

    #[test]
    fn locked_means_no_value_in_and_none_out_and_everything_else_as_before() {
        let keyward = keyward();
        keyward.passphrase_set(&words("right\n")).unwrap();
        add(&keyward, "a/b/two", "second-value").unwrap();
        assert!(keyward.lock_session("the test"));
        assert!(!keyward.lock_session("the test"), "there was nothing left to forget");
        let status = keyward.lock_status().unwrap();
        assert!(status.passphrase && status.locked && status.behind == 0, "{status:?}");
        assert_eq!(code(keyward.reveal("one", None)), "VAULT_LOCKED");
        assert_eq!(code(keyward.reveal("two", None)), "VAULT_LOCKED");
        assert_eq!(code(add(&keyward, "a/b/three", "third-value")), "VAULT_LOCKED");
        assert_eq!(keyward.list(&crate::input::ListFilter::default()).unwrap().entries.len(), 2);
        keyward.unlock_session(&words("right")).unwrap();
        assert_eq!(keyward.reveal("one", None).unwrap().expose_secret(), b"first-value");
        assert_eq!(keyward.reveal("two", None).unwrap().expose_secret(), b"second-value");
    }

    #[test]
    fn the_passphrase_changes_and_goes_and_the_values_stay() {
        let keyward = keyward();
        assert_eq!(code(keyward.passphrase_change(&words("x"), &words("y"))), "PASSPHRASE_STATE");
        assert_eq!(code(keyward.passphrase_remove(&words("x"))), "PASSPHRASE_STATE");
        keyward.passphrase_set(&words("right")).unwrap();
        assert_eq!(code(keyward.passphrase_set(&words("right"))), "PASSPHRASE_STATE");
        keyward.passphrase_change(&words("right"), &words("other")).unwrap();
        keyward.lock_session("the test");
        keyward.unlock_session(&words("other")).unwrap();
        let status = keyward.passphrase_remove(&words("other")).unwrap();
        assert!(!status.passphrase && !status.locked, "{status:?}");
        assert_eq!(keyward.reveal("one", None).unwrap().expose_secret(), b"first-value");
        let list = keyward.audit(None).unwrap();
        let actions: Vec<&str> = list.rows.iter().rev().map(|row| row.action.as_str()).collect();
        assert_eq!(
            actions[2..],
            [
                "passphrase-set",
                "passphrase-change",
                "lock",
                "unlock",
                "passphrase-remove",
                "reveal"
            ]
        );
    }

    #[test]
    fn wrong_tries_wait_and_the_right_one_ends_the_waiting() {
        let mut keyward = keyward();
        keyward.passphrase_set(&words("right")).unwrap();
        keyward.lock_session("the test");
        for delay in [1, 2, 4, 8, 16, 30, 30] {
            assert_eq!(code(keyward.unlock_session(&words("wrong"))), "VAULT_WRONG_PASSPHRASE");
            assert_eq!(keyward.lock_status().unwrap().wait, delay);
            // Not even the right one is looked at before its time.
            assert_eq!(code(keyward.unlock_session(&words("right"))), "UNLOCK_WAIT");
            later(&mut keyward, delay.cast_signed() - 1);
            assert_eq!(code(keyward.unlock_session(&words("right"))), "UNLOCK_WAIT");
            later(&mut keyward, 1);
        }
        // A clock that goes back lengthens the wait to a whole one, and no further.
        assert_eq!(code(keyward.unlock_session(&words("wrong"))), "VAULT_WRONG_PASSPHRASE");
        later(&mut keyward, -86_400);
        assert_eq!(code(keyward.unlock_session(&words("right"))), "UNLOCK_WAIT");
        later(&mut keyward, 30);
        keyward.unlock_session(&words("right")).unwrap();
        assert_eq!(keyward.lock_status().unwrap().wait, 0);
    }

    #[test]
    fn times_are_spoken() {
        let said = [0, 1, 59, 60, 61, 900, 3600, 5400, 43_200].map(spoken);
        assert_eq!(
            said,
            [
                "0 seconds",
                "1 second",
                "59 seconds",
                "1 minute",
                "1 minute 1 second",
                "15 minutes",
                "1 hour",
                "1 hour 30 minutes",
                "12 hours"
            ]
        );
    }
}
