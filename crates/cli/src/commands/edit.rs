//! `keyward edit NAME`.

use keyward_app::Error;
use keyward_app::input::EntryEdit;

use crate::commands::add::Fields;
use crate::commands::show;
use crate::context::{Context, rotate_days};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Name of the entry, or its last parts
    name: String,
    /// New name, `project/env/name`
    #[arg(long, value_name = "NAME")]
    rename: Option<String>,
    #[command(flatten)]
    fields: Fields,
}

pub fn run(args: Args, context: &Context<'_>) -> Result<u8, Error> {
    let fields = args.fields;
    let keyward = context.keyward()?;
    let mut name = args.rename;
    if name.is_none() && (fields.project.is_some() || fields.env.is_some()) {
        // Moving to another project or environment keeps the rest of the name.
        let row = keyward.show(&args.name)?.entry;
        let last = row.name.rsplit('/').next().unwrap_or_default().to_owned();
        let project = fields.project.unwrap_or(row.project);
        let env = fields.env.unwrap_or(row.env);
        name = Some(format!("{project}/{env}/{last}"));
    }
    let edit = EntryEdit {
        name,
        kind: fields.kind,
        provider: fields.provider,
        mode: fields.mode,
        var: fields.var,
        rotate_days: fields.rotate_every.as_deref().map(rotate_days).transpose()?,
        expires: fields.expires,
        tags: (!fields.tags.is_empty()).then_some(fields.tags),
        owner: fields.owner,
        url: fields.url,
        notes: fields.notes,
        ip_note: fields.ip_note,
    };
    let detail = keyward.edit(&args.name, &edit)?;
    context
        .printer
        .result(&detail, |detail| format!("{}\n{}", detail.entry.name, show::text(detail)));
    Ok(0)
}
