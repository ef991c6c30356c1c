//! A server of the test that answers as it is told.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread::spawn;

use serde_json::Value;

/// `METHOD path`, the head, and the body.
pub type Asked = (String, String, Value);

/// A server that answers with what `answers` says to `METHOD path`: a status line with headers, and a
/// body. It notes what it was asked, and ends with the test's process.
pub fn serve(
    answers: impl Fn(&str, &Value) -> (String, Vec<u8>) + Send + 'static,
) -> (String, Arc<Mutex<Vec<Asked>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let (head, body) = loop {
                let mut buffer = [0; 65536];
                let read = stream.read(&mut buffer).unwrap();
                request.extend_from_slice(&buffer[..read]);
                let text = String::from_utf8_lossy(&request).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
                if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                    break (head.to_owned(), body.to_owned());
                }
            };
            let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
            let json = serde_json::from_str(&body).unwrap_or(Value::String(body));
            let (status, answer) = answers(&line, &json);
            noted.lock().unwrap().push((line, head, json));
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", answer.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&answer));
        }
    });
    (address, asked)
}
