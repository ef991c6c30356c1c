//! `keyward remove NAME`.

use keyward_app::Error;
use serde_json::json;

use crate::context::Context;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of the entry, or its last parts
    name: String,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let name = context.keyward()?.remove(&args.name)?;
    context.printer.result(&json!({ "version": 1, "removed": name }), |_| {
        format!("Removed {name}. Within 30 days `keyward bin restore {name}` brings it back.\n")
    });
    Ok(0)
}
