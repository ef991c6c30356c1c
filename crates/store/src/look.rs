//! What a file of ours must be before anything reads it, and who holds a lock on it.

use std::fs;
use std::path::Path;

use crate::StoreError;

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Nothing.
    Nothing,
    /// A regular file of this user without a byte in it.
    Empty,
    /// A regular file of this user.
    File {
        /// Whether others could read or write it until now; its mode is 0600 from here on.
        narrowed: bool,
    },
}

/// Looks at a path without opening it, and narrows a mode that lets others in to 0600. On a disk
/// that takes no changes the mode stays, and reading still works.
///
/// # Errors
/// [`StoreError::Symlink`], [`StoreError::NotAFile`], [`StoreError::Permissions`] for another
/// user's file, or the disk's.
pub fn look(path: &Path) -> Result<Look, StoreError> {
    let Some(data) = inspect(path)? else { return Ok(Look::Nothing) };
    let narrowed = narrow(path, &data)?;
    Ok(if data.len() == 0 { Look::Empty } else { Look::File { narrowed } })
}

/// What is known of the regular file at a path; none for nothing.
pub(crate) fn inspect(path: &Path) -> Result<Option<fs::Metadata>, StoreError> {
    let data = match fs::symlink_metadata(path) {
        Ok(data) => data,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    if data.file_type().is_symlink() {
        return Err(StoreError::Symlink);
    }
    if !data.is_file() {
        return Err(StoreError::NotAFile);
    }
    Ok(Some(data))
}

#[cfg(unix)]
fn narrow(path: &Path, data: &fs::Metadata) -> Result<bool, StoreError> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    if data.uid() != rustix::process::geteuid().as_raw() {
        return Err(StoreError::Permissions);
    }
    let wide = data.mode() & 0o077 != 0;
    Ok(wide && fs::set_permissions(path, fs::Permissions::from_mode(0o600)).is_ok())
}

#[cfg(not(unix))]
fn narrow(_path: &Path, _data: &fs::Metadata) -> Result<bool, StoreError> {
    // The user's profile folder is private on Windows already.
    Ok(false)
}

/// The process that holds a lock on the file at `path`, where the system tells: the kernel's list
/// of locks names them by device and inode (proc_locks(5)). Asking the file itself would need it
/// opened, and closing it again would drop this process's own locks (fcntl(2)).
#[must_use]
pub fn lock_holder(path: &Path) -> Option<u32> {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt as _;
        let inode = fs::metadata(path).ok()?.ino();
        holder_in(&fs::read_to_string("/proc/locks").ok()?, inode)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = path;
        None
    }
}

/// The holder of the first lock on an inode in the text of `/proc/locks`, this process aside.
#[cfg(target_os = "linux")]
fn holder_in(locks: &str, inode: u64) -> Option<u32> {
    let end = format!(":{inode}");
    locks.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        // `1: POSIX ADVISORY WRITE 4711 08:01:1234 0 EOF`; those that wait have `->` second.
        let (pid, place) = match fields[..] {
            [_, "->", ..] => return None,
            [_, _, _, _, pid, place, ..] => (pid.parse().ok()?, place),
            _ => return None,
        };
        (place.ends_with(&end) && pid != std::process::id() && pid != 0).then_some(pid)
    })
}

/// Whether the file system of this folder gives no locks, as some network drives do. SQLite says
/// "busy" then, which would send the user looking for a program that is not there.
#[cfg(unix)]
pub(crate) fn gives_no_locks(folder: &Path) -> bool {
    let path = folder.join(format!(".keyward-locks-{}", std::process::id()));
    let Ok(file) = fs::OpenOptions::new().write(true).create_new(true).open(&path) else {
        return false;
    };
    let answer =
        rustix::fs::fcntl_lock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive);
    let _ = fs::remove_file(&path);
    matches!(answer, Err(rustix::io::Errno::NOLCK | rustix::io::Errno::NOTSUP))
}

#[cfg(not(unix))]
pub(crate) fn gives_no_locks(_folder: &Path) -> bool {
    false
}

/// Whether the shell or the system limits how large a file this process may write.
pub(crate) fn size_is_limited() -> bool {
    #[cfg(unix)]
    {
        rustix::process::getrlimit(rustix::process::Resource::Fsize).current.is_some()
    }
    #[cfg(not(unix))]
    {
        false
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_a_lock_is_read_from_the_kernels_list() {
        let locks = "1: POSIX  ADVISORY  WRITE 4711 08:01:1234 1073741825 1073741825\n\
                     1: -> POSIX  ADVISORY  WRITE 4712 08:01:1234 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 815 08:01:99 0 EOF\n";
        assert_eq!(holder_in(locks, 1234), Some(4711));
        assert_eq!(holder_in(locks, 99), Some(815));
        assert_eq!(holder_in(locks, 34), None, "the end of another inode's number");
        assert_eq!(holder_in("junk\n", 1), None);
    }
}
