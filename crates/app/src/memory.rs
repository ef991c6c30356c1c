//! What scans remember from one time to the next, a file for each scanned folder. It holds places and no
//! values, and can be deleted at any time: the next scan is then a full one.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::snapshot::Snapshot;
use crate::{Error, Keyward};

/// The folder for it, in the data folder.
const FOLDER: &str = "scans";
/// So many folders are remembered; of more, those that were scanned longest ago are forgotten.
const MAX_FILES: usize = 200;

/// Where the scan of one folder is remembered, and what was.
pub(crate) struct Memory {
    file: PathBuf,
    pub(crate) before: Option<Vec<u8>>,
}

impl Memory {
    /// Keeps this instead; that it cannot be kept costs only time.
    pub(crate) fn keep(&self, after: Option<Vec<u8>>) {
        match after {
            Some(after) if Some(&after) != self.before.as_ref() => {
                let _ = self.write(&after);
            }
            Some(_) => {}
            None => drop(fs::remove_file(&self.file)),
        }
    }

    fn write(&self, after: &[u8]) -> std::io::Result<()> {
        let folder = self.file.parent().unwrap_or(&self.file);
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(folder)?;
        // No sync: what a crash leaves half written is no memory, and is passed over.
        let mut file = tempfile::Builder::new().prefix(".scan-").tempfile_in(folder)?;
        file.write_all(after)?;
        file.persist(&self.file).map_err(|error| error.error)?;
        forget(folder)
    }
}

/// Takes away what is over the limit.
fn forget(folder: &Path) -> std::io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        files.push((entry.metadata()?.modified()?, entry.path()));
    }
    files.sort();
    let over = files.len().saturating_sub(MAX_FILES);
    files.iter().take(over).try_for_each(|(_, path)| fs::remove_file(path))
}

impl Keyward {
    /// What is remembered of a folder; `None` where nothing can be: in memory nothing outlives the process.
    pub(crate) fn memory(&self, path: &Path) -> Option<Memory> {
        if self.is_in_memory() {
            return None;
        }
        let path = fs::canonicalize(path).ok().filter(|path| path.is_dir())?;
        let name = hex::encode(Sha256::digest(path.as_os_str().as_encoded_bytes()));
        let file = self.home_folder().join(FOLDER).join(format!("{name}.json"));
        let is_plain = fs::symlink_metadata(&file).is_ok_and(|meta| meta.is_file());
        let before = is_plain.then(|| fs::read(&file).ok()).flatten();
        Some(Memory { file, before })
    }

    /// Stands for all values of the vault, by their keyed fingerprints: another one for other values, and of
    /// no use to guess them.
    pub(crate) fn own_mark(&self) -> Result<Option<[u8; 32]>, Error> {
        self.with(|open| {
            let snapshot = open.read(Snapshot::read)?;
            let mut hash = Sha256::new();
            for entry in &snapshot.entries {
                for row in snapshot.versions(entry) {
                    let row = (entry.path(), row.number, &row.stage, &row.fingerprint);
                    hash.update(format!("{row:?}\n"));
                }
            }
            Ok(hash.finalize().into())
        })
    }
}
