//! A field of a secret in a KV version 2 store of Vault or OpenBao. The other fields are written back
//! as they were read, and check-and-set refuses the write if someone else wrote meanwhile
//! (<https://openbao.org/api-docs/secret/kv/kv-v2/>).

use serde_json::Value;
use zeroize::Zeroizing;

use super::http::{Server, path};
use super::{local, text};
use crate::connector::Json;
use crate::{Failure, Why, json};

/// The field.
pub(super) struct Field<'a> {
    pub(super) address: &'a str,
    pub(super) mount: &'a str,
    pub(super) path: &'a str,
    pub(super) field: &'a str,
    pub(super) namespace: Option<&'a str>,
}

/// A secret as it was read.
struct Read {
    /// Its fields as the server wrote them.
    data: Zeroizing<String>,
    /// The version that a write has to follow; 0 when there was none.
    version: u64,
}

/// Where an answer says why.
const CODES: &[&str] = &["errors"];

impl Field<'_> {
    /// Writes the field. A write that came between is read and taken over once.
    pub(super) fn push(&self, value: &[u8], token: &str) -> Result<(), Failure> {
        let value = text(value)?;
        let (server, path) = self.server(token)?;
        let server = server.hiding(value.as_bytes());
        for _ in 0..2 {
            let read = read(&server, &path)?;
            let known = json::text(&read.data, self.field).ok().flatten();
            if known.is_some_and(|known| *known == value) {
                return Ok(());
            }
            let data = json::with_text(&read.data, self.field, value).map_err(local)?;
            let version = read.version.to_string();
            let parts = ["{\"options\":{\"cas\":", &version, "},\"data\":", &data, "}"];
            let body = Zeroizing::new(parts.concat());
            match server.send("POST", &path, &body)?.well(CODES) {
                Ok(_) => return Ok(()),
                Err(failure) if is_conflict(&failure) => {}
                Err(failure) => return Err(failure),
            }
        }
        Err(Failure::without_effect(Why::Conflict))
    }

    /// What the field holds.
    pub(super) fn read(&self, token: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        let (server, path) = self.server(token)?;
        let value = json::text(&read(&server, &path)?.data, self.field);
        let value = value.map_err(|why| Failure::without_effect(Why::Answer(why)))?;
        Ok(value.map(|value| Zeroizing::new(value.as_bytes().to_vec())))
    }

    fn server(&self, token: &str) -> Result<(Server, String), Failure> {
        let (mount, path) = (path(self.mount, "mount")?, path(self.path, "path of a secret")?);
        let server = Server::new(Some(self.address), "").with("X-Vault-Token", token);
        let server = server.hiding(token.as_bytes());
        // What a proxy or agent of theirs asks for, so that no page can send such a request.
        let server = server.with("X-Vault-Request", "true");
        let server = match self.namespace {
            Some(namespace) => server.with("X-Vault-Namespace", namespace),
            None => server,
        };
        Ok((server, format!("/v1/{mount}/data/{path}")))
    }
}

fn read(server: &Server, path: &str) -> Result<Read, Failure> {
    let said = server.get(path)?;
    let none = Zeroizing::new("{}".to_owned());
    if said.status == 404 {
        // With a body where a version was deleted: the next one still has to follow it. Without one
        // where there never was any; and an engine of version 1 says so in a warning.
        let answer = Json::read(&said.body);
        let known = |pointer: &str| answer.0.pointer(pointer);
        if known("/warnings/0").is_some() {
            return Err(Failure::without_effect(Why::Answer("it is no KV store of version 2")));
        }
        let version = known("/data/metadata/version").and_then(Value::as_u64).unwrap_or(0);
        return Ok(Read { data: none, version });
    }
    let said = said.well(CODES)?;
    let unknown = || Failure::without_effect(Why::Answer("it is no secret of a KV store"));
    let body = std::str::from_utf8(&said.body).map_err(|_| unknown())?;
    let outer = json::member(body, "data").ok_or_else(unknown)?;
    let data = json::member(outer, "data").ok_or_else(unknown)?;
    let metadata = json::member(outer, "metadata").ok_or_else(unknown)?;
    let version = json::member(metadata, "version").and_then(|text| text.parse().ok());
    let data = if data == "null" { none } else { Zeroizing::new(data.to_owned()) };
    Ok(Read { data, version: version.ok_or_else(unknown)? })
}

/// "check-and-set parameter did not match the current version", with 400.
fn is_conflict(failure: &Failure) -> bool {
    matches!(&failure.why, Why::Refused { status: 400, code: Some(code) } if code.contains("check-and-set"))
}
