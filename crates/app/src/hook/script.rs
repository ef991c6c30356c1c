//! The text of a hook: plain POSIX shell, that works without `PATH`, lets a commit pass when Keyward is
//! gone, and is recognised again, also when somebody edited it.

use std::path::{Path, PathBuf};

/// What stands behind a hook's name when it is kept beside ours.
const KEPT: &str = ".before-keyward";
/// The second line of each of our hooks begins so.
const MARK: &str = "# keyward-hook ";
/// Then comes the version of what is written here.
const VERSION: u32 = 1;

/// What a hook is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Script {
    /// Such as `pre-commit`.
    pub(super) name: String,
    /// Where Keyward is.
    pub(super) program: PathBuf,
    /// Without Keyward nothing passes.
    pub(super) strict: bool,
    /// Flags for Keyward with their files: `--baseline`, `--rules`.
    pub(super) files: Vec<(&'static str, PathBuf)>,
    /// It runs the repository's own hook first, instead of the one kept beside it.
    pub(super) global: bool,
    /// The folder was made for it.
    pub(super) made_folder: bool,
}

/// What an existing hook turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ours {
    /// As we wrote it.
    Intact { made_folder: bool, strict: bool, global: bool },
    /// Ours, and edited since.
    Edited,
    /// Somebody else's.
    No,
}

/// Where a hook that was there before is kept.
pub(super) fn kept(hook: &Path) -> PathBuf {
    let mut name = hook.as_os_str().to_owned();
    name.push(KEPT);
    PathBuf::from(name)
}

/// Looks at a hook's text.
pub(super) fn recognise(text: &[u8]) -> Ours {
    let Some(rest) = text.strip_prefix(b"#!/bin/sh\n") else {
        return Ours::No;
    };
    let Some(end) = rest.iter().position(|&b| b == b'\n') else {
        return Ours::No;
    };
    let (line, body) = (&rest[..end], &rest[end + 1..]);
    if !line.starts_with(MARK.as_bytes()) {
        return Ours::No;
    }
    if line.rsplit(|&b| b == b' ').next() != Some(sum(body).as_bytes()) {
        return Ours::Edited;
    }
    let options = body.split(|&b| b == b'\n').find_map(|line| line.strip_prefix(b"# options:"));
    let has = |word: &[u8]| {
        options.is_some_and(|options| options.split(|&b| b == b' ').any(|option| option == word))
    };
    Ours::Intact {
        made_folder: has(b"made-folder"),
        strict: has(b"strict"),
        global: has(b"global"),
    }
}

/// Whether this version wrote it, and Keyward is still where it says.
pub(super) fn is_current(text: &[u8], program: &Path) -> bool {
    let mark = format!("{MARK}{VERSION} ").into_bytes();
    let program = [&b"keyward="[..], &quoted(program)].concat();
    text.split(|&b| b == b'\n').nth(1).is_some_and(|line| line.starts_with(&mark))
        && text
            .windows(program.len() + 1)
            .any(|part| part.ends_with(b"\n") && part.starts_with(&program))
}

/// Eight hexadecimal digits over the lines after the mark.
fn sum(body: &[u8]) -> String {
    format!("{:08x}", crc32fast::hash(body))
}

/// Whether Keyward itself has something to do in this hook.
fn checks(name: &str) -> bool {
    matches!(name, "pre-commit" | "pre-push")
}

impl Script {
    /// The file's content.
    pub(super) fn render(&self) -> Vec<u8> {
        let body = self.body();
        let mut out = b"#!/bin/sh\n".to_vec();
        out.extend_from_slice(format!("{MARK}{VERSION} {} {}\n", self.name, sum(&body)).as_bytes());
        out.extend_from_slice(&body);
        out
    }

    fn body(&self) -> Vec<u8> {
        let name = &self.name;
        let global = if self.global { " --global" } else { "" };
        let mut options = String::new();
        for (on, word) in
            [(self.global, " global"), (self.strict, " strict"), (self.made_folder, " made-folder")]
        {
            if on {
                options.push_str(word);
            }
        }
        let mut out = Vec::new();
        let mut add = |text: &str| out.extend_from_slice(text.as_bytes());
        add(&format!(
            "# Made by `keyward hook install{global}`; `keyward hook remove{global}` takes it away again.\n\
             # options:{options}\n"
        ));
        let push = name == "pre-push";
        if push {
            add("refs=$(cat; echo .)\nrefs=${refs%.}\n");
        }
        if self.global {
            add(&format!("first=$(git rev-parse --git-common-dir 2>/dev/null)/hooks/{name}\n"));
        } else {
            add("case $0 in */*) folder=${0%/*} ;; *) folder=. ;; esac\n");
            add(&format!("first=$folder/{name}{KEPT}\n"));
        }
        if !checks(name) {
            add(
                "if [ -f \"$first\" ] && [ -x \"$first\" ]; then exec \"$first\" \"$@\"; fi\nexit 0\n",
            );
            return out;
        }
        let feed = if push { "printf %s \"$refs\" | " } else { "" };
        add("if [ -f \"$first\" ] && [ -x \"$first\" ]; then\n");
        add(&format!("  {feed}\"$first\" \"$@\" || exit\n"));
        if self.global {
            // The repository's own hook is one of ours: it has looked already.
            add("  if grep -q '^# keyward-hook ' \"$first\"; then exit 0; fi\n");
        }
        add("fi\nkeyward=");
        out.extend_from_slice(&quoted(&self.program));
        let mut add = |text: &str| out.extend_from_slice(text.as_bytes());
        let (verdict, status) = if self.strict {
            ("so nothing passes (--strict)", 1)
        } else {
            ("so nothing was checked", 0)
        };
        add(&format!(
            "\nif [ ! -x \"$keyward\" ]; then\n  \
             keyward=$(command -v keyward) || {{\n    \
             echo \"keyward is not where it was, {verdict}. Install it again, or delete $0.\" >&2\n    \
             exit {status}\n  }}\nfi\n"
        ));
        let mut run = format!("{feed}\"$keyward\" hook run {name}").into_bytes();
        for (flag, file) in &self.files {
            run.extend_from_slice(format!(" {flag} ").as_bytes());
            run.extend_from_slice(&quoted(file));
        }
        if push {
            // A remote without a name is called by its URL, which may hold a password.
            add("case $1 in *:* | *@*) set -- ;; esac\n");
            run.extend_from_slice(b" -- ${1+\"$1\"}");
        }
        run.push(b'\n');
        out.extend_from_slice(&run);
        out
    }
}

/// A path as one word of the shell.
fn quoted(path: &Path) -> Vec<u8> {
    let mut out = b"'".to_vec();
    for byte in bytes(path) {
        match byte {
            b'\'' => out.extend_from_slice(br"'\''"),
            byte => out.push(byte),
        }
    }
    out.push(b'\'');
    out
}

#[cfg(unix)]
pub(super) fn bytes(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt as _;
    path.as_os_str().as_bytes().to_vec()
}

/// Git for Windows takes paths with either slash; its shell only one.
#[cfg(not(unix))]
pub(super) fn bytes(path: &Path) -> Vec<u8> {
    path.to_string_lossy().replace('\\', "/").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(name: &str) -> Script {
        Script {
            name: name.to_owned(),
            program: PathBuf::from("/opt/it's here/keyward"),
            strict: true,
            files: Vec::new(),
            global: false,
            made_folder: false,
        }
    }

    #[test]
    fn it_knows_its_own() {
        let text = script("pre-push").render();
        assert_eq!(
            recognise(&text),
            Ours::Intact { made_folder: false, strict: true, global: false }
        );
        let made =
            Script { made_folder: true, strict: false, global: true, ..script("pre-commit") }
                .render();
        assert_eq!(
            recognise(&made),
            Ours::Intact { made_folder: true, strict: false, global: true }
        );
        let mut edited = text.clone();
        edited.extend_from_slice(b"echo more\n");
        assert_eq!(recognise(&edited), Ours::Edited);
        for other in [&b""[..], b"#!/bin/sh\n", b"#!/bin/sh\n# keyward-hook 1", b"\xff\xfe"] {
            assert_eq!(recognise(other), Ours::No);
        }
        let text = String::from_utf8(text).expect("the path is UTF-8");
        let program = &script("pre-push").program;
        assert!(is_current(text.as_bytes(), program));
        assert!(!is_current(text.as_bytes(), Path::new("/opt/keyward")));
        assert!(!is_current(text.replace("-hook 1", "-hook 0").as_bytes(), program));
        assert!(text.contains(r"keyward='/opt/it'\''s here/keyward'"), "{text}");
    }
}
