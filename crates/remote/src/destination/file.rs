//! A file that holds a value and nothing else, but for the line end that an editor may have put there.

use std::path::Path;

use secrecy::SecretSlice;
use zeroize::Zeroizing;

use super::{Held, known, write};
use crate::Failure;

/// Writes the value, with a line end if the file had one.
pub(super) fn push(path: &Path, value: &[u8]) -> Result<(), Failure> {
    let known = write::read(path)?;
    let end: &[u8] = match known.bytes.as_deref().map(Vec::as_slice) {
        _ if value.ends_with(b"\n") => b"",
        Some(old) if old.ends_with(b"\r\n") => b"\r\n",
        Some(old) if old.ends_with(b"\n") => b"\n",
        _ => b"",
    };
    known.replace(&Zeroizing::new([value, end].concat()))
}

/// Which value is there; a line end after it counts for nothing.
pub(super) fn check(path: &Path, values: &[&SecretSlice<u8>]) -> Result<Held, Failure> {
    Ok(write::read(path)?.bytes.map_or(Held::Absent, |bytes| with_line_end(&bytes, values)))
}

/// Which value these bytes are, with or without a line end after them.
pub(super) fn with_line_end(bytes: &[u8], values: &[&SecretSlice<u8>]) -> Held {
    let short = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let shorter = short.strip_suffix(b"\r").unwrap_or(short);
    if shorter.is_empty() {
        return Held::Absent;
    }
    [bytes, short, shorter]
        .into_iter()
        .map(|bytes| known(bytes, values))
        .find(|held| *held != Held::Other)
        .unwrap_or(Held::Other)
}
