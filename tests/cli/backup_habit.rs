//! Drills, recovery kits and scheduled backups through the binary.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::Sandbox;

/// A vault of three values and a recovery kit: sandbox, the kit's file, its recipient.
fn with_kit() -> (Sandbox, String, String) {
    let keyward = Sandbox::with_file();
    for name in ["one", "two", "three"] {
        keyward.add(&format!("a/b/{name}"), &format!("CANARY-{name}"));
    }
    let kit = keyward.path("kit.txt");
    let made = keyward.run(&format!("backup kit --out {kit} --json")).ok().json();
    let recipient = made["recipient"].as_str().unwrap().to_owned();
    (keyward, kit, recipient)
}

/// The document of a backup, changed and encrypted again by Debian's age.
fn edited(keyward: &Sandbox, file: &str, kit: &str, recipient: &str, edit: impl Fn(&mut Value)) {
    let output = keyward.command("age").args(["-d", "-i", kit, file]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut document: Value = serde_json::from_slice(&output.stdout).unwrap();
    edit(&mut document);
    let plain = keyward.create("plain.json", document.to_string());
    let status =
        keyward.command("age").args(["-r", recipient, "-o", file, &plain]).status().unwrap();
    assert!(status.success());
    fs::remove_file(plain).unwrap();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|row| row.unwrap().path()).collect();
    found.sort();
    found
}

#[test]
fn a_drill_compares_every_value_and_is_recorded_with_its_date() {
    let (keyward, kit, recipient) = with_kit();
    let file = keyward.path("vault.age");
    let drill = format!("backup drill --identity {kit}");
    keyward.run(&drill).fails(4, "NOT_FOUND").says("no backup");
    let quiet = keyward.run("due").ok();
    assert!(
        !quiet.err.contains("rehearsed"),
        "without a backup there is none to rehearse: {quiet}"
    );
    keyward.run(&format!("backup create --out {file} --recipient {recipient}")).ok();
    keyward.run("doctor").ok().says("No restore was rehearsed yet.");
    keyward.run("due").ok().says("No restore was rehearsed yet.");
    keyward.run("backup list").ok().says("No restore was rehearsed yet.");
    let before = files(&keyward.home());
    let said = keyward.run(&drill).ok().says("everything that it holds came back (3 the same)");
    assert!(!said.out.contains("CANARY") && !said.err.contains("CANARY"), "{said}");
    assert_eq!(files(&keyward.home()), before, "the throw-away vault left something behind");
    keyward.run("audit list").ok().says("drill");
    keyward.run("audit verify").ok();
    keyward.run("doctor").ok().says("A restore was rehearsed on");
    let list = keyward.run("backup list --json").ok();
    assert!(!list.err.contains("rehearsed"), "{list}");
    let list = list.json();
    assert_eq!((&list["drill"]["ok"], &list["drill"]["same"]), (&json!(true), &json!(3)));
    assert_eq!(list["backups"][0]["verified"], list["drill"]["at"]);
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 32);
    keyward.run(&format!("due --at {later}")).ok().says("was rehearsed 32 days ago");

    keyward.add("a/b/four", "CANARY-four");
    keyward.pipe("rotate two --start --stdin", "CANARY-two-new").ok();
    keyward.run("remove three").ok();
    let report = keyward.run(&format!("{drill} --json")).ok().json();
    assert_eq!(
        (&report["same"], &report["newer"], &report["removed"], &report["ok"]),
        (&json!(2), &json!(2), &json!(1), &json!(true)),
        "{report}"
    );
    // Back from the bin after the backup: not a value that the backup should have had.
    let second = keyward.path("second.age");
    keyward.run(&format!("backup create --out {second} --recipient {recipient}")).ok();
    keyward.run("bin restore three").ok();
    let report = keyward.run(&format!("{drill} --json")).ok().json();
    assert_eq!((&report["path"], &report["newer"]), (&json!(second), &json!(1)), "{report}");
}

#[test]
fn a_drill_says_what_differs_and_what_is_missing() {
    let (keyward, kit, recipient) = with_kit();
    let file = keyward.path("vault.age");
    keyward.run(&format!("backup create --out {file} --recipient {recipient}")).ok();
    edited(&keyward, &file, &kit, &recipient, |document| {
        document["vault"] = json!("01ANOTHERVAULT");
        document["manifest"] = Value::Null;
        document["counts"] = json!({ "entries": 2, "values": 2 });
        let entries = document["entries"].as_array_mut().unwrap();
        entries.remove(0);
        entries[0]["versions"][0]["value"] = json!("another value");
    });
    let said = keyward.run(&format!("backup drill {file} --identity {kit}")).exits(1);
    said.says("NOT everything came back (1 the same, 1 differing, 1 missing)")
        .says("a/b/one, version 1: missing in the backup")
        .says("a/b/three, version 1: differs")
        .says("Another vault wrote this backup.");
    keyward.run("due").ok().says("did not bring everything back");
    let rows = keyward.run("backup list --json").ok().json();
    assert_eq!(rows["backups"][0]["verified"], Value::Null, "a failed drill verifies nothing");
    // A damaged file is no drill at all.
    let bytes = fs::read(&file).unwrap();
    let cut = keyward.create("cut.age", &bytes[..bytes.len() - 1]);
    keyward.run(&format!("backup drill {cut} --identity {kit}")).fails(6, "BACKUP_DAMAGED");
}

#[test]
fn a_recovery_kit_is_the_users_alone() {
    let (keyward, kit, recipient) = with_kit();
    let text = fs::read_to_string(&kit).unwrap();
    let line = text.lines().find(|line| line.starts_with("AGE-SECRET-KEY-1")).unwrap();
    for path in files(&keyward.home()).iter().filter(|path| path.is_file()) {
        let bytes = fs::read(path).unwrap();
        assert!(
            !bytes.windows(line.len()).any(|part| part == line.as_bytes()),
            "the identity is in {}",
            path.display()
        );
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&kit).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // The file is an age identity file as it is.
    let file = keyward.path("vault.age");
    keyward
        .run(&format!("backup create --out {file} --recipient {recipient}"))
        .ok()
        .says("byte for byte; open it once");
    keyward.run(&format!("backup verify {file} --identity {kit}")).ok();
    let plain = keyward.command("age").args(["-d", "-i", &kit, &file]).output().unwrap();
    assert!(plain.status.success());

    keyward.run("backup kit").fails(2, "USAGE").says("--reveal");
    keyward.run(&format!("backup kit --out {kit} --yes")).fails(3, "BACKUP_EXISTS");
    assert_eq!(fs::read_to_string(&kit).unwrap(), text);
    let page = keyward.path("kit.html");
    keyward.run(&format!("backup kit --out {page}")).fails(2, "NO_INPUT");
    assert!(!Path::new(&page).exists());
    keyward.run(&format!("backup kit --out {page} --yes")).ok().says("delete it here");
    let html = fs::read_to_string(&page).unwrap();
    assert!(html.contains("AGE-SECRET-KEY-1") && html.contains("</html>"));
    let shown = keyward.run("backup kit --reveal --yes").ok();
    assert!(shown.out.contains("AGE-SECRET-KEY-1"), "{shown}");
    assert!(!shown.err.contains("AGE-SECRET-KEY-1"), "{shown}");
    let list = keyward.run("backup list --json").ok().json();
    let now = list["kit"]["recipient"].as_str().unwrap().to_owned();
    assert!(shown.out.contains(&now) && now != recipient);
    keyward.run("audit list").ok().says("recovery-kit");
}

#[test]
fn a_schedule_writes_once_a_period_and_keeps_what_it_should() {
    let (keyward, kit, _) = with_kit();
    let folder = keyward.path("backups");
    let status = |what: &str| keyward.run(&format!("backup schedule {what} --json")).ok().json();
    assert_eq!(status("status")["set"], false);
    keyward.run("backup schedule run").fails(4, "NOT_FOUND");
    keyward.run(&format!("backup schedule set --to {folder}")).fails(4, "NOT_FOUND");
    fs::create_dir(&folder).unwrap();
    let short = format!("backup schedule set --to {folder} --every 5m");
    keyward.run(&short).fails(3, "FIELD_INVALID");
    let set = status(&format!("set --to {folder} --no-timer"));
    assert_eq!(
        (&set["set"], &set["every"], &set["timer"]),
        (&json!(true), &json!(86_400), &Value::Null)
    );

    let first = status("run");
    assert_eq!((&first["ok"], &first["folders"][0]["state"]), (&json!(true), &json!("written")));
    let path = first["folders"][0]["path"].as_str().unwrap().to_owned();
    assert_eq!(status("run")["folders"][0]["state"], "fresh", "a second run has nothing to do");
    keyward.run(&format!("backup verify {path} --identity {kit}")).ok();
    let vault =
        keyward.run(&format!("backup verify {path} --identity {kit} --json")).ok().json()["vault"]
            .as_str()
            .unwrap()
            .to_owned();
    // What is not ours: another vault's, a copy under an older name of ours, a note, a folder.
    let inside = |name: &str| format!("backups/{name}");
    let bytes = fs::read(&path).unwrap();
    let foreign = [
        keyward.create(&inside("keyward-01OTHER-20200101T000000Z.age"), &bytes),
        keyward.create(&inside(&format!("keyward-{vault}-20200101T000000Z.age")), &bytes),
        keyward.create(&inside(&format!("keyward-{vault}-20200101T000000Z.age.bak")), "mine"),
        keyward.create(&inside("notes.txt"), "mine"),
        keyward.create(&inside(&format!("keyward-{vault}-20200102T000000Z.age/x")), "mine"),
    ];
    let mut last = String::new();
    for _ in 0..3 {
        // Names say the second; the day keeps only its newest, and the one that was verified.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        let run = status("run --force");
        last = run["folders"][0]["path"].as_str().unwrap().to_owned();
    }
    let left = files(Path::new(&folder));
    assert!(left.contains(&PathBuf::from(&path)), "the one that was verified went: {left:?}");
    assert!(left.contains(&PathBuf::from(&last)), "the newest went: {left:?}");
    assert_eq!(left.len(), foreign.len() + 2, "{left:?}");
    for path in &foreign {
        assert!(Path::new(path).exists(), "{path} is not ours and went");
    }
    let rows = keyward.run("backup list --json").ok().json();
    assert_eq!(rows["backups"].as_array().unwrap().len(), 2, "{rows}");
    keyward.run("audit list").ok().says("backup-prune");
    keyward.run(&format!("backup drill --identity {kit}")).ok();

    // One folder is gone: the other is written all the same, and the fault has its own code.
    let second = keyward.path("usb");
    fs::create_dir(&second).unwrap();
    status(&format!("set --to {folder} --to {second} --no-timer"));
    fs::remove_dir(&second).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let said = keyward.run("backup schedule run --force --json").fails(4, "NOT_FOUND");
    let run = said.json();
    assert_eq!(
        (&run["ok"], &run["folders"][0]["state"], &run["folders"][1]["state"]),
        (&json!(false), &json!("written"), &json!("failed"))
    );
    assert!(!Path::new(&second).exists(), "a folder that is not mounted is not made");
    keyward.run("backup schedule remove").ok();
    assert_eq!(status("status")["set"], false);
    assert!(Path::new(&last).exists() || run["folders"][0]["pruned"] == json!([last]));
}

#[cfg(target_os = "linux")]
#[test]
fn the_timer_is_one_that_systemd_takes() {
    let (keyward, _, _) = with_kit();
    let folder = keyward.create("back ups 100%/x", "");
    let folder = Path::new(&folder).parent().unwrap().display().to_string();
    let said = keyward
        .args(&["backup", "schedule", "set", "--to", &folder, "--every", "12h", "--json"], b"");
    let timer = said.ok().json()["timer"].as_str().unwrap().to_owned();
    let units = keyward.dir.path().join(".config/systemd/user");
    assert_eq!(Path::new(&timer).parent().unwrap(), units);
    let link = units.join("timers.target.wants").join(Path::new(&timer).file_name().unwrap());
    assert_eq!(fs::read_link(&link).unwrap(), Path::new(&timer));
    let service = timer.replace(".timer", ".service");
    let text = fs::read_to_string(&service).unwrap();
    for part in
        ["KEYWARD_HOME=", "KEYWARD_KEYCHAIN=file", "KEYWARD_PASSPHRASE_FILE=", "schedule run"]
    {
        assert!(text.contains(part), "no {part} in {text}");
    }
    assert!(!text.contains("correct horse"), "the passphrase itself is in the unit");
    let run = keyward.path("run");
    fs::create_dir(&run).unwrap();
    let mut analyze = keyward.command("systemd-analyze");
    analyze.env("XDG_RUNTIME_DIR", &run).args(["--user", "verify", &timer, &service]);
    match analyze.output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let names = Path::new(&service).file_stem().unwrap().to_string_lossy().into_owned();
            assert!(
                output.status.success() && !said.contains(&format!("{names}.service:")),
                "systemd-analyze: {said}"
            );
        }
        // Without systemd the sections are what can be looked at.
        Err(_) => {
            assert!(text.starts_with("[Unit]\n") && text.contains("\n[Service]\nType=oneshot\n"));
        }
    }
    keyward.run("backup schedule remove").ok();
    assert!(!Path::new(&timer).exists() && !Path::new(&service).exists());
    assert!(fs::symlink_metadata(&link).is_err(), "the link stayed");
}

/// The names of the system calls on files that a backup makes, in order, with what they were on.
#[cfg(target_os = "linux")]
fn calls(keyward: &Sandbox, folder: &str, args: &[&str]) -> Option<Vec<String>> {
    let trace = keyward.path("trace");
    let mut command = keyward.command("strace");
    command.args(["-f", "-y", "-o", &trace, "-e"]);
    command.arg("trace=openat,read,write,fsync,rename,renameat,renameat2,link,linkat,unlink");
    command.arg(env!("CARGO_BIN_EXE_keyward")).args(args);
    let output = command.output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = fs::read_to_string(&trace).unwrap();
    Some(text.lines().filter(|line| line.contains(folder)).map(str::to_owned).collect())
}

/// Written, synced, read back, renamed, the folder synced, read back under its name: in this order.
#[cfg(target_os = "linux")]
#[test]
fn a_backup_is_called_done_only_after_every_step() {
    let (keyward, _, recipient) = with_kit();
    let folder = keyward.path("out");
    fs::create_dir(&folder).unwrap();
    let file = format!("{folder}/vault.age");
    let args = ["backup", "create", "--out", &file, "--recipient", &recipient];
    let Some(calls) = calls(&keyward, &folder, &args) else {
        return;
    };
    let temporary = format!("{folder}/.keyward-backup-");
    let is =
        |line: &str, call: &str, on: &str| line.contains(&format!(" {call}(")) && line.contains(on);
    let steps: [&dyn Fn(&str) -> bool; 6] = [
        &|line| is(line, "write", &temporary),
        &|line| is(line, "fsync", &temporary),
        &|line| is(line, "read", &temporary),
        &|line| line.contains(" rename") && line.contains("vault.age"),
        &|line| is(line, "fsync", &format!("<{folder}>")),
        &|line| is(line, "read", "vault.age>"),
    ];
    let mut at = 0;
    for line in &calls {
        if at < steps.len() && steps[at](line) {
            at += 1;
        }
    }
    assert_eq!(at, steps.len(), "step {at} is not where it should be in\n{}", calls.join("\n"));
}
