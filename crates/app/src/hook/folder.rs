//! Putting hooks into a folder and taking them out again, so that at no moment an existing hook is lost.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::place::{Found, look};
use super::script::{Ours, Script, kept};
use crate::Error;
use crate::error::io;

/// Puts a hook in its place. What was there is kept beside it, the same file.
pub(super) fn put(folder: &Path, script: &Script) -> Result<(), Error> {
    let hook = folder.join(&script.name);
    match look(&hook) {
        Found::Nothing | Found::Ours(Ours::Intact { .. }) => {}
        Found::Ours(_) => return Err(edited(&hook)),
        Found::Managed(_) | Found::Foreign => keep(&hook)?,
    }
    write(&hook, &script.render())
}

/// A second name for the hook as it is; the first is then taken over in one step.
fn keep(hook: &Path) -> Result<(), Error> {
    let kept = kept(hook);
    if kept.symlink_metadata().is_ok() {
        return Err(Error::new(
            "HOOK_CONFLICT",
            format!(
                "There is a hook at `{}` and another kept from before. Nothing was changed.",
                hook.display()
            ),
            format!("Look at `{}` and move it away if it is not needed.", kept.display()),
        ));
    }
    let linked = match fs::read_link(hook) {
        Ok(target) => link(&target, &kept),
        Err(_) => fs::hard_link(hook, &kept),
    };
    // Where a file cannot have two names it is moved: the hook is away for a moment.
    linked.or_else(|_| fs::rename(hook, &kept)).map_err(|error| io(&error, "the existing hook"))
}

#[cfg(unix)]
fn link(target: &Path, at: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, at)
}

#[cfg(not(unix))]
fn link(_target: &Path, _at: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Writes an executable file whole, or not at all.
fn write(hook: &Path, text: &[u8]) -> Result<(), Error> {
    let mut temp = hook.as_os_str().to_owned();
    temp.push(".tmp-keyward");
    let temp = Path::new(&temp);
    let written = (|| {
        // Left over from a crash.
        let _ = fs::remove_file(temp);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o755);
        let mut file = options.open(temp)?;
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(temp, hook)
    })();
    written.map_err(|error| {
        let _ = fs::remove_file(temp);
        io(&error, "the hook")
    })
}

/// Takes a hook of ours out and puts back what was there before. `false` if there is none of ours.
pub(super) fn take(folder: &Path, name: &str) -> Result<bool, Error> {
    let hook = folder.join(name);
    match look(&hook) {
        Found::Ours(Ours::Intact { .. }) => {}
        Found::Ours(_) => return Err(edited(&hook)),
        _ => return Ok(false),
    }
    let kept = kept(&hook);
    let done = if kept.symlink_metadata().is_ok() {
        fs::rename(&kept, &hook)
    } else {
        fs::remove_file(&hook)
    };
    done.map(|()| true).map_err(|error| io(&error, "the hook"))
}

fn edited(hook: &Path) -> Error {
    Error::new(
        "HOOK_CONFLICT",
        format!(
            "The hook `{}` was made by Keyward and edited since. Nothing was changed.",
            hook.display()
        ),
        "Keep what you added elsewhere, delete the hook, then try again.",
    )
}
