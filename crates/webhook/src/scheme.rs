//! How one provider signs: the data types of a scheme file, and reading one.
//!
//! A scheme is data, so that a provider can be added, or one of your own described, without code.
//! See `schemes/*.toml` for the shipped ones; a custom file holds the same keys at its top level.

use serde::{Deserialize, Deserializer};

/// How one provider signs its webhooks.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheme {
    /// Stable id, such as `stripe`: lower-case letters, digits, `_` and `-`.
    pub id: String,
    /// The provider's name for people, such as `Stripe`.
    pub provider: String,
    /// True when the recipe was read in the provider's own library or documentation.
    #[serde(default)]
    pub verified: bool,
    /// True for a scheme kept for old receivers: guessed only when no other fits.
    #[serde(default)]
    pub legacy: bool,
    /// Where the facts come from.
    #[serde(default)]
    pub sources: Vec<String>,
    /// One fact that helps a person who uses this scheme.
    #[serde(default)]
    pub note: Option<String>,
    /// Headers that tell the provider even when the signature is missing.
    #[serde(default)]
    pub recognise: Vec<String>,
    /// Where the delivery's own id is, for finding replays.
    #[serde(default)]
    pub delivery_id: Option<DeliveryId>,
    /// Where the signature is and how it is written.
    pub signature: SignatureField,
    /// Where the timestamp is, and how old it may be.
    #[serde(default)]
    pub timestamp: Option<TimestampField>,
    /// Where the message id is, for templates that sign it.
    #[serde(default)]
    pub message_id: Option<HeaderField>,
    /// What is signed, and with what.
    pub sign: Method,
}

/// Where a delivery's own id is found.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub enum DeliveryId {
    /// In the first of these headers that is present.
    Header(#[serde(deserialize_with = "one_or_many")] Vec<String>),
    /// In this top-level member of the JSON body.
    Body(String),
}

/// A value that is a whole header.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderField {
    /// Header names; the first that is present counts, the first of all is the one asked for.
    #[serde(deserialize_with = "one_or_many")]
    pub header: Vec<String>,
}

/// Where the signature is and how it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureField {
    /// Header names; the first that is present counts, the first of all is the one asked for.
    #[serde(deserialize_with = "one_or_many")]
    pub header: Vec<String>,
    /// How the header is built.
    #[serde(default)]
    pub layout: Layout,
    /// Text before each signature, such as `sha256=` or `v1,`.
    #[serde(default)]
    pub prefix: String,
    /// With pairs: the key of a signature, such as `v1`.
    #[serde(default)]
    pub field: Option<String>,
    /// Between entries; a comma for pairs and a blank for lists unless stated.
    #[serde(default)]
    pub separator: Option<char>,
    /// With pairs: whether blanks round an entry are dropped (`t=1, v1=…`).
    #[serde(default)]
    pub trim: bool,
}

impl SignatureField {
    /// The header that a sender is expected to set.
    pub fn name(&self) -> &str {
        self.header.first().map_or("", String::as_str)
    }
}

/// How a signature header is built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// One signature, after the prefix.
    #[default]
    Plain,
    /// Several entries, each with the prefix; others are passed over.
    List,
    /// `key=value` entries.
    Pairs,
}

/// Where the timestamp is and how old it may be.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimestampField {
    /// Header names, if the timestamp is a header of its own.
    #[serde(default, deserialize_with = "one_or_many")]
    pub header: Vec<String>,
    /// The key of the timestamp, if it is a pair in the signature header.
    #[serde(default)]
    pub field: Option<String>,
    /// Unit of the number.
    #[serde(default)]
    pub unit: Unit,
    /// Seconds that a delivery may be old; no limit when absent.
    #[serde(default)]
    pub past: Option<u64>,
    /// Seconds that a delivery may be ahead of the clock; no limit when absent.
    #[serde(default)]
    pub future: Option<u64>,
}

/// Unit of a timestamp, counted from 1970 in UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Whole seconds.
    #[default]
    Seconds,
    /// Whole milliseconds.
    Milliseconds,
}

/// What is signed, and with what.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Method {
    /// An HMAC (RFC 2104) over a template.
    Hmac(Hmac),
    /// Twilio's URL and sorted form fields, HMAC-SHA1 in base64.
    TwilioForm,
    /// Discord's Ed25519 (RFC 8032) over timestamp and body.
    DiscordEd25519,
}

/// An HMAC recipe.
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
    /// What a secret of this provider starts with, such as `whsec_`. It is part of a text key, and
    /// taken off before a hex or base64 key is decoded.
    #[serde(default)]
    pub secret_prefix: String,
}

/// The hash below an HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// FIPS 180-4 SHA-1, 20 bytes; only for providers that still use it.
    Sha1,
    /// FIPS 180-4 SHA-256, 32 bytes.
    Sha256,
    /// FIPS 180-4 SHA-512, 64 bytes.
    Sha512,
}

impl Algorithm {
    /// Every algorithm, strongest habit first.
    pub(crate) const ALL: [Self; 3] = [Self::Sha256, Self::Sha1, Self::Sha512];

    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "HMAC-SHA1",
            Self::Sha256 => "HMAC-SHA256",
            Self::Sha512 => "HMAC-SHA512",
        }
    }

    /// Bytes in a signature.
    pub fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// How bytes are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Lower-case hexadecimal.
    Hex,
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
            Self::Base64 => "base64",
            Self::Base64url => "URL-safe base64",
        }
    }
}

/// How a secret becomes a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyForm {
    /// The bytes of the text are the key.
    #[default]
    Text,
    /// The text is hexadecimal.
    Hex,
    /// The text is base64, padded or not.
    Base64,
}

/// What is signed: literal text with `{body}`, `{timestamp}`, `{id}`, `{url}`, `{method}` and
/// `{header:NAME}` in it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

/// One piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text that is signed as it stands.
    Literal(String),
    /// The body's bytes.
    Body,
    /// The timestamp as it was sent.
    Timestamp,
    /// The message id.
    Id,
    /// The public URL.
    Url,
    /// The HTTP method in upper case.
    Method,
    /// Another header's value.
    Header(String),
}

impl Template {
    /// The pieces, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The template as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a piece occurs.
    pub fn has(&self, part: &Part) -> bool {
        self.parts.contains(part)
    }
}

impl TryFrom<String> for Template {
    type Error = SchemeError;

    fn try_from(text: String) -> Result<Self, SchemeError> {
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        while let Some((literal, after)) = rest.split_once('{') {
            let (name, tail) = after.split_once('}').ok_or(SchemeError::OpenBrace)?;
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            parts.push(match name {
                "body" => Part::Body,
                "timestamp" => Part::Timestamp,
                "id" => Part::Id,
                "url" => Part::Url,
                "method" => Part::Method,
                _ => match name.strip_prefix("header:") {
                    Some(header) if is_token(header) => Part::Header(header.to_owned()),
                    _ => return Err(SchemeError::Placeholder(name.to_owned())),
                },
            });
            rest = tail;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        if parts.iter().all(|part| matches!(part, Part::Literal(_))) {
            return Err(SchemeError::NothingSigned);
        }
        Ok(Self { text, parts })
    }
}

/// A scheme file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemeError {
    /// The text is not the TOML that a scheme file holds.
    #[error("the scheme file cannot be read: {0}")]
    Toml(#[from] toml::de::Error),
    /// A custom file must describe one scheme.
    #[error("the scheme file describes {0} schemes; a custom file holds exactly one")]
    Count(usize),
    /// A `{` in a template has no `}`.
    #[error("the template has a `{{` without its `}}`")]
    OpenBrace,
    /// A template names something that does not exist.
    #[error(
        "the template names `{{{0}}}`; known are {{body}}, {{timestamp}}, {{id}}, {{url}}, {{method}} and {{header:NAME}}"
    )]
    Placeholder(String),
    /// A template without any placeholder signs the same text each time.
    #[error(
        "the template has no placeholder, so it signs nothing of the request; did you mean {{body}}?"
    )]
    NothingSigned,
    /// The parts of the file do not fit each other.
    #[error("scheme `{id}`: {problem}")]
    Inconsistent {
        /// The scheme's id.
        id: String,
        /// What does not fit, and what to change.
        problem: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    scheme: Vec<Scheme>,
}

/// Reads a file of `[[scheme]]` tables, as the shipped ones are.
pub(crate) fn parse_file(text: &str) -> Result<Vec<Scheme>, SchemeError> {
    let file: File = toml::from_str(text)?;
    file.scheme.iter().try_for_each(Scheme::check)?;
    Ok(file.scheme)
}

impl Scheme {
    /// Reads a custom scheme: one scheme at the top level of the file, or one `[[scheme]]` table.
    ///
    /// ```
    /// let scheme = keyward_webhook::Scheme::from_toml(r#"
    ///     id = "acme"
    ///     provider = "Acme"
    ///
    ///     [signature]
    ///     header = "X-Acme-Signature"     # or several, in order of preference
    ///     layout = "pairs"                # plain (the default), list or pairs
    ///     field = "sig"                   # with pairs: the key of a signature
    ///
    ///     [timestamp]                     # leave out if there is none
    ///     field = "time"                  # or header = "X-Acme-Time"
    ///     unit = "milliseconds"           # seconds is the default
    ///     past = 300
    ///     future = 300
    ///
    ///     [sign]
    ///     method = "hmac"
    ///     algorithm = "sha512"            # sha1, sha256 or sha512
    ///     template = "{timestamp}.{body}" # also {id} {url} {method} {header:NAME}
    ///     encoding = "base64"             # hex, base64 or base64url
    ///     key = "hex"                     # text is the default; hex or base64 are decoded
    /// "#)?;
    /// assert_eq!(scheme.id, "acme");
    /// # Ok::<(), keyward_webhook::SchemeError>(())
    /// ```
    ///
    /// # Errors
    /// [`SchemeError`] says what is wrong, with the line for TOML faults.
    pub fn from_toml(text: &str) -> Result<Self, SchemeError> {
        let table: toml::Table = toml::from_str(text)?;
        if table.contains_key("scheme") {
            let mut all = parse_file(text)?;
            return match (all.pop(), all.len()) {
                (Some(scheme), 0) => Ok(scheme),
                (last, others) => Err(SchemeError::Count(others + usize::from(last.is_some()))),
            };
        }
        let scheme: Self = toml::from_str(text)?;
        scheme.check()?;
        Ok(scheme)
    }

    /// Whether the public URL is part of what is signed.
    pub fn needs_url(&self) -> bool {
        match &self.sign {
            Method::Hmac(hmac) => hmac.template.has(&Part::Url),
            Method::TwilioForm => true,
            Method::DiscordEd25519 => false,
        }
    }

    /// Whether the timestamp is part of what is signed.
    pub fn signs_timestamp(&self) -> bool {
        match &self.sign {
            Method::Hmac(hmac) => hmac.template.has(&Part::Timestamp),
            Method::TwilioForm => false,
            Method::DiscordEd25519 => true,
        }
    }

    /// Whether the key is public, so that it may be given as a parameter.
    pub fn has_public_key(&self) -> bool {
        matches!(self.sign, Method::DiscordEd25519)
    }

    /// How a signature is written.
    pub(crate) fn encoding(&self) -> Encoding {
        match &self.sign {
            Method::Hmac(hmac) => hmac.encoding,
            Method::TwilioForm => Encoding::Base64,
            Method::DiscordEd25519 => Encoding::Hex,
        }
    }

    /// Bytes in a signature.
    pub(crate) fn signature_length(&self) -> usize {
        match &self.sign {
            Method::Hmac(hmac) => hmac.algorithm.length(),
            Method::TwilioForm => Algorithm::Sha1.length(),
            Method::DiscordEd25519 => 64,
        }
    }

    /// What a secret of this provider starts with, or nothing.
    pub(crate) fn secret_prefix(&self) -> &str {
        match &self.sign {
            Method::Hmac(hmac) => &hmac.secret_prefix,
            Method::TwilioForm | Method::DiscordEd25519 => "",
        }
    }

    fn check(&self) -> Result<(), SchemeError> {
        let id_ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
        let signature = &self.signature;
        let timestamp = self.timestamp.as_ref();
        let headers = signature.header.iter().chain(timestamp.iter().flat_map(|t| &t.header));
        let headers = headers.chain(self.message_id.iter().flat_map(|m| &m.header));
        let needs_id = matches!(&self.sign, Method::Hmac(hmac) if hmac.template.has(&Part::Id));
        let problem = if self.id.is_empty() || !self.id.chars().all(id_ok) {
            "the id must be lower-case letters, digits, `_` and `-`"
        } else if signature.header.is_empty() {
            "`signature.header` names no header"
        } else if !headers.clone().all(|name| is_token(name)) {
            "a header name holds characters that no header name may have"
        } else if (signature.layout == Layout::Pairs) != signature.field.is_some() {
            "`signature.field` goes with `layout = \"pairs\"`, and is needed there"
        } else if timestamp.is_some_and(|t| t.header.is_empty() == t.field.is_none()) {
            "`timestamp` needs either `header` or `field`"
        } else if timestamp.is_some_and(|t| t.field.is_some()) && signature.layout != Layout::Pairs
        {
            "`timestamp.field` needs `layout = \"pairs\"`"
        } else if self.signs_timestamp() && timestamp.is_none() {
            "the timestamp is signed, but `[timestamp]` does not say where it is"
        } else if needs_id && self.message_id.as_ref().is_none_or(|m| m.header.is_empty()) {
            "the template signs `{id}`, but `[message_id]` does not say where it is"
        } else {
            return Ok(());
        };
        Err(SchemeError::Inconsistent { id: self.id.clone(), problem })
    }
}

/// A header name by RFC 9110 section 5.6.2.
pub(crate) fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(name) => vec![name],
        OneOrMany::Many(names) => names,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUSTOM: &str = r#"
        id = "acme"
        provider = "Acme"
        [signature]
        header = "X-Acme-Signature"
        [timestamp]
        header = "X-Acme-Time"
        unit = "milliseconds"
        past = 60
        [sign]
        method = "hmac"
        algorithm = "sha512"
        template = "{method}:{timestamp}:{body}"
        encoding = "base64url"
    "#;

    #[test]
    fn a_custom_scheme_stands_at_the_top_level() {
        let scheme = Scheme::from_toml(CUSTOM).expect("a complete scheme");
        assert_eq!(scheme.signature.name(), "X-Acme-Signature");
        assert!(!scheme.verified, "a custom scheme is not one of ours");
        let Method::Hmac(hmac) = &scheme.sign else { panic!("an HMAC scheme") };
        assert_eq!(hmac.template.parts().len(), 5);
        assert_eq!(hmac.key, KeyForm::Text);
    }

    #[test]
    fn faults_name_what_to_change() {
        let swap = |from: &str, to: &str| {
            Scheme::from_toml(&CUSTOM.replace(from, to)).expect_err(to).to_string()
        };
        assert!(swap("{body}", "{bdy}").contains("`{bdy}`"));
        assert!(swap("{body}", "{body").contains("without its"));
        assert!(swap("{method}:{timestamp}:{body}", "text").contains("no placeholder"));
        assert!(swap("{body}", "{id}").contains("[message_id]"));
        assert!(swap("X-Acme-Signature", "X Acme").contains("header name"));
        assert!(swap("\"acme\"", "\"Acme!\"").contains("the id must be"));
        assert!(swap("sha512", "md5").contains("md5"));
        assert!(swap("past = 60", "pst = 60").contains("pst"));
        assert!(swap("past = 60", "field = \"t\"").contains("either"));
    }
}
