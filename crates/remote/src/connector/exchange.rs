//! One call of a recipe: the request put together, sent, and its answer judged.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use zeroize::Zeroizing;

use super::answer::{Json, code};
use super::recipe::{Actor, Call, Meaning, Row};
use super::run::{Given, Runner, missing};
use super::template::{Of, Place, Template};
use crate::client::{Call as Exchange, Named, Reply};
use crate::{Failure, Happened, Target, Why};

/// An answer and what it means.
pub(super) struct Judged {
    pub meaning: Option<Meaning>,
    pub status: u16,
    pub code: Option<String>,
    pub json: Json,
}

impl Runner<'_> {
    /// Makes a call and judges its answer.
    pub(super) fn make(&self, call: &Call, mut given: Given) -> Result<Judged, Failure> {
        given.actor = match call.actor {
            Actor::Value => given.value.clone(),
            Actor::Admin => Some(given.admin.clone().ok_or_else(|| missing(Of::Admin))?),
            Actor::Doomed => Some(given.doomed.clone().ok_or_else(|| missing(Of::Doomed))?),
            Actor::Nobody => None,
        };
        let (exchange, named) = self.exchange(call, &given)?;
        let mut secrets = given.secrets();
        let hidden = exchange.headers.iter().filter(|(name, _)| !is_plain(name));
        secrets.extend(hidden.map(|(_, value)| value.clone()));
        let Reply { status, body, wait } = exchange.make(named, self.patience)?;
        let json = Json::read(&body);
        let row = call.answers.iter().find(|row| fits(row, status, &json.0));
        let says = |row: &Row| matches!(row.is, Meaning::Ok | Meaning::Alive);
        let meaning = match row {
            Some(row) => Some(row.is),
            None if !call.answers.iter().any(says) && (200..300).contains(&status) => {
                Some(Meaning::Ok)
            }
            None => None,
        };
        // What went well needs no reason, and the same place may hold something else then.
        let reasons = match meaning {
            Some(Meaning::Alive | Meaning::Ok) => &[][..],
            _ => &self.recipe.code[..],
        };
        let said = reasons.iter().find_map(|pointer| pointer.text(&json.0));
        let code = said.and_then(|said| code(&Zeroizing::new(said), &secrets));
        // Unless the recipe knows what it means, a server's own fault says nothing of what it did.
        if status >= 500 && row.is_none() {
            let happened = if exchange.repeatable { Happened::No } else { Happened::Perhaps };
            return Err(Failure { happened, why: Why::Refused { status, code }, wait });
        }
        Ok(Judged { meaning, status, code, json })
    }

    fn exchange(&self, call: &Call, given: &Given) -> Result<(Exchange, Named), Failure> {
        let (base, named) = self.base(call, given)?;
        let path = call.path.fill(given, Place::Url)?.unwrap_or_default();
        let mut url = Zeroizing::new(String::with_capacity(base.len() + path.len()));
        url.push_str(&base);
        url.push_str(&path);
        let mut headers = vec![
            header("User-Agent", concat!("keyward/", env!("CARGO_PKG_VERSION"))),
            header("Accept", "application/json"),
        ];
        let mut add = |name: &str, value: Zeroizing<String>| {
            headers.retain(|(known, _): &(String, _)| !known.eq_ignore_ascii_case(name));
            headers.push((name.to_owned(), value));
        };
        for (name, value) in &self.recipe.headers {
            if let Some(value) = value.fill(given, Place::Plain)? {
                add(name, value);
            }
        }
        if call.actor != Actor::Nobody {
            let auth = self.recipe.auth_of(call);
            for (name, value) in &auth.headers {
                if let Some(value) = value.fill(given, Place::Plain)? {
                    add(name, value);
                }
            }
            if let Some(basic) = &auth.basic {
                let pair = basic.fill(given, Place::Plain)?.unwrap_or_default();
                let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
                add("Authorization", Zeroizing::new(format!("Basic {}", *encoded)));
            }
        }
        let mut body = Zeroizing::default();
        if let Some(json) = &call.json {
            let json = Json(json.fill(given)?.unwrap_or_default());
            add("Content-Type", Zeroizing::new("application/json".to_owned()));
            body = Zeroizing::new(Vec::with_capacity(16 * 1024));
            serde_json::to_writer(&mut *body, &json.0)
                .map_err(|_| Failure::without_effect(Why::Answer("it cannot be written")))?;
        }
        if let Some(form) = &call.form {
            let fill = |(name, value): (&String, &Template)| {
                Some(
                    value.fill(given, Place::Plain).transpose()?.map(|value| (name.clone(), value)),
                )
            };
            let pairs = form.iter().filter_map(fill).collect::<Result<Vec<_>, _>>()?;
            let (kind, text) = if call.multipart { multipart(&pairs)? } else { urlencoded(&pairs) };
            add("Content-Type", Zeroizing::new(kind.to_owned()));
            body = text;
        }
        for (name, value) in &call.headers {
            if let Some(value) = value.fill(given, Place::Plain)? {
                add(name, value);
            }
        }
        let method = call.method.name().to_owned();
        let repeatable = matches!(method.as_str(), "GET" | "LIST");
        Ok((Exchange { method, url, headers, body, repeatable }, named))
    }

    /// Where the call goes, and who said so.
    fn base(&self, call: &Call, given: &Given) -> Result<(Zeroizing<String>, Named), Failure> {
        if let Some(endpoint) = self.account.endpoint {
            // A query or a fragment would swallow the path.
            if endpoint.contains(['?', '#']) {
                let why = "an endpoint ends before any `?` and `#`";
                return Err(Failure::without_effect(Why::Remote(crate::RemoteError::Target(why))));
            }
            let endpoint = endpoint.trim_end_matches('/').to_owned();
            return Ok((Zeroizing::new(endpoint), Named::ByUser));
        }
        let base = call.base.as_ref().or(self.recipe.base.as_ref());
        let lacking = || Failure::without_effect(Why::Missing("endpoint".to_owned()));
        // A parameter in it is part of a host's name; anything else in it makes another host.
        let base = base.ok_or_else(lacking)?.fill(given, Place::Url)?.ok_or_else(lacking)?;
        if self.recipe.hosts.is_none() {
            return Ok((base, Named::ByUser));
        }
        let host =
            Target::parse(&base).map_err(|error| Failure::without_effect(Why::Remote(error)))?.host;
        if !self.recipe.knows_host(&host) {
            let why = "it is none of the hosts that are built in; give it as the endpoint";
            return Err(Failure::without_effect(Why::Remote(crate::RemoteError::Target(why))));
        }
        Ok((base, Named::BuiltIn))
    }
}

type Pairs = [(String, Zeroizing<String>)];

fn urlencoded(pairs: &Pairs) -> (&'static str, Zeroizing<Vec<u8>>) {
    let mut form = form_urlencoded::Serializer::new(String::with_capacity(16 * 1024));
    for (name, value) in pairs {
        form.append_pair(name, value);
    }
    ("application/x-www-form-urlencoded", Zeroizing::new(form.finish().into_bytes()))
}

/// RFC 7578. Nothing of a value may look like the boundary.
fn multipart(pairs: &Pairs) -> Result<(&'static str, Zeroizing<Vec<u8>>), Failure> {
    const BOUNDARY: &str = "--keyward-5d41f0c2";
    let mut body = Zeroizing::new(Vec::with_capacity(16 * 1024));
    for (name, value) in pairs {
        if value.contains(BOUNDARY) {
            let why = "a parameter that does not hold the boundary of the form".to_owned();
            return Err(Failure::without_effect(Why::Missing(why)));
        }
        let head = format!("{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(value.as_bytes());
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("{BOUNDARY}--\r\n").as_bytes());
    Ok(("multipart/form-data; boundary=keyward-5d41f0c2", body))
}

fn header(name: &str, value: &str) -> (String, Zeroizing<String>) {
    (name.to_owned(), Zeroizing::new(value.to_owned()))
}

/// Headers that hold no credential, so that their words may stand in a code.
fn is_plain(name: &str) -> bool {
    ["user-agent", "accept", "content-type"].iter().any(|plain| name.eq_ignore_ascii_case(plain))
}

fn fits(row: &Row, status: u16, json: &Value) -> bool {
    let found = match &row.at {
        None => return row.status.has(status),
        Some(at) => at.find(json),
    };
    let Some(found) = found.filter(|_| row.status.has(status)) else { return false };
    let equals = row.equals.is_empty() || row.equals.contains(found);
    let contains = row
        .contains
        .as_ref()
        .is_none_or(|part| found.as_str().is_some_and(|text| text.contains(part.as_str())));
    equals && contains
}
