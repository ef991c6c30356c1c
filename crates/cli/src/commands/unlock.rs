//! `keyward unlock`, `keyward lock`, and the small process between them that keeps the key.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use keyward_app::agent::{self, Order};
use keyward_app::{Error, Unlocked, spoken};
use zeroize::Zeroizing;

use crate::commands::passphrase::{given, text};
use crate::context::{Context, parse_seconds};
use crate::signals;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// For how long, such as 15m; 12h at the most
    #[arg(long = "for", value_name = "TIME", value_parser = parse_seconds, default_value = "15m")]
    seconds: u64,
    /// File with the passphrase
    #[arg(long, value_name = "F")]
    passphrase_file: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct LockArgs {}

#[derive(Debug, clap::Args)]
pub struct HoldArgs {
    /// Where to listen
    #[arg(long)]
    socket: PathBuf,
    /// Id of the lock
    #[arg(long)]
    lock: String,
    /// Seconds
    #[arg(long)]
    seconds: u64,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward()?;
    let ask = || given(args.passphrase_file.as_ref(), context);
    match keyward.unlock(args.seconds, ask)? {
        Unlocked::Nothing => {
            context.printer.say("There is no passphrase, so nothing is locked.");
        }
        Unlocked::Longer(seconds) => {
            context.printer.say(&format!("It was unlocked, and stays so for {}.", spoken(seconds)));
        }
        Unlocked::Start(order) => {
            start(&order)?;
            context
                .printer
                .say(&format!("Unlocked for {}, or until `keyward lock`.", spoken(order.seconds)));
        }
    }
    if context.printer.is_json() {
        context.printer.result(&keyward.lock_status()?, text);
    }
    Ok(0)
}

/// Starts the process that keeps the key and waits until it listens.
fn start(order: &Order) -> Result<(), Error> {
    let failed = || {
        Error::new(
            "AGENT_UNAVAILABLE",
            "The key cannot be kept in the background. The vault stays locked.",
            "Without it each command asks for the passphrase.",
        )
    };
    let program = std::env::current_exe().map_err(|_| failed())?;
    let mut agent = Command::new(program)
        .arg("hold-key")
        .arg("--socket")
        .arg(&order.socket)
        .args(["--lock", &order.lock, "--seconds", &order.seconds.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|_| failed())?;
    if let Some(mut pipe) = agent.stdin.take() {
        pipe.write_all(&*order.key).map_err(|_| failed())?;
    }
    // It says one byte as soon as it listens, and nothing when it cannot.
    let mut ready = [0];
    let heard = agent.stdout.take().map(|mut pipe| pipe.read_exact(&mut ready));
    if matches!(heard, Some(Ok(()))) { Ok(()) } else { Err(failed()) }
}

pub fn lock(context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward()?;
    let ended = keyward.lock();
    if context.printer.is_json() {
        context.printer.result(&keyward.lock_status()?, text);
    } else {
        context.printer.say(if ended { "Locked." } else { "Nothing was unlocked." });
    }
    Ok(0)
}

/// The process itself: the key comes from stdin.
pub fn hold(args: HoldArgs, context: &Context<'_>) -> Result<u8, Error> {
    let mut key = Zeroizing::new([0; 32]);
    std::io::stdin().read_exact(&mut *key).map_err(|_| {
        Error::new("USAGE", "This command is used by `keyward unlock`.", "Run that one.")
    })?;
    signals::leave_to_loop();
    let HoldArgs { socket, lock, seconds } = args;
    let order = Order { socket, lock, seconds, key };
    agent::serve(order, || context.printer.bytes(b"\n"), signals::was_told_to_end)?;
    Ok(0)
}
