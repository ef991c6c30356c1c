//! The user's own values: looked for exactly, however they were encoded, quoted or broken over lines.
//!
//! The scan's sieve looks for a few bytes of each form of a value; the rest is compared here, against
//! buffers that wipe themselves.

use std::collections::HashSet;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretSlice};
use zeroize::Zeroizing;

use super::split;
use crate::report::{Decoding, Own, Severity};

/// Shorter values are found everywhere by chance and are left out.
const MIN_VALUE: usize = 8;
/// The bytes of a pattern that are searched for.
const PROBE: usize = 8;

/// One value of the vault to look for.
pub struct OwnValue {
    /// The entry's name, such as `acme/prod/stripe`.
    pub entry: String,
    /// Which of its versions.
    pub version: u32,
    /// The version's stage: `pending`, `current`, `previous`, `revoked` or `dead`.
    pub stage: String,
    /// The value. One of fewer than 8 bytes is not looked for.
    pub value: SecretSlice<u8>,
}

struct Pattern {
    own: usize,
    decoding: Option<Decoding>,
    bytes: Zeroizing<Vec<u8>>,
}

/// A few bytes of a pattern: where they are in it.
struct Probe {
    pattern: usize,
    at: usize,
}

/// A stretch of text that is one of the values.
pub(crate) struct OwnMatch {
    pub(crate) own: usize,
    pub(crate) span: Range<usize>,
    pub(crate) decoding: Option<Decoding>,
}

/// Everything to look for.
pub(crate) struct OwnIndex<'v> {
    values: Vec<&'v OwnValue>,
    patterns: Vec<Pattern>,
    probes: Vec<Probe>,
}

impl<'v> OwnIndex<'v> {
    pub(crate) fn new(values: &'v [OwnValue]) -> Self {
        let mut values: Vec<&OwnValue> = values.iter().collect();
        // Where two entries hold the same value, the one that is in use is named.
        values.sort_by(|a, b| {
            (stage_rank(&a.stage), &a.entry, a.version).cmp(&(
                stage_rank(&b.stage),
                &b.entry,
                b.version,
            ))
        });
        let mut index = Self { patterns: Vec::new(), probes: Vec::new(), values };
        let mut seen = HashSet::new();
        for own in 0..index.values.len() {
            let value = index.values[own].value.expose_secret();
            if value.len() < MIN_VALUE {
                continue;
            }
            for (decoding, bytes) in encodings(value) {
                // Told apart by a hash: a set of the patterns themselves would be one more copy.
                let digest: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(&*bytes).into();
                if bytes.len() >= PROBE && seen.insert(digest) {
                    index.add(Pattern { own, decoding, bytes });
                }
            }
        }
        index
    }

    /// Probes lie apart, so that a line break in the value leaves one of them whole.
    fn add(&mut self, pattern: Pattern) {
        let last = pattern.bytes.len() - PROBE;
        let mut places = vec![last / 2];
        if last >= 2 * PROBE {
            places.extend([0, last]);
        }
        let number = self.patterns.len();
        self.probes.extend(places.into_iter().map(|at| Probe { pattern: number, at }));
        self.patterns.push(pattern);
    }

    /// What to search for: each probe's number and its bytes.
    pub(crate) fn probes(&self) -> impl Iterator<Item = (usize, &[u8])> + '_ {
        self.probes.iter().enumerate().map(|(number, probe)| {
            (number, &self.patterns[probe.pattern].bytes[probe.at..probe.at + PROBE])
        })
    }

    /// How far before and after a probe the rest of its pattern may lie, in bytes.
    pub(crate) fn shape(&self, probe: usize) -> (usize, usize) {
        let Probe { pattern, at } = self.probes[probe];
        let len = self.patterns[pattern].bytes.len();
        (split::room(at), split::room(len - at))
    }

    /// The value whose probe stands at `at` in `text`, if all of it does, on one line or broken over several.
    pub(crate) fn confirm(&self, probe: usize, text: &[u8], at: usize) -> Option<OwnMatch> {
        let Probe { pattern, at: offset } = self.probes[probe];
        let pattern = &self.patterns[pattern];
        let (before, after) = pattern.bytes.split_at(offset);
        let end = at + split::forwards(after, text.get(at..)?)?;
        let start = at - split::backwards(before, &text[..at])?;
        Some(OwnMatch { own: pattern.own, span: start..end, decoding: pattern.decoding })
    }

    pub(crate) fn own(&self, own: usize) -> Own {
        let value = self.values[own];
        Own { entry: value.entry.clone(), version: value.version, stage: value.stage.clone() }
    }

    pub(crate) fn value(&self, own: usize) -> &[u8] {
        self.values[own].value.expose_secret()
    }

    /// A value that still works, or may, is critical anywhere.
    pub(crate) fn severity(&self, own: usize) -> Severity {
        if stage_rank(&self.values[own].stage) < 3 { Severity::Critical } else { Severity::Medium }
    }
}

fn stage_rank(stage: &str) -> u8 {
    match stage {
        "current" => 0,
        "pending" => 1,
        "previous" => 2,
        "revoked" => 3,
        _ => 4,
    }
}

/// Every form in which a value is looked for.
fn encodings(value: &[u8]) -> Vec<(Option<Decoding>, Zeroizing<Vec<u8>>)> {
    let mut out: Vec<(Option<Decoding>, Zeroizing<Vec<u8>>)> = Vec::new();
    let mut add = |decoding, bytes: Vec<u8>| out.push((decoding, Zeroizing::new(bytes)));

    // A final newline is often not where the value is used.
    let trimmed = value.trim_ascii();
    let forms =
        [value.to_vec(), if trimmed.len() >= MIN_VALUE { trimmed.to_vec() } else { Vec::new() }]
            .map(Zeroizing::new);
    for form in forms.iter().filter(|form| !form.is_empty()) {
        add(None, form.to_vec());
        if form.contains(&b'\n') && !form.contains(&b'\r') {
            add(None, replace(form, b'\n', b"\r\n"));
        }
        for skip in 0..3_usize {
            let padded = Zeroizing::new([&[0_u8; 2][..skip.min(2)], form].concat());
            // Characters that neighbouring bytes share in are left out.
            let core = (8 * skip).div_ceil(6)..8 * padded.len() / 6;
            for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
                let text = Zeroizing::new(engine.encode(&*padded).into_bytes());
                add(Some(Decoding::Base64), text[core.clone()].to_vec());
            }
        }
        add(Some(Decoding::Hex), hex::encode(&**form).into_bytes());
        add(Some(Decoding::Hex), hex::encode_upper(&**form).into_bytes());
        for upper in [true, false] {
            for kept in
                [&b"-_.~"[..], b"-_.!~*'()", b"-_.*", b"-_.~!$&'()*+,;=", b"-_.~!$&'()*+,;=:@/?#[]"]
            {
                add(
                    Some(Decoding::Percent),
                    percent(form, upper, |b| b.is_ascii_alphanumeric() || kept.contains(&b)),
                );
            }
            let plus = percent(form, upper, |b| b.is_ascii_alphanumeric() || b"-_.* ".contains(&b));
            add(Some(Decoding::Percent), replace(&plus, b' ', b"+"));
            add(Some(Decoding::Percent), percent(form, upper, |_| false));
        }
        for style in 0..16 {
            let escaped = Zeroizing::new(backslash(form, style));
            add(Some(Decoding::Json), backslash(&escaped, 0));
            add(Some(Decoding::Json), escaped.to_vec());
        }
    }
    out
}

fn replace(text: &[u8], from: u8, to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * to.len());
    for &b in text {
        if b == from {
            out.extend_from_slice(to);
        } else {
            out.push(b);
        }
    }
    out
}

fn percent(text: &[u8], upper: bool, kept: impl Fn(u8) -> bool) -> Vec<u8> {
    let digits = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    let mut out = Vec::with_capacity(text.len() * 3);
    for &b in text {
        if kept(b) {
            out.push(b);
        } else {
            out.extend([b'%', digits[usize::from(b >> 4)], digits[usize::from(b & 15)]]);
        }
    }
    out
}

/// Backslash escapes as in JSON. Bit 0 of `style`: `/` as `\/`; bit 1: `<`, `>`, `&` and `'` as `\u00xx`;
/// bit 2: characters beyond ASCII as `\uxxxx`; bit 3: its digits in upper case.
fn backslash(text: &[u8], style: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * 2);
    let unicode = |out: &mut Vec<u8>, unit: u16| {
        let text = if style & 8 == 0 { format!("\\u{unit:04x}") } else { format!("\\u{unit:04X}") };
        out.extend_from_slice(text.as_bytes());
    };
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\\' => out.extend([b'\\', c as u8]),
                '\n' => out.extend(b"\\n"),
                '\r' => out.extend(b"\\r"),
                '\t' => out.extend(b"\\t"),
                '/' if style & 1 != 0 => out.extend(b"\\/"),
                '<' | '>' | '&' | '\'' if style & 2 != 0 => unicode(&mut out, c as u16),
                c if c.is_control() || (style & 4 != 0 && !c.is_ascii()) => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        unicode(&mut out, *unit);
                    }
                }
                c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        out.extend_from_slice(chunk.invalid());
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(value: &[u8]) -> OwnValue {
        OwnValue {
            entry: "acme/prod/x".to_owned(),
            version: 1,
            stage: "current".to_owned(),
            value: SecretSlice::from(value.to_vec()),
        }
    }

    fn found(value: &[u8], text: &[u8]) -> Vec<Option<Decoding>> {
        let values = [one(value)];
        let index = OwnIndex::new(&values);
        let probes: Vec<_> = index.probes().collect();
        let mut out = Vec::new();
        for (probe, bytes) in probes {
            for at in 0..text.len() {
                if text[at..].starts_with(bytes) {
                    out.extend(index.confirm(probe, text, at).map(|found| found.decoding));
                }
            }
        }
        out.dedup();
        out
    }

    #[test]
    fn short_values_are_left_alone() {
        assert!(found(b"1234567", b"1234567").is_empty());
        assert_eq!(found(b"12345678", b"x12345678y"), [None]);
    }

    #[test]
    fn broken_over_lines() {
        let value = b"7f3kQ9sLx2VbN8mZt4WpYc6RdJ1hG5uA";
        for text in [
            "7f3kQ9sLx2VbN8mZ\\\n  t4WpYc6RdJ1hG5uA",
            "\"7f3kQ9sL\" +\n\t\"x2VbN8mZt4WpYc6RdJ1hG5uA\"",
            "'7f3kQ9sLx2VbN8mZt4WpYc6R'\n    'dJ1hG5uA'",
            "7f3kQ9sLx2VbN8mZ\r\nt4WpYc6RdJ1hG5uA",
        ] {
            assert_eq!(found(value, text.as_bytes()), [None], "{text}");
        }
        let base64 =
            base64::engine::general_purpose::STANDARD.encode([&b"prefix "[..], value].concat());
        let wrapped = format!("{}\n{}", &base64[..22], &base64[22..]);
        assert_eq!(found(value, wrapped.as_bytes()), [Some(Decoding::Base64)]);
        assert!(found(value, b"7f3kQ9sLx2VbN8mZ and t4WpYc6RdJ1hG5uA").is_empty());
    }

    #[test]
    fn json_forms() {
        let value = "p/ä\"\\<x>&'\n99".as_bytes();
        for text in [
            "p/ä\\\"\\\\<x>&'\\n99",
            "p\\/ä\\\"\\\\<x>&'\\n99",
            "p\\/\\u00e4\\\"\\\\<x>&'\\n99",
            "p/\\u00E4\\\"\\\\\\u003Cx\\u003E\\u0026\\u0027\\n99",
            "p/ä\\\\\\\"\\\\\\\\<x>&'\\\\n99",
        ] {
            assert!(found(value, text.as_bytes()).contains(&Some(Decoding::Json)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn found_in_every_encoding(
            value in prop::collection::vec(any::<u8>(), 8..80),
            before in prop::collection::vec(any::<u8>(), 0..40),
            after in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let around = |middle: &[u8]| [&before, middle, &after].concat();
            let whole = around(&value);
            prop_assert!(found(&value, &whole).contains(&None), "raw");
            prop_assert!(found(&value, base64::engine::general_purpose::STANDARD.encode(&whole).as_bytes())
                .contains(&Some(Decoding::Base64)), "standard");
            prop_assert!(!found(&value, base64::engine::general_purpose::URL_SAFE.encode(&whole).as_bytes())
                .is_empty(), "URL-safe");
            prop_assert!(!found(&value, hex::encode(&whole).as_bytes()).is_empty());
            prop_assert!(!found(&value, hex::encode_upper(&whole).as_bytes()).is_empty());
            let form: String = form_urlencoded(&value);
            prop_assert!(!found(&value, &around(form.as_bytes())).is_empty(), "form");
        }

        #[test]
        fn found_in_json(value in "[\\PC\n\t\"/\\\\]{8,40}", before in "\\PC{0,9}") {
            let json = serde_json::to_string(&format!("{before}{value}")).expect("text is JSON");
            prop_assert!(!found(value.as_bytes(), json.as_bytes()).is_empty());
        }
    }

    /// As the URL standard's application/x-www-form-urlencoded serializer does.
    fn form_urlencoded(value: &[u8]) -> String {
        value
            .iter()
            .map(|&b| match b {
                b' ' => "+".to_owned(),
                b if b.is_ascii_alphanumeric() || b"*-._".contains(&b) => char::from(b).to_string(),
                b => format!("%{b:02X}"),
            })
            .collect()
    }
}
