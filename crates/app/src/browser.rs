//! Opening a provider's console page in the user's browser.

use std::process::{Command, Stdio};

use crate::Error;

/// Opens an https address with the platform's own opener. Nothing else is ever opened.
///
/// # Errors
/// `FIELD_INVALID` for another kind of address, `COMMAND_NOT_STARTED` without an opener.
pub fn open_url(url: &str) -> Result<(), Error> {
    let fits = url.starts_with("https://")
        && url.len() <= 2048
        && url.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&byte));
    if !fits {
        return Err(Error::new(
            "FIELD_INVALID",
            "Only https:// addresses are opened.",
            "Copy the address and look at it first.",
        ));
    }
    let (program, arguments): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    Command::new(program)
        .args(arguments)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map(drop)
        .map_err(|_| {
            Error::new(
                "COMMAND_NOT_STARTED",
                format!("No browser could be opened for {url}."),
                "Open the address yourself.",
            )
        })
}
