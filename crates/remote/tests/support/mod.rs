//! What the tests of places and providers have in common: the Python with servers and independent
//! readers, and an access.

#![allow(dead_code, clippy::disallowed_types)] // each test binary uses a part

pub mod bao;
pub mod moto;
pub mod server;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use keyward_remote::Failure;
use keyward_remote::destination::{Access, Held, Place};
use secrecy::SecretSlice;
use serde_json::{Value, json};

/// The Python that `cargo xtask servers` installs.
pub fn python() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/servers/python");
    assert!(
        folder.join("installed").exists(),
        "run `cargo xtask servers` first: {} is missing",
        folder.display()
    );
    folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}

pub fn here() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"))
}

pub fn secret(value: impl AsRef<[u8]>) -> SecretSlice<u8> {
    value.as_ref().to_vec().into()
}

pub static NOTHING: BTreeMap<String, String> = BTreeMap::new();

pub fn access(credential: Option<&SecretSlice<u8>>) -> Access<'_> {
    let now = Timestamp::now();
    Access { credential, token: "01JD0000000000000000000000", now, variables: &NOTHING }
}

/// Writes without a credential.
pub fn push(place: &Place, value: impl AsRef<[u8]>) -> Result<(), Failure> {
    place.push(&secret(value), &access(None))
}

/// Which of these is there.
pub fn check(place: &Place, values: &[&[u8]]) -> Result<Held, Failure> {
    let values: Vec<_> = values.iter().map(secret).collect();
    place.check(&values.iter().collect::<Vec<_>>(), &access(None))
}

/// A server that listens, and ends with the test.
pub struct Running(Child);

impl Running {
    pub fn start(command: &mut Command, port: u16) -> Self {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = Self(quiet.spawn().unwrap());
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = running.0.try_wait().unwrap();
            assert!(ended.is_none(), "{command:?} ended: {ended:?}");
            assert!(start.elapsed() < Duration::from_secs(120), "{command:?} never listened");
            std::thread::sleep(Duration::from_millis(50));
        }
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The process with the independent readers.
pub struct Readers {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Readers {
    pub fn start() -> Self {
        let mut child = Command::new(python())
            .args(["-W", "ignore"])
            .arg(here().join("readers.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let questions = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, questions, answers }
    }

    pub fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.questions.as_mut().unwrap(), "{question}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    pub fn read(&mut self, what: &str, file: &[u8]) -> Value {
        self.ask(&json!({"ask": what, "file": STANDARD.encode(file)}))
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.questions = None;
        let _ = self.child.wait();
    }
}
