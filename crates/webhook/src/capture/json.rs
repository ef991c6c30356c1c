//! JSON as captures need it: checked once, then walked in place. Key order, repeated keys, the raw
//! text of a value and lone surrogates are all kept, which libraries that parse into values lose, and
//! nothing but the text itself is held in memory.

use super::text::Text;
use crate::request::SampleError;

/// Deepest nesting that is followed.
const DEPTH: usize = 128;

/// Most values that may stand one after another.
const MOST_VALUES: usize = 1_000_000;

/// One checked JSON value: its text without white space round it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Json<'a> {
    text: &'a [u8],
}

/// Every value of a text that holds one, or several one after another as JSON Lines do.
pub(super) fn documents(text: &[u8]) -> Result<Vec<Json<'_>>, SampleError> {
    let mut values = Vec::new();
    let mut at = blanks(text, 0);
    while at < text.len() {
        let end = check(text, at).map_err(|fault| fault.into_error(text))?;
        if values.len() == MOST_VALUES {
            return Err(SampleError::Json(format!(
                "more than {MOST_VALUES} values one after another"
            )));
        }
        values.push(Json { text: &text[at..end] });
        at = blanks(text, end);
    }
    Ok(values)
}

/// The value that a text starts with, and what follows it.
pub(super) fn prefix(text: &[u8]) -> Option<(Json<'_>, &[u8])> {
    let end = check(text, 0).ok()?;
    Some((Json { text: &text[..end] }, &text[end..]))
}

impl<'a> Json<'a> {
    /// The text of the value as it stands.
    pub(super) fn raw(self) -> &'a [u8] {
        self.text
    }

    pub(super) fn is_object(self) -> bool {
        self.text.first() == Some(&b'{')
    }

    pub(super) fn is_array(self) -> bool {
        self.text.first() == Some(&b'[')
    }

    pub(super) fn is_string(self) -> bool {
        self.text.first() == Some(&b'"')
    }

    pub(super) fn is_null(self) -> bool {
        self.text == b"null"
    }

    pub(super) fn is_true(self) -> bool {
        self.text == b"true"
    }

    /// A member that is there and not `null`. Of repeated ones the last counts, as it does to
    /// JavaScript and most others.
    pub(super) fn get(self, name: &str) -> Option<Json<'a>> {
        let named = self.members().filter(|(key, _)| key.says(name));
        named.last().map(|(_, value)| value).filter(|value| !value.is_null())
    }

    /// A member of a member, and so on.
    pub(super) fn at(self, path: &[&str]) -> Option<Json<'a>> {
        path.iter().try_fold(self, |value, name| value.get(name))
    }

    pub(super) fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The members of an object in order; none for other values.
    pub(super) fn members(self) -> impl Iterator<Item = (Json<'a>, Json<'a>)> {
        let mut walk = Walk::of(self, self.is_object());
        std::iter::from_fn(move || {
            let key = walk.next()?;
            walk.pass(b':');
            let value = walk.next()?;
            walk.pass(b',');
            Some((key, value))
        })
    }

    /// The elements of an array in order; none for other values.
    pub(super) fn items(self) -> impl Iterator<Item = Json<'a>> {
        let mut walk = Walk::of(self, self.is_array());
        std::iter::from_fn(move || {
            let value = walk.next()?;
            walk.pass(b',');
            Some(value)
        })
    }

    /// The text that a string stands for.
    pub(super) fn text(self) -> Option<Text> {
        self.is_string().then(|| Text::unescape(&self.text[1..self.text.len() - 1]))
    }

    /// A string, number or word for reading; what is not text is replaced.
    pub(super) fn string(self) -> Option<String> {
        match self.text.first() {
            Some(b'{' | b'[') => None,
            Some(b'"') => self.text().map(|text| text.lossy()),
            _ => Some(String::from_utf8_lossy(self.text).into_owned()),
        }
    }

    /// A string member for reading.
    pub(super) fn string_at(self, name: &str) -> Option<String> {
        self.get(name).and_then(Json::string)
    }

    /// A whole number.
    pub(super) fn number(self) -> Option<usize> {
        std::str::from_utf8(self.text).ok()?.parse().ok()
    }

    fn says(self, name: &str) -> bool {
        let inner = &self.text[1..self.text.len() - 1];
        match inner.contains(&b'\\') {
            true => Text::unescape(inner).bytes == name.as_bytes(),
            false => inner == name.as_bytes(),
        }
    }
}

/// Walks over the children of a checked object or array.
struct Walk<'a> {
    rest: &'a [u8],
}

impl<'a> Walk<'a> {
    fn of(value: Json<'a>, walkable: bool) -> Self {
        let inside = if walkable { &value.text[1..value.text.len() - 1] } else { b"" };
        Self { rest: inside.trim_ascii_start() }
    }

    fn next(&mut self) -> Option<Json<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let end = skip(self.rest);
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest.trim_ascii_start();
        Some(Json { text })
    }

    fn pass(&mut self, mark: u8) {
        self.rest = self.rest.strip_prefix(&[mark]).unwrap_or(self.rest).trim_ascii_start();
    }
}

/// Where the checked value at the start of a text ends.
fn skip(text: &[u8]) -> usize {
    match text.first() {
        Some(b'"') => string_end(text, 0).unwrap_or(text.len()),
        Some(b'{' | b'[') => {
            let (mut at, mut depth) = (0, 0_usize);
            while at < text.len() {
                match text[at] {
                    b'"' => {
                        at = string_end(text, at).unwrap_or(text.len());
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth = depth.saturating_sub(1);
                        if depth == 0 {
                            return at + 1;
                        }
                    }
                    _ => {}
                }
                at += 1;
            }
            text.len()
        }
        _ => text.iter().position(|b| is_end(*b)).unwrap_or(text.len()),
    }
}

/// What ends a number or a word.
fn is_end(byte: u8) -> bool {
    matches!(byte, b',' | b':' | b'}' | b']' | b'{' | b'[' | b'"') || byte.is_ascii_whitespace()
}

fn blanks(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n')).count()
}

/// After the closing quote of a string that opens at `from`; `None` when it is not closed.
fn string_end(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from + 1;
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Where a text stops being JSON.
struct Fault {
    at: usize,
    why: Why,
}

enum Why {
    Deep,
    Wrong,
}

impl Fault {
    fn into_error(self, text: &[u8]) -> SampleError {
        let before = &text[..self.at.min(text.len())];
        let line = 1 + before.iter().filter(|b| **b == b'\n').count();
        match self.why {
            Why::Deep => {
                SampleError::Json(format!("line {line}: nested deeper than {DEPTH} levels"))
            }
            Why::Wrong if self.at >= text.len() => {
                SampleError::CutShort("its JSON ends in the middle".into())
            }
            Why::Wrong => SampleError::Json(format!("line {line} is not JSON (byte {})", self.at)),
        }
    }
}

/// Checks the value at a place against RFC 8259 and says where it ends. Iterative.
fn check(text: &[u8], from: usize) -> Result<usize, Fault> {
    let wrong = |at: usize| Fault { at, why: Why::Wrong };
    let mut open: Vec<u8> = Vec::new();
    let mut at = from;
    loop {
        // A value stands here, or, in an object, a key and then a value.
        at = blanks(text, at);
        if open.last() == Some(&b'}') {
            at = check_string(text, at).map_err(wrong)?;
            at = blanks(text, at);
            if text.get(at) != Some(&b':') {
                return Err(wrong(at));
            }
            at = blanks(text, at + 1);
        }
        match text.get(at) {
            Some(bracket @ (b'{' | b'[')) => {
                if open.len() == DEPTH {
                    return Err(Fault { at, why: Why::Deep });
                }
                let close = if *bracket == b'{' { b'}' } else { b']' };
                at = blanks(text, at + 1);
                if text.get(at) != Some(&close) {
                    open.push(close);
                    continue;
                }
                at += 1;
            }
            Some(b'"') => at = check_string(text, at).map_err(wrong)?,
            Some(_) => at = check_word(text, at).map_err(wrong)?,
            None => return Err(wrong(at)),
        }
        // After a value: close what ends here, then a comma or the end.
        loop {
            let Some(&close) = open.last() else {
                return Ok(at);
            };
            at = blanks(text, at);
            match text.get(at) {
                Some(byte) if *byte == close => {
                    open.pop();
                    at += 1;
                }
                Some(b',') => {
                    at += 1;
                    break;
                }
                _ => return Err(wrong(at)),
            }
        }
    }
}

fn check_string(text: &[u8], from: usize) -> Result<usize, usize> {
    if text.get(from) != Some(&b'"') {
        return Err(from);
    }
    let mut at = from + 1;
    loop {
        match text.get(at).ok_or(text.len())? {
            b'"' => return Ok(at + 1),
            b'\\' => match text.get(at + 1).ok_or(text.len())? {
                b'u' => {
                    for digit in at + 2..at + 6 {
                        if !text.get(digit).ok_or(text.len())?.is_ascii_hexdigit() {
                            return Err(digit);
                        }
                    }
                    at += 6;
                }
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => at += 2,
                _ => return Err(at),
            },
            0..0x20 => return Err(at),
            _ => at += 1,
        }
    }
}

fn check_word(text: &[u8], from: usize) -> Result<usize, usize> {
    let rest = &text[from..];
    let end = rest.iter().position(|b| is_end(*b)).unwrap_or(rest.len());
    let word = &rest[..end];
    let is_number = matches!(word.first(), Some(b'-' | b'0'..=b'9'))
        && word.iter().all(|b| b.is_ascii_digit() || b"-+.eE".contains(b));
    if is_number || matches!(word, b"true" | b"false" | b"null") {
        return Ok(from + end);
    }
    // A word that the end of the text cut off.
    let cut = from + end == text.len()
        && [b"true".as_slice(), b"false", b"null"].iter().any(|w| w.starts_with(word));
    Err(if cut { text.len() } else { from })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(text: &str) -> Json<'_> {
        documents(text.as_bytes()).expect("JSON")[0]
    }

    #[test]
    fn values_are_walked_in_place() {
        let value =
            one(" {\"a\" : [1, \"x,]}\\\"\" ,{}] , \"b\":null,\"a\\u0062\":true, \"a\":[ ]}\n");
        let keys: Vec<String> = value.members().filter_map(|(key, _)| key.string()).collect();
        assert_eq!(keys, ["a", "b", "ab", "a"]);
        assert_eq!(value.get("a").map(Json::raw), Some(b"[ ]".as_slice()), "the last one counts");
        assert!(!value.has("b") && value.get("ab").is_some_and(Json::is_true));
        let first = value.members().next().map(|(_, list)| list).expect("a list");
        let raw: Vec<&[u8]> = first.items().map(Json::raw).collect();
        assert_eq!(raw, [b"1".as_slice(), b"\"x,]}\\\"\"", b"{}"]);
    }

    #[test]
    fn lines_of_json_are_several_documents() {
        assert_eq!(documents(b"{\"a\":1}\r\n{\"a\":2}\n\n[3] 4 ").map(|all| all.len()), Ok(4));
        assert_eq!(documents(b" \n").map(|all| all.len()), Ok(0));
    }

    #[test]
    fn what_ends_in_the_middle_is_cut_short() {
        let whole = r#"{"a":[1,"x\u00fc",true,{"b":null}]}"#;
        for end in 1..whole.len() {
            let error = documents(&whole.as_bytes()[..end]).expect_err("not whole");
            assert!(matches!(error, SampleError::CutShort(_)), "{end}: {error}");
        }
        assert!(matches!(documents(b"{\"a\":tru,}"), Err(SampleError::Json(_))));
        assert!(matches!(documents(b"{\"a\":\"\n\"}"), Err(SampleError::Json(_))));
        let deep = [b"[".repeat(1_000_000), b"]".repeat(1_000_000)].concat();
        assert!(matches!(documents(&deep), Err(SampleError::Json(_))));
    }

    proptest! {
        #[test]
        fn what_serde_takes_is_taken(text in "[\\[\\]{}:,\" a1.e\\\\u-]{0,40}") {
            let ours = documents(text.as_bytes()).is_ok_and(|all| all.len() == 1);
            let serde = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert!(!serde || ours, "{text}");
        }

        #[test]
        fn walking_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for value in documents(&bytes).unwrap_or_default() {
                let _ = (value.get("a"), value.items().count(), value.members().count(), value.string());
            }
        }
    }
}
