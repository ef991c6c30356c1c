//! `keyward hook install|remove|status`, and `run` for Git.

use std::fmt::Write as _;
use std::io::{self, Read as _};
use std::path::PathBuf;

use keyward_app::scanner::{Confidence, Report};
use keyward_app::{Error, HookOptions, HookRun, HookStatus};
use serde_json::json;

use crate::commands::scan;
use crate::context::Context;
use crate::printer::{safe, state, table};

/// The lines that Git tells a pre-push hook have at most this many bytes.
const MAX_LINES: u64 = 64 * 1024 * 1024;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Look at every commit and every push of a repository; hooks that are there go on working
    Install {
        #[command(flatten)]
        place: Place,
        /// Let nothing pass when Keyward itself is gone
        #[arg(long)]
        strict: bool,
        #[command(flatten)]
        files: Files,
    },
    /// Take the hooks out and put back what was there before
    Remove {
        #[command(flatten)]
        place: Place,
    },
    /// Say how the hooks stand
    Status {
        #[command(flatten)]
        place: Place,
    },
    /// Do a hook's work; Git and hook managers call this
    Run {
        /// pre-commit or pre-push
        hook: Hook,
        /// The remote of a push, if it has a name
        remote: Option<String>,
        #[command(flatten)]
        files: Files,
    },
}

#[derive(Debug, clap::Args)]
struct Place {
    /// The repository, or a folder in it; this one when none
    #[arg(default_value = ".", hide_default_value = true)]
    path: PathBuf,
    /// For every repository, through your own Git config
    #[arg(long)]
    global: bool,
}

#[derive(Debug, clap::Args)]
struct Files {
    /// Leave out what this report or fingerprint list has already
    #[arg(long, value_name = "F")]
    baseline: Option<PathBuf>,
    /// Rule files: of your own, of gitleaks or of betterleaks
    #[arg(long, value_name = "F")]
    rules: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Hook {
    PreCommit,
    PrePush,
}

pub fn run(args: Args, context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward_unasked()?;
    let status = match args.action {
        Action::Install { place, strict, files: Files { baseline, rules } } => {
            let options = HookOptions { global: place.global, strict, baseline, rules };
            keyward.hook_install(&place.path, &options)?
        }
        Action::Remove { place } => keyward.hook_remove(&place.path, place.global)?,
        Action::Status { place } => keyward.hook_status(&place.path, place.global)?,
        Action::Run { hook, remote, files: Files { baseline, rules } } => {
            let hook = match hook {
                Hook::PreCommit => HookRun::PreCommit,
                Hook::PrePush => HookRun::PrePush { remote, lines: lines()? },
            };
            let options = HookOptions { baseline, rules, ..HookOptions::default() };
            return check(&hook, options, context);
        }
    };
    context.printer.result(&status, text);
    Ok(0)
}

fn lines() -> Result<Vec<u8>, Error> {
    let mut lines = vec![];
    io::stdin().lock().take(MAX_LINES).read_to_end(&mut lines).map_err(|error| {
        let why = format!("Stdin cannot be read: {}. Nothing was checked.", error.kind());
        Error::new("DISK_ERROR", why, "This is for Git to run.")
    })?;
    Ok(lines)
}

/// Scans for a hook. What is clean says nothing.
fn check(hook: &HookRun, options: HookOptions, context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward_unasked()?;
    let report =
        scan::watched(context, |shown, cancel| keyward.hook_run(hook, options, shown, cancel));
    let (word, command) = match hook {
        HookRun::PreCommit => ("committed", "git commit"),
        HookRun::PrePush { .. } => ("pushed", "git push"),
    };
    let skip = format!("`{command} --no-verify` goes on without the check.");
    let report = match report {
        Ok(report) => report,
        Err(error) => {
            context.printer.say(&format!("Nothing was {word}: it could not be checked. {skip}"));
            return Err(error);
        }
    };
    let Some(report) = report else {
        if context.printer.is_json() {
            context.printer.document(&json!({ "version": 1, "findings": [], "summary": null }));
        }
        return Ok(0);
    };
    let status = scan::status(&report, Confidence::Medium);
    if context.printer.is_json() {
        context.printer.document(&report);
    } else if status != 0 {
        context.printer.text(&scan::text(&report, Confidence::Medium));
    }
    if status != 0 {
        context.printer.say(&format!("Nothing was {word}. {} {skip}", next(&report)));
    }
    Ok(status)
}

fn next(report: &Report) -> &'static str {
    if report.findings.is_empty() {
        "Not everything could be read."
    } else {
        "Take the value out of the file; if it is no credential, mark its line `keyward:allow`."
    }
}

fn text(status: &HookStatus) -> String {
    let mut out = String::new();
    let by = match (&status.hooks_path, status.global) {
        (Some(_), true) => ", for every repository".to_owned(),
        (Some(scope), false) => format!(", by core.hooksPath of the {scope} config"),
        (None, true) => ", which Git is not sent to".to_owned(),
        (None, false) => String::new(),
    };
    let _ = writeln!(out, "Git looks for hooks in {}{by}.", safe(&status.folder));
    let column = |cell: &dyn Fn(&keyward_app::HookRow) -> String| {
        status.hooks.iter().map(cell).collect::<Vec<String>>()
    };
    out.push_str(&table(&[
        ("HOOK", column(&|row| row.name.clone())),
        ("STATE", column(&|row| state(row.state))),
        ("STRICT", column(&|row| if row.strict { "yes" } else { "" }.to_owned())),
        ("KEPT BY", column(&|row| row.manager.clone().unwrap_or_default())),
        ("RUNS FIRST", column(&|row| safe(row.first.as_deref().unwrap_or_default()))),
    ]));
    out
}
