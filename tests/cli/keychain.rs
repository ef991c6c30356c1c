//! The keychain under trouble: each state has its own error, exit status 5, and nothing is made.

use std::time::{Duration, Instant};

use crate::support::Sandbox;
use crate::support::session::Session;

#[test]
fn no_bus_is_named_and_nothing_is_made() {
    let sandbox = Sandbox::bare();
    sandbox.run("get x").fails(5, "KC_NO_BUS").says("KEYWARD_KEYCHAIN=file");
    sandbox.run("list").fails(5, "KC_NO_BUS");
    sandbox.pipe("add a/b/c --stdin", "value-value").fails(5, "KC_NO_BUS");
    assert!(!sandbox.home().exists(), "a vault was made without a keychain");
    let dead = sandbox.and("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
    dead.run("get x").fails(5, "KC_NO_BUS").says("/nonexistent/bus");
    dead.run("doctor").exits(5).says("KC_NO_BUS");
}

#[test]
fn a_locked_keychain_says_so_quickly() {
    let session = Session::start();
    session.sandbox.add("a/b/c", "value-value");
    session.lock();
    let started = Instant::now();
    session.sandbox.run("get a/b/c --reveal").fails(5, "KC_LOCKED").says("Nothing was changed");
    assert!(started.elapsed() < Duration::from_secs(5), "it took {:?}", started.elapsed());
}

#[test]
fn a_hanging_keychain_is_given_up_after_its_deadline() {
    let session = Session::start();
    session.sandbox.add("a/b/c", "value-value");
    session.signal_keyring("-STOP");
    let started = Instant::now();
    let said = session.sandbox.run("get a/b/c --reveal");
    session.signal_keyring("-CONT");
    said.fails(5, "KC_TIMEOUT");
    assert!(started.elapsed() < Duration::from_secs(9), "it took {:?}", started.elapsed());
}

#[test]
fn a_missing_key_is_never_a_first_run() {
    let session = Session::start();
    session.sandbox.add("a/b/c", "value-value");
    assert!(session.tool("secret-tool", &["clear", "service", "keyward"]).0);
    session.sandbox.run("list").fails(5, "KC_KEY_MISSING");
    session.sandbox.pipe("add a/b/d --stdin", "value-value").fails(5, "KC_KEY_MISSING");
    assert!(!session.items().contains("attribute"), "a new key was made over an existing vault");
}

#[test]
fn a_scan_goes_on_without_the_keychain() {
    let session = Session::start();
    session.sandbox.add("a/b/c", "value-value");
    session.lock();
    let file = session.sandbox.create("x/readme.txt", "nothing here\n");
    let scan = session.sandbox.run(&format!("scan {file} --json")).ok().json();
    assert_eq!(scan["summary"]["own_values"], "unavailable");
    session.sandbox.run(&format!("scan {file} --own-only")).fails(5, "KC_LOCKED");
}
