//! `keyward doctor`.

use std::fmt::Write as _;

use keyward_app::Error;

use crate::context::Context;
use crate::printer::safe;

#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(context: &Context<'_>) -> Result<u8, Error> {
    let doctor = context.keyward()?.doctor();
    context.printer.result(&doctor, |doctor| {
        let mut out = String::new();
        for check in &doctor.checks {
            let mark = match (check.ok, &check.code) {
                (true, None) => "ok ",
                (true, Some(_)) => "!  ",
                (false, _) => "BAD",
            };
            let code = check.code.as_deref().map(|code| format!(" [{code}]")).unwrap_or_default();
            let _ = writeln!(out, "{mark} {:<9}{code} {}", check.id, safe(&check.message));
            if let Some(hint) = &check.hint {
                let _ = writeln!(out, "              {}", safe(hint));
            }
        }
        out
    });
    let first = doctor.checks.iter().find(|check| !check.ok);
    let first = first.and_then(|check| check.code.as_deref());
    Ok(first.map_or(0, keyward_app::exit_status))
}
