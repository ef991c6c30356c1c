//! A key of a Secret in a Kubernetes manifest. Only the one scalar is replaced; everything else stays
//! byte for byte, comments included. The file is read line by line, and what that cannot be sure of
//! (anchors, flow style, tags, values over several lines) is refused, never guessed.

use std::ops::Range;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::yaml::{self, Scalar};
use super::{local, write};
use crate::Failure;

/// Writes the value of a key, or adds the key.
pub(super) fn push(
    path: &Path,
    secret: Option<&str>,
    key: &str,
    value: &[u8],
) -> Result<(), Failure> {
    let known = write::read(path)?;
    let failed = |why: String| local(format!("{}: {why}", path.display()));
    let Some(old) = &known.bytes else { return Err(failed("there is no such file".to_owned())) };
    let old = std::str::from_utf8(old).map_err(|_| failed("it is not UTF-8".to_owned()))?;
    let new = edited(old, secret, key, value).map_err(failed)?;
    known.replace(new.as_bytes())
}

/// The value of a key.
pub(super) fn read(
    path: &Path,
    secret: Option<&str>,
    key: &str,
) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
    let known = write::read(path)?;
    let Some(bytes) = &known.bytes else { return Ok(None) };
    let failed = |why: String| local(format!("{}: {why}", path.display()));
    let text = std::str::from_utf8(bytes).map_err(|_| failed("it is not UTF-8".to_owned()))?;
    let found = find(text, secret).map_err(failed)?;
    match found.entry(text, key).map_err(failed)? {
        Some(entry) => entry.value(text).map(Some).map_err(failed),
        None => Ok(None),
    }
}

fn edited(
    text: &str,
    secret: Option<&str>,
    key: &str,
    value: &[u8],
) -> Result<Zeroizing<String>, String> {
    let is_key = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if key.is_empty() || key.len() > 253 || !key.bytes().all(is_key) {
        return Err(format!("`{key}` is no key that a Secret can have"));
    }
    let found = find(text, secret)?;
    let new = match found.entry(text, key)? {
        Some(entry) => {
            // What cannot be read is not overwritten either.
            entry.scalar.read(text)?;
            let written = entry.block.kind.written(value, Some(&entry.scalar))?;
            [&text[..entry.scalar.span.start], &written, &text[entry.scalar.span.end..]].concat()
        }
        None => {
            let block =
                found.blocks.first().ok_or("the Secret has neither `data` nor `stringData`")?;
            let written = block.kind.written(value, None)?;
            let end = if text[..block.children.start].ends_with("\r\n") { "\r\n" } else { "\n" };
            let (before, after) = text.split_at(block.children.start);
            let gap = if before.ends_with('\n') { "" } else { end };
            let indent = " ".repeat(block.indent(text)?.unwrap_or(2));
            // Before the first key: where the last one ends is less plain.
            let key = if yaml::is_string(key) { key.to_owned() } else { format!("\"{key}\"") };
            [before, gap, &indent, &key, ": ", &written, end, after].concat()
        }
    };
    let new = Zeroizing::new(new);
    let again = find(&new, secret)?.entry(&new, key)?.map(|entry| entry.value(&new)).transpose()?;
    match again {
        Some(read) if *read == value => Ok(new),
        _ => Err("the value would be read back differently".to_owned()),
    }
}

/// The Secret that is meant.
struct Found {
    blocks: Vec<Block>,
}

/// Its `data` or `stringData`.
#[derive(Debug, Clone)]
struct Block {
    kind: Kind,
    /// The lines below it.
    children: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Base64.
    Data,
    /// The text itself.
    StringData,
}

struct Entry {
    block: Block,
    scalar: Scalar,
}

impl Entry {
    fn value(&self, text: &str) -> Result<Zeroizing<Vec<u8>>, String> {
        let read = self.scalar.read(text)?;
        match self.block.kind {
            Kind::StringData => Ok(Zeroizing::new(read.as_bytes().to_vec())),
            Kind::Data => {
                let dense: Zeroizing<Vec<u8>> =
                    Zeroizing::new(read.bytes().filter(|b| !b.is_ascii_whitespace()).collect());
                let bytes = STANDARD.decode(&dense);
                bytes.map(Zeroizing::new).map_err(|_| "what stands there is not base64".to_owned())
            }
        }
    }
}

impl Kind {
    fn written(self, value: &[u8], old: Option<&Scalar>) -> Result<Zeroizing<String>, String> {
        match self {
            Self::Data => Ok(yaml::written(&Zeroizing::new(STANDARD.encode(value)), old)),
            Self::StringData => {
                let text = std::str::from_utf8(value)
                    .map_err(|_| "the value is not text; `data` would take it".to_owned())?;
                Ok(yaml::written(text, old))
            }
        }
    }
}

impl Found {
    fn entry(&self, text: &str, key: &str) -> Result<Option<Entry>, String> {
        let mut found = None;
        for block in &self.blocks {
            for (name, scalar) in yaml::mapping(text, block.children.clone())? {
                if name != key {
                    continue;
                }
                if found.replace(Entry { block: block.clone(), scalar }).is_some() {
                    return Err(format!("`{key}` stands there twice"));
                }
            }
        }
        Ok(found)
    }
}

impl Block {
    fn indent(&self, text: &str) -> Result<Option<usize>, String> {
        yaml::indent(text, self.children.clone())
    }
}

/// Finds the one Secret that is meant.
fn find(text: &str, wanted: Option<&str>) -> Result<Found, String> {
    let mut secrets = vec![];
    for document in yaml::documents(text) {
        let top = yaml::top(text, document)?;
        let value = |name: &str| top.iter().find(|(key, ..)| key == name);
        let is_secret = match value("kind") {
            Some((_, scalar, _)) => *scalar.read(text)? == "Secret",
            None => false,
        };
        if !is_secret {
            continue;
        }
        if let Some(wanted) = wanted {
            let Some((_, scalar, children)) = value("metadata") else { continue };
            scalar.must_be_block(text, "metadata")?;
            let name = yaml::mapping_value(text, children.clone(), "name")?;
            let name = name.map(|scalar| scalar.read(text)).transpose()?;
            if name.is_none_or(|name| *name != wanted) {
                continue;
            }
        }
        let kinds = [("data", Kind::Data), ("stringData", Kind::StringData)];
        let blocks = kinds.into_iter().filter_map(|(name, kind)| {
            let (_, scalar, children) = value(name)?;
            let block = Block { kind, children: children.clone() };
            Some(scalar.must_be_block(text, name).map(|()| block))
        });
        secrets.push(blocks.collect::<Result<Vec<_>, String>>());
    }
    match (secrets.len(), wanted) {
        (1, _) => secrets.remove(0).map(|blocks| Found { blocks }),
        (0, None) => Err("it holds no Secret".to_owned()),
        (0, Some(name)) => Err(format!("it holds no Secret named `{name}`")),
        (count, None) => Err(format!("it holds {count} Secrets; say which one by its name")),
        (count, Some(name)) => Err(format!("it holds {count} Secrets named `{name}`")),
    }
}
