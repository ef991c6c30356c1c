//! Crashes: killed at any moment and at every system call of a save, and a disk that answers any
//! of them with an error. Nothing that was acknowledged is lost, nothing is half there. Each test
//! has a naive twin, a plain overwrite, that fails it.
//!
//! `KEYWARD_SOAK=1` runs all of it (1,000 kills, every system call); without it a sample.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::bad::state;
use crate::support::session::Session;
use crate::support::{Said, Sandbox};

const VALUE: &str = "value-value";
/// What changes a disk, as SQLite and the standard library call it.
const CHANGING: &str = "write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,unlink,unlinkat,link,linkat,fchmod,mkdir";

fn soak() -> bool {
    std::env::var_os("KEYWARD_SOAK").is_some()
}

fn filled() -> Sandbox {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/c", VALUE);
    keyward
}

/// Every entry, each with its value; the record and the doctor agree with them.
#[track_caller]
fn healthy(keyward: &Sandbox, what: &str) -> Vec<String> {
    let list = keyward.run("list --json");
    assert_eq!(list.status, 0, "{what}: {list}");
    let names: Vec<String> = list.json()["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap().to_owned())
        .collect();
    // The doctor reads every value and compares it with what was stored.
    let doctor = keyward.run("doctor");
    assert_eq!(doctor.status, 0, "{what}: {doctor}");
    assert!(doctor.out.contains(&format!("{} values are", names.len())), "{what}: {doctor}");
    names
}

/// The add that most of these tests disturb.
fn add(keyward: &Sandbox) -> Vec<String> {
    let value = keyward.create("value", VALUE);
    ["add", "a/b/new", "--value-file", &value].map(str::to_owned).to_vec()
}

/// Runs a command under strace with an injection; its status, or none if it was killed.
fn under(keyward: &Sandbox, args: &[String], inject: &str) -> Option<i32> {
    let status = keyward
        .command("strace")
        .args(["-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", &format!("inject={inject}")])
        .arg(env!("CARGO_BIN_EXE_keyward"))
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("strace is installed by `cargo xtask test`");
    status.code()
}

/// The calls of an undisturbed command that change the disk, in order, with their times called so far.
fn calls(keyward: &Sandbox, args: &[String]) -> Vec<(String, usize)> {
    let log = keyward.path("calls");
    let status = keyward
        .command("strace")
        .args(["-f", "--seccomp-bpf", "-qq", "-o", &log, "-e", &format!("trace={CHANGING}")])
        .arg(env!("CARGO_BIN_EXE_keyward"))
        .args(args)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let mut times = BTreeMap::new();
    let text = fs::read_to_string(&log).unwrap();
    let mut calls = vec![];
    for line in text.lines() {
        // `4711 pwrite64(5, "…"`
        let call = line.split_whitespace().nth(1).and_then(|word| word.split('(').next());
        let Some(call) = call.filter(|call| CHANGING.split(',').any(|known| known == *call)) else {
            continue;
        };
        let time = times.entry(call.to_owned()).or_insert(0);
        *time += 1;
        calls.push((call.to_owned(), *time));
    }
    calls
}

fn put_back(home: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) {
    let _ = fs::remove_dir_all(home);
    fs::create_dir(home).unwrap();
    // As they were: what narrows a mode is a call of its own, and a notice.
    let mode = |path: &Path, bits| fs::set_permissions(path, fs::Permissions::from_mode(bits));
    mode(home, 0o700).unwrap();
    for (path, bytes) in files {
        fs::write(path, bytes).unwrap();
        mode(path, 0o600).unwrap();
    }
}

/// Those of the calls that this run tries: all, or so many spread over them, the last one among them.
fn sample(mut calls: Vec<(String, usize)>, some: usize) -> Vec<(String, usize)> {
    if soak() || calls.len() <= some {
        return calls;
    }
    let step = calls.len().div_ceil(some);
    let last = calls.pop();
    calls.into_iter().skip(step / 2).step_by(step).chain(last).collect()
}

#[test]
fn a_save_killed_at_every_system_call_is_done_or_not_done() {
    let keyward = filled();
    let good = state(&keyward.home());
    let add = add(&keyward);
    let calls = calls(&keyward, &add);
    assert!(calls.len() > 30, "only {} calls: is anything synced?", calls.len());
    assert!(calls.iter().filter(|(call, _)| call.contains("sync")).count() >= 6, "{calls:?}");
    let (mut before, mut after) = (0, 0);
    for (call, time) in sample(calls, 12) {
        put_back(&keyward.home(), &good);
        let status = under(&keyward, &add, &format!("{call}:signal=KILL:when={time}"));
        let what = format!("killed at {call} number {time}");
        let names = healthy(&keyward, &what);
        assert!(names.contains(&"a/b/c".to_owned()), "{what}");
        if names.len() == 2 {
            after += 1
        } else {
            before += 1
        }
        assert!(status != Some(0) || names.len() == 2, "{what}: acknowledged and lost");
        // What was left half way does not stand in the way of the next.
        if names.len() == 1 {
            keyward.add("a/b/new", VALUE);
        }
    }
    assert!(before > 0 && after > 0, "all kills fell on one side: {before} before, {after} after");
}

#[test]
fn a_disk_that_answers_a_save_with_an_error_leaves_the_old_state() {
    let keyward = filled();
    let good = state(&keyward.home());
    let add = add(&keyward);
    let calls = calls(&keyward, &add);
    let mut failed = 0;
    for (number, (call, time)) in sample(calls, 9).into_iter().enumerate() {
        let errors: &[&str] = if soak() {
            &["EIO", "ENOSPC", "EROFS"]
        } else {
            &[["EIO", "ENOSPC", "EROFS"][number % 3]]
        };
        for error in errors {
            put_back(&keyward.home(), &good);
            let status = under(&keyward, &add, &format!("{call}:error={error}:when={time}"));
            let what = format!("{error} at {call} number {time}, status {status:?}");
            // 0 where the call was about something that may fail: the anchor, an old generation,
            // a message of ours; 7 is the disk.
            assert!([Some(0), Some(7)].contains(&status), "{what}");
            failed += i32::from(status == Some(7));
            let names = healthy(&keyward, &what);
            assert!(names.contains(&"a/b/c".to_owned()), "{what}");
            assert!(status != Some(0) || names.len() == 2, "{what}: acknowledged and lost");
            keyward.run("list").ok();
        }
    }
    assert!(failed > 2, "only {failed} errors were told");
}

/// The naive twin of the two tests above: a file that is overwritten in its place.
#[test]
fn a_plain_overwrite_fails_both() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (dir.path().join("vault"), dir.path().join("new"));
    for inject in [
        "write,copy_file_range,sendfile:signal=KILL:when=1",
        "write,copy_file_range,sendfile:error=EIO:when=1+",
    ] {
        fs::write(&old, "old state, whole").unwrap();
        fs::write(&new, "new state, whole").unwrap();
        let status = Command::new("strace")
            .args([
                "-f",
                "--seccomp-bpf",
                "-qq",
                "-o",
                "/dev/null",
                "-e",
                &format!("inject={inject}"),
                "cp",
            ])
            .args([&new, &old])
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(!status.success());
        let left = fs::read_to_string(&old).unwrap();
        assert!(
            !left.ends_with("whole"),
            "the plain overwrite kept {left:?}; the test has no bite"
        );
    }
}

#[test]
fn killed_at_any_moment_again_and_again_nothing_acknowledged_is_lost() {
    let rounds = if soak() { 1_000 } else { 20 };
    let session = Session::start();
    let keyward = &session.sandbox;
    keyward.add("a/b/first", VALUE);
    // How long an undisturbed one takes here and now, so that kills fall all over it.
    let started = std::time::Instant::now();
    keyward.add("a/b/second", VALUE);
    let whole = started.elapsed();
    let (mut stored, mut killed) = (vec!["a/b/first".to_owned(), "a/b/second".to_owned()], 0);
    for round in 0..rounds {
        let name = format!("a/b/n{round}");
        let value = keyward.create("value", VALUE);
        let mut child = keyward
            .command(env!("CARGO_BIN_EXE_keyward"))
            .args(["add", &name, "--value-file", &value])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole * (round % 10 + 1) / 10);
        let _ = child.kill();
        if child.wait().unwrap().success() {
            stored.push(name);
        } else {
            killed += 1;
        }
    }
    assert!(killed > rounds / 4, "only {killed} of {rounds} were killed in time");
    let names = healthy(keyward, "at the end");
    for name in &stored {
        assert!(names.contains(name), "{name} was acknowledged and is lost");
    }
    keyward.run("audit verify").ok();
}

#[test]
fn four_writers_at_once_lose_nothing() {
    let each = if soak() { 25 } else { 5 };
    let session = Session::start();
    let keyward = &session.sandbox;
    keyward.add("a/b/first", VALUE);
    std::thread::scope(|scope| {
        for writer in 0..4 {
            scope.spawn(move || {
                for number in 0..each {
                    keyward.add(&format!("a/b/w{writer}-{number}"), VALUE);
                }
            });
        }
    });
    assert_eq!(healthy(keyward, "four writers").len(), 4 * each + 1);
}

/// The naive twin: four that each read, add and write a file without a lock.
#[test]
fn four_writers_without_a_lock_lose_changes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("list");
    fs::write(&path, "").unwrap();
    let barrier = std::sync::Barrier::new(4);
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let (path, barrier) = (&path, &barrier);
            scope.spawn(move || {
                let text = fs::read_to_string(path).unwrap();
                // All have read before any writes, as four slow programs would.
                barrier.wait();
                fs::write(path, format!("{text}w{writer}\n")).unwrap();
            });
        }
    });
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1, "the test has no bite");
}

/// The values of `a/b/c` by version, and the state of its run.
fn rotation(keyward: &Sandbox, what: &str) -> (String, Vec<String>) {
    let shown = keyward.run("show c --json");
    assert_eq!(shown.status, 0, "{what}: {shown}");
    let count = shown.json()["versions"].as_array().unwrap().len();
    let value = |number| keyward.run(&format!("get c --version {number} --reveal")).ok().out;
    let run = keyward.run("rotate c --status --json").ok().json();
    (run["state"].as_str().unwrap().to_owned(), (1..=count).map(value).collect())
}

#[test]
fn a_rotation_step_killed_at_every_system_call_is_done_or_not_done() {
    let keyward = filled();
    let env = keyward.create("shop/.env", format!("A=1\nC={VALUE}\n"));
    keyward.run(&format!("destination add c dotenv {env} --var C")).ok();
    keyward.run("rotate c --start").ok();
    let new = keyward.create("new", "new-value");
    let next = ["rotate", "c", "--next"].map(str::to_owned).to_vec();
    let hand_in = [next.clone(), vec!["--value-file".to_owned(), new]].concat();
    let mut moved_on = 0;
    for (step, before, after) in [
        (&hand_in, "planned", "created"),
        (&next, "created", "verified-new"),
        (&next, "verified-new", "distributed"),
    ] {
        let good = state(&keyward.home());
        let calls = calls(&keyward, step);
        assert_eq!(rotation(&keyward, "undisturbed").0, after);
        let done = state(&keyward.home());
        let (mut stayed, mut moved) = (0, 0);
        for (call, time) in sample(calls, 3) {
            put_back(&keyward.home(), &good);
            fs::write(&env, format!("A=1\nC={VALUE}\n")).unwrap();
            let status = under(&keyward, step, &format!("{call}:signal=KILL:when={time}"));
            let what = format!("{before}: killed at {call} number {time}");
            let (reached, values) = rotation(&keyward, &what);
            assert!(reached == before || reached == after, "{what}: {reached}");
            assert!(status != Some(0) || reached == after, "{what}: acknowledged and lost");
            assert_eq!(values[0], VALUE, "{what}");
            assert!(values[1..].iter().all(|value| value == "new-value"), "{what}: {values:?}");
            let held = fs::read_to_string(&env).unwrap();
            let held = held.trim_start_matches("A=1\nC=").trim_end();
            assert!(values.iter().any(|value| value == held), "{what}: nobody knows {held:?}");
            if reached == after {
                moved += 1;
            } else {
                stayed += 1;
                // What was cut off is done by doing it again.
                keyward.args(&step.iter().map(String::as_str).collect::<Vec<_>>(), b"").ok();
                assert_eq!(rotation(&keyward, &what).0, after, "{what}");
            }
            keyward.run("audit verify").ok();
            keyward.run("doctor").ok();
        }
        assert!(stayed > 0, "{before}: no kill came before the end");
        moved_on += moved;
        put_back(&keyward.home(), &done);
        fs::write(&env, "A=1\nC=new-value\n").unwrap();
    }
    assert!(moved_on > 0, "every kill came before the end");
}

#[test]
fn a_restore_killed_at_every_system_call_leaves_the_old_vault_or_the_new() {
    let source = filled();
    source.add("a/b/other", VALUE);
    let keyward = Sandbox::with_file();
    keyward.add("a/b/c", "old-value");
    let kit = keyward.path("kit.txt");
    let made = source.run(&format!("backup kit --out {kit} --json")).ok().json();
    let (file, recipient) =
        (keyward.path("new.age"), made["recipient"].as_str().unwrap().to_owned());
    source.run(&format!("backup create --out {file} --recipient {recipient}")).ok();
    let line = format!("backup restore {file} --identity {kit} --merge overwrite --yes");
    let restore: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let good = state(&keyward.home());
    let calls = calls(&keyward, &restore);
    let (mut old, mut new) = (0, 0);
    for (call, time) in sample(calls, 5) {
        put_back(&keyward.home(), &good);
        let status = under(&keyward, &restore, &format!("{call}:signal=KILL:when={time}"));
        let what = format!("killed at {call} number {time}");
        let list = keyward.run("list --json").ok().json();
        let entries = list["entries"].as_array().unwrap().len();
        keyward.run("doctor").ok();
        let value = keyward.run("get c --reveal").ok().out;
        match (entries, value.as_str()) {
            (1, "old-value") => old += 1,
            (2, VALUE) => new += 1,
            mix => panic!("{what}: {mix:?}"),
        }
        assert!(status != Some(0) || entries == 2, "{what}: acknowledged and lost");
        keyward.run("audit verify").ok();
    }
    assert!(old > 0 && new > 0, "all kills fell on one side: {old} old, {new} new");
}

/// What a disk holds for certain after the calls so far, and what it may hold as well: bytes that
/// were not synced may be missing, names that were not synced may be the old ones.
#[derive(Default)]
struct Disk {
    /// From number of an open file to the temporary name it was made under.
    open: BTreeMap<String, String>,
    /// Temporary names whose bytes were synced.
    synced: Vec<String>,
    /// The temporary name whose file the final name leads to, for certain or perhaps.
    certain: Option<String>,
    perhaps: Vec<String>,
}

impl Disk {
    /// Follows one line of strace; false when the final name might now lead to a file whose bytes
    /// might be missing.
    fn follow(&mut self, line: &str, without: &str) -> bool {
        let quoted: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
        let result = line.rsplit("= ").next().unwrap_or_default().trim();
        let number = || line.split(['(', ',', ')']).nth(1).unwrap_or_default().to_owned();
        let is_temporary = |path: &str| path.contains("/.keychain-");
        if line.contains("openat(") && quoted.first().is_some_and(|path| is_temporary(path)) {
            self.open.insert(result.to_owned(), quoted[0].to_owned());
        } else if line.contains("openat(") && line.contains("O_CREAT") {
            self.open.remove(result);
        } else if line.contains("openat(")
            && quoted.first().is_some_and(|path| path.ends_with("/kw"))
        {
            self.open.insert(result.to_owned(), "folder".to_owned());
        } else if line.contains("fsync(") {
            match self.open.get(&number()).map(String::as_str) {
                Some("folder") if without != "folder" => {
                    if let Some(last) = self.perhaps.pop() {
                        (self.certain, self.perhaps) = (Some(last), vec![]);
                    }
                }
                Some("folder") | None => {}
                Some(name) if without != "file" => self.synced.push(name.to_owned()),
                Some(_) => {}
            }
        } else if line.contains("rename")
            && quoted.last().is_some_and(|to| to.ends_with("/keychain.sealed"))
        {
            self.perhaps.push(quoted[0].to_owned());
        }
        self.perhaps.iter().chain(&self.certain).all(|name| self.synced.contains(name))
    }
}

#[test]
fn a_disk_that_drops_what_was_not_synced_finds_the_keychain_file_safe() {
    let keyward = filled();
    let log = keyward.path("calls");
    let value = keyward.create("value", VALUE);
    let status = keyward
        .command("strace")
        .args(["-f", "--seccomp-bpf", "-qq", "-s", "4096", "-o", &log, "-e"])
        .arg("trace=openat,fsync,fdatasync,rename,renameat,renameat2")
        .arg(env!("CARGO_BIN_EXE_keyward"))
        .args(["add", "a/b/new", "--value-file", &value])
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let text = fs::read_to_string(&log).unwrap();
    // Safe at every step; and at the end the new file is there for certain.
    let run = |without: &str| {
        let mut disk = Disk::default();
        let safe = text.lines().all(|line| disk.follow(line, without));
        (safe, disk.certain.is_some() && disk.perhaps.is_empty())
    };
    assert_eq!(run("nothing"), (true, true), "{text}");
    // With either sync taken out it is not: the bytes may be missing, or the name is not certain.
    assert!(!run("file").0, "a save without a sync of its file passed");
    assert!(!run("folder").1, "a save without a sync of its folder passed");
}

#[test]
fn a_killed_writer_is_waited_for_no_longer() {
    let keyward = filled();
    // Killed while it holds the lock of the keychain file.
    let status = under(&keyward, &add(&keyward), "rename,renameat,renameat2:signal=KILL:when=1");
    assert_ne!(status, Some(0), "it was not killed");
    let started = std::time::Instant::now();
    let said: Said = keyward.pipe("add a/b/next --stdin", VALUE);
    assert!(started.elapsed() < Duration::from_secs(30));
    said.ok();
}
