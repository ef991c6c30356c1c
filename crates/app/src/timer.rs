//! The system's own timers: a systemd user timer, a launchd agent, a task of the Task Scheduler. Each
//! comes once an hour; whether a backup or a reminder is due is decided by the run, so that a laptop that
//! slept, or a keychain that was locked, costs an hour and not a day.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use etcetera::BaseStrategy as _;
use jiff::Timestamp;

use crate::error::io;
use crate::{Error, KeychainKind, Keyward, outfile};

/// What a timer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    /// Scheduled backups.
    Backup,
    /// The day's reminder.
    Remind,
}

impl Job {
    /// Part of the timer's name.
    fn word(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Remind => "remind",
        }
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Backup => &["backup", "schedule", "run", "--no-input", "--quiet"],
            Self::Remind => &["due", "--notify", "--daily", "--no-input", "--quiet"],
        }
    }

    /// What the user runs where no timer can.
    fn by_hand(self) -> &'static str {
        match self {
            Self::Backup => "keyward backup schedule run",
            Self::Remind => "keyward due --notify",
        }
    }

    /// What is looked at every hour.
    fn question(self) -> &'static str {
        match self {
            Self::Backup => "whether a backup is due",
            Self::Remind => "whether a key is due for rotation",
        }
    }

    fn service(self) -> &'static str {
        match self {
            Self::Backup => "scheduled backup",
            Self::Remind => "reminder of what is due",
        }
    }
}

/// What the timer starts, and for which vault.
pub(crate) struct Timer {
    /// What it is for.
    pub(crate) job: Job,
    /// The vault's id; part of the timer's name, so that two vaults have two timers.
    pub(crate) vault: String,
    /// The `keyward` program.
    pub(crate) program: PathBuf,
    /// Variables that it needs.
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl Keyward {
    /// Installs a timer for this vault; returns what is still to be done, in words.
    pub(crate) fn install_timer(&self, job: Job, vault: &str) -> Option<String> {
        if self.is_in_memory() {
            return Some("Nothing outlives a vault in memory, so there is no timer.".to_owned());
        }
        let Some(program) = program() else {
            return Some("The program `keyward` was not found, so there is no timer.".to_owned());
        };
        let Some(variables) = self.surroundings() else {
            return Some(format!(
                "Without KEYWARD_PASSPHRASE_FILE a timer cannot open the keychain file; run `{}` yourself.",
                job.by_hand()
            ));
        };
        match install(&Timer { job, vault: vault.to_owned(), program, variables }) {
            Ok((_, note)) => note,
            Err(error) => Some(format!("{} {}", error.message, error.hint)),
        }
    }

    /// What another process needs to be told to open this vault; none where it could not.
    pub(crate) fn surroundings(&self) -> Option<Vec<(&'static str, String)>> {
        let mut variables = vec![("KEYWARD_HOME", self.config.home.display().to_string())];
        if self.config.keychain == KeychainKind::File {
            variables.push(("KEYWARD_KEYCHAIN", "file".to_owned()));
            let words = std::env::var_os("KEYWARD_PASSPHRASE_FILE").map(PathBuf::from);
            let path = words.and_then(|path| std::path::absolute(path).ok())?;
            variables.push(("KEYWARD_PASSPHRASE_FILE", path.display().to_string()));
        }
        Some(variables)
    }
}

/// Installs the timer. Returns its file, and what the user still has to do, if anything.
///
/// # Errors
/// The disk; `COMMAND_NOT_STARTED` where the system does not take it.
pub(crate) fn install(timer: &Timer) -> Result<(PathBuf, Option<String>), Error> {
    let path = place(timer.job, &timer.vault)?;
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
        let name = format!("Keyward\\{}", name(timer.job, &timer.vault));
        let shown = path.display().to_string();
        if !quietly("schtasks", &["/Create", "/F", "/TN", &name, "/XML", &shown]) {
            return Err(Error::new(
                "COMMAND_NOT_STARTED",
                "The Task Scheduler did not take the task.",
                format!("Import {shown} in the Task Scheduler yourself."),
            ));
        }
        return Ok((path, None));
    }
    outfile::write(&path.with_extension("service"), systemd_service(timer).as_bytes(), false)?;
    outfile::write(&path, systemd_timer(timer.job).as_bytes(), false)?;
    enable(&path)?;
    let unit = format!("{}.timer", name(timer.job, &timer.vault));
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
pub(crate) fn remove(job: Job, vault: &str) -> Result<(), Error> {
    let path = place(job, vault)?;
    let shown = path.display().to_string();
    if cfg!(target_os = "macos") {
        let _ = quietly("launchctl", &["unload", "-w", &shown]);
    } else if cfg!(windows) {
        let task = format!("Keyward\\{}", name(job, vault));
        let _ = quietly("schtasks", &["/Delete", "/F", "/TN", &task]);
    } else if systemd_runs() {
        let unit = format!("{}.timer", name(job, vault));
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
pub(crate) fn installed(job: Job, vault: &str) -> Option<PathBuf> {
    place(job, vault).ok().filter(|path| path.is_file())
}

/// When the timer comes next; none where the system does not say.
pub(crate) fn next(job: Job, vault: &str) -> Option<Timestamp> {
    if !cfg!(target_os = "linux") || !systemd_runs() {
        return None;
    }
    let unit = format!("{}.timer", name(job, vault));
    let output = Command::new("systemctl")
        .args(["--user", "show", "--property=NextElapseUSecRealtime", "--value", &unit])
        .env("TZ", "UTC")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    // Such as `Sun 2026-11-22 14:04:34 UTC`, in every language.
    let text = String::from_utf8(output.stdout).ok()?;
    let mut words = text.split_whitespace().skip(1);
    format!("{}T{}Z", words.next()?, words.next()?).parse().ok()
}

/// The `keyward` program.
pub(crate) fn program() -> Option<PathBuf> {
    find("keyward")
}

/// A program of ours: this one, the one beside it, or the first on the path.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let here = std::env::current_exe().ok()?;
    if here.file_name().is_some_and(|name| name == file.as_str()) {
        return Some(here);
    }
    let beside = here.parent().map(|folder| folder.join(&file));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let others = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    beside.into_iter().chain(others.map(|folder| folder.join(&file))).find(|path| path.is_file())
}

fn name(job: Job, vault: &str) -> String {
    format!("keyward-{}-{}", job.word(), vault.to_lowercase())
}

/// Where the timer's own file lies.
fn place(job: Job, vault: &str) -> Result<PathBuf, Error> {
    let strategy = etcetera::choose_base_strategy().map_err(|_| {
        Error::new("DISK_ERROR", "No home folder is known, so a timer has no place.", "Set HOME.")
    })?;
    let file = name(job, vault);
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
pub(crate) fn systemd_runs() -> bool {
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

/// See systemd.timer(5).
fn systemd_timer(job: Job) -> String {
    format!(
        "\
[Unit]
Description=Keyward: look every hour {}

[Timer]
OnCalendar=hourly
RandomizedDelaySec=300
Persistent=true

[Install]
WantedBy=timers.target
",
        job.question()
    )
}

/// See systemd.service(5) and systemd.syntax(7).
fn systemd_service(timer: &Timer) -> String {
    let mut out = format!(
        "[Unit]\nDescription=Keyward: {}\n\n[Service]\nType=oneshot\nUMask=0077\nNice=10\n",
        timer.job.service()
    );
    for (name, value) in &timer.variables {
        let _ = writeln!(out, "Environment={}", systemd_quoted(&format!("{name}={value}")));
    }
    let program = systemd_quoted(&timer.program.display().to_string()).replace('$', "$$");
    let _ = writeln!(out, "ExecStart={program} {}", timer.job.arguments().join(" "));
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
    let _ = writeln!(
        out,
        "  <key>Label</key><string>dev.keyward.{}</string>",
        name(timer.job, &timer.vault)
    );
    let _ = writeln!(out, "  <key>ProgramArguments</key>\n  <array>");
    let program = timer.program.display().to_string();
    for word in std::iter::once(program.as_str()).chain(timer.job.arguments().iter().copied()) {
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
  <RegistrationInfo><Description>Keyward: look every hour {}</Description></RegistrationInfo>
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
        timer.job.question(),
        xml(&timer.program.display().to_string()),
        timer.job.arguments().join(" ")
    )
}

fn xml(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_job_has_its_own_units_of_the_same_form() {
        let backup = odd();
        let remind = Timer { job: Job::Remind, ..odd() };
        assert_eq!(name(backup.job, "01ABC"), "keyward-backup-01abc");
        assert_eq!(name(remind.job, "01ABC"), "keyward-remind-01abc");
        for text in [systemd_service(&remind), task_xml(&remind)] {
            assert!(text.contains("due --notify --daily --no-input --quiet"), "{text}");
        }
        let launchd = launchd_plist(&remind);
        assert!(launchd.contains("dev.keyward.keyward-remind-01abc"), "{launchd}");
        assert!(launchd.contains("<string>--daily</string>"), "{launchd}");
        assert!(systemd_timer(Job::Remind).contains("Persistent=true\n"));
    }

    fn odd() -> Timer {
        Timer {
            job: Job::Backup,
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
