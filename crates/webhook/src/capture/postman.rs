//! Postman collections 2.1 (<https://schema.postman.com/collection/json/v2.1.0/draft-07/docs/index.html>).

use super::Sink;
use super::draft::{NO_FILE, encode_query, malformed, with_query};
use super::json::Json;
use super::variables::Variables;
use crate::request::{Request, SampleError};

/// Reads every request of a collection, folder by folder.
pub(super) fn read(collection: Json<'_>, sink: &mut Sink) -> Result<(), SampleError> {
    let items = collection.get("item").filter(|items| items.is_array());
    let items = items.ok_or_else(|| malformed("postman", "there is no list `item`"))?;
    let mut variables = Variables::new();
    for row in collection.get("variable").into_iter().flat_map(Json::items) {
        if let (Some(key), Some(value)) = (row.string_at("key"), row.string_at("value")) {
            variables.define(key, value);
        }
    }
    read_items(items, &variables, sink)
}

/// Folders hold items again; the depth of the JSON bounds theirs.
fn read_items(items: Json<'_>, variables: &Variables, sink: &mut Sink) -> Result<(), SampleError> {
    for item in items.items() {
        if let Some(inner) = item.get("item") {
            read_items(inner, variables, sink)?;
        } else if let Some(request) = item.get("request") {
            sink.add(read_request(request, item, variables))?;
        }
    }
    Ok(())
}

fn read_request(from: Json<'_>, item: Json<'_>, variables: &Variables) -> Request {
    let mut request = Request::default();
    if from.is_string() {
        // A request may be its URL alone.
        request.method = Some("GET".into());
        request.url = from.string();
    } else {
        request.method = from.string_at("method").or_else(|| Some("GET".into()));
        request.url = from.get("url").and_then(url);
        match from.get("header").filter(|header| header.is_string()) {
            Some(lines) => take_lines(&lines.string().unwrap_or_default(), &mut request),
            None => request.take_headers(from.get("header")),
        }
        take_body(from.get("body"), &mut request);
    }
    fill(&mut request, variables);
    if item.get("event").is_some_and(|events| events.items().next().is_some()) {
        request.note("Scripts of the collection are not run.");
    }
    if from.get("auth").is_some_and(|auth| auth.string_at("type").as_deref() != Some("noauth")) {
        request
            .note("The request has an `auth` of Postman; headers that it would add are not here.");
    }
    request.compare_length();
    request
}

fn url(url: Json<'_>) -> Option<String> {
    if url.is_string() {
        return url.string();
    }
    if let Some(raw) = url.string_at("raw") {
        return Some(raw);
    }
    let join = |name: &str, by: &str| match url.get(name) {
        Some(parts) if parts.is_array() => {
            parts.items().filter_map(Json::string).collect::<Vec<_>>().join(by)
        }
        Some(text) => text.string().unwrap_or_default(),
        None => String::new(),
    };
    let protocol = url.string_at("protocol").unwrap_or_else(|| "http".into());
    let port = url.string_at("port").map(|port| format!(":{port}")).unwrap_or_default();
    let path = join("path", "/");
    let whole =
        format!("{protocol}://{}{port}/{}", join("host", "."), path.trim_start_matches('/'));
    let query: Vec<String> = rows(url.get("query"))
        .map(|(name, value)| if value.is_empty() { name } else { format!("{name}={value}") })
        .collect();
    Some(with_query(&whole, &query.join("&")))
}

/// Rows of `{"key", "value"}` that are not switched off.
fn rows<'a>(list: Option<Json<'a>>) -> impl Iterator<Item = (String, String)> + use<'a> {
    let rows = list.into_iter().flat_map(Json::items);
    rows.filter(|row| !row.get("disabled").is_some_and(Json::is_true)).map(|row| {
        (row.string_at("key").unwrap_or_default(), row.string_at("value").unwrap_or_default())
    })
}

fn take_lines(lines: &str, request: &mut Request) {
    for (name, value) in lines.lines().filter_map(|line| line.split_once(':')) {
        request.push_header(name.trim(), value.trim());
    }
}

fn take_body(body: Option<Json<'_>>, request: &mut Request) {
    let mode = body.and_then(|body| body.string_at("mode"));
    let (Some(body), Some(mode)) = (body, mode) else {
        request.body = Some(Vec::new());
        return;
    };
    match mode.as_str() {
        "raw" => {
            let text = body.get("raw").and_then(Json::text).unwrap_or_default();
            request.take_text(text);
            let language = body.at(&["options", "raw", "language"]).and_then(Json::string);
            if language.as_deref() == Some("json") {
                request.default_header("Content-Type", "application/json");
            }
        }
        "urlencoded" => {
            request.body = Some(encode_query(rows(body.get("urlencoded"))).into_bytes());
            request.default_header("Content-Type", "application/x-www-form-urlencoded");
            request.loss("The collection holds the form's fields and not its bytes; the body was encoded anew.");
        }
        "file" => request.loss(NO_FILE),
        "graphql" => request.loss("A GraphQL body is put together by Postman; it is missing here."),
        _ => request.loss("The collection holds the fields of a multipart form and not its bytes; the body is missing here."),
    }
}

fn fill(request: &mut Request, variables: &Variables) {
    if let Some(url) = request.url.take() {
        request.url = Some(variables.fill_text(&url, request));
    }
    for (name, value) in std::mem::take(&mut request.headers) {
        let filled = (variables.fill_text(&name, request), variables.fill_text(&value, request));
        request.headers.push(filled);
    }
    if let Some(body) = request.body.take() {
        request.body = Some(variables.fill(&body, request));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Format, read};

    fn collection(items: &str) -> Vec<Request> {
        let text = format!(
            r#"{{"info":{{"_postman_id":"1","name":"Hooks","schema":"https://schema.getpostman.com/json/collection/v2.1.0/collection.json"}},"item":[{items}],"variable":[{{"key":"host","value":"https://a.example"}}]}}"#
        );
        let capture = read(text.as_bytes(), None).expect("a collection");
        assert_eq!(capture.format, Format::Postman);
        capture.requests
    }

    #[test]
    fn folders_urls_and_raw_bodies() {
        let requests = collection(
            r#"{"name":"f","item":[{"name":"a","request":{"method":"POST","header":[{"key":"X-A","value":"1"},{"key":"X-B","value":"2","disabled":true}],"body":{"mode":"raw","raw":"{\r\n    \"a\": \"\u00fc\"\r\n}\n"},"url":{"raw":"{{host}}/h?x=1","host":["{{host}}"],"path":["h"]}}}]},{"name":"b","request":{"method":"PUT","url":{"protocol":"https","host":["b","example"],"port":"8443","path":["x","y"],"query":[{"key":"q","value":"1"},{"key":"r","value":"2","disabled":true}]}}},{"name":"c","request":"https://c.example/"}"#,
        );
        assert_eq!(requests.len(), 3);
        assert_eq!(requests[0].body(), "{\r\n    \"a\": \"ü\"\r\n}\n".as_bytes());
        assert_eq!(requests[0].url.as_deref(), Some("https://a.example/h?x=1"));
        assert_eq!(requests[0].headers, [("X-A".to_owned(), "1".to_owned())]);
        assert!(requests.iter().all(|request| !request.lossy));
        assert_eq!(requests[1].url.as_deref(), Some("https://b.example:8443/x/y?q=1"));
        assert_eq!(requests[2].method.as_deref(), Some("GET"));
    }

    #[test]
    fn losses_are_said() {
        let body = |body: &str| {
            let item = format!(r#"{{"request":{{"method":"POST","url":"u","body":{body}}}}}"#);
            collection(&item).remove(0)
        };
        let form = body(r#"{"mode":"urlencoded","urlencoded":[{"key":"a b","value":"1"}]}"#);
        assert_eq!((form.body(), form.lossy), (b"a+b=1".as_slice(), true));
        for lost in [
            r#"{"mode":"formdata","formdata":[{"key":"f","type":"file","src":"/etc/passwd"}]}"#,
            r#"{"mode":"file","file":{"src":"/etc/passwd"}}"#,
        ] {
            let request = body(lost);
            assert_eq!((request.body.as_ref(), request.lossy), (None, true));
        }
        let unknown = body(r#"{"mode":"raw","raw":"{{secret}}"}"#);
        assert!(unknown.lossy && unknown.notes[0].contains("secret"), "{:?}", unknown.notes);
    }

    #[test]
    fn a_length_in_characters_is_no_loss() {
        let item = r#"{"request":{"method":"POST","url":"u","header":[{"key":"Content-Length","value":"3"}],"body":{"mode":"raw","raw":"\u00fc\u00e4o"}}}"#;
        let request = collection(item).remove(0);
        assert_eq!((request.body(), request.lossy), ("üäo".as_bytes(), false));
        assert!(request.notes[0].contains("characters"), "{:?}", request.notes);
    }
}
