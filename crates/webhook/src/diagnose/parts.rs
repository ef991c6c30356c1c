//! The small parts of what is signed: the method, and the message id.

use super::{Context, Finding};
use crate::delivery::Delivery;
use crate::report::{Code, Reason};
use crate::scheme::Part;
use crate::text::excerpt;

/// Methods that a request may have had before something changed it.
const METHODS: [&str; 5] = ["POST", "GET", "PUT", "PATCH", "DELETE"];

/// Most headers that are tried as the id.
const MOST: usize = 40;

/// Tries other methods, and other headers as the id.
pub(super) fn find(context: &Context) -> Option<Finding> {
    method(context).or_else(|| id(context))
}

fn method(context: &Context) -> Option<Finding> {
    if !context.scheme.signs_method() {
        return None;
    }
    let given = context.delivery.method;
    let others = METHODS.iter().filter(|method| !method.eq_ignore_ascii_case(given));
    let fits = |method: &str| context.fits(&Delivery { method, ..context.delivery });
    let (method, key) = others.into_iter().find_map(|method| Some((method, fits(method)?)))?;
    let reason = Reason::proved(
        Code::MethodMismatch,
        format!("The signature was made for {method}, not {}.", excerpt(given.as_bytes(), 20)),
        "Verify with the method of the request as it arrived; a redirect or a proxy may have changed it.",
    );
    Some(Finding::by(key, reason))
}

fn id(context: &Context) -> Option<Finding> {
    let signed = context.scheme.templates().any(|template| template.has(&Part::Id));
    if !signed {
        return None;
    }
    let given = context.delivery.id;
    let headers = context.delivery.request.headers.iter().take(MOST);
    let mut others: Vec<&str> = headers.map(|(_, value)| value.trim()).collect();
    // A list that a proxy joined, and an id with a word before it.
    others.extend(given.split(", "));
    others.extend(given.split_once(':').map(|(_, id)| id.trim()));
    let fits = |id: &str| context.fits(&Delivery { id, ..context.delivery });
    let others = others.into_iter().filter(|id| !id.is_empty() && id.len() <= 256 && *id != given);
    let (id, key) = others.into_iter().find_map(|id| Some((id, fits(id)?)))?;
    let reason = Reason::proved(
        Code::IdModified,
        format!(
            "The message id is not the one that was signed: that is `{}`.",
            excerpt(id.as_bytes(), 80)
        ),
        "Pass the id on as it came; take care which header holds it.",
    );
    Some(Finding::by(key, reason))
}
