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

/// Writes a backup and proves it: after the rename the file is read back, and opened with
/// `opener` where one is at hand (with recipients alone it is not). Returns its size in bytes.
/// A file of that name
/// is replaced only when `replace` is set, and stays as it is until the rename.
///
/// # Errors
/// [`FileError`]; the temporary file is gone then.
pub fn write(
    path: &Path,
    document: &Document,
    lock: &Lock,
    armor: bool,
    replace: bool,
) -> Result<u64, FileError> {
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
    let placed = if replace { file.persist(path) } else { file.persist_noclobber(path) };
    placed.map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => FileError::Exists,
        _ => FileError::Io(error.error),
    })?;
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    let back = bytes(path)?;
    if back != sealed {
        return Err(FileError::ReadBack);
    }
    if let Lock::Passphrase(passphrase) = lock {
        let opener = Opener::Passphrase(passphrase.clone());
        let opened = envelope::open(&back, &opener, envelope::MAX_WORK_FACTOR)?;
        if opened.expose_secret() != plain.as_slice() {
            return Err(FileError::ReadBack);
        }
    }
    Ok(back.len() as u64)
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
