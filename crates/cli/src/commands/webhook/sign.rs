//! `keyward webhook sign`: as text a raw HTTP request, as JSON what `--request` takes.

use std::path::PathBuf;

use jiff::Timestamp;
use keyward_app::{Error, WebhookSample};

use super::{bytes, params, scheme_file, secret_file};
use crate::context::{Context, parse_time};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Scheme id
    #[arg(long, value_name = "ID", required_unless_present = "scheme_file")]
    scheme: Option<String>,
    /// A scheme of your own, as TOML
    #[arg(long, value_name = "F", conflicts_with = "scheme")]
    scheme_file: Option<PathBuf>,
    /// The entry whose current version signs
    #[arg(long, value_name = "NAME", conflicts_with = "secret_file")]
    secret: Option<String>,
    /// A file whose exact bytes are the secret, or that holds the private key of a key pair
    #[arg(long, value_name = "F")]
    secret_file: Option<PathBuf>,
    /// The body, byte for byte (`-` is stdin); empty without it
    #[arg(long, value_name = "F")]
    body: Option<PathBuf>,
    /// The public URL
    #[arg(long, value_name = "U", default_value = "https://localhost/")]
    url: String,
    /// The HTTP method
    #[arg(long, value_name = "M", default_value = "POST")]
    method: String,
    /// Another header, several times if need be
    #[arg(long, value_name = "NAME:VALUE")]
    header: Vec<String>,
    /// The message's id, for schemes that have one; made up without it
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// A parameter of the scheme, such as webhook-id=…
    #[arg(long, value_name = "KEY=VALUE")]
    param: Vec<String>,
    /// A parameter of the scheme from a file
    #[arg(long, value_name = "KEY=F")]
    param_file: Vec<String>,
    /// Sign for this time instead of now (RFC 3339 or Unix seconds)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<Timestamp>,
    /// Let the sample hold the secret itself, for schemes that send it
    #[arg(long)]
    reveal: bool,
}

pub fn run(args: Args, context: &Context<'_>) -> Result<u8, Error> {
    let sample = WebhookSample {
        scheme: args.scheme,
        scheme_file: scheme_file(args.scheme_file.as_deref())?,
        secret: args.secret,
        secret_file: args.secret_file.as_deref().map(secret_file).transpose()?,
        method: word(args.method, "method")?,
        url: word(args.url, "URL")?,
        body: args.body.as_deref().map(bytes).transpose()?.unwrap_or_default(),
        headers: args.header.iter().map(|text| header(text)).collect::<Result<_, _>>()?,
        id: args.id.map(|id| word(id, "id")).transpose()?,
        params: params(&args.param, &args.param_file)?,
        reveal: args.reveal,
    };
    let signed = context.keyward_at(args.at)?.webhook_sign(sample)?;
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

fn header(text: &str) -> Result<(String, String), Error> {
    let (name, value) = text
        .split_once(':')
        .ok_or_else(|| Error::new("USAGE", "A header has no `:`.", "Give it as NAME:VALUE."))?;
    Ok((word(name.trim().to_owned(), "header")?, line(value.trim().to_owned(), "header")?))
}

/// Text that goes into a line of the request: no line break may begin another.
fn line(text: String, what: &str) -> Result<String, Error> {
    if text.contains(char::is_control) {
        let message = format!("The {what} holds control characters.");
        return Err(Error::new("USAGE", message, "Give it as one line of plain text."));
    }
    Ok(text)
}

/// The same for what may hold no blank either.
fn word(text: String, what: &str) -> Result<String, Error> {
    if text.is_empty() || text.contains(char::is_whitespace) {
        let message = format!("The {what} is empty or holds blanks.");
        return Err(Error::new("USAGE", message, "Escape blanks as `%20`, or leave them out."));
    }
    line(text, what)
}
