//! The only crate that talks to a network: one HTTP/1.1 request at a time, sent to a place that was
//! checked before anything is.
//!
//! [`Target::parse`] reads a URL, [`Route::find`] resolves its host once and refuses addresses that
//! the caller's [`Reach`] does not allow, and [`Route::send`] connects to one of those very addresses.
//!
//! What holds here:
//! - Nothing is connected to but an address that was checked; a name is never resolved again.
//! - No redirect is followed, no proxy is read from the environment, no cookie is kept, nothing is
//!   sent twice.
//! - Headers arrive as they were given: order, case and repeats. That is why the exchange is
//!   written here: client libraries put headers into maps, and a webhook is tested with its bytes.
//! - Every wait ends at one deadline, and no more of an answer is kept than was asked for.
//! - An answer is hostile input: whatever it holds, it is read without a panic.

#![allow(clippy::disallowed_types, clippy::disallowed_methods)] // the one crate that may

mod answer;
pub mod aws;
mod client;
pub mod connector;
pub mod destination;
mod error;
mod failure;
mod json;
mod reach;
mod request;
mod route;
mod target;
mod tls;

pub use answer::{Answer, Ending};
pub use error::RemoteError;
pub use failure::{Failure, Happened, Why};
pub use reach::Reach;
pub use request::{Outgoing, is_carried};
pub use route::{Exchange, Limits, Route};
pub use target::Target;
