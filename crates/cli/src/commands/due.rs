//! `keyward due`.

use std::time::Duration;

use jiff::Timestamp;
use keyward_app::Error;
use keyward_app::input::ListFilter;
use keyward_app::input::parse_time;

use crate::commands::list;
use crate::context::{Context, parse_days};

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
    /// With --notify: at most once a day and not in the quiet hours; what the timer of `remind
    /// install` runs
    #[arg(long, requires = "notify", conflicts_with_all = ["at", "within", "check"])]
    daily: bool,
}

/// How long the day's reminder waits for an answer. The timer comes again after an hour.
const ANSWER: Duration = Duration::from_secs(10 * 60);

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    if args.daily {
        return daily(context);
    }
    let keyward = context.keyward_at(args.at)?;
    let filter = ListFilter { due_within: Some(args.within.unwrap_or(0)), ..ListFilter::default() };
    let due = keyward.list(&filter)?;
    if args.notify
        && let Some(sent) = keyward.notify_due()?
    {
        context.printer.say(&format!("Sent: {}", sent.title));
    }
    if let Some(text) = keyward.drill_reminder()? {
        context.printer.say(&format!("{text} `keyward backup drill` rehearses one."));
    }
    context.printer.result(&due, |due| {
        if due.entries.is_empty() { "Nothing is due.\n".to_owned() } else { list::text(due) }
    });
    Ok(u8::from(args.check && !due.entries.is_empty()))
}

/// The day's reminder. Nobody is there, so nothing may ask: a locked keychain is told by `remind
/// status`, not by a dialog every hour.
fn daily(context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward_unasked()?;
    let reminded = keyward.remind_daily(ANSWER, || keyward.open_window())?;
    if context.printer.is_json() {
        context.printer.document(&reminded);
        return Ok(0);
    }
    let said = match (reminded.outcome.as_str(), &reminded.title, &reminded.until) {
        ("sent", Some(title), _) => format!("Sent: {title}"),
        ("quiet-hours", _, Some(until)) => format!("Quiet hours until {until}."),
        ("already-today", _, _) => "Today's reminder was sent already.".to_owned(),
        ("off", _, _) => "Reminders are off in the settings.".to_owned(),
        ("busy", _, _) => "Another Keyward is reminding.".to_owned(),
        _ => "Nothing is due.".to_owned(),
    };
    context.printer.say(&said);
    Ok(0)
}
