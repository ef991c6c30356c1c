//! Bad input: a clear error, and nothing changed.

use std::fs;

use crate::support::{STRIPE_KEY, Sandbox};

#[test]
fn names_values_and_fields_that_cannot_be() {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/c", "value-value");
    let before = fs::read(keyward.home().join("keyward.db")).unwrap();
    for name in ["../../etc", "a//b", "a/b/c/d", ".", "a/b/\u{202e}x", "a/b/с"] {
        keyward.args(&["add", name, "--stdin"], b"value-value").fails(3, "NAME_INVALID");
    }
    keyward.pipe("add a/b/C --stdin", "other-value").fails(8, "NAME_EXISTS");
    for empty in ["", " ", "\n"] {
        keyward.pipe("add a/b/d --stdin", empty).fails(3, "SECRET_EMPTY");
    }
    keyward.args(&["add", "a/b/d", "CANARY-in-argv"], b"").fails(2, "USE_STDIN");
    for days in ["0", "-1", "1000000000", "90d "] {
        let option = format!("--rotate-every={days}");
        keyward.args(&["add", "a/b/d", "--stdin", &option], b"value").fails(3, "FIELD_INVALID");
    }
    keyward.pipe("add a/b/d --stdin --kind spoon", "value-value").fails(3, "FIELD_INVALID");
    keyward.pipe("add a/b/d --stdin --url javascript:alert(1)", "value").fails(3, "FIELD_INVALID");
    keyward.pipe("add a/b/d --no-input", "").fails(2, "NO_INPUT");
    keyward.run("show nothing").fails(4, "NOT_FOUND");
    let after = fs::read(keyward.home().join("keyward.db")).unwrap();
    assert_eq!(before, after, "a refused command changed the database");
}

#[test]
fn live_and_test_are_kept_apart_unless_forced() {
    let keyward = Sandbox::with_file();
    keyward.pipe("add acme/dev/stripe --stdin", STRIPE_KEY).fails(3, "ENV_MISMATCH");
    keyward.pipe("add acme/dev/stripe --stdin --force", STRIPE_KEY).ok();
    keyward.run("audit list").ok().says("forced past the guard");
    keyward.run("env --shell sh").fails(3, "ENV_MISMATCH");
    keyward.run("env --shell sh --force").ok();
}

#[test]
fn a_dotenv_with_bad_rows_is_taken_only_when_asked() {
    let keyward = Sandbox::with_file();
    let file = keyward.create(".env", "GOOD=some-value\nnonsense\nOPEN=\"never closed\n");
    let import = format!("import dotenv {file} --project a --env b");
    keyward.run(&import).fails(3, "IMPORT_BAD_ROWS").says("line 2").says("line 3");
    assert!(!keyward.home().exists(), "a refused import made a vault");
    keyward.run(&format!("{import} --skip-bad")).ok();
    assert_eq!(keyward.run("list --json").ok().json()["entries"][0]["name"], "a/b/good");
    keyward.run("import dotenv /nonexistent --project a --env b").fails(4, "NOT_FOUND");
    let binary = keyward.create("bin", b"A=\xff\n");
    keyward.run(&format!("import dotenv {binary} --project a --env b")).fails(3, "FORMAT_UNKNOWN");
    let marker = keyward.path("marker");
    let hostile = keyward.create("evil", format!("A=$(touch {marker})\nB=`touch {marker}`\n"));
    keyward.run(&format!("import dotenv {hostile} --project e --env b")).ok();
    assert_eq!(keyward.run("get e/b/a --reveal").ok().out, format!("$(touch {marker})"));
    assert!(!std::path::Path::new(&marker).exists(), "an import ran something");
}

#[test]
fn a_database_that_is_not_one_is_named_and_left_alone() {
    let cases: [(&str, &[u8], i32, &str); 3] = [
        ("empty", b"", 6, "VAULT_EMPTY"),
        ("png", b"\x89PNG\r\n\x1a\n........................................................................................................", 6, "VAULT_NOT_OURS"),
        ("script", b"#!/bin/sh\necho this is no database, and it is longer than the header of one would be, by far\n", 6, "VAULT_NOT_OURS"),
    ];
    for (name, bytes, status, code) in cases {
        let keyward = Sandbox::with_file();
        let file = keyward.create("kw/keyward.db", bytes);
        keyward.run("list").fails(status, code);
        assert_eq!(fs::read(&file).unwrap(), bytes, "{name} was changed");
    }
    let keyward = Sandbox::with_file();
    keyward.create("kw/keyward.db/in-the-way", "");
    keyward.run("list").fails(3, "VAULT_NOT_A_FILE");
}

#[test]
fn a_damaged_database_never_gives_a_partial_list() {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/c", "value-value");
    let path = keyward.home().join("keyward.db");
    let good = fs::read(&path).unwrap();
    for page in 1..good.len() / 4096 {
        fs::write(&path, &good[..page * 4096]).unwrap();
        let said = keyward.run("list --json");
        assert_eq!(said.status, 6, "cut after {page} pages: {said}");
    }
    fs::write(&path, &good).unwrap();
    let sealed = keyward.home().join("keychain.sealed");
    let bytes = fs::read(&sealed).unwrap();
    for at in [0, 20, bytes.len() / 2, bytes.len() - 1] {
        let mut bad = bytes.clone();
        bad[at] ^= 1;
        fs::write(&sealed, &bad).unwrap();
        assert!([3, 6].contains(&keyward.run("list").status), "byte {at}");
    }
}

#[test]
fn a_wrong_passphrase_is_integrity_and_none_is_a_keychain_error() {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/c", "value-value");
    let wrong = keyward.create("wrong", "wrong words");
    let keyward = keyward.and("KEYWARD_PASSPHRASE_FILE", &wrong);
    keyward.run("list").fails(6, "VAULT_WRONG_PASSPHRASE");
    let empty = keyward.create("none", "\n");
    let keyward = keyward.and("KEYWARD_PASSPHRASE_FILE", &empty);
    keyward.run("list").fails(3, "PASSPHRASE_EMPTY");
}

#[test]
fn a_value_typed_by_mistake_is_never_said_again() {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/c", "value-value");
    for line in [
        "add a/b/d --stdin=CANARY-argv",
        "get c CANARY-argv",
        "rotate c --start CANARY-argv",
        "due --at CANARY-argv --json",
        "CANARY-argv",
        "list --CANARY-argv",
    ] {
        let said = keyward.run(line);
        assert!(!said.err.contains("CANARY") && !said.out.contains("CANARY"), "{said}");
        said.fails(2, "USAGE");
    }
    let said = keyward.run("due --at junk --json").exits(2);
    let last: serde_json::Value = serde_json::from_str(said.err.lines().last().unwrap()).unwrap();
    assert_eq!(last["error"]["code"], "USAGE");
    keyward.run("env --json").fails(2, "USAGE");
}

#[test]
fn a_database_that_is_gone_is_no_first_run() {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/c", "value-value");
    fs::remove_file(keyward.home().join("keyward.db")).unwrap();
    keyward.run("list").fails(6, "VAULT_MISSING");
    keyward.pipe("add a/b/d --stdin", "value-value").fails(6, "VAULT_MISSING");
    keyward.run("audit verify").fails(6, "VAULT_MISSING");
    keyward.run("doctor").exits(6).says("VAULT_MISSING");
}

#[test]
fn the_value_decides_what_it_is_not_what_was_said_about_it() {
    let keyward = Sandbox::with_file();
    let test_key = STRIPE_KEY.replace("live", "test");
    keyward.pipe("add p/prod/one --stdin --mode live", test_key).fails(3, "ENV_MISMATCH");
    keyward.pipe("add p/dev/two --stdin --force", STRIPE_KEY).ok();
    keyward.run("edit p/dev/two --mode test").ok();
    keyward.run("env --env dev").fails(3, "ENV_MISMATCH");
}

#[test]
fn a_value_is_not_replaced_by_an_import_without_a_yes() {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/key", "first-value");
    let file = keyward.create(".env", "KEY=second-value\n");
    let import = format!("import dotenv {file} --project a --env b");
    keyward.run(&format!("{import} --no-input")).fails(2, "NO_INPUT");
    assert_eq!(keyward.run("get key --reveal").ok().out, "first-value");
    keyward.run(&format!("{import} --yes")).ok();
    assert_eq!(keyward.run("get key --reveal").ok().out, "second-value");
    assert_eq!(keyward.run("get key --version 1 --reveal").ok().out, "first-value");
    let odd = keyward.create("odd", "A-B=some-value\nGOOD=other-value\n");
    let import = format!("import dotenv {odd} --project a --env b");
    keyward.run(&import).fails(3, "IMPORT_BAD_ROWS").says("line 1");
    keyward.run(&format!("{import} --skip-bad")).ok();
}
