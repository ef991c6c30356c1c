//! Backups through the binary, and through Debian's age.

use std::fs;

use crate::support::{Said, Sandbox};

fn filled() -> (Sandbox, String, String) {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/one", "value-one");
    let file = keyward.create("bytes", b"\xff\x00bytes");
    keyward.run(&format!("add a/b/two --value-file {file}")).ok();
    let words = keyward.create("words", "four short plain words\n");
    let backup = keyward.path("vault.age");
    (keyward, words, backup)
}

#[test]
fn a_restore_into_nothing_brings_everything_back() {
    let (keyward, words, backup) = filled();
    keyward.pipe("rotate one --start --stdin", "value-one-new").ok();
    keyward.run(&format!("backup create --out {backup} --passphrase-file {words}")).ok();
    let report = keyward
        .run(&format!("backup verify {backup} --passphrase-file {words} --json"))
        .ok()
        .json();
    assert_eq!(
        (&report["entries"], &report["values"], &report["origin_proved"]),
        (&2.into(), &3.into(), &true.into())
    );
    let again = format!("backup create --out {backup} --passphrase-file {words}");
    let before = fs::read(&backup).unwrap();
    keyward.run(&again).fails(3, "BACKUP_EXISTS");
    assert_eq!(fs::read(&backup).unwrap(), before, "a good backup was replaced unasked");
    keyward.run(&format!("{again} --force")).ok();
    let other = Sandbox::with_file();
    let restore = format!("backup restore {backup} --passphrase-file {words}");
    let preview = other.run(&format!("{restore} --dry-run --json")).ok().json();
    assert_eq!((&preview["added"], &preview["applied"]), (&2.into(), &false.into()));
    assert!(!other.home().join("keyward.db").exists(), "a preview made a vault");
    other.run(&format!("{restore} --no-input")).fails(2, "NO_INPUT");
    other.run(&format!("{restore} --yes")).ok();
    assert_eq!(other.run("get one --reveal").ok().out, "value-one");
    assert_eq!(other.run("get one --version 2 --reveal").ok().out, "value-one-new");
    assert_eq!(other.run("get two --reveal").ok().stdout, b"\xff\x00bytes");
    other.run("audit verify").ok();
    other
        .run(&format!("backup verify {backup} --passphrase-file {words} --json"))
        .ok()
        .says("\"origin_proved\":null");
}

#[test]
fn an_older_backup_changes_nothing_newer_by_itself() {
    let (keyward, words, backup) = filled();
    keyward.run(&format!("backup create --out {backup} --passphrase-file {words}")).ok();
    keyward.run("edit one --notes changed-since").ok();
    keyward.add("a/b/three", "value-three");
    let restore = format!("backup restore {backup} --passphrase-file {words} --yes --json");
    let plan = keyward.run(&restore).ok().json();
    assert_eq!((&plan["older"], &plan["same"], &plan["added"]), (&1.into(), &1.into(), &0.into()));
    assert_eq!(keyward.run("show one --json").ok().json()["notes"], "changed-since");
    keyward.run(&format!("{restore} --merge overwrite")).ok();
    assert_eq!(keyward.run("show one --json").ok().json()["notes"], serde_json::Value::Null);
    assert_eq!(keyward.run("get three --reveal").ok().out, "value-three");
    let kept = fs::read_dir(keyward.home().join("before-restore")).unwrap().count();
    assert_eq!(kept, 1, "a restore into a filled vault begins with a backup");
}

#[test]
fn damage_wrong_keys_and_foreign_files_are_told_apart() {
    let (keyward, words, backup) = filled();
    keyward.run(&format!("backup create --out {backup} --passphrase-file {words}")).ok();
    let good = fs::read(&backup).unwrap();
    let verify = |file: &str, words: &str| -> Said {
        keyward.run(&format!("backup verify {file} --passphrase-file {words}"))
    };
    let wrong = keyward.create("wrong", "other words");
    verify(&backup, &wrong).fails(6, "BACKUP_WRONG_KEY");
    let cut = keyward.create("cut.age", &good[..good.len() - 1]);
    verify(&cut, &words).fails(6, "BACKUP_DAMAGED");
    let longer = keyward.create("longer.age", [&good[..], b"x"].concat());
    verify(&longer, &words).fails(6, "BACKUP_DAMAGED");
    let foreign = keyward.create("foreign", "hello");
    verify(&foreign, &words).fails(3, "BACKUP_NOT_OURS");
    verify(&keyward.path("nothing"), &words).fails(4, "NOT_FOUND");
    let empty = keyward.create("empty", "\n");
    verify(&backup, &empty).fails(3, "PASSPHRASE_EMPTY");
    let folder = keyward.path("kw");
    keyward
        .run(&format!("backup create --out {folder} --passphrase-file {words}"))
        .fails(3, "BACKUP_NOT_A_FILE");
    keyward
        .run(&format!("backup create --out {backup} --recipient age1yubikey1qqqqq"))
        .fails(3, "BACKUP_PLUGIN");
    assert_eq!(fs::read(&backup).unwrap(), good, "a refused backup touched the good one");
}

#[cfg(target_os = "linux")]
#[test]
fn the_other_implementation_of_age_opens_ours_and_we_open_its() {
    let (keyward, _, backup) = filled();
    let identity = keyward.path("key.txt");
    let made = keyward.command("age-keygen").args(["-o", &identity]).output();
    let made = made.expect("age is installed by `cargo xtask test`");
    let recipient =
        String::from_utf8_lossy(&made.stderr).split_whitespace().last().unwrap().to_owned();
    for armor in ["", " --armor"] {
        keyward
            .run(&format!("backup create --out {backup} --force --recipient {recipient}{armor}"))
            .ok();
        let output =
            keyward.command("age").args(["-d", "-i", &identity, &backup]).output().unwrap();
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (&document["format"], &document["version"]),
            (&"keyward-backup".into(), &1.into())
        );
        assert_eq!(document["entries"][0]["versions"][0]["value"], "value-one");
        // The same document, encrypted by the other one, is ours to restore.
        let plain = keyward.create("plain.json", &output.stdout);
        let theirs = keyward.path("theirs.age");
        let status = keyward
            .command("age")
            .args(["-r", &recipient, "-o", &theirs, &plain])
            .status()
            .unwrap();
        assert!(status.success());
        keyward.run(&format!("backup verify {theirs} --identity {identity}")).ok();
    }
    let other = keyward.create("other.txt", "AGE-PLUGIN-EVIL-1QQQ");
    keyward.run(&format!("backup verify {backup} --identity {other}")).fails(3, "BACKUP_PLUGIN");
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_replaced() {
    let (keyward, words, _) = filled();
    let link = keyward.path("link.age");
    let target = keyward.create("target", "mine");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let fifo = keyward.path("fifo");
    assert!(keyward.command("mkfifo").arg(&fifo).status().unwrap().success());
    for path in [&link, &fifo] {
        keyward
            .run(&format!("backup create --out {path} --passphrase-file {words} --force"))
            .fails(3, "BACKUP_NOT_A_FILE");
    }
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "the link was replaced");
    assert_eq!(fs::read_to_string(&target).unwrap(), "mine");
}
