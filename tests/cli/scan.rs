//! Scans through the binary: sources, own values, exit statuses, formats.

use crate::support::{Repo, STRIPE_KEY, Sandbox};

#[test]
fn exit_statuses_and_confidence() {
    let keyward = Sandbox::bare();
    let clean = keyward.create("clean/a.txt", "nothing\n");
    keyward.run(&format!("scan {clean} --json")).ok();
    let leak = keyward.create("leak/a.txt", format!("key = {STRIPE_KEY}\n"));
    let scan = keyward.run(&format!("scan {leak} --json")).exits(1).json();
    let finding = &scan["findings"][0];
    assert_eq!(finding["rule"], "stripe-secret-key");
    assert!(!finding["secret"].as_str().unwrap().contains(&STRIPE_KEY[8..20]));
    assert_eq!(scan["summary"]["own_values"], "unavailable");
    let shown = keyward.run(&format!("scan {leak} --json --show-secrets")).exits(1).json();
    assert_eq!(shown["findings"][0]["secret"], STRIPE_KEY);
    keyward.run("scan /nonexistent").fails(4, "NOT_FOUND");
    let allowed = keyward.create("allowed/a.txt", format!("key = {STRIPE_KEY} # keyward:allow\n"));
    keyward.run(&format!("scan {allowed}")).ok();
    let stdin = keyward.pipe("scan --stdin --json", format!("x {STRIPE_KEY}\n")).exits(1).json();
    assert_eq!(stdin["findings"][0]["source"], "stdin");
}

#[test]
fn own_values_are_named_in_any_dress() {
    let keyward = Sandbox::with_file();
    keyward.add("acme/prod/odd", "no known format 1234");
    let base64 = "bm8ga25vd24gZm9ybWF0IDEyMzQ=";
    let file = keyward.create("x/a.yaml", format!("data: {base64}\nplain: no known format 1234\n"));
    let scan = keyward.run(&format!("scan {file} --json")).exits(1).json();
    let own = scan["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["own"]["entry"] == "acme/prod/odd");
    assert!(own.count() >= 1, "{scan}");
    assert!(scan["findings"][0]["places"].as_array().unwrap().len() >= 2, "{scan}");
    keyward.run(&format!("scan {file} --own-only --json")).exits(1);
}

#[test]
fn only_what_is_staged_and_a_baseline() {
    let keyward = Sandbox::bare();
    let repo = Repo::new(&keyward.dir.path().join("repo"));
    repo.write("a.txt", "clean\n");
    repo.commit("begin");
    repo.write("b.txt", &format!("{STRIPE_KEY}\n"));
    repo.git(&["add", "b.txt"]);
    repo.write("b.txt", "cleaned on disk\n");
    let path = repo.path.display().to_string();
    let staged = keyward.run(&format!("scan {path} --staged --json")).exits(1).json();
    assert_eq!(
        (&staged["findings"][0]["source"], &staged["findings"][0]["path"]),
        (&"index".into(), &"b.txt".into())
    );
    keyward.run(&format!("scan {path} --worktree")).ok();
    let report = keyward.path("known.json");
    keyward.run(&format!("scan {path} --staged --json --out {report}")).exits(1);
    keyward.run(&format!("scan {path} --staged --baseline {report}")).ok();
}

#[test]
fn sarif_has_rules_results_and_fingerprints() {
    let keyward = Sandbox::bare();
    let leak = keyward.create("leak/a.txt", format!("key = {STRIPE_KEY}\n"));
    let sarif = keyward.run(&format!("scan {leak} --format sarif")).exits(1).json();
    assert_eq!(sarif["version"], "2.1.0");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "stripe-secret-key");
    assert!(result["partialFingerprints"].is_object(), "{sarif}");
    assert!(!sarif.to_string().contains(STRIPE_KEY));
}

#[cfg(unix)]
#[test]
fn a_repository_that_would_run_programs_runs_none() {
    let keyward = Sandbox::bare();
    let repo = Repo::new(&keyward.dir.path().join("repo"));
    let marker = keyward.path("marker");
    repo.write("a.txt", &format!("{STRIPE_KEY}\n"));
    repo.write(".gitattributes", "* filter=evil diff=evil\n");
    repo.commit("begin");
    for key in [
        "core.fsmonitor",
        "filter.evil.clean",
        "filter.evil.smudge",
        "diff.evil.textconv",
        "diff.external",
        "core.sshCommand",
        "core.pager",
    ] {
        repo.git(&["config", key, &format!("touch {marker}")]);
    }
    let path = repo.path.display().to_string();
    let scan = keyward.run(&format!("scan {path} --json")).exits(1).json();
    assert!(!std::path::Path::new(&marker).exists(), "a scan ran a program");
    let notices = scan["summary"]["notices"].as_array().unwrap();
    assert!(notices.iter().any(|notice| notice["code"] == "REPO_RUNS_CODE"), "{scan}");
}

#[test]
fn rules_prove_themselves_and_bad_ones_are_refused() {
    let keyward = Sandbox::bare();
    keyward.run("rules check").ok();
    let bad = keyward.create(
        "bad.toml",
        "provider = \"x\"\nname = \"X\"\n[[rule]]\nid = \"x-key\"\nname = \"X\"\nkind = \"token\"\nseverity = \"high\"\nconfidence = \"high\"\nkeywords = [\"xkey\"]\npattern = '(?=a)xkey'\nexamples = [\"xkey\"]\ncounter_examples = []\n",
    );
    keyward.run(&format!("scan . --rules {bad}")).fails(3, "RULE_UNSUPPORTED");
}

#[cfg(unix)]
#[test]
fn pipes_in_the_place_of_ignore_files_do_not_block() {
    let keyward = Sandbox::bare();
    let repo = Repo::new(&keyward.dir.path().join("repo"));
    repo.write("a.txt", &format!("{STRIPE_KEY}\n"));
    repo.commit("begin");
    repo.write("sub/b.txt", "nothing\n");
    let exclude = repo.path.join(".git/info/exclude");
    let _ = std::fs::remove_file(&exclude);
    for fifo in [repo.path.join("sub/.gitignore"), repo.path.join(".gitignore"), exclude] {
        assert!(keyward.command("mkfifo").arg(&fifo).status().unwrap().success());
        let path = repo.path.display().to_string();
        keyward.run(&format!("scan {path} --json")).exits(1).says("stripe-secret-key");
    }
}

#[test]
fn rules_say_why_and_why_not() {
    let keyward = Sandbox::bare();
    let text = format!("key = {STRIPE_KEY}\nghp_short\n");
    let told = keyward.pipe("rules test --stdin --json", &text).exits(1).json();
    assert_eq!(told["version"], 1);
    let rules = told["rules"].as_array().unwrap();
    let verdict = |id: &str| {
        let one = rules.iter().find(|one| one["rule"] == id);
        one.map(|one| one["verdict"].as_str().unwrap().to_owned())
    };
    assert_eq!(verdict("stripe-secret-key").as_deref(), Some("found"));
    assert_eq!(verdict("github-personal-access-token").as_deref(), Some("no-match"));
    assert_eq!(verdict("slack-bot-token"), None);
    let said = keyward.pipe("rules test", &text).exits(1).says("stripe-secret-key finds");
    assert!(!said.out.contains(STRIPE_KEY), "a value was shown: {said}");
    let file = keyward.create("a.txt", "nothing\n");
    let one = format!("rules test {file} --rule stripe-secret-key");
    keyward.run(&one).ok().says("none of its keywords");
    keyward.run(&format!("rules test {file} --rule nothing")).fails(4, "NOT_FOUND");
    keyward.run("rules test /nonexistent").fails(4, "NOT_FOUND");
}

#[test]
fn rule_files_of_gitleaks_are_read() {
    let keyward = Sandbox::bare();
    let rules = keyward.create(
        "gitleaks.toml",
        "[extend]\nuseDefault = true\n[[rules]]\nid = \"acme\"\ndescription = \"Acme token\"\nregex = '(?P<x>acme_[0-9a-z]{8})'\nentropy = 2\n[[rules.allowlists]]\nstopwords = [\"sample\"]\n",
    );
    let leak = keyward.create("leak/a.txt", "acme_4ft9kq2m acme_sample4f\n");
    let scan = keyward.run(&format!("scan {leak} --rules {rules} --json")).exits(1).json();
    assert_eq!(scan["findings"].as_array().unwrap().len(), 1, "{scan}");
    assert_eq!(scan["findings"][0]["rule"], "acme");
    assert_eq!(scan["summary"]["notices"][0]["code"], "RULES_PARTLY_READ");
    let check = keyward.run(&format!("rules check {rules} --json")).ok().json();
    assert_eq!(check["notes"].as_array().unwrap().len(), 2, "{check}");
    keyward.run(&format!("rules test {leak} --rules {rules}")).exits(1).says("acme finds");
    let bad = keyward.create("bad.toml", "[[rules]]\nid = 'a'\nregex = '(?:a{1000}){1000}'\n");
    keyward
        .run(&format!("scan {leak} --rules {bad}"))
        .fails(3, "RULE_TOO_COMPLEX")
        .says("bad.toml:3");
}
