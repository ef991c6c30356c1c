//! The keychain: what the rest of the vault needs of it, and how it fails.

mod file;
mod memory;
mod os;
mod platform;
mod sealed_file;

use std::io::ErrorKind;
use std::path::PathBuf;

use thiserror::Error;

pub use self::file::FileKeychain;
pub use self::memory::MemoryKeychain;
pub use self::os::OsKeychain;
#[cfg(fuzzing)]
pub use self::sealed_file::fuzz as fuzz_keychain_file;
use crate::secret::Secret;

/// The service attribute of every item of ours.
pub(crate) const SERVICE: &str = "keyward";

/// An item that is to be written.
pub struct Item<'a> {
    /// The account name, which is the vault's alone.
    pub account: &'a str,
    /// What the system's own tool shows of it.
    pub label: &'a str,
    /// Its bytes.
    pub value: &'a [u8],
}

/// A place for small secrets, each under an account name. Items are written once and read, never
/// changed; only the audit anchor is written again.
pub trait Keychain: Send + Sync {
    /// Writes an item. `label` is what the system's own tool shows.
    ///
    /// # Errors
    /// [`KeychainError`]; the item may or may not be there afterwards.
    fn put(&self, account: &str, label: &str, value: &[u8]) -> Result<(), KeychainError>;

    /// Writes items, in the order given; at once where the keychain can.
    ///
    /// # Errors
    /// [`KeychainError`]; any of the items may or may not be there afterwards.
    fn put_all(&self, items: &[Item<'_>]) -> Result<(), KeychainError> {
        items.iter().try_for_each(|item| self.put(item.account, item.label, item.value))
    }

    /// Reads items, in the order asked; none for one that is not there. "Not there" is also what
    /// a damaged or a fresh keychain answers, so it never means "first run" by itself.
    ///
    /// # Errors
    /// [`KeychainError`] when the keychain as a whole does not answer.
    fn get(&self, accounts: &[String]) -> Result<Vec<Option<Secret>>, KeychainError>;

    /// Reads items with every candidate: more than one where another program added an item that
    /// matches the same account.
    ///
    /// # Errors
    /// As [`Keychain::get`].
    fn candidates(&self, accounts: &[String]) -> Result<Vec<Vec<Secret>>, KeychainError> {
        Ok(self.get(accounts)?.into_iter().map(|item| item.into_iter().collect()).collect())
    }

    /// Deletes an item; one that is not there is no error.
    ///
    /// # Errors
    /// [`KeychainError`] when the keychain does not answer.
    fn delete(&self, account: &str) -> Result<(), KeychainError>;

    /// Deletes items; at once where the keychain can.
    ///
    /// # Errors
    /// As [`Keychain::delete`]; some may be left then.
    fn delete_all(&self, accounts: &[&str]) -> Result<(), KeychainError> {
        accounts.iter().try_for_each(|account| self.delete(account))
    }

    /// Whether it can hold this value as it is; if not, the value goes to a sealed box.
    fn fits(&self, value: &[u8]) -> bool;

    /// `os`, `file` or `memory`.
    fn kind(&self) -> &'static str;

    /// The newest earlier state of the keychain that opens, where it keeps any.
    fn good_generation(&self) -> Option<PathBuf> {
        None
    }

    /// Removes the earlier states of the keychain, where it keeps any: deleted items are in them.
    ///
    /// # Errors
    /// [`KeychainError`]; some may be left then.
    fn forget_generations(&self) -> Result<(), KeychainError> {
        Ok(())
    }
}

/// How a keychain fails, told apart by what a person can do about it. Never carries item bytes.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum KeychainError {
    /// No session bus: no desktop session, SSH, a container. The text is the address that was
    /// tried, or empty.
    #[error("there is no session bus{0}")]
    NoBus(String),
    /// A session bus, but nothing on it that keeps secrets.
    #[error("no keychain service is running")]
    NoService,
    /// The keychain is locked and was not unlocked.
    #[error("the keychain is locked")]
    Locked,
    /// It did not answer in time; further calls are refused for half a minute.
    #[error("the keychain did not answer within {0} seconds")]
    Timeout(u64),
    /// The connection broke during the call.
    #[error("the connection to the keychain was lost")]
    LostConnection,
    /// The item was not written, or reads back differently.
    #[error("the keychain did not keep the value")]
    WriteFailed,
    /// The user or the system said no.
    #[error("access to the keychain was denied")]
    Denied,
    /// Two or more items match the same account.
    #[error("{0} keychain items match one account")]
    Ambiguous(usize),
    /// Another failure; the text is the platform's name for it, never its data.
    #[error("the keychain failed ({0})")]
    Failed(String),
    /// `file`: the passphrase is wrong, or the file is damaged.
    #[error("the keychain file does not open with this passphrase")]
    WrongPassphrase,
    /// `file`: the file is cut short or altered.
    #[error("the keychain file is damaged")]
    FileDamaged,
    /// `file`: the file has no bytes.
    #[error("the keychain file is empty")]
    FileEmpty,
    /// `file`: the file is another program's.
    #[error("the file is not a keychain file of Keyward")]
    FileNotOurs,
    /// `file`: the path is a folder, FIFO, socket or device.
    #[error("the keychain file's path is not a regular file")]
    FileNotAFile,
    /// `file`: the path is a symbolic link; links are not followed.
    #[error("the keychain file is a symbolic link")]
    FileSymlink,
    /// `file`: the file belongs to another user.
    #[error("the keychain file belongs to another user")]
    FilePermissions,
    /// `file`: another process has been writing to it for five seconds; its id, where the system
    /// tells.
    #[error("another program{} is writing to the keychain file", .0.map_or_else(String::new, |id| format!(" (process {id})")))]
    FileBusy(Option<u32>),
    /// `file`: the file asks for more work than is sane.
    #[error("the keychain file asks for too much memory or time")]
    FileLimit,
    /// `file`: written by a newer program.
    #[error("the keychain file has format {0}, newer than this program knows")]
    FileTooNew(u8),
    /// `file`: the disk's word.
    #[error("the keychain file could not be read or written ({0})")]
    FileIo(ErrorKind),
}
