//! What is signed, as text with placeholders: a recipe reads like the provider's own documentation.

use serde::Deserialize;

use super::{SchemeError, is_token};

/// What is signed: literal text with placeholders such as `{body}` and `{header:NAME}` in it.
///
/// `{body}` `{timestamp}` `{id}` `{url}` `{method}` `{secret}` `{path}` stand for themselves;
/// `{header:NAME}`, `{query:NAME}`, `{query-lower:NAME}`, `{form:NAME}`, `{json:PATH}` and
/// `{param:NAME}` for one value by name; `{body:sha256}` (hex), `{body:crc32}` (decimal),
/// `{body:inflated}`, `{body:escaped}` and `{body:payload}` for something made of the body; `{fields}` for what the
/// scheme's adapter makes of the request.
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
    /// SHA-256 of the body, in lower-case hex.
    BodySha256,
    /// CRC-32 (IEEE 802.3) of the body, as a decimal number.
    BodyCrc32,
    /// The body with its gzip compression undone, or as it is.
    BodyInflated,
    /// The body with everything outside printable ASCII escaped, as Box's libraries do.
    BodyEscaped,
    /// The JSON of the body: its form field `payload` when the body is a form.
    BodyPayload,
    /// The timestamp as it was sent.
    Timestamp,
    /// The message id.
    Id,
    /// The public URL.
    Url,
    /// The URL's path with its query.
    Path,
    /// The HTTP method in upper case.
    Method,
    /// The secret itself, for plain hashes.
    Secret,
    /// Another header's value.
    Header(String),
    /// A field of the URL's query, decoded.
    Query(String),
    /// The same, in lower case.
    QueryLower(String),
    /// A field of a form body, decoded.
    Form(String),
    /// A value of a JSON body, by its path.
    Json(String),
    /// A parameter that is handed in.
    Param(String),
    /// What the scheme's adapter makes of the request.
    Fields,
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

    /// Whether the whole body is among the pieces, as it is or hashed.
    pub(crate) fn has_body(&self) -> bool {
        self.parts.iter().any(|part| {
            matches!(
                part,
                Part::Body
                    | Part::BodySha256
                    | Part::BodyCrc32
                    | Part::BodyInflated
                    | Part::BodyEscaped
                    | Part::BodyPayload
            )
        })
    }

    /// Whether the URL, or a piece of it, is signed.
    pub(crate) fn has_url(&self) -> bool {
        self.parts.iter().any(|part| {
            matches!(part, Part::Url | Part::Path | Part::Query(_) | Part::QueryLower(_))
        })
    }

    /// Whether a piece takes reading the body, and not just hashing it.
    pub(crate) fn reads_body(&self) -> bool {
        self.parts.iter().any(|part| {
            matches!(
                part,
                Part::Json(_)
                    | Part::Form(_)
                    | Part::BodyPayload
                    | Part::BodyInflated
                    | Part::BodyEscaped
            )
        })
    }

    /// The parameters that are signed.
    pub(crate) fn params(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Param(name) => Some(name.as_str()),
            _ => None,
        })
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
            parts.push(part(name).ok_or_else(|| SchemeError::Placeholder(name.to_owned()))?);
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

fn part(name: &str) -> Option<Part> {
    let plain = match name {
        "body" => Part::Body,
        "body:sha256" => Part::BodySha256,
        "body:crc32" => Part::BodyCrc32,
        "body:inflated" => Part::BodyInflated,
        "body:escaped" => Part::BodyEscaped,
        "body:payload" => Part::BodyPayload,
        "timestamp" => Part::Timestamp,
        "id" => Part::Id,
        "url" => Part::Url,
        "path" => Part::Path,
        "method" => Part::Method,
        "secret" => Part::Secret,
        "fields" => Part::Fields,
        _ => {
            let (kind, value) = name.split_once(':').filter(|(_, value)| !value.is_empty())?;
            let value = value.to_owned();
            return match kind {
                "header" => is_token(&value).then_some(Part::Header(value)),
                "query" => Some(Part::Query(value)),
                "query-lower" => Some(Part::QueryLower(value)),
                "form" => Some(Part::Form(value)),
                "json" => Some(Part::Json(value)),
                "param" => Some(Part::Param(value)),
                _ => None,
            };
        }
    };
    Some(plain)
}
