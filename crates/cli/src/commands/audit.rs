//! `keyward audit list|verify|export|head`.

use std::path::PathBuf;

use keyward_app::view::AuditRow;
use keyward_app::{Error, outfile};
use serde_json::json;

use crate::context::Context;
use crate::printer::{safe, table};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List what was done, newest first
    List {
        /// Only what concerns this entry
        #[arg(long, value_name = "NAME")]
        entry: Option<String>,
    },
    /// Check that no row was edited, removed, swapped or cut off
    Verify {
        /// A head that was kept elsewhere (`keyward audit head`): it has to be one of the rows
        #[arg(long, value_name = "HEAD")]
        head: Option<String>,
    },
    /// Print the whole record with its chain (--format json or csv)
    Export {
        /// Write to this file instead of stdout
        #[arg(long, value_name = "F")]
        out: Option<PathBuf>,
    },
    /// Print the chain's head, to keep elsewhere
    Head,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward()?;
    match &args.action {
        Action::List { entry } => {
            let list = keyward.audit(entry.as_deref())?;
            context.printer.result(&list, |list| {
                let column = |cell: fn(&AuditRow) -> String| list.rows.iter().map(cell).collect();
                table(&[
                    ("ROW", column(|row| row.seq.to_string())),
                    ("TIME", column(|row| row.at.clone())),
                    ("BY", column(|row| row.actor.clone())),
                    ("ACTION", column(|row| row.action.clone())),
                    (
                        "SUBJECT",
                        column(|row| match &row.detail {
                            Some(detail) => format!("{} ({detail})", row.subject),
                            None => row.subject.clone(),
                        }),
                    ),
                ])
            });
            Ok(0)
        }
        Action::Verify { head } => {
            let verdict = keyward.audit_verify(head.as_deref())?;
            context.printer.result(&verdict, |verdict| {
                let head = verdict.head.as_deref().map(|head| format!("Head {head}\n"));
                format!("{}\n{}", verdict.message, head.unwrap_or_default())
            });
            if verdict.ok {
                return Ok(0);
            }
            Err(broken(verdict.message))
        }
        Action::Export { out } => {
            let csv = match context.format.as_deref() {
                Some("csv") => true,
                None | Some("json") => false,
                Some(_) => {
                    return Err(Error::new(
                        "USAGE",
                        "The format is not known.",
                        "`json` or `csv`.",
                    ));
                }
            };
            let export = keyward.audit_export()?;
            let text = if csv { export.csv() } else { export.json() };
            match out {
                None => context.printer.bytes(text.as_bytes()),
                Some(path) => {
                    outfile::write(path, text.as_bytes(), true)?;
                    let (path, rows) = (path.display().to_string(), export.rows.len());
                    let view = json!({ "version": 1, "path": path, "rows": rows });
                    context
                        .printer
                        .result(&view, |_| format!("Wrote {rows} rows to {}.\n", safe(&path)));
                }
            }
            if export.ok { Ok(0) } else { Err(broken(export.message)) }
        }
        Action::Head => {
            let head = keyward.audit_verify(None)?.head;
            context.printer.result(&json!({ "version": 1, "head": head }), |_| {
                format!("{}\n", head.as_deref().unwrap_or("none"))
            });
            Ok(0)
        }
    }
}

fn broken(message: String) -> Error {
    Error::new(
        "AUDIT_BROKEN",
        message,
        "Compare with a head you kept elsewhere, and with the newest backup's.",
    )
}
