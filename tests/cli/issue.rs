//! Keys that the user issues: shown once, kept as a hash, told apart when they come back.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Repo, Said, Sandbox};

/// The least that OWASP names, so that the tests are quick; one test takes what is the default.
const LIGHT: &str = "--argon2 m=7168,t=1,p=1";
const ADA: &str = "Ada's shop \u{1b}[31m<img src=x>\u{202e}";
/// A key pair of age's own, made for these tests.
const IDENTITY: &str = "AGE-SECRET-KEY-17WUTXU56VTAXJET9MFWQJGN4EZUW34F6WHWJT4SKU4HCUHUYLK4QY9NL99"; // keyward:allow
const RECIPIENT: &str = "age1zrk8cg229zs57dtu6ttjfd8m23j2zxn6ld90d7qzgp8a42jya3lshnhtce";

/// A key, and its id as the list says.
fn issued(keyward: &Sandbox, more: &str) -> (String, String) {
    let said =
        keyward.run(&format!("issue create --prefix acme_live --reveal {LIGHT} {more}")).ok();
    let list = keyward.run("issue list --json").ok().json();
    let id = list["keys"][0]["id"].as_str().unwrap().to_owned();
    (said.out, id)
}

fn verdict(said: &Said) -> String {
    said.json()["verdict"].as_str().unwrap().to_owned()
}

fn verify(keyward: &Sandbox, key: &str) -> Said {
    keyward.pipe("issue verify --stdin --json", key)
}

/// Another key of the same form with a checksum that fits, as its owner's own tool would make it.
fn with_checksum(text: &str) -> String {
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    // CRC-32 of ISO-HDLC bit by bit, so that it is not the program's own.
    let mut crc = u32::MAX;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
        }
    }
    crc = !crc;
    let mut sum = vec![];
    for _ in 0..6 {
        sum.insert(0, digits[(crc % 62) as usize]);
        crc /= 62;
    }
    format!("{text}{}", String::from_utf8(sum).unwrap())
}

#[test]
fn a_key_is_shown_once_and_is_nowhere() {
    let keyward = Sandbox::with_file().and("RUST_LOG", "trace");
    let said = keyward
        .args(
            &["issue", "create", "--prefix", "acme_live", "--label", ADA, "--project", "acme"]
                .into_iter()
                .chain(["--env", "prod", "--expires", "90d", "--reveal"])
                .chain(LIGHT.split(' '))
                .collect::<Vec<_>>(),
            b"",
        )
        .ok();
    let key = said.out.clone();
    assert!(key.starts_with("acme_live_") && key.len() == "acme_live_".len() + 57, "{key}");
    assert_eq!(with_checksum(&key[..key.len() - 6]), key, "the checksum is the documented one");
    let id = key["acme_live_".len()..][..8].to_owned();
    let secret = &key["acme_live_".len() + 8..];
    let said = [
        said,
        keyward.run("issue list").ok(),
        keyward.run("issue list --json").ok(),
        verify(&keyward, &key).ok(),
        keyward.pipe("issue verify --stdin", &key).ok(),
        keyward.pipe("issue verify --stdin", format!("{key}x")).exits(1),
        keyward.run(&format!("issue verify {key}")).fails(2, "USE_STDIN"),
        keyward.run(&format!("issue revoke {key}")).fails(2, "USE_STDIN"),
        keyward.run(&format!("issue revoke {key}x")).fails(4, "NOT_FOUND"),
        keyward.run(&format!("issue hash {id}")).ok(),
        keyward.run("audit list").ok(),
        keyward.run(&format!("issue revoke {id}")).ok(),
        keyward.run("doctor"),
    ];
    for (number, said) in said.iter().enumerate() {
        let shown =
            if number == 0 { said.err.clone() } else { format!("{}{}", said.out, said.err) };
        assert!(!shown.contains(secret), "the key is in the output: {said}");
        // What a label holds is text, never an order to the terminal.
        let inert = said.out.starts_with('{') || !shown.contains('\u{202e}');
        assert!(inert && !shown.contains('\u{1b}'), "{said}");
    }
    let list = &said[2].json()["keys"][0];
    assert_eq!(list["id"], id.as_str());
    assert_eq!(list["label"], ADA);
    assert_eq!((&list["project"], &list["env"]), (&"acme".into(), &"prod".into()));
    assert_eq!((&list["state"], &list["cost"]), (&"active".into(), &"m=7168,t=1,p=1".into()));
    assert_eq!(holders(keyward.dir.path(), secret.as_bytes()), Vec::<String>::new());
    // The search does find what is there: the id.
    assert_ne!(holders(keyward.dir.path(), id.as_bytes()), Vec::<String>::new());
    keyward.run("audit verify").ok();
    let audit = keyward.run("audit list --json").ok().json();
    let actions: Vec<&str> = audit["rows"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["subject"] == format!("issued key {id}").as_str())
        .map(|row| row["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["issue-revoke", "issue-hash", "issue"]);
}

/// Files below a folder that hold these bytes.
fn holders(folder: &Path, wanted: &[u8]) -> Vec<String> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holders(&path, wanted));
        } else if fs::read(&path).unwrap().windows(wanted.len()).any(|window| window == wanted) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_key_that_goes_nowhere_is_not_made() {
    let keyward = Sandbox::with_file();
    let create = format!("issue create --prefix acme_live {LIGHT}");
    keyward.run(&create).fails(2, "USAGE").says("--copy");
    keyward.run(&format!("{create} --json")).fails(2, "USAGE");
    keyward.run(&format!("{create} --reveal --json")).fails(2, "USAGE");
    keyward.run(&format!("{create} --reveal --copy")).fails(2, "USAGE");
    keyward.run(&format!("{create} --reveal --clear-after 30s")).fails(2, "USAGE");
    keyward.run(&format!("{create} --out -")).fails(2, "USAGE");
    let taken = keyward.create("taken", "mine");
    keyward.run(&format!("{create} --out {taken}")).fails(8, "NAME_EXISTS");
    assert_eq!(fs::read_to_string(&taken).unwrap(), "mine");
    assert!(!keyward.home().exists(), "nothing was made");

    // A file that cannot be written, and a clipboard that is not there: the key is revoked at once.
    keyward
        .run(&format!("{create} --out no/such/folder/key"))
        .fails(4, "NOT_FOUND")
        .says("revoked");
    keyward.run(&format!("{create} --copy")).fails(7, "CLIPBOARD").says("revoked");
    let list = keyward.run("issue list --json").ok().json();
    let states: Vec<&str> =
        list["keys"].as_array().unwrap().iter().map(|key| key["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["revoked", "revoked"]);

    let out = keyward.path("key");
    let said = keyward.run(&format!("{create} --out {out} --json")).ok();
    let key = fs::read_to_string(&out).unwrap();
    let id = said.json()["key"]["id"].as_str().unwrap().to_owned();
    assert!(key.starts_with(&format!("acme_live_{id}")) && !said.out.contains(&key));
    keyward.run(&format!("issue verify {id} --value-file {out}")).ok().says("valid");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn keys_that_do_not_fit_are_told_apart() {
    let keyward = Sandbox::with_file();
    let (key, id) = issued(&keyward, "");
    let (other, other_id) = issued(&keyward, "");
    assert_eq!(verdict(&verify(&keyward, &key).ok()), "valid");
    assert_eq!(
        verdict(&verify(&keyward, &format!("{key}\n")).ok()),
        "valid",
        "a line end of a pipe"
    );

    // Typing errors: another character, two exchanged, one missing.
    let mut typo = key.clone().into_bytes();
    typo[30] = if typo[30] == b'x' { b'y' } else { b'x' };
    let typo = String::from_utf8(typo).unwrap();
    assert_eq!(verdict(&verify(&keyward, &typo).exits(1)), "mistyped");
    assert_eq!(verdict(&verify(&keyward, &key[1..]).exits(1)), "mistyped");
    assert_eq!(verdict(&verify(&keyward, &key[..key.len() - 1]).exits(1)), "not-a-key");
    assert_eq!(verdict(&verify(&keyward, "sk_live_x").exits(1)), "not-a-key");
    assert_eq!(
        verdict(&keyward.pipe("issue verify --stdin --json", b"\xff\xfe").exits(1)),
        "not-a-key"
    );
    verify(&keyward, "").fails(3, "SECRET_EMPTY");

    // Well formed, and not ours: another id, our id with another secret, our body under another prefix.
    let body = &key["acme_live_".len()..key.len() - 6];
    let foreign = format!("acme_live_00000000{}", &body[8..]);
    let forged = format!("acme_live_{id}{}", "0".repeat(43));
    let renamed = format!("acme_test_{body}");
    for text in [foreign, forged, renamed] {
        let said = verify(&keyward, &with_checksum(&text)).exits(1);
        assert_eq!((verdict(&said).as_str(), &said.json()["key"]), ("unknown", &().into()));
    }

    // Another one of ours than the one asked about.
    let ask = |more: &str| keyward.pipe(&format!("issue verify --stdin --json {more}"), &key);
    assert_eq!(verdict(&ask(&id).ok()), "valid");
    assert_eq!(verdict(&ask(&other_id).exits(1)), "other");
    assert_eq!(verdict(&ask("--prefix acme_live").ok()), "valid");
    assert_eq!(verdict(&ask("--prefix acme_test").exits(1)), "other");
    ask("zzzzzzzz").fails(4, "NOT_FOUND");

    // Revoked, once and for good; the other key is not touched.
    keyward.run(&format!("issue revoke {id}")).ok();
    let first = keyward.run(&format!("issue revoke {id} --json")).ok().json();
    assert_eq!(keyward.run(&format!("issue revoke {id} --json")).ok().json(), first);
    let said = verify(&keyward, &key).exits(1);
    assert_eq!(
        (verdict(&said).as_str(), &said.json()["key"]["id"]),
        ("revoked", &id.as_str().into())
    );
    assert_eq!(verdict(&verify(&keyward, &other).ok()), "valid");
    keyward.run("issue revoke zzzzzzzz").fails(4, "NOT_FOUND");
    keyward.run(&format!("issue hash {id}")).ok().says("revoked");
}

#[test]
fn a_key_expires_on_its_day() {
    let keyward = Sandbox::with_file();
    let (key, _) = issued(&keyward, "--expires 2199-01-01");
    let at = |time: &str| keyward.pipe(&format!("issue verify --stdin --json --at {time}"), &key);
    assert_eq!(verdict(&at("2198-12-31T23:59:59Z").ok()), "valid");
    assert_eq!(verdict(&at("2199-01-01T00:00:00Z").exits(1)), "expired");
    let list = keyward.run("issue list --json --at 2199-06-01T00:00:00Z").ok().json();
    assert_eq!(list["keys"][0]["state"], "expired");
    assert_eq!(list["keys"][0]["expires"], "2199-01-01");
    assert!(list["keys"][0]["verified"].is_string());
}

#[test]
fn what_does_not_fit_is_refused_before_a_key_is_made() {
    let keyward = Sandbox::with_file();
    let create = |more: &[&str]| {
        let all = ["issue", "create", "--reveal"].into_iter().chain(more.iter().copied());
        let said = keyward.args(&all.collect::<Vec<_>>(), b"");
        assert_eq!(said.out, "", "{said}");
        said
    };
    let long = "a".repeat(33);
    for prefix in
        ["a", "acme_", "_acme", "ac__me", "1acme", "acme-live", "ac me", "acmé", "", &long]
    {
        create(&["--prefix", prefix]).fails(3, "FIELD_INVALID");
    }
    // Another provider's form: scanners would report the key to them.
    create(&["--prefix", "sk_live"]).fails(3, "FIELD_INVALID").says("stripe");
    for expires in ["2020-01-01", "0d", "4000d", "soon", "2027-13-01", "-1d"] {
        create(&["--prefix", "acme", &format!("--expires={expires}")]).fails(3, "FIELD_INVALID");
    }
    for cost in
        ["m=1,t=1,p=1", "m=4294967295,t=3,p=4", "m=65536,t=0,p=4", "fast", "m=65536,t=3,p=99"]
    {
        create(&["--prefix", "acme", "--argon2", cost]).fails(3, "FIELD_INVALID");
    }
    create(&["--prefix", "acme", "--label", &"x".repeat(300)]).fails(3, "FIELD_INVALID");
    create(&["--prefix", "acme", "--project", "../up"]).fails(3, "NAME_INVALID");
    create(&["--prefix", "acme", "--env", "a/b"]).fails(3, "NAME_INVALID");
    assert!(!keyward.home().exists(), "nothing was made");
}

#[test]
fn another_implementation_of_argon2_verifies_the_line() {
    let keyward = Sandbox::with_file();
    // What is the default, and what was asked for.
    let said = keyward.run("issue create --prefix acme_live --reveal").ok();
    let (light, light_id) = issued(&keyward, "");
    let id = said.out["acme_live_".len()..][..8].to_owned();
    for (key, id, params) in
        [(&said.out, &id, "m=65536,t=3,p=4"), (&light, &light_id, "m=7168,t=1,p=1")]
    {
        let line = keyward.run(&format!("issue hash {id}")).ok().out;
        assert!(line.starts_with(&format!("$argon2id$v=19${params}$")), "{line}");
        assert_eq!(
            keyward.run(&format!("issue hash {id} --json")).ok().json()["hash"],
            line.trim()
        );
        let json = serde_json::json!({ "line": line.trim(), "key": key });
        let script = "import argon2, json, sys\n\
             it = json.load(open(sys.argv[1]))\n\
             argon2.PasswordHasher().verify(it['line'], it['key'])\n\
             try:\n    argon2.PasswordHasher().verify(it['line'], it['key'] + 'x')\n\
             except argon2.exceptions.VerifyMismatchError:\n    print('verified')\n";
        let file = keyward.create("line.json", json.to_string());
        let python = Command::new("/usr/bin/python3").args(["-c", script, &file]).output();
        let Ok(output) = python else {
            if cfg!(target_os = "linux") {
                panic!("python3 is missing: `cargo xtask test` installs it");
            }
            return;
        };
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(told, "verified\n", "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn two_processes_at_once_lose_no_key() {
    let keyward = Sandbox::with_file();
    keyward.run("issue list").ok();
    issued(&keyward, "");
    let keys: Vec<String> = std::thread::scope(|scope| {
        let one = || {
            let line = format!("issue create --prefix acme_live --reveal {LIGHT}");
            (0..3).map(|_| keyward.run(&line).ok().out).collect::<Vec<_>>()
        };
        let both = [scope.spawn(one), scope.spawn(one)];
        both.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let list = keyward.run("issue list --json").ok().json();
    assert_eq!(list["keys"].as_array().unwrap().len(), 7);
    for key in &keys {
        verify(&keyward, key).ok();
    }
    // Verified by many while it is revoked: it stays revoked.
    let id = &keys[0]["acme_live_".len()..][..8];
    std::thread::scope(|scope| {
        scope.spawn(|| (0..4).for_each(|_| drop(verify(&keyward, &keys[0]))));
        scope.spawn(|| keyward.run(&format!("issue revoke {id}")).ok());
    });
    assert_eq!(verdict(&verify(&keyward, &keys[0]).exits(1)), "revoked");
    keyward.run("audit verify").ok();
}

#[test]
fn backups_hold_the_hashes_and_a_restore_revives_nothing() {
    let keyward = Sandbox::with_file();
    let (key, id) = issued(&keyward, "--label partner --expires 2199-01-01");
    let (kept, kept_id) = issued(&keyward, "");
    // A passphrase would cost a second each time.
    let pair = keyward.create("pair", IDENTITY);
    let backup = keyward.path("vault.age");
    let pass = format!("--identity {pair}");
    keyward.run(&format!("backup create --out {backup} --recipient {RECIPIENT}")).ok();
    keyward.run(&format!("backup verify {backup} {pass}")).ok();
    keyward.run(&format!("issue revoke {id}")).ok();
    let later = keyward.path("later.age");
    keyward.run(&format!("backup create --out {later} --recipient {RECIPIENT}")).ok();

    // The older backup does not bring the revoked key back.
    for merge in ["skip", "newer", "overwrite"] {
        keyward.run(&format!("backup restore {backup} {pass} --yes --merge {merge}")).ok();
        assert_eq!(verdict(&verify(&keyward, &key).exits(1)), "revoked");
    }

    // Into nothing, all comes back; then the later one brings the revocation.
    let elsewhere = Sandbox::with_file();
    let said = elsewhere.run(&format!("backup restore {backup} {pass} --dry-run --json")).ok();
    assert_eq!(said.json()["added"], 2);
    elsewhere.run(&format!("backup restore {backup} {pass} --yes")).ok();
    assert_eq!(verdict(&verify(&elsewhere, &key).ok()), "valid");
    assert_eq!(verdict(&verify(&elsewhere, &kept).ok()), "valid");
    let said = elsewhere.run(&format!("backup restore {later} {pass} --yes --json")).ok().json();
    assert_eq!((&said["changed"], &said["same"]), (&1.into(), &1.into()));
    assert_eq!(verdict(&verify(&elsewhere, &key).exits(1)), "revoked");
    let list = elsewhere.run("issue list --json").ok().json();
    let row = |id: &str| {
        list["keys"].as_array().unwrap().iter().find(|key| key["id"] == id).unwrap().clone()
    };
    assert_eq!((&row(&id)["label"], &row(&id)["state"]), (&"partner".into(), &"revoked".into()));
    assert_eq!(row(&kept_id)["state"], "active");
    elsewhere.run("audit verify").ok();
}

#[test]
fn a_scan_says_whose_issued_key_leaked() {
    let keyward = Sandbox::with_file();
    let (key, id) = issued(&keyward, "--label partner");
    let (mine, mine_id) = issued(&keyward, "");
    keyward.run(&format!("issue revoke {mine_id}")).ok();
    let body = &key["acme_live_".len()..key.len() - 6];
    let foreign = with_checksum(&format!("acme_live_00000000{}", &body[8..]));
    let mut typo = key.clone();
    typo.replace_range(30..32, if &key[30..32] == "xy" { "yx" } else { "xy" });
    let repo = Repo::new(&keyward.dir.path().join("repo"));
    repo.write("client.py", &format!("requests.get(url, headers={{'X': '{key}'}})\n"));
    repo.write("old.txt", &format!("{mine}\n"));
    repo.write("other.txt", &format!("{foreign}\n"));
    repo.write("typo.txt", &format!("{typo}\n"));
    repo.commit("leak");
    let scan = || keyward.run(&format!("scan {} --json", repo.path.display())).exits(1);
    // The second scan reads what the first remembered.
    for said in [scan(), scan()] {
        assert!(!said.out.contains(&key[20..40]) && !said.out.contains(&mine[20..40]), "{said}");
        let report = said.json();
        let finding = |path: &str| {
            let all = report["findings"].as_array().unwrap();
            all.iter().find(|one| one["path"] == path).unwrap_or_else(|| panic!("{path}: {report}"))
        };
        let leaked = finding("client.py");
        assert_eq!(
            (&leaked["rule"], &leaked["provider"], &leaked["severity"], &leaked["confidence"]),
            (&"issued-key".into(), &"issued-by-you".into(), &"critical".into(), &"high".into())
        );
        assert_eq!(
            leaked["issued"],
            serde_json::json!({ "id": id, "label": "partner", "state": "active" })
        );
        assert_eq!(leaked["own"], serde_json::Value::Null);
        let steps = leaked["steps"].to_string();
        assert!(steps.contains(&format!("keyward issue revoke {id}")), "{steps}");
        let old = finding("old.txt");
        assert_eq!(
            (&old["issued"]["state"], &old["severity"]),
            (&"revoked".into(), &"medium".into())
        );
        let other = finding("other.txt");
        assert_eq!(other["issued"]["state"], serde_json::Value::Null);
        assert!(!other.to_string().contains("keyward issue revoke"), "{other}");
        // A checksum that does not fit was altered or made up: no key of anybody's.
        let typo = finding("typo.txt");
        assert_eq!((&typo["confidence"], &typo["issued"]), (&"low".into(), &().into()));
    }
    keyward.run(&format!("scan {}", repo.path.display())).exits(1).says(&format!("{id}, partner"));
    // On the disk alone: it goes out of the file, and never into the vault.
    let loose = keyward.create("loose.txt", &key);
    let said = keyward.run(&format!("scan {loose}")).exits(1);
    assert!(said.out.contains(&format!("keyward issue revoke {id}")), "{said}");
    assert!(!said.out.contains("keep it in the vault"), "{said}");
    // Without the vault it is no rule of ours.
    let stranger = Sandbox::with_file();
    let said = stranger.run(&format!("scan {} --json", repo.path.display()));
    assert!(!said.out.contains("issued-key"), "{said}");
}
