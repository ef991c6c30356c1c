//! `keyward completions SHELL`.

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};
use keyward_app::Error;

use crate::args::Cli;
use crate::context::Context;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// bash, elvish, fish, powershell or zsh
    shell: Shell,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    context.no_json("A completion script")?;
    let mut out = vec![];
    generate(args.shell, &mut Cli::command(), "keyward", &mut out);
    context.printer.bytes(&out);
    Ok(0)
}
