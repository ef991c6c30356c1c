//! A scan that builds on what the last one remembers says what a scan from nothing says, whatever happened to
//! the repository in between; and it reads no more than what is new.

mod common;

use std::sync::atomic::{AtomicU64, Ordering};

use common::{Repo, key};
use jiff::{Timestamp, ToSpan as _};
use keyward_scan::{
    Again, Cancel, Options, OwnValue, Progress, Report, Rules, Silent, scan, scan_again,
};
use proptest::prelude::*;
use secrecy::SecretSlice;

/// A report without what depends on how long it took.
fn said(mut report: Report) -> String {
    report.summary.seconds = 0.0;
    serde_json::to_string_pretty(&report).expect("a report is JSON")
}

/// Where each secret is; shorter to read than all that is said of it.
fn places(report: &Report) -> Vec<String> {
    let place = |place: &keyward_scan::Place| {
        let commit = place.commit.as_deref().unwrap_or("none");
        format!("{}:{} {} {:?}", place.path, place.line, &commit[..4], place.source)
    };
    let row = |finding: &keyward_scan::Finding| {
        let places: Vec<String> = finding.places.iter().map(place).collect();
        format!(
            "{} {} head {} pushed {}: {}",
            finding.rule,
            &finding.fingerprint[..6],
            finding.in_head,
            finding.pushed,
            places.join(", ")
        )
    };
    report.findings.iter().map(row).collect()
}

/// Counts what is read.
#[derive(Default)]
struct Count {
    files: AtomicU64,
    blobs: AtomicU64,
}

impl Progress for Count {
    fn stage(&self, _: &str) {}
    fn total(&self, _: u64) {}
    fn advance(&self, files: u64, blobs: u64, _: u64) {
        self.files.fetch_add(files, Ordering::Relaxed);
        self.blobs.fetch_add(blobs, Ordering::Relaxed);
    }
}

/// One repository, scanned again and again.
struct Series {
    repo: Repo,
    rules: Rules,
    own: Vec<OwnValue>,
    memory: Option<Vec<u8>>,
}

impl Series {
    fn new() -> Self {
        let value = b"Zq3-own-value-of-forty-bytes-9981-abcdef".to_vec();
        let own = OwnValue {
            entry: "acme/prod/own".to_owned(),
            version: 1,
            stage: "current".to_owned(),
            value: SecretSlice::from(value),
        };
        Self { repo: Repo::new(), rules: Rules::builtin(), own: vec![own], memory: None }
    }

    /// Scans with what is remembered; also says how many files and objects were read.
    fn again(&mut self) -> (Report, u64, u64) {
        let count = Count::default();
        let again = Again {
            before: self.memory.as_deref(),
            own: Some([7; 32]),
            // Later than any file of the test.
            now: Timestamp::now() + 1.hour(),
        };
        let options = Options::new(&self.repo.path);
        let (report, memory) =
            scan_again(&options, &self.rules, Some(&self.own), &again, &count, &Cancel::default())
                .expect("it can be scanned");
        self.memory = memory;
        (report, count.files.into_inner(), count.blobs.into_inner())
    }

    fn afresh(&self) -> Report {
        let options = Options::new(&self.repo.path);
        scan(&options, &self.rules, Some(&self.own), &Silent, &Cancel::default())
            .expect("it can be scanned")
    }

    fn agrees(&mut self) -> (u64, u64) {
        let (report, files, blobs) = self.again();
        let afresh = self.afresh();
        assert_eq!(places(&report), places(&afresh));
        let (report, afresh) = (said(report), said(afresh));
        let both = report.lines().zip(afresh.lines());
        let differ: Vec<(&str, &str)> = both.filter(|(a, b)| a != b).take(9).collect();
        assert!(report == afresh, "remembered and afresh: {differ:?}");
        (files, blobs)
    }
}

#[test]
fn what_did_not_change_is_not_read_again_and_no_secret_is_remembered() {
    let mut series = Series::new();
    for n in 0..20 {
        series.repo.write(&format!("src/{n}.txt"), format!("line {n}\n"));
        series.repo.commit("one more");
    }
    series.repo.write("config.env", format!("a\nSTRIPE_KEY={}\n", key(1)));
    series.repo.write("own.txt", "x = Zq3-own-value-of-forty-bytes-9981-abcdef\n");
    let wrapped = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD
            .encode(format!("some words before {} and after", key(2)))
    };
    series.repo.write("encoded.txt", format!("data: {wrapped}\n"));
    series.repo.commit(&format!("it works with {}", key(3)));

    let (_, blobs) = series.agrees();
    assert!(blobs > 20, "the first scan reads everything");
    let memory = String::from_utf8(series.memory.clone().expect("it is remembered")).expect("JSON");
    for secret in [key(1), key(2), key(3), wrapped, "Zq3-own-value".to_owned()] {
        assert!(!memory.contains(&secret) && !memory.contains(&hex::encode(&secret)));
    }
    // The three files that hold something are read again, and nothing else.
    assert_eq!(series.agrees(), (3, 0));

    series.repo.write("new.env", format!("STRIPE_KEY={}\n", key(4)));
    series.repo.commit("one with a key");
    let (files, blobs) = series.agrees();
    assert_eq!(files, 4);
    assert!(blobs <= 3, "only what is new: {blobs}");
}

#[test]
fn another_vault_and_other_rules_are_another_scan() {
    let mut series = Series::new();
    series.repo.write("a.txt", format!("STRIPE_KEY={}\nacme_0123456789abcdef\n", key(1)));
    series.repo.commit("first");
    series.agrees();
    let table = "provider = \"acme\"\nname = \"Acme\"\n[[rule]]\nid = \"acme-key\"\nname = \"Acme key\"\nkind = \"token\"\n\
                 severity = \"high\"\nconfidence = \"high\"\nkeywords = [\"acme_\"]\npattern = 'acme_[0-9a-f]{16}'\n";
    series.rules.extend_from_toml(table, "acme.toml").expect("a rule");
    let (files, blobs) = series.agrees();
    assert!(files > 0 && blobs > 0, "all is read again");
}

#[test]
fn what_is_no_memory_is_passed_over() {
    let mut series = Series::new();
    series.repo.write("a.txt", format!("STRIPE_KEY={}\n", key(1)));
    series.repo.commit("first");
    series.agrees();
    let whole = series.memory.clone().expect("it is remembered");
    for cut in (0..whole.len()).step_by(97) {
        series.memory = Some(whole[..cut].to_vec());
        series.agrees();
    }
    // Places that are not there: of a memory that was changed, or of objects that are gone.
    let text = String::from_utf8(whole).expect("JSON");
    series.memory = Some(text.replace("\"line\":1", "\"line\":900").into_bytes());
    series.agrees();
}

#[cfg(unix)]
#[test]
fn a_pipe_or_a_link_in_the_place_of_the_index_does_not_block() {
    let mut series = Series::new();
    series.repo.write("a.txt", format!("STRIPE_KEY={}\n", key(1)));
    series.repo.commit("first");
    series.agrees();
    let index = series.repo.path.join(".git/index");
    std::fs::remove_file(&index).expect("there was one");
    let made = std::process::Command::new("mkfifo").arg(&index).status().expect("mkfifo");
    assert!(made.success());
    series.agrees();
    std::fs::remove_file(&index).expect("the pipe");
    std::os::unix::fs::symlink("/dev/zero", &index).expect("a link");
    series.agrees();
}

/// What happens between two scans.
#[derive(Debug, Clone)]
enum Step {
    Commit(u8, u8),
    Remove(u8),
    Stage(u8, u8),
    Unstage,
    Edit(u8, u8),
    Branch(u8),
    Merge,
    Amend(u8),
    Tag(u8),
    Stash,
    Push,
    Pack,
    Forget,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0_u8..4, 0_u8..6).prop_map(|(file, key)| Step::Commit(file, key)),
        1 => (0_u8..4).prop_map(Step::Remove),
        2 => (0_u8..4, 0_u8..6).prop_map(|(file, key)| Step::Stage(file, key)),
        1 => Just(Step::Unstage),
        2 => (0_u8..4, 0_u8..6).prop_map(|(file, key)| Step::Edit(file, key)),
        2 => (0_u8..3).prop_map(Step::Branch),
        1 => Just(Step::Merge),
        1 => (0_u8..6).prop_map(Step::Amend),
        1 => (0_u8..6).prop_map(Step::Tag),
        1 => Just(Step::Stash),
        2 => Just(Step::Push),
        1 => Just(Step::Pack),
        1 => Just(Step::Forget),
    ]
}

/// A file with some of the keys, or none.
fn text(key_number: u8, turn: usize) -> String {
    let secret = match key_number {
        0 => "nothing".to_owned(),
        5 => "Zq3-own-value-of-forty-bytes-9981-abcdef".to_owned(),
        number => key(u32::from(number)),
    };
    format!("turn {}\nSTRIPE_KEY={secret}\nend\n", turn % 7)
}

fn apply(repo: &Repo, turn: usize, step: &Step) {
    let git = |arguments: &[&str]| drop(repo.git(arguments));
    let path =
        |file: u8| if file < 2 { format!("f{file}.env") } else { format!("deep/er/f{file}.env") };
    match step {
        Step::Commit(file, key) => {
            repo.write(&path(*file), text(*key, turn));
            repo.commit(&format!("turn {turn}"));
        }
        Step::Remove(file) => {
            let _ = std::fs::remove_file(repo.path.join(path(*file)));
            repo.commit(&format!("turn {turn}"));
        }
        Step::Stage(file, key) => {
            repo.write(&path(*file), text(*key, turn));
            git(&["add", "-A"]);
        }
        Step::Unstage => git(&["reset", "-q", "--hard"]),
        Step::Edit(file, key) => repo.write(&path(*file), text(*key, turn)),
        Step::Branch(number) => {
            git(&["stash", "-q", "-u"]);
            git(&["checkout", "-q", "-B", &format!("b{number}")]);
        }
        Step::Merge => {
            git(&["reset", "-q", "--hard"]);
            git(&["merge", "-q", "--allow-unrelated-histories", "-s", "ours", "--no-edit", "main"]);
        }
        Step::Amend(key) => {
            repo.write("f0.env", text(*key, turn));
            git(&["add", "-A"]);
            git(&["commit", "-q", "--amend", "--allow-empty", "-m", "amended"]);
        }
        Step::Tag(number) => {
            git(&["tag", "-a", "-m", &text(*number, turn), &format!("t{turn}")]);
        }
        Step::Stash => git(&["stash", "-q", "-u"]),
        Step::Push => git(&["push", "-q", "-f", "origin", "HEAD:refs/heads/main"]),
        Step::Pack => git(&["repack", "-adq"]),
        Step::Forget => git(&["checkout", "-q", "--detach"]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn a_scan_that_remembers_says_what_one_from_nothing_says(
        steps in prop::collection::vec(step(), 1..9),
    ) {
        let mut series = Series::new();
        let origin = series.repo.beside("origin.git");
        let origin = origin.to_str().expect("UTF-8");
        series.repo.git(&["init", "-q", "--bare", origin]);
        series.repo.git(&["remote", "add", "origin", origin]);
        series.repo.write("f0.env", text(1, 0));
        series.repo.commit("first");
        series.agrees();
        for (turn, step) in steps.iter().enumerate() {
            apply(&series.repo, turn, step);
            series.agrees();
        }
    }
}
