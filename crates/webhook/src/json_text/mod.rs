//! JSON as text: cut into tokens and written again in another layout, with key order, repeated keys
//! and the spelling of numbers kept. Libraries that parse into values lose all three, and a signature
//! depends on them. Iterative throughout, so that depth costs no stack.

mod parser;
mod string;

use self::parser::Parser;
use self::string::{Unit, unescape, units, write_char, write_escape};

/// A JSON text in tokens.
pub(crate) struct Document<'a> {
    text: &'a [u8],
    tokens: Vec<Token>,
    depth: usize,
}

/// Positions are 32 bits wide, which [`Document::LIMIT`] makes safe; a large text has many tokens.
#[derive(Clone, Copy)]
struct Token {
    kind: Kind,
    start: u32,
    end: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Open,
    Close,
    Comma,
    Colon,
    /// With its quotes.
    String,
    /// A number, `true`, `false` or `null`.
    Word,
}

/// White space between tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// As in the text, without what is round it.
    Kept,
    /// None at all.
    Compact,
    /// `", "` and `": "`, as Python's `json.dumps` writes.
    Spaced,
    /// `", "` alone, as string formatting by hand often leaves it.
    Listed,
    /// One token a line, indented by this text; `"key": value`.
    Indented(&'static str),
    /// As indented by two blanks, with empty objects and arrays opened onto lines of their own, as
    /// Ruby's `JSON.pretty_generate` used to.
    Opened,
}

/// What an encoder escapes in strings beyond what JSON demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Escapes {
    /// Everything outside ASCII.
    pub ascii: bool,
    /// `<`, `>`, `&`, U+2028 and U+2029.
    pub html: bool,
    /// `/` as `\/`.
    pub slash: bool,
    /// Quotes, `'`, `+` and the backtick, all with upper-case hex digits, as .NET does.
    pub dotnet: bool,
}

impl Escapes {
    /// Nothing beyond what JSON demands, as JavaScript does.
    #[cfg(test)]
    const MINIMAL: Self = Self { ascii: false, html: false, slash: false, dotnet: false };

    /// What .NET's `System.Text.Json` escapes.
    pub(crate) const DOTNET: Self = Self { ascii: true, html: true, slash: false, dotnet: true };
}

/// What a text holds that its writers differ about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Traits {
    /// Characters outside ASCII, or a `\u` escape.
    pub unicode: bool,
    /// A slash.
    pub slash: bool,
    /// `<`, `>`, `&`, `'` or `+`, or a `\u` escape.
    pub marks: bool,
    /// An empty object or array.
    pub empty: bool,
}

impl<'a> Document<'a> {
    /// Longest text that is read.
    pub(crate) const LIMIT: usize = 8 * 1024 * 1024;
    /// Deepest nesting that is indented or sorted: both take time and room by depth.
    const DEPTH: usize = 64;

    /// Cuts a text into tokens; `None` when it is not JSON, or longer than [`Document::LIMIT`].
    /// Bytes in strings need not be UTF-8.
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        if text.len() > Self::LIMIT {
            return None;
        }
        let mut parser = Parser { text, at: 0, tokens: Vec::new(), depth: 0 };
        parser.run()?;
        Some(Self { text, tokens: parser.tokens, depth: parser.depth })
    }

    /// What the text holds that its writers differ about.
    pub(crate) fn traits(&self) -> Traits {
        let mut traits = Traits::default();
        for token in self.tokens.iter().filter(|t| t.kind == Kind::String) {
            let mut last = 0;
            for &byte in self.bytes(token) {
                let escape = last == b'\\' && byte == b'u';
                traits.unicode |= escape || !byte.is_ascii();
                traits.slash |= byte == b'/';
                traits.marks |= escape || matches!(byte, b'<' | b'>' | b'&' | b'\'' | b'+');
                last = byte;
            }
        }
        let pairs = self.tokens.windows(2);
        traits.empty =
            pairs.into_iter().any(|w| w[0].kind == Kind::Open && w[1].kind == Kind::Close);
        traits
    }

    /// The text in another layout, its strings kept as they are or escaped anew. `None` when it is
    /// nested too deep to be indented.
    pub(crate) fn write(&self, layout: Layout, escapes: Option<Escapes>) -> Option<Vec<u8>> {
        if self.depth > Self::DEPTH && matches!(layout, Layout::Indented(_) | Layout::Opened) {
            return None;
        }
        let mut out = Vec::with_capacity(self.text.len() + self.text.len() / 4);
        let mut depth = 0_usize;
        let mut last_end = self.tokens.first().map_or(0, |t| t.start);
        let mut last = None;
        for token in &self.tokens {
            if token.kind == Kind::Close {
                depth = depth.saturating_sub(1);
            }
            match layout {
                Layout::Kept => {
                    out.extend_from_slice(&self.text[last_end as usize..token.start as usize]);
                }
                Layout::Compact => {}
                Layout::Spaced => {
                    if matches!(last, Some(Kind::Comma | Kind::Colon)) {
                        out.push(b' ');
                    }
                }
                Layout::Listed => {
                    if last == Some(Kind::Comma) {
                        out.push(b' ');
                    }
                }
                Layout::Indented(unit) => indent(&mut out, last, token.kind, depth, unit, false),
                Layout::Opened => indent(&mut out, last, token.kind, depth, "  ", true),
            }
            self.write_token(token, escapes, &mut out);
            if token.kind == Kind::Open {
                depth += 1;
            }
            (last, last_end) = (Some(token.kind), token.end);
        }
        Some(out)
    }

    /// How many numbers there are.
    pub(crate) fn numbers(&self) -> usize {
        self.tokens.iter().filter(|token| self.number(token).is_some()).count()
    }

    fn number(&self, token: &Token) -> Option<&str> {
        let text = std::str::from_utf8(self.bytes(token)).ok()?;
        let starts = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        (token.kind == Kind::Word && starts).then_some(text)
    }

    /// The text with other spellings for some of its numbers, by their place among them; `None` when none has
    /// another.
    pub(crate) fn respelled(
        &self,
        mut spell: impl FnMut(usize, &str) -> Option<String>,
    ) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(self.text.len() + self.text.len() / 8);
        let (mut copied, mut number, mut changed) = (0, 0, false);
        for token in &self.tokens {
            let Some(text) = self.number(token) else { continue };
            if let Some(other) = spell(number, text) {
                out.extend_from_slice(&self.text[copied..token.start as usize]);
                out.extend_from_slice(other.as_bytes());
                copied = token.end as usize;
                changed = true;
            }
            number += 1;
        }
        out.extend_from_slice(&self.text[copied..]);
        changed.then_some(out)
    }

    /// The same JSON, compact, with the members of each object sorted by key; `None` when it is
    /// nested too deep. Members with the same key keep their order.
    pub(crate) fn sorted(&self) -> Option<Vec<u8>> {
        if self.depth > Self::DEPTH {
            return None;
        }
        // One frame for each open object or array: its members so far, each with its key.
        let mut frames: Vec<Vec<(&[u8], Vec<u8>)>> = vec![vec![(b"", Vec::new())]];
        for (at, token) in self.tokens.iter().enumerate() {
            let bytes = self.bytes(token);
            match token.kind {
                Kind::Open => frames.push(vec![(b"", Vec::new())]),
                Kind::Comma => frames.last_mut()?.push((b"", Vec::new())),
                Kind::Close => {
                    let mut members = frames.pop()?;
                    if bytes == b"}" {
                        members.sort_by(|a, b| a.0.cmp(b.0));
                    }
                    let joined = members.into_iter().map(|(_, text)| text).collect::<Vec<_>>();
                    let (_, parent) = frames.last_mut()?.last_mut()?;
                    parent.push(if bytes == b"}" { b'{' } else { b'[' });
                    parent.extend_from_slice(&joined.join(&b','));
                    parent.extend_from_slice(bytes);
                }
                Kind::String | Kind::Word | Kind::Colon => {
                    let member = frames.last_mut()?.last_mut()?;
                    if self.tokens.get(at + 1).is_some_and(|next| next.kind == Kind::Colon) {
                        member.0 = bytes;
                    }
                    member.1.extend_from_slice(bytes);
                }
            }
        }
        frames.pop()?.pop().map(|(_, text)| text)
    }

    /// The text that a JSON string at the top stands for.
    pub(crate) fn as_string(&self) -> Option<Vec<u8>> {
        match self.tokens.as_slice() {
            [only] if only.kind == Kind::String => Some(unescape(self.bytes(only))),
            _ => None,
        }
    }

    /// A top-level member that is a string.
    pub(crate) fn member(&self, name: &str) -> Option<String> {
        let named = self.members().find(|(key, _)| unescape(self.bytes(key)) == name.as_bytes());
        let value = named.map(|(_, value)| value).filter(|value| value.kind == Kind::String)?;
        String::from_utf8(unescape(self.bytes(value))).ok()
    }

    /// The members of a flat object of strings, numbers and words, in order, as text.
    pub(crate) fn flat(&self) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
        let text = |token: &Token| match token.kind {
            Kind::String => unescape(self.bytes(token)),
            _ => self.bytes(token).to_vec(),
        };
        let members: Vec<_> = self.members().map(|(k, v)| (text(k), text(v))).collect();
        (self.depth == 1 && !members.is_empty()).then_some(members)
    }

    /// Each top-level key with the first token of its value.
    fn members(&self) -> impl Iterator<Item = (&Token, &Token)> {
        let mut depth = 0_usize;
        self.tokens.windows(3).enumerate().filter_map(move |(at, window)| {
            // The window's first token is counted as it passes.
            match window[0].kind {
                Kind::Open => depth += 1,
                Kind::Close => depth = depth.saturating_sub(1),
                _ => {}
            }
            let is_member = at > 0 && depth == 1 && window[1].kind == Kind::Colon;
            is_member.then_some((&window[0], &window[2]))
        })
    }

    /// Whole numbers of ten digits, which is what seconds since 1970 have, each once, at most `most`.
    pub(crate) fn times(&self, most: usize) -> Vec<i64> {
        let mut times = Vec::new();
        for token in self.tokens.iter().filter(|t| t.kind == Kind::Word && t.end - t.start == 10) {
            let number = std::str::from_utf8(self.bytes(token)).ok().and_then(|t| t.parse().ok());
            if let Some(number) = number.filter(|n| !times.contains(n)) {
                times.push(number);
                if times.len() == most {
                    break;
                }
            }
        }
        times
    }

    fn bytes(&self, token: &Token) -> &'a [u8] {
        &self.text[token.start as usize..token.end as usize]
    }

    fn write_token(&self, token: &Token, escapes: Option<Escapes>, out: &mut Vec<u8>) {
        let bytes = self.bytes(token);
        let Some(escapes) = escapes.filter(|_| token.kind == Kind::String) else {
            out.extend_from_slice(bytes);
            return;
        };
        out.push(b'"');
        units(bytes, |unit| match unit {
            Unit::Plain(run) => out.extend_from_slice(run),
            Unit::Char(c) => write_char(c, &escapes, out),
            Unit::Lone(half) => write_escape(half, &escapes, out),
            Unit::Byte(byte) => out.push(byte),
        });
        out.push(b'"');
    }
}

/// White space before a token of an indented text.
fn indent(
    out: &mut Vec<u8>,
    last: Option<Kind>,
    kind: Kind,
    depth: usize,
    unit: &str,
    opened: bool,
) {
    let line = |out: &mut Vec<u8>| {
        out.push(b'\n');
        (0..depth).for_each(|_| out.extend_from_slice(unit.as_bytes()));
    };
    match (last, kind) {
        (Some(Kind::Open), Kind::Close) if opened => {
            if out.last() == Some(&b'[') {
                out.push(b'\n');
            }
            line(out);
        }
        (Some(Kind::Open), Kind::Close) | (None, _) => {}
        (Some(Kind::Colon), _) => out.push(b' '),
        (Some(Kind::Open | Kind::Comma), _) | (_, Kind::Close) => line(out),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ASCII: Escapes = Escapes { ascii: true, ..Escapes::MINIMAL };
    const INDENTED: Layout = Layout::Indented("  ");

    fn write(text: &str, layout: Layout, escapes: Option<Escapes>) -> String {
        let document = Document::parse(text.as_bytes()).expect("JSON");
        String::from_utf8(document.write(layout, escapes).expect("not deep")).expect("UTF-8")
    }

    #[test]
    fn layouts_are_those_of_the_usual_writers() {
        let text = " {\"b\":[1.0,{}, []],\n\"a\" :\"x, y: {z\",\"b\":1e3}\n";
        assert_eq!(
            write(text, Layout::Compact, None),
            r#"{"b":[1.0,{},[]],"a":"x, y: {z","b":1e3}"#
        );
        assert_eq!(
            write(text, Layout::Spaced, None),
            r#"{"b": [1.0, {}, []], "a": "x, y: {z", "b": 1e3}"#
        );
        assert_eq!(
            write(text, INDENTED, None),
            "{\n  \"b\": [\n    1.0,\n    {},\n    []\n  ],\n  \"a\": \"x, y: {z\",\n  \"b\": 1e3\n}"
        );
        assert_eq!(
            write("{\"a\":{},\"b\":[]}", Layout::Opened, None),
            "{\n  \"a\": {\n  },\n  \"b\": [\n\n  ]\n}"
        );
        assert_eq!(write(text, Layout::Kept, None), text.trim());
    }

    #[test]
    fn escapes_are_those_of_the_usual_encoders() {
        let text = r#"["\u00fc😀\/\u003c'\n\u001f\ud83d"]"#;
        let with = |escapes| write(text, Layout::Compact, Some(escapes));
        let minimal = Escapes::MINIMAL;
        assert_eq!(with(minimal), "[\"ü😀/<'\\n\\u001f\\ud83d\"]");
        assert_eq!(with(ASCII), r#"["\u00fc\ud83d\ude00/<'\n\u001f\ud83d"]"#);
        assert_eq!(
            with(Escapes { slash: true, html: true, ..minimal }),
            "[\"ü😀\\/\\u003c'\\n\\u001f\\ud83d\"]"
        );
        assert_eq!(
            with(Escapes { ascii: true, html: true, dotnet: true, slash: false }),
            r#"["\u00FC\uD83D\uDE00/\u003C\u0027\n\u001F\uD83D"]"#
        );
    }

    #[test]
    fn keys_sort_at_every_level_and_stay_where_they_repeat() {
        let document =
            Document::parse(br#"{"b":{"d":1,"c":[{"z":1,"y":2}]},"a":"x","b":0}"#).unwrap();
        assert_eq!(
            document.sorted().unwrap(),
            br#"{"a":"x","b":{"c":[{"y":2,"z":1}],"d":1},"b":0}"#
        );
    }

    #[test]
    fn members_and_times_are_found() {
        let text =
            br#"{"id":"evt_\u0031","n":1760000000,"x":{"id":"no","t":1760000000},"t":1750000000}"#;
        let document = Document::parse(text).unwrap();
        assert_eq!(document.member("id").as_deref(), Some("evt_1"));
        assert_eq!(document.member("n"), None);
        assert_eq!(document.times(9), [1_760_000_000, 1_750_000_000]);
        assert_eq!(document.flat(), None);
        let flat = Document::parse(br#"{"a":"x y","n":1}"#).unwrap().flat().unwrap();
        assert_eq!(flat, [(b"a".to_vec(), b"x y".to_vec()), (b"n".to_vec(), b"1".to_vec())]);
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for bad in [
            "",
            "{",
            "[1,]",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "[1 2]",
            "1 2",
            "\"\\x\"",
            "\"\\u12\"",
            "\"",
            "nul",
            "]",
            "{]",
            "\"\n\"",
        ] {
            assert!(Document::parse(bad.as_bytes()).is_none(), "{bad}");
        }
        for good in ["1", "\"\"", "[]", "{}", "[[],[]]", " null ", "[-1.5e+3]"] {
            assert!(Document::parse(good.as_bytes()).is_some(), "{good}");
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let deep = [vec![b'['; 1_000_000], vec![b']'; 1_000_000]].concat();
        let document = Document::parse(&deep).unwrap();
        assert_eq!(document.write(Layout::Compact, None).unwrap(), deep);
        assert_eq!(document.write(INDENTED, None), None);
        assert_eq!(document.sorted(), None);
    }

    /// Any JSON text, compact, with every kind of token and escape in it.
    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("-1.50e+3".to_owned()),
            any::<i64>().prop_map(|n| n.to_string()),
            any::<String>().prop_map(|s| serde_json::to_string(&s).unwrap()),
            Just(r#""\u00e9\/\ud800""#.to_owned()),
        ];
        leaf.prop_recursive(5, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5)
                    .prop_map(|v| format!("[{}]", v.join(","))),
                prop::collection::vec((any::<String>(), inner), 0..5).prop_map(|m| {
                    let member = |(k, v): &(String, String)| {
                        format!("{}:{v}", serde_json::to_string(k).unwrap())
                    };
                    format!("{{{}}}", m.iter().map(member).collect::<Vec<_>>().join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(document) = Document::parse(&bytes) {
                document.write(INDENTED, Some(ASCII));
                document.sorted();
                document.flat();
            }
        }

        #[test]
        fn every_layout_goes_back_to_compact(text in json()) {
            for layout in [Layout::Kept, Layout::Spaced, INDENTED, Layout::Indented("\t"), Layout::Opened] {
                let written = write(&text, layout, None);
                prop_assert_eq!(write(&written, Layout::Compact, None), text.clone());
            }
        }

        #[test]
        fn escapes_change_the_spelling_and_not_the_text(text in json()) {
            // Half a surrogate pair has no text to compare.
            let text = text.replace("\\ud800", "");
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            for escapes in [Escapes::MINIMAL, ASCII, Escapes { slash: true, html: true, dotnet: true, ascii: true }] {
                let written = write(&text, INDENTED, Some(escapes));
                prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&written).unwrap(), &value);
            }
        }

        #[test]
        fn indented_text_is_what_serde_json_writes(text in "[a-z]{0,4}", n in any::<u32>()) {
            let value = serde_json::json!({"a": [n, {"b": text}, []], "c": {}});
            let compact = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(write(&compact, INDENTED, None), serde_json::to_string_pretty(&value).unwrap());
        }
    }
}
