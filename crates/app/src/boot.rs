//! The time since the system was started: the clock for delays and time limits, because setting the
//! date does not move it.

use keyward_vault::Moment;

/// Now. On Linux `CLOCK_BOOTTIME` (clock_gettime(2)), which goes on while the machine sleeps, and
/// the kernel's id of this run. Elsewhere the wall clock, since nothing better is to be had without
/// unsafe code.
#[cfg(target_os = "linux")]
pub(crate) fn moment() -> Moment {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let millis = seconds * 1000 + u64::try_from(time.tv_nsec).unwrap_or(0) / 1_000_000;
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    Moment { boot: boot.trim().to_owned(), millis }
}

/// Now; see above.
#[cfg(not(target_os = "linux"))]
pub(crate) fn moment() -> Moment {
    let millis = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0);
    Moment { boot: "wall".to_owned(), millis }
}
