//! The audit record, as read and as checked.

use std::fmt::Write as _;

use keyward_audit::{Event, Head, check_kept, verify};
use keyward_store::AuditRecord;

use crate::view::{AuditExport, AuditExportRow, AuditList, AuditRow, AuditVerdict, JSON_VERSION};
use crate::{Error, Keyward};

impl Keyward {
    /// The record, newest first; only the rows of one entry when `subject` is given.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn audit(&self, subject: Option<&str>) -> Result<AuditList, Error> {
        let records = self.with(|open| open.read(|tx| Ok(tx.audit()?)))?.unwrap_or_default();
        let rows = records.iter().rev().filter_map(|record| {
            let event = Event::of(record)?;
            let wanted = |text: &str| {
                event.subject == text || event.detail.as_ref().is_some_and(|d| d.contains(text))
            };
            if !subject.is_none_or(wanted) {
                return None;
            }
            Some(AuditRow {
                seq: record.seq,
                at: event.at.to_string(),
                actor: event.actor,
                action: event.action,
                subject: event.subject,
                detail: event.detail,
            })
        });
        Ok(AuditList { version: JSON_VERSION, rows: rows.collect() })
    }

    /// The whole record, oldest row first and each with its link of the chain, to keep elsewhere.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn audit_export(&self) -> Result<AuditExport, Error> {
        let verdict = self.audit_verify(None)?;
        let (vault, records) = self
            .with(|open| {
                let vault = open.vault.id().to_owned();
                Ok((Some(vault), open.read(|tx| Ok(tx.audit()?))?))
            })?
            .unwrap_or_default();
        Ok(AuditExport {
            version: JSON_VERSION,
            vault,
            ok: verdict.ok,
            message: verdict.message,
            head: records.last().map(|row| head_of(row).to_string()),
            rows: records.iter().map(export_row).collect(),
        })
    }

    /// Checks the whole chain, that it ends at the keychain's anchor or after it, and that `kept`,
    /// a head that was kept elsewhere, is one of its rows.
    ///
    /// # Errors
    /// `USAGE` for a text that is no head; the keychain or the disk. A broken chain is a verdict,
    /// not an error.
    pub fn audit_verify(&self, kept: Option<&str>) -> Result<AuditVerdict, Error> {
        let kept: Option<Head> = kept
            .map(|text| {
                text.parse().map_err(|()| {
                    Error::new(
                        "USAGE",
                        "The head is not one.",
                        "Give the line that `keyward audit head` printed, `NUMBER:HEX`.",
                    )
                })
            })
            .transpose()?;
        let checked = self.now().to_string();
        let verdict = self.with(|open| {
            let rows = open.read(|tx| Ok(tx.audit()?))?;
            let count = rows.len() as u64;
            let anchor = open.vault.anchor()?;
            let head: Option<Head> = anchor.as_deref().and_then(|text| text.parse().ok());
            let (ok, head, broken_at, message) =
                match verify(&rows, open.audit_key(), head.as_ref())
                    .and_then(|head| kept_fits(&rows, kept.as_ref()).map(|()| head))
                {
                    Ok(_) if anchor.is_none() => (
                        false,
                        None,
                        None,
                        "The rows fit each other, but the anchor in the keychain is gone."
                            .to_owned(),
                    ),
                    Ok(head) => (
                        true,
                        head.map(|head| head.to_string()),
                        None,
                        format!("{count} {}, unbroken.", if count == 1 { "row" } else { "rows" }),
                    ),
                    Err(broken) => (
                        false,
                        None,
                        Some(broken.row()),
                        crate::error::capital(&format!("{broken}.")),
                    ),
                };
            let checked = checked.clone();
            let version = JSON_VERSION;
            Ok(AuditVerdict { version, ok, rows: count, head, broken_at, message, checked })
        })?;
        Ok(verdict.unwrap_or(AuditVerdict {
            version: JSON_VERSION,
            ok: kept.is_none(),
            rows: 0,
            head: None,
            broken_at: kept.is_some().then_some(1),
            message: "There is no vault yet, so nothing was recorded.".to_owned(),
            checked,
        }))
    }
}

/// Whether a head kept elsewhere is of this record, or of the one that a restore began it after.
fn kept_fits(rows: &[AuditRecord], kept: Option<&Head>) -> Result<(), keyward_audit::Broken> {
    let Some(kept) = kept else { return Ok(()) };
    check_kept(rows, kept).or_else(|broken| {
        let text = kept.to_string();
        let cites = |event: Event| {
            event.action == "restore" && event.detail.is_some_and(|detail| detail.contains(&text))
        };
        if rows.iter().filter_map(Event::of).any(cites) { Ok(()) } else { Err(broken) }
    })
}

fn head_of(record: &AuditRecord) -> Head {
    Head { seq: record.seq, mac: record.mac.clone() }
}

fn export_row(record: &AuditRecord) -> AuditExportRow {
    let event = Event::of(record);
    let text = |field: fn(&Event) -> &String| event.as_ref().map(field).cloned();
    AuditExportRow {
        seq: record.seq,
        at: event.as_ref().map(|event| event.at.to_string()),
        actor: text(|event| &event.actor),
        action: text(|event| &event.action),
        subject: text(|event| &event.subject),
        detail: event.as_ref().and_then(|event| event.detail.clone()),
        body: record.body.clone(),
        mac: hex::encode(&record.mac),
    }
}

impl AuditExport {
    /// The document as one line of JSON.
    #[must_use]
    pub fn json(&self) -> String {
        let mut line = serde_json::to_string(self).expect("a view has string keys and no maps");
        line.push('\n');
        line
    }

    /// The rows as CSV (RFC 4180) under a line of titles. A cell that a spreadsheet would take
    /// for a formula begins with a `'`.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut out = "row,time,by,action,subject,detail,mac\r\n".to_owned();
        for row in &self.rows {
            let cells = [&row.at, &row.actor, &row.action, &row.subject, &row.detail];
            let _ = write!(out, "{}", row.seq);
            for text in cells {
                let _ = write!(out, ",{}", cell(text.as_deref().unwrap_or_default()));
            }
            let _ = write!(out, ",{}\r\n", row.mac);
        }
        out
    }
}

fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_start_no_formula() {
        assert_eq!(cell("a/b/c"), "a/b/c");
        assert_eq!(cell("two, \"three\""), "\"two, \"\"three\"\"\"");
        assert_eq!(cell("=1+1"), "'=1+1");
    }
}
