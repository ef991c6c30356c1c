//! What a verification says: the JSON document of the command line and the window alike.
//!
//! Invariant: no type here ever holds a secret, a key, or a signature that we computed.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The outcome of one verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(rename = "WebhookReport")]
pub struct Report {
    /// Version of this document's shape: 1.
    pub version: u32,
    /// The outcome in one word.
    pub verdict: Verdict,
    /// The scheme's id.
    pub scheme: String,
    /// The provider's name.
    pub scheme_name: String,
    /// The accepted secret that fits, as it stands or once the proved cause is undone.
    pub secret: Option<SecretName>,
    /// Each check by itself.
    pub checks: Vec<Check>,
    /// Why it is not valid, most specific first.
    pub reasons: Vec<Reason>,
    /// What was signed and how, in words.
    pub signed: String,
    /// The first 4 KiB of the signed bytes, escaped; absent when a part of them is missing.
    pub signed_text: Option<String>,
    /// Where the body as received and the body that was signed part.
    pub difference: Option<Difference>,
    /// The delivery's own id, for finding replays.
    pub delivery_id: Option<String>,
    /// What else is worth knowing, in sentences.
    pub notes: Vec<String>,
}

/// The outcome in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "lowercase")]
#[ts(rename_all = "lowercase")]
pub enum Verdict {
    /// Signature and age hold, as the provider's own library decides.
    Valid,
    /// They hold, but the body is not part of what was signed.
    Authenticated,
    /// They do not hold.
    Invalid,
    /// The key is not at hand.
    Undecidable,
}

/// A stored secret by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct SecretName {
    /// The name it was handed in under.
    pub name: String,
    /// Its version, if it is a stored one.
    pub version: Option<u32>,
}

/// One check by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
#[ts(rename = "WebhookCheck")]
pub struct Check {
    /// `signature` or `timestamp`.
    pub name: CheckName,
    /// Whether it holds.
    pub ok: bool,
    /// For the timestamp: seconds since it; negative when it is ahead.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional, type = "number")]
    pub age_seconds: Option<i64>,
}

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "lowercase")]
#[ts(rename_all = "lowercase")]
pub enum CheckName {
    /// Whether a signature fits an accepted secret.
    Signature,
    /// Whether the timestamp is inside the provider's window.
    Timestamp,
    /// Whether the delivery is new; decided by the caller, who keeps the memory.
    Replay,
}

/// Why a request is not valid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Reason {
    /// Stable code.
    pub code: Code,
    /// What happened.
    pub message: String,
    /// What to change.
    pub hint: String,
    /// True when undoing only this makes the request fit.
    pub proved: bool,
    /// The secret that this is about, if one is.
    pub secret: Option<SecretName>,
    /// What the hint asks for, without the command line's flags: for faces that have other ways.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub wanted: Option<Wanted>,
}

/// What to do about a delivery that is too old, for the command line and for others.
pub(crate) const OLD_HINT: &str = "For a stored sample, give the time it arrived with `--at`. For a live one, check the clock, and queues or retries in between.";
pub(crate) const OLD_WORDS: &str = "For a stored sample its age says nothing: whether the signature fits is a fact by itself. For a live one, check the clock, and queues or retries in between.";

/// What to do about one from the future.
pub(crate) const AHEAD_HINT: &str = "Check the clocks of the sender and of this machine; for a stored sample, give the time it arrived with `--at`.";
pub(crate) const AHEAD_WORDS: &str = "Check the clocks of the sender and of this machine.";

/// Something that only the person can hand in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Wanted {
    /// The parameter of the scheme that takes it; none when it is no parameter.
    pub parameter: Option<String>,
    /// What to do, in sentences that name no flag.
    pub words: String,
}

impl Reason {
    /// A possibility, or a plain defect whose undoing cannot be tried.
    pub(crate) fn new(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Self {
        let (message, hint) = (message.into(), hint.into());
        Self { code, message, hint, proved: false, secret: None, wanted: None }
    }

    /// A cause whose undoing made the signature fit.
    pub(crate) fn proved(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { proved: true, ..Self::new(code, message, hint) }
    }

    /// The same reason, with its hint in words that name no flag.
    pub(crate) fn wanting(self, parameter: Option<&str>, words: impl Into<String>) -> Self {
        let wanted = Wanted { parameter: parameter.map(str::to_owned), words: words.into() };
        Self { wanted: Some(wanted), ..self }
    }

    /// The same reason, about this secret.
    pub(crate) fn about(self, secret: SecretName) -> Self {
        Self { secret: Some(secret), ..self }
    }
}

/// Where two bodies part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Difference {
    /// Offset of the first differing byte, from 0.
    #[ts(type = "number")]
    pub offset: u64,
    /// The body as received round that byte, escaped.
    pub received: String,
    /// The body that fits the signature round that byte, escaped.
    pub signed: String,
}

/// Stable reason codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(rename_all = "kebab-case")]
pub enum Code {
    /// The JSON was parsed and written again.
    BodyReserialised,
    /// The body is not the one that was signed.
    BodyModified,
    /// The capture has no body.
    BodyMissing,
    /// The body is still compressed; the signature covers it uncompressed.
    BodyCompressed,
    /// A line break was added at the end of the body.
    TrailingNewlineAdded,
    /// The line break at the end of the body was taken off.
    TrailingNewlineStripped,
    /// Line endings went from LF to CRLF, or back.
    LineEndingsChanged,
    /// A byte order mark was put before the body.
    BomAdded,
    /// The body's text was converted to another character set.
    CharsetChanged,
    /// The form was decoded; the signature covers the form as sent.
    FormPayloadDecoded,
    /// Another stored secret fits.
    OtherStoredSecret,
    /// The secret may be the wrong one.
    WrongSecret,
    /// Blanks or a line break are part of the secret.
    SecretWhitespace,
    /// The secret was decoded where it should not be, or the other way round.
    SecretEncoding,
    /// The secret is not in the form that the scheme's secrets have.
    SecretFormat,
    /// The secret lacks its prefix, or has one too many.
    SecretPrefix,
    /// The secret looks like an API key.
    SecretIsApiKey,
    /// A header that the scheme needs is absent.
    HeaderMissing,
    /// The signature header is there more than once.
    HeaderRepeated,
    /// The signature header has no signature entry.
    SignatureFieldMissing,
    /// The signature is empty.
    SignatureEmpty,
    /// The signature was cut short.
    SignatureTruncated,
    /// The signature was changed in a few characters.
    SignatureModified,
    /// The signature is written in another encoding.
    SignatureEncoding,
    /// The signature's letters are in the wrong case.
    SignatureCase,
    /// The signature lacks its prefix, such as `sha256=`.
    PrefixMissing,
    /// The signature is of a version that the scheme does not check.
    UnsupportedVersion,
    /// The token names no algorithm.
    AlgorithmHeaderMissing,
    /// The signature names, or was made with, another algorithm.
    AlgorithmMismatch,
    /// The token says that it is not signed.
    JwtAlgNone,
    /// The signature fits another recipe than this scheme's.
    WrongTemplate,
    /// The timestamp is further back than the window allows.
    TimestampTooOld,
    /// The timestamp is further ahead than the window allows.
    TimestampInFuture,
    /// The timestamp is not the one that was signed.
    TimestampModified,
    /// The timestamp is not a number.
    TimestampMalformed,
    /// There is no timestamp.
    TimestampMissing,
    /// The timestamp is in another unit, such as milliseconds for seconds.
    TimestampUnit,
    /// The token is past its end.
    TokenExpired,
    /// The delivery came before; decided by the caller, who keeps the memory.
    Replayed,
    /// The URL is not the one that was signed.
    UrlMismatch,
    /// The URL is signed, but the capture has none.
    UrlMissing,
    /// The method is not the one that was signed.
    MethodMismatch,
    /// The message id is not the one that was signed.
    IdModified,
    /// A field that is signed by itself was changed.
    SignedFieldModified,
    /// The keys at hand do not hold the one that the request names.
    NoMatchingKey,
    /// The scheme's public key, or what else it needs besides a secret, was not given.
    PublicKeyNeeded,
    /// The certificate is named at a host that is not the provider's.
    CertUrlUntrusted,
    /// The certificate is another's, has run out, or was not signed by who it says.
    CertUntrusted,
    /// The token is meant for another receiver.
    AudienceMismatch,
    /// The token comes from another issuer.
    IssuerMismatch,
    /// The provider signs nothing, so there is nothing to verify.
    NothingSigned,
}
