//! Amazon SNS: fixed members of the message, name and value on a line each, those that are there. Which
//! ones, and which hash, the message says (`Type`, `SignatureVersion`), as `sns-validator` reads it.

use serde_json::Value;

use crate::delivery::Delivery;
use crate::lookup;
use crate::scheme::KeyPair;

const NOTIFICATION: [&str; 7] =
    ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "TopicArn", "Type"];
const SUBSCRIPTION: [&str; 8] =
    ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/// The signed text.
pub(super) fn fields(delivery: &Delivery) -> Option<Vec<u8>> {
    let message = lookup::parse(delivery.body)?;
    let subscription =
        message.get("Type").and_then(Value::as_str) == Some("SubscriptionConfirmation");
    let names: &[&str] = if subscription { &SUBSCRIPTION } else { &NOTIFICATION };
    let mut text = String::new();
    for name in names {
        // Lambda passes an absent subject on as null.
        let Some(value) = message.get(*name).filter(|v| !v.is_null()).and_then(lookup::text) else {
            continue;
        };
        text.push_str(name);
        text.push('\n');
        text.push_str(&value);
        text.push('\n');
    }
    Some(text.into_bytes())
}

/// The algorithm of the message's version.
pub(super) fn algorithm(delivery: &Delivery) -> Option<KeyPair> {
    match lookup::json_first(delivery.body, "SignatureVersion")?.as_str() {
        "1" => Some(KeyPair::RsaSha1),
        "2" => Some(KeyPair::RsaSha256),
        _ => None,
    }
}
