//! Sending webhooks through the binary to an endpoint in the test, which sees what really arrives.

#![allow(clippy::disallowed_types)] // the endpoints

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, TcpListener, TcpStream, UdpSocket};
use std::thread::{JoinHandle, spawn};

use crate::support::{STRIPE_HOOK, Said, Sandbox, stripe_delivery};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nfine";

/// An endpoint that takes one connection.
struct Endpoint<T> {
    port: u16,
    thread: JoinHandle<T>,
}

impl<T: Send + 'static> Endpoint<T> {
    fn at(address: &str, behave: impl FnOnce(TcpStream) -> T + Send + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { port, thread: spawn(move || behave(listener.accept().unwrap().0)) }
    }

    fn new(behave: impl FnOnce(TcpStream) -> T + Send + 'static) -> Self {
        Self::at("127.0.0.1:0", behave)
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn end(self) -> T {
        self.thread.join().unwrap()
    }
}

/// One that keeps the request and answers with this.
fn answering(answer: &'static str) -> Endpoint<Vec<u8>> {
    Endpoint::new(|mut stream| {
        let request = read_request(&mut stream);
        stream.write_all(answer.as_bytes()).unwrap();
        request
    })
}

/// The request as it arrives, to the end of its body.
fn read_request(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = vec![];
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some(end) = text.find("\r\n\r\n") {
            let length = text.split("\r\nContent-Length: ").nth(1);
            let length = length.and_then(|rest| rest.split("\r\n").next()?.parse().ok());
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                return bytes;
            }
        }
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the request ended early: {text}");
        bytes.extend_from_slice(&buffer[..read]);
    }
}

fn sandbox() -> Sandbox {
    Sandbox::bare().and("KEYWARD_KEYCHAIN", "memory")
}

fn header<'a>(request: &'a str, name: &str) -> &'a str {
    let line = request.split("\r\n").find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name} in {request}"))
}

fn without(said: &Said, secret: &str) {
    let base64 = "d2hzZWNfcDNWblRxOFpyTHc1S3hZYjJNZEpjN0hmR3M0TmFVZT";
    for needle in [secret, base64] {
        assert!(!said.out.contains(needle) && !said.err.contains(needle), "{said}");
    }
}

#[test]
fn a_sample_arrives_to_the_byte_and_its_signature_holds() {
    let keyward = sandbox();
    let secret = keyward.create("secret", STRIPE_HOOK);
    let body = "{\"id\": \"evt_1\",\r\n \"text\": \"grün\"}\n";
    let file = keyward.create("body.json", body);
    let endpoint = answering(OK);
    let said = keyward.run(&format!(
        "webhook send {} --scheme stripe --secret-file {secret} --body {file} --header X-Try:1",
        endpoint.url("/hooks?x=1")
    ));
    let (port, request) = (endpoint.port, endpoint.end());
    let said = said.ok().says("accepted: 200 OK").says("  fine");
    without(&said, STRIPE_HOOK);

    let text = String::from_utf8(request.clone()).unwrap();
    let signature = header(&text, "Stripe-Signature");
    let said = said.says(&format!("Stripe-Signature: {signature}"));
    let wanted = format!(
        "POST /hooks?x=1 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Try: 1\r\nContent-Type: application/json\r\nStripe-Signature: {signature}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    assert_eq!(text, wanted, "{said}");
    let capture = keyward.create("capture", request);
    let line = format!("webhook verify --request {capture} --secret-file {secret} --json");
    assert_eq!(keyward.run(&line).ok().json()["verdict"], "valid");
}

#[test]
fn a_capture_is_sent_as_it_is_but_for_its_connection() {
    let keyward = sandbox();
    let head = "POST /old HTTP/1.1\r\nHost: shop.example\r\nx-b: 1\r\nConnection: keep-alive\r\nX-Hub-Signature-256: sha256=00\r\nX-B: 2\r\nTE: trailers\r\nx-b: 3\r\nContent-Length: 5\r\n\r\n";
    let body = b"\xff\0\r\n\x1b";
    let capture = keyward.create("capture", [head.as_bytes(), body].concat());
    let endpoint = answering(OK);
    let line = format!("webhook send {} --request {capture} --as-is", endpoint.url("/new"));
    let said = keyward.run(&format!("{line} --json")).ok();
    let (port, request) = (endpoint.port, endpoint.end());
    let wanted = format!(
        "POST /new HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nx-b: 1\r\nX-Hub-Signature-256: sha256=00\r\nX-B: 2\r\nx-b: 3\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(request, [wanted.as_bytes(), body].concat(), "{said}");
    let view = said.json();
    assert_eq!(view["version"], 1);
    assert_eq!((&view["ok"], &view["scheme"]), (&true.into(), &serde_json::Value::Null));
    assert_eq!(view["answer"]["status"], 200);
    assert_eq!(view["answer"]["body"], "fine");
    assert_eq!(view["sent"]["headers"][1], serde_json::json!(["x-b", "1"]));
    assert_eq!(view["sent"]["body_bytes"], 5);
    let note = "Left out, for it belongs to the captured connection: `TE`.";
    assert!(view["notes"].as_array().unwrap().contains(&note.into()), "{said}");
}

#[test]
fn an_old_capture_is_signed_afresh() {
    let keyward = sandbox();
    let secret = keyward.create("secret", STRIPE_HOOK);
    let body = "{ \"id\" : \"evt_1\" }";
    let old = stripe_delivery(STRIPE_HOOK, 1_600_000_000, body, body);
    let old = keyward.create("old", old);
    let verify = |capture: &str| {
        keyward.run(&format!("webhook verify --request {capture} --secret-file {secret} --json"))
    };
    assert_eq!(verify(&old).exits(1).json()["verdict"], "invalid");
    let endpoint = answering(OK);
    let said = keyward.run(&format!(
        "webhook send {} --request {old} --secret-file {secret}",
        endpoint.url("/hooks")
    ));
    let request = endpoint.end();
    without(&said.ok().says("The scheme was guessed"), STRIPE_HOOK);
    let text = String::from_utf8(request.clone()).unwrap();
    assert!(text.ends_with(body) && text.contains("\r\nContent-Type: application/json\r\nStripe-"));
    assert_eq!(verify(&keyward.create("new", request)).ok().json()["verdict"], "valid");
}

#[test]
fn a_replay_is_the_same_message_unless_another_id_is_given() {
    let keyward = sandbox();
    let secret = keyward.create("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"); // keyward:allow
    let capture = keyward.create(
        "capture",
        "POST /h HTTP/1.1\r\nwebhook-id: msg_1\r\nwebhook-timestamp: 1\r\nwebhook-signature: v1,AAAA\r\n\r\n{}",
    );
    for (more, id) in [("", "msg_1"), ("--id msg_2", "msg_2")] {
        let endpoint = answering(OK);
        let url = endpoint.url("/");
        let line = format!(
            "webhook send {url} --request {capture} --secret-file {secret} --scheme standard_webhooks {more}"
        );
        keyward.run(&line).ok();
        let request = String::from_utf8(endpoint.end()).unwrap();
        assert_eq!(header(&request, "webhook-id"), id);
        let capture = keyward.create("new", request);
        let line = format!("webhook verify --request {capture} --secret-file {secret} --json");
        assert_eq!(keyward.run(&line).ok().json()["verdict"], "valid");
    }
}

#[test]
fn the_public_url_is_signed_where_it_is_not_the_endpoints() {
    let keyward = sandbox();
    let secret = keyward.create("secret", "12345678901234567890123456789012");
    let body = keyward.create("body", "From=%2B1415&Body=x");
    for (more, public) in [
        ("", None),
        ("--url https://shop.example/sms?a=1", Some("https://shop.example/sms?a=1")),
        ("--param url=https://shop.example/sms", Some("https://shop.example/sms")),
    ] {
        let endpoint = answering(OK);
        let url = endpoint.url("/sms");
        keyward
            .run(&format!(
                "webhook send {url} --scheme twilio --secret-file {secret} --body {body} {more}"
            ))
            .ok();
        let capture = keyward.create("capture", endpoint.end());
        let public = public.unwrap_or(&url);
        let line = format!(
            "webhook verify --request {capture} --scheme twilio --secret-file {secret} --param url={public}"
        );
        keyward.run(&line).ok();
    }
}

#[test]
fn a_stored_secret_is_used_and_its_use_is_recorded() {
    let keyward = Sandbox::with_file();
    keyward.add("acme/prod/stripe-hook", STRIPE_HOOK);
    let endpoint = answering(OK);
    let url = endpoint.url("/hooks?token=x");
    let line = format!("webhook send {url} --scheme stripe --secret stripe-hook --json");
    let said = keyward.run(&line).ok();
    endpoint.end();
    without(&said, STRIPE_HOOK);
    assert_eq!(said.json()["secret"]["name"], "acme/prod/stripe-hook");
    let place = url.split('?').next().unwrap();
    keyward.run("show stripe-hook").ok().says(place);
    let record = keyward.run("audit list --json").ok();
    let row = &record.json()["rows"][0];
    assert_eq!(
        (&row["action"], &row["subject"]),
        (&"send".into(), &"acme/prod/stripe-hook".into())
    );
    assert_eq!(row["detail"], format!("version 1 to {place}"));
    assert!(!record.out.contains("token=x"));
    keyward.run("audit verify").ok();
    let line = format!("webhook send {url} --scheme stripe --secret nothing-here");
    keyward.run(&line).fails(4, "NOT_FOUND");
}

#[test]
fn a_secret_that_is_sent_is_not_shown_even_when_it_comes_back() {
    let keyward = sandbox();
    for (scheme, secret) in [
        ("telegram", "tok-en"),
        ("postmark", "user:pass-word"),
        ("gitlab_token", "t"),
        ("stripe", STRIPE_HOOK),
    ] {
        let file = keyward.create("the-file", secret);
        for json in ["", "--json"] {
            let given = secret.to_owned();
            let endpoint = Endpoint::new(move |mut stream| {
                let request = read_request(&mut stream);
                let echo = format!("{} {given}", String::from_utf8_lossy(&request));
                let answer = "HTTP/1.1 401 No\r\nX-Got: ".to_owned() + &given + "\r\n\r\n" + &echo;
                stream.write_all(answer.as_bytes()).unwrap();
                echo
            });
            let url = endpoint.url("/");
            let line = format!("webhook send {url} --scheme {scheme} --secret-file {file} {json}");
            let said = keyward.run(&line).exits(1);
            let echo = endpoint.end();
            let sent = ["dXNlcjpwYXNzLXdvcmQ=", secret].iter().any(|text| echo.contains(text));
            assert!(sent, "{echo}");
            if secret.len() > 1 {
                without(&said, secret);
                assert!(!said.out.contains("dXNlcjpwYXNz"), "{said}");
            } else {
                assert!(!said.out.contains("X-Gitlab-Token: t"), "{said}");
            }
        }
    }
    let capture = keyward.create(
        "capture",
        "POST / HTTP/1.1\r\nCookie: sid=c-anary\r\nAuthorization: Bearer c-anary\r\nX-Gitlab-Token: c-anary\r\n\r\n{}",
    );
    let endpoint = answering(OK);
    let said =
        keyward.run(&format!("webhook send {} --request {capture} --as-is", endpoint.url("/")));
    assert_eq!(String::from_utf8(endpoint.end()).unwrap().matches("c-anary").count(), 3);
    without(&said.ok(), "c-anary");
}

#[test]
fn what_the_endpoint_says_is_the_exit_status_and_redirects_stay_unfollowed() {
    let keyward = sandbox();
    let secret = keyward.create("secret", STRIPE_HOOK);
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let port = elsewhere.local_addr().unwrap().port();
    for (status, exit) in [("204 No Content", 0), ("302 Found", 1), ("404", 1), ("500 Oops", 1)] {
        let endpoint = Endpoint::new(move |mut stream| {
            read_request(&mut stream);
            let location = format!("Location: http://127.0.0.1:{port}/\r\n");
            stream.write_all(format!("HTTP/1.1 {status}\r\n{location}\r\n").as_bytes()).unwrap();
        });
        let url = endpoint.url("/");
        keyward
            .run(&format!("webhook send {url} --scheme github --secret-file {secret}"))
            .exits(exit)
            .says(if exit == 0 { "accepted: " } else { "not accepted: " })
            .says(status);
        endpoint.end();
    }
    assert!(elsewhere.accept().is_err(), "a redirect was followed");
}

#[test]
fn no_answer_is_an_error_that_says_why() {
    let keyward = sandbox();
    let secret = keyward.create("secret", STRIPE_HOOK);
    let send = |url: &str, more: &str| {
        let line = format!("webhook send {url} --scheme github --secret-file {secret} {more}");
        keyward.run(&line).fails(7, "SEND_FAILED")
    };
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    send(&format!("http://127.0.0.1:{closed}/"), "").says("Nothing was sent.").says("refused");
    let hangs = Endpoint::new(|mut stream| {
        read_request(&mut stream);
        // Until the other side gives up.
        let _ = stream.read(&mut [0]);
    });
    send(&hangs.url("/"), "--timeout 1s").says("within 1 s").says("may have arrived");
    hangs.end();
    let closes = Endpoint::new(|mut stream| {
        read_request(&mut stream);
    });
    send(&closes.url("/"), "").says("closed before an answer");
    closes.end();
    let other = answering("220 mail.example ESMTP\r\n");
    send(&other.url("/"), "--json").says("not HTTP");
    other.end();
    let plain = Endpoint::new(|mut stream| {
        let _ = stream.read(&mut [0; 64]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    send(&plain.url("/").replace("http:", "https:"), "").says("is it `http://`?");
    plain.end();
    send("http://no-such-host.invalid/", "--force").says("has no address");
}

#[test]
fn an_answer_of_any_size_and_kind_is_shown_safely() {
    let keyward = sandbox();
    let secret = keyward.create("secret", STRIPE_HOOK);
    let huge = || {
        Endpoint::new(|mut stream| {
            read_request(&mut stream);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
            // The other side hangs up long before the end.
            while stream.write_all(&[b'x'; 64 * 1024]).is_ok() {}
        })
    };
    let send = |url: String, more: &str| {
        keyward.run(&format!("webhook send {url} --scheme github --secret-file {secret} {more}"))
    };
    let endpoint = huge();
    let view = send(endpoint.url("/"), "--json").ok().json();
    endpoint.end();
    assert_eq!(view["answer"]["body_bytes"], 1024 * 1024);
    assert_eq!(view["answer"]["ending"], "bounded");
    let endpoint = huge();
    let said = send(endpoint.url("/"), "").ok().says("it was left there");
    endpoint.end();
    assert!(said.out.len() < 10_000, "{}", said.out.len());

    let odd = answering("HTTP/1.1 200 \x1b[31mred\r\n\r\n\x1b]0;title\x07\u{202e}");
    let said = send(odd.url("/"), "");
    odd.end();
    assert!(!said.out.contains('\x1b') && !said.err.contains('\x1b'), "{said}");
    let short = answering("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf");
    let said = send(short.url("/"), "").ok().says("ended early, after 4 bytes");
    short.end();
    assert!(said.out.contains("  half"));
}

#[test]
fn an_endpoint_elsewhere_is_refused_before_anything_is_connected_to() {
    let keyward = Sandbox::with_file();
    let everywhere = TcpListener::bind("0.0.0.0:0").unwrap();
    everywhere.set_nonblocking(true).unwrap();
    let port = everywhere.local_addr().unwrap().port();
    let own = own_address();
    let mut hosts = vec!["0.0.0.0".to_owned(), "192.0.2.1".to_owned(), "[::]".to_owned()];
    hosts.extend(own.map(|address| address.to_string()));
    hosts.push("169.254.169.254".to_owned());
    if cfg!(target_os = "linux") {
        // A name to us, and 8.8.8.8 to the resolver.
        hosts.push("134744072".to_owned());
    }
    for host in &hosts {
        let url = format!("http://{host}:{port}/");
        // An entry that is not there would be noticed if the vault were asked first.
        keyward
            .run(&format!("webhook send {url} --scheme stripe --secret nothing-here"))
            .fails(3, "SEND_NOT_LOCAL")
            .says("Nothing was sent.");
    }
    assert!(everywhere.accept().is_err(), "something connected");
    assert!(!keyward.home().exists(), "the vault was asked");
}

#[test]
fn forced_it_goes_to_another_address_and_that_is_recorded() {
    let Some(own) = own_address() else { return };
    let keyward = Sandbox::with_file();
    keyward.add("acme/prod/stripe-hook", STRIPE_HOOK);
    let secret = keyward.create("secret", STRIPE_HOOK);
    for (with, subject) in [
        ("--secret stripe-hook".to_owned(), "acme/prod/stripe-hook"),
        (format!("--secret-file {secret}"), "webhook"),
    ] {
        let endpoint = Endpoint::at(&format!("{own}:0"), |mut stream| {
            read_request(&mut stream);
            stream.write_all(OK.as_bytes()).unwrap();
        });
        let url = format!("http://{own}:{}/", endpoint.port);
        keyward
            .run(&format!("webhook send {url} --scheme stripe {with} --force"))
            .ok()
            .says("without encryption");
        endpoint.end();
        let row = keyward.run("audit list --json").ok().json()["rows"][0].clone();
        assert_eq!((&row["action"], &row["subject"]), (&"send".into(), &subject.into()));
        assert!(row["detail"].as_str().unwrap().ends_with("forced past the guard"), "{row}");
    }
}

/// An address of this machine that is not loopback, if it has one. Nothing is sent to find it.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

#[test]
fn localhost_is_found_on_either_loopback_and_no_proxy_is_asked() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let at = format!("http://{}", proxy.local_addr().unwrap());
    let mut keyward = sandbox();
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"] {
        keyward = keyward.and(name, &at);
    }
    let secret = keyward.create("secret", STRIPE_HOOK);
    for (address, host) in
        [("127.0.0.1:0", "localhost"), ("[::1]:0", "localhost"), ("[::1]:0", "[::1]")]
    {
        if TcpListener::bind(address).is_err() {
            continue; // a machine without IPv6
        }
        let endpoint = Endpoint::at(address, |mut stream| {
            let request = read_request(&mut stream);
            stream.write_all(OK.as_bytes()).unwrap();
            request
        });
        let at = format!("{host}:{}", endpoint.port);
        keyward
            .run(&format!("webhook send http://{at} --scheme github --secret-file {secret}"))
            .ok();
        let request = String::from_utf8(endpoint.end()).unwrap();
        assert!(request.starts_with(&format!("POST / HTTP/1.1\r\nHost: {at}\r\n")), "{request}");
    }
    assert!(proxy.accept().is_err(), "the proxy was asked");
}

#[test]
fn what_cannot_be_sent_is_named() {
    let keyward = sandbox();
    let secret = keyward.create("secret", STRIPE_HOOK);
    let injects = r#"{"method":"POST","headers":[["X-A","1\r\nX-Evil: 1"]],"body":"{}"}"#;
    let injects = keyward.create("injects", injects);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let send = |more: &str| keyward.run(&format!("webhook send {url} {more}"));
    send(&format!("--request {injects} --as-is")).fails(3, "SAMPLE_INVALID").says("`X-A`");
    send("--as-is").fails(2, "USAGE");
    send(&format!("--secret-file {secret}")).fails(2, "USAGE").says("--scheme");
    send("--scheme github").fails(2, "USAGE").says("--secret");
    send(&format!("--request {injects} --as-is --secret x")).fails(2, "USAGE");
    send(&format!("--request {injects} --body {secret}")).fails(2, "USAGE");
    for url in ["localhost:3000", "ftp://localhost/", "http://a@localhost/", "http://"] {
        let line = format!("webhook send {url} --scheme github --secret-file {secret}");
        keyward.run(&line).fails(2, "USAGE").says("http://localhost:3000/webhooks");
    }
    assert!(listener.accept().is_err(), "something was sent");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_the_wait_at_once() {
    use std::process::{Command, Stdio};
    let keyward = sandbox();
    let secret = keyward.create("secret", STRIPE_HOOK);
    let (waits, waiting) = std::sync::mpsc::channel();
    let endpoint = Endpoint::new(move |mut stream| {
        read_request(&mut stream);
        waits.send(()).unwrap();
        let _ = stream.read(&mut [0]);
    });
    let url = endpoint.url("/");
    let mut child = keyward
        .command(env!("CARGO_BIN_EXE_keyward"))
        .args(["webhook", "send", &url, "--scheme", "github", "--timeout", "1h"])
        .args(["--secret-file", &secret])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    waiting.recv_timeout(std::time::Duration::from_secs(120)).expect("the request came");
    assert!(
        Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(130));
    endpoint.end();
}
