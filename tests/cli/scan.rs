//! Scans through the binary: sources, own values, exit statuses, formats.

use crate::schema::faults;
use crate::support::{Repo, STRIPE_HOOK, STRIPE_KEY, Said, Sandbox};

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

/// A repository with a key that was committed and taken out again, one that is there, and one in odd places.
fn leaky(keyward: &Sandbox) -> (Repo, String) {
    let repo = Repo::new(&keyward.dir.path().join("repo"));
    repo.write("old/conf.py", &format!("é😀 = \"{STRIPE_KEY}\"\n"));
    repo.write("now/hook.py", &format!("{STRIPE_HOOK}\n"));
    repo.commit("begin");
    repo.write("old/conf.py", "clean\n");
    repo.commit("clean");
    let path = repo.path.display().to_string();
    (repo, path)
}

#[test]
fn a_scan_remembers_places_and_no_values() {
    let keyward = Sandbox::with_file();
    keyward.add("acme/prod/stripe", STRIPE_KEY);
    let (repo, path) = leaky(&keyward);
    let said = || {
        let mut report = keyward.run(&format!("scan {path} --json")).exits(1).json();
        report["summary"]["seconds"] = 0.into();
        report
    };
    let first = said();
    let folder = keyward.home().join("scans");
    let files = || -> Vec<_> {
        std::fs::read_dir(&folder).unwrap().map(|one| one.unwrap().path()).collect()
    };
    let [file] = &files()[..] else { panic!("one file: {:?}", files()) };
    let memory = std::fs::read_to_string(file).unwrap();
    assert!(memory.contains("conf.py"), "it is of this repository: {memory}");
    let middle = &STRIPE_KEY[8..20];
    for part in [middle.to_owned(), hex::encode(middle)] {
        assert!(!memory.contains(&part), "{memory}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(file), mode(&folder)), (0o600, 0o700));
    }
    assert_eq!(said(), first);

    // Another value in the vault is another scan; so is one of what is new, which keeps the memory.
    let own = |report: &serde_json::Value| {
        let findings = report["findings"].as_array().unwrap();
        findings.iter().filter(|finding| !finding["own"].is_null()).count()
    };
    assert_eq!(own(&first), 1);
    keyward.add("acme/prod/hook", STRIPE_HOOK);
    assert_eq!(own(&said()), 2);
    repo.write("more.txt", "nothing\n");
    repo.commit("more");
    keyward.run(&format!("scan {path} --since HEAD~1 --json")).ok();
    keyward.run(&format!("scan {path} --staged --json")).ok();
    assert_eq!(files().len(), 1);
    assert_eq!(own(&said()), 2);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(own(&said()), 2);
}

#[test]
fn sarif_is_valid_and_has_rules_results_and_fingerprints() {
    let keyward = Sandbox::bare();
    let (repo, path) = leaky(&keyward);
    repo.write("a b/[x](y) {0} é.txt", &STRIPE_KEY.replace("51Kw", "62Lx"));
    let schema = serde_json::from_str(include_str!("../fixtures/sarif-schema-2.1.0.json")).unwrap();
    let accepted = keyward.path("accepted.toml");
    let first = repo.git(&["rev-list", "--max-parents=0", "HEAD"]);
    keyward.run(&format!("scan {path}/now --write-baseline {accepted} --reason sample")).ok();
    for line in [
        format!("scan {path} --format sarif"),
        format!("scan {path} --format sarif --baseline {accepted} --max-blob 1K --since {first}"),
        format!("scan {path} --format sarif --baseline {accepted}"),
    ] {
        let said = keyward.run(&line);
        let sarif = said.json();
        assert_eq!(faults(&schema, &sarif), Vec::<String>::new(), "{line}");
        assert!(!said.out.contains(STRIPE_KEY) && !said.out.contains(STRIPE_HOOK));
        let run = &sarif["runs"][0];
        for result in run["results"].as_array().unwrap() {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            let rule = &run["tool"]["driver"]["rules"][index];
            assert_eq!(rule["id"], result["ruleId"]);
            assert!(rule["help"]["text"].as_str().unwrap().contains("Revoke"), "{rule}");
            assert_eq!(result["partialFingerprints"]["keyward/v1"].as_str().unwrap().len(), 32);
            assert_eq!(result["suppressions"].is_array(), line.ends_with("toml"), "{result}");
        }
    }
    let sarif = keyward.run(&format!("scan {path} --format sarif --baseline {accepted}")).json();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let of = |rule: &str| results.iter().find(|one| one["ruleId"] == rule).unwrap();
    let hook = of("stripe-webhook-secret");
    assert_eq!(hook["suppressions"][0]["justification"], "sample");
    let key = of("stripe-secret-key");
    assert_eq!(key["suppressions"], serde_json::json!([]));
    let all = keyward.run(&format!("scan {path} --history --format sarif")).json();
    let all = all["runs"][0]["results"].as_array().unwrap();
    let region = &all.iter().find(|one| one["ruleId"] == "stripe-secret-key").unwrap()["locations"]
        [0]["physicalLocation"]["region"];
    // Two code points, the second of two UTF-16 units, then ` = "`.
    assert_eq!((region["startColumn"].as_u64(), region["startLine"].as_u64()), (Some(8), Some(1)));
    assert_eq!(region["endColumn"].as_u64(), Some(8 + STRIPE_KEY.len() as u64));
}

#[test]
fn reports_say_who_when_how_far_and_what_to_do() {
    let keyward = Sandbox::bare();
    let (_repo, path) = leaky(&keyward);
    let text = keyward.run(&format!("scan {path}")).exits(1);
    for part in [
        "committed 2026-01-02 by Ada",
        "gone since, but in the history; not known to be pushed",
        "; still there; ",
        "  1. Revoke it and make a new one at https://",
        "  2. ",
        "fingerprint ",
    ] {
        assert!(text.out.contains(part), "no `{part}`: {text}");
    }
    let csv = keyward.run(&format!("scan {path} --format csv")).exits(1);
    let head = csv.out.lines().next().unwrap();
    assert!(
        head.starts_with("rule,provider,severity,")
            && head.ends_with(",places,author,date,in_head,pushed,steps")
    );
    assert!(csv.out.contains("\"2026-01-02T03:04:05+00:00\",\"false\",\"false\""), "{csv}");
    for format in ["markdown", "html"] {
        let said = keyward.run(&format!("scan {path} --format {format}")).exits(1);
        for part in
            ["Ada", "2026-01-02", "only in the history, not known to be pushed", "Take it out"]
        {
            assert!(said.out.contains(part), "no `{part}`: {said}");
        }
        assert!(!said.out.contains(STRIPE_KEY) && !said.out.contains("<script"), "{said}");
    }
}

#[test]
fn a_baseline_of_its_own_keeps_reasons_and_runs_out() {
    let keyward = Sandbox::bare();
    let (_repo, path) = leaky(&keyward);
    let file = keyward.path("known.toml");
    let write = |rest: &str| format!("scan {path} --write-baseline {file} {rest}");
    keyward.run(&write("")).exits(2);
    keyward.run(&write("--reason sample --expires soon")).exits(2);
    keyward.run(&format!("scan {path} --reason sample")).exits(2);
    keyward.run(&write("--reason sample --expires 9999-12-31")).ok().says("2 findings accepted");
    let text = std::fs::read_to_string(&file).unwrap();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('"')).collect();
    assert!(rows.len() == 2 && rows.is_sorted(), "{text}");
    assert!(text.contains("reason = \"sample\", expires = 9999-12-31, when = 20"), "{text}");
    assert!(text.contains("what = \"stripe-secret-key in old/conf.py\""), "{text}");
    let known = keyward.run(&format!("scan {path} --baseline {file} --json")).ok().json();
    assert_eq!(known["summary"]["baselined"], 2);
    keyward.run(&format!("scan {path} --baseline {file}")).ok().says("accepts 2 more");

    // People's own words stay; only what has run out is replaced.
    let edited = text
        .replacen("9999-12-31", "2020-01-31", 1)
        .replace("[accepted]\n", "[accepted]\n# Ours.\n\n");
    std::fs::write(&file, &edited).unwrap();
    let out = keyward.run(&format!("scan {path} --baseline {file} --json")).exits(1).json();
    assert_eq!(out["summary"]["baselined"], 1);
    let notice = &out["summary"]["notices"][0];
    assert_eq!(notice["code"], "BASELINE_EXPIRED");
    assert!(notice["message"].as_str().unwrap().contains("until 2020-01-31 (sample)"), "{notice}");
    keyward.run(&write("--reason again")).ok().says("1 finding accepted");
    let again = std::fs::read_to_string(&file).unwrap();
    assert_eq!(again.lines().count(), edited.lines().count());
    let changed: Vec<_> = edited.lines().zip(again.lines()).filter(|(a, b)| a != b).collect();
    assert!(changed.len() == 1 && changed[0].1.contains("reason = \"again\", when"), "{again}");
    keyward.run(&write("--reason more")).ok().says("0 findings accepted");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), again);

    // A new row goes where it belongs.
    let (first, second) = (rows[0], rows[1]);
    for (kept, gone) in [(first, second), (second, first)] {
        let one: String =
            text.lines().filter(|line| *line != gone).map(|line| format!("{line}\n")).collect();
        assert!(one.contains(kept));
        std::fs::write(&file, one).unwrap();
        keyward.run(&write("--reason sample --expires 9999-12-31")).ok().says("1 finding accepted");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }

    // What is no baseline is not overwritten.
    let report = keyward.path("report.json");
    keyward.run(&format!("scan {path} --json --out {report}")).exits(1);
    for (content, line) in [("", 1), ("words\n", 1), ("version = 1\n\n[tool]\n", 3)] {
        std::fs::write(&file, content).unwrap();
        keyward
            .run(&write("--reason x"))
            .fails(3, "BASELINE_INVALID")
            .says(&format!("known.toml:{line}:"));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), content);
    }
    keyward
        .run(&format!("scan {path} --write-baseline {report} --reason x"))
        .fails(3, "BASELINE_INVALID");
    let folder = keyward.path("repo");
    keyward
        .run(&format!("scan {path} --write-baseline {folder} --reason x"))
        .fails(3, "OUT_NOT_A_FILE");
}

#[test]
fn an_ignore_file_holds_on_disk_and_in_the_history_and_is_counted() {
    let keyward = Sandbox::bare();
    let (repo, path) = leaky(&keyward);
    repo.write(".keywardignore", "/old/\n");
    let scan = keyward.run(&format!("scan {path} --json")).exits(1).json();
    let rules: Vec<_> = scan["findings"].as_array().unwrap().iter().map(|f| &f["rule"]).collect();
    assert_eq!(rules, ["stripe-webhook-secret"]);
    // One file on disk, and one place in the history.
    assert_eq!(scan["summary"]["ignored"], 2);
    keyward
        .run(&format!("scan {path}"))
        .exits(1)
        .says(".keywardignore left out 2 files and places");
    let all = keyward.run(&format!("scan {path} --no-ignore --json")).exits(1).json();
    assert_eq!(
        (all["findings"].as_array().unwrap().len(), &all["summary"]["ignored"]),
        (2, &0.into())
    );
    // A place elsewhere keeps the finding, with that place alone.
    repo.write("new.py", STRIPE_KEY);
    let scan = keyward.run(&format!("scan {path} --json")).exits(1).json();
    let key =
        scan["findings"].as_array().unwrap().iter().find(|f| f["rule"] == "stripe-secret-key");
    let key = key.unwrap();
    assert_eq!((&key["path"], key["places"].as_array().unwrap().len()), (&"new.py".into(), 1));
    // With several roots each has its own.
    let other = keyward.create("other/old/a.py", STRIPE_KEY);
    let other = other.strip_suffix("/old/a.py").unwrap();
    let scan = keyward.run(&format!("scan {path} {other} --json")).exits(1).json();
    let places: Vec<String> = scan["findings"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|f| f["places"].as_array().unwrap())
        .map(|place| place["path"].as_str().unwrap().to_owned())
        .collect();
    assert!(places.iter().any(|place| place.ends_with("other/old/a.py")), "{places:?}");
    assert!(!places.iter().any(|place| place.ends_with("repo/old/conf.py")), "{places:?}");
    repo.write(".keywardignore", "a\n[z-a]\n");
    keyward.run(&format!("scan {path}")).fails(3, "IGNORE_INVALID").says(".keywardignore:2:");
    keyward.run(&format!("scan {path} --no-ignore")).exits(1);
}

#[test]
fn out_replaces_regular_files_only_and_whole() {
    let keyward = Sandbox::bare();
    let leak = keyward.create("leak/a.txt", format!("key = {STRIPE_KEY}\n"));
    let file = keyward.path("report.json");
    let scan = |out: &str| keyward.run(&format!("scan {leak} --json --out {out}"));
    assert_eq!(scan("-").exits(1).json()["version"], 1);
    assert_eq!(scan(&file).exits(1).out, "");
    let report = std::fs::read_to_string(&file).unwrap();
    assert!(report.contains("stripe-secret-key"));
    scan(&keyward.path("leak")).fails(3, "OUT_NOT_A_FILE");
    scan(&keyward.path("no/such/folder")).fails(4, "NOT_FOUND");
    #[cfg(unix)]
    {
        let link = keyward.path("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let fifo = keyward.path("fifo");
        assert!(keyward.command("mkfifo").arg(&fifo).status().unwrap().success());
        let socket = keyward.path("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for out in [link.as_str(), &fifo, &socket, "/dev/null", "/dev/full"] {
            scan(out).fails(3, "OUT_NOT_A_FILE");
        }
    }
    // A write that fails leaves the old report, and nothing beside it.
    #[cfg(target_os = "linux")]
    {
        let program = env!("CARGO_BIN_EXE_keyward");
        let many: String = (0..200)
            .map(|n| format!("{}\n", STRIPE_KEY.replace("51K", &format!("{}K", 100 + n))))
            .collect();
        let many = keyward.create("many.txt", many);
        let script = format!("ulimit -f 8; exec {program} scan {many} --json --out {file}");
        let output = keyward.command("sh").args(["-c", &script]).output().unwrap();
        Said::new(script, output).fails(7, "DISK_LIMIT");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), report);
        let left: Vec<_> = std::fs::read_dir(keyward.dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with(".keyward"))
            .collect();
        assert_eq!(left, Vec::<String>::new());
    }
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
