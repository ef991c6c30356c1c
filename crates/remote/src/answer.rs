//! Reads an HTTP/1.x answer: head, then as much of the body as is wanted. Whoever answers is not
//! trusted: lengths are bounds and never sizes to set aside, and what is odd is said, not repaired.

use std::io::{self, Read};

use zeroize::Zeroizing;

use crate::RemoteError;
use crate::route::{Limits, fault};

/// Longest head that is read, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// Most header lines.
const MAX_HEADERS: usize = 256;
/// Longest line that says how long a chunk is, with its extensions.
const MAX_CHUNK_LINE: usize = 4 * 1024;
/// Bytes that are read at a time.
const STEP: usize = 16 * 1024;
/// Most room for a body that is set aside at once: more than any answer with a value in it has.
const MAX_SET_ASIDE: usize = 32 * 1024;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status, 100 to 999.
    pub status: u16,
    /// The words after it, often none.
    pub reason: String,
    /// Header lines in order; what is not UTF-8 is read as Latin-1.
    pub headers: Vec<(String, String)>,
    /// The body without its framing, as far as it was kept.
    pub body: Vec<u8>,
    /// How the body ended.
    pub ending: Ending,
}

/// How an answer's body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It is all there.
    Whole,
    /// It is longer than was wanted.
    Bounded,
    /// The connection ended, or the framing broke, before the body was whole.
    CutShort,
    /// The deadline came.
    TimedOut,
}

/// Reads an answer to a request with this method.
pub(crate) fn read(
    from: &mut impl Read,
    method: &str,
    limits: Limits,
) -> Result<Answer, RemoteError> {
    let buffer = Zeroizing::new(Vec::with_capacity(2 * STEP));
    let mut input = Input { from, buffer, start: 0 };
    let mut answer = loop {
        let answer = input.head(limits)?;
        // 1xx says that the answer is still to come; 101 would be another protocol's beginning.
        if !(100..200).contains(&answer.status) || answer.status == 101 {
            break answer;
        }
    };
    let framing = framing(&answer, method)?;
    // Set aside before, so that a body with a value in it is not left behind where it grew out of.
    let room = limits.body.min(MAX_SET_ASIDE);
    let mut body = Body { bytes: Vec::with_capacity(room), most: limits.body };
    answer.ending = match input.body(framing, &mut body) {
        Ok(ending) => ending,
        Err(error) if error.kind() == io::ErrorKind::TimedOut => Ending::TimedOut,
        Err(_) => Ending::CutShort,
    };
    answer.body = body.bytes;
    Ok(answer)
}

/// Where the body ends (RFC 9112 section 6.3).
enum Framing {
    Length(u64),
    Chunked,
    ToTheEnd,
}

fn framing(answer: &Answer, method: &str) -> Result<Framing, RemoteError> {
    if method == "HEAD" || matches!(answer.status, 101 | 204 | 304) {
        return Ok(Framing::Length(0));
    }
    let values = |name: &'static str| {
        let named = answer.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name));
        named.flat_map(|(_, value)| value.split(',')).map(str::trim)
    };
    if let Some(last) = values("transfer-encoding").next_back() {
        let chunked = last.eq_ignore_ascii_case("chunked");
        return Ok(if chunked { Framing::Chunked } else { Framing::ToTheEnd });
    }
    let mut lengths = values("content-length");
    let Some(first) = lengths.next() else { return Ok(Framing::ToTheEnd) };
    let digits = first.bytes().all(|b| b.is_ascii_digit());
    match first.parse() {
        Ok(length) if digits && lengths.all(|other| other == first) => Ok(Framing::Length(length)),
        _ => Err(RemoteError::NotHttp("its `Content-Length` is not one number".to_owned())),
    }
}

/// The body, up to its bound.
struct Body {
    bytes: Vec<u8>,
    most: usize,
}

/// What was received and not yet used.
struct Input<'a, R> {
    from: &'a mut R,
    /// Wiped, for an answer can hold a value.
    buffer: Zeroizing<Vec<u8>>,
    start: usize,
}

impl<R: Read> Input<'_, R> {
    /// Receives more; false at the end.
    fn more(&mut self) -> io::Result<bool> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let length = self.buffer.len();
        self.buffer.resize(length + STEP, 0);
        let read = loop {
            match self.from.read(&mut self.buffer[length..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.buffer.truncate(length + read.as_ref().map_or(0, |read| *read));
        read.map(|read| read > 0)
    }

    fn rest(&self) -> &[u8] {
        &self.buffer[self.start..]
    }

    fn head(&mut self, limits: Limits) -> Result<Answer, RemoteError> {
        loop {
            if let Some((answer, length)) = parse(self.rest())? {
                self.start += length;
                return Ok(answer);
            }
            if self.rest().len() > MAX_HEAD {
                return Err(RemoteError::NotHttp("its headers are longer than 64 KiB".to_owned()));
            }
            if !self.more().map_err(|error| fault(&error, limits.time))? {
                return Err(match self.rest().is_empty() {
                    true => RemoteError::Closed,
                    false => RemoteError::NotHttp("it ends within the headers".to_owned()),
                });
            }
        }
    }

    fn body(&mut self, framing: Framing, body: &mut Body) -> io::Result<Ending> {
        match framing {
            Framing::Length(length) => Ok(self.take(length, body)?.unwrap_or(Ending::Whole)),
            // Without a length, the end of the connection is the end of the body.
            Framing::ToTheEnd => Ok(match self.take(u64::MAX, body)? {
                Some(Ending::CutShort) | None => Ending::Whole,
                Some(ending) => ending,
            }),
            Framing::Chunked => loop {
                let Some(length) = self.chunk()? else { return Ok(Ending::CutShort) };
                if length == 0 {
                    return Ok(Ending::Whole);
                }
                if let Some(ending) = self.take(length, body)? {
                    return Ok(ending);
                }
                while self.rest().len() < 2 {
                    if !self.more()? {
                        return Ok(Ending::CutShort);
                    }
                }
                if !self.rest().starts_with(b"\r\n") {
                    return Ok(Ending::CutShort);
                }
                self.start += 2;
            },
        }
    }

    /// Moves so many bytes into the body; says how it ended if it did before them.
    fn take(&mut self, mut length: u64, body: &mut Body) -> io::Result<Option<Ending>> {
        while length > 0 {
            let room = body.most - body.bytes.len();
            if self.rest().is_empty() && !self.more()? {
                return Ok(Some(Ending::CutShort));
            }
            if room == 0 {
                return Ok(Some(Ending::Bounded));
            }
            let wanted = usize::try_from(length).unwrap_or(usize::MAX);
            let count = self.rest().len().min(room).min(wanted);
            body.bytes.extend_from_slice(&self.buffer[self.start..self.start + count]);
            self.start += count;
            length -= count as u64;
        }
        Ok(None)
    }

    /// The length of the next chunk; none when there is no such line.
    fn chunk(&mut self) -> io::Result<Option<u64>> {
        loop {
            match httparse::parse_chunk_size(self.rest()) {
                Ok(httparse::Status::Complete((used, length))) => {
                    self.start += used;
                    return Ok(Some(length));
                }
                Ok(httparse::Status::Partial) if self.rest().len() <= MAX_CHUNK_LINE => {
                    if !self.more()? {
                        return Ok(None);
                    }
                }
                _ => return Ok(None),
            }
        }
    }
}

/// A head and its length, once it is all there.
fn parse(bytes: &[u8]) -> Result<Option<(Answer, usize)>, RemoteError> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let parsed = response.parse(bytes).map_err(|error| {
        RemoteError::NotHttp(match error {
            httparse::Error::TooManyHeaders => format!("it has more than {MAX_HEADERS} headers"),
            error => error.to_string(),
        })
    })?;
    let httparse::Status::Complete(length) = parsed else { return Ok(None) };
    let line = |header: &httparse::Header| (header.name.to_owned(), text(header.value));
    let answer = Answer {
        status: response.code.unwrap_or_default(),
        reason: response.reason.unwrap_or_default().to_owned(),
        headers: response.headers.iter().map(line).collect(),
        body: Vec::new(),
        ending: Ending::Whole,
    };
    Ok(Some((answer, length)))
}

fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits = Limits { time: Duration::from_secs(10), body: 1000 };

    /// Hands out a few bytes at a time, and then an error if there is one.
    struct Drip<'a>(&'a [u8], usize, Option<io::ErrorKind>);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if let (true, Some(kind)) = (self.0.is_empty(), self.2) {
                return Err(kind.into());
            }
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn answered(bytes: &[u8]) -> Result<Answer, RemoteError> {
        read(&mut Drip(bytes, usize::MAX, None), "POST", LIMITS)
    }

    fn body(bytes: &[u8]) -> (String, Ending) {
        let answer = answered(bytes).unwrap();
        (String::from_utf8(answer.body).unwrap(), answer.ending)
    }

    #[test]
    fn each_framing_ends_where_it_says() {
        let whole = |text: &str| (text.to_owned(), Ending::Whole);
        assert_eq!(body(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokmore"), whole("ok"));
        assert_eq!(body(b"HTTP/1.0 200 OK\r\n\r\nto the end"), whole("to the end"));
        assert_eq!(body(b"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n"), whole(""));
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\nContent-Length: 1\r\n\r\n2;x=y\r\nab\r\n3\r\ncde\r\n0\r\nT: 1\r\n\r\n";
        assert_eq!(body(chunked), whole("abcde"));
        assert_eq!(body(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200\r\nContent-Length:1\r\n\r\na"), whole("a"));
        let head = read(&mut &b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"[..], "HEAD", LIMITS);
        assert_eq!(head.unwrap().ending, Ending::Whole);
    }

    #[test]
    fn what_is_not_whole_is_said() {
        let short = |bytes: &[u8]| body(bytes).1;
        assert_eq!(short(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"), Ending::CutShort);
        let chunked = |rest: &str| {
            short(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{rest}").as_bytes())
        };
        for rest in [
            "",
            "2",
            "2\r\na",
            "2\r\nab",
            "2\r\nabXX0\r\n\r\n",
            "zz\r\n",
            "ffffffffffffffffff\r\na",
        ] {
            assert_eq!(chunked(rest), Ending::CutShort, "{rest}");
        }
        assert_eq!(
            chunked(&format!("2;{}\r\nab\r\n0\r\n\r\n", "x".repeat(40_000))),
            Ending::CutShort
        );
        let long = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1001));
        assert_eq!(short(long.as_bytes()), Ending::Bounded);
        assert_eq!(short(&long.as_bytes()[..long.len() - 1]), Ending::Whole);
        let promised = b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nx";
        assert_eq!(short(promised), Ending::CutShort);
        let late = Drip(b"HTTP/1.1 200 OK\r\n\r\nx", 7, Some(io::ErrorKind::TimedOut));
        assert_eq!(read(&mut { late }, "POST", LIMITS).unwrap().ending, Ending::TimedOut);
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        assert_eq!(answered(b""), Err(RemoteError::Closed));
        let late = read(&mut Drip(b"HTTP/1.1", 1, Some(io::ErrorKind::TimedOut)), "POST", LIMITS);
        assert_eq!(late, Err(RemoteError::Timeout(LIMITS.time)));
        let reset = read(&mut Drip(b"", 1, Some(io::ErrorKind::ConnectionReset)), "POST", LIMITS);
        assert_eq!(reset, Err(RemoteError::Closed));
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(300));
        let long = format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(70_000));
        for text in [
            "SSH-2.0-OpenSSH_9.6\r\n",
            "HTTP/1.1 200 OK\r\na",
            "HTTP/1.1 200 OK\r\na b: c\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n",
            many.as_str(),
            long.as_str(),
        ] {
            let answer = answered(text.as_bytes());
            assert!(matches!(answer, Err(RemoteError::NotHttp(_))), "{answer:?}");
        }
    }

    proptest! {
        #[test]
        fn how_the_bytes_come_in_changes_nothing(step in 1_usize..40, parts in prop::collection::vec("[a-z]{1,40}", 0..8)) {
            let mut bytes = b"HTTP/1.1 200 OK\r\nA: 1\r\nTransfer-Encoding: chunked\r\na: 2\r\n\r\n".to_vec();
            for part in &parts {
                bytes.extend(format!("{:x}\r\n{part}\r\n", part.len()).bytes());
            }
            bytes.extend(b"0\r\n\r\n");
            let answer = read(&mut Drip(&bytes, step, None), "POST", LIMITS).unwrap();
            prop_assert_eq!(answer.body, parts.concat().into_bytes());
            prop_assert_eq!(answer.ending, Ending::Whole);
            prop_assert_eq!(answer.headers.len(), 3);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(
            start in prop::sample::select(vec!["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: "]),
            rest in prop::collection::vec(any::<u8>(), 0..200), step in 1_usize..50,
        ) {
            let bytes = [start.as_bytes(), &rest].concat();
            if let Ok(answer) = read(&mut Drip(&bytes, step, None), "POST", LIMITS) {
                prop_assert!(answer.body.len() <= LIMITS.body);
            }
        }
    }
}
