//! Mandrill (Mailchimp Transactional): the URL of the webhook, then each form field's name and value,
//! sorted by name.

use crate::delivery::Delivery;

/// The signed text.
pub(super) fn fields(delivery: &Delivery) -> Vec<u8> {
    let mut fields: Vec<_> = form_urlencoded::parse(delivery.body).collect();
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    let mut text = delivery.url.as_bytes().to_vec();
    for (name, value) in fields {
        text.extend_from_slice(name.as_bytes());
        text.extend_from_slice(value.as_bytes());
    }
    text
}
