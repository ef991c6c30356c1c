//! `keyward env`: values as lines for a shell.

use std::io::{self, IsTerminal as _};

use keyward_app::Error;

use crate::commands::run::SelectionArgs;
use crate::context::Context;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    selection: SelectionArgs,
    /// sh, bash, zsh, fish, powershell, cmd or dotenv
    #[arg(long, value_name = "S", default_value = if cfg!(windows) { "powershell" } else { "sh" })]
    shell: String,
    /// Print values on a terminal too
    #[arg(long)]
    reveal: bool,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    context.no_json("A shell's environment")?;
    if io::stdout().is_terminal() && !args.reveal {
        return Err(Error::new(
            "USAGE",
            "Values are not printed on a terminal.",
            "`eval \"$(keyward env …)\"` takes them into the shell; --reveal prints them.",
        ));
    }
    let keyward = context.keyward()?;
    let variables = keyward.variables(&args.selection.selection(), "env", &args.shell)?;
    let lines = keyward.shell_lines(&variables, &args.shell)?;
    context.printer.bytes(lines.as_bytes());
    keyward.used(&variables, "env", &args.shell);
    Ok(0)
}
