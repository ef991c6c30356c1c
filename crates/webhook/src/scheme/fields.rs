//! Where in a request a scheme's values are: headers, members of the body, or the body itself.

use serde::{Deserialize, Deserializer};

/// Where a delivery's own id is found.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
pub enum DeliveryId {
    /// In the first of these headers that is present.
    Header(#[serde(deserialize_with = "one_or_many")] Vec<String>),
    /// In this value of the JSON body, by its path.
    Body(String),
    /// In this claim of the token.
    Claim(String),
}

/// A value that is a whole header.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeaderField {
    /// Header names; the first that is present counts, the first of all is the one asked for.
    #[serde(deserialize_with = "one_or_many")]
    pub header: Vec<String>,
}

/// A header that tells one scheme from its neighbours.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marker {
    /// The header's name.
    pub header: String,
    /// The value that it has; any when absent.
    #[serde(default)]
    pub value: Option<String>,
}

/// What a provider's API key is in its webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ApiKey {
    /// The key that webhooks are signed with.
    Secret,
    /// The issuer that tokens name.
    Issuer,
}

/// Where a request names the certificate that verifies it, and which hosts may serve one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertUrl {
    /// The header with the URL.
    #[serde(default)]
    pub header: Option<String>,
    /// The path of the URL in a JSON body.
    #[serde(default)]
    pub json: Option<String>,
    /// Host names; `*` stands for one label.
    pub hosts: Vec<String>,
    /// The domain that the certificate's name must be in, where the provider's library judges the certificate
    /// itself: then its dates and its chain count too.
    #[serde(default)]
    pub subject: Option<String>,
}

/// Where the signature is and how it is written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureField {
    /// Header names; the first that is present counts, the first of all is the one asked for.
    #[serde(default, deserialize_with = "one_or_many")]
    pub header: Vec<String>,
    /// Every header of the list that is present counts, not just the first.
    #[serde(default)]
    pub every: bool,
    /// The header's number at its end counts up to this one: `-1`, `-2` and so on.
    #[serde(default)]
    pub numbered: Option<u32>,
    /// The receiver chooses the header: the parameter `header` names it.
    #[serde(default)]
    pub chosen: bool,
    /// The path of the signature in a JSON body, such as `event.hash` or `items[].signature`.
    #[serde(default)]
    pub json: Option<String>,
    /// The field of a form body that holds the signature.
    #[serde(default)]
    pub form: Option<String>,
    /// The body itself is the signed token.
    #[serde(default)]
    pub body: bool,
    /// How the value is built.
    #[serde(default)]
    pub layout: Layout,
    /// Text before each signature, such as `sha256=` or `v1,`.
    #[serde(default)]
    pub prefix: String,
    /// A signature without the prefix is taken too.
    #[serde(default)]
    pub bare: bool,
    /// With pairs: the key of a signature, such as `v1`; `*` for any key.
    #[serde(default)]
    pub field: Option<String>,
    /// Between entries; a comma for pairs and a blank for lists unless stated.
    #[serde(default)]
    pub separator: Option<char>,
    /// With pairs: between key and value; `=` unless stated.
    #[serde(default)]
    pub assign: Option<char>,
    /// With pairs: whether values are in quotes.
    #[serde(default)]
    pub quoted: bool,
    /// With pairs: whether blanks round an entry are dropped (`t=1, v1=…`).
    #[serde(default)]
    pub trim: bool,
}

impl SignatureField {
    /// The header that a sender is expected to set, or the place in the body.
    pub fn name(&self) -> &str {
        let header = self.header.first().map(String::as_str);
        let place = header.or(self.json.as_deref()).or(self.form.as_deref());
        place.unwrap_or(if self.body { "the body" } else { "" })
    }

    /// Whether the signature is part of the body.
    pub(crate) fn in_body(&self) -> bool {
        self.json.is_some() || self.form.is_some() || self.body
    }
}

/// How a signature's value is built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// One signature, after the prefix.
    #[default]
    Plain,
    /// Several entries, each with the prefix; others are passed over.
    List,
    /// `key=value` entries.
    Pairs,
    /// The timestamp, then the signatures.
    Timed,
    /// Base64 of a JSON object whose member `field` is the signature.
    Base64Json,
}

/// Where the timestamp is and how old it may be.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimestampField {
    /// Header names, if the timestamp is a header of its own.
    #[serde(default, deserialize_with = "one_or_many")]
    pub header: Vec<String>,
    /// The key of the timestamp, if it is a pair in the signature header.
    #[serde(default)]
    pub field: Option<String>,
    /// Its path, if it is in a JSON body.
    #[serde(default)]
    pub json: Option<String>,
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
    /// A date and time as text (RFC 3339); without a zone it is UTC.
    Iso,
}

pub(super) fn one_or_many<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
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
