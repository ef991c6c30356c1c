//! Where a request goes, read from a URL. What is not plainly a URL is refused rather than mended,
//! so that nobody and nothing reads it as another place; the path is kept to the byte.

use crate::RemoteError;

/// A place to send to: the parts of an `http` or `https` URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Whether it is `https`.
    pub secure: bool,
    /// A host name, or an IP address without brackets.
    pub host: String,
    /// The port, the scheme's own when the URL has none.
    pub port: u16,
    /// Path and query, byte for byte; at least `/`.
    pub path: String,
    /// Host and port as the URL has them: what goes into the `Host` header.
    pub authority: String,
}

impl Target {
    /// Reads a URL such as `http://localhost:8080/hooks?x=1`. A fragment is left out, for it is never
    /// sent.
    ///
    /// # Errors
    /// [`RemoteError::Target`] for anything that is no `http` or `https` URL, and for a URL with a
    /// user name, blanks, backslashes or letters beyond ASCII.
    pub fn parse(url: &str) -> Result<Self, RemoteError> {
        let refuse = |why| Err(RemoteError::Target(why));
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) || url.contains('\\') {
            return refuse(
                "it holds blanks, backslashes or letters beyond ASCII; escape them as `%20`",
            );
        }
        let Some((scheme, rest)) = url.split_once("://") else {
            return refuse("it does not begin with `http://` or `https://`");
        };
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return refuse("it is neither `http` nor `https`"),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return refuse("it holds a user name; give it as a header instead");
        }
        let (host, port) = match authority.strip_prefix('[') {
            Some(inner) => match inner.split_once(']') {
                Some((host, port)) if host.parse::<std::net::Ipv6Addr>().is_ok() => (host, port),
                _ => return refuse("its brackets hold no IPv6 address"),
            },
            None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
        };
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        if host.is_empty() || !authority.starts_with('[') && !host.bytes().all(is_name) {
            return refuse("its host is neither a name nor an address");
        }
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => {
                if secure {
                    443
                } else {
                    80
                }
            }
            Some("") => {
                if secure {
                    443
                } else {
                    80
                }
            }
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => match digits.parse() {
                Ok(port) if port > 0 => port,
                _ => return refuse("its port is not one from 1 to 65535"),
            },
            _ => return refuse("its port is not a number"),
        };
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let authority = authority.strip_suffix(':').unwrap_or(authority).to_owned();
        Ok(Self { secure, host: host.to_owned(), port, path, authority })
    }

    /// The URL again, as it is sent to.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}{}", self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_read_to_the_byte() {
        for (url, host, port, path) in [
            ("http://localhost", "localhost", 80, "/"),
            (
                "HTTPS://Localhost:8443/a%2fb/../c?x=a|b&y=#frag",
                "Localhost",
                8443,
                "/a%2fb/../c?x=a|b&y=",
            ),
            ("http://127.0.0.1:/?q=1", "127.0.0.1", 80, "/?q=1"),
            ("http://127.0.0.1?q=http://a@b/", "127.0.0.1", 80, "/?q=http://a@b/"),
            ("https://[::1]:9/h", "::1", 9, "/h"),
            ("http://my_app.test/h", "my_app.test", 80, "/h"),
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!(
                (target.host.as_str(), target.port, target.path.as_str()),
                (host, port, path)
            );
            assert_eq!(Target::parse(&target.url()), Ok(target), "{url}");
        }
    }

    #[test]
    fn what_could_be_read_as_two_places_is_refused() {
        for url in [
            "",
            "localhost:80",
            "/path",
            "ftp://localhost/",
            "file:///etc/passwd",
            "http:///x",
            "http://",
            "http://:80/",
            "http://localhost@evil.example/",
            "http://localhost:80@evil.example/",
            "http://localhost\\@evil.example/",
            "http://evil.example\\.localhost/",
            "http://local host/",
            "http://localhost\r\nX: y/",
            "http://localhost%00.evil.example/",
            "http://localhöst/",
            "http://[::1",
            "http://[::1].evil.example/",
            "http://[localhost]/",
            "http://::1/",
            "http://localhost:0/",
            "http://localhost:65536/",
            "http://localhost:8o/",
            "http://localhost:80:80/",
        ] {
            assert!(matches!(Target::parse(url), Err(RemoteError::Target(_))), "{url}");
        }
    }
}
