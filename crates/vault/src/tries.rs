//! How long a passphrase may not be tried again: 1, 2, 4 … 30 seconds after each wrong one, never for
//! ever. The time is the system's own since it was started, which no change of the date moves.

use keyward_store::Tries;

/// The longest wait, in milliseconds.
const LONGEST: u64 = 30_000;

/// A moment on a clock that only goes forward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Which run of the system.
    pub boot: String,
    /// Milliseconds since it began, sleep included.
    pub millis: u64,
}

/// Milliseconds from `now` until another try is let through; 0 at once.
#[must_use]
pub fn wait(tries: &Tries, now: &Moment) -> u64 {
    let Some(doublings) = tries.failed.checked_sub(1) else { return 0 };
    let delay = 1000_u64.checked_shl(doublings.min(16)).unwrap_or(LONGEST).min(LONGEST);
    let passed = if tries.boot == now.boot {
        now.millis.saturating_sub(tries.at)
    } else {
        // The last try was before the system was started: at least that long ago.
        now.millis
    };
    delay.saturating_sub(passed)
}

/// The row for one more try, which counts as failed until it is known to be right.
#[must_use]
pub fn one_more(tries: &Tries, now: &Moment) -> Tries {
    Tries { failed: tries.failed.saturating_add(1), boot: now.boot.clone(), at: now.millis }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(boot: &str, millis: u64) -> Moment {
        Moment { boot: boot.to_owned(), millis }
    }

    #[test]
    fn ten_wrong_tries_wait_longer_and_longer_up_to_half_a_minute() {
        let (mut tries, mut now, mut waits) = (Tries::default(), at("a", 5_000), vec![]);
        assert_eq!(wait(&tries, &now), 0);
        for _ in 0..10 {
            tries = one_more(&tries, &now);
            let left = wait(&tries, &now);
            waits.push(left / 1000);
            assert_eq!(wait(&tries, &at("a", now.millis + left - 1)), 1);
            now.millis += left;
            assert_eq!(wait(&tries, &now), 0);
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30, 30, 30]);
        tries.failed = u32::MAX;
        assert_eq!(wait(&one_more(&tries, &now), &now), LONGEST);
    }

    #[test]
    fn a_restart_neither_frees_nor_locks_out() {
        let tries = Tries { failed: 9, boot: "a".to_owned(), at: 9_000_000 };
        assert_eq!(wait(&tries, &at("b", 2_000)), 28_000);
        assert_eq!(wait(&tries, &at("b", 31_000)), 0);
        // A clock that went back in the same run, as a restored virtual machine's does.
        assert_eq!(wait(&tries, &at("a", 1_000)), LONGEST);
    }
}
