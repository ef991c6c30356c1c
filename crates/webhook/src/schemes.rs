//! The table of shipped schemes, and guessing one from a request's headers.

use std::sync::LazyLock;

use serde::Serialize;
use ts_rs::TS;

use crate::request::Request;
use crate::scheme::{Scheme, parse_file};

/// One file for each provider, embedded as data.
const FILES: &[&str] = &[
    include_str!("../schemes/stripe.toml"),
    include_str!("../schemes/github.toml"),
    include_str!("../schemes/slack.toml"),
    include_str!("../schemes/shopify.toml"),
    include_str!("../schemes/standard_webhooks.toml"),
    include_str!("../schemes/svix.toml"),
    include_str!("../schemes/twilio.toml"),
    include_str!("../schemes/discord.toml"),
];

static TABLE: LazyLock<Vec<Scheme>> = LazyLock::new(|| {
    let read = |text: &&str| parse_file(text).expect("a test reads every shipped scheme");
    FILES.iter().flat_map(read).collect()
});

/// Every shipped scheme.
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
    /// The header that holds the signature.
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
        Self {
            id: scheme.id.clone(),
            provider: scheme.provider.clone(),
            header: scheme.signature.name().to_owned(),
            signed: crate::engine::recipe(scheme),
            verified: scheme.verified,
            legacy: scheme.legacy,
            needs_url: scheme.needs_url(),
            public_key: scheme.has_public_key(),
            past_seconds: timestamp.and_then(|t| t.past),
            future_seconds: timestamp.and_then(|t| t.future),
            note: scheme.note.clone(),
            sources: scheme.sources.clone(),
        }
    }
}

/// A scheme that a request may have been signed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Candidate {
    /// The scheme's id.
    pub id: String,
    /// The provider's name.
    pub provider: String,
    /// The header that tells it.
    pub header: String,
    /// How sure: 3 its signature header is there and looks right, 2 it is there, 1 only another
    /// header of the provider is.
    pub strength: u8,
}

/// The schemes that the headers speak for, strongest first; those kept for old receivers come last.
pub fn guess(request: &Request) -> Vec<Candidate> {
    let mut found: Vec<(&Scheme, Candidate)> =
        table().iter().filter_map(|scheme| Some((scheme, candidate(scheme, request)?))).collect();
    found.sort_by_key(|(scheme, candidate)| (scheme.legacy, std::cmp::Reverse(candidate.strength)));
    found.into_iter().map(|(_, candidate)| candidate).collect()
}

fn candidate(scheme: &Scheme, request: &Request) -> Option<Candidate> {
    let signature = &scheme.signature;
    let (header, strength) = match request.header(signature.name()) {
        Some(value) if value.starts_with(&signature.prefix) => (signature.name(), 3),
        Some(_) => (signature.name(), 2),
        None => {
            let known = signature.header.iter().skip(1).chain(&scheme.recognise);
            // `webhook-signature` alone speaks for the scheme that has it as its first header.
            let mut known = known.filter(|name| {
                !table().iter().any(|other| other.signature.name().eq_ignore_ascii_case(name))
            });
            (known.find(|name| request.header(name).is_some())?.as_str(), 1)
        }
    };
    let (id, provider) = (scheme.id.clone(), scheme.provider.clone());
    Some(Candidate { id, provider, header: header.to_owned(), strength })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_file_reads_and_ids_are_unique() {
        let mut ids = Vec::new();
        for file in FILES {
            let schemes = parse_file(file).expect("a shipped scheme file");
            assert!(!schemes.is_empty());
            for scheme in schemes {
                assert!(!scheme.sources.is_empty(), "{} has no source", scheme.id);
                ids.push(scheme.id);
            }
        }
        assert_eq!(
            ids,
            [
                "stripe",
                "github",
                "github_sha1",
                "slack",
                "shopify",
                "standard_webhooks",
                "svix",
                "twilio",
                "discord"
            ]
        );
    }

    #[test]
    fn the_strongest_guess_comes_first() {
        let guessed = |headers: &[(&str, &str)]| -> Vec<(String, u8)> {
            let headers = headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
            let request = Request { headers, ..Request::default() };
            guess(&request).into_iter().map(|c| (c.id, c.strength)).collect()
        };
        assert_eq!(
            guessed(&[("x-hub-signature", "sha1=00"), ("x-hub-signature-256", "sha256=00")]),
            [("github".into(), 3), ("github_sha1".into(), 3)]
        );
        assert_eq!(guessed(&[("X-GitHub-Event", "ping")]), [("github".into(), 1)]);
        assert_eq!(guessed(&[("WEBHOOK-SIGNATURE", "v1,00")]), [("standard_webhooks".into(), 3)]);
        assert_eq!(guessed(&[("Shopify-Hmac-Sha256", "x")]), [("shopify".into(), 1)]);
        assert!(guessed(&[("Host", "example.com")]).is_empty());
    }
}
