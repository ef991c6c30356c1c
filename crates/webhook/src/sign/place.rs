//! Puts a finished signature where the scheme's provider puts it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{Sample, SignError, body};
use crate::adapters::Adapter;
use crate::request::Request;
use crate::scheme::Layout;

/// Sets a header, in place of any that has its name.
pub(super) fn set(request: &mut Request, name: &str, value: String) {
    let is_named = |(existing, _): &(String, String)| existing.eq_ignore_ascii_case(name);
    let Some(at) = request.headers.iter().position(is_named) else {
        request.headers.push((name.to_owned(), value));
        return;
    };
    request.headers[at].1 = value;
    let mut later = request.headers.split_off(at + 1);
    later.retain(|header| !is_named(header));
    request.headers.append(&mut later);
}

/// Writes the signatures into header or body.
pub(super) fn place(
    sample: &Sample,
    timestamp: &str,
    signatures: &[String],
    request: &mut Request,
) -> Result<(), SignError> {
    let field = &sample.scheme.signature;
    let first = signatures.first().map(String::as_str).unwrap_or_default();
    if field.body {
        request.body = Some(first.as_bytes().to_vec());
        return Ok(());
    }
    if let Some(path) = &field.json {
        return body::set_json(sample, request, path, signatures);
    }
    let value = value(sample, timestamp, first);
    if let Some(name) = &field.form {
        body::append_field(request, name, &value);
        return Ok(());
    }
    let asked = sample.params.get("header").and_then(|name| std::str::from_utf8(name).ok());
    let asked = asked.filter(|_| field.chosen).map(str::trim);
    let name = asked.or(field.header.first().map(String::as_str)).unwrap_or("X-Signature");
    set(request, name, value);
    Ok(())
}

/// The value of the header, or of the form field.
fn value(sample: &Sample, timestamp: &str, signature: &str) -> String {
    let field = &sample.scheme.signature;
    let signed = format!("{}{signature}", field.prefix);
    match field.layout {
        Layout::Plain | Layout::List => signed,
        Layout::Timed => format!("{timestamp}{}{signed}", field.separator.unwrap_or(',')),
        Layout::Base64Json => {
            let member = field.field.as_deref().unwrap_or_default();
            STANDARD.encode(json!({ "kid": sample.id, member: signature }).to_string())
        }
        Layout::Pairs if sample.scheme.adapter == Some(Adapter::Keygen) => format!(
            "keyid=\"{}\", algorithm=\"ed25519\", signature=\"{signature}\", headers=\"(request-target) host date digest\"",
            sample.id
        ),
        Layout::Pairs => {
            let key = match field.field.as_deref().unwrap_or_default() {
                "*" => {
                    let given = sample.params.get("public-key");
                    given.and_then(|key| std::str::from_utf8(key).ok()).unwrap_or(sample.id)
                }
                key => key,
            };
            let assign = field.assign.unwrap_or('=');
            let blank = if field.trim { " " } else { "" };
            let time = sample.scheme.timestamp.as_ref().and_then(|time| time.field.as_deref());
            let time = time.map(|name| {
                format!("{name}{assign}{timestamp}{}{blank}", field.separator.unwrap_or(','))
            });
            format!("{}{key}{assign}{signed}", time.unwrap_or_default())
        }
    }
}
