//! Making a valid sample of a webhook, so that an endpoint can be tried without its provider.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyward_store::Version;
use keyward_vault::Secret;
use keyward_webhook::{Request, Sample, Scheme, SignError, find, sign};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{WebhookSecret, own_scheme, sends_secret};
use crate::snapshot::Snapshot;
use crate::{Error, Keyward, view};

/// What is to be signed.
#[derive(Debug, Default)]
pub struct WebhookSample {
    /// Scheme id.
    pub scheme: Option<String>,
    /// A scheme of the user's own, as TOML text.
    pub scheme_file: Option<String>,
    /// The entry whose current version signs.
    pub secret: Option<String>,
    /// A secret, or a private key, handed in instead.
    pub secret_file: Option<WebhookSecret>,
    /// HTTP method.
    pub method: String,
    /// Public URL.
    pub url: String,
    /// The body's bytes.
    pub body: Vec<u8>,
    /// Other headers.
    pub headers: Vec<(String, String)>,
    /// The message's id; made up when none.
    pub id: Option<String>,
    /// Parameters of the scheme.
    pub params: BTreeMap<String, Vec<u8>>,
    /// Whether a header may hold the secret itself, for schemes that send it.
    pub reveal: bool,
}

/// What is to be signed, as the window hands it over: the secret is named, never sent, and no sample that
/// would show it is made.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
pub struct SampleInput {
    /// Scheme id; empty for none.
    pub scheme: String,
    /// A scheme of the user's own, as TOML text; it goes before `scheme`.
    pub scheme_file: Option<String>,
    /// The entry whose current version signs; empty for none.
    pub secret: String,
    /// HTTP method.
    pub method: String,
    /// Public URL.
    pub url: String,
    /// The body as text.
    pub body: String,
    /// Other headers.
    pub headers: Vec<(String, String)>,
    /// The message's id; made up when none.
    pub id: Option<String>,
    /// Parameters of the scheme.
    pub params: BTreeMap<String, String>,
}

impl From<SampleInput> for WebhookSample {
    fn from(input: SampleInput) -> Self {
        let bytes = |(name, value): (String, String)| (name, value.into_bytes());
        Self {
            scheme: Some(input.scheme).filter(|id| !id.is_empty()),
            scheme_file: input.scheme_file,
            secret: Some(input.secret).filter(|name| !name.is_empty()),
            method: input.method,
            url: input.url,
            body: input.body.into_bytes(),
            headers: input.headers,
            id: input.id,
            params: input.params.into_iter().map(bytes).collect(),
            ..Self::default()
        }
    }
}

/// A signed sample: the request JSON that `--request` takes, with the scheme that signed it.
#[derive(Debug, Clone, Serialize, TS)]
pub struct SignedSample {
    /// Always [`view::JSON_VERSION`].
    pub version: u32,
    /// Scheme id.
    pub scheme: String,
    /// HTTP method.
    pub method: String,
    /// Public URL.
    pub url: String,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// The body in standard base64.
    pub body_base64: String,
    /// The body's bytes, for a raw HTTP file.
    #[serde(skip)]
    #[ts(skip)]
    pub body: Vec<u8>,
}

impl Keyward {
    /// Signs a sample.
    ///
    /// # Errors
    /// `USAGE` for an unknown scheme or a missing parameter, `SCHEME_INVALID`, `SAMPLE_INVALID` for a
    /// body that the scheme cannot sign, `FIELD_INVALID` for a secret that it cannot use,
    /// `REVEAL_DENIED` when the sample would hold the secret, `NOT_FOUND` and the keychain for an entry.
    pub fn webhook_sign(&self, sample: WebhookSample) -> Result<SignedSample, Error> {
        one_line(&sample)?;
        let scheme = named_scheme(&sample)?
            .ok_or_else(|| Error::new("USAGE", "No scheme was named.", "`--scheme ID`."))?;
        let scheme = scheme.as_ref();
        if sends_secret(scheme) && !sample.reveal {
            return Err(Error::new(
                "REVEAL_DENIED",
                format!("{} sends the secret itself, so a sample would show it.", scheme.provider),
                "Add `--reveal` if that is what you want.",
            ));
        }
        let key = match sample.secret_file {
            Some(given) => given.value,
            None => self.current_secret(sample.secret.as_deref())?,
        };
        let id = match sample.id {
            Some(id) => id,
            None => message_id()?,
        };
        let request = sign(&Sample {
            scheme,
            key: key.expose_secret(),
            method: &sample.method,
            url: &sample.url,
            body: &sample.body,
            headers: &sample.headers,
            time: self.now().as_second(),
            id: &id,
            params: &sample.params,
        })
        .map_err(|error| refused(&error))?;
        Ok(view(scheme, request))
    }

    /// The value of a named entry's current version.
    pub(super) fn current_secret(&self, name: Option<&str>) -> Result<Secret, Error> {
        Ok(self.current_version(name)?.value)
    }

    /// The current version of a named entry.
    pub(super) fn current_version(&self, name: Option<&str>) -> Result<Stored, Error> {
        let name = name.ok_or_else(|| {
            Error::new("USAGE", "No secret was given.", "`--secret NAME` or `--secret-file F`.")
        })?;
        let found = self.with(|open| {
            let found = open.read(|tx| {
                let snapshot = Snapshot::read(tx)?;
                let entry = snapshot.resolve(name)?;
                let current = snapshot.current(entry).cloned();
                Ok(current.map(|version| (entry.path(), version)))
            })?;
            let Some((path, version)) = found else { return Ok(None) };
            let value = self.read_one(open, &version)?;
            Ok(Some(Stored { path, version, value }))
        })?;
        found.flatten().ok_or_else(|| Error::not_found(name))
    }
}

/// Text that goes into a line of the request: nothing in it may begin another.
fn one_line(sample: &WebhookSample) -> Result<(), Error> {
    let words = [("method", sample.method.as_str()), ("URL", sample.url.as_str())];
    let id = sample.id.as_deref().map(|id| ("id", id));
    let names = sample.headers.iter().map(|(name, _)| ("header", name.as_str()));
    for (what, text) in words.into_iter().chain(id).chain(names) {
        if text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            let message = format!("The {what} is empty or holds blanks.");
            return Err(Error::new("USAGE", message, "Escape blanks as `%20`, or leave them out."));
        }
    }
    if sample.headers.iter().any(|(_, value)| value.contains(char::is_control)) {
        let message = "A header holds control characters.";
        return Err(Error::new("USAGE", message, "Give it as one line of plain text."));
    }
    Ok(())
}

/// A stored version with its value.
pub(super) struct Stored {
    pub(super) path: String,
    pub(super) version: Version,
    pub(super) value: Secret,
}

/// The scheme that was named, or is the user's own.
pub(super) fn named_scheme(sample: &WebhookSample) -> Result<Option<Cow<'static, Scheme>>, Error> {
    if let Some(text) = &sample.scheme_file {
        return Ok(Some(Cow::Owned(own_scheme(text)?)));
    }
    let Some(id) = &sample.scheme else { return Ok(None) };
    let found = find(id).ok_or_else(|| {
        let hint = "`keyward webhook schemes` lists them.";
        Error::new("USAGE", "There is no scheme with this id.", hint)
    })?;
    Ok(Some(Cow::Borrowed(found)))
}

/// An id for a message, made up.
pub(super) fn message_id() -> Result<String, Error> {
    let random = crate::generate("24")?;
    Ok(format!("msg_{}", String::from_utf8_lossy(random.expose_secret())))
}

fn view(scheme: &Scheme, request: Request) -> SignedSample {
    let body = request.body().to_vec();
    SignedSample {
        version: view::JSON_VERSION,
        scheme: scheme.id.clone(),
        method: request.method.unwrap_or_default(),
        url: request.url.unwrap_or_default(),
        headers: request.headers,
        body_base64: STANDARD.encode(&body),
        body,
    }
}

pub(super) fn refused(error: &SignError) -> Error {
    let message = format!("{}.", crate::error::capital(&error.to_string()));
    match error {
        SignError::NothingSigned { .. } => {
            Error::new("USAGE", message, "`keyward webhook schemes` lists what can be signed.")
        }
        SignError::Key { .. } => Error::new(
            "FIELD_INVALID",
            message,
            "Give the secret as the provider shows it, or the private key of a key pair.",
        ),
        SignError::Parameter { name, .. } if name == "url" => {
            Error::new("USAGE", message, "`--url https://…`, exactly as the provider calls it.")
        }
        SignError::Parameter { name, .. } => {
            Error::new("USAGE", message, format!("`--param {name}=…`."))
        }
        SignError::Body { .. } => Error::new(
            "SAMPLE_INVALID",
            message,
            "Take the example of an event from the provider's documentation.",
        ),
        SignError::Time(_) => {
            Error::new("USAGE", message, "`--at` takes RFC 3339 or Unix seconds.")
        }
    }
}
