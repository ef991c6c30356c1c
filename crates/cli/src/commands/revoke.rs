//! `keyward revoke NAME|--finding FP`: revoke first, investigate second.

use keyward_app::view::RunView;
use keyward_app::{Error, Keyward};
use serde_json::json;

use crate::commands::rotate;
use crate::commands::scan::cancellable;
use crate::context::Context;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of the entry, or its last parts
    #[arg(required_unless_present = "finding")]
    name: Option<String>,
    /// A finding of the last scans that is one of your values, by its fingerprint
    #[arg(long, value_name = "FP", conflicts_with = "name")]
    finding: Option<String>,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward()?;
    let what = args.name.as_deref().or(args.finding.as_deref()).unwrap_or_default();
    let question = format!("Revoke {what} now? What uses it stops working.");
    if !context.confirm(&question)? {
        return Err(Error::new(
            "NO_INPUT",
            "Nothing was revoked: it was not confirmed.",
            "`--yes` confirms it.",
        ));
    }
    let printer = context.printer;
    let tell = &mut |view: &RunView| printer.progress(&format!("{}: {}", view.entry, view.state));
    let (view, note) = match (&args.name, &args.finding) {
        (Some(name), _) => {
            let view = cancellable(|cancel| keyward.revoke(name, cancel, tell));
            (Some(view), None)
        }
        (None, Some(finding)) => by_finding(&keyward, finding, tell),
        (None, None) => (None, None),
    };
    printer.progress("");
    let mut status = 0;
    if let Some(view) = view {
        let view = view?;
        let waits = view.steps.iter().any(|step| step.id == "revoke" && step.state != "done");
        status = u8::from(waits);
        printer.result(&view, |view| {
            let first = if waits { "NOT revoked yet: it waits for you.\n" } else { "" };
            format!("{first}{}", rotate::text(view))
        });
    }
    if let Some(note) = note {
        let (entry, number) = note?;
        let view = json!({ "version": 1, "entry": &entry, "revoked_version": number });
        printer.result(&view, |_| {
            format!(
                "Version {number} of {entry} is revoked; the current one is another and stays.\n"
            )
        });
    }
    Ok(status)
}

type Outcome = (Option<Result<RunView, Error>>, Option<Result<(String, u32), Error>>);

fn by_finding(keyward: &Keyward, finding: &str, tell: &mut dyn FnMut(&RunView)) -> Outcome {
    match cancellable(|cancel| keyward.revoke_finding(finding, cancel, tell)) {
        Ok((_, _, Some(view))) => (Some(Ok(view)), None),
        Ok((entry, number, None)) => (None, Some(Ok((entry, number)))),
        Err(error) => (Some(Err(error)), None),
    }
}
