//! Paddle Classic: every form field but the signature, sorted by name, as PHP's `serialize` writes an
//! array of strings.

use std::collections::BTreeMap;

use crate::delivery::Delivery;

/// The signed text.
pub(super) fn fields(delivery: &Delivery) -> Vec<u8> {
    let fields: BTreeMap<_, _> =
        form_urlencoded::parse(delivery.body).filter(|(name, _)| name != "p_signature").collect();
    let mut text = format!("a:{}:{{", fields.len());
    for (name, value) in fields {
        for part in [name, value] {
            text.push_str(&format!("s:{}:\"{part}\";", part.len()));
        }
    }
    text.push('}');
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Request;

    #[test]
    fn fields_are_serialised_as_php_does() {
        let request = Request::default();
        let params = BTreeMap::new();
        let delivery = Delivery {
            request: &request,
            params: &params,
            method: "POST",
            url: "",
            id: "",
            timestamp: "",
            body: "b=%C3%BC&a=1&p_signature=x".as_bytes(),
            signatures: &[],
        };
        let text = String::from_utf8(fields(&delivery)).unwrap();
        assert_eq!(text, "a:2:{s:1:\"a\";s:1:\"1\";s:1:\"b\";s:2:\"ü\";}");
    }
}
