//! A command that takes the value from its standard input. No shell reads it, it inherits next to
//! nothing, and what it prints is not kept: its exit status is its answer.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use secrecy::SecretSlice;
use zeroize::Zeroizing;

use super::{Held, file, local};
use crate::{Failure, Happened, Why};

/// How long a command may take.
const TIME: Duration = Duration::from_secs(60);
/// Most of what a check may print, in bytes.
const MAX_PRINTED: u64 = 128 * 1024;
/// What it has of our environment: where programs are, whose home it is, which language.
#[cfg(unix)]
const INHERITED: [&str; 3] = ["PATH", "HOME", "LANG"];
/// The same, and what programs on Windows do not start without.
#[cfg(not(unix))]
const INHERITED: [&str; 6] = ["PATH", "HOME", "LANG", "USERPROFILE", "SystemRoot", "TEMP"];

/// Runs it with the value on its standard input.
pub(super) fn push(
    argv: &[String],
    value: &[u8],
    variables: &BTreeMap<String, String>,
) -> Result<(), Failure> {
    push_within(argv, value, variables, TIME)
}

fn push_within(
    argv: &[String],
    value: &[u8],
    variables: &BTreeMap<String, String>,
    time: Duration,
) -> Result<(), Failure> {
    let mut command = command(argv, variables)?;
    let mut child = start(command.stdin(Stdio::piped()).stdout(Stdio::null()), argv)?;
    let stdin = child.stdin.take();
    let value = Zeroizing::new(value.to_vec());
    // On a thread of its own, for a command that reads nothing lets it wait. One that ends without
    // reading all of it closes the pipe, and its exit status says whether that was well.
    thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&value)));
    let ended = wait(&mut child, time);
    done(argv, ended, time).map_err(|failure| Failure { happened: Happened::Perhaps, ..failure })
}

/// Runs the command that prints what is there.
pub(super) fn check(
    argv: &[String],
    values: &[&SecretSlice<u8>],
    variables: &BTreeMap<String, String>,
) -> Result<Held, Failure> {
    let mut command = command(argv, variables)?;
    let mut child = start(command.stdin(Stdio::null()).stdout(Stdio::piped()), argv)?;
    let stdout = child.stdout.take();
    let (said, printed) = mpsc::channel();
    thread::spawn(move || {
        let mut printed = Zeroizing::new(Vec::with_capacity(MAX_PRINTED as usize + 2));
        let read = stdout.map(|stdout| stdout.take(MAX_PRINTED + 1).read_to_end(&mut printed));
        // Nobody listens any more after the deadline.
        let _ = said.send(matches!(read, Some(Ok(_))).then_some(printed));
    });
    let start = Instant::now();
    let ended = wait(&mut child, TIME);
    done(argv, ended, TIME)?;
    // Something that it started may hold the pipe open.
    match printed.recv_timeout(TIME.saturating_sub(start.elapsed())) {
        Ok(Some(printed)) => Ok(file::with_line_end(&printed, values)),
        _ => Err(local(format!("what `{}` printed cannot be read", name(argv)))),
    }
}

fn command(argv: &[String], variables: &BTreeMap<String, String>) -> Result<Command, Failure> {
    let Some((program, arguments)) = argv.split_first() else {
        return Err(local("the command is empty"));
    };
    let mut command = Command::new(program);
    command.args(arguments).stderr(Stdio::null()).env_clear();
    command.envs(INHERITED.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.envs(variables);
    // A group of its own, so that what it started ends with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    Ok(command)
}

fn start(command: &mut Command, argv: &[String]) -> Result<Child, Failure> {
    let failed = |error: std::io::Error| {
        local(format!("`{}` cannot be started ({})", name(argv), error.kind()))
    };
    command.spawn().map_err(failed)
}

/// Its exit status; none when it was killed at the end of its time.
fn wait(child: &mut Child, time: Duration) -> Option<ExitStatus> {
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if start.elapsed() < time => {}
            _ => break,
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
    kill(child);
    let _ = child.wait();
    None
}

#[cfg(unix)]
fn kill(child: &mut Child) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if group.is_none_or(|group| kill_process_group(group, Signal::KILL).is_err()) {
        let _ = child.kill();
    }
}

#[cfg(not(unix))]
fn kill(child: &mut Child) {
    let _ = child.kill();
}

fn done(argv: &[String], ended: Option<ExitStatus>, time: Duration) -> Result<(), Failure> {
    let name = name(argv);
    let why = match ended {
        Some(status) if status.success() => return Ok(()),
        Some(status) => match status.code() {
            Some(code) => format!("`{name}` ended with exit status {code}"),
            None => format!("`{name}` was ended by a signal"),
        },
        None => format!("`{name}` did not end within {} s and was killed", time.as_secs_f64()),
    };
    Err(Failure::without_effect(Why::Local(why)))
}

fn name(argv: &[String]) -> &str {
    argv.first().map(String::as_str).unwrap_or_default()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_does_not_end_is_killed_with_what_it_started() {
        let argv = ["sh", "-c", "sleep 100 & cat > /dev/null; wait"].map(str::to_owned);
        let time = Duration::from_millis(300);
        let failure = push_within(&argv, b"v", &BTreeMap::new(), time).unwrap_err();
        assert_eq!(failure.happened, Happened::Perhaps);
        assert_eq!(failure.to_string(), "`sh` did not end within 0.3 s and was killed");
    }
}
