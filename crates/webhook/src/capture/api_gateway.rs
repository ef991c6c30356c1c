//! The event that AWS hands to a Lambda function, as it stands in logs and test files: API Gateway
//! payload format 1.0 and 2.0, function URLs and load balancers; Netlify's is the first of them
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).

use super::Sink;
use super::draft::{encode_query, malformed, with_query};
use super::json::Json;
use crate::request::{Request, SampleError};

const FORMAT: &str = "api-gateway";

/// Reads one event.
pub(super) fn read(event: Json<'_>, sink: &mut Sink) -> Result<(), SampleError> {
    let http = event.at(&["requestContext", "http"]);
    let is_v2 = http.is_some() || event.has("rawPath");
    let method =
        http.and_then(|http| http.string_at("method")).or_else(|| event.string_at("httpMethod"));
    if method.is_none() && !event.has("headers") && !event.has("multiValueHeaders") {
        return Err(malformed(FORMAT, "there is neither a method nor headers"));
    }
    let mut request = Request { method, ..Request::default() };
    // The lists hold every value of a name; the plain object only the last.
    request.take_headers(event.get("multiValueHeaders").or_else(|| event.get("headers")));
    if is_v2 {
        let cookies: Vec<String> = event
            .get("cookies")
            .into_iter()
            .flat_map(Json::items)
            .filter_map(Json::string)
            .collect();
        if !cookies.is_empty() {
            request.default_header("cookie", cookies.join("; "));
        }
    }
    request.url = match event.string_at("rawUrl") {
        Some(url) => Some(url),
        None => url(event, is_v2, &mut request),
    };
    take_body(event, &mut request)?;
    sink.add(request)
}

fn take_body(event: Json<'_>, request: &mut Request) -> Result<(), SampleError> {
    let Some(body) = event.get("body") else {
        request.body = Some(Vec::new());
        return Ok(());
    };
    let body = body
        .text()
        .ok_or_else(|| malformed(FORMAT, "`body` is not text; the event keeps it as a string"))?;
    if event.get("isBase64Encoded").is_some_and(Json::is_true) {
        return request.take_base64(FORMAT, &body);
    }
    request.take_text(body);
    request.compare_length();
    Ok(())
}

fn url(event: Json<'_>, is_v2: bool, request: &mut Request) -> Option<String> {
    let context = event.get("requestContext");
    let domain = context.and_then(|context| context.string_at("domainName"));
    let host = request.header("host").map(Into::into).or(domain)?;
    let scheme = request.header("x-forwarded-proto").map_or("https".to_owned(), Into::into);
    if is_v2 {
        let path = event.string_at("rawPath").unwrap_or_default();
        let query = event.string_at("rawQueryString").unwrap_or_default();
        return Some(with_query(&format!("{scheme}://{host}{path}"), &query));
    }
    // The stage is part of the public path, and only of the context's.
    let path = context.and_then(|context| context.string_at("path"));
    let path = path.or_else(|| event.string_at("path")).unwrap_or_default();
    let pairs = query(event);
    let base = format!("{scheme}://{host}{path}");
    if pairs.is_empty() {
        return Some(base);
    }
    if context.is_some_and(|context| context.has("elb")) {
        // A load balancer hands the query on as it came.
        let parts: Vec<String> =
            pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        return Some(with_query(&base, &parts.join("&")));
    }
    request.loss("The event keeps the query decoded; the URL was encoded anew and may not be the exact one, which matters where the URL is signed.");
    Some(with_query(&base, &encode_query(pairs.into_iter())))
}

fn query(event: Json<'_>) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let lists = event.get("multiValueQueryStringParameters").filter(|q| q.is_object());
    let query = lists.or_else(|| event.get("queryStringParameters"));
    for (name, value) in query.into_iter().flat_map(Json::members) {
        let name = name.string().unwrap_or_default();
        match value.is_array() {
            true => {
                pairs.extend(value.items().filter_map(Json::string).map(|one| (name.clone(), one)))
            }
            false => pairs.push((name, value.string().unwrap_or_default())),
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Format, read};

    fn one(text: &str) -> Request {
        let capture = read(text.as_bytes(), None).expect("an event");
        assert_eq!(capture.format, Format::ApiGateway);
        capture.only().expect("one")
    }

    #[test]
    fn version_two_is_exact() {
        let request = one(
            r#"{"version":"2.0","routeKey":"$default","rawPath":"/my/p%C3%A4th","rawQueryString":"a=1&a=%20x","cookies":["c=1","d=2"],"headers":{"host":"id.execute-api.us-east-1.amazonaws.com","x-a":"1"},"requestContext":{"domainName":"id.execute-api.us-east-1.amazonaws.com","http":{"method":"POST","path":"/my/path"},"stage":"$default"},"body":"AP8NCg==","isBase64Encoded":true}"#,
        );
        assert_eq!((request.body(), request.lossy), (b"\0\xff\r\n".as_slice(), false));
        assert_eq!(
            request.url.as_deref(),
            Some("https://id.execute-api.us-east-1.amazonaws.com/my/p%C3%A4th?a=1&a=%20x")
        );
        assert_eq!(request.header("cookie").as_deref(), Some("c=1; d=2"));
        assert_eq!(request.method.as_deref(), Some("POST"));
    }

    #[test]
    fn version_one_has_a_decoded_query() {
        let request = one(
            r#"{"resource":"/hook","path":"/hook","httpMethod":"POST","headers":{"Host":"a.example","X-A":"2"},"multiValueHeaders":{"Host":["a.example"],"X-A":["1","2"]},"queryStringParameters":{"q":"x y"},"multiValueQueryStringParameters":{"q":["x y","z"]},"requestContext":{"path":"/prod/hook","stage":"prod"},"body":"{\"a\":1}\r\n","isBase64Encoded":false}"#,
        );
        assert_eq!(request.body(), b"{\"a\":1}\r\n");
        assert_eq!(request.header("x-a").as_deref(), Some("1, 2"));
        assert_eq!(request.url.as_deref(), Some("https://a.example/prod/hook?q=x+y&q=z"));
        assert!(request.lossy && request.notes[0].contains("decoded"));
    }

    #[test]
    fn a_load_balancer_hands_the_query_on() {
        let request = one(
            r#"{"requestContext":{"elb":{"targetGroupArn":"arn:aws:x"}},"httpMethod":"POST","path":"/h","queryStringParameters":{"q":"x%20y"},"headers":{"host":"a.example","x-forwarded-proto":"http"},"body":"","isBase64Encoded":false}"#,
        );
        assert_eq!(request.url.as_deref(), Some("http://a.example/h?q=x%20y"));
        assert_eq!((request.body.as_deref(), request.lossy), (Some(b"".as_slice()), false));
    }

    #[test]
    fn a_parsed_body_is_refused() {
        let text = br#"{"httpMethod":"POST","requestContext":{},"headers":{},"body":{"a":1}}"#;
        assert!(matches!(read(text, None), Err(SampleError::Malformed { .. })));
        let changed =
            one(r#"{"httpMethod":"POST","requestContext":{},"headers":{},"body":"a\ufffd"}"#);
        assert!(changed.lossy);
    }
}
