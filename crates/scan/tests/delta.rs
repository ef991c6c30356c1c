//! Searching only what changed finds what searching every version whole finds: in repositories made of edits
//! that cut, move, glue and re-indent secrets, packed into deltas by git itself.

mod common;

use common::{Repo, key};
use keyward_scan::{Cancel, Options, OwnValue, Report, Rules, Silent, scan};
use proptest::prelude::*;
use secrecy::SecretSlice;

/// What a report says, without what depends on how long it took.
fn said(report: &Report) -> Vec<String> {
    let mut rows: Vec<String> = report
        .findings
        .iter()
        .map(|finding| {
            format!(
                "{} {:?} {:?} {:?} {:?} {:?}",
                finding.rule,
                finding.fingerprint,
                finding.confidence,
                finding.places,
                finding.decoded,
                finding.own
            )
        })
        .collect();
    rows.sort();
    rows
}

fn own() -> Vec<OwnValue> {
    vec![OwnValue {
        entry: "acme/prod/own".to_owned(),
        version: 1,
        stage: "current".to_owned(),
        value: SecretSlice::from(b"Zq3-own-value-of-forty-bytes-9981-abcdef".to_vec()),
    }]
}

fn both(repo: &Repo) -> (Report, Report) {
    let rules = Rules::builtin();
    let own = own();
    let run = |whole: bool| {
        let mut options = Options::new(&repo.path);
        options.sources.history = true;
        options.whole = whole;
        scan(&options, &rules, Some(&own), &Silent, &Cancel::default()).expect("it can be scanned")
    };
    (run(false), run(true))
}

/// One line of a file.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{3,9}( [a-z]{2,8}){0,9}",
        2 => (1_u32..6).prop_map(|n| format!("STRIPE_KEY={}", key(n))),
        1 => (1_u32..6).prop_map(|n| format!("x{}", key(n))),
        1 => (1_u32..6).prop_map(|n| {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD.encode(format!("some words before {} and after", key(n)))
        }),
        1 => Just("a = \"Zq3-own-value-of-forty-\" +".to_owned()),
        1 => Just("    \"bytes-9981-abcdef\"".to_owned()),
        1 => Just("-----BEGIN PRIVATE KEY-----".to_owned()),
        1 => Just("MC4CAQAwBQYDK2VwBCIEIBe5t6Jr4jc1P5t7kVgU8Zg8eMvY2o0NqR3dM1k5cH9x".to_owned()),
        1 => Just("-----END PRIVATE KEY-----".to_owned()),
        1 => Just("password = \"Tr0ub4dor&3x!\"  # keyward:allow".to_owned()),
        1 => Just("db_password = \"Tr0ub4dor&3x!\"".to_owned()),
        1 => Just("url: https:\\/\\/svc:Zr8wQ2nT5xYb@git.acme.io\\/x".to_owned()),
    ]
}

/// What happens to a file from one commit to the next.
#[derive(Debug, Clone)]
enum Edit {
    Insert(usize, Vec<String>),
    Remove(usize, usize),
    /// A few bytes out of the middle.
    Cut(usize, usize),
    /// A part moved to another place.
    Move(usize, usize, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (any::<usize>(), prop::collection::vec(line(), 1..4))
            .prop_map(|(at, lines)| Edit::Insert(at, lines)),
        (any::<usize>(), 1_usize..4).prop_map(|(at, n)| Edit::Remove(at, n)),
        (any::<usize>(), 1_usize..60).prop_map(|(at, n)| Edit::Cut(at, n)),
        (any::<usize>(), 1_usize..300, any::<usize>())
            .prop_map(|(from, n, to)| Edit::Move(from, n, to)),
    ]
}

fn apply(text: &mut Vec<u8>, edit: &Edit) {
    let starts = |text: &[u8]| -> Vec<usize> {
        std::iter::once(0)
            .chain(text.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1))
            .collect()
    };
    match edit {
        Edit::Insert(at, lines) => {
            let starts = starts(text);
            let at = starts[at % starts.len()];
            let new = format!("{}\n", lines.join("\n"));
            text.splice(at..at, new.bytes());
        }
        Edit::Remove(at, n) => {
            let starts = starts(text);
            let first = at % starts.len();
            let end = starts.get(first + n).copied().unwrap_or(text.len());
            text.drain(starts[first]..end);
        }
        Edit::Cut(at, n) if !text.is_empty() => {
            let at = at % text.len();
            text.drain(at..text.len().min(at + n));
        }
        Edit::Move(from, n, to) if !text.is_empty() => {
            let from = from % text.len();
            let part: Vec<u8> = text.drain(from..text.len().min(from + n)).collect();
            let to = to % (text.len() + 1);
            text.splice(to..to, part);
        }
        Edit::Cut(..) | Edit::Move(..) => {}
    }
}

/// A line of base64 belongs to the one above if that has a width of wrapped text. So what changes at the far end
/// of the line above changes what is found.
#[test]
fn a_line_is_joined_with_the_one_above_by_its_width() {
    use base64::Engine as _;
    let secret = base64::engine::general_purpose::STANDARD.encode(format!("k={}", key(1)));
    let noise = "txGcATReg717ZIhj5KPqVC+nanaPPjmoTicKBqBqYo6C0g6lfsIognyTX3I+IKFH";
    let filler: String =
        (0..80).map(|n| format!("line {n} of a file that says nothing\n")).collect();
    let text =
        |first: &str, more: &str| format!("{filler}{first}{noise}\n{secret}\n{filler}{more}");
    // The larger version is what the other is told from.
    for (one, other) in [
        (text("", ""), text("x", "")),
        (text("", "and more\n"), text("x", "")),
        (text("x", ""), text("", "and more\n")),
    ] {
        let repo = Repo::new();
        repo.write("file", &one);
        repo.commit("one");
        repo.write("file", &other);
        repo.commit("other");
        repo.git(&["repack", "-adfq", "--depth=50", "--window=50"]);
        let (changed, whole) = both(&repo);
        assert_eq!(whole.findings.len(), 1);
        assert_eq!(said(&changed), said(&whole));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn changes_alone_tell_the_same_as_whole_versions(
        first in prop::collection::vec(line(), 20..120),
        edits in prop::collection::vec(prop::collection::vec(edit(), 1..4), 4..12),
    ) {
        let repo = Repo::new();
        let mut text = format!("{}\n", first.join("\n")).into_bytes();
        repo.write("file", &text);
        repo.commit("first");
        for (n, edits) in edits.iter().enumerate() {
            edits.iter().for_each(|edit| apply(&mut text, edit));
            repo.write("file", &text);
            repo.git(&["add", "-A"]);
            repo.git(&["commit", "-q", "--allow-empty", "-m", &format!("edit {n}")]);
        }
        repo.git(&["repack", "-adfq", "--depth=50", "--window=50"]);
        let (changed, whole) = both(&repo);
        prop_assert!(changed.summary.complete && whole.summary.complete);
        prop_assert_eq!(said(&changed), said(&whole));
    }
}
