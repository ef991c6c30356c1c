//! Reminders with the window closed, seen by a real notification daemon: through the timer's own line,
//! through a systemd that fires it, under clocks that jump and in odd time zones.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Sandbox, session};

/// A screen, a bus and dunst on it, whose menu picks "Snooze a day".
struct Desktop {
    children: Vec<Child>,
    sandbox: Sandbox,
}

impl Desktop {
    fn start() -> Self {
        let (bus, sandbox) = session::bus();
        sandbox.create("passphrase", "correct horse battery\n");
        let passphrase = sandbox.path("passphrase");
        let sandbox =
            sandbox.and("KEYWARD_KEYCHAIN", "file").and("KEYWARD_PASSPHRASE_FILE", &passphrase);
        let mut screen = sandbox
            .command("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is installed by `cargo xtask test`");
        let mut number = String::new();
        BufReader::new(screen.stdout.take().unwrap()).read_line(&mut number).unwrap();
        let sandbox = sandbox.and("DISPLAY", &format!(":{}", number.trim()));
        let menu = sandbox.create("menu", "#!/bin/sh\ngrep '^#Snooze a day'\n");
        executable(&menu);
        let config = sandbox.create("dunstrc", format!("[global]\n  dmenu = {menu}\n"));
        let dunst = sandbox
            .command("dunst")
            .args(["-conf", &config])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("dunst is installed by `cargo xtask test`");
        let desktop = Self { children: vec![dunst, screen, bus], sandbox };
        assert!(wait(|| desktop.tool("dunstctl", &["is-paused"]).0), "dunst did not start");
        desktop
    }

    fn tool(&self, program: &str, args: &[&str]) -> (bool, String) {
        let output = self.sandbox.command(program).args(args).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn displayed(&self) -> String {
        self.tool("dunstctl", &["count", "displayed"]).1
    }

    /// What was shown and closed: title and text, the oldest first.
    fn history(&self) -> Vec<(String, String)> {
        let all: Value = serde_json::from_str(&self.tool("dunstctl", &["history"]).1).unwrap();
        let rows = all["data"][0].as_array().unwrap().iter().rev();
        let text = |row: &Value, name: &str| row[name]["data"].as_str().unwrap().to_owned();
        rows.map(|row| (text(row, "summary"), text(row, "body"))).collect()
    }

    /// The day's reminder, its notification closed when it is there.
    fn tick(&self, inside: &[&str], zone: &str) -> Value {
        let mut words = inside.to_vec();
        words.push(env!("CARGO_BIN_EXE_keyward"));
        let mut child = self
            .sandbox
            .command(words[0])
            .args(&words[1..])
            .args(["due", "--notify", "--daily", "--no-input", "--json"])
            .env("TZ", zone)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let ended = wait(|| {
            if child.try_wait().unwrap().is_some() {
                return true;
            }
            if self.displayed() != "0" {
                self.tool("dunstctl", &["close-all"]);
            }
            false
        });
        assert!(ended, "the reminder did not end");
        serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap()
    }

    /// The line that the timer runs, from its unit, in an environment of the unit's and the bus.
    fn unit(&self, timer: &str) -> Command {
        let service = fs::read_to_string(timer.replace(".timer", ".service")).unwrap();
        let line = service.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
        assert!(line.contains(" due --notify "), "{line}");
        let mut command = self.sandbox.command("sh");
        command.args(["-c", &format!("exec {line}")]);
        for name in ["KEYWARD_HOME", "KEYWARD_KEYCHAIN", "KEYWARD_PASSPHRASE_FILE"] {
            command.env_remove(name);
        }
        for line in service.lines().filter_map(|line| line.strip_prefix("Environment=")) {
            let (name, value) = line.trim_matches('"').split_once('=').unwrap();
            command.env(name, value);
        }
        command
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn executable(path: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Waits until something holds; the machine may be busy.
fn wait(mut holds: impl FnMut() -> bool) -> bool {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(60) {
        if holds() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// An entry that is expired whatever the clock says.
fn expired(sandbox: &Sandbox, name: &str) {
    let line = format!("add {name} --stdin --expires 2020-01-01");
    sandbox.pipe(&line, format!("CANARY-{name}")).ok();
}

#[test]
fn the_timers_own_line_shows_what_is_due_once_a_day_and_its_button_snoozes() {
    let desktop = Desktop::start();
    let keyward = &desktop.sandbox;
    expired(keyward, "a/b/one");
    expired(keyward, "a/b/two");
    keyward.pipe("add a/b/fresh --stdin", "CANARY-fresh").ok();
    let status = keyward.run("remind install --json").ok().json();
    let timer = status["timer"].as_str().unwrap();
    assert_eq!((&status["installed"], &status["due"]), (&json!(true), &json!(2)));

    let mut tick = desktop.unit(timer).spawn().unwrap();
    assert!(wait(|| desktop.displayed() == "1"), "nothing was shown");
    // It waits for an answer, and the next coming of the timer is not held up by it.
    assert!(tick.try_wait().unwrap().is_none());
    assert!(desktop.unit(timer).status().unwrap().success());
    assert_eq!(desktop.displayed(), "1", "a second one on the same day");
    desktop.tool("dunstctl", &["context"]);
    assert!(wait(|| tick.try_wait().unwrap().is_some()), "the button was not heard");
    assert!(tick.wait().unwrap().success());

    desktop.tool("dunstctl", &["close-all"]);
    assert!(wait(|| !desktop.history().is_empty()));
    let shown =
        ("2 keys are due for rotation".to_owned(), "a/b/one: expired\na/b/two: expired".to_owned());
    assert_eq!(desktop.history(), [shown]);
    let due = keyward.run("due --json").ok().json();
    let rows = due["entries"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "snoozed is still due");
    assert!(rows.iter().all(|row| row["snoozed_until"].is_string()), "{due}");
    let status = keyward.run("remind status --json").ok().json();
    assert_eq!((&status["due"], &status["snoozed"]), (&json!(0), &json!(2)));
    assert!(status["last_notified"].is_string() && status["failure"].is_null(), "{status}");
    keyward.run("audit list").ok().says("snooze");
    // Asked for by hand it is sent at once, however often.
    keyward.run("snooze one off").ok();
    for _ in 0..2 {
        keyward.run("due --notify").ok().says("Sent: Rotate a/b/one");
    }
    keyward.run("remind remove").ok().says("Not installed");
    assert!(!Path::new(timer).exists());
    keyward.run("audit verify").ok();
}

#[test]
fn the_clock_and_the_time_zone_may_jump() {
    let desktop = Desktop::start();
    let keyward = &desktop.sandbox;
    expired(keyward, "a/b/one");
    let mut sent = 0;
    for (zone, time, outcome) in [
        ("Pacific/Kiritimati", "2100-03-01 09:00:00", "sent"),
        ("Pacific/Kiritimati", "2100-03-01 23:59:00", "already-today"),
        // Back by an hour over midnight, as a wrong clock set right, and by a day.
        ("Pacific/Kiritimati", "2100-02-28 23:30:00", "already-today"),
        ("Pacific/Kiritimati", "2100-03-01 09:00:00", "already-today"),
        // The same moment elsewhere is the day before.
        ("America/St_Johns", "2100-02-28 15:30:00", "already-today"),
        // Forward over three weeks and a change of the clocks: that day has its own.
        ("America/St_Johns", "2100-03-20 00:05:00", "sent"),
        ("America/St_Johns", "2100-03-20 23:55:00", "already-today"),
        ("America/St_Johns", "2100-03-21 00:10:00", "sent"),
        // Months back: the clock had been wrong. One day is lost, and no more.
        ("UTC", "2099-12-01 12:00:00", "already-today"),
        ("UTC", "2099-12-02 12:00:00", "sent"),
    ] {
        let said = desktop.tick(&["faketime", "-f", &format!("@{time}")], zone);
        assert_eq!(said["outcome"], outcome, "at {time} in {zone}");
        sent += usize::from(outcome == "sent");
        assert!(wait(|| desktop.history().len() == sent), "at {time}: {:?}", desktop.history());
    }
}

#[test]
fn nothing_is_shown_in_the_quiet_hours() {
    let keyward = Sandbox::with_file();
    expired(&keyward, "a/b/one");
    keyward.run("settings quiet-hours 22:00-08:00").ok();
    let tick = |zone: &str, time: &str| {
        let output = keyward
            .command("faketime")
            .args(["-f", &format!("@{time}"), env!("CARGO_BIN_EXE_keyward")])
            .args(["due", "--notify", "--daily", "--json"])
            .env("TZ", zone)
            .output()
            .unwrap();
        let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code(), said["outcome"].clone(), said["until"].clone())
    };
    let quiet = |until: &str| (Some(0), json!("quiet-hours"), json!(until));
    assert_eq!(tick("Pacific/Kiritimati", "2100-03-01 23:00:00"), quiet("2100-03-01T18:00:00Z"));
    assert_eq!(tick("America/St_Johns", "2100-01-01 07:59:00"), quiet("2100-01-01T11:30:00Z"));
    // Outside them it would be shown, and there is nothing here that shows it.
    assert_eq!(tick("America/St_Johns", "2100-01-01 08:01:00").0, Some(7));
    keyward.run("remind status").ok().says("[NOTIFY]").says("22:00-08:00");
    keyward.run("settings notify off").ok();
    assert_eq!(tick("UTC", "2100-01-02 12:00:00").1, "off");
    keyward.run("remind status").ok().says("keyward settings notify on");
    keyward.run("due --notify --daily --at 2100-01-01T00:00:00Z").exits(2);
    keyward.run("due --daily").exits(2);
}

#[test]
fn why_there_was_no_reminder_is_told_by_status_and_doctor() {
    let session = session::Session::start();
    let keyward = &session.sandbox;
    expired(keyward, "a/b/one");
    keyward.run("remind install").ok();
    session.lock();
    keyward.run("due --notify --daily --no-input --quiet").fails(5, "KC_LOCKED");
    let status = keyward.run("remind status --json").ok().json();
    assert_eq!(status["failure"]["code"], "KC_LOCKED", "{status}");
    assert_eq!((&status["installed"], &status["due"]), (&json!(true), &Value::Null));
    keyward.run("remind status").ok().says("No reminder could be made");
    let doctor = keyward.run("doctor --json").exits(5).json();
    let checks = doctor["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["id"] == "reminders").unwrap();
    assert_eq!(check["code"], "KC_LOCKED", "{doctor}");
    // Taking the timer away needs no keychain.
    keyward.run("remind remove").ok();
    assert_eq!(keyward.run("remind status --json").ok().json()["installed"], false);
}

#[test]
fn the_units_are_ones_that_systemd_takes() {
    let keyward = Sandbox::with_file();
    expired(&keyward, "a/b/one");
    let timer =
        keyward.run("remind install --json").ok().json()["timer"].as_str().unwrap().to_owned();
    keyward.run("remind install").ok();
    let service = timer.replace(".timer", ".service");
    let name = PathBuf::from(&timer).file_stem().unwrap().to_string_lossy().into_owned();
    assert!(name.starts_with("keyward-remind-"), "{name}");
    let units = Path::new(&timer).parent().unwrap();
    let link = units.join("timers.target.wants").join(format!("{name}.timer"));
    assert_eq!(fs::read_link(&link).unwrap(), Path::new(&timer));
    let text = fs::read_to_string(&service).unwrap();
    assert!(!text.contains("correct horse") && !text.contains("CANARY"), "{text}");
    let run = keyward.path("run");
    fs::create_dir(&run).unwrap();
    let mut analyze = keyward.command("systemd-analyze");
    analyze.env("XDG_RUNTIME_DIR", &run).args(["--user", "verify", &timer, &service]);
    if let Ok(output) = analyze.output() {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.contains(&format!("{name}.")), "{said}");
    }
    // A keychain file that nobody can open without being asked is no vault for a timer.
    let mut asked = keyward.command(env!("CARGO_BIN_EXE_keyward"));
    let alone = asked.env_remove("KEYWARD_PASSPHRASE_FILE").args(["remind", "remove"]).output();
    assert!(alone.unwrap().status.success());
    assert!(!Path::new(&timer).exists() && !Path::new(&service).exists());
    assert!(fs::symlink_metadata(&link).is_err(), "the link stayed");
}

/// A systemd for the user, where one can run: it wants a system that was started by systemd, and takes
/// a folder's word for it.
fn systemd(desktop: &Desktop) -> Option<Child> {
    let script = "mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && exec \"$0\" --user";
    let program = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"];
    let program = program.into_iter().find(|program| Path::new(program).exists())?;
    let sandbox = &desktop.sandbox;
    // It would bring a bus of its own, and its services would be told of that one.
    let units = PathBuf::from(sandbox.path(".config/systemd/user"));
    fs::create_dir_all(&units).unwrap();
    for unit in ["dbus.socket", "dbus.service"] {
        std::os::unix::fs::symlink("/dev/null", units.join(unit)).unwrap();
    }
    let child = sandbox
        .command("unshare")
        .args(["--map-current-user", "--keep-caps", "--mount", "sh", "-c", script, program])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut child = child.ok()?;
    let up = wait(|| {
        child.try_wait().unwrap().is_some()
            || desktop.tool("systemctl", &["--user", "show-environment"]).0
    });
    (up && child.try_wait().unwrap().is_none()).then_some(child)
}

#[test]
fn a_timer_that_systemd_fires_reminds_with_the_window_closed() {
    let mut desktop = Desktop::start();
    let Some(manager) = systemd(&desktop) else {
        return;
    };
    desktop.children.insert(0, manager);
    let keyward = &desktop.sandbox;
    expired(keyward, "a/b/one");
    let status = keyward.run("remind install --json").ok().json();
    let next: jiff::Timestamp = status["next"].as_str().unwrap().parse().unwrap();
    let ahead = next.duration_since(jiff::Timestamp::now());
    assert!(ahead.as_secs().abs() <= 3700, "the next hour is at {next}");
    assert_eq!(status["note"], Value::Null, "nothing is left to do");
    // The same timer, every second instead of every hour.
    let timer = status["timer"].as_str().unwrap();
    let unit = Path::new(timer).file_name().unwrap().to_str().unwrap();
    keyward.create(
        &format!(".config/systemd/user/{unit}.d/soon.conf"),
        "[Timer]\nOnCalendar=\nOnCalendar=*:*:*\nRandomizedDelaySec=0\nAccuracySec=1ms\n",
    );
    assert!(desktop.tool("systemctl", &["--user", "daemon-reload"]).0);
    assert!(desktop.tool("systemctl", &["--user", "restart", unit]).0);
    assert!(wait(|| desktop.displayed() == "1"), "systemd did not fire the timer");
    desktop.tool("dunstctl", &["close-all"]);
    // It comes again at once, and there is one reminder a day.
    let looked = || keyward.run("remind status --json").ok().json()["last_looked"].clone();
    let first = looked();
    assert!(wait(|| looked() != first), "the timer came once only");
    assert_eq!((desktop.displayed().as_str(), desktop.history().len()), ("0", 1));
    keyward.run("remind remove").ok();
    let active = desktop.tool("systemctl", &["--user", "is-active", unit]).1;
    assert_ne!(active, "active", "the timer goes on");
}
