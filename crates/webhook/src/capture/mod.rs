//! Captures: whatever a person has on hand that holds webhook requests, read into [`Request`]s.
//!
//! Bodies are bytes, exactly, where the format carries them. What a format cannot carry, or what was
//! guessed, is said in the request's notes, with `lossy` set when the request cannot be the exact one.
//! What is cut short is never made up. Nothing that a capture names is opened, fetched or run.
//!
//! Work and room grow with the input only: one pass or a few over it, nesting bounded, at most
//! [`MAX_REQUESTS`] requests.

mod api_gateway;
mod curl;
mod draft;
mod fetch;
mod format;
mod github;
mod guess;
mod har;
mod hookdeck;
mod http_file;
mod json;
mod literal;
mod log_line;
mod ngrok;
mod postman;
mod python;
mod quoted;
mod raw_http;
mod stripe_cli;
mod svix_cli;
mod text;
mod variables;
mod webhook_site;
mod webhook_tester;

pub use format::Format;

use self::json::Json;
use crate::request::{MAX_INPUT, Request, SampleError, read_json};
use crate::text::excerpt;

/// Most requests that one capture may hold.
pub const MAX_REQUESTS: usize = 10_000;

/// What was read from one capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The format it was in.
    pub format: Format,
    /// Its requests in order; never none.
    pub requests: Vec<Request>,
    /// Why it is not whole, if it is not.
    cut: Option<String>,
}

impl Capture {
    /// The only request.
    ///
    /// # Errors
    /// [`SampleError::Several`] lists them.
    pub fn only(mut self) -> Result<Request, SampleError> {
        match (self.requests.pop(), self.requests.is_empty()) {
            (Some(request), true) => Ok(request),
            (None, _) => Err(SampleError::NoRequest),
            (Some(request), false) => {
                self.requests.push(request);
                let lines = self.requests.iter().enumerate().map(|(at, request)| line(at, request));
                Err(SampleError::Several(lines.collect()))
            }
        }
    }

    /// The same, if it is whole: each body has the bytes that its framing promises.
    ///
    /// # Errors
    /// [`SampleError::CutShort`] says what is missing.
    pub fn whole(self) -> Result<Self, SampleError> {
        match self.cut {
            Some(why) => Err(SampleError::CutShort(why)),
            None => Ok(self),
        }
    }
}

/// `2 POST https://…`, safe to show.
fn line(at: usize, request: &Request) -> String {
    let mut line = (at + 1).to_string();
    for part in [&request.method, &request.url].into_iter().flatten() {
        line.push(' ');
        line.push_str(&excerpt(part.as_bytes(), 80));
    }
    line
}

/// Reads a capture in the given format, or in the one that it looks like.
///
/// A body that is shorter than its framing says is noted on its request, and [`Capture::whole`]
/// refuses it: to explain a signature the rest is still worth looking at.
///
/// # Errors
/// [`SampleError`] says what is malformed, and where. Deep nesting is refused, not followed.
pub fn read(bytes: &[u8], format: Option<Format>) -> Result<Capture, SampleError> {
    if bytes.len() > MAX_INPUT {
        return Err(SampleError::TooLarge(bytes.len()));
    }
    let utf16 = from_utf16(bytes);
    let text = utf16.as_deref().unwrap_or(bytes);
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    if text.trim_ascii_start().is_empty() {
        return Err(SampleError::Empty);
    }
    let (format, values) = match format {
        None => guess::format(text)?,
        Some(format) if format.is_json() => (format, Some(json::documents(text)?)),
        // These two come as JSON and as plain text.
        Some(format @ (Format::GithubDelivery | Format::LogLine)) => {
            (format, json::documents(text).ok())
        }
        Some(format) => (format, None),
    };
    let mut sink = Sink::default();
    match values {
        Some(values) => read_values(format, &values, &mut sink)?,
        None => read_text(format, text, &mut sink)?,
    }
    if sink.requests.is_empty() {
        return Err(SampleError::NoRequest);
    }
    if utf16.is_some() {
        for request in &mut sink.requests {
            request.loss("The file is UTF-16, as PowerShell's `>` writes it; it was converted to UTF-8, and bytes that were no text are gone.");
        }
    }
    Ok(Capture { format, requests: sink.requests, cut: sink.cut })
}

fn read_text(format: Format, text: &[u8], sink: &mut Sink) -> Result<(), SampleError> {
    match format {
        Format::Curl => curl::read(text, sink),
        Format::HttpFile => http_file::read(text, sink),
        Format::Fetch => fetch::read(text, sink),
        Format::PythonRequests => python::read(text, sink),
        Format::GithubDelivery => github::read_page(text, sink),
        Format::LogLine => log_line::read(text, sink),
        _ => raw_http::read(text, sink),
    }
}

/// One value after another; a list stands for its elements.
fn read_values(format: Format, values: &[Json<'_>], sink: &mut Sink) -> Result<(), SampleError> {
    let mut items =
        values.iter().flat_map(|value| value.items().chain((!value.is_array()).then_some(*value)));
    if format == Format::LogLine {
        return log_line::read_values(items, sink);
    }
    items.try_for_each(|item| read_value(format, item, sink))
}

fn read_value(format: Format, value: Json<'_>, sink: &mut Sink) -> Result<(), SampleError> {
    match format {
        Format::Har => har::read(value, sink),
        Format::WebhookSite => webhook_site::read(value, sink),
        Format::WebhookTester => webhook_tester::read(value, sink),
        Format::Ngrok => ngrok::read(value, sink),
        Format::StripeCli => stripe_cli::read(value, sink),
        Format::SvixCli => svix_cli::read(value, sink),
        Format::Hookdeck => hookdeck::read(value, sink),
        Format::GithubDelivery => github::read_api(value, sink),
        Format::ApiGateway => api_gateway::read(value, sink),
        Format::Postman => postman::read(value, sink),
        _ => read_json(value.raw())?.into_iter().try_for_each(|request| sink.add(request)),
    }
}

/// Where the parsers put what they read.
#[derive(Debug, Default)]
struct Sink {
    requests: Vec<Request>,
    cut: Option<String>,
    /// Bytes of all bodies: a short capture may name one body many times.
    bytes: usize,
}

impl Sink {
    fn add(&mut self, request: Request) -> Result<(), SampleError> {
        if self.requests.len() == MAX_REQUESTS {
            return Err(SampleError::TooMany(MAX_REQUESTS));
        }
        self.bytes += request.body().len();
        if self.bytes > 2 * MAX_INPUT {
            return Err(SampleError::TooLarge(self.bytes));
        }
        self.requests.push(request);
        Ok(())
    }

    /// Remembers that the request to be added next is not whole.
    fn cut(&mut self, why: String) {
        let number = self.requests.len() + 1;
        self.cut.get_or_insert_with(|| format!("request {number}: {why}"));
    }
}

/// UTF-16 text with its byte order mark, as UTF-8; `None` for everything else.
fn from_utf16(bytes: &[u8]) -> Option<Vec<u8>> {
    let (rest, unit): (_, fn([u8; 2]) -> u16) = match bytes {
        [0xff, 0xfe, rest @ ..] => (rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => (rest, u16::from_be_bytes),
        _ => return None,
    };
    let (pairs, odd) = rest.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text = char::decode_utf16(units).collect::<Result<String, _>>().ok()?;
    odd.is_empty().then(|| text.into_bytes())
}
