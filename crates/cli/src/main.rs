//! `keyward`: the command line. It translates flags into calls of `keyward-app` and views into
//! text or JSON; what a command does is there, not here.

mod args;
mod commands;
mod context;
mod printer;
mod signals;
mod usage;
mod value;

use std::process::ExitCode;

use clap::Parser as _;
use keyward_app::Error;

fn main() -> ExitCode {
    keyward_app::harden();
    signals::install();
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::refuse(&error),
    };
    let printer = printer::Printer::new(&cli.global);
    let result = context::Context::new(&cli.global, &printer)
        .and_then(|context| commands::run(cli.command, &context));
    let status = match result {
        Ok(status) => status,
        Err(error) => {
            printer.error(&error);
            error.status()
        }
    };
    // A result that did not arrive is not done; a closed pipe is the reader's own choice.
    if printer.lost_output() && status < 2 {
        let error = Error::new(
            "DISK_ERROR",
            "Not all of the result could be written to where it was to go.",
            "Look at where standard output leads: a full disk, or a device that takes nothing.",
        );
        printer.error(&error);
        return ExitCode::from(error.status());
    }
    ExitCode::from(status)
}
