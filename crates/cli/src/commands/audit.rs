//! `keyward audit list|verify|head`.

use keyward_app::Error;
use keyward_app::view::AuditRow;
use serde_json::json;

use crate::context::Context;
use crate::printer::table;

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
    Verify,
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
        Action::Verify => {
            let verdict = keyward.audit_verify()?;
            context.printer.result(&verdict, |verdict| {
                let head = verdict.head.as_deref().map(|head| format!("Head {head}\n"));
                format!("{}\n{}", verdict.message, head.unwrap_or_default())
            });
            if verdict.ok {
                return Ok(0);
            }
            Err(Error::new(
                "AUDIT_BROKEN",
                verdict.message,
                "Compare with a head you kept elsewhere, and with the newest backup's.",
            ))
        }
        Action::Head => {
            let head = keyward.audit_verify()?.head;
            context.printer.result(&json!({ "version": 1, "head": head }), |_| {
                format!("{}\n", head.as_deref().unwrap_or("none"))
            });
            Ok(0)
        }
    }
}
