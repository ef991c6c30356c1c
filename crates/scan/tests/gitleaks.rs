//! Rule files of gitleaks and betterleaks: they load, they find, their exceptions hold, and what they ask
//! for in vain is said.

#![allow(clippy::unwrap_used, missing_docs)]

use keyward_scan::{Cancel, Confidence, Options, Report, RuleErrorCode, Rules, scan_bytes};
use proptest::prelude::*;

const GITLEAKS: &str = r####"
title = "acme"
minVersion = "v8.25.0"

[extend]
useDefault = true

[allowlist]
paths = ['''(?i)\.md$''']
regexes = ['''^ACME_[0]+''']

[[rules]]
id = "acme-token"
description = "Found an Acme token, which opens everything."
regex = '''\b(ACME_[0-9A-Za-z]{12})(?:['"\s;]|$)'''
entropy = 2
keywords = ["acme_"]
[[rules.allowlists]]
stopwords = ["example"]

[[rules]]
id = "Acme.Session"
regex = '''session[{]([a-z]+)\} is (?:x|(y{2}))'''
secretGroup = 1

[[rules]]
id = "no-literal"
regex = '''\b[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{5}\b'''

[[rules]]
id = "only-yaml"
path = '''\.ya?ml$'''
regex = '''yamlsecret: (\w+)'''
keywords = ["yamlsecret"]

[[rules]]
id = "file-by-name"
path = '''\.p12$'''

[[rules]]
id = "stripe-secret-key"
regex = '''never_(\d+)'''
keywords = ["never_"]
[[rules.allowlists]]
regexTarget = "line"
regexes = ['''fine''']
"####;

fn rules(text: &str) -> Rules {
    let mut rules = Rules::builtin();
    rules.extend_from_toml(text, "acme.toml").unwrap();
    rules
}

fn find(rules: &Rules, text: &str) -> Vec<(String, Confidence)> {
    let cancel = Cancel::default();
    let report: Report =
        scan_bytes(text.as_bytes(), &Options::new("."), rules, None, &cancel).unwrap();
    report.findings.into_iter().map(|found| (found.rule, found.confidence)).collect()
}

#[test]
fn rules_find_and_exceptions_hold() {
    let rules = rules(GITLEAKS);
    let one = |id: &str| vec![(id.to_owned(), Confidence::Medium)];
    assert_eq!(find(&rules, "token ACME_4fT9kQ2mZx7p;"), one("acme-token"));
    assert_eq!(find(&rules, "token ACME_aaaaaaaaaaaa;"), [], "little entropy");
    assert_eq!(find(&rules, "token ACME_4fTeXampLe7p;"), [], "a stop word, in any case");
    assert_eq!(find(&rules, "token ACME_000f9kQ2mZx7;"), [], "an exception of the whole file");
    assert_eq!(find(&rules, "session{abcdef} is yy"), one("acme-session"));
    assert_eq!(find(&rules, "1234-5678-9012-34567"), [], "nothing to look for first");
    assert_eq!(find(&rules, "never_12345"), one("other-stripe-secret-key"));
    assert_eq!(find(&rules, "yamlsecret: abcdefgh"), [], "no YAML file");
}

#[test]
fn paths_decide_where_a_rule_looks() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.yaml", "a.txt", "read.MD"] {
        let text = "yamlsecret: abcdefgh\ntoken ACME_4fT9kQ2mZx7p;\n";
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let options = Options::new(folder.path());
    let (rules, cancel) = (rules(GITLEAKS), Cancel::default());
    let report =
        keyward_scan::scan(&options, &rules, None, &keyward_scan::Silent, &cancel).unwrap();
    let places = |rule: &str| -> Vec<String> {
        let found = report.findings.iter().find(|found| found.rule == rule).unwrap();
        found.places.iter().map(|place| place.path.clone()).collect()
    };
    assert_eq!(places("only-yaml"), ["a.yaml"]);
    assert_eq!(places("acme-token"), ["a.txt", "a.yaml"]);
}

#[test]
fn what_is_not_done_is_said_with_its_line() {
    let rules = rules(GITLEAKS);
    let notes: Vec<String> = rules.notes().iter().map(ToString::to_string).collect();
    for (start, words) in [
        ("acme.toml:5: ", "`extend` is not followed"),
        ("acme.toml:22: rule `Acme.Session`: ", "keyword; `session{` was taken"),
        ("acme.toml:27: rule `no-literal`: ", "the rule is left out"),
        ("acme.toml:37: rule `file-by-name`: ", "found by their names"),
        ("acme.toml:42: rule `stripe-secret-key`: ", "`other-stripe-secret-key`"),
        ("acme.toml:44: rule `stripe-secret-key`: ", "on the match or the line"),
    ] {
        let found = notes.iter().any(|note| note.starts_with(start) && note.contains(words));
        assert!(found, "{words} in {notes:#?}");
    }
    assert_eq!(notes.len(), 6, "{notes:#?}");
}

#[test]
fn expressions_of_betterleaks_are_read_as_far_as_they_go() {
    let rules = rules(
        r####"
betterleaksMinVersion = "v1.6.0"
prefilter = '''matchesAny(get(attributes, "path", ""), [`\.lock$`])'''
[[rules]]
id = "acme"
regex = '''acme_([0-9a-z]{10})'''
keywords = ["acme_"]
validate = '''http.get("https://acme.example")'''
filter = '''
filter.entropy(finding["secret"]) < 2.5
|| !filter.matchesAny(finding["secret"], ["[0-9]"])
|| containsAny(finding["secret"], ["sample"])
|| finding["line"].size() > 400
'''
[[rules.required]]
id = "acme-id"
[[rules]]
id = "acme-id"
regex = '''acmeid_(\d+)'''
keywords = ["acmeid_"]
skipReport = true
"####,
    );
    assert_eq!(find(&rules, "acme_4ft9kq2mzx"), [("acme".to_owned(), Confidence::Medium)]);
    assert_eq!(find(&rules, "acme_1111111111"), [], "little entropy");
    assert_eq!(find(&rules, "acme_qwertyuiop"), [], "no digit");
    assert_eq!(find(&rules, "acme_sample4f9k"), [], "a word");
    assert_eq!(find(&rules, "acmeid_123"), [("acme-id".to_owned(), Confidence::Low)]);
    let notes: Vec<&str> = rules.notes().iter().map(|note| note.what.as_str()).collect();
    for words in ["`validate` is not run", "`required`", "`skipReport`", "`filter` is not"] {
        assert!(notes.iter().any(|note| note.contains(words)), "{words} in {notes:?}");
    }
    assert_eq!(notes.len(), 4, "{notes:?}");
}

#[test]
fn hostile_files_are_refused_with_their_line() {
    let refuse = |text: &str| {
        let mut rules = Rules::builtin();
        let count = rules.iter().count();
        let error = rules.extend_from_toml(text, "bad.toml").unwrap_err();
        assert_eq!(rules.iter().count(), count, "a refused file adds nothing");
        (error.code, error.line)
    };
    let rule = |line: &str| format!("title = \"x\"\n[[rules]]\nid = \"a\"\n{line}\n");
    for (line, code) in [
        ("regex = '''(?:a{1000}){1000}'''".to_owned(), RuleErrorCode::TooComplex),
        (format!("regex = '''{}'''", "a".repeat(5_000)), RuleErrorCode::TooComplex),
        (format!("regex = '''{}a{}'''", "(".repeat(60), ")".repeat(60)), RuleErrorCode::TooDeep),
        ("regex = '''a(?=b)'''".to_owned(), RuleErrorCode::Unsupported),
        ("regex = '''a*'''".to_owned(), RuleErrorCode::MatchesEmpty),
        ("regex = '''(a'''".to_owned(), RuleErrorCode::Invalid),
        ("regex = 7".to_owned(), RuleErrorCode::Invalid),
        ("regex = '''abc'''\nsecretGroup = 2".to_owned(), RuleErrorCode::Invalid),
        ("regex = '''abc'''\nentropy = 9".to_owned(), RuleErrorCode::Invalid),
    ] {
        let last = line.lines().count() + 3;
        assert_eq!(refuse(&rule(&line)), (code, last), "{}", &line[..line.len().min(60)]);
    }
    let twice = "[[rules]]\nid='a'\nregex='abc'\n[[rules]]\nid='a'\nregex='abd'\n";
    assert_eq!(refuse(twice), (RuleErrorCode::Duplicate, 5));
    assert_eq!(refuse("rules = 1\n"), (RuleErrorCode::Invalid, 1));
    assert_eq!(refuse("[[rules]]\nregex='abc'\n"), (RuleErrorCode::Invalid, 1));
    let list = "[[rules]]\nid='a'\nregex='abc'\n[[rules.allowlists]]\nregexes=['(']\n";
    assert_eq!(refuse(list), (RuleErrorCode::Invalid, 5));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn never_panics(
        regex in r"[\[\](){}^$|\\a-c0-3?*+.]{0,16}",
        filter in r#"[a-z()\[\]|"`\\,.!<= ]{0,30}"#,
        group in -2_i64..4,
    ) {
        let text = format!(
            "[[rules]]\nid = 'a'\nsecretGroup = {group}\nregex = '''{regex}'''\nfilter = '''{filter}'''\n"
        );
        let mut rules = Rules::builtin();
        let _ = rules.extend_from_toml(&text, "x.toml");
    }
}
