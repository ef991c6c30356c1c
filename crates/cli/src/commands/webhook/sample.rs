//! What a sample is made of: the flags that `sign` and `send` share.

use std::path::PathBuf;

use jiff::Timestamp;
use keyward_app::input::parse_time;
use keyward_app::{Error, WebhookSample};

use super::{bytes, params, scheme_file, secret_file};

#[derive(Debug, clap::Args)]
pub struct SampleArgs {
    /// Scheme id
    #[arg(long, value_name = "ID")]
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
    /// The HTTP method; POST without it
    #[arg(long, value_name = "M")]
    method: Option<String>,
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
    pub at: Option<Timestamp>,
}

impl SampleArgs {
    /// The sample for a public URL; what was not given is empty.
    pub fn sample(self, url: Option<String>) -> Result<WebhookSample, Error> {
        Ok(WebhookSample {
            scheme: self.scheme,
            scheme_file: scheme_file(self.scheme_file.as_deref())?,
            secret: self.secret,
            secret_file: self.secret_file.as_deref().map(secret_file).transpose()?,
            method: self.method.map(|text| word(text, "method")).transpose()?.unwrap_or_default(),
            url: url.map(|text| word(text, "URL")).transpose()?.unwrap_or_default(),
            body: self.body.as_deref().map(bytes).transpose()?.unwrap_or_default(),
            headers: self.header.iter().map(|text| header(text)).collect::<Result<_, _>>()?,
            id: self.id.map(|id| word(id, "id")).transpose()?,
            params: params(&self.param, &self.param_file)?,
            reveal: false,
        })
    }
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
