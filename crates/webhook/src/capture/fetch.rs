//! A browser's "copy as fetch", and snippets like it. Only literals are read; nothing is run.

use super::Sink;
use super::literal::{Language, Literal, Scope, scan};
use crate::request::{Request, SampleError};

/// Reads every `fetch(…)` of a snippet.
pub(super) fn read(text: &[u8], sink: &mut Sink) -> Result<(), SampleError> {
    let is_call = |name: &str| name == "fetch" || name.ends_with(".fetch");
    scan(text, Language::JavaScript, is_call, |_, arguments, scope| {
        sink.add(read_call(&arguments, scope))
    })
}

fn read_call(arguments: &[Literal], scope: &Scope) -> Request {
    let mut request = Request::default();
    match arguments.first().map(|url| scope.resolve(url)) {
        Some(Literal::Text(url)) => request.url = Some(url.lossy()),
        _ => request
            .loss("The URL is an expression that JavaScript would work out; it is missing here."),
    }
    let nothing = Literal::Object(vec![]);
    let options = arguments.get(1).map_or(&nothing, |options| scope.resolve(options));
    let member = |name: &str| options.get(name).map(|value| scope.resolve(value));
    let method = member("method").and_then(Literal::string);
    request.method = Some(method.unwrap_or_else(|| "GET".into()));
    match member("headers") {
        None => {}
        Some(Literal::Object(members)) => {
            for (name, value) in members {
                match scope.resolve(value).string() {
                    Some(value) => request.push_header(name.lossy(), value),
                    None => request.loss("A header is an expression that JavaScript would work out; it is missing here."),
                }
            }
        }
        Some(_) => request.loss(
            "The headers are an expression that JavaScript would work out; they are missing here.",
        ),
    }
    if let Some(Literal::Text(referrer)) = member("referrer") {
        request.default_header("referer", referrer.lossy());
    }
    match member("body") {
        None => request.body = Some(Vec::new()),
        Some(Literal::Word(word)) if word == "null" || word == "undefined" => {
            request.body = Some(Vec::new());
        }
        Some(Literal::Text(text)) => request.take_text(text.clone()),
        Some(_) => request
            .loss("The body is an expression that JavaScript would work out; it is missing here."),
    }
    request.compare_length();
    request
}

#[cfg(test)]
mod tests {
    use crate::capture::{Capture, Format, read};
    use crate::request::{Request, SampleError};

    fn one(text: &str) -> Request {
        let capture = read(text.as_bytes(), None).expect("a snippet");
        assert_eq!(capture.format, Format::Fetch);
        capture.only().expect("one")
    }

    #[test]
    fn as_chrome_copies() {
        let request = one(
            "fetch(\"https://a.example/h\", {\n  \"headers\": {\n    \"content-type\": \"application/json\",\n    \"x-a\": \"1\"\n  },\n  \"referrer\": \"https://b.example/\",\n  \"body\": \"{\\\"a\\\": \\\"gr\\u00fc\\ud83d\\ude00\\\"}\\r\\n\\u0000\",\n  \"method\": \"POST\",\n  \"mode\": \"cors\",\n  \"credentials\": \"include\"\n});",
        );
        assert_eq!(request.body(), "{\"a\": \"grü😀\"}\r\n\0".as_bytes());
        assert_eq!(request.method.as_deref(), Some("POST"));
        assert_eq!(request.header("referer").as_deref(), Some("https://b.example/"));
        assert!(!request.lossy, "{:?}", request.notes);
    }

    #[test]
    fn as_people_write_it() {
        let request = one(
            "// send it\nconst url = 'https://a.example';\nconst body = `{\"a\": 1}`;\nconst answer = await fetch(url, { method: 'PUT', headers: { 'X-A': '1' }, body });\nconsole.log(await answer.text());",
        );
        assert_eq!((request.body(), request.lossy), (b"{\"a\": 1}".as_slice(), false));
        assert_eq!(request.url.as_deref(), Some("https://a.example"));
        let worked_out =
            one("fetch('https://a.example', {method: 'POST', body: JSON.stringify({a: 1})})");
        assert_eq!((worked_out.body.as_ref(), worked_out.lossy), (None, true));
        let many =
            "fetch(\"https://a.example/1\", {\"body\": null}) ;\nfetch(\"https://a.example/2\");";
        assert_eq!(read(many.as_bytes(), None).map(|all| all.requests.len()), Ok(2));
    }

    #[test]
    fn what_is_cut_short_is_said() {
        let cut =
            read(b"fetch(\"https://a.example\", {\"body\": \"{", None).and_then(Capture::only);
        assert!(matches!(cut, Err(SampleError::CutShort(_))), "{cut:?}");
    }
}
