//! Whole exchanges with servers in the test: encrypted ones, and those that do not play along.

#![allow(clippy::unwrap_used, clippy::disallowed_types, missing_docs)]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

use keyward_remote::{Ending, Exchange, Limits, Outgoing, Reach, RemoteError, Route, Target};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const LIMITS: Limits = Limits { time: Duration::from_secs(30), body: 1 << 20 };

fn serve<T: Send + 'static>(
    behave: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (u16, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (port, spawn(move || behave(listener.accept().unwrap().0)))
}

fn send(url: &str, body: &[u8], limits: Limits) -> Result<Exchange, RemoteError> {
    let route = Route::find(Target::parse(url)?, Reach::Loopback, limits.time)?;
    let headers = [("X-A".to_owned(), "1".to_owned())];
    let request = Outgoing { method: "POST", host: None, headers: &headers, body };
    route.send(&request, limits)
}

/// A server's side of an encrypted connection; its certificate is nobody's but its own.
fn encrypted(stream: TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
    let certificate = CertificateDer::from(include_bytes!("certificate.der").as_slice());
    let key = PrivatePkcs8KeyDer::from(include_bytes!("key.der").as_slice());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key))
        .unwrap();
    StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream)
}

#[test]
fn an_encrypted_endpoint_on_this_machine_may_have_a_certificate_of_its_own() {
    for host in ["localhost", "127.0.0.1", "other-name.localhost"] {
        let (port, server) = serve(|stream| {
            let mut stream = encrypted(stream);
            let mut request = vec![0; 4096];
            let length = stream.read(&mut request).unwrap();
            stream.write_all(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok").unwrap();
            request.truncate(length);
            String::from_utf8(request).unwrap()
        });
        let exchange = send(&format!("https://{host}:{port}/h"), b"{}", LIMITS).unwrap();
        assert!(exchange.unchecked);
        assert_eq!((exchange.answer.status, exchange.answer.body), (201, b"ok".to_vec()));
        let wanted = format!("POST /h HTTP/1.1\r\nHost: {host}:{port}\r\nX-A: 1\r\n");
        let request = server.join().unwrap();
        assert!(request.starts_with(&wanted) && request.ends_with("\r\n\r\n{}"), "{request}");
    }
}

#[test]
fn a_handshake_that_never_ends_ends_at_the_deadline() {
    let (port, server) = serve(|mut stream| {
        // Reads until the other side gives up, and never says anything.
        while stream.read(&mut [0; 1024]).is_ok_and(|read| read > 0) {}
    });
    let limits = Limits { time: Duration::from_millis(300), ..LIMITS };
    let error = send(&format!("https://127.0.0.1:{port}/"), b"", limits).unwrap_err();
    assert_eq!(error, RemoteError::Timeout(limits.time));
    server.join().unwrap();
}

#[test]
fn an_answer_before_the_whole_request_was_read_is_an_answer() {
    let (port, server) = serve(|mut stream| {
        let _ = stream.read(&mut [0; 1024]).unwrap();
        stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n").unwrap();
        // What the other side still sends is taken, or it might lose the answer.
        while stream.read(&mut [0; 65536]).is_ok_and(|read| read > 0) {}
    });
    let body = vec![b'x'; 8 << 20];
    let exchange = send(&format!("http://127.0.0.1:{port}/"), &body, LIMITS).unwrap();
    assert_eq!((exchange.answer.status, exchange.answer.ending), (413, Ending::Whole));
    drop(exchange);
    server.join().unwrap();
}

#[test]
fn an_answer_that_drips_on_ends_at_the_deadline_with_what_came() {
    let (port, server) = serve(|mut stream| {
        let _ = stream.read(&mut [0; 1024]).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n").unwrap();
        while stream.write_all(b"data\n").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let limits = Limits { time: Duration::from_secs(2), ..LIMITS };
    let exchange = send(&format!("http://127.0.0.1:{port}/"), b"", limits).unwrap();
    assert_eq!(exchange.answer.ending, Ending::TimedOut);
    assert!(exchange.answer.body.starts_with(b"data\n"));
    server.join().unwrap();
}

#[test]
fn a_large_body_arrives_whole() {
    let (port, server) = serve(|mut stream| {
        let mut received = 0;
        let mut buffer = vec![0; 1 << 20];
        while received < 20 << 20 {
            received += stream.read(&mut buffer).unwrap();
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    });
    let body = vec![b'x'; 20 << 20];
    let exchange = send(&format!("http://127.0.0.1:{port}/"), &body, LIMITS).unwrap();
    assert_eq!(exchange.answer.status, 200);
    server.join().unwrap();
}
