//! Hostile and broken repositories, baselines and rules, through the binary: whatever comes, a status of the
//! contract, no panic, no program run, no value told, nothing left behind, in bounded time and memory.
//!
//! What needs packs and objects made by hand is in the scanner's own `tests/hostile.rs`: objects whose header
//! lies about their size, chains of 50,000 deltas and cycles of them, an index in a foreign format.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Repo, STRIPE_KEY, Said, Sandbox};

/// Stands in the environment; a scan has no business with it.
const CANARY: &str = "CANARY-7c1e5b0f9a3d4826";
/// What any of these may take. They take far less; the machine may be busy.
const TIME: Duration = Duration::from_secs(60);
/// The most memory that any of these may hold at once, in KiB.
const MEMORY: u64 = 300 * 1024;

/// A sandbox in which every program that a scan could call leaves a mark.
struct Bad {
    keyward: Sandbox,
}

impl Bad {
    fn new() -> Self {
        let keyward = Sandbox::bare().and("SOME_SECRET", CANARY);
        fs::create_dir(keyward.dir.path().join("root")).unwrap();
        Self { keyward }
    }

    fn root(&self) -> PathBuf {
        self.keyward.dir.path().join("root")
    }

    fn repo(&self) -> Repo {
        Repo::new(&self.root())
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        self.keyward.create(&format!("root/{name}"), content)
    }

    /// The command that a hostile config would have run.
    fn touch(&self) -> String {
        format!("touch {}", self.keyward.path("marker"))
    }

    /// Scans the root with what every row has to hold; then its own.
    #[track_caller]
    fn scan(&self, rest: &str, status: i32) -> Said {
        let root = self.root().display().to_string();
        let line: Vec<&str> = ["scan", &root].into_iter().chain(rest.split_whitespace()).collect();
        let (said, memory) = self.run(&line);
        assert_eq!(said.status, status, "{said}");
        assert!(memory < MEMORY, "{memory} KiB: {said}");
        said
    }

    #[track_caller]
    fn json(&self, rest: &str, status: i32) -> serde_json::Value {
        self.scan(&format!("{rest} --json"), status).json()
    }

    /// Runs the binary; what it said, and the most memory it held in KiB (0 where that cannot be seen).
    #[track_caller]
    fn run(&self, line: &[&str]) -> (Said, u64) {
        let outside = tempfile::tempdir().unwrap();
        // Any program that is looked up leaves the mark.
        let tools = outside.path().join("bin");
        fs::create_dir(&tools).unwrap();
        #[cfg(unix)]
        for name in ["git", "sh", "ssh", "less", "gpg", "cat"] {
            use std::os::unix::fs::PermissionsExt as _;
            let tool = tools.join(name);
            fs::write(&tool, format!("#!/bin/sh\n: > {}\n", self.keyward.path("marker"))).unwrap();
            fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let (out, err) = (outside.path().join("out"), outside.path().join("err"));
        let before = names(self.keyward.dir.path());
        let started = Instant::now();
        let mut child = self
            .keyward
            .command(env!("CARGO_BIN_EXE_keyward"))
            .args(line)
            .env("PATH", &tools)
            .stdin(Stdio::null())
            .stdout(fs::File::create(&out).unwrap())
            .stderr(fs::File::create(&err).unwrap())
            .spawn()
            .unwrap();
        let mut memory = 0;
        let status = loop {
            memory = memory.max(peak(child.id()));
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if started.elapsed() > TIME => {
                    let _ = child.kill();
                    let _ = child.wait();
                    panic!("keyward {} took more than {TIME:?}", line.join(" "));
                }
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        let stdout = fs::read(&out).unwrap();
        let stderr = fs::read(&err).unwrap();
        let said = Said::new(
            format!("keyward {}", line.join(" ")),
            std::process::Output { status, stdout, stderr },
        );
        assert!([0, 1, 2, 3, 4, 5, 6, 7, 8, 130].contains(&said.status), "{said}");
        let all = format!("{}{}", said.out, said.err);
        for ugly in ["panicked", "stack backtrace", "RUST_BACKTRACE", "Os { code", "Err(", CANARY] {
            assert!(!all.contains(ugly), "{ugly}: {said}");
        }
        assert!(!all.contains('\x1b'), "an escape sequence came through: {said}");
        if [2, 3, 4, 5, 7, 8].contains(&said.status) {
            assert!(said.err.contains("error[") && said.err.lines().count() >= 2, "{said}");
        }
        assert!(!Path::new(&self.keyward.path("marker")).exists(), "a program was run: {said}");
        assert_eq!(names(self.keyward.dir.path()), before, "a file was left behind: {said}");
        (said, memory)
    }
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|one| one.unwrap().file_name()).collect();
    names.sort();
    names
}

/// The most memory that a running process held so far, in KiB.
fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
}

/// Whether a list of the summary has an entry whose fields hold all the words.
fn lists(scan: &serde_json::Value, list: &str, words: &[&str]) -> bool {
    let entries = scan["summary"][list].as_array().unwrap();
    entries.iter().any(|entry| words.iter().all(|word| entry.to_string().contains(word)))
}

fn key_line() -> String {
    format!("key = {STRIPE_KEY}\n")
}

/// E01, E02; also `scan::a_repository_that_would_run_programs_runs_none` and, with every setting named,
/// `an_armed_config_runs_nothing_and_is_named` of the scanner.
#[test]
fn e01_e02_configs_and_attributes_that_run_programs() {
    let bad = Bad::new();
    let repo = bad.repo();
    bad.write(".gitattributes", "*.txt filter=evil diff=evil merge=evil\n*.env -diff\n");
    bad.write("a.txt", key_line());
    bad.write("b.env", STRIPE_KEY.replace("51Kw", "62Lx"));
    repo.commit("begin");
    let touch = bad.touch();
    for name in [
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "core.editor",
        "diff.external",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.evil.process",
        "diff.evil.textconv",
        "gpg.program",
        "merge.evil.driver",
        "credential.helper",
        "uploadpack.packObjectsHook",
    ] {
        repo.git(&["config", name, &touch]);
    }
    repo.git(&["config", "alias.st", &format!("!{touch}")]);
    repo.git(&["config", "core.hooksPath", "hooks"]);
    bad.write("hooks/post-index-change", format!("#!/bin/sh\n{touch}\n"));
    bad.write("b.env", "changed\n");
    for mode in ["", "--staged", "--history", "--worktree", "--no-ignore"] {
        let scan = bad.json(mode, i32::from(mode != "--staged"));
        assert!(lists(&scan, "notices", &["REPO_RUNS_CODE", "core.fsmonitor"]), "{scan}");
    }
    assert_eq!(bad.json("", 1)["summary"]["findings"], 2, "-diff hides nothing");
}

/// E03. A gigabyte takes git itself long; the size is read from the header whatever it is.
#[test]
fn e03_a_huge_blob_is_skipped_by_its_header() {
    let bad = Bad::new();
    let repo = bad.repo();
    let zeros = bad.keyward.path("zeros");
    fs::File::create(&zeros).unwrap().set_len(256 << 20).unwrap();
    repo.git(&["-c", "core.compression=1", "hash-object", "-w", &zeros]);
    let (said, memory) =
        bad.run(&["scan", &bad.root().display().to_string(), "--history", "--json"]);
    let scan = said.exits(0).json();
    assert!(memory < 150 * 1024, "{memory} KiB");
    assert!(lists(&scan, "skipped", &["object", "268435456 bytes", "--max-blob"]), "{scan}");
    assert_eq!(scan["summary"]["complete"], true);
}

/// E04; a header that lies is in the scanner's `damaged_loose_objects_are_said_and_passed`.
#[test]
fn e04_damaged_loose_objects() {
    let bad = Bad::new();
    let repo = bad.repo();
    bad.write("leak.txt", key_line());
    let blobs: Vec<String> = ["one", "two", "three", "four"]
        .iter()
        .map(|name| {
            bad.write(name, format!("{name}\n").repeat(500));
            repo.git(&["hash-object", "-w", name])
        })
        .collect();
    repo.commit("begin");
    let object = |id: &str| bad.root().join(".git/objects").join(&id[..2]).join(&id[2..]);
    let put = |id: &str, bytes: &[u8]| {
        fs::remove_file(object(id)).unwrap();
        fs::write(object(id), bytes).unwrap();
    };
    let good = fs::read(object(&blobs[0])).unwrap();
    put(&blobs[1], b"not zlib at all");
    put(&blobs[2], &good[..good.len() / 2]);
    put(&blobs[3], &[]);
    let scan = bad.json("--history", 1);
    assert_eq!(scan["summary"]["complete"], false);
    for id in &blobs[1..] {
        assert!(lists(&scan, "skipped", &[id]), "{id}: {scan}");
    }
    // A good object under a foreign name.
    put(&blobs[1], &good);
    let scan = bad.json("--history", 1);
    assert!(lists(&scan, "skipped", &[&blobs[1]]), "{scan}");
    // Nothing found is not a clean repository.
    fs::remove_file(bad.root().join("leak.txt")).unwrap();
    assert_eq!(bad.json("--worktree", 0)["summary"]["findings"], 0);
    assert!(bad.scan("", 1).out.contains("Not everything could be read."));
}

/// E05; long chains and cycles are in the scanner's `chains_of_deltas_are_followed_within_reason` and
/// `cycles_of_deltas_end`.
#[test]
fn e05_damaged_packs() {
    let bad = Bad::new();
    let repo = bad.repo();
    for number in 0..40 {
        bad.write("a.txt", format!("{number}\n").repeat(300));
        repo.commit("more");
    }
    repo.git(&["gc", "-q", "--aggressive", "--prune=now"]);
    let folder = bad.root().join(".git/objects/pack");
    let pack = |end: &str| {
        let mut files = fs::read_dir(&folder).unwrap().map(|one| one.unwrap().path());
        files.find(|path| path.extension().is_some_and(|one| one == end)).unwrap()
    };
    for end in ["idx", "pack"] {
        let file = pack(end);
        let good = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        let mut flipped = good.clone();
        for at in (100..flipped.len()).step_by(97) {
            flipped[at] ^= 0xff;
        }
        for (what, bytes) in [
            ("cut in half", &good[..good.len() / 2]),
            ("cut in its head", &good[..5]),
            ("empty", &[]),
            ("of another kind", b"#!/bin/sh\necho no pack\n".as_slice()),
            ("flipped", &flipped),
        ] {
            fs::write(&file, bytes).unwrap();
            let scan = bad.json("--history", 6);
            assert_eq!(scan["summary"]["complete"], false, "{end} {what}: {scan}");
            assert!(!scan["summary"]["skipped"].as_array().unwrap().is_empty(), "{end} {what}");
        }
        fs::write(&file, &good).unwrap();
    }
    bad.json("--history", 0);
}

/// E06, E07; also the scanner's `pipes_and_links_are_not_opened`.
#[cfg(unix)]
#[test]
fn e06_e07_links_pipes_sockets_and_devices() {
    use std::os::unix::fs::symlink;
    let bad = Bad::new();
    bad.keyward.create("outside/secret.txt", key_line());
    bad.write("a.txt", "nothing\n");
    let root = bad.root();
    for (target, name) in [
        ("/etc/passwd", "passwd"),
        ("..", "up"),
        ("../outside", "folder"),
        ("../outside/secret.txt", "file"),
        ("loop-b", "loop-a"),
        ("loop-a", "loop-b"),
        ("fifo", "to-fifo"),
        ("/dev/zero", "zero"),
        (".", "self"),
    ] {
        symlink(target, root.join(name)).unwrap();
    }
    assert!(bad.keyward.command("mkfifo").arg(root.join("fifo")).status().unwrap().success());
    let _listener = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    // Only root may make devices.
    let device = bad
        .keyward
        .command("mknod")
        .arg(root.join("device"))
        .args(["c", "1", "5"])
        .output()
        .unwrap();
    let scan = bad.json("", 0);
    for name in ["passwd", "up", "folder", "file", "loop-a", "loop-b", "to-fifo", "zero", "self"] {
        assert!(lists(&scan, "skipped", &[&format!("\"{name}\""), "link"]), "{name}: {scan}");
    }
    let plain = ["fifo", "socket"].into_iter().chain(device.status.success().then_some("device"));
    for name in plain {
        assert!(
            lists(&scan, "skipped", &[&format!("\"{name}\""), "not a plain file"]),
            "{name}: {scan}"
        );
    }
    assert_eq!(scan["summary"]["files"], 1);
    let fifo = root.join("fifo").display().to_string();
    let (said, _) = bad.run(&["scan", &fifo]);
    assert!([0, 3, 6].contains(&said.status), "{said}");
}

/// E08.
#[cfg(target_os = "linux")]
#[test]
fn e08_names_that_are_not_for_showing() {
    use std::os::unix::ffi::OsStrExt as _;
    let bad = Bad::new();
    let repo = bad.repo();
    let long = "x".repeat(255);
    let names: [&[u8]; 8] = [
        b"new\nline",
        b"\xff\xfe",
        b"--help",
        long.as_bytes(),
        b"\x1b[2Jclear\x07",
        b"<img src=x onerror=alert(1)>",
        "\u{202e}txt.exe".as_bytes(),
        b"=cmd|'calc'!A0,\"x\"",
    ];
    for (number, name) in names.iter().enumerate() {
        let key = STRIPE_KEY.replace("51Kw", &format!("5{number}Kw"));
        fs::write(bad.root().join(std::ffi::OsStr::from_bytes(name)), key).unwrap();
    }
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-q", "-m", "begin"]);
    let scan = bad.json("", 1);
    let paths: Vec<&str> = scan["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths.len(), names.len(), "{paths:?}");
    assert!(paths.contains(&"%FF%FE") && paths.contains(&"new\nline") && paths.contains(&"--help"));
    // `scan` looks for escape characters in each of these.
    let text = bad.scan("", 1);
    assert!(!text.out.contains("new\nline") && !text.out.contains('\u{202e}'), "{text}");
    let html = bad.scan("--format html", 1);
    assert!(!html.out.contains("<img") && !html.out.contains('\u{202e}'), "{html}");
    let markdown = bad.scan("--format markdown", 1);
    assert!(!markdown.out.contains("<img") && !markdown.out.contains("new\nline"), "{markdown}");
    bad.scan("--format sarif", 1).json();
    let baseline = bad.keyward.path("known.toml");
    bad.keyward.run(&format!("scan root --write-baseline {baseline} --reason x")).ok();
    bad.json(&format!("--baseline {baseline}"), 0);
}

/// E08: what a spreadsheet would run; apart, as control characters stay in cells.
#[cfg(unix)]
#[test]
fn e08_cells_are_no_formulas() {
    let bad = Bad::new();
    bad.write("=cmd|'calc'!A0", key_line());
    assert!(bad.scan("--format csv", 1).out.contains("\"'=cmd|'calc'!A0\""));
}

/// E09.
#[test]
fn e09_a_git_file_that_leads_elsewhere() {
    let bad = Bad::new();
    let other = Repo::new(&bad.keyward.dir.path().join("other"));
    other.write("a.txt", "nothing\n");
    other.commit("begin");
    for target in ["/etc", "../other/.git", "../other"] {
        bad.write(".git", format!("gitdir: {target}\n"));
        bad.scan("", 3).fails(3, "REPO_OUTSIDE_ROOT");
    }
    for target in ["../../other", "/nonexistent", ""] {
        bad.write(".git", format!("gitdir: {target}\n"));
        bad.scan("", 6).fails(6, "REPO_UNREADABLE");
    }
    // A linked work tree points back, and is scanned.
    let linked = bad.keyward.path("linked");
    other.git(&["worktree", "add", "-q", &linked]);
    bad.keyward.run(&format!("scan {linked}")).ok();
}

/// E10.
#[test]
fn e10_a_bare_repository_inside() {
    let bad = Bad::new();
    let repo = bad.repo();
    bad.write("a.txt", "nothing\n");
    let inner = bad.root().join("inner.git").display().to_string();
    repo.git(&["init", "-q", "--bare", &inner]);
    let config = format!("[core]\n\tfsmonitor = {}\n# {STRIPE_KEY}\n", bad.touch());
    bad.write("inner.git/config", config);
    let scan = bad.json("", 1);
    assert_eq!(scan["findings"][0]["path"], "inner.git/config");
    assert!(!lists(&scan, "notices", &["REPO_RUNS_CODE"]), "its config was read: {scan}");
}

/// E11; also the scanner's `a_partial_clone_counts_what_is_missing` and
/// `a_submodule_is_scanned_by_itself_and_ignored_in_trees`.
#[test]
fn e11_submodules_and_promises_fetch_nothing() {
    let bad = Bad::new();
    let repo = bad.repo();
    let touch = bad.touch();
    bad.write(
        ".gitmodules",
        format!("[submodule \"x\"]\n\tpath = x\n\turl = ext::sh -c '{touch}'\n\tupdate = !{touch}\n[submodule \"y\"]\n\tpath = y\n\turl = file:///etc\n"),
    );
    bad.write("a.txt", "one\n");
    let first = repo.commit("begin");
    let blob = repo.git(&["rev-parse", "HEAD:a.txt"]);
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{first},x")]);
    repo.git(&["commit", "-q", "-m", "module"]);
    for (name, value) in [
        ("remote.origin.url", format!("ext::{touch}")),
        ("remote.origin.promisor", "true".to_owned()),
        ("remote.origin.partialclonefilter", "blob:none".to_owned()),
        ("extensions.partialClone", "origin".to_owned()),
        ("core.repositoryformatversion", "1".to_owned()),
        ("protocol.ext.allow", "always".to_owned()),
    ] {
        repo.git(&["config", name, &value]);
    }
    fs::remove_file(bad.root().join(".git/objects").join(&blob[..2]).join(&blob[2..])).unwrap();
    let scan = bad.json("--history", 6);
    assert_eq!(scan["summary"]["complete"], false);
    let told = scan["summary"].to_string();
    assert!(told.contains("missing") || told.contains("not here"), "{scan}");
}

/// E12; also the scanner's `alternates_are_followed_inside_only`.
#[test]
fn e12_alternates() {
    let bad = Bad::new();
    let repo = bad.repo();
    bad.write("a.txt", "one\n");
    repo.commit("begin");
    let other = Repo::new(&bad.keyward.dir.path().join("other"));
    other.write("leak.txt", &key_line());
    other.commit("leak");
    let objects = other.path.join(".git/objects").display().to_string();
    bad.write(".git/objects/info/alternates", format!("{objects}\n/nonexistent\n../objects\n.\n"));
    let scan = bad.json("--history", 0);
    assert!(scan["summary"]["notices"].to_string().contains("OBJECTS_ELSEWHERE"), "{scan}");
}

/// E13.
#[cfg(unix)]
#[test]
fn e13_a_repository_of_another_user() {
    let bad = Bad::new();
    let repo = bad.repo();
    bad.write("a.txt", key_line());
    repo.commit("begin");
    // Only root may give files away.
    let given =
        bad.keyward.command("chown").args(["-R", "12345"]).arg(bad.root()).output().unwrap();
    let scan = bad.json("", 1);
    if given.status.success() {
        assert!(
            lists(&scan, "notices", &["owner"]) || lists(&scan, "notices", &["OTHER"]),
            "{scan}"
        );
    }
}

/// E14, on the scale that a test can make: breadth, depth, size, and one long line.
#[cfg(unix)]
#[test]
fn e14_many_deep_and_large_files() {
    let bad = Bad::new();
    let root = bad.root();
    for folder in 0..100 {
        let folder = root.join(format!("wide/{folder}"));
        fs::create_dir_all(&folder).unwrap();
        for file in 0..100 {
            fs::write(folder.join(file.to_string()), "x\n").unwrap();
        }
    }
    // Near the longest path that the system takes.
    let depth = (4000 - root.as_os_str().len()) / 2;
    let mut deep = root.clone();
    deep.extend(std::iter::repeat_n("d", depth));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("k"), key_line()).unwrap();
    fs::File::create(root.join("sparse")).unwrap().set_len(50 << 30).unwrap();
    let mut long = b"words of a long line, ".repeat(2 << 20);
    long.extend(format!(" {STRIPE_KEY} ").as_bytes());
    fs::write(root.join("long"), long).unwrap();
    let scan = bad.json("", 1);
    assert_eq!(scan["summary"]["files"], 10_002);
    assert_eq!(scan["findings"][0]["places"].as_array().unwrap().len(), 2, "{:.400}", scan);
    assert!(lists(&scan, "skipped", &["sparse", "53687091200 bytes"]), "{:.400}", scan["summary"]);
}

/// E14: Ctrl-C within a second.
#[cfg(unix)]
#[test]
fn e14_a_scan_is_stopped() {
    let bad = Bad::new();
    for number in 0..60 {
        bad.write(&number.to_string(), b"words of a text, \n".repeat(400_000));
    }
    let mut child = bad
        .keyward
        .command(env!("CARGO_BIN_EXE_keyward"))
        .args(["scan", "root", "--json"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(300));
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let stopped = Instant::now();
    let status = child.wait().unwrap();
    assert!(stopped.elapsed() < Duration::from_secs(10), "{:?}", stopped.elapsed());
    // It may have been done before.
    assert!([Some(130), Some(0)].contains(&status.code()), "{status}");
}

/// E15.
#[test]
fn e15_files_that_change_meanwhile() {
    let bad = Bad::new();
    let file = PathBuf::from(bad.write("a.txt", ""));
    let gone = PathBuf::from(bad.write("b.txt", ""));
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut size = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                size = (size + 3 * 1024 * 1024) % (16 * 1024 * 1024);
                fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(size).unwrap();
                let _ = fs::remove_file(&gone);
                fs::write(&gone, vec![b'x'; 100_000]).unwrap();
            }
        });
        for _ in 0..15 {
            let root = bad.root().display().to_string();
            let said = bad.keyward.args(&["scan", &root, "--json"], b"");
            assert!([0, 6].contains(&said.status), "{said}");
            let scan = said.json();
            assert_eq!(scan["summary"]["complete"] == true, said.status == 0, "{said}");
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

/// E16; tables of refs are in the scanner's `refs_in_a_format_that_is_not_read`, for which git is too old here.
#[test]
fn e16_odd_repositories() {
    let keyless = |bad: &Bad| bad.json("", 0);
    let bad = Bad::new();
    bad.repo();
    keyless(&bad);

    for head in ["", "ref: refs/heads/none\n", "ref: ../../etc/passwd\n", "nonsense\0\n", "ref: \n"]
    {
        let bad = Bad::new();
        let repo = bad.repo();
        bad.write("a.txt", key_line());
        repo.commit("begin");
        bad.write(".git/HEAD", head);
        let said = bad.scan("--json", 1);
        assert_eq!(
            said.json()["findings"][0]["places"].as_array().unwrap().len(),
            2,
            "{head:?}: {said}"
        );
    }

    let bad = Bad::new();
    let repo = bad.repo();
    bad.write("a.txt", key_line());
    let id = repo.commit("begin");
    repo.git(&["checkout", "-q", "--detach", &id]);
    bad.json("", 1);
    bad.write(".git/shallow", format!("{id}\n"));
    bad.json("", 1);
    // A format of the future may keep its objects elsewhere; the files can be read in any case.
    for config in [
        "[core\n",
        "[extensions]\n\tobjectFormat = md5\n[core]\n\trepositoryformatversion = 1\n",
        "[core]\n\trepositoryformatversion = 99\n",
        "\0\0\0",
    ] {
        bad.write(".git/config", config);
        bad.scan("", 6).fails(6, "REPO_UNREADABLE");
        bad.scan("--worktree", 1);
    }

    let bad = Bad::new();
    let repo = Repo { path: bad.root() };
    repo.git(&["init", "-q", "-b", "main", "--object-format=sha256"]);
    bad.write("a.txt", key_line());
    let id = repo.commit("begin");
    assert_eq!(bad.json("--history", 1)["findings"][0]["commit"], id.as_str());
}

/// E17; also the scanner's `encodings_of_files`.
#[test]
fn e17_encodings() {
    let bad = Bad::new();
    let line = format!("é {STRIPE_KEY}\n");
    let wide = |mark: &[u8], order: fn(u16) -> [u8; 2]| {
        mark.iter().copied().chain(line.encode_utf16().flat_map(order)).collect::<Vec<u8>>()
    };
    bad.write("utf16le", wide(&[0xff, 0xfe], u16::to_le_bytes));
    bad.write("utf16be", wide(&[0xfe, 0xff], u16::to_be_bytes));
    let utf32: Vec<u8> = [0xff, 0xfe, 0, 0]
        .into_iter()
        .chain(line.chars().flat_map(|c| u32::from(c).to_le_bytes()))
        .collect();
    bad.write("utf32le", utf32);
    bad.write("latin1", [b"\xe9\xff\x80 ", STRIPE_KEY.as_bytes(), b"\xe9"].concat());
    bad.write("mixed", [b"\0\xff\xfe", STRIPE_KEY.as_bytes(), b"\n\xc3\x28"].concat());
    let scan = bad.json("", 1);
    let mut paths: Vec<&str> = scan["findings"][0]["places"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| place["path"].as_str().unwrap())
        .collect();
    paths.sort_unstable();
    assert_eq!(paths, ["latin1", "mixed", "utf16be", "utf16le", "utf32le"]);
}

/// E17: wrapped up twice. What is split over lines is found of the vault's own values only, see the scanner's
/// `find::split`: without its value nothing says where a token of a stranger's goes on.
#[test]
fn e17_base64_twice() {
    let bad = Bad::new();
    let once = base64(format!("key={STRIPE_KEY}\n").as_bytes());
    bad.write("once", &once);
    bad.json("", 1);
    fs::remove_file(bad.root().join("once")).unwrap();
    bad.write("twice", base64(once.as_bytes()));
    bad.json("", 1);
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for part in bytes.chunks(3) {
        let bits =
            (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(*part.get(at).unwrap_or(&0)));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at)) as usize & 63];
            out.push(if at <= part.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

/// E18.
#[test]
fn e18_hostile_baselines_and_ignore_files() {
    let bad = Bad::new();
    bad.write("a.txt", key_line());
    let file = bad.keyward.path("baseline");
    let check = |line: usize| {
        let said = bad.scan(&format!("--baseline {file}"), 3).fails(3, "BASELINE_INVALID");
        assert!(said.err.contains(&format!("baseline:{line}:")), "{said}");
    };
    fs::File::create(&file).unwrap().set_len(1 << 30).unwrap();
    check(1);
    fs::write(&file, format!("{{\"version\":1,\n\"findings\":{}", "[".repeat(5_000_000))).unwrap();
    check(2);
    fs::write(&file, format!("version = 1\nx = {}", "[".repeat(5_000_000))).unwrap();
    check(2);
    fs::write(&file, format!("version = 1\n\n{}", "a.".repeat(2_000_000))).unwrap();
    check(3);
    fs::write(&file, "version = 1\n[accepted]\n\"(a+)+$\" = { reason = \"bomb\" }\n").unwrap();
    check(3);
    fs::write(&file, [b'\n', b'\n', 0xff]).unwrap();
    check(3);
    #[cfg(unix)]
    {
        fs::remove_file(&file).unwrap();
        assert!(bad.keyward.command("mkfifo").arg(&file).status().unwrap().success());
        check(1);
    }
    fs::remove_file(&file).unwrap();
    bad.scan(&format!("--baseline {file}"), 4).fails(4, "NOT_FOUND");

    let ignore = PathBuf::from(bad.write(".keywardignore", ""));
    let check = |line: usize| {
        let said = bad.scan("", 3).fails(3, "IGNORE_INVALID");
        assert!(said.err.contains(&format!(".keywardignore:{line}:")), "{said}");
    };
    fs::File::create(&ignore).unwrap().set_len(1 << 30).unwrap();
    check(1);
    fs::write(&ignore, format!("a\nb\n{}\n", "{".repeat(900))).unwrap();
    check(3);
    fs::write(&ignore, format!("a\n{}\n", "*".repeat(5_000))).unwrap();
    check(2);
    // Slow where patterns are tried one way after the other.
    fs::write(&ignore, format!("{}b\n", "*a".repeat(400)).repeat(80)).unwrap();
    bad.write(&"a".repeat(250), "x\n");
    let (said, _) = bad.run(&["scan", &bad.root().display().to_string()]);
    assert!([1, 3].contains(&said.status), "{said}");
    #[cfg(unix)]
    {
        fs::remove_file(&ignore).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &ignore).unwrap();
        check(1);
        fs::remove_file(&ignore).unwrap();
        assert!(bad.keyward.command("mkfifo").arg(&ignore).status().unwrap().success());
        check(1);
    }
}

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
