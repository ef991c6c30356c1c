//! A signature that fits by itself, beside a claim about the body or the URL that does not hold: what the
//! claim is about has been changed.

use super::{Context, Finding};
use crate::engine;
use crate::jwt::{self, Token};
use crate::report::{Code, Reason};
use crate::scheme::Method;
use crate::text::excerpt;

/// Looks for a key with which only a claim fails.
pub(super) fn find(context: &Context) -> Option<Finding> {
    body(context).or_else(|| url(context))
}

fn body(context: &Context) -> Option<Finding> {
    let key = context.keys.iter().find(|key| {
        context.spend(&context.delivery)
            && engine::fits_but_for_body(context.scheme, &key.bytes, &context.delivery)
    })?;
    let reason = Reason::proved(
        Code::BodyModified,
        "The signature is right, and the hash of the body that it covers is that of another body.",
        "Capture the raw bytes as they arrive, before any framework or proxy touches them.",
    );
    Some(Finding::by(key, reason))
}

fn url(context: &Context) -> Option<Finding> {
    let Method::Jwt(recipe) = &context.scheme.sign else { return None };
    let field = recipe.url.as_ref()?;
    let text = context.delivery.signatures.first()?;
    let token = Token::parse(text)?;
    if jwt::url_fits(recipe, &token, &context.delivery)
        || !jwt::body_fits(recipe, &token, &context.delivery)
    {
        return None;
    }
    let fits = |key: &crate::verdict::Key| jwt::signature_fits(recipe, &key.bytes, text);
    let key = context.keys.iter().find(|key| context.spend(&context.delivery) && fits(key))?;
    let claim = token.claim(&field.claim).unwrap_or_default();
    let reason = Reason::proved(
        Code::UrlMismatch,
        format!(
            "The signature is right, and its `{}` is made for another URL: `{}`.",
            field.claim,
            excerpt(claim.as_bytes(), 200)
        ),
        "Verify with the public URL exactly as it is set at the provider; behind a proxy, build it from what the proxy received.",
    );
    Some(Finding::by(key, reason))
}
