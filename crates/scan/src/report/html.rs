//! The report as one page of HTML that can be mailed, kept and printed: no scripts, nothing loaded, light
//! and dark as the reader's machine is.

use std::fmt::Write as _;

use super::export::{location, notes, short, signed, standing, summary, visible};
use crate::report::{Confidence, Finding, Report};

const HEAD: &str = "\
<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<title>Leak scan</title>
<style>
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
article, details { border-top: 1px solid #8888; padding: 1rem 0 }
article { break-inside: avoid }
h2, h3 { line-height: 1.25; margin: 0 0 .5rem }
h3 small { font-weight: normal }
p { margin: 0 0 .5rem }
dl { display: grid; gap: .25rem 1rem; grid-template-columns: max-content 1fr; margin: 0 0 .5rem }
dt { opacity: .75 }
dd { margin: 0 }
ol { margin: 0; padding-left: 1.5rem }
code { overflow-wrap: anywhere }
@media print {
  :root { color-scheme: light; font-size: 10pt }
  body { margin: 0; max-width: none; padding: 0 }
}
</style>
</head>
<body>
<h1>Leak scan</h1>
";

/// One HTML page of its own, without scripts and without anything loaded.
#[must_use]
pub fn html(report: &Report) -> String {
    let mut out = String::from(HEAD);
    line(&mut out, &format!("<p>{}</p>", text(&summary(report))));
    let (low, high): (Vec<&Finding>, Vec<&Finding>) =
        report.findings.iter().partition(|finding| finding.confidence == Confidence::Low);
    for finding in high {
        article(&mut out, finding);
    }
    if !low.is_empty() {
        let count = low.len();
        line(&mut out, &format!("<details>\n<summary>{count} of low confidence</summary>"));
        for finding in low {
            article(&mut out, finding);
        }
        line(&mut out, "</details>");
    }
    for (title, lines) in notes(report) {
        line(&mut out, &format!("<h2>{title}</h2>\n<ul>"));
        for note in lines {
            line(&mut out, &format!("<li>{}</li>", text(&note)));
        }
        line(&mut out, "</ul>");
    }
    out + "</body>\n</html>\n"
}

fn article(out: &mut String, finding: &Finding) {
    let (severity, confidence) = (finding.severity.as_str(), finding.confidence.as_str());
    line(
        out,
        &format!(
            "<article>\n<h3>{} <small>{severity}, {confidence} confidence</small></h3>\n<dl>",
            text(&finding.name)
        ),
    );
    let mut fact = |name: &str, value: &str, code: bool| {
        if !value.is_empty() {
            let value = text(value);
            let value = if code { format!("<code>{value}</code>") } else { value };
            line(out, &format!("<dt>{name}</dt><dd>{value}</dd>"));
        }
    };
    if let Some(own) = &finding.own {
        fact("Yours", &format!("{}, version {} ({})", own.entry, own.version, own.stage), false);
    }
    fact("Where", &location(finding), true);
    fact("Commit", short(finding.commit.as_deref()), true);
    fact("By", &signed(finding), false);
    fact("Now", &standing(finding), false);
    fact("Secret", &finding.secret, true);
    fact("Fingerprint", &finding.fingerprint, true);
    line(out, "</dl>");
    if let Some(advice) = &finding.advice {
        line(out, &format!("<p>{}</p>", text(advice)));
    }
    if !finding.steps.is_empty() {
        line(out, "<ol>");
        for step in &finding.steps {
            line(out, &format!("<li>{}</li>", text(step)));
        }
        line(out, "</ol>");
    }
    line(out, "</article>");
}

fn line(out: &mut String, piece: &str) {
    writeln!(out, "{piece}").expect("writing to a String cannot fail");
}

fn text(text: &str) -> String {
    visible(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
