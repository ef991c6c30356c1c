//! `keyward rotate NAME`: start, take steps, let Keyward take them, give up, prove.

use std::fmt::Write as _;
use std::path::PathBuf;

use keyward_app::input::NewRun;
use keyward_app::view::{RunProof, RunView};
use keyward_app::{Error, Keyward};
use serde_json::json;

use crate::commands::scan::cancellable;
use crate::context::{Context, parse_seconds};
use crate::printer::{day, safe};
use crate::value::ValueSource;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of the entry, or its last parts
    name: String,
    /// Begin a run; with a value source the new value is taken at once
    #[arg(long, group = "step")]
    start: bool,
    /// Take the next step: hand in the new value, or say that the step was done
    #[arg(long, alias = "resume", group = "step")]
    next: bool,
    /// Give up before the new value is out; both values are kept
    #[arg(long, group = "step")]
    abort: bool,
    /// Show how far the run is (the default)
    #[arg(long, group = "step")]
    status: bool,
    /// Say that a place has the new value; --status shows the ids
    #[arg(long, value_name = "ID", group = "step")]
    placed: Option<String>,
    /// Write what was done and proved into a file: Markdown, or JSON if it ends in .json
    #[arg(long, value_name = "F", group = "step")]
    evidence: Option<PathBuf>,
    /// Let Keyward take the steps through the provider's interface, as far as it goes
    #[arg(long)]
    provider_api: bool,
    /// With --start: for how long both values work, such as 2h (1h when not given)
    #[arg(long, value_name = "TIME", value_parser = parse_seconds, requires = "start")]
    overlap: Option<u64>,
    /// Take a new value that does not look like one of the provider's; with --abort, do not wait for the
    /// provider
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    source: ValueSource,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    if args.provider_api && !(args.start || args.next) {
        return Err(Error::new(
            "USAGE",
            "`--provider-api` says how a run goes on.",
            "Give it with `--start` or `--resume`.",
        ));
    }
    let keyward = context.keyward()?;
    let new_value = |name: &str| args.source.read(context, &format!("New value of {name}: "));
    let view = if args.start {
        // The value is read first: a run is not begun for one that cannot be had.
        let value = if args.source.is_given() { Some(new_value(&args.name)?) } else { None };
        let overlap = args.overlap.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX));
        let how = NewRun { overlap, emergency: false };
        let view = keyward.rotation_start(&args.name, &how)?;
        let view = match value {
            Some(value) => keyward.rotation_next(&args.name, Some(&value), args.force)?,
            None => view,
        };
        if args.provider_api { drive(&keyward, &args.name, context)? } else { view }
    } else if args.next && args.provider_api {
        if args.source.is_given() {
            keyward.rotation_next(&args.name, Some(&new_value(&args.name)?), args.force)?;
        }
        drive(&keyward, &args.name, context)?
    } else if args.next {
        let waiting = keyward
            .rotation_status(&args.name)?
            .and_then(|view| view.next)
            .is_some_and(|next| next.needs_value);
        let value =
            if waiting || args.source.is_given() { Some(new_value(&args.name)?) } else { None };
        keyward.rotation_next(&args.name, value.as_ref(), args.force)?
    } else if args.abort {
        keyward.rotation_abort(&args.name, args.force)?
    } else if let Some(id) = &args.placed {
        keyward.rotation_acknowledge(&args.name, id)?
    } else if let Some(path) = &args.evidence {
        keyward.save_evidence(&args.name, path)?;
        let shown = path.display().to_string();
        let view = json!({ "version": 1, "path": &shown });
        context.printer.result(&view, |_| format!("Written to {}\n", safe(&shown)));
        return Ok(0);
    } else {
        match keyward.rotation_status(&args.name)? {
            Some(view) => view,
            None => {
                context.printer.result(&json!({ "version": 1, "run": null }), |_| {
                    "There was no rotation of this entry yet. `--start` begins one.\n".to_owned()
                });
                return Ok(0);
            }
        }
    };
    context.printer.result(&view, text);
    Ok(0)
}

fn drive(keyward: &Keyward, name: &str, context: &Context<'_>) -> Result<RunView, Error> {
    let tell =
        &mut |view: &RunView| context.printer.progress(&format!("{}: {}", view.entry, view.state));
    let driven = cancellable(|cancel| keyward.rotation_drive(name, cancel, tell));
    context.printer.progress("");
    driven
}

/// The steps, the places, the proofs, and what comes next.
pub fn text(view: &RunView) -> String {
    let first = if view.emergency { ", old key first" } else { "" };
    let mut out = format!("Rotation of {}{first}: {}\n", view.entry, view.state);
    for step in &view.steps {
        let mark = match step.state.as_str() {
            "done" => "[x]",
            "now" => "[>]",
            _ => "[ ]",
        };
        let done = step.done.as_deref().map(|at| format!(", {}", day(at))).unwrap_or_default();
        let _ = writeln!(out, "  {mark} {}{done}", step.title);
        if step.id == "deploy" {
            for place in &view.places {
                let mark = if place.done.is_some() { "x" } else { " " };
                let by = if place.by_hand { " (by hand)" } else { "" };
                let tail = place.id[place.id.len().saturating_sub(6)..].to_lowercase();
                let _ = writeln!(out, "        [{mark}] {}{by}  {tail}", safe(&place.place));
            }
        }
    }
    for proof in &view.proofs {
        let _ = writeln!(out, "{}", proved(proof));
    }
    if let Some(reason) = &view.reason {
        let _ = writeln!(out, "Given up: {}", safe(reason));
    }
    if let Some(next) = &view.next {
        let _ = writeln!(out, "Next: {}. {}", next.title, safe(&next.text));
        for click in &next.clicks {
            let _ = writeln!(out, "  - {}", safe(click));
        }
        if let Some(url) = &next.console_url {
            let _ = writeln!(out, "Console: {}", safe(url));
        }
        let flag = match (next.waits_for.as_str(), next.needs_value) {
            ("keyward" | "clock", false) => "--resume --provider-api",
            ("keyward", true) => "--resume --provider-api",
            (_, true) => "--next --stdin",
            (_, false) => "--next",
        };
        let _ = writeln!(out, "Then: keyward rotate {} {flag}", view.entry);
    }
    out
}

fn proved(proof: &RunProof) -> String {
    let (what, done) = match proof.of.as_str() {
        "old-dead" => ("the old key is refused", "revoked"),
        _ => ("the new key works", "made"),
    };
    let took = proof
        .after_ms
        .map_or(String::new(), |ms| format!(", {:.1} s after it was {done}", ms as f64 / 1000.0));
    let said = proof.said.as_deref().unwrap_or("a person saw it");
    format!("Proof: {what}: {}{took}", safe(said))
}
