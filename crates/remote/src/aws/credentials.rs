//! An AWS access key as people keep it: `AKIA…:SECRET`, or a JSON object in any of the spellings that
//! AWS and its tools use. A new one is written the way the old one was.

use zeroize::Zeroizing;

use crate::{Failure, Why, json};

/// An access key.
pub(super) struct Credentials {
    /// Its id, such as `AKIA…`; no secret.
    pub(super) id: String,
    pub(super) secret: Zeroizing<String>,
    /// What comes with a temporary one.
    pub(super) session: Option<Zeroizing<String>>,
}

/// Where the parts stand in a JSON document.
struct Keys {
    /// The key of an object around them, if there is one.
    outer: Option<String>,
    id: String,
    secret: String,
    session: Option<String>,
}

impl Credentials {
    /// Reads one.
    pub(super) fn parse(value: &[u8]) -> Result<Self, Failure> {
        let text = std::str::from_utf8(value).map_err(|_| unknown())?.trim();
        let read = if text.starts_with('{') { Self::json(text) } else { Self::colons(text) };
        let read = read.ok_or_else(unknown)?;
        // Both go into a header.
        let is_id = read.id.bytes().all(|b| b.is_ascii_alphanumeric()) && read.id.len() <= 128;
        let secret = read.secret.bytes().all(|b| b.is_ascii_graphic()) && !read.secret.is_empty();
        let session = read.session.iter().all(|token| token.bytes().all(|b| b.is_ascii_graphic()));
        if read.id.is_empty() || !is_id || !secret || !session { Err(unknown()) } else { Ok(read) }
    }

    fn colons(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ':');
        let id = parts.next()?.to_owned();
        let secret = Zeroizing::new(parts.next()?.to_owned());
        let session = parts.next().map(|token| Zeroizing::new(token.to_owned()));
        Some(Self { id, secret, session })
    }

    fn json(text: &str) -> Option<Self> {
        let keys = Keys::find(text)?;
        let inner = keys.inner(text)?;
        let part = |key: &str| json::text(inner, key).ok().flatten();
        let id = part(&keys.id)?.to_string();
        let session = keys.session.as_deref().and_then(part).filter(|token| !token.is_empty());
        Some(Self { id, secret: part(&keys.secret)?, session })
    }

    /// This one as the old value was written.
    pub(super) fn like(&self, old: &[u8]) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let old = std::str::from_utf8(old).map_err(|_| unknown())?;
        let pair = || Zeroizing::new([&self.id, ":", &self.secret].concat().into_bytes());
        if !old.trim_start().starts_with('{') {
            return Ok(pair());
        }
        let Some(keys) = Keys::find(old) else { return Ok(pair()) };
        let inner = keys.inner(old).ok_or_else(unknown)?;
        let new = json::with_text(inner, &keys.id, &self.id)
            .and_then(|new| json::with_text(&new, &keys.secret, &self.secret))
            .map_err(|_| unknown())?;
        let start = inner.as_ptr() as usize - old.as_ptr() as usize;
        let parts = [&old[..start], &new, &old[start + inner.len()..]];
        Ok(Zeroizing::new(parts.concat().into_bytes()))
    }
}

impl Keys {
    fn find(text: &str) -> Option<Self> {
        let members = json::members(text)?;
        let names: Vec<String> = members.iter().map(|(name, _)| name.to_string()).collect();
        let of = |wanted: &[&str]| {
            let plain = |name: &&String| wanted.contains(&plain(name).as_str());
            names.iter().find(plain).cloned()
        };
        if let (Some(id), Some(secret)) =
            (of(&["accesskeyid", "accesskey"]), of(&["secretaccesskey", "secretkey"]))
        {
            let session = of(&["sessiontoken", "securitytoken", "token"]);
            return Some(Self { outer: None, id, secret, session });
        }
        // `aws sts` prints them in `Credentials`, `aws iam create-access-key` in `AccessKey`.
        let outer = of(&["credentials", "accesskey"])?;
        let (_, span) = members.into_iter().find(|(name, _)| *name == outer)?;
        let inner = text.get(span).filter(|inner| inner.starts_with('{'))?;
        let keys = Self::find(inner)?;
        Some(Self { outer: Some(outer), ..keys }).filter(|_| keys_are_flat(inner))
    }

    fn inner<'a>(&self, text: &'a str) -> Option<&'a str> {
        match &self.outer {
            None => Some(text),
            Some(outer) => {
                let (_, span) = json::members(text)?.into_iter().find(|(name, _)| name == outer)?;
                text.get(span)
            }
        }
    }
}

/// Whether the parts stand right in this object.
fn keys_are_flat(text: &str) -> bool {
    Keys::find(text).is_some_and(|keys| keys.outer.is_none())
}

/// `AWS_ACCESS_KEY_ID`, `accessKeyId`, `AccessKeyId` and `access-key-id` are one name.
fn plain(name: &str) -> String {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let name = name.to_ascii_lowercase();
    name.strip_prefix("aws").map(str::to_owned).unwrap_or(name)
}

fn unknown() -> Failure {
    Failure::without_effect(Why::Local(
        "it is no AWS access key: `KEYID:SECRET`, or a JSON object with AccessKeyId and SecretAccessKey"
            .to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_is_read_and_kept() {
        let new = Credentials::parse(b"AKIANEW:new/secret+").unwrap();
        for (old, wanted, session) in [
            ("AKIAOLD:s", "AKIANEW:new/secret+", None),
            (" AKIAOLD:s\n", "AKIANEW:new/secret+", None),
            ("ASIAOLD:s:to:ken", "AKIANEW:new/secret+", Some("to:ken")),
            (
                r#"{"AccessKeyId":"AKIAOLD","SecretAccessKey":"s"}"#,
                r#"{"AccessKeyId":"AKIANEW","SecretAccessKey":"new/secret+"}"#,
                None,
            ),
            (
                "{\n \"aws_secret_access_key\": \"s\",\n \"aws_access_key_id\": \"AKIAOLD\", \"region\": \"eu\"\n}",
                "{\n \"aws_secret_access_key\": \"new/secret+\",\n \"aws_access_key_id\": \"AKIANEW\", \"region\": \"eu\"\n}",
                None,
            ),
            (
                r#"{"AWS_ACCESS_KEY_ID":"AKIAOLD","AWS_SECRET_ACCESS_KEY":"s"}"#,
                r#"{"AWS_ACCESS_KEY_ID":"AKIANEW","AWS_SECRET_ACCESS_KEY":"new/secret+"}"#,
                None,
            ),
            (
                r#"{"Credentials":{"AccessKeyId":"AKIAOLD","SecretAccessKey":"s","SessionToken":"t"}}"#,
                r#"{"Credentials":{"AccessKeyId":"AKIANEW","SecretAccessKey":"new/secret+","SessionToken":"t"}}"#,
                Some("t"),
            ),
            (
                r#"{"AccessKey":{"UserName":"u","accessKeyId":"AKIAOLD","secretAccessKey":"s"}}"#,
                r#"{"AccessKey":{"UserName":"u","accessKeyId":"AKIANEW","secretAccessKey":"new/secret+"}}"#,
                None,
            ),
        ] {
            let read = Credentials::parse(old.as_bytes()).unwrap();
            assert!(read.id.ends_with("IAOLD") && *read.secret == "s", "{old}");
            assert_eq!(read.session.as_ref().map(|token| token.as_str()), session, "{old}");
            assert_eq!(new.like(old.as_bytes()).unwrap().as_slice(), wanted.as_bytes());
        }
        for odd in [
            "",
            ":",
            "AKIA",
            "AKIA:",
            ":s",
            "A B:s",
            "AKIA:s\r\nX: y",
            "{}",
            "{\"AccessKeyId\":1}",
            "[]",
        ] {
            assert!(Credentials::parse(odd.as_bytes()).is_err(), "{odd}");
        }
        let deep = "{\"credentials\":".repeat(10_000);
        assert!(Credentials::parse(deep.as_bytes()).is_err());
    }
}
