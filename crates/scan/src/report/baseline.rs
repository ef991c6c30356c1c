//! A baseline: findings that are known and accepted, by fingerprint, so that only new ones are reported.

use std::collections::HashSet;

use serde::Deserialize;

use crate::ScanError;
use crate::rules::rule::printable;

/// A baseline file may be this large, in bytes.
pub const MAX_BASELINE: u64 = 64 * 1024 * 1024;

/// Fingerprints to leave out of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    fingerprints: HashSet<String>,
}

#[derive(Deserialize)]
struct Document {
    version: u64,
    #[serde(default)]
    fingerprints: Vec<String>,
    #[serde(default)]
    findings: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    fingerprint: String,
}

impl Baseline {
    /// Reads the JSON report of an earlier scan, or `{"version":1,"fingerprints":[…]}`. `file` is its name,
    /// for messages.
    ///
    /// # Errors
    /// [`ScanError::BaselineInvalid`] with the line of the fault; also for more than [`MAX_BASELINE`] bytes.
    pub fn parse(bytes: &[u8], file: &str) -> Result<Self, ScanError> {
        let refuse = |line: usize, why: String| ScanError::BaselineInvalid {
            file: printable(file),
            line,
            why,
        };
        if bytes.len() as u64 > MAX_BASELINE {
            return Err(refuse(1, "it is larger than 64 MiB".to_owned()));
        }
        let document: Document = serde_json::from_slice(bytes)
            .map_err(|error| refuse(error.line().max(1), printable(&error.to_string())))?;
        if document.version != 1 {
            return Err(refuse(1, format!("version {} is not known", document.version)));
        }
        let listed = document.findings.into_iter().map(|entry| entry.fingerprint);
        let fingerprints: HashSet<String> =
            document.fingerprints.into_iter().chain(listed).collect();
        let is_fingerprint =
            |text: &String| text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit());
        if let Some(bad) = fingerprints.iter().find(|text| !is_fingerprint(text)) {
            return Err(refuse(1, format!("`{}` is not a fingerprint", printable(bad))));
        }
        Ok(Self { fingerprints })
    }

    /// Whether a fingerprint is in it.
    #[must_use]
    pub fn contains(&self, fingerprint: &str) -> bool {
        self.fingerprints.contains(fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINT: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn both_forms_are_read() {
        let list = format!(r#"{{"version":1,"fingerprints":["{PRINT}"]}}"#);
        let report = format!(
            r#"{{"version":1,"findings":[{{"rule":"x","fingerprint":"{PRINT}"}}],"summary":{{}}}}"#
        );
        for text in [list, report] {
            let baseline = Baseline::parse(text.as_bytes(), "b.json").expect("a baseline");
            assert!(baseline.contains(PRINT) && !baseline.contains("x"));
        }
    }

    #[test]
    fn hostile_files_are_refused_with_a_line() {
        let deep = format!("{{\"version\":1,\n\"x\":{}", "[".repeat(100_000));
        for (text, line) in [
            ("", 1),
            ("[]", 1),
            ("{\n\"version\":1,\n\"fingerprints\":[1]}", 3),
            ("{\"version\":2}", 1),
            ("{\"version\":1,\"fingerprints\":[\".*\"]}", 1),
            (deep.as_str(), 2),
        ] {
            match Baseline::parse(text.as_bytes(), "b.json") {
                Err(ScanError::BaselineInvalid { line: found, .. }) => {
                    assert_eq!(found, line, "{:.40}", text)
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
