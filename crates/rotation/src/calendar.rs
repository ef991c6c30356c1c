//! Due dates as an iCalendar file (RFC 5545): one all-day event for each entry, whose UID stays,
//! so that importing again moves an event instead of adding one.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// One entry's due date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// The entry's id: the UID is made of it.
    pub id: String,
    /// The entry's name.
    pub name: String,
    /// The day it is due.
    pub date: Date,
    /// Days before it on which the reminder shows.
    pub lead_days: u32,
}

/// The calendar, with CRLF line ends and lines of at most 75 bytes.
#[must_use]
pub fn calendar(appointments: &[Appointment], now: Timestamp) -> String {
    let mut out = Lines(String::new());
    out.line("BEGIN:VCALENDAR");
    out.line("VERSION:2.0");
    out.line("PRODID:-//Keyward//Keyward//EN");
    out.line("CALSCALE:GREGORIAN");
    let stamp = now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
    for item in appointments {
        let end = item.date.tomorrow().unwrap_or(item.date);
        let title = text(&format!("Rotate {}", item.name));
        out.line("BEGIN:VEVENT");
        out.line(&format!("UID:{}@keyward", item.id.to_lowercase()));
        out.line(&format!("DTSTAMP:{stamp}"));
        out.line(&format!("DTSTART;VALUE=DATE:{}", item.date.strftime("%Y%m%d")));
        out.line(&format!("DTEND;VALUE=DATE:{}", end.strftime("%Y%m%d")));
        out.line(&format!("SUMMARY:{title}"));
        out.line("TRANSP:TRANSPARENT");
        out.line("BEGIN:VALARM");
        out.line("ACTION:DISPLAY");
        out.line(&format!("DESCRIPTION:{title}"));
        out.line(&format!("TRIGGER:-P{}D", item.lead_days));
        out.line("END:VALARM");
        out.line("END:VEVENT");
    }
    out.line("END:VCALENDAR");
    out.0
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

struct Lines(String);

impl Lines {
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

    use super::*;

    #[test]
    fn events_have_stable_uids_escapes_and_short_lines() {
        let item = Appointment {
            id: "01ABC".to_owned(),
            name: format!("acme/prod/a,b;c\\{}", "é".repeat(60)),
            date: date(2026, 12, 31),
            lead_days: 14,
        };
        let ics = calendar(&[item], Timestamp::UNIX_EPOCH);
        assert!(ics.contains("UID:01abc@keyward\r\n"));
        assert!(ics.contains("DTSTART;VALUE=DATE:20261231\r\nDTEND;VALUE=DATE:20270101\r\n"));
        assert!(ics.contains("a\\,b\\;c\\\\é"));
        assert!(ics.lines().all(|line| line.len() <= 75), "a line is over 75 bytes");
        assert!(ics.ends_with("END:VCALENDAR\r\n"));
    }
}
