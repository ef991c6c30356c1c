//! `keyward calendar`.

use std::path::PathBuf;

use jiff::Timestamp;
use keyward_app::Error;
use serde_json::json;

use crate::context::{Context, parse_time};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write to this file instead of stdout
    #[arg(long, value_name = "F.ics")]
    out: Option<PathBuf>,
    /// Stand at this time instead of now (RFC 3339 or Unix seconds)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<Timestamp>,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward_at(args.at)?;
    match &args.out {
        Some(path) => {
            keyward.save_calendar(path)?;
            let shown = path.display().to_string();
            context.printer.result(&json!({ "version": 1, "path": shown }), |_| {
                format!("Wrote {shown}. Importing it again moves events instead of adding them.\n")
            });
        }
        None => {
            context.no_json("A calendar on stdout")?;
            context.printer.bytes(keyward.calendar()?.as_bytes());
        }
    }
    Ok(0)
}
