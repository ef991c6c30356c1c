//! The audit record, as read and as checked.

use keyward_audit::{Event, Head, verify};

use crate::view::{AuditList, AuditRow, AuditVerdict, JSON_VERSION};
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

    /// Checks the whole chain, and that it ends at the keychain's anchor or after it.
    ///
    /// # Errors
    /// The keychain or the disk. A broken chain is a verdict, not an error.
    pub fn audit_verify(&self) -> Result<AuditVerdict, Error> {
        let checked = self.now().to_string();
        let verdict = self.with(|open| {
            let rows = open.read(|tx| Ok(tx.audit()?))?;
            let count = rows.len() as u64;
            let anchor = open.vault.anchor()?;
            let head: Option<Head> = anchor.as_deref().and_then(|text| text.parse().ok());
            let (ok, head, broken_at, message) =
                match verify(&rows, open.audit_key(), head.as_ref()) {
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
            ok: true,
            rows: 0,
            head: None,
            broken_at: None,
            message: "There is no vault yet, so nothing was recorded.".to_owned(),
            checked,
        }))
    }
}
