//! Using values: a child process with them in its environment, its output masked; and the same
//! variables for a shell.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::{Command, Stdio};

use keyward_store::{Entry, Version};
use keyward_vault::Secret;
use secrecy::ExposeSecret;

use crate::guess::Guess;
use crate::mask::Masker;
use crate::snapshot::Snapshot;
use crate::values::Used;
use crate::{Error, Keyward, guard};

/// Which entries become variables.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only of this project.
    pub project: Option<String>,
    /// Only of this environment.
    pub env: Option<String>,
    /// Only these names; all when empty.
    pub only: Vec<String>,
    /// During a rotation also `X_NEW` (pending) and `X_OLD` (previous).
    pub overlap: bool,
    /// Pass the guard against live and test mixed up.
    pub force: bool,
}

/// One environment variable with its value.
#[derive(Debug)]
pub struct Variable {
    /// The variable's name.
    pub var: String,
    /// The entry's name.
    pub entry: String,
    /// The value.
    pub value: Secret,
    /// Which version it is.
    used: Used,
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Child {
    /// Its exit status; 128 plus the signal that ended it.
    pub status: u8,
}

impl Keyward {
    /// Records that variables were used: their child runs, or their lines were printed. Where
    /// this cannot be kept, nothing is lost but a line of their history.
    pub fn used(&self, variables: &[Variable], how: &str, place: &str) {
        let used: Vec<Used> = variables.iter().map(|one| one.used.clone()).collect();
        if !used.is_empty() {
            let _ = self.with(|open| self.put_uses(open, &used, how, place));
        }
    }

    /// The variables of a selection, for `how` (`run`, `env`) and `place` in the audit record.
    ///
    /// # Errors
    /// `VAR_CLASH` when two entries become the same variable, the guard, a name that is not
    /// there, the keychain or the disk.
    pub fn variables(
        &self,
        selection: &Selection,
        how: &str,
        place: &str,
    ) -> Result<Vec<Variable>, Error> {
        let found = self.with(|open| {
            let chosen = open.read(|tx| choose(&Snapshot::read(tx)?, selection))?;
            let versions: Vec<Version> = chosen.iter().map(|(_, _, v)| v.clone()).collect();
            let values = self.values(open, &versions)?;
            if !selection.force {
                // The value decides, not only what was written down about it.
                for ((var, name, _), value) in chosen.iter().zip(&values) {
                    guard::check_var(name, var)?;
                    let env = name.split('/').nth(1).unwrap_or_default();
                    guard::check(name, env, &Guess::of(name, value).mode)?;
                }
            }
            if !chosen.is_empty() {
                let names: Vec<&str> = chosen.iter().map(|(_, name, _)| name.as_str()).collect();
                let forced = if selection.force { ", forced past the guards" } else { "" };
                let detail = format!("{} for `{place}`{forced}", names.join(", "));
                let event = self.event(how, "environment", Some(detail));
                if how == "run" {
                    self.record_or_defer(open, &event)?;
                } else {
                    // Values that leave as text are an export, and no export goes unrecorded.
                    open.change(|_, _| Ok(((), vec![event])))?;
                }
            }
            let variables = chosen.into_iter().zip(values);
            Ok(variables
                .map(|((var, entry, version), value)| Variable {
                    var,
                    entry,
                    value,
                    used: Used { entry: version.entry, version: version.number },
                })
                .collect::<Vec<_>>())
        })?;
        match found {
            Some(variables) => Ok(variables),
            None => match selection.only.first() {
                Some(name) => Err(Error::not_found(name)),
                None => Ok(vec![]),
            },
        }
    }

    /// Runs `command` with the variables in its environment and waits for it. What it prints goes
    /// to `out` and `err`, masked; with `mask` off it has our own streams. Once it runs, the uses
    /// are recorded under `place`.
    ///
    /// # Errors
    /// `COMMAND_NOT_STARTED`, `FIELD_INVALID` for a value that no environment can hold.
    pub fn run(
        &self,
        variables: &[Variable],
        command: &[String],
        place: &str,
        mask: bool,
        out: impl Write + Send,
        err: impl Write + Send,
    ) -> Result<Child, Error> {
        let (program, arguments) = command.split_first().ok_or_else(|| {
            Error::new("USAGE", "There is no command to run.", "`keyward run -- CMD`")
        })?;
        let mut child = Command::new(program);
        child.args(arguments);
        for one in variables {
            child.env(&one.var, environment_value(one)?);
        }
        if !mask {
            let mut child = child.spawn().map_err(|error| not_started(program, &error))?;
            self.used(variables, "run", place);
            let status = child.wait().map_err(|error| not_started(program, &error))?;
            return Ok(Child { status: code(status) });
        }
        let masker = Masker::new(variables.iter().map(|one| (one.entry.as_str(), &one.value)))?;
        child.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().map_err(|error| not_started(program, &error))?;
        let streams = (child.stdout.take(), child.stderr.take());
        std::thread::scope(|scope| {
            scope.spawn(|| self.used(variables, "run", place));
            if let Some(stream) = streams.0 {
                scope.spawn(|| masker.copy(stream, out));
            }
            if let Some(stream) = streams.1 {
                scope.spawn(|| masker.copy(stream, err));
            }
        });
        let status = child.wait().map_err(|error| not_started(program, &error))?;
        Ok(Child { status: code(status) })
    }

    /// Masks every value of the vault, current or not. Nothing leaves, so nothing is recorded.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn masker(&self) -> Result<Masker, Error> {
        let values = self.with(|open| self.read_all(open))?;
        let values = values.unwrap_or_default();
        Masker::new(values.iter().map(|(name, _, value)| (name.as_str(), value)))
    }

    /// The selection as lines for a shell: `sh` (bash, zsh), `fish`, `powershell`, `cmd` or
    /// `dotenv`.
    ///
    /// # Errors
    /// `USAGE` for another shell, `FIELD_INVALID` for a value that is not text or cannot be
    /// written for it.
    pub fn shell_lines(
        &self,
        variables: &[Variable],
        shell: &str,
    ) -> Result<zeroize::Zeroizing<String>, Error> {
        let mut out = zeroize::Zeroizing::new(String::new());
        for one in variables {
            let value = std::str::from_utf8(one.value.expose_secret())
                .ok()
                .filter(|text| !text.contains('\0'))
                .ok_or_else(|| unfit(one))?;
            let var = &one.var;
            let line = match shell {
                "sh" | "bash" | "zsh" => {
                    format!("export {var}='{}'\n", value.replace('\'', "'\\''"))
                }
                "fish" => format!(
                    "set -gx {var} '{}'\n",
                    value.replace('\\', "\\\\").replace('\'', "\\'")
                ),
                "powershell" => format!("$env:{var} = '{}'\n", value.replace('\'', "''")),
                "cmd" if !value.contains(['\n', '\r', '"', '%', '!']) => {
                    format!("set \"{var}={value}\"\r\n")
                }
                "cmd" => return Err(unfit(one)),
                "dotenv" => format!(
                    "{var}=\"{}\"\n",
                    value
                        .replace('\\', "\\\\")
                        .replace('"', "\\\"")
                        .replace('$', "\\$")
                        .replace('`', "\\`")
                        .replace('\n', "\\n")
                        .replace('\r', "\\r")
                ),
                _ => {
                    return Err(Error::new(
                        "USAGE",
                        "This shell is not known.",
                        "One of sh, bash, zsh, fish, powershell, cmd, dotenv.",
                    ));
                }
            };
            out.push_str(&zeroize::Zeroizing::new(line));
        }
        Ok(out)
    }
}

type Chosen = (String, String, Version);

fn choose(snapshot: &Snapshot, selection: &Selection) -> Result<Vec<Chosen>, Error> {
    let only: Vec<&Entry> =
        selection.only.iter().map(|name| snapshot.resolve(name)).collect::<Result<_, _>>()?;
    let mut chosen: BTreeMap<String, Chosen> = BTreeMap::new();
    for entry in &snapshot.entries {
        let wanted = (only.is_empty() || only.iter().any(|one| one.id == entry.id))
            && selection.project.as_ref().is_none_or(|project| *project == entry.project)
            && selection.env.as_ref().is_none_or(|env| *env == entry.env);
        if !wanted {
            continue;
        }
        if !selection.force {
            guard::check(&entry.path(), &entry.env, &entry.mode)?;
        }
        let stage = |stage: &str| {
            snapshot.versions(entry).iter().rev().find(|version| version.stage == stage)
        };
        let mut add = |var: String, version: Option<&Version>| {
            let Some(version) = version else {
                return Ok(());
            };
            let clash = chosen.insert(var.clone(), (var.clone(), entry.path(), version.clone()));
            match clash {
                None => Ok(()),
                Some((_, other, _)) => Err(Error::new(
                    "VAR_CLASH",
                    format!("`{other}` and `{}` both become `{var}`.", entry.path()),
                    "Choose with --project, --env or --only, or give one another variable with `keyward edit --var`.",
                )),
            }
        };
        add(entry.var.clone(), stage("current"))?;
        if selection.overlap {
            add(format!("{}_NEW", entry.var), stage("pending"))?;
            add(format!("{}_OLD", entry.var), stage("previous"))?;
        }
    }
    Ok(chosen.into_values().collect())
}

#[cfg(unix)]
fn environment_value(one: &Variable) -> Result<std::ffi::OsString, Error> {
    use std::os::unix::ffi::OsStringExt as _;
    let bytes = one.value.expose_secret();
    if bytes.contains(&0) {
        return Err(unfit(one));
    }
    Ok(std::ffi::OsString::from_vec(bytes.to_vec()))
}

#[cfg(not(unix))]
fn environment_value(one: &Variable) -> Result<std::ffi::OsString, Error> {
    match std::str::from_utf8(one.value.expose_secret()) {
        Ok(text) if !text.contains('\0') => Ok(text.into()),
        _ => Err(unfit(one)),
    }
}

fn unfit(one: &Variable) -> Error {
    Error::new(
        "FIELD_INVALID",
        format!("The value of `{}` cannot stand in an environment variable.", one.entry),
        "Leave it out with --only, and use `keyward get --reveal` for it.",
    )
}

fn not_started(program: &str, error: &io::Error) -> Error {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "there is no such command".to_owned(),
        kind => kind.to_string(),
    };
    Error::new(
        "COMMAND_NOT_STARTED",
        format!("`{}` could not be started: {why}.", crate::error::shown(program)),
        "Check the command's name and path.",
    )
}

#[cfg(unix)]
fn code(status: std::process::ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt as _;
    let number = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    u8::try_from(number.unwrap_or(1)).unwrap_or(1)
}

#[cfg(not(unix))]
fn code(status: std::process::ExitStatus) -> u8 {
    u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)
}
