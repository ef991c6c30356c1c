//! `.keywardignore`: what the user does not want to hear of, on disk and in the history alike. It may be a
//! stranger's, so it is read with limits, and what it leaves out is counted.

use std::path::Path;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::ScanError;
use crate::files::{self, Unread};
use crate::path;
use crate::rules::rule::printable;

/// The name of the file, at the root of what is scanned.
pub const IGNORE_FILE: &str = ".keywardignore";
/// More than this, in bytes, is no list made by people; matching takes time for each of its lines.
const MAX_FILE: u64 = 64 * 1024;
/// The longest line, in bytes: patterns nest.
const MAX_LINE: usize = 1_000;

/// What one ignore file leaves out.
pub(crate) struct Ignores {
    /// What the shown paths of its folder begin with.
    prefix: String,
    patterns: Gitignore,
}

impl Ignores {
    /// That of a folder whose shown paths begin with `prefix`; `None` if it has none.
    ///
    /// # Errors
    /// [`ScanError::IgnoreInvalid`].
    pub(crate) fn of(folder: &Path, prefix: &str) -> Result<Option<Self>, ScanError> {
        let name = folder.join(IGNORE_FILE);
        let refuse = |line: usize, why: &str| ScanError::IgnoreInvalid {
            file: printable(&path::shown(name.as_os_str().as_encoded_bytes())),
            line,
            why: printable(why),
        };
        if !folder.is_dir() {
            return Ok(None);
        }
        let bytes = match files::read(&name, MAX_FILE, false) {
            Ok(content) => content.bytes,
            Err(Unread::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(None);
            }
            Err(Unread::Io(error)) => return Err(refuse(1, &files::words(&error))),
            Err(Unread::TooLarge(_)) => return Err(refuse(1, "it is larger than 64 KiB")),
            Err(Unread::NotAFile(what)) => return Err(refuse(1, &format!("it is a {what}"))),
        };
        let mut builder = GitignoreBuilder::new("");
        let mut lines = 0;
        for (number, line) in bytes.split(|&b| b == b'\n').enumerate() {
            lines = number + 1;
            let text = std::str::from_utf8(line).map_err(|_| refuse(lines, "it is not UTF-8"))?;
            if text.len() > MAX_LINE {
                return Err(refuse(lines, "the line is longer than 1,000 bytes"));
            }
            builder
                .add_line(None, text.trim_end_matches('\r'))
                .map_err(|error| refuse(lines, &error.to_string()))?;
        }
        let patterns = builder.build().map_err(|error| refuse(lines, &error.to_string()))?;
        Ok(Some(Self { prefix: prefix.to_owned(), patterns }))
    }

    /// Whether it leaves a shown path out, itself or a folder that it is in.
    pub(crate) fn holds(&self, shown: &str) -> bool {
        match shown.strip_prefix(self.prefix.as_str()) {
            // The matcher takes no absolute paths; a repository can hold odd names.
            Some(inner) if !inner.is_empty() && Path::new(inner).is_relative() => {
                self.patterns.matched_path_or_any_parents(inner, false).is_ignore()
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &[u8], prefix: &str) -> Result<Ignores, ScanError> {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join(IGNORE_FILE), text).expect("a file");
        Ignores::of(folder.path(), prefix).map(|ignores| ignores.expect("it is there"))
    }

    #[test]
    fn patterns_are_those_of_git() {
        let ignores =
            of(b"# note\r\n/vendor/\r\n*.pem\r\n!keep.pem\r\ndocs/**/x\r\n", "").expect("good");
        for (path, held) in [
            ("vendor/a/b.txt", true),
            ("sub/vendor/a.txt", false),
            ("a/b.pem", true),
            ("a/keep.pem", false),
            ("docs/a/b/x", true),
            ("docs", false),
            ("", false),
            ("/etc/passwd", false),
            ("../vendor/a", false),
        ] {
            assert_eq!(ignores.holds(path), held, "{path}");
        }
        let several = of(b"/vendor/\n", "one/").expect("good");
        assert!(several.holds("one/vendor/a") && !several.holds("two/vendor/a"));
    }

    #[test]
    fn hostile_files_are_refused_with_a_line() {
        for (text, line) in [
            (&b"a\n[z-a]\n"[..], 2),
            (b"a\n\xff\n", 2),
            (&[b'x'; 2_000], 1),
            (&[b'\n'; 65_537], 1),
            ("{".repeat(900).as_bytes(), 1),
        ] {
            match of(text, "") {
                Err(ScanError::IgnoreInvalid { line: found, .. }) => assert_eq!(found, line),
                _ => panic!("{:.20}", String::from_utf8_lossy(text)),
            }
        }
        let folder = tempfile::tempdir().expect("a folder");
        assert!(Ignores::of(folder.path(), "").expect("none is fine").is_none());
        std::fs::create_dir(folder.path().join(IGNORE_FILE)).expect("a folder");
        assert!(Ignores::of(folder.path(), "").is_err());
    }

    #[test]
    fn many_patterns_stay_quick() {
        let text = "*a*b*[c-x]*{d,e}*\n".repeat(3_600);
        let ignores = of(text.as_bytes(), "");
        let path = "ab".repeat(100);
        assert!(ignores.is_err() || !ignores.is_ok_and(|ignores| ignores.holds(&path)));
    }
}
