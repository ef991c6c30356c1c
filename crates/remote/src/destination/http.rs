//! Calls to the places that speak JSON over HTTP: a credential in a header, a short code of a refusal.

use std::time::Duration;

use serde_json::Value;
use zeroize::Zeroizing;

use super::local;
use crate::client::{Call, Named, Patience};
use crate::connector::Json;
use crate::{Failure, Happened, Why};

/// A server, and what every call to it carries.
pub(super) struct Server {
    base: String,
    named: Named,
    headers: Vec<(String, Zeroizing<String>)>,
    hidden: Vec<Zeroizing<String>>,
}

/// An answer of any status but a redirect and 429.
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) body: Zeroizing<Vec<u8>>,
    wait: Option<Duration>,
    happened: Happened,
    hidden: Vec<Zeroizing<String>>,
}

impl Server {
    /// The user's address, or else the built-in one.
    pub(super) fn new(endpoint: Option<&str>, built_in: &str) -> Self {
        let named = if endpoint.is_some() { Named::ByUser } else { Named::BuiltIn };
        let base = endpoint.unwrap_or(built_in).trim_end_matches('/').to_owned();
        let agent = format!("keyward/{}", env!("CARGO_PKG_VERSION"));
        let headers = vec![("User-Agent".to_owned(), Zeroizing::new(agent))];
        Self { base, named, headers, hidden: vec![] }
    }

    /// With one more header.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), Zeroizing::new(value.to_owned())));
        self
    }

    /// Repeats nothing of a refusal that holds this: a server may echo what it was sent.
    pub(super) fn hiding(mut self, value: &[u8]) -> Self {
        self.hidden.push(Zeroizing::new(String::from_utf8_lossy(value).into_owned()));
        self
    }

    pub(super) fn get(&self, path: &str) -> Result<Said, Failure> {
        self.call("GET", path, Zeroizing::default())
    }

    /// Sends JSON with a method that writes.
    pub(super) fn send(&self, method: &str, path: &str, body: &str) -> Result<Said, Failure> {
        self.call(method, path, Zeroizing::new(body.as_bytes().to_vec()))
    }

    fn call(&self, method: &str, path: &str, body: Zeroizing<Vec<u8>>) -> Result<Said, Failure> {
        let mut headers = self.headers.clone();
        let repeatable = method == "GET";
        if !repeatable {
            let json = Zeroizing::new("application/json".to_owned());
            headers.push(("Content-Type".to_owned(), json));
        }
        let url = Zeroizing::new(format!("{}{path}", self.base));
        let call = Call { method: method.to_owned(), url, headers, body, repeatable };
        let reply = call.make(self.named, Patience::USUAL)?;
        let happened = if repeatable { Happened::No } else { Happened::Perhaps };
        let hidden = self.hidden.clone();
        let (status, body, wait) = (reply.status, reply.body, reply.wait);
        Ok(Said { status, body, wait, happened, hidden })
    }
}

impl Said {
    /// The body of a success as JSON; a refusal otherwise, with the code that one of `codes` (keys of
    /// the answer) holds.
    pub(super) fn json(self, codes: &[&str]) -> Result<Json, Failure> {
        let said = self.well(codes)?;
        let answer = Json::read(&said.body);
        let why = Why::Answer("it is no JSON object");
        if answer.0.is_object() {
            Ok(answer)
        } else {
            Err(Failure { happened: said.happened, why, wait: None })
        }
    }

    /// Itself, if it is a success.
    pub(super) fn well(self, codes: &[&str]) -> Result<Self, Failure> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let answer = Json::read(&self.body);
        let is_hidden = |text: &str| {
            self.hidden.iter().any(|value| !value.is_empty() && text.contains(value.as_str()))
        };
        let plain = |text: &str| if is_hidden(text) { None } else { code(text) };
        let first = |value: &Value| value.get(0).unwrap_or(value).as_str().and_then(plain);
        let code = codes.iter().find_map(|key| first(answer.0.get(key)?));
        // A server that broke down may have done it before.
        let happened = if self.status >= 500 { self.happened } else { Happened::No };
        let why = Why::Refused { status: self.status, code };
        Err(Failure { happened, why, wait: self.wait })
    }
}

/// A refusal in words, as far as it is words: what could be a value is not repeated.
fn code(text: &str) -> Option<String> {
    let is_word = |word: &str| {
        let inner = word.trim_end_matches(['.', ',', ':', ';', '!']);
        (1..=20).contains(&inner.len())
            && inner.bytes().all(|b| b.is_ascii_alphabetic() || b"-_'".contains(&b))
    };
    let words: Vec<&str> = text.split_ascii_whitespace().take_while(|word| is_word(word)).collect();
    let mut short = words.join(" ");
    short.truncate(80);
    Some(short.trim_end_matches(['.', ':']).to_owned()).filter(|short| !short.is_empty())
}

/// A part of a path, with everything escaped that could end it (RFC 3986 section 2.3).
pub(super) fn escaped(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    for byte in part.bytes() {
        match byte {
            b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => out.push(char::from(b)),
            b => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

/// A path of some parts; none of them may climb.
pub(super) fn path(text: &str, what: &str) -> Result<String, Failure> {
    let parts: Vec<&str> = text.trim_matches('/').split('/').collect();
    if parts.iter().any(|part| matches!(*part, "" | "." | "..")) {
        return Err(local(format!("`{text}` is no {what}")));
    }
    Ok(parts.into_iter().map(escaped).collect::<Vec<_>>().join("/"))
}
