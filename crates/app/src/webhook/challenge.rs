//! Answering the handshake with which a provider checks an endpoint.

use keyward_webhook::{Answer, ChallengeError, challenge};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use ts_rs::TS;

use super::{WebhookSecret, captured};
use crate::{Error, Keyward, view};

/// The answer to a handshake.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ChallengeView {
    /// Always [`view::JSON_VERSION`].
    pub version: u32,
    /// The answer itself.
    #[serde(flatten)]
    pub answer: Answer,
}

impl Keyward {
    /// Answers the handshake that a capture holds; `pick` says which request, from 1, of several.
    ///
    /// # Errors
    /// `SAMPLE_INVALID` when the capture is no request or no handshake, `AMBIGUOUS` when it holds several, `USAGE` when the answer needs a
    /// secret and none was given, `NOT_FOUND` and the keychain for a named entry.
    pub fn webhook_challenge(
        &self,
        capture: &[u8],
        pick: Option<u32>,
        secret: Option<&str>,
        secret_file: Option<&WebhookSecret>,
    ) -> Result<ChallengeView, Error> {
        let request = captured::picked(capture, pick)?;
        let stored = secret.map(|name| self.current_secret(Some(name))).transpose()?;
        let key = secret_file.map(|given| &given.value).or(stored.as_ref());
        let key = key.map(|value| value.expose_secret());
        let answer = challenge(&request, key).map_err(|error| refused(&error))?;
        Ok(ChallengeView { version: view::JSON_VERSION, answer })
    }
}

fn refused(error: &ChallengeError) -> Error {
    let message = format!("{}.", crate::error::capital(&error.to_string()));
    match error {
        ChallengeError::SecretNeeded => {
            Error::new("USAGE", message, "`--secret NAME` or `--secret-file F`.")
        }
        ChallengeError::Unknown | ChallengeError::Refused => {
            Error::new("SAMPLE_INVALID", message, "Give the provider's first request as it came.")
        }
    }
}
