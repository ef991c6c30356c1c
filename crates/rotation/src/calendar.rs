//! Due dates as an iCalendar file (RFC 5545): one all-day event for each entry, whose UID stays,
//! so that importing again moves an event instead of adding one. A file that is there is brought up
//! to date in place, and what others put into it stays.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::ics::{self, Component, NotACalendar};

/// How long the cancellation of an event stays in the file, so that a calendar program that looks
/// now and then meets it.
const CANCELLED_FOR: SignedDuration = SignedDuration::from_hours(90 * 24);
/// Sequence numbers count seconds from here, 2026-01-01: later changes have higher ones without
/// anything being remembered.
const SEQUENCE_ZERO: i64 = 1_767_225_600;
/// Says of which vault an event is. Only its own vault cancels it.
const VAULT: &str = "X-KEYWARD-VAULT";
/// Says with what lead time its alarm was made.
const LEAD: &str = "X-KEYWARD-LEAD";

/// One entry's due date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// The entry's id: the UID is made of it.
    pub id: String,
    /// The entry's name.
    pub name: String,
    /// The day it is due.
    pub date: Date,
    /// Days before it on which the first alarm goes off; there is one on the day itself too.
    pub lead_days: u32,
    /// When name, policy or value last changed.
    pub changed: Timestamp,
}

/// A calendar file that was brought up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The file's new text.
    pub text: String,
    /// Events that are new.
    pub added: u32,
    /// Events of ours that were moved or renamed.
    pub changed: u32,
    /// Events that were cancelled just now, since their entry is gone or never due.
    pub cancelled: u32,
    /// Events and other parts that are not ours; each stays as it was.
    pub others: u32,
}

/// The calendar, with CRLF line ends and lines of at most 75 bytes. `vault` is the vault's id.
#[must_use]
pub fn calendar(vault: &str, appointments: &[Appointment], now: Timestamp) -> String {
    let mut out = Lines(String::new());
    out.head();
    for item in appointments {
        out.event(vault, item, 0, now);
    }
    out.line("END:VCALENDAR");
    out.0
}

/// Brings a calendar file up to date. An event of ours that says the same already stays byte for
/// byte; one that is to say something else gets a higher `SEQUENCE`; one whose entry is gone is
/// cancelled, and leaves the file 90 days later. Everything else stays, whoever wrote it.
///
/// # Errors
/// [`NotACalendar`] where the text is not one whole calendar.
pub fn merge(
    file: &str,
    vault: &str,
    appointments: &[Appointment],
    now: Timestamp,
) -> Result<Merged, NotACalendar> {
    let parts = ics::read(file)?;
    let mut left: BTreeMap<String, &Appointment> =
        appointments.iter().map(|item| (uid(item), item)).collect();
    let mut merged = Merged { text: String::new(), added: 0, changed: 0, cancelled: 0, others: 0 };
    let mut out = Lines(String::new());
    out.line("BEGIN:VCALENDAR");
    out.raw(&parts.head);
    for part in &parts.components {
        let uid = part.value("UID").unwrap_or_default();
        let event = part.kind == "VEVENT";
        // A part of a series (RECURRENCE-ID) is none that we wrote.
        let plain = event && part.value("RECURRENCE-ID").is_none();
        let ours = plain && part.value(VAULT).as_deref() == Some(vault);
        match left.remove(&uid).filter(|_| plain) {
            Some(item) if says(part, vault, item) => out.raw(&part.lines),
            Some(item) => {
                merged.changed += 1;
                out.event(vault, item, sequence(part).saturating_add(1), now);
            }
            None if !ours => {
                merged.others += 1;
                out.raw(&part.lines);
            }
            None if !is_cancelled(part) => {
                merged.cancelled += 1;
                out.cancelled(vault, part, now);
            }
            None if is_fresh(part, now) => out.raw(&part.lines),
            None => {}
        }
    }
    for item in appointments.iter().filter(|item| left.contains_key(&uid(item))) {
        merged.added += 1;
        out.event(vault, item, 0, now);
    }
    out.line("END:VCALENDAR");
    merged.text = out.0;
    Ok(merged)
}

fn uid(item: &Appointment) -> String {
    format!("{}@keyward", item.id.to_lowercase())
}

fn title(item: &Appointment) -> String {
    text(&format!("Rotate {}", item.name))
}

/// Whether an event says already what it should.
fn says(event: &Component, vault: &str, item: &Appointment) -> bool {
    event.value(VAULT).as_deref() == Some(vault)
        && event.value("DTSTART") == Some(item.date.strftime("%Y%m%d").to_string())
        && event.value("SUMMARY") == Some(title(item))
        && event.value(LEAD) == Some(item.lead_days.to_string())
        && !is_cancelled(event)
}

fn sequence(event: &Component) -> u32 {
    event.value("SEQUENCE").and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

fn is_cancelled(event: &Component) -> bool {
    event.value("STATUS").is_some_and(|status| status.trim().eq_ignore_ascii_case("CANCELLED"))
}

/// Whether a cancellation is young enough to stay.
fn is_fresh(event: &Component, now: Timestamp) -> bool {
    let stamp = event.value("DTSTAMP").unwrap_or_default();
    let at = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", stamp.trim());
    let at = at.and_then(|at| at.to_zoned(TimeZone::UTC)).map(|at| at.timestamp());
    at.is_ok_and(|at| now.duration_since(at) < CANCELLED_FOR)
}

/// Escapes a text value, RFC 5545 section 3.3.11.
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

fn stamp(now: Timestamp) -> String {
    now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

struct Lines(String);

impl Lines {
    fn head(&mut self) {
        self.line("BEGIN:VCALENDAR");
        self.line("VERSION:2.0");
        self.line("PRODID:-//Keyward//Keyward//EN");
        self.line("CALSCALE:GREGORIAN");
    }

    /// One event. `least` is the lowest sequence number that it may have.
    fn event(&mut self, vault: &str, item: &Appointment, least: u32, now: Timestamp) {
        let end = item.date.tomorrow().unwrap_or(item.date);
        let title = title(item);
        let age = item.changed.as_second().saturating_sub(SEQUENCE_ZERO).max(0);
        let sequence = u32::try_from(age).unwrap_or(0).max(least).min(i32::MAX.unsigned_abs());
        self.line("BEGIN:VEVENT");
        self.line(&format!("UID:{}", uid(item)));
        self.line(&format!("DTSTAMP:{}", stamp(now)));
        self.line(&format!("SEQUENCE:{sequence}"));
        self.line(&format!("DTSTART;VALUE=DATE:{}", item.date.strftime("%Y%m%d")));
        self.line(&format!("DTEND;VALUE=DATE:{}", end.strftime("%Y%m%d")));
        self.line(&format!("SUMMARY:{title}"));
        self.line("STATUS:CONFIRMED");
        self.line("TRANSP:TRANSPARENT");
        self.line(&format!("{VAULT}:{vault}"));
        self.line(&format!("{LEAD}:{}", item.lead_days));
        if item.lead_days > 0 {
            // At nine in the morning, as a day of so many hours before the first minute of it.
            self.alarm(&title, &format!("-P{}DT15H", item.lead_days - 1));
        }
        self.alarm(&title, "PT9H");
        self.line("END:VEVENT");
    }

    fn alarm(&mut self, title: &str, trigger: &str) {
        self.line("BEGIN:VALARM");
        self.line("ACTION:DISPLAY");
        self.line(&format!("DESCRIPTION:{title}"));
        self.line(&format!("TRIGGER:{trigger}"));
        self.line("END:VALARM");
    }

    /// The same event, called off.
    fn cancelled(&mut self, vault: &str, event: &Component, now: Timestamp) {
        let next = sequence(event).saturating_add(1).min(i32::MAX.unsigned_abs());
        self.line("BEGIN:VEVENT");
        self.line(&format!("UID:{}", event.value("UID").unwrap_or_default()));
        self.line(&format!("DTSTAMP:{}", stamp(now)));
        self.line(&format!("SEQUENCE:{next}"));
        if let Some(date) = event.value("DTSTART") {
            // With a time behind the day it is one that a calendar program wrote anew.
            let kind = if date.contains('T') { "" } else { ";VALUE=DATE" };
            self.line(&format!("DTSTART{kind}:{date}"));
        }
        if let Some(title) = event.value("SUMMARY") {
            self.line(&format!("SUMMARY:{title}"));
        }
        self.line("STATUS:CANCELLED");
        self.line("TRANSP:TRANSPARENT");
        self.line(&format!("{VAULT}:{vault}"));
        self.line("END:VEVENT");
    }

    /// Lines as they stood.
    fn raw(&mut self, lines: &[String]) {
        for line in lines {
            self.0.push_str(line);
            self.0.push_str("\r\n");
        }
    }

    /// Adds a content line, folded after 75 bytes without cutting a character (section 3.1).
    fn line(&mut self, line: &str) {
        let mut width = 0;
        for c in line.chars() {
            if width + c.len_utf8() > 75 {
                self.0.push_str("\r\n ");
                width = 1;
            }
            self.0.push(c);
            width += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_767_225_600 + 1000, 0);

    fn item(id: &str, name: &str, day: Date) -> Appointment {
        Appointment {
            id: id.to_owned(),
            name: name.to_owned(),
            date: day,
            lead_days: 14,
            changed: Timestamp::UNIX_EPOCH,
        }
    }

    fn one() -> Appointment {
        item("01ABC", "acme/prod/stripe", date(2026, 12, 31))
    }

    #[test]
    fn events_have_stable_uids_escapes_and_short_lines() {
        let name = format!("acme/prod/a,b;c\\{}", "é".repeat(60));
        let ics = calendar("V", &[item("01ABC", &name, date(2026, 12, 31))], Timestamp::UNIX_EPOCH);
        assert!(ics.contains("UID:01abc@keyward\r\n"));
        assert!(ics.contains("DTSTART;VALUE=DATE:20261231\r\nDTEND;VALUE=DATE:20270101\r\n"));
        assert!(ics.contains("a\\,b\\;c\\\\é"));
        assert!(ics.contains("TRIGGER:-P13DT15H\r\n") && ics.contains("TRIGGER:PT9H\r\n"));
        assert!(ics.lines().all(|line| line.len() <= 75), "a line is over 75 bytes");
        assert!(ics.ends_with("END:VCALENDAR\r\n"));
    }

    #[test]
    fn an_event_moves_with_a_higher_number_and_stays_the_same_otherwise() {
        let before = calendar("V", &[one()], NOW);
        let later = NOW + SignedDuration::from_hours(5);
        let same = merge(&before, "V", &[one()], later).unwrap();
        assert_eq!((same.text.as_str(), same.changed), (before.as_str(), 0));
        let mut moved = one();
        moved.date = date(2027, 1, 5);
        let after = merge(&before, "V", &[moved.clone()], later).unwrap();
        assert_eq!((after.added, after.changed, after.cancelled), (0, 1, 0));
        assert!(after.text.contains("SEQUENCE:1\r\n") && after.text.contains(":20270105\r\n"));
        moved.changed = later;
        let number = later.as_second() - SEQUENCE_ZERO;
        let fresh = calendar("V", &[moved], later);
        assert!(fresh.contains(&format!("SEQUENCE:{number}\r\n")), "{fresh}");
    }

    #[test]
    fn what_is_gone_is_cancelled_once_and_leaves_later() {
        let before = calendar("V", &[one()], NOW);
        let gone = merge(&before, "V", &[], NOW).unwrap();
        assert_eq!(gone.cancelled, 1);
        assert!(gone.text.contains("STATUS:CANCELLED\r\n") && gone.text.contains("SEQUENCE:1\r\n"));
        assert!(!gone.text.contains("VALARM"));
        let again = merge(&gone.text, "V", &[], NOW + SignedDuration::from_hours(24)).unwrap();
        assert_eq!((again.text.as_str(), again.cancelled), (gone.text.as_str(), 0));
        let back = merge(&gone.text, "V", &[one()], NOW).unwrap();
        assert!(back.text.contains("SEQUENCE:2\r\n") && back.text.contains("STATUS:CONFIRMED"));
        let late = merge(&gone.text, "V", &[], NOW + SignedDuration::from_hours(91 * 24)).unwrap();
        assert!(!late.text.contains("VEVENT"), "{}", late.text);
    }

    #[test]
    fn what_is_not_ours_stays_as_it_was() {
        let dentist = "BEGIN:VEVENT\r\nUID:dentist\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY;LANGUAGE=en:A lo\r\n ng line\r\nEND:VEVENT\r\n";
        let other = calendar("ANOTHER", &[item("02X", "b/c/d", date(2026, 6, 1))], NOW);
        let event =
            &other[other.find("BEGIN:VEVENT").unwrap()..other.find("END:VCALENDAR").unwrap()];
        let file = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Somebody//EN\r\nX-WR-CALNAME:Mine\r\n{dentist}{event}END:VCALENDAR\r\n"
        );
        let merged = merge(&file, "V", &[one()], NOW).unwrap();
        assert_eq!((merged.added, merged.others, merged.cancelled), (1, 2, 0));
        for part in [dentist, event, "PRODID:-//Somebody//EN\r\nX-WR-CALNAME:Mine\r\n"] {
            assert!(merged.text.contains(part), "{}", merged.text);
        }
        assert!(merge("no calendar", "V", &[one()], NOW).is_err());
    }

    proptest! {
        #[test]
        fn bringing_up_to_date_twice_is_the_same_as_once(
            before in prop::collection::vec((0u8..6, "[ -~é]{0,90}", 0u8..20), 0..6),
            after in prop::collection::vec((0u8..6, "[ -~é]{0,90}", 0u8..20), 0..6),
        ) {
            let list = |rows: Vec<(u8, String, u8)>| {
                let rows: BTreeMap<u8, (String, u8)> =
                    rows.into_iter().map(|(id, name, day)| (id, (name, day))).collect();
                let make = |(id, (name, day)): (u8, (String, u8))| {
                    item(&format!("0{id}"), &name, date(2026, 5, 1 + i8::try_from(day).unwrap()))
                };
                rows.into_iter().map(make).collect::<Vec<_>>()
            };
            let (before, after) = (list(before), list(after));
            let file = calendar("V", &before, NOW);
            let once = merge(&file, "V", &after, NOW).unwrap();
            let twice = merge(&once.text, "V", &after, NOW).unwrap();
            prop_assert_eq!(&once.text, &twice.text);
            prop_assert_eq!(once.text.matches("STATUS:CONFIRMED").count(), after.len());
        }
    }
}
