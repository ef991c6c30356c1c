//! No value appears anywhere it should not: output, errors, files.

use std::fs;
use std::path::Path;

use crate::support::{Repo, Sandbox};

const CANARY: &str = "CANARY-4f9d2c7b1e8a6053";

/// Whether the bytes hold the canary, plain or in base64 or hex.
fn holds(bytes: &[u8]) -> bool {
    let plain = CANARY.as_bytes();
    let hex: String = plain.iter().map(|b| format!("{b:02x}")).collect();
    // "CANARY-4f9d2c7b1e8a6053" in base64, without the characters that its neighbours decide.
    let base64 = "Q0FOQVJZLTRmOWQyYzdiMWU4YTYwNT";
    [plain, hex.as_bytes(), base64.as_bytes()]
        .iter()
        .any(|needle| bytes.windows(needle.len()).any(|window| window == *needle))
}

fn search(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            search(&path, found);
        } else if fs::read(&path).is_ok_and(|bytes| holds(&bytes)) {
            found.push(path.display().to_string());
        }
    }
}

#[test]
fn the_search_itself_finds_a_planted_value() {
    assert!(holds(format!("x{CANARY}y").as_bytes()));
    assert!(holds(b"Q0FOQVJZLTRmOWQyYzdiMWU4YTYwNTM="));
}

#[test]
fn no_value_is_in_any_output_log_or_file() {
    let keyward = Sandbox::with_file().and("RUST_LOG", "trace").and("RUST_BACKTRACE", "full");
    let hook = keyward.create("in/hook", CANARY);
    let words = keyward.create("in/words", "four short plain words");
    let env = keyward.create("in/.env", format!("FROM_ENV={CANARY}-env\n"));
    let capture = keyward
        .create("in/capture", "POST / HTTP/1.1\r\nStripe-Signature: t=1780000000,v1=00\r\n\r\n{}");
    let repo = Repo::new(&keyward.dir.path().join("in/repo"));
    repo.write("leak.py", &format!("key = \"{CANARY}\"\n"));
    repo.commit("leak");
    let repo = repo.path.display().to_string();
    let backup = keyward.path("vault.age");
    let report = keyward.path("report.json");
    keyward.add("a/b/c", CANARY);
    let mut said = vec![];
    for line in [
        format!("add a/b/c --value-file {hook}"),
        format!("add a//b --value-file {hook}"),
        format!("import dotenv {env} --project a --env e --dry-run"),
        format!("import dotenv {env} --project a --env e"),
        "list --json".to_owned(),
        "show c -v".to_owned(),
        "get c".to_owned(),
        "run -- env".to_owned(),
        "run -- sh -c echo".to_owned(),
        format!("rotate c --start --value-file {hook}"),
        format!("scan {repo} --json"),
        format!("scan {repo} --format sarif"),
        format!("scan {repo} --json --out {report}"),
        format!("webhook verify --request {capture} --secret-file {hook} --json"),
        format!("webhook verify --request {capture} --secret a/b/c"),
        format!("backup create --out {backup} --passphrase-file {words}"),
        format!("backup verify {backup} --passphrase-file {words} --json"),
        format!("backup restore {backup} --passphrase-file {words} --dry-run"),
        "audit list --json".to_owned(),
        "doctor".to_owned(),
        "due --within 999d --json".to_owned(),
        "calendar".to_owned(),
        "remove from-env".to_owned(),
    ] {
        said.push(keyward.run(&line));
    }
    said.push(keyward.pipe("redact", format!("log line with {CANARY} in it")));
    for said in &said {
        assert!(
            !holds(&said.stdout) && !holds(said.err.as_bytes()),
            "a value is in the output: {said}"
        );
    }
    assert!(
        said.iter().filter(|said| said.status == 0).count() > 12,
        "most of these should have worked"
    );
    // What the test itself wrote is set aside; the rest of the disk must be clean.
    fs::remove_dir_all(keyward.dir.path().join("in")).unwrap();
    let mut found = vec![];
    search(keyward.dir.path(), &mut found);
    assert_eq!(found, Vec::<String>::new(), "a value is in a file");
}
