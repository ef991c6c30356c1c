//! The calendar of due dates, as text and as a file that is brought up to date in place.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use keyward_rotation::{Appointment, Merged, calendar, merge};

use crate::error::io;
use crate::snapshot::Snapshot;
use crate::view::{CalendarReport, JSON_VERSION};
use crate::{Error, Keyward, outfile, settings};

/// Most that is read of a calendar file, in bytes.
const LARGEST: u64 = 16 * 1024 * 1024;

impl Keyward {
    /// All due dates as an iCalendar file (RFC 5545).
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn calendar(&self) -> Result<String, Error> {
        let (vault, appointments) = self.appointments()?;
        Ok(calendar(&vault, &appointments, self.now()))
    }

    /// Writes the calendar to a file, whole or not at all. A calendar that is there is brought up to
    /// date: our events are moved, those of entries that are gone are cancelled, and what others put
    /// into it stays.
    ///
    /// # Errors
    /// `CALENDAR_INVALID` when what is there is no calendar, `OUT_NOT_A_FILE`; the keychain or the disk.
    /// Nothing is written then.
    pub fn save_calendar(&self, path: &Path) -> Result<CalendarReport, Error> {
        let (vault, appointments) = self.appointments()?;
        outfile::check(path)?;
        let merged = match existing(path)? {
            Some(file) => merge(&file, &vault, &appointments, self.now()).map_err(|error| {
                not_a_calendar(path, &format!("Line {} is not of a calendar.", error.line))
            })?,
            None => Merged {
                text: calendar(&vault, &appointments, self.now()),
                added: u32::try_from(appointments.len()).unwrap_or(u32::MAX),
                changed: 0,
                cancelled: 0,
                others: 0,
            },
        };
        outfile::write(path, merged.text.as_bytes(), false)?;
        Ok(CalendarReport {
            version: JSON_VERSION,
            path: path.display().to_string(),
            events: u32::try_from(appointments.len()).unwrap_or(u32::MAX),
            added: merged.added,
            changed: merged.changed,
            cancelled: merged.cancelled,
            others: merged.others,
        })
    }

    /// The vault's id and what is due when.
    fn appointments(&self) -> Result<(String, Vec<Appointment>), Error> {
        let now = self.now();
        let found = self.with(|open| {
            let vault = open.vault.id().to_owned();
            let appointments = open.read(|tx| {
                let snapshot = Snapshot::read(tx)?;
                let lead_days = settings::read(tx)?.lead_days;
                let one = |entry: &keyward_store::Entry| {
                    let stored: Option<Timestamp> = snapshot.current(entry).map(|v| v.created);
                    Some(Appointment {
                        id: entry.id.clone(),
                        name: entry.path(),
                        date: snapshot.due(entry, now).date?,
                        lead_days,
                        changed: stored.map_or(entry.updated, |stored| stored.max(entry.updated)),
                    })
                };
                Ok(snapshot.entries.iter().filter_map(one).collect())
            })?;
            Ok((vault, appointments))
        })?;
        Ok(found.unwrap_or_default())
    }
}

/// The calendar that is there; none where there is no file, or an empty one.
fn existing(path: &Path) -> Result<Option<String>, Error> {
    let what = "the calendar file";
    let size = match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        data => data.map_err(|error| io(&error, what))?.len(),
    };
    if size > LARGEST {
        return Err(not_a_calendar(path, "It is over 16 MiB."));
    }
    let bytes = fs::read(path).map_err(|error| io(&error, what))?;
    let text = String::from_utf8(bytes).map_err(|_| not_a_calendar(path, "It is not text."))?;
    Ok(Some(text).filter(|text| !text.trim().is_empty()))
}

fn not_a_calendar(path: &Path, why: &str) -> Error {
    Error::new(
        "CALENDAR_INVALID",
        format!("{} is there and is no calendar. {why} It was left as it is.", path.display()),
        "Name another file, or a calendar file (.ics) that is to be brought up to date.",
    )
}
