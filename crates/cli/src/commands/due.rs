//! `keyward due`.

use jiff::Timestamp;
use keyward_app::Error;
use keyward_app::input::ListFilter;

use crate::commands::list;
use crate::context::{Context, parse_days, parse_time};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Also what is due within this time, such as 14d
    #[arg(long, value_name = "DAYS", value_parser = parse_days)]
    within: Option<u32>,
    /// Stand at this time instead of now (RFC 3339 or Unix seconds)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<Timestamp>,
    /// Exit status 1 when something is due
    #[arg(long)]
    check: bool,
    /// Send a desktop notification when something is due or due soon
    #[arg(long)]
    notify: bool,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward_at(args.at)?;
    let filter = ListFilter { due_within: Some(args.within.unwrap_or(0)), ..ListFilter::default() };
    let due = keyward.list(&filter)?;
    if args.notify
        && let Some(sent) = keyward.notify_due()?
    {
        context.printer.say(&format!("Sent: {}", sent.lines().next().unwrap_or_default()));
    }
    if let Some(text) = keyward.drill_reminder()? {
        context.printer.say(&format!("{text} `keyward backup drill` rehearses one."));
    }
    context.printer.result(&due, |due| {
        if due.entries.is_empty() { "Nothing is due.\n".to_owned() } else { list::text(due) }
    });
    Ok(u8::from(args.check && !due.entries.is_empty()))
}
