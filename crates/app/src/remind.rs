//! The reminder: one desktop notification that says what is due.

use jiff::tz::TimeZone;

use crate::input::ListFilter;
use crate::{Error, Keyward, settings};

impl Keyward {
    /// What a reminder would say now: title and text. None when nothing is due within the lead
    /// time.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn reminder(&self) -> Result<Option<(String, String)>, Error> {
        let lead = self.settings()?.lead_days;
        let filter = ListFilter { due_within: Some(lead), ..ListFilter::default() };
        let due = self.list(&filter)?.entries;
        let Some(first) = due.first() else {
            return Ok(None);
        };
        let title = match due.len() {
            1 => format!("Rotate {}", first.name),
            many => format!("{many} keys are due for rotation"),
        };
        let mut lines: Vec<String> = due
            .iter()
            .take(5)
            .map(|row| match row.days_left {
                Some(left) if left < 0 => format!("{}: overdue by {}", row.name, days(-left)),
                Some(0) => format!("{}: due today", row.name),
                Some(left) => format!("{}: due in {}", row.name, days(left)),
                None => format!("{}: expired", row.name),
            })
            .collect();
        if due.len() > 5 {
            lines.push(format!("and {} more", due.len() - 5));
        }
        Ok(Some((title, lines.join("\n"))))
    }

    /// The window's reminder: sent at most once a day, when the settings want it and something is
    /// due. Returns whether one was sent.
    ///
    /// # Errors
    /// As [`Keyward::notify_due`].
    pub fn remind_daily(&self) -> Result<bool, Error> {
        const KEY: &str = "reminded";
        let today = self.now().to_zoned(TimeZone::UTC).date().to_string();
        let wanted = self.with(|open| {
            open.read(|tx| Ok(settings::read(tx)?.notify && tx.meta(KEY)?.as_ref() != Some(&today)))
        })?;
        if wanted != Some(true) || self.notify_due()?.is_none() {
            return Ok(false);
        }
        self.with(|open| open.change(|tx, _| Ok((tx.put_meta(KEY, &today)?, vec![]))))?;
        Ok(true)
    }

    /// Sends the reminder as a desktop notification. Returns what was sent, if anything was due.
    ///
    /// # Errors
    /// `NOTIFY` when the desktop shows no notifications.
    pub fn notify_due(&self) -> Result<Option<String>, Error> {
        let Some((title, text)) = self.reminder()? else {
            return Ok(None);
        };
        notify_rust::Notification::new()
            .appname("Keyward")
            .summary(&title)
            .body(&text)
            .show()
            .map_err(|_| {
                Error::new(
                    "NOTIFY",
                    "The reminder could not be shown: no notification service answers.",
                    "`keyward due` lists the same; on a desktop, start its notification service.",
                )
            })?;
        Ok(Some(format!("{title}\n{text}")))
    }
}

fn days(count: i64) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}
