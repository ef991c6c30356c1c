//! The table of bad inputs, section A: the keychain under fire, through the real binary against a
//! real gnome-keyring. Each row's own error is here; what all rows hold is in `support::bad`.
//!
//! Elsewhere: A06 in a running window and the circuit of A08 are unit tests of `keychain/os.rs`
//! (a process of the command line ends before either shows); A18's NUL cannot stand in an argument
//! and is refused by the unit test of `name.rs`; A21 to A23 are unit tests of `keychain/platform.rs`.

use std::fs;

use crate::support::bad::{CANARY, Keeps, Run};
use crate::support::session::Session;
use crate::support::{Said, Sandbox};

const VALUE: &str = "value-value";

/// A session with a vault in it that holds the planted value.
fn filled() -> Session {
    let session = Session::start();
    session.sandbox.add("a/b/c", CANARY);
    session
}

#[track_caller]
fn refuses(session: &Session, status: i32, code: &str) -> Said {
    let read = Run::new(&session.sandbox, "list").fails(status, code);
    Run::new(&session.sandbox, "add a/b/new --stdin").stdin(VALUE.as_bytes()).fails(status, code);
    Run::new(&session.sandbox, "doctor").said().exits(status).says(code);
    read
}

#[test]
fn a01_and_a02_no_bus_and_a_dead_socket() {
    let bare = Sandbox::bare();
    Run::new(&bare, "get x").fails(5, "KC_NO_BUS").says("KEYWARD_KEYCHAIN=file");
    assert!(!bare.home().exists(), "a vault was made");
    let dead = bare.and("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
    Run::new(&dead, "get x").fails(5, "KC_NO_BUS").says("/nonexistent/bus");
    let far = dead.and("SSH_CONNECTION", "192.0.2.1 5000 192.0.2.2 22");
    Run::new(&far, "doctor").said().exits(5).says("This is an SSH session");
    let wsl = far.and("WSL_DISTRO_NAME", "Debian");
    Run::new(&wsl, "doctor").said().exits(5).says("This is WSL");
    let container = wsl.and("container", "podman");
    Run::new(&container, "doctor").said().exits(5).says("This is a container");
}

#[test]
fn a03_a_bus_without_a_service() {
    let session = Session::without_keyring();
    refuses(&session, 5, "KC_NO_SERVICE").says("gnome-keyring, KWallet or KeePassXC");
    assert!(!session.sandbox.home().exists(), "a vault was made");
}

#[test]
fn a04_a12_a13_a_keyring_that_is_fresh_cut_short_or_flipped_is_no_first_run() {
    let mut session = filled();
    session.kill_keyring();
    let file = session.keyring_file();
    let good = fs::read(&file).unwrap();
    fs::remove_dir_all(file.parent().unwrap()).unwrap();
    session.start_keyring(None, &[]);
    refuses(&session, 5, "KC_KEY_MISSING");
    session.restart_keyring(Some(Session::password()));
    refuses(&session, 5, "KC_KEY_MISSING");

    session.kill_keyring();
    fs::write(&file, &good[..60]).unwrap();
    session.start_keyring(Some(Session::password()), &[]);
    refuses(&session, 5, "KC_KEY_MISSING");

    session.kill_keyring();
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    fs::write(&file, &flipped).unwrap();
    session.start_keyring(Some(Session::password()), &[]);
    let said = Run::new(&session.sandbox, "list").said().exits(5);
    assert!(said.err.contains("KC_LOCKED") || said.err.contains("KC_KEY_MISSING"), "{said}");

    // The keyring put back as it was is the vault as it was.
    session.kill_keyring();
    for stray in fs::read_dir(file.parent().unwrap()).unwrap().flatten() {
        fs::remove_file(stray.path()).unwrap();
    }
    fs::write(&file, &good).unwrap();
    session.start_keyring(Some(Session::password()), &[]);
    assert_eq!(session.sandbox.run("get a/b/c --reveal").ok().out, CANARY);
}

#[test]
fn a05_a07_a_locked_keyring_and_a_wrong_login_password() {
    let mut session = filled();
    session.restart_keyring(None);
    refuses(&session, 5, "KC_LOCKED");
    session.restart_keyring(Some("wrong"));
    refuses(&session, 5, "KC_LOCKED");
    session.restart_keyring(Some(Session::password()));
    session.sandbox.run("list").ok();
    session.lock();
    refuses(&session, 5, "KC_LOCKED");
}

#[test]
fn a08_a_keyring_that_hangs_is_given_up() {
    let session = filled();
    session.signal_keyring("-STOP");
    Run::new(&session.sandbox, "get a/b/c --reveal").fails(5, "KC_TIMEOUT");
    session.signal_keyring("-CONT");
    assert_eq!(session.sandbox.run("get a/b/c --reveal").ok().out, CANARY);
}

#[test]
fn a09_a10_a_keyring_killed_under_writes_loses_nothing_that_was_acknowledged() {
    let mut session = filled();
    let mut stored = vec![];
    for round in 0..4 {
        let names: Vec<String> = (0..3).map(|number| format!("a/b/r{round}-{number}")).collect();
        std::thread::scope(|scope| {
            let adds: Vec<_> = names
                .iter()
                .map(|name| {
                    let line = format!("add {name} --stdin");
                    let sandbox = &session.sandbox;
                    scope.spawn(move || sandbox.pipe(&line, VALUE))
                })
                .collect();
            // Somewhere in the middle of the three.
            std::thread::sleep(std::time::Duration::from_millis(40 + 60 * round));
            session.signal_keyring("-KILL");
            for (name, add) in names.iter().zip(adds) {
                let said = add.join().unwrap();
                match said.status {
                    0 => stored.push(name.clone()),
                    5 => {}
                    _ => panic!("{said}"),
                }
            }
        });
        session.restart_keyring(Some(Session::password()));
    }
    // Those that were acknowledged are there once, and whole.
    for name in &stored {
        assert_eq!(session.sandbox.run(&format!("get {name} --reveal")).ok().out, VALUE);
    }
    let accounts = session.accounts();
    let mut once = accounts.clone();
    once.dedup();
    assert_eq!(accounts, once, "an item is there twice");
    session.sandbox.run("audit verify").ok();
    session.sandbox.run("doctor").ok();
}

#[test]
fn a11_a_bus_that_dies_under_a_call() {
    let mut session = filled();
    session.signal_keyring("-STOP");
    let mut command = session.sandbox.command(env!("CARGO_BIN_EXE_keyward"));
    let child = command
        .args(["get", "a/b/c", "--reveal"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(700));
    session.kill_bus();
    let said = Said::new("get".to_owned(), child.wait_with_output().unwrap());
    // A slow machine may not have come as far as the bus when it died.
    assert!(said.err.contains("KC_LOST_CONN") || said.err.contains("KC_NO_BUS"), "{said}");
    assert_eq!(said.status, 5, "{said}");
    session.signal_keyring("-CONT");
}

#[test]
fn a14_a_keyring_on_a_full_disk() {
    if !crate::support::namespaces() {
        return;
    }
    let mut session = Session::without_keyring();
    let data = session.sandbox.path("data");
    fs::create_dir_all(&data).unwrap();
    let mount = "mount -t tmpfs -o size=192k none \"$0\" && exec \"$@\"";
    session.start_keyring(Some(Session::password()), &["unshare", "-rm", "sh", "-c", mount, &data]);
    session.sandbox.add("a/b/c", CANARY);
    let large = session.sandbox.create("large", "x".repeat(60_000));
    let mut last = None;
    for number in 0..8 {
        let line = format!("add a/b/large{number} --value-file {large}");
        let said = Run::new(&session.sandbox, &line).keeps(Keeps::Entries).said();
        if said.status != 0 {
            last = Some(said);
            break;
        }
    }
    last.expect("eight values of 60 kB did not fill 192 kB").fails(5, "KC_WRITE_FAILED");
    assert_eq!(session.sandbox.run("get a/b/c --reveal").ok().out, CANARY);
    session.sandbox.run("doctor").ok();
}

#[test]
fn a15_a_second_item_of_the_same_account_is_told_from_ours() {
    let session = filled();
    for account in session.accounts() {
        session.store_item(&account, &["xtra", "1"], "another program's");
    }
    assert_eq!(session.sandbox.run("get a/b/c --reveal").ok().out, CANARY);
    session.sandbox.add("a/b/d", VALUE);
    let doctor = session.sandbox.run("doctor").ok().says("KC_AMBIGUOUS").says("audit");
    assert!(doctor.out.contains("/key"), "{doctor}");
    session.sandbox.run("audit verify").ok();
    // The other program's items are as it left them.
    let items = session.items();
    assert_eq!(items.matches("secret = another program's").count(), 4, "{items}");
}

#[test]
fn a16_a17_a_key_that_is_garbage_of_another_vault_or_gone() {
    let session = filled();
    let accounts = session.accounts();
    let key = accounts.iter().find(|account| account.ends_with("/key")).unwrap();
    session.store_item(key, &[], "hello");
    refuses(&session, 6, "KEY_MALFORMED");
    session.store_item(key, &[], &"5a".repeat(32));
    refuses(&session, 6, "KEY_WRONG_VAULT");
    assert!(session.tool("secret-tool", &["clear", "service", "keyward", "username", key]).0);
    refuses(&session, 5, "KC_KEY_MISSING").says("restore a backup");
}

#[test]
fn a19_a_value_that_no_keychain_takes_is_not_offered_to_one() {
    let session = filled();
    let huge = session.sandbox.create("huge", vec![b'x'; 64 * 1024 * 1024]);
    let before = session.accounts();
    Run::new(&session.sandbox, &format!("add a/b/huge --value-file {huge}"))
        .fails(3, "SECRET_TOO_LARGE");
    assert_eq!(session.accounts(), before);
}

#[test]
fn a20_the_kernels_keyring_is_never_asked() {
    let session = filled();
    let log = session.sandbox.create("trace", "");
    let strace = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-o",
        &log,
        "-e",
        "trace=add_key,request_key,keyctl",
    ];
    Run::new(&session.sandbox, "list").inside(&strace).said().ok();
    let text = fs::read_to_string(&log).unwrap();
    assert!(!text.contains("key"), "{text}");
}

#[test]
fn a_folder_that_was_emptied_begins_anew_and_says_what_the_keychain_remembers() {
    let session = filled();
    let sandbox = &session.sandbox;
    fs::remove_dir_all(sandbox.home()).unwrap();
    sandbox.run("list").ok().says("restore a backup");
    sandbox.run("add x/y/z --generate").ok().says("restore a backup");
    let after = sandbox.run("list").ok();
    assert!(
        after.out.contains("x/y/z") && !after.err.contains("restore a backup"),
        "{}",
        after.err
    );
}

#[test]
fn a_lost_database_is_no_first_run_and_a_restore_is_the_way_back() {
    let session = filled();
    let sandbox = &session.sandbox;
    let words = sandbox.create("words", "four short plain words");
    let backup = sandbox.path("vault.age");
    sandbox.run(&format!("backup create --out {backup} --passphrase-file {words}")).ok();
    fs::remove_file(sandbox.home().join("keyward.db")).unwrap();
    // What else is in the folder says that only the database went.
    fs::create_dir_all(sandbox.home().join("scans")).unwrap();
    refuses(&session, 6, "VAULT_MISSING").says("backup restore");
    // Another data folder of the same keychain is a first run of its own.
    let other = sandbox.path("other");
    let mut add = sandbox.command(env!("CARGO_BIN_EXE_keyward"));
    let add = add.args(["add", "x/y/z", "--generate"]).env("KEYWARD_HOME", &other);
    assert!(add.status().unwrap().success());
    sandbox.run(&format!("backup restore {backup} --passphrase-file {words} --yes")).ok();
    assert_eq!(sandbox.run("get a/b/c --reveal").ok().out, CANARY);
    sandbox.run("doctor").ok();
}
