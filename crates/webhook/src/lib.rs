//! Verifies a captured webhook request offline and says why its signature does not fit.
//!
//! [`read_request`] takes a capture, [`verify`] decides as the provider's own library would and
//! explains a failure by undoing one thing at a time until the signature fits. [`sign`] makes a valid
//! sample, and [`challenge`] answers a provider's handshake. Providers are data (`schemes/*.toml`);
//! what a recipe cannot say is in `adapters/`.
//!
//! What holds here:
//! - No I/O, no network, no clock: "now", secrets and samples are handed in.
//! - The body is bytes. It is parsed for a diagnosis, and for schemes that sign fields of it.
//! - The scheme fixes the algorithm; nothing in a request chooses it.
//! - Signatures are compared in constant time, and no secret, key or computed signature leaves a
//!   verification.
//! - A reason says `proved` only when undoing that one thing made the signature fit.
//! - The work of a diagnosis is bounded, whatever the sample holds.

mod adapters;
pub mod capture;
mod challenge;
mod delivery;
mod diagnose;
mod engine;
mod guess;
mod json_text;
mod jwt;
mod key;
mod lookup;
mod pki;
mod report;
mod request;
mod scheme;
mod schemes;
mod sign;
mod snippets;
mod text;
mod url;
mod verdict;

pub use adapters::Adapter;
pub use challenge::{Answer, ChallengeError, Handshake, challenge};
pub use guess::{Candidate, guess};
pub use report::{Check, CheckName, Code, Difference, Reason, Report, SecretName, Verdict, Wanted};
pub use request::{MAX_INPUT, Request, SampleError, read_request};
pub use scheme::{
    Algorithm, ApiKey, CertUrl, DeliveryId, Encoding, HashClaim, HeaderField, Hmac, Jwt,
    JwtAlgorithm, KeyForm, KeyPair, Layout, Marker, Method, Part, PublicKey, Scheme, SchemeError,
    SignatureField, Spelling, Template, TimestampField, Unit, UrlClaim, UrlForm,
};
pub use schemes::{SchemeSummary, find, schemes, table};
pub use sign::{Sample, SignError, sign, sign_again};
pub use snippets::{Framework, Remedy, Snippet, frameworks, snippets};
pub use verdict::{Case, NamedSecret, VerifyError, recognise, verify};
