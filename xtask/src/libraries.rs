//! The providers' own webhook libraries for the tests, from PyPI and npm: pinned by hash, no script of
//! theirs run, in a folder of ours below `target`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::steps::{done, say};
use crate::{Result, root};

/// Installs what is not there as pinned.
pub fn install() -> Result<()> {
    let pinned = root().join("tests/libraries");
    let folder = root().join("target/libraries");
    let python = folder.join("python");
    if !is_current(&python, &[pinned.join("requirements.txt").as_path()]) {
        say("the providers' Python libraries");
        let _ = std::fs::remove_dir_all(&python);
        done(Command::new(python_name()).args(["-m", "venv"]).arg(&python))?;
        done(
            Command::new(inside(&python))
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .args(["--no-deps", "--require-hashes", "--only-binary=:all:", "--requirement"])
                .arg(pinned.join("requirements.txt")),
        )?;
        stamp(&python)?;
    }
    let node = folder.join("node");
    let files = ["package.json", "package-lock.json"].map(|name| pinned.join(name));
    if !is_current(&node, &files.each_ref().map(|file| file.as_path())) {
        say("the providers' Node libraries");
        let failed = |error: std::io::Error| format!("{}: {error}", node.display());
        std::fs::create_dir_all(&node).map_err(failed)?;
        for file in &files {
            let name = file.file_name().unwrap_or_default();
            std::fs::copy(file, node.join(name)).map_err(failed)?;
        }
        let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
        done(
            Command::new(program)
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
                .args(["--legacy-peer-deps", "--omit=optional", "--omit=peer"])
                .current_dir(&node),
        )?;
        stamp(&node)?;
    }
    Ok(())
}

pub fn python_name() -> &'static str {
    if cfg!(windows) { "python" } else { "python3" }
}

/// The Python of a virtual environment.
pub fn inside(environment: &Path) -> PathBuf {
    environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}

/// Whether a folder was finished after its pins were last changed.
pub fn is_current(folder: &Path, pins: &[&Path]) -> bool {
    let age = |path: &Path| std::fs::metadata(path).and_then(|data| data.modified()).ok();
    let finished = age(&folder.join("installed"));
    finished.is_some() && pins.iter().all(|pin| age(pin) <= finished)
}

pub fn stamp(folder: &Path) -> Result<()> {
    let file = folder.join("installed");
    std::fs::write(&file, "").map_err(|error| format!("{}: {error}", file.display()))
}
