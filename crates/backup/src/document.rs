//! The document inside a backup: what it holds, how it is written and read.
//!
//! The wire types at the end are the only ones in Keyward that hold a value and are serialisable;
//! they are private, and what they write goes into memory that is wiped.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use jiff::civil::Date;
use keyward_vault::{Secret, secret};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

/// Newest document format this program reads and the one it writes.
pub const FORMAT: u32 = 1;
/// Largest document that is read, in bytes (64 MiB).
pub const MAX_DOCUMENT: usize = 64 * 1024 * 1024;
const NAME: &str = "keyward-backup";

/// Everything of one vault.
#[derive(Debug)]
pub struct Document {
    /// Id of the vault that it was made of.
    pub vault: String,
    /// When it was made.
    pub created: Timestamp,
    /// Head of the vault's audit record at that time, `<seq>:<hex>`.
    pub audit_head: Option<String>,
    /// Entries, by name.
    pub entries: Vec<Entry>,
    /// Keys that the user issued, by id: their hashes.
    pub issued: Vec<IssuedKey>,
    /// Places that hold copies of values.
    pub places: Vec<Place>,
    /// What providers have to be told of entries beside their values.
    pub connections: Vec<Connection>,
    /// HMAC-SHA-256 over the rest of the document under the vault's manifest key, in hex.
    pub manifest: Option<String>,
}

/// One entry with all its versions. The fields mean what they mean in the vault.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Entry {
    pub id: String,
    pub name: String,
    pub kind: String,
    pub provider: Option<String>,
    pub mode: String,
    pub var: String,
    pub owner: Option<String>,
    pub url: Option<String>,
    pub notes: Option<String>,
    pub ip_note: Option<String>,
    pub tags: Vec<String>,
    pub rotate_days: Option<u32>,
    pub expires: Option<Date>,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub versions: Vec<Version>,
}

/// One version and its value.
#[derive(Debug)]
pub struct Version {
    /// Number from 1.
    pub number: u32,
    /// `pending`, `current`, `previous`, `revoked` or `dead`.
    pub stage: String,
    /// When the value was stored.
    pub created: Timestamp,
    /// When it stopped being current.
    pub retired: Option<Timestamp>,
    /// The value.
    pub value: Secret,
}

/// One key that the user issued. The fields mean what they mean in the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct IssuedKey {
    pub id: String,
    pub prefix: String,
    pub label: Option<String>,
    pub project: Option<String>,
    pub env: Option<String>,
    pub created: Timestamp,
    pub expires: Option<Date>,
    pub revoked: Option<Timestamp>,
    pub verified: Option<Timestamp>,
    pub hash: String,
}

/// One place that holds a copy of an entry's value; what it holds is not in here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Place {
    pub id: String,
    /// Id of the entry.
    pub entry: String,
    /// The place, as the vault has it.
    pub place: serde_json::Value,
    /// Id of the entry with which it is written.
    pub credential: Option<String>,
    pub added: Timestamp,
}

/// What a provider has to be told of an entry beside its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Connection {
    /// Id of the entry.
    pub entry: String,
    pub connector: Option<String>,
    /// Id of the entry that is the stronger credential.
    pub admin: Option<String>,
    pub parameters: BTreeMap<String, String>,
}

/// How much a document holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// Entries.
    pub entries: u32,
    /// Values, all versions counted.
    pub values: u32,
    /// Issued keys; left out where there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub issued: u32,
}

/// Why a decrypted file is not a document that can be restored.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum DocumentError {
    /// It is something else.
    #[error("this is not a Keyward backup")]
    NotOurs,
    /// Made by a newer program.
    #[error("the backup has format {0}, newer than this program reads")]
    TooNew(u64),
    /// It says that it is ours and does not fit the format.
    #[error("the backup's document is malformed at line {line}, column {column}")]
    Malformed {
        /// Line from 1.
        line: usize,
        /// Column from 1.
        column: usize,
    },
    /// Its counts or its keyed manifest do not fit what it holds.
    #[error("the backup's manifest does not fit its contents")]
    Manifest,
    /// Over [`MAX_DOCUMENT`].
    #[error("the backup's document is over 64 MiB")]
    TooLarge,
}

impl Document {
    /// How much it holds.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let values = self.entries.iter().map(|entry| entry.versions.len()).sum::<usize>();
        Counts {
            entries: count(self.entries.len()),
            values: count(values),
            issued: count(self.issued.len()),
        }
    }

    /// Sets the manifest: proof that a holder of the vault's key wrote this document.
    ///
    /// # Errors
    /// [`DocumentError::TooLarge`].
    pub fn sign(&mut self, key: &[u8; 32]) -> Result<(), DocumentError> {
        self.manifest = None;
        let mac = self.mac(key)?;
        self.manifest = Some(hex::encode(mac));
        Ok(())
    }

    /// Whether a holder of `key` wrote this document as it is.
    ///
    /// # Errors
    /// [`DocumentError::Manifest`] when not.
    pub fn prove(&mut self, key: &[u8; 32]) -> Result<(), DocumentError> {
        let manifest = self.manifest.take();
        let mac = self.mac(key)?;
        let found = manifest.as_deref().and_then(|text| hex::decode(text).ok());
        self.manifest = manifest;
        match found {
            Some(found) if bool::from(mac.as_slice().ct_eq(&found)) => Ok(()),
            _ => Err(DocumentError::Manifest),
        }
    }

    fn mac(&self, key: &[u8; 32]) -> Result<[u8; 32], DocumentError> {
        let mut mac =
            <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes keys of any length");
        mac.update(&self.to_json()?);
        Ok(mac.finalize().into_bytes().into())
    }

    /// The document as UTF-8 JSON, in memory that is wiped.
    ///
    /// # Errors
    /// [`DocumentError::TooLarge`].
    pub fn to_json(&self) -> Result<Zeroizing<Vec<u8>>, DocumentError> {
        // Reserved in one piece, so that growing leaves no unwiped copies behind.
        let values: usize = self
            .entries
            .iter()
            .flat_map(|entry| &entry.versions)
            .map(|version| version.value.expose_secret().len() * 2 + 256)
            .sum();
        let places: usize = self.places.iter().map(|row| row.place.to_string().len() + 512).sum();
        let parameters = self.connections.iter().flat_map(|row| &row.parameters);
        let told: usize = parameters.map(|(key, value)| key.len() + 2 * value.len() + 8).sum();
        let told = told + self.connections.len() * 512;
        let rows = self.entries.len() + self.issued.len();
        let room = values + places + told + rows * 2048 + 4096;
        if room > MAX_DOCUMENT {
            return Err(DocumentError::TooLarge);
        }
        let mut out = Zeroizing::new(Vec::with_capacity(room));
        let entries = self.entries.iter().map(write_entry).collect();
        let wire = Wire {
            format: NAME.to_owned(),
            version: FORMAT,
            vault: self.vault.clone(),
            created: self.created,
            audit_head: self.audit_head.clone(),
            counts: self.counts(),
            entries,
            issued: self.issued.clone(),
            places: self.places.clone(),
            connections: self.connections.clone(),
            manifest: self.manifest.clone(),
        };
        serde_json::to_writer(&mut *out, &wire).map_err(|_| DocumentError::TooLarge)?;
        Ok(out)
    }

    /// Reads a document and checks its counts.
    ///
    /// # Errors
    /// [`DocumentError`]; the position is that of the JSON text, never its content.
    pub fn from_json(json: &[u8]) -> Result<Self, DocumentError> {
        if json.len() > MAX_DOCUMENT {
            return Err(DocumentError::TooLarge);
        }
        // First only the name and the format, so that a newer document is told from a broken one.
        let head: Head = serde_json::from_slice(json).map_err(|error| {
            // Broken JSON is ours when its begin or its end says so.
            let (begin, end) =
                (&json[..json.len().min(1024)], &json[json.len().saturating_sub(1024)..]);
            let says =
                |part: &[u8]| part.windows(NAME.len()).any(|window| window == NAME.as_bytes());
            if says(begin) || says(end) { malformed(&error) } else { DocumentError::NotOurs }
        })?;
        if head.format.as_deref() != Some(NAME) {
            return Err(DocumentError::NotOurs);
        }
        match head.version.as_ref().and_then(serde_json::Value::as_u64) {
            Some(version) if version > u64::from(FORMAT) => {
                return Err(DocumentError::TooNew(version));
            }
            Some(version) if version == u64::from(FORMAT) => {}
            _ => return Err(DocumentError::Malformed { line: 1, column: 1 }),
        }
        let wire: Wire = serde_json::from_slice(json).map_err(|error| malformed(&error))?;
        let counts = wire.counts;
        let entries = wire.entries.into_iter().map(read_entry).collect::<Result<_, _>>()?;
        let document = Self {
            vault: wire.vault,
            created: wire.created,
            audit_head: wire.audit_head,
            entries,
            issued: wire.issued,
            places: wire.places,
            connections: wire.connections,
            manifest: wire.manifest,
        };
        if document.counts() != counts {
            return Err(DocumentError::Manifest);
        }
        Ok(document)
    }
}

fn malformed(error: &serde_json::Error) -> DocumentError {
    DocumentError::Malformed { line: error.line(), column: error.column() }
}

/// Serde hands over a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[derive(Deserialize)]
struct Head {
    format: Option<String>,
    version: Option<serde_json::Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    format: String,
    version: u32,
    vault: String,
    created: Timestamp,
    audit_head: Option<String>,
    counts: Counts,
    entries: Vec<WireEntry>,
    /// Left out where there are none, as before there could be any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    issued: Vec<IssuedKey>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    places: Vec<Place>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    connections: Vec<Connection>,
    manifest: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireEntry {
    name: String,
    id: String,
    kind: String,
    provider: Option<String>,
    mode: String,
    var: String,
    owner: Option<String>,
    url: Option<String>,
    notes: Option<String>,
    ip_note: Option<String>,
    tags: Vec<String>,
    rotate_days: Option<u32>,
    expires: Option<Date>,
    created: Timestamp,
    updated: Timestamp,
    versions: Vec<WireVersion>,
}

/// `value` is text; a value that is not UTF-8 stands in `value_base64` instead.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireVersion {
    version: u32,
    stage: String,
    created: Timestamp,
    retired: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value_base64: Option<Text>,
}

/// Text that is wiped when dropped.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct Text(String);

impl Drop for Text {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

fn write_entry(entry: &Entry) -> WireEntry {
    WireEntry {
        name: entry.name.clone(),
        id: entry.id.clone(),
        kind: entry.kind.clone(),
        provider: entry.provider.clone(),
        mode: entry.mode.clone(),
        var: entry.var.clone(),
        owner: entry.owner.clone(),
        url: entry.url.clone(),
        notes: entry.notes.clone(),
        ip_note: entry.ip_note.clone(),
        tags: entry.tags.clone(),
        rotate_days: entry.rotate_days,
        expires: entry.expires,
        created: entry.created,
        updated: entry.updated,
        versions: entry.versions.iter().map(write_version).collect(),
    }
}

fn write_version(version: &Version) -> WireVersion {
    let bytes = version.value.expose_secret();
    let (value, value_base64) = match std::str::from_utf8(bytes) {
        Ok(text) => (Some(Text(text.to_owned())), None),
        Err(_) => (None, Some(Text(STANDARD.encode(bytes)))),
    };
    WireVersion {
        version: version.number,
        stage: version.stage.clone(),
        created: version.created,
        retired: version.retired,
        value,
        value_base64,
    }
}

fn read_entry(entry: WireEntry) -> Result<Entry, DocumentError> {
    Ok(Entry {
        id: entry.id,
        name: entry.name,
        kind: entry.kind,
        provider: entry.provider,
        mode: entry.mode,
        var: entry.var,
        owner: entry.owner,
        url: entry.url,
        notes: entry.notes,
        ip_note: entry.ip_note,
        tags: entry.tags,
        rotate_days: entry.rotate_days,
        expires: entry.expires,
        created: entry.created,
        updated: entry.updated,
        versions: entry.versions.into_iter().map(read_version).collect::<Result<_, _>>()?,
    })
}

fn read_version(version: WireVersion) -> Result<Version, DocumentError> {
    let bytes = match (&version.value, &version.value_base64) {
        (Some(text), None) => text.0.as_bytes().to_vec(),
        (None, Some(text)) => {
            STANDARD.decode(&text.0).map_err(|_| DocumentError::Malformed { line: 1, column: 1 })?
        }
        _ => return Err(DocumentError::Malformed { line: 1, column: 1 }),
    };
    Ok(Version {
        number: version.version,
        stage: version.stage,
        created: version.created,
        retired: version.retired,
        value: secret(bytes),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn sample() -> Document {
        let version = |number, bytes: &[u8]| Version {
            number,
            stage: "current".to_owned(),
            created: Timestamp::UNIX_EPOCH,
            retired: None,
            value: secret(bytes.to_vec()),
        };
        Document {
            vault: "01VAULT".to_owned(),
            created: Timestamp::UNIX_EPOCH,
            audit_head: Some("3:abcd".to_owned()),
            entries: vec![Entry {
                id: "01ENTRY".to_owned(),
                name: "acme/prod/stripe".to_owned(),
                kind: "api-key".to_owned(),
                provider: Some("stripe".to_owned()),
                mode: "live".to_owned(),
                var: "STRIPE".to_owned(),
                owner: None,
                url: None,
                notes: Some("é \"quoted\"\n".to_owned()),
                ip_note: None,
                tags: vec!["billing".to_owned()],
                rotate_days: Some(30),
                expires: None,
                created: Timestamp::UNIX_EPOCH,
                updated: Timestamp::UNIX_EPOCH,
                versions: vec![version(1, b"CANARY-text\r\n"), version(2, b"\xff\x00\xfe")],
            }],
            issued: vec![],
            places: vec![],
            connections: vec![],
            manifest: None,
        }
    }

    #[test]
    fn it_is_written_and_read_back_byte_for_byte() {
        let mut document = sample();
        document.sign(&[1; 32]).unwrap();
        let json = document.to_json().unwrap();
        let mut back = Document::from_json(&json).unwrap();
        assert_eq!(back.to_json().unwrap(), json);
        assert_eq!(back.entries[0].versions[1].value.expose_secret(), b"\xff\x00\xfe");
        assert_eq!(back.prove(&[1; 32]), Ok(()));
        assert_eq!(back.prove(&[2; 32]), Err(DocumentError::Manifest));
        back.entries[0].mode = "test".to_owned();
        assert_eq!(back.prove(&[1; 32]), Err(DocumentError::Manifest));
    }

    #[test]
    fn issued_keys_are_counted_and_a_document_without_them_is_as_it_was() {
        let before = String::from_utf8(sample().to_json().unwrap().to_vec()).unwrap();
        assert!(!before.contains("issued"));
        let mut document = sample();
        document.issued.push(IssuedKey {
            id: "k7Qm2XcA".to_owned(),
            prefix: "acme_live".to_owned(),
            label: Some("a \"partner\"".to_owned()),
            project: None,
            env: None,
            created: Timestamp::UNIX_EPOCH,
            expires: Some(Date::constant(2027, 1, 1)),
            revoked: None,
            verified: None,
            hash: "$argon2id$".to_owned(),
        });
        let json = document.to_json().unwrap();
        assert_eq!(Document::from_json(&json).unwrap().issued, document.issued);
        let text = String::from_utf8(json.to_vec()).unwrap();
        let fewer = text.replace("\"issued\":1", "\"issued\":2");
        assert_eq!(
            Document::from_json(fewer.as_bytes()).map(drop),
            Err(DocumentError::Manifest),
            "a key is missing"
        );
    }

    #[test]
    fn what_is_not_a_document_is_named() {
        let read = |text: &str| Document::from_json(text.as_bytes()).map(drop);
        assert_eq!(read("[]"), Err(DocumentError::NotOurs));
        assert_eq!(read("{}"), Err(DocumentError::NotOurs));
        assert_eq!(read("not json"), Err(DocumentError::NotOurs));
        let with =
            |version: &str| format!("{{\"format\":\"keyward-backup\",\"version\":{version}}}");
        assert_eq!(read(&with("99")), Err(DocumentError::TooNew(99)));
        for bad in ["0", "-1", "\"1\"", "1e999"] {
            let found = read(&with(bad));
            assert!(
                matches!(found, Err(DocumentError::Malformed { .. } | DocumentError::NotOurs)),
                "{bad}: {found:?}"
            );
        }
        let deep =
            format!("{{\"format\":\"keyward-backup\",\"version\":1,\"x\":{}", "[".repeat(100_000));
        assert!(read(&deep).is_err());
        let json = String::from_utf8(sample().to_json().unwrap().to_vec()).unwrap();
        assert_eq!(
            read(&json.replace("\"values\":2", "\"values\":3")),
            Err(DocumentError::Manifest)
        );
        let twice = json.replacen("\"kind\":", "\"kind\":\"x\",\"kind\":", 1);
        assert!(matches!(read(&twice), Err(DocumentError::Malformed { .. })), "a key twice");
        assert!(matches!(
            read(&json.replacen("\"kind\":", "\"colour\":1,\"kind\":", 1)),
            Err(DocumentError::Malformed { .. })
        ));
    }
}
