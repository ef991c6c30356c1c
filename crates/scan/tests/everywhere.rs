//! A secret of every rule, and values of the vault, in every place and dress in which they hide: each is found,
//! where it is, and nothing else is called the vault's.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::Repo;
use keyward_scan::{Cancel, Confidence, Options, OwnValue, Report, Rules, Silent, Source, scan};
use secrecy::SecretSlice;

/// The first example of each rule, by a file name of its own.
fn examples(rules: &Rules) -> BTreeMap<String, String> {
    rules
        .iter()
        .enumerate()
        .filter_map(|(number, rule)| {
            Some((format!("f{number:04}"), rule.examples.first()?.clone()))
        })
        .collect()
}

/// The rules that were seen, by the first part of the path.
fn seen(report: &Report, source: Source, least: Confidence) -> BTreeMap<String, BTreeSet<String>> {
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for finding in report.findings.iter().filter(|finding| finding.confidence >= least) {
        for place in finding.places.iter().filter(|place| place.source == source) {
            let name = place.path.split(['/', '.']).next_back().unwrap_or_default();
            let name = if name.starts_with('f') {
                name
            } else {
                place.path.split('.').next().unwrap_or_default()
            };
            seen.entry(name.rsplit(['/', '!']).next().unwrap_or(name).to_owned())
                .or_default()
                .insert(finding.rule.clone());
        }
    }
    seen
}

fn report(repo: &Repo, rules: &Rules, history: bool) -> Report {
    let mut options = Options::new(&repo.path);
    options.no_ignore = true;
    options.sources.history = history;
    options.sources.worktree = !history;
    scan(&options, rules, Some(&[]), &Silent, &Cancel::default()).expect("it can be scanned")
}

/// What `dress` makes of each example, in the work tree.
fn dressed(rules: &Rules, dress: impl Fn(&str) -> Vec<u8>) -> Report {
    let repo = Repo::new();
    for (name, example) in examples(rules) {
        repo.write(&name, dress(&example));
    }
    report(&repo, rules, false)
}

#[test]
fn a_secret_of_every_rule_is_found_in_every_place() {
    let rules = Rules::builtin();
    let files = dressed(&rules, |example| format!("{example}\n").into_bytes());
    let plain = seen(&files, Source::Worktree, Confidence::Low);
    let all = examples(&rules);
    assert!(all.len() > 1_800, "every rule has an example");
    let unseen: Vec<&String> = all.keys().filter(|name| !plain.contains_key(*name)).collect();
    assert!(unseen.is_empty(), "in a file: {unseen:?}");

    // In the history, gone since; in a stash.
    let repo = Repo::new();
    repo.write("begin", "nothing\n");
    repo.commit("begin");
    for (name, example) in &all {
        repo.write(name, format!("{example}\n"));
    }
    // Two well-known scanners pass such files over.
    repo.write(".gitattributes", "* -diff\n");
    repo.commit("all of them");
    repo.git(&["rm", "-q", "-r", "."]);
    repo.commit("none");
    let history = seen(&report(&repo, &rules, true), Source::History, Confidence::Low);
    assert_eq!(history, plain, "in the history");

    let repo = Repo::new();
    repo.write("begin", "nothing\n");
    repo.commit("begin");
    for (name, example) in &all {
        repo.write(name, format!("{example}\n"));
    }
    repo.git(&["add", "-A"]);
    repo.git(&["stash", "-q"]);
    let stash = seen(&report(&repo, &rules, true), Source::History, Confidence::Low);
    assert_eq!(stash, plain, "in a stash");

    let nul = dressed(&rules, |example| [example.as_bytes(), b"\n\0\x01\x02"].concat());
    // In what is no text, rules that are unsure only make noise.
    let sure = seen(&files, Source::Worktree, Confidence::Medium);
    assert_eq!(seen(&nul, Source::Worktree, Confidence::Medium), sure, "beside NUL bytes");
}

#[test]
fn a_secret_of_every_rule_is_found_in_every_dress() {
    let rules = Rules::builtin();
    let files = dressed(&rules, |example| format!("{example}\n").into_bytes());
    let sure = seen(&files, Source::Worktree, Confidence::Medium);
    let plain = seen(&files, Source::Worktree, Confidence::Low);
    assert!(sure.len() > 1_000, "most rules are sure of their example");

    let wide = dressed(&rules, |example| {
        let units =
            format!("{example}\n").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        [&[0xff, 0xfe][..], &units].concat()
    });
    assert_eq!(seen(&wide, Source::Worktree, Confidence::Low), plain, "in UTF-16");

    let base64 = dressed(&rules, |example| {
        let text = format!("words that come before\n{example}\nand words that come after it");
        format!("data: {}\n", STANDARD.encode(text)).into_bytes()
    });
    let base64 = seen(&base64, Source::Worktree, Confidence::Medium);
    let missed: Vec<&String> = sure.keys().filter(|name| !base64.contains_key(*name)).collect();
    assert!(missed.is_empty(), "in base64: {missed:?}");
}

/// A value of the vault that no rule knows.
fn value(number: usize) -> String {
    format!("Vq{number:02}/own+value \"kept\" {}", "xK7pW2"[number % 6..].repeat(3))
}

#[test]
fn fifty_values_of_the_vault_are_all_found_and_nothing_else_is_ours() {
    let own: Vec<OwnValue> = (0..50)
        .map(|number| OwnValue {
            entry: format!("acme/prod/own{number:02}"),
            version: 1,
            stage: "current".to_owned(),
            value: SecretSlice::from(value(number).into_bytes()),
        })
        .collect();
    let percent = |text: &str| -> String {
        let byte = |b: u8| {
            if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") }
        };
        text.bytes().map(byte).collect()
    };
    let repo = Repo::new();
    repo.write("begin", "nothing of ours, though Vq is near\n");
    repo.commit("begin");
    for number in 0..50 {
        let value = value(number);
        let text = match number % 6 {
            0 => format!("key = {value}\n"),
            1 => format!("key: {}\n", STANDARD.encode(&value)),
            2 => format!("https://acme.test/?key={}&x=1\n", percent(&value)),
            3 => format!("{}\n", serde_json::json!({ "key": value })),
            4 => {
                let (head, tail) = value.split_at(value.len() / 2);
                format!("key = '{head}' \\\n      '{tail}'\n")
            }
            _ => format!("key = {value}\n"),
        };
        repo.write(&format!("own{number:02}.txt"), text);
        if number % 6 == 5 {
            repo.git(&["add", "-A"]);
            repo.git(&["stash", "-q"]);
        } else if number % 2 == 0 {
            repo.commit("one more");
        }
    }
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("inside.txt", zip::write::SimpleFileOptions::default()).expect("a member");
    zip.write_all(value(7).as_bytes()).expect("written");
    repo.write("more.zip", zip.finish().expect("an archive").into_inner());

    let options = Options::new(&repo.path);
    let rules = Rules::builtin();
    let report = scan(&options, &rules, Some(&own), &Silent, &Cancel::default()).expect("a report");
    let mut found: Vec<&str> = report
        .findings
        .iter()
        .filter_map(|finding| finding.own.as_ref())
        .map(|own| own.entry.as_str())
        .collect();
    found.sort_unstable();
    let wanted: Vec<&str> = own.iter().map(|own| own.entry.as_str()).collect();
    assert_eq!(found, wanted);
}
