//! The system's own timer that runs scheduled backups: a systemd user timer, a launchd agent, a task
//! of the Task Scheduler. It comes once an hour; whether a backup is due is decided by the run, so
//! that a laptop that slept, or a keychain that was locked, costs an hour and not a day.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use etcetera::BaseStrategy as _;

use crate::error::io;
use crate::{Error, outfile};

/// What the timer starts, and for which vault.
pub(crate) struct Timer {
    /// The vault's id; part of the timer's name, so that two vaults have two timers.
    pub(crate) vault: String,
    /// The `keyward` program.
    pub(crate) program: PathBuf,
    /// Variables that it needs.
    pub(crate) variables: Vec<(&'static str, String)>,
}

const ARGUMENTS: [&str; 5] = ["backup", "schedule", "run", "--no-input", "--quiet"];

/// Installs the timer. Returns its file, and what the user still has to do, if anything.
///
/// # Errors
/// The disk; `COMMAND_NOT_STARTED` where the system does not take it.
pub(crate) fn install(timer: &Timer) -> Result<(PathBuf, Option<String>), Error> {
    let path = place(&timer.vault)?;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| io(&error, "the folder of timers"))?;
    }
    if cfg!(target_os = "macos") {
        outfile::write(&path, launchd_plist(timer).as_bytes(), false)?;
        let shown = path.display().to_string();
        let _ = quietly("launchctl", &["unload", &shown]);
        let started = quietly("launchctl", &["load", "-w", &shown]);
        return Ok((path, (!started).then(|| "It starts when you log in again.".to_owned())));
    }
    if cfg!(windows) {
        // The scheduler reads UTF-16.
        let text = task_xml(timer);
        let mut bytes = vec![0xff, 0xfe];
        bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        outfile::write(&path, &bytes, false)?;
        let name = format!("Keyward\\{}", name(&timer.vault));
        let shown = path.display().to_string();
        if !quietly("schtasks", &["/Create", "/F", "/TN", &name, "/XML", &shown]) {
            return Err(Error::new(
                "COMMAND_NOT_STARTED",
                "The Task Scheduler did not take the task. The schedule is kept.",
                format!("Import {shown} in the Task Scheduler yourself."),
            ));
        }
        return Ok((path, None));
    }
    outfile::write(&path.with_extension("service"), systemd_service(timer).as_bytes(), false)?;
    outfile::write(&path, SYSTEMD_TIMER.as_bytes(), false)?;
    enable(&path)?;
    let unit = format!("{}.timer", name(&timer.vault));
    let started = systemd_runs()
        && quietly("systemctl", &["--user", "daemon-reload"])
        && quietly("systemctl", &["--user", "restart", &unit]);
    let note = (!started).then(|| {
        format!(
            "It starts when you log in again, or now with `systemctl --user daemon-reload && systemctl --user start {unit}`."
        )
    });
    Ok((path, note))
}

/// Takes the timer away; what is not there is no error.
///
/// # Errors
/// The disk.
pub(crate) fn remove(vault: &str) -> Result<(), Error> {
    let path = place(vault)?;
    let shown = path.display().to_string();
    if cfg!(target_os = "macos") {
        let _ = quietly("launchctl", &["unload", "-w", &shown]);
    } else if cfg!(windows) {
        let task = format!("Keyward\\{}", name(vault));
        let _ = quietly("schtasks", &["/Delete", "/F", "/TN", &task]);
    } else if systemd_runs() {
        let unit = format!("{}.timer", name(vault));
        let _ = quietly("systemctl", &["--user", "stop", &unit]);
    }
    for file in [path.clone(), path.with_extension("service"), wanted(&path)] {
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(io(&error, "the timer's file"));
            }
            _ => {}
        }
    }
    if cfg!(target_os = "linux") && systemd_runs() {
        let _ = quietly("systemctl", &["--user", "daemon-reload"]);
    }
    Ok(())
}

/// The timer's file, if it is installed.
pub(crate) fn installed(vault: &str) -> Option<PathBuf> {
    place(vault).ok().filter(|path| path.is_file())
}

/// The `keyward` program: this one, the one beside it, or the first on the path.
pub(crate) fn program() -> Option<PathBuf> {
    let file = format!("keyward{}", std::env::consts::EXE_SUFFIX);
    let here = std::env::current_exe().ok()?;
    if here.file_name().is_some_and(|name| name == file.as_str()) {
        return Some(here);
    }
    let beside = here.parent().map(|folder| folder.join(&file));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    beside.into_iter().chain(others.map(|folder| folder.join(&file))).find(|path| path.is_file())
}

fn name(vault: &str) -> String {
    format!("keyward-backup-{}", vault.to_lowercase())
}

/// Where the timer's own file lies.
fn place(vault: &str) -> Result<PathBuf, Error> {
    let strategy = etcetera::choose_base_strategy().map_err(|_| {
        Error::new("DISK_ERROR", "No home folder is known, so a timer has no place.", "Set HOME.")
    })?;
    let file = name(vault);
    Ok(if cfg!(target_os = "macos") {
        strategy.home_dir().join("Library/LaunchAgents").join(format!("dev.keyward.{file}.plist"))
    } else if cfg!(windows) {
        strategy.data_dir().join("keyward").join(format!("{file}.xml"))
    } else {
        strategy.config_dir().join("systemd/user").join(format!("{file}.timer"))
    })
}

/// The link that `systemctl enable` would make.
fn wanted(timer: &Path) -> PathBuf {
    let folder = timer.parent().unwrap_or(Path::new(".")).join("timers.target.wants");
    folder.join(timer.file_name().unwrap_or_default())
}

#[cfg(unix)]
fn enable(timer: &Path) -> Result<(), Error> {
    let link = wanted(timer);
    if let Some(folder) = link.parent() {
        std::fs::create_dir_all(folder).map_err(|error| io(&error, "the folder of timers"))?;
    }
    match std::os::unix::fs::symlink(timer, &link) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(io(&error, "the timer's link"))
        }
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn enable(_timer: &Path) -> Result<(), Error> {
    Ok(())
}

/// Whether a systemd of the user's answers.
fn systemd_runs() -> bool {
    std::env::var_os("XDG_RUNTIME_DIR")
        .is_some_and(|folder| Path::new(&folder).join("systemd/private").exists())
}

fn quietly(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

const SYSTEMD_TIMER: &str = "\
[Unit]
Description=Keyward: look every hour whether a backup is due

[Timer]
OnCalendar=hourly
RandomizedDelaySec=300
Persistent=true

[Install]
WantedBy=timers.target
";

/// See systemd.service(5) and systemd.syntax(7).
fn systemd_service(timer: &Timer) -> String {
    let mut out = String::from(
        "[Unit]\nDescription=Keyward: scheduled backup\n\n[Service]\nType=oneshot\nUMask=0077\nNice=10\n",
    );
    for (name, value) in &timer.variables {
        let _ = writeln!(out, "Environment={}", systemd_quoted(&format!("{name}={value}")));
    }
    let program = systemd_quoted(&timer.program.display().to_string()).replace('$', "$$");
    let _ = writeln!(out, "ExecStart={program} {}", ARGUMENTS.join(" "));
    out
}

fn systemd_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '%' => out.push_str("%%"),
            '\n' => out.push_str("\\n"),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

/// See launchd.plist(5).
fn launchd_plist(timer: &Timer) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n<dict>\n",
    );
    let _ = writeln!(out, "  <key>Label</key><string>dev.keyward.{}</string>", name(&timer.vault));
    let _ = writeln!(out, "  <key>ProgramArguments</key>\n  <array>");
    let program = timer.program.display().to_string();
    for word in std::iter::once(program.as_str()).chain(ARGUMENTS) {
        let _ = writeln!(out, "    <string>{}</string>", xml(word));
    }
    let _ = writeln!(out, "  </array>\n  <key>EnvironmentVariables</key>\n  <dict>");
    for (name, value) in &timer.variables {
        let _ = writeln!(out, "    <key>{name}</key><string>{}</string>", xml(value));
    }
    out.push_str(
        "  </dict>\n  <key>StartInterval</key><integer>3600</integer>\n  <key>RunAtLoad</key><true/>\n  <key>ProcessType</key><string>Background</string>\n  <key>Umask</key><integer>63</integer>\n</dict>\n</plist>\n",
    );
    out
}

/// See "Task Scheduler Schema" in Microsoft's documentation. A task has no variables of its own; it
/// takes the user's.
fn task_xml(timer: &Timer) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?>
<Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">
  <RegistrationInfo><Description>Keyward: look every hour whether a backup is due</Description></RegistrationInfo>
  <Triggers>
    <TimeTrigger>
      <StartBoundary>2026-01-01T00:00:00</StartBoundary>
      <Repetition><Interval>PT1H</Interval></Repetition>
    </TimeTrigger>
  </Triggers>
  <Settings>
    <StartWhenAvailable>true</StartWhenAvailable>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT1H</ExecutionTimeLimit>
  </Settings>
  <Actions>
    <Exec>
      <Command>{}</Command>
      <Arguments>{}</Arguments>
    </Exec>
  </Actions>
</Task>
",
        xml(&timer.program.display().to_string()),
        ARGUMENTS.join(" ")
    )
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn odd() -> Timer {
        Timer {
            vault: "01ABC".to_owned(),
            program: PathBuf::from("/opt/a \"b\" & <c>/100%/$x/keyward"),
            variables: vec![("KEYWARD_HOME", "/home/ada lovelace/50%\\kw".to_owned())],
        }
    }

    #[test]
    fn what_a_unit_gives_meaning_to_is_written_out() {
        let unit = systemd_service(&odd());
        assert!(
            unit.contains("Environment=\"KEYWARD_HOME=/home/ada lovelace/50%%\\\\kw\"\n"),
            "{unit}"
        );
        assert!(
            unit.contains(
                "ExecStart=\"/opt/a \\\"b\\\" & <c>/100%%/$$x/keyward\" backup schedule run --no-input --quiet\n"
            ),
            "{unit}"
        );
    }

    #[test]
    fn every_mark_that_is_opened_is_closed_and_odd_paths_are_escaped() {
        for text in [launchd_plist(&odd()), task_xml(&odd())] {
            assert!(
                text.contains("/opt/a &quot;b&quot; &amp; &lt;c&gt;/100%/$x/keyward"),
                "{text}"
            );
            let mut open: Vec<&str> = vec![];
            for piece in text.split('<').skip(1) {
                let mark = piece.split('>').next().unwrap();
                let word = mark.split(' ').next().unwrap();
                if mark.starts_with(['?', '!']) || mark.ends_with('/') {
                    continue;
                }
                match word.strip_prefix('/') {
                    Some(end) => assert_eq!(open.pop(), Some(end), "{text}"),
                    None => open.push(word),
                }
            }
            assert!(open.is_empty(), "{open:?} stay open");
        }
    }
}
