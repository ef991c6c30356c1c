//! `keyward webhook challenge`: as text the HTTP response that completes the handshake.

use std::path::PathBuf;

use keyward_app::Error;

use super::{bytes, secret_file};
use crate::context::Context;
use crate::printer::safe;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The provider's first request: raw HTTP, cURL, HAR, request JSON and others (`-` is stdin)
    #[arg(long, value_name = "F")]
    request: PathBuf,
    /// Which request of the capture, from 1, if it holds several
    #[arg(long, value_name = "N")]
    pick: Option<u32>,
    /// The entry whose current version is the endpoint's secret
    #[arg(long, value_name = "NAME", conflicts_with = "secret_file")]
    secret: Option<String>,
    /// A file whose exact bytes are the endpoint's secret
    #[arg(long, value_name = "F")]
    secret_file: Option<PathBuf>,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let given = args.secret_file.as_deref().map(secret_file).transpose()?;
    let capture = bytes(&args.request)?;
    let keyward = context.keyward()?;
    let secret = args.secret.as_deref();
    let view = keyward.webhook_challenge(&capture, args.pick, secret, given.as_ref())?;
    for note in &view.answer.notes {
        context.printer.say(&format!("Note: {note}"));
    }
    context.printer.result(&view, |view| {
        let answer = &view.answer;
        let reason = match answer.status {
            200 => "OK",
            401 => "Unauthorized",
            _ => "Forbidden",
        };
        let mut text = format!("HTTP/1.1 {} {reason}\r\n", answer.status);
        for (name, value) in &answer.headers {
            text.push_str(&format!("{}: {}\r\n", safe(name), safe(value)));
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{}", answer.body.len(), answer.body));
        text
    });
    Ok(0)
}
