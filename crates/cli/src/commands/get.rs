//! `keyward get NAME --reveal`.

use std::io::{self, IsTerminal as _};

use keyward_app::Error;
use secrecy::ExposeSecret as _;

use crate::commands::show;
use crate::context::Context;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of the entry, or its last parts
    name: String,
    /// A version's number; the current one without it
    #[arg(long, value_name = "N")]
    version: Option<u32>,
    /// Print the value
    #[arg(long)]
    reveal: bool,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward()?;
    if !args.reveal {
        let detail = keyward.show(&args.name)?;
        if context.printer.is_json() {
            context.printer.document(&detail);
        } else {
            // Not on stdout: `KEY=$(keyward get …)` must not take this for the value.
            context.printer.say(&format!(
                "{}
{}",
                detail.entry.name,
                show::text(&detail)
            ));
            context.printer.say("The value itself is printed with --reveal.");
        }
        return Ok(0);
    }
    let value = keyward.reveal(&args.name, args.version)?;
    if context.printer.is_json() {
        return Err(Error::new(
            "USAGE",
            "A value is never part of JSON output.",
            "Leave --json out, or use `keyward run`.",
        ));
    }
    // Exactly the value's bytes; only on a terminal a line end after it, so that it can be read.
    context.printer.bytes(value.expose_secret());
    if io::stdout().is_terminal() {
        context.printer.bytes(b"\n");
    }
    Ok(0)
}
