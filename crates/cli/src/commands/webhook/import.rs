//! `keyward webhook import`.

use std::fmt::Write as _;
use std::path::PathBuf;

use keyward_app::{CaptureView, Error};

use super::bytes;
use crate::context::Context;
use crate::printer::{count, safe};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The capture (`-` is stdin)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Its format, such as har or curl; told from the file without it
    #[arg(long, value_name = "FORMAT")]
    from: Option<String>,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let capture = bytes(&args.file)?;
    let view = context.keyward()?.webhook_import(&capture, args.from.as_deref())?;
    context.printer.result(&view, text);
    Ok(0)
}

fn text(view: &CaptureView) -> String {
    let requests = count(view.requests.len() as u64, "request", "requests");
    let mut out = format!("{requests} ({})\n", view.format.name());
    for (at, request) in view.requests.iter().enumerate() {
        let method = request.method.as_deref().unwrap_or("(no method)");
        let url = request.url.as_deref().unwrap_or("(no URL)");
        let _ = writeln!(out, "{}. {} {}", at + 1, safe(method), safe(url));
        let headers = count(request.headers.len() as u64, "header", "headers");
        let body = match &request.body_base64 {
            Some(body) => count(decoded(body), "byte", "bytes"),
            None => "missing".to_owned(),
        };
        let exact = if request.lossy { ", not the exact request" } else { "" };
        let _ = writeln!(out, "   {headers}, body {body}{exact}");
        for note in &request.notes {
            let _ = writeln!(out, "   {}", safe(note));
        }
    }
    out
}

/// The number of bytes that padded base64 stands for.
fn decoded(base64: &str) -> u64 {
    let padding = base64.bytes().rev().take_while(|b| *b == b'=').count();
    (base64.len() / 4 * 3).saturating_sub(padding) as u64
}
