//! `keyward scan`.

use std::fmt::Write as _;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::civil::Date;
use keyward_app::scanner::{
    Cancel, Confidence, DEFAULT_MAX_BLOB, Finding, Options, OwnValues, Progress, Report, Sources,
    csv, html, markdown, sarif,
};
use keyward_app::{Error, ScanJob, outfile};

use crate::context::Context;
use crate::printer::{Printer, count, day, safe, state};
use crate::signals;

static CANCEL: Mutex<Option<Cancel>> = Mutex::new(None);

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Repositories, folders or files; this folder when none
    paths: Vec<PathBuf>,
    /// Only the files on disk
    #[arg(long)]
    worktree: bool,
    /// Only what would be committed now
    #[arg(long)]
    staged: bool,
    /// Only the history, reachable or not
    #[arg(long)]
    history: bool,
    /// Of the history only what came after this revision
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    /// Scan what comes in on stdin
    #[arg(long)]
    stdin: bool,
    /// Go on, and scan files and new commits as they appear, until Ctrl-C
    #[arg(long, conflicts_with_all = ["stdin", "staged", "since", "out"])]
    watch: bool,
    /// Look only for the vault's own values
    #[arg(long)]
    own_only: bool,
    /// Leave out what this baseline, report or fingerprint list has already
    #[arg(long, value_name = "F")]
    baseline: Option<PathBuf>,
    /// Accept what is found: add it to this baseline, a TOML file that is made if need be
    #[arg(long, value_name = "F", requires = "reason")]
    write_baseline: Option<PathBuf>,
    /// Why what is found may stay
    #[arg(long, value_name = "TEXT", requires = "write_baseline")]
    reason: Option<String>,
    /// Until which day, such as 2027-01-31
    #[arg(long, value_name = "DATE", requires = "write_baseline", value_parser = parse_date)]
    expires: Option<Date>,
    /// Also what ignore files and default exclusions leave out
    #[arg(long)]
    no_ignore: bool,
    /// Rule files: of your own, of gitleaks or of betterleaks
    #[arg(long, value_name = "F")]
    rules: Vec<PathBuf>,
    /// Least confidence that counts for the exit status: low, medium (the default) or high
    #[arg(long, value_name = "LEVEL")]
    min_confidence: Option<String>,
    /// Largest file or blob that is read, such as 64M
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    max_blob: Option<u64>,
    /// Write the report to this file; `-` is stdout
    #[arg(long, value_name = "F")]
    out: Option<PathBuf>,
    /// Put whole values into the report
    #[arg(long)]
    show_secrets: bool,
}

/// Stops the scan that is running.
pub fn cancel() {
    if let Ok(slot) = CANCEL.lock()
        && let Some(cancel) = &*slot
    {
        cancel.cancel();
    }
}

pub fn run(args: Args, context: &Context<'_>) -> Result<u8, Error> {
    let format = context.format.as_deref().unwrap_or(if context.printer.is_json() {
        "json"
    } else {
        "text"
    });
    if !["text", "json", "sarif", "csv", "html", "markdown"].contains(&format) {
        return Err(Error::new(
            "USAGE",
            "A scan has no such format.",
            "One of text, json, sarif, csv, html, markdown.",
        ));
    }
    let level = match args.min_confidence.as_deref() {
        None | Some("medium") => Confidence::Medium,
        Some("low") => Confidence::Low,
        Some("high") => Confidence::High,
        Some(_) => {
            return Err(Error::new(
                "USAGE",
                "The confidence is not known.",
                "One of low, medium, high.",
            ));
        }
    };
    if args.watch && !["text", "json"].contains(&format) {
        return Err(Error::new("USAGE", "A watch has no such format.", "One of text, json."));
    }
    let out = args.out.filter(|path| path.as_os_str() != "-");
    for path in out.iter().chain(&args.write_baseline) {
        outfile::check(path)?;
    }
    let keyward = context.keyward_unasked()?;
    let mut stdin = None;
    if args.stdin {
        let mut bytes = vec![];
        io::stdin().lock().take(1 << 30).read_to_end(&mut bytes).map_err(|error| {
            Error::new(
                "DISK_ERROR",
                format!("Stdin cannot be read: {}.", error.kind()),
                "Pipe text in.",
            )
        })?;
        stdin = Some(bytes);
    }
    let paths = if args.paths.is_empty() { vec![PathBuf::from(".")] } else { args.paths };
    let job = ScanJob {
        options: Options {
            paths,
            sources: Sources {
                worktree: args.worktree,
                staged: args.staged,
                index: None,
                history: args.history,
                since: args.since,
            },
            no_ignore: args.no_ignore,
            max_blob: args.max_blob.unwrap_or(DEFAULT_MAX_BLOB),
            own_only: args.own_only,
            show_secrets: args.show_secrets,
            baseline: None,
            today: None,
            min_confidence: None,
            whole: false,
        },
        stdin,
        rules: args.rules,
        baseline: args.baseline,
    };
    if args.watch {
        return super::watch::run(&keyward, job, level, context);
    }
    let report = watched(context, |shown, cancel| keyward.scan(job, shown, cancel))?;
    let text = match format {
        "json" => document(&report),
        "sarif" => document(&sarif(&report)),
        "csv" => csv(&report),
        "html" => html(&report),
        "markdown" => markdown(&report),
        _ => text(&report, level),
    };
    match &out {
        None => context.printer.text(&text),
        Some(path) => {
            let text = anstream::adapter::strip_str(&text).to_string();
            outfile::write(path, text.as_bytes(), args.show_secrets)?;
        }
    }
    if let Some(path) = &args.write_baseline {
        let reason = args.reason.unwrap_or_default();
        let rows = keyward.accept(path, &report, level, reason, args.expires)?;
        context.printer.say(&format!(
            "{} accepted in {}.",
            count(rows as u64, "finding", "findings"),
            safe(&path.display().to_string())
        ));
        // What counted is accepted now.
        return Ok(if report.summary.complete { 0 } else { 6 });
    }
    Ok(status(&report, level))
}

/// Runs a scan with its progress shown, to be stopped by Ctrl-C.
pub fn watched<T>(context: &Context<'_>, scan: impl FnOnce(&dyn Progress, &Cancel) -> T) -> T {
    let shown = Shown::new(context.printer);
    let done = cancellable(|cancel| scan(&shown, cancel));
    shown.clear();
    done
}

/// Runs long work that the first Ctrl-C asks to stop.
pub fn cancellable<T>(work: impl FnOnce(&Cancel) -> T) -> T {
    let cancel = Cancel::default();
    if let Ok(mut slot) = CANCEL.lock() {
        *slot = Some(cancel.clone());
    }
    signals::cancel_first(true);
    let done = work(&cancel);
    signals::cancel_first(false);
    done
}

/// 0 nothing, 1 something of enough confidence, 6 nothing but not everything could be read.
pub fn status(report: &Report, level: Confidence) -> u8 {
    if report.findings.iter().any(|finding| finding.confidence >= level) {
        1
    } else if report.summary.complete {
        0
    } else {
        6
    }
}

fn document<T: serde::Serialize>(value: &T) -> String {
    let mut text = serde_json::to_string(value).unwrap_or_default();
    text.push('\n');
    text
}

pub fn text(report: &Report, level: Confidence) -> String {
    let mut out = String::new();
    let (shown, folded): (Vec<&Finding>, Vec<&Finding>) =
        report.findings.iter().partition(|finding| finding.confidence >= level);
    for finding in &shown {
        one(&mut out, finding);
    }
    let summary = &report.summary;
    if !folded.is_empty() {
        let _ = writeln!(
            out,
            "{} of lower confidence, not shown and not counted (--min-confidence low shows them).",
            count(folded.len() as u64, "finding", "findings")
        );
    }
    for notice in &summary.notices {
        let _ = writeln!(out, "Note {}: {}", notice.code, safe(&notice.message));
    }
    for skipped in summary.skipped.iter().take(20) {
        let _ = writeln!(out, "Skipped {}: {}", safe(&skipped.path), safe(&skipped.reason));
    }
    let more = summary.skipped_more + summary.skipped.len().saturating_sub(20) as u64;
    if more > 0 {
        let _ = writeln!(out, "Skipped {more} more (all are in --json).");
    }
    let own = match summary.own_values {
        OwnValues::Checked => "your own values looked for",
        OwnValues::Unavailable => {
            "your own values not looked for: the vault or its keychain is locked or not here"
        }
        OwnValues::None => "the vault holds no values to look for",
    };
    let mut tail = String::new();
    if summary.baselined > 0 {
        let _ = write!(tail, " The baseline accepts {} more.", summary.baselined);
    }
    if summary.ignored > 0 {
        let left = count(summary.ignored, "file or place", "files and places");
        let _ = write!(tail, " .keywardignore left out {left}.");
    }
    if !summary.complete {
        tail.push_str(" Not everything could be read.");
    }
    let _ = writeln!(
        out,
        "{}: {} and {} ({} bytes) in {:.2} s; {own}.{tail}",
        count(shown.len() as u64, "finding", "findings"),
        count(summary.files, "file", "files"),
        count(summary.blobs, "blob", "blobs"),
        summary.bytes,
        summary.seconds,
    );
    out
}

pub(super) fn one(out: &mut String, finding: &Finding) {
    let severity = finding.severity.as_str();
    let _ = writeln!(out, "{} {} {}", state(severity), safe(&finding.name), safe(&finding.secret));
    if let Some(own) = &finding.own {
        let _ = writeln!(
            out,
            "  this is {}, version {} ({})",
            safe(&own.entry),
            own.version,
            own.stage
        );
    }
    for place in finding.places.iter().take(5) {
        let at = match (&place.commit, place.path.is_empty()) {
            (Some(commit), true) => format!("message of {commit}"),
            (Some(commit), false) => format!("{}:{} in {commit}", place.path, place.line),
            (None, true) => format!("{} content no commit names", place.source.as_str()),
            (None, false) => format!("{}:{}", place.path, place.line),
        };
        let _ = writeln!(out, "  {}", safe(&at));
    }
    if finding.places.len() > 5 {
        let _ = writeln!(out, "  and {} more places", finding.places.len() - 5);
    }
    if let Some(origin) = origin(finding) {
        let _ = writeln!(out, "  {}", safe(&origin));
    }
    if let Some(advice) = &finding.advice {
        let _ = writeln!(out, "  {}", safe(advice));
    }
    for (number, step) in finding.steps.iter().enumerate() {
        let _ = writeln!(out, "  {}. {}", number + 1, safe(step));
    }
    let _ = writeln!(out, "  fingerprint {}", finding.fingerprint);
    out.push('\n');
}

/// Who committed it and when, and how far it has come; nothing of what is in no commit.
fn origin(finding: &Finding) -> Option<String> {
    let date = day(finding.date.as_deref()?);
    let author = finding.author.as_deref().unwrap_or("someone");
    let here = if finding.in_head { "still there" } else { "gone since, but in the history" };
    let far = if finding.pushed { "pushed" } else { "not known to be pushed" };
    Some(format!("committed {date} by {author}; {here}; {far}"))
}

/// Reads a day such as 2027-01-31.
fn parse_date(text: &str) -> Result<Date, String> {
    let date = (text.len() == 10).then(|| text.parse().ok()).flatten();
    date.ok_or_else(|| "a day such as 2027-01-31".to_owned())
}

/// Progress in place: the stage, what was gone through, and how fast.
struct Shown<'a> {
    printer: &'a Printer,
    /// When the line was last drawn, and the stage.
    drawn: Mutex<(Instant, String)>,
    items: AtomicU64,
    bytes: AtomicU64,
    started: Instant,
}

impl<'a> Shown<'a> {
    fn new(printer: &'a Printer) -> Self {
        Self {
            printer,
            drawn: Mutex::new((Instant::now(), String::new())),
            items: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            started: Instant::now(),
        }
    }

    fn clear(&self) {
        if self.started.elapsed() > Duration::from_millis(500) {
            self.printer.progress("");
        }
    }
}

impl Progress for Shown<'_> {
    fn stage(&self, name: &str) {
        if let Ok(mut drawn) = self.drawn.lock() {
            name.clone_into(&mut drawn.1);
        }
    }

    fn advance(&self, files: u64, blobs: u64, bytes: u64) {
        let items = self.items.fetch_add(files + blobs, Ordering::Relaxed) + files + blobs;
        let bytes = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        // Whoever finds the line busy leaves it: another thread is showing newer figures.
        let Ok(mut drawn) = self.drawn.try_lock() else {
            return;
        };
        let seconds = self.started.elapsed();
        if seconds < Duration::from_millis(500) || drawn.0.elapsed() < Duration::from_millis(100) {
            return;
        }
        drawn.0 = Instant::now();
        let rate = bytes as f64 / 1e6 / seconds.as_secs_f64();
        self.printer
            .progress(&format!("{}: {items} items, {rate:.0} MB/s (Ctrl-C stops)", drawn.1));
    }
}

/// Reads a size such as 64M, 512K or 1G.
fn parse_size(text: &str) -> Result<u64, String> {
    let upper = text.trim().to_ascii_uppercase();
    let number = upper.trim_end_matches('B').trim_end_matches('I');
    let (digits, unit) = match number.chars().last() {
        Some('K') => (&number[..number.len() - 1], 1 << 10),
        Some('M') => (&number[..number.len() - 1], 1 << 20),
        Some('G') => (&number[..number.len() - 1], 1 << 30),
        _ => (number, 1_u64),
    };
    digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .ok_or_else(|| "a size such as 64M or 1G".to_owned())
}
