//! `keyward webhook verify|import|sign|send|challenge|schemes`.

mod challenge;
mod import;
mod sample;
mod schemes;
mod send;
mod sign;
mod verify;

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::Path;

use keyward_app::{Error, WebhookSecret};

use crate::context::Context;
use crate::value;

/// Most that is read from stdin, in bytes: one more than the largest sample.
const MAX_STDIN: u64 = 160 * 1024 * 1024 + 1;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Say whether a captured request is valid, and exactly why not
    Verify(Box<verify::Args>),
    /// Read a capture of any kind and print its requests exactly
    Import(import::Args),
    /// Make a valid sample request, to try an endpoint without its provider
    Sign(Box<sign::Args>),
    /// Send a signed sample, or a capture, to an endpoint on this machine and show its answer
    Send(Box<send::Args>),
    /// Answer the handshake with which a provider checks an endpoint
    Challenge(challenge::Args),
    /// List the schemes that can be verified
    Schemes,
}

pub fn run(args: Args, context: &Context<'_>) -> Result<u8, Error> {
    match args.action {
        Action::Verify(args) => verify::run(*args, context),
        Action::Import(args) => import::run(&args, context),
        Action::Sign(args) => sign::run(*args, context),
        Action::Send(args) => send::run(*args, context),
        Action::Challenge(args) => challenge::run(&args, context),
        Action::Schemes => schemes::run(context),
    }
}

/// The parameters of `--param KEY=VALUE` and `--param-file KEY=F`.
fn params(inline: &[String], files: &[String]) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let mut params = BTreeMap::new();
    for text in inline {
        let (key, value) = pair(text)?;
        params.insert(key.to_owned(), value.as_bytes().to_vec());
    }
    for text in files {
        let (key, path) = pair(text)?;
        params.insert(key.to_owned(), bytes(Path::new(path))?);
    }
    Ok(params)
}

fn pair(text: &str) -> Result<(&str, &str), Error> {
    text.split_once('=')
        .ok_or_else(|| Error::new("USAGE", "A parameter has no `=`.", "Give it as KEY=VALUE."))
}

/// A secret from a file, byte for byte, under the file's name.
fn secret_file(path: &Path) -> Result<WebhookSecret, Error> {
    let label = path.file_name().map_or_else(|| "stdin".into(), |name| name.to_string_lossy());
    Ok(WebhookSecret { label: label.into_owned(), value: value::read_file(path)? })
}

/// A scheme of the user's own, as text.
fn scheme_file(path: Option<&Path>) -> Result<Option<String>, Error> {
    let text = |path: &Path| Ok(String::from_utf8_lossy(&bytes(path)?).into_owned());
    path.map(text).transpose()
}

/// A capture, a scheme or a parameter: files and stdin of any sensible size.
fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    if path != Path::new("-") {
        return keyward_app::read_capture(path);
    }
    let mut bytes = vec![];
    io::stdin().lock().take(MAX_STDIN).read_to_end(&mut bytes).map_err(|error| {
        Error::new("DISK_ERROR", format!("Stdin cannot be read: {}.", error.kind()), "Pipe it in.")
    })?;
    Ok(bytes)
}
