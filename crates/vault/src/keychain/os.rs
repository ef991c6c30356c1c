//! `KEYWARD_KEYCHAIN=os`: the operating system's keychain, never waited for without end.
//!
//! Each operation has a fresh connection on its own thread and a deadline: connections go stale
//! when the service restarts, and a stopped service never answers. After a timeout further calls
//! are refused at once for half a minute, so that a window asks no dead keychain again and again.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use keyring_core::Error as PlatformError;
use keyring_core::api::CredentialStoreApi;

use super::platform::{self, Store};
use super::{Keychain, KeychainError, SERVICE};
use crate::secret::{Secret, secret};

/// Deadline for an answer that needs no person.
const ANSWER: Duration = Duration::from_secs(3);
/// Deadline where the system may be asking the user for the keychain's password.
const PROMPT: Duration = Duration::from_secs(30);
/// Further time for each item of a longer list.
const EACH: Duration = Duration::from_millis(50);
/// How long calls are refused after a timeout.
const OPEN_CIRCUIT: Duration = Duration::from_secs(30);

/// The operating system's keychain.
#[derive(Default)]
pub struct OsKeychain {
    quiet: bool,
    timed_out: Mutex<Option<Instant>>,
}

impl std::fmt::Debug for OsKeychain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OsKeychain")
    }
}

/// What the working thread says: first that the service answers at all, then the result.
enum Word<T> {
    Connected,
    Done(Result<T, KeychainError>),
}

impl OsKeychain {
    /// One that never makes the system ask the user: a locked keychain is an error at once. (On
    /// macOS the system alone decides.)
    #[must_use]
    pub fn quiet() -> Self {
        Self { quiet: true, ..Self::default() }
    }

    fn run<T: Send + 'static>(
        &self,
        items: usize,
        work: impl Fn(&Store) -> Result<T, KeychainError> + Send + 'static,
    ) -> Result<T, KeychainError> {
        let mut timed_out = self.timed_out.lock().unwrap_or_else(PoisonError::into_inner);
        if timed_out.is_some_and(|at| at.elapsed() < OPEN_CIRCUIT) {
            return Err(KeychainError::Timeout(ANSWER.as_secs()));
        }
        *timed_out = None;
        let (say, hear) = mpsc::channel();
        let quiet = self.quiet;
        std::thread::Builder::new()
            .name("keychain".to_owned())
            .spawn(move || {
                let result = attempt(quiet, &say, &work);
                // A connection that broke under the call is worth one more try with a new one.
                let result = match result {
                    Err(KeychainError::LostConnection) => match attempt(quiet, &say, &work) {
                        // The bus itself died under the call.
                        Err(KeychainError::NoBus(_)) => Err(KeychainError::LostConnection),
                        again => again,
                    },
                    result => result,
                };
                // The caller may have given up; then nobody listens, and that is right.
                let _ = say.send(Word::Done(result));
            })
            .map_err(|_| KeychainError::Failed("no thread".to_owned()))?;
        let each = EACH * u32::try_from(items).unwrap_or(u32::MAX);
        let mut deadline = ANSWER;
        loop {
            match hear.recv_timeout(deadline) {
                Ok(Word::Connected) if platform::may_prompt() => deadline = PROMPT + each,
                Ok(Word::Connected) => deadline = ANSWER + each,
                Ok(Word::Done(result)) => return result,
                Err(RecvTimeoutError::Timeout) => {
                    *timed_out = Some(Instant::now());
                    return Err(KeychainError::Timeout(deadline.as_secs()));
                }
                // The thread panicked inside a library: a failure of that call, not of ours.
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(KeychainError::LostConnection);
                }
            }
        }
    }
}

/// What an item of ours may have besides service and account: the store and the service add them.
const OWN: [&str; 4] = ["service", "username", "target", "xdg:schema"];

/// The item among several of one account that has the fewest attributes that we never give: those
/// with more are another program's.
fn ours(items: Vec<keyring_core::Entry>) -> Option<keyring_core::Entry> {
    let foreign = |item: &keyring_core::Entry| {
        item.get_attributes().map_or(usize::MAX, |all| {
            all.keys().filter(|name| !OWN.contains(&name.as_str())).count()
        })
    };
    items.into_iter().min_by_key(foreign)
}

fn attempt<T>(
    quiet: bool,
    say: &mpsc::Sender<Word<T>>,
    work: &impl Fn(&Store) -> Result<T, KeychainError>,
) -> Result<T, KeychainError> {
    let store = platform::connect()?;
    if quiet && platform::is_locked()? {
        return Err(KeychainError::Locked);
    }
    let _ = say.send(Word::Connected);
    work(&store)
}

impl Keychain for OsKeychain {
    fn put(&self, account: &str, label: &str, value: &[u8]) -> Result<(), KeychainError> {
        let account = account.to_owned();
        let label = label.to_owned();
        let value = secret(value.to_vec());
        self.run(1, move |store| {
            use secrecy::ExposeSecret;
            let modifiers = platform::modifiers(&label);
            let entry = store
                .build(SERVICE, &account, modifiers.as_ref())
                .map_err(|error| platform::name(&error))?;
            let set = match entry.set_secret(value.expose_secret()) {
                Err(PlatformError::Ambiguous(items)) => match ours(items) {
                    Some(item) => item.set_secret(value.expose_secret()),
                    None => Ok(()),
                },
                set => set,
            };
            set.map_err(|error| match platform::name(&error) {
                KeychainError::Failed(_) => KeychainError::WriteFailed,
                named => named,
            })
        })
    }

    fn get(&self, accounts: &[String]) -> Result<Vec<Option<Secret>>, KeychainError> {
        let candidates = self.candidates(accounts)?.into_iter();
        candidates
            .map(|mut found| match found.len() {
                0 | 1 => Ok(found.pop()),
                many => Err(KeychainError::Ambiguous(many)),
            })
            .collect()
    }

    fn candidates(&self, accounts: &[String]) -> Result<Vec<Vec<Secret>>, KeychainError> {
        let accounts = accounts.to_vec();
        self.run(accounts.len(), move |store| {
            accounts
                .iter()
                .map(|account| {
                    let entry = store
                        .build(SERVICE, account, None)
                        .map_err(|error| platform::name(&error))?;
                    match entry.get_secret() {
                        Ok(bytes) => Ok(vec![secret(bytes)]),
                        Err(PlatformError::NoEntry) => Ok(vec![]),
                        Err(PlatformError::Ambiguous(items)) => items
                            .iter()
                            .map(|item| {
                                let bytes = item.get_secret();
                                bytes.map(secret).map_err(|error| platform::name(&error))
                            })
                            .collect(),
                        Err(error) => Err(platform::name(&error)),
                    }
                })
                .collect()
        })
    }

    fn delete(&self, account: &str) -> Result<(), KeychainError> {
        let account = account.to_owned();
        self.run(1, move |store| {
            let entry =
                store.build(SERVICE, &account, None).map_err(|error| platform::name(&error))?;
            let deleted = match entry.delete_credential() {
                Err(PlatformError::Ambiguous(items)) => match ours(items) {
                    Some(item) => item.delete_credential(),
                    None => Ok(()),
                },
                deleted => deleted,
            };
            match deleted {
                Ok(()) | Err(PlatformError::NoEntry) => Ok(()),
                Err(error) => Err(platform::name(&error)),
            }
        })
    }

    fn fits(&self, value: &[u8]) -> bool {
        platform::fits(value)
    }

    fn kind(&self) -> &'static str {
        "os"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_opens_the_circuit() {
        let keychain = OsKeychain::default();
        *keychain.timed_out.lock().unwrap() = Some(Instant::now());
        let started = Instant::now();
        let answer = keychain.get(&["x".to_owned()]);
        assert_eq!(answer.unwrap_err(), KeychainError::Timeout(3));
        assert!(started.elapsed() < Duration::from_secs(1), "the refused call waited");
    }
}
