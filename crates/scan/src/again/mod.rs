//! What a scan remembers for the next one of the same repository by the same rules: which files and objects
//! were searched, and where secrets stand. Never a secret: its place, from which it is read again.

mod files;
mod groups;
mod grow;
mod history;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use self::files::Stat;
use self::history::History;
use crate::options::Options;
use crate::rules::Rules;

/// The form of what is remembered, and of what the engine finds: raised when either changes.
const FORM: u32 = 1;
/// A longer memory is not read, in bytes.
const MAX_MEMORY: usize = 256 * 1024 * 1024;

/// What a scan may build on.
#[derive(Debug, Clone, Copy)]
pub struct Again<'a> {
    /// What the last scan of this path remembered; anything else is passed over.
    pub before: Option<&'a [u8]>,
    /// Stands for the vault's values: the same only for the same values, and of no use to guess them. `None`
    /// where there is no vault.
    pub own: Option<[u8; 32]>,
    /// The current time. A file that was changed in the last two seconds is read again.
    pub now: Timestamp,
}

/// All that is remembered of one path.
#[derive(Default, Serialize, Deserialize)]
struct State {
    key: String,
    files: BTreeMap<String, Stat>,
    history: Option<History>,
}

/// One scan's use of what is remembered.
pub(crate) struct Session {
    before: State,
    after: Mutex<State>,
    now: Timestamp,
}

impl Session {
    /// For a scan of one path.
    pub(crate) fn new(options: &Options, path: &Path, rules: &Rules, again: &Again<'_>) -> Self {
        let key = key(options, path, rules, again.own);
        let before = again
            .before
            .filter(|bytes| bytes.len() <= MAX_MEMORY)
            .and_then(|bytes| serde_json::from_slice::<State>(bytes).ok())
            .filter(|state| state.key == key)
            .unwrap_or_default();
        let after = State { key, ..State::default() };
        Self { before, after: Mutex::new(after), now: again.now }
    }

    /// What to remember. What this scan did not look at is kept as it was.
    pub(crate) fn finish(self, files: bool, history: bool) -> Option<Vec<u8>> {
        let mut after = self.after.into_inner().unwrap_or_else(PoisonError::into_inner);
        if !files {
            after.files = self.before.files;
        }
        if !history {
            after.history = self.before.history;
        }
        serde_json::to_vec(&after).ok()
    }

    fn after(&self) -> std::sync::MutexGuard<'_, State> {
        self.after.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whatever changes what a scan finds.
fn key(options: &Options, path: &Path, rules: &Rules, own: Option<[u8; 32]>) -> String {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let mut hash = Sha256::new();
    let mut add = |part: &[u8]| {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    };
    add(&FORM.to_le_bytes());
    add(env!("CARGO_PKG_VERSION").as_bytes());
    add(path.as_os_str().as_encoded_bytes());
    add(&options.limit().to_le_bytes());
    add(&[u8::from(options.no_ignore), u8::from(options.own_only), u8::from(options.whole)]);
    add(&own.unwrap_or_default());
    for rule in rules.iter() {
        rule.identify(&mut add);
    }
    hex::encode(hash.finalize())
}
