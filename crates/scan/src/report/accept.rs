//! Writes a baseline: one row on each line, in order of the fingerprints, and what people wrote around the rows
//! as it was.

use std::collections::{BTreeMap, HashMap};

use jiff::civil::Date;

use super::baseline::{Baseline, Form, MAX_TEXT, Standing, refuse};
use crate::ScanError;
use crate::report::Finding;
use crate::rules::rule::printable;

const HEAD: &str = "\
# Findings that are known and accepted: `keyward scan --baseline FILE` leaves them out.
# One row for each line, by fingerprint; only `reason` is required. After the day in
# `expires` a finding counts again.
version = 1

[accepted]
";

/// What is said of newly accepted findings.
#[derive(Debug, Clone)]
pub struct Acceptance {
    /// Why they may stay.
    pub reason: String,
    /// The last day on which that holds.
    pub expires: Option<Date>,
    /// The day it is accepted on.
    pub when: Option<Date>,
}

/// A baseline's new text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The whole file.
    pub text: String,
    /// How many rows are new, or replace one that had expired.
    pub rows: usize,
}

impl Baseline {
    /// The text of a baseline with these findings added. What `old` holds stays, with comments and order; a row
    /// of it is replaced only if it has expired. `file` is its name, for messages.
    ///
    /// # Errors
    /// [`ScanError::BaselineInvalid`] if `old` is not a baseline with reasons, or the reason is empty or longer
    /// than 1,000 bytes.
    pub fn accept<'f>(
        old: Option<&[u8]>,
        file: &str,
        findings: impl IntoIterator<Item = &'f Finding>,
        acceptance: &Acceptance,
    ) -> Result<Accepted, ScanError> {
        let reason = acceptance.reason.trim();
        if reason.is_empty() || reason.len() > MAX_TEXT {
            return Err(refuse(file, 1, "a reason has 1 to 1,000 bytes"));
        }
        let known = match old {
            None => Self { form: Form::Rows, ..Self::default() },
            Some(old) => Self::parse(old, file)?,
        };
        if known.form != Form::Rows {
            return Err(refuse(file, 1, "it is JSON, which has no room for reasons"));
        }
        let old = old.map_or(HEAD, |old| std::str::from_utf8(old).unwrap_or(HEAD));
        let mut fresh = BTreeMap::new();
        let mut replaced = HashMap::new();
        for finding in findings {
            let print = finding.fingerprint.clone();
            let row = line(finding, reason, acceptance);
            match known.standing(&print, acceptance.when) {
                Standing::Accepted(_) => {}
                Standing::Expired(old) => drop(replaced.insert(old.line, row)),
                Standing::New => drop(fresh.insert(print, row)),
            }
        }
        let fresh_rows = fresh.len();
        let rows = fresh_rows + replaced.len();
        let end = if old.contains("\r\n") { "\r\n" } else { "\n" };
        let text = merge(old, end, fresh, &replaced);
        // What cannot be read back must not replace what can: rows may be spread over lines by hand.
        if Self::parse(text.as_bytes(), file)?.len() != known.len() + fresh_rows {
            return Err(refuse(file, 1, "its rows are not one on each line"));
        }
        Ok(Accepted { text, rows })
    }
}

/// The old lines with the new rows where they belong: after the last row with a smaller fingerprint.
fn merge(
    old: &str,
    end: &str,
    fresh: BTreeMap<String, String>,
    replaced: &HashMap<usize, String>,
) -> String {
    let mut lines: Vec<String> = old.lines().map(str::to_owned).collect();
    for (&number, row) in replaced {
        if let Some(line) = lines.get_mut(number - 1) {
            row.clone_into(line);
        }
    }
    let table = lines.iter().position(|line| head(line) == "[accepted]");
    let first = match table {
        Some(table) => table + 1,
        None => {
            lines.push("[accepted]".to_owned());
            lines.len()
        }
    };
    // Where each of the old rows is; the new ones go behind the last smaller one.
    let rows: Vec<(String, usize)> =
        (first..lines.len()).filter_map(|at| Some((print_of(&lines[at])?, at))).collect();
    let mut after: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for (print, row) in fresh {
        let behind = rows.iter().rev().find(|(other, _)| *other < print);
        after.entry(behind.map_or(first - 1, |(_, at)| *at)).or_default().push(row);
    }
    let mut out = String::with_capacity(old.len());
    for (at, line) in lines.iter().enumerate() {
        for line in std::iter::once(line).chain(after.get(&at).into_iter().flatten()) {
            out.push_str(line);
            out.push_str(end);
        }
    }
    out
}

fn head(line: &str) -> String {
    let bare = line.split('#').next().unwrap_or_default();
    bare.chars().filter(|c| !c.is_whitespace()).collect()
}

fn print_of(line: &str) -> Option<String> {
    let key = line.trim_start().split('=').next()?.trim().trim_matches(['"', '\'']);
    super::baseline::is_fingerprint(key).then(|| key.to_owned())
}

fn line(finding: &Finding, reason: &str, acceptance: &Acceptance) -> String {
    let place = if finding.path.is_empty() { finding.source.as_str() } else { &finding.path };
    let mut what = printable(&format!("{} in {place}", finding.rule));
    what.truncate(what.floor_char_boundary(300));
    let mut row = format!("\"{}\" = {{ reason = {}", finding.fingerprint, quoted(reason));
    if let Some(expires) = acceptance.expires {
        row += &format!(", expires = {expires}");
    }
    if let Some(when) = acceptance.when {
        row += &format!(", when = {when}");
    }
    row + &format!(", what = {} }}", quoted(&what))
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out += &format!("\\u{:04X}", u32::from(c)),
            c => out.push(c),
        }
    }
    out + "\""
}
