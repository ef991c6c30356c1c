//! `keyward webhook sign`: as text a raw HTTP request, as JSON what `--request` takes.

use keyward_app::{Error, WebhookSample};

use super::sample::SampleArgs;
use crate::context::Context;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    sample: SampleArgs,
    /// The public URL
    #[arg(long, value_name = "U", default_value = "https://localhost/")]
    url: String,
    /// Let the sample hold the secret itself, for schemes that send it
    #[arg(long)]
    reveal: bool,
}

pub fn run(args: Args, context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward_at(args.sample.at)?;
    let mut sample = WebhookSample { reveal: args.reveal, ..args.sample.sample(Some(args.url))? };
    if sample.method.is_empty() {
        sample.method = "POST".to_owned();
    }
    let signed = keyward.webhook_sign(sample)?;
    if context.printer.is_json() {
        context.printer.document(&signed);
        return Ok(0);
    }
    let mut raw = format!("{} {} HTTP/1.1\r\n", signed.method, signed.url);
    for (name, value) in &signed.headers {
        raw.push_str(&format!("{name}: {value}\r\n"));
    }
    raw.push_str(&format!("Content-Length: {}\r\n\r\n", signed.body.len()));
    context.printer.bytes(&[raw.as_bytes(), &signed.body].concat());
    Ok(0)
}
