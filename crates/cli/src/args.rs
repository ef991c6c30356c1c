//! What can be typed: the global flags and the list of commands. Each command's own flags stand
//! beside what it does, in `commands/`.

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;

/// Keep API keys and webhook secrets in the OS keychain; find leaks, rotate, explain webhooks.
#[derive(Debug, Parser)]
#[command(name = "keyward", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Print one JSON document on stdout and nothing else there
    #[arg(long, global = true)]
    pub json: bool,
    /// Output format: text or json (a scan has more)
    #[arg(long, global = true, value_name = "FORMAT")]
    pub format: Option<String>,
    /// Answer every confirmation with yes
    #[arg(long, global = true)]
    pub yes: bool,
    /// Fail instead of asking
    #[arg(long, global = true)]
    pub no_input: bool,
    /// Say less
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Say more
    #[arg(short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Store a new entry
    Add(commands::add::Args),
    /// List entries
    List(commands::list::Args),
    /// Show everything about an entry but its values
    Show(commands::show::Args),
    /// Print a value (only with --reveal)
    Get(commands::get::Args),
    /// Put a value on the clipboard and clear it again
    Copy(commands::copy::Args),
    /// Change an entry's fields
    Edit(commands::edit::Args),
    /// Put an entry in the bin for 30 days
    Remove(commands::remove::Args),
    /// List the bin, or bring an entry back
    Bin(commands::bin::Args),
    /// Run a command with values in its environment, masked in its output
    Run(commands::run::Args),
    /// Print values as lines for a shell
    Env(commands::env::Args),
    /// Import a .env file
    Import(commands::import::Args),
    /// Replace a value, step by step
    Rotate(commands::rotate::Args),
    /// List rotation runs
    Runs(commands::runs::Args),
    /// Revoke a key first, then make a new one
    Revoke(commands::revoke::Args),
    /// Ask the provider whether a key is alive
    Check(commands::check::Args),
    /// Say which providers Keyward may talk to, and how
    Provider(commands::provider::Args),
    /// Places that hold a copy of a value
    Destination(commands::destination::Args),
    /// List what is due for rotation
    Due(commands::due::Args),
    /// Put off the reminders of an entry
    Snooze(commands::snooze::Args),
    /// Remind with the window closed too
    Remind(commands::remind::Args),
    /// Print due dates as an iCalendar file, or bring one up to date
    Calendar(commands::calendar::Args),
    /// Find credentials in files and in a repository's whole history
    Scan(commands::scan::Args),
    /// Look at every commit and push before it is made
    Hook(commands::hook::Args),
    /// Look at the scanner's rules
    Rules(commands::rules::Args),
    /// Verify captured webhooks
    Webhook(commands::webhook::Args),
    /// Copy stdin to stdout with the vault's values masked
    Redact(commands::redact::Args),
    /// Make, check and restore backups
    Backup(commands::backup::Args),
    /// Make, verify and revoke keys of your own service
    Issue(commands::issue::Args),
    /// Read and check the audit record
    Audit(commands::audit::Args),
    /// Set, change or remove the passphrase that seals the values
    Passphrase(commands::passphrase::Args),
    /// Unlock the vault for a while
    Unlock(commands::unlock::Args),
    /// Lock the vault again
    Lock(commands::unlock::LockArgs),
    /// Look at the settings, or change one
    Settings(commands::settings::Args),
    /// Say whether everything is well
    Doctor(commands::doctor::Args),
    /// Print a completion script
    Completions(commands::completions::Args),
    /// Hold a value from stdin on the clipboard; used by `copy`
    #[command(hide = true)]
    HoldClipboard(commands::copy::HoldArgs),
    /// Keep the lock key from stdin; used by `unlock`
    #[command(hide = true)]
    HoldKey(commands::unlock::HoldArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_flags_fit_together() {
        super::Cli::command().debug_assert();
    }
}
