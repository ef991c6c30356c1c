//! `keyward rules list|show|check|test`.

use std::fmt::Write as _;
use std::io::{self, Read as _};
use std::path::PathBuf;

use keyward_app::scanner::{Explanation, Rule, Rules, Verdict};
use keyward_app::{Error, RuleTest, load_rules, test_rules};
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::context::Context;
use crate::printer::{count, safe, table};
use crate::value::read_file;

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
        /// Rule files: of your own, of gitleaks or of betterleaks
        files: Vec<PathBuf>,
    },
    /// Tell which rules match a text, and why or why not
    Test(TestArgs),
}

#[derive(Debug, clap::Args)]
struct TestArgs {
    /// The text; stdin when none
    file: Option<PathBuf>,
    /// Read the text from stdin
    #[arg(long, conflicts_with = "file")]
    stdin: bool,
    /// Rules of your own, several times if need be
    #[arg(long, value_name = "F")]
    rules: Vec<PathBuf>,
    /// Only this rule, also where it was not tried
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
}

/// A text to try rules on may be this large, in bytes.
const MAX_TEXT: u64 = 1024 * 1024;

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let rules = Rules::builtin();
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
            let rules = load_rules(files)?;
            let faults: Vec<String> = rules.check().iter().map(ToString::to_string).collect();
            let notes: Vec<String> = rules.notes().iter().map(ToString::to_string).collect();
            let total = rules.iter().count();
            let document =
                json!({ "version": 1, "rules": total, "faults": faults, "notes": notes });
            context.printer.result(&document, |_| {
                let lines = notes.iter().map(|note| format!("note {note}"));
                let lines = lines.chain(faults.iter().cloned());
                let mut out: String = lines.map(|line| format!("{}\n", safe(&line))).collect();
                let notes = count(notes.len() as u64, "note", "notes");
                let _ = writeln!(out, "{total} rules, {} faults, {notes}", faults.len());
                out
            });
            Ok(if faults.is_empty() { 0 } else { 3 })
        }
        Action::Test(args) => test(args, context),
    }
}

fn test(args: &TestArgs, context: &Context<'_>) -> Result<u8, Error> {
    let text = match &args.file {
        Some(file) => read_file(file)?.expose_secret().to_vec(),
        None => {
            let mut bytes = vec![];
            io::stdin().lock().take(MAX_TEXT + 1).read_to_end(&mut bytes).map_err(|error| {
                let why = format!("Stdin cannot be read: {}.", error.kind());
                Error::new("DISK_ERROR", why, "Pipe text in, or name a file.")
            })?;
            bytes
        }
    };
    if text.len() as u64 > MAX_TEXT {
        let why = "The text is larger than 1 MiB.";
        return Err(Error::new("USAGE", why, "`keyward scan` takes any size."));
    }
    let told = test_rules(&args.rules, &text, args.file.as_deref(), args.rule.as_deref())?;
    context.printer.result(&told, text_of);
    Ok(u8::from(told.found > 0))
}

fn text_of(told: &RuleTest) -> String {
    let mut out = String::new();
    for one in &told.rules {
        explain(&mut out, one);
    }
    let tried = count(told.tried as u64, "rule", "rules");
    let _ = writeln!(out, "{tried} tried: {} of them find something.", told.found);
    out
}

fn explain(out: &mut String, one: &Explanation) {
    let says = match one.verdict {
        Verdict::Found => "finds",
        Verdict::Refused => "refuses what it matched",
        Verdict::NoMatch => "does not match",
        Verdict::NoKeyword => "was not tried: none of its keywords is in the text",
    };
    let _ = writeln!(out, "{} {says}", safe(&one.rule));
    if !one.keywords.is_empty() {
        let _ = writeln!(out, "  keywords  {}", safe(&one.keywords.join(", ")));
    }
    for matched in &one.matches {
        let _ = writeln!(
            out,
            "  {}:{}  {}  entropy {:.2}{}{}",
            matched.line,
            matched.column,
            safe(&matched.secret),
            matched.entropy,
            matched.least_entropy.map(|least| format!(" of {least:.2}")).unwrap_or_default(),
            matched.check.as_ref().map(|check| format!(", check {check}")).unwrap_or_default(),
        );
        if let Some(confidence) = matched.confidence {
            let _ = writeln!(out, "        found, confidence {}", confidence.as_str());
        }
        if let Some(why) = &matched.why {
            let _ = writeln!(out, "        {}", safe(why));
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
