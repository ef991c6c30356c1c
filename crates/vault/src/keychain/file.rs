//! `KEYWARD_KEYCHAIN=file`: one sealed file, for machines without a keychain (SSH, WSL, CI).
//!
//! Format 1: the line `keyward-keychain\n`, one byte format, Argon2id parameters (memory in KiB,
//! passes, lanes: three little-endian u32), 16 bytes salt, then a sealed box whose associated data
//! is everything before it. Inside: a JSON object from account to base64 of the value. Parameters
//! are checked before any work is done for them. Every change writes a new file beside the old
//! one and renames it, under a lock.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyward_store::private_folder;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::{Keychain, KeychainError};
use crate::kdf::{self, COST, Cost, SALT};
use crate::sealed;
use crate::secret::{Secret, secret};

const MAGIC: &[u8] = b"keyward-keychain\n";
const FORMAT: u8 = 1;
const HEADER: usize = MAGIC.len() + 1 + 12 + SALT;
/// Largest file that is read (bytes).
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// A value wiped when dropped, as base64 text.
type Items = BTreeMap<String, Zeroizing<String>>;
type Key = Zeroizing<[u8; 32]>;

/// The sealed keychain file and the passphrase that opens it.
pub struct FileKeychain {
    path: PathBuf,
    passphrase: Secret,
    /// The last derived key and the header it belongs to: the derivation is slow on purpose.
    derived: Mutex<Option<([u8; HEADER], Key)>>,
}

impl std::fmt::Debug for FileKeychain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileKeychain").field("path", &self.path).finish_non_exhaustive()
    }
}

impl FileKeychain {
    /// A keychain file at `path`, made on the first write. Nothing is read yet.
    #[must_use]
    pub fn new(path: PathBuf, passphrase: Secret) -> Self {
        Self { path, passphrase, derived: Mutex::new(None) }
    }

    fn key(&self, header: &[u8; HEADER]) -> Result<Key, KeychainError> {
        let mut derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, key)) = &*derived
            && known == header
        {
            return Ok(key.clone());
        }
        let at = MAGIC.len() + 1;
        let number = |index: usize| {
            let bytes = &header[at + 4 * index..at + 4 * index + 4];
            u32::from_le_bytes(bytes.try_into().expect("a slice of four bytes"))
        };
        let cost = Cost { memory: number(0), passes: number(1), lanes: number(2) };
        let salt = &header[HEADER - SALT..];
        let key = kdf::derive(self.passphrase.expose_secret(), salt, cost)
            .map_err(|kdf::TooMuch| KeychainError::FileLimit)?;
        *derived = Some((*header, key.clone()));
        Ok(key)
    }

    fn read(&self) -> Result<Option<([u8; HEADER], Items)>, KeychainError> {
        let data = match fs::symlink_metadata(&self.path) {
            Ok(data) => data,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(&error)),
        };
        if !data.is_file() || data.len() > MAX_FILE {
            return Err(KeychainError::FileDamaged);
        }
        let bytes = fs::read(&self.path).map_err(|error| io(&error))?;
        let header: &[u8; HEADER] = bytes.first_chunk().ok_or(KeychainError::FileDamaged)?;
        if !header.starts_with(MAGIC) {
            return Err(KeychainError::FileDamaged);
        }
        let format = header[MAGIC.len()];
        if format > FORMAT {
            return Err(KeychainError::FileTooNew(format));
        }
        let key = self.key(header)?;
        let plain = sealed::open(&key, header, &bytes[HEADER..])
            .map_err(|_| KeychainError::WrongPassphrase)?;
        let items: BTreeMap<String, String> = serde_json::from_slice(plain.expose_secret())
            .map_err(|_| KeychainError::FileDamaged)?;
        let items = items.into_iter().map(|(name, value)| (name, Zeroizing::new(value)));
        Ok(Some((*header, items.collect())))
    }

    /// Reads, lets `change` work on the items, and writes them, while no other process does.
    fn update(&self, change: impl FnOnce(&mut Items)) -> Result<(), KeychainError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        private_folder(folder).map_err(|error| io(&error))?;
        let lock = lock_file(&self.path.with_extension("lock")).map_err(|error| io(&error))?;
        lock.lock().map_err(|error| io(&error))?;
        let (header, mut items) = match self.read()? {
            Some(found) => found,
            None => (fresh_header()?, Items::new()),
        };
        change(&mut items);
        let borrowed: BTreeMap<&str, &str> =
            items.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let plain =
            Zeroizing::new(serde_json::to_vec(&borrowed).map_err(|_| KeychainError::WriteFailed)?);
        let key = self.key(&header)?;
        let body = sealed::seal(&key, &header, &plain).map_err(|_| KeychainError::WriteFailed)?;
        // Mode 0600 comes from tempfile; the folder is synced so that the rename lasts.
        let mut file = tempfile::Builder::new()
            .prefix(".keychain-")
            .tempfile_in(folder)
            .map_err(|error| io(&error))?;
        file.write_all(&header)
            .and_then(|()| file.write_all(&body))
            .and_then(|()| file.as_file().sync_all())
            .map_err(|error| io(&error))?;
        file.persist(&self.path).map_err(|error| io(&error.error))?;
        #[cfg(unix)]
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| io(&error))?;
        Ok(())
    }
}

impl Keychain for FileKeychain {
    fn put(&self, account: &str, _label: &str, value: &[u8]) -> Result<(), KeychainError> {
        self.update(|items| {
            items.insert(account.to_owned(), Zeroizing::new(STANDARD.encode(value)));
        })
    }

    fn get(&self, accounts: &[String]) -> Result<Vec<Option<Secret>>, KeychainError> {
        let items = self.read()?.map(|(_, items)| items).unwrap_or_default();
        accounts
            .iter()
            .map(|account| match items.get(account) {
                None => Ok(None),
                Some(text) => match STANDARD.decode(text.as_bytes()) {
                    Ok(bytes) => Ok(Some(secret(bytes))),
                    Err(_) => Err(KeychainError::FileDamaged),
                },
            })
            .collect()
    }

    fn delete(&self, account: &str) -> Result<(), KeychainError> {
        self.update(|items| {
            items.remove(account);
        })
    }

    fn fits(&self, _value: &[u8]) -> bool {
        true
    }

    fn kind(&self) -> &'static str {
        "file"
    }
}

fn fresh_header() -> Result<[u8; HEADER], KeychainError> {
    let mut salt = [0; SALT];
    getrandom::getrandom(&mut salt)
        .map_err(|_| KeychainError::Failed("no randomness".to_owned()))?;
    let mut bytes = Vec::with_capacity(HEADER);
    bytes.extend_from_slice(MAGIC);
    bytes.push(FORMAT);
    for number in [COST.memory, COST.passes, COST.lanes] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.extend_from_slice(&salt);
    Ok(bytes.try_into().expect("the parts add up to the header"))
}

fn lock_file(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn io(error: &std::io::Error) -> KeychainError {
    KeychainError::FileIo(error.kind().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keychain(path: &Path, passphrase: &str) -> FileKeychain {
        FileKeychain::new(path.to_owned(), secret(passphrase.as_bytes().to_vec()))
    }

    #[test]
    fn items_come_back_and_only_with_the_passphrase() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keychain.sealed");
        let first = keychain(&path, "correct horse");
        assert!(first.get(&["a".to_owned()]).unwrap()[0].is_none());
        first.put("a", "label", b"CANARY\xff").unwrap();
        first.put("b", "label", b"two").unwrap();
        first.delete("b").unwrap();
        let again = keychain(&path, "correct horse");
        let got = again.get(&["a".to_owned(), "b".to_owned()]).unwrap();
        assert_eq!(got[0].as_ref().unwrap().expose_secret(), b"CANARY\xff");
        assert!(got[1].is_none());
        let wrong = keychain(&path, "wrong horse").get(&["a".to_owned()]);
        assert_eq!(wrong.unwrap_err(), KeychainError::WrongPassphrase);
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(6).any(|window| window == b"CANARY"));
    }

    #[test]
    fn every_truncation_and_every_flipped_byte_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keychain.sealed");
        let good = keychain(&path, "p");
        good.put("a", "label", b"value").unwrap();
        let bytes = fs::read(&path).unwrap();
        for cut in 0..bytes.len() {
            fs::write(&path, &bytes[..cut]).unwrap();
            assert!(good.get(&["a".to_owned()]).is_err(), "read when cut at {cut}");
        }
        // Header bytes change the derivation, which is slow: a few of them, and all of the box.
        let places = [0, MAGIC.len(), HEADER - 1].into_iter().chain(HEADER..bytes.len());
        for at in places {
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            fs::write(&path, &bad).unwrap();
            assert!(good.get(&["a".to_owned()]).is_err(), "read with byte {at} changed");
        }
    }

    #[test]
    fn absurd_parameters_are_refused_before_any_work() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keychain.sealed");
        let good = keychain(&path, "p");
        good.put("a", "label", b"value").unwrap();
        let mut bytes = fs::read(&path).unwrap();
        bytes[MAGIC.len() + 1..MAGIC.len() + 5].copy_from_slice(&u32::MAX.to_le_bytes());
        fs::write(&path, &bytes).unwrap();
        assert_eq!(good.get(&["a".to_owned()]).unwrap_err(), KeychainError::FileLimit);
        bytes[MAGIC.len()] = 99;
        fs::write(&path, &bytes).unwrap();
        assert_eq!(good.get(&["a".to_owned()]).unwrap_err(), KeychainError::FileTooNew(99));
    }
}
