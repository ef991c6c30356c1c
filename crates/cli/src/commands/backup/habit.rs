//! `keyward backup drill`, `kit` and `schedule`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use keyward_app::input::Secret;
use keyward_app::view::{DrillReport, KitReport, ScheduleRun, ScheduleStatus};
use keyward_app::{Error, Keyward, NewSchedule};
use secrecy::ExposeSecret as _;

use crate::context::{Context, parse_seconds};
use crate::printer::{count, day, safe};

#[derive(Debug, clap::Subcommand)]
pub enum ScheduleAction {
    /// Set where to, how often and for whom, and install the system's timer
    Set {
        /// Folder to write to, several times if need be
        #[arg(long, value_name = "FOLDER", required = true)]
        to: Vec<PathBuf>,
        /// Time between backups, such as 12h or 7d
        #[arg(long, value_name = "TIME", default_value = "1d", value_parser = parse_seconds)]
        every: u64,
        /// age recipient, several times if need be; else the recovery kit's
        #[arg(long, value_name = "age1…")]
        recipient: Vec<String>,
        /// Install no timer; `schedule run` is called by something else
        #[arg(long)]
        no_timer: bool,
    },
    /// Show the schedule and what is in its folders
    Status,
    /// End the schedule and remove the timer; the backups stay
    Remove,
    /// Write what is due and let go of what is too old
    Run {
        /// Write now, due or not
        #[arg(long)]
        force: bool,
    },
}

pub fn drill(report: &DrillReport, context: &Context<'_>) -> u8 {
    context.printer.result(report, |report| {
        let mut out = format!("{}\nmade {}\n", safe(&report.path), report.created);
        for row in &report.rows {
            let what = match row.result.as_str() {
                "differs" => "differs",
                "missing" => "missing in the backup",
                "newer" => "newer since",
                "removed" => "removed since",
                _ => continue,
            };
            let _ = writeln!(out, "  {}, version {}: {what}", safe(&row.name), row.number);
        }
        let mut words = vec![format!("{} the same", report.same)];
        for (number, what) in [
            (report.differs, "differing"),
            (report.missing, "missing"),
            (report.newer, "newer since"),
            (report.removed, "removed since"),
        ] {
            if number > 0 {
                words.push(format!("{number} {what}"));
            }
        }
        let verdict = match report.ok {
            true => "Rehearsed: everything that it holds came back",
            false => "Rehearsed: NOT everything came back",
        };
        let _ = writeln!(
            out,
            "{verdict} ({}). Recorded on {}.",
            words.join(", "),
            day(&report.drilled)
        );
        if report.origin_proved.is_none() {
            out.push_str("Another vault wrote this backup.\n");
        }
        if report.newer > 0 {
            out.push_str("A new backup would hold what is newer.\n");
        }
        out
    });
    u8::from(!report.ok)
}

pub fn kit(
    out: Option<&Path>,
    reveal: bool,
    keyward: &Keyward,
    context: &Context<'_>,
) -> Result<u8, Error> {
    if out.is_none() {
        context.no_json("A recovery kit on stdout")?;
        if !reveal {
            return Err(Error::new(
                "USAGE",
                "A recovery kit holds a secret that is shown once.",
                "Write it to a file with `--out F` (F.html to print), or show it here with `--reveal`.",
            ));
        }
    }
    if let Some(kit) = keyward.backups()?.kit {
        context.printer.say(&format!(
            "There is a kit already ({}, made {}). It stays the key to older backups.",
            kit.recipient,
            day(&kit.created)
        ));
        if !context.confirm("Make a new kit for the backups from now on?")? {
            context.printer.say("Nothing was changed.");
            return Ok(0);
        }
    }
    let (report, text): (KitReport, Option<Secret>) = keyward.backup_kit(out)?;
    if let Some(text) = text {
        context.printer.bytes(text.expose_secret());
        context.printer.say("Shown once. Keyward keeps only the public key.");
        return Ok(0);
    }
    context.printer.result(&report, |report| {
        let path = safe(report.path.as_deref().unwrap_or_default());
        format!(
            "{path}\nPublic key {}, remembered for backups.\nWhoever has this file and a backup can read every key. Print it or move it to another disk, then delete it here.\n",
            report.recipient
        )
    });
    Ok(0)
}

pub fn schedule(
    action: &ScheduleAction,
    keyward: &Keyward,
    context: &Context<'_>,
) -> Result<u8, Error> {
    match action {
        ScheduleAction::Set { to, every, recipient, no_timer } => {
            let status = keyward.schedule_set(&NewSchedule {
                to: to.clone(),
                every: *every,
                recipients: recipient.clone(),
                timer: !no_timer,
            })?;
            context.printer.result(&status, status_text);
        }
        ScheduleAction::Status => context.printer.result(&keyward.schedule_status()?, status_text),
        ScheduleAction::Remove => {
            keyward.schedule_remove()?;
            let view = serde_json::json!({ "version": 1, "set": false });
            context.printer.result(&view, |_| {
                "No backup is scheduled any more. The files stay where they are.\n".to_owned()
            });
        }
        ScheduleAction::Run { force } => {
            let run = keyward.schedule_run(*force)?;
            context.printer.result(&run, run_text);
            let failed = run.folders.iter().find_map(|folder| folder.error.as_ref());
            if let Some(error) = failed {
                context.printer.error(error);
                return Ok(error.status());
            }
        }
    }
    Ok(0)
}

fn status_text(status: &ScheduleStatus) -> String {
    if !status.set {
        return "No backup is scheduled. `keyward backup schedule set --to FOLDER` schedules one.\n"
            .to_owned();
    }
    let mut out = String::new();
    let _ = writeln!(out, "Every {}, for {}", time(status.every), status.recipients.join(", "));
    for folder in &status.folders {
        let last = folder.last.as_deref().map_or("none yet".to_owned(), |last| last.to_owned());
        let gone = if folder.present { "" } else { " (not there now)" };
        let _ = writeln!(
            out,
            "  {}{gone}: {}, last {last}",
            safe(&folder.folder),
            count(folder.files, "backup", "backups")
        );
    }
    let _ = writeln!(
        out,
        "Kept: {} daily, {} weekly, {} monthly, and always the last that was verified.",
        status.daily, status.weekly, status.monthly
    );
    if let Some(next) = &status.next {
        let _ = writeln!(out, "Next: {next}");
    }
    match (&status.timer, &status.note) {
        (Some(timer), None) => {
            let _ = writeln!(out, "Timer: {}", safe(timer));
        }
        (Some(timer), Some(note)) => {
            let _ = writeln!(out, "Timer: {}\n{}", safe(timer), safe(note));
        }
        (None, note) => {
            let note = note.as_deref().unwrap_or("`keyward backup schedule run` does what is due.");
            let _ = writeln!(out, "No timer. {}", safe(note));
        }
    }
    out
}

fn run_text(run: &ScheduleRun) -> String {
    let mut out = String::new();
    for folder in &run.folders {
        let _ = match folder.state.as_str() {
            "written" => writeln!(
                out,
                "Written: {} (read back, byte for byte)",
                safe(folder.path.as_deref().unwrap_or_default())
            ),
            "fresh" => writeln!(out, "Nothing due: {}", safe(&folder.folder)),
            _ => writeln!(out, "Failed: {}; what is there was left alone", safe(&folder.folder)),
        };
        for path in &folder.pruned {
            let _ = writeln!(out, "  let go: {}", safe(path));
        }
    }
    out
}

fn time(seconds: u64) -> String {
    match (seconds / 86_400, seconds % 86_400) {
        (1, 0) => "day".to_owned(),
        (days, 0) => format!("{days} days"),
        _ if seconds.is_multiple_of(3600) => count(seconds / 3600, "hour", "hours"),
        _ => count(seconds / 60, "minute", "minutes"),
    }
}
