//! The process that holds one language's libraries.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::samples::{Kept, Keyward, Sample, URL};
use crate::{Answer, Request, TIME, params};

/// What a driver says of one library.
#[derive(Debug, Clone)]
pub struct Library {
    pub scheme: String,
    /// The kind of its secret.
    pub key: String,
    /// Whether it signs, too.
    pub signs: bool,
    /// Whether it takes the body parsed.
    pub parsed: bool,
}

pub struct Driver {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    pub libraries: BTreeMap<String, Library>,
}

impl Driver {
    pub fn python() -> Self {
        let script = here().join("libraries.py");
        let mut command = Command::new(python());
        Self::start(command.args(["-W", "ignore"]).arg(script))
    }

    pub fn node() -> Self {
        let folder = installed("node");
        // Node looks for packages beside the script.
        std::fs::copy(here().join("libraries.mjs"), folder.join("libraries.mjs")).unwrap();
        Self::start(Command::new("node").arg("libraries.mjs").current_dir(folder))
    }

    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let questions = child.stdin.take();
        let mut driver = Self { child, questions, answers, libraries: BTreeMap::new() };
        let Value::Object(libraries) = driver.answer() else { panic!("no libraries") };
        let text = |library: &Value, name: &str| library[name].as_str().unwrap().to_owned();
        let library = |one: &Value| Library {
            scheme: text(one, "scheme"),
            key: text(one, "key"),
            signs: one["signs"] == true,
            parsed: one["parsed"] == true,
        };
        driver.libraries =
            libraries.iter().map(|(name, one)| (name.clone(), library(one))).collect();
        driver
    }

    fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    pub fn ask(&mut self, question: &Value) -> Value {
        writeln!(self.questions.as_mut().unwrap(), "{question}").unwrap();
        self.answer()
    }

    /// Whether a library accepts a sample.
    pub fn verify(
        &mut self,
        name: &str,
        library: &Library,
        keyward: &Keyward,
        sample: &Sample,
    ) -> Answer {
        let answer = self.ask(&json!({
            "library": name, "do": "verify", "now": sample.now, "request": sample.request,
            "secret": keyward.secret(library, Kept::Right).verifying, "params": params(&library.scheme),
        }));
        let why = answer["why"].as_str().unwrap_or_default().to_owned();
        Answer { accepts: answer["accepts"] == true, why }
    }

    /// A request that a library signs.
    pub fn sign(
        &mut self,
        name: &str,
        library: &Library,
        keyward: &Keyward,
        body: &str,
    ) -> Request {
        let answer = self.ask(&json!({
            "library": name, "do": "sign", "now": TIME, "body": body, "url": URL,
            "secret": keyward.secret(library, Kept::Right).signing, "params": params(&library.scheme),
        }));
        answer["request"].clone()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.questions = None;
        let _ = self.child.wait();
    }
}

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/libraries")
}

/// The Python that has the libraries.
pub fn python() -> PathBuf {
    let inside = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
    installed("python").join(inside)
}

fn installed(language: &str) -> PathBuf {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/libraries").join(language);
    assert!(
        folder.join("installed").exists(),
        "run `cargo xtask libraries` first: {}",
        folder.display()
    );
    folder
}
