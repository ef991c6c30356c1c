//! `keyward passphrase set|change|remove|status`.

use std::path::PathBuf;

use keyward_app::input::Secret;
use keyward_app::view::LockStatus;
use keyward_app::{Error, spoken};
use secrecy::ExposeSecret as _;

use crate::context::Context;
use crate::printer::{count, day};
use crate::value;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Set a passphrase: from then on no value is read without it
    Set {
        /// File with the passphrase
        #[arg(long, value_name = "F")]
        passphrase_file: Option<PathBuf>,
    },
    /// Change the passphrase
    Change {
        /// File with the passphrase as it is
        #[arg(long, value_name = "F")]
        passphrase_file: Option<PathBuf>,
        /// File with the new one
        #[arg(long, value_name = "F")]
        new_passphrase_file: Option<PathBuf>,
    },
    /// Remove the passphrase
    Remove {
        /// File with the passphrase
        #[arg(long, value_name = "F")]
        passphrase_file: Option<PathBuf>,
    },
    /// Say whether there is a passphrase, and whether the vault is locked
    Status,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward()?;
    let before = keyward.lock_status()?;
    let status = match &args.action {
        Action::Status => before,
        Action::Set { passphrase_file } => {
            let status = match (passphrase_file, before.behind) {
                // One that was cut off is known already and is not chosen again.
                (None, behind) if !before.passphrase || behind == 0 => {
                    refuse_second(&before)?;
                    keyward.passphrase_set(&chosen(None, context)?)?
                }
                (file, _) => keyward.passphrase_set(&given(file.as_ref(), context)?)?,
            };
            context.printer.say("The passphrase is set. Without it no value can be read: not by Keyward, and not from the keychain. Nobody can bring it back, so keep it with a backup.");
            status
        }
        Action::Change { passphrase_file, new_passphrase_file } => {
            let old = given(passphrase_file.as_ref(), context)?;
            let new = chosen(new_passphrase_file.as_ref(), context)?;
            let status = keyward.passphrase_change(&old, &new)?;
            context.printer.say("The passphrase is changed. A copy of the database from before still opens with the old one.");
            status
        }
        Action::Remove { passphrase_file } => {
            let status = keyward.passphrase_remove(&given(passphrase_file.as_ref(), context)?)?;
            context
                .printer
                .say("The passphrase is removed. Whoever opens the keychain has the values.");
            status
        }
    };
    context.printer.result(&status, text);
    Ok(0)
}

/// Says it before somebody thinks of a passphrase twice.
fn refuse_second(status: &LockStatus) -> Result<(), Error> {
    if !status.passphrase {
        return Ok(());
    }
    Err(Error::new(
        "PASSPHRASE_STATE",
        "There is a passphrase already. Nothing was changed.",
        "`keyward passphrase change` gives another one.",
    ))
}

/// The passphrase as it is.
pub fn given(file: Option<&PathBuf>, context: &Context<'_>) -> Result<Secret, Error> {
    match file {
        Some(path) => value::read_file(path),
        None => context.ask("Passphrase of the vault: "),
    }
}

/// A new one, typed twice.
fn chosen(file: Option<&PathBuf>, context: &Context<'_>) -> Result<Secret, Error> {
    if let Some(path) = file {
        return value::read_file(path);
    }
    let first = context.ask("New passphrase: ")?;
    let second = context.ask("The same again: ")?;
    if first.expose_secret() == second.expose_secret() {
        return Ok(first);
    }
    Err(Error::new(
        "PASSPHRASE_UNFIT",
        "The two passphrases differ. Nothing was changed.",
        "Type the same one twice.",
    ))
}

pub fn text(status: &LockStatus) -> String {
    if !status.passphrase {
        return "No passphrase. Whoever opens the keychain has the values.\n".to_owned();
    }
    let mut out = match (status.locked, status.unlocked_for) {
        (true, _) => "Locked.".to_owned(),
        (false, Some(seconds)) => format!("Unlocked for {} more.", spoken(seconds)),
        (false, None) => "Unlocked for this command.".to_owned(),
    };
    if let Some(since) = &status.since {
        out.push_str(&format!(" The passphrase is of {}.", day(since)));
    }
    if status.wait > 0 {
        out.push_str(&format!(" Another try has to wait {}.", spoken(status.wait)));
    }
    if status.behind > 0 {
        let behind = count(status.behind, "value has", "values have");
        out.push_str(&format!(
            " Setting or removing it was cut off: {behind} not followed; do it again to finish."
        ));
    }
    out.push('\n');
    out
}
