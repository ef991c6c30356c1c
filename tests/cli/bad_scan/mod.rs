//! Hostile and broken repositories, baselines and rules, through the binary: whatever comes, a status of the
//! contract, no panic, no program run, no value told, nothing left behind, in bounded time and memory.
//!
//! What needs packs and objects made by hand is in the scanner's own `tests/hostile.rs`: objects whose header
//! lies about their size, chains of 50,000 deltas and cycles of them, an index in a foreign format.

mod contents;
mod repositories;
mod rules;

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
        // What a scan remembers goes there; nothing may appear beside it.
        fs::create_dir_all(keyward.home()).unwrap();
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
