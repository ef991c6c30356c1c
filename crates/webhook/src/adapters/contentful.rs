//! Contentful's request verification (its Node apps toolkit): method, path, the headers that
//! `x-contentful-signed-headers` lists as `name:value` joined by `;`, and the body, a line each.

use crate::delivery::Delivery;
use crate::url::{Url, escape};

/// The signed text.
pub(super) fn fields(delivery: &Delivery) -> Option<Vec<u8>> {
    let listed = delivery.request.header("x-contentful-signed-headers")?;
    let mut names: Vec<String> = listed.split(',').map(|n| n.trim().to_ascii_lowercase()).collect();
    names.sort();
    names.dedup();
    let mut headers = Vec::new();
    for name in names.iter().filter(|name| !name.is_empty()) {
        // The library writes these two itself, and passes over a listed header that is absent.
        let value = match name.as_str() {
            "x-contentful-timestamp" => delivery.timestamp.to_owned(),
            "x-contentful-signed-headers" => listed.to_string(),
            _ => match delivery.request.header(name) {
                Some(value) => value.into_owned(),
                None => continue,
            },
        };
        headers.push(format!("{name}:{value}"));
    }
    let head = format!(
        "{}\n{}\n{}\n",
        delivery.method.to_ascii_uppercase(),
        path(delivery.url),
        headers.join(";")
    );
    Some([head.as_bytes(), delivery.body].concat())
}

/// The path as the library writes it: the query is escaped whole, then once more with the path.
fn path(url: &str) -> String {
    let parts = Url::parse(url);
    let (path, query) = match &parts {
        Some(parts) => (parts.path, parts.query),
        None => url.split_once('?').map_or((url, None), |(path, query)| (path, Some(query))),
    };
    let path = if path.is_empty() { "/" } else { path };
    let mut text = escape(path, b"-_.!~*'();/?:@&=+$,#");
    if let Some(query) = query.filter(|query| !query.is_empty()) {
        let once = escape(query, b"-_.!~*'()");
        text.push('?');
        text.push_str(&escape(&once, b"-_.!~*'();/?:@&=+$,#"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_is_escaped_twice() {
        assert_eq!(path("https://a.example/h?a=1&b=x"), "/h?a%253D1%2526b%253Dx");
        assert_eq!(path("https://a.example"), "/");
    }
}
