//! A CI/CD variable of a GitLab project, in one environment scope. What else is set at it (masked,
//! protected) stays (<https://docs.gitlab.com/api/project_level_variables/>).

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::http::{Server, escaped};
use super::{local, text};
use crate::connector::Json;
use crate::{Failure, Why};

/// Where an answer says why.
const CODES: &[&str] = &["error", "message"];

/// The variable.
pub(super) struct Variable<'a> {
    pub(super) project: &'a str,
    pub(super) key: &'a str,
    pub(super) scope: Option<&'a str>,
    pub(super) endpoint: Option<&'a str>,
}

/// What is there.
pub(super) enum Found {
    Nothing,
    Value(Zeroizing<Vec<u8>>),
    /// It was made hidden.
    Hidden,
}

impl Variable<'_> {
    /// Writes the value, or makes the variable, masked where GitLab can mask it.
    pub(super) fn push(&self, value: &[u8], token: &str) -> Result<(), Failure> {
        let value = text(value)?;
        let (server, variables) = self.server(token)?;
        let server = server.hiding(value.as_bytes());
        let scope = self.scope.unwrap_or("*");
        match self.find(&server, &variables)? {
            Some(found) if found.0.get("value").and_then(Value::as_str) == Some(value) => Ok(()),
            Some(found) => {
                let mut body = json!({"value": value, "filter": {"environment_scope": scope}});
                // GitLab expands `$` in a variable that is not raw.
                if value.contains('$') && found.0.get("raw") != Some(&Value::Bool(true)) {
                    body["raw"] = true.into();
                }
                let path = format!("{variables}/{}{}", self.key, self.filter());
                self.send(&server, "PUT", &path, body)
            }
            None => {
                let body = json!({
                    "key": self.key, "value": value, "environment_scope": scope,
                    "masked": can_be_masked(value), "raw": true,
                });
                self.send(&server, "POST", &variables, body)
            }
        }
    }

    /// What the variable holds.
    pub(super) fn read(&self, token: &str) -> Result<Found, Failure> {
        let (server, variables) = self.server(token)?;
        let Some(found) = self.find(&server, &variables)? else { return Ok(Found::Nothing) };
        match found.0.get("value") {
            Some(Value::String(text)) => Ok(Found::Value(Zeroizing::new(text.as_bytes().to_vec()))),
            Some(Value::Null) => Ok(Found::Hidden),
            _ => Err(Failure::without_effect(Why::Answer("it is no variable"))),
        }
    }

    fn find(&self, server: &Server, variables: &str) -> Result<Option<Json>, Failure> {
        let said = server.get(&format!("{variables}/{}{}", self.key, self.filter()))?;
        if said.status == 404 {
            // So is a project that is not there, or that this token may not see.
            server.get(&format!("{variables}?per_page=1"))?.well(CODES)?;
            return Ok(None);
        }
        said.json(CODES).map(Some)
    }

    fn send(&self, server: &Server, method: &str, path: &str, body: Value) -> Result<(), Failure> {
        let body = Json(body);
        let text = Zeroizing::new(body.0.to_string());
        server.send(method, path, &text)?.well(CODES)?;
        Ok(())
    }

    fn filter(&self) -> String {
        format!("?filter%5Benvironment_scope%5D={}", escaped(self.scope.unwrap_or("*")))
    }

    fn server(&self, token: &str) -> Result<(Server, String), Failure> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if self.key.is_empty() || self.key.len() > 255 || !self.key.bytes().all(is_name) {
            return Err(local(format!("`{}` is no name of a variable", self.key)));
        }
        let server = Server::new(self.endpoint, "https://gitlab.com").with("PRIVATE-TOKEN", token);
        let server = server.hiding(token.as_bytes());
        // The whole path of a project is one part of the address.
        let project = escaped(self.project.trim_matches('/'));
        if matches!(project.as_str(), "" | "." | "..") {
            return Err(local(format!("`{}` is no project", self.project)));
        }
        Ok((server, format!("/api/v4/projects/{project}/variables")))
    }
}

/// What GitLab masks in a job's log: one line of 8 signs or more without blanks.
fn can_be_masked(value: &str) -> bool {
    value.chars().count() >= 8 && value.bytes().all(|b| b.is_ascii_graphic())
}
