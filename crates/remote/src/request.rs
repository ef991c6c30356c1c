//! A request as bytes. Header lines go out as they were given, but for those that belong to one
//! connection and not to the message.

use crate::{RemoteError, Target};

/// What is to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// The value of the `Host` header, when it is not the target's own.
    pub host: Option<&'a str>,
    /// Header lines in order. Those of one connection ([`is_carried`]) are left out.
    pub headers: &'a [(String, String)],
    /// The body's bytes.
    pub body: &'a [u8],
}

/// Headers that say something of one connection, or of how one message is framed in it (RFC 9110
/// section 7.6.1, RFC 9112 section 6), and `Expect`, which asks for a wait that we do not make.
const OF_THE_CONNECTION: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Whether a header of a captured request is sent on: it belongs to the message, not to the
/// connection that it came through. `connection` is the value of the captured `Connection` header.
#[must_use]
pub fn is_carried(name: &str, connection: Option<&str>) -> bool {
    let named = |list: &str| list.split(',').any(|entry| entry.trim().eq_ignore_ascii_case(name));
    // HTTP/2 writes what HTTP/1.1 has in its first line as `:path` and the like.
    !name.starts_with(':')
        && !OF_THE_CONNECTION.iter().any(|known| known.eq_ignore_ascii_case(name))
        && !connection.is_some_and(named)
}

impl Outgoing<'_> {
    /// Every header line that goes out, in order.
    pub(crate) fn lines(&self, target: &Target) -> Vec<(String, String)> {
        let line = |name: &str, value: String| (name.to_owned(), value);
        let connection = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case("connection"));
        let connection = connection.map(|(_, value)| value.as_str());
        let host = self.host.unwrap_or(&target.authority).to_owned();
        let mut lines = vec![line("Host", host)];
        let carried = self.headers.iter().filter(|(name, _)| is_carried(name, connection));
        lines.extend(carried.cloned());
        let has_body = !matches!(self.method, "GET" | "HEAD") || !self.body.is_empty();
        if has_body {
            lines.push(line("Content-Length", self.body.len().to_string()));
        }
        lines.push(line("Connection", "close".to_owned()));
        lines
    }

    /// The head's bytes: the request line and header lines.
    ///
    /// # Errors
    /// [`RemoteError::Unsendable`] names what would end a line early, or is no method or name.
    pub(crate) fn head(
        &self,
        target: &Target,
        lines: &[(String, String)],
    ) -> Result<Vec<u8>, RemoteError> {
        if !is_token(self.method) {
            return Err(RemoteError::Unsendable("the method".to_owned()));
        }
        if !target.path.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(RemoteError::Unsendable("the path".to_owned()));
        }
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, target.path);
        for (name, value) in lines {
            // A tab is the one control character that a value may hold (RFC 9110 section 5.5).
            let is_value = !value.contains(|c: char| c.is_ascii_control() && c != '\t');
            if !is_token(name) || !is_value {
                let shown: String = name.chars().take(60).collect();
                return Err(RemoteError::Unsendable(format!("the header `{shown}`")));
            }
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        Ok(head.into_bytes())
    }
}

/// A method or a header's name (RFC 9110 section 5.6.2).
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(headers: &[(&str, &str)]) -> Result<String, RemoteError> {
        let target = Target::parse("http://localhost:8080/a?b").unwrap();
        let headers: Vec<_> = headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
        let request = Outgoing { method: "POST", host: None, headers: &headers, body: b"{}" };
        let lines = request.lines(&target);
        request.head(&target, &lines).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn headers_keep_order_case_and_repeats_and_the_connections_own_go() {
        let sent = head(&[
            (":path", "/old"),
            ("HOST", "shop.example"),
            ("X-b", "1"),
            ("connection", "keep-alive, X-Hop"),
            ("x-A", "tab\there"),
            ("X-Hop", "gone"),
            ("X-B", "2"),
            ("content-length", "999"),
            ("Transfer-Encoding", "chunked"),
            ("Empty", ""),
        ]);
        let wanted = "POST /a?b HTTP/1.1\r\nHost: localhost:8080\r\nX-b: 1\r\nx-A: tab\there\r\nX-B: 2\r\nEmpty: \r\nContent-Length: 2\r\nConnection: close\r\n\r\n";
        assert_eq!(sent.as_deref(), Ok(wanted));
    }

    #[test]
    fn nothing_in_a_header_begins_another_line() {
        for (name, value) in [
            ("X", "a\r\nY: b"),
            ("X", "a\nY: b"),
            ("X", "a\0b"),
            ("X", "\u{7f}"),
            ("X: y\r\nZ", "a"),
            ("X Y", "a"),
            ("", "a"),
            ("Grün", "a"),
        ] {
            assert!(matches!(head(&[(name, value)]), Err(RemoteError::Unsendable(_))), "{name}");
        }
        let target = Target::parse("http://localhost/").unwrap();
        let request =
            Outgoing { method: "GET / HTTP/1.1\r\nX:", host: None, headers: &[], body: b"" };
        assert!(request.head(&target, &[]).is_err());
    }
}
