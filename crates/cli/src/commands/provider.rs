//! `keyward provider list|show|allow|forbid|connect|add`: which providers Keyward may talk to.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use keyward_app::Error;
use keyward_app::input::ConnectionEdit;
use keyward_app::view::{ConnectionView, ProviderList, ProviderRow};

use crate::context::Context;
use crate::printer::{safe, table};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the providers whose interface is known
    List,
    /// Show everything that is known of one
    Show {
        /// The provider's id
        id: String,
    },
    /// Let Keyward talk to a provider
    Allow {
        /// The provider's id
        id: String,
        /// Your own address for it: https, or http on this machine; empty for the built-in one
        #[arg(long, value_name = "URL")]
        endpoint: Option<String>,
    },
    /// No longer let Keyward talk to a provider
    Forbid {
        /// The provider's id
        id: String,
    },
    /// Tell a provider more of an entry; without flags, show what it is told
    Connect {
        /// Name of the entry, or its last parts
        name: String,
        /// The provider's id, where the entry does not say it
        #[arg(long, value_name = "ID")]
        provider: Option<String>,
        /// The entry that holds a stronger credential, for making and revoking
        #[arg(long, value_name = "NAME")]
        admin: Option<String>,
        /// Something that the provider has to be told, such as an account id; never a secret
        #[arg(long, value_name = "KEY=VALUE")]
        param: Vec<String>,
    },
    /// Take in a connector of your own (TOML)
    Add {
        /// The file
        file: PathBuf,
    },
}

pub fn run(args: Args, context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward()?;
    let printer = context.printer;
    match args.action {
        Action::List => printer.result(&keyward.providers()?, list_text),
        Action::Show { id } => {
            let list = keyward.providers()?;
            let found = list.providers.into_iter().find(|row| row.id == id);
            let row = found.ok_or_else(|| {
                Error::new(
                    "PROVIDER_UNKNOWN",
                    format!("No interface of a provider `{}` is known.", safe(&id)),
                    "`keyward provider list` shows those that are.",
                )
            })?;
            printer.result(&row, show_text);
        }
        Action::Allow { id, endpoint } => {
            let row = keyward.allow_provider(&id, true, endpoint.as_deref())?;
            printer.result(&row, |row| {
                let place = row
                    .endpoint
                    .as_deref()
                    .map_or(String::new(), |url| format!(" at {}", safe(url)));
                format!(
                    "Keyward may talk to {}{place}: it is asked only when you say so.\n",
                    row.title
                )
            });
        }
        Action::Forbid { id } => {
            let row = keyward.allow_provider(&id, false, None)?;
            printer.result(&row, |row| format!("Keyward no longer talks to {}.\n", row.title));
        }
        Action::Connect { name, provider, admin, param } => {
            let edit = ConnectionEdit { provider, admin, parameters: parameters(&param)? };
            let nothing = edit.provider.is_none() && edit.admin.is_none() && param.is_empty();
            let view = match nothing {
                true => keyward.connection(&name)?,
                false => keyward.connect(&name, &edit)?,
            };
            printer.result(&view, connection_text);
        }
        Action::Add { file } => {
            let row = keyward.add_provider(&file)?;
            printer.result(&row, |row| {
                format!("{} is known as `{}`. Let Keyward talk to it with `keyward provider allow {}`.\n", row.title, row.id, row.id)
            });
        }
    }
    Ok(0)
}

fn parameters(given: &[String]) -> Result<BTreeMap<String, String>, Error> {
    let pair = |text: &String| {
        let (key, value) = text.split_once('=')?;
        Some((key.to_owned(), value.to_owned()))
    };
    given.iter().map(pair).collect::<Option<_>>().ok_or_else(|| {
        Error::new("USAGE", "A parameter is KEY=VALUE.", "For example `--param account=123456`.")
    })
}

fn list_text(list: &ProviderList) -> String {
    let column = |cell: fn(&ProviderRow) -> String| list.providers.iter().map(cell).collect();
    let mark = |yes: bool| if yes { "yes" } else { "" }.to_owned();
    let text = table(&[
        ("PROVIDER", column(|row| row.id.clone())),
        ("SHAPE", column(|row| row.shape.clone())),
        ("ASKS", list.providers.iter().map(|row| mark(row.can_check)).collect()),
        ("MAKES", list.providers.iter().map(|row| mark(row.can_create)).collect()),
        ("REVOKES", list.providers.iter().map(|row| mark(row.can_revoke)).collect()),
        ("TRIED", column(|row| row.tried.clone())),
        ("ALLOWED", list.providers.iter().map(|row| mark(row.allowed)).collect()),
    ]);
    format!(
        "{text}`keyward provider allow ID` lets Keyward talk to one; every other provider is rotated by hand, step by step.\n"
    )
}

fn show_text(row: &ProviderRow) -> String {
    let mut out = format!("{} ({})\n", row.title, row.id);
    let _ = writeln!(out, "  shape     {}", row.shape);
    let does: Vec<&str> =
        [(row.can_check, "asks"), (row.can_create, "makes"), (row.can_revoke, "revokes")]
            .iter()
            .filter(|(can, _)| *can)
            .map(|(_, word)| *word)
            .collect();
    let _ = writeln!(
        out,
        "  Keyward   {}",
        if does.is_empty() { "guides you by hand".to_owned() } else { does.join(", ") }
    );
    let _ = writeln!(out, "  allowed   {}", if row.allowed { "yes" } else { "no" });
    if let Some(url) = &row.endpoint {
        let _ = writeln!(out, "  endpoint  {}", safe(url));
    }
    let tried = match row.tried.as_str() {
        "real" => "the provider's own server",
        "simulated" => "a simulation of the provider",
        _ => {
            "a local server that answers as the documentation says; never against the provider itself"
        }
    };
    let _ = writeln!(out, "  tried on  {tried}");
    let _ = writeln!(out, "  console   {}", safe(&row.console));
    if let Some(admin) = &row.admin {
        let _ = writeln!(out, "  needs     {}", safe(admin));
    }
    for parameter in &row.parameters {
        let default = parameter.default.as_deref().filter(|text| !text.is_empty());
        let default = default.map_or(String::new(), |text| format!(" (else {text})"));
        let _ =
            writeln!(out, "  --param {}=…  {}{default}", parameter.name, safe(&parameter.about));
    }
    for note in &row.notes {
        let _ = writeln!(out, "  note      {}", safe(note));
    }
    for source in &row.sources {
        let _ = writeln!(out, "  source    {}", safe(source));
    }
    out
}

fn connection_text(view: &ConnectionView) -> String {
    let mut out = match &view.provider {
        Some(provider) => format!("{} is a key of {}.\n", view.entry, provider.title),
        None => format!("It is not known which provider {} is of.\n", view.entry),
    };
    if let Some(admin) = &view.admin {
        let _ = writeln!(out, "Made and revoked with {admin}.");
    }
    for (key, value) in &view.parameters {
        let _ = writeln!(out, "  {key} = {}", safe(value));
    }
    for missing in &view.missing {
        let _ = writeln!(out, "Missing: {}", safe(missing));
    }
    if view.missing.is_empty() && view.provider.is_some() {
        out.push_str("Nothing is missing.\n");
    }
    out
}
