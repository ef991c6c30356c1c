//! What is wrong with the secret: white space, quotes, its prefix, or its decoding; and whether
//! another stored secret fits.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::{Context, Finding};
use crate::key::{KeyBytes, from_base64, from_hex, is_empty, key, second};
use crate::report::{Code, Reason};

/// Text that people copy along with a secret, or leave out.
const PREFIXES: [&[u8]; 5] = [b"v1,whsec_", b"v1,", b"whsec_", b"sha256=", b"Bearer "];

/// What was done to a secret, with the key that undoing it gives.
struct Undone {
    code: Code,
    what: &'static str,
    hint: &'static str,
    key: KeyBytes,
}

/// Tries each accepted secret with one thing about it undone.
pub(super) fn find(context: &Context) -> Option<Finding> {
    context.secrets.iter().find_map(|secret| {
        let tries = undone(context, secret.bytes.expose_secret());
        let found = tries.into_iter().find(|t| context.fits_other_key(&t.key))?;
        let message = format!("The secret `{}` {}.", secret.name, found.what);
        let reason = Reason::proved(found.code, message, found.hint).about(secret.label());
        Some(Finding { secret: Some(secret.label()), ..reason.into() })
    })
}

/// Tries the other stored secrets.
pub(super) fn stored(context: &Context) -> Option<Finding> {
    context.case.also.iter().find_map(|other| {
        let bytes = other.bytes.expose_secret();
        let first = key(context.scheme, bytes).ok().filter(|_| !is_empty(context.scheme, bytes))?;
        let mut keys = std::iter::once(first).chain(second(context.scheme, bytes));
        keys.any(|key| context.fits_other_key(&key)).then(|| {
            Reason::proved(
                Code::OtherStoredSecret,
                format!("The request was signed with another stored secret: `{}`.", other.name),
                "Give the endpoint that secret, or point the provider at the endpoint it belongs to. Test and live, command line and dashboard, and each endpoint have their own.",
            )
            .about(other.label())
            .into()
        })
    })
}

fn undone(context: &Context, secret: &[u8]) -> Vec<Undone> {
    let mut all = Vec::new();
    let mut add = |code, what, hint, changed: Option<KeyBytes>| {
        all.extend(changed.map(|key| Undone { code, what, hint, key }));
    };
    let as_key = |text: &[u8]| {
        let changed = text != secret && !text.is_empty();
        changed.then(|| key(context.scheme, text).ok()).flatten()
    };

    let blanks = "Store the secret without it: write the file with `printf %s`, not `echo`.";
    let bare: Vec<u8> = secret.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    let bare = Zeroizing::new(bare);
    add(Code::SecretWhitespace, "has white space round it", blanks, as_key(secret.trim_ascii()));
    add(Code::SecretWhitespace, "has white space in it", blanks, as_key(&bare));

    let format = "Store the value alone, as the provider shows it.";
    let unquoted =
        [b'"', b'\'', b'`'].iter().find_map(|q| secret.strip_prefix(&[*q])?.strip_suffix(&[*q]));
    add(Code::SecretFormat, "has quotes round it", format, unquoted.and_then(as_key));
    let unmarked = secret.strip_prefix(b"\xEF\xBB\xBF");
    add(Code::SecretFormat, "starts with a byte order mark", format, unmarked.and_then(as_key));
    add(
        Code::SecretFormat,
        "is a whole `NAME=value` line",
        format,
        assigned(secret).and_then(as_key),
    );

    let prefix = context.scheme.secret_prefix().as_bytes();
    if !prefix.is_empty() && !secret.starts_with(prefix) {
        let whole = Zeroizing::new([prefix, secret].concat());
        add(
            Code::SecretPrefix,
            "lacks its prefix",
            "Keep the prefix: here it is part of the key.",
            as_key(&whole),
        );
    }
    for extra in PREFIXES {
        let hint = "Store what follows the prefix: here it is not part of the key.";
        let rest = secret.strip_prefix(extra);
        add(Code::SecretPrefix, "has a prefix that is not part of it", hint, rest.and_then(as_key));
    }

    let encoding = |what, hint, key| (Code::SecretEncoding, what, hint, key);
    let rest = secret.strip_prefix(prefix).filter(|_| !prefix.is_empty());
    for text in [Some(secret), rest].into_iter().flatten() {
        let plain = Some(Zeroizing::new(text.to_vec()));
        let url_safe = URL_SAFE_NO_PAD.decode(text.trim_ascii_end()).ok().map(Zeroizing::new);
        let written = |text: String| Some(Zeroizing::new(text.into_bytes()));
        for (code, what, hint, key) in [
            encoding("must be used as text, not decoded", "Use the text itself as the key.", plain),
            encoding(
                "must be decoded from base64 first",
                "Decode the secret from base64, then use the bytes.",
                from_base64(text),
            ),
            encoding(
                "must be decoded from URL-safe base64 first",
                "Decode the secret, then use the bytes.",
                url_safe,
            ),
            encoding(
                "must be decoded from hex first",
                "Decode the secret from hex, then use the bytes.",
                from_hex(text),
            ),
            encoding(
                "was decoded from hex; its text is the key",
                "Store the hex text itself.",
                written(hex::encode(text)),
            ),
            encoding(
                "was decoded from base64; its text is the key",
                "Store the base64 text itself.",
                written(STANDARD.encode(text)),
            ),
        ] {
            add(code, what, hint, key.filter(|key| !key.is_empty()));
        }
    }
    all
}

/// The value of `NAME=value`, as a line of a `.env` file has it.
fn assigned(secret: &[u8]) -> Option<&[u8]> {
    let at = secret.iter().position(|&b| b == b'=')?;
    let name = secret[..at].strip_prefix(b"export ").unwrap_or(&secret[..at]);
    let is_name = !name.is_empty()
        && name.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_');
    is_name.then(|| secret[at + 1..].trim_ascii())
}
