//! The clipboard: set with the hint that keeps it out of histories, cleared only if it still
//! holds what was set.

use std::time::Duration;

use arboard::Clipboard;
use keyward_vault::Secret;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::Error;

/// Puts a value on the clipboard, holds it there for `keep`, and clears it if it is unchanged.
/// It blocks all that time: on Linux the clipboard lives only as long as its owner. `held` is called once
/// the value is there.
///
/// # Errors
/// `CLIPBOARD` when there is none, or the value is not text.
pub fn hold(value: &Secret, keep: Duration, held: impl FnOnce()) -> Result<(), Error> {
    let unfit = |why: &str| {
        Error::new(
            "CLIPBOARD",
            format!("The value was not copied: {why}."),
            "Use `keyward run` or `keyward get --reveal` here.",
        )
    };
    let text = std::str::from_utf8(value.expose_secret())
        .map(|text| Zeroizing::new(text.to_owned()))
        .map_err(|_| unfit("it is not text"))?;
    let mut clipboard = Clipboard::new().map_err(|_| unfit("there is no clipboard"))?;
    set(&mut clipboard, &text).map_err(|_| unfit("the clipboard does not take it"))?;
    held();
    std::thread::sleep(keep);
    let unchanged = clipboard.get_text().is_ok_and(|now| *Zeroizing::new(now) == *text);
    if unchanged {
        clipboard.clear().map_err(|_| unfit("the clipboard could not be cleared"))?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn set(clipboard: &mut Clipboard, text: &str) -> Result<(), arboard::Error> {
    use arboard::SetExtLinux as _;
    clipboard.set().exclude_from_history().text(text)
}

#[cfg(target_os = "macos")]
fn set(clipboard: &mut Clipboard, text: &str) -> Result<(), arboard::Error> {
    use arboard::SetExtApple as _;
    clipboard.set().exclude_from_history().text(text)
}

#[cfg(windows)]
fn set(clipboard: &mut Clipboard, text: &str) -> Result<(), arboard::Error> {
    use arboard::SetExtWindows as _;
    clipboard.set().exclude_from_cloud().exclude_from_history().text(text)
}
