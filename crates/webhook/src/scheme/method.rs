//! With what a scheme signs: HMACs, plain hashes, key pairs, JSON Web Tokens, and bare secrets.

use serde::Deserialize;

use super::fields::one_or_many;
use super::template::Template;

/// What is signed, and with what.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Method {
    /// An HMAC (RFC 2104) over a template.
    Hmac(Hmac),
    /// A plain hash over a template that holds the secret. Same fields as an HMAC.
    Digest(Hmac),
    /// A signature by a private key, verified with the public one.
    PublicKey(PublicKey),
    /// A JSON Web Token (RFC 7519) with claims about the request.
    Jwt(Box<Jwt>),
    /// The secret itself is sent: it proves the sender, and says nothing of the body.
    Token,
    /// HTTP Basic authentication (RFC 7617); the secret is `user:password`.
    Basic,
    /// The provider signs nothing.
    None,
}

/// An HMAC recipe, or one of a plain hash.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hmac {
    /// The hash below the HMAC.
    pub algorithm: Algorithm,
    /// The bytes that are signed.
    pub template: Template,
    /// How the signature is written.
    pub encoding: Encoding,
    /// How the secret becomes the key.
    #[serde(default)]
    pub key: KeyForm,
    /// What a secret of this provider starts with, such as `whsec_`; the longest first. It is part of a
    /// text key, and taken off before a hex or base64 key is decoded.
    #[serde(default, deserialize_with = "one_or_many")]
    pub secret_prefix: Vec<String>,
    /// Other spellings that the provider uses, or that its sources disagree about. Any may fit.
    #[serde(default)]
    pub also: Vec<Spelling>,
}

/// Another spelling of an HMAC recipe: what is absent is as in the recipe.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spelling {
    /// Another hash.
    pub algorithm: Option<Algorithm>,
    /// Other signed bytes.
    pub template: Option<Template>,
    /// Another encoding.
    pub encoding: Option<Encoding>,
}

impl Hmac {
    /// The recipe itself, then its other spellings.
    pub(crate) fn spellings(&self) -> impl Iterator<Item = (Algorithm, &Template, Encoding)> {
        let also = self.also.iter().map(|other| {
            (
                other.algorithm.unwrap_or(self.algorithm),
                other.template.as_ref().unwrap_or(&self.template),
                other.encoding.unwrap_or(self.encoding),
            )
        });
        [(self.algorithm, &self.template, self.encoding)].into_iter().chain(also)
    }
}

/// The hash below an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// FIPS 180-4 SHA-1, 20 bytes; only for providers that still use it.
    Sha1,
    /// FIPS 180-4 SHA-256, 32 bytes.
    Sha256,
    /// FIPS 180-4 SHA-384, 48 bytes.
    Sha384,
    /// FIPS 180-4 SHA-512, 64 bytes.
    Sha512,
}

impl Algorithm {
    /// Every algorithm, strongest habit first.
    pub(crate) const ALL: [Self; 4] = [Self::Sha256, Self::Sha1, Self::Sha512, Self::Sha384];

    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "HMAC-SHA1",
            Self::Sha256 => "HMAC-SHA256",
            Self::Sha384 => "HMAC-SHA384",
            Self::Sha512 => "HMAC-SHA512",
        }
    }

    /// Bytes in a signature.
    pub fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// A recipe whose signature a public key verifies.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicKey {
    /// The signature algorithm.
    pub algorithm: KeyPair,
    /// The bytes that are signed.
    pub template: Template,
    /// How the signature is written.
    pub encoding: Encoding,
    /// Where the public key is published, in words, for people.
    #[serde(default)]
    pub published: Option<String>,
}

/// Signature algorithms of key pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyPair {
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ECDSA on P-256 with SHA-256, the signature in DER (RFC 3279).
    EcdsaSha256,
    /// The same, the signature as the two numbers one after the other (RFC 7515, appendix A.3).
    EcdsaSha256Raw,
    /// ECDSA on P-256 with SHA-1, in DER; only for providers that still use it.
    EcdsaSha1,
    /// RSA with PKCS #1 v1.5 padding (RFC 8017) and SHA-1; only for providers that still use it.
    RsaSha1,
    /// RSA with PKCS #1 v1.5 padding and SHA-256.
    RsaSha256,
    /// RSA with PKCS #1 v1.5 padding and SHA-512.
    RsaSha512,
    /// RSA with PSS padding and SHA-256.
    RsaPssSha256,
}

impl KeyPair {
    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::EcdsaSha256 | Self::EcdsaSha256Raw => "ECDSA P-256 with SHA-256",
            Self::EcdsaSha1 => "ECDSA P-256 with SHA-1",
            Self::RsaSha1 => "RSA with SHA-1",
            Self::RsaSha256 => "RSA with SHA-256",
            Self::RsaSha512 => "RSA with SHA-512",
            Self::RsaPssSha256 => "RSA-PSS with SHA-256",
        }
    }

    /// Bytes in a signature, when every signature has the same number.
    pub(crate) fn length(self) -> Option<usize> {
        matches!(self, Self::Ed25519 | Self::EcdsaSha256Raw).then_some(64)
    }
}

/// A JSON Web Token and what its claims must say about the request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// The algorithms that are taken; the token's own choice must be one of them. Never `none`.
    #[serde(deserialize_with = "one_or_many_algorithms")]
    pub algorithm: Vec<JwtAlgorithm>,
    /// The claim that holds the body's SHA-256.
    #[serde(default)]
    pub body: Option<HashClaim>,
    /// The claim that names the URL.
    #[serde(default)]
    pub url: Option<UrlClaim>,
    /// The issuers of which the token must name one.
    #[serde(default, deserialize_with = "one_or_many")]
    pub issuer: Vec<String>,
    /// Claims that must be there.
    #[serde(default)]
    pub require: Vec<String>,
    /// Seconds of clock difference that are allowed for `exp` and `nbf`.
    #[serde(default)]
    pub leeway: u64,
    /// Seconds that `iat` may be old.
    #[serde(default)]
    pub max_age: Option<u64>,
    /// Where the public key is published, in words, for people.
    #[serde(default)]
    pub published: Option<String>,
}

/// A claim that holds a SHA-256 of the body.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HashClaim {
    /// The claim's name.
    pub claim: String,
    /// How the hash is written; base64 with or without padding.
    pub encoding: Encoding,
    /// Whether a body without the claim is refused.
    #[serde(default = "yes")]
    pub required: bool,
}

fn yes() -> bool {
    true
}

/// A claim that names the URL.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UrlClaim {
    /// The claim's name.
    pub claim: String,
    /// What it holds.
    pub form: UrlForm,
}

/// What a claim about the URL holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UrlForm {
    /// The URL itself.
    Plain,
    /// Its SHA-256 in lower-case hex.
    Sha256,
    /// Atlassian's hash of method, path and sorted query.
    Qsh,
}

/// Algorithms of a token (RFC 7518).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JwtAlgorithm {
    /// HMAC-SHA256.
    Hs256,
    /// HMAC-SHA384.
    Hs384,
    /// HMAC-SHA512.
    Hs512,
    /// RSA PKCS #1 v1.5 with SHA-256.
    Rs256,
    /// ECDSA P-256 with SHA-256.
    Es256,
}

impl JwtAlgorithm {
    /// The name in a token's header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        }
    }

    /// The hash of an HMAC algorithm.
    pub(crate) fn hmac(self) -> Option<Algorithm> {
        match self {
            Self::Hs256 => Some(Algorithm::Sha256),
            Self::Hs384 => Some(Algorithm::Sha384),
            Self::Hs512 => Some(Algorithm::Sha512),
            Self::Rs256 | Self::Es256 => None,
        }
    }
}

/// How bytes are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// Lower-case hexadecimal.
    Hex,
    /// Upper-case hexadecimal.
    HexUpper,
    /// Standard base64 with padding (RFC 4648 section 4).
    Base64,
    /// URL-safe base64 without padding (RFC 4648 section 5).
    Base64url,
}

impl Encoding {
    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::HexUpper => "upper-case hex",
            Self::Base64 => "base64",
            Self::Base64url => "URL-safe base64",
        }
    }
}

/// How a secret becomes a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyForm {
    /// The bytes of the text are the key.
    #[default]
    Text,
    /// The text is hexadecimal.
    Hex,
    /// The text is base64, padded or not.
    Base64,
    /// Base64 when the text has the secret's prefix, the text itself when it has not.
    PrefixedBase64,
    /// The text, and what it is in base64 without a `whsec_` as well: either may sign.
    TextOrBase64,
    /// The key is the SHA-1 of the text.
    Sha1,
}

fn one_or_many_algorithms<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<JwtAlgorithm>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(JwtAlgorithm),
        Many(Vec<JwtAlgorithm>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    })
}
