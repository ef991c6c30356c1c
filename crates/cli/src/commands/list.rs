//! `keyward list`.

use keyward_app::Error;
use keyward_app::input::ListFilter;
use keyward_app::view::{EntryList, EntryRow};

use crate::context::Context;
use crate::printer::{count, state, table};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only with each of these words in the name, provider, variable or tags
    words: Vec<String>,
    /// Only this project
    #[arg(long)]
    project: Option<String>,
    /// Only this environment
    #[arg(long)]
    env: Option<String>,
    /// Only what is due or overdue
    #[arg(long)]
    due: bool,
    /// Only with this tag
    #[arg(long)]
    tag: Option<String>,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let filter = ListFilter {
        project: args.project.clone(),
        env: args.env.clone(),
        tag: args.tag.clone(),
        due_within: args.due.then_some(0),
        words: args.words.clone(),
    };
    let list = context.keyward()?.list(&filter)?;
    let is_filtered = filter != ListFilter::default();
    context.printer.result(&list, |list| match list.entries.is_empty() && is_filtered {
        true => "No entry fits. `keyward list` shows all.\n".to_owned(),
        false => text(list),
    });
    Ok(0)
}

/// A table of entries.
pub fn text(list: &EntryList) -> String {
    if list.entries.is_empty() {
        return "No entries. `keyward import dotenv .env --project P --env E` or `keyward add` brings some in.\n".to_owned();
    }
    let column = |cell: fn(&EntryRow) -> String| list.entries.iter().map(cell).collect();
    let table = table(&[
        ("NAME", column(|row| row.name.clone())),
        ("KIND", column(|row| row.kind.clone())),
        ("PROVIDER", column(|row| row.provider.clone().unwrap_or_default())),
        ("MODE", column(|row| row.mode.clone())),
        ("DUE", column(|row| row.due.clone().unwrap_or_else(|| "never".to_owned()))),
        ("STATE", column(when_and_snoozed)),
    ]);
    format!("{table}{}\n", count(list.entries.len() as u64, "entry", "entries"))
}

/// The state and what it means in days.
pub fn when(row: &EntryRow) -> String {
    let days = |left: i64| count(left.unsigned_abs(), "day", "days");
    match (row.state.as_str(), row.days_left) {
        ("overdue", Some(0)) => "overdue: due today".to_owned(),
        ("overdue", Some(left)) => format!("overdue by {}", days(left)),
        ("due-soon", Some(left)) => format!("due in {}", days(left)),
        (word, _) => word.to_owned(),
    }
}

fn when_and_snoozed(row: &EntryRow) -> String {
    match &row.snoozed_until {
        Some(until) => format!("{}, snoozed until {until}", when(row)),
        None => when(row),
    }
}

/// The coloured state of one entry.
pub fn coloured(row: &EntryRow) -> String {
    let words = when(row);
    if words == row.state { state(&row.state) } else { words }
}
