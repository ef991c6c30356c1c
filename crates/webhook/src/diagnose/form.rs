//! Form bodies that a framework decoded: GitHub's `payload=…`, Slack's fields, Twilio's parameters.

use super::body::attempt;
use super::{Context, Finding};
use crate::json_text::Document;
use crate::report::Code;

const HINT: &str = "Verify the raw form body, before any parser: `express.raw({type: '*/*'})` in Express, `request.get_data(parse_form_data=False)` in Flask.";

/// The ways in which form encoders write bytes: what they leave as it is, and whether a blank is `+`.
const ENCODERS: [(&[u8], bool); 4] = [
    (b"*-._", true),       // WHATWG URL, Ruby, Java
    (b"-._~", true),       // Python, Go
    (b"-._", true),        // PHP
    (b"-_.!~*'()", false), // encodeURIComponent
];

/// Tries the form that a decoded body may have been.
pub(super) fn find(context: &Context, body: &[u8]) -> Option<Finding> {
    let document = Document::parse(body);
    let fields = match &document {
        Some(document) => document.flat(),
        None => fields(body),
    };
    ENCODERS.into_iter().find_map(|encoder| {
        let payload = document.as_ref().and_then(|_| {
            let form = [b"payload=".as_slice(), &encode(body, encoder)].concat();
            attempt(context, Code::FormPayloadDecoded, &form, "The JSON here was the form field `payload`; the signature covers the form.", HINT)
        });
        payload.or_else(|| {
            let form = join(fields.as_deref()?, encoder);
            attempt(context, Code::FormPayloadDecoded, &form, "The form was decoded and written again; the signature covers the form as it was sent.", HINT)
        })
    })
}

/// The fields of a body that is a form by its looks.
fn fields(body: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let is_form = body.contains(&b'=') && body.iter().all(|b| b.is_ascii_graphic() || *b == b' ');
    is_form.then(|| {
        let owned = |text: std::borrow::Cow<str>| text.into_owned().into_bytes();
        form_urlencoded::parse(body).map(|(name, value)| (owned(name), owned(value))).collect()
    })
}

fn join(fields: &[(Vec<u8>, Vec<u8>)], encoder: (&[u8], bool)) -> Vec<u8> {
    let pair = |(name, value): &(Vec<u8>, Vec<u8>)| {
        [encode(name, encoder), encode(value, encoder)].join(&b'=')
    };
    fields.iter().map(pair).collect::<Vec<_>>().join(&b'&')
}

fn encode(bytes: &[u8], (kept, plus): (&[u8], bool)) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 2);
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            out.push(byte);
        } else if byte == b' ' && plus {
            out.push(b'+');
        } else {
            let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
            out.extend_from_slice(&[b'%', DIGITS[high], DIGITS[low]]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoders_differ_as_they_do_in_life() {
        let written = ENCODERS.map(|e| String::from_utf8(encode(b"a b*~-\xc3\xbc", e)).unwrap());
        assert_eq!(
            written,
            ["a+b*%7E-%C3%BC", "a+b%2A~-%C3%BC", "a+b%2A%7E-%C3%BC", "a%20b*~-%C3%BC"]
        );
    }
}
