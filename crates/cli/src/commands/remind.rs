//! `keyward remind`: reminders with the window closed.

use std::fmt::Write as _;

use keyward_app::Error;
use keyward_app::view::RemindStatus;

use crate::context::Context;
use crate::printer::{count, safe};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Have the system look every hour and remind once a day, with the window closed too
    Install,
    /// Take the system's timer away again
    Remove,
    /// Say whether it is installed, when it last reminded, and why it could not
    Status,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let status = match args.action {
        Action::Install => context.keyward()?.remind_install()?,
        Action::Remove => context.keyward_unasked()?.remind_remove()?,
        Action::Status => context.keyward_unasked()?.remind_status()?,
    };
    context.printer.result(&status, text);
    Ok(0)
}

fn text(status: &RemindStatus) -> String {
    let mut out = String::new();
    match &status.timer {
        Some(timer) => {
            let _ = writeln!(out, "Installed: {}", safe(timer));
            let _ = writeln!(out, "It looks every hour and reminds once a day.");
        }
        None => out.push_str(
            "Not installed: reminders come while the window is open. `keyward remind install` has them come always.\n",
        ),
    }
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = writeln!(out, "  {name:<14}{value}");
        }
    };
    line("next look", status.next.clone());
    line("last look", status.last_looked.clone());
    line("last reminder", status.last_notified.clone());
    let until = status.quiet_until.as_ref().map(|until| format!(" (now, until {until})"));
    let quiet = status.quiet_hours.as_ref();
    line("quiet hours", quiet.map(|hours| format!("{hours}{}", until.unwrap_or_default())));
    line("to name now", status.due.map(|due| count(due, "entry", "entries")));
    let snoozed = status.snoozed.filter(|snoozed| *snoozed > 0);
    line("snoozed", snoozed.map(|snoozed| count(snoozed, "entry", "entries")));
    if let Some(failure) = &status.failure {
        let message = safe(&failure.message);
        let _ = writeln!(
            out,
            "No reminder could be made at {}: [{}] {message}",
            failure.at, failure.code
        );
        let _ = writeln!(out, "  {}", safe(&failure.hint));
    }
    if let Some(note) = &status.note {
        let _ = writeln!(out, "{}", safe(note));
    }
    out
}
