//! Amazon Web Services: requests signed with Signature Version 4, IAM access keys as a provider, Secrets
//! Manager as a place. Code, because neither a signature nor a staged write can be said in data.

mod call;
mod credentials;
mod iam;
pub(crate) mod secrets_manager;
mod sigv4;

use crate::connector::Can;
pub use iam::{IamKey, keys};

pub(crate) use iam::{check, create, made, revoke};

/// The calls that there are for access keys.
pub(crate) const CAN: Can =
    Can { check: true, create: true, find: true, revoke: true, promote: false };

/// The hosts that they go to, but for other regions and partitions.
pub(crate) const HOSTS: [&str; 2] = ["iam.amazonaws.com", "sts.us-east-1.amazonaws.com"];

/// Whether a value is an access key in a form that is read here.
pub(crate) fn takes(value: &[u8]) -> bool {
    credentials::Credentials::parse(value).is_ok()
}
