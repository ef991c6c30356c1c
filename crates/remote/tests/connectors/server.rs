//! A provider on this machine: it notes what it is asked and answers as a test says.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, spawn};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Method and path.
    pub line: String,
    /// Header lines.
    pub headers: Vec<String>,
    pub body: String,
}

pub struct Server {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    thread: Option<JoinHandle<()>>,
}

/// An answer with this status and body.
pub fn answer(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

impl Server {
    /// Starts one; `behave` has the request and how many came before it. An empty answer closes.
    pub fn start(behave: impl Fn(&Seen, usize) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&seen);
        let thread = spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(request) = read(&mut stream) else { return };
                let count = noted.lock().unwrap().len();
                noted.lock().unwrap().push(request.clone());
                let _ = stream.write_all(behave(&request, count).as_bytes());
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
        Self { url, seen, thread: Some(thread) }
    }

    /// One that always gives this answer.
    pub fn with(status: u16, body: &str) -> Self {
        let text = answer(status, body);
        Self::start(move |_, _| text.clone())
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(TcpStream::connect(self.url.trim_start_matches("http://")));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A whole request; none when nothing was sent.
fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).ok()?;
        if count == 0 {
            return None;
        }
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let mut lines = head.lines();
        let line = lines.next()?.trim_end_matches(" HTTP/1.1").to_owned();
        let headers: Vec<_> = lines.map(str::to_owned).collect();
        let length = headers.iter().find_map(|line| line.strip_prefix("Content-Length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            return Some(Seen { line, headers, body: body.to_owned() });
        }
    }
}
