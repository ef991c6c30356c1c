//! A secret of GitHub Actions. It is sealed for the repository's public key before it is sent, and
//! nobody reads it back (<https://docs.github.com/en/rest/actions/secrets>).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_box::PublicKey;
use crypto_box::aead::OsRng;
use serde_json::{Value, json};

use super::http::{Server, escaped, path};
use super::{Held, local};
use crate::connector::Json;
use crate::{Failure, Why};

/// The longest value that GitHub takes, in bytes.
const MAX_VALUE: usize = 48 * 1024;
/// Where an answer says why.
const CODES: &[&str] = &["message"];

/// The secret.
pub(super) struct Secret<'a> {
    pub(super) repository: &'a str,
    pub(super) environment: Option<&'a str>,
    pub(super) name: &'a str,
    pub(super) endpoint: Option<&'a str>,
}

impl Secret<'_> {
    /// Seals the value and writes it.
    pub(super) fn push(&self, value: &[u8], token: &str) -> Result<(), Failure> {
        if value.len() > MAX_VALUE {
            return Err(local("the value is longer than 48 KiB, which GitHub does not take"));
        }
        let (server, secrets) = self.server(token)?;
        let server = server.hiding(value);
        let key = public_key(&server, &secrets)?;
        let text = |name: &str| key.0.get(name).and_then(Value::as_str);
        let unusable = || Failure::without_effect(Why::Answer("it holds no public key"));
        let (Some(id), Some(key)) = (text("key_id"), text("key")) else { return Err(unusable()) };
        let sealed = sealed(value, key).ok_or_else(unusable)?;
        let body = json!({"encrypted_value": sealed, "key_id": id}).to_string();
        server.send("PUT", &format!("{secrets}/{}", self.name), &body)?.well(CODES)?;
        Ok(())
    }

    /// Whether it is there; what it holds, nobody says.
    pub(super) fn check(&self, token: &str) -> Result<Held, Failure> {
        let (server, secrets) = self.server(token)?;
        let said = server.get(&format!("{secrets}/{}", self.name))?;
        if said.status == 404 {
            // So is a repository that is not there, or that this token may not see.
            public_key(&server, &secrets)?;
            return Ok(Held::Absent);
        }
        let found = said.json(CODES)?;
        let dated = found.0.get("updated_at").is_some_and(Value::is_string);
        match dated {
            true => Ok(Held::Unreadable),
            false => Err(Failure::without_effect(Why::Answer("it says nothing of the secret"))),
        }
    }

    fn server(&self, token: &str) -> Result<(Server, String), Failure> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if self.name.is_empty() || !self.name.bytes().all(is_name) {
            return Err(local(format!("`{}` is no name of a secret", self.name)));
        }
        let repository = path(self.repository, "repository")?;
        if repository.matches('/').count() != 1 {
            return Err(local(format!("`{}` is no `owner/name`", self.repository)));
        }
        let server = Server::new(self.endpoint, "https://api.github.com")
            .with("Authorization", &format!("Bearer {token}"))
            .with("Accept", "application/vnd.github+json")
            .with("X-GitHub-Api-Version", "2022-11-28")
            .hiding(token.as_bytes());
        let secrets = match self.environment {
            Some(name) => format!("/repos/{repository}/environments/{}/secrets", escaped(name)),
            None => format!("/repos/{repository}/actions/secrets"),
        };
        Ok((server, secrets))
    }
}

fn public_key(server: &Server, secrets: &str) -> Result<Json, Failure> {
    server.get(&format!("{secrets}/public-key"))?.json(CODES)
}

/// libsodium's sealed box: X25519 with a key made for this one message, and XSalsa20-Poly1305.
fn sealed(value: &[u8], key: &str) -> Option<String> {
    let key: [u8; 32] = STANDARD.decode(key).ok()?.try_into().ok()?;
    let sealed = PublicKey::from(key).seal(&mut OsRng, value).ok()?;
    Some(STANDARD.encode(sealed))
}
