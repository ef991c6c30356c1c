//! Connectors against local servers that play each provider, each shape, and each trap.

#![allow(clippy::unwrap_used, clippy::disallowed_types, missing_docs)]

mod docs;
mod google;
mod openbao;
mod own;
mod providers;
mod server;
mod traps;

use std::collections::BTreeMap;

use jiff::Timestamp;
use keyward_remote::connector::{Account, Connector, connector};
use keyward_remote::{Failure, Happened};
use secrecy::SecretSlice;

pub const VALUE: &str = "value-Canary-0123456789";
pub const NEW: &str = "fresh-Canary-5544332211";
pub const ADMIN: &str = "admin-Canary-9876543210";
pub const TOKEN: &str = "RUN-TOKEN-01";
pub const NOW: &str = "2026-11-22T12:00:00Z";

pub fn secret(text: &str) -> SecretSlice<u8> {
    SecretSlice::from(text.as_bytes().to_vec())
}

/// Parameters of the tests' own accounts.
pub fn parameters() -> BTreeMap<String, String> {
    let pairs = [
        ("account", "acc1"),
        ("client", "client1"),
        ("domain", "example.eu.auth0.com"),
        ("policies", "default"),
        ("project", "proj_1"),
        ("role", "ci"),
        ("scopes", "mail.send, alerts.read"),
        ("tags", "tag:ci"),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// Runs `act` with an account of a built-in connector whose server is at `url`.
pub fn with<T>(id: &str, url: &str, act: impl FnOnce(&Account) -> T) -> T {
    let known = connector(id).unwrap();
    with_connector(known, Some(url), &parameters(), act)
}

pub fn with_connector<T>(
    connector: &Connector,
    url: Option<&str>,
    parameters: &BTreeMap<String, String>,
    act: impl FnOnce(&Account) -> T,
) -> T {
    let admin = secret(ADMIN);
    let now: Timestamp = NOW.parse().unwrap();
    act(&Account { connector, parameters, admin: Some(&admin), endpoint: url, now })
}

/// A failure as `no: …` or `perhaps: …`, once it is sure that it holds nothing secret.
pub fn told(failure: &Failure) -> String {
    clean(&format!("{failure} {failure:?}"));
    let happened = if failure.happened == Happened::No { "no" } else { "perhaps" };
    format!("{happened}: {failure}")
}

/// No text for people holds anything of a credential.
pub fn clean(text: &str) {
    for secret in [VALUE, NEW, ADMIN] {
        for at in 0..secret.len() - 5 {
            assert!(!text.contains(&secret[at..at + 6]), "{text}");
        }
    }
}
