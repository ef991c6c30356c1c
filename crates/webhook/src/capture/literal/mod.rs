//! Literals of JavaScript and Python as they stand in copied snippets: strings, numbers, objects and
//! lists. Names and calls are read as such and never worked out.

mod reader;
mod strings;

use std::collections::BTreeMap;

use self::reader::Reader;
use self::strings::Quote;
use super::text::Text;
use crate::request::SampleError;

/// The language of a snippet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    JavaScript,
    Python,
}

/// What a literal stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Text(Text),
    Object(Members),
    List(Vec<Literal>),
    /// A number, `true`, `None` and the like, as it is spelled.
    Word(String),
    /// A variable.
    Name(String),
    /// A function and what it is called with, such as `json.dumps(…)`.
    Call(String, Vec<Literal>),
    /// An argument that is handed in by name.
    Argument(String, Box<Literal>),
    /// Something that would have to be run.
    Unknown,
}

/// Names and values in order.
pub(super) type Members = Vec<(Text, Literal)>;

/// The variables that a snippet has set so far.
#[derive(Debug, Default)]
pub(super) struct Scope(BTreeMap<String, Literal>);

impl Scope {
    /// What a variable holds; everything else is itself.
    pub(super) fn resolve<'a>(&'a self, value: &'a Literal) -> &'a Literal {
        match value {
            Literal::Name(name) => self.0.get(name).unwrap_or(&Literal::Unknown),
            _ => value,
        }
    }
}

/// Walks over a snippet and hands on each call that is asked for, with what was assigned before it.
pub(super) fn scan(
    text: &[u8],
    language: Language,
    is_call: impl Fn(&str) -> bool,
    mut on_call: impl FnMut(&str, Vec<Literal>, &Scope) -> Result<(), SampleError>,
) -> Result<(), SampleError> {
    let mut reader = Reader::new(text, 0, language);
    let mut scope = Scope::default();
    loop {
        reader.space();
        match reader.peek() {
            None => return Ok(()),
            Some(b'"' | b'\'' | b'`') => {
                reader.text(Quote::default())?;
                continue;
            }
            _ => {}
        }
        let name = reader.name();
        if name.is_empty() {
            reader.at += 1;
            continue;
        }
        reader.space();
        match reader.rest() {
            [b'(', ..] if is_call(&name) => {
                reader.at += 1;
                let arguments = reader.list(b')')?;
                on_call(&name, arguments, &scope)?;
            }
            [b'=', next, ..] if !matches!(next, b'=' | b'>') => {
                reader.at += 1;
                reader.space();
                if reader.starts_literal() {
                    let value = reader.value()?;
                    scope.0.insert(name, value);
                }
            }
            _ => {}
        }
    }
}

/// The string that a text starts with as Python's `repr` writes it, `'…'` or `b'…'`, and what follows it.
pub(super) fn python_repr(text: &[u8]) -> Option<(Text, &[u8])> {
    let bytes = text.first() == Some(&b'b');
    let mut reader = Reader::new(text, usize::from(bytes), Language::Python);
    matches!(reader.peek(), Some(b'\'' | b'"')).then_some(())?;
    let string = reader.one_string(Quote { raw: false, bytes }).ok()?;
    Some((string, reader.rest()))
}

/// The members of a dictionary that a text starts with, and what follows it.
pub(super) fn python_dict(text: &[u8]) -> Option<(Members, &[u8])> {
    let mut reader = Reader::new(text, 0, Language::Python);
    match reader.one_value().ok()? {
        Literal::Object(members) => Some((members, reader.rest())),
        _ => None,
    }
}

impl Literal {
    pub(super) fn get(&self, name: &str) -> Option<&Literal> {
        match self {
            Self::Object(members) => {
                let named = |(key, _): &&(Text, Literal)| key.bytes == name.as_bytes();
                members.iter().rev().find(named).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// Text, or a number as it is spelled.
    pub(super) fn string(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.lossy()),
            Self::Word(word) => Some(word.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str, language: Language) -> Literal {
        Reader::new(text.as_bytes(), 0, language).value().expect("a literal")
    }

    fn plain(text: &str) -> Literal {
        Literal::Text(Text { bytes: text.as_bytes().to_vec(), ..Text::default() })
    }

    #[test]
    fn strings_of_javascript() {
        for (text, value) in [
            (r#""a\n\"\u00fc\ud83d\ude00\x41\u{1F600}\/""#, "a\n\"ü😀A😀/"),
            (r"'it\'s'", "it's"),
            ("`a\nb`", "a\nb"),
            ("'a\\\nb'", "ab"),
        ] {
            assert_eq!(read(text, Language::JavaScript), plain(value), "{text}");
        }
        assert_eq!(read("`${a}`", Language::JavaScript), Literal::Unknown);
        assert_eq!(read("'a' + b", Language::JavaScript), Literal::Unknown);
    }

    #[test]
    fn strings_of_python() {
        for (text, value) in [
            (r"'a\x41\101\u00fc\U0001f600\q\n'", "aAAü😀\\q\n"),
            (r"r'\n'", r"\n"),
            ("'''a\n\"b'''", "a\n\"b"),
            ("('a'\n 'b' \"c\")", "abc"),
            ("'x'.encode()", "x"),
            ("'ü'.encode('utf-8')", "ü"),
        ] {
            assert_eq!(read(text, Language::Python), plain(value), "{text}");
        }
        let bytes = Text { bytes: b"\xff\0".to_vec(), ..Text::default() };
        assert_eq!(read(r"b'\xff\0'", Language::Python), Literal::Text(bytes));
        for text in ["f'{x}'", "'a' % b", "'ü'.encode('latin-1')", "'a'.upper()"] {
            assert_eq!(read(text, Language::Python), Literal::Unknown, "{text}");
        }
    }

    #[test]
    fn objects_lists_and_calls() {
        let object = read(
            "{a: 1, 'b': [true, null,], \"c\": f(x), d, // no\n e: {},}",
            Language::JavaScript,
        );
        assert_eq!(object.get("a"), Some(&Literal::Word("1".into())));
        assert_eq!(
            object.get("b"),
            Some(&Literal::List(vec![Literal::Word("true".into()), Literal::Word("null".into())]))
        );
        assert_eq!(
            object.get("c"),
            Some(&Literal::Call("f".into(), vec![Literal::Name("x".into())]))
        );
        assert_eq!(object.get("d"), Some(&Literal::Name("d".into())));
        assert_eq!(object.get("e"), Some(&Literal::Object(vec![])));
        let deep = "[".repeat(100_000);
        assert!(Reader::new(deep.as_bytes(), 0, Language::Python).value().is_err());
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "[\\[\\](){}'\"`,:.;$\\\\u0xbrnf# \n-]{0,60}") {
            for language in [Language::JavaScript, Language::Python] {
                let _ = Reader::new(text.as_bytes(), 0, language).value();
            }
        }
    }
}
