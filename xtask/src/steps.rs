//! What each command does, step by step.

use std::process::Command;
use std::time::Instant;

use crate::packages::{self, Need};
use crate::{Result, bindings, libraries, root, servers, session, ui};

/// Where property tests begin. Fixed here, so that only a change turns CI red and a red CI can be
/// played again; `cargo test` alone draws new cases each time.
const SEED: &str = "PROPTEST_RNG_SEED";

/// Builds and opens the window.
pub fn run() -> Result<()> {
    packages::install(Need::Window)?;
    ui::build()?;
    build_desktop()?;
    let display = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if cfg!(target_os = "linux") && !display("DISPLAY") && !display("WAYLAND_DISPLAY") {
        return Err(
            "built, but there is no display here to open the window on; `cargo xtask run --headless` drives it without one".to_owned(),
        );
    }
    say("opening the window");
    done(&mut Command::new(desktop()))
}

/// The same without a display: the first journey, and a screenshot.
pub fn run_headless() -> Result<()> {
    linux_only("--headless")?;
    packages::install(Need::Headless)?;
    ui::build()?;
    build_desktop()?;
    say("the first journey in the window, without a display");
    session::node("tests/desktop/story.mjs", &["--first-journey"])
}

/// The story in the real window.
pub fn e2e() -> Result<()> {
    linux_only("e2e")?;
    packages::install(Need::Headless)?;
    ui::build()?;
    build_desktop()?;
    cargo(&["build", "--package", "keyward"])?;
    say("the story in the real window");
    session::node("tests/desktop/story.mjs", &[])
}

/// Everything that is checked.
pub fn test() -> Result<()> {
    let started = Instant::now();
    packages::install(Need::Tests)?;
    libraries::install()?;
    servers::install()?;
    say("formatting");
    cargo(&["fmt", "--all", "--check"])?;
    say("the window's pages: types, unit tests, build");
    ui::test()?;
    ui::build()?;
    say("bindings");
    bindings::check()?;
    say("clippy");
    cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])?;
    say("unit tests and black-box tests");
    done(
        Command::new(env!("CARGO"))
            .args(["test", "--workspace"])
            .env(SEED, std::env::var(SEED).unwrap_or_else(|_| "1".to_owned()))
            .current_dir(root()),
    )?;
    say("the command line links no web view");
    no_web_view()?;
    say("the window's pages in Chromium");
    ui::browser()?;
    if cfg!(target_os = "linux") {
        say("the desktop app");
        // As a whole, so that what the tests built is used again.
        cargo(&["build", "--workspace"])?;
        say("the story in the real window");
        session::node("tests/desktop/story.mjs", &[])?;
    }
    println!("\nAll passed in {} minutes.", started.elapsed().as_secs().div_ceil(60));
    Ok(())
}

fn build_desktop() -> Result<()> {
    say("the desktop app");
    cargo(&["build", "--package", "keyward-desktop"])
}

fn desktop() -> std::path::PathBuf {
    root().join("target/debug").join(format!("keyward-desktop{}", std::env::consts::EXE_SUFFIX))
}

fn no_web_view() -> Result<()> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", "keyward", "--edges", "normal", "--prefix", "none"])
        .current_dir(root())
        .output()
        .map_err(|error| format!("cargo tree: {error}"))?;
    let tree = String::from_utf8_lossy(&output.stdout);
    match tree
        .lines()
        .find(|line| ["webkit", "wry ", "tauri", "gtk "].iter().any(|name| line.starts_with(name)))
    {
        None if output.status.success() => Ok(()),
        None => Err("cargo tree did not succeed".to_owned()),
        Some(line) => Err(format!("the command line depends on {line}")),
    }
}

fn linux_only(what: &str) -> Result<()> {
    if cfg!(target_os = "linux") {
        return Ok(());
    }
    Err(format!("{what} needs Xvfb and a private keyring, which only Linux has"))
}

pub fn cargo(arguments: &[&str]) -> Result<()> {
    done(Command::new(env!("CARGO")).args(arguments).current_dir(root()))
}

/// Names the step that begins.
pub fn say(what: &str) {
    println!("\n== {what}");
}

/// Runs a command and wants it to succeed.
pub fn done(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let arguments: Vec<_> =
        command.get_args().map(|one| one.to_string_lossy().into_owned()).collect();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{name} {}` ended with {status}", arguments.join(" "))),
        Err(error) => Err(format!("`{name}` could not be started: {error}")),
    }
}
