//! `keyward scan --watch`: what a watch tells, as it comes.

use std::fmt::Write as _;

use keyward_app::scanner::{Confidence, Report};
use keyward_app::{Error, Keyward, News, ScanJob};
use serde::Serialize;

use super::scan;
use crate::context::Context;
use crate::printer::{Printer, count, safe};

/// One line of `--json`.
#[derive(Serialize)]
struct Line<'n> {
    version: u32,
    #[serde(flatten)]
    news: &'n News,
}

/// Watches until Ctrl-C (130), or until nobody reads stdout any more (1 if something was found).
pub fn run(
    keyward: &Keyward,
    job: ScanJob,
    level: Confidence,
    context: &Context<'_>,
) -> Result<u8, Error> {
    let printer = context.printer;
    let mut found = false;
    let mut stopped = false;
    let mut found_later = false;
    scan::watched(context, |shown, cancel| {
        let mut start = |report: &Report, folders: usize| {
            printer.progress("");
            found = scan::status(report, level) == 1;
            if printer.is_json() {
                for finding in &report.findings {
                    line(printer, &News::Finding { finding: Box::new(finding.clone()) });
                }
                line(printer, &News::Scan { reason: "start", summary: report.summary.clone() });
            } else {
                printer.text(&scan::text(report, level));
                printer.say(&format!(
                    "Watching {} (Ctrl-C stops).",
                    count(folders as u64, "folder", "folders")
                ));
            }
            !printer.is_closed()
        };
        let mut tell = |news: News| {
            if let News::Finding { finding } = &news {
                found_later |= finding.confidence >= level;
            }
            if printer.is_json() {
                line(printer, &news);
            } else {
                printer.text(&text(&news, level));
            }
            !printer.is_closed()
        };
        let done = keyward.watch(job, shown, cancel, &mut start, &mut tell);
        stopped = cancel.is_cancelled();
        done
    })?;
    Ok(match stopped {
        true => 130,
        false => u8::from(found || found_later),
    })
}

fn line(printer: &Printer, news: &News) {
    printer.document(&Line { version: 1, news });
}

fn text(news: &News, level: Confidence) -> String {
    let mut out = String::new();
    match news {
        News::Finding { finding } if finding.confidence >= level => scan::one(&mut out, finding),
        News::Gone { path, name, secret, .. } => {
            let _ = writeln!(out, "No longer in {}: {} {}\n", safe(path), safe(name), safe(secret));
        }
        News::Notice { notice } => {
            let _ = writeln!(out, "Note {}: {}", notice.code, safe(&notice.message));
        }
        News::Scan { summary, .. } if !summary.complete => {
            for skipped in summary.skipped.iter().take(20) {
                let _ = writeln!(out, "Skipped {}: {}", safe(&skipped.path), safe(&skipped.reason));
            }
        }
        News::Finding { .. } | News::Scan { .. } => {}
    }
    out
}
