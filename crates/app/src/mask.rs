//! Masking: values that pass through a stream are replaced by the entry's name, also where they
//! are cut in two between reads, and in base64, URL and hex dress.

use std::io::{self, Read, Write};

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use keyward_vault::Secret;
use secrecy::ExposeSecret;
use zeroize::{Zeroize, Zeroizing};

use crate::Error;

/// Values shorter than this are not masked: they stand in ordinary words.
const SHORTEST: usize = 6;

/// Replaces values in a stream.
pub struct Masker {
    automaton: AhoCorasick,
    patterns: Vec<Zeroizing<Vec<u8>>>,
    /// What stands for each pattern.
    shown: Vec<String>,
    longest: usize,
}

impl std::fmt::Debug for Masker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Masker")
    }
}

impl Masker {
    /// Masks these values, each under its entry's name.
    ///
    /// # Errors
    /// `FAULT` when there are too many values for one automaton.
    pub fn new<'a>(values: impl IntoIterator<Item = (&'a str, &'a Secret)>) -> Result<Self, Error> {
        Self::from_length(SHORTEST, values)
    }

    /// Masks these values, however short they are: for one that is known to be there.
    ///
    /// # Errors
    /// As [`Masker::new`].
    pub(crate) fn of_any_length<'a>(
        values: impl IntoIterator<Item = (&'a str, &'a Secret)>,
    ) -> Result<Self, Error> {
        Self::from_length(1, values)
    }

    fn from_length<'a>(
        shortest: usize,
        values: impl IntoIterator<Item = (&'a str, &'a Secret)>,
    ) -> Result<Self, Error> {
        let mut patterns: Vec<Zeroizing<Vec<u8>>> = vec![];
        let mut shown = vec![];
        for (name, value) in values {
            let bytes = value.expose_secret();
            if bytes.len() < shortest {
                continue;
            }
            for pattern in dresses(bytes) {
                patterns.push(pattern);
                shown.push(format!("[{name}]"));
            }
        }
        let longest = patterns.iter().map(|pattern| pattern.len()).max().unwrap_or(0);
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(patterns.iter().map(|pattern| pattern.as_slice()))
            .map_err(|_| {
                Error::new("FAULT", "Too many values to mask.", "Select fewer entries.")
            })?;
        Ok(Self { automaton, patterns, shown, longest })
    }

    /// Copies `from` to `to`, masked. What could be the beginning of a value is held back until
    /// more comes; everything else passes at once.
    ///
    /// # Errors
    /// Those of reading and writing.
    pub fn copy(&self, mut from: impl Read, mut to: impl Write) -> io::Result<()> {
        let mut held: Vec<u8> = vec![];
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            held.extend_from_slice(&buffer[..read]);
            let keep = self.open_tail(&held);
            let done = self.emit(&held[..], held.len() - keep, &mut to)?;
            held.drain(..done);
            to.flush()?;
        }
        self.emit(&held, held.len(), &mut to)?;
        held.zeroize();
        buffer.zeroize();
        to.flush()
    }

    /// Writes `bytes` up to `until` (or the end of a match that begins before it); returns how far.
    fn emit(&self, bytes: &[u8], until: usize, to: &mut impl Write) -> io::Result<usize> {
        let mut at = 0;
        for found in self.automaton.find_iter(bytes) {
            if found.start() >= until {
                break;
            }
            to.write_all(&bytes[at..found.start()])?;
            to.write_all(self.shown[found.pattern().as_usize()].as_bytes())?;
            at = found.end();
        }
        let end = until.max(at);
        to.write_all(&bytes[at..end])?;
        Ok(end)
    }

    /// Length of the longest tail that is the beginning of a value. Only that is held back: a
    /// prompt that waits for its reader must show.
    fn open_tail(&self, bytes: &[u8]) -> usize {
        let longest = self.longest.saturating_sub(1).min(bytes.len());
        (1..=longest)
            .rev()
            .find(|&length| {
                let tail = &bytes[bytes.len() - length..];
                self.patterns
                    .iter()
                    .any(|pattern| pattern.len() > length && pattern.starts_with(tail))
            })
            .unwrap_or(0)
    }
}

/// The forms in which a value turns up in output.
fn dresses(bytes: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let mut forms = vec![Zeroizing::new(bytes.to_vec())];
    let mut add = |form: String| {
        let form = Zeroizing::new(form.into_bytes());
        if form.len() >= SHORTEST && !forms.contains(&form) {
            forms.push(form);
        }
    };
    add(STANDARD_NO_PAD.encode(bytes));
    add(URL_SAFE_NO_PAD.encode(bytes));
    add(bytes.iter().map(|b| format!("{b:02x}")).collect());
    add(percent(bytes));
    if let Ok(text) = std::str::from_utf8(bytes) {
        let json = serde_json::to_string(text).unwrap_or_default();
        add(json.trim_matches('"').to_owned());
        // A value of several lines is often printed line by line.
        for line in text.lines().filter(|line| text.contains('\n') && line.len() >= 16) {
            add(line.to_owned());
        }
    }
    forms
}

fn percent(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &b in bytes {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use keyward_vault::secret;
    use proptest::prelude::*;

    use super::*;

    /// Hands out its parts one read at a time.
    struct Parts(Vec<Vec<u8>>);

    impl Read for Parts {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Ok(0);
            }
            let part = self.0.remove(0);
            buffer[..part.len()].copy_from_slice(&part);
            Ok(part.len())
        }
    }

    fn masked(values: &[&str], parts: Vec<Vec<u8>>) -> String {
        let values: Vec<Secret> = values.iter().map(|v| secret(v.as_bytes().to_vec())).collect();
        let masker = Masker::new(values.iter().map(|value| ("a/b/c", value))).unwrap();
        let mut out = vec![];
        masker.copy(Parts(parts), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_dress_of_a_value_is_masked() {
        let value = "p@ss/word+1";
        for text in
            ["p@ss/word+1", "p%40ss%2Fword%2B1", "cEBzcy93b3JkKzE", "704073732f776f72642b31"]
        {
            let out = masked(&[value], vec![format!("x {text} y").into_bytes()]);
            assert_eq!(out, "x [a/b/c] y");
        }
    }

    #[test]
    fn what_begins_no_value_is_not_held_back() {
        struct Once<'a>(&'a mut Vec<Vec<u8>>);
        impl Write for Once<'_> {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.push(bytes.to_vec());
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                self.0.push(b"<flush>".to_vec());
                Ok(())
            }
        }
        let value = secret(b"secret-value".to_vec());
        let masker = Masker::new([("a", &value)]).unwrap();
        let mut written = vec![];
        masker.copy(Parts(vec![b"Password: ".to_vec()]), Once(&mut written)).unwrap();
        let first: Vec<u8> =
            written.iter().take_while(|w| *w != b"<flush>").flatten().copied().collect();
        assert_eq!(first, b"Password: ", "the prompt waited for more output");
    }

    proptest! {
        #[test]
        fn a_value_is_masked_wherever_it_is_cut(cuts in proptest::collection::vec(0usize..60, 0..6)) {
            let text = b"before sk_live_CANARY123 middle sk_live_CANARY123sk_live_CANARY123".to_vec();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.sort_unstable();
            let mut parts = vec![];
            let mut at = 0;
            for cut in cuts.into_iter().chain([text.len()]) {
                if cut > at {
                    parts.push(text[at..cut].to_vec());
                    at = cut;
                }
            }
            let out = masked(&["sk_live_CANARY123"], parts);
            prop_assert_eq!(out, "before [a/b/c] middle [a/b/c][a/b/c]");
        }
    }
}
