//! `keyward issue create|list|verify|revoke|hash`: keys that the user issues to others.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use keyward_app::input::parse_time;
use keyward_app::input::{ExpectedKey, NewIssuedKey, Secret};
use keyward_app::view::{IssuedKeyList, IssuedKeyRow};
use keyward_app::{Error, Keyward, outfile};
use secrecy::ExposeSecret as _;

use crate::commands::copy;
use crate::context::{Context, parse_seconds};
use crate::printer::{count, day, safe, table};
use crate::value::ValueSource;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make a key and hand it out once; only its hash is kept
    Create(CreateArgs),
    /// List the keys that were issued
    List {
        /// Take this for now (RFC 3339 or Unix seconds)
        #[arg(long, value_name = "TIME", value_parser = parse_time)]
        at: Option<Timestamp>,
    },
    /// Say whether a key is valid: exit status 0, or 1
    Verify(VerifyArgs),
    /// Revoke a key, for good
    Revoke {
        /// The key's id: the eight characters after its prefix
        id: String,
    },
    /// Print the Argon2id line of a key, for your own database
    Hash {
        /// The key's id
        id: String,
    },
}

#[derive(Debug, clap::Args)]
struct CreateArgs {
    /// What the key begins with, such as acme_live
    #[arg(long)]
    prefix: String,
    /// Whom or what it is for
    #[arg(long)]
    label: Option<String>,
    /// Day from which it is refused (YYYY-MM-DD, UTC), or days such as 90d
    #[arg(long, value_name = "DATE")]
    expires: Option<String>,
    /// Project it belongs to
    #[arg(long)]
    project: Option<String>,
    /// Environment it belongs to
    #[arg(long)]
    env: Option<String>,
    /// Argon2id parameters of the hash, for a small server such as m=19456,t=2,p=1
    #[arg(long, value_name = "PARAMS")]
    argon2: Option<String>,
    /// Print the key
    #[arg(long, group = "way")]
    reveal: bool,
    /// Put the key on the clipboard
    #[arg(long, group = "way")]
    copy: bool,
    /// Write the key into a new file that only you can read
    #[arg(long, value_name = "F", group = "way")]
    out: Option<PathBuf>,
    /// With --copy: clear the clipboard after this time, such as 30s
    #[arg(long, value_name = "TIME", value_parser = parse_seconds)]
    clear_after: Option<u64>,
}

#[derive(Debug, clap::Args)]
struct VerifyArgs {
    /// The id of the key that it has to be
    id: Option<String>,
    /// The prefix that it has to have
    #[arg(long)]
    prefix: Option<String>,
    #[command(flatten)]
    source: ValueSource,
    /// Take this for now (RFC 3339 or Unix seconds)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<Timestamp>,
}

pub fn run(args: Args, context: &Context<'_>) -> Result<u8, Error> {
    match args.action {
        Action::Create(args) => create(args, context),
        Action::List { at } => {
            let list = context.keyward_at(at)?.issue_list()?;
            context.printer.result(&list, list_text);
            Ok(0)
        }
        Action::Verify(args) => verify(args, context),
        Action::Revoke { id } => {
            let view = context.keyward()?.issue_revoke(&id)?;
            context.printer.result(&view, |view| {
                let when = view.key.revoked.as_deref().map_or("", day);
                format!(
                    "{} is revoked since {when}. A server of yours that has its hash must hear of it too.\n",
                    name(&view.key)
                )
            });
            Ok(0)
        }
        Action::Hash { id } => {
            let hash = context.keyward()?.issue_hash(&id)?;
            context.printer.result(&hash, |hash| format!("{}\n", hash.hash));
            if hash.state != "active" {
                context.printer.say(&format!("Note: this key is {}.", hash.state));
            }
            Ok(0)
        }
    }
}

fn create(args: CreateArgs, context: &Context<'_>) -> Result<u8, Error> {
    let printer = context.printer;
    check_way(&args, printer.is_json())?;
    let keyward = context.keyward()?;
    let input = NewIssuedKey {
        prefix: args.prefix,
        label: args.label,
        expires: args.expires,
        project: args.project,
        env: args.env,
        cost: args.argon2,
    };
    let hand_over = |key: &Secret| {
        if args.reveal {
            printed(context, key).map(|()| "It is shown this once".to_owned())
        } else if let Some(path) = &args.out {
            write(path, key)?;
            Ok(format!("It is in {}", safe(&path.display().to_string())))
        } else {
            let seconds = copied(&keyward, key, args.clear_after)?;
            Ok(format!("It is on the clipboard for {seconds} seconds"))
        }
    };
    let (view, handed) = keyward.issue_create(&input, hand_over)?;
    if printer.is_json() {
        printer.document(&view);
    }
    printer.say(&format!(
        "Issued {}.\n{handed} and kept nowhere else. `keyward issue hash {}` prints what a server of yours stores.",
        name(&view.key),
        view.key.id,
    ));
    Ok(0)
}

/// A key is made only when it is said where it goes.
fn check_way(args: &CreateArgs, json: bool) -> Result<(), Error> {
    let usage = |what: &str, hint: &str| Err(Error::new("USAGE", what, hint));
    if !args.reveal && !args.copy && args.out.is_none() {
        return usage(
            "A key can be shown only when it is made, and it was not said where. No key was issued.",
            "Add --copy (clipboard), --reveal (print it) or --out FILE.",
        );
    }
    if args.reveal && json {
        return usage(
            "A value is never part of JSON output. No key was issued.",
            "With --json use --copy or --out FILE.",
        );
    }
    if args.clear_after.is_some() && !args.copy {
        return usage("--clear-after belongs to --copy. No key was issued.", "Add --copy.");
    }
    match &args.out {
        Some(path) => new_file(path),
        None => Ok(()),
    }
}

/// Refuses a path at which something stands: a file of the user's is never lost to a key.
fn new_file(path: &Path) -> Result<(), Error> {
    if path == Path::new("-") {
        return Err(Error::new("USAGE", "`-` is no file. No key was issued.", "Use --reveal."));
    }
    outfile::check(path)?;
    if path.exists() {
        return Err(Error::new(
            "NAME_EXISTS",
            "There is a file at that path already. No key was issued.",
            "Choose another name.",
        ));
    }
    Ok(())
}

/// Exactly the key's bytes; only on a terminal a line end after it, so that it can be read.
fn printed(context: &Context<'_>, key: &Secret) -> Result<(), Error> {
    context.printer.bytes(key.expose_secret());
    if io::stdout().is_terminal() {
        context.printer.bytes(b"\n");
    }
    if context.printer.is_closed() {
        return Err(Error::new("DISK_ERROR", "The key could not be printed.", "Use --copy."));
    }
    Ok(())
}

fn write(path: &Path, key: &Secret) -> Result<(), Error> {
    new_file(path)?;
    outfile::write(path, key.expose_secret(), true)
}

fn copied(keyward: &Keyward, key: &Secret, after: Option<u64>) -> Result<u64, Error> {
    let seconds = match after {
        Some(seconds) => seconds,
        None => u64::from(keyward.settings()?.clear_after),
    };
    match copy::to_clipboard(key, seconds) {
        Ok(()) => Ok(seconds),
        Err(error) => Err(Error { hint: "Use --out FILE or --reveal.".to_owned(), ..error }),
    }
}

fn verify(args: VerifyArgs, context: &Context<'_>) -> Result<u8, Error> {
    if args.source.generate.is_some() {
        return Err(Error::new("USAGE", "--generate makes no key to verify.", "Use --stdin."));
    }
    let keyward = context.keyward_at(args.at)?;
    if let Some(id) = &args.id {
        // Asked first: a key in the place of its id is not to be asked for again.
        keyward.issue_find(id)?;
    }
    let key = args.source.read(context, "Key: ")?;
    let expected = ExpectedKey { id: args.id, prefix: args.prefix };
    let verdict = keyward.issue_verify(&key, &expected)?;
    context.printer.result(&verdict, |verdict| {
        let label = verdict.key.as_ref().and_then(|key| key.label.as_deref());
        let label = label.map(|label| format!(" ({})", safe(label))).unwrap_or_default();
        format!("{}: {}{label}\n", verdict.verdict, verdict.message)
    });
    Ok(u8::from(verdict.verdict != "valid"))
}

/// A key's id, prefix and label, for a sentence.
fn name(key: &IssuedKeyRow) -> String {
    let label = key.label.as_deref().map(|label| format!(", {}", safe(label))).unwrap_or_default();
    let until = key.expires.as_deref().map(|day| format!(", until {day}")).unwrap_or_default();
    format!("{}_{}…{label}{until}", key.prefix, key.id)
}

fn list_text(list: &IssuedKeyList) -> String {
    if list.keys.is_empty() {
        return "No keys were issued. `keyward issue create --prefix NAME --copy` makes one.\n"
            .to_owned();
    }
    let column = |cell: fn(&IssuedKeyRow) -> String| list.keys.iter().map(cell).collect();
    let table = table(&[
        ("ID", column(|key| key.id.clone())),
        ("PREFIX", column(|key| key.prefix.clone())),
        ("FOR", column(place)),
        ("CREATED", column(|key| day(&key.created).to_owned())),
        ("EXPIRES", column(|key| key.expires.clone().unwrap_or_else(|| "never".to_owned()))),
        ("VERIFIED", column(|key| key.verified.as_deref().map_or("never", day).to_owned())),
        ("STATE", column(|key| key.state.clone())),
    ]);
    format!("{table}{}\n", count(list.keys.len() as u64, "key", "keys"))
}

/// Label, project and environment in one cell.
fn place(key: &IssuedKeyRow) -> String {
    let place = [&key.project, &key.env].into_iter().flatten().cloned().collect::<Vec<_>>();
    let parts = [key.label.clone().unwrap_or_default(), place.join("/")];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}
