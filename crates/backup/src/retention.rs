//! Which of the backups in a folder stay: dense for the last days, thinner the further back. A pure
//! function, so that what is deleted can be tested without a disk.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// One backup file, as retention sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// When it was made.
    pub made: Timestamp,
    /// Whether it stays whatever the calendar says, such as the last one that was verified.
    pub pinned: bool,
}

/// How many backups stay: the newest of each of the last days, weeks and months that have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Days (UTC).
    pub daily: usize,
    /// ISO weeks.
    pub weekly: usize,
    /// Calendar months.
    pub monthly: usize,
}

/// A day, week or month, as numbers that tell it from every other.
type Span = (i32, i32, i32);

impl Default for Retention {
    fn default() -> Self {
        Self { daily: 10, weekly: 4, monthly: 12 }
    }
}

impl Retention {
    /// Says of each file, in the order given, whether it stays. The newest always does, and so does
    /// one dated after `now`: a clock that was wrong is no reason to delete, and such a file takes
    /// no other's place.
    #[must_use]
    pub fn keep(&self, files: &[Kept], now: Timestamp) -> Vec<bool> {
        let mut keep: Vec<bool> = files.iter().map(|file| file.pinned || file.made > now).collect();
        let mut order: Vec<usize> =
            (0..files.len()).filter(|index| files[*index].made <= now).collect();
        order.sort_by_key(|index| std::cmp::Reverse((files[*index].made, *index)));
        if let Some(newest) = order.first() {
            keep[*newest] = true;
        }
        let date = |index: usize| files[index].made.to_zoned(TimeZone::UTC).date();
        let day = |index| {
            let date = date(index);
            (i32::from(date.year()), i32::from(date.month()), i32::from(date.day()))
        };
        let week = |index| {
            let week = date(index).iso_week_date();
            (i32::from(week.year()), i32::from(week.week()), 0)
        };
        let month = |index| (i32::from(date(index).year()), i32::from(date(index).month()), 0);
        let mut newest_of = |number: usize, span: &dyn Fn(usize) -> Span| {
            let mut seen = BTreeSet::new();
            for index in &order {
                // The first one met in a span is its newest.
                if seen.len() < number && seen.insert(span(*index)) {
                    keep[*index] = true;
                }
            }
        };
        newest_of(self.daily, &day);
        newest_of(self.weekly, &week);
        newest_of(self.monthly, &month);
        keep
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 3600;
    const NOW: i64 = 1_800_000_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn file(seconds: i64) -> Kept {
        Kept { made: at(seconds), pinned: false }
    }

    #[test]
    fn two_years_of_daily_backups_come_down_to_days_weeks_and_months() {
        let mut files: Vec<Kept> = vec![];
        for day in 0..730 {
            let now = NOW + day * 24 * HOUR;
            files.push(file(now));
            let keep = Retention::default().keep(&files, at(now));
            files = files.into_iter().zip(keep).filter(|(_, keep)| *keep).map(|(f, _)| f).collect();
        }
        let now = NOW + 729 * 24 * HOUR;
        let age = |file: &Kept| (now - file.made.as_second()) / (24 * HOUR);
        for day in 0..10 {
            assert!(files.iter().any(|file| age(file) == day), "day {day} is gone: {files:?}");
        }
        assert!((300..=370).contains(&files.iter().map(age).max().unwrap()), "{files:?}");
        assert!((20..=26).contains(&files.len()), "{} files", files.len());
    }

    #[test]
    fn many_in_a_day_leave_its_newest_and_a_wrong_clock_takes_no_place() {
        let files: Vec<Kept> = (0..12).map(|i| file(NOW - i * HOUR / 10)).collect();
        let kept = Retention::default().keep(&files, at(NOW)).iter().filter(|k| **k).count();
        assert!(kept <= 2, "two days at most, {kept} kept");
        let mut files: Vec<Kept> = (1..=40).map(|day| file(NOW + day * 24 * HOUR)).collect();
        files.extend((0..10).map(|day| file(NOW - day * 24 * HOUR)));
        assert!(Retention::default().keep(&files, at(NOW)).into_iter().all(|keep| keep));
    }

    proptest! {
        #[test]
        fn what_must_stay_stays_and_the_number_is_bounded(
            ages in proptest::collection::vec((-100 * HOUR..40_000 * HOUR, any::<bool>()), 0..120),
        ) {
            let files: Vec<Kept> = ages.iter().map(|(age, pin)| Kept {
                made: at(NOW - age),
                pinned: *pin && age % 7 == 0,
            }).collect();
            let rule = Retention::default();
            let keep = rule.keep(&files, at(NOW));
            prop_assert_eq!(keep.len(), files.len());
            for (file, keep) in files.iter().zip(&keep) {
                prop_assert!(*keep || !(file.pinned || file.made > at(NOW)));
            }
            let past = |file: &&Kept| file.made <= at(NOW);
            if let Some(newest) = files.iter().filter(past).map(|file| file.made).max() {
                let stays = files.iter().zip(&keep).any(|(file, keep)| *keep && file.made == newest);
                prop_assert!(stays, "the newest went");
            }
            let free = files.iter().zip(&keep)
                .filter(|(file, keep)| **keep && !file.pinned && file.made <= at(NOW)).count();
            prop_assert!(free <= 26, "{free} stay");
            // A second look deletes nothing more.
            let left: Vec<Kept> =
                files.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(file, _)| *file).collect();
            prop_assert!(rule.keep(&left, at(NOW)).into_iter().all(|keep| keep));
            // The order of the folder's listing decides nothing.
            let turned: Vec<Kept> = files.iter().rev().copied().collect();
            let mut times: Vec<Timestamp> = left.iter().map(|file| file.made).collect();
            let mut again: Vec<Timestamp> = turned.iter().zip(rule.keep(&turned, at(NOW)))
                .filter(|(_, keep)| *keep).map(|(file, _)| file.made).collect();
            times.sort_unstable();
            again.sort_unstable();
            prop_assert_eq!(times, again);
        }
    }
}
