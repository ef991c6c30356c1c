//! When a value is due. Due dates are calendar days in UTC, so no time zone and no daylight
//! saving moves them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// How often an entry rotates and how early it is called due soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Days between rotations; 0 means never.
    pub rotate_days: u32,
    /// Days before the due date from which the entry is due soon.
    pub lead_days: u32,
}

/// What a value's age says of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nothing to do.
    Fresh,
    /// Within the lead time.
    DueSoon,
    /// On or after its due date.
    Overdue,
    /// On or after the day on which the provider ends it.
    Expired,
}

impl State {
    /// The word for it in every output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::DueSoon => "due-soon",
            Self::Overdue => "overdue",
            Self::Expired => "expired",
        }
    }
}

/// When a value is due, seen from one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The day it is due; none when it never is.
    pub date: Option<Date>,
    /// Days from now until then; negative when past.
    pub days_left: Option<i64>,
    /// Whole days since the value changed; never negative, whatever the clock says.
    pub age_days: i64,
    /// What that amounts to.
    pub state: State,
}

/// When a value stored at `changed` is due. The due date is the day of the change plus the
/// policy's days, or the day before the provider's expiry if that comes first.
#[must_use]
pub fn due(changed: Timestamp, expires: Option<Date>, policy: Policy, now: Timestamp) -> Due {
    let today = day(now);
    let rotate =
        if policy.rotate_days == 0 { None } else { days_after(day(changed), policy.rotate_days) };
    let before_end = expires.and_then(|end| end.yesterday().ok());
    let date = match (rotate, before_end) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    };
    let days_left = date.map(|date| days_between(today, date));
    let state = if expires.is_some_and(|end| today >= end) {
        State::Expired
    } else {
        match days_left {
            Some(left) if left <= 0 => State::Overdue,
            Some(left) if left <= i64::from(policy.lead_days) => State::DueSoon,
            _ => State::Fresh,
        }
    };
    Due { date, days_left, age_days: days_between(day(changed), today).max(0), state }
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// None past the end of the calendar.
fn days_after(date: Date, days: u32) -> Option<Date> {
    date.checked_add(Span::new().try_days(days).ok()?).ok()
}

fn days_between(from: Date, to: Date) -> i64 {
    // Between two civil dates of jiff's range a span in days always exists.
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const POLICY: Policy = Policy { rotate_days: 90, lead_days: 14 };

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn ninety_days_are_ninety_calendar_days() {
        let stored = at("2026-01-01T23:59:59Z");
        let on = |now: &str| due(stored, None, POLICY, at(now));
        assert_eq!(on("2026-01-02T00:00:00Z").date, Some(date(2026, 4, 1)));
        assert_eq!(on("2026-03-17T00:00:00Z").state, State::Fresh);
        assert_eq!(on("2026-03-18T00:00:00Z").state, State::DueSoon);
        assert_eq!(on("2026-03-31T23:59:59Z").state, State::DueSoon);
        assert_eq!(on("2026-04-01T00:00:00Z").state, State::Overdue);
        assert_eq!(on("2026-04-02T00:00:00Z").days_left, Some(-1));
    }

    #[test]
    fn a_leap_day_counts() {
        let stored = at("2027-12-01T12:00:00Z");
        assert_eq!(due(stored, None, POLICY, stored).date, Some(date(2028, 2, 29)));
    }

    #[test]
    fn the_providers_end_comes_first_and_zero_means_never() {
        let stored = at("2026-01-01T00:00:00Z");
        let end = Some(date(2026, 2, 1));
        let soon = due(stored, end, POLICY, at("2026-01-20T00:00:00Z"));
        assert_eq!((soon.date, soon.state), (Some(date(2026, 1, 31)), State::DueSoon));
        assert_eq!(due(stored, end, POLICY, at("2026-02-01T00:00:00Z")).state, State::Expired);
        let never = Policy { rotate_days: 0, lead_days: 14 };
        let far = due(stored, None, never, at("2036-01-01T00:00:00Z"));
        assert_eq!((far.date, far.days_left, far.state), (None, None, State::Fresh));
    }

    proptest! {
        #[test]
        fn no_clock_makes_an_age_negative_or_a_panic(
            changed in -377705023201i64..253402207200,
            now in -377705023201i64..253402207200,
            days in 0u32..u32::MAX,
        ) {
            let changed = Timestamp::from_second(changed).unwrap();
            let now = Timestamp::from_second(now).unwrap();
            let policy = Policy { rotate_days: days, lead_days: 14 };
            prop_assert!(due(changed, None, policy, now).age_days >= 0);
        }
    }
}
