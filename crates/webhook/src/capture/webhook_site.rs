//! webhook.site: `GET /token/:id/requests` answers with `data[]`, a single request stands alone
//! (<https://docs.webhook.site/api/about.html>).

use super::Sink;
use super::json::Json;
use crate::request::{Request, SampleError};
use crate::text::count;

/// Reads an answer of the API, or one request of it.
pub(super) fn read(value: Json<'_>, sink: &mut Sink) -> Result<(), SampleError> {
    match value.get("data").filter(|data| data.is_array()) {
        Some(data) => data.items().try_for_each(|one| sink.add(read_one(one))),
        None => sink.add(read_one(value)),
    }
}

fn read_one(from: Json<'_>) -> Request {
    let mut request = Request {
        method: from.string_at("method"),
        url: from.string_at("url"),
        ..Request::default()
    };
    request.take_headers(from.get("headers"));
    let size = from.get("size").and_then(Json::number);
    let content = from.get("content").and_then(Json::text).unwrap_or_default();
    if content.bytes.is_empty() && (has_fields(from) || size.is_some_and(|size| size > 0)) {
        request.loss("webhook.site keeps the fields of a multipart form and not its bytes; the body is missing here.");
        return request;
    }
    let length = content.bytes.len();
    request.take_text(content);
    match size.filter(|size| *size != length) {
        Some(size) => request.loss(format!(
            "webhook.site counted {} and shows {length}; what it shows is not the exact body.",
            count(size, "byte")
        )),
        None => request.compare_length(),
    }
    request
}

/// Whether there are form fields or files.
fn has_fields(from: Json<'_>) -> bool {
    ["request", "files"]
        .into_iter()
        .filter_map(|name| from.get(name))
        .any(|fields| fields.members().next().is_some() || fields.items().next().is_some())
}

#[cfg(test)]
mod tests {
    use crate::capture::{Format, read};

    fn with(fields: &str) -> String {
        format!(
            r#"{{"uuid":"11e6","type":"web","token_id":"c4e2","ip":"192.0.2.1","method":"POST","headers":{{"content-type":["application/json"],"x-a":["1","2"]}},"query":null,"url":"https://webhook.site/c4e2?x=1",{fields},"created_at":"2026-03-07 13:52:43"}}"#
        )
    }

    #[test]
    fn a_list_and_a_single_request() {
        let one =
            with(r#""content":"{\"a\": \"\u00fc\"}\r\n","size":13,"request":null,"files":[]"#);
        let list = format!(r#"{{"data":[{one},{one}],"total":2,"per_page":50}}"#);
        let capture = read(list.as_bytes(), None).expect("an answer");
        assert_eq!((capture.format, capture.requests.len()), (Format::WebhookSite, 2));
        let single = read(one.as_bytes(), None).and_then(super::super::Capture::only).expect("one");
        assert_eq!(single.body(), "{\"a\": \"ü\"}\r\n".as_bytes());
        assert_eq!(single.header("x-a").as_deref(), Some("1, 2"));
        assert_eq!(single.url.as_deref(), Some("https://webhook.site/c4e2?x=1"));
        assert!(!single.lossy, "{:?}", single.notes);
        assert_eq!(capture.requests[1], single);
    }

    #[test]
    fn a_form_of_parts_has_no_body() {
        let form = with(r#""content":"","size":0,"request":{"a":"b"},"files":{}"#);
        let request =
            read(form.as_bytes(), None).and_then(super::super::Capture::only).expect("one");
        assert_eq!((request.body.as_ref(), request.lossy), (None, true));
        let empty = with(r#""content":"","size":0,"request":null,"files":[]"#);
        let request =
            read(empty.as_bytes(), None).and_then(super::super::Capture::only).expect("one");
        assert_eq!((request.body.as_deref(), request.lossy), (Some(b"".as_slice()), false));
    }

    #[test]
    fn the_size_is_compared() {
        let changed = with(r#""content":"a\ufffdb","size":3"#);
        let request =
            read(changed.as_bytes(), None).and_then(super::super::Capture::only).expect("one");
        assert!(request.lossy && request.notes.len() == 2, "{:?}", request.notes);
    }
}
