//! `scan --watch` through the binary: what it tells, what it keeps to itself, and how it ends.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Repo, STRIPE_HOOK, STRIPE_KEY, Sandbox};

/// Far more than anything here takes, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(60);

/// A watch that is running, and the lines that it prints.
struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    fn spawn(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self { child, lines }
    }

    /// Starts, and waits until the first scan is done.
    fn start(keyward: &Sandbox, args: &[&str]) -> (Self, Vec<Value>) {
        let mut command = keyward.command(env!("CARGO_BIN_EXE_keyward"));
        command.args(["scan", "--watch", "--json"]).args(args);
        let mut watch = Self::spawn(command);
        let first = watch.until_scan("start");
        (watch, first)
    }

    fn line(&mut self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("a line within a minute")
    }

    fn event(&mut self) -> Value {
        let line = self.line();
        let event: Value = serde_json::from_str(&line).expect("every line is JSON");
        assert_eq!(event["version"], 1, "{event}");
        event
    }

    /// All events up to this scan's end.
    fn until_scan(&mut self, reason: &str) -> Vec<Value> {
        let mut events = vec![];
        loop {
            let event = self.event();
            let done = event["event"] == "scan" && event["reason"] == reason;
            events.push(event);
            if done {
                return events;
            }
        }
    }

    /// The next finding; whatever else is told before is passed over.
    fn finding(&mut self) -> Value {
        self.next("finding")["finding"].take()
    }

    fn next(&mut self, kind: &str) -> Value {
        loop {
            let event = self.event();
            if event["event"] == kind {
                return event;
            }
        }
    }

    fn notice(&mut self, code: &str) -> Value {
        loop {
            let event = self.next("notice");
            if event["notice"]["code"] == code {
                return event;
            }
        }
    }

    #[cfg(unix)]
    fn stop(mut self) -> i32 {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("Ctrl-C did not end the watch");
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn key() -> String {
    format!("key = \"{STRIPE_KEY}\"\n")
}

/// Writes a file as many editors save: beside it, then renamed over it.
fn save(path: &Path, content: &str) {
    let beside = path.with_extension("tmp4913");
    fs::write(&beside, content).unwrap();
    fs::rename(&beside, path).unwrap();
}

#[test]
fn files_are_told_as_they_change_and_only_once() {
    let keyward = Sandbox::bare();
    let repo = Repo::new(&keyward.dir.path().join("repo"));
    repo.write(".gitignore", "ignored/\n*.log\n");
    repo.write("a.txt", "clean\n");
    repo.write("ignored/x.txt", "clean\n");
    repo.commit("begin");
    let (mut watch, first) = Watch::start(&keyward, &["repo"]);
    assert_eq!(first.len(), 1, "{first:?}");
    assert_eq!(first[0]["summary"]["complete"], true);

    repo.write("new.py", &key());
    let new = watch.finding();
    assert_eq!((&new["rule"], &new["path"]), (&"stripe-secret-key".into(), &"new.py".into()));
    assert_eq!((&new["line"], &new["source"]), (&1.into(), &"worktree".into()));
    assert!(!new["secret"].as_str().unwrap().contains(&STRIPE_KEY[8..20]));

    // Ignored, then told already: neither may come before what follows.
    repo.write("ignored/x.txt", &key());
    repo.write("debug.log", &key());
    repo.write("new.py", &format!("# moved\n\n{}", key()));
    repo.write("deep/er/b.txt", &format!("x {STRIPE_HOOK}\n"));
    assert_eq!(watch.finding()["path"], "deep/er/b.txt");

    save(&repo.path.join("a.txt"), &key());
    let saved = watch.finding();
    assert_eq!(saved["path"], "a.txt");
    assert_eq!(saved["places"].as_array().unwrap().len(), 1, "only the new place: {saved}");

    save(&repo.path.join("a.txt"), "clean again\n");
    let gone = watch.next("gone");
    assert_eq!((&gone["path"], &gone["fingerprint"]), (&"a.txt".into(), &saved["fingerprint"]));
    repo.write("a.txt", &key());
    assert_eq!(watch.finding()["path"], "a.txt", "it came back");
    fs::remove_dir_all(repo.path.join("deep")).unwrap();
    assert_eq!(watch.next("gone")["path"], "deep/er/b.txt");

    // What is no longer ignored is read now, and heard from now on.
    repo.write(".gitignore", "*.log\n");
    assert_eq!(watch.finding()["path"], "ignored/x.txt");
    repo.write("ignored/y.txt", &key());
    assert_eq!(watch.finding()["path"], "ignored/y.txt");
    // A folder that is moved is still heard, under its new name.
    fs::rename(repo.path.join("ignored"), repo.path.join("moved")).unwrap();
    let moved = watch.finding();
    let places = moved["places"].as_array().unwrap();
    let places: Vec<&Value> = places.iter().map(|place| &place["path"]).collect();
    assert_eq!(places, ["moved/x.txt", "moved/y.txt"]);
    repo.write("moved/z.txt", &key());
    assert_eq!(watch.finding()["path"], "moved/z.txt");
}

#[test]
fn new_commits_are_told_though_the_file_is_clean() {
    let keyward = Sandbox::bare();
    let repo = Repo::new(&keyward.dir.path().join("repo"));
    repo.write("a.txt", "clean\n");
    repo.commit("begin");
    let (mut watch, _) = Watch::start(&keyward, &["repo", "--history"]);
    repo.write("a.txt", &key());
    let bad = repo.commit("oops");
    repo.write("a.txt", "clean\n");
    let found = watch.finding();
    assert_eq!((&found["path"], &found["commit"]), (&"a.txt".into(), &bad.as_str().into()));
    assert_eq!(found["source"], "history");
    watch.until_scan("commits");

    // A rewritten branch, packed refs and gc bring nothing again, and what is new still.
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-q", "--amend", "--allow-empty", "-m", "mended"]);
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    repo.git(&["gc", "-q", "--prune=now"]);
    repo.git(&["branch", "feature/x"]);
    repo.git(&["checkout", "-q", "feature/x"]);
    repo.write("b.txt", &format!("{STRIPE_HOOK}\n"));
    let other = repo.commit("other");
    let found = watch.finding();
    assert_eq!((&found["path"], &found["commit"]), (&"b.txt".into(), &other.as_str().into()));
    // Branches in folders of their own, and a message.
    repo.git(&["commit", "-q", "--allow-empty", "-m", &format!("use {STRIPE_KEY}")]);
    assert_eq!(watch.finding()["source"], "commit-message");
}

#[test]
fn work_tree_and_history_together_tell_a_secret_once() {
    let keyward = Sandbox::bare();
    let repo = Repo::new(&keyward.dir.path().join("repo"));
    repo.write("a.txt", "clean\n");
    repo.commit("begin");
    let (mut watch, _) = Watch::start(&keyward, &["repo"]);
    repo.write("a.txt", &key());
    assert_eq!(watch.finding()["source"], "worktree");
    repo.commit("oops");
    let events = watch.until_scan("commits");
    assert!(events.iter().all(|event| event["event"] != "finding"), "{events:?}");
    repo.write("a.txt", "clean\n");
    watch.next("gone");
    repo.write("a.txt", &key());
    assert_eq!(watch.finding()["path"], "a.txt", "it is in the file again");
}

#[test]
fn linked_work_trees_and_bare_repositories() {
    let keyward = Sandbox::bare();
    let repo = Repo::new(&keyward.dir.path().join("repo"));
    repo.write("a.txt", "clean\n");
    repo.commit("begin");
    repo.git(&["worktree", "add", "-q", "--detach", "../linked"]);
    repo.git(&["clone", "-q", "--bare", ".", "../bare.git"]);
    let linked = Repo { path: keyward.dir.path().join("linked") };
    let (mut watch, _) = Watch::start(&keyward, &["linked", "bare.git", "--history"]);
    linked.write("b.txt", &key());
    let commit = linked.commit("oops");
    let found = watch.finding();
    assert_eq!(
        (&found["path"], &found["commit"]),
        (&"linked/b.txt".into(), &commit.as_str().into())
    );
    linked.git(&["push", "-q", "../bare.git", "HEAD:refs/heads/pushed"]);
    assert_eq!(watch.finding()["path"], "bare.git/b.txt");
}

#[test]
fn a_single_file_and_a_folder_that_goes_and_comes_back() {
    let keyward = Sandbox::bare();
    let file = keyward.create("one/config.py", "clean\n");
    keyward.create("one/other.py", "clean\n");
    keyward.create("two/a.txt", "clean\n");
    let (mut watch, _) = Watch::start(&keyward, &["one/config.py", "two"]);
    keyward.create("one/other.py", key());
    save(Path::new(&file), &key());
    assert_eq!(watch.finding()["path"], "one/config.py");
    fs::rename(keyward.path("two"), keyward.path("away")).unwrap();
    watch.notice("WATCH_GONE");
    keyward.create("away/a.txt", key());
    fs::rename(keyward.path("away"), keyward.path("two")).unwrap();
    assert_eq!(watch.finding()["path"], "two/a.txt");
    keyward.create("two/b.txt", key());
    assert_eq!(watch.finding()["path"], "two/b.txt");
}

#[test]
fn values_of_the_vault_are_named_also_those_added_meanwhile() {
    let keyward = Sandbox::with_file();
    keyward.add("acme/prod/odd", "no known format 1234");
    keyward.create("in/a.txt", "clean\n");
    let (mut watch, _) = Watch::start(&keyward, &["in"]);
    keyward.create("in/a.txt", "no known format 1234\n");
    assert_eq!(watch.finding()["own"]["entry"], "acme/prod/odd");
    keyward.add("acme/prod/later", "another form of value 5678");
    keyward.create("in/b.txt", "another form of value 5678\n");
    assert_eq!(watch.finding()["own"]["entry"], "acme/prod/later");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let keyward = Sandbox::bare();
    for more in
        ["--stdin", "--staged", "--since HEAD", "--format sarif", "--format html", "--out x"]
    {
        keyward.run(&format!("scan --watch {more}")).fails(2, "USAGE");
    }
    keyward.run("scan --watch nothing-here").fails(4, "NOT_FOUND");
}

#[cfg(unix)]
#[test]
fn text_is_for_reading_and_ctrl_c_ends_it() {
    let keyward = Sandbox::bare();
    keyward.create("in/a.txt", "clean\n");
    let mut command = keyward.command(env!("CARGO_BIN_EXE_keyward"));
    command.args(["scan", "--watch", "in"]).stderr(Stdio::null());
    let mut watch = Watch::spawn(command);
    assert!(watch.line().starts_with("0 findings"));
    keyward.create("in/b.txt", key());
    assert!(watch.line().starts_with("critical Stripe secret key sk_l"));
    assert_eq!(watch.line(), "  b.txt:1");
    assert_eq!(watch.stop(), 130);
}

#[test]
fn a_reader_that_leaves_ends_it() {
    let keyward = Sandbox::bare();
    keyward.create("in/a.txt", key());
    let mut command = keyward.command(env!("CARGO_BIN_EXE_keyward"));
    command.args(["scan", "--watch", "--json", "in"]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(start.elapsed() < PATIENCE, "it goes on for nobody");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(1));
}

#[cfg(target_os = "linux")]
#[test]
fn thousands_of_folders_and_an_idle_processor() {
    let keyward = Sandbox::bare();
    let repo = Repo::new(&keyward.dir.path().join("repo"));
    repo.write(".gitignore", "node_modules/\n");
    for number in 0..2_000 {
        repo.write(&format!("d{}/e{number}/a.txt", number % 40), "clean\n");
        repo.write(&format!("node_modules/p{number}/a.js"), "clean\n");
    }
    let start = Instant::now();
    let (mut watch, _) = Watch::start(&keyward, &["repo"]);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    repo.write("d39/e1999/b.txt", &key());
    assert_eq!(watch.finding()["path"], "d39/e1999/b.txt");
    watch.until_scan("files");

    let id = watch.child.id();
    let watches: usize = fs::read_dir(format!("/proc/{id}/fdinfo"))
        .unwrap()
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.path()).ok())
        .map(|text| text.lines().filter(|line| line.starts_with("inotify wd:")).count())
        .sum();
    assert!((2_000..2_200).contains(&watches), "{watches} watches; ignored folders have none");
    let ticks = || {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        let fields: Vec<u64> = stat[stat.rfind(')').unwrap() + 2..]
            .split(' ')
            .map(|field| field.parse().unwrap_or(0))
            .collect();
        fields[11] + fields[12]
    };
    let before = ticks();
    std::thread::sleep(Duration::from_secs(2));
    let used = ticks() - before;
    assert!(used <= 4, "{used} hundredths of a second in two idle seconds");
}

#[cfg(target_os = "linux")]
#[test]
fn where_the_system_has_no_more_watches_folders_are_listed() {
    let keyward = Sandbox::bare();
    for number in 0..30 {
        keyward.create(&format!("in/d{number}/a.txt"), "clean\n");
    }
    // A user namespace has a limit of its own; where none may be made this cannot be tried.
    let limited = "echo 10 > /proc/sys/user/max_inotify_watches && exec \"$0\" \"$@\"";
    let can = keyward.command("unshare").args(["-Ur", "sh", "-c", limited, "true"]).output();
    if !can.is_ok_and(|output| output.status.success()) {
        return;
    }
    let mut command = keyward.command("unshare");
    command.args(["-Ur", "sh", "-c", limited, env!("CARGO_BIN_EXE_keyward")]);
    command.args(["scan", "--watch", "--json", "in"]);
    let mut watch = Watch::spawn(command);
    let notice = watch.notice("WATCH_LIMIT");
    let words = notice["notice"]["message"].as_str().unwrap();
    assert!(words.contains("sysctl fs.inotify.max_user_watches"), "{words}");
    watch.until_scan("start");
    for number in [0, 29] {
        keyward.create(&format!("in/d{number}/a.txt"), key());
        assert_eq!(watch.finding()["path"], format!("d{number}/a.txt"));
    }
}
