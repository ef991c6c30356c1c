//! The first screen: what needs the user today.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::input::ListFilter;
use crate::view::{EntryRow, Home, Need, Week};
use crate::{Error, Keyward};

/// Days after which a backup is late.
const BACKUP_DAYS: i64 = 7;
const WEEKS: usize = 12;

impl Keyward {
    /// What needs the user today, most pressing first, and the figures for the pictures.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn home(&self) -> Result<Home, Error> {
        let now = self.now();
        let rows = self.list(&ListFilter::default())?.entries;
        let mut needs: Vec<(u8, Need)> = rows.iter().filter_map(need).collect();
        for row in rows.iter().filter(|row| row.run.is_some()) {
            needs.push((3, a_need("run", &row.name, "A rotation is under way.".to_owned())));
        }
        if !rows.is_empty() {
            let newest = self.backups()?.backups.into_iter().find(|backup| backup.present);
            let age = newest
                .and_then(|backup| backup.created.parse::<Timestamp>().ok())
                .map(|at| now.duration_since(at).as_hours() / 24);
            let text = match age {
                None => Some("There is no backup yet.".to_owned()),
                Some(days) if days > BACKUP_DAYS => {
                    Some(format!("The last backup is {days} days old."))
                }
                Some(_) => None,
            };
            needs.extend(text.map(|text| (5, a_need("backup", "", text))));
            let drill = self.drill_reminder()?;
            needs.extend(drill.map(|text| (6, a_need("drill", "", text))));
        }
        needs.sort_by_key(|(order, _)| *order);
        Ok(Home {
            needs: needs.into_iter().map(|(_, need)| need).collect(),
            entries: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            ages: rows.iter().map(|row| row.age_days).collect(),
            weeks: weeks(&rows, now.to_zoned(TimeZone::UTC).date()),
        })
    }
}

fn need(row: &EntryRow) -> Option<(u8, Need)> {
    let left = row.days_left.unwrap_or(0);
    let name = &row.name;
    let day = |count: i64| {
        if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
    };
    let (order, text) = match row.state.as_str() {
        "leaked" => (0, format!("Rotate `{name}`: it was found in a repository.")),
        "expired" => (1, format!("Replace `{name}`: the provider has ended it.")),
        "overdue" => (2, format!("Rotate `{name}`: {} old.", day(row.age_days))),
        "due-soon" => (4, format!("Rotate `{name}` within {}.", day(left))),
        _ => return None,
    };
    Some((order, a_need(&row.state, &row.name, text)))
}

fn a_need(kind: &str, name: &str, text: String) -> Need {
    Need { kind: kind.to_owned(), name: name.to_owned(), text }
}

fn weeks(rows: &[EntryRow], today: Date) -> Vec<Week> {
    let back = i64::from(today.weekday().since(Weekday::Monday));
    let monday = today.checked_sub(Span::new().days(back)).unwrap_or(today);
    let mut weeks: Vec<Week> = (0..WEEKS as i64)
        .map(|week| {
            let start = monday.checked_add(Span::new().days(7 * week)).unwrap_or(monday);
            Week { start: start.to_string(), due: 0 }
        })
        .collect();
    for left in rows.iter().filter_map(|row| row.days_left) {
        let week = usize::try_from((left + back).max(0) / 7).unwrap_or(usize::MAX);
        if let Some(week) = weeks.get_mut(week) {
            week.due += 1;
        }
    }
    weeks
}
