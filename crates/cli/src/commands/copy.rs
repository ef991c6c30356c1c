//! `keyward copy NAME`: a small process of ours holds the value on the clipboard and clears it.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use keyward_app::{Error, clipboard};
use secrecy::ExposeSecret as _;

use crate::context::{Context, parse_seconds};
use crate::value;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of the entry, or its last parts
    name: String,
    /// Clear the clipboard after this time, such as 30s
    #[arg(long, value_name = "TIME", value_parser = parse_seconds)]
    clear_after: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub struct HoldArgs {
    /// Seconds
    #[arg(long)]
    seconds: u64,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward()?;
    let (value, seconds) = keyward.copy(&args.name)?;
    let seconds = args.clear_after.unwrap_or(u64::from(seconds));
    let program = std::env::current_exe().map_err(|_| failed())?;
    let mut holder = Command::new(program)
        .args(["hold-clipboard", "--seconds", &seconds.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|_| failed())?;
    if let Some(mut pipe) = holder.stdin.take() {
        pipe.write_all(value.expose_secret()).map_err(|_| failed())?;
    }
    // A clipboard that cannot be set ends the holder at once; one that is set keeps it alive.
    std::thread::sleep(Duration::from_millis(300));
    if let Ok(Some(status)) = holder.try_wait()
        && !status.success()
    {
        return Err(failed());
    }
    keyward.copied(&args.name);
    context
        .printer
        .say(&format!("Copied {}. It leaves the clipboard in {seconds} seconds.", args.name));
    Ok(0)
}

/// The holder: reads the value from stdin, holds it, clears it.
pub fn hold(args: &HoldArgs) -> Result<u8, Error> {
    let value = value::read_file("-".as_ref())?;
    clipboard::hold(&value, Duration::from_secs(args.seconds.min(3600)))?;
    Ok(0)
}

fn failed() -> Error {
    Error::new(
        "CLIPBOARD",
        "The value was not copied: there is no clipboard here.",
        "Use `keyward run`, or `keyward get --reveal`.",
    )
}
