//! One setting put into the user's Git config and taken out again: as Git changes the file itself, under
//! its lock and in one step, and nothing else in it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::script::bytes;
use crate::Error;
use crate::error::io;

/// The lines round our setting. What was done to make room for it stands in the first.
const BEGIN: &str = "# >>> keyward hook install --global";
const END: &str = "# <<< keyward\n";
/// The file had no line end at its end.
const JOINED: &str = ", line end added";
/// There was no file.
const MADE: &str = ", file made";

/// The text with our setting at its end. `None` is a file that is not there.
pub(super) fn with(text: Option<&[u8]>, folder: &Path) -> Vec<u8> {
    let state = match text {
        None => MADE,
        Some(text) if text.last().is_some_and(|&b| b != b'\n') => JOINED,
        Some(_) => "",
    };
    let mut out = text.unwrap_or_default().to_vec();
    if state == JOINED {
        out.push(b'\n');
    }
    out.extend_from_slice(format!("{BEGIN}{state}\n[core]\n\thooksPath = \"").as_bytes());
    for byte in bytes(folder) {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            byte => out.push(byte),
        }
    }
    out.extend_from_slice(b"\"\n");
    out.extend_from_slice(END.as_bytes());
    out
}

/// The text as it was without our setting; `None` if there was no file.
///
/// # Errors
/// `HOOK_CONFLICT` when our lines were edited.
pub(super) fn without(text: Option<&[u8]>) -> Result<Option<Vec<u8>>, Error> {
    let Some(text) = text else {
        return Ok(None);
    };
    let Some(begin) = find(text, BEGIN.as_bytes(), 0) else {
        return Ok(Some(text.to_vec()));
    };
    let ends = (find(text, b"\n", begin), find(text, END.as_bytes(), begin));
    let (Some(line), Some(end)) = ends else {
        return Err(Error::new(
            "HOOK_CONFLICT",
            "The lines that Keyward added to your Git config were edited. Nothing was changed.",
            "`git config --global --unset core.hooksPath` takes the setting out.",
        ));
    };
    let state = &text[begin + BEGIN.len()..line];
    let mut out = text[..begin].to_vec();
    if state == JOINED.as_bytes() {
        out.pop();
    }
    out.extend_from_slice(&text[end + END.len()..]);
    Ok((!(out.is_empty() && state == MADE.as_bytes())).then_some(out))
}

fn find(text: &[u8], what: &[u8], from: usize) -> Option<usize> {
    let found = text[from..].windows(what.len()).position(|part| part == what)?;
    Some(from + found)
}

/// Changes the user's config under Git's own lock: a file beside it that takes its place. `None` for
/// the text is a file that is not there.
pub(super) fn change(
    file: &Path,
    edit: impl FnOnce(Option<&[u8]>) -> Result<Option<Vec<u8>>, Error>,
) -> Result<(), Error> {
    const WHAT: &str = "your Git config";
    let mut lock = file.as_os_str().to_owned();
    lock.push(".lock");
    let lock = PathBuf::from(lock);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|error| io(&error, WHAT))?;
    }
    let mut handle = fs::OpenOptions::new().write(true).create_new(true).open(&lock).map_err(
        |error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => Error::new(
                "HOOK_CONFLICT",
                format!(
                    "Git is changing your config: `{}` is there. Nothing was changed.",
                    lock.display()
                ),
                "Try again; if no Git is running, delete that file.",
            ),
            _ => io(&error, WHAT),
        },
    )?;
    let work = || -> Result<(), Error> {
        let old = match fs::read(file) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(io(&error, WHAT)),
        };
        let new = edit(old.as_deref())?;
        if new == old {
            return fs::remove_file(&lock).map_err(|error| io(&error, WHAT));
        }
        let Some(new) = new else {
            fs::remove_file(file).map_err(|error| io(&error, WHAT))?;
            return fs::remove_file(&lock).map_err(|error| io(&error, WHAT));
        };
        let mut write = || -> std::io::Result<()> {
            if let Ok(meta) = fs::metadata(file) {
                fs::set_permissions(&lock, meta.permissions())?;
            }
            handle.write_all(&new)?;
            handle.sync_all()?;
            fs::rename(&lock, file)
        };
        write().map_err(|error| io(&error, WHAT))
    };
    work().inspect_err(|_| {
        let _ = fs::remove_file(&lock);
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_git_reads_back_is_the_folder() {
        let folder = Path::new("/home/a \"b\" c/hooks");
        let text = with(Some(b"[user]\n\tname = Ada"), folder);
        let meta = gix::config::file::Metadata::from(gix::config::Source::User);
        let file = gix::config::File::from_bytes_no_includes(&text, meta, Default::default());
        let read = file.expect("it parses").path("core.hooksPath").expect("it is set");
        assert_eq!(read.interpolate(Default::default()).expect("it is a path"), folder);
    }

    #[test]
    fn edited_lines_are_left() {
        let mut text = with(None, Path::new("/x"));
        text.truncate(text.len() - 5);
        assert_eq!(without(Some(&text)).expect_err("the end is gone").code, "HOOK_CONFLICT");
        assert_eq!(
            without(Some(b"[core]\n")).expect("nothing of ours"),
            Some(b"[core]\n".to_vec())
        );
    }

    proptest! {
        #[test]
        fn taking_out_undoes_putting_in(
            text in prop::option::of(prop::collection::vec(any::<u8>(), 0..80)),
            after in prop::collection::vec(any::<u8>(), 0..20),
        ) {
            let put_in = with(text.as_deref(), Path::new("/home/ada/hooks"));
            prop_assert_eq!(without(Some(&put_in)).expect("as we wrote it"), text.clone());
            // What was added behind it since stays.
            let more = [put_in.as_slice(), &after].concat();
            let left = without(Some(&more)).expect("as we wrote it").unwrap_or_default();
            let had = text.unwrap_or_default();
            prop_assert_eq!(left, [had.as_slice(), &after].concat());
        }

        #[test]
        fn never_panics(text in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = without(Some(&[BEGIN.as_bytes(), &text].concat()));
        }
    }
}
