//! Replaces a file as a whole: written beside it, synced and renamed, so that whoever reads it, and
//! whenever the machine stops, it is the old one or the new one. What is the user's stays: the mode,
//! the owner, a link that leads to it.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::local;
use crate::{Failure, Happened, Why};

/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// A file as it was read.
pub(super) struct Known {
    /// Where it is, links followed.
    path: PathBuf,
    /// Its bytes; none when there is no file.
    pub(super) bytes: Option<Zeroizing<Vec<u8>>>,
    data: Option<Metadata>,
}

/// Reads a file, or that there is none.
pub(super) fn read(path: &Path) -> Result<Known, Failure> {
    if !path.is_absolute() {
        return Err(local(format!("`{}` is not an absolute path", path.display())));
    }
    let failed =
        |error: io::Error| local(format!("{} cannot be read ({})", shown(path), error.kind()));
    let data = match fs::metadata(path) {
        Ok(data) => data,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return absent(path),
        Err(error) => return Err(failed(error)),
    };
    if !data.is_file() {
        return Err(local(format!("{} is no regular file", shown(path))));
    }
    if data.len() > MAX_FILE {
        return Err(local(format!("{} is larger than 1 MiB", shown(path))));
    }
    let path = fs::canonicalize(path).map_err(failed)?;
    let bytes = bytes(&path).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(local(format!("{} is larger than 1 MiB", shown(&path))));
    }
    Ok(Known { path, bytes: Some(bytes), data: Some(data) })
}

fn absent(path: &Path) -> Result<Known, Failure> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(local(format!("{} is a link that leads nowhere", shown(path))));
    }
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(local(format!("{} names no file", shown(path))));
    };
    let folder = fs::canonicalize(folder)
        .map_err(|error| local(format!("{} cannot be opened ({})", shown(folder), error.kind())))?;
    Ok(Known { path: folder.join(name), bytes: None, data: None })
}

fn bytes(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    // Room for all of it at once: what a vector grows out of is not wiped.
    let room = file.metadata()?.len().min(MAX_FILE) as usize + 2;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Known {
    /// Puts `bytes` in its place; a file that was not there can be read by its owner alone.
    ///
    /// # Errors
    /// [`Why::Conflict`] when someone changed it since it was read; the disk. It is as it was then.
    pub(super) fn replace(&self, bytes: &[u8]) -> Result<(), Failure> {
        if self.bytes.as_ref().is_some_and(|known| known.as_slice() == bytes) {
            return Ok(());
        }
        let failed = |error: io::Error| {
            local(format!("{} cannot be written ({})", shown(&self.path), error.kind()))
        };
        let (Some(folder), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return Err(local(format!("{} names no file", shown(&self.path))));
        };
        let prefix = format!(".keyward-push-{}-", name.to_string_lossy());
        sweep(folder, &prefix);
        let mut file =
            tempfile::Builder::new().prefix(&prefix).tempfile_in(folder).map_err(failed)?;
        // Held for as long as it is ours; a file system without locks only loses the sweeping.
        let _ = file.as_file().try_lock();
        file.write_all(bytes).map_err(failed)?;
        if let Some(data) = &self.data {
            keep(file.as_file(), data).map_err(|error| {
                local(format!(
                    "the owner or mode of {} cannot be kept ({})",
                    shown(&self.path),
                    error.kind()
                ))
            })?;
        }
        file.as_file().sync_all().map_err(failed)?;
        if !self.is_unchanged() {
            return Err(Failure::without_effect(Why::Conflict));
        }
        file.persist(&self.path).map_err(|error| failed(error.error))?;
        sync(folder).map_err(|error| Failure { happened: Happened::Perhaps, ..failed(error) })
    }

    fn is_unchanged(&self) -> bool {
        match (&self.bytes, bytes(&self.path)) {
            (Some(known), Ok(now)) => known.as_slice() == now.as_slice(),
            (None, Err(error)) => error.kind() == io::ErrorKind::NotFound,
            _ => false,
        }
    }
}

/// Removes what a run that was killed left behind: files of ours that no process holds.
fn sweep(folder: &Path, prefix: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(prefix);
        if ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let path = entry.path();
            if File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) {
                // The next run tries again.
                let _ = fs::remove_file(&path);
            }
        }
    }
}

/// Gives a file the owner and mode of the one that it replaces.
#[cfg(unix)]
fn keep(file: &File, data: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let mine = file.metadata()?;
    if (mine.uid(), mine.gid()) != (data.uid(), data.gid()) {
        fchown(file, Some(data.uid()), Some(data.gid()))?;
    }
    file.set_permissions(data.permissions())
}

#[cfg(not(unix))]
fn keep(_file: &File, _data: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync(_folder: &Path) -> io::Result<()> {
    Ok(())
}

fn shown(path: &Path) -> String {
    format!("`{}`", path.display())
}
