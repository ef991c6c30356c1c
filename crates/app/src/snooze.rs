//! Reminders put off: an entry that is snoozed stays overdue wherever one looks, and no notification
//! names it until the day comes. A new value ends it.

use jiff::Span;
use jiff::civil::Date;
use keyward_store::Snooze;

use crate::error::shown;
use crate::remind::local_day;
use crate::snapshot::Snapshot;
use crate::view::EntryDetail;
use crate::{Error, Keyward};

/// The longest that reminders can be put off, in days.
const LONGEST: i64 = 366;

impl Keyward {
    /// Puts off the reminders of an entry: `7d` for seven days from today, a day (`YYYY-MM-DD`, local)
    /// from which it is named again, or `off`.
    ///
    /// # Errors
    /// `FIELD_INVALID` for what is none of these, a day that is not to come, or one that is more than a
    /// year away; `NOT_FOUND`, `AMBIGUOUS`, the keychain or the disk. Nothing is changed then.
    pub fn snooze(&self, name: &str, until: &str) -> Result<EntryDetail, Error> {
        let until = day(until, local_day(self.now()))?;
        let path = self.with_entry(name, |open| {
            open.change(|tx, _| {
                let snapshot = Snapshot::read(tx)?;
                let mut entry = snapshot.resolve(name)?.clone();
                let version = snapshot.current(&entry).map_or(0, |version| version.number);
                let snooze = until.map(|until| Snooze { until, version });
                if entry.snooze == snooze {
                    return Ok((entry.path(), vec![]));
                }
                entry.snooze = snooze;
                tx.put_entry(&entry)?;
                let detail = match until {
                    Some(until) => format!("until {until}"),
                    None => "off".to_owned(),
                };
                Ok((entry.path(), vec![self.event("snooze", &entry.path(), Some(detail))]))
            })
        })?;
        self.show(&path)
    }
}

fn day(text: &str, today: Date) -> Result<Option<Date>, Error> {
    let bad = |what: &str| {
        Error::new(
            "FIELD_INVALID",
            format!("`{}` {what}. Nothing was changed.", shown(text)),
            "Give days from today such as 7d, a day to come within a year such as 2026-12-31, or off.",
        )
    };
    if text == "off" {
        return Ok(None);
    }
    let until = match text.strip_suffix('d').map(str::parse::<u32>) {
        Some(Ok(days)) => Span::new()
            .try_days(days)
            .and_then(|span| today.checked_add(span))
            .map_err(|_| bad("is too far away"))?,
        _ => text.parse().map_err(|_| bad("is no length of time and no day"))?,
    };
    let days = today.until(until).map_or(0, |span| i64::from(span.get_days()));
    match days {
        ..=0 => Err(bad("is not to come")),
        1..=LONGEST => Ok(Some(until)),
        _ => Err(bad("is too far away")),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn days_and_dates_to_come_are_taken() {
        let today = date(2026, 11, 22);
        let on = |text: &str| day(text, today).map_err(|error| error.code);
        assert_eq!(on("off"), Ok(None));
        assert_eq!(on("7d"), Ok(Some(date(2026, 11, 29))));
        assert_eq!(on("2026-11-23"), Ok(Some(date(2026, 11, 23))));
        for bad in
            ["0d", "2026-11-22", "2025-01-01", "400d", "4294967295d", "9999-12-31", "", "d", "soon"]
        {
            assert_eq!(on(bad), Err("FIELD_INVALID".to_owned()), "{bad}");
        }
    }
}
