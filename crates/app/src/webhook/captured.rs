//! A capture as the window hands it over, and what it is shown of it: never more than a window can hold.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyward_webhook::Request;
use keyward_webhook::capture::{self, Capture, Format};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{RequestView, read_capture, request_view, sample};
use crate::{Error, Keyward};

/// A capture: pasted text, the bytes of a dropped file, or a file by its path. The first that is there
/// counts.
#[derive(Debug, Clone, Default, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
pub struct CaptureInput {
    /// Text, byte for byte.
    pub text: Option<String>,
    /// Bytes in standard base64.
    pub base64: Option<String>,
    /// A file that is read here.
    pub path: Option<PathBuf>,
    /// Which request, from 1, where the capture holds several.
    pub pick: Option<u32>,
}

impl CaptureInput {
    /// The capture's bytes.
    ///
    /// # Errors
    /// `SAMPLE_INVALID` for what is no base64 or too large, and disk errors of a path.
    pub fn bytes(&self) -> Result<Vec<u8>, Error> {
        match self {
            Self { text: Some(text), .. } => Ok(text.clone().into_bytes()),
            Self { base64: Some(base64), .. } => STANDARD.decode(base64).map_err(|_| {
                Error::new("SAMPLE_INVALID", "The capture is not base64.", "Drop the file again.")
            }),
            Self { path: Some(path), .. } => read_capture(path),
            _ => Ok(vec![]),
        }
    }
}

/// What was read from a capture.
#[derive(Debug, Clone, Serialize, TS)]
pub struct CaptureRead {
    /// The capture's format.
    pub format: Format,
    /// Its requests in order; never none.
    pub requests: Vec<RequestRead>,
}

/// One request of a capture in a line, with what was lost.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RequestRead {
    /// HTTP method, if the capture has it.
    pub method: Option<String>,
    /// Public URL, if the capture has it.
    pub url: Option<String>,
    /// How many header lines.
    pub headers: u32,
    /// The body's length in bytes; none when the capture does not hold it.
    #[ts(type = "number | null")]
    pub body_bytes: Option<u64>,
    /// Whether the capture cannot carry the request exactly.
    pub lossy: bool,
    /// What was noticed, changed or lost, in sentences.
    pub notes: Vec<String>,
}

impl Keyward {
    /// Reads a capture and says what is in it, without its bodies. One that is cut short is told by a
    /// note of its request.
    ///
    /// # Errors
    /// `SAMPLE_INVALID` for what is no capture, malformed or too large.
    pub fn webhook_read(&self, capture: &[u8]) -> Result<CaptureRead, Error> {
        let read = capture::read(capture, None).map_err(|error| sample(&error))?;
        Ok(CaptureRead {
            format: read.format,
            requests: read.requests.iter().map(request_read).collect(),
        })
    }

    /// One request of a capture, as far as a window shows it.
    ///
    /// # Errors
    /// Those of [`Keyward::webhook_read`], `AMBIGUOUS` when there are several and none was picked.
    pub fn webhook_request(&self, capture: &[u8], pick: Option<u32>) -> Result<RequestView, Error> {
        Ok(request_view(&picked(capture, pick)?, None))
    }
}

/// The request that is meant: the only one, or the one with this number.
pub(super) fn picked(capture: &[u8], pick: Option<u32>) -> Result<Request, Error> {
    let mut read = capture::read(capture, None).map_err(|error| sample(&error))?;
    let Some(number) = pick else { return Capture::only(read).map_err(|error| sample(&error)) };
    let at = usize::try_from(number).unwrap_or(usize::MAX).wrapping_sub(1);
    if at >= read.requests.len() {
        let count = read.requests.len();
        return Err(Error::new(
            "SAMPLE_INVALID",
            format!("The capture holds no request {number}."),
            format!(
                "Its requests are numbered from 1 to {count}; `keyward webhook import` lists them."
            ),
        ));
    }
    Ok(read.requests.swap_remove(at))
}

fn request_read(request: &Request) -> RequestRead {
    RequestRead {
        method: request.method.clone(),
        url: request.url.clone(),
        headers: u32::try_from(request.headers.len()).unwrap_or(u32::MAX),
        body_bytes: request.body.as_ref().map(|body| body.len() as u64),
        lossy: request.lossy,
        notes: request.notes.clone(),
    }
}
