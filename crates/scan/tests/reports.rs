//! What a report says and keeps to itself: masks, fingerprints, own values, baselines, and other formats.

mod common;

use common::{Repo, found, key, run};
use keyward_scan::{
    Baseline, Cancel, Confidence, Decoding, Options, OwnValue, OwnValues, Report, Rules, ScanError,
    Severity, Silent, Source, csv, html, markdown, sarif, scan, scan_bytes,
};
use secrecy::SecretSlice;

fn stdin(text: impl AsRef<[u8]>) -> Report {
    with_own(text, &[])
}

fn with_own(text: impl AsRef<[u8]>, own: &[OwnValue]) -> Report {
    let (rules, cancel) = (Rules::builtin(), Cancel::default());
    scan_bytes(text.as_ref(), &Options::new("-"), &rules, Some(own), &cancel).expect("a report")
}

fn own(entry: &str, stage: &str, value: &str) -> OwnValue {
    OwnValue {
        entry: entry.to_owned(),
        version: 2,
        stage: stage.to_owned(),
        value: SecretSlice::from(value.as_bytes().to_vec()),
    }
}

#[test]
fn the_json_has_the_fields_of_the_contract_and_no_value() {
    let report = stdin(format!("a = 1\n  x_key = {}\n", key(1)));
    let json = serde_json::to_value(&report).expect("JSON");
    let finding = &json["findings"][0];
    assert_eq!(json["version"], 1);
    for (field, value) in [
        ("rule", "stripe-secret-key".into()),
        ("provider", "stripe".into()),
        ("severity", "critical".into()),
        ("confidence", "high".into()),
        ("path", "-".into()),
        ("line", 2.into()),
        ("column", 11.into()),
        ("end_line", 2.into()),
        ("end_column", 43.into()),
        ("commit", serde_json::Value::Null),
        ("blob", serde_json::Value::Null),
        ("source", "stdin".into()),
        ("own", serde_json::Value::Null),
        ("decoded", serde_json::json!([])),
    ] {
        assert_eq!(finding[field], value, "{field}");
    }
    assert_eq!(finding["secret"], format!("sk_{}…zKd3", "l"));
    assert_eq!(json["summary"]["own_values"], "none");
    assert!(!json.to_string().contains(&key(1)), "no value in the report");
    assert!(!format!("{report:?}").contains(&key(1)));
}

#[test]
fn own_values_are_named_in_any_encoding() {
    use base64::Engine as _;
    let value = "Kd93-plain!value";
    let mine = [own("acme/prod/db", "current", value), own("acme/prod/stripe", "revoked", &key(1))];
    let encoded =
        base64::engine::general_purpose::STANDARD.encode(format!("\u{1}\u{2}{value}\u{3}"));
    let report = with_own(format!("{encoded}\n{}\n{}\n", key(1), hex::encode(value)), &mine);
    assert_eq!(report.summary.own_values, OwnValues::Checked);
    assert_eq!(report.findings.len(), 2);
    let plain =
        report.findings.iter().find(|f| f.rule == "own-value").expect("a value that no rule knows");
    assert_eq!(
        (plain.severity, plain.confidence, plain.line),
        (Severity::Critical, Confidence::High, 1)
    );
    assert_eq!(plain.decoded, [Decoding::Base64]);
    assert_eq!(plain.places.len(), 2, "base64 and hexadecimal are one finding");
    assert_eq!(
        plain.own.as_ref().map(|own| (own.entry.as_str(), own.version)),
        Some(("acme/prod/db", 2))
    );
    let stripe =
        report.findings.iter().find(|f| f.rule == "stripe-secret-key").expect("the rule names it");
    assert_eq!(stripe.own.as_ref().map(|own| own.stage.as_str()), Some("revoked"));
}

#[test]
fn own_only_looks_for_nothing_else() {
    let mut options = Options::new("-");
    options.own_only = true;
    let text = format!("{} and Vq-own-value-1", key(1));
    let mine = [own("a/b/c", "previous", "Vq-own-value-1")];
    let report =
        scan_bytes(text.as_bytes(), &options, &Rules::builtin(), Some(&mine), &Cancel::default());
    let report = report.expect("a report");
    assert_eq!(report.findings.len(), 1);
    assert_eq!(
        (report.findings[0].rule.as_str(), report.findings[0].severity),
        ("own-value", Severity::Critical)
    );
    assert_eq!(report.findings[0].provider, None);
}

#[test]
fn fingerprints_outlive_line_moves_and_do_not_give_passwords_away() {
    let print = |text: &str| stdin(text).findings[0].fingerprint.clone();
    let first = print(&format!("x {}", key(1)));
    assert_eq!(first, print(&format!("\n\nother = '{}'", key(1))));
    assert_ne!(first, print(&key(2)));
    assert!(first.len() == 32 && first.bytes().all(|b| b.is_ascii_hexdigit()));

    let password = |value: &str| stdin(format!("db_password = \"{value}\"\n"));
    let (one, other) = (password("Tr0ub4dor&3x"), password("C0rrectH0rse!"));
    assert_eq!(
        one.findings[0].fingerprint, other.findings[0].fingerprint,
        "it does not depend on the value"
    );
    assert_eq!(one.findings[0].confidence, Confidence::Low);
}

#[test]
fn allowed_lines_pass_even_without_ignores() {
    let text = format!(
        "{} # keyward:allow\n{} // gitleaks:allow\n{}\n# keyward:allow\n",
        key(1),
        key(2),
        key(3)
    );
    let mut options = Options::new("-");
    options.no_ignore = true;
    let report = scan_bytes(text.as_bytes(), &options, &Rules::builtin(), None, &Cancel::default())
        .expect("a report");
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.findings[0].line, 3);
}

#[test]
fn a_report_is_a_baseline() {
    let repo = Repo::new();
    repo.write("f", format!("{}\n", key(1)));
    repo.commit("one");
    let mut options = repo.options();
    options.show_secrets = false;
    let first = serde_json::to_vec(&run(&options).expect("a report")).expect("JSON");
    repo.write("g", format!("\n\n{}\n", key(2)));
    repo.write("f", format!("moved\n{}\n", key(1)));
    repo.commit("two");
    let mut options = repo.options();
    options.baseline = Some(Baseline::parse(&first, "old.json").expect("a baseline"));
    let report = run(&options).expect("a report");
    assert_eq!((report.findings.len(), report.summary.baselined), (1, 1));
    assert_eq!(found(&report, 2).path, "g");
}

#[test]
fn the_least_confidence_and_the_order() {
    let repo = Repo::new();
    repo.write("b.py", "api_key = \"7f3kQ9sLx2VbN8mZt4Wp\"\n");
    repo.write("c.py", format!("{}\n", key(1)));
    repo.write("a.py", format!("\n{}\n{}\n", key(2), key(3)));
    let report = run(&repo.options()).expect("a report");
    let order: Vec<_> = report.findings.iter().map(|f| (f.path.as_str(), f.line)).collect();
    assert_eq!(order, [("a.py", 2), ("a.py", 3), ("c.py", 1), ("b.py", 1)]);
    let mut options = repo.options();
    options.min_confidence = Some(Confidence::Medium);
    assert_eq!(run(&options).expect("a report").findings.len(), 3);
}

#[test]
fn test_data_is_quieted_but_not_real_tokens() {
    let repo = Repo::new();
    let url = "postgres://app:s9Kd-2mPq7vX@db.acme.io/app";
    repo.write("tests/fixtures/a.txt", format!("{url}\n{}\n", key(1)));
    let confidence = |options: &Options, rule: &str| {
        let report = run(options).expect("a report");
        report.findings.iter().find(|f| f.rule == rule).map(|f| f.confidence)
    };
    let mut options = repo.options();
    assert_eq!(confidence(&options, "postgres-connection-string"), Some(Confidence::Low));
    assert_eq!(confidence(&options, "stripe-secret-key"), Some(Confidence::High));
    options.no_ignore = true;
    assert_eq!(confidence(&options, "postgres-connection-string"), Some(Confidence::Medium));
}

#[test]
fn other_formats_escape_what_is_foreign() {
    let repo = Repo::new();
    let name = "<img src=x onerror=alert(1)>|=1+2\u{202e}.txt";
    repo.write(name, key(1));
    repo.write("=cmd()", key(2));
    let mut options = repo.options();
    options.show_secrets = false;
    let report = run(&options).expect("a report");
    let html = html(&report);
    assert!(!html.contains("<img") && html.contains("&lt;img") && !html.contains('\u{202e}'));
    let markdown = markdown(&report);
    assert!(!markdown.contains("<img") && markdown.contains("\\|=1+2"));
    assert!(csv(&report).contains("\"'=cmd()\""));
    assert_eq!(csv(&report).matches("\r\n").count(), 3);
}

#[test]
fn sarif_has_what_code_hosts_ask_for() {
    let repo = Repo::new();
    repo.write("a b.txt", format!("x\n {}\n", key(1)));
    repo.commit(&format!("message {}", key(2)));
    let log = sarif(&repo.scan());
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["rules"].as_array().map(Vec::len), Some(1));
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 2);
    let file =
        results.iter().find(|result| result["locations"][0].is_object()).expect("one in a file");
    let place = &file["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b.txt");
    assert_eq!(
        place["region"],
        serde_json::json!({"startLine":2,"startColumn":2,"endLine":2,"endColumn":34})
    );
    assert_eq!(file["level"], "error");
    assert_eq!(file["partialFingerprints"]["keyward/v1"].as_str().map(str::len), Some(32));
    assert!(!log.to_string().contains(&key(1)), "even though the report holds it");
}

#[test]
fn cancelling_stops_it() {
    let repo = Repo::new();
    repo.write("f", "x");
    repo.commit("one");
    let cancel = Cancel::default();
    cancel.cancel();
    let stopped = scan(&repo.options(), &Rules::builtin(), None, &Silent, &cancel);
    assert!(matches!(stopped, Err(ScanError::Cancelled)));
}

#[test]
fn several_paths_are_told_apart() {
    let repo = Repo::new();
    repo.write("f", key(1));
    let other = repo.beside("other");
    std::fs::create_dir(&other).expect("a folder");
    std::fs::write(other.join("g"), key(1)).expect("a file");
    let mut options = repo.options();
    options.paths.push(other.clone());
    let finding = found(&run(&options).expect("a report"), 1);
    let paths: Vec<_> = finding.places.iter().map(|place| place.path.clone()).collect();
    let expected = [other.join("g"), repo.path.join("f")].map(|path| path.display().to_string());
    assert_eq!(paths, expected);
    assert_eq!(finding.source, Source::Worktree);
}
