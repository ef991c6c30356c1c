//! Verifying webhook samples with the vault's secrets, and reading captures of them.

mod captured;
mod case;
mod challenge;
mod send;
mod sent;
mod sign;
mod snippets;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyward_store::Version;
use keyward_vault::Secret;
use keyward_webhook::capture::{self, Format};
use keyward_webhook::{
    Case, Check, CheckName, Code, Method, NamedSecret, Reason, Report, Request, SampleError,
    Scheme, SchemeSummary, Verdict, VerifyError, find, verify,
};
use serde::Serialize;
use ts_rs::TS;

pub use self::captured::{CaptureInput, CaptureRead, RequestRead};
pub use self::case::{VerifyInput, WebhookCase, WebhookSecret};
pub use self::challenge::ChallengeView;
pub use self::send::{SEND_TIMEOUT, SendInput, WebhookSend};
pub use self::sent::{AnswerEnding, EndpointAnswer, SendView, SentRequest};
pub use self::sign::{SampleInput, SignedSample, WebhookSample};
use crate::session::is_keychain;
use crate::snapshot::Snapshot;
use crate::{Error, Keyward};

/// Bytes of a body that are shown.
const SHOWN_BODY: usize = 64 * 1024;

/// What stands for a value that is not shown.
const HIDDEN: &str = "••••••••";

/// A request and what was found about it.
#[derive(Debug, Clone, Serialize, TS)]
pub struct WebhookView {
    /// The request as read.
    pub request: RequestView,
    /// The verdict.
    pub report: Report,
}

/// A captured request, safe to show.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RequestView {
    /// HTTP method.
    pub method: Option<String>,
    /// Public URL.
    pub url: Option<String>,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// The first 64 KiB of the body as text; bytes that are not UTF-8 are replaced.
    pub body: String,
    /// The body's length in bytes.
    pub body_bytes: u64,
}

/// What was read from a capture: the document that `keyward webhook import` prints.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CaptureView {
    /// Version of this document, 1.
    pub version: u32,
    /// The capture's format.
    pub format: Format,
    /// Its requests in order; never none.
    pub requests: Vec<CapturedRequest>,
}

/// One request of a capture, exactly as read.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CapturedRequest {
    /// HTTP method, if the capture has it.
    pub method: Option<String>,
    /// Public URL, if the capture has it.
    pub url: Option<String>,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// The body in standard base64; none when the capture does not hold it.
    pub body_base64: Option<String>,
    /// Whether the capture cannot carry the request exactly.
    pub lossy: bool,
    /// What was noticed, changed or lost, in sentences.
    pub notes: Vec<String>,
}

impl Keyward {
    /// Reads the requests of a capture, in the format with this id or in the one that it looks like.
    /// Nothing that it names is opened or run.
    ///
    /// # Errors
    /// `SAMPLE_INVALID` for what is malformed, too large or cut short, `USAGE` for an unknown format.
    pub fn webhook_import(
        &self,
        capture: &[u8],
        format: Option<&str>,
    ) -> Result<CaptureView, Error> {
        let format = format.map(known_format).transpose()?;
        let read = capture::read(capture, format).and_then(capture::Capture::whole);
        let read = read.map_err(|error| sample(&error))?;
        Ok(CaptureView {
            version: 1,
            format: read.format,
            requests: read.requests.into_iter().map(captured).collect(),
        })
    }

    /// The schemes that can be verified.
    #[must_use]
    pub fn webhook_schemes(&self) -> Vec<SchemeSummary> {
        keyward_webhook::schemes()
    }

    /// Verifies a capture and says why not.
    ///
    /// # Errors
    /// `SAMPLE_INVALID`, `SCHEME_INVALID`, `SECRET_EMPTY`, `NOT_FOUND` for a named entry, and the
    /// keychain if an entry was named. A signature that does not fit is a verdict, not an error.
    pub fn webhook_verify(&self, case: WebhookCase) -> Result<WebhookView, Error> {
        let request = captured::picked(&case.capture, case.pick)?;
        // A capture may be large, and the request holds its bytes again.
        drop(case.capture);
        let custom = case.scheme_file.as_deref().map(own_scheme).transpose()?;
        let (mut secrets, mut also) = self.stored_secrets(&case.secrets)?;
        secrets.extend(case.secret_files.into_iter().map(named));
        also.extend(case.also.into_iter().map(named));
        let mut report = verify(&Case {
            request: &request,
            scheme: case.scheme.as_deref(),
            custom: custom.as_ref(),
            secrets: &secrets,
            also: &also,
            params: &case.params,
            now: case.at.unwrap_or_else(|| self.now()).as_second(),
            tolerance: case.tolerance,
        })
        .map_err(|error| refused(&error))?;
        if let Some(endpoint) = &case.remember {
            self.look_up_replay(endpoint, &mut report)?;
        }
        let scheme = custom.as_ref().or_else(|| find(&report.scheme));
        let hidden = scheme.filter(|scheme| sends_secret(scheme)).map(|s| s.signature.name());
        Ok(WebhookView { request: request_view(&request, hidden), report })
    }

    /// The accepted secrets that were named, and every other webhook secret of the vault.
    fn stored_secrets(
        &self,
        names: &[String],
    ) -> Result<(Vec<NamedSecret>, Vec<NamedSecret>), Error> {
        let read = self.with(|open| {
            let (accepted, others) = open.read(|tx| {
                let snapshot = Snapshot::read(tx)?;
                let mut accepted: Vec<(String, Version)> = vec![];
                for name in names {
                    let entry = snapshot.resolve(name)?;
                    let usable = |version: &&Version| {
                        matches!(version.stage.as_str(), "current" | "pending" | "previous")
                    };
                    let versions = snapshot.versions(entry).iter().filter(usable);
                    accepted.extend(versions.map(|version| (entry.path(), version.clone())));
                }
                let mut others = vec![];
                for entry in snapshot.entries.iter().filter(|e| e.kind == "webhook-secret") {
                    for version in snapshot.versions(entry) {
                        if accepted.iter().all(|(_, known)| known.id != version.id) {
                            others.push((entry.path(), version.clone()));
                        }
                    }
                }
                Ok((accepted, others))
            })?;
            let versions = |rows: &[(String, Version)]| -> Vec<Version> {
                rows.iter().map(|(_, version)| version.clone()).collect()
            };
            let join =
                |rows: Vec<(String, Version)>, values: Vec<Secret>| {
                    let named = |((name, version), bytes): ((String, Version), Secret)| {
                        NamedSecret { name, version: Some(version.number), bytes }
                    };
                    rows.into_iter().zip(values).map(named).collect()
                };
            let values = self.values(open, &versions(&accepted))?;
            let accepted = join(accepted, values);
            // The others only explain; nobody is asked for a passphrase for that.
            let others = match self.values_unasked(open, &versions(&others)) {
                Ok(values) => join(others, values),
                Err(error) if error.code == "VAULT_LOCKED" => vec![],
                Err(error) => return Err(error),
            };
            Ok((accepted, others))
        });
        match read {
            Ok(Some(secrets)) => Ok(secrets),
            Ok(None) => match names.first() {
                Some(name) => Err(Error::not_found(name)),
                None => Ok((vec![], vec![])),
            },
            // The vault is only needed when an entry was named; else it just explains less.
            Err(error) if names.is_empty() && is_keychain(&error) => Ok((vec![], vec![])),
            Err(error) => Err(error),
        }
    }

    fn look_up_replay(&self, endpoint: &str, report: &mut Report) -> Result<(), Error> {
        let Some(id) = report.delivery_id.clone() else {
            report.notes.push("This delivery has no id, so a replay cannot be seen.".to_owned());
            return Ok(());
        };
        // Only what the provider really sent is remembered: anyone can write an id.
        if !matches!(report.verdict, Verdict::Valid | Verdict::Authenticated) {
            return Ok(());
        }
        let seen = self.with_new(|open| {
            open.change(|tx, _| Ok((tx.remember_delivery(endpoint, &id, self.clock())?, vec![])))
        })?;
        report.checks.push(Check { name: CheckName::Replay, ok: !seen, age_seconds: None });
        if seen {
            report.verdict = Verdict::Invalid;
            report.reasons.push(Reason {
                code: Code::Replayed,
                message: "This delivery came before at this endpoint.".to_owned(),
                hint: "Answer repeats with success and do nothing: providers send again when an answer is late.".to_owned(),
                proved: true,
                secret: None,
                wanted: None,
            });
        }
        Ok(())
    }
}

/// A scheme of the user's own.
fn own_scheme(text: &str) -> Result<Scheme, Error> {
    Scheme::from_toml(text).map_err(|error| {
        Error::new(
            "SCHEME_INVALID",
            format!("The scheme file cannot be used: {error}."),
            "Compare it with the example in the README.",
        )
    })
}

fn named(one: WebhookSecret) -> NamedSecret {
    NamedSecret { name: one.label, version: None, bytes: one.value }
}

/// Whether requests of this scheme hold the secret itself.
fn sends_secret(scheme: &Scheme) -> bool {
    matches!(scheme.sign, Method::Token | Method::Basic)
}

/// A request as it is shown; the header named `hidden` is a secret, and its value is not.
fn request_view(request: &Request, hidden: Option<&str>) -> RequestView {
    let body = request.body();
    let shown = &body[..body.len().min(SHOWN_BODY)];
    let is_hidden = |name: &str| hidden.is_some_and(|hidden| hidden.eq_ignore_ascii_case(name));
    let header = |(name, value): &(String, String)| {
        let value = if is_hidden(name) { HIDDEN } else { value };
        (name.clone(), value.to_owned())
    };
    RequestView {
        method: request.method.clone(),
        url: request.url.clone(),
        headers: request.headers.iter().map(header).collect(),
        body: String::from_utf8_lossy(shown).into_owned(),
        body_bytes: body.len() as u64,
    }
}

fn known_format(name: &str) -> Result<Format, Error> {
    Format::from_name(name).ok_or_else(|| {
        let known = Format::ALL.map(Format::name).join(", ");
        Error::new("USAGE", "There is no such capture format.", format!("One of {known}."))
    })
}

fn captured(request: Request) -> CapturedRequest {
    CapturedRequest {
        method: request.method,
        url: request.url,
        headers: request.headers,
        body_base64: request.body.map(|body| STANDARD.encode(body)),
        lossy: request.lossy,
        notes: request.notes,
    }
}

fn sample(error: &SampleError) -> Error {
    let (code, hint) = match error {
        SampleError::Several(_) => (
            "AMBIGUOUS",
            "Say which: `--pick 1` is the first. `keyward webhook import FILE` lists them.",
        ),
        SampleError::CutShort(_) => (
            "SAMPLE_INVALID",
            "Capture it again and save all of it; nothing is made up for what is missing.",
        ),
        _ => (
            "SAMPLE_INVALID",
            "Give the whole request: request line, headers, a blank line and the exact body; or a capture such as cURL, HAR or Keyward's request JSON.",
        ),
    };
    let says = crate::error::capital(&error.to_string());
    let end = if says.ends_with('?') { "" } else { "." };
    Error::new(code, format!("{says}{end}"), hint)
}

fn refused(error: &VerifyError) -> Error {
    let message = format!("{}.", crate::error::capital(&error.to_string()));
    match error {
        VerifyError::EmptySecret { .. } => {
            Error::new("SECRET_EMPTY", message, "Give the secret that the provider shows.")
        }
        VerifyError::NoSecret { .. } => {
            let hint = "Choose this endpoint's secret; on the command line it is `--secret NAME` or `--secret-file F`.";
            Error::new("USAGE", message, hint)
        }
        VerifyError::UnknownScheme { .. } => {
            Error::new("USAGE", message, "`keyward webhook schemes` lists them.")
        }
        VerifyError::BadParameter { .. } => {
            Error::new("SAMPLE_INVALID", message, "Give it as text.")
        }
        VerifyError::Unrecognised | VerifyError::Ambiguous { .. } => {
            let hint = "Choose the provider; on the command line it is `--scheme ID`.";
            Error::new("SAMPLE_INVALID", message, hint)
        }
    }
}

/// Largest capture that is read from a file, in bytes.
const MAX_CAPTURE: u64 = 160 * 1024 * 1024;

/// Reads a captured request from a file.
///
/// # Errors
/// `NOT_FOUND` and other disk errors, `SAMPLE_INVALID` for a file that is too large.
pub fn read_capture(path: &std::path::Path) -> Result<Vec<u8>, Error> {
    let what = "the capture";
    let data = std::fs::metadata(path).map_err(|error| crate::error::io(&error, what))?;
    if !data.is_file() || data.len() > MAX_CAPTURE {
        return Err(Error::new(
            "SAMPLE_INVALID",
            "The capture is not a file of at most 160 MiB.",
            "Save the one request that you want to verify.",
        ));
    }
    std::fs::read(path).map_err(|error| crate::error::io(&error, what))
}
