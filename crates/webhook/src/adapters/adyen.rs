//! Adyen's payment notifications: eight fields of each item, joined by colons (Adyen's `util.py`). An
//! absent field is empty; nothing is escaped.

use serde_json::Value;

use crate::delivery::Delivery;
use crate::lookup;

/// The eight fields, in the order in which they are signed.
const FIELDS: [&str; 8] = [
    "pspReference",
    "originalReference",
    "merchantAccountCode",
    "merchantReference",
    "amount.value",
    "amount.currency",
    "eventCode",
    "success",
];

/// One signed text for each item.
pub(super) fn fields(delivery: &Delivery) -> Vec<Vec<u8>> {
    let Some(document) = lookup::parse(delivery.body) else { return Vec::new() };
    let items = lookup::values(&document, "notificationItems[].NotificationRequestItem");
    items.into_iter().map(text).collect()
}

fn text(item: &Value) -> Vec<u8> {
    let field = |path: &&str| {
        lookup::values(item, path).into_iter().find_map(lookup::text).unwrap_or_default()
    };
    FIELDS.iter().map(field).collect::<Vec<_>>().join(":").into_bytes()
}
