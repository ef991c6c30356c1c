//! Hostile and broken backups through the binary: each is refused under its own code, and the vault
//! stays as it was. The rows are those of section C of the table of bad inputs.

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::{Said, Sandbox};

/// Address space that a refusal may take, in KiB: no row needs what a scrypt of 2 GiB would.
const ROOM: u64 = 800 * 1024;

/// A vault with a canary in it, a backup of it, and the key of the backup.
struct Target {
    keyward: Sandbox,
    kit: String,
    recipient: String,
    backup: Vec<u8>,
    before: Vec<(String, Vec<u8>)>,
}

impl Target {
    fn new() -> Self {
        let keyward = Sandbox::with_file();
        keyward.add("a/b/one", "CANARY-vault");
        keyward.add("a/b/two", "CANARY-second");
        let kit = keyward.path("kit.txt");
        let made = keyward.run(&format!("backup kit --out {kit} --json")).ok().json();
        let recipient = made["recipient"].as_str().unwrap().to_owned();
        let file = keyward.path("good.age");
        keyward.run(&format!("backup create --out {file} --recipient {recipient}")).ok();
        let backup = fs::read(&file).unwrap();
        let mut target = Self { keyward, kit, recipient, backup, before: vec![] };
        target.before = target.vault();
        target
    }

    /// Everything in the data folder, byte for byte.
    fn vault(&self) -> Vec<(String, Vec<u8>)> {
        let mut found: Vec<(String, Vec<u8>)> = fs::read_dir(self.keyward.home())
            .unwrap()
            .map(|row| row.unwrap().path())
            .filter(|path| path.is_file())
            .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
            // SQLite makes and removes these two as it likes; they hold nothing of their own here.
            .filter(|(name, _)| !name.ends_with("-shm") && !name.ends_with("-wal"))
            .collect();
        found.sort();
        found
    }

    /// Runs the binary with bounded memory; a hang is an exit status of 124.
    fn bounded(&self, room: u64, args: &[&str]) -> Said {
        let line = format!("ulimit -v {room}; exec timeout 120 \"$@\"");
        let output = self
            .keyward
            .command("sh")
            .args(["-c", &line, "sh", env!("CARGO_BIN_EXE_keyward")])
            .args(args)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Said::new(format!("keyward {}", args.join(" ")), output)
    }

    /// The file is refused by a restore: this status and code, nothing changed, nothing said of any
    /// value, nothing left behind.
    #[track_caller]
    fn refuses(&self, file: &str, key: [&str; 2], status: i32, codes: &[&str]) -> Said {
        self.refuses_in(ROOM, file, key, status, codes)
    }

    #[track_caller]
    fn refuses_in(
        &self,
        room: u64,
        file: &str,
        key: [&str; 2],
        status: i32,
        codes: &[&str],
    ) -> Said {
        let said =
            self.bounded(room, &["backup", "restore", file, key[0], key[1], "--yes", "--no-input"]);
        self.clean(&said);
        let code = codes.iter().find(|code| said.err.contains(&format!("error[{code}]: ")));
        let code = code.unwrap_or_else(|| panic!("none of {codes:?}: {said}"));
        let hint = said.err.lines().nth(1).unwrap_or_default();
        assert!(hint.starts_with("  ") && hint.trim().len() > 10, "no way forward: {said}");
        said.fails(status, code)
    }

    #[track_caller]
    fn clean(&self, said: &Said) {
        for text in [&said.out, &said.err] {
            assert!(!text.contains("CANARY"), "a value was said: {said}");
        }
        assert_eq!(self.vault(), self.before, "the vault changed: {said}");
        for row in fs::read_dir(self.keyward.dir.path()).unwrap() {
            let name = row.unwrap().file_name().to_string_lossy().into_owned();
            assert!(
                !name.starts_with('.') && !name.contains("tmp"),
                "{name} was left behind: {said}"
            );
        }
    }

    fn identity(&self) -> [&str; 2] {
        ["--identity", &self.kit]
    }

    /// Encrypts bytes for the kit with Debian's age.
    fn sealed(&self, name: &str, plain: &[u8]) -> String {
        let path = self.keyward.path(name);
        let mut child = self
            .keyward
            .command("age")
            .args(["-r", &self.recipient, "-o", &path])
            .stdin(Stdio::piped())
            .spawn()
            .expect("age is installed by `cargo xtask test`");
        child.stdin.take().unwrap().write_all(plain).unwrap();
        assert!(child.wait().unwrap().success());
        path
    }

    /// The backup's document, opened by Debian's age.
    fn document(&self) -> Value {
        let file = self.keyward.path("good.age");
        let output =
            self.keyward.command("age").args(["-d", "-i", &self.kit, &file]).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The same document as another vault's, so that nothing but its content speaks against it.
    fn foreign(&self) -> Value {
        let mut document = self.document();
        document["vault"] = json!("01ANOTHERVAULT");
        document["manifest"] = Value::Null;
        document
    }
}

#[test]
fn the_published_vectors_are_all_refused_or_not_ours() {
    let target = Target::new();
    let text = include_str!("../fixtures/age-vectors.txt");
    let (mut seen, mut not_ours, mut post_quantum) = (0, 0, 0);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, content) = line.split_once(' ').unwrap();
        let vector = STANDARD.decode(content).unwrap();
        let end = vector.windows(2).position(|two| two == b"\n\n").unwrap();
        let head = String::from_utf8(vector[..end].to_vec()).unwrap();
        let fields = |name: &str| -> Vec<&str> {
            head.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).collect()
        };
        let mut file = vector[end + 2..].to_vec();
        if !fields("compressed").is_empty() {
            let packed = std::mem::take(&mut file);
            flate2::read::ZlibDecoder::new(&packed[..]).read_to_end(&mut file).unwrap();
        }
        let path = target.keyward.create("vector.age", &file);
        // Where a vector has both, its identities; where it has neither, any passphrase.
        let identities = fields("identity").join("\n");
        let key = if identities.is_empty() {
            let words = fields("passphrase").first().copied().unwrap_or("password");
            ["--passphrase-file", &target.keyward.create("words", words)]
        } else {
            ["--identity", &target.keyward.create("identity", &identities)]
        };
        let said = target
            .bounded(ROOM, &["backup", "restore", &path, key[0], key[1], "--yes", "--no-input"]);
        target.clean(&said);
        assert!([3, 6].contains(&said.status), "{name}: {said}");
        let code = if identities.contains("AGE-SECRET-KEY-PQ-") {
            post_quantum += 1;
            "BACKUP_UNSUPPORTED"
        } else if fields("expect") == ["success"] {
            not_ours += 1;
            "BACKUP_NOT_OURS"
        } else {
            "BACKUP_"
        };
        assert!(said.err.contains(&format!("error[{code}")), "{name}: {said}");
        seen += 1;
    }
    // All that age itself opens, but for those with a post-quantum key, opened and were not ours.
    assert_eq!((seen, not_ours, post_quantum), (143, 21, 19));
}

#[test]
fn damaged_files_and_wrong_keys() {
    let target = Target::new();
    let good = &target.backup;
    let file = |bytes: &[u8]| target.keyward.create("bad.age", bytes);
    // C02, a sample; all of them are tried in the library's own tests.
    for at in [0, 1, 20, good.len() / 2, good.len() - 1] {
        let codes = ["BACKUP_DAMAGED", "BACKUP_NOT_OURS"];
        let said = target
            .bounded(ROOM, &["backup", "verify", &file(&good[..at]), "--identity", &target.kit]);
        target.clean(&said);
        assert!(codes.iter().any(|code| said.err.contains(code)), "cut at {at}: {said}");
        let mut bad = good.clone();
        bad[at] ^= 4;
        let said =
            target.bounded(ROOM, &["backup", "verify", &file(&bad), "--identity", &target.kit]);
        target.clean(&said);
        assert!([3, 6].contains(&said.status), "byte {at}: {said}");
    }
    // C03
    for longer in [&b"x"[..], good] {
        let path = file(&[&good[..], longer].concat());
        target.refuses(&path, target.identity(), 6, &["BACKUP_DAMAGED"]);
    }
    // C04: two whole chunks of three.
    let long = target.sealed("long.age", &vec![b' '; 3 * 65_536]);
    let bytes = fs::read(&long).unwrap();
    let cut = bytes.len() - (65_536 + 16);
    target.refuses(&file(&bytes[..cut]), target.identity(), 6, &["BACKUP_DAMAGED"]);
    // C08
    let other = target.keyward.path("other.txt");
    let made = target.keyward.command("age-keygen").args(["-o", &other]).output().unwrap();
    assert!(made.status.success());
    target.refuses(&file(good), ["--identity", &other], 6, &["BACKUP_NO_MATCHING_KEY"]);
    let words = target.keyward.create("words", "some words");
    target.refuses(&file(good), ["--passphrase-file", &words], 6, &["BACKUP_NO_MATCHING_KEY"]);
    // C24
    let gone = target.keyward.path("gone.age");
    target.refuses(&gone, target.identity(), 4, &["NOT_FOUND"]);
    target.refuses("/proc/self/mem", target.identity(), 7, &["DISK_ERROR"]);
    let fifo = target.keyward.path("fifo");
    assert!(target.keyward.command("mkfifo").arg(&fifo).status().unwrap().success());
    target.refuses(&fifo, target.identity(), 3, &["BACKUP_NOT_A_FILE"]);
    // C25
    target
        .refuses(&target.kit, target.identity(), 3, &["BACKUP_NOT_OURS"])
        .says("this file after `--identity`");
    target
        .refuses(&file(good), ["--identity", &file(good)], 3, &["IDENTITY_INVALID"])
        .says("The backup comes first");
    let ssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nCANARY\n-----END OPENSSH PRIVATE KEY-----\n"; // keyward:allow
    let ssh = target.keyward.create("id_rsa", ssh);
    target.refuses(&file(good), ["--identity", &ssh], 3, &["IDENTITY_INVALID"]).says("SSH key");
}

#[test]
fn work_factors_and_passphrases() {
    let target = Target::new();
    let words = target.keyward.create("words", "vier kurze Wörter\n");
    let path = target.keyward.path("words.age");
    target
        .keyward
        .run(&format!("backup create --out {path} --passphrase-file {words}"))
        .ok()
        .says("letters that systems store in more than one way");
    let target = Target { before: target.vault(), ..target };
    let good = fs::read(&path).unwrap();
    let head = String::from_utf8_lossy(&good[..120]).into_owned();
    let line = head.lines().find(|line| line.starts_with("-> scrypt ")).unwrap().to_owned();
    let key = ["--passphrase-file", words.as_str()];
    // C05: no work is done, or the little room would not be enough.
    for factor in ["19", "21", "22", "23", "63"] {
        let other = line.trim_end_matches("18").to_owned() + factor;
        let mut bytes = good.clone();
        let at = good.windows(line.len()).position(|part| part == line.as_bytes()).unwrap();
        bytes.splice(at..at + line.len(), other.bytes());
        let bad = target.keyward.create("factor.age", bytes);
        target.refuses_in(200 * 1024, &bad, key, 3, &["BACKUP_WORK_FACTOR"]);
    }
    // C06, C07
    let wrong = target.keyward.create("wrong", "vier kurze Wo\u{308}rter\n");
    target
        .refuses(&path, ["--passphrase-file", &wrong], 6, &["BACKUP_WRONG_KEY"])
        .says("letters with accents");
    for empty in ["", "\n", "\r\n"] {
        let empty = target.keyward.create("empty", empty);
        target.refuses(&path, ["--passphrase-file", &empty], 3, &["PASSPHRASE_EMPTY"]);
    }
    let long = target.keyward.create("long", vec![b'x'; 10_000_000]);
    target.refuses(&path, ["--passphrase-file", &long], 3, &["PASSPHRASE_UNFIT"]);
}

#[test]
fn kinds_of_keys_that_are_never_used_start_nothing() {
    let target = Target::new();
    let marker = target.keyward.path("started");
    let script = format!("#!/bin/sh\ntouch {marker}\n");
    for name in ["age-plugin-evil", "age-plugin-yubikey", "age-plugin-piv-p256"] {
        let path = target.keyward.create(&format!("bin/{name}"), &script);
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:{}", target.keyward.path("bin"), std::env::var("PATH").unwrap());
    let target = Target { keyward: target.keyward.and("PATH", &path), ..target };
    let file = |stanza: &str| {
        let body = "A".repeat(43);
        let text =
            format!("age-encryption.org/v1\n-> {stanza}\n{body}\n--- {body}\n0123456789abcdef");
        target.keyward.create("stanza.age", text)
    };
    for (stanza, code) in [
        ("piv-p256 abcd AAAA", "BACKUP_PLUGIN"),
        ("yubikey abcd", "BACKUP_PLUGIN"),
        ("ssh-rsa AAAAAA", "BACKUP_UNSUPPORTED"),
        ("ssh-ed25519 AAAAAA AAAA", "BACKUP_UNSUPPORTED"),
        ("mlkem768x25519 AAAA", "BACKUP_UNSUPPORTED"),
    ] {
        target.refuses(&file(stanza), target.identity(), 3, &[code]);
    }
    let good = target.keyward.create("good-copy.age", &target.backup);
    for line in ["AGE-PLUGIN-EVIL-1QQQ", "AGE-PLUGIN-YUBIKEY-1QQQ"] {
        let plugin = target.keyward.create("plugin.txt", line);
        target.refuses(&good, ["--identity", &plugin], 3, &["BACKUP_PLUGIN"]);
    }
    for (recipient, code) in [
        ("age1yubikey1qqqqq", "BACKUP_PLUGIN"),
        ("age1pq1qqqqq", "BACKUP_UNSUPPORTED"),
        ("ssh-ed25519", "RECIPIENT_INVALID"),
    ] {
        let out = target.keyward.path("never.age");
        target
            .keyward
            .run(&format!("backup create --out {out} --recipient {recipient}"))
            .fails(3, code);
        assert!(!Path::new(&out).exists());
    }
    assert!(!Path::new(&marker).exists(), "a plugin was started");
}

#[test]
fn what_is_inside_is_checked_before_anything_is_used() {
    let target = Target::new();
    // C13: over the limit when opened, and over it as a file.
    let zeros = target.sealed("zeros.age", &vec![0; 65 * 1024 * 1024]);
    target.refuses(&zeros, target.identity(), 3, &["BACKUP_TOO_LARGE"]);
    fs::remove_file(&zeros).unwrap();
    let sparse = target.keyward.create("sparse.age", b"age-encryption.org/v1\n");
    fs::File::options().write(true).open(&sparse).unwrap().set_len(3 << 30).unwrap();
    target.refuses_in(200 * 1024, &sparse, target.identity(), 3, &["BACKUP_TOO_LARGE"]);
    fs::remove_file(&sparse).unwrap();
    // C14
    let mut tar = tar_with("../../.ssh/authorized_keys");
    tar.resize(10_240, 0);
    for bytes in [&tar[..], b"PK\x03\x04../../.ssh/authorized_keys", b"", b"[]", b"\xff\xfe{}"] {
        let path = target.sealed("other.age", bytes);
        target.refuses(&path, target.identity(), 3, &["BACKUP_NOT_OURS"]);
    }
    assert!(!target.keyward.dir.path().join(".ssh").exists());
    // C15, C19
    let good = target.foreign().to_string();
    let begin = "{\"format\":\"keyward-backup\",\"version\":1,";
    let many = format!("{begin}\"entries\":[{}0]}}", "0,".repeat(1_000_000));
    let with_version = |version: Value| {
        let mut document = target.foreign();
        document["version"] = version;
        document.to_string()
    };
    let malformed = [
        format!("{begin}\"x\":{}", "[".repeat(100_000)),
        format!("{begin}\"entries\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000)),
        good.replacen("\"kind\":", "\"kind\":\"x\",\"kind\":", 1),
        good.replacen("\"rotate_days\":null", "\"rotate_days\":1e999", 1),
        good.replacen("\"rotate_days\":null", "\"rotate_days\":NaN", 1),
        good.replacen("\"notes\":null", "\"notes\":\"\\ud800\"", 1),
        good.replacen("\"notes\":null", "\"notes\":null,\"colour\":1", 1),
        good.replacen("\"created\":\"", "\"created\":\"yesterday ", 1),
        good.replacen("\"value\":\"", "\"value_base64\":\"!!", 1),
        with_version(json!(0)),
        with_version(json!(-1)),
        with_version(json!("1")),
        good[..good.len() - 1].to_owned(),
        good.clone() + "{}",
        many,
    ];
    for text in malformed {
        let path = target.sealed("malformed.age", text.as_bytes());
        let start: String = text.chars().take(120).collect();
        let said = target.refuses(&path, target.identity(), 3, &["BACKUP_MALFORMED"]);
        assert!(said.err.contains("at line "), "{start}: {said}");
    }
    let path = target.sealed("newer.age", with_version(json!(99)).as_bytes());
    target.refuses(&path, target.identity(), 3, &["BACKUP_TOO_NEW"]);
    // C16
    let mut wrong = target.foreign();
    wrong["counts"]["values"] = json!(3);
    let path = target.sealed("counts.age", wrong.to_string().as_bytes());
    target.refuses(&path, target.identity(), 6, &["BACKUP_MANIFEST"]);
    for edit in ["manifest", "notes"] {
        let mut ours = target.document();
        match edit {
            "manifest" => ours["manifest"] = Value::Null,
            _ => ours["entries"][0]["notes"] = json!("changed"),
        }
        let path = target.sealed("edited.age", ours.to_string().as_bytes());
        target.refuses(&path, target.identity(), 6, &["BACKUP_MANIFEST"]);
    }
    let path = target.sealed("foreign.age", target.foreign().to_string().as_bytes());
    target
        .keyward
        .run(&format!("backup restore {path} --identity {} --dry-run", target.kit))
        .ok()
        .says("Origin not proved");
}

/// The first block of a tar archive with this path.
fn tar_with(path: &str) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..path.len()].copy_from_slice(path.as_bytes());
    block[257..262].copy_from_slice(b"ustar");
    block
}

#[test]
fn entries_that_cannot_be_are_named_and_left_out_only_when_asked() {
    let target = Target::new();
    let mut document = target.foreign();
    let model = document["entries"][0].clone();
    let mut entries = vec![];
    let mut put = |name: &str, change: &dyn Fn(&mut Value)| {
        let mut entry = model.clone();
        entry["name"] = json!(name);
        entry["id"] = json!(format!("01{:0>24}", entries.len()));
        change(&mut entry);
        entries.push(entry);
    };
    let as_is: &dyn Fn(&mut Value) = &|_| {};
    put("good/prod/key", as_is);
    for name in ["", "a\0b", "a\r\nb", "a\x1b[31mred", "a/b/\u{202e}txt", "../x", "a//b"] {
        put(name, as_is);
    }
    put(&"x".repeat(1024 * 1024), as_is);
    put("good/prod/KEY", as_is);
    put("a/c/url", &|entry| entry["url"] = json!("javascript:alert(1)"));
    put("a/c/var", &|entry| entry["var"] = json!("A=B\nLD_PRELOAD"));
    put("a/c/kind", &|entry| entry["kind"] = json!("spoon"));
    put("a/c/stage", &|entry| entry["versions"][0]["stage"] = json!("pending"));
    put("a/c/value", &|entry| entry["versions"][0]["value"] = json!(""));
    let bad = entries.len() - 1;
    document["counts"] = json!({ "entries": entries.len(), "values": entries.len() });
    document["entries"] = json!(entries);
    let path = target.sealed("entries.age", document.to_string().as_bytes());
    let said = target.refuses(&path, target.identity(), 3, &["BACKUP_BAD_ENTRIES"]);
    assert!(said.err.contains(&format!("{bad} entries")), "{said}");
    assert!(!said.err.contains(['\x1b', '\u{202e}', '\0']), "{said}");
    assert!(said.err.len() < 4096, "{} bytes of error", said.err.len());

    let other = Sandbox::with_file();
    let restore = format!("backup restore {path} --identity {} --skip-bad --yes", target.kit);
    let report = other.run(&format!("{restore} --json")).ok().json();
    assert_eq!((&report["added"], report["bad"].as_array().unwrap().len()), (&json!(1), bad));
    assert_eq!(other.run("list --json").ok().json()["entries"][0]["name"], "good/prod/key");
    other.run(&restore).ok().says("0 changes").says("left out: entry 2");
}

#[test]
fn dates_that_cannot_be_are_said_and_rule_over_nothing() {
    let target = Target::new();
    let mut document = target.foreign();
    document["created"] = json!("2199-01-01T00:00:00Z");
    document["entries"][0]["versions"][0]["created"] = json!("2199-01-01T00:00:00Z");
    document["entries"][0]["updated"] = json!("1970-01-01T00:00:00Z");
    document["entries"][1]["versions"][0]["created"] = json!("1970-01-01T00:00:00Z");
    document["entries"][1]["created"] = json!("2026-03-01T12:00:00+02:00");
    let path = target.sealed("dates.age", document.to_string().as_bytes());
    let other = Sandbox::with_file();
    let restore = format!("backup restore {path} --identity {} --yes", target.kit);
    other.run(&restore).ok().says("which cannot be").says("2 of its entries have dates");
    for row in other.run("list --json").ok().json()["entries"].as_array().unwrap() {
        assert_eq!((&row["age_days"], &row["state"]), (&json!(0), &json!("fresh")), "{row}");
    }
    // C20: a second time there is nothing to do.
    other.run(&restore).ok().says("0 changes");
    assert!(!other.home().join("before-restore").exists(), "nothing to go back from");
}

#[test]
fn a_target_that_cannot_be_written_costs_no_backup() {
    let target = Target::new();
    let keyward = &target.keyward;
    keyward.args(&["add", "a/b/long", "--stdin"], "x".repeat(60_000).as_bytes()).ok();
    let folder = keyward.path("backups");
    fs::create_dir(&folder).unwrap();
    keyward.run(&format!("backup schedule set --to {folder} --no-timer")).ok();
    let mut written = vec![];
    for _ in 0..2 {
        let run = keyward.run("backup schedule run --force --json").ok().json();
        written.push(run["folders"][0]["path"].as_str().unwrap().to_owned());
        std::thread::sleep(std::time::Duration::from_millis(1100));
    }
    // The first of the day went with the second; one that fails takes nothing.
    assert!(!Path::new(&written[0]).exists() && Path::new(&written[1]).exists());
    let good = fs::read(&written[1]).unwrap();
    // No file over 32 KiB can be written: a disk that fills up in the middle.
    let small = "trap '' XFSZ; ulimit -f 64; exec \"$@\"";
    let failing = |args: &[&str]| {
        let output = keyward
            .command("sh")
            .args(["-c", small, "sh", env!("CARGO_BIN_EXE_keyward")])
            .args(args)
            .output()
            .unwrap();
        Said::new(args.join(" "), output)
    };
    let said = failing(&["backup", "schedule", "run", "--force"]);
    assert_eq!(said.status, 7, "{said}");
    said.says("what is there was left alone");
    let out = keyward.path("direct.age");
    let said = failing(&["backup", "create", "--out", &out, "--recipient", &target.recipient]);
    assert_eq!(said.status, 7, "{said}");
    let replace = ["backup", "create", "--out", &written[1], "--force", "--recipient"];
    let said = failing(&[&replace[..], &[&target.recipient]].concat());
    assert_eq!(said.status, 7, "{said}");
    assert_eq!(fs::read(&written[1]).unwrap(), good, "the good backup was touched");
    assert!(!Path::new(&out).exists());
    let left = fs::read_dir(&folder).unwrap().count();
    assert_eq!(left, 1, "a temporary file stayed, or a good backup went");
    // A folder in which nothing can be made, by anybody.
    keyward
        .run(&format!("backup create --out /sys/vault.age --recipient {}", target.recipient))
        .fails(7, "DISK_READ_ONLY");
    keyward
        .run(&format!("backup create --out {folder} --recipient {}", target.recipient))
        .fails(3, "BACKUP_NOT_A_FILE");
    keyward
        .run(&format!("backup create --out {} --recipient {}", written[1], target.recipient))
        .fails(3, "BACKUP_EXISTS");
    assert_eq!(fs::read(&written[1]).unwrap(), good);
}
