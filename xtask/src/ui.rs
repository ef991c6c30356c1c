//! The window's pages: npm packages from the lock file, type checks, unit tests, build.

use std::path::PathBuf;
use std::process::Command;

use crate::steps::{done, say};
use crate::{Result, root};

/// Installs from the lock file if needed, and builds to `ui/dist`.
pub fn build() -> Result<()> {
    install()?;
    npm(&["run", "build"])
}

/// Types and unit tests.
pub fn test() -> Result<()> {
    install()?;
    npm(&["run", "check"])?;
    npm(&["test"])
}

/// The pages in Chromium against a fake backend. Needs a build.
pub fn browser() -> Result<()> {
    npm(&["run", "test:browser"])
}

fn install() -> Result<()> {
    let folder = folder();
    let stamp = folder.join("node_modules/.package-lock.json");
    let age = |path: PathBuf| std::fs::metadata(path).and_then(|data| data.modified()).ok();
    let fresh = match (age(stamp), age(folder.join("package-lock.json"))) {
        (Some(installed), Some(locked)) => installed >= locked,
        _ => false,
    };
    if fresh {
        return Ok(());
    }
    say("npm packages from the lock file");
    npm(&["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
}

fn npm(arguments: &[&str]) -> Result<()> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder());
    done(&mut command)
}

fn folder() -> PathBuf {
    root().join("ui")
}
