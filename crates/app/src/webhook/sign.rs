//! Making a valid sample of a webhook, so that an endpoint can be tried without its provider.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyward_vault::Secret;
use keyward_webhook::{Method, Request, Sample, Scheme, SignError, find, sign};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use ts_rs::TS;

use super::{WebhookSecret, own_scheme};
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
        let own = sample.scheme_file.as_deref().map(own_scheme).transpose()?;
        let scheme = match (&own, &sample.scheme) {
            (Some(own), _) => own,
            (None, Some(id)) => find(id).ok_or_else(|| {
                let hint = "`keyward webhook schemes` lists them.";
                Error::new("USAGE", "There is no scheme with this id.", hint)
            })?,
            (None, None) => {
                return Err(Error::new("USAGE", "No scheme was named.", "`--scheme ID`."));
            }
        };
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
            None => {
                let random = crate::generate("24")?;
                format!("msg_{}", String::from_utf8_lossy(random.expose_secret()))
            }
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

    /// The current version of a named entry.
    pub(super) fn current_secret(&self, name: Option<&str>) -> Result<Secret, Error> {
        let name = name.ok_or_else(|| {
            Error::new("USAGE", "No secret was given.", "`--secret NAME` or `--secret-file F`.")
        })?;
        let found = self.with(|open| {
            let version = open.read(|tx| {
                let snapshot = Snapshot::read(tx)?;
                let entry = snapshot.resolve(name)?;
                let mut versions = snapshot.versions(entry).iter();
                Ok(versions.find(|version| version.stage.as_str() == "current").cloned())
            })?;
            let Some(version) = version else { return Ok(None) };
            Ok(self.values(open, &[version])?.pop())
        })?;
        found.flatten().ok_or_else(|| Error::not_found(name))
    }
}

fn sends_secret(scheme: &Scheme) -> bool {
    matches!(scheme.sign, Method::Token | Method::Basic)
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

fn refused(error: &SignError) -> Error {
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
