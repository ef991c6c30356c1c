//! What remains when nothing could be proved: plain signs first, then the two causes that look the
//! same from outside, a wrong secret and a changed body. All of it is worded as possible.

use secrecy::ExposeSecret;

use super::{Context, Finding};
use crate::guess;
use crate::report::{Code, Reason};
use crate::scheme::Method;
use crate::text::count;

/// What the keys of well-known services start with. None of them signs webhooks.
const API_KEYS: [(&str, &str); 20] = [
    ("sk_live_", "Stripe"),
    ("sk_test_", "Stripe"),
    ("rk_live_", "Stripe"),
    ("rk_test_", "Stripe"),
    ("pk_live_", "Stripe"),
    ("pk_test_", "Stripe"),
    ("ghp_", "GitHub"),
    ("gho_", "GitHub"),
    ("ghs_", "GitHub"),
    ("github_pat_", "GitHub"),
    ("xoxb-", "Slack"),
    ("xoxp-", "Slack"),
    ("xapp-", "Slack"),
    ("shpat_", "Shopify"),
    ("shpca_", "Shopify"),
    ("sk-proj-", "OpenAI"),
    ("sk-ant-", "Anthropic"),
    ("SG.", "SendGrid"),
    ("re_", "Resend"),
    ("AKIA", "AWS"),
];

/// The possibilities, most telling first; never none.
pub(super) fn possibilities(context: &Context) -> Vec<Finding> {
    let signs = [secret_format(context), api_key(context), signature_shape(context)];
    let mut reasons: Vec<Reason> = signs.into_iter().flatten().collect();
    if context.keys.is_empty() && !reasons.is_empty() {
        return reasons.into_iter().map(Finding::from).collect();
    }
    let covered = context.covers_body();
    if covered {
        reasons.extend(body_sign(context));
    }
    reasons.extend(other_key(context));
    if reasons.is_empty() && !covered {
        reasons = vec![wrong_secret(context)];
        reasons.extend(field_modified(context));
    }
    if reasons.is_empty() {
        reasons = if body_looks_changed(context) {
            vec![body_modified(context), wrong_secret(context)]
        } else {
            vec![wrong_secret(context), body_modified(context)]
        };
    }
    reasons.into_iter().map(Finding::from).collect()
}

fn secret_format(context: &Context) -> Option<Reason> {
    let (secret, fault) = context.unusable.first()?;
    let reason = Reason::new(
        Code::SecretFormat,
        format!(
            "The secret `{}` is not one of {}'s: {fault}.",
            secret.name, context.scheme.provider
        ),
        "Copy the secret again, whole; each provider has its own form.",
    );
    Some(reason.about(secret.label()))
}

fn api_key(context: &Context) -> Option<Reason> {
    context.secrets.iter().find_map(|secret| {
        let bytes = secret.bytes.expose_secret().trim_ascii();
        let (prefix, service) = API_KEYS.iter().find(|(prefix, _)| bytes.starts_with(prefix.as_bytes()))?;
        let reason = Reason::new(
            Code::SecretIsApiKey,
            format!("The secret `{}` starts with `{prefix}`, so it looks like an API key of {service}.", secret.name),
            "Use the endpoint's signing secret; the provider shows it with the webhook, not with the API keys.",
        );
        Some(reason.about(secret.label()))
    })
}

/// A signature that cannot be right by its length or its letters.
fn signature_shape(context: &Context) -> Option<Reason> {
    let encoding = context.scheme.encoding()?;
    let bytes = context.scheme.signature_length()?;
    let length = guess::characters(encoding, bytes);
    let signatures = context.delivery.signatures;
    if signatures.iter().any(|s| guess::has_shape(context.scheme, s)) {
        return None;
    }
    let first = signatures.first()?;
    let letters = first.chars().all(|c| guess::has_letter(encoding, c));
    if letters && first.len() < length {
        return Some(Reason::new(
            Code::SignatureTruncated,
            format!(
                "The signature has {} of {length} characters: it may be cut short.",
                first.len()
            ),
            "Look for a column, a log line or a copy that holds too few characters.",
        ));
    }
    let what = if letters { "length" } else { "letters" };
    Some(Reason::new(
        Code::SignatureEncoding,
        format!("By its {what}, the signature is not {length} characters of {}.", encoding.name()),
        "Compare the header with the provider's own example.",
    ))
}

/// A body that cannot be the signed one by the look of it.
fn body_sign(context: &Context) -> Option<Reason> {
    let body = context.delivery.body;
    let header = |name: &str| context.delivery.request.header(name).unwrap_or_default();
    if body.is_empty() && !context.delivery.method.eq_ignore_ascii_case("GET") {
        let stated = header("content-length");
        let message = match (context.delivery.request.body.is_some(), stated.parse::<u64>()) {
            (_, Ok(length)) if length > 0 => {
                format!("The capture has no body, though Content-Length says {length} bytes.")
            }
            (false, _) => "The capture has no body.".to_owned(),
            (true, _) => {
                "The body is empty, which may be why the signature does not fit.".to_owned()
            }
        };
        return Some(Reason::new(
            Code::BodyMissing,
            message,
            "Capture the request with its raw body; a parser may have read the stream before it was saved.",
        ));
    }
    let coding = header("content-encoding").to_ascii_lowercase();
    let compressed = body.starts_with(&[0x1f, 0x8b]) || body.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
    if compressed || (coding.contains("br") && std::str::from_utf8(body).is_err()) {
        return Some(Reason::new(
            Code::BodyCompressed,
            "The body is compressed; the signature may cover it uncompressed.",
            "Verify the body both as sent and after decompression, as the provider says.",
        ));
    }
    let replaced = body.windows(3).any(|w| w == "\u{fffd}".as_bytes());
    replaced.then(|| {
        Reason::new(
            Code::CharsetChanged,
            "The body holds U+FFFD, the mark that stands for bytes that could not be read; they may be lost.",
            "Keep the body as bytes: read it without decoding, and capture it without converting.",
        )
    })
}

/// Whether something besides the signature says that the body is not whole.
fn body_looks_changed(context: &Context) -> bool {
    context.case.request.lossy || length_gap(context).is_some()
}

/// The stated length, if the body has another one.
fn length_gap(context: &Context) -> Option<usize> {
    let stated = context.delivery.request.header("content-length")?.parse().ok()?;
    (stated != context.delivery.body.len()).then_some(stated)
}

/// A token that names a key which the keys at hand do not hold.
fn other_key(context: &Context) -> Option<Reason> {
    let text = context.delivery.signatures.first()?;
    let names = |key: &crate::verdict::Key| crate::jwt::names_another_key(&key.bytes, text);
    let name = match context.scheme.sign {
        Method::Jwt(_) => context.keys.iter().find_map(names)?,
        _ => return None,
    };
    Some(Reason::new(
        Code::NoMatchingKey,
        format!("The token was signed with the key `{name}`, which is not among the keys at hand."),
        "Fetch the provider's keys again: they may have changed since.",
    ))
}

/// For signatures over a few fields: one of them may not be what was signed.
fn field_modified(context: &Context) -> Option<Reason> {
    let signs = !matches!(context.scheme.sign, Method::Token | Method::Basic | Method::None);
    signs.then(|| {
        Reason::new(
            Code::SignedFieldModified,
            format!(
                "One of the values that {} signs may have been changed.",
                context.scheme.provider
            ),
            "Compare the signed text above with the request as it was received.",
        )
    })
}

fn wrong_secret(context: &Context) -> Reason {
    let tried = match context.case.also.len() {
        0 => String::new(),
        others => format!(" None of {} fits either.", count(others, "other stored secret")),
    };
    let which = match context.secrets {
        [one] => format!("`{}` may be the wrong secret", one.name),
        _ => "The accepted secrets may be the wrong ones".to_owned(),
    };
    Reason::new(
        Code::WrongSecret,
        format!("{which}: the signature fits nothing that was tried.{tried}"),
        "Copy the signing secret of this very endpoint again; test and live, command line and dashboard have their own.",
    )
}

fn body_modified(context: &Context) -> Reason {
    let message = match length_gap(context) {
        Some(stated) => format!(
            "The body may have been changed: it has {}, and Content-Length says {stated}.",
            count(context.delivery.body.len(), "byte")
        ),
        None if context.case.request.lossy => {
            "The body may have been changed: the capture's format could not carry it exactly."
                .to_owned()
        }
        None => {
            "The body may have been changed after it was signed, in a way that could not be undone."
                .to_owned()
        }
    };
    Reason::new(
        Code::BodyModified,
        message,
        "Capture the raw bytes as they arrive, before any framework or proxy touches them.",
    )
}
