//! AWS Secrets Manager: a new version is put beside the current one as `AWSPENDING`, read back, and
//! then made `AWSCURRENT`; the old one becomes `AWSPREVIOUS`. Every step can be repeated: the version's
//! id is the run's token, and the last step moves the stage from the very version that was read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::call::Caller;
use super::credentials::Credentials;
use crate::{Failure, Happened, Why, json};

/// A secret, or one key of it.
pub(crate) struct Place<'a> {
    pub(crate) secret: &'a str,
    pub(crate) region: &'a str,
    pub(crate) field: Option<&'a str>,
    pub(crate) endpoint: Option<&'a str>,
}

/// What a version holds.
struct Version {
    id: String,
    content: Content,
}

enum Content {
    Text(Zeroizing<String>),
    Binary(Zeroizing<Vec<u8>>),
}

impl Content {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Binary(one), Self::Binary(other)) => one == other,
            _ => false,
        }
    }
}

impl Place<'_> {
    /// Makes the value the current one.
    pub(crate) fn push(
        &self,
        value: &[u8],
        credential: &[u8],
        token: &str,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let credentials = Credentials::parse(credential)?;
        let caller = self.caller(&credentials, now);
        let current = self.version(&caller, json!({"VersionStage": "AWSCURRENT"}))?;
        let wanted = self.wanted(current.as_ref(), value)?;
        if current.as_ref().is_some_and(|current| current.content.is(&wanted)) {
            return Ok(());
        }
        let id = self.id(token, current.as_ref());
        // A store that takes another content under the same token would lose the first.
        match self.version(&caller, json!({"VersionId": id}))? {
            Some(put) if put.content.is(&wanted) => {}
            Some(_) => return Err(Failure::without_effect(Why::Conflict)),
            None => self.put(&caller, &id, &wanted)?,
        }
        // From here on the old value is still current, so nothing has happened that counts.
        match self.version(&caller, json!({"VersionId": id}))? {
            Some(put) if put.content.is(&wanted) => {}
            _ => return Err(Failure::without_effect(Why::Answer("it reads back differently"))),
        }
        let mut question = json!({
            "SecretId": self.secret, "VersionStage": "AWSCURRENT", "MoveToVersionId": id,
        });
        match &current {
            Some(current) => question["RemoveFromVersionId"] = current.id.as_str().into(),
            // The first version of all becomes the current one by itself.
            None => match self.version(&caller, json!({"VersionStage": "AWSCURRENT"}))? {
                Some(now) if now.content.is(&wanted) => return Ok(()),
                Some(_) => return Err(Failure::without_effect(Why::Conflict)),
                None => {}
            },
        }
        let moved =
            caller.json("secretsmanager", "UpdateSecretVersionStage", &plain(&question), false);
        match moved {
            Ok(_) => Ok(()),
            // The stage was no longer where it was read.
            Err(failure) if is(&failure, "InvalidParameterException") => {
                Err(Failure { why: Why::Conflict, ..failure })
            }
            Err(failure) => Err(failure),
        }
    }

    /// The current value; none when the secret, its value or the key is not there.
    pub(crate) fn read(
        &self,
        credential: &[u8],
        now: Timestamp,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        let credentials = Credentials::parse(credential)?;
        let caller = self.caller(&credentials, now);
        let current = self.version(&caller, json!({"VersionStage": "AWSCURRENT"}))?;
        match (current.map(|current| current.content), self.field) {
            (None, _) => Ok(None),
            (Some(Content::Text(text)), None) => Ok(Some(Zeroizing::new(text.as_bytes().to_vec()))),
            (Some(Content::Binary(bytes)), None) => Ok(Some(bytes)),
            (Some(Content::Text(text)), Some(field)) => {
                let value = json::text(&text, field).map_err(answer)?;
                Ok(value.map(|value| Zeroizing::new(value.as_bytes().to_vec())))
            }
            (Some(Content::Binary(_)), Some(_)) => Err(answer("the secret is binary, not JSON")),
        }
    }

    fn caller<'a>(&'a self, credentials: &'a Credentials, now: Timestamp) -> Caller<'a> {
        Caller { credentials, region: self.region, endpoint: self.endpoint, now }
    }

    /// What the whole secret will be.
    fn wanted(&self, current: Option<&Version>, value: &[u8]) -> Result<Content, Failure> {
        let text = std::str::from_utf8(value).ok();
        match (self.field, current.map(|current| &current.content), text) {
            (None, Some(Content::Binary(_)), _) | (None, _, None) => {
                Ok(Content::Binary(Zeroizing::new(value.to_vec())))
            }
            (None, _, Some(text)) => Ok(Content::Text(Zeroizing::new(text.to_owned()))),
            (Some(_), _, None) => Err(local("the value is not text, and a key of JSON holds text")),
            (Some(field), Some(Content::Text(document)), Some(text)) => {
                json::with_text(document, field, text).map(Content::Text).map_err(local)
            }
            (Some(_), Some(Content::Binary(_)), _) => Err(local("the secret is binary, not JSON")),
            (Some(field), None, Some(text)) => {
                json::with_text("{}", field, text).map(Content::Text).map_err(local)
            }
        }
    }

    /// The version's id, 32 to 64 characters. A secret of several keys gets one for each key and each
    /// version that it was made from, so that the next key of the same run does not meet its own token.
    fn id(&self, token: &str, current: Option<&Version>) -> String {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if self.field.is_none() && (32..=64).contains(&token.len()) && token.bytes().all(is_plain) {
            return token.to_owned();
        }
        let mut hash = Sha256::new();
        let base = match self.field {
            Some(_) => current.map(|current| current.id.as_str()).unwrap_or_default(),
            None => "",
        };
        for part in [token, self.secret, self.field.unwrap_or_default(), base] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hex::encode(hash.finalize())
    }

    fn version(&self, caller: &Caller<'_>, which: Value) -> Result<Option<Version>, Failure> {
        let mut question = which;
        question["SecretId"] = self.secret.into();
        let answer = match caller.json("secretsmanager", "GetSecretValue", &plain(&question), true)
        {
            Err(failure) if is(&failure, "ResourceNotFoundException") => return Ok(None),
            answered => answered?,
        };
        let text = |name: &str| answer.0.get(name).and_then(Value::as_str);
        let id = text("VersionId").unwrap_or_default().to_owned();
        let content = match (text("SecretString"), text("SecretBinary")) {
            (Some(text), _) => Content::Text(Zeroizing::new(text.to_owned())),
            (None, Some(bytes)) => {
                let bytes = STANDARD.decode(bytes);
                Content::Binary(Zeroizing::new(bytes.map_err(|_| self::answer("no base64"))?))
            }
            (None, None) => return Err(self::answer("it holds no secret")),
        };
        Ok(Some(Version { id, content }))
    }

    fn put(&self, caller: &Caller<'_>, id: &str, wanted: &Content) -> Result<(), Failure> {
        let question = json!({
            "SecretId": self.secret, "ClientRequestToken": id, "VersionStages": ["AWSPENDING"],
        });
        let question = plain(&question);
        let (name, value) = match wanted {
            Content::Text(text) => ("SecretString", text.clone()),
            Content::Binary(bytes) => ("SecretBinary", Zeroizing::new(STANDARD.encode(bytes))),
        };
        let question = json::with_text(&question, name, &value).map_err(local)?;
        match caller.json("secretsmanager", "PutSecretValue", &question, false) {
            Ok(_) => Ok(()),
            Err(failure) if is(&failure, "ResourceExistsException") => {
                Err(Failure { why: Why::Conflict, ..failure })
            }
            // Nothing that counts: the version that is current stays so until the next step.
            Err(failure) => Err(Failure { happened: Happened::No, ..failure }),
        }
    }
}

fn plain(question: &Value) -> Zeroizing<String> {
    Zeroizing::new(question.to_string())
}

fn local(why: impl Into<String>) -> Failure {
    Failure::without_effect(Why::Local(why.into()))
}

fn answer(why: &'static str) -> Failure {
    Failure::without_effect(Why::Answer(why))
}

fn is(failure: &Failure, wanted: &str) -> bool {
    matches!(&failure.why, Why::Refused { code: Some(code), .. } if code == wanted)
}
