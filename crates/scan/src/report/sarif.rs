//! The report as SARIF 2.1.0 (OASIS), which code hosts and editors read.

use serde_json::{Value, json};

use crate::report::{Finding, Report, Severity};

/// A SARIF log with one run: its rules, a result for each finding, and what was not scanned as notifications.
/// What a baseline accepts is there too, suppressed.
/// No value is in it, even if the report holds them.
#[must_use]
pub fn sarif(report: &Report) -> Value {
    let mut rules: Vec<Value> = Vec::new();
    let mut ids: Vec<&str> = Vec::new();
    let mut results = Vec::with_capacity(report.findings.len());
    let known = report.known.iter().map(|known| (&known.finding, Some(known.reason.as_deref())));
    for (finding, accepted) in report.findings.iter().map(|finding| (finding, None)).chain(known) {
        let index = ids.iter().position(|id| *id == finding.rule).unwrap_or_else(|| {
            ids.push(&finding.rule);
            rules.push(rule(finding));
            ids.len() - 1
        });
        let mut result = result(finding, index);
        // Either every result says whether it is suppressed or none does (section 3.27.23).
        if !report.known.is_empty() {
            result["suppressions"] = match accepted {
                None => json!([]),
                Some(None) => json!([{ "kind": "external", "status": "accepted" }]),
                Some(Some(reason)) => {
                    json!([{ "kind": "external", "status": "accepted", "justification": reason }])
                }
            };
        }
        results.push(result);
    }
    let notifications: Vec<Value> = report
        .summary
        .skipped
        .iter()
        .map(|skipped| {
            json!({
                "level": "warning",
                "message": { "text": format!("{}: {}", skipped.path, skipped.reason) },
                "descriptor": { "id": "SKIPPED" },
            })
        })
        .chain(report.summary.notices.iter().map(|notice| {
            json!({ "level": "note", "message": { "text": notice.message }, "descriptor": { "id": notice.code } })
        }))
        .collect();
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Keyward",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "columnKind": "utf16CodeUnits",
            "originalUriBaseIds": { "SCANROOT": { "description": { "text": "The scanned path." } } },
            "invocations": [{
                "executionSuccessful": report.summary.complete,
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
        }],
    })
}

const LOAD: &str = "Take it out of the files and load it at run time (keyward run -- CMD).";
const CLEAN: &str = "Cleaning the history comes last and does not make the old key safe: git filter-repo --replace-text";

fn level(finding: &Finding) -> &'static str {
    match finding.severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "note",
    }
}

/// The scale by which code hosts sort: 9 and up is critical.
fn security_severity(finding: &Finding) -> &'static str {
    match finding.severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
    }
}

fn rule(finding: &Finding) -> Value {
    let mut rule = json!({
        "id": finding.rule,
        "name": finding.name,
        "shortDescription": { "text": finding.name },
        "defaultConfiguration": { "level": level(finding) },
        "properties": {
            "tags": ["security", "secret"],
            "security-severity": security_severity(finding),
            "precision": match finding.confidence.as_str() { "high" => "very-high", other => other },
        },
    });
    // Advice on one of the user's own entries names it; the rule's own is for everyone.
    let advice = finding.advice.as_deref().filter(|_| finding.own.is_none());
    let place = match finding.console.as_deref().filter(|_| finding.own.is_none()) {
        Some(console) => format!("Revoke it and make a new one at {console}"),
        None => "Revoke it where it was issued and make a new one.".to_owned(),
    };
    let help: Vec<&str> = advice.into_iter().chain([place.as_str(), LOAD, CLEAN]).collect();
    rule["help"] = json!({ "text": help.join("\n"), "markdown": list(&help) });
    let is_link = |text: &&String| {
        text.starts_with("https://")
            && text.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b))
    };
    if let Some(console) = finding.console.as_ref().filter(is_link) {
        rule["helpUri"] = json!(console);
    }
    rule
}

fn result(finding: &Finding, index: usize) -> Value {
    let own = finding.own.as_ref().map_or(String::new(), |own| {
        format!(" It is {}, version {} ({}).", own.entry, own.version, own.stage)
    });
    let commit =
        finding.commit.as_ref().map_or(String::new(), |commit| format!(" in commit {commit}"));
    let steps = finding.steps.iter().map(|step| format!("\n{step}"));
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": level(finding),
        "message": {
            "text": plain(&format!("{}{commit}.{own}{}", finding.name, steps.collect::<String>())),
        },
        "partialFingerprints": { "keyward/v1": finding.fingerprint },
        "properties": {
            "confidence": finding.confidence.as_str(),
            "source": finding.source.as_str(),
            "commit": finding.commit,
            "blob": finding.blob,
            "author": finding.author,
            "date": finding.date,
            "inHead": finding.in_head,
            "pushed": finding.pushed,
        },
    });
    let locations: Vec<Value> = finding
        .places
        .iter()
        .enumerate()
        .filter(|(_, place)| !place.path.is_empty())
        .map(|(number, place)| {
            let mut region = json!({ "startLine": place.line, "startColumn": place.utf16_column });
            if number == 0 {
                region["endLine"] = json!(finding.end_line);
                region["endColumn"] = json!(finding.utf16_end_column);
            }
            json!({ "physicalLocation": {
                "artifactLocation": { "uri": uri(&place.path), "uriBaseId": "SCANROOT" },
                "region": region,
            } })
        })
        .collect();
    let mut locations = locations.into_iter();
    result["locations"] = json!(locations.next().into_iter().collect::<Vec<_>>());
    let related: Vec<Value> = locations.take(100).collect();
    if !related.is_empty() {
        result["relatedLocations"] = json!(related);
    }
    result
}

/// Message texts read `[text](target)` as a link and `{0}` as an argument (section 3.11).
fn plain(text: &str) -> String {
    text.replace('\\', "\\\\").replace('[', "\\[").replace('{', "{{").replace('}', "}}")
}

/// Help as a Markdown list.
fn list(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("- {line}\n")).collect()
}

/// A relative path as a URI reference (RFC 3986); what is percent-escaped already stays.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for (at, byte) in path.bytes().enumerate() {
        let escape = byte == b'%'
            && path
                .as_bytes()
                .get(at + 1..at + 3)
                .is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) || escape {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uri_references() {
        assert_eq!(uri("a b/ä%FF:#.txt"), "a%20b/%C3%A4%FF%3A%23.txt");
        assert_eq!(uri("100%"), "100%25");
    }

    #[test]
    fn message_texts_hold_no_links_or_arguments() {
        assert_eq!(plain("[a](b) {0} \\"), "\\[a](b) {{0}} \\\\");
    }
}
