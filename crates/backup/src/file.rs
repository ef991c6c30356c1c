//! Backup files on disk: written beside their final name, synced, renamed, read back, opened and
//! compared, and only then called done.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use secrecy::ExposeSecret;
use thiserror::Error;

use crate::envelope::{self, Lock, Opener};
use crate::{Document, DocumentError, MAX_DOCUMENT, OpenError};

/// Why a backup was not written or read.
#[derive(Debug, Error)]
pub enum FileError {
    /// The disk.
    #[error("the file could not be read or written: {0}")]
    Io(#[from] std::io::Error),
    /// A folder, FIFO, link or device is at the path.
    #[error("the path is not a regular file")]
    NotAFile,
    /// A file is there already, and was not to be replaced.
    #[error("there is a file of that name already")]
    Exists,
    /// The envelope.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The document.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// What was read back is not what was written.
    #[error("the file reads back differently from what was written")]
    ReadBack,
}

/// What was written, and how far it was proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Size in bytes.
    pub size: u64,
    /// Whether what was read back was opened and compared with the document. With recipients alone
    /// no key is at hand; then its bytes and its header's recipients were compared.
    pub opened: bool,
}

/// Writes a backup and proves it: written beside its name and synced, read back, compared and
/// opened, renamed, the folder synced, and read back and compared once more under its name. A file
/// of that name is replaced only when `replace` is set, and only by one that was proved.
///
/// # Errors
/// [`FileError`]; the temporary file is gone then, and so is a new file that reads back wrong.
pub fn write(
    path: &Path,
    document: &Document,
    lock: &Lock,
    armor: bool,
    replace: bool,
) -> Result<Written, FileError> {
    // Before the slow work; the rename below decides again.
    match fs::symlink_metadata(path) {
        Ok(data) if !data.is_file() => return Err(FileError::NotAFile),
        Ok(_) if !replace => return Err(FileError::Exists),
        _ => {}
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let plain = document.to_json()?;
    let sealed = envelope::seal(&plain, lock, armor)?;
    // Mode 0600 comes from tempfile.
    let mut file = tempfile::Builder::new().prefix(".keyward-backup-").tempfile_in(folder)?;
    file.write_all(&sealed)?;
    file.as_file().sync_all()?;
    let back = bytes(file.path())?;
    if back != sealed {
        return Err(FileError::ReadBack);
    }
    let opened = prove(&back, &plain, lock)?;
    let placed = if replace { file.persist(path) } else { file.persist_noclobber(path) };
    placed.map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => FileError::Exists,
        _ => FileError::Io(error.error),
    })?;
    if let Err(error) = settle(path, folder, &sealed) {
        // Whether it is on the disk is not known, so it must not be taken for a backup.
        let _ = fs::remove_file(path);
        return Err(error);
    }
    Ok(Written { size: sealed.len() as u64, opened })
}

/// Opens what was read back and compares it, where the lock's key is at hand.
fn prove(back: &[u8], plain: &[u8], lock: &Lock) -> Result<bool, FileError> {
    match lock {
        Lock::Passphrase(passphrase) => {
            let opener = Opener::Passphrase(passphrase.clone());
            let opened = envelope::open(back, &opener, envelope::MAX_WORK_FACTOR)?;
            if opened.expose_secret() != plain {
                return Err(FileError::ReadBack);
            }
            Ok(true)
        }
        Lock::Recipients(recipients) => {
            let kinds = envelope::recipient_kinds(back);
            let ours = kinds.iter().filter(|kind| *kind == "X25519").count();
            if ours != recipients.len() {
                return Err(FileError::ReadBack);
            }
            Ok(false)
        }
    }
}

/// Makes the new name last, and reads the file back under it.
fn settle(path: &Path, folder: &Path, sealed: &[u8]) -> Result<(), FileError> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    if bytes(path)? != sealed {
        return Err(FileError::ReadBack);
    }
    Ok(())
}

/// Reads a backup whole: envelope, document, counts.
///
/// # Errors
/// [`FileError`]; nothing of a file that is not good to its last byte is handed out.
pub fn read(path: &Path, opener: &Opener, max_work_factor: u8) -> Result<Document, FileError> {
    let sealed = bytes(path)?;
    let plain = envelope::open(&sealed, opener, max_work_factor)?;
    Ok(Document::from_json(plain.expose_secret())?)
}

fn bytes(path: &Path) -> Result<Vec<u8>, FileError> {
    let data = fs::metadata(path)?;
    if !data.is_file() {
        return Err(FileError::NotAFile);
    }
    // Armour and age's own overhead stay below this.
    let limit = 2 * MAX_DOCUMENT as u64;
    if data.len() > limit {
        return Err(OpenError::TooLarge.into());
    }
    let mut bytes = vec![];
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(OpenError::TooLarge.into());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use age::x25519;

    use super::*;
    use crate::document::tests::sample;

    #[test]
    fn a_failed_write_leaves_the_older_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vault.age");
        let identity = x25519::Identity::generate();
        let lock = Lock::Recipients(vec![identity.to_public()]);
        write(&path, &sample(), &lock, false, true).unwrap();
        let before = fs::read(&path).unwrap();
        let nobody = Lock::Recipients(vec![]);
        assert!(write(&path, &sample(), &nobody, false, true).is_err());
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "a file was left behind");
        assert!(matches!(write(&path, &sample(), &lock, false, false), Err(FileError::Exists)));
        assert_eq!(fs::read(&path).unwrap(), before);
        let back = read(&path, &Opener::Identities(vec![identity]), 18).unwrap();
        assert_eq!(back.entries[0].name, "acme/prod/stripe");
        assert!(matches!(
            write(dir.path(), &sample(), &lock, false, true),
            Err(FileError::NotAFile)
        ));
    }
}
