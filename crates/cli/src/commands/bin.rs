//! `keyward bin`: what was removed, and the way back.

use keyward_app::Error;

use crate::commands::{list, show};
use crate::context::Context;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List what is in the bin
    List,
    /// Bring an entry back
    Restore {
        /// Name of the entry, or its last parts
        name: String,
    },
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward()?;
    match &args.action {
        Action::List => {
            let bin = keyward.bin()?;
            context.printer.result(&bin, |bin| {
                if bin.entries.is_empty() {
                    "The bin is empty.\n".to_owned()
                } else {
                    list::text(bin)
                }
            });
        }
        Action::Restore { name } => {
            let detail = keyward.bin_restore(name)?;
            context.printer.result(&detail, |detail| {
                format!("{} is back.\n{}", detail.entry.name, show::text(detail))
            });
        }
    }
    Ok(0)
}
