//! `keyward show NAME`.

use std::fmt::Write as _;

use keyward_app::Error;
use keyward_app::view::EntryDetail;

use crate::commands::list::coloured;
use crate::context::Context;
use crate::printer::{count, day, safe};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of the entry, or its last parts
    name: String,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let detail = context.keyward()?.show(&args.name)?;
    context.printer.result(&detail, text);
    Ok(0)
}

/// Everything about an entry, one line each.
pub fn text(detail: &EntryDetail) -> String {
    let row = &detail.entry;
    let mut out = String::new();
    let mut line = |label: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(out, "  {label:<10} {}", safe(value));
        }
    };
    let provider = row.provider.clone().unwrap_or_else(|| "provider unknown".to_owned());
    line("kind", &format!("{}, {provider}, {}", row.kind, row.mode));
    line("variable", &row.var);
    let snoozed = row.snoozed_until.as_ref().map(|until| format!("until {until}"));
    line("snoozed", &snoozed.unwrap_or_default());
    line("tags", &row.tags.join(", "));
    line("owner", detail.owner.as_deref().unwrap_or_default());
    line("console", detail.url.as_deref().unwrap_or_default());
    line("notes", detail.notes.as_deref().unwrap_or_default());
    line("allowlist", detail.ip_note.as_deref().unwrap_or_default());
    line("expires", detail.expires.as_deref().unwrap_or_default());
    let policy = match row.rotate_days {
        0 => "never".to_owned(),
        days => format!("every {}", count(days, "day", "days")),
    };
    let due = row.due.clone().unwrap_or_else(|| "never".to_owned());
    line("rotation", &format!("{policy}; due {due}"));
    line("age", &count(row.age_days.unsigned_abs(), "day", "days"));
    let _ = writeln!(out, "  {:<10} {}", "state", coloured(row));
    for version in &detail.versions {
        let retired = match &version.retired {
            Some(at) => format!(", retired {}", day(at)),
            None => String::new(),
        };
        let _ = writeln!(
            out,
            "  {:<10} {} {}, stored {}{retired}",
            "version",
            version.version,
            version.stage,
            day(&version.created)
        );
    }
    for row in &detail.uses {
        let _ =
            writeln!(out, "  {:<10} {} {}, {}", "seen", row.how, safe(&row.place), day(&row.last));
    }
    out
}
