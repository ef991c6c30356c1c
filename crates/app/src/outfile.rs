//! Files that a command is asked to write (`--out`): whole or not at all, and never in the place of something
//! that is no regular file.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use crate::Error;
use crate::error::io;

/// Refuses a path at which something other than a regular file stands: a folder, link, device, pipe or socket.
///
/// # Errors
/// `OUT_NOT_A_FILE`; the disk.
pub fn check(path: &Path) -> Result<(), Error> {
    match fs::symlink_metadata(path) {
        Ok(data) if data.is_file() => Ok(()),
        Ok(data) => {
            let what = if data.is_dir() {
                "a folder"
            } else if data.is_symlink() {
                "a link"
            } else {
                "a device, pipe or socket"
            };
            Err(Error::new(
                "OUT_NOT_A_FILE",
                format!("What is at the path to write to is {what}. Nothing was written."),
                "Name a file. To write into a pipe or device, use `--out -` and redirect.",
            ))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io(&error, "the file to write")),
    }
}

/// Writes a file beside its final name, syncs it and renames it, so that a write that fails leaves what was there.
/// `private` makes it readable to its owner only; else a file that was there keeps its permissions.
///
/// # Errors
/// `OUT_NOT_A_FILE`; the disk. The temporary file is gone then.
pub fn write(path: &Path, bytes: &[u8], private: bool) -> Result<(), Error> {
    check(path)?;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    replace(path, folder, bytes, private).map_err(|error| io(&error, "the file to write"))
}

fn replace(path: &Path, folder: &Path, bytes: &[u8], private: bool) -> std::io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".keyward-out-");
    #[cfg(unix)]
    if !private {
        use std::os::unix::fs::PermissionsExt as _;
        // The user's umask takes its part away; without this only the owner could read.
        let known = fs::symlink_metadata(path).map(|data| data.permissions());
        builder.permissions(known.unwrap_or_else(|_| fs::Permissions::from_mode(0o666)));
    }
    #[cfg(not(unix))]
    let _ = private;
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report");
        write(&path, b"one", false).unwrap();
        write(&path, b"two", true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(write(dir.path(), b"x", false).unwrap_err().code, "OUT_NOT_A_FILE");
        assert_eq!(write(&dir.path().join("no/file"), b"x", false).unwrap_err().code, "NOT_FOUND");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "a file was left behind");
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_kept_and_whole_values_are_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        write(&path, b"one", false).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        write(&path, b"two", false).unwrap();
        assert_eq!(mode(), 0o640);
        write(&path, b"three", true).unwrap();
        assert_eq!(mode(), 0o600);
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(write(&link, b"x", false).unwrap_err().code, "OUT_NOT_A_FILE");
        assert_eq!(fs::read(&path).unwrap(), b"three");
    }
}
