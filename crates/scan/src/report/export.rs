//! The report as CSV and Markdown, and what every readable form says of a finding. Paths and messages come
//! from a stranger's repository, so each format escapes what it would otherwise take as its own.

use crate::report::{Finding, Report};

/// New columns go to the end: scripts count them.
const COLUMNS: [&str; 18] = [
    "rule",
    "provider",
    "severity",
    "confidence",
    "path",
    "line",
    "column",
    "commit",
    "source",
    "secret",
    "fingerprint",
    "own",
    "places",
    "author",
    "date",
    "in_head",
    "pushed",
    "steps",
];

fn row(finding: &Finding) -> [String; 18] {
    let own =
        finding.own.as_ref().map(|own| format!("{} v{} {}", own.entry, own.version, own.stage));
    [
        finding.rule.clone(),
        finding.provider.clone().unwrap_or_default(),
        finding.severity.as_str().to_owned(),
        finding.confidence.as_str().to_owned(),
        finding.path.clone(),
        finding.line.to_string(),
        finding.column.to_string(),
        finding.commit.clone().unwrap_or_default(),
        finding.source.as_str().to_owned(),
        finding.secret.clone(),
        finding.fingerprint.clone(),
        own.unwrap_or_default(),
        finding.places.len().to_string(),
        finding.author.clone().unwrap_or_default(),
        finding.date.clone().unwrap_or_default(),
        finding.in_head.to_string(),
        finding.pushed.to_string(),
        finding.steps.join("\n"),
    ]
}

/// Comma-separated values (RFC 4180) with a head line. A cell that a spreadsheet would run as a formula
/// begins with an apostrophe.
#[must_use]
pub fn csv(report: &Report) -> String {
    let cell = |text: &str| {
        let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text != "-";
        let text = text.replace('"', "\"\"");
        let mark = if formula { "'" } else { "" };
        format!("\"{mark}{text}\"")
    };
    let line = |cells: &[String]| {
        cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(",") + "\r\n"
    };
    let mut out = COLUMNS.join(",") + "\r\n";
    for finding in &report.findings {
        out += &line(&row(finding));
    }
    out
}

/// A Markdown table with a summary above it, and below it what to do about each finding.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let cell = |text: &str| {
        let mut out = String::new();
        for c in visible(text).chars() {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '!' | '~' => out.extend(['\\', c]),
                c => out.push(c),
            }
        }
        out
    };
    let mut out = format!("# Leak scan\n\n{}\n", summary(report));
    if !report.findings.is_empty() {
        out += "\n| Severity | Confidence | What | Where | Commit | By | Now | Secret | Fingerprint |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
    }
    for finding in &report.findings {
        let cells = [
            finding.severity.as_str(),
            finding.confidence.as_str(),
            &finding.name,
            &location(finding),
            short(finding.commit.as_deref()),
            &signed(finding),
            &standing(finding),
            &finding.secret,
            &finding.fingerprint,
        ];
        let line: Vec<String> = cells.iter().map(|text| cell(text)).collect();
        out += &format!("| {} |\n", line.join(" | "));
    }
    let acted: Vec<&Finding> = report
        .findings
        .iter()
        .filter(|finding| finding.advice.is_some() || !finding.steps.is_empty())
        .collect();
    if !acted.is_empty() {
        out += "\n## What to do\n";
    }
    for finding in acted {
        out += &format!("\n{} at {}\n\n", cell(&finding.name), cell(&location(finding)));
        if let Some(advice) = &finding.advice {
            out += &format!("{}\n\n", cell(advice));
        }
        for (number, step) in finding.steps.iter().enumerate() {
            out += &format!("{}. {}\n", number + 1, cell(step));
        }
    }
    for (title, lines) in notes(report) {
        out += &format!("\n## {title}\n\n");
        for line in lines {
            out += &format!("- {}\n", cell(&line));
        }
    }
    out
}

/// The totals in a sentence or two.
pub(super) fn summary(report: &Report) -> String {
    let summary = &report.summary;
    let complete = if summary.complete {
        "Everything could be read."
    } else {
        "Not everything could be read."
    };
    let mut out = format!(
        "{} findings in {} files, {} blobs and {} messages ({} bytes). {complete}",
        summary.findings, summary.files, summary.blobs, summary.messages, summary.bytes
    );
    if summary.baselined > 0 {
        out += &format!(" The baseline accepts {} more.", summary.baselined);
    }
    if summary.ignored > 0 {
        out += &format!(" .keywardignore left out {} files and places.", summary.ignored);
    }
    out
}

pub(super) fn location(finding: &Finding) -> String {
    let path = if finding.path.is_empty() { finding.source.as_str() } else { &finding.path };
    let more = finding.places.len().saturating_sub(1);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{path}:{}:{}{tail}", finding.line, finding.column)
}

/// A commit's first twelve digits.
pub(super) fn short(commit: Option<&str>) -> &str {
    commit.map_or("", |id| id.get(..12).unwrap_or(id))
}

/// Who wrote the commit, and when.
pub(super) fn signed(finding: &Finding) -> String {
    let date = finding.date.as_deref().map(|date| date.split('T').next().unwrap_or(date));
    let both: Vec<&str> = finding.author.as_deref().into_iter().chain(date).collect();
    both.join(", ")
}

/// How far it has come.
pub(super) fn standing(finding: &Finding) -> String {
    let here = if finding.in_head { "still there" } else { "only in the history" };
    let far = match (finding.pushed, &finding.date) {
        (true, _) => ", pushed",
        (false, Some(_)) => ", not known to be pushed",
        (false, None) => "",
    };
    format!("{here}{far}")
}

pub(super) fn notes(report: &Report) -> Vec<(&'static str, Vec<String>)> {
    let summary = &report.summary;
    let notices = summary
        .notices
        .iter()
        .map(|notice| format!("{}: {}", notice.code, notice.message))
        .collect();
    let mut skipped: Vec<String> = summary
        .skipped
        .iter()
        .map(|skipped| format!("{}: {}", skipped.path, skipped.reason))
        .collect();
    if summary.skipped_more > 0 {
        skipped.push(format!("and {} more", summary.skipped_more));
    }
    let all: [(&str, Vec<String>); 2] = [("Notices", notices), ("Not scanned", skipped)];
    all.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
}

/// Control, bidirectional and invisible characters as `\u{…}`.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hidden = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        if c.is_control() || hidden {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}
