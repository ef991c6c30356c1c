//! Samples that Keyward signs, and what is done to them; and Keyward's own word on each.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyward_webhook::{Case, NamedSecret, read_request, verify};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::driver::{Driver, Library};
use crate::{Answer, Request, TIME, params};

pub const URL: &str = "https://hooks.example/in?data.id=ab1&x=a%20b";

/// Which of the two secrets of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    Right,
    Other,
}

/// A secret, or a key pair.
#[derive(Debug, Clone)]
pub struct Secret {
    pub signing: String,
    pub verifying: String,
}

/// A request with the time of its check.
pub struct Sample {
    pub case: String,
    pub request: Request,
    pub now: i64,
    /// What the answer must be; without it, it need only be the same on both sides.
    pub wanted: Option<bool>,
}

impl Sample {
    pub fn new(case: &str, request: &Request, now: i64) -> Self {
        Self { case: case.to_owned(), request: request.clone(), now, wanted: None }
    }

    pub fn wanted(case: &str, request: &Request, now: i64, accepts: bool) -> Self {
        Self { wanted: Some(accepts), ..Self::new(case, request, now) }
    }
}

/// Bodies as the scheme's provider sends them.
pub fn bodies(library: &Library) -> Vec<String> {
    // In the dress in which every encoder writes it again.
    let plain = r#"{"id":"evt_7","n":[1,2.5,true,null],"text":"grün 😀"}"#;
    let odd = "{\r\n  \"id\": \"evt_7\",\r\n  \"amount\": 1.50, \"n\": 1e3,\r\n  \"text\": \"gr\\u00fcn <a href=\\\"\\/\\\"> & it's $HOME\"\r\n}\n";
    match library.scheme.as_str() {
        "twilio" | "twilio_sharedkey" | "mandrill" | "plivo_v3" | "paddle_classic" => {
            ["From=%2B1417&Body=gr%C3%BCn+x&Empty=", "b=7&a=z&B=%C3%BC%20x&c="].map(String::from).into()
        }
        "adyen_payments" => vec![r#"{"live":"false","notificationItems":[{"NotificationRequestItem":{"pspReference":"7914073381342284","merchantAccountCode":"TestMerchant","merchantReference":"TestPayment-1","amount":{"value":1130,"currency":"EUR"},"eventCode":"AUTHORISATION","success":"true"}}]}"#.into()],
        "aws_sns" => vec![r#"{"Type":"Notification","Message":"grün 7","Subject":"s","TopicArn":"arn:aws:sns:us-east-1:1:t","Timestamp":"2026-05-28T20:26:40.000Z"}"#.into()],
        "pusher" => vec![format!(r#"{{"time_ms":{TIME}000,"events":[{{"name":"channel_occupied","channel":"grün 7"}}]}}"#)],
        _ if library.parsed => vec![plain.into()],
        _ => vec![plain.into(), odd.into()],
    }
}

/// One character of the body replaced by another.
pub fn body_changed(request: &Request) -> Request {
    with_body(request, |body| {
        let at = body.iter().position(|byte| *byte == b'7').expect("each body has one");
        body[at] = b'8';
    })
}

/// Everything else that goes wrong on the way.
pub fn broken(good: &Request, other: &Request, parsed: bool) -> Vec<Sample> {
    let mut all = Vec::new();
    let mut add = |case: &str, request: Request| all.push(Sample::new(case, &request, TIME));
    if !parsed {
        add("line break added to the body", with_body(good, |body| body.push(b'\n')));
        add("blank before the body", with_body(good, |body| body.insert(0, b' ')));
        add("body in other letters", with_body(good, |body| body.make_ascii_uppercase()));
        add("body missing", with_body(good, Vec::clear));
    }
    // The signature is in the header that another secret changes.
    for (at, (name, value)) in headers(good).into_iter().enumerate() {
        if headers(other).get(at).is_none_or(|(_, theirs)| *theirs == value) {
            continue;
        }
        let mut set = |case: &str, text: &str| add(case, with_header(good, at, text));
        set("last character of the signature cut", &value[..value.len() - 1]);
        set("half of the signature", &value[..value.len() / 2]);
        set("signature empty", "");
        set("signature in upper case", &value.to_uppercase());
        let last = if value.ends_with('b') { "c" } else { "b" };
        set("a character of the signature changed", &changed(&value, last));
        set("signature with letters outside ASCII", &format!("{value}é"));
        set("signature with more behind it", &format!("{value}00"));
        set("no signature at all", "hello");
        let mut without = good.clone();
        without["headers"].as_array_mut().expect("a list").remove(at);
        add(&format!("header {name} missing"), without);
    }
    let url = good["url"].as_str().expect("a URL");
    for (case, url) in [
        ("http for https", url.replace("https:", "http:")),
        ("another host", url.replace("hooks.example", "hook.example")),
        ("another path", url.replace("/in?", "/out?")),
        ("another query", url.replace("x=a%20b", "x=ab")),
    ] {
        let mut request = good.clone();
        request["url"] = url.into();
        add(case, request);
    }
    all
}

/// A text with a character near its end replaced, where padding does not hide it.
fn changed(value: &str, by: &str) -> String {
    let at = value.trim_end_matches('=').len() - 3;
    let by = if value[at..].starts_with(by) { "d" } else { by };
    format!("{}{by}{}", &value[..at], &value[at + 1..])
}

fn headers(request: &Request) -> Vec<(String, String)> {
    serde_json::from_value(request["headers"].clone()).expect("pairs")
}

fn with_header(request: &Request, at: usize, value: &str) -> Request {
    let mut request = request.clone();
    request["headers"][at][1] = value.into();
    request
}

fn with_body(request: &Request, change: impl FnOnce(&mut Vec<u8>)) -> Request {
    let mut request = request.clone();
    let mut body =
        STANDARD.decode(request["body_base64"].as_str().unwrap_or_default()).expect("base64");
    change(&mut body);
    request["body_base64"] = STANDARD.encode(body).into();
    request
}

/// The binary, with secrets of each kind.
pub struct Keyward {
    folder: TempDir,
    pairs: [Value; 2],
}

impl Keyward {
    pub fn new(driver: &mut Driver) -> Self {
        let pairs = [(); 2].map(|()| driver.ask(&json!({"keys": true})));
        Self { folder: tempfile::tempdir().unwrap(), pairs }
    }

    /// A secret of the kind that a library takes.
    pub fn secret(&self, library: &Library, kept: Kept) -> Secret {
        let pair = &self.pairs[kept as usize][&library.key];
        let text =
            ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "hXo4ZrTq8nLw5KxYb2MdJc7HfGs4NaUe"][kept as usize];
        let text = match library.key.as_str() {
            "text" => text.to_owned(),
            "whsec text" | "whsec base64" => format!("whsec_{text}"),
            "hex" => hex::encode(text),
            "long text" => format!("{text}-and-more"),
            "64 characters" => text.repeat(2),
            _ => {
                let half = |name: &str| pair[name].as_str().expect("a key pair").to_owned();
                return Secret { signing: half("signing"), verifying: half("verifying") };
            }
        };
        Secret { signing: text.clone(), verifying: text }
    }

    /// What Keyward signs.
    pub fn sign(&self, library: &Library, body: &str, kept: Kept) -> Request {
        let secret = self.file("signing", &self.secret(library, kept).signing);
        let body = self.file("body", body);
        let mut command = self.command("sign", library, &secret, TIME);
        command.args(["--url", URL, "--id", "msg_2mX9", "--reveal", "--body"]).arg(body);
        let output = command.output().unwrap();
        assert!(
            output.status.success(),
            "{}: {}",
            library.scheme,
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What the binary says of a sample.
    pub fn verify(&self, library: &Library, sample: &Sample) -> Answer {
        let secret = self.file("verifying", &self.secret(library, Kept::Right).verifying);
        let request = self.file("request", &sample.request.to_string());
        let mut command = self.command("verify", library, &secret, sample.now);
        let output = command.arg("--request").arg(request).output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
            panic!(
                "{}, {}: {}",
                library.scheme,
                sample.case,
                String::from_utf8_lossy(&output.stderr)
            )
        });
        let answer = answer(&report);
        assert_eq!(output.status.code(), Some(i32::from(!answer.accepts)), "{report}");
        answer
    }

    /// The same without a process of its own, for the many broken samples.
    pub fn judge(&self, library: &Library, sample: &Sample) -> Answer {
        let request = read_request(sample.request.to_string().as_bytes()).unwrap();
        let bytes = self.secret(library, Kept::Right).verifying.into_bytes().into();
        let secret = NamedSecret { name: "right".into(), version: None, bytes };
        let params = params(&library.scheme).into_iter();
        let report = verify(&Case {
            request: &request,
            scheme: Some(&library.scheme),
            custom: None,
            secrets: &[secret],
            also: &[],
            params: &params.map(|(name, value)| (name.into(), value.into())).collect(),
            now: sample.now,
            tolerance: None,
        });
        answer(&serde_json::to_value(report.unwrap()).unwrap())
    }

    fn command(&self, what: &str, library: &Library, secret: &Path, now: i64) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyward"));
        command
            .env("KEYWARD_HOME", self.folder.path().join("home"))
            .env("KEYWARD_KEYCHAIN", "memory");
        command.args([
            "webhook",
            what,
            "--json",
            "--scheme",
            &library.scheme,
            "--at",
            &now.to_string(),
        ]);
        command.arg("--secret-file").arg(secret);
        for (name, value) in params(&library.scheme) {
            command.args(["--param", &format!("{name}={value}")]);
        }
        command
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

fn answer(report: &Value) -> Answer {
    let accepts = report["verdict"] == "valid" || report["verdict"] == "authenticated";
    let codes = report["reasons"].as_array().into_iter().flatten();
    let why: Vec<_> = codes.filter_map(|reason| reason["code"].as_str()).collect();
    Answer { accepts, why: why.join(" ") }
}
