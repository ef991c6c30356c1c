//! The lock through the real binary: what a passphrase keeps from whom, the agent, the waiting, and
//! a kill at any moment of setting one.

use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::session::Session;
use crate::support::{STRIPE_KEY, Sandbox};

const CANARY: &str = "CANARY-7d1e05b9c3f84a26";
/// The canary in base64, without what its neighbours decide.
const CANARY_BASE64: &str = "Q0FOQVJZLTdkMWUwNWI5YzNmODRhMj";

/// A vault with one value and a passphrase.
fn locked() -> Sandbox {
    let keyward = Sandbox::with_file();
    keyward.create("words", "caf\u{e9} and croissants\n");
    keyward.create("wrong", "tea and scones\n");
    keyward.add("acme/prod/canary", CANARY);
    keyward.run("passphrase set --passphrase-file words").ok();
    keyward
}

fn socket(keyward: &Sandbox) -> PathBuf {
    let mut found = std::fs::read_dir(keyward.home().join("agent")).unwrap();
    found.next().expect("an agent's socket").unwrap().path()
}

/// The process that listens on a socket, as /proc tells.
fn agent_of(keyward: &Sandbox) -> Option<u32> {
    let home = keyward.home().display().to_string();
    std::fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
        let id: u32 = entry.file_name().to_str()?.parse().ok()?;
        let line = std::fs::read(entry.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).into_owned();
        (line.contains("hold-key") && line.contains(&home)).then_some(id)
    })
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "not within 20 seconds: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Ends the agent with the test, whatever became of it.
struct Unlocked<'a>(&'a Sandbox);

impl Drop for Unlocked<'_> {
    fn drop(&mut self) {
        self.0.run("lock");
    }
}

fn unlock<'a>(keyward: &'a Sandbox, time: &str) -> Unlocked<'a> {
    keyward.run(&format!("unlock --for {time} --passphrase-file words")).ok().says("Unlocked");
    Unlocked(keyward)
}

#[test]
fn without_the_passphrase_names_are_read_and_values_are_not() {
    let keyward = locked();
    keyward.run("list").ok().says("acme/prod/canary");
    keyward.run("show canary").ok();
    keyward.run("due").ok();
    keyward.run("audit verify").ok();
    keyward.run("doctor").ok().says("the vault is locked");
    keyward.run("get canary --reveal").fails(5, "VAULT_LOCKED").says("keyward unlock");
    let backup = keyward.path("b.age");
    for line in [
        "copy canary".to_owned(),
        "run -- true".to_owned(),
        "run --only canary -- true".to_owned(),
        "env".to_owned(),
        "redact".to_owned(),
        format!("backup create --out {backup} --passphrase-file words"),
        "webhook sign --scheme stripe --secret canary --url https://a.example".to_owned(),
        "webhook send http://127.0.0.1:9/ --scheme stripe --secret canary --body words".to_owned(),
    ] {
        keyward.pipe(&line, "x").fails(5, "VAULT_LOCKED");
    }
    assert!(!Path::new(&backup).exists());
    keyward.pipe("add a/b/new --stdin", "some-value").fails(5, "VAULT_LOCKED");
    keyward.run("rotate canary --start").ok();
    keyward.pipe("rotate canary --next --stdin", "new-value").fails(5, "VAULT_LOCKED");
    keyward.create("src/leak.py", format!("key = '{CANARY}'\n"));
    let scan = keyward.run("scan src --json").json();
    assert_eq!(scan["summary"]["own_values"], "unavailable");
    keyward.run("scan src --own-only").fails(5, "VAULT_LOCKED");
    keyward.run("passphrase status").ok().says("Locked.");
    let status = keyward.run("passphrase status --json").ok().json();
    assert_eq!((&status["passphrase"], &status["locked"]), (&true.into(), &true.into()));
}

#[test]
fn a_scheduled_backup_waits_for_an_unlocked_vault_and_a_drill_does_not() {
    let keyward = locked();
    let kit = keyward.path("kit.txt");
    let folder = keyward.path("backups");
    std::fs::create_dir(&folder).unwrap();
    keyward.run(&format!("backup kit --out {kit}")).ok();
    let set = format!("backup schedule set --to {folder} --every 1d --no-timer");
    keyward.run(&set).ok().says("passphrase");
    // As the timer calls it.
    let run = "backup schedule run --no-input --quiet";
    keyward.run(run).fails(5, "VAULT_LOCKED").says("keyward unlock");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "half a backup");
    let agent = unlock(&keyward, "5m");
    keyward.run(run).ok();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    drop(agent);
    // Nothing is due, so nothing has to be read; and a drill compares what it restored by fingerprint.
    keyward.run("backup schedule run").ok().says("Nothing due");
    keyward.run(&format!("backup drill --identity {kit}")).ok().says("came back (1 the same)");
    let doctor = keyward.run("doctor").ok();
    assert_eq!(doctor.out.matches("the vault is locked").count(), 1, "{doctor}");
}

#[test]
fn a_restore_into_a_locked_vault_seals_what_it_brings() {
    let other = Sandbox::with_file();
    let backup = other.path("b.age");
    other.create("words", "tea and scones\n");
    other.add("acme/prod/stripe", STRIPE_KEY);
    other.run(&format!("backup create --out {backup} --passphrase-file words")).ok();
    let session = Session::start();
    let keyward = &session.sandbox;
    keyward.create("words", "four short plain words");
    keyward.create("wrong", "tea and scones\n");
    keyward.add("acme/prod/canary", CANARY);
    keyward.run("passphrase set --passphrase-file words").ok();
    let restore = format!("backup restore {backup} --passphrase-file wrong --yes");
    // What it would do is said without a value of this vault.
    keyward.run(&format!("{restore} --dry-run")).ok().says("acme/prod/stripe");
    keyward.run(&restore).fails(5, "VAULT_LOCKED");
    let agent = unlock(keyward, "5m");
    keyward.run(&restore).ok();
    assert_eq!(keyward.run("get stripe --reveal").ok().out, STRIPE_KEY);
    drop(agent);
    let items = session.items();
    assert!(items.contains("Keyward: acme/prod/stripe (version 1)"), "{items}");
    assert!(!items.contains(STRIPE_KEY), "{items}");
    keyward.run("get stripe --reveal").fails(5, "VAULT_LOCKED");
    assert_eq!(keyward.run("passphrase status --json").ok().json()["behind"], 0);
}

#[test]
fn keys_that_were_issued_are_known_to_a_locked_vault() {
    let keyward = locked();
    let create = "issue create --prefix acme_live --reveal --argon2 m=7168,t=1,p=1";
    let key = keyward.run(create).ok().out;
    keyward.pipe("issue verify --stdin", &key).ok().says("valid");
    keyward.create("src/leak.py", format!("key = '{}'\n", key.trim()));
    let scan = keyward.run("scan src --json").exits(1).json();
    assert_eq!(scan["findings"][0]["rule"], "issued-key", "{scan}");
    assert_eq!(scan["summary"]["own_values"], "unavailable");
}

#[test]
fn no_earlier_state_of_the_keychain_file_has_bare_values() {
    let keyward = Sandbox::with_file();
    keyward.create("words", "four short plain words");
    keyward.add("acme/prod/canary", CANARY);
    keyward.add("acme/prod/other", STRIPE_KEY);
    let file = keyward.home().join("keychain.sealed");
    let earlier = |number: u32| file.with_extension(format!("sealed.{number}"));
    assert!(earlier(1).exists());
    keyward.run("passphrase set --passphrase-file words").ok();
    // They open with the file's own passphrase, and the bare values were in them.
    let left: Vec<u32> = (1..=5).filter(|number| earlier(*number).exists()).collect();
    assert_eq!(left, Vec::<u32>::new());
    // The next change keeps one again, with sealed values.
    drop(unlock(&keyward, "5m"));
    assert!(earlier(1).exists());
    keyward.run("passphrase status").ok().says("Locked.");
}

#[test]
fn the_same_words_open_it_however_they_are_written_and_then_all_is_as_before() {
    let keyward = locked();
    // The accent as a sign of its own, and no newline.
    keyward.create("words", "cafe\u{301} and croissants");
    let agent = unlock(&keyward, "5m");
    assert_eq!(keyward.run("get canary --reveal").ok().out, CANARY);
    keyward.add("acme/prod/stripe", STRIPE_KEY);
    let backup = keyward.path("b.age");
    keyward.run(&format!("backup create --out {backup} --passphrase-file wrong")).ok();
    keyward.create("src/leak.py", format!("key = '{CANARY}'\n"));
    let scan = keyward.run("scan src --json").exits(1).json();
    assert_eq!(scan["summary"]["own_values"], "checked");
    drop(agent);
    keyward.run("get canary --reveal").fails(5, "VAULT_LOCKED");
    // A restored vault has no passphrase until one is set.
    let other = Sandbox::with_file();
    std::fs::copy(keyward.path("wrong"), other.path("words")).unwrap();
    other.run(&format!("backup restore {backup} --passphrase-file words --yes")).ok();
    assert_eq!(other.run("get stripe --reveal").ok().out, STRIPE_KEY);
    other.run("passphrase status").ok().says("No passphrase");
}

#[test]
fn a_passphrase_is_changed_and_removed() {
    let keyward = locked();
    keyward.run("passphrase set --passphrase-file words").fails(8, "PASSPHRASE_STATE");
    keyward.run("passphrase change --passphrase-file words --new-passphrase-file wrong").ok();
    keyward.run("unlock --passphrase-file words").fails(6, "VAULT_WRONG_PASSPHRASE");
    until("the wait is over", || {
        keyward.run("passphrase remove --passphrase-file wrong").status == 0
    });
    assert_eq!(keyward.run("get canary --reveal").ok().out, CANARY);
    keyward.run("unlock --passphrase-file words").ok().says("nothing is locked");
    keyward.run("passphrase remove --passphrase-file words").fails(8, "PASSPHRASE_STATE");
    let record = keyward.run("audit list --json").ok().out;
    for action in ["passphrase-set", "passphrase-change", "unlock-failed", "passphrase-remove"] {
        assert!(record.contains(&format!("\"{action}\"")), "no {action} in {record}");
    }
    keyward.run("audit verify").ok();
}

#[test]
fn what_is_no_passphrase_is_refused() {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/c", "value-value");
    keyward.create("empty", "\n");
    keyward.create("long", "x".repeat(5000));
    keyward.create("bytes", [0xff, 0xfe]);
    keyward.run("passphrase set --passphrase-file empty").fails(3, "PASSPHRASE_EMPTY");
    keyward.run("passphrase set --passphrase-file long").fails(3, "PASSPHRASE_UNFIT");
    keyward.run("passphrase set --passphrase-file bytes").fails(3, "PASSPHRASE_UNFIT");
    keyward.run("passphrase set").fails(2, "NO_INPUT");
    keyward.run("passphrase change").exits(2);
    keyward.run("lock").ok().says("Nothing was unlocked");
    keyward.run("unlock").ok().says("nothing is locked");
    keyward.run("unlock --for 13h").fails(3, "FIELD_INVALID");
    keyward.run("unlock --for 0").fails(3, "FIELD_INVALID");
    assert_eq!(keyward.run("get c --reveal").ok().out, "value-value");
}

#[test]
fn wrong_tries_have_to_wait_in_every_process() {
    let keyward = locked();
    let wrong = || keyward.run("unlock --passphrase-file wrong");
    wrong().fails(6, "VAULT_WRONG_PASSPHRASE").says("1 second");
    until("the first wait is over", || wrong().status == 6);
    until("the second wait is over", || wrong().status == 6);
    // Four seconds now; the right one does not get round them.
    let begun = Instant::now();
    let right = keyward.run("unlock --passphrase-file words");
    if begun.elapsed() < Duration::from_secs(3) {
        right.fails(5, "UNLOCK_WAIT").says("3 times");
    }
    until("the third wait is over", || keyward.run("unlock --passphrase-file words").status == 0);
    let _agent = Unlocked(&keyward);
    assert_eq!(keyward.run("passphrase status --json").ok().json()["wait"], 0);
}

#[test]
fn a_try_that_is_killed_counts() {
    // A kill may come too late on a busy machine; then it is tried again with another vault.
    for _ in 0..5 {
        let keyward = locked();
        let database = keyward.home().join("keyward.db");
        let written = || std::fs::metadata(&database).unwrap().modified().unwrap();
        let before = written();
        let mut child = keyward
            .command(env!("CARGO_BIN_EXE_keyward"))
            .args(["unlock", "--passphrase-file", "wrong"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The first commit is the count, done when its journal is gone; the answer takes a tenth of a second more.
        let journal = keyward.home().join("keyward.db-journal");
        while (written() == before || journal.exists()) && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = child.kill();
        let _ = child.wait();
        until("the second try counts as the second", || {
            let said = keyward.run("unlock --passphrase-file wrong");
            said.status == 6 && said.says("Try again in 2 seconds").status == 6
        });
        if !keyward.run("audit list --json").ok().out.contains("1 in a row") {
            return;
        }
    }
    panic!("no kill fell between a try and its answer");
}

#[test]
fn the_agent_serves_its_own_vault_until_it_is_told_to_end() {
    let keyward = locked();
    let agent = unlock(&keyward, "5m");
    let socket = socket(&keyward);
    let id = agent_of(&keyward).expect("an agent's process");
    assert_eq!(keyward.run("get canary --reveal").ok().out, CANARY);
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(socket.parent().unwrap()), mode(&socket)), (0o700, 0o600));
    keyward.run("passphrase status").ok().says("Unlocked for 4 minutes");
    // Again, for longer: the same process goes on, and asks for nothing.
    keyward.run("unlock --for 2h").ok().says("1 hour 59 minutes");
    assert_eq!(agent_of(&keyward), Some(id));
    // Another vault has its own lock.
    let other = locked();
    other.run("get canary --reveal").fails(5, "VAULT_LOCKED");
    keyward.run("lock").ok().says("Locked.");
    assert!(!socket.exists(), "the socket is still there");
    until("the agent is gone", || agent_of(&keyward).is_none());
    keyward.run("get canary --reveal").fails(5, "VAULT_LOCKED");
    keyward.run("lock").ok().says("Nothing was unlocked");
    drop(agent);
    keyward.run("audit list").ok().says("unlock").says("lock");
}

#[test]
fn the_agent_ends_with_its_time_by_a_signal_and_leaves_nothing() {
    let keyward = locked();
    let _agent = unlock(&keyward, "2s");
    until("its time is over", || agent_of(&keyward).is_none());
    assert_eq!(std::fs::read_dir(keyward.home().join("agent")).unwrap().count(), 0);
    keyward.run("get canary --reveal").fails(5, "VAULT_LOCKED");
    let kill = |signal: &str, id: u32| {
        assert!(Command::new("kill").args([signal, &id.to_string()]).status().unwrap().success());
    };
    let again = unlock(&keyward, "5m");
    kill("-TERM", agent_of(&keyward).unwrap());
    until("the signal ends it", || agent_of(&keyward).is_none());
    assert_eq!(std::fs::read_dir(keyward.home().join("agent")).unwrap().count(), 0);
    drop(again);
    // One that is killed leaves its socket behind; that is as good as none.
    let third = unlock(&keyward, "5m");
    kill("-KILL", agent_of(&keyward).unwrap());
    until("the kill ends it", || agent_of(&keyward).is_none());
    assert!(socket(&keyward).exists());
    keyward.run("get canary --reveal").fails(5, "VAULT_LOCKED");
    let fourth = unlock(&keyward, "5m");
    assert_eq!(keyward.run("get canary --reveal").ok().out, CANARY);
    drop((third, fourth));
}

#[test]
fn a_socket_of_somebody_elses_making_gives_nothing() {
    let keyward = locked();
    let agent = unlock(&keyward, "5m");
    let path = socket(&keyward);
    drop(agent);
    // A program that answers with a key of its own gets no value read, and none stored.
    let liar = UnixListener::bind(&path).unwrap();
    let answering = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = liar.accept().unwrap();
        let _ = stream.read(&mut [0; 128]);
        let _ = stream.write_all(&[7; 32]);
    });
    keyward.run("get canary --reveal").fails(5, "VAULT_LOCKED");
    answering.join().unwrap();
}

#[test]
fn neither_the_real_keychain_nor_any_file_gives_a_value_away() {
    let session = Session::start();
    let keyward = &session.sandbox;
    keyward.create("words", "four short plain words");
    keyward.add("acme/prod/canary", CANARY);
    // Bytes that are not UTF-8 are in a sealed box of the database.
    keyward.create("bytes", [CANARY.as_bytes(), b"\xff\xfe"].concat());
    keyward.run("add acme/prod/bytes --value-file bytes").ok();
    assert!(session.items().contains(CANARY), "the search would find it");
    keyward.run("passphrase set --passphrase-file words").ok();
    let items = session.items();
    assert!(items.contains("keyward-locked-1:"), "{items}");
    assert!(!items.contains(CANARY) && !items.contains(CANARY_BASE64), "{items}");
    assert!(items.contains("Keyward: acme/prod/canary (version 1)"), "{items}");
    keyward.run("get canary --reveal").fails(5, "VAULT_LOCKED");
    let agent = unlock(keyward, "5m");
    assert_eq!(keyward.run("get canary --reveal").ok().out, CANARY);
    let bytes = keyward.run("get acme/prod/bytes --reveal").ok().stdout;
    assert_eq!(bytes, [CANARY.as_bytes(), b"\xff\xfe"].concat());
    drop(agent);
    std::fs::remove_file(keyward.path("bytes")).unwrap();
    let mut found = vec![];
    search(keyward.dir.path(), &mut found);
    assert_eq!(found, Vec::<PathBuf>::new(), "a value is in a file");
    keyward.run("passphrase remove --passphrase-file words").ok();
    assert!(session.items().contains(CANARY));
    assert_eq!(session.items().matches("Keyward: acme/prod/canary").count(), 1, "one item is left");
    keyward.run("doctor").ok();
}

fn search(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            search(&path, found);
        } else if std::fs::read(&path).is_ok_and(|bytes| {
            [CANARY, CANARY_BASE64]
                .iter()
                .any(|text| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
        }) {
            found.push(path);
        }
    }
}

#[test]
fn a_kill_at_any_moment_of_setting_a_passphrase_loses_nothing() {
    let keyward = Sandbox::with_file();
    keyward.create("words", "four short plain words");
    let values: Vec<String> = (0..6).map(|n| format!("value-{n}-{CANARY}")).collect();
    for (n, value) in values.iter().enumerate() {
        keyward.add(&format!("a/b/v{n}"), value);
    }
    let start = |line: &[&str]| -> Child {
        keyward
            .command(env!("CARGO_BIN_EXE_keyward"))
            .args(line)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let sealed = || {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata(keyward.home().join("keychain.sealed")).map(|file| file.ino()).ok()
    };
    let set = ["passphrase", "set", "--passphrase-file", "words"];
    let remove = ["passphrase", "remove", "--passphrase-file", "words"];
    // How long it takes undisturbed, so that the kills fall all over it.
    let begun = Instant::now();
    keyward.args(&set, b"").ok();
    let whole = begun.elapsed();
    keyward.args(&remove, b"").ok();
    let mut cut_off = 0;
    for round in 0..20_u32 {
        let line = if round % 2 == 0 { &set } else { &remove };
        let mut child = start(line);
        if round % 4 < 2 {
            // Spread by the golden ratio: no two rounds at the same place.
            std::thread::sleep(whole.mul_f64(f64::from(round) * 0.618_034 % 1.0));
        } else {
            // Between two values, however long the way there takes: each is a new file.
            let mut changes = 1 + round / 4 % 8;
            let mut file = sealed();
            while changes > 0 && child.try_wait().unwrap().is_none() {
                let now = sealed();
                changes -= u32::from(now != file);
                file = now;
            }
        }
        let _ = child.kill();
        let _ = child.wait();
        let behind = keyward.run("passphrase status --json").ok().json()["behind"].as_u64();
        cut_off += u32::from(behind > Some(0));
        // Old state, new state or half way: with the passphrase at hand every value is read. The
        // try that was killed may have to be waited for.
        until("it is finished", || {
            let said = keyward.args(line, b"");
            // Settled before the kill: then it is refused, since there is nothing left to do.
            said.status == 0 || said.err.contains("PASSPHRASE_STATE")
        });
        let status = keyward.run("passphrase status --json").ok().json();
        assert_eq!(status["behind"], 0, "{status}");
        assert_eq!(status["passphrase"], round % 2 == 0, "{status}");
    }
    assert!(cut_off > 0, "no kill fell between the first value and the last");
    keyward.args(&set, b"");
    let _agent = unlock(&keyward, "5m");
    for (n, value) in values.iter().enumerate() {
        assert_eq!(&keyward.run(&format!("get v{n} --reveal")).ok().out, value);
    }
    keyward.run("doctor").ok();
    keyward.run("audit verify").ok();
}

#[test]
fn nobody_looks_into_the_agent() {
    let keyward = locked();
    let _agent = unlock(&keyward, "5m");
    assert_eq!(keyward.run("get canary --reveal").ok().out, CANARY);
    let id = agent_of(&keyward).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{id}/limits")).unwrap();
    let core = status.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    // A process that may not be dumped belongs to root in /proc, so its owner cannot look into it.
    use std::os::unix::fs::MetadataExt as _;
    let data = std::fs::metadata(format!("/proc/{id}/mem")).unwrap();
    assert_eq!(data.uid(), 0);
    // Root can; and finds neither a value nor the passphrase, only what the agent is for.
    match memory(id) {
        None => assert_ne!(std::fs::metadata(keyward.home()).unwrap().uid(), 0),
        Some(image) => {
            let holds = |text: &str| image.windows(text.len()).any(|part| part == text.as_bytes());
            assert!(holds("hold-key"), "the search would find what is there");
            assert!(!holds(CANARY) && !holds(CANARY_BASE64) && !holds("croissants"));
        }
    }
}

/// Everything that a process has in memory, if it may be read.
fn memory(id: u32) -> Option<Vec<u8>> {
    use std::os::unix::fs::FileExt as _;
    let maps = std::fs::read_to_string(format!("/proc/{id}/maps")).ok()?;
    let file = std::fs::File::open(format!("/proc/{id}/mem")).ok()?;
    let mut image = vec![];
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (start, end) = line.split(' ').next()?.split_once('-')?;
        let number = |text| u64::from_str_radix(text, 16).ok();
        let (start, end) = (number(start)?, number(end)?);
        let mut part = vec![0; usize::try_from(end - start).ok()?];
        // Some of the kernel's own mappings cannot be read.
        if file.read_exact_at(&mut part, start).is_ok() {
            image.extend(part);
        }
    }
    Some(image)
}
