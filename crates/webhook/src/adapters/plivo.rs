//! Plivo, third version: the URL without its query, the query sorted, the form fields sorted, each part
//! as Plivo's library (`signature_v3.py`) puts them together. The nonce is the template's.

use std::collections::BTreeMap;

use crate::delivery::Delivery;
use crate::url::Url;

/// The signed text, without the nonce.
pub(super) fn fields(delivery: &Delivery) -> Option<Vec<u8>> {
    let url = Url::parse(delivery.url)?;
    let base = Url { query: None, fragment: None, ..url.clone() }.text();
    let query = sorted(url.query.unwrap_or_default().as_bytes());
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let query = query.join("&");
    let form = match delivery.method.eq_ignore_ascii_case("GET") {
        true => Vec::new(),
        false => sorted(delivery.body),
    };
    let mut text = base;
    if !query.is_empty() || !form.is_empty() {
        text.push('?');
        text.push_str(&query);
    }
    if !query.is_empty() && !form.is_empty() {
        text.push('.');
    }
    for (name, value) in form {
        text.push_str(&name);
        text.push_str(&value);
    }
    Some(text.into_bytes())
}

/// The fields sorted by name, and the values of a repeated name sorted too.
fn sorted(form: &[u8]) -> Vec<(String, String)> {
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(form) {
        fields.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    let each = fields.into_iter().flat_map(|(name, mut values)| {
        values.sort();
        values.into_iter().map(move |value| (name.clone(), value))
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::Request;

    #[test]
    fn query_and_form_are_sorted_apart() {
        let (request, params) = (Request::default(), BTreeMap::new());
        let text = |method, url, body: &'static str| {
            let delivery = Delivery {
                request: &request,
                params: &params,
                method,
                url,
                id: "",
                timestamp: "",
                body: body.as_bytes(),
                signatures: &[],
            };
            String::from_utf8(fields(&delivery).unwrap()).unwrap()
        };
        assert_eq!(text("GET", "https://a.example/h?b=2&a=1", ""), "https://a.example/h?a=1&b=2");
        assert_eq!(text("POST", "https://a.example/h", "b=2&a=1"), "https://a.example/h?a1b2");
        assert_eq!(text("POST", "https://a.example/h?z=1", "a=1"), "https://a.example/h?z=1.a1");
        assert_eq!(text("POST", "https://a.example/h", ""), "https://a.example/h");
    }
}
