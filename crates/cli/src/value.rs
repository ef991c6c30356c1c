//! How a value comes in: stdin, a file, a variable, a hidden prompt, or made here. Never an
//! argument.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use keyward_app::Error;
use keyward_app::input::{Secret, secret};
use zeroize::Zeroizing;

use crate::context::Context;

/// Most that is read of a value, in bytes: enough to tell one that is too large, and no more of a
/// file that never ends.
const MAX_READ: u64 = 1024 * 1024;

/// Where a value comes from.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ValueSource {
    /// Read the value from stdin; one final newline of a single line is dropped
    #[arg(long, group = "value_source")]
    pub stdin: bool,
    /// Read the value from a file, byte for byte (`-` is stdin)
    #[arg(long, value_name = "F", group = "value_source")]
    pub value_file: Option<PathBuf>,
    /// Take the value from an environment variable
    #[arg(long, value_name = "VAR", group = "value_source")]
    pub from_env: Option<String>,
    /// Make a random value: a number of characters (default 32) of letters and digits
    #[arg(long, value_name = "SPEC", num_args = 0..=1, default_missing_value = "32",
          require_equals = true, group = "value_source")]
    pub generate: Option<String>,
}

impl ValueSource {
    /// Whether one was given.
    pub fn is_given(&self) -> bool {
        self.stdin
            || self.value_file.is_some()
            || self.from_env.is_some()
            || self.generate.is_some()
    }

    /// Reads the value, or asks for it when no source was given.
    pub fn read(&self, context: &Context<'_>, prompt: &str) -> Result<Secret, Error> {
        if let Some(spec) = &self.generate {
            return keyward_app::generate(spec);
        }
        if let Some(var) = &self.from_env {
            return from_env(var);
        }
        if let Some(path) = &self.value_file {
            return read_file(path);
        }
        if self.stdin {
            if io::stdin().is_terminal() {
                return context.ask(prompt);
            }
            return read_stdin();
        }
        context.ask(prompt)
    }
}

/// A file's bytes as they are; `-` is stdin.
pub fn read_file(path: &Path) -> Result<Secret, Error> {
    if path == Path::new("-") {
        return read_all(io::stdin().lock(), "stdin");
    }
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    if file.metadata().is_ok_and(|data| data.is_dir()) {
        return Err(unreadable(path, &io::Error::from(io::ErrorKind::IsADirectory)));
    }
    read_all(file, &path.display().to_string())
}

/// Stdin, without the final newline of a single line.
fn read_stdin() -> Result<Secret, Error> {
    use secrecy::ExposeSecret as _;
    let value = read_all(io::stdin().lock(), "stdin")?;
    let bytes = value.expose_secret();
    let line = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() == bytes.len() || line.contains(&b'\n') {
        return Ok(value);
    }
    Ok(secret(line.to_vec()))
}

fn read_all(from: impl io::Read, name: &str) -> Result<Secret, Error> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(64 * 1024));
    from.take(MAX_READ)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(Path::new(name), &error))?;
    Ok(secret(bytes.to_vec()))
}

#[cfg(unix)]
fn from_env(var: &str) -> Result<Secret, Error> {
    use std::os::unix::ffi::OsStringExt as _;
    std::env::var_os(var).map(|value| secret(value.into_vec())).ok_or_else(|| unset(var))
}

#[cfg(not(unix))]
fn from_env(var: &str) -> Result<Secret, Error> {
    std::env::var(var).map(|value| secret(value.into_bytes())).map_err(|_| unset(var))
}

fn unset(var: &str) -> Error {
    let var = crate::printer::safe(var);
    Error::new(
        "NO_INPUT",
        format!("The variable `{var}` is not set. Nothing was changed."),
        "Set it, or use --stdin.",
    )
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    let name = crate::printer::safe(&path.display().to_string());
    let code = if error.kind() == io::ErrorKind::NotFound { "NOT_FOUND" } else { "DISK_ERROR" };
    Error::new(
        code,
        format!("`{name}` cannot be read: {}. Nothing was changed.", error.kind()),
        "Check the path and its permissions.",
    )
}
