//! The table of bad inputs, section B: the vault's files damaged, exchanged, of the wrong kind, on
//! a disk that fails. Each row's own error is here; what all rows hold is in `support::bad`.
//!
//! Elsewhere: B02 and B03 for every byte and bit of the sealed file are unit tests of
//! `keychain/sealed_file.rs`, the database cut at every page is in `refusals.rs`; B18 is in
//! `vault.rs` and `crash.rs`, which also has every system call of B14 and B15.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::PathBuf;

use crate::support::bad::{CANARY, Keeps, Run, state};
use crate::support::{Sandbox, namespaces};

const ADD: &str = "add a/b/new --stdin";
const VALUE: &[u8] = b"value-value";

fn filled() -> Sandbox {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/c", CANARY);
    keyward
}

fn database(keyward: &Sandbox) -> PathBuf {
    keyward.home().join("keyward.db")
}

fn sealed(keyward: &Sandbox) -> PathBuf {
    keyward.home().join("keychain.sealed")
}

/// Both files, each put out of the way for what the row puts there.
fn both(keyward: &Sandbox) -> [PathBuf; 2] {
    [database(keyward), sealed(keyward)]
}

#[track_caller]
fn refuses(keyward: &Sandbox, status: i32, code: &str) -> crate::support::Said {
    Run::new(keyward, ADD).stdin(VALUE).fails(status, code);
    Run::new(keyward, "list").fails(status, code)
}

/// Puts the vault back as it was.
fn put_back(keyward: &Sandbox, files: &std::collections::BTreeMap<PathBuf, Vec<u8>>) {
    for (path, bytes) in files {
        let _ = fs::remove_dir(path);
        let _ = fs::remove_file(path);
        fs::write(path, bytes).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    Run::new(keyward, "list").said().ok().says("a/b/c");
}

#[test]
fn b01_b04_b05_b08_the_bytes_of_another_file() {
    let keyward = filled();
    let good = state(&keyward.home());
    let [db, sealed] = both(&keyward);
    for path in [&db, &sealed] {
        fs::write(path, b"").unwrap();
        let said = refuses(&keyward, 6, "VAULT_EMPTY");
        if path == &sealed {
            said.says("keychain.sealed.1");
        }
        for foreign in [
            &b"\x89PNG\r\n\x1a\n and more of it, as long as the header of a database and longer, so that it counts as one"[..],
            b"#!/bin/sh\necho no vault at all, and longer than the header of a database is, which has a hundred bytes\n",
        ] {
            fs::write(path, foreign).unwrap();
            refuses(&keyward, 6, "VAULT_NOT_OURS");
        }
        put_back(&keyward, &good);
    }
    // A database of another program, in the place of either file.
    let other = keyward.path("other.db");
    rusqlite::Connection::open(&other).unwrap().execute("CREATE TABLE t (x)", []).unwrap();
    let other = fs::read(&other).unwrap();
    for path in [&db, &sealed] {
        fs::write(path, &other).unwrap();
        refuses(&keyward, 6, "VAULT_NOT_OURS");
        put_back(&keyward, &good);
    }
    // Newer formats.
    let newer = rusqlite::Connection::open(&db).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    refuses(&keyward, 3, "VAULT_TOO_NEW").says("newest Keyward");
    put_back(&keyward, &good);
    let format = b"keyward-keychain\n".len();
    let change = |at: usize, bytes: &[u8]| {
        let mut bad = good[&sealed].clone();
        bad[at..at + bytes.len()].copy_from_slice(bytes);
        fs::write(&sealed, bad).unwrap();
    };
    change(format, &[99]);
    refuses(&keyward, 3, "VAULT_TOO_NEW");
    change(format, &[3]);
    refuses(&keyward, 6, "VAULT_DAMAGED").says("keychain.sealed.1");
    // Memory, passes and lanes that nobody writes.
    for (index, number) in [(0, u32::MAX), (1, u32::MAX), (2, 0), (2, u32::MAX)] {
        change(format + 1 + 4 * index, &number.to_le_bytes());
        refuses(&keyward, 6, "VAULT_KDF_LIMIT");
    }
    put_back(&keyward, &good);
}

#[test]
fn b02_b03_a_damaged_file_never_gives_other_answers() {
    let keyward = filled();
    let good = state(&keyward.home());
    let [db, sealed] = both(&keyward);
    let bytes = &good[&sealed];
    for cut in [1, 17, 40, 60, bytes.len() - 1] {
        fs::write(&sealed, &bytes[..cut]).unwrap();
        Run::new(&keyward, "list").fails(6, "VAULT_DAMAGED").says("keychain.sealed.1");
    }
    for at in [0, 17, 20, 40, bytes.len() / 2, bytes.len() - 1] {
        let mut bad = bytes.clone();
        bad[at] ^= 2;
        fs::write(&sealed, bad).unwrap();
        Run::new(&keyward, "list").said().exits(6);
    }
    fs::write(&sealed, bytes).unwrap();
    let list = keyward.run("list --json").ok().out;
    let bytes = &good[&db];
    // Places spread over the file by a step that is prime to its length.
    for number in 0..10_usize {
        let at = (number * 7919 + 101) % bytes.len();
        let mut bad = bytes.clone();
        bad[at] ^= 1 << (number % 8);
        fs::write(&db, bad).unwrap();
        let said = Run::new(&keyward, "list --json").said();
        match said.status {
            0 => assert_eq!(said.out, list, "byte {at}: another answer"),
            6 | 3 => {}
            _ => panic!("byte {at}: {said}"),
        }
    }
    // The bite: a row that SQLite finds nothing wrong with.
    let mut row = bytes.clone();
    let name = b"\"name\":\"c\"";
    let at = row.windows(name.len()).position(|window| window == name).unwrap();
    row[at + 8] = b'd';
    fs::write(&db, row).unwrap();
    Run::new(&keyward, "list").fails(6, "VAULT_DAMAGED");
}

#[test]
fn b06_an_older_database_opens_with_a_warning_and_leaves_a_trace() {
    let keyward = filled();
    let old = fs::read(database(&keyward)).unwrap();
    let head = keyward.run("audit head").ok().out;
    keyward.add("a/b/later", "value-value");
    let later = keyward.run("audit head").ok().out;
    fs::write(database(&keyward), &old).unwrap();
    let list = keyward.run("list").ok().says("notice[VAULT_ROLLBACK]");
    assert_eq!(list.err.matches("VAULT_ROLLBACK").count(), 1, "{list}");
    keyward.run("doctor").exits(6).says("VAULT_ROLLBACK");
    keyward.run("audit verify").fails(6, "AUDIT_BROKEN").says("knows row");
    // The next change says so in the record, where it stays.
    keyward.add("a/b/other", "value-value");
    let list = keyward.run("list").ok();
    assert!(!list.err.contains("VAULT_ROLLBACK"), "{list}");
    keyward.run("audit list").ok().says("rollback").says(later.trim());
    keyward.run(&format!("audit verify --head {}", head.trim())).ok();
    keyward.run(&format!("audit verify --head {}", later.trim())).fails(6, "AUDIT_BROKEN");
    keyward.run("audit verify --head junk").fails(2, "USAGE");
}

#[test]
fn b07_the_database_of_another_vault() {
    let (keyward, other) = (filled(), filled());
    fs::copy(database(&other), database(&keyward)).unwrap();
    refuses(&keyward, 6, "KEY_WRONG_VAULT");
}

#[test]
fn b09_b10_what_is_no_file() {
    let keyward = filled();
    let good = state(&keyward.home());
    for path in both(&keyward) {
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        refuses(&keyward, 3, "VAULT_NOT_A_FILE");
        fs::remove_dir(&path).unwrap();
        let fifo = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(fifo.success());
        refuses(&keyward, 3, "VAULT_NOT_A_FILE");
        for target in ["/dev/zero", "/etc/passwd", "/nonexistent/file"] {
            fs::remove_file(&path).unwrap();
            symlink(target, &path).unwrap();
            refuses(&keyward, 3, "VAULT_SYMLINK");
        }
        put_back(&keyward, &good);
    }
}

#[test]
fn b11_files_that_others_can_read_or_own() {
    let keyward = filled();
    for path in both(&keyward) {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        Run::new(&keyward, "list").said().ok().says("notice[MODE_NARROWED]");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let again = Run::new(&keyward, "list").said().ok();
        assert!(!again.err.contains("MODE_NARROWED"), "{again}");
    }
    // Only root can give a file away.
    for path in both(&keyward) {
        if std::os::unix::fs::chown(&path, Some(65534), None).is_ok() {
            refuses(&keyward, 3, "VAULT_PERMISSIONS");
            std::os::unix::fs::chown(&path, Some(0), None).unwrap();
        }
    }
}

#[test]
fn b12_a_read_only_folder_reads_and_reveals() {
    if !namespaces() {
        return;
    }
    let keyward = filled();
    let home = keyward.home().display().to_string();
    let script =
        format!("mount --bind {home} {home} && mount -o remount,ro,bind {home} && exec \"$@\"");
    let inside = ["unshare", "-rm", "sh", "-c", &script, "sh"];
    Run::new(&keyward, "list").inside(&inside).said().ok().says("a/b/c");
    Run::new(&keyward, ADD).inside(&inside).stdin(VALUE).fails(7, "DISK_READ_ONLY");
    let get = keyward
        .command("unshare")
        .args(&inside[1..])
        .args([env!("CARGO_BIN_EXE_keyward"), "get", "a/b/c", "--reveal"])
        .output()
        .unwrap();
    assert_eq!(get.stdout, CANARY.as_bytes());
    assert!(String::from_utf8_lossy(&get.stderr).contains("notice[AUDIT_DEFERRED]"));
    // Values that leave as text are an export: not without a record.
    Run::new(&keyward, "env --shell sh").inside(&inside).fails(7, "DISK_READ_ONLY");
}

#[test]
fn b13_a_full_disk_changes_nothing() {
    if !namespaces() {
        return;
    }
    let keyward = filled();
    let home = keyward.home().display().to_string();
    let copy = keyward.path("copy");
    assert!(
        std::process::Command::new("cp").args(["-a", &home, &copy]).status().unwrap().success()
    );
    // The vault on a small disk of its own, filled to the last byte; afterwards the same bytes.
    let script = format!(
        "mount -t tmpfs -o size=256k none {home} && cp -a {copy}/. {home} && \
         {{ cat /dev/zero > {home}/fill; }} 2>/dev/null; \"$@\"; s=$?; rm {home}/fill; \
         diff -r {copy} {home} >&2 && exit $s; exit 99"
    );
    let inside = ["unshare", "-rm", "sh", "-c", &script, "sh"];
    Run::new(&keyward, ADD).inside(&inside).stdin(VALUE).fails(7, "DISK_FULL");
    Run::new(&keyward, "list").inside(&inside).said().ok().says("a/b/c");
    Run::new(&keyward, "remove a/b/c --yes").inside(&inside).fails(7, "DISK_FULL");
}

#[test]
fn b14_b15_b20_a_disk_that_answers_with_errors() {
    let keyward = filled();
    let inject = |what: &str| format!("inject={what}");
    for (what, code) in [
        ("fsync,fdatasync:error=EIO:when=1", "DISK_ERROR"),
        ("pwrite64:error=EIO:when=1+", "DISK_ERROR"),
        ("pwrite64:error=EDQUOT:when=1+", "DISK_ERROR"),
        ("pwrite64:error=ENOSPC:when=1+", "DISK_FULL"),
    ] {
        let inject = inject(what);
        let inside = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", &inject];
        Run::new(&keyward, ADD).inside(&inside).stdin(VALUE).fails(7, code);
    }
    // The keychain file: its row of intent is in the database by then.
    for (what, code) in [
        ("rename,renameat,renameat2:error=EACCES:when=1+", "DISK_READ_ONLY"),
        ("rename,renameat,renameat2:error=EXDEV:when=1+", "DISK_ERROR"),
        ("rename,renameat,renameat2:error=EROFS:when=1+", "DISK_READ_ONLY"),
    ] {
        let inject = inject(what);
        let inside = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", &inject];
        let before = fs::read(sealed(&keyward)).unwrap();
        let run = Run::new(&keyward, ADD).inside(&inside).stdin(VALUE).keeps(Keeps::Entries);
        run.fails(7, code);
        assert_eq!(fs::read(sealed(&keyward)).unwrap(), before, "{what}");
    }
    let inject = inject("fcntl:error=ENOLCK");
    let inside = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null", "-e", &inject];
    Run::new(&keyward, ADD).inside(&inside).stdin(VALUE).fails(7, "DISK_ERROR").says("no locks");
    keyward.run("doctor").ok();
    keyward.pipe(ADD, VALUE).ok();
}

#[test]
fn b16_a_limit_of_file_size_is_an_error_and_no_signal() {
    let keyward = filled();
    let inside = ["prlimit", "--fsize=8192"];
    Run::new(&keyward, ADD).inside(&inside).stdin(VALUE).fails(7, "DISK_LIMIT").says("ulimit");
    let env: String = (0..40).map(|n| format!("KEY_{n}=value-{n}\n")).collect();
    let env = keyward.create(".env", env);
    keyward.run(&format!("import dotenv {env} --project a --env e")).ok();
    let out = keyward.create("export.json", "as it was");
    let line = format!("audit export --out {out}");
    Run::new(&keyward, &line).inside(&inside).fails(7, "DISK_LIMIT");
    assert_eq!(fs::read_to_string(&out).unwrap(), "as it was");
    Run::new(&keyward, "list").inside(&inside).said().ok();
}

#[test]
fn b17_a_lock_that_another_process_holds() {
    let keyward = filled();
    let us = format!("process {}", std::process::id());
    let other = rusqlite::Connection::open(database(&keyward)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let run = Run::new(&keyward, ADD).stdin(VALUE).keeps(Keeps::Entries);
    run.fails(8, "VAULT_BUSY").says(&us);
    Run::new(&keyward, "list").keeps(Keeps::Entries).said().ok();
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    let lock = fs::File::create(keyward.home().join("keychain.lock")).unwrap();
    lock.lock().unwrap();
    let run = Run::new(&keyward, ADD).stdin(VALUE).keeps(Keeps::Entries);
    run.fails(8, "VAULT_BUSY").says(&us);
    drop(lock);
    keyward.pipe(ADD, VALUE).ok();
}

#[test]
fn b19_what_a_dead_process_left_is_swept() {
    let keyward = filled();
    keyward.create("kw/.keychain-dead", "half a file");
    keyward.create("kw/keychain.lock", "");
    let run = Run::new(&keyward, ADD).stdin(VALUE).keeps(Keeps::Entries);
    let said = run.said().ok();
    assert!(!said.err.contains("keychain"), "it was to go silently: {said}");
    assert!(!keyward.home().join(".keychain-dead").exists());
}

#[test]
fn b21_more_than_a_vault_holds_is_refused_before_anything_is_written() {
    let keyward = Sandbox::with_file();
    let many: String = (0..10_001).map(|n| format!("K{n}=value-{n}\n")).collect();
    let many = keyward.create(".env", many);
    let line = format!("import dotenv {many} --project a --env b");
    Run::new(&keyward, &line).fails(3, "VAULT_LIMIT").says("10,000");
    assert!(!keyward.home().exists(), "a vault was made");
}
