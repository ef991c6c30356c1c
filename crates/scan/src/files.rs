//! Reading files that may be hostile: only plain files, never through a link, never more than was agreed,
//! and nothing mapped into memory, so that a file that shrinks cannot end the process.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;

/// Why a file was not read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It is a link, a pipe, a socket or a device.
    NotAFile(&'static str),
    /// It has more bytes than the limit; how many is known without reading them.
    TooLarge(u64),
    /// The operating system refused.
    Io(io::Error),
}

/// What was read.
pub(crate) struct Content {
    pub(crate) bytes: Vec<u8>,
    /// Its size or its time changed meanwhile, or it grew past the limit.
    pub(crate) changed: bool,
}

/// Reads a plain file of at most `limit` bytes. A link at `path` itself is refused unless `follow`.
pub(crate) fn read(path: &Path, limit: u64, follow: bool) -> Result<Content, Unread> {
    // Opening a pipe would wait for a writer, so its kind is asked first; and again once it is open.
    let meta = if follow { std::fs::metadata(path) } else { std::fs::symlink_metadata(path) };
    let meta = meta.map_err(Unread::Io)?;
    if let Some(kind) = special(&meta) {
        return Err(Unread::NotAFile(kind));
    }
    let file = open(path, follow).map_err(Unread::Io)?;
    let before = file.metadata().map_err(Unread::Io)?;
    if let Some(kind) = special(&before) {
        return Err(Unread::NotAFile(kind));
    }
    if before.len() > limit {
        return Err(Unread::TooLarge(before.len()));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(before.len()).unwrap_or(0));
    (&file).take(limit).read_to_end(&mut bytes).map_err(Unread::Io)?;
    let after = file.metadata().map_err(Unread::Io)?;
    let changed =
        after.len() != bytes.len() as u64 || after.modified().ok() != before.modified().ok();
    Ok(Content { bytes, changed })
}

/// A small file of a repository's own; `None` if there is none, or it is no plain file, or too large.
pub(crate) fn small(path: &Path, limit: u64) -> Option<Vec<u8>> {
    read(path, limit, false).ok().map(|content| content.bytes)
}

/// Opens a plain file, through no link; see [`read`].
///
/// # Errors
/// The operating system's, or that it is no plain file.
pub(crate) fn open_plain(path: &Path) -> io::Result<File> {
    let not_plain = || io::Error::from(io::ErrorKind::InvalidInput);
    if special(&std::fs::symlink_metadata(path)?).is_some() {
        return Err(not_plain());
    }
    let file = open(path, false)?;
    match special(&file.metadata()?) {
        None => Ok(file),
        Some(_) => Err(not_plain()),
    }
}

/// Fills `buffer` from a place in the file.
///
/// # Errors
/// The operating system's, or that the file ends before.
#[cfg(unix)]
pub(crate) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, at)
}

/// Fills `buffer` from a place in the file.
///
/// # Errors
/// The operating system's, or that the file ends before.
#[cfg(windows)]
pub(crate) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<()> {
    use std::os::windows::fs::FileExt as _;

    let mut done = 0;
    while done < buffer.len() {
        match file.seek_read(&mut buffer[done..], at + done as u64)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => done += read,
        }
    }
    Ok(())
}

/// What a directory entry is, if it is not a plain file or folder.
pub(crate) fn special(meta: &Metadata) -> Option<&'static str> {
    let kind = meta.file_type();
    if kind.is_file() {
        None
    } else if kind.is_symlink() {
        Some("link, not followed")
    } else if kind.is_dir() {
        Some("folder")
    } else {
        Some("not a plain file (pipe, socket or device)")
    }
}

#[cfg(unix)]
fn open(path: &Path, follow: bool) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;
    // A pipe put there between the question and the opening must not block either.
    let mut flags = OFlags::NONBLOCK | OFlags::CLOEXEC;
    if !follow {
        flags |= OFlags::NOFOLLOW;
    }
    let flags = i32::try_from(flags.bits()).unwrap_or(0);
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path, _follow: bool) -> io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

/// An error's words without the operating system's number.
pub(crate) fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it is gone".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_owned()
        }
    }
}
