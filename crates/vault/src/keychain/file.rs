//! `KEYWARD_KEYCHAIN=file`: one sealed file, for machines without a keychain (SSH, WSL, CI).
//!
//! Every change writes a new file beside the old one and renames it, under a lock; the five states
//! before it stay beside it as `keychain.sealed.1` (the newest) to `.5`, sealed like it.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyward_store::{Look, StoreError, lock_holder, look, private_folder};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::sealed_file::{self, Header, Items, Key};
use super::{Item, Keychain, KeychainError};
use crate::secret::{Secret, secret};

/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 64 * 1024 * 1024;
/// How many earlier states are kept.
const GENERATIONS: usize = 5;
/// How long a writer waits for another one, and how often it looks.
const BUSY: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// Names of files that are about to become the keychain file begin with this.
const TEMPORARY: &str = ".keychain-";

/// The sealed keychain file and the passphrase that opens it.
pub struct FileKeychain {
    path: PathBuf,
    passphrase: Secret,
    /// The last derived key and the header it belongs to: the derivation is slow on purpose.
    derived: Mutex<Option<(Header, Key)>>,
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

    fn key(&self, header: &Header) -> Result<Key, KeychainError> {
        let mut derived = self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, key)) = &*derived
            && known == header
        {
            return Ok(key.clone());
        }
        let key = header.key(self.passphrase.expose_secret())?;
        *derived = Some((*header, key.clone()));
        Ok(key)
    }

    fn read(&self) -> Result<Option<(Header, Items)>, KeychainError> {
        match look(&self.path).map_err(|error| named(&error))? {
            Look::Nothing => Ok(None),
            Look::Empty => Err(KeychainError::FileEmpty),
            Look::File { .. } => self.parse(&bytes(&self.path)?).map(Some),
        }
    }

    fn parse(&self, file: &[u8]) -> Result<(Header, Items), KeychainError> {
        match Header::read(file) {
            Ok(header) => Ok((header, sealed_file::open(&header, &self.key(&header)?, file)?)),
            Err(KeychainError::FileTooNew(found)) => match Header::unflipped(file) {
                Some(ours) if self.parse(&ours).is_ok() => Err(KeychainError::FileDamaged),
                _ => Err(KeychainError::FileTooNew(found)),
            },
            Err(error) => Err(error),
        }
    }

    /// Reads, lets `change` work on the items, and writes them, while no other process does.
    fn update(&self, change: impl FnOnce(&mut Items)) -> Result<(), KeychainError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        private_folder(folder).map_err(|error| io(&error))?;
        let _lock = self.hold()?;
        let (header, mut items) = match self.read()? {
            Some(found) => found,
            None => (Header::fresh()?, Items::new()),
        };
        change(&mut items);
        let sealed = sealed_file::seal(&header, &self.key(&header)?, &items)?;
        // Whoever left one behind is dead, for we hold the lock.
        sweep(folder);
        // Mode 0600 comes from tempfile; the folder is synced so that the rename lasts.
        let mut file = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .tempfile_in(folder)
            .map_err(|error| io(&error))?;
        file.write_all(&sealed)
            .and_then(|()| file.as_file().sync_all())
            .map_err(|error| io(&error))?;
        self.keep_generation().map_err(|error| io(&error))?;
        file.persist(&self.path).map_err(|error| io(&error.error))?;
        #[cfg(unix)]
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| io(&error))?;
        Ok(())
    }

    /// Waits for other writers, five seconds at most.
    fn hold(&self) -> Result<File, KeychainError> {
        let path = self.path.with_extension("lock");
        let lock = lock_file(&path).map_err(|error| io(&error))?;
        let started = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(lock),
                Err(fs::TryLockError::WouldBlock) if started.elapsed() < BUSY => {
                    std::thread::sleep(LOOK_AGAIN);
                }
                Err(fs::TryLockError::WouldBlock) => {
                    return Err(KeychainError::FileBusy(lock_holder(&path)));
                }
                Err(fs::TryLockError::Error(error)) => return Err(io(&error)),
            }
        }
    }

    fn generation(&self, number: usize) -> PathBuf {
        self.path.with_extension(format!("sealed.{number}"))
    }

    /// Gives the file that is about to be replaced a second name, and the older ones the next.
    /// The file itself stays where it is until the rename that replaces it.
    fn keep_generation(&self) -> std::io::Result<()> {
        let missing = |error: &std::io::Error| error.kind() == ErrorKind::NotFound;
        for number in (1..GENERATIONS).rev() {
            match fs::rename(self.generation(number), self.generation(number + 1)) {
                Err(error) if !missing(&error) => return Err(error),
                _ => {}
            }
        }
        match fs::hard_link(&self.path, self.generation(1)) {
            Err(error) if missing(&error) => Ok(()),
            // Not every file system gives a file two names; a copy says the same.
            Err(_) => fs::copy(&self.path, self.generation(1)).map(drop),
            Ok(()) => Ok(()),
        }
    }
}

impl Keychain for FileKeychain {
    fn put(&self, account: &str, _label: &str, value: &[u8]) -> Result<(), KeychainError> {
        self.update(|items| {
            items.insert(account.to_owned(), Zeroizing::new(STANDARD.encode(value)));
        })
    }

    fn put_all(&self, items: &[Item<'_>]) -> Result<(), KeychainError> {
        self.update(|kept| {
            for item in items {
                kept.insert(item.account.to_owned(), Zeroizing::new(STANDARD.encode(item.value)));
            }
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

    fn delete_all(&self, accounts: &[&str]) -> Result<(), KeychainError> {
        if accounts.is_empty() {
            return Ok(());
        }
        self.update(|items| {
            for account in accounts {
                items.remove(*account);
            }
        })
    }

    fn fits(&self, _value: &[u8]) -> bool {
        true
    }

    fn kind(&self) -> &'static str {
        "file"
    }

    fn good_generation(&self) -> Option<PathBuf> {
        (1..=GENERATIONS).map(|number| self.generation(number)).find(|path| {
            matches!(look(path), Ok(Look::File { .. }))
                && bytes(path).is_ok_and(|file| self.parse(&file).is_ok())
        })
    }

    fn forget_generations(&self) -> Result<(), KeychainError> {
        let _lock = self.hold()?;
        for number in (1..=GENERATIONS).rev() {
            match fs::remove_file(self.generation(number)) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(io(&error)),
                _ => {}
            }
        }
        Ok(())
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, KeychainError> {
    let mut bytes = vec![];
    File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
        .map_err(|error| io(&error))?;
    if bytes.len() as u64 > MAX_FILE { Err(KeychainError::FileLimit) } else { Ok(bytes) }
}

/// Removes files that a writer which was killed left behind.
fn sweep(folder: &Path) {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    for file in files.filter(|file| file.file_name().to_string_lossy().starts_with(TEMPORARY)) {
        // What cannot go now goes with the next change.
        let _ = fs::remove_file(file.path());
    }
}

fn lock_file(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn io(error: &std::io::Error) -> KeychainError {
    KeychainError::FileIo(error.kind())
}

fn named(error: &StoreError) -> KeychainError {
    match error {
        StoreError::Symlink => KeychainError::FileSymlink,
        StoreError::NotAFile => KeychainError::FileNotAFile,
        StoreError::Permissions => KeychainError::FilePermissions,
        StoreError::ReadOnly => KeychainError::FileIo(ErrorKind::PermissionDenied),
        _ => KeychainError::FileIo(ErrorKind::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sealed_file::tests::cheap;
    use super::*;

    fn keychain(path: &Path, passphrase: &str) -> FileKeychain {
        FileKeychain::new(path.to_owned(), secret(passphrase.as_bytes().to_vec()))
    }

    /// One with a file whose key costs next to nothing.
    fn quick(folder: &Path) -> FileKeychain {
        let path = folder.join("keychain.sealed");
        fs::write(&path, cheap(b"p", &Items::new())).unwrap();
        keychain(&path, "p")
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
    fn five_earlier_states_are_kept_and_the_newest_good_one_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let keychain = quick(dir.path());
        for number in 0..8_u8 {
            keychain.put(&format!("item-{number}"), "label", &[number; 4]).unwrap();
        }
        let names = || {
            let files = fs::read_dir(dir.path()).unwrap().flatten();
            let mut names: Vec<String> =
                files.map(|file| file.file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        let mut expected = vec!["keychain.lock".to_owned(), "keychain.sealed".to_owned()];
        expected.extend((1..=5).map(|number| format!("keychain.sealed.{number}")));
        assert_eq!(names(), expected);
        let count = |path: &Path| keychain.parse(&bytes(path).unwrap()).unwrap().1.len();
        let counts: Vec<usize> = (1..=5).map(|n| count(&keychain.generation(n))).collect();
        assert_eq!(counts, [7, 6, 5, 4, 3]);
        fs::write(keychain.generation(1), b"").unwrap();
        fs::write(keychain.generation(2), b"keyward-keychain\njunk").unwrap();
        assert_eq!(keychain.good_generation(), Some(keychain.generation(3)));
    }

    #[test]
    fn many_items_come_and_go_in_one_state() {
        let dir = tempfile::tempdir().unwrap();
        let keychain = quick(dir.path());
        let accounts: Vec<String> = (0..100).map(|number| format!("item-{number}")).collect();
        let items: Vec<Item<'_>> = accounts
            .iter()
            .map(|account| Item { account, label: "label", value: account.as_bytes() })
            .collect();
        keychain.put_all(&items).unwrap();
        let kept = keychain.get(&accounts).unwrap();
        for (account, kept) in accounts.iter().zip(&kept) {
            assert_eq!(kept.as_ref().unwrap().expose_secret(), account.as_bytes());
        }
        assert!(!keychain.generation(2).exists(), "a hundred items were written one by one");
        let names: Vec<&str> = accounts.iter().map(String::as_str).collect();
        keychain.delete_all(&names[1..]).unwrap();
        assert_eq!(keychain.get(&accounts).unwrap().iter().flatten().count(), 1);
        assert!(!keychain.generation(3).exists(), "they were deleted one by one");
        keychain.delete_all(&[]).unwrap();
        assert!(!keychain.generation(3).exists(), "nothing was to be done");
    }

    #[test]
    fn what_a_dead_writer_left_is_swept_and_its_lock_taken_over() {
        let dir = tempfile::tempdir().unwrap();
        let keychain = quick(dir.path());
        fs::write(dir.path().join(".keychain-dead"), b"half").unwrap();
        fs::write(dir.path().join("keychain.lock"), b"").unwrap();
        keychain.put("a", "label", b"value").unwrap();
        assert!(!dir.path().join(".keychain-dead").exists());
    }

    #[test]
    fn what_is_no_file_of_ours_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let keychain = quick(dir.path());
        let get = || keychain.get(&["a".to_owned()]).unwrap_err();
        fs::write(&keychain.path, b"").unwrap();
        assert_eq!(get(), KeychainError::FileEmpty);
        fs::write(&keychain.path, b"\x89PNG\r\n\x1a\n").unwrap();
        assert_eq!(get(), KeychainError::FileNotOurs);
        fs::write(&keychain.path, b"keyward-key").unwrap();
        assert_eq!(get(), KeychainError::FileDamaged);
        fs::remove_file(&keychain.path).unwrap();
        fs::create_dir(&keychain.path).unwrap();
        assert_eq!(get(), KeychainError::FileNotAFile);
        fs::remove_dir(&keychain.path).unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/dev/zero", &keychain.path).unwrap();
            assert_eq!(get(), KeychainError::FileSymlink);
        }
    }
}
