//! `keyward backup create|list|verify|restore`; drills, kits and schedules are in `habit`.

mod habit;

use std::fmt::Write as _;
use std::path::PathBuf;

use keyward_app::view::{BackupReport, BackupRow, RestoreChange, RestoreReport};
use keyward_app::{Error, Key, Merge, RestoreOptions};
use secrecy::ExposeSecret as _;

use crate::context::Context;
use crate::printer::{count, day, safe, table};
use crate::value;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Write a backup, read it back and compare
    Create {
        /// The file to write
        #[arg(long, value_name = "F")]
        out: PathBuf,
        /// File with the passphrase
        #[arg(long, value_name = "P", conflicts_with = "recipient")]
        passphrase_file: Option<PathBuf>,
        /// age recipient, several times if need be
        #[arg(long, value_name = "age1…")]
        recipient: Vec<String>,
        /// Write ASCII armour
        #[arg(long)]
        armor: bool,
        /// Replace a file of that name
        #[arg(long)]
        force: bool,
    },
    /// List the backups this vault wrote
    List,
    /// Open a backup and check all of it
    Verify {
        /// The backup
        file: PathBuf,
        #[command(flatten)]
        opener: OpenerArgs,
    },
    /// Restore a backup
    Restore {
        /// The backup
        file: PathBuf,
        #[command(flatten)]
        opener: OpenerArgs,
        /// For entries that are in both: skip, newer or overwrite
        #[arg(long, default_value = "newer")]
        merge: String,
        /// Only show what would change
        #[arg(long)]
        dry_run: bool,
        /// Go on without entries that cannot be restored, and list them
        #[arg(long)]
        skip_bad: bool,
    },
    /// Rehearse a restore in memory and compare every value with the vault
    Drill {
        /// The backup; the newest that is there when not given
        file: Option<PathBuf>,
        #[command(flatten)]
        opener: OpenerArgs,
    },
    /// Make a recovery kit: an identity for you to keep, so that backups need no passphrase
    Kit {
        /// File to write, readable to you only; F.html is a page to print
        #[arg(long, value_name = "F", conflicts_with = "reveal")]
        out: Option<PathBuf>,
        /// Show it here, once
        #[arg(long)]
        reveal: bool,
    },
    /// Back up by itself: folders, times, and what is kept
    Schedule {
        #[command(subcommand)]
        action: habit::ScheduleAction,
    },
}

#[derive(Debug, clap::Args)]
struct OpenerArgs {
    /// File with the passphrase
    #[arg(long, value_name = "P", conflicts_with = "identity")]
    passphrase_file: Option<PathBuf>,
    /// age identity file
    #[arg(long, value_name = "I")]
    identity: Option<PathBuf>,
    /// Highest scrypt work factor that is done (18 uses 256 MiB)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=22))]
    max_work_factor: Option<u8>,
}

impl OpenerArgs {
    fn key(&self, context: &Context<'_>) -> Result<Key, Error> {
        match (&self.passphrase_file, &self.identity) {
            (Some(path), _) => Ok(Key::Passphrase(value::read_file(path)?)),
            (None, Some(path)) => Ok(Key::Identity(value::read_file(path)?)),
            (None, None) => Ok(Key::Passphrase(context.ask("Passphrase of the backup: ")?)),
        }
    }
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward()?;
    match &args.action {
        Action::Create { out, passphrase_file, recipient, armor, force } => {
            let key = match passphrase_file {
                Some(path) => Key::Passphrase(value::read_file(path)?),
                None if !recipient.is_empty() => Key::Recipients(recipient.clone()),
                None => Key::Passphrase(context.ask("Passphrase for the backup: ")?),
            };
            if let Key::Passphrase(words) = &key
                && !words.expose_secret().is_ascii()
            {
                context.printer.say(
                    "This passphrase has letters that systems store in more than one way; on another one you may have to type it otherwise.",
                );
            }
            let report = keyward.backup_create(out, &key, *armor, *force)?;
            context.printer.result(&report, |report| {
                let read = if report.opened {
                    "Written, read back, opened and compared."
                } else {
                    "Written and read back, byte for byte; open it once with `keyward backup verify F --identity I`."
                };
                format!("{}{read}\n", figures(report))
            });
        }
        Action::List => {
            let list = keyward.backups()?;
            if let Some(text) = &list.drill_due {
                context.printer.say(&format!("{text} `keyward backup drill` rehearses one."));
            }
            context.printer.result(&list, |list| {
                if list.backups.is_empty() {
                    return "No backups yet. `keyward backup create --out F` makes one.\n"
                        .to_owned();
                }
                let column =
                    |cell: fn(&BackupRow) -> String| list.backups.iter().map(cell).collect();
                table(&[
                    ("MADE", column(|row| day(&row.created).to_owned())),
                    ("ENTRIES", column(|row| row.entries.to_string())),
                    ("CHECKED", column(|row| row.verified.as_deref().map_or("no", day).to_owned())),
                    (
                        "FILE",
                        column(|row| match row.present {
                            true => row.path.clone(),
                            false => format!("{} (gone)", row.path),
                        }),
                    ),
                ])
            });
        }
        Action::Verify { file, opener } => {
            let report =
                keyward.backup_verify(file, &opener.key(context)?, opener.max_work_factor)?;
            context.printer.result(&report, |report| {
                let origin = match report.origin_proved {
                    Some(_) => "This vault wrote it.",
                    None => "Who wrote it is not proved: that vault's key is not here.",
                };
                format!("{}Good to its last byte. {origin}\n", figures(report))
            });
        }
        Action::Restore { file, opener, merge, dry_run, skip_bad } => {
            let key = opener.key(context)?;
            let options = RestoreOptions {
                merge: Merge::parse(merge)?,
                dry_run: true,
                skip_bad: *skip_bad,
                max_work_factor: opener.max_work_factor,
            };
            let preview = keyward.restore(file, &key, options)?;
            let changes = preview.changes.iter().filter(|change| change.apply).count();
            if *dry_run {
                context.printer.result(&preview, restore_text);
                return Ok(0);
            }
            if changes > 0 && !context.printer.is_json() {
                context.printer.say(restore_text(&preview).trim_end());
            }
            if changes > 0 && !context.confirm("Restore these entries?")? {
                context.printer.say("Nothing was changed.");
                return Ok(0);
            }
            let options = RestoreOptions { dry_run: false, ..options };
            let report = keyward.restore(file, &key, options)?;
            context.printer.result(&report, restore_text);
        }
        Action::Drill { file, opener } => {
            let factor = opener.max_work_factor;
            let report = keyward.backup_drill(file.as_deref(), &opener.key(context)?, factor)?;
            return Ok(habit::drill(&report, context));
        }
        Action::Kit { out, reveal } => {
            return habit::kit(out.as_deref(), *reveal, &keyward, context);
        }
        Action::Schedule { action: action @ habit::ScheduleAction::Run { .. } } => {
            // A timer starts it, so nobody is there to unlock anything.
            return habit::schedule(action, &context.keyward_unasked()?, context);
        }
        Action::Schedule { action } => return habit::schedule(action, &keyward, context),
    }
    Ok(0)
}

fn figures(report: &BackupReport) -> String {
    format!(
        "{}\n{}, {}, {} bytes, made {}\n",
        safe(&report.path),
        count(report.entries, "entry", "entries"),
        count(report.values, "value", "values"),
        report.size,
        report.created
    )
}

fn restore_text(report: &RestoreReport) -> String {
    let mut out = String::new();
    let shown: Vec<&RestoreChange> =
        report.changes.iter().filter(|change| change.change != "same").collect();
    for change in &shown {
        let note = change.note.as_deref().map(|note| format!(" ({note})")).unwrap_or_default();
        let kept = if change.apply { "" } else { ", left as it is" };
        let _ = writeln!(out, "  {:<8} {}{note}{kept}", change.change, safe(&change.name));
    }
    let applied = report.changes.iter().filter(|change| change.apply).count() as u64;
    let words = if report.applied { "Restored" } else { "Would restore" };
    let _ = writeln!(
        out,
        "{words} {} ({} added, {} changed, {} older, {} the same).",
        count(applied, "entry", "entries"),
        report.added,
        report.changed,
        report.older,
        report.same
    );
    if report.applied && applied == 0 {
        out.push_str("0 changes: everything in it is here already.\n");
    }
    for bad in &report.bad {
        let _ = writeln!(
            out,
            "  left out: entry {} {}: {}",
            bad.position,
            safe(&bad.name),
            safe(&bad.problem)
        );
    }
    for warning in &report.warnings {
        let _ = writeln!(out, "Odd: {}", safe(warning));
    }
    if let Some(before) = &report.before {
        let _ = writeln!(
            out,
            "The vault as it was: {}\nTo go back to it: `keyward backup restore` that file with `--merge overwrite`.",
            safe(before)
        );
    }
    if report.origin_proved.is_none() {
        let _ = writeln!(out, "Origin not proved: the key of the vault that wrote it is not here.");
    }
    out
}
