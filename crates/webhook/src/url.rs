//! A URL cut into the pieces that a signature depends on, and put together without normalising
//! anything: a provider signed the text, so the text is kept.

/// The pieces of `scheme://[user@]host[:port]rest`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url<'a> {
    pub scheme: &'a str,
    pub user: Option<&'a str>,
    pub host: &'a str,
    pub port: Option<&'a str>,
    /// Path, from its slash.
    pub path: &'a str,
    /// Query, without its question mark.
    pub query: Option<&'a str>,
    /// Fragment, without its hash.
    pub fragment: Option<&'a str>,
}

impl<'a> Url<'a> {
    /// Cuts a URL; `None` without a scheme and host.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let (rest, fragment) = cut(rest, '#');
        let (path, query) = cut(rest, '?');
        let (user, address) = match authority.rsplit_once('@') {
            Some((user, address)) => (Some(user), address),
            None => (None, authority),
        };
        // An IPv6 address has colons of its own, inside brackets.
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, Some(port)),
            _ => (address, None),
        };
        let port = port.filter(|port| !port.is_empty());
        (!host.is_empty()).then_some(Self { scheme, user, host, port, path, query, fragment })
    }

    /// The whole URL.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("{}://", self.scheme);
        if let Some(user) = self.user {
            text.push_str(user);
            text.push('@');
        }
        text.push_str(self.host);
        let rest =
            [(':', self.port), ('\0', Some(self.path)), ('?', self.query), ('#', self.fragment)];
        for (mark, piece) in rest {
            let Some(piece) = piece else { continue };
            if mark != '\0' {
                text.push(mark);
            }
            text.push_str(piece);
        }
        text
    }

    /// The whole URL without a port.
    pub(crate) fn without_port(&self) -> String {
        Self { port: None, ..self.clone() }.text()
    }

    /// The whole URL with its port, or with the default one of its scheme.
    pub(crate) fn with_port(&self) -> String {
        let default = if self.scheme.eq_ignore_ascii_case("https") { "443" } else { "80" };
        Self { port: self.port.or(Some(default)), ..self.clone() }.text()
    }
}

/// The path of a URL with its query, as the request line has it.
pub(crate) fn target(url: &str) -> String {
    let Some(parts) = Url::parse(url) else { return url.to_owned() };
    let path = if parts.path.is_empty() { "/" } else { parts.path };
    parts.query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"))
}

/// Percent-escapes (RFC 3986, section 2.1) everything but letters, digits and `kept`.
pub(crate) fn escape(text: &str, kept: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_come_and_go_and_the_rest_stays() {
        for (given, without, with) in [
            ("https://a.example/h?x=1", "https://a.example/h?x=1", "https://a.example:443/h?x=1"),
            ("http://a.example:8080?q", "http://a.example?q", "http://a.example:8080?q"),
            (
                "https://u:p@a.example:1/#f",
                "https://u:p@a.example/#f",
                "https://u:p@a.example:1/#f",
            ),
            ("http://[::1]:80/a", "http://[::1]/a", "http://[::1]:80/a"),
            ("http://[::1]/A%2f", "http://[::1]/A%2f", "http://[::1]:80/A%2f"),
        ] {
            let url = Url::parse(given).unwrap();
            assert_eq!(url.text(), given);
            assert_eq!(url.without_port(), without);
            assert_eq!(url.with_port(), with);
        }
        assert_eq!(Url::parse("/h"), None);
        assert_eq!(Url::parse("https:///h"), None);
    }
}
