//! HubSpot's third version signs the URL after decoding some of its escapes; its libraries sign what
//! they are handed. Both spellings are tried.

/// Escapes that HubSpot decodes in the URL before it signs.
const DECODED: [(&str, &str); 12] = [
    ("%3A", ":"),
    ("%2F", "/"),
    ("%3F", "?"),
    ("%40", "@"),
    ("%21", "!"),
    ("%24", "$"),
    ("%27", "'"),
    ("%28", "("),
    ("%29", ")"),
    ("%2A", "*"),
    ("%2C", ","),
    ("%3B", ";"),
];

/// The URL as given, and with its escapes decoded.
pub(super) fn urls(url: &str) -> Vec<Vec<u8>> {
    let decoded = DECODED.iter().fold(url.to_owned(), |url, (escape, plain)| {
        url.replace(escape, plain).replace(&escape.to_ascii_lowercase(), plain)
    });
    let mut all = vec![url.as_bytes().to_vec()];
    if decoded != url {
        all.push(decoded.into_bytes());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_tried() {
        assert_eq!(urls("https://a.example/h"), [b"https://a.example/h".to_vec()]);
        let both = urls("https://a.example/?u=a%40b%3ac%20d");
        assert_eq!(both[1], b"https://a.example/?u=a@b:c%20d");
    }
}
