//! Discord interactions: Ed25519 (RFC 8032) over the timestamp and the body.
//!
//! `verify_strict` is a decision: Discord's libraries verify with libsodium, which refuses public
//! keys and nonces of small order, and of the two checks that our library has only the strict one does.

use ed25519_dalek::{Signature, VerifyingKey};

use crate::delivery::Delivery;

/// Whether any signature of the delivery verifies. Hex in either case, as Discord's libraries take it.
pub(crate) fn fits(key: &[u8], delivery: &Delivery) -> bool {
    let Some(key) = verifying_key(key) else {
        return false;
    };
    let message = signed(delivery);
    delivery.signatures.iter().any(|text| {
        let mut bytes = [0; 64];
        hex::decode_to_slice(text, &mut bytes).is_ok()
            && key.verify_strict(&message, &Signature::from_bytes(&bytes)).is_ok()
    })
}

/// The bytes that are signed.
pub(crate) fn signed(delivery: &Delivery) -> Vec<u8> {
    [delivery.timestamp.as_bytes(), delivery.body].concat()
}

/// Whether these bytes are a point on the curve, and so can be a public key.
pub(crate) fn is_public_key(bytes: &[u8]) -> bool {
    verifying_key(bytes).is_some()
}

fn verifying_key(bytes: &[u8]) -> Option<VerifyingKey> {
    VerifyingKey::from_bytes(bytes.try_into().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Request;

    /// RFC 8032 section 7.1, test 3: the two-byte message is split into "timestamp" and body here.
    #[test]
    fn rfc_8032_test_3() {
        let key = hex::decode("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025")
            .unwrap();
        let signature = "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
                         18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a";
        let request = Request::default();
        let signatures = [signature.to_owned()];
        let delivery = Delivery {
            request: &request,
            method: "",
            url: "",
            id: "",
            timestamp: "",
            body: &[0xaf, 0x82],
            signatures: &signatures,
        };
        assert!(fits(&key, &delivery));
        assert!(!fits(&key, &Delivery { body: &[0xaf, 0x83], ..delivery }));
        let upper = [signature.to_uppercase()];
        assert!(fits(&key, &Delivery { signatures: &upper, ..delivery }));
    }

    #[test]
    fn a_key_of_small_order_verifies_nothing() {
        // With the neutral point as key and nonce, the plain equation holds for every message.
        let mut neutral = [0_u8; 32];
        neutral[0] = 1;
        let signatures = [hex::encode([&neutral[..], &[0; 32]].concat())];
        let request = Request::default();
        let delivery = Delivery {
            request: &request,
            method: "",
            url: "",
            id: "",
            timestamp: "1",
            body: b"anything",
            signatures: &signatures,
        };
        assert!(!fits(&neutral, &delivery));
    }
}
