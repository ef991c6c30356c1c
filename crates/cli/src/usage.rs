//! Refusing what was typed. A value typed by mistake must not be said again in a log, so only names
//! of flags and commands are repeated, never what stood beside them.

use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use keyward_app::Error;

use crate::args::{Cli, Color, Global};
use crate::printer::Printer;

/// Prints help or version, or refuses in the contract's form with exit status 2.
pub fn refuse(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return ExitCode::from(2);
    }
    let json = std::env::args_os().any(|arg| arg == "--json" || arg == "--format=json");
    let global = Global {
        json,
        format: None,
        yes: false,
        no_input: true,
        quiet: false,
        verbose: 0,
        color: Color::Auto,
    };
    Printer::new(&global).error(&Error::new("USAGE", message(error), hint(error)));
    ExitCode::from(2)
}

fn message(error: &clap::Error) -> String {
    let what = match error.kind() {
        ErrorKind::UnknownArgument => "There is an argument that this command does not take",
        ErrorKind::InvalidSubcommand => "There is no such command",
        ErrorKind::MissingRequiredArgument => "Something is missing",
        ErrorKind::ArgumentConflict => "Two arguments cannot be used together",
        ErrorKind::TooManyValues => "A flag was given a value that it does not take",
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => "A flag's value does not fit",
        _ => "This cannot be understood",
    };
    let names = names(error);
    if names.is_empty() { format!("{what}.") } else { format!("{what}: {}.", names.join(", ")) }
}

/// Names of our own flags and arguments that the error is about.
fn names(error: &clap::Error) -> Vec<String> {
    let mut texts = vec![];
    for kind in [ContextKind::InvalidArg, ContextKind::PriorArg] {
        match error.get(kind) {
            Some(ContextValue::String(text)) => texts.push(text.clone()),
            Some(ContextValue::Strings(list)) => texts.extend(list.iter().cloned()),
            _ => {}
        }
    }
    // Only what the program itself defines: an unknown argument may be a value.
    let known = known();
    texts.retain(|text| {
        let name = text.split([' ', '=', '[']).next().unwrap_or_default();
        known.iter().any(|one| one == name) || text.starts_with('<')
    });
    texts
}

fn known() -> Vec<String> {
    fn collect(command: &clap::Command, out: &mut Vec<String>) {
        for argument in command.get_arguments() {
            out.extend(argument.get_long().map(|long| format!("--{long}")));
            out.extend(argument.get_short().map(|short| format!("-{short}")));
        }
        command.get_subcommands().for_each(|command| collect(command, out));
    }
    let mut out = vec![];
    collect(&Cli::command(), &mut out);
    out
}

fn hint(error: &clap::Error) -> String {
    match error.get(ContextKind::SuggestedSubcommand) {
        Some(ContextValue::Strings(list)) if !list.is_empty() => {
            format!("Did you mean `keyward {}`?", list.join("` or `keyward "))
        }
        _ => "`keyward help COMMAND` shows what it takes; values never stand on the command line."
            .to_owned(),
    }
}
