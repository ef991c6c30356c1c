//! moto, which plays AWS, and boto3, which sees what we did there.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::{Running, here, python};

pub struct Moto {
    pub endpoint: String,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    boto: Child,
    _server: Running,
}

impl Moto {
    pub fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Command::new(python());
        server.args(["-W", "ignore", "-c", "import sys; from moto.server import main; main()"]);
        server.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let server = Running::start(&mut server, port);
        let endpoint = format!("http://127.0.0.1:{port}");
        let mut boto = Command::new(python())
            .args(["-W", "ignore"])
            .arg(here().join("boto.py"))
            .arg(&endpoint)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let questions = boto.stdin.take();
        let answers = BufReader::new(boto.stdout.take().unwrap());
        Self { endpoint, questions, answers, boto, _server: server }
    }

    fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.questions.as_mut().unwrap(), "{question}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// A call as boto3 makes it; with no key it is made before signatures are enforced.
    pub fn boto(&mut self, service: &str, call: &str, args: Value) -> Value {
        self.boto_as(None, service, call, args)
    }

    pub fn boto_as(
        &mut self,
        key: Option<(&str, &str)>,
        service: &str,
        call: &str,
        args: Value,
    ) -> Value {
        let (id, secret) = key.unwrap_or_default();
        let question =
            json!({"service": service, "call": call, "args": args, "id": id, "secret": secret});
        let mut said = self.ask(&question);
        match said.get("error") {
            Some(_) => said,
            None => said["answer"].take(),
        }
    }

    pub fn enforce(&mut self) {
        self.ask(&json!({"call": "enforce"}));
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.questions = None;
        let _ = self.boto.wait();
    }
}
