//! One session with a vault: where it is, which keychain, and how changes are committed.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use etcetera::AppStrategy as _;
use jiff::Timestamp;
use keyward_audit::{Event, Head};
use keyward_store::{Look, Store, StoreError, Tx};
use keyward_vault::{
    FileKeychain, Keychain, MemoryKeychain, OsKeychain, Purpose, Secret, Vault, secret,
};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::Error;
use crate::notice::Notice;
use crate::opening::Waiting;

/// Most that is read of a passphrase file, in bytes.
const MAX_PASSPHRASE_FILE: u64 = 64 * 1024;
/// The database's file name in the data folder.
const DATABASE: &str = "keyward.db";

/// `KEYWARD_KEYCHAIN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeychainKind {
    /// The operating system's keychain.
    Os,
    /// A sealed file in the data folder.
    File,
    /// Nothing outlives the process.
    Memory,
}

impl KeychainKind {
    /// Reads the variable's value; none is `os`.
    ///
    /// # Errors
    /// `USAGE` for another word.
    pub fn parse(word: Option<&str>) -> Result<Self, Error> {
        match word {
            None | Some("" | "os") => Ok(Self::Os),
            Some("file") => Ok(Self::File),
            Some("memory") => Ok(Self::Memory),
            Some(_) => Err(Error::new(
                "USAGE",
                "KEYWARD_KEYCHAIN is none of `os`, `file`, `memory`.",
                "Unset it to use the operating system's keychain.",
            )),
        }
    }
}

/// What a session needs to know of its surroundings. Faces fill it in.
pub struct Config {
    /// The data folder.
    pub home: PathBuf,
    /// Which keychain.
    pub keychain: KeychainKind,
    /// Gives the passphrase of `KEYWARD_KEYCHAIN=file`; asked at most once.
    pub passphrase: Box<dyn Fn() -> Result<Secret, Error> + Send + Sync>,
    /// Gives the passphrase of a locked vault when a value is needed, or says that it is locked.
    pub unlock: Box<dyn Fn() -> Result<Secret, Error> + Send + Sync>,
    /// Whether the key may come from the process that `keyward unlock` starts.
    pub agent: bool,
    /// Whether the system may ask the user to unlock its keychain.
    pub prompts: bool,
    /// Which face it is, for the audit record: `cli` or `desktop`.
    pub actor: &'static str,
    /// Stands for "now" where it is given (`--at`).
    pub at: Option<Timestamp>,
    /// Told of what is not as it should be and stopped nothing.
    pub tell: Box<dyn Fn(&Notice) + Send + Sync>,
}

impl Config {
    /// Reads `KEYWARD_HOME`, `KEYWARD_KEYCHAIN` and, for a keychain file, `KEYWARD_PASSPHRASE_FILE`.
    /// `ask` gives the passphrase where no file does.
    ///
    /// # Errors
    /// `USAGE` for a keychain that is not known, `DISK_ERROR` when there is no home folder.
    pub fn from_environment(
        actor: &'static str,
        at: Option<Timestamp>,
        ask: impl Fn() -> Result<Secret, Error> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let word = std::env::var("KEYWARD_KEYCHAIN").ok();
        let home = match std::env::var_os("KEYWARD_HOME").filter(|home| !home.is_empty()) {
            Some(home) => std::path::absolute(home)
                .map_err(|error| crate::error::io(&error, "KEYWARD_HOME"))?,
            None => default_home()?,
        };
        Ok(Self {
            home,
            keychain: KeychainKind::parse(word.as_deref())?,
            passphrase: Box::new(move || keychain_passphrase(&ask)),
            unlock: Box::new(|| Err(crate::locked())),
            agent: actor == "cli",
            prompts: true,
            actor,
            at,
            tell: Box::new(|_| {}),
        })
    }
}

fn keychain_passphrase(ask: &impl Fn() -> Result<Secret, Error>) -> Result<Secret, Error> {
    let value = match std::env::var_os("KEYWARD_PASSPHRASE_FILE").filter(|path| !path.is_empty()) {
        Some(path) => {
            // As large as it may get, so that it never grows and leaves a copy behind.
            let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_PASSPHRASE_FILE as usize + 1));
            std::fs::File::open(path)
                .and_then(|file| file.take(MAX_PASSPHRASE_FILE).read_to_end(&mut bytes))
                .map_err(|error| crate::error::io(&error, "the passphrase file"))?;
            secret(bytes.to_vec())
        }
        None => ask()?,
    };
    let bytes = value.expose_secret();
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Err(Error::new(
            "PASSPHRASE_EMPTY",
            "The passphrase is empty. Nothing was changed.",
            "Choose a passphrase of several words.",
        ));
    }
    Ok(secret(line.to_vec()))
}

/// The platform's own data folder for Keyward (XDG, Application Support, AppData).
fn default_home() -> Result<PathBuf, Error> {
    let args = etcetera::AppStrategyArgs {
        top_level_domain: "dev".to_owned(),
        author: "Keyward".to_owned(),
        app_name: "keyward".to_owned(),
    };
    match etcetera::app_strategy::choose_native_strategy(args) {
        Ok(strategy) => Ok(strategy.data_dir()),
        Err(_) => Err(Error::new(
            "DISK_ERROR",
            "No home folder is known, so there is no place for the vault.",
            "Set HOME, or KEYWARD_HOME to a folder of yours.",
        )),
    }
}

/// A session: everything a user can do is a method of it.
pub struct Keyward {
    pub(crate) config: Config,
    keychain: Mutex<Option<Arc<dyn Keychain>>>,
    open: Mutex<Option<Open>>,
    /// Notices that were told.
    pub(crate) told: Mutex<Vec<Notice>>,
    /// Whether a vault may be made where the keychain remembers another: a restore is at work.
    anew: AtomicBool,
}

impl std::fmt::Debug for Keyward {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyward").field("home", &self.config.home).finish_non_exhaustive()
    }
}

/// An open vault.
pub(crate) struct Open {
    pub(crate) vault: Vault,
    pub(crate) store: Store,
    audit_key: keyward_audit::Key,
    waiting: Waiting,
}

impl Open {
    fn new(vault: Vault, store: Store, waiting: Waiting) -> Self {
        let audit_key = keyward_audit::Key::new(*vault.keys().derive(Purpose::Audit));
        Self { vault, store, audit_key, waiting }
    }

    /// Keeps an event for the next change, in the keychain too; whether that took it.
    pub(crate) fn defer(&mut self, event: Event) -> bool {
        self.waiting.deferred.push(event);
        let text = serde_json::to_string(&self.waiting.deferred).unwrap_or_default();
        self.vault.put_deferred(Some(&text)).is_ok()
    }

    pub(crate) fn audit_key(&self) -> &keyward_audit::Key {
        &self.audit_key
    }

    /// Reads on one unchanging view.
    pub(crate) fn read<T>(
        &mut self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.store.read(self.vault.row_key(), work)
    }

    /// The same, where the vault's keys are needed too.
    pub(crate) fn read_with<T>(
        &mut self,
        work: impl FnOnce(&Tx<'_>, &Vault) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let vault = &self.vault;
        self.store.read(vault.row_key(), |tx| work(tx, vault))
    }

    /// Commits a change and its audit rows in one transaction, then moves the anchor.
    pub(crate) fn change<T>(
        &mut self,
        work: impl FnOnce(&Tx<'_>, &Vault) -> Result<(T, Vec<Event>), Error>,
    ) -> Result<T, Error> {
        let (vault, key, waiting) = (&self.vault, &self.audit_key, &self.waiting);
        let (value, head) = self.store.write(vault.row_key(), |tx| {
            let (value, events) = work(tx, vault)?;
            let mut head: Option<Head> = None;
            if events.is_empty() {
                return Ok((value, head));
            }
            for event in waiting.rolled_back.iter().chain(&waiting.deferred).chain(&events) {
                head = Some(keyward_audit::append(tx, key, event)?);
            }
            Ok::<_, Error>((value, head))
        })?;
        if let Some(head) = head {
            // The change is done. An anchor left behind is what a crash leaves too, and the next
            // change moves it on.
            let _ = self.vault.put_anchor(&head.to_string());
            let waiting = std::mem::take(&mut self.waiting);
            if !waiting.deferred.is_empty() {
                // One that stays is recorded twice, which is better than not at all.
                let _ = self.vault.put_deferred(None);
            }
        }
        Ok(value)
    }
}

impl Keyward {
    /// Begins a session. Nothing is opened or made yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            keychain: Mutex::new(None),
            open: Mutex::new(None),
            told: Mutex::new(vec![]),
            anew: AtomicBool::new(false),
        }
    }

    /// A session in memory, for tests.
    #[must_use]
    pub fn in_memory(at: Timestamp) -> Self {
        Self::new(Config {
            home: PathBuf::new(),
            keychain: KeychainKind::Memory,
            passphrase: Box::new(|| Err(Error::not_found("passphrase"))),
            unlock: Box::new(|| Err(crate::locked())),
            agent: false,
            prompts: false,
            actor: "cli",
            at: Some(at),
            tell: Box::new(|_| {}),
        })
    }

    /// The data folder.
    #[must_use]
    pub fn home_folder(&self) -> &Path {
        &self.config.home
    }

    /// Whether nothing is to outlive the process.
    pub(crate) fn is_in_memory(&self) -> bool {
        matches!(self.config.keychain, KeychainKind::Memory)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.config.at.unwrap_or_else(Timestamp::now)
    }

    /// The time of changes: `--at` moves what is looked at, never what is recorded.
    pub(crate) fn clock(&self) -> Timestamp {
        match self.config.keychain {
            KeychainKind::Memory => self.now(),
            _ => Timestamp::now(),
        }
    }

    pub(crate) fn event(&self, action: &str, subject: &str, detail: Option<String>) -> Event {
        Event {
            at: self.clock(),
            actor: self.config.actor.to_owned(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            detail,
        }
    }

    pub(crate) fn keychain(&self) -> Result<Arc<dyn Keychain>, Error> {
        let mut slot = lock(&self.keychain);
        if let Some(keychain) = &*slot {
            return Ok(Arc::clone(keychain));
        }
        let keychain: Arc<dyn Keychain> = match self.config.keychain {
            KeychainKind::Os if self.config.prompts => Arc::new(OsKeychain::default()),
            KeychainKind::Os => Arc::new(OsKeychain::quiet()),
            KeychainKind::Memory => Arc::new(MemoryKeychain::default()),
            KeychainKind::File => {
                let passphrase = (self.config.passphrase)()?;
                let path = self.config.home.join("keychain.sealed");
                if let Ok(Look::File { narrowed: true }) = keyward_store::look(&path) {
                    self.narrowed(&path);
                }
                Arc::new(FileKeychain::new(path, passphrase))
            }
        };
        *slot = Some(Arc::clone(&keychain));
        Ok(keychain)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.config.home.join(DATABASE)
    }

    /// Whether a vault is there, without asking the keychain.
    pub(crate) fn vault_exists(&self) -> Result<bool, Error> {
        if self.config.keychain == KeychainKind::Memory {
            return Ok(lock(&self.open).is_some());
        }
        Ok(Store::exists(&self.database())?)
    }

    /// Forgets every key; the next use opens the vault again. True when the lock key was among
    /// them.
    pub(crate) fn forget(&self) -> bool {
        let mut open = lock(&self.open);
        let held = open.as_ref().is_some_and(|open| open.vault.held().is_some());
        if self.is_in_memory() {
            if let Some(open) = open.as_mut() {
                open.vault.hold(None);
            }
        } else {
            *open = None;
            // A keychain file's passphrase and key go with it.
            *lock(&self.keychain) = None;
        }
        held
    }

    /// Whether this session has the lock key; nothing is opened for the answer.
    pub(crate) fn holds_key(&self) -> bool {
        lock(&self.open).as_ref().is_some_and(|open| open.vault.held().is_some())
    }

    /// Whether the vault was opened in this session.
    pub(crate) fn is_open(&self) -> bool {
        lock(&self.open).is_some()
    }

    /// Works on the vault if there is one. Without one the keychain is asked whether it answers,
    /// so that a missing keychain is never mistaken for an empty vault.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&mut Open) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let mut open = lock(&self.open);
        if open.is_none() && !self.open_existing(&mut open)? {
            self.keychain()?.get(&["keyward".to_owned()])?;
            return Ok(None);
        }
        open.as_mut().map(work).transpose()
    }

    /// Works on the vault, and makes it first when there is none.
    pub(crate) fn with_new<T>(
        &self,
        work: impl FnOnce(&mut Open) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut open = lock(&self.open);
        if open.is_none() && !self.open_existing(&mut open)? {
            let keychain = self.keychain()?;
            // Asked before the file is made, so that a locked keychain leaves no half vault.
            keychain.get(&["keyward".to_owned()])?;
            let mut store = match self.config.keychain {
                KeychainKind::Memory => Store::memory()?,
                _ => Store::open(&self.database())?,
            };
            let vault = match Vault::create(keychain, &mut store, self.clock()) {
                Ok(vault) => vault,
                // Another process made it in the same moment.
                Err(keyward_vault::VaultError::Store(StoreError::Taken)) => {
                    self.open_existing(&mut open)?;
                    return open.as_mut().map_or_else(|| Err(Error::not_found("vault")), work);
                }
                Err(error) => return Err(error.into()),
            };
            if let Some(account) = self.home_account() {
                // Without it a lost database would pass for a first run; the vault is well.
                let _ = vault.put_home(&account);
            }
            let mut fresh = Open::new(vault, store, Waiting::default());
            let event = self.event("create", "vault", None);
            fresh.change(|_, _| Ok(((), vec![event])))?;
            *open = Some(fresh);
        }
        open.as_mut().map_or_else(|| Err(Error::not_found("vault")), work)
    }

    /// Works on the vault, or says that an entry of it is not there.
    pub(crate) fn with_entry<T>(
        &self,
        name: &str,
        work: impl FnOnce(&mut Open) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.with(work)?.ok_or_else(|| Error::not_found(name))
    }

    fn open_existing(&self, slot: &mut MutexGuard<'_, Option<Open>>) -> Result<bool, Error> {
        if self.config.keychain == KeychainKind::Memory {
            return Ok(false);
        }
        if !Store::exists(&self.database())? {
            self.refuse_orphans()?;
            return Ok(false);
        }
        let mut store = Store::open(&self.database())?;
        if store.was_narrowed() {
            self.narrowed(&self.database());
        }
        // A database without an id is one whose making was cut off before anything was in it.
        let Some(id) = store.meta("vault")? else {
            return Ok(false);
        };
        let keychain = self.keychain()?;
        let home = self.home_account();
        let vault = Vault::open(Arc::clone(&keychain), &id, Some(&store), home.as_deref())
            .map_err(|error| self.with_generation(&*keychain, error.into()))?;
        // Sweeping can wait when the keychain or the disk will not take it now; so can the rest.
        let _ = vault.sweep(&mut store, self.clock());
        if let Some(account) = home.filter(|_| vault.beside().home.as_deref() != Some(&id)) {
            let _ = vault.put_home(&account);
        }
        let waiting = self.look_back(&mut store, &vault);
        **slot = Some(Open::new(vault, store, waiting));
        Ok(true)
    }

    /// A restore may make a vault where the keychain remembers a lost one.
    pub(crate) fn begin_anew(&self) {
        self.anew.store(true, Ordering::Relaxed);
    }

    pub(crate) fn begins_anew(&self) -> bool {
        self.anew.load(Ordering::Relaxed)
    }

    fn narrowed(&self, path: &Path) {
        self.notice(
            "MODE_NARROWED",
            format!("Others could read `{}`. It is yours alone again (mode 0600).", path.display()),
        );
    }

    /// Whether the keychain answers right now, asked without making the system ask the user.
    pub(crate) fn keychain_answers(&self) -> Result<&'static str, Error> {
        let keychain = match self.config.keychain {
            KeychainKind::Os => Arc::new(OsKeychain::quiet()),
            _ => self.keychain()?,
        };
        match keychain.get(&["keyward".to_owned()]) {
            Ok(_) => Ok(keychain.kind()),
            Err(error) => Err(self.with_generation(&*keychain, error.into())),
        }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl From<KeychainKind> for &'static str {
    fn from(kind: KeychainKind) -> Self {
        match kind {
            KeychainKind::Os => "os",
            KeychainKind::File => "file",
            KeychainKind::Memory => "memory",
        }
    }
}

/// Keychain errors that mean "not here", as opposed to "broken": a scan goes on without it.
pub(crate) fn is_keychain(error: &Error) -> bool {
    error.code.starts_with("KC_")
        || matches!(error.code.as_str(), "NO_INPUT" | "VAULT_LOCKED" | "UNLOCK_WAIT")
}

/// Puts a full name together from what was typed.
///
/// # Errors
/// `NAME_INVALID`.
pub fn full_name(name: &str, project: Option<&str>, env: Option<&str>) -> Result<String, Error> {
    Ok(keyward_vault::EntryName::parse(name, project, env)?.to_string())
}

/// Makes the process hard to look into: no core file, and on Linux not dumpable, so that another
/// program of the same user cannot read its memory. Called once at the start of each face.
pub fn harden() {
    // A file that grows past the shell's limit is to be an error that can be told, not a signal
    // that ends the program. A handler, unlike "ignore", is not handed on to children.
    #[cfg(unix)]
    let _ =
        signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::new(AtomicBool::new(false)));
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{
            DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit,
        };
        // Where the system refuses, the program still works, only less guarded.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
}
