//! `{{name}}` in Postman collections and .http files, filled in from what the file itself defines.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::request::{MAX_INPUT, Request};
use crate::text::excerpt;

/// What a file defines. What filling in adds is bounded over all texts together.
#[derive(Debug)]
pub(super) struct Variables {
    known: BTreeMap<Vec<u8>, Vec<u8>>,
    left: Cell<usize>,
}

impl Variables {
    pub(super) fn new() -> Self {
        Self { known: BTreeMap::new(), left: Cell::new(MAX_INPUT) }
    }

    pub(super) fn define(&mut self, name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.known.insert(name.into(), value.into());
    }

    /// A text with its variables filled in. One that the file does not define stays as it is, and is said.
    pub(super) fn fill(&self, text: &[u8], request: &mut Request) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        // Once there is no `}}` left, there is none further on either.
        while let Some(start) = find(rest, b"{{")
            && let Some(length) = find(&rest[start + 2..], b"}}")
        {
            // `{{{"a"` opens at the last two braces.
            let braces = rest[start..].iter().take_while(|b| **b == b'{').count();
            let start = start + braces - 2;
            let Some(length) = length.checked_sub(braces - 2) else { break };
            let name = &rest[start + 2..start + 2 + length];
            out.extend_from_slice(&rest[..start]);
            let trimmed = name.trim_ascii();
            let value = self.known.get(trimmed).filter(|value| self.spend(value.len()));
            match value {
                Some(value) => out.extend_from_slice(value),
                None => {
                    out.extend_from_slice(&rest[start..start + length + 4]);
                    if is_name(trimmed) {
                        self.say(trimmed, request);
                    }
                }
            }
            rest = &rest[start + length + 4..];
        }
        out.extend_from_slice(rest);
        out
    }

    /// The same for text.
    pub(super) fn fill_text(&self, text: &str, request: &mut Request) -> String {
        String::from_utf8_lossy(&self.fill(text.as_bytes(), request)).into_owned()
    }

    fn spend(&self, bytes: usize) -> bool {
        let left = self.left.get().checked_sub(bytes);
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }

    fn say(&self, name: &[u8], request: &mut Request) {
        request.lossy = true;
        let note =
            format!("The file does not say what the variable `{}` holds.", excerpt(name, 40));
        if request.notes.len() < 20 && !request.notes.contains(&note) {
            request.notes.push(note);
        }
    }
}

/// Letters, digits and what else stands in names; JSON that closes two objects is none.
fn is_name(name: &[u8]) -> bool {
    let part = |b: &u8| b.is_ascii_alphanumeric() || b"_-.$ ".contains(b) || !b.is_ascii();
    !name.is_empty() && name.iter().all(part)
}

pub(super) fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_filled_in() {
        let mut variables = Variables::new();
        variables.define("host", "https://a.example");
        let mut request = Request::default();
        assert_eq!(
            variables.fill(b"{{host}}/{{ host }}", &mut request),
            b"https://a.example/https://a.example"
        );
        assert_eq!(
            variables.fill(br#"{"a":{"b":{}}} {{"x"}} {{"#, &mut request),
            br#"{"a":{"b":{}}} {{"x"}} {{"#
        );
        assert!(!request.lossy);
        assert_eq!(variables.fill(b"{{{host}}}", &mut request), b"{https://a.example}");
        assert_eq!(variables.fill(b"{{$guid}}{{$guid}}", &mut request), b"{{$guid}}{{$guid}}");
        assert!(request.lossy && request.notes.len() == 1, "{:?}", request.notes);
    }

    #[test]
    fn filling_in_is_bounded() {
        let mut variables = Variables::new();
        variables.define("a", vec![b'x'; MAX_INPUT / 4]);
        let filled = variables.fill(&b"{{a}}".repeat(100), &mut Request::default());
        assert!(filled.len() <= MAX_INPUT + 1000, "{}", filled.len());
    }
}
