//! Local places: what is written there, what is left alone, and what others read back.

#![allow(clippy::unwrap_used, missing_docs)]

mod support;

/// Keyward's own reader of `.env` files.
#[path = "../../app/src/dotenv.rs"]
#[allow(dead_code)]
mod own;

use std::cell::{Cell, RefCell};
use std::fs;
use std::path::{Path, PathBuf};

use keyward_remote::Why;
use keyward_remote::destination::{Held, Place};
use proptest::prelude::*;
use serde_json::Value;
use support::{Readers, check, push};
use tempfile::TempDir;

fn dotenv(path: &Path, var: &str) -> Place {
    Place::Dotenv { path: path.to_owned(), var: var.to_owned() }
}

/// A folder with one file.
fn file(name: &str, content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, content).unwrap();
    (dir, path)
}

fn after(content: &str, value: &str) -> Result<String, String> {
    let (dir, path) = file(".env", content);
    let result = push(&dotenv(&path, "KEY"), value);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "a file was left behind");
    let text = fs::read_to_string(&path).unwrap();
    match result {
        Ok(()) => {
            assert_eq!(
                check(&dotenv(&path, "KEY"), &[b"no", value.as_bytes()]),
                Ok(Held::Known(1))
            );
            Ok(text)
        }
        Err(failure) => {
            assert_eq!(text, content, "it says that nothing was written");
            Err(failure.to_string())
        }
    }
}

#[test]
fn one_value_of_a_dotenv_file_changes_and_nothing_else() {
    for (before, value, wanted) in [
        ("# c\nA=1\nKEY=old # note\n\nB='x'\n", "new", "# c\nA=1\nKEY=new # note\n\nB='x'\n"),
        ("export KEY = 'old'\r\nB=2\r\n", "n w", "export KEY = 'n w'\r\nB=2\r\n"),
        ("KEY=old", "new", "KEY=new"),
        ("\u{feff}KEY=\"old\"\n", "new", "\u{feff}KEY=\"new\"\n"),
        ("KEY=1\nKEY=2\n", "new", "KEY=1\nKEY=new\n"),
        ("A=1", "new", "A=1\nKEY=new"),
        ("A=1\r\n", "new", "A=1\r\nKEY=new\r\n"),
        ("", "new", "KEY=new\n"),
        ("KEY=\nB=2\n", "new", "KEY=new\nB=2\n"),
        ("KEY=#note\n", "new", "KEY=new #note\n"),
        ("KEY=  # note\n", "new", "KEY=  new # note\n"),
        ("KEY=old\n", "a$b", "KEY='a$b'\n"),
        ("KEY=old\n", "it's", "KEY=\"it's\"\n"),
        ("KEY=old\n", "say \"it's\"", "KEY=\"say \\\"it's\\\"\"\n"),
        ("KEY='a\nb'\nB=2\n", "c\nd", "KEY='c\nd'\nB=2\n"),
        ("KEY=\"a\\nb\"\r\nB=2\r\n", "c\nd", "KEY=\"c\r\nd\"\r\nB=2\r\n"),
        ("KEY=x\n", "a\r\nb", "KEY=\"a\\r\nb\"\n"),
        ("KEY=x\n", "C:\\dir\\", "KEY=C:\\dir\\\n"),
        ("KEYS=1\nXKEY=2\n#KEY=3\n", "new", "KEYS=1\nXKEY=2\n#KEY=3\nKEY=new\n"),
        ("A=\"multi\nKEY=no\n\"\nKEY=old\n", "new", "A=\"multi\nKEY=no\n\"\nKEY=new\n"),
        ("KEY=old\nnonsense\n1x=2\n", "new", "KEY=new\nnonsense\n1x=2\n"),
    ] {
        assert_eq!(after(before, value).as_deref(), Ok(wanted), "{before:?} {value:?}");
    }
}

#[test]
fn what_readers_would_not_agree_on_is_refused() {
    for (before, value, why) in [
        ("A=\"open\nKEY=old\n", "new", "line 1"),
        ("B=1\nA='x\\'\nKEY=old\n", "new", "line 2"),
        ("A=\"x\" y\nKEY=old\n", "new", "line 1"),
        ("1A=\"x\nKEY=old\n", "new", "line 1"),
        ("KEY=old\nexport KEY\n", "new", "without `=`"),
        ("KEY=old\n", "a\0b", "NUL"),
        ("KEY=old\n", "a${b}", "${"),
        ("KEY=old\n", "a'b$c", "no way of quoting"),
        ("KEY=old\n", "", "empty"),
    ] {
        let refused = after(before, value).unwrap_err();
        assert!(refused.contains(why), "{before:?}: {refused}");
    }
    let (_dir, path) = file(".env", b"KEY=\xff\n");
    assert!(push(&dotenv(&path, "KEY"), "new").unwrap_err().to_string().contains("UTF-8"));
    let (_dir, path) = file(".env", "KEY=old\n");
    assert!(push(&dotenv(&path, "KEY"), b"\xff").unwrap_err().to_string().contains("not text"));
    assert!(push(&dotenv(&path, "A B"), "x").is_err());
    assert!(
        push(&dotenv(Path::new(".env"), "KEY"), "x").unwrap_err().to_string().contains("absolute")
    );
}

#[test]
fn a_variable_that_is_set_twice_is_remarked_on() {
    let (_dir, path) = file(".env", "KEY=1\nA=2\nKEY=3\n");
    let remarks = dotenv(&path, "KEY").remarks();
    assert!(remarks.len() == 1 && remarks[0].contains("set 2 times"), "{remarks:?}");
    assert!(dotenv(&path, "A").remarks().is_empty());
    assert_eq!(check(&dotenv(&path, "KEY"), &[b"1", b"3"]), Ok(Held::Known(1)));
    assert_eq!(check(&dotenv(&path, "KEY"), &[b"1"]), Ok(Held::Other));
    assert_eq!(check(&dotenv(&path, "B"), &[b"1"]), Ok(Held::Absent));
    assert_eq!(check(&dotenv(&path.with_extension("no"), "B"), &[b"1"]), Ok(Held::Absent));
}

/// Lines of every kind, good and odd.
fn line() -> impl Strategy<Value = String> {
    let end = prop::sample::select(vec!["\n", "\n", "\n", "\r\n", "\n\n"]);
    let body = prop_oneof![
        4 => "(export )?(A|B|KEY|KEY2) ?= ?[a-z0-9#$'\" \\\\]{0,8}",
        2 => "(A|B|KEY)='[a-z #\"\n\\\\]{0,8}'( # note)?",
        2 => "(A|B|KEY)=\"([a-z #'\n]|\\\\n|\\\\\"|\\\\\\\\){0,8}\"( # note)?",
        1 => "# [a-zA-Z='\"]{0,8}",
        1 => "[a-z ]{0,6}",
    ];
    (body, end).prop_map(|(body, end)| body + end)
}

#[test]
fn any_value_in_any_file_is_read_back_by_two_other_readers_and_every_other_line_stays() {
    let readers = RefCell::new(Readers::start());
    let (written, refused) = (Cell::new(0), Cell::new(0));
    let file = (prop::collection::vec(line(), 0..6), any::<bool>(), any::<bool>());
    let value = prop_oneof!["[ -~]{1,12}", "[a-zA-Z0-9'\"\\\\$`\n\r#={}é]{1,12}"];
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&(file, value), |((lines, mark, whole), value)| {
        let mut before = lines.concat();
        if mark {
            before.insert(0, '\u{feff}');
        }
        if !whole {
            before.truncate(before.trim_end_matches(['\n', '\r']).len());
        }
        let Ok(after) = after(&before, &value) else {
            refused.set(refused.get() + 1);
            return Ok(());
        };
        written.set(written.get() + 1);
        let mut readers = readers.borrow_mut();
        let seen = |text: &str| -> Vec<(String, String)> {
            let rows = own::parse(text).into_iter().filter_map(|row| row.set.ok());
            rows.map(|(name, value)| (name, value.to_string())).collect()
        };
        let (mut old, mut new) = (seen(&before), seen(&after));
        match old.iter_mut().rev().find(|(name, _)| name == "KEY") {
            Some((_, old)) => old.clone_from(&value),
            None => old.push(("KEY".to_owned(), value.clone())),
        }
        prop_assert_eq!(&old, &new, "ours: {:?}", after);
        new.reverse();
        let theirs = readers.read("dotenv", after.as_bytes());
        prop_assert_eq!(&theirs["KEY"], &Value::from(value), "python-dotenv: {:?}", after);
        let mut others = readers.read("dotenv", before.as_bytes());
        others["KEY"] = theirs["KEY"].clone();
        prop_assert_eq!(others, theirs, "python-dotenv, the others: {:?}", after);
        Ok(())
    });
    outcome.unwrap();
    let (written, refused) = (written.get(), refused.get());
    assert!(written > refused / 2, "{written} written, {refused} refused");
}

#[test]
fn a_file_holds_the_value_and_keeps_its_line_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    let place = Place::File { path: path.clone() };
    assert_eq!(check(&place, &[b"one"]), Ok(Held::Absent));
    push(&place, "one").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"one");
    for (before, value, wanted) in [
        ("old\n", "new", "new\n"),
        ("old\r\n", "new", "new\r\n"),
        ("old", "new", "new"),
        ("old\n", "pem\n", "pem\n"),
        ("", "new", "new"),
    ] {
        fs::write(&path, before).unwrap();
        push(&place, value).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), wanted);
        assert_eq!(check(&place, &[b"old", value.as_bytes()]), Ok(Held::Known(1)));
    }
    push(&place, b"\xff\0").unwrap();
    assert_eq!(check(&place, &[b"old", b"\xff\0"]), Ok(Held::Known(1)));
    assert!(push(&Place::File { path: dir.path().to_owned() }, "x").is_err());
    assert!(push(&Place::File { path: dir.path().join("no/key") }, "x").is_err());
}

#[cfg(unix)]
#[test]
fn modes_links_and_the_time_of_an_equal_file_are_kept() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    let (dir, path) = file("real.env", "KEY=old\n");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let link = dir.path().join(".env");
    symlink("real.env", &link).unwrap();
    push(&dotenv(&link, "KEY"), "new").unwrap();
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("real.env"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "KEY=new\n");
    assert_eq!(mode(&path), 0o640);
    let node = fs::metadata(&path).unwrap().ino();
    push(&dotenv(&link, "KEY"), "new").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().ino(), node, "the same again writes nothing");
    for name in ["fresh.env", "fresh"] {
        let fresh = dir.path().join(name);
        push(&dotenv(&fresh, "KEY"), "new").unwrap();
        assert_eq!(mode(&fresh), 0o600);
    }
    let dangling = dir.path().join("dangling");
    symlink("nowhere", &dangling).unwrap();
    assert!(push(&dotenv(&dangling, "KEY"), "x").unwrap_err().to_string().contains("nowhere"));
    let fifo = dir.path().join("fifo");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RUSR).unwrap();
    assert!(push(&dotenv(&fifo, "KEY"), "x").unwrap_err().to_string().contains("regular"));
}

/// Writes one value after the other until it is killed; the test below starts it.
#[test]
#[ignore = "a part of the next test"]
fn writer() {
    let Some(path) = std::env::var_os("KEYWARD_TEST_WRITES") else { return };
    let naive = std::env::var_os("KEYWARD_TEST_NAIVE").is_some();
    for letter in ["a", "b"].into_iter().cycle() {
        let value = letter.repeat(LENGTH);
        if naive {
            fs::write(&path, &value).unwrap();
        } else {
            push(&Place::File { path: PathBuf::from(&path) }, value).unwrap();
        }
    }
}

/// Long enough for a write to be seen half done.
const LENGTH: usize = 900_000;

/// Kills a writer some time after it began; whether what it left is one of its values, whole.
fn survives(naive: bool, path: &Path, delay: u64) -> bool {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "writer", "--ignored", "--quiet"]).env("KEYWARD_TEST_WRITES", path);
    if naive {
        command.env("KEYWARD_TEST_NAIVE", "1");
    }
    let quiet = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut writer = quiet.spawn().unwrap();
    let before = fs::metadata(path).unwrap().modified().unwrap();
    while fs::metadata(path).map_or(before, |data| data.modified().unwrap()) == before {
        std::thread::yield_now();
    }
    std::thread::sleep(std::time::Duration::from_micros(delay));
    writer.kill().unwrap();
    writer.wait().unwrap();
    let left = fs::read(path).unwrap();
    left.len() == LENGTH && left.iter().all(|byte| *byte == left[0])
}

#[test]
fn a_write_that_is_killed_leaves_the_old_or_the_new_and_never_half() {
    let (dir, path) = file("key", "a".repeat(LENGTH));
    for round in 0..20 {
        assert!(survives(false, &path, round * 397 % 5000), "round {round}");
    }
    push(&Place::File { path: path.clone() }, "end").unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "what they left was swept");
    // The same test sees a writer that does not take care.
    fs::write(&path, "a".repeat(LENGTH)).unwrap();
    let torn = (0..500).any(|round| !survives(true, &path, round * 397 % 5000));
    assert!(torn, "this test could not fail");
}

#[test]
fn what_a_killed_run_left_is_swept_and_what_a_living_one_holds_is_not() {
    let (dir, path) = file(".env", "KEY=old\n");
    let left = dir.path().join(".keyward-push-.env-dead00");
    let held = dir.path().join(".keyward-push-.env-held00");
    fs::write(&left, "KEY=ne").unwrap();
    let living = fs::File::create(&held).unwrap();
    living.try_lock().unwrap();
    push(&dotenv(&path, "KEY"), "new").unwrap();
    assert!(!left.exists() && held.exists());
}

const MANIFEST: &str = "\
# keep me
apiVersion: v1
kind: ConfigMap
metadata: {name: other, labels: [a, &x b]}
data:
  KEY: not-this
---
apiVersion: v1
kind: Secret   # a secret
metadata:
  name: shop
  labels:
    app: shop
type: Opaque
data:
  # the key
  KEY: b2xk   # rotated by hand
  other: 'eA=='
stringData:
    pem: |
      line 1
        line 2
    plain: old
    quoted: \"a\\tb\"

# end
---
kind: Secret
metadata:
  name: second
data: {KEY: b2xk}
";

fn manifest(path: &Path, secret: Option<&str>, key: &str) -> Place {
    Place::Kubernetes {
        path: path.to_owned(),
        secret: secret.map(str::to_owned),
        key: key.to_owned(),
    }
}

#[test]
fn one_scalar_of_a_manifest_changes_and_nothing_else() {
    let mut readers = Readers::start();
    for (key, value, old, new) in [
        ("KEY", "new", "KEY: b2xk   #", "KEY: bmV3   #"),
        ("other", "new", "'eA=='", "'bmV3'"),
        (
            "pem",
            "a\n b\n\nc",
            "|\n      line 1\n        line 2\n",
            "|-\n      a\n       b\n      \n      c\n",
        ),
        ("pem", "a\n", "|\n      line 1\n        line 2\n", "|\n      a\n"),
        ("pem", "a\r\n", "|\n      line 1\n        line 2\n", "\"a\\r\\n\"\n"),
        ("plain", "new", "plain: old", "plain: new"),
        ("plain", "12e5", "plain: old", "plain: \"12e5\""),
        ("plain", "yes", "plain: old", "plain: \"yes\""),
        ("plain", "a: b #\u{2028}\u{1}'\"", "plain: old", "plain: \"a: b #\\u2028\\u0001'\\\"\""),
        ("quoted", "it's\n", "\"a\\tb\"", "\"it's\\n\""),
        ("fresh", "new", "data:\n  # the key", "data:\n  fresh: bmV3\n  # the key"),
    ] {
        let (dir, path) = file("secret.yaml", MANIFEST);
        let place = manifest(&path, Some("shop"), key);
        push(&place, value).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, MANIFEST.replacen(old, new, 1), "{key}");
        assert_eq!(check(&place, &[b"no", value.as_bytes()]), Ok(Held::Known(1)), "{key}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let (before, after) =
            (readers.read("yaml", MANIFEST.as_bytes()), readers.read("yaml", text.as_bytes()));
        let block = if ["pem", "plain", "quoted"].contains(&key) { "stringData" } else { "data" };
        let mut wanted = before.clone();
        let shown = match block {
            "data" => base64::Engine::encode(&base64::engine::general_purpose::STANDARD, value),
            _ => value.to_owned(),
        };
        wanted[1][block][key] = shown.into();
        assert_eq!(after, wanted, "{key}");
    }
    let (_dir, path) = file("secret.yaml", MANIFEST.replace('\n', "\r\n"));
    push(&manifest(&path, Some("shop"), "KEY"), "new").unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, MANIFEST.replace("b2xk   #", "bmV3   #").replace('\n', "\r\n"));
    push(&manifest(&path, Some("shop"), "KEY"), b"\xff\xfe").unwrap();
    assert_eq!(check(&manifest(&path, Some("shop"), "KEY"), &[b"\xff\xfe"]), Ok(Held::Known(0)));
}

#[test]
fn a_manifest_that_is_not_plainly_understood_is_refused() {
    let secret = |rest: &str| format!("kind: Secret\nmetadata:\n  name: a\n{rest}");
    for (text, name, why) in [
        (MANIFEST.to_owned(), None, "2 Secrets"),
        (MANIFEST.to_owned(), Some("third"), "no Secret named"),
        (MANIFEST.to_owned(), Some("second"), "flow style"),
        (secret("data:\n  KEY: &a b2xk\n"), None, "line 5: anchors"),
        (secret("data:\n  KEY: *a\n"), None, "anchors"),
        (secret("data:\n  KEY: !!binary b2xk\n"), None, "tags"),
        (secret("data:\n  <<: *base\n  KEY: b2xk\n"), None, "merges"),
        (secret("data: &d\n  KEY: b2xk\n"), None, "anchors"),
        (secret("data:\n  KEY: \"b2\n    xk\"\n"), None, "several lines"),
        (secret("data:\n  KEY: b2xk\n    b2xk\n"), None, "several lines"),
        (secret("data:\n  KEY: >-\n    b2xk\n"), None, "folded"),
        (secret("data:\n  KEY: b2xk\n  KEY: b2xk\n"), None, "twice"),
        (secret("data:\n  KEY: b2xk\nstringData:\n  KEY: old\n"), None, "twice"),
        (secret("data:\n  KEY: b2xk\ndata:\n  A: eA==\n"), None, "twice"),
        (secret("data:\n\tKEY: b2xk\n"), None, "tab"),
        (secret("data:\n  KEY: {{ .Values.key }}\n"), None, "flow"),
        (secret("data:\n    A: eA==\n  KEY: b2xk\n"), None, "moved in"),
        (secret("type: Opaque\n"), None, "neither"),
        (
            "kind: List\nitems:\n- kind: Secret\n  data:\n    KEY: b2xk\n".to_owned(),
            None,
            "no Secret",
        ),
        ("{kind: Secret}\n".to_owned(), None, "no Secret"),
        (String::new(), None, "no Secret"),
    ] {
        let (_dir, path) = file("s.yaml", &text);
        let failure = push(&manifest(&path, name, "KEY"), "new").expect_err(&text);
        assert!(
            matches!(&failure.why, Why::Local(said) if said.contains(why)),
            "{text}\n{failure}"
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_manifest_of_any_text_is_read_without_a_panic(text in "(kind: Secret\n|metadata:\n|data:\n|  KEY: |  |---\n|[a-z:'\"|>\\\\é \n#&*!{}-]){0,40}") {
        let (_dir, path) = file("s.yaml", &text);
        let _ = check(&manifest(&path, None, "KEY"), &[b"x"]);
        let pushed = push(&manifest(&path, None, "KEY"), "new");
        prop_assert!(pushed.is_ok() || fs::read_to_string(&path).unwrap() == text);
    }
}

#[cfg(unix)]
#[test]
fn a_command_reads_the_value_from_its_standard_input_alone() {
    use std::collections::BTreeMap;

    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out").display().to_string();
    let run = |script: &str, check: Option<&str>| Place::Command {
        argv: ["sh", "-c", script, "sh", &out].map(str::to_owned).to_vec(),
        check: check.map(|check| ["sh", "-c", check, "sh", &out].map(str::to_owned).to_vec()),
    };
    let place =
        run("cat > \"$1\"; env >> \"$1.env\"; echo \"$@\" > \"$1.argv\"", Some("cat \"$1\"; echo"));
    let value = support::secret("CANARY-value");
    let variables = BTreeMap::from([("REGION".to_owned(), "eu".to_owned())]);
    let access =
        keyward_remote::destination::Access { variables: &variables, ..support::access(None) };
    place.push(&value, &access).unwrap();
    assert_eq!(fs::read(&out).unwrap(), b"CANARY-value");
    assert_eq!(place.check(&[&value], &access), Ok(Held::Known(0)));
    let env = fs::read_to_string(format!("{out}.env")).unwrap();
    let names: Vec<&str> = env.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    assert!(names.contains(&"REGION") && names.contains(&"PATH"));
    // What a shell sets by itself comes on top.
    let known = ["REGION", "PATH", "HOME", "LANG", "PWD", "SHLVL", "_", "OLDPWD"];
    assert!(names.iter().all(|name| known.contains(name)), "{names:?}");
    assert!(!fs::read_to_string(format!("{out}.argv")).unwrap().contains("CANARY"));

    for (script, said) in [("exit 3", "exit status 3"), ("kill -9 $$", "by a signal")] {
        let failure = push(&run(script, None), "x").unwrap_err();
        assert!(failure.to_string().contains(said), "{failure}");
        assert_eq!(failure.happened, keyward_remote::Happened::Perhaps);
    }
    // One that does not read all of it and is content is content.
    push(&run("exit 0", None), vec![b'x'; 200_000]).unwrap();
    assert_eq!(check(&run("true", None), &[b"x"]), Ok(Held::Unreadable));
    assert_eq!(check(&run("true", Some("echo y")), &[b"x"]), Ok(Held::Other));
    assert_eq!(check(&run("true", Some("true")), &[b"x"]), Ok(Held::Absent));
    assert!(check(&run("true", Some("yes")), &[b"x"]).is_err(), "it prints without end");
    let nothing = Place::Command { argv: vec!["/no/such/program".to_owned()], check: None };
    assert!(push(&nothing, "x").unwrap_err().to_string().contains("cannot be started"));
}

#[test]
fn nothing_that_is_said_holds_a_value() {
    let value = "CANARY-7d1f${x}'";
    let (_dir, path) = file("x", format!("KEY='{value}\nKEY=a\n"));
    let places = [
        dotenv(&path, "KEY"),
        manifest(&path, None, "KEY"),
        Place::Command { argv: vec!["false".to_owned()], check: None },
        Place::File { path: path.join("below") },
    ];
    for place in places {
        let secret = support::secret(value);
        let access = support::access(Some(&secret));
        let failure = place.push(&secret, &access).unwrap_err();
        let said = format!("{failure} {failure:?} {place:?} {} {access:?}", place.shown());
        assert!(!said.contains("CANARY"), "{said}");
        let said = format!("{:?}", place.check(&[&secret], &access));
        assert!(!said.contains("CANARY"), "{said}");
    }
}
