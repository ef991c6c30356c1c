//! The few lines of code that avoid a cause, for each framework: data of `snippets/*.toml`, one file a
//! framework, so that both faces show the same ones.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::report::Code;

/// The header that snippets name until the scheme's own is known.
const HEADER: &str = "X-Signature";

const FILES: [&str; 7] = [
    include_str!("../snippets/express.toml"),
    include_str!("../snippets/fastapi.toml"),
    include_str!("../snippets/rails.toml"),
    include_str!("../snippets/spring.toml"),
    include_str!("../snippets/go.toml"),
    include_str!("../snippets/laravel.toml"),
    include_str!("../snippets/nextjs.toml"),
];

static TABLE: LazyLock<Vec<File>> = LazyLock::new(|| {
    FILES.iter().map(|text| toml::from_str(text).expect("a test reads every file")).collect()
});

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    name: String,
    language: String,
    sources: Vec<String>,
    remedies: BTreeMap<Remedy, String>,
}

/// What the code of a receiver can do about a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename_all = "kebab-case")]
pub enum Remedy {
    /// Verify the bytes as they came.
    RawBody,
    /// Undo the compression first.
    CompressedBody,
    /// Make the key from the secret as the scheme says.
    SecretBytes,
    /// Compare bytes, not texts.
    Compare,
    /// A secret for each endpoint, and two while it is replaced.
    SeveralSecrets,
    /// Read the timestamp in its unit, with a window.
    Timestamp,
    /// Build the URL that the provider called.
    PublicUrl,
    /// Remember what was handled.
    Replay,
    /// Check a token with all its claims.
    Token,
}

impl Remedy {
    /// Every remedy; each framework has code for each.
    pub const ALL: [Self; 9] = [
        Self::RawBody,
        Self::CompressedBody,
        Self::SecretBytes,
        Self::Compare,
        Self::SeveralSecrets,
        Self::Timestamp,
        Self::PublicUrl,
        Self::Replay,
        Self::Token,
    ];

    /// What the code does, in words that follow the framework's name.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::RawBody => "verify the bytes as they came",
            Self::CompressedBody => "unpack the body, then verify",
            Self::SecretBytes => "make the key from the secret",
            Self::Compare => "compare bytes, in constant time",
            Self::SeveralSecrets => "accept the secrets of this endpoint",
            Self::Timestamp => "read the timestamp and keep a window",
            Self::PublicUrl => "build the URL that was called",
            Self::Replay => "handle each delivery once",
            Self::Token => "check the token and its claims",
        }
    }
}

impl Code {
    /// What code can do about this cause; none where the cause lies in the capture, the settings or the
    /// sender.
    #[must_use]
    pub fn remedy(self) -> Option<Remedy> {
        match self {
            Self::BodyReserialised
            | Self::BodyModified
            | Self::BodyMissing
            | Self::TrailingNewlineAdded
            | Self::TrailingNewlineStripped
            | Self::LineEndingsChanged
            | Self::BomAdded
            | Self::CharsetChanged
            | Self::FormPayloadDecoded => Some(Remedy::RawBody),
            Self::BodyCompressed => Some(Remedy::CompressedBody),
            Self::SecretWhitespace
            | Self::SecretEncoding
            | Self::SecretFormat
            | Self::SecretPrefix => Some(Remedy::SecretBytes),
            Self::SignatureEncoding
            | Self::SignatureCase
            | Self::PrefixMissing
            | Self::AlgorithmMismatch => Some(Remedy::Compare),
            Self::OtherStoredSecret => Some(Remedy::SeveralSecrets),
            Self::TimestampTooOld
            | Self::TimestampInFuture
            | Self::TimestampMalformed
            | Self::TimestampUnit => Some(Remedy::Timestamp),
            Self::UrlMismatch => Some(Remedy::PublicUrl),
            Self::Replayed => Some(Remedy::Replay),
            Self::AlgorithmHeaderMissing
            | Self::JwtAlgNone
            | Self::TokenExpired
            | Self::AudienceMismatch
            | Self::IssuerMismatch => Some(Remedy::Token),
            Self::WrongSecret
            | Self::SecretIsApiKey
            | Self::HeaderMissing
            | Self::HeaderRepeated
            | Self::SignatureFieldMissing
            | Self::SignatureEmpty
            | Self::SignatureTruncated
            | Self::SignatureModified
            | Self::UnsupportedVersion
            | Self::WrongTemplate
            | Self::TimestampModified
            | Self::TimestampMissing
            | Self::UrlMissing
            | Self::MethodMismatch
            | Self::IdModified
            | Self::SignedFieldModified
            | Self::NoMatchingKey
            | Self::PublicKeyNeeded
            | Self::CertUrlUntrusted
            | Self::CertUntrusted
            | Self::NothingSigned => None,
        }
    }
}

/// A framework that there is code for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Framework {
    /// Stable id for `--framework`.
    pub id: String,
    /// Its own name.
    pub name: String,
}

/// Code that avoids a cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Snippet {
    /// The framework's id.
    pub framework: String,
    /// The framework's name.
    pub framework_name: String,
    /// What the code does.
    pub remedy: Remedy,
    /// The same in words that follow the framework's name.
    pub title: String,
    /// The reasons that it is for, of those that were asked about.
    pub codes: Vec<Code>,
    /// The language, in lower case.
    pub language: String,
    /// The code, with a line end after each line.
    pub text: String,
    /// Where its facts are documented.
    pub sources: Vec<String>,
}

/// The frameworks, in the order in which they are offered.
#[must_use]
pub fn frameworks() -> Vec<Framework> {
    let row = |file: &File| Framework { id: file.id.clone(), name: file.name.clone() };
    TABLE.iter().map(row).collect()
}

/// The code for these reasons in the framework with this id: one for each remedy, in the order of the
/// reasons. `header` is the name of the scheme's signature header. `None` when there is no such framework.
#[must_use]
pub fn snippets(framework: &str, codes: &[Code], header: Option<&str>) -> Option<Vec<Snippet>> {
    let file = TABLE.iter().find(|file| file.id == framework)?;
    let mut out: Vec<Snippet> = Vec::new();
    for code in codes {
        let Some(remedy) = code.remedy() else { continue };
        if let Some(there) = out.iter_mut().find(|snippet| snippet.remedy == remedy) {
            if !there.codes.contains(code) {
                there.codes.push(*code);
            }
            continue;
        }
        let Some(text) = file.remedies.get(&remedy) else { continue };
        out.push(Snippet {
            framework: file.id.clone(),
            framework_name: file.name.clone(),
            remedy,
            title: remedy.title().to_owned(),
            codes: vec![*code],
            language: file.language.clone(),
            text: text.replace(HEADER, header.filter(|name| is_name(name)).unwrap_or(HEADER)),
            sources: file.sources.clone(),
        });
    }
    Some(out)
}

/// Whether this is a plain header name: it goes between quotes of seven languages.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_framework_has_code_for_every_remedy() {
        assert_eq!(frameworks().len(), FILES.len());
        for file in TABLE.iter() {
            assert!(file.sources.iter().all(|url| url.starts_with("https://")), "{}", file.id);
            for remedy in Remedy::ALL {
                let text = file.remedies.get(&remedy).map_or("", String::as_str);
                let lines = text.lines().count();
                assert!((1..=24).contains(&lines), "{} {remedy:?}: {lines} lines", file.id);
                assert!(text.ends_with('\n') && !text.starts_with('\n'), "{} {remedy:?}", file.id);
                assert!(text.lines().all(|line| line.len() <= 78), "{} {remedy:?}", file.id);
            }
        }
    }

    #[test]
    fn reasons_with_one_remedy_share_its_code() {
        let asked = [Code::BomAdded, Code::HeaderMissing, Code::Replayed, Code::LineEndingsChanged];
        let found = snippets("go", &asked, None).unwrap();
        let told: Vec<_> = found.iter().map(|s| (s.remedy, s.codes.clone())).collect();
        let raw = (Remedy::RawBody, vec![Code::BomAdded, Code::LineEndingsChanged]);
        assert_eq!(told, [raw, (Remedy::Replay, vec![Code::Replayed])]);
        assert_eq!(snippets("cobol", &asked, None), None);
    }

    #[test]
    fn the_schemes_header_is_named_unless_it_could_end_a_string() {
        let text = |header| snippets("express", &[Code::BomAdded], header).unwrap().remove(0).text;
        assert!(text(Some("Stripe-Signature")).contains("req.get(\"Stripe-Signature\")"));
        for odd in [None, Some(""), Some("a\");x(\""), Some("a b")] {
            assert!(text(odd).contains("req.get(\"X-Signature\")"), "{odd:?}");
        }
    }
}
