//! Putting a request together: what every parser says about losses, and how it takes a body and headers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::json::Json;
use super::text::Text;
use crate::request::{Request, SampleError};
use crate::text::count;

/// What is said of a request whose body the format does not hold.
pub(super) const NO_FILE: &str =
    "The body stands in a file, which is not opened; it is missing here.";

impl Request {
    /// Says something about the reading.
    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Says why this cannot be the exact request.
    pub(super) fn loss(&mut self, text: impl Into<String>) {
        self.lossy = true;
        self.notes.push(text.into());
    }

    pub(super) fn push_header(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.headers.push((name.into(), value.into()));
    }

    pub(super) fn has_header(&self, name: &str) -> bool {
        self.header_values(name).next().is_some()
    }

    /// A header unless there is one of this name.
    pub(super) fn default_header(&mut self, name: &str, value: impl Into<String>) {
        if !self.has_header(name) {
            self.push_header(name, value);
        }
    }

    /// Takes the headers of an object `{"Name": "value"}` or `{"Name": ["value"]}`, or of a list of
    /// `{"name", "value"}` or `{"key", "value"}` whose rows are not `disabled`.
    pub(super) fn take_headers(&mut self, headers: Option<Json<'_>>) {
        let Some(headers) = headers else { return };
        for (name, value) in headers.members() {
            let name = name.string().unwrap_or_default();
            if value.is_array() {
                for one in value.items().filter_map(Json::string) {
                    self.push_header(name.clone(), one);
                }
            } else if let Some(value) = value.string().filter(|_| !value.is_null()) {
                self.push_header(name, value);
            }
        }
        for row in headers.items().filter(|row| !row.get("disabled").is_some_and(Json::is_true)) {
            if let Some(name) = row.string_at("name").or_else(|| row.string_at("key")) {
                self.push_header(name, row.string_at("value").unwrap_or_default());
            }
        }
    }

    /// Turns HTTP/2 pseudo-headers into what HTTP/1 has for them.
    pub(super) fn unfold_pseudo_headers(&mut self) {
        if !self.headers.iter().any(|(name, _)| name.starts_with(':')) {
            return;
        }
        let mut headers = Vec::with_capacity(self.headers.len());
        let has_host = self.has_header("host");
        for (name, value) in std::mem::take(&mut self.headers) {
            match name.as_str() {
                ":method" => self.method = self.method.take().or(Some(value)),
                ":authority" if !has_host => headers.push(("host".to_owned(), value)),
                _ if name.starts_with(':') => {}
                _ => headers.push((name, value)),
            }
        }
        self.headers = headers;
    }

    /// Takes a body that a string literal holds, and says what was odd in it.
    pub(super) fn take_text(&mut self, text: Text) {
        if text.put_back > 0 {
            self.loss(format!(
                "{} of the body {} no text and stood as lone surrogates (`\\udcXX`); they were put back, as Python writes them.",
                count(text.put_back, "byte"),
                if text.put_back == 1 { "was" } else { "were" },
            ));
        }
        if text.lone > 0 {
            self.loss(format!(
                "The body holds {} that stand for no character; what was there is lost.",
                count(text.lone, "lone surrogate")
            ));
        } else if !text.bytes.is_ascii() && contains(&text.bytes, "\u{fffd}".as_bytes()) {
            self.loss("The body holds U+FFFD, which stands where bytes could not be read as text; they are lost.");
        }
        self.body = Some(text.bytes);
    }

    /// Takes a body in base64, with or without padding and line breaks.
    pub(super) fn take_base64(
        &mut self,
        format: &'static str,
        text: &Text,
    ) -> Result<(), SampleError> {
        self.body = Some(base64(format, text)?);
        Ok(())
    }

    /// Compares the body of a format that keeps it as text with what the headers say of it.
    pub(super) fn compare_length(&mut self) {
        let Some(body) = self.body.as_deref() else { return };
        let length = body.len();
        if self.header("content-encoding").is_some_and(|coding| is_coded(&coding)) {
            if !body.starts_with(&[0x1f, 0x8b]) {
                self.loss("The body was sent compressed, and the capture holds it unpacked.");
            }
            return;
        }
        let stated = self.header("content-length").and_then(|value| value.parse::<usize>().ok());
        let Some(stated) = stated.filter(|stated| *stated != length) else { return };
        if is_characters(body, stated) {
            self.note(format!(
                "Content-Length counts characters ({stated}), not bytes ({length})."
            ));
        } else {
            self.loss(format!(
                "Content-Length says {} and the capture holds {length}.",
                count(stated, "byte")
            ));
        }
    }
}

/// Decodes base64, with or without padding and line breaks.
pub(super) fn base64(format: &'static str, text: &Text) -> Result<Vec<u8>, SampleError> {
    let mut packed: Vec<u8> = Vec::with_capacity(text.bytes.len() + 2);
    packed.extend(text.bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()));
    if packed.len() % 4 == 1 {
        return Err(SampleError::CutShort("its base64 ends in the middle".into()));
    }
    while !packed.len().is_multiple_of(4) {
        packed.push(b'=');
    }
    let wrong = |error: base64::DecodeError| malformed(format, format!("not base64: {error}"));
    STANDARD.decode(&packed).map_err(wrong)
}

pub(super) fn malformed(format: &'static str, why: impl Into<String>) -> SampleError {
    SampleError::Malformed { format, why: why.into() }
}

fn is_coded(coding: &str) -> bool {
    !coding.is_empty() && !coding.eq_ignore_ascii_case("identity")
}

/// Whether a length is that of a text in characters or in UTF-16 units, as some tools count it.
pub(super) fn is_characters(body: &[u8], stated: usize) -> bool {
    let Ok(text) = std::str::from_utf8(body) else { return false };
    stated < body.len() && (text.chars().count() == stated || text.encode_utf16().count() == stated)
}

/// Whether a text holds a part. Both may be long: the first byte is looked for first.
pub(super) fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len().max(1)).any(|window| window == part)
}

/// A URL's query, encoded from names and values that a tool had decoded.
pub(super) fn encode_query(pairs: impl Iterator<Item = (String, String)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// Percent-encoding with `+` for a blank, as curl and Python's `quote_plus` write it.
pub(super) fn quote_plus(bytes: &[u8], out: &mut Vec<u8>) {
    for &byte in bytes {
        match byte {
            b' ' => out.push(b'+'),
            b'-' | b'.' | b'_' | b'~' => out.push(byte),
            _ if byte.is_ascii_alphanumeric() => out.push(byte),
            _ => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
}

/// A URL with a query added to it.
pub(super) fn with_query(url: &str, query: &str) -> String {
    match (query.is_empty(), url.contains('?')) {
        (true, _) => url.to_owned(),
        (false, true) => format!("{url}&{query}"),
        (false, false) => format!("{url}?{query}"),
    }
}
