//! Rows F01 to F08: rule files.

use super::*;

/// A rule file of our format with one pattern.
fn rule(id: &str, pattern: &str) -> String {
    format!(
        "[[rule]]\nid = \"{id}\"\nname = \"n\"\nkind = \"token\"\nseverity = \"low\"\nconfidence = \"high\"\nkeywords = [\"aaaa\"]\npattern = '''{pattern}'''\n"
    )
}

const HEAD: &str = "provider = \"mine\"\nname = \"Mine\"\n";

/// F01.
#[test]
fn f01_patterns_that_backtrack_elsewhere_take_linear_time() {
    let bad = Bad::new();
    bad.write("a.txt", format!("{}!\n", "a".repeat(1 << 20)));
    for (number, pattern) in
        ["(a+)+$", "(a|aa)+$", "(a*)*b", "(.*)(.*)(.*)(.*)aaaac"].iter().enumerate()
    {
        let rules = bad
            .keyward
            .create(&format!("rules-{number}.toml"), HEAD.to_owned() + &rule("mine", pattern));
        let (said, _) = bad.run(&["rules", "check", &rules]);
        said.exits(0);
        let (said, _) = bad.run(&["scan", &bad.root().display().to_string(), "--rules", &rules]);
        assert!([0, 1].contains(&said.status), "{said}");
    }
}

/// F02 to F07, through both ways in: a scan and the check of rules. Those of gitleaks' format are in
/// `scan::rule_files_of_gitleaks_are_read` and the scanner's `hostile_files_are_refused_with_their_line`.
#[test]
fn f02_to_f07_rules_that_are_refused() {
    let bad = Bad::new();
    bad.write("a.txt", "nothing\n");
    let many =
        |count: usize| (0..count).map(|n| rule(&format!("r{n}"), "aaaa")).collect::<String>();
    let mut rows: Vec<(&str, String, &str, &str)> = vec![];
    for pattern in [r"(?:a{1000}){1000}", r"(?:\w{100}){50}"] {
        rows.push(("F02", rule("mine", pattern), "RULE_TOO_COMPLEX", "rules.toml:10:"));
    }
    for depth in [300, 1_900] {
        let pattern = format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
        rows.push(("F03", rule("mine", &pattern), "RULE_TOO_DEEP", "rules.toml:10:"));
    }
    for (pattern, says) in [
        (r"(a)aaa\1", "back"),
        ("aaaa(?=b)", "look"),
        ("aaaa(?!b)", "look"),
        ("(?<=b)aaaa", "look"),
    ] {
        rows.push(("F04", rule("mine", pattern), "RULE_UNSUPPORTED", says));
    }
    for pattern in ["", "a*", "(?:)", "a{0,5}|b"] {
        rows.push(("F05", rule("mine", pattern), "RULE_MATCHES_EMPTY", "rules.toml:10:"));
    }
    rows.push((
        "F06",
        rule("mine", &"a".repeat(2_000_000)),
        "RULE_FILE_TOO_LARGE",
        "rules.toml:1:",
    ));
    rows.push(("F06", rule("mine", &"a".repeat(5_000)), "RULE_TOO_COMPLEX", "rules.toml:"));
    rows.push(("F07", many(10_000), "RULE_FILE_TOO_LARGE", "rules.toml:"));
    rows.push(("F07", many(1) + &many(1), "RULE_DUPLICATE", "rules.toml:"));
    rows.push(("F07", rule("\\u001b[31m", "aaaa"), "RULE_INVALID", "rules.toml:"));
    rows.push(("F07", rule("mine", "aaaa") + "unknown = 1\n", "RULE_INVALID", "rules.toml:11:"));
    rows.push(("F07", "[[x]]\n".repeat(1_000_000), "RULE_FILE_TOO_LARGE", "rules.toml:"));
    rows.push(("F07", "x = ".to_owned() + &"[".repeat(100_000), "RULE_INVALID", "rules.toml:3:"));
    for (row, text, code, says) in rows {
        let rules = bad.keyward.create("rules.toml", HEAD.to_owned() + &text);
        let started = Instant::now();
        let said = bad.scan(&format!("--rules {rules}"), 3).fails(3, code);
        assert!(said.err.contains(says), "{row}: no `{says}`: {said:.600}");
        assert!(started.elapsed() < Duration::from_secs(5), "{row} took {:?}", started.elapsed());
        let (said, _) = bad.run(&["rules", "check", &rules]);
        said.fails(3, code);
    }
}

/// F08.
#[test]
fn f08_rule_files_that_are_no_files() {
    let bad = Bad::new();
    bad.write("a.txt", "nothing\n");
    let refuse = |rules: &str| {
        let said = bad.scan(&format!("--rules {rules}"), 3);
        assert!(said.err.contains("error[RULE_"), "{said}");
    };
    refuse(&bad.root().display().to_string());
    refuse(&bad.keyward.create("latin1.toml", b"provider = \"\xff\"\n"));
    #[cfg(unix)]
    {
        let good = bad.keyward.create("good.toml", HEAD.to_owned() + &rule("mine", "aaaa[0-9]"));
        bad.scan(&format!("--rules {good}"), 0);
        let link = bad.keyward.path("link.toml");
        std::os::unix::fs::symlink(&good, &link).unwrap();
        refuse(&link);
        let fifo = bad.keyward.path("fifo.toml");
        assert!(bad.keyward.command("mkfifo").arg(&fifo).status().unwrap().success());
        refuse(&fifo);
    }
}
