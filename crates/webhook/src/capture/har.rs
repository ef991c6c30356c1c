//! HTTP Archive 1.2 (<http://www.softwareishard.com/blog/har-12-spec/>), as browsers and proxies write it.

use super::Sink;
use super::draft::{encode_query, malformed};
use super::json::Json;
use super::text::Text;
use crate::request::{Request, SampleError};

const FORMAT: &str = "har";

/// Reads every entry of an archive.
pub(super) fn read(archive: Json<'_>, sink: &mut Sink) -> Result<(), SampleError> {
    let entries = archive.at(&["log", "entries"]).filter(|entries| entries.is_array());
    let entries = entries.ok_or_else(|| malformed(FORMAT, "there is no list `log.entries`"))?;
    for entry in entries.items() {
        let request = entry.get("request").filter(|request| request.is_object());
        let request = request.ok_or_else(|| malformed(FORMAT, "an entry has no `request`"))?;
        sink.add(read_request(request)?)?;
    }
    Ok(())
}

fn read_request(from: Json<'_>) -> Result<Request, SampleError> {
    let mut request = Request {
        method: from.string_at("method"),
        url: from.string_at("url"),
        ..Request::default()
    };
    request.take_headers(from.get("headers"));
    request.unfold_pseudo_headers();
    match from.get("postData") {
        Some(data) => read_data(data, &mut request)?,
        None => without_data(from, &mut request),
    }
    request.compare_length();
    Ok(request)
}

fn read_data(data: Json<'_>, request: &mut Request) -> Result<(), SampleError> {
    let params = data.get("params").filter(|params| params.items().next().is_some());
    let mime = data.string_at("mimeType").unwrap_or_default();
    let text = data.get("text").and_then(Json::text);
    let Some(text) = text.filter(|text| !text.bytes.is_empty() || params.is_none()) else {
        return read_params(params, &mime, request);
    };
    let encoding = data.string_at("encoding").or_else(|| data.string_at("_encoding"));
    match encoding.as_deref() {
        Some(encoding) if encoding.eq_ignore_ascii_case("base64") => {
            request.take_base64(FORMAT, &text)?;
        }
        _ => take_decoded(text, &mime, request),
    }
    Ok(())
}

/// The text of a body is what its character set made of the bytes.
fn take_decoded(text: Text, mime: &str, request: &mut Request) {
    let stated = mime.to_ascii_lowercase();
    let charset =
        stated.split_once("charset=").map(|(_, name)| name.trim_matches(['"', ' ', ';', '\'']));
    let ascii = text.bytes.is_ascii();
    request.take_text(text);
    match charset {
        _ if ascii => {}
        None | Some("utf-8" | "utf8") => {}
        Some("iso-8859-1" | "latin1" | "us-ascii") => {
            let body = request.body.take().unwrap_or_default();
            let latin = std::str::from_utf8(&body)
                .ok()
                .and_then(|text| text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect());
            request.loss("The archive holds the body as text; it was written again in Latin-1, which its type names.");
            request.body = Some(latin.unwrap_or(body));
        }
        Some(_) => request.loss("The archive holds the body as text, and its type names a character set; it stands here in UTF-8."),
    }
}

/// A form of which only the decoded fields are left.
fn read_params(
    params: Option<Json<'_>>,
    mime: &str,
    request: &mut Request,
) -> Result<(), SampleError> {
    let Some(params) = params else {
        request.loss("The archive names a body and does not hold it.");
        return Ok(());
    };
    if !mime.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        request.loss(
            "The archive holds the body's fields and not its bytes, so the body is missing here.",
        );
        return Ok(());
    }
    let pairs = params.items().map(|row| {
        (row.string_at("name").unwrap_or_default(), row.string_at("value").unwrap_or_default())
    });
    request.body = Some(encode_query(pairs).into_bytes());
    request
        .loss("The archive holds the form's fields and not its bytes; the body was encoded anew.");
    Ok(())
}

/// No `postData`: the size tells an empty body from one that was left out.
fn without_data(from: Json<'_>, request: &mut Request) {
    let length = request.header("content-length").and_then(|value| value.parse::<usize>().ok());
    let size = length.or_else(|| from.get("bodySize").and_then(Json::number)).unwrap_or(0);
    if size > 0 {
        request.loss(format!(
            "The archive says that the body had {size} bytes, and does not hold it."
        ));
    } else {
        request.body = Some(Vec::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Format, read};

    fn one(request: &str) -> Request {
        let text = format!(r#"{{"log":{{"version":"1.2","entries":[{{"request":{request}}}]}}}}"#);
        let capture = read(text.as_bytes(), None).expect("an archive");
        assert_eq!(capture.format, Format::Har);
        capture.only().expect("one entry")
    }

    #[test]
    fn bodies_are_text_or_base64() {
        let text = one(
            r#"{"method":"POST","url":"https://a.example/h?x=%2F","httpVersion":"HTTP/2","headers":[{"name":":authority","value":"a.example"},{"name":":path","value":"/h"},{"name":"X-A","value":"1"},{"name":"x-a","value":"2"}],"postData":{"mimeType":"application/json","text":"{\"a\": \"\u00fc\r\n\u0000\"}"}}"#,
        );
        assert_eq!(text.body(), "{\"a\": \"ü\r\n\0\"}".as_bytes());
        assert_eq!(text.url.as_deref(), Some("https://a.example/h?x=%2F"));
        assert_eq!(text.headers[0], ("host".to_owned(), "a.example".to_owned()));
        assert_eq!(text.header("x-a").as_deref(), Some("1, 2"));
        assert!(!text.lossy && text.notes.is_empty());
        let bytes = one(
            r#"{"method":"POST","url":"u","headers":[],"postData":{"mimeType":"x","text":"AP8=","encoding":"base64"}}"#,
        );
        assert_eq!((bytes.body(), bytes.lossy), (b"\0\xff".as_slice(), false));
    }

    #[test]
    fn losses_are_said() {
        let params = one(
            r#"{"postData":{"mimeType":"application/x-www-form-urlencoded","params":[{"name":"a b","value":"ü"},{"name":"c"}]}}"#,
        );
        assert_eq!((params.body(), params.lossy), (b"a+b=%C3%BC&c=".as_slice(), true));
        let multipart = one(
            r#"{"postData":{"mimeType":"multipart/form-data; boundary=x","params":[{"name":"a","value":"b"}]}}"#,
        );
        assert_eq!((multipart.body.as_ref(), multipart.lossy), (None, true));
        let gone = one(r#"{"bodySize":12}"#);
        assert_eq!((gone.body.as_ref(), gone.lossy), (None, true));
        let none = one(r#"{"bodySize":-1}"#);
        assert_eq!((none.body.as_deref(), none.lossy), (Some(b"".as_slice()), false));
        let surrogates = one(r#"{"postData":{"text":"a\udcffb"}}"#);
        assert_eq!((surrogates.body(), surrogates.lossy), (b"a\xffb".as_slice(), true));
        let latin =
            one(r#"{"postData":{"mimeType":"text/plain; charset=ISO-8859-1","text":"\u00fc"}}"#);
        assert_eq!((latin.body(), latin.lossy), (b"\xfc".as_slice(), true));
        let unpacked = one(
            r#"{"headers":[{"name":"Content-Encoding","value":"gzip"}],"postData":{"text":"{}"}}"#,
        );
        assert!(unpacked.lossy, "{:?}", unpacked.notes);
        let short =
            one(r#"{"headers":[{"name":"Content-Length","value":"9"}],"postData":{"text":"{}"}}"#);
        assert!(short.lossy && short.notes[0].contains("9 bytes"), "{:?}", short.notes);
    }

    #[test]
    fn what_is_no_archive_is_refused() {
        for text in [r#"{"log":{"entries":[{}]}}"#, r#"{"log":{"entries":[1]}}"#] {
            assert!(matches!(read(text.as_bytes(), None), Err(SampleError::Malformed { .. })));
        }
        let empty = read(br#"{"log":{"entries":[]}}"#, None);
        assert_eq!(empty, Err(SampleError::NoRequest));
    }
}
