//! A question about one capture, as the program takes it and as the window hands it over.

use std::collections::BTreeMap;

use jiff::Timestamp;
use keyward_vault::Secret;
use serde::Deserialize;
use ts_rs::TS;

use super::captured::CaptureInput;
use crate::Error;
use crate::input::parse_time;

/// A secret handed in beside the vault's.
#[derive(Debug)]
pub struct WebhookSecret {
    /// What reports call it.
    pub label: String,
    /// Its exact bytes.
    pub value: Secret,
}

/// One question about one capture.
#[derive(Debug, Default)]
pub struct WebhookCase {
    /// The capture's bytes, in any format that [`Keyward::webhook_import`] reads.
    pub capture: Vec<u8>,
    /// Which request, from 1, where the capture holds several.
    pub pick: Option<u32>,
    /// Scheme id; guessed from the headers when none.
    pub scheme: Option<String>,
    /// A scheme of the user's own, as TOML text.
    pub scheme_file: Option<String>,
    /// Accepted secrets by entry name: every version that is not revoked.
    pub secrets: Vec<String>,
    /// Accepted secrets handed in.
    pub secret_files: Vec<WebhookSecret>,
    /// Other secrets, only to explain a failure.
    pub also: Vec<WebhookSecret>,
    /// Parameters of the scheme.
    pub params: BTreeMap<String, Vec<u8>>,
    /// When it is looked at; now when none.
    pub at: Option<Timestamp>,
    /// Seconds that replace the scheme's own window.
    pub tolerance: Option<u64>,
    /// Endpoint under which deliveries are remembered, so that a replay is seen.
    pub remember: Option<String>,
}

/// The same as the window hands it over.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
pub struct VerifyInput {
    /// The capture.
    pub capture: CaptureInput,
    /// Scheme id; guessed from the headers when none.
    pub scheme: Option<String>,
    /// A scheme of the user's own as TOML text; it goes before `scheme`.
    pub scheme_file: Option<String>,
    /// Names of the entries whose values are accepted.
    pub secrets: Vec<String>,
    /// What the scheme needs besides, such as `url`.
    pub params: BTreeMap<String, String>,
    /// When it is looked at, RFC 3339 or Unix seconds; now when none.
    pub at: Option<String>,
    /// Seconds that replace the scheme's own window.
    pub tolerance: Option<u32>,
    /// Endpoint under which deliveries are remembered, to see a replay; none for no memory.
    pub remember: Option<String>,
}

impl TryFrom<VerifyInput> for WebhookCase {
    type Error = Error;

    fn try_from(input: VerifyInput) -> Result<Self, Error> {
        let time = |text: &str| {
            parse_time(text.trim()).map_err(|why| {
                Error::new(
                    "FIELD_INVALID",
                    format!("The time of the check is {why}."),
                    "Such as 2026-01-31T12:00:00Z or 1769860800.",
                )
            })
        };
        Ok(Self {
            pick: input.capture.pick,
            capture: input.capture.bytes()?,
            scheme: input.scheme,
            scheme_file: input.scheme_file,
            secrets: input.secrets,
            params: input.params.into_iter().map(|(k, v)| (k, v.into_bytes())).collect(),
            at: input.at.as_deref().map(time).transpose()?,
            tolerance: input.tolerance.map(u64::from),
            remember: input.remember,
            ..Self::default()
        })
    }
}
