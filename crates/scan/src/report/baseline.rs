//! A baseline: findings that are known and accepted, by fingerprint, so that only new ones are reported.
//!
//! The format of its own is TOML with one row on each line, so that merges of it stay small:
//!
//! ```toml
//! version = 1
//!
//! [accepted]
//! "0123456789abcdef0123456789abcdef" = { reason = "sandbox key", expires = 2027-01-31, by = "Ada", when = 2026-11-22, what = "stripe-secret-key in app.py" }
//! ```
//!
//! Only `reason` is required. The last day a row holds on is `expires`; after it the finding counts again.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::ScanError;
use crate::files::{self, Unread};
use crate::report::{Finding, KnownFinding, Notice};
use crate::rules::rule::printable;

/// A baseline file may be this large, in bytes.
pub const MAX_BASELINE: u64 = 64 * 1024 * 1024;
/// One of the format with reasons may be this large, in bytes: its rows are written by people.
const MAX_ROWS: usize = 8 * 1024 * 1024;
/// A text in a row may be this long, in bytes.
pub(super) const MAX_TEXT: usize = 1_000;

/// Fingerprints to leave out of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    pub(super) rows: BTreeMap<String, Row>,
    pub(super) form: Form,
}

/// Which of the formats a baseline was read from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Form {
    /// A report or a list of fingerprints.
    #[default]
    Json,
    /// Rows with reasons.
    Rows,
}

/// What is known of an accepted finding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) reason: Option<String>,
    pub(crate) expires: Option<Date>,
    /// The line it stands on, from 1.
    pub(super) line: usize,
}

/// What a baseline says of a fingerprint.
pub(crate) enum Standing<'b> {
    /// It is not in it.
    New,
    /// It is accepted.
    Accepted(&'b Row),
    /// It was accepted until a day that is over.
    Expired(&'b Row),
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
    /// Reads the baseline at `path`, which must be a regular file or a link to one; see [`parse`](Self::parse).
    ///
    /// # Errors
    /// [`ScanError::NotFound`], [`ScanError::Io`], and [`ScanError::BaselineInvalid`] for what is no baseline;
    /// a file that is too large is not read.
    pub fn read(path: &Path) -> Result<Self, ScanError> {
        let file = path.display().to_string();
        match files::read(path, MAX_BASELINE, true) {
            Ok(content) => Self::parse(&content.bytes, &file),
            Err(Unread::TooLarge(_)) => Err(refuse(&file, 1, "it is larger than 64 MiB")),
            Err(Unread::NotAFile(what)) => Err(refuse(&file, 1, &format!("it is a {what}"))),
            Err(Unread::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(ScanError::NotFound { path: path.to_owned() })
            }
            Err(Unread::Io(error)) => {
                Err(ScanError::Io { path: path.to_owned(), why: files::words(&error) })
            }
        }
    }

    /// Reads a baseline: TOML rows with reasons, the JSON report of an earlier scan, or
    /// `{"version":1,"fingerprints":[…]}`. `file` is its name, for messages.
    ///
    /// # Errors
    /// [`ScanError::BaselineInvalid`] with the line of the fault; also for more than [`MAX_BASELINE`] bytes.
    pub fn parse(bytes: &[u8], file: &str) -> Result<Self, ScanError> {
        if bytes.len() as u64 > MAX_BASELINE {
            return Err(refuse(file, 1, "it is larger than 64 MiB"));
        }
        if bytes.trim_ascii_start().starts_with(b"{") {
            return Self::json(bytes, file);
        }
        if bytes.len() > MAX_ROWS {
            return Err(refuse(file, 1, "it is larger than 8 MiB, and no JSON"));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let good = &bytes[..error.valid_up_to()];
            refuse(file, line_of(good, good.len()), "it is not UTF-8")
        })?;
        Self::toml(text, file)
    }

    fn json(bytes: &[u8], file: &str) -> Result<Self, ScanError> {
        let document: Document = serde_json::from_slice(bytes)
            .map_err(|error| refuse(file, error.line().max(1), &error.to_string()))?;
        if document.version != 1 {
            return Err(refuse(file, 1, &format!("version {} is not known", document.version)));
        }
        let listed = document.findings.into_iter().map(|entry| entry.fingerprint);
        let mut rows = BTreeMap::new();
        for fingerprint in document.fingerprints.into_iter().chain(listed) {
            if !is_fingerprint(&fingerprint) {
                return Err(refuse(file, 1, &format!("`{fingerprint}` is not a fingerprint")));
            }
            rows.insert(fingerprint, Row { line: 1, ..Row::default() });
        }
        Ok(Self { rows, form: Form::Json })
    }

    fn toml(text: &str, file: &str) -> Result<Self, ScanError> {
        let line = |at: usize| line_of(text.as_bytes(), at);
        let table = DeTable::parse(text).map_err(|error| {
            refuse(file, line(error.span().map_or(0, |span| span.start)), error.message())
        })?;
        let mut version = None;
        let mut accepted = None;
        for (key, value) in table.get_ref() {
            let at = line(key.span().start);
            match (&**key.get_ref(), value.get_ref()) {
                ("version", DeValue::Integer(number)) if number.as_str() == "1" => {
                    version = Some(1)
                }
                ("version", _) => return Err(refuse(file, at, "its version is not 1")),
                ("accepted", DeValue::Table(rows)) => accepted = Some(rows),
                (other, _) => {
                    let why =
                        format!("`{other}` is not expected; it holds `version` and `[accepted]`");
                    return Err(refuse(file, at, &why));
                }
            }
        }
        if version.is_none() {
            return Err(refuse(file, 1, "it does not say `version = 1`"));
        }
        // Rows ask for their lines in order of the text, so that the lines are counted once.
        let mut listed: Vec<_> = accepted.into_iter().flatten().collect();
        listed.sort_by_key(|(key, _)| key.span().start);
        let (mut at, mut number) = (0, 1);
        let mut rows = BTreeMap::new();
        for (key, value) in listed {
            let start = key.span().start.clamp(at, text.len());
            number += text.as_bytes()[at..start].iter().filter(|&&b| b == b'\n').count();
            at = start;
            let name = &**key.get_ref();
            if !is_fingerprint(name) {
                return Err(refuse(file, number, &format!("`{name}` is not a fingerprint")));
            }
            let row = row(value, number).map_err(|why| refuse(file, number, &why))?;
            rows.insert(name.to_owned(), row);
        }
        Ok(Self { rows, form: Form::Rows })
    }

    /// Whether a fingerprint is in it, expired or not.
    #[must_use]
    pub fn contains(&self, fingerprint: &str) -> bool {
        self.rows.contains_key(fingerprint)
    }

    /// Parts findings into those that count and those that are accepted, and tells what has expired.
    pub(crate) fn apply(
        &self,
        findings: Vec<Finding>,
        today: Option<Date>,
    ) -> (Vec<Finding>, Vec<KnownFinding>, Option<Notice>) {
        let (mut count, mut known, mut expired) = (Vec::new(), Vec::new(), Vec::new());
        for finding in findings {
            match self.standing(&finding.fingerprint, today) {
                Standing::New => count.push(finding),
                Standing::Accepted(row) => {
                    known.push(KnownFinding { finding, reason: row.reason.clone() });
                }
                Standing::Expired(row) => {
                    let last = row.expires.map(|last| last.to_string()).unwrap_or_default();
                    expired.push(format!(
                        "{} until {last} ({})",
                        finding.fingerprint,
                        printable(row.reason.as_deref().unwrap_or_default())
                    ));
                    count.push(finding);
                }
            }
        }
        let notice = (!expired.is_empty()).then(|| {
            let more = expired.len().saturating_sub(10);
            expired.truncate(10);
            let tail = if more > 0 { format!(", and {more} more") } else { String::new() };
            Notice {
                code: "BASELINE_EXPIRED".to_owned(),
                message: format!("Accepted once, and counted again: {}{tail}.", expired.join(", ")),
            }
        });
        (count, known, notice)
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// What it says of a fingerprint. Without a day nothing has expired.
    pub(crate) fn standing(&self, fingerprint: &str, today: Option<Date>) -> Standing<'_> {
        match self.rows.get(fingerprint) {
            None => Standing::New,
            Some(row) => match (row.expires, today) {
                (Some(last), Some(today)) if today > last => Standing::Expired(row),
                _ => Standing::Accepted(row),
            },
        }
    }
}

fn row(value: &Spanned<DeValue<'_>>, line: usize) -> Result<Row, String> {
    let DeValue::Table(table) = value.get_ref() else {
        return Err("a row is a fingerprint and { reason = \"…\" }".to_owned());
    };
    let mut row = Row { line, ..Row::default() };
    for (key, value) in table {
        let key = &**key.get_ref();
        match key {
            "reason" | "by" | "what" => {
                let text =
                    value.get_ref().as_str().ok_or_else(|| format!("`{key}` is not text"))?;
                if text.len() > MAX_TEXT {
                    return Err(format!("`{key}` is longer than {MAX_TEXT} bytes"));
                }
                if key == "reason" {
                    row.reason = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
                }
            }
            "expires" | "when" => {
                let date = date(value.get_ref())
                    .ok_or_else(|| format!("`{key}` is not a date such as 2027-01-31"))?;
                if key == "expires" {
                    row.expires = Some(date);
                }
            }
            other => return Err(format!("`{other}` is not expected in a row")),
        }
    }
    if row.reason.is_none() {
        return Err("the row has no `reason`".to_owned());
    }
    Ok(row)
}

/// A day, as TOML's own date or as text.
fn date(value: &DeValue<'_>) -> Option<Date> {
    let text = match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Datetime(date) if date.time.is_none() => date.to_string(),
        _ => return None,
    };
    // Only the plain form; jiff reads more.
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

pub(super) fn is_fingerprint(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn line_of(text: &[u8], at: usize) -> usize {
    1 + text[..at.min(text.len())].iter().filter(|&&b| b == b'\n').count()
}

pub(super) fn refuse(file: &str, line: usize, why: &str) -> ScanError {
    ScanError::BaselineInvalid { file: printable(file), line, why: printable(why) }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const PRINT: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn all_forms_are_read() {
        let list = format!(r#"{{"version":1,"fingerprints":["{PRINT}"]}}"#);
        let report = format!(
            r#"{{"version":1,"findings":[{{"rule":"x","fingerprint":"{PRINT}"}}],"summary":{{}}}}"#
        );
        let rows =
            format!("# why\nversion = 1\n[accepted]\n\"{PRINT}\" = {{ reason = \"test\" }}\n");
        for text in [list, report, rows] {
            let baseline = Baseline::parse(text.as_bytes(), "b").expect("a baseline");
            assert!(baseline.contains(PRINT) && !baseline.contains("x"));
        }
    }

    #[test]
    fn a_row_holds_up_to_its_last_day() {
        for expires in ["2027-01-31", "\"2027-01-31\""] {
            let text = format!(
                "version = 1\n[accepted]\n{PRINT} = {{ reason = \"r\", expires = {expires}, by = \"Ada\", when = 2026-11-22 }}\n"
            );
            let baseline = Baseline::parse(text.as_bytes(), "b").expect("a baseline");
            let on = |today| match baseline.standing(PRINT, today) {
                Standing::New => "new",
                Standing::Accepted(_) => "accepted",
                Standing::Expired(_) => "expired",
            };
            assert_eq!(on(None), "accepted");
            assert_eq!(on(Some(date(2027, 1, 31))), "accepted");
            assert_eq!(on(Some(date(2027, 2, 1))), "expired");
        }
    }

    #[test]
    fn hostile_files_are_refused_with_a_line() {
        let deep = format!("{{\"version\":1,\n\"x\":{}", "[".repeat(100_000));
        let deep_toml = format!("version = 1\nx = {}", "[".repeat(100_000));
        let long = format!(
            "version = 1\n[accepted]\n{PRINT} = {{ reason = \"{}\" }}",
            "x".repeat(MAX_TEXT + 1)
        );
        let row = |row: &str| format!("version = 1\n# x\n[accepted]\n{PRINT} = {row}\n");
        let twice = format!("{}{PRINT} = {{ reason = \"b\" }}\n", row("{ reason = \"a\" }"));
        for (text, line) in [
            ("", 1),
            ("[]", 1),
            ("{\n\"version\":1,\n\"fingerprints\":[1]}", 3),
            ("{\"version\":2}", 1),
            ("{\"version\":1,\"fingerprints\":[\".*\"]}", 1),
            (deep.as_str(), 2),
            (&deep_toml, 2),
            (&long, 3),
            (&twice, 5),
            ("version = 2\n", 1),
            ("\n\nversion = \"1\"\n", 3),
            ("version = 1\nfindings = []\n", 2),
            ("version = 1\n[accepted]\n\n\".*\" = { reason = \"r\" }\n", 4),
            (&row("{}"), 4),
            (&row("{ reason = \"  \" }"), 4),
            (&row("{ reason = 1 }"), 4),
            (&row("{ reason = \"r\", expire = 2027-01-31 }"), 4),
            (&row("{ reason = \"r\", expires = \"soon\" }"), 4),
            (&row("{ reason = \"r\", expires = 2027-02-30 }"), 4),
            (&row("{ reason = \"r\", expires = 2027-01-31T00:00:00Z }"), 4),
            (&row("\"r\""), 4),
        ] {
            match Baseline::parse(text.as_bytes(), "b.json") {
                Err(ScanError::BaselineInvalid { line: found, .. }) => {
                    assert_eq!(found, line, "{text:.80}")
                }
                other => panic!("{text:.80}: {other:?}"),
            }
        }
        assert!(Baseline::parse(b"version = 1\n# \xff\n", "b").is_err());
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[\\[\\]{}\"=.#a-f0-9,\\-\n ]{0,80}") {
            let _ = Baseline::parse(text.as_bytes(), "b");
            let _ = Baseline::parse(format!("version = 1\n[accepted]\n{text}").as_bytes(), "b");
        }
    }
}
