//! `keyward destination add|list|remove|push|check`: places that hold a copy of a value.

use std::fmt::Write as _;

use keyward_app::Error;
use keyward_app::input::NewPlace;
use keyward_app::view::{DestinationList, DestinationRow};

use crate::context::Context;
use crate::printer::{day, safe, table};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a place known that holds a copy; nothing is written there
    Add {
        /// Name of the entry, or its last parts
        name: String,
        #[command(subcommand)]
        kind: Kind,
    },
    /// List the places, and where entries were seen beside them
    List {
        /// Only of this entry
        name: Option<String>,
    },
    /// Forget a place; what it holds stays there
    Remove {
        /// Its id, or how it ends
        id: String,
    },
    /// Write the current value to the places of an entry
    Push {
        /// Name of the entry, or its last parts
        name: String,
        /// Only to this place
        #[arg(long, value_name = "ID")]
        only: Option<String>,
    },
    /// Look whether the places of an entry hold the current value
    Check {
        /// Name of the entry, or its last parts
        name: String,
        /// Only at this place
        #[arg(long, value_name = "ID")]
        only: Option<String>,
    },
}

#[derive(Debug, clap::Subcommand)]
enum Kind {
    /// A line of an .env file
    Dotenv {
        /// The file
        path: String,
        /// The variable; the entry's own when not given
        #[arg(long)]
        var: Option<String>,
    },
    /// A file that holds the value and nothing else
    File {
        /// The file
        path: String,
    },
    /// A secret of AWS Secrets Manager
    SecretsManager {
        /// Name or ARN of the secret
        secret: String,
        /// Region, such as eu-central-1
        #[arg(long)]
        region: String,
        /// A key of the JSON object that the secret is
        #[arg(long)]
        field: Option<String>,
        /// Another address than Amazon's
        #[arg(long, value_name = "URL")]
        endpoint: Option<String>,
        /// The entry with which it is written
        #[arg(long, value_name = "NAME")]
        with: String,
    },
    /// A field of a secret in a KV version 2 store of Vault or OpenBao
    Kv {
        /// Path of the secret
        path: String,
        /// Address of the server
        #[arg(long, value_name = "URL")]
        address: String,
        /// Where the store is mounted; secret when not given
        #[arg(long)]
        mount: Option<String>,
        /// The field; the entry's variable when not given
        #[arg(long)]
        field: Option<String>,
        /// Namespace
        #[arg(long)]
        namespace: Option<String>,
        /// The entry with which it is written
        #[arg(long, value_name = "NAME")]
        with: String,
    },
    /// An Actions secret of a GitHub repository
    GithubActions {
        /// owner/name
        repository: String,
        /// Name of the secret; the entry's variable when not given
        #[arg(long)]
        secret: Option<String>,
        /// An environment of the repository
        #[arg(long)]
        environment: Option<String>,
        /// Another address than https://api.github.com
        #[arg(long, value_name = "URL")]
        endpoint: Option<String>,
        /// The entry with which it is written
        #[arg(long, value_name = "NAME")]
        with: String,
    },
    /// A CI/CD variable of a GitLab project
    GitlabCi {
        /// Numeric id, or group/project
        project: String,
        /// Name of the variable; the entry's own when not given
        #[arg(long)]
        key: Option<String>,
        /// Environment scope
        #[arg(long)]
        scope: Option<String>,
        /// Another address than https://gitlab.com
        #[arg(long, value_name = "URL")]
        endpoint: Option<String>,
        /// The entry with which it is written
        #[arg(long, value_name = "NAME")]
        with: String,
    },
    /// A key of a Secret in a Kubernetes manifest
    Kubernetes {
        /// The manifest
        path: String,
        /// metadata.name of the Secret, where the file has several
        #[arg(long)]
        secret: Option<String>,
        /// The key; the entry's variable when not given
        #[arg(long)]
        key: Option<String>,
    },
    /// A command that reads the value from its standard input
    Command {
        /// A command that prints what is there, for `check`; split at blanks
        #[arg(long, value_name = "CMD")]
        check: Option<String>,
        /// The program and its arguments; no shell reads them
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
    /// A person does it
    ByHand {
        /// What to do and where
        note: String,
    },
}

pub fn run(args: Args, context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward()?;
    let printer = context.printer;
    let list = match args.action {
        Action::Add { name, kind } => {
            let row = keyward.destination_add(&name, &place(kind))?;
            printer.result(&row, |row| {
                format!(
                    "{} is a place of {}. `keyward destination push {}` writes it; a rotation does by itself.\n",
                    safe(&row.place), row.entry, row.entry
                )
            });
            return Ok(0);
        }
        Action::Remove { id } => {
            let row = keyward.destination_remove(&id)?;
            printer.result(&row, |row| {
                format!(
                    "{} is no place of {} any more. What it holds is still there.\n",
                    safe(&row.place),
                    row.entry
                )
            });
            return Ok(0);
        }
        Action::List { name } => keyward.destinations(name.as_deref())?,
        Action::Push { name, only } => keyward.destination_push(&name, only.as_deref())?,
        Action::Check { name, only } => keyward.destination_check(&name, only.as_deref())?,
    };
    printer.result(&list, list_text);
    let behind = |row: &DestinationRow| {
        matches!(row.state.as_str(), "behind" | "other" | "absent" | "failed")
    };
    Ok(u8::from(list.destinations.iter().any(behind)))
}

fn place(kind: Kind) -> NewPlace {
    let new = |kind: &str| NewPlace { kind: kind.to_owned(), ..NewPlace::default() };
    match kind {
        Kind::Dotenv { path, var } => NewPlace { path: Some(path), key: var, ..new("dotenv") },
        Kind::File { path } => NewPlace { path: Some(path), ..new("file") },
        Kind::SecretsManager { secret, region, field, endpoint, with } => NewPlace {
            secret: Some(secret),
            region: Some(region),
            key: field,
            address: endpoint,
            credential: Some(with),
            ..new("secrets-manager")
        },
        Kind::Kv { path, address, mount, field, namespace, with } => NewPlace {
            path: Some(path),
            address: Some(address),
            mount,
            key: field,
            namespace,
            credential: Some(with),
            ..new("kv")
        },
        Kind::GithubActions { repository, secret, environment, endpoint, with } => NewPlace {
            project: Some(repository),
            key: secret,
            environment,
            address: endpoint,
            credential: Some(with),
            ..new("github-actions")
        },
        Kind::GitlabCi { project, key, scope, endpoint, with } => NewPlace {
            project: Some(project),
            key,
            environment: scope,
            address: endpoint,
            credential: Some(with),
            ..new("gitlab-ci")
        },
        Kind::Kubernetes { path, secret, key } => {
            NewPlace { path: Some(path), secret, key, ..new("kubernetes") }
        }
        Kind::Command { check, command } => {
            let check = check.unwrap_or_default();
            let check = check.split_whitespace().map(str::to_owned).collect();
            NewPlace { argv: command, check, ..new("command") }
        }
        Kind::ByHand { note } => NewPlace { note: Some(note), ..new("by-hand") },
    }
}

fn list_text(list: &DestinationList) -> String {
    let rows = &list.destinations;
    let mut out = String::new();
    if rows.is_empty() {
        out.push_str("No places. `keyward destination add NAME dotenv .env` makes one known.\n");
    } else {
        let column = |cell: fn(&DestinationRow) -> String| rows.iter().map(cell).collect();
        out = table(&[
            ("ID", column(|row| row.id[row.id.len().saturating_sub(6)..].to_lowercase())),
            ("ENTRY", column(|row| row.entry.clone())),
            ("PLACE", column(|row| safe(&row.place))),
            ("HOLDS", column(|row| row.holds.map_or(String::new(), |n| format!("version {n}")))),
            ("STATE", column(|row| row.state.clone())),
            ("SINCE", column(|row| row.since.as_deref().map(day).unwrap_or_default().to_owned())),
        ]);
    }
    for row in rows {
        if let Some(note) = &row.note {
            let _ = writeln!(out, "{}: {}", safe(&row.place), safe(note));
        }
    }
    if !list.seen.is_empty() {
        out.push_str("Seen elsewhere:\n");
    }
    for seen in &list.seen {
        let _ = writeln!(
            out,
            "  {} version {} ({}, {}): {}",
            seen.entry,
            seen.version,
            seen.how,
            day(&seen.last),
            safe(&seen.place)
        );
    }
    out
}
