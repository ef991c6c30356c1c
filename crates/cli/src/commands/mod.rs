//! One file for each command: its flags, and how its view becomes text.

use keyward_app::Error;

use crate::args::Command;
use crate::context::Context;

pub mod add;
pub mod audit;
pub mod backup;
pub mod bin;
pub mod calendar;
pub mod check;
pub mod completions;
pub mod copy;
pub mod destination;
pub mod doctor;
pub mod due;
pub mod edit;
pub mod env;
pub mod get;
pub mod hook;
pub mod import;
pub mod issue;
pub mod list;
pub mod passphrase;
pub mod provider;
pub mod redact;
pub mod remind;
pub mod remove;
pub mod revoke;
pub mod rotate;
pub mod rules;
pub mod run;
pub mod runs;
pub mod scan;
pub mod settings;
pub mod show;
pub mod snooze;
pub mod unlock;
pub mod watch;
pub mod webhook;

/// Runs a command and returns the exit status.
pub fn run(command: Command, context: &Context<'_>) -> Result<u8, Error> {
    match command {
        Command::Add(args) => add::run(args, context),
        Command::List(args) => list::run(&args, context),
        Command::Show(args) => show::run(&args, context),
        Command::Get(args) => get::run(&args, context),
        Command::Copy(args) => copy::run(&args, context),
        Command::Edit(args) => edit::run(args, context),
        Command::Remove(args) => remove::run(&args, context),
        Command::Bin(args) => bin::run(&args, context),
        Command::Run(args) => run::run(&args, context),
        Command::Env(args) => env::run(&args, context),
        Command::Import(args) => import::run(&args, context),
        Command::Rotate(args) => rotate::run(&args, context),
        Command::Runs(_) => runs::run(context),
        Command::Revoke(args) => revoke::run(&args, context),
        Command::Check(args) => check::run(&args, context),
        Command::Provider(args) => provider::run(args, context),
        Command::Destination(args) => destination::run(args, context),
        Command::Due(args) => due::run(&args, context),
        Command::Snooze(args) => snooze::run(&args, context),
        Command::Remind(args) => remind::run(&args, context),
        Command::Calendar(args) => calendar::run(&args, context),
        Command::Scan(args) => scan::run(args, context),
        Command::Hook(args) => hook::run(args, context),
        Command::Rules(args) => rules::run(&args, context),
        Command::Webhook(args) => webhook::run(args, context),
        Command::Redact(_) => redact::run(context),
        Command::Backup(args) => backup::run(&args, context),
        Command::Issue(args) => issue::run(args, context),
        Command::Audit(args) => audit::run(&args, context),
        Command::Passphrase(args) => passphrase::run(&args, context),
        Command::Unlock(args) => unlock::run(&args, context),
        Command::Lock(_) => unlock::lock(context),
        Command::Settings(args) => settings::run(&args, context),
        Command::Doctor(_) => doctor::run(context),
        Command::Completions(args) => completions::run(&args, context),
        Command::HoldClipboard(args) => copy::hold(&args, context),
        Command::HoldKey(args) => unlock::hold(args, context),
    }
}
