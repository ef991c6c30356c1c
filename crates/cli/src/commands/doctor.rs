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
            let mark = if check.ok { "ok " } else { "BAD" };
            let code = check.code.as_deref().map(|code| format!(" [{code}]")).unwrap_or_default();
            let _ = writeln!(out, "{mark} {:<9}{code} {}", check.id, safe(&check.message));
            if let Some(hint) = &check.hint {
                let _ = writeln!(out, "              {}", safe(hint));
            }
        }
        out
    });
    let first = doctor.checks.iter().find_map(|check| check.code.as_deref());
    Ok(first.map_or(0, keyward_app::exit_status))
}
