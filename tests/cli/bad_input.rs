//! The table of bad inputs, sections D and H: values, names and files that are handed in; process,
//! clock, environment and record. What all rows hold is in `support::bad`.
//!
//! | row | where |
//! | --- | --- |
//! | D01 D03 D06 D08 D09 | `refusals.rs` |
//! | D02 | `vault.rs` (byte for byte), here (too large) |
//! | D04 D05 D07 | here |
//! | D10 | `rotation.rs` (both values kept), `crash.rs` (killed at any point) |
//! | F01 to F08 | `bad_scan/rules.rs` |
//! | H01 | `crash.rs` |
//! | H02 | `crash.rs` |
//! | H03 H05 H06 H07 H12 H13 H17 | here |
//! | H04 | `crates/rotation/src/due.rs`, in whole days of UTC |
//! | H08 to H11 | `tests/desktop`, the window |
//! | H14 H15 | `canary.rs` for files; here that the process cannot be looked into |

use std::fs;
use std::io::{Read as _, Write as _};
use std::process::Stdio;

use crate::support::bad::{CANARY, Keeps, Run};
use crate::support::{Said, Sandbox, namespaces};

const ADD: &str = "add a/b/new --stdin";
const VALUE: &[u8] = b"value-value";

fn filled() -> Sandbox {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/c", CANARY);
    keyward
}

#[test]
fn d02_values_of_every_length() {
    let keyward = filled();
    for size in [65_537, 10 * 1024 * 1024] {
        let file = keyward.create("value", vec![b'x'; size]);
        Run::new(&keyward, &format!("add a/b/new --value-file {file}"))
            .fails(3, "SECRET_TOO_LARGE");
    }
    Run::new(&keyward, "add a/b/new --value-file /dev/zero").fails(3, "SECRET_TOO_LARGE");
    Run::new(&keyward, "add a/b/new --value-file /nonexistent").fails(4, "NOT_FOUND");
    Run::new(&keyward, "add a/b/new --value-file /tmp").fails(7, "DISK_ERROR");
}

#[test]
fn d04_nobody_there_to_answer() {
    let keyward = filled();
    let closed = ["sh", "-c", "exec \"$@\" <&-", "sh"];
    Run::new(&keyward, ADD).inside(&closed).fails(3, "SECRET_EMPTY");
    Run::new(&keyward, "add a/b/new").inside(&closed).fails(2, "NO_INPUT");
    Run::new(&keyward, "add a/b/new").fails(2, "NO_INPUT");
}

#[test]
fn d04_ctrl_c_at_the_prompt_gives_the_terminal_back() {
    let keyward = filled();
    let binary = env!("CARGO_BIN_EXE_keyward");
    // A shell of its own goes on after the Ctrl-C that ends the program it waits for.
    let line = format!("trap : INT; {binary} add a/b/new; echo status=$?; stty -a");
    let mut child = keyward
        .command("script")
        .args(["-qec", &line, "/dev/null"])
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut seen = vec![];
    let mut byte = [0];
    while !seen.ends_with(b"Value of a/b/new: ") && out.read(&mut byte).unwrap() == 1 {
        seen.push(byte[0]);
    }
    // The echo is off by the time that a person could answer.
    std::thread::sleep(std::time::Duration::from_millis(200));
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(b"\x03").unwrap();
    while !String::from_utf8_lossy(&seen).contains(" echoctl") && out.read(&mut byte).unwrap() == 1
    {
        seen.push(byte[0]);
    }
    drop(pipe);
    let _ = child.wait();
    let text = String::from_utf8_lossy(&seen);
    assert!(text.contains("status=130"), "{text}");
    assert!(text.contains(" echo "), "the echo stayed off: {text}");
    assert!(!keyward.run("list").ok().out.contains("a/b/new"));
}

#[test]
fn d05_names() {
    let keyward = filled();
    let long = "x".repeat(300);
    for name in [
        "../../etc",
        "a//b",
        "a/b/c/d",
        ".",
        "a/b/..",
        &long,
        "a/b/🔑",
        "a/b/\u{202e}x",
        "a/b/x\u{200b}y",
        "a/b/\u{441}",
        "a/b/-rf",
        "a/b/%2e%2e",
        "a/b/x\u{1b}[31m",
    ] {
        Run::new(&keyward, &format!("add {name} --stdin")).stdin(VALUE).fails(3, "NAME_INVALID");
    }
    // A name that begins with `-` is a flag, and an unknown one.
    Run::new(&keyward, "add -rf --stdin").stdin(VALUE).fails(2, "USAGE");
    keyward.add("acme/prod/paypal", "value-value");
    let said = keyward.add("acme/prod/paypa1", "value-value");
    said.says("notice[NAME_CONFUSABLE]").says("looks like `acme/prod/paypal`");
}

#[test]
fn d07_env_files() {
    let keyward = filled();
    let marker = keyward.path("marker");
    let import = |keyward: &Sandbox, content: &[u8]| {
        let file = keyward.create("in.env", content);
        format!("import dotenv {file} --project p --env e")
    };
    for (content, line) in [
        (&b"GOOD=some-value\nno equals sign\n"[..], "line 2"),
        (b"OPEN=\"never closed\n", "line 1"),
        (b"=nothing before\n", "line 1"),
        (b"A B=two words\n", "line 1"),
    ] {
        let command = import(&keyward, content);
        Run::new(&keyward, &command).fails(3, "IMPORT_BAD_ROWS").says(line);
    }
    let literal = format!(
        "\u{feff}export A=$(touch {marker})\nB=${{HOME}}\nC='single $X'\r\nPATH=/tmp/evil\n"
    );
    let command = import(&keyward, literal.as_bytes());
    keyward.run(&command).ok();
    for (name, value) in [
        ("a", format!("$(touch {marker})")),
        ("b", "${HOME}".to_owned()),
        ("c", "single $X".to_owned()),
    ] {
        assert_eq!(keyward.run(&format!("get p/e/{name} --reveal")).ok().out, value);
    }
    assert!(!fs::exists(&marker).unwrap(), "an import ran something");
    assert!(!keyward.run("list").ok().out.contains("p/e/path"), "PATH was taken in");
    let huge = keyward.path("huge.env");
    fs::File::create(&huge).unwrap().set_len(2 << 30).unwrap();
    Run::new(&keyward, &format!("import dotenv {huge} --project p --env e"))
        .fails(3, "IMPORT_TOO_LARGE");
    Run::new(&keyward, "import dotenv /dev/zero --project p --env e").fails(3, "IMPORT_TOO_LARGE");
    let command = import(&keyward, b"A=1\rB=2\r");
    let said = Run::new(&keyward, &format!("{command} --dry-run")).said();
    assert!([0, 3].contains(&said.status), "{said}");
}

#[test]
fn variables_that_decide_what_programs_run_need_a_force() {
    let keyward = filled();
    for var in ["PATH", "LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "NODE_OPTIONS"] {
        Run::new(&keyward, &format!("{ADD} --var {var}")).stdin(VALUE).fails(3, "VAR_DANGEROUS");
        Run::new(&keyward, &format!("edit a/b/c --var {var}")).fails(3, "VAR_DANGEROUS");
    }
    keyward.pipe("add a/b/new --stdin --var NODE_OPTIONS --force", "--no-warnings").ok();
    keyward.run("audit list").ok().says("forced past the guard");
    Run::new(&keyward, "run --only new -- true").fails(3, "VAR_DANGEROUS");
    Run::new(&keyward, "env --only new").fails(3, "VAR_DANGEROUS");
    let forced = keyward.args(
        &["run", "--force", "--no-mask", "--only", "new", "--", "sh", "-c", "echo $NODE_OPTIONS"],
        b"",
    );
    assert_eq!(forced.ok().out, "--no-warnings\n");
}

#[test]
fn a_use_is_recorded_once_it_happened() {
    let keyward = filled();
    keyward.run("run -- /nonexistent/program").fails(7, "COMMAND_NOT_STARTED");
    let uses = |keyward: &Sandbox| keyward.run("show a/b/c --json").ok().json()["uses"].clone();
    assert_eq!(uses(&keyward), serde_json::json!([]));
    keyward.run("copy a/b/c").fails(7, "CLIPBOARD");
    assert_eq!(uses(&keyward), serde_json::json!([]));
    keyward.run("run -- true").ok();
    assert_eq!(uses(&keyward)[0]["how"], "run");
}

#[test]
fn h03_clocks_that_moved() {
    let keyward = filled();
    let at = |time: &str, line: &str| {
        let output = keyward
            .command("faketime")
            .args(["-f", time, env!("CARGO_BIN_EXE_keyward")])
            .args(line.split_whitespace())
            .output()
            .expect("faketime is installed by `cargo xtask test`");
        Said::new(format!("{time}: {line}"), output)
    };
    for time in ["1970-01-01 00:00:01", "-90d", "2001-09-09 01:46:40"] {
        let list = at(time, "list --json").ok().says("notice[CLOCK_MOVED]");
        assert!(list.json()["entries"][0]["age_days"].as_i64().unwrap() >= 0, "{list}");
        at(time, "doctor").ok().says("CLOCK_MOVED");
    }
    for time in ["2038-01-20 00:00:00", "+30y"] {
        let list = at(time, "list --json").ok();
        assert_eq!(list.json()["entries"][0]["state"], "overdue", "{list}");
        assert!(!list.err.contains("CLOCK_MOVED"), "{list}");
    }
    at("+0 x10", "list").ok();
    // Something done in a far future is remembered, and the way back is no lock-out.
    at("+30y", "get a/b/c --reveal").ok();
    keyward.run("list").ok().says("notice[CLOCK_MOVED]");
    keyward.add("a/b/d", "value-value");
    let list = keyward.run("list").ok();
    assert!(!list.err.contains("CLOCK_MOVED"), "{list}");
    keyward.run("audit verify").ok();
}

#[test]
fn h05_environments_that_are_odd() {
    let keyward = filled();
    for (inside, status) in [
        (&["env", "-u", "HOME"][..], 0),
        (&["env", "HOME=/nonexistent"], 0),
        (&["env", "HOME=relative/home"], 0),
        (&["env", "XDG_DATA_HOME=relative", "XDG_CONFIG_HOME=relative"], 0),
        (&["env", "TMPDIR=/nonexistent"], 0),
        (&["env", "LANG=C", "TERM=dumb", "NO_COLOR=1"], 0),
        (&["env", "KEYWARD_PASSPHRASE_FILE=/nonexistent"], 4),
        (&["env", "KEYWARD_KEYCHAIN=spoon"], 2),
    ] {
        Run::new(&keyward, "list").inside(inside).said().exits(status);
    }
    // Without KEYWARD_HOME the platform's own folder is asked for.
    let homeless = ["env", "-u", "KEYWARD_HOME", "HOME=/proc/nonexistent"];
    let said = Run::new(&keyward, ADD).inside(&homeless).stdin(VALUE).said();
    assert_eq!(said.status, 7, "{said}");
}

#[test]
fn h06_an_output_that_takes_nothing() {
    let keyward = filled();
    let to = |redirect: &str| ["sh", "-c", redirect, "sh"].map(str::to_owned);
    for (redirect, status) in [("exec \"$@\" >&-", 0), ("\"$@\" | head -c 1 >/dev/null", 0)] {
        let words = to(redirect);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Run::new(&keyward, "list").inside(&words).said().exits(status);
    }
    let words = to("exec \"$@\" >/dev/full");
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Run::new(&keyward, "list").inside(&words).fails(7, "DISK_ERROR");
    Run::new(&keyward, "list --json").inside(&words).fails(7, "DISK_ERROR");
}

#[test]
fn h07_tight_limits() {
    let keyward = filled();
    for limit in ["--as=268435456", "--nofile=16", "--nproc=1"] {
        let said = Run::new(&keyward, "list").inside(&["prlimit", limit]).said();
        assert!([0, 5, 7].contains(&said.status), "{limit}: {said}");
    }
    Run::new(&keyward, "list").said().ok();
}

#[test]
fn h12_every_way_to_alter_the_record_is_named_with_its_row() {
    let keyward = filled();
    for name in ["d", "e", "f"] {
        keyward.add(&format!("a/b/{name}"), "value-value");
    }
    let path = keyward.home().join("keyward.db");
    let good = fs::read(&path).unwrap();
    let head = keyward.run("audit head").ok().out;
    assert!(head.starts_with("5:"), "{head}");
    let free = "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete;";
    let renumber = |from: u64| {
        format!(
            "DELETE FROM audit WHERE seq = {from}; UPDATE audit SET seq = seq - 1 WHERE seq > {from};"
        )
    };
    for (what, sql, words) in [
        ("edited", "UPDATE audit SET body = replace(body, 'a/b/c', 'a/b/x') WHERE seq = 2;".to_owned(), "Row 2 was edited"),
        ("removed", "DELETE FROM audit WHERE seq = 3;".to_owned(), "removed before row 4"),
        ("renumbered", renumber(2), "removed before row 2"),
        (
            "swapped",
            "UPDATE audit SET seq = -2 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = -2;".to_owned(),
            "Row 2 was swapped: it was written as row 3",
        ),
        (
            "duplicated",
            "INSERT INTO audit SELECT 6, body, mac FROM audit WHERE seq = 3;".to_owned(),
            "Row 6 is a copy of row 3",
        ),
        ("cut", "DELETE FROM audit WHERE seq > 3;".to_owned(), "ends at row 3"),
        ("emptied", "DELETE FROM audit;".to_owned(), "ends at row 0"),
        ("gone", "DROP TABLE audit;".to_owned(), "ends at row 0"),
    ] {
        fs::write(&path, &good).unwrap();
        let raw = rusqlite::Connection::open(&path).unwrap();
        raw.execute_batch(&format!("{free} {sql}")).unwrap();
        drop(raw);
        Run::new(&keyward, "audit verify").fails(6, "AUDIT_BROKEN").says(words);
        let verdict = keyward.run("audit verify --json").exits(6).json();
        assert!(verdict["broken_at"].as_u64().is_some(), "{what}: {verdict}");
        keyward.run(&format!("audit verify --head {}", head.trim())).fails(6, "AUDIT_BROKEN");
    }
    fs::write(&path, &good).unwrap();
    keyward.run("audit verify").ok();
}

#[test]
fn h13_a_record_that_cannot_be_written_now_is_written_later() {
    let session = crate::support::session::Session::start();
    let keyward = &session.sandbox;
    keyward.add("a/b/c", "value-value");
    // The keychain answers while the disk does not take the record.
    let inject = [
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "inject=pwrite64:error=ENOSPC:when=1+",
    ];
    let get = |line: &str| {
        let output = keyward
            .command("strace")
            .args(inject)
            .arg(env!("CARGO_BIN_EXE_keyward"))
            .args(line.split_whitespace())
            .output()
            .unwrap();
        Said::new(line.to_owned(), output)
    };
    let said = get("get a/b/c --reveal").ok().says("notice[AUDIT_DEFERRED]");
    assert_eq!(said.out, "value-value", "{said}");
    said.says("recorded with the next change");
    get("add a/b/d --generate").fails(7, "DISK_FULL");
    get("env --shell sh").fails(7, "DISK_FULL");
    assert!(!keyward.run("audit list").ok().out.contains("reveal"));
    keyward.add("a/b/e", "value-value");
    let list = keyward.run("audit list --json").ok().json();
    let actions: Vec<&str> = list["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["add", "reveal", "add", "create"]);
    keyward.add("a/b/f", "value-value");
    let list = keyward.run("audit list").ok();
    assert_eq!(list.out.matches("reveal").count(), 1, "it was recorded twice: {list}");
    keyward.run("audit verify").ok();
    if namespaces() {
        // With neither disk nor keychain the reveal still works, and says that nothing recorded it.
        let file = filled();
        let home = file.home().display().to_string();
        let script =
            format!("mount --bind {home} {home} && mount -o remount,ro,bind {home} && exec \"$@\"");
        let inside = ["unshare", "-rm", "sh", "-c", &script, "sh"];
        let mut command = file.command(inside[0]);
        command
            .args(&inside[1..])
            .arg(env!("CARGO_BIN_EXE_keyward"))
            .args(["get", "c", "--reveal"]);
        let said = Said::new("get".to_owned(), command.output().unwrap()).ok();
        said.says("Neither database nor keychain");
    }
}

#[test]
fn an_export_holds_the_whole_record_and_no_value() {
    let keyward = filled();
    let out = keyward.path("record.csv");
    keyward.run(&format!("audit export --format csv --out {out}")).ok().says("2 rows");
    let text = fs::read_to_string(&out).unwrap();
    assert!(text.starts_with("row,time,by,action,subject,detail,mac\r\n1,"), "{text}");
    fs::remove_file(&out).unwrap();
    let json = keyward.run("audit export").ok().json();
    let head = keyward.run("audit head").ok().out;
    assert_eq!(json["head"], head.trim());
    assert_eq!(json["rows"][1]["subject"], "a/b/c");
    assert!(!json.to_string().contains(CANARY));
    Run::new(&keyward, "audit export --format sarif").fails(2, "USAGE");
}

#[test]
fn h15_the_process_cannot_be_looked_into() {
    let keyward = filled();
    let script = "\"$@\" & p=$!; for i in 1 2 3 4 5 6 7 8 9; do sleep 0.1; \
                  stat -c %U:%a /proc/$p/mem; grep -c Max.core /proc/$p/limits; done; kill $p; wait";
    let mut command = keyward.command("sh");
    let output = command
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_keyward"), "run", "--", "sleep", "2"])
        .output()
        .unwrap();
    // A process that is not dumpable has its files in /proc owned by root, whoever runs it.
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("root:600"), "{text}");
}

#[test]
fn h17_no_command_opens_a_socket_but_local_ones() {
    let keyward = filled();
    let words = keyward.create("words", "four short plain words");
    let backup = keyward.path("v.age");
    let capture = keyward
        .create("capture", "POST / HTTP/1.1\r\nStripe-Signature: t=1780000000,v1=00\r\n\r\n{}");
    let env = keyward.create(".env", "KEY=value-of-it\n");
    let folder = keyward.create("src/a.txt", "nothing");
    let log = keyward.path("trace");
    let network = namespaces();
    let mut commands = 0;
    for line in [
        "add x/y/z --generate".to_owned(),
        "list".to_owned(),
        "show a/b/c".to_owned(),
        "get a/b/c --reveal".to_owned(),
        "copy a/b/c".to_owned(),
        "edit a/b/c --notes x".to_owned(),
        "run -- true".to_owned(),
        "env --shell sh".to_owned(),
        format!("import dotenv {env} --project p --env e"),
        "rotate z --start".to_owned(),
        "runs".to_owned(),
        "due".to_owned(),
        "due --notify".to_owned(),
        "calendar".to_owned(),
        format!("scan {folder}"),
        "rules list".to_owned(),
        format!("webhook verify --request {capture} --secret a/b/c"),
        format!("webhook import {capture}"),
        "webhook schemes".to_owned(),
        format!("backup create --out {backup} --passphrase-file {words}"),
        format!("backup verify {backup} --passphrase-file {words}"),
        format!("backup restore {backup} --passphrase-file {words} --dry-run"),
        "audit verify".to_owned(),
        "doctor".to_owned(),
        "completions bash".to_owned(),
    ] {
        let mut command = keyward.command(if network { "unshare" } else { "strace" });
        if network {
            command.args(["-rn", "strace"]);
        }
        let output = command
            .args(["-f", "--seccomp-bpf", "-qq", "-o", &log, "-e", "trace=socket,connect"])
            .arg(env!("CARGO_BIN_EXE_keyward"))
            .args(line.split_whitespace())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = fs::read_to_string(&log).unwrap();
        let bad = text.lines().find(|line| line.contains("socket(") && !line.contains("AF_UNIX"));
        assert_eq!(bad, None, "{line}");
        commands += i32::from(output.status.success());
    }
    assert!(commands > 18, "most of these should have worked, and {commands} did");
    // The bite: a program that does reach out is seen.
    let reach = [
        "-f",
        "-qq",
        "-o",
        &log,
        "-e",
        "trace=socket",
        "bash",
        "-c",
        "echo > /dev/tcp/127.0.0.1/9",
    ];
    let _ = keyward.command("strace").args(reach).stderr(Stdio::null()).status();
    assert!(fs::read_to_string(&log).unwrap().contains("AF_INET"));
}

#[test]
fn h01_a_backup_that_is_ended_leaves_no_file_under_its_name() {
    let keyward = filled();
    let words = keyward.create("words", "four short plain words");
    let backup = keyward.path("v.age");
    for signal in ["-TERM", "-INT", "-HUP"] {
        let line = format!("backup create --out {backup} --passphrase-file {words}");
        let mut child = keyward
            .command(env!("CARGO_BIN_EXE_keyward"))
            .args(line.split_whitespace())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // A second of key derivation is ahead of the file.
        std::thread::sleep(std::time::Duration::from_millis(250));
        let id = child.id().to_string();
        let _ = std::process::Command::new("kill").args([signal, &id]).status();
        let status = child.wait().unwrap();
        let there = fs::exists(&backup).unwrap();
        // On a quick machine it may have been done before the signal came.
        assert!(!there || status.success(), "{signal}: {status}");
        if there {
            keyward.run(&format!("backup verify {backup} --passphrase-file {words}")).ok();
            fs::remove_file(&backup).unwrap();
        } else {
            assert_eq!(status.code(), Some(130), "{signal}: {status}");
        }
    }
    let run = Run::new(&keyward, "list").keeps(Keeps::Entries);
    run.said().ok();
}
