//! Atlassian Connect's query hash (`qsh`): SHA-256 of method, path and sorted query, as `atlassian-jwt`
//! makes it for an app at the root of its host.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::url::{Url, escape};

/// What is not escaped (RFC 3986, section 2.3), besides letters and digits.
const UNRESERVED: &[u8] = b"-._~";

/// The claim's value for a request.
pub(crate) fn qsh(method: &str, url: &str) -> String {
    let parts = Url::parse(url);
    let (path, query) = match &parts {
        Some(parts) => (parts.path, parts.query),
        None => url.split_once('?').map_or((url, None), |(path, query)| (path, Some(query))),
    };
    let text = format!(
        "{}&{}&{}",
        method.to_ascii_uppercase(),
        canonical_path(path),
        canonical_query(query.unwrap_or_default())
    );
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn canonical_path(path: &str) -> String {
    let path = path.replace('&', "%26");
    let path = if path.starts_with('/') { path } else { format!("/{path}") };
    match path.strip_suffix('/') {
        Some(bare) if !bare.is_empty() => bare.to_owned(),
        _ => path,
    }
}

/// Names sorted, the values of a repeated name sorted and joined by commas; `jwt` itself left out.
fn canonical_query(query: &str) -> String {
    let mut fields: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "jwt" {
            fields.entry(name.into_owned()).or_default().push(value.into_owned());
        }
    }
    let pair = |(name, mut values): (String, Vec<String>)| {
        values.sort();
        let values: Vec<_> = values.iter().map(|value| escape(value, UNRESERVED)).collect();
        format!("{}={}", escape(&name, UNRESERVED), values.join(","))
    };
    fields.into_iter().map(pair).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_is_sorted_and_the_token_left_out() {
        assert_eq!(canonical_query("b=2&a=x+y&jwt=t&b=1"), "a=x%20y&b=1,2");
        assert_eq!(canonical_path("/a&b/"), "/a%26b");
        assert_eq!(canonical_path(""), "/");
        // The same hash whatever the order.
        assert_eq!(
            qsh("get", "https://a.example/p?b=1&a=2"),
            qsh("GET", "https://b.example/p?a=2&b=1")
        );
    }
}
