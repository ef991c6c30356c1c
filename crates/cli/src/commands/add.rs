//! `keyward add NAME`.

use keyward_app::Error;
use keyward_app::input::NewEntry;

use crate::commands::show;
use crate::context::{Context, rotate_days};
use crate::value::ValueSource;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// `project/env/name`, or the last part with --project and --env
    name: String,
    /// Not for values: they never stand on a command line
    #[arg(hide = true)]
    value: Option<String>,
    #[command(flatten)]
    fields: Fields,
    #[command(flatten)]
    source: ValueSource,
    /// Pass the guard against live and test mixed up; it is recorded
    #[arg(long)]
    force: bool,
}

/// The fields of an entry, for `add` and `edit`.
#[derive(Debug, Default, clap::Args)]
pub struct Fields {
    /// Environment variable that the entry becomes
    #[arg(long)]
    pub var: Option<String>,
    /// api-key, webhook-secret, token, password, private-key or other
    #[arg(long)]
    pub kind: Option<String>,
    /// Provider id, such as stripe
    #[arg(long)]
    pub provider: Option<String>,
    /// Project, when NAME lacks it
    #[arg(long)]
    pub project: Option<String>,
    /// Environment, when NAME lacks it
    #[arg(long)]
    pub env: Option<String>,
    /// live or test
    #[arg(long)]
    pub mode: Option<String>,
    /// Days between rotations, such as 90d, or never
    #[arg(long, value_name = "DAYS", allow_hyphen_values = true)]
    pub rotate_every: Option<String>,
    /// Day on which the provider ends the value (YYYY-MM-DD)
    #[arg(long, value_name = "DATE")]
    pub expires: Option<String>,
    /// Tag, several times if need be
    #[arg(long = "tag", value_name = "T")]
    pub tags: Vec<String>,
    /// The provider's console page
    #[arg(long)]
    pub url: Option<String>,
    /// Who answers for it
    #[arg(long)]
    pub owner: Option<String>,
    /// Free text
    #[arg(long)]
    pub notes: Option<String>,
    /// What is known of the provider's IP allowlist for it
    #[arg(long)]
    pub ip_note: Option<String>,
}

pub fn run(args: Args, context: &Context<'_>) -> Result<u8, Error> {
    if args.value.is_some() {
        return Err(Error::new(
            "USE_STDIN",
            "A value on the command line shows in `ps` and stays in the shell's history. Nothing was stored.",
            "Pipe it in with --stdin, or leave it out to be asked. If it is a real one, rotate it.",
        ));
    }
    let fields = args.fields;
    let name =
        keyward_app::full_name(&args.name, fields.project.as_deref(), fields.env.as_deref())?;
    let value = args.source.read(context, &format!("Value of {name}: "))?;
    let input = NewEntry {
        name,
        kind: fields.kind,
        provider: fields.provider,
        mode: fields.mode,
        var: fields.var,
        rotate_days: fields.rotate_every.as_deref().map(rotate_days).transpose()?,
        expires: fields.expires,
        tags: fields.tags,
        owner: fields.owner,
        url: fields.url,
        notes: fields.notes,
        ip_note: fields.ip_note,
        force: args.force,
    };
    let detail = context.keyward()?.add(&input, &value)?;
    context
        .printer
        .result(&detail, |detail| format!("Stored {}.\n{}", detail.entry.name, show::text(detail)));
    Ok(0)
}
