//! `keyward run -- CMD`.

use std::io;

use keyward_app::{Error, Selection};

use crate::context::Context;
use crate::signals;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Give the command our own streams, unmasked
    #[arg(long)]
    no_mask: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<String>,
}

/// Which entries become variables, for `run` and `env`.
#[derive(Debug, clap::Args)]
pub struct SelectionArgs {
    /// Only this project
    #[arg(long)]
    project: Option<String>,
    /// Only this environment
    #[arg(long)]
    env: Option<String>,
    /// Only this entry, several times if need be
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// During a rotation also X_NEW and X_OLD
    #[arg(long)]
    overlap: bool,
    /// Pass the guards against live and test mixed up and against dangerous variables
    #[arg(long)]
    force: bool,
}

impl SelectionArgs {
    pub fn selection(&self) -> Selection {
        Selection {
            project: self.project.clone(),
            env: self.env.clone(),
            only: self.only.clone(),
            overlap: self.overlap,
            force: self.force,
        }
    }
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward()?;
    let program = args.command.first().map(String::as_str).unwrap_or_default();
    let folder = std::env::current_dir().unwrap_or_default();
    let place = format!("{program} in {}", folder.display());
    let variables = keyward.variables(&args.selection.selection(), "run", &place)?;
    signals::leave_to_child(true);
    let child = keyward.run(
        &variables,
        &args.command,
        &place,
        !args.no_mask,
        io::stdout(),
        io::stderr(),
    )?;
    Ok(child.status)
}
