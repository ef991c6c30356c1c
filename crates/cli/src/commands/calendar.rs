//! `keyward calendar`.

use std::path::PathBuf;

use jiff::Timestamp;
use keyward_app::Error;
use keyward_app::input::parse_time;
use keyward_app::view::CalendarReport;

use crate::context::Context;
use crate::printer::{count, safe};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write to this file instead of stdout; a calendar that is there is brought up to date
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
            let report = keyward.save_calendar(path)?;
            context.printer.result(&report, text);
        }
        None => {
            context.no_json("A calendar on stdout")?;
            context.printer.bytes(keyward.calendar()?.as_bytes());
        }
    }
    Ok(0)
}

fn text(report: &CalendarReport) -> String {
    let mut parts = vec![];
    for (number, what) in
        [(report.added, "new"), (report.changed, "moved"), (report.cancelled, "cancelled")]
    {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    if report.others > 0 {
        parts.push(format!("{} of others kept", report.others));
    }
    let parts = if parts.is_empty() { "nothing new".to_owned() } else { parts.join(", ") };
    let events = count(report.events, "event", "events");
    format!("Wrote {}: {events} ({parts}).\n", safe(&report.path))
}
