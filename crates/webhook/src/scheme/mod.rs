//! How one provider signs: the data types of a scheme file, and reading one.
//!
//! A scheme is data, so that a provider can be added, or one of your own described, without code.
//! See `schemes/*.toml` for the shipped ones; a custom file holds the same keys at its top level.

mod fields;
mod method;
mod template;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use self::fields::{
    ApiKey, CertUrl, DeliveryId, HeaderField, Layout, Marker, SignatureField, TimestampField, Unit,
};
pub use self::method::{
    Algorithm, Encoding, HashClaim, Hmac, Jwt, JwtAlgorithm, KeyForm, KeyPair, Method, PublicKey,
    Spelling, UrlClaim, UrlForm,
};
pub use self::template::{Part, Template};
use crate::adapters::Adapter;

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
    /// True for a scheme that many providers share: guessed before theirs when the headers tell no more.
    #[serde(default)]
    pub generic: bool,
    /// Where the facts come from.
    #[serde(default)]
    pub sources: Vec<String>,
    /// One fact that helps a person who uses this scheme.
    #[serde(default)]
    pub note: Option<String>,
    /// Headers that tell the provider even when the signature is missing.
    #[serde(default)]
    pub recognise: Vec<String>,
    /// A header that tells this scheme from others with the same signature header.
    #[serde(default)]
    pub marker: Option<Marker>,
    /// Headers that stand beside the signature in every delivery, with a made-up value for samples:
    /// some libraries refuse a request without them.
    #[serde(default)]
    pub beside: BTreeMap<String, String>,
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
    /// Where the request names the certificate, for schemes that verify with one.
    #[serde(default)]
    pub cert_url: Option<CertUrl>,
    /// What the parameter `api-key` stands for here.
    #[serde(default)]
    pub api_key: Option<ApiKey>,
    /// The code that makes `{fields}`, for what a template cannot say.
    #[serde(default)]
    pub adapter: Option<Adapter>,
    /// What is signed, and with what.
    pub sign: Method,
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
        "the template names `{{{0}}}`; known are {{body}}, {{timestamp}}, {{id}}, {{url}}, {{method}}, {{header:NAME}}, {{json:PATH}} and a few more"
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
    let mut file: File = toml::from_str(text)?;
    file.scheme.iter_mut().for_each(Scheme::number_headers);
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
    ///     algorithm = "sha512"            # sha1, sha256, sha384 or sha512
    ///     template = "{timestamp}.{body}" # also {id} {url} {method} {header:NAME}
    ///     encoding = "base64"             # hex, hex-upper, base64, base64url
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
        let mut scheme: Self = toml::from_str(text)?;
        scheme.number_headers();
        scheme.check()?;
        Ok(scheme)
    }

    /// Writes out `X-Signature-1` to `X-Signature-n`.
    fn number_headers(&mut self) {
        let header = &mut self.signature.header;
        if let (Some(last), [first]) = (self.signature.numbered, header.as_slice())
            && let Some(stem) = first.strip_suffix('1').map(str::to_owned)
        {
            header.extend((2..=last.min(200)).map(|number| format!("{stem}{number}")));
        }
    }

    /// The HMAC recipe, or that of a plain hash.
    pub(crate) fn hmac(&self) -> Option<&Hmac> {
        match &self.sign {
            Method::Hmac(hmac) | Method::Digest(hmac) => Some(hmac),
            _ => None,
        }
    }

    /// Every template that may be signed.
    pub(crate) fn templates(&self) -> impl Iterator<Item = &Template> {
        let hmac = self.hmac().into_iter().flat_map(|hmac| hmac.spellings().map(|(_, t, _)| t));
        let public = match &self.sign {
            Method::PublicKey(recipe) => Some(&recipe.template),
            _ => None,
        };
        hmac.chain(public)
    }

    /// Whether the public URL is part of what is signed.
    pub fn needs_url(&self) -> bool {
        let claim = matches!(&self.sign, Method::Jwt(jwt) if jwt.url.is_some());
        claim
            || self.templates().any(Template::has_url)
            || self.adapter.is_some_and(Adapter::needs_url)
    }

    /// Whether the method is part of what is signed.
    pub(crate) fn signs_method(&self) -> bool {
        let qsh = matches!(&self.sign, Method::Jwt(jwt) if jwt.url.as_ref().is_some_and(|u| u.form == UrlForm::Qsh));
        qsh || self.templates().any(|t| t.has(&Part::Method))
            || self.adapter.is_some_and(Adapter::signs_method)
    }

    /// Whether the timestamp is part of what is signed.
    pub fn signs_timestamp(&self) -> bool {
        self.templates().any(|template| template.has(&Part::Timestamp))
    }

    /// Whether the key is public, so that it may be given as a parameter.
    pub fn has_public_key(&self) -> bool {
        match &self.sign {
            Method::PublicKey(_) => true,
            Method::Jwt(jwt) => jwt.algorithm.iter().any(|a| a.hmac().is_none()),
            _ => false,
        }
    }

    /// Whether there is anything to verify with at all.
    pub fn has_key(&self) -> bool {
        !matches!(self.sign, Method::None)
    }

    /// Whether the `Host` header is signed.
    pub fn signs_host(&self) -> bool {
        let mut parts = self.templates().flat_map(Template::parts);
        let is_host =
            |part: &Part| matches!(part, Part::Header(name) if name.eq_ignore_ascii_case("host"));
        self.adapter == Some(Adapter::Keygen) || parts.any(is_host)
    }

    /// The names of parameters that are signed, and so must be handed in.
    pub(crate) fn signed_params(&self) -> impl Iterator<Item = &str> {
        self.templates().flat_map(Template::params)
    }

    /// How a signature is written, when it is bytes.
    pub(crate) fn encoding(&self) -> Option<Encoding> {
        match &self.sign {
            Method::Hmac(hmac) | Method::Digest(hmac) => Some(hmac.encoding),
            Method::PublicKey(recipe) => Some(recipe.encoding),
            _ => None,
        }
    }

    /// Bytes in a signature, when every signature has the same number.
    pub(crate) fn signature_length(&self) -> Option<usize> {
        match &self.sign {
            Method::Hmac(hmac) | Method::Digest(hmac) => Some(hmac.algorithm.length()),
            Method::PublicKey(recipe) => recipe.algorithm.length(),
            _ => None,
        }
    }

    /// What a secret of this provider starts with, or nothing.
    pub(crate) fn secret_prefix(&self) -> &str {
        let prefixes = self.hmac().map(|hmac| hmac.secret_prefix.as_slice()).unwrap_or_default();
        // The longest comes first and is what a person sees; the last is what every secret has.
        prefixes.last().map_or("", String::as_str)
    }

    fn check(&self) -> Result<(), SchemeError> {
        let id_ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
        let signature = &self.signature;
        let timestamp = self.timestamp.as_ref();
        let headers = signature.header.iter().chain(timestamp.iter().flat_map(|t| &t.header));
        let headers = headers.chain(self.message_id.iter().flat_map(|m| &m.header));
        let headers = headers.chain(self.marker.iter().map(|m| &m.header)).chain(&self.recognise);
        let needs_id = self.templates().any(|template| template.has(&Part::Id));
        let keyed = matches!(signature.layout, Layout::Pairs | Layout::Base64Json);
        let in_header = matches!(signature.layout, Layout::Pairs | Layout::Timed);
        let places = usize::from(!signature.header.is_empty() || signature.chosen)
            + [signature.json.is_some(), signature.form.is_some(), signature.body]
                .into_iter()
                .filter(|there| *there)
                .count();
        let uses_fields = self.templates().any(|template| template.has(&Part::Fields));
        let problem = if self.id.is_empty() || !self.id.chars().all(id_ok) {
            "the id must be lower-case letters, digits, `_` and `-`"
        } else if places == 0 && self.has_key() {
            "`signature.header` names no header"
        } else if places > 1 {
            "`signature` names two places; keep `header`, `json`, `form` or `body`"
        } else if !headers.clone().all(|name| is_token(name)) {
            "a header name holds characters that no header name may have"
        } else if keyed != signature.field.is_some() {
            "`signature.field` goes with `layout = \"pairs\"` or `\"base64-json\"`, and is needed there"
        } else if timestamp.is_some_and(|t| {
            usize::from(!t.header.is_empty())
                + usize::from(t.field.is_some())
                + usize::from(t.json.is_some())
                != 1
        }) {
            "`timestamp` needs either `header`, `field` or `json`"
        } else if timestamp.is_some_and(|t| t.field.is_some()) && !in_header {
            "`timestamp.field` needs `layout = \"pairs\"` or `\"timed\"`"
        } else if self.signs_timestamp() && timestamp.is_none() {
            "the timestamp is signed, but `[timestamp]` does not say where it is"
        } else if needs_id && self.message_id.as_ref().is_none_or(|m| m.header.is_empty()) {
            "the template signs `{id}`, but `[message_id]` does not say where it is"
        } else if uses_fields != self.adapter.is_some() {
            "`{fields}` and `adapter` go together"
        } else if matches!(&self.sign, Method::Jwt(jwt) if jwt.algorithm.is_empty()) {
            "a token scheme needs an algorithm"
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
