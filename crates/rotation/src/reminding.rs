//! When a reminder may be shown: not in the quiet hours, and once a day, whatever the clock does.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Hours of the day, in local time, in which nothing is shown. They may go over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    from: Time,
    to: Time,
}

/// The text is not two different times such as `22:00-08:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not two different times such as 22:00-08:00")]
pub struct NotQuietHours;

impl FromStr for QuietHours {
    type Err = NotQuietHours;

    fn from_str(text: &str) -> Result<Self, NotQuietHours> {
        let (from, to) = text.split_once('-').ok_or(NotQuietHours)?;
        let (from, to) = (clock(from)?, clock(to)?);
        if from == to { Err(NotQuietHours) } else { Ok(Self { from, to }) }
    }
}

/// `HH:MM`, and nothing else.
fn clock(text: &str) -> Result<Time, NotQuietHours> {
    let digits = |part: &str| {
        let fits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<i8>().ok().filter(|_| fits).ok_or(NotQuietHours)
    };
    let (hour, minute) = text.split_once(':').ok_or(NotQuietHours)?;
    Time::new(digits(hour)?, digits(minute)?, 0, 0).map_err(|_| NotQuietHours)
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from.strftime("%H:%M"), self.to.strftime("%H:%M"))
    }
}

impl QuietHours {
    /// Whether a local time is in them. They begin with their first minute and end before their last.
    #[must_use]
    pub fn hold(&self, time: Time) -> bool {
        if self.from < self.to {
            self.from <= time && time < self.to
        } else {
            self.from <= time || time < self.to
        }
    }

    /// The moment at which they end, where they hold at `now` in this time zone; none where they do
    /// not. An end that a clock change leaves out is the moment of that change.
    #[must_use]
    pub fn until(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let local = now.to_zoned(zone.clone());
        if !self.hold(local.time()) {
            return None;
        }
        // Today's end, else tomorrow's; an hour that comes twice has its first end behind it.
        let days = (0..=2).filter_map(|day| local.date().checked_add(Span::new().days(day)).ok());
        let ends = days.flat_map(|date| ends(date, self.to, zone));
        Some(ends.filter(|end| *end > now).min().unwrap_or(now))
    }
}

/// The moments at which a day's clock shows a time: one, or two where an hour comes twice. Where it
/// is left out, the moment of the change.
fn ends(date: Date, time: Time, zone: &TimeZone) -> Vec<Timestamp> {
    use jiff::tz::AmbiguousOffset;
    let local = date.to_datetime(time);
    let at = zone.to_ambiguous_timestamp(local);
    match at.offset() {
        AmbiguousOffset::Unambiguous { .. } => at.compatible().into_iter().collect(),
        AmbiguousOffset::Fold { .. } => [at.earlier(), at.later()].into_iter().flatten().collect(),
        AmbiguousOffset::Gap { .. } => {
            let behind = at.compatible().ok();
            let change = behind.and_then(|behind| zone.preceding(behind).next());
            change.map(|change| change.timestamp()).into_iter().collect()
        }
    }
}

/// Whether today's reminder may still be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// There was none today.
    Now,
    /// There was one today; or yesterday's clock went back over midnight, and it is the same night.
    NotToday,
    /// The last one is of a day that is still to come, so the clock was wrong: today has had its
    /// reminder, and today is to be remembered instead, so that tomorrow's is sent.
    ClockWentBack,
}

/// Decides it from the local day of the last reminder. A clock that goes back brings no second one; one
/// that was years ahead costs no more than a day.
#[must_use]
pub fn turn(last: Option<Date>, today: Date) -> Turn {
    match last {
        None => Turn::Now,
        Some(last) if last < today => Turn::Now,
        Some(last) if last == today || today.tomorrow().is_ok_and(|next| next == last) => {
            Turn::NotToday
        }
        Some(_) => Turn::ClockWentBack,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn hours(text: &str) -> QuietHours {
        text.parse().unwrap()
    }

    fn until(text: &str, now: &str, zone: &str) -> Option<String> {
        let zone = TimeZone::get(zone).unwrap();
        hours(text).until(now.parse().unwrap(), &zone).map(|end| end.to_string())
    }

    #[test]
    fn they_may_go_over_midnight() {
        let at = |hour, minute| Time::constant(hour, minute, 0, 0);
        let night = hours("22:00-08:00");
        assert_eq!(night.to_string(), "22:00-08:00");
        for (time, quiet) in [
            (at(21, 59), false),
            (at(22, 0), true),
            (at(0, 0), true),
            (at(7, 59), true),
            (at(8, 0), false),
        ] {
            assert_eq!(night.hold(time), quiet, "{time}");
        }
        let noon = hours("12:00-13:30");
        assert!(noon.hold(at(13, 29)) && !noon.hold(at(13, 30)) && !noon.hold(at(0, 0)));
        for bad in [
            "",
            "22:00",
            "22:00-22:00",
            "24:00-08:00",
            "9:00-10:00",
            "22:00-8",
            "22:00-08:0x",
            "+9:00-10:00",
        ] {
            assert!(bad.parse::<QuietHours>().is_err(), "{bad}");
        }
    }

    #[test]
    fn they_are_local_and_their_end_is_a_moment() {
        let end = |text: &str, now: &str, zone: &str| until(text, now, zone).unwrap_or_default();
        // 14 hours ahead of UTC, and two and a half behind.
        assert_eq!(
            end("22:00-08:00", "2026-11-22T09:00:00Z", "Pacific/Kiritimati"),
            "2026-11-22T18:00:00Z"
        );
        assert_eq!(until("22:00-08:00", "2026-11-22T18:00:00Z", "Pacific/Kiritimati"), None);
        assert_eq!(
            end("22:00-08:00", "2026-07-02T01:00:00Z", "America/St_Johns"),
            "2026-07-02T10:30:00Z"
        );
        // The night in which 02:00 to 03:00 is left out, and the one in which it comes twice.
        assert_eq!(
            end("22:00-08:00", "2026-03-28T22:00:00Z", "Europe/Berlin"),
            "2026-03-29T06:00:00Z"
        );
        assert_eq!(
            end("22:00-02:30", "2026-03-29T00:30:00Z", "Europe/Berlin"),
            "2026-03-29T01:00:00Z"
        );
        assert_eq!(
            end("22:00-08:00", "2026-10-24T22:00:00Z", "Europe/Berlin"),
            "2026-10-25T07:00:00Z"
        );
        assert_eq!(
            end("22:00-02:30", "2026-10-25T00:15:00Z", "Europe/Berlin"),
            "2026-10-25T00:30:00Z"
        );
        assert_eq!(
            end("22:00-02:30", "2026-10-25T01:15:00Z", "Europe/Berlin"),
            "2026-10-25T01:30:00Z"
        );
    }

    #[test]
    fn one_a_day_whatever_the_clock_does() {
        let today = date(2026, 11, 22);
        assert_eq!(turn(None, today), Turn::Now);
        assert_eq!(turn(Some(today), today), Turn::NotToday);
        assert_eq!(turn(Some(date(2026, 11, 21)), today), Turn::Now);
        assert_eq!(turn(Some(date(2026, 11, 23)), today), Turn::NotToday, "back over midnight");
        assert_eq!(turn(Some(date(2126, 1, 1)), today), Turn::ClockWentBack);
        assert_eq!(turn(Some(Date::MAX), Date::MAX), Turn::NotToday);
    }

    proptest! {
        /// Whatever the zone does, they hold from now on to their end and not at it.
        #[test]
        fn the_end_is_the_first_moment_that_is_not_quiet(
            second in 1_500_000_000i64..1_900_000_000,
            zone in prop::sample::select(vec![
                "UTC", "Pacific/Kiritimati", "America/St_Johns", "Europe/Berlin",
                "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca",
            ]),
            (from, to) in (0i8..24, 0i8..24).prop_filter("two times", |(from, to)| from != to),
            minute in 0i8..60,
        ) {
            let zone = TimeZone::get(zone).unwrap();
            let now = Timestamp::from_second(second).unwrap();
            let quiet = hours(&format!("{from:02}:{minute:02}-{to:02}:{minute:02}"));
            let at = |moment: Timestamp| quiet.hold(moment.to_zoned(zone.clone()).time());
            match quiet.until(now, &zone) {
                None => prop_assert!(!at(now)),
                Some(end) => {
                    prop_assert!(end > now);
                    prop_assert!(!at(end), "quiet at {end}");
                    let mut moment = now;
                    while moment < end {
                        prop_assert!(at(moment), "not quiet at {moment}, before {end}");
                        moment += jiff::SignedDuration::from_secs(600);
                    }
                }
            }
        }

        /// However the clock jumps, hour for hour: never two on one day in a row, and never more than
        /// two days without one.
        #[test]
        fn no_jump_brings_two_and_none_silences_for_long(jumps in prop::collection::vec(-40i64..40, 1..60)) {
            let mut day = 1000i64;
            let mut last: Option<Date> = None;
            let date_of = |day: i64| date(2026, 1, 1).checked_add(Span::new().days(day)).unwrap();
            for jump in jumps {
                day = (day + jump).clamp(0, 100_000);
                for _ in 0..3 {
                    let today = date_of(day);
                    match turn(last, today) {
                        Turn::Now => {
                            prop_assert!(last.is_none_or(|last| last < today));
                            last = Some(today);
                        }
                        Turn::NotToday => {}
                        Turn::ClockWentBack => last = Some(today),
                    }
                }
                // Two days on, one is due again.
                prop_assert_eq!(turn(last, date_of(day + 2)), Turn::Now);
            }
        }
    }
}
