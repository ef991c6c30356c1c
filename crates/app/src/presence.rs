//! Whether somebody is at work in the window: idle time, sleep, and when that locks.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::{Keyward, boot};

/// The clock that goes on during sleep may be this much ahead of the one that does not.
const SLEPT: Duration = Duration::from_secs(5);

/// When somebody was last seen.
#[derive(Debug)]
pub struct Presence {
    seen: Mutex<Seen>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    awake: Instant,
    /// Milliseconds on the clock that goes on during sleep.
    all: u64,
}

/// For how long nobody was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    idle: Duration,
    slept: bool,
}

impl Default for Presence {
    fn default() -> Self {
        Self { seen: Mutex::new(Seen::now()) }
    }
}

impl Seen {
    fn now() -> Self {
        Self { awake: Instant::now(), all: boot::moment().millis }
    }
}

impl Presence {
    /// Somebody pressed a key or moved the pointer.
    pub fn seen(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen::now();
    }

    /// For how long nobody did, and whether the machine slept in that time.
    #[must_use]
    pub fn left(&self) -> Left {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let awake = seen.awake.elapsed();
        let all = Duration::from_millis(boot::moment().millis.saturating_sub(seen.all));
        Left { idle: awake.max(all), slept: all > awake + SLEPT }
    }
}

impl Left {
    /// Why the window is to lock after so many minutes (0 is never for idle time alone); none when
    /// it is not.
    fn reason(self, minutes: u32) -> Option<&'static str> {
        if self.slept {
            return Some("the computer slept");
        }
        let limit = Duration::from_secs(u64::from(minutes) * 60);
        (minutes > 0 && self.idle >= limit).then_some("nobody was there")
    }
}

impl Keyward {
    /// Why the window is to be locked now; none when it is not, or there is nothing to lock. It
    /// opens nothing that is not open.
    #[must_use]
    pub fn should_lock(&self, left: &Left) -> Option<&'static str> {
        if !self.holds_key() {
            return None;
        }
        let minutes = self.settings().map_or(1, |settings| settings.lock_after);
        left.reason(minutes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_locks_when_it_is_set_to_and_sleep_always() {
        let left = |minutes: u64, slept| Left { idle: Duration::from_secs(minutes * 60), slept };
        assert_eq!(left(4, false).reason(5), None);
        assert_eq!(left(5, false).reason(5), Some("nobody was there"));
        assert_eq!(left(600, false).reason(0), None);
        assert_eq!(left(1, true).reason(0), Some("the computer slept"));
        let presence = Presence::default();
        presence.seen();
        assert!(presence.left().idle < Duration::from_secs(60) && !presence.left().slept);
    }
}
