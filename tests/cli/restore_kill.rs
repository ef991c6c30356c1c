//! A restore that is killed at any point leaves the old vault or the new one. `cargo xtask soak
//! restore-kill` does it two hundred times.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::Sandbox;

const ENTRIES: usize = 8;

#[derive(Debug, PartialEq, Eq)]
enum State {
    Old,
    New,
    Mix,
}

/// What the vault's current values are, all of them together.
fn state(keyward: &Sandbox) -> State {
    let values = keyward.run("env --shell sh --project a --env b").ok().out;
    let count = |word: &str| values.lines().filter(|line| line.contains(word)).count();
    match (count("old-value"), count("new-value")) {
        (ENTRIES, 0) => State::Old,
        (0, ENTRIES) => State::New,
        _ => State::Mix,
    }
}

fn fill(keyward: &Sandbox, word: &str, entries: usize) {
    let text: String = (0..entries).map(|i| format!("KEY_{i}={word}-{i}\n")).collect();
    let file = keyward.create(".env-values", text);
    keyward.run(&format!("import dotenv {file} --project a --env b --yes")).ok();
    fs::remove_file(file).unwrap();
}

fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for row in fs::read_dir(from).unwrap() {
        let row = row.unwrap();
        let target = to.join(row.file_name());
        if row.file_type().unwrap().is_dir() {
            copy(&row.path(), &target);
        } else {
            fs::copy(row.path(), target).unwrap();
        }
    }
}

#[test]
fn a_restore_killed_at_any_point_leaves_the_old_vault_or_the_new() {
    let kills: u32 = std::env::var("KEYWARD_SOAK").ok().and_then(|n| n.parse().ok()).unwrap_or(12);
    // The backup is another vault's, so that every value has to be written.
    let source = Sandbox::with_file();
    fill(&source, "new-value", ENTRIES);
    let keyward = Sandbox::with_file();
    fill(&keyward, "old-value", ENTRIES);
    let kit = keyward.path("kit.txt");
    let made = source.run(&format!("backup kit --out {kit} --json")).ok().json();
    let file = keyward.path("new.age");
    let recipient = made["recipient"].as_str().unwrap();
    source.run(&format!("backup create --out {file} --recipient {recipient}")).ok();
    let restore = [
        "backup",
        "restore",
        &file,
        "--identity",
        &kit,
        "--merge",
        "overwrite",
        "--yes",
        "--quiet",
    ];

    let home = keyward.home();
    let kept = keyward.dir.path().join("kept");
    copy(&home, &kept);
    assert_eq!(state(&keyward), State::Old);
    let began = Instant::now();
    keyward.args(&restore, b"").ok();
    let whole = began.elapsed();
    assert_eq!(state(&keyward), State::New);

    let mut seen = (0, 0);
    for kill in 0..kills {
        copy(&kept, &home);
        let mut command = keyward.command(env!("CARGO_BIN_EXE_keyward"));
        command.args(restore).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        // Spread over the whole run and a little further.
        std::thread::sleep(Duration::mul_f64(
            whole,
            1.1 * (f64::from(kill) + 0.5) / f64::from(kills),
        ));
        let _ = child.kill();
        let _ = child.wait();
        match state(&keyward) {
            State::Old => seen.0 += 1,
            State::New => seen.1 += 1,
            State::Mix => panic!("kill {kill} of {kills} left a mix"),
        }
        if kill % 4 == 3 {
            keyward.run("doctor").ok();
        }
        if kill == kills / 2 {
            // It can be done again, and then it is whole.
            keyward.args(&restore, b"").ok();
            assert_eq!(state(&keyward), State::New);
            keyward.run("audit verify").ok();
        }
    }
    assert!(seen.0 > 0, "no kill came before the end: {seen:?}");

    // The bite: a restore that goes entry by entry, killed after half of them.
    copy(&kept, &home);
    fill(&keyward, "new-value", ENTRIES / 2);
    assert_eq!(state(&keyward), State::Mix);
}
