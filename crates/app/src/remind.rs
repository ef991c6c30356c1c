//! The reminder: one desktop notification a day that says what is due, by name and never by value.

use std::process::{Command, Stdio};
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use keyward_rotation::{Turn, turn};

use crate::notification::{self, Answer};
use crate::reminded::{self, State};
use crate::settings::{self, quiet};
use crate::snapshot::Snapshot;
use crate::view::{EntryRow, JSON_VERSION, MissedReminder, Reminded};
use crate::{Error, Keyward, timer};

/// Most lines that a notification has.
const LINES: usize = 5;
/// How long before its deadline an overlap is named.
const OVERLAP_LEAD: SignedDuration = SignedDuration::from_hours(24);

/// The day on the wall. Due dates are days in UTC; when a person is told, is of their own day.
pub(crate) fn local_day(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::system()).date()
}

/// A moment for people to read: in whole seconds.
pub(crate) fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// What a reminder says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminder {
    /// One line.
    pub title: String,
    /// A line for each entry, the most pressing first, at most a few.
    pub text: String,
    /// The entries that it is about, all of them.
    pub names: Vec<String>,
}

/// What is to be done now, by settings, clock and vault.
enum Step {
    /// Nothing, for this reason.
    Wait(&'static str, Option<Timestamp>),
    Send(Reminder),
}

impl Keyward {
    /// What a reminder would say now; none when nothing is due within the lead time that is not
    /// snoozed, and no overlap ends.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn reminder(&self) -> Result<Option<Reminder>, Error> {
        let now = self.now();
        let lines = self.with(|open| {
            open.read(|tx| {
                let lead = i64::from(settings::read(tx)?.lead_days);
                let snapshot = Snapshot::read(tx)?;
                let mut lines = vec![];
                for entry in &snapshot.entries {
                    let row = snapshot.row(entry, now);
                    if row.snoozed_until.is_some() {
                        continue;
                    }
                    let run = snapshot.runs.get(&entry.id);
                    let ends = run.and_then(|run| overlap_until(&run.state));
                    if let Some(ends) = ends.filter(|ends| now + OVERLAP_LEAD >= *ends) {
                        lines.push(overlap(&row, ends, now));
                    } else if row.state == "expired"
                        || row.days_left.is_some_and(|left| left <= lead)
                    {
                        lines.push(due(&row));
                    }
                }
                Ok(lines)
            })
        })?;
        let mut lines = lines.unwrap_or_default();
        lines.sort_by(|one, other| (one.left, &one.name).cmp(&(other.left, &other.name)));
        Ok(said(&lines))
    }

    /// How many entries need the user now: overdue, expired or leaked, and not snoozed.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn pressing(&self) -> Result<u32, Error> {
        let rows = self.list(&crate::input::ListFilter::default())?.entries;
        let count = rows.iter().filter(|row| {
            row.snoozed_until.is_none()
                && ["overdue", "expired", "leaked"].contains(&row.state.as_str())
        });
        Ok(u32::try_from(count.count()).unwrap_or(u32::MAX))
    }

    /// The same, where the vault is open already: asked often and unasked, it must never make the
    /// keychain ask the user.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn pressing_unasked(&self) -> Result<Option<u32>, Error> {
        if self.is_open() { self.pressing().map(Some) } else { Ok(None) }
    }

    /// The day's reminder, for something that comes often: sent at most once a day, outside the quiet
    /// hours, when the settings want it and something is due. It waits at most `wait` for the user's
    /// answer; `open` is done where that is to open the program. What kept it from being made is
    /// remembered for [`Keyward::remind_status`].
    ///
    /// # Errors
    /// The keychain, the disk, `NOTIFY`.
    pub fn remind_daily(&self, wait: Duration, open: impl FnOnce()) -> Result<Reminded, Error> {
        let home = &self.config.home;
        if self.is_in_memory() || !home.is_dir() {
            return Ok(outcome("nothing-due", None));
        }
        let Some(turn) = reminded::hold(home)? else {
            return Ok(outcome("busy", None));
        };
        let mut state = reminded::read(home);
        let now = whole(self.now());
        state.looked = Some(now);
        let step = match self.step(&mut state, now, &TimeZone::system()) {
            Ok(Step::Send(reminder)) => reminder,
            Ok(Step::Wait(why, until)) => {
                state.failure = None;
                reminded::write(home, &state)?;
                return Ok(outcome(why, until));
            }
            Err(error) => return Err(self.missed(state, error)),
        };
        // Remembered as soon as it stands on the screen: the wait may be cut off.
        let shown = || {
            let mut state = state.clone();
            (state.day, state.notified) = (Some(local_day(now)), Some(now));
            state.failure = None;
            let kept = reminded::write(home, &state);
            drop(turn);
            kept
        };
        let mut kept = Ok(());
        let answer = notification::show(&step.title, &step.text, wait, || kept = shown());
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Err(self.missed(state, error)),
        };
        kept?;
        match answer {
            Some(Answer::Open) => open(),
            Some(Answer::Snooze) => self.snooze_a_day(&step.names)?,
            None => {}
        }
        let answer = answer.map(|answer| match answer {
            Answer::Open => "open".to_owned(),
            Answer::Snooze => "snooze".to_owned(),
        });
        Ok(Reminded {
            title: Some(step.title),
            text: Some(step.text),
            answer,
            ..outcome("sent", None)
        })
    }

    /// Sends the reminder at once, whatever the hour. The day's reminder is done with it.
    ///
    /// # Errors
    /// The keychain, the disk, `NOTIFY` when the desktop shows no notifications.
    pub fn notify_due(&self) -> Result<Option<Reminder>, Error> {
        let Some(reminder) = self.reminder()? else {
            return Ok(None);
        };
        notification::show(&reminder.title, &reminder.text, Duration::ZERO, || {})?;
        // With another "now" (`--at`) it was a look, and today's is still to come.
        if self.config.at.is_none() && !self.is_in_memory() {
            let mut state = reminded::read(&self.config.home);
            let now = whole(self.now());
            (state.day, state.notified) = (Some(local_day(now)), Some(now));
            reminded::write(&self.config.home, &state)?;
        }
        Ok(Some(reminder))
    }

    /// Brings the window up in a process that outlives this one.
    pub fn open_window(&self) {
        let Some(program) = timer::find("keyward-desktop") else {
            return;
        };
        let variables = self.surroundings().unwrap_or_default();
        let mut command = if timer::systemd_runs() {
            // What a unit starts ends with the unit; this makes it one of its own.
            let mut command = Command::new("systemd-run");
            command.args(["--user", "--quiet", "--collect"]);
            for (name, value) in &variables {
                command.arg(format!("--setenv={name}={value}"));
            }
            command.arg("--").arg(program);
            command
        } else {
            let mut command = Command::new(program);
            command.envs(variables);
            command
        };
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // Nobody is left to be told; the notification said what matters.
        let _ = command.spawn();
    }

    fn step(&self, state: &mut State, now: Timestamp, zone: &TimeZone) -> Result<Step, Error> {
        let settings = self.settings()?;
        if !settings.notify {
            return Ok(Step::Wait("off", None));
        }
        let today = now.to_zoned(zone.clone()).date();
        match turn(state.day, today) {
            Turn::Now => {}
            Turn::NotToday => return Ok(Step::Wait("already-today", None)),
            Turn::ClockWentBack => {
                state.day = Some(today);
                return Ok(Step::Wait("already-today", None));
            }
        }
        if let Some(end) = quiet(&settings).and_then(|quiet| quiet.until(now, zone)) {
            return Ok(Step::Wait("quiet-hours", Some(end)));
        }
        Ok(self.reminder()?.map_or(Step::Wait("nothing-due", None), Step::Send))
    }

    /// Remembers why there was no reminder.
    fn missed(&self, mut state: State, error: Error) -> Error {
        state.failure = Some(MissedReminder {
            at: whole(self.now()).to_string(),
            code: error.code.clone(),
            message: error.message.clone(),
            hint: error.hint.clone(),
        });
        // Where the disk takes nothing, the error itself is all that can be said.
        let _ = reminded::write(&self.config.home, &state);
        error
    }

    /// Leaves one day's reminder out: tomorrow's. The day after, they are named again.
    fn snooze_a_day(&self, names: &[String]) -> Result<(), Error> {
        for name in names {
            match self.snooze(name, "2d") {
                // Removed or renamed while the notification stood there.
                Err(error) if error.code == "NOT_FOUND" => {}
                other => drop(other?),
            }
        }
        Ok(())
    }
}

/// One entry's line.
struct Line {
    /// Days that are left, for the order.
    left: i64,
    name: String,
    text: String,
    overlap: bool,
}

fn due(row: &EntryRow) -> Line {
    let text = match row.days_left {
        _ if row.state == "expired" => format!("{}: expired", row.name),
        Some(left) if left < 0 => format!("{}: overdue by {}", row.name, days(-left)),
        Some(0) => format!("{}: due today", row.name),
        Some(left) => format!("{}: due in {}", row.name, days(left)),
        None => format!("{}: due", row.name),
    };
    Line { left: row.days_left.unwrap_or(i64::MIN), name: row.name.clone(), text, overlap: false }
}

fn overlap(row: &EntryRow, ends: Timestamp, now: Timestamp) -> Line {
    let left = ends.duration_since(now);
    let text = if left.is_positive() {
        let hours = left.as_hours() + 1;
        let hours = if hours == 1 { "1 hour".to_owned() } else { format!("{hours} hours") };
        format!("{}: the overlap ends within {hours}; revoke the old key", row.name)
    } else {
        format!("{}: the overlap has ended; revoke the old key", row.name)
    };
    Line { left: left.as_hours() / 24, name: row.name.clone(), text, overlap: true }
}

fn said(lines: &[Line]) -> Option<Reminder> {
    let first = lines.first()?;
    let title = match lines.len() {
        1 if first.overlap => format!("Revoke the old key of {}", first.name),
        1 => format!("Rotate {}", first.name),
        many if lines.iter().any(|line| line.overlap) => format!("{many} keys need you"),
        many => format!("{many} keys are due for rotation"),
    };
    let mut text: Vec<String> = lines.iter().take(LINES).map(|line| line.text.clone()).collect();
    if lines.len() > LINES {
        text.push(format!("and {} more", lines.len() - LINES));
    }
    let names = lines.iter().map(|line| line.name.clone()).collect();
    Some(Reminder { title, text: text.join("\n"), names })
}

/// By when a run's overlap is to end, where the run says so.
fn overlap_until(run: &serde_json::Value) -> Option<Timestamp> {
    run.get("overlap_until")?.as_str()?.parse().ok()
}

fn outcome(outcome: &str, until: Option<Timestamp>) -> Reminded {
    Reminded {
        version: JSON_VERSION,
        outcome: outcome.to_owned(),
        until: until.map(|until| until.to_string()),
        title: None,
        text: None,
        answer: None,
    }
}

fn days(count: i64) -> String {
    if count == 1 { "1 day".to_owned() } else { format!("{count} days") }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use keyward_vault::{new_id, secret};

    use super::*;
    use crate::input::NewEntry;

    /// A vault of one entry that is due from 2026-04-01 on.
    fn keyward() -> Keyward {
        let keyward = Keyward::in_memory("2026-01-01T00:00:00Z".parse().unwrap());
        let input = NewEntry { name: "a/b/c".to_owned(), ..NewEntry::default() };
        keyward.add(&input, &secret(b"a-value".to_vec())).unwrap();
        keyward
    }

    fn at(keyward: &mut Keyward, now: &str) {
        keyward.config.at = Some(now.parse().unwrap());
    }

    /// One coming of the timer: what it decides, and it remembers what was sent.
    fn tick(keyward: &Keyward, state: &mut State, zone: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        let now = keyward.now();
        match keyward.step(state, now, &zone).unwrap() {
            Step::Wait(why, _) => why.to_owned(),
            Step::Send(reminder) => {
                state.day = Some(now.to_zoned(zone).date());
                reminder.title
            }
        }
    }

    #[test]
    fn the_clock_may_jump_and_each_day_has_one() {
        let mut keyward = keyward();
        let mut state = State::default();
        for (now, said) in [
            ("2026-03-01T12:00:00Z", "nothing-due"),
            ("2026-04-02T12:00:00Z", "Rotate a/b/c"),
            ("2026-04-02T13:00:00Z", "already-today"),
            // Back by two hours, by half a day over midnight, and forward over a week.
            ("2026-04-02T11:00:00Z", "already-today"),
            ("2026-04-01T23:00:00Z", "already-today"),
            ("2026-04-10T00:10:00Z", "Rotate a/b/c"),
            // The clock was wrong by a century, was set right, and lost one day.
            ("2126-01-01T00:00:00Z", "Rotate a/b/c"),
            ("2026-04-11T09:00:00Z", "already-today"),
            ("2026-04-12T09:00:00Z", "Rotate a/b/c"),
        ] {
            at(&mut keyward, now);
            assert_eq!(tick(&keyward, &mut state, "UTC"), said, "at {now}");
        }
    }

    #[test]
    fn every_hour_of_a_week_in_odd_zones_brings_one_a_local_day() {
        for (zone, from) in [
            ("Pacific/Kiritimati", "2026-04-05T00:00:00Z"),
            // These change their clocks within the week.
            ("America/St_Johns", "2026-10-29T00:00:00Z"),
            ("Australia/Lord_Howe", "2026-09-30T00:00:00Z"),
            ("Europe/Berlin", "2027-03-25T00:00:00Z"),
        ] {
            let mut keyward = keyward();
            let mut settings = keyward.settings().unwrap();
            settings.quiet_hours = "22:00-08:00".to_owned();
            keyward.save_settings(&settings).unwrap();
            let mut state = State::default();
            let start: Timestamp = from.parse().unwrap();
            let tz = TimeZone::get(zone).unwrap();
            let mut sent = vec![];
            for hour in 0..24 * 7 {
                let now = start + SignedDuration::from_hours(hour);
                keyward.config.at = Some(now);
                if tick(&keyward, &mut state, zone) == "Rotate a/b/c" {
                    sent.push(now.to_zoned(tz.clone()));
                }
            }
            let mut days: Vec<Date> = sent.iter().map(|at| at.date()).collect();
            assert!(sent.iter().skip(1).all(|at| at.hour() == 8), "{zone}: {sent:?}");
            days.dedup();
            assert_eq!(days.len(), sent.len(), "{zone}: {sent:?}");
            assert!((7..=8).contains(&days.len()), "{zone}: {sent:?}");
        }
    }

    #[test]
    fn a_snoozed_entry_is_due_and_not_named_until_its_day_or_a_new_value() {
        let mut keyward = keyward();
        at(&mut keyward, "2026-05-01T12:00:00Z");
        let row = keyward.snooze("c", "7d").unwrap().entry;
        assert_eq!(row.state, "overdue");
        let until: Date = row.snoozed_until.unwrap().parse().unwrap();
        assert_eq!(keyward.reminder().unwrap(), None);
        assert_eq!(keyward.pressing().unwrap(), 0);
        at(&mut keyward, "2026-05-10T12:00:00Z");
        assert!(until < date(2026, 5, 10) && keyward.reminder().unwrap().is_some());
        keyward.snooze("c", "200d").unwrap();
        assert_eq!(keyward.reminder().unwrap(), None);
        keyward.snooze("c", "off").unwrap();
        assert!(keyward.reminder().unwrap().is_some());
        keyward.snooze("c", "200d").unwrap();
        keyward.rotation_start("c", &crate::input::NewRun::default()).unwrap();
        keyward.rotation_next("c", Some(&secret(b"new-value".to_vec())), false).unwrap();
        keyward.rotation_next("c", None, false).unwrap();
        keyward.rotation_next("c", None, false).unwrap();
        assert_eq!(keyward.show("c").unwrap().entry.snoozed_until, None, "the new value is not");
    }

    #[test]
    fn an_overlap_is_named_before_it_ends_and_after() {
        let mut keyward = keyward();
        let entry = keyward.show("c").unwrap().entry.id;
        let now = keyward.now();
        let put = |deadline: serde_json::Value| {
            let state = serde_json::json!({ "state": "overlap", "overlap_until": deadline });
            let run = keyward_store::Run {
                id: new_id(now).unwrap(),
                entry: entry.clone(),
                open: true,
                state,
            };
            keyward.with(|open| open.change(|tx, _| Ok((tx.put_run(&run)?, vec![])))).unwrap();
            run
        };
        let mut run = put("2026-01-03T00:00:00Z".into());
        assert_eq!(keyward.reminder().unwrap(), None);
        at(&mut keyward, "2026-01-02T12:30:00Z");
        let said = keyward.reminder().unwrap().unwrap();
        assert_eq!(said.title, "Revoke the old key of a/b/c");
        assert_eq!(said.text, "a/b/c: the overlap ends within 12 hours; revoke the old key");
        at(&mut keyward, "2026-01-05T00:00:00Z");
        assert!(keyward.reminder().unwrap().unwrap().text.contains("has ended"));
        // What cannot be read is no deadline.
        for odd in [serde_json::json!(7), serde_json::json!("tomorrow"), serde_json::Value::Null] {
            run.state["overlap_until"] = odd;
            keyward.with(|open| open.change(|tx, _| Ok((tx.put_run(&run)?, vec![])))).unwrap();
            assert_eq!(keyward.reminder().unwrap(), None);
        }
    }
}
