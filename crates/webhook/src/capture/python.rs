//! Python that calls `requests`, as curlconverter, Postman and people write it. Only literals are read;
//! nothing is run.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Sink;
use super::draft::{NO_FILE, quote_plus, with_query};
use super::literal::{Language, Literal, Scope, scan};
use crate::request::{Request, SampleError};

const METHODS: [&str; 8] = ["get", "post", "put", "patch", "delete", "head", "options", "request"];

/// Reads every call of `requests`, or of a session of it.
pub(super) fn read(text: &[u8], sink: &mut Sink) -> Result<(), SampleError> {
    let is_call = |name: &str| {
        let (whose, method) = name.rsplit_once('.').unwrap_or(("", name));
        let is_ours =
            whose == "requests" || whose.ends_with("session") || matches!(whose, "s" | "httpx");
        is_ours && METHODS.contains(&method)
    };
    scan(text, Language::Python, is_call, |name, arguments, scope| {
        let method = name.rsplit('.').next().unwrap_or_default();
        sink.add(read_call(method, &arguments, scope))
    })
}

fn read_call(method: &str, arguments: &[Literal], scope: &Scope) -> Request {
    let mut request = Request::default();
    let by_name = |wanted: &str| {
        arguments.iter().find_map(|argument| match argument {
            Literal::Argument(name, value) if name == wanted => Some(scope.resolve(value)),
            _ => None,
        })
    };
    let in_order = arguments.iter().filter(|a| !matches!(a, Literal::Argument(..)));
    let mut in_order = in_order.map(|value| scope.resolve(value));
    request.method = match method {
        "request" => {
            let method = in_order.next().or_else(|| by_name("method"));
            method.and_then(Literal::string).map(|method| method.to_ascii_uppercase())
        }
        _ => Some(method.to_ascii_uppercase()),
    };
    match in_order.next().or_else(|| by_name("url")) {
        Some(Literal::Text(url)) => request.url = Some(url.lossy()),
        _ => {
            request.loss("The URL is an expression that Python would work out; it is missing here.")
        }
    }
    let data = in_order.next().or_else(|| by_name("data")).or_else(|| by_name("content"));
    take_headers(by_name("headers"), scope, &mut request);
    take_query(by_name("params"), scope, &mut request);
    if let Some(Literal::Object(cookies)) = by_name("cookies") {
        let pairs: Vec<String> = cookies
            .iter()
            .map(|(name, value)| {
                format!("{}={}", name.lossy(), scope.resolve(value).string().unwrap_or_default())
            })
            .collect();
        request.default_header("Cookie", pairs.join("; "));
    }
    if let Some(Literal::List(pair)) = by_name("auth")
        && let [user, password] = pair.as_slice()
    {
        let pair = [user, password].map(|part| scope.resolve(part).string().unwrap_or_default());
        request
            .default_header("Authorization", format!("Basic {}", STANDARD.encode(pair.join(":"))));
    }
    take_body(data, by_name("json"), by_name("files").is_some(), scope, &mut request);
    request.compare_length();
    request
}

fn take_headers(headers: Option<&Literal>, scope: &Scope, request: &mut Request) {
    match headers {
        None => {}
        Some(Literal::Object(members)) => {
            for (name, value) in members {
                match scope.resolve(value).string() {
                    Some(value) => request.push_header(name.lossy(), value),
                    None => request.loss(
                        "A header is an expression that Python would work out; it is missing here.",
                    ),
                }
            }
        }
        Some(_) => request.loss(
            "The headers are an expression that Python would work out; they are missing here.",
        ),
    }
}

fn take_query(params: Option<&Literal>, scope: &Scope, request: &mut Request) {
    let Some(params) = params else { return };
    match (form(params, scope), request.url.take()) {
        (Some(query), Some(url)) => {
            request.url = Some(with_query(&url, &String::from_utf8_lossy(&query)));
        }
        (_, url) => {
            request.url = url;
            request
                .loss("The query is an expression that Python would work out; it is missing here.");
        }
    }
}

fn take_body(
    data: Option<&Literal>,
    json: Option<&Literal>,
    has_files: bool,
    scope: &Scope,
    request: &mut Request,
) {
    const LOST: &str = "The body is an expression that Python would work out; it is missing here.";
    if has_files {
        request.loss("requests would put the multipart form together; its bytes are not in the snippet, so the body is missing here.");
        return;
    }
    match (data, json) {
        (Some(Literal::Text(text)), _) => request.take_text(text.clone()),
        (Some(Literal::Word(word)), None) if word == "None" => request.body = Some(Vec::new()),
        (Some(Literal::Call(name, _)), _) if name == "open" => request.loss(NO_FILE),
        (Some(Literal::Call(name, arguments)), _)
            if name == "json.dumps" && arguments.len() == 1 =>
        {
            match dumps(&arguments[0], scope) {
                Some(text) => take_worked_out(text, request),
                None => request.loss(LOST),
            }
        }
        (Some(fields @ Literal::Object(_)), _) => match form(fields, scope) {
            Some(body) => {
                request.default_header("Content-Type", "application/x-www-form-urlencoded");
                take_worked_out(body, request);
            }
            None => request.loss(LOST),
        },
        (Some(_), _) => request.loss(LOST),
        (None, Some(value)) => match dumps(value, scope) {
            Some(text) => {
                request.default_header("Content-Type", "application/json");
                take_worked_out(text, request);
            }
            None => request.loss(LOST),
        },
        (None, None) => request.body = Some(Vec::new()),
    }
}

fn take_worked_out(body: Vec<u8>, request: &mut Request) {
    request.body = Some(body);
    request.loss("The snippet holds the body as Python objects; it was written as `requests` would send them.");
}

/// A form as `urllib.parse.urlencode` writes it.
fn form(fields: &Literal, scope: &Scope) -> Option<Vec<u8>> {
    let Literal::Object(members) = fields else { return None };
    let mut out = Vec::new();
    for (name, value) in members {
        if !out.is_empty() {
            out.push(b'&');
        }
        quote_plus(&name.bytes, &mut out);
        out.push(b'=');
        match scope.resolve(value) {
            Literal::Text(text) => quote_plus(&text.bytes, &mut out),
            Literal::Word(word) => quote_plus(word.as_bytes(), &mut out),
            _ => return None,
        }
    }
    Some(out)
}

/// JSON as Python's `json.dumps` writes it: blanks after commas and colons, nothing outside ASCII.
fn dumps(value: &Literal, scope: &Scope) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    // Values that are worked out stand where they are named, one level deep: none refers to itself.
    write(scope.resolve(value), &mut out)?;
    Some(out)
}

fn write(value: &Literal, out: &mut Vec<u8>) -> Option<()> {
    match value {
        Literal::Text(text) => write_text(&text.bytes, out)?,
        Literal::Word(word) => {
            let word = match word.as_str() {
                "True" => "true",
                "False" => "false",
                "None" => "null",
                word => word,
            };
            out.extend_from_slice(word.as_bytes());
        }
        Literal::List(values) => {
            out.push(b'[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    out.extend_from_slice(b", ");
                }
                write(value, out)?;
            }
            out.push(b']');
        }
        Literal::Object(members) => {
            out.push(b'{');
            for (at, (name, value)) in members.iter().enumerate() {
                if at > 0 {
                    out.extend_from_slice(b", ");
                }
                write_text(&name.bytes, out)?;
                out.extend_from_slice(b": ");
                write(value, out)?;
            }
            out.push(b'}');
        }
        _ => return None,
    }
    Some(())
}

fn write_text(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.push(b'"');
    for c in std::str::from_utf8(bytes).ok()?.chars() {
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            ' '..='~' => out.push(u8::try_from(u32::from(c)).unwrap_or(b'?')),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
        }
    }
    out.push(b'"');
    Some(())
}

#[cfg(test)]
mod tests {
    use crate::capture::{Format, read};
    use crate::request::Request;

    fn one(text: &str) -> Request {
        let capture = read(text.as_bytes(), None).expect("a snippet");
        assert_eq!(capture.format, Format::PythonRequests);
        capture.only().expect("one")
    }

    #[test]
    fn as_curlconverter_writes() {
        let request = one(
            "import requests\n\ncookies = {\n    'a': '1',\n    'b': '2',\n}\n\nheaders = {\n    'Content-Type': 'application/json',\n    # 'Cookie': 'a=1',\n}\n\nparams = {\n    'q': 'x y',\n}\n\ndata = '{\"a\": \"gr\\xfc\\U0001f600\"}\\r\\n'.encode()\n\nresponse = requests.post('https://a.example/h', params=params, cookies=cookies, headers=headers, data=data)\n",
        );
        assert_eq!(request.body(), "{\"a\": \"grü😀\"}\r\n".as_bytes());
        assert_eq!(request.url.as_deref(), Some("https://a.example/h?q=x+y"));
        assert_eq!(request.header("cookie").as_deref(), Some("a=1; b=2"));
        assert_eq!(request.headers.len(), 2);
        assert!(!request.lossy, "{:?}", request.notes);
    }

    #[test]
    fn as_postman_writes() {
        let request = one(
            "import requests\nimport json\n\nurl = \"https://a.example/h\"\n\npayload = json.dumps({\n  \"a\": [1, 2.0, True, None],\n  \"b\": \"gr\u{fc} \\\"\"\n})\nheaders = {\n  'X-A': '1'\n}\n\nresponse = requests.request(\"PUT\", url, headers=headers, data=payload)\n\nprint(response.text)\n",
        );
        assert_eq!(request.method.as_deref(), Some("PUT"));
        assert_eq!(request.body(), br#"{"a": [1, 2.0, true, null], "b": "gr\u00fc \""}"#);
        assert!(request.lossy && request.notes[0].contains("would send"));
    }

    #[test]
    fn bodies_of_every_kind() {
        let with = |arguments: &str| {
            one(&format!("import requests\nrequests.post('https://a.example', {arguments})"))
        };
        let bytes = with("data=b'\\x00\\xff\\n'");
        assert_eq!((bytes.body(), bytes.lossy), (b"\0\xff\n".as_slice(), false));
        let form = with("data={'a b': 'c~*', 'd': 1}");
        assert_eq!((form.body(), form.lossy), (b"a+b=c~%2A&d=1".as_slice(), true));
        assert_eq!(
            form.header("content-type").as_deref(),
            Some("application/x-www-form-urlencoded")
        );
        assert_eq!(with("json={'a': 1}").body(), b"{\"a\": 1}");
        for lost in [
            "data=open('/etc/passwd', 'rb')",
            "data=make()",
            "files={'f': open('/etc/passwd')}",
            "data=f'{x}'",
            "data=nothing",
        ] {
            let request = with(lost);
            assert_eq!((request.body.as_ref(), request.lossy), (None, true), "{lost}");
        }
    }
}
