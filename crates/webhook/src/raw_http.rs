//! Raw HTTP text as proxies, `nc` and ngrok write it, or as a person pastes it: the request line may
//! be absent, lines may end in CRLF or LF, and the body is whatever follows the first blank line.

use crate::request::{Request, SampleError};
use crate::text::count;

/// Reads a request. Nothing in the body is changed but the framing that HTTP put round it.
pub(crate) fn parse(bytes: &[u8]) -> Result<Request, SampleError> {
    let mut lines = Lines { rest: bytes, number: 0 };
    let mut request = Request::default();
    let mut target = None;
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut body = None;
    while let Some(line) = lines.next() {
        if line.is_empty() {
            // Blank lines before anything else are a paste's, not the end of the head.
            if headers.is_empty() && target.is_none() {
                continue;
            }
            body = Some(lines.rest);
            break;
        }
        if line.starts_with(b"HTTP/") {
            return Err(SampleError::Response);
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            // A line folded the old way (RFC 9112 section 5.2) continues the one before.
            let (_, value) = headers.last_mut().ok_or(SampleError::NotAHeader(lines.number))?;
            *value = format!("{value} {}", to_text(line.trim_ascii()));
            continue;
        }
        if headers.is_empty()
            && target.is_none()
            && let Some((method, path)) = request_line(line)
        {
            request.method = Some(method);
            target = Some(path);
            continue;
        }
        let (name, value) = header(line).ok_or(SampleError::NotAHeader(lines.number))?;
        match name.as_str() {
            ":method" => request.method = Some(value),
            ":path" => target = Some(value),
            ":authority" => headers.push(("host".into(), value)),
            ":scheme" => headers.push((name, value)),
            _ => headers.push((name, value)),
        }
    }
    request.headers = headers;
    request.url = target.and_then(|target| url(&mut request, target));
    request.headers.retain(|(name, _)| name != ":scheme");
    match body {
        Some(body) => request.body = Some(unframe(&mut request, body)),
        None => {
            request.notes.push("No blank line ends the headers, so the capture has no body.".into())
        }
    }
    Ok(request)
}

/// Lines that end in LF or CRLF, counted for messages.
struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        self.number += 1;
        let (line, rest) = split_line(self.rest).unwrap_or((self.rest, b""));
        self.rest = rest;
        Some(line)
    }
}

fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|&b| b == b'\n')?;
    let line = &bytes[..at];
    Some((line.strip_suffix(b"\r").unwrap_or(line), &bytes[at + 1..]))
}

/// `POST /path HTTP/1.1`, with or without the version.
fn request_line(line: &[u8]) -> Option<(String, String)> {
    let text = to_text(line);
    let mut words = text.split_ascii_whitespace();
    let (method, target, version) = (words.next()?, words.next()?, words.next());
    let versioned = version.is_none_or(|v| v.starts_with("HTTP/")) && words.next().is_none();
    let method_ok = method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-');
    (method_ok && versioned).then(|| (method.to_owned(), target.to_owned()))
}

fn header(line: &[u8]) -> Option<(String, String)> {
    // HTTP/2 pseudo-headers start with a colon that is part of their name.
    let from = usize::from(line.first() == Some(&b':'));
    let colon = from + line[from..].iter().position(|&b| b == b':')?;
    let name = to_text(&line[..colon]);
    let name_ok = crate::scheme::is_token(&name[from..]);
    name_ok.then(|| (name, to_text(line[colon + 1..].trim_ascii())))
}

/// Header bytes as text; what is not UTF-8 is read as Latin-1, as HTTP used to say.
fn to_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&b| char::from(b)).collect(),
    }
}

/// The public URL, from an absolute target or from the target and the Host header.
fn url(request: &mut Request, target: String) -> Option<String> {
    if target.contains("://") {
        return Some(target);
    }
    let host = request.header("host")?;
    let stated = request.header(":scheme").or_else(|| request.header("x-forwarded-proto"));
    let assumed = stated.is_none();
    let scheme = stated.as_deref().unwrap_or("https");
    let url = format!("{scheme}://{host}{target}");
    if assumed {
        request.notes.push("The capture does not say http or https; https is assumed.".into());
    }
    Some(url)
}

/// The body without its HTTP framing. What does not add up is noted.
fn unframe(request: &mut Request, body: &[u8]) -> Vec<u8> {
    if request
        .header("transfer-encoding")
        .is_some_and(|v| v.to_ascii_lowercase().contains("chunked"))
    {
        return match dechunk(body) {
            Some(whole) => {
                request.notes.push("The chunked body was put together.".into());
                whole
            }
            None => {
                request.notes.push("The headers say chunked, but the body holds no chunks; it is taken as it stands.".into());
                body.to_vec()
            }
        };
    }
    let stated = request.header("content-length").and_then(|v| v.parse::<usize>().ok());
    let Some(stated) = stated else {
        return body.to_vec();
    };
    match body.get(stated..) {
        Some(b"") => {}
        Some(b"\n" | b"\r\n" | b"\n\n") => {
            request.notes.push(
                "A line break after Content-Length bytes was left out: it is the editor's.".into(),
            );
            return body[..stated].to_vec();
        }
        Some(more) => request.notes.push(format!(
            "The body is {} longer than Content-Length says.",
            count(more.len(), "byte")
        )),
        None => request.notes.push(format!(
            "The capture is {} short of Content-Length; it may be cut off.",
            count(stated - body.len(), "byte")
        )),
    }
    body.to_vec()
}

/// RFC 9112 section 7.1; `None` when the bytes are not chunks. A missing last chunk is accepted.
fn dechunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    while !rest.is_empty() {
        let (line, after) = split_line(rest)?;
        let size = line.split(|&b| b == b';').next()?.trim_ascii();
        let size = usize::from_str_radix(std::str::from_utf8(size).ok()?, 16).ok()?;
        if size == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(after.get(..size)?);
        let (end, after) = split_line(after.get(size..)?)?;
        if !end.is_empty() {
            return None;
        }
        rest = after;
    }
    (!whole.is_empty()).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_in_crlf_or_lf_body_as_it_stands() {
        for end in ["\r\n", "\n"] {
            let head =
                ["POST /hook?x=1 HTTP/1.1", "Host: api.example", "X-A:  1 ", " folded", "", ""];
            let text = head.join(end) + "{\"a\":\r\n1}\n";
            let request = parse(text.as_bytes()).unwrap();
            assert_eq!(request.method.as_deref(), Some("POST"));
            assert_eq!(request.url.as_deref(), Some("https://api.example/hook?x=1"));
            assert_eq!(request.header("x-a").as_deref(), Some("1 folded"));
            assert_eq!(request.body(), b"{\"a\":\r\n1}\n");
        }
    }

    #[test]
    fn the_request_line_may_be_absent_or_in_pseudo_headers() {
        let plain = parse(b"X-Hub-Signature-256: sha256=00\n\nHello").unwrap();
        assert_eq!((plain.method, plain.url), (None, None));
        let two =
            parse(b":method: POST\n:scheme: http\n:authority: a.example\n:path: /h\nx: y\n\n")
                .unwrap();
        assert_eq!(two.url.as_deref(), Some("http://a.example/h"));
        assert_eq!(two.method.as_deref(), Some("POST"));
        assert_eq!(two.body, Some(vec![]), "a blank line and nothing after it is an empty body");
    }

    #[test]
    fn content_length_is_compared() {
        let with = |body: &str| parse(format!("Content-Length: 5\n\n{body}").as_bytes()).unwrap();
        assert!(with("Hello").notes.is_empty());
        assert_eq!(with("Hello\n").body(), b"Hello");
        assert_eq!(with("Hello\r\n").notes.len(), 1);
        assert_eq!(with("Hello, you").body(), b"Hello, you");
        assert!(with("Hel").notes[0].contains("2 bytes short"));
    }

    #[test]
    fn chunks_are_put_together() {
        let head = "Transfer-Encoding: chunked\r\n\r\n";
        let with = |body: &str| parse(format!("{head}{body}").as_bytes()).unwrap();
        assert_eq!(with("5;x=y\r\nHello\r\n2\r\n, \r\n0\r\n\r\n").body(), b"Hello, ");
        assert_eq!(
            with("{\"a\":1}").body(),
            b"{\"a\":1}",
            "some tools keep the header and drop the chunks"
        );
        assert_eq!(with("ffffffffffffffff\r\nx").body(), b"ffffffffffffffff\r\nx");
    }

    #[test]
    fn what_is_no_request_is_refused() {
        assert_eq!(parse(b"HTTP/1.1 200 OK\r\n\r\n"), Err(SampleError::Response));
        assert_eq!(parse(b"X-A: 1\nnot a header\n"), Err(SampleError::NotAHeader(2)));
        assert_eq!(parse(b"  folded into nothing\n"), Err(SampleError::NotAHeader(1)));
        assert_eq!(parse(b"X-A: 1\n").unwrap().body, None);
    }
}
