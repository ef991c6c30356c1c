//! `KEYWARD_KEYCHAIN=memory`: for tests. Nothing outlives the process. A test may say which
//! error the next call gives, so that the unhappy paths are as easy to try as the happy one.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use secrecy::ExposeSecret;

use super::{Keychain, KeychainError};
use crate::secret::{Secret, secret};

/// A keychain in memory.
#[derive(Default)]
pub struct MemoryKeychain {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    items: BTreeMap<String, Secret>,
    next_error: Option<KeychainError>,
}

impl std::fmt::Debug for MemoryKeychain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryKeychain")
    }
}

impl MemoryKeychain {
    /// Makes the next call fail with `error`.
    pub fn fail_next(&self, error: KeychainError) {
        self.lock().next_error = Some(error);
    }

    /// The accounts that are there, sorted.
    #[must_use]
    pub fn accounts(&self) -> Vec<String> {
        self.lock().items.keys().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(&self) -> Result<std::sync::MutexGuard<'_, State>, KeychainError> {
        let mut state = self.lock();
        match state.next_error.take() {
            Some(error) => Err(error),
            None => Ok(state),
        }
    }
}

impl Keychain for MemoryKeychain {
    fn put(&self, account: &str, _label: &str, value: &[u8]) -> Result<(), KeychainError> {
        self.call()?.items.insert(account.to_owned(), secret(value.to_vec()));
        Ok(())
    }

    fn get(&self, accounts: &[String]) -> Result<Vec<Option<Secret>>, KeychainError> {
        let state = self.call()?;
        let copy =
            |account| state.items.get(account).map(|value| secret(value.expose_secret().to_vec()));
        Ok(accounts.iter().map(copy).collect())
    }

    fn delete(&self, account: &str) -> Result<(), KeychainError> {
        self.call()?.items.remove(account);
        Ok(())
    }

    fn fits(&self, _value: &[u8]) -> bool {
        true
    }

    fn kind(&self) -> &'static str {
        "memory"
    }
}
