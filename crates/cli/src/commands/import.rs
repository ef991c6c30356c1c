//! `keyward import FORMAT FILE`.

use std::path::PathBuf;

use keyward_app::Error;
use keyward_app::import::Import;
use keyward_app::view::{ImportReport, ImportRow};

use crate::context::Context;
use crate::printer::{count, table};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// dotenv, or auto to look at the file
    // The global `--format` has the plain id.
    #[arg(id = "import_format", value_name = "FORMAT")]
    format: String,
    /// The file
    file: PathBuf,
    /// Project of the new entries
    #[arg(long)]
    project: String,
    /// Environment of the new entries
    #[arg(long)]
    env: String,
    /// Only show what would be done
    #[arg(long)]
    dry_run: bool,
    /// Go on past bad rows
    #[arg(long)]
    skip_bad: bool,
    /// Pass the guard against live and test mixed up; it is recorded
    #[arg(long)]
    force: bool,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let import = Import {
        format: &args.format,
        file: &args.file,
        project: &args.project,
        env: &args.env,
        skip_bad: args.skip_bad,
        force: args.force,
    };
    let keyward = context.keyward()?;
    let preview = keyward.import_preview(&import)?;
    if args.dry_run {
        context.printer.result(&preview, text);
        return Ok(0);
    }
    let replaced = preview.rows.iter().filter(|row| row.action == "new-version").count() as u64;
    let question = format!(
        "{} would get a new value from the file. Replace?",
        count(replaced, "entry", "entries")
    );
    if replaced > 0 && !context.confirm(&question)? {
        context.printer.say("Nothing was changed.");
        return Ok(0);
    }
    let report = keyward.import(&import)?;
    context.printer.result(&report, text);
    Ok(0)
}

fn text(report: &ImportReport) -> String {
    let column = |cell: fn(&ImportRow) -> String| report.rows.iter().map(cell).collect();
    let table = table(&[
        ("LINE", column(|row| row.line.to_string())),
        ("VARIABLE", column(|row| row.var.clone())),
        ("ENTRY", column(|row| row.name.clone())),
        ("KIND", column(|row| row.kind.clone())),
        ("PROVIDER", column(|row| row.provider.clone().unwrap_or_default())),
        ("MODE", column(|row| row.mode.clone())),
        (
            "ACTION",
            column(|row| match &row.note {
                Some(note) => format!("{} ({note})", row.action),
                None => row.action.clone(),
            }),
        ),
    ]);
    let stored =
        report.rows.iter().filter(|row| matches!(row.action.as_str(), "add" | "new-version"));
    let stored = count(stored.count() as u64, "value", "values");
    if report.applied {
        format!(
            "{table}Stored {stored} in the keychain and read each back. The file is as it was.\n"
        )
    } else {
        format!("{table}Would store {stored}. Nothing was written.\n")
    }
}
