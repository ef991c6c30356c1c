//! Text with placeholders: `/keys/{id}`, `Bearer {key}`. What is put in is escaped for where it stands,
//! so that nothing in a value, an id or a parameter begins another part of the request.

use serde::Deserialize;
use serde_json::{Map, Number, Value};
use zeroize::Zeroizing;

use crate::{Failure, Why};

/// Text with placeholders. `{{` and `}}` stand for braces.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Hole(Hole),
}

/// A placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hole {
    pub of: Of,
    /// A part of a value that is made of several, or a parameter's name.
    pub part: Option<String>,
    /// `{…?}`: what it stands in is left out when there is nothing to put in.
    optional: bool,
    kind: Kind,
}

/// What a placeholder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Of {
    /// The credential that the call is made with, whichever it is.
    Key,
    /// The value that is asked about, replaced, or worked with.
    Value,
    /// The stronger credential.
    Admin,
    /// The new value, when it is promoted.
    New,
    /// The value that is revoked.
    Doomed,
    /// The provider's id of the key.
    Id,
    /// The run's own token.
    Token,
    /// A parameter.
    Param,
}

/// What a placeholder becomes in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    /// `{…:number}`: a whole number.
    Number,
    /// `{…:list}`: a list, from text with commas.
    List,
    /// `{…:lower}`: text in small letters.
    Lower,
}

/// What placeholders are filled with.
pub(crate) trait Facts {
    /// The text for a placeholder; none when it was not given.
    fn look_up(&self, hole: &Hole) -> Result<Option<Zeroizing<String>>, Failure>;
}

/// Where a filled template goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// One segment of a path, or one value of a query.
    Url,
    /// Anywhere that takes text as it is: a header (which refuses control characters itself), a JSON
    /// string, a form's value. Their own writers escape.
    Plain,
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
                continue;
            }
            let Some((inside, after)) = rest.split_once('}').filter(|_| brace == "{") else {
                return Err("a brace that stands for itself is written twice".to_owned());
            };
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Hole(hole(inside)?));
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }
}

fn hole(text: &str) -> Result<Hole, String> {
    let (text, kind) = match text.split_once(':') {
        None => (text, Kind::Text),
        Some((text, "number")) => (text, Kind::Number),
        Some((text, "list")) => (text, Kind::List),
        Some((text, "lower")) => (text, Kind::Lower),
        Some(_) => {
            return Err(format!("`{{{text}}}`: after the colon comes `number`, `list` or `lower`"));
        }
    };
    let (text, optional) = text.strip_suffix('?').map_or((text, false), |text| (text, true));
    let (of, part) = match text.split_once('.') {
        Some((of, part)) if is_name(part) => (of, Some(part.to_owned())),
        Some(_) => return Err(format!("`{{{text}}}`: after the dot comes a name")),
        None => (text, None),
    };
    let of = match (of, &part) {
        ("key", _) => Of::Key,
        ("value", _) => Of::Value,
        ("admin", None) => Of::Admin,
        ("new", _) => Of::New,
        ("doomed", _) => Of::Doomed,
        ("id", None) => Of::Id,
        ("token", None) => Of::Token,
        ("param", Some(_)) => Of::Param,
        _ => return Err(format!("`{{{text}}}` is no placeholder")),
    };
    Ok(Hole { of, part, optional, kind })
}

/// A name of a part or parameter.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

impl Template {
    /// The placeholders, in order.
    pub(crate) fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Hole(hole) => Some(hole),
            Piece::Text(_) => None,
        })
    }

    /// Whether it begins with `/` before any placeholder.
    pub(crate) fn starts_with_slash(&self) -> bool {
        matches!(self.0.first(), Some(Piece::Text(text)) if text.starts_with('/'))
    }

    /// The text, when there is no placeholder in it.
    pub(crate) fn fixed(&self) -> Option<String> {
        let text = |piece: &Piece| match piece {
            Piece::Text(text) => Some(text.clone()),
            Piece::Hole(_) => None,
        };
        self.0.iter().map(text).collect()
    }

    /// The whole text; none when an optional placeholder has nothing.
    pub(crate) fn fill(
        &self,
        facts: &dyn Facts,
        place: Place,
    ) -> Result<Option<Zeroizing<String>>, Failure> {
        // Room enough that it does not grow out of a copy.
        let mut filled = Zeroizing::new(String::with_capacity(8 * 1024));
        for piece in &self.0 {
            let hole = match piece {
                Piece::Text(text) => {
                    filled.push_str(text);
                    continue;
                }
                Piece::Hole(hole) => hole,
            };
            let Some(text) = facts.look_up(hole)? else {
                if hole.optional {
                    return Ok(None);
                }
                return Err(Failure::without_effect(Why::Missing(hole.needed())));
            };
            let text = match hole.kind {
                Kind::Lower => Zeroizing::new(text.to_ascii_lowercase()),
                _ => text,
            };
            match place {
                Place::Plain => filled.push_str(&text),
                // `.` and `..` mean another path however they are escaped (WHATWG URL).
                Place::Url if matches!(text.as_str(), "" | "." | "..") => {
                    return Err(Failure::without_effect(Why::Missing(hole.needed())));
                }
                Place::Url => escape(&text, &mut filled),
            }
        }
        Ok(Some(filled))
    }

    fn json(&self, facts: &dyn Facts) -> Result<Option<Value>, Failure> {
        let Some(text) = self.fill(facts, Place::Plain)? else { return Ok(None) };
        let [Piece::Hole(hole)] = self.0.as_slice() else {
            return Ok(Some(Value::String((*text).clone())));
        };
        Ok(Some(match hole.kind {
            Kind::Text | Kind::Lower => Value::String((*text).clone()),
            Kind::Number => match text.parse::<u64>() {
                Ok(number) => Value::Number(Number::from(number)),
                Err(_) => {
                    let needed = format!("{}, as a whole number", hole.needed());
                    return Err(Failure::without_effect(Why::Missing(needed)));
                }
            },
            Kind::List => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
            }
        }))
    }
}

impl Hole {
    /// What to give, in words.
    fn needed(&self) -> String {
        match (self.of, &self.part) {
            (Of::Param, Some(name)) => name.clone(),
            (Of::Admin, _) => "the stronger credential".to_owned(),
            (Of::Id, _) => "the provider's id of the key".to_owned(),
            (Of::Token, _) => "the run's token".to_owned(),
            (Of::New, _) => "the new value".to_owned(),
            (Of::Doomed, _) => "the value that is to be revoked".to_owned(),
            _ => "the value".to_owned(),
        }
    }
}

/// Everything but unreserved characters becomes `%XX` (RFC 3986 section 2.3).
fn escape(text: &str, into: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            into.push(char::from(byte));
        } else {
            into.push('%');
            into.push(char::from(DIGITS[usize::from(byte >> 4)]));
            into.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

/// JSON with templates for its strings.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "toml::Value")]
pub(crate) enum Node {
    Text(Template),
    Fixed(Value),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl TryFrom<toml::Value> for Node {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        Ok(match value {
            toml::Value::String(text) => Self::Text(Template::try_from(text)?),
            toml::Value::Integer(number) => Self::Fixed(Value::from(number)),
            toml::Value::Boolean(is) => Self::Fixed(Value::from(is)),
            toml::Value::Array(items) => {
                Self::List(items.into_iter().map(Self::try_from).collect::<Result<_, _>>()?)
            }
            toml::Value::Table(table) => {
                let entry = |(name, value)| Ok::<_, String>((name, Self::try_from(value)?));
                Self::Map(table.into_iter().map(entry).collect::<Result<_, _>>()?)
            }
            toml::Value::Float(_) | toml::Value::Datetime(_) => {
                return Err(
                    "JSON here has text, whole numbers, booleans, lists and maps".to_owned()
                );
            }
        })
    }
}

impl Node {
    /// The JSON; none when an optional placeholder of its text has nothing.
    pub(crate) fn fill(&self, facts: &dyn Facts) -> Result<Option<Value>, Failure> {
        Ok(Some(match self {
            Self::Text(text) => return text.json(facts),
            Self::Fixed(value) => value.clone(),
            Self::List(items) => {
                let filled = items.iter().filter_map(|item| item.fill(facts).transpose());
                Value::Array(filled.collect::<Result<_, _>>()?)
            }
            Self::Map(entries) => {
                let mut map = Map::new();
                for (name, node) in entries {
                    if let Some(value) = node.fill(facts)? {
                        map.insert(name.clone(), value);
                    }
                }
                Value::Object(map)
            }
        }))
    }

    /// The templates in it.
    pub(crate) fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Text(text) => vec![text],
            Self::Fixed(_) => Vec::new(),
            Self::List(items) => items.iter().flat_map(Self::templates).collect(),
            Self::Map(entries) => entries.iter().flat_map(|(_, node)| node.templates()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct One(&'static str, Option<String>);

    impl Facts for One {
        fn look_up(&self, hole: &Hole) -> Result<Option<Zeroizing<String>>, Failure> {
            assert_eq!(hole.part.as_deref().unwrap_or("id"), self.0);
            Ok(self.1.clone().map(Zeroizing::new))
        }
    }

    fn template(text: &str) -> Template {
        Template::try_from(text.to_owned()).unwrap()
    }

    fn url(text: &str, id: &str) -> Option<String> {
        let filled = template(text).fill(&One("id", Some(id.to_owned())), Place::Url);
        filled.ok().flatten().map(|text| text.to_string())
    }

    #[test]
    fn what_is_put_in_stays_where_it_stands() {
        let filled = |id| url("/a/{id}/b?c=1", id);
        assert_eq!(filled("k_1-2.~").as_deref(), Some("/a/k_1-2.~/b?c=1"));
        assert_eq!(filled("../x?y#z&").as_deref(), Some("/a/..%2Fx%3Fy%23z%26/b?c=1"));
        assert_eq!(filled("ü\r\n%").as_deref(), Some("/a/%C3%BC%0D%0A%25/b?c=1"));
        assert_eq!([filled(""), filled("."), filled("..")], [None, None, None]);
    }

    #[test]
    fn braces_and_what_is_no_placeholder() {
        assert_eq!(template("{{ viewer {{ id }} }}").fixed().as_deref(), Some("{ viewer { id } }"));
        for wrong in
            ["{", "}", "{}", "{x}", "{id", "id}", "{param}", "{id.x}", "{value.X}", "{id:date}"]
        {
            assert!(Template::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn json_is_built_and_never_pasted_together() {
        let node = |text: &str| toml::from_str::<std::collections::BTreeMap<String, Node>>(text);
        let node =
            node("x = { a = '{param.x?}', b = '{param.x:list}', c = ['k={param.x}', 1, true] }");
        let node = &node.unwrap()["x"];
        let filled = |text: &str| node.fill(&One("x", Some(text.to_owned()))).unwrap().unwrap();
        let evil = "\",\"admin\":true,\"x\":\"";
        assert_eq!(filled(evil)["a"], evil);
        assert_eq!(filled(evil).as_object().map(Map::len), Some(3));
        assert_eq!(filled("p, q,")["b"], serde_json::json!(["p", "q"]));
        let number = template("{param.x:number}");
        let with = |text: &str| number.json(&One("x", Some(text.to_owned())));
        assert_eq!(with("90").unwrap(), Some(Value::from(90)));
        assert!(with("9o").is_err());
        assert_eq!(template("{param.x?}").json(&One("x", None)).unwrap(), None);
        assert!(template("{param.x}").json(&One("x", None)).is_err());
    }

    proptest! {
        #[test]
        fn an_id_adds_no_segment_and_no_query(id in any::<String>()) {
            if let Some(text) = url("/a/{id}", &id) {
                let rest = text.strip_prefix("/a/").unwrap();
                prop_assert!(!rest.is_empty() && !rest.contains(['/', '?', '#', '&', ' ', '\\']));
                prop_assert!(rest.is_ascii());
            }
        }

        #[test]
        fn any_text_is_a_template_or_an_error(text in any::<String>()) {
            let _ = Template::try_from(text);
        }
    }
}
