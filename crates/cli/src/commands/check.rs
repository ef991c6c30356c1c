//! `keyward check NAME`: asks the provider whether a key is alive.

use keyward_app::Error;

use crate::context::Context;
use crate::printer::{day, safe};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of the entry, or its last parts
    name: String,
    /// Ask about the version with this number instead of the current one
    #[arg(long, value_name = "N")]
    version: Option<u32>,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let view = context.keyward()?.check(&args.name, args.version)?;
    context.printer.result(&view, |view| {
        let what = match view.liveness.as_str() {
            "alive" => "is alive",
            "dead" => "is dead: the provider refuses it",
            "no-permission" => "is known, but may not do what was asked",
            _ => "is neither taken nor refused",
        };
        let end = view
            .expires
            .as_deref()
            .map_or(String::new(), |at| format!("\nThe provider ends it on {}.", day(at)));
        format!("{} version {} {what} ({}).{end}\n", view.entry, view.number, safe(&view.said))
    });
    Ok(if matches!(view.liveness.as_str(), "alive" | "no-permission") { 0 } else { 1 })
}
