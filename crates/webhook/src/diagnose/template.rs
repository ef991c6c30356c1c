//! Whether the signature fits another recipe: another shipped scheme, another order of the signed
//! parts, or another hash.

use secrecy::ExposeSecret;

use super::{Context, Finding};
use crate::delivery::{Delivery, Reading};
use crate::engine;
use crate::key::key;
use crate::report::{Code, Reason};
use crate::scheme::{Algorithm, Hmac, Method, Part, Scheme, Template};
use crate::schemes::table;
use crate::text::excerpt;

/// What providers sign, besides what the scheme says.
const TEMPLATES: [&str; 12] = [
    "{body}",
    "{timestamp}.{body}",
    "{timestamp}{body}",
    "{timestamp}:{body}",
    "v0:{timestamp}:{body}",
    "v1:{timestamp}:{body}",
    "{id}.{timestamp}.{body}",
    "{body}{timestamp}",
    "{url}{body}",
    "{body}{url}",
    "{timestamp}|{body}",
    "{id}{timestamp}{body}",
];

/// Tries the other schemes whose signature header the request has.
pub(super) fn other_scheme(context: &Context) -> Option<Finding> {
    let request = context.delivery.request;
    let present = |name: &str| !name.is_empty() && request.header(name).is_some();
    // A bare secret in a header fits by chance of setup, not because anything was signed that way.
    let signs = |s: &&Scheme| !matches!(s.sign, Method::Token | Method::Basic | Method::None);
    let others = table().iter().filter(signs);
    let others = others.filter(|s| s.id != context.scheme.id && present(s.signature.name()));
    others.into_iter().find_map(|other| {
        let reading = Reading::new(other, request, context.case.params);
        if !reading.faults.is_empty() {
            return None;
        }
        let delivery = Delivery {
            id: &reading.id,
            timestamp: &reading.timestamp,
            signatures: &reading.signatures,
            ..context.delivery
        };
        let fits = context.secrets.iter().find(|secret| {
            let key = key(other, secret.bytes.expose_secret());
            key.is_ok_and(|key| context.spend(&delivery) && engine::fits(other, &key, &delivery))
        })?;
        let reason = Reason::proved(
            Code::WrongTemplate,
            format!("The request is signed the way of {}, and fits it.", other.provider),
            format!("Verify it with the scheme `{}`.", other.id),
        );
        Some(Finding { secret: Some(fits.label()), ..reason.into() })
    })
}

/// Tries other templates and hashes in the place of the scheme's own.
pub(super) fn find(context: &Context) -> Option<Finding> {
    let own = context.scheme.hmac()?;
    let others = TEMPLATES.iter().filter_map(|text| Template::try_from((*text).to_owned()).ok());
    let templates = [own.template.clone()].into_iter().chain(others);
    let templates = templates.filter(|template| {
        is_complete(template, &context.delivery)
            && template.has(&Part::Fields) == context.scheme.adapter.is_some()
    });
    templates.into_iter().find_map(|template| {
        Algorithm::ALL.into_iter().find_map(|algorithm| {
            let (template, also) = (template.clone(), Vec::new());
            let recipe = Hmac { algorithm, template, also, ..own.clone() };
            let plain = Scheme { sign: Method::Hmac(recipe), ..context.scheme.clone() };
            let key = context.keys.iter().find(|key| {
                context.spend(&context.delivery)
                    && engine::fits(&plain, &key.bytes, &context.delivery)
            })?;
            Some(Finding::by(key, reason(own, plain.hmac()?)))
        })
    })
}

/// Whether the delivery has every part that a template signs.
fn is_complete(template: &Template, delivery: &Delivery) -> bool {
    let has = |part: &Part, value: &str| !template.has(part) || !value.is_empty();
    has(&Part::Timestamp, delivery.timestamp)
        && has(&Part::Id, delivery.id)
        && has(&Part::Url, delivery.url)
}

fn reason(own: &Hmac, found: &Hmac) -> Reason {
    if own.template == found.template {
        return Reason::proved(
            Code::AlgorithmMismatch,
            format!(
                "The signature was made with {}, not {}.",
                found.algorithm.name(),
                own.algorithm.name()
            ),
            format!("Sign with {}; the scheme fixes it.", own.algorithm.name()),
        );
    }
    Reason::proved(
        Code::WrongTemplate,
        format!(
            "The signature covers `{}` with {}; the scheme has `{}` with {}.",
            found.template.text(),
            found.algorithm.name(),
            excerpt(own.template.text().as_bytes(), 100),
            own.algorithm.name()
        ),
        "Sign exactly the parts that the scheme names, in its order.",
    )
}
