//! Members of archives are searched wherever an archive can be, and archives made to harm or broken on the way
//! are said and passed.

mod common;

use std::io::{Cursor, Write as _};
use std::time::{Duration, Instant};

use common::{Repo, found, key, place, run, shown};
use flate2::Compression;
use flate2::write::GzEncoder;
use keyward_scan::{Cancel, Decoding, Options, OwnValue, Report, Rules, Silent, Source, scan};
use secrecy::SecretSlice;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    zip_with(members, CompressionMethod::Deflated)
}

fn zip_with(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        let options = SimpleFileOptions::default().compression_method(method);
        zip.start_file(*name, options).expect("a member");
        zip.write_all(content).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *content).expect("memory");
    }
    tar.into_inner().expect("memory")
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(content).expect("memory");
    gzip.finish().expect("memory")
}

/// The key in the third line, from the sixth byte.
fn env(number: u32) -> Vec<u8> {
    format!("A=1\nB=2\nKEY ={}\n", key(number)).into_bytes()
}

fn plain(report: &Report) -> Vec<(&str, &str)> {
    let rows = report.summary.skipped.iter();
    rows.map(|skipped| (skipped.path.as_str(), skipped.reason.as_str())).collect()
}

/// A folder with one file, scanned.
fn file(name: &str, content: &[u8]) -> Report {
    file_with(name, content, |_| {})
}

fn file_with(name: &str, content: &[u8], change: impl Fn(&mut Options)) -> Report {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(name), content).expect("a file");
    let mut options = shown(folder.path());
    change(&mut options);
    let report = run(&options).expect("a report");
    assert_eq!(
        std::fs::read_dir(folder.path()).expect("a folder").count(),
        1,
        "nothing is written"
    );
    report
}

#[test]
fn in_the_work_tree_by_content_and_not_by_name() {
    for name in ["app.zip", "app.jar", "no-name-at-all"] {
        for method in [CompressionMethod::Deflated, CompressionMethod::Stored] {
            let archive = zip_with(&[("README", b"hello"), ("config/.env", &env(1))], method);
            let report = file(name, &archive);
            let finding = found(&report, 1);
            let path = format!("{name}!config/.env");
            assert_eq!(place(&finding), (path.as_str(), 3, None, Source::Worktree));
            assert_eq!((finding.column, finding.end_line, finding.end_column), (6, 3, 6 + 32));
            assert_eq!(finding.decoded, [Decoding::Archive]);
            assert_eq!(finding.places.len(), 1, "once, though it shows through: {finding:?}");
            assert!(report.summary.complete && report.summary.skipped.is_empty());
        }
    }
}

#[test]
fn after_a_program_that_unpacks_it() {
    let mut program = b"#!/usr/bin/env python3\n".to_vec();
    program.extend(zip(&[("__main__.py", &env(1))]));
    assert_eq!(found(&file("tool", &program), 1).path, "tool!__main__.py");
}

#[test]
fn what_no_member_holds_is_found_too() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("a", SimpleFileOptions::default()).expect("a member");
    zip.set_comment(format!("made with {}", key(1))).expect("a short comment");
    let archive = zip.finish().expect("memory").into_inner();
    assert_eq!(found(&file("a.zip", &archive), 1).path, "a.zip");
}

#[test]
fn staged() {
    let repo = Repo::new();
    repo.commit("first");
    repo.write("app.zip", zip(&[("a/b", &env(1))]));
    repo.git(&["add", "-A"]);
    repo.write("app.zip", "clean\n");
    let mut options = repo.options();
    options.sources.staged = true;
    let report = run(&options).expect("a report");
    assert_eq!(place(&found(&report, 1)), ("app.zip!a/b", 3, None, Source::Index));
}

#[test]
fn handed_in() {
    let options = shown(std::path::Path::new("-"));
    let bytes = zip(&[("a", &env(1))]);
    let rules = Rules::builtin();
    let report = keyward_scan::scan_bytes(&bytes, &options, &rules, Some(&[]), &Cancel::default());
    let report = report.expect("a report");
    assert_eq!(place(&found(&report, 1)), ("-!a", 3, None, Source::Stdin));
}

#[test]
fn in_history_only() {
    for packed in [false, true] {
        let repo = Repo::new();
        repo.write("README", "hello\n");
        repo.commit("first");
        repo.write("dist/app.zip", zip(&[("x", b"old")]));
        repo.commit("clean");
        repo.write("dist/app.zip", zip(&[("x", b"old"), ("config/.env", &env(1))]));
        let brought_in = repo.commit("with a key");
        let blob = repo.git(&["rev-parse", "HEAD:dist/app.zip"]);
        repo.write("dist/app.zip", zip(&[("x", b"new"), ("config/.env", &env(1))]));
        repo.commit("still there");
        repo.git(&["rm", "-q", "dist/app.zip"]);
        repo.commit("gone");
        if packed {
            repo.git(&["repack", "-adfq", "--depth=50"]);
        }
        let report = repo.history();
        let finding = found(&report, 1);
        let expected = ("dist/app.zip!config/.env", 3, Some(brought_in.as_str()), Source::History);
        assert_eq!(place(&finding), expected, "packed: {packed}");
        assert_eq!((finding.column, finding.end_column), (6, 6 + 32));
        assert_eq!(finding.decoded, [Decoding::Archive]);
        assert_eq!(finding.blob, Some(blob));
        assert_eq!(finding.places.len(), 1, "{:?}", finding.places);
        let mut options = repo.options();
        options.sources.since = Some("main~3".to_owned());
        let since = run(&options).expect("a report");
        assert_eq!(place(&found(&since, 1)), expected, "since a revision");
    }
}

#[test]
fn changes_alone_tell_the_same_as_whole_versions() {
    let repo = Repo::new();
    let filler: String = (0..400).map(|n| format!("line {n} of a file\n")).collect();
    for n in 1..8_u32 {
        let text = format!("{filler}{}{filler}", String::from_utf8_lossy(&env(n)));
        let bytes = match n % 4 {
            // The same text plain and as a member: each is told as a change of the other.
            0 => text.clone().into_bytes(),
            1 => tar(&[("a", text.as_bytes())]),
            2 => zip_with(&[("a", text.as_bytes())], CompressionMethod::Stored),
            _ => tar(&[("b", text.as_bytes()), ("c", &env(n + 10))]),
        };
        repo.write("file", bytes);
        repo.commit("more");
    }
    repo.git(&["repack", "-adfq", "--depth=50", "--window=50"]);
    let deltas = repo.git(&["verify-pack", "-v", &format!("{}.idx", pack(&repo))]);
    assert!(deltas.contains("chain length"), "{deltas}");
    let said = |whole: bool| {
        let mut options = repo.options();
        options.sources.history = true;
        options.whole = whole;
        let report = run(&options).expect("a report");
        let mut rows: Vec<String> = report
            .findings
            .iter()
            .map(|f| format!("{} {:?} {:?}", f.secret, f.places, f.decoded))
            .collect();
        rows.sort();
        rows
    };
    assert_eq!(said(false), said(true));
    assert_eq!(said(false).len(), 9, "seven, and two in second members");
}

/// The path of the only pack, without its ending.
fn pack(repo: &Repo) -> String {
    let folder = repo.path.join(".git/objects/pack");
    let mut packs =
        std::fs::read_dir(folder).expect("packs").map(|entry| entry.expect("a pack").path());
    let pack = packs.find(|path| path.extension().is_some_and(|end| end == "pack"));
    pack.expect("a pack").with_extension("").display().to_string()
}

#[test]
fn two_keys_and_one_key_twice_keep_their_members() {
    let repo = Repo::new();
    let archive = zip(&[("a", &env(1)), ("b", &env(2)), ("c/d", &env(1))]);
    repo.write("x.zip", archive);
    repo.commit("first");
    let report = repo.history();
    let paths = |number| -> Vec<String> {
        found(&report, number).places.into_iter().map(|place| place.path).collect()
    };
    assert_eq!(paths(1), ["x.zip!a", "x.zip!c/d"]);
    assert_eq!(paths(2), ["x.zip!b"]);
}

#[test]
fn tar_and_gzip() {
    let folder = tar(&[("src/main.rs", b"fn main() {}\n"), ("src/.env", &env(1))]);
    for (name, bytes, path) in [
        ("a.tar", folder.clone(), "a.tar!src/.env"),
        ("a.tar.gz", gzip(&folder), "a.tar.gz!src/.env"),
        ("a.tgz", [gzip(&folder), vec![0; 512]].concat(), "a.tgz!src/.env"),
        ("log.gz", gzip(&env(1)), "log.gz!content"),
        ("two.gz", [gzip(b"first\n"), gzip(&env(1)[4..])].concat(), "two.gz!content"),
    ] {
        let report = file(name, &bytes);
        let finding = found(&report, 1);
        assert_eq!((finding.path.as_str(), finding.line), (path, 3));
        assert_eq!(finding.decoded, [Decoding::Archive], "{name}");
        assert!(report.summary.complete && plain(&report).is_empty(), "{:?}", plain(&report));
    }
    let long = format!("{}/.env", "deep/".repeat(60).trim_end_matches('/'));
    assert_eq!(found(&file("a.tar", &tar(&[(&long, &env(1))])), 1).path, format!("a.tar!{long}"));
}

#[test]
fn inside_each_other_to_a_depth() {
    let mut bytes = env(1);
    for (level, path) in ["a!e", "a!e!e", "a!e!e!e"].into_iter().enumerate() {
        bytes = if level % 2 == 0 { zip(&[("e", &bytes)]) } else { tar(&[("e", &bytes)]) };
        let report = file("a", &bytes);
        let finding = found(&report, 1);
        assert_eq!((finding.path.as_str(), finding.line, finding.places.len()), (path, 3, 1));
        assert_eq!(finding.decoded.len(), level + 1);
        assert!(plain(&report).is_empty());
    }
    let report = file("a", &zip(&[("e", &bytes)]));
    assert!(report.findings.is_empty());
    assert_eq!(plain(&report), [("a!e!e!e", "an archive in 3 others, which is not unpacked")]);
}

#[test]
fn several_members_of_one_name_are_all_read() {
    // A reader that keys members by name sees the last one only.
    let bytes = zip(&[("a", &env(1)), ("b", b"harmless")]);
    let at: Vec<usize> = memchr::memmem::find_iter(&bytes, b"PK\x01\x02").collect();
    let mut twice = bytes;
    twice[at[1] + 46] = b'a';
    assert_eq!(found(&file("x.zip", &twice), 1).path, "x.zip!a");
}

#[test]
fn names_lead_nowhere() {
    for name in ["../../evil", "/etc/passwd", "C:\\evil", "a\nb\x1b[31m"] {
        let report = file("x.zip", &zip(&[(name, &env(1))]));
        assert_eq!(found(&report, 1).path, format!("x.zip!{name}"));
    }
}

#[test]
fn a_bomb_is_bounded() {
    let zeros = vec![0; 48 * 1024 * 1024];
    let layer = zip(&[("0", &zeros), ("1", &zeros), ("2", &zeros)]);
    // Ten times the same 48 MiB thrice, in 140 kB that shrink once more.
    let names: Vec<String> = (0..10).map(|n| format!("{n}.zip")).collect();
    let inner: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), layer.as_slice())).collect();
    for bomb in [gzip(&zeros), zip(&inner), gzip(&gzip(&zeros)), gzip(&tar(&[("x", &zeros)]))] {
        let start = Instant::now();
        let report = file("bomb", &bomb);
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
        assert!(
            plain(&report).iter().any(|(_, why)| why.contains("unpacks to far more than its size")),
            "{} bytes: {:?}",
            bomb.len(),
            plain(&report)
        );
    }
}

#[test]
fn limits_are_those_of_the_scan() {
    let big = vec![b'a'; 200_000];
    let small = |options: &mut Options| options.max_blob = 100_000;
    for archive in
        [zip(&[("big", &big), ("key", &env(1))]), gzip(&tar(&[("big", &big), ("key", &env(1))]))]
    {
        let report = file_with("x", &archive, small);
        assert_eq!(found(&report, 1).path, "x!key");
        let [(path, why)] = plain(&report)[..] else { panic!("{:?}", plain(&report)) };
        assert_eq!(path, "x!big");
        assert!(why.contains("200000 bytes") && why.contains("--max-blob"), "{why}");
        assert!(report.summary.complete);
    }
    let many: Vec<(String, Vec<u8>)> = (0..10_001).map(|n| (format!("{n}"), env(n + 1))).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(n, c)| (n.as_str(), c.as_slice())).collect();
    let report = file("x", &zip(&many));
    assert_eq!(report.findings.len(), 10_000);
    assert_eq!(plain(&report), [("x", "more than 10000 members; the rest was not searched")]);
}

#[test]
fn encrypted_members_and_strange_compressions_are_said() {
    let bytes = zip(&[("open", &env(1)), ("closed", &env(2)), ("odd", &env(3))]);
    let at: Vec<usize> = memchr::memmem::find_iter(&bytes, b"PK\x01\x02").collect();
    let mut changed = bytes;
    changed[at[1] + 8] |= 1;
    changed[at[2] + 10] = 12;
    let report = file("x.zip", &changed);
    assert_eq!(found(&report, 1).path, "x.zip!open");
    assert_eq!(report.findings.len(), 1);
    assert_eq!(
        plain(&report),
        [("x.zip!closed", "encrypted"), ("x.zip!odd", "compressed in a way that is not read")]
    );
    assert!(report.summary.complete);
    let report = file("x.xz", b"\xfd7zXZ\0\0\x04rest");
    assert_eq!(plain(&report), [("x.xz", "packed with xz, which is not read")]);
}

#[test]
fn damage_is_said_and_what_comes_before_is_searched() {
    let good = zip(&[("a", &env(1))]);
    let report = file("cut.zip", &good[..good.len() - 10]);
    assert_eq!(plain(&report), [("cut.zip", "damaged zip archive")]);
    assert!(!report.summary.complete);

    let mut wrong = zip_with(&[("a", &env(1)), ("b", &env(2))], CompressionMethod::Stored);
    wrong[31] ^= 1;
    let report = file("wrong.zip", &wrong);
    assert_eq!(plain(&report), [("wrong.zip!a", "damaged")]);
    assert!(!report.summary.complete);
    assert_eq!(found(&report, 2).path, "wrong.zip!b");

    let noise: Vec<u8> =
        (0..100_000_u32).flat_map(|n| (n.wrapping_mul(2_654_435_761)).to_le_bytes()).collect();
    let packed = gzip(&tar(&[("key", &env(1)), ("noise", &noise)]));
    let report = file("cut.tgz", &packed[..packed.len() / 2]);
    assert_eq!(found(&report, 1).path, "cut.tgz!key");
    assert!(!report.summary.complete);
    assert!(plain(&report).contains(&("cut.tgz!noise", "damaged")), "{:?}", plain(&report));
}

#[test]
fn damage_in_history_names_the_object() {
    let repo = Repo::new();
    let good = zip(&[("a", &env(1))]);
    repo.write("cut.zip", &good[..good.len() - 10]);
    repo.commit("first");
    let id = repo.git(&["rev-parse", "HEAD:cut.zip"]);
    for pack in [false, true] {
        if pack {
            repo.git(&["repack", "-adfq"]);
        }
        let report = repo.history();
        let name = format!("object {id}");
        assert_eq!(plain(&report), [(name.as_str(), "damaged zip archive")]);
        assert!(!report.summary.complete);
    }
}

fn own(value: &str) -> Vec<OwnValue> {
    vec![OwnValue {
        entry: "acme/prod/own".to_owned(),
        version: 1,
        stage: "current".to_owned(),
        value: SecretSlice::from(value.as_bytes().to_vec()),
    }]
}

fn with_own(repo: &Repo, value: &str) -> Report {
    scan(&repo.options(), &Rules::builtin(), Some(&own(value)), &Silent, &Cancel::default())
        .expect("a report")
}

#[test]
fn an_own_value() {
    let repo = Repo::new();
    repo.write("x.zip", zip(&[("a", b"one\ntwo 7f3kQ9sLx2VbN8mZt4WpYc6R\n")]));
    let commit = repo.commit("first");
    let report = with_own(&repo, "7f3kQ9sLx2VbN8mZt4WpYc6R");
    let [finding] = &report.findings[..] else { panic!("{report:?}") };
    assert_eq!(finding.own.as_ref().map(|own| own.entry.as_str()), Some("acme/prod/own"));
    let places: Vec<_> = finding
        .places
        .iter()
        .map(|p| (p.path.as_str(), p.line, p.column, p.commit.as_deref()))
        .collect();
    assert_eq!(places, [("x.zip!a", 2, 5, None), ("x.zip!a", 2, 5, Some(commit.as_str()))]);
}

/// A notebook is JSON: code and output are strings in it, and a string of the code is escaped twice.
fn notebook(code: &str, output: &str) -> String {
    let text = |text: &str| -> serde_json::Value {
        text.split_inclusive('\n').map(serde_json::Value::from).collect()
    };
    let cell = serde_json::json!({
        "cell_type": "code", "execution_count": 1, "metadata": {},
        "source": text(code),
        "outputs": [{"output_type": "stream", "name": "stdout", "text": text(output)}],
    });
    let book =
        serde_json::json!({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5});
    serde_json::to_string_pretty(&book).expect("JSON")
}

#[test]
fn notebooks() {
    let own = "pa\"ss-7f3kQ9s\nLx2VbN8mZt4W";
    let repo = Repo::new();
    let code = format!("import os\nkey = \"{}\"\nprint(\"ok\")\n", key(1));
    let output = format!("using \"{}\"\nbye\n", key(2));
    repo.write("a.ipynb", notebook(&code, &output));
    // Written in code, the value is escaped as Python wants it, and then as JSON does; printed, it is plain
    // but for JSON, on two lines.
    repo.write("code.ipynb", notebook("v = \"pa\\\"ss-7f3kQ9s\\nLx2VbN8mZt4W\"\n", ""));
    repo.write("output.ipynb", notebook("print(v)\n", &format!("v is {own}\n")));
    repo.commit("first");
    let report = with_own(&repo, own);
    for (number, word) in [(1, "key = "), (2, "using ")] {
        let finding = found(&report, number);
        let text = std::fs::read_to_string(repo.path.join("a.ipynb")).expect("a notebook");
        let line = text.lines().position(|line| line.contains(word)).expect("a line") as u64 + 1;
        assert_eq!((finding.path.as_str(), finding.line), ("a.ipynb", line));
    }
    let paths: Vec<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.own.is_some())
        .flat_map(|finding| finding.places.iter().map(|place| place.path.as_str()))
        .collect();
    for path in ["code.ipynb", "output.ipynb"] {
        assert!(paths.contains(&path), "{path}: {paths:?}");
    }
}
