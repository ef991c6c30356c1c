//! The user's own values: looked for exactly, however they were encoded on the way.
//!
//! The search keeps a lossy hash of eight bytes of each pattern and compares against buffers that wipe
//! themselves, so that no copy of a value outlives the scan, as one inside an automaton would.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretSlice};
use zeroize::Zeroizing;

use crate::report::{Decoding, Own, Severity};

/// Shorter values are found everywhere by chance and are left out.
const MIN_VALUE: usize = 8;
/// The bytes of a pattern that are hashed.
const PROBE: usize = 8;
/// Bits of the hash; the first 16 index a bitmap, all of them a table.
const HASH_BITS: u32 = 24;

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
    probe: usize,
}

/// A stretch of text that is one of the values.
pub(crate) struct OwnMatch {
    pub(crate) own: usize,
    pub(crate) span: Range<usize>,
    pub(crate) decoding: Option<Decoding>,
}

/// Everything to look for, ready to search with.
pub(crate) struct OwnIndex<'v> {
    values: Vec<&'v OwnValue>,
    patterns: Vec<Pattern>,
    bitmap: Vec<u64>,
    table: HashMap<u32, Vec<usize>>,
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
        let mut index =
            Self { patterns: Vec::new(), bitmap: vec![0; 1 << 10], table: HashMap::new(), values };
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
                    index.add(Pattern { own, decoding, probe: (bytes.len() - PROBE) / 2, bytes });
                }
            }
        }
        index
    }

    /// The pattern is probed in its middle: the beginnings of keys are much alike.
    fn add(&mut self, pattern: Pattern) {
        let hash = hash(&pattern.bytes, pattern.probe);
        let bit = (hash >> (HASH_BITS - 16)) as usize;
        self.bitmap[bit / 64] |= 1 << (bit % 64);
        self.table.entry(hash).or_default().push(self.patterns.len());
        self.patterns.push(pattern);
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

    /// Every occurrence of every pattern, overlapping ones too.
    pub(crate) fn find(&self, text: &[u8], mut found: impl FnMut(OwnMatch)) {
        if self.patterns.is_empty() {
            return;
        }
        for at in 0..(text.len() + 1).saturating_sub(PROBE) {
            let hash = hash(text, at);
            let bit = (hash >> (HASH_BITS - 16)) as usize;
            if self.bitmap[bit / 64] >> (bit % 64) & 1 == 0 {
                continue;
            }
            for &number in self.table.get(&hash).into_iter().flatten() {
                let pattern = &self.patterns[number];
                let Some(start) = at.checked_sub(pattern.probe) else {
                    continue;
                };
                let span = start..start + pattern.bytes.len();
                if text.get(span.clone()) == Some(pattern.bytes.as_slice()) {
                    found(OwnMatch { own: pattern.own, span, decoding: pattern.decoding });
                }
            }
        }
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

/// `text` holds at least [`PROBE`] bytes from `at`. Multiplication by an odd constant mixes upwards.
fn hash(text: &[u8], at: usize) -> u32 {
    let mut probe = [0; PROBE];
    probe.copy_from_slice(&text[at..at + PROBE]);
    let mixed = u64::from_le_bytes(probe).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> (64 - HASH_BITS)) as u32
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
        let mut out = Vec::new();
        OwnIndex::new(&values).find(text, |found| out.push(found.decoding));
        out
    }

    #[test]
    fn short_values_are_left_alone() {
        assert!(found(b"1234567", b"1234567").is_empty());
        assert_eq!(found(b"12345678", b"x12345678y"), [None]);
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
