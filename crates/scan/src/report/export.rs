//! The report as CSV, Markdown and HTML. Paths and messages come from a stranger's repository, so each
//! format escapes what it would otherwise take as its own.

use std::fmt::Write as _;

use crate::report::{Finding, Report};

const COLUMNS: [&str; 13] = [
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
];

fn row(finding: &Finding) -> [String; 13] {
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

/// A Markdown table with a summary above it.
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
        out += "\n| Severity | Confidence | What | Where | Commit | Secret | Fingerprint |\n| --- | --- | --- | --- | --- | --- | --- |\n";
    }
    for finding in &report.findings {
        let commit = finding.commit.as_deref().map_or("", |id| id.get(..12).unwrap_or(id));
        let cells = [
            finding.severity.as_str(),
            finding.confidence.as_str(),
            &finding.name,
            &location(finding),
            commit,
            &finding.secret,
            &finding.fingerprint,
        ];
        let line: Vec<String> = cells.iter().map(|text| cell(text)).collect();
        out += &format!("| {} |\n", line.join(" | "));
    }
    for (title, lines) in notes(report) {
        out += &format!("\n## {title}\n\n");
        for line in lines {
            out += &format!("- {}\n", cell(&line));
        }
    }
    out
}

/// One HTML page of its own, without scripts and without anything loaded.
#[must_use]
pub fn html(report: &Report) -> String {
    let text = |text: &str| {
        visible(text)
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\'', "&#39;")
    };
    let mut out = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>Leak scan</title>\n<style>\n:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }\n\
         body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem }\ntable { border-collapse: collapse; width: 100% }\n\
         th, td { border-bottom: 1px solid #8888; padding: .4rem .6rem; text-align: left; vertical-align: top }\n\
         code { overflow-wrap: anywhere }\n</style>\n<h1>Leak scan</h1>\n",
    );
    let add = |out: &mut String, piece: &str| {
        out.push_str(piece);
        out.push('\n');
    };
    add(&mut out, &format!("<p>{}</p>", text(&summary(report))));
    if !report.findings.is_empty() {
        add(
            &mut out,
            "<table>\n<thead><tr><th scope=\"col\">Severity<th scope=\"col\">Confidence<th scope=\"col\">What\
             <th scope=\"col\">Where<th scope=\"col\">Commit<th scope=\"col\">Secret<th scope=\"col\">What to do</tr></thead>\n<tbody>",
        );
    }
    for finding in &report.findings {
        writeln!(
            out,
            "<tr><td>{}<td>{}<td>{}<td><code>{}</code><td><code>{}</code><td><code>{}</code><td>{}</tr>",
            finding.severity.as_str(),
            finding.confidence.as_str(),
            text(&finding.name),
            text(&location(finding)),
            text(finding.commit.as_deref().map_or("", |id| id.get(..12).unwrap_or(id))),
            text(&finding.secret),
            text(finding.advice.as_deref().unwrap_or_default()),
        )
        .expect("writing to a String cannot fail");
    }
    if !report.findings.is_empty() {
        add(&mut out, "</tbody>\n</table>");
    }
    for (title, lines) in notes(report) {
        add(&mut out, &format!("<h2>{title}</h2>\n<ul>"));
        for line in lines {
            add(&mut out, &format!("<li>{}</li>", text(&line)));
        }
        add(&mut out, "</ul>");
    }
    out + "</html>\n"
}

fn summary(report: &Report) -> String {
    let summary = &report.summary;
    let complete = if summary.complete {
        "Everything could be read."
    } else {
        "Not everything could be read."
    };
    format!(
        "{} findings in {} files, {} blobs and {} messages ({} bytes). {complete}",
        summary.findings, summary.files, summary.blobs, summary.messages, summary.bytes
    )
}

fn location(finding: &Finding) -> String {
    let path = if finding.path.is_empty() { finding.source.as_str() } else { &finding.path };
    let more = finding.places.len().saturating_sub(1);
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{path}:{}:{}{tail}", finding.line, finding.column)
}

fn notes(report: &Report) -> Vec<(&'static str, Vec<String>)> {
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
fn visible(text: &str) -> String {
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
