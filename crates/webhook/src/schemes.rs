//! The table of shipped schemes: one file each, embedded as data and read once.

use std::sync::LazyLock;

use serde::Serialize;
use ts_rs::TS;

use crate::scheme::{Method, Scheme, parse_file};

/// Each file of `schemes/`, by name, with its text.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/schemes.rs"));

static TABLE: LazyLock<Vec<Scheme>> = LazyLock::new(|| {
    let read =
        |(_, text): &(&str, &str)| parse_file(text).expect("a test reads every shipped scheme");
    FILES.iter().flat_map(read).collect()
});

/// Every shipped scheme, by id.
pub fn table() -> &'static [Scheme] {
    &TABLE
}

/// The shipped scheme with this id.
pub fn find(id: &str) -> Option<&'static Scheme> {
    table().iter().find(|scheme| scheme.id == id)
}

/// A shipped scheme, as `keyward webhook schemes` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct SchemeSummary {
    /// Stable id for `--scheme`.
    pub id: String,
    /// The provider's name.
    pub provider: String,
    /// The header that holds the signature, or its place in the body.
    pub header: String,
    /// What is signed and how, in words.
    pub signed: String,
    /// True when read in the provider's own library or documentation.
    pub verified: bool,
    /// True when kept for old receivers only.
    pub legacy: bool,
    /// True when the public URL is needed.
    pub needs_url: bool,
    /// True when the key is public (`--param public-key`).
    pub public_key: bool,
    /// True when a sample can be signed: with the secret, or with a private key.
    pub can_sign: bool,
    /// Seconds that a delivery may be old, if limited.
    #[ts(type = "number | null")]
    pub past_seconds: Option<u64>,
    /// Seconds that a delivery may be ahead, if limited.
    #[ts(type = "number | null")]
    pub future_seconds: Option<u64>,
    /// One fact that helps.
    pub note: Option<String>,
    /// Where the facts come from.
    pub sources: Vec<String>,
}

/// Every shipped scheme, for showing.
pub fn schemes() -> Vec<SchemeSummary> {
    table().iter().map(SchemeSummary::from).collect()
}

impl From<&Scheme> for SchemeSummary {
    fn from(scheme: &Scheme) -> Self {
        let timestamp = scheme.timestamp.as_ref();
        let max_age = match &scheme.sign {
            Method::Jwt(jwt) => jwt.max_age,
            _ => None,
        };
        Self {
            id: scheme.id.clone(),
            provider: scheme.provider.clone(),
            header: scheme.signature.name().to_owned(),
            signed: crate::engine::recipe(scheme),
            verified: scheme.verified,
            legacy: scheme.legacy,
            needs_url: scheme.needs_url(),
            public_key: scheme.has_public_key(),
            can_sign: scheme.has_key(),
            past_seconds: timestamp.and_then(|t| t.past).or(max_age),
            future_seconds: timestamp.and_then(|t| t.future),
            note: scheme.note.clone(),
            sources: scheme.sources.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_file_reads_and_is_named_after_its_scheme() {
        for (name, text) in FILES {
            let schemes = parse_file(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let [scheme] = schemes.as_slice() else { panic!("{name} holds one scheme") };
            assert_eq!(format!("{}.toml", scheme.id), *name);
            assert!(!scheme.sources.is_empty(), "{name} has no source");
            assert!(scheme.note.as_deref().is_none_or(|note| note.ends_with('.')), "{name}");
        }
        assert_eq!(FILES.len(), 165);
    }

    #[test]
    fn a_table_of_this_size_is_read_quickly_enough_for_a_command() {
        assert_eq!(table().len(), FILES.len());
        assert!(find("stripe").is_some() && find("").is_none());
    }
}
