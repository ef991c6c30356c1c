//! Verifies a captured webhook request offline and says why its signature does not fit.
//!
//! [`read_request`] takes a capture, [`verify`] decides as the provider's own library would and
//! explains a failure by undoing one thing at a time until the signature fits. Providers are data
//! (`schemes/*.toml`); only Twilio and Discord need code of their own.
//!
//! What holds here:
//! - No I/O, no network, no clock: "now", secrets and samples are handed in.
//! - The body is bytes. It is never parsed for the verdict, only for a diagnosis.
//! - The scheme fixes the algorithm; nothing in a request chooses it.
//! - Signatures are compared in constant time, and no secret, key or computed signature leaves.
//! - A reason says `proved` only when undoing that one thing made the signature fit.
//! - The work of a diagnosis is bounded, whatever the sample holds.

pub mod capture;
mod delivery;
mod diagnose;
mod discord;
mod engine;
mod json_text;
mod key;
mod report;
mod request;
mod scheme;
mod schemes;
mod text;
mod twilio;
mod url;
mod verdict;

pub use report::{Check, CheckName, Code, Difference, Reason, Report, SecretName, Verdict};
pub use request::{MAX_INPUT, Request, SampleError, read_request};
pub use scheme::{
    Algorithm, DeliveryId, Encoding, HeaderField, Hmac, KeyForm, Layout, Method, Part, Scheme,
    SchemeError, SignatureField, Template, TimestampField, Unit,
};
pub use schemes::{Candidate, SchemeSummary, find, guess, schemes, table};
pub use verdict::{Case, NamedSecret, VerifyError, verify};
