//! Runs one recipe: what is signed, the signature that a key gives, and whether a request has it.
//!
//! Every comparison of a signature is constant-time, and is made on the written text: provider
//! libraries compare text, so upper-case hex or unpadded base64 does not fit.

use std::borrow::Cow;
use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::adapters::Adapter;
use crate::delivery::{Delivery, first};
use crate::key::from_hex;
use crate::pki::parse_public;
use crate::scheme::{
    self, Algorithm, Encoding, KeyPair, Method, Part, PublicKey, Scheme, Template,
};
use crate::{jwt, lookup};

/// Most bytes that a compressed body may unfold to.
const MOST_INFLATED: u64 = 64 * 1024 * 1024;

/// The bytes of one signed message, in pieces, so that a large body is not copied.
pub(crate) type Message<'a> = Vec<Cow<'a, [u8]>>;

/// Whether any signature of the delivery fits the key.
pub(crate) fn fits(scheme: &Scheme, key: &[u8], delivery: &Delivery) -> bool {
    match &scheme.sign {
        Method::PublicKey(recipe) => public_key_fits(
            scheme,
            recipe,
            key,
            delivery,
            &messages(scheme, &recipe.template, key, delivery),
        ),
        Method::Jwt(recipe) => jwt::fits(recipe, key, delivery),
        Method::None => false,
        Method::Hmac(_) | Method::Digest(_) | Method::Token | Method::Basic => {
            texts_fit(scheme, &expected(scheme, key, delivery), delivery.signatures)
        }
    }
}

/// Whether the signature fits when a hash of the body that stands beside it is taken at its word.
pub(crate) fn fits_but_for_body(scheme: &Scheme, key: &[u8], delivery: &Delivery) -> bool {
    match (&scheme.sign, scheme.adapter) {
        (Method::Jwt(recipe), _) => {
            recipe.body.is_some()
                && delivery.signatures.iter().any(|text| {
                    jwt::Token::parse(text).is_some_and(|token| {
                        !jwt::body_fits(recipe, &token, delivery)
                            && jwt::url_fits(recipe, &token, delivery)
                    }) && jwt::signature_fits(recipe, key, text)
                })
        }
        (Method::Hmac(recipe), Some(adapter)) => {
            let mut texts = adapter.without_body(delivery).into_iter().map(|fields| {
                let mac = Zeroizing::new(mac(recipe.algorithm, key, &[&fields]));
                write(recipe.encoding, &mac)
            });
            texts
                .any(|text| delivery.signatures.iter().any(|s| same(s.as_bytes(), text.as_bytes())))
        }
        (Method::PublicKey(recipe), Some(adapter)) => {
            let message = |fields: Vec<u8>| vec![Cow::Owned(fields)];
            let messages: Vec<Message> =
                adapter.without_body(delivery).into_iter().map(message).collect();
            public_key_fits(scheme, recipe, key, delivery, &messages)
        }
        _ => false,
    }
}

/// Whether the expected texts are among the signatures: any of them, or, where each part of the body
/// has a signature of its own, all of them.
fn texts_fit(scheme: &Scheme, expected: &[Zeroizing<String>], signatures: &[String]) -> bool {
    let fit = |e: &Zeroizing<String>, s: &String| same(e.as_bytes(), s.as_bytes());
    if scheme.adapter.is_some_and(Adapter::is_pairwise) {
        let pairs = expected.iter().zip(signatures);
        return !expected.is_empty()
            && expected.len() == signatures.len()
            && pairs.fold(true, |all, (e, s)| fit(e, s) & all);
    }
    let of_each = |s: &String| expected.iter().fold(false, |found, e| fit(e, s) | found);
    // A token in each element of a list must be right in each.
    if matches!(scheme.sign, Method::Token) && scheme.signature.json.is_some() {
        return !signatures.is_empty() && signatures.iter().fold(true, |all, s| of_each(s) & all);
    }
    signatures.iter().fold(false, |found, s| of_each(s) | found)
}

fn public_key_fits(
    scheme: &Scheme,
    recipe: &PublicKey,
    key: &[u8],
    delivery: &Delivery,
    messages: &[Message],
) -> bool {
    let Some(algorithm) = algorithm(scheme, recipe, delivery) else { return false };
    let keys = parse_public(key);
    let keys: Vec<_> = keys.iter().filter(|key| key.suits(algorithm)).collect();
    let signatures = delivery.signatures.iter().take(20);
    let signatures: Vec<_> = signatures.filter_map(|text| read(recipe.encoding, text)).collect();
    messages.iter().any(|message| {
        let message = message.concat();
        signatures.iter().any(|s| keys.iter().any(|key| key.verify(algorithm, &message, s)))
    })
}

pub(crate) fn algorithm(
    scheme: &Scheme,
    recipe: &PublicKey,
    delivery: &Delivery,
) -> Option<KeyPair> {
    match scheme.adapter {
        Some(Adapter::Sns) => Adapter::Sns.algorithm(delivery),
        _ => Some(recipe.algorithm),
    }
}

/// The signature texts that a key gives; none for a scheme whose key only verifies.
///
/// These stay inside the crate: showing one would hand out a forged signature.
pub(crate) fn expected(scheme: &Scheme, key: &[u8], delivery: &Delivery) -> Vec<Zeroizing<String>> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).ok().map(Zeroizing::new);
    match &scheme.sign {
        Method::Hmac(recipe) => hmac_messages(scheme, recipe, key, delivery).texts(key),
        Method::Digest(recipe) => {
            let spellings = recipe.spellings().flat_map(|(algorithm, template, encoding)| {
                let messages = messages(scheme, template, key, delivery);
                let one = move |message: &Message| {
                    let hash = Zeroizing::new(digest(algorithm, message));
                    Zeroizing::new(write(encoding, &hash))
                };
                messages.iter().map(one).collect::<Vec<_>>()
            });
            spellings.collect()
        }
        Method::Token => {
            let bare = text(key);
            // A header that the receiver chose may hold the word for a token before it.
            let bearer = bare.as_ref().filter(|_| scheme.signature.chosen);
            let bearer = bearer.map(|t| Zeroizing::new(format!("Bearer {}", t.as_str())));
            bare.into_iter().chain(bearer).collect()
        }
        Method::Basic => {
            let basic = Zeroizing::new(STANDARD.encode(key));
            let bearer = text(key).filter(|_| scheme.signature.bare);
            let bearer = bearer.map(|t| Zeroizing::new(format!("Bearer {}", t.as_str())));
            [basic].into_iter().chain(bearer).collect()
        }
        Method::Jwt(recipe) => {
            let texts = delivery.signatures.iter().take(4);
            texts.filter_map(|text| jwt::expected(recipe, key, text)).collect()
        }
        Method::PublicKey(_) | Method::None => Vec::new(),
    }
}

/// What the spellings of an HMAC recipe sign, before there is a key.
pub(crate) struct Prepared<'a>(Vec<(Algorithm, Encoding, Message<'a>)>);

impl Prepared<'_> {
    /// The signature texts that a key gives.
    fn texts(&self, key: &[u8]) -> Vec<Zeroizing<String>> {
        let text = |(algorithm, encoding, message): &(Algorithm, Encoding, Message)| {
            hmac_text(*algorithm, *encoding, key, message)
        };
        self.0.iter().map(text).collect()
    }

    /// Whether any of the signatures fits a key.
    pub(crate) fn fits(&self, scheme: &Scheme, key: &[u8], signatures: &[String]) -> bool {
        texts_fit(scheme, &self.texts(key), signatures)
    }
}

/// Puts together what is signed once for many keys; none where it holds the key, or is no HMAC's. Fields of a
/// large body take longer to read than to hash.
pub(crate) fn prepare<'a>(scheme: &'a Scheme, delivery: &Delivery<'a>) -> Option<Prepared<'a>> {
    let Method::Hmac(recipe) = &scheme.sign else { return None };
    let holds_key = recipe.spellings().any(|(_, template, _)| template.has(&Part::Secret));
    (!holds_key).then(|| hmac_messages(scheme, recipe, b"", delivery))
}

fn hmac_messages<'a>(
    scheme: &Scheme,
    recipe: &'a scheme::Hmac,
    key: &'a [u8],
    delivery: &Delivery<'a>,
) -> Prepared<'a> {
    let spellings = recipe.spellings().flat_map(|(algorithm, template, encoding)| {
        let messages = messages(scheme, template, key, delivery).into_iter();
        messages.map(move |message| (algorithm, encoding, message))
    });
    Prepared(spellings.collect())
}

/// An HMAC over a message, as it is written.
pub(crate) fn hmac_text(
    algorithm: Algorithm,
    encoding: Encoding,
    key: &[u8],
    message: &Message,
) -> Zeroizing<String> {
    let pieces: Vec<&[u8]> = message.iter().map(AsRef::as_ref).collect();
    let mac = Zeroizing::new(mac(algorithm, key, &pieces));
    Zeroizing::new(write(encoding, &mac))
}

/// The messages that a template stands for: one, or one for each spelling that an adapter knows.
pub(crate) fn messages<'a>(
    scheme: &Scheme,
    template: &'a Template,
    key: &'a [u8],
    delivery: &Delivery<'a>,
) -> Vec<Message<'a>> {
    let of = |fields: &[u8]| {
        let parts = template.parts().iter();
        parts.map(|part| piece(part, key, fields, delivery)).collect()
    };
    match scheme.adapter {
        Some(adapter) => adapter.fields(delivery).iter().map(|fields| of(fields)).collect(),
        None => vec![of(&[])],
    }
}

fn piece<'a>(
    part: &'a Part,
    key: &'a [u8],
    fields: &[u8],
    delivery: &Delivery<'a>,
) -> Cow<'a, [u8]> {
    let owned = |text: String| text.into_bytes().into();
    match part {
        Part::Literal(text) => text.as_bytes().into(),
        Part::Body => delivery.body.into(),
        Part::BodySha256 => owned(hex::encode(Sha256::digest(delivery.body))),
        Part::BodyCrc32 => owned(crc32fast::hash(delivery.body).to_string()),
        Part::BodyInflated => inflated(delivery.body),
        Part::BodyEscaped => escaped(delivery.body),
        Part::BodyPayload => payload(delivery.body),
        Part::Timestamp => delivery.timestamp.as_bytes().into(),
        Part::Id => delivery.id.as_bytes().into(),
        Part::Url => delivery.url.as_bytes().into(),
        Part::Path => owned(crate::url::target(delivery.url)),
        Part::Method => owned(delivery.method.to_ascii_uppercase()),
        Part::Secret => key.into(),
        Part::Header(name) => {
            let value = first(delivery.request, std::slice::from_ref(name));
            owned(value.unwrap_or_default().into_owned())
        }
        Part::Query(name) => owned(lookup::query(delivery.url, name).unwrap_or_default()),
        Part::QueryLower(name) => {
            owned(lookup::query(delivery.url, name).unwrap_or_default().to_lowercase())
        }
        Part::Form(name) => owned(lookup::form(delivery.body, name).unwrap_or_default()),
        Part::Json(path) => owned(lookup::json_first(delivery.body, path).unwrap_or_default()),
        Part::Param(name) => delivery.param(name).as_bytes().into(),
        Part::Fields => fields.to_vec().into(),
    }
}

/// A body with its gzip undone; as it is when it is not compressed, or unfolds to too much.
fn inflated(body: &[u8]) -> Cow<'_, [u8]> {
    if !body.starts_with(&[0x1f, 0x8b]) {
        return body.into();
    }
    let mut out = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(body).take(MOST_INFLATED + 1);
    match reader.read_to_end(&mut out) {
        Ok(length) if length as u64 <= MOST_INFLATED => out.into(),
        _ => body.into(),
    }
}

/// A body as Box's libraries escape it: characters outside printable ASCII as lower-case `\u` escapes, line
/// breaks and tabs by name, and a backslash doubled unless a slash follows.
fn escaped(body: &[u8]) -> Cow<'_, [u8]> {
    let Ok(text) = std::str::from_utf8(body) else { return body.into() };
    let mut out = String::with_capacity(body.len() + body.len() / 8);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' if chars.peek() != Some(&'/') => out.push_str("\\\\"),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str("\\u");
                    out.push_str(&hex::encode(unit.to_be_bytes()));
                }
            }
        }
    }
    out.into_bytes().into()
}

/// The JSON of a body: its form field `payload`, or the body itself.
fn payload(body: &[u8]) -> Cow<'_, [u8]> {
    let is_form = body.starts_with(b"payload=") || find_payload(body);
    let field = if is_form { lookup::form(body, "payload") } else { None };
    field.map_or(body.into(), |text| text.into_bytes().into())
}

fn find_payload(body: &[u8]) -> bool {
    body.windows(9).any(|w| w == b"&payload=") && !matches!(body.first(), Some(b'{' | b'['))
}

/// RFC 2104 over the pieces put together. Any key length is allowed.
pub(crate) fn mac(algorithm: Algorithm, key: &[u8], pieces: &[&[u8]]) -> Vec<u8> {
    fn run<M: Mac + hmac::digest::KeyInit>(key: &[u8], pieces: &[&[u8]]) -> Vec<u8> {
        let mut mac = <M as Mac>::new_from_slice(key).expect("HMAC takes a key of any length");
        pieces.iter().for_each(|piece| mac.update(piece));
        mac.finalize().into_bytes().to_vec()
    }
    match algorithm {
        Algorithm::Sha1 => run::<Hmac<Sha1>>(key, pieces),
        Algorithm::Sha256 => run::<Hmac<Sha256>>(key, pieces),
        Algorithm::Sha384 => run::<Hmac<Sha384>>(key, pieces),
        Algorithm::Sha512 => run::<Hmac<Sha512>>(key, pieces),
    }
}

/// A plain hash over the pieces put together.
fn digest(algorithm: Algorithm, pieces: &Message) -> Vec<u8> {
    fn run<D: Digest>(pieces: &Message) -> Vec<u8> {
        let mut hash = D::new();
        pieces.iter().for_each(|piece| hash.update(piece));
        hash.finalize().to_vec()
    }
    match algorithm {
        Algorithm::Sha1 => run::<Sha1>(pieces),
        Algorithm::Sha256 => run::<Sha256>(pieces),
        Algorithm::Sha384 => run::<Sha384>(pieces),
        Algorithm::Sha512 => run::<Sha512>(pieces),
    }
}

/// Bytes in the encoding that a scheme writes signatures in.
pub(crate) fn write(encoding: Encoding, bytes: &[u8]) -> String {
    match encoding {
        Encoding::Hex => hex::encode(bytes),
        Encoding::HexUpper => hex::encode_upper(bytes),
        Encoding::Base64 => STANDARD.encode(bytes),
        Encoding::Base64url => URL_SAFE_NO_PAD.encode(bytes),
    }
}

/// The bytes of a signature that a public key verifies. Hex in either case, as libraries take it.
fn read(encoding: Encoding, text: &str) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Hex | Encoding::HexUpper => from_hex(text.as_bytes()).map(|b| b.to_vec()),
        Encoding::Base64 => STANDARD.decode(text).ok(),
        Encoding::Base64url => URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok(),
    }
}

/// Equality whose time tells nothing about where two texts differ, only that their lengths do.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// What a scheme signs and how, in words.
pub(crate) fn recipe(scheme: &Scheme) -> String {
    let signed = |template: &Template| match scheme.adapter {
        Some(adapter) if template.text() == "{fields}" => adapter.words().to_owned(),
        Some(adapter) => format!("`{}` (fields: {})", template.text(), adapter.words()),
        None => format!("`{}`", template.text()),
    };
    match &scheme.sign {
        Method::Hmac(scheme::Hmac { template, algorithm, encoding, .. }) => {
            format!("{} with {}, in {}", signed(template), algorithm.name(), encoding.name())
        }
        Method::Digest(scheme::Hmac { template, algorithm, encoding, .. }) => {
            let hash = algorithm.name().trim_start_matches("HMAC-");
            format!("{} with a plain {hash}, in {}", signed(template), encoding.name())
        }
        Method::PublicKey(PublicKey { template, algorithm, encoding, .. }) => {
            format!("{} with {}, in {}", signed(template), algorithm.name(), encoding.name())
        }
        Method::Jwt(jwt) => {
            let names: Vec<_> = jwt.algorithm.iter().map(|algorithm| algorithm.name()).collect();
            let claims = [
                jwt.body.as_ref().map(|b| format!("`{}` is the body's SHA-256", b.claim)),
                jwt.url.as_ref().map(|u| format!("`{}` names the URL", u.claim)),
            ];
            let claims: Vec<_> = claims.into_iter().flatten().collect();
            let about = match claims.as_slice() {
                [] => "nothing of the body".to_owned(),
                claims => claims.join(" and "),
            };
            format!("a JSON Web Token ({}): {about}", names.join(", "))
        }
        Method::Token => "nothing; the secret itself is sent".into(),
        Method::Basic => "nothing; user and password are sent".into(),
        Method::None => "nothing".into(),
    }
}

/// What is signed, when its pieces are known and none is the secret: how many bytes, and the first of them.
pub(crate) fn signed_start(
    scheme: &Scheme,
    delivery: &Delivery,
    most: usize,
) -> Option<(usize, Vec<u8>)> {
    let template = scheme.templates().next().filter(|template| !template.has(&Part::Secret))?;
    let message = messages(scheme, template, &[], delivery).into_iter().next()?;
    let length = message.iter().map(|piece| piece.len()).sum();
    let mut start = Vec::with_capacity(most.min(length));
    for piece in &message {
        let room = most - start.len();
        start.extend_from_slice(&piece[..piece.len().min(room)]);
    }
    Some((length, start))
}

/// Whether what is signed covers the body, so that the verdict may say valid.
pub(crate) fn covers_body(scheme: &Scheme, delivery: &Delivery) -> bool {
    match &scheme.sign {
        Method::Jwt(recipe) => scheme.signature.body || jwt::covers_body(recipe, delivery),
        Method::Token | Method::Basic | Method::None => false,
        _ => {
            scheme.templates().any(Template::has_body)
                // Braintree's whole message is one field of the form.
                || scheme.templates().any(|t| t.parts().iter().any(|p| matches!(p, Part::Form(_))))
                || scheme.adapter.is_some_and(|adapter| adapter.covers_body(delivery))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_hmac_vectors() {
        // RFC 2202 test case 2 and RFC 4231 test case 2.
        let (key, data): (&[u8], &[&[u8]]) = (b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(
            hex::encode(mac(Algorithm::Sha1, key, data)),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        );
        assert_eq!(
            hex::encode(mac(Algorithm::Sha256, key, data)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert!(
            hex::encode(mac(Algorithm::Sha384, key, data)).starts_with("af45d2e376484031617f78d2")
        );
        assert!(
            hex::encode(mac(Algorithm::Sha512, key, data)).starts_with("164b7a7bfcf819e2e395fbe7")
        );
    }

    #[test]
    fn the_last_byte_counts() {
        assert!(same(b"0123456789abcdef", b"0123456789abcdef"));
        assert!(!same(b"0123456789abcdef", b"0123456789abcdee"));
        assert!(!same(b"0123456789abcdef", b"0123456789abcde"));
        assert!(!same(b"", b"0"));
    }

    #[test]
    fn a_body_is_unfolded_within_bounds() {
        use std::io::Write as _;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(b"{\"a\":1}").unwrap();
        assert_eq!(&*inflated(&packer.finish().unwrap()), b"{\"a\":1}");
        assert_eq!(&*inflated(b"{}"), b"{}");
        assert_eq!(&*inflated(b"\x1f\x8bbroken"), b"\x1f\x8bbroken");
        assert_eq!(&*escaped("a/\n\u{fc}\u{1f600}\\".as_bytes()), br"a/\n\u00fc\ud83d\ude00\\");
        assert_eq!(&*payload(b"payload=%7B%7D&x=1"), b"{}");
        assert_eq!(&*payload(b"{\"a\":\"&payload=1\"}"), b"{\"a\":\"&payload=1\"}");
    }
}
