//! Raw HTTP text as proxies, `nc` and ngrok write it, or as a person pastes it: the request line may
//! be absent, lines may end in CRLF or LF, and the body is whatever follows the first blank line.
//! Requests of one connection may stand one after another (RFC 9112).

use super::Sink;
use super::draft::is_characters;
use crate::request::{Request, SampleError};
use crate::text::count;

/// Reads every request. Nothing in a body is changed but the framing that HTTP put round it.
pub(super) fn read(bytes: &[u8], sink: &mut Sink) -> Result<(), SampleError> {
    let mut lines = Lines { rest: bytes, number: 0 };
    loop {
        let (mut request, has_body) = head(&mut lines)?;
        if has_body {
            let body = unframe(&mut request, lines.rest, sink);
            lines.rest = &lines.rest[body.taken..];
            let coding = request.header("content-encoding").unwrap_or_default();
            let is_gzip = coding.eq_ignore_ascii_case("gzip");
            if is_gzip && !body.bytes.is_empty() && !body.bytes.starts_with(&[0x1f, 0x8b]) {
                request
                    .loss("The headers say gzip and the body is not packed; a tool unpacked it.");
            }
            request.body = Some(body.bytes);
        } else {
            request.loss("No blank line ends the headers, so the capture has no body.");
            let length = request.header("content-length").and_then(|v| v.parse::<usize>().ok());
            if length.is_some_and(|length| length > 0) || request.has_header("transfer-encoding") {
                sink.cut("it ends within the headers".into());
            }
        }
        sink.add(request)?;
        if lines.rest.is_empty() {
            return Ok(());
        }
    }
}

/// Reads up to the blank line, and says whether there was one.
fn head(lines: &mut Lines) -> Result<(Request, bool), SampleError> {
    let mut request = Request::default();
    let mut target = None;
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut has_body = false;
    while let Some(line) = lines.next() {
        if line.is_empty() {
            // Blank lines before anything else are a paste's, not the end of the head.
            if headers.is_empty() && target.is_none() {
                continue;
            }
            has_body = true;
            break;
        }
        if line.starts_with(b"HTTP/") {
            return Err(SampleError::Response);
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            // A line folded the old way (RFC 9112 section 5.2) continues the one before.
            let (_, value) = headers.last_mut().ok_or(SampleError::NotAHeader(lines.number))?;
            value.push(' ');
            value.push_str(&to_text(line.trim_ascii()));
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
            _ => headers.push((name, value)),
        }
    }
    request.headers = headers;
    request.url = target.and_then(|target| url(&mut request, target));
    request.headers.retain(|(name, _)| name != ":scheme");
    Ok((request, has_body))
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
        let last = self.rest.strip_suffix(b"\r").unwrap_or(self.rest);
        let (line, rest) = split_line(self.rest).unwrap_or((last, b""));
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
pub(super) fn request_line(line: &[u8]) -> Option<(String, String)> {
    let text = to_text(line);
    let mut words = text.split_ascii_whitespace();
    let (method, target, version) = (words.next()?, words.next()?, words.next());
    let versioned = version.is_none_or(|v| v.starts_with("HTTP/")) && words.next().is_none();
    let method_ok = method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-');
    (method_ok && versioned).then(|| (method.to_owned(), target.to_owned()))
}

/// Whether a text starts with a request line that names its version.
pub(super) fn starts_request(text: &[u8]) -> bool {
    let line = split_line(text).map_or(text, |(line, _)| line);
    request_line(line).is_some() && contains_version(line)
}

fn contains_version(line: &[u8]) -> bool {
    line.rsplit(|b| *b == b' ').next().is_some_and(|last| last.starts_with(b"HTTP/"))
}

/// A `Name: value` line.
pub(super) fn header(line: &[u8]) -> Option<(String, String)> {
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
        request.note("The capture does not say http or https; https is assumed.");
    }
    Some(url)
}

/// A body without its HTTP framing, and how many bytes of the capture it took.
struct Body {
    bytes: Vec<u8>,
    taken: usize,
}

impl Body {
    fn all(rest: &[u8]) -> Self {
        Self { bytes: rest.to_vec(), taken: rest.len() }
    }
}

/// The body without its HTTP framing. What does not add up is noted.
fn unframe(request: &mut Request, rest: &[u8], sink: &mut Sink) -> Body {
    let coding = request.header("transfer-encoding");
    if coding.is_some_and(|coding| coding.to_ascii_lowercase().contains("chunked")) {
        return dechunk(request, rest, sink);
    }
    let stated = request.header("content-length").and_then(|v| v.parse::<usize>().ok());
    let Some(stated) = stated else {
        return Body::all(rest);
    };
    let Some(more) = rest.get(stated..) else {
        let short = count(stated - rest.len(), "byte");
        request.note(format!("The capture is {short} short of Content-Length; it may be cut off."));
        sink.cut(format!("its body is {short} short of Content-Length"));
        return Body::all(rest);
    };
    let exact = Body { bytes: rest[..stated].to_vec(), taken: rest.len() };
    match more {
        b"" => exact,
        b"\n" | b"\r\n" | b"\n\n" => {
            request
                .note("A line break after Content-Length bytes was left out: it is the editor's.");
            exact
        }
        _ if starts_request(more) => Body { taken: stated, ..exact },
        _ if more.starts_with(b"HTTP/1.") || more.starts_with(b"HTTP/2") => {
            request.note("The response that follows was left out.");
            exact
        }
        _ if is_characters(rest, stated) => {
            request.note("Content-Length counts characters, not bytes; the body is taken whole.");
            Body::all(rest)
        }
        _ => {
            let more = count(more.len(), "byte");
            request.note(format!("The body is {more} longer than Content-Length says."));
            Body::all(rest)
        }
    }
}

/// What was found where chunks should be.
enum Chunks {
    /// All of them, and how many bytes they took.
    Whole(Vec<u8>, usize),
    /// Some, and then the end.
    Cut(Vec<u8>),
    None,
}

fn dechunk(request: &mut Request, rest: &[u8], sink: &mut Sink) -> Body {
    match chunks(rest) {
        Chunks::Whole(bytes, taken) => {
            request.note("The chunked body was put together.");
            let more = &rest[taken..];
            let taken = if starts_request(more) { taken } else { rest.len() };
            Body { bytes, taken }
        }
        Chunks::Cut(bytes) => {
            request
                .note("The chunked body was put together; its end is missing, it may be cut off.");
            sink.cut("its last chunks are missing".into());
            Body { bytes, taken: rest.len() }
        }
        Chunks::None => {
            request.note(
                "The headers say chunked, but the body holds no chunks; it is taken as it stands.",
            );
            Body::all(rest)
        }
    }
}

/// RFC 9112 section 7.1. What does not start like a chunk is none; tools drop the framing and keep the
/// header.
fn chunks(all: &[u8]) -> Chunks {
    let mut whole = Vec::new();
    let mut rest = all;
    loop {
        let started = rest.len() < all.len();
        let size = chunk_size(rest);
        let Some((size, after)) = size else {
            return if started { Chunks::Cut(whole) } else { Chunks::None };
        };
        if size == 0 {
            // Trailer fields end with a blank line, which a capture may lack.
            let mut after = after;
            while let Some((line, next)) = split_line(after) {
                after = next;
                if line.is_empty() {
                    break;
                }
            }
            return Chunks::Whole(whole, all.len() - after.len());
        }
        let Some(data) = after.get(..size) else {
            if !started && size > MOST_MISSING + after.len() {
                return Chunks::None;
            }
            whole.extend_from_slice(after);
            return Chunks::Cut(whole);
        };
        match split_line(&after[size..]) {
            Some((b"", next)) => {
                whole.extend_from_slice(data);
                rest = next;
            }
            Some(_) if !started => return Chunks::None,
            _ => {
                whole.extend_from_slice(data);
                return Chunks::Cut(whole);
            }
        }
    }
}

/// A first line that promises so much more than there is, is a number and no chunk.
const MOST_MISSING: usize = 64 * 1024 * 1024;

fn chunk_size(rest: &[u8]) -> Option<(usize, &[u8])> {
    let (line, after) = split_line(rest)?;
    let size = line.split(|&b| b == b';').next()?.trim_ascii();
    let digits = !size.is_empty() && size.iter().all(u8::is_ascii_hexdigit);
    let size = digits.then(|| std::str::from_utf8(size).ok()).flatten()?;
    Some((usize::from_str_radix(size, 16).ok()?, after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Capture, Format, read as read_capture};

    fn parse(bytes: &[u8]) -> Result<Request, SampleError> {
        read_capture(bytes, Some(Format::RawHttp)).and_then(Capture::only)
    }

    fn cut(bytes: &[u8]) -> bool {
        let capture = read_capture(bytes, Some(Format::RawHttp)).expect("HTTP");
        matches!(capture.whole(), Err(SampleError::CutShort(_)))
    }

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
        assert!(cut(b"Content-Length: 5\n") && cut(b"Transfer-Encoding: chunked\n"));
        assert!(cut(b"Content-Length: 5\n\nHel") && !cut(b"Content-Length: 5\n\nHello\n"));
        let characters = parse("Content-Length: 3\n\nüäö".as_bytes()).unwrap();
        assert_eq!(characters.body(), "üäö".as_bytes());
        assert!(characters.notes[0].contains("characters"));
        let answered = with("HelloHTTP/1.1 200 OK\r\n\r\nok");
        assert_eq!((answered.body(), answered.notes.len()), (b"Hello".as_slice(), 1));
    }

    #[test]
    fn requests_of_one_connection_are_told_apart() {
        let text = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}GET /b HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nPOST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nPUT /d HTTP/1.1\r\n\r\n\x00";
        let capture = read_capture(text, None).unwrap();
        let bodies: Vec<&[u8]> = capture.requests.iter().map(Request::body).collect();
        assert_eq!(bodies, [b"{}".as_slice(), b"", b"x", b"\0"]);
        let methods: Vec<_> = capture.requests.iter().filter_map(|r| r.method.as_deref()).collect();
        assert_eq!(methods, ["POST", "GET", "POST", "PUT"]);
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
        for short in ["5\r\nHello\r\n", "5\r\nHello\r\n9\r\nHe", "5\r\nHel", "2\r\nHe"] {
            assert!(cut(format!("{head}{short}").as_bytes()), "{short:?}");
        }
        assert!(!cut(format!("{head}5\r\nHello\r\n0\r\nX-Trailer: 1\r\n\r\n").as_bytes()));
        assert!(!cut(format!("{head}5\r\nHello\r\n0\r\n").as_bytes()));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        assert_eq!(parse(b"HTTP/1.1 200 OK\r\n\r\n"), Err(SampleError::Response));
        assert_eq!(parse(b"X-A: 1\nnot a header\n"), Err(SampleError::NotAHeader(2)));
        assert_eq!(parse(b"  folded into nothing\n"), Err(SampleError::NotAHeader(1)));
        assert_eq!(parse(b"X-A: 1\n").unwrap().body, None);
    }
}
