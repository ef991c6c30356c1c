//! Values that are several things in one: `SKsid:secret` of Twilio, `SG.id.secret` of SendGrid, an
//! AppRole's `role_id:secret_id`.

use std::collections::BTreeMap;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::template::is_name;

/// How a value is put together.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Form {
    /// The parts and what is between them, as `SG.{id}.{secret}`.
    pub form: Layout,
    /// Parts that are no secret.
    #[serde(default)]
    pub public: Vec<String>,
    /// The part that is the provider's id of the key.
    pub id: Option<String>,
}

/// The parts of a value, each with the text before it, and the text at the end.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Layout {
    parts: Vec<(String, String)>,
    end: String,
    shown: String,
}

/// A value's parts, by name.
pub(crate) type Parts = BTreeMap<String, Zeroizing<String>>;

impl TryFrom<String> for Layout {
    type Error = String;

    fn try_from(shown: String) -> Result<Self, String> {
        let mut parts: Vec<(String, String)> = Vec::new();
        let mut rest = shown.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}').filter(|(name, _)| is_name(name))
            else {
                return Err("a part is a name in braces, such as `{secret}`".to_owned());
            };
            if before.is_empty() && !parts.is_empty() {
                return Err("between two parts stands something that tells them apart".to_owned());
            }
            if parts.iter().any(|(_, other)| other == name) {
                return Err(format!("`{{{name}}}` is there twice"));
            }
            parts.push((before.to_owned(), name.to_owned()));
            rest = after;
        }
        if parts.is_empty() {
            return Err("it has no parts".to_owned());
        }
        let end = rest.to_owned();
        Ok(Self { parts, end, shown })
    }
}

impl Layout {
    /// The names of its parts.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|(_, name)| name.as_str())
    }

    /// The layout as it was written.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    /// The parts of a value; each ends where what comes after it begins, and none is empty.
    pub(crate) fn split(&self, value: &str) -> Option<Parts> {
        let mut parts = Parts::new();
        let mut rest = value.strip_suffix(self.end.as_str())?.strip_prefix(&self.parts[0].0)?;
        for (index, (_, name)) in self.parts.iter().enumerate() {
            let (part, after) = match self.parts.get(index + 1) {
                Some((between, _)) => rest.split_once(between.as_str())?,
                None => (rest, ""),
            };
            if part.is_empty() {
                return None;
            }
            parts.insert(name.clone(), Zeroizing::new(part.to_owned()));
            rest = after;
        }
        Some(parts)
    }

    /// A value from its parts; none when one is not there.
    pub(crate) fn join(&self, parts: &Parts) -> Option<Zeroizing<String>> {
        let length = parts.values().map(|part| part.len()).sum::<usize>() + self.shown.len();
        let mut value = Zeroizing::new(String::with_capacity(length));
        for (before, name) in &self.parts {
            value.push_str(before);
            value.push_str(parts.get(name)?);
        }
        value.push_str(&self.end);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(text: &str) -> Result<Layout, String> {
        Layout::try_from(text.to_owned())
    }

    #[test]
    fn a_value_is_its_parts_and_they_are_the_value() {
        for (form, value, wanted) in [
            ("SG.{id}.{secret}", "SG.abc.d.e", Some(vec!["abc", "d.e"])),
            ("{sid}:{secret}", "SK1:a:b", Some(vec!["SK1", "a:b"])),
            ("{secret}", "x", Some(vec!["x"])),
            ("<{a}>", "<x>", Some(vec!["x"])),
            ("SG.{id}.{secret}", "SG..x", None),
            ("SG.{id}.{secret}", "SG.x", None),
            ("SG.{id}.{secret}", "XX.a.b", None),
            ("{sid}:{secret}", "SK1:", None),
        ] {
            let layout = layout(form).unwrap();
            let parts = layout.split(value);
            let shown = parts
                .as_ref()
                .map(|parts| layout.names().map(|name| parts[name].as_str()).collect::<Vec<_>>());
            assert_eq!(shown, wanted, "{value}");
            if let Some(parts) = parts {
                assert_eq!(layout.join(&parts).unwrap().as_str(), value);
            }
        }
        for wrong in ["", "x", "{a}{b}", "{a}.{a}", "{A}", "{a", "{}"] {
            assert!(layout(wrong).is_err(), "{wrong}");
        }
    }
}
