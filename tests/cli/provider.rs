//! A provider in the test: an HTTP server with keys that it makes, knows and revokes, and the faults
//! that are asked of it. What it holds at the end is what a run is judged by.

#![allow(clippy::disallowed_types)] // the provider

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::spawn;

use serde_json::{Value, json};

/// How the provider replaces a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// As SendGrid: a second key, both work, one is deleted by its id.
    IssueDelete,
    /// As GitLab: the new token ends the old one, and using the old one again ends them all.
    RollInPlace,
    /// As Paddle: the new key, and the old one for so many more questions.
    RollWithGrace,
    /// As Twilio's auth token: a second slot that is promoted.
    PrimarySecondary,
    /// As Anthropic: made in the console, made inactive by its id.
    DisableOnly,
    /// As GitHub: made in the console, revoked by whoever has it.
    SelfRevoke,
}

/// Something that goes wrong once, at the next call that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The key is made, and the answer never comes.
    LoseCreated,
    /// A key is deleted, and the answer never comes.
    LoseDeleted,
    /// The same with half an answer.
    HalfCreated,
    /// 429 with a second to wait.
    TooMany,
    /// 503 before anything is done.
    Down,
    /// The new key is not known for so many questions.
    Slow(u32),
    /// A revoked key is still taken for so many questions.
    Linger(u32),
}

#[derive(Debug, Clone)]
struct Key {
    id: String,
    name: String,
    /// Questions for which it is not known yet.
    unknown_for: u32,
    dead: bool,
    /// Questions for which it is taken although it is dead.
    lingers_for: u32,
}

#[derive(Debug, Default)]
struct Books {
    keys: BTreeMap<String, Key>,
    faults: Vec<Fault>,
    made: u32,
    calls: Vec<String>,
    family_ended: bool,
}

/// A provider that runs.
#[derive(Clone)]
pub struct Provider {
    pub url: String,
    books: Arc<Mutex<Books>>,
}

impl Provider {
    /// With one key, `first`.
    pub fn start(shape: Shape, first: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let books = Arc::new(Mutex::new(Books::default()));
        let provider = Self { url, books: Arc::clone(&books) };
        provider.put(first, "the first");
        spawn(move || {
            for stream in listener.incoming().flatten() {
                let books = Arc::clone(&books);
                spawn(move || answer(stream, shape, &books));
            }
        });
        provider
    }

    /// A key that was made elsewhere.
    pub fn put(&self, value: &str, name: &str) {
        let mut books = self.books.lock().unwrap();
        let key = Key {
            id: id_of(value),
            name: name.to_owned(),
            unknown_for: 0,
            dead: false,
            lingers_for: 0,
        };
        books.keys.insert(value.to_owned(), key);
    }

    /// A person deletes every key in the console.
    pub fn clear(&self) {
        self.books.lock().unwrap().keys.values_mut().for_each(|key| key.dead = true);
    }

    pub fn fault(&self, fault: Fault) {
        self.books.lock().unwrap().faults.push(fault);
    }

    /// The values that are alive, in order of their making.
    pub fn alive(&self) -> Vec<String> {
        let books = self.books.lock().unwrap();
        books.keys.iter().filter(|(_, key)| !key.dead).map(|(value, _)| value.clone()).collect()
    }

    pub fn calls(&self) -> Vec<String> {
        self.books.lock().unwrap().calls.clone()
    }

    pub fn family_ended(&self) -> bool {
        self.books.lock().unwrap().family_ended
    }
}

/// The part of `SG.<id>.<secret>` that is no secret, or the whole of another token's tail.
fn id_of(value: &str) -> String {
    value.split('.').nth(1).map_or_else(|| value[value.len() - 4..].to_owned(), str::to_owned)
}

fn take(faults: &mut Vec<Fault>, fits: impl Fn(&Fault) -> bool) -> Option<Fault> {
    let at = faults.iter().position(fits)?;
    Some(faults.remove(at))
}

fn answer(mut stream: TcpStream, shape: Shape, books: &Mutex<Books>) {
    let Some((head, body)) = read(&mut stream) else { return };
    let mut books = books.lock().unwrap();
    let line = head.lines().next().unwrap_or_default().to_owned();
    let mut words = line.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    books.calls.push(format!("{method} {path}"));
    let header = |name: &str| {
        head.lines()
            .find_map(|line| line.split_once(": ").filter(|(n, _)| n.eq_ignore_ascii_case(name)))
    };
    let bearer = || header("authorization").and_then(|(_, v)| v.strip_prefix("Bearer "));
    let with = match shape {
        Shape::RollInPlace => header("private-token").map(|(_, v)| v),
        Shape::DisableOnly => header("x-api-key").map(|(_, v)| v),
        _ => bearer(),
    };
    let basic = header("authorization").and_then(|(_, v)| v.strip_prefix("Basic "));
    let basic = basic.map(|text| String::from_utf8(base64(text)).unwrap());
    let basic = basic.as_deref().and_then(|text| text.strip_prefix("ACtests:"));
    let with = with.or(basic).unwrap_or_default().to_owned();
    if shape == Shape::SelfRevoke && path == "/credentials/revoke" {
        let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
        for value in asked["credentials"].as_array().into_iter().flatten() {
            if let Some(key) = books.keys.get_mut(value.as_str().unwrap_or_default()) {
                key.dead = true;
            }
        }
        say(&mut stream, 202, &json!({}));
        return;
    }
    if take(&mut books.faults, |fault| *fault == Fault::TooMany).is_some() {
        let text = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
        let _ = stream.write_all(text.as_bytes());
        return;
    }
    if take(&mut books.faults, |fault| *fault == Fault::Down).is_some() {
        say(&mut stream, 503, &json!({}));
        return;
    }
    let known = match books.keys.get_mut(&with) {
        None => false,
        Some(key) if key.unknown_for > 0 => {
            key.unknown_for -= 1;
            false
        }
        Some(key) if key.dead && key.lingers_for > 0 => {
            key.lingers_for -= 1;
            true
        }
        Some(key) => !key.dead,
    };
    if !known {
        let was = books.keys.get(&with).is_some_and(|key| key.dead);
        if shape == Shape::RollInPlace && was && path.ends_with("/rotate") {
            books.family_ended = true;
            books.keys.values_mut().for_each(|key| key.dead = true);
        }
        let (status, body) = match shape {
            Shape::IssueDelete => {
                (401, json!({ "errors": [{ "message": "authorization required" }] }))
            }
            Shape::RollInPlace => (401, json!({ "error": "invalid_token" })),
            Shape::RollWithGrace => (403, json!({ "error": { "code": "invalid_token" } })),
            Shape::PrimarySecondary => (401, json!({ "code": 20003 })),
            Shape::DisableOnly => (401, json!({ "error": { "type": "authentication_error" } })),
            Shape::SelfRevoke => (401, json!({ "message": "Bad credentials" })),
        };
        say(&mut stream, status, &body);
        return;
    }
    match (shape, method, path) {
        (Shape::IssueDelete, "GET", "/scopes") => {
            say(&mut stream, 200, &json!({ "scopes": ["mail.send"] }))
        }
        (Shape::IssueDelete, "GET", "/api_keys") => {
            let alive = books.keys.values().filter(|key| !key.dead);
            let keys: Vec<Value> =
                alive.map(|key| json!({ "api_key_id": key.id, "name": key.name })).collect();
            say(&mut stream, 200, &json!({ "result": keys }));
        }
        (Shape::IssueDelete, "POST", "/api_keys") => {
            let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
            let name = asked["name"].as_str().unwrap_or_default().to_owned();
            make(&mut stream, &mut books, shape, name);
        }
        (Shape::IssueDelete, "DELETE", path) => {
            let id = path.rsplit('/').next().unwrap_or_default().to_owned();
            let linger = take(&mut books.faults, |fault| matches!(fault, Fault::Linger(_)));
            match books.keys.values_mut().find(|key| key.id == id && !key.dead) {
                Some(key) => {
                    key.dead = true;
                    if let Some(Fault::Linger(questions)) = linger {
                        key.lingers_for = questions;
                    }
                    if take(&mut books.faults, |fault| *fault == Fault::LoseDeleted).is_some() {
                        return;
                    }
                    let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
                }
                None => say(&mut stream, 404, &json!({})),
            }
        }
        (Shape::RollInPlace, "GET", "/personal_access_tokens/self") => {
            let id = books.keys[&with].id.clone();
            say(
                &mut stream,
                200,
                &json!({ "id": id, "active": true, "revoked": false, "expires_at": "2027-03-01" }),
            );
        }
        (Shape::RollInPlace, "POST", "/personal_access_tokens/self/rotate") => {
            books.keys.get_mut(&with).unwrap().dead = true;
            make(&mut stream, &mut books, shape, String::new());
        }
        (Shape::RollInPlace, "DELETE", "/personal_access_tokens/self") => {
            books.keys.get_mut(&with).unwrap().dead = true;
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        }
        (Shape::RollWithGrace, "GET", _) => {
            say(&mut stream, 200, &json!({ "data": { "id": books.keys[&with].id } }));
        }
        (Shape::RollWithGrace, "POST", path) if path.ends_with("/rotations") => {
            let key = books.keys.get_mut(&with).unwrap();
            (key.dead, key.lingers_for) = (true, 2);
            make(&mut stream, &mut books, shape, String::new());
        }
        (Shape::PrimarySecondary, "GET", _) => say(&mut stream, 200, &json!({ "sid": "ACtests" })),
        (Shape::PrimarySecondary, "POST", "/AuthTokens/Secondary") => {
            make(&mut stream, &mut books, shape, "second".to_owned());
        }
        (Shape::PrimarySecondary, "DELETE", "/AuthTokens/Secondary") => {
            books
                .keys
                .values_mut()
                .filter(|key| key.name == "second")
                .for_each(|key| key.dead = true);
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        }
        (Shape::PrimarySecondary, "POST", "/AuthTokens/Promote") => {
            for key in books.keys.values_mut() {
                key.dead |= key.name != "second";
                key.name = "first".to_owned();
            }
            say(&mut stream, 200, &json!({ "auth_token": "first" }));
        }
        (Shape::DisableOnly, "GET", "/models") => say(&mut stream, 200, &json!({ "data": [] })),
        (Shape::DisableOnly, "POST", path) => {
            let id = path.rsplit('/').next().unwrap_or_default().to_owned();
            match books.keys.values_mut().find(|key| key.id == id) {
                Some(key) => {
                    key.dead = true;
                    say(&mut stream, 200, &json!({ "status": "inactive" }));
                }
                None => say(&mut stream, 404, &json!({})),
            }
        }
        (Shape::SelfRevoke, "GET", "/user") => say(&mut stream, 200, &json!({ "login": "ada" })),
        _ => say(&mut stream, 404, &json!({})),
    }
}

fn make(stream: &mut TcpStream, books: &mut Books, shape: Shape, name: String) {
    books.made += 1;
    let number = books.made;
    let value = match shape {
        Shape::IssueDelete => sendgrid(number),
        Shape::RollWithGrace => paddle(number),
        Shape::PrimarySecondary => twilio(number),
        _ => gitlab(number),
    };
    let slow = take(&mut books.faults, |fault| matches!(fault, Fault::Slow(_)));
    let unknown_for = if let Some(Fault::Slow(questions)) = slow { questions } else { 0 };
    let id = id_of(&value);
    let key = Key { id: id.clone(), name, unknown_for, dead: false, lingers_for: 0 };
    books.keys.insert(value.clone(), key);
    if take(&mut books.faults, |fault| *fault == Fault::LoseCreated).is_some() {
        return;
    }
    let (status, body) = match shape {
        Shape::IssueDelete => (201, json!({ "api_key": value, "api_key_id": id })),
        Shape::RollWithGrace => (201, json!({ "data": { "new_key": value, "api_key_id": id } })),
        Shape::PrimarySecondary => (201, json!({ "secondary_auth_token": value })),
        _ => (200, json!({ "token": value, "id": id, "expires_at": "2027-03-08" })),
    };
    if take(&mut books.faults, |fault| *fault == Fault::HalfCreated).is_some() {
        let text = body.to_string();
        let head = format!("HTTP/1.1 {status} OK\r\nContent-Length: {}\r\n\r\n", text.len());
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.write_all(&text.as_bytes()[..text.len() / 2]);
        return;
    }
    say(stream, status, &body);
}

/// A made-up SendGrid key, valid in form.
pub fn sendgrid(number: u32) -> String {
    format!("SG.{}.{}", letters(number, 22), letters(number + 50_000, 43))
}

/// A made-up GitLab token, valid in form.
pub fn gitlab(number: u32) -> String {
    format!("glpat-{}", letters(number, 20))
}

/// A made-up Paddle key, valid in form: its id stays when it is rolled.
pub fn paddle(number: u32) -> String {
    format!("pdl_live_apikey_{}_{}_abc", "01gtgztp8f4kek3yd4g1wrksa3", letters(number, 22))
}

/// A made-up Twilio auth token, valid in form.
pub fn twilio(number: u32) -> String {
    let mut text = String::new();
    let mut state = u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    while text.len() < 32 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        text.push_str(&format!("{:04x}", state >> 48));
    }
    text
}

/// Letters that two numbers share no stretch of, in the order of the numbers.
fn letters(number: u32, length: usize) -> String {
    let mut state = u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut text = format!("{number:05}");
    while text.len() < length {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let letter = (state >> 33) % 52;
        let first = if letter < 26 { b'a' } else { b'A' - 26 };
        text.push(char::from(first + letter as u8));
    }
    text
}

/// Answers, a moment after what was asked was done: a kill can fall between the two.
fn say(stream: &mut TcpStream, status: u16, body: &Value) {
    std::thread::sleep(std::time::Duration::from_millis(20));
    let text = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        text.len()
    );
    let _ = stream.write_all((head + &text).as_bytes());
}

/// RFC 4648 section 4, for the one header that has it.
fn base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let values = text.bytes().filter_map(|b| LETTERS.iter().position(|letter| *letter == b));
    let bits: Vec<u8> =
        values.flat_map(|v| (0..6).rev().map(move |bit| (v >> bit & 1) as u8)).collect();
    bits.chunks_exact(8).map(|eight| eight.iter().fold(0, |byte, bit| byte << 1 | bit)).collect()
}

fn read(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = vec![];
    let mut buffer = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            let length: usize = length.and_then(|text| text.parse().ok()).unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                return Some((head, bytes[end + 4..].to_vec()));
            }
        }
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
    }
}
