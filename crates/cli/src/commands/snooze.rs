//! `keyward snooze NAME`.

use keyward_app::Error;

use crate::context::Context;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of the entry, or its last parts
    name: String,
    /// Days from today such as 7d, a day such as 2026-12-31, or off
    #[arg(value_name = "7d|DATE|off")]
    until: String,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let detail = context.keyward()?.snooze(&args.name, &args.until)?;
    context.printer.result(&detail, |detail| {
        let row = &detail.entry;
        match &row.snoozed_until {
            Some(until) => format!(
                "No reminder names {} until {until}. It is still {}.\n",
                row.name,
                crate::commands::list::when(row)
            ),
            None => format!("Reminders name {} again.\n", row.name),
        }
    });
    Ok(0)
}
