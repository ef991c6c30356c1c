//! `keyward rotate NAME`: start, take steps, give up.

use std::fmt::Write as _;

use keyward_app::Error;
use keyward_app::view::RunView;
use serde_json::json;

use crate::context::Context;
use crate::printer::day;
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
    #[command(flatten)]
    source: ValueSource,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward()?;
    let new_value = |name: &str| args.source.read(context, &format!("New value of {name}: "));
    let view = if args.start {
        // The value is read first: a run is not begun for one that cannot be had.
        let value = if args.source.is_given() { Some(new_value(&args.name)?) } else { None };
        let view = keyward.rotation_start(&args.name)?;
        match value {
            Some(value) => keyward.rotation_next(&args.name, Some(&value))?,
            None => view,
        }
    } else if args.next {
        let waiting = keyward
            .rotation_status(&args.name)?
            .and_then(|view| view.next)
            .is_some_and(|next| next.needs_value);
        let value =
            if waiting || args.source.is_given() { Some(new_value(&args.name)?) } else { None };
        keyward.rotation_next(&args.name, value.as_ref())?
    } else if args.abort {
        keyward.rotation_abort(&args.name)?
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

/// The five steps and what comes next.
pub fn text(view: &RunView) -> String {
    let mut out = format!("Rotation of {}: {}\n", view.entry, view.state);
    for step in &view.steps {
        let mark = match step.state.as_str() {
            "done" => "[x]",
            "now" => "[>]",
            _ => "[ ]",
        };
        let done = step.done.as_deref().map(|at| format!(", {}", day(at))).unwrap_or_default();
        let _ = writeln!(out, "  {mark} {}{done}", step.title);
    }
    if let Some(next) = &view.next {
        let _ = writeln!(out, "Next: {}. {}", next.title, next.text);
        if let Some(url) = &next.console_url {
            let _ = writeln!(out, "Console: {url}");
        }
        let value = if next.needs_value { " --stdin" } else { "" };
        let _ = writeln!(out, "Then: keyward rotate {} --next{value}", view.entry);
    }
    out
}
