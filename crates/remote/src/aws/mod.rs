//! Amazon Web Services: requests signed with Signature Version 4, IAM access keys as a provider, Secrets
//! Manager as a place. Code, because neither a signature nor a staged write can be said in data.

mod call;
mod credentials;
mod iam;
pub(crate) mod secrets_manager;
mod sigv4;

pub use iam::{IamKey, keys};
pub(crate) use iam::{check, create, made, revoke};
