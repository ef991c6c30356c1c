//! `keyward rules list|show|check`.

use std::fmt::Write as _;
use std::path::PathBuf;

use keyward_app::Error;
use keyward_app::scanner::{Rule, Rules, ScanError};
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
    /// List every rule
    List,
    /// Show one rule
    Show {
        /// The rule's id
        id: String,
    },
    /// Prove every rule, and those of these files, against its examples
    Check {
        /// Rule files of your own
        files: Vec<PathBuf>,
    },
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let mut rules = Rules::builtin();
    match &args.action {
        Action::List => {
            let rows: Vec<&Rule> = rules.iter().collect();
            let document: Vec<_> = rows.iter().map(|rule| row(rule)).collect();
            context.printer.result(&json!({ "version": 1, "rules": document }), |_| {
                let column =
                    |cell: fn(&Rule) -> String| rows.iter().map(|rule| cell(rule)).collect();
                table(&[
                    ("ID", column(|rule| rule.id.clone())),
                    ("SEVERITY", column(|rule| rule.severity.as_str().to_owned())),
                    ("CONFIDENCE", column(|rule| rule.confidence.as_str().to_owned())),
                    ("NAME", column(|rule| rule.name.clone())),
                ])
            });
            Ok(0)
        }
        Action::Show { id } => {
            let rule = rules.get(id).ok_or_else(|| {
                Error::new(
                    "NOT_FOUND",
                    format!("There is no rule `{}`.", safe(id)),
                    "`keyward rules list`.",
                )
            })?;
            context.printer.result(&row(rule), |_| {
                let mut out = format!("{}: {}\n", rule.id, rule.name);
                let _ = writeln!(out, "  pattern   {}", rule.pattern);
                let _ = writeln!(out, "  keywords  {}", rule.keywords.join(", "));
                let _ = writeln!(out, "  severity  {}", rule.severity.as_str());
                let _ = writeln!(out, "  sure      {}", rule.confidence.as_str());
                for reference in &rule.references {
                    let _ = writeln!(out, "  see       {reference}");
                }
                out
            });
            Ok(0)
        }
        Action::Check { files } => {
            for file in files {
                rules.extend_from_file(file).map_err(ScanError::from)?;
            }
            let faults: Vec<String> = rules.check().iter().map(ToString::to_string).collect();
            let total = rules.iter().count();
            context.printer.result(
                &json!({ "version": 1, "rules": total, "faults": faults }),
                |_| {
                    let mut out: String =
                        faults.iter().map(|fault| format!("{}\n", safe(fault))).collect();
                    let _ = writeln!(out, "{total} rules, {} faults", faults.len());
                    out
                },
            );
            Ok(if faults.is_empty() { 0 } else { 3 })
        }
    }
}

fn row(rule: &Rule) -> serde_json::Value {
    json!({
        "version": 1, "id": rule.id, "name": rule.name, "provider": rule.provider, "pattern": rule.pattern,
        "keywords": rule.keywords, "severity": rule.severity, "confidence": rule.confidence,
        "kind": rule.kind, "mode": rule.mode, "references": rule.references,
    })
}
