//! `keyward runs`.

use keyward_app::Error;
use keyward_app::view::RunView;

use crate::context::Context;
use crate::printer::{day, table};

#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(context: &Context<'_>) -> Result<u8, Error> {
    let list = context.keyward()?.runs()?;
    context.printer.result(&list, |list| {
        if list.runs.is_empty() {
            return "No rotations yet. `keyward rotate NAME --start` begins one.\n".to_owned();
        }
        let column = |cell: fn(&RunView) -> String| list.runs.iter().map(cell).collect();
        table(&[
            ("ENTRY", column(|run| run.entry.clone())),
            ("STATE", column(|run| run.state.clone())),
            ("STARTED", column(|run| day(&run.started).to_owned())),
            ("NEXT", column(|run| run.next.as_ref().map(|n| n.title.clone()).unwrap_or_default())),
        ])
    });
    Ok(0)
}
