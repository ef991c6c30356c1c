//! `.http` and `.rest` files as VS Code's REST Client, JetBrains and kulala read them: requests between
//! `###` lines, with `@name = value` variables, comments and scripts
//! (<https://github.com/JetBrains/http-request-in-editor-spec>).

use super::Sink;
use super::draft::{NO_FILE, malformed};
use super::raw_http::header;
use super::variables::{Variables, find};
use crate::request::{Request, SampleError};

const FORMAT: &str = "http-file";

/// Reads every request of the file. Files and scripts that it names are neither opened nor run.
pub(super) fn read(text: &[u8], sink: &mut Sink) -> Result<(), SampleError> {
    let mut variables = Variables::new();
    let mut block = Block::default();
    for (at, line) in text.split_inclusive(|b| *b == b'\n').enumerate() {
        if line.starts_with(b"###") {
            std::mem::take(&mut block).finish(&variables, sink)?;
            block.number = at + 1;
        } else {
            block.take(line, at + 1, &mut variables)?;
        }
    }
    block.finish(&variables, sink)
}

/// One request on its way.
#[derive(Default)]
struct Block<'a> {
    number: usize,
    request: Request,
    /// The request line's URL, which the lines after it may continue.
    url: Vec<u8>,
    part: Part,
    body: Vec<&'a [u8]>,
    names_file: bool,
}

#[derive(Default, PartialEq)]
enum Part {
    #[default]
    Before,
    /// Within `< {% … %}` before the request.
    Script,
    Head,
    Body,
    /// After the body: response handlers.
    After,
}

impl<'a> Block<'a> {
    fn take(
        &mut self,
        line: &'a [u8],
        number: usize,
        variables: &mut Variables,
    ) -> Result<(), SampleError> {
        let bare = line.trim_ascii();
        match self.part {
            Part::Before => self.before(bare, variables),
            Part::Script => {
                if bare.ends_with(b"%}") {
                    self.part = Part::Before;
                }
            }
            Part::Head => self.head(line, bare, number)?,
            Part::Body => self.in_body(line, bare),
            Part::After => {}
        }
        Ok(())
    }

    fn before(&mut self, bare: &[u8], variables: &mut Variables) {
        if bare.is_empty() || is_comment(bare) {
            return;
        }
        if let Some((name, value)) = definition(bare) {
            let value = variables.fill(value, &mut Request::default());
            variables.define(name, value);
        } else if let Some(script) = bare.strip_prefix(b"<") {
            self.request.note("Scripts of the file are not run.");
            if script.trim_ascii().starts_with(b"{%") && !script.ends_with(b"%}") {
                self.part = Part::Script;
            }
        } else {
            self.request_line(bare);
            self.part = Part::Head;
        }
    }

    /// `POST https://… HTTP/1.1`; the method and the version may be left out.
    fn request_line(&mut self, line: &[u8]) {
        let mut words: Vec<&[u8]> =
            line.split(|b| *b == b' ').filter(|word| !word.is_empty()).collect();
        words.pop_if(|last| last.starts_with(b"HTTP/"));
        let is_method = |word: &&[u8]| word.iter().all(u8::is_ascii_uppercase);
        let method = match words.first().copied() {
            Some(word) if words.len() > 1 && is_method(&word) => {
                words.remove(0);
                String::from_utf8_lossy(word).into_owned()
            }
            _ => "GET".to_owned(),
        };
        self.request.method = Some(method);
        self.url = words.join(&b' ');
    }

    fn head(&mut self, line: &[u8], bare: &[u8], number: usize) -> Result<(), SampleError> {
        let is_folded = line.starts_with(b" ") || line.starts_with(b"\t");
        if bare.is_empty() {
            self.part = Part::Body;
        } else if is_folded && self.request.headers.is_empty() {
            // A long URL goes on in the next lines.
            let end = find(bare, b" HTTP/").unwrap_or(bare.len());
            self.url.extend_from_slice(bare[..end].trim_ascii_end());
        } else if !is_comment(bare) {
            let wrong = || malformed(FORMAT, format!("line {number} is no header"));
            let (name, value) = header(bare).ok_or_else(wrong)?;
            self.request.push_header(name, value);
        }
        Ok(())
    }

    fn in_body(&mut self, line: &'a [u8], bare: &[u8]) {
        let handler = bare.starts_with(b"> ")
            || bare.starts_with(b">{%")
            || bare.starts_with(b">>")
            || bare.starts_with(b"<> ");
        if handler {
            self.part = Part::After;
            self.request.note("What the file does with the response is left out.");
            return;
        }
        let names_file = |rest: &[u8]| matches!(rest.first(), Some(b' ' | b'@'));
        self.names_file |= bare.strip_prefix(b"<").is_some_and(names_file);
        self.body.push(line);
    }

    fn finish(mut self, variables: &Variables, sink: &mut Sink) -> Result<(), SampleError> {
        if matches!(self.part, Part::Before | Part::Script) {
            return Ok(());
        }
        let mut request = std::mem::take(&mut self.request);
        request.url = Some(variables.fill_text(&String::from_utf8_lossy(&self.url), &mut request));
        for (name, value) in std::mem::take(&mut request.headers) {
            let value = variables.fill_text(&value, &mut request);
            request.headers.push((name, value));
        }
        if self.names_file {
            request.loss(NO_FILE);
        } else {
            let body = self.body(&mut request);
            request.body = Some(variables.fill(&body, &mut request));
        }
        sink.add(request)
    }

    /// The body without the line breaks at its end, which belong to the file.
    fn body(&self, request: &mut Request) -> Vec<u8> {
        let form = request.header("content-type").is_some_and(|kind| {
            kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
        });
        let mut body = Vec::new();
        for line in &self.body {
            // A form may stand a field a line.
            if form && line.starts_with(b"&") {
                body.truncate(body.trim_ascii_end().len());
            }
            body.extend_from_slice(line);
        }
        let end = body.iter().rposition(|b| !matches!(b, b'\n' | b'\r')).map_or(0, |at| at + 1);
        if end < body.len() && end > 0 {
            request.loss("The format does not say whether the line breaks at the end belong to the body; they were left out.");
        }
        body.truncate(end);
        body
    }
}

fn is_comment(line: &[u8]) -> bool {
    line.starts_with(b"#") || line.starts_with(b"//")
}

/// `@name = value`.
fn definition(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = line.strip_prefix(b"@")?;
    let equals = find(rest, b"=")?;
    Some((rest[..equals].trim_ascii(), rest[equals + 1..].trim_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Format, read};

    const FILE: &str = "@host = https://a.example\n@hook={{host}}/hook\n\n### first\n# @name first\n// a comment\nPOST {{hook}}\n    ?a=1\n    &b=2 HTTP/1.1\nContent-Type: application/json\n# X-Off: 1\nX-A: {{nobody}}\n\n{\"a\": \"ü\",\r\n\n \"b\": 1}\n\n\n> {% client.log(\"x\") %}\n### second\nhttps://b.example/x y\n\n###\n< {%\n  request.variables.set(\"a\", 1)\n%}\nPUT https://c.example\nContent-Type: application/x-www-form-urlencoded\n\na=1\n&b=2";

    #[test]
    fn blocks_variables_and_bodies() {
        let capture = read(FILE.as_bytes(), None).expect("a file");
        assert_eq!(capture.format, Format::HttpFile);
        let [first, second, third] = capture.requests.as_slice() else {
            panic!("{:#?}", capture.requests)
        };
        assert_eq!(first.url.as_deref(), Some("https://a.example/hook?a=1&b=2"));
        assert_eq!(first.headers.len(), 2);
        assert_eq!(first.body(), "{\"a\": \"ü\",\r\n\n \"b\": 1}".as_bytes());
        assert!(first.lossy, "line breaks at the end, and a variable");
        assert_eq!(second.method.as_deref(), Some("GET"));
        assert_eq!(third.url.as_deref(), Some("https://c.example"));
        assert_eq!((third.body(), third.lossy), (b"a=1&b=2".as_slice(), false));
        assert!(third.notes[0].contains("not run"));
    }

    #[test]
    fn files_are_not_opened() {
        for line in ["< /etc/passwd", "<@ ./body.json", "<@latin1 /etc/passwd"] {
            let text = format!("POST https://a.example\n\n{line}\n");
            let request =
                read(text.as_bytes(), None).and_then(super::super::Capture::only).expect("one");
            assert_eq!((request.body.as_ref(), request.lossy), (None, true), "{line}");
        }
        let markup = read(b"### x\nPOST https://a.example\n\n<a>&amp;</a>", None);
        let markup = markup.and_then(super::super::Capture::only).expect("one");
        assert_eq!((markup.body(), markup.lossy), (b"<a>&amp;</a>".as_slice(), false));
    }

    #[test]
    fn what_is_no_header_is_refused() {
        let broken = read(b"### x\nPOST https://a.example\nnonsense\n\n{}", None);
        assert!(matches!(broken, Err(SampleError::Malformed { .. })));
    }
}
