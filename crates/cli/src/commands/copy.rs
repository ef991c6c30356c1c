//! `keyward copy NAME`: a small process of ours holds the value on the clipboard and clears it.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use keyward_app::input::Secret;
use keyward_app::{Error, clipboard};
use secrecy::ExposeSecret as _;

use crate::context::{Context, parse_seconds};
use crate::value;

/// How long a clipboard may take to be set: a display that hangs never answers.
const DEADLINE: Duration = Duration::from_secs(10);

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
    to_clipboard(&value, seconds)?;
    keyward.copied(&args.name);
    context
        .printer
        .say(&format!("Copied {}. It leaves the clipboard in {seconds} seconds.", args.name));
    Ok(0)
}

/// Starts the process that holds a value on the clipboard and clears it after so many seconds.
pub fn to_clipboard(value: &Secret, seconds: u64) -> Result<(), Error> {
    let program = std::env::current_exe().map_err(|_| failed())?;
    let mut holder = Command::new(program)
        .args(["hold-clipboard", "--seconds", &seconds.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|_| failed())?;
    if let Some(mut pipe) = holder.stdin.take() {
        pipe.write_all(value.expose_secret()).map_err(|_| failed())?;
    }
    let Some(mut words) = holder.stdout.take() else { return Err(failed()) };
    let (say, hear) = std::sync::mpsc::channel();
    // The holder says a byte when the clipboard is set, and ends without one when it cannot be.
    std::thread::spawn(move || say.send(words.read_exact(&mut [0])));
    match hear.recv_timeout(DEADLINE) {
        Ok(Ok(())) => Ok(()),
        _ => {
            let _ = holder.kill();
            let _ = holder.wait();
            Err(failed())
        }
    }
}

/// The holder: reads the value from stdin, holds it, clears it.
pub fn hold(args: &HoldArgs, context: &Context<'_>) -> Result<u8, Error> {
    let value = value::read_file("-".as_ref())?;
    let keep = Duration::from_secs(args.seconds.min(3600));
    clipboard::hold(&value, keep, || context.printer.bytes(b"\n"))?;
    Ok(0)
}

fn failed() -> Error {
    Error::new(
        "CLIPBOARD",
        "The value was not copied: there is no clipboard here.",
        "Use `keyward run`, or `keyward get --reveal`.",
    )
}
