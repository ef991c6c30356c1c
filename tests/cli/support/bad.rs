//! What every row of the table of bad inputs has to hold, whatever its own error is: an exit
//! status of the contract, never a panic or a signal, and an end; an error in the contract's form
//! (code, what happened, what to do) without anything ugly; no planted value in any output;
//! nothing of the vault changed; no file left behind; bounded memory. That the window shows the
//! same text as inert text is the business of `tests/ui`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{Said, Sandbox};

/// Stands in the vault, in the environment and in what is handed in.
pub const CANARY: &str = "CANARY-3b8e51d07fa2469c";
/// What any row may take. They take far less; the machine may be busy.
const TIME: Duration = Duration::from_secs(60);
/// The most memory that a row may hold at once, in KiB.
const MEMORY: u64 = 300 * 1024;

/// What may change under a row.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keeps {
    /// Nothing: every file of the data folder is the same byte for byte.
    Everything,
    /// Files may differ (the row is about writing), and none is read: closing a file drops the
    /// locks that this process has on it. The test looks at the entries itself.
    Entries,
}

/// One run of the binary, perhaps inside another program.
pub struct Run<'a> {
    pub sandbox: &'a Sandbox,
    /// Program and arguments in front of ours, such as `prlimit --fsize=0`.
    pub inside: Vec<String>,
    pub line: &'a str,
    pub stdin: &'a [u8],
    pub keeps: Keeps,
}

impl<'a> Run<'a> {
    pub fn new(sandbox: &'a Sandbox, line: &'a str) -> Self {
        Self { sandbox, inside: vec![], line, stdin: b"", keeps: Keeps::Everything }
    }

    pub fn inside(mut self, words: &[&str]) -> Self {
        self.inside = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    pub fn stdin(mut self, stdin: &'a [u8]) -> Self {
        self.stdin = stdin;
        self
    }

    pub fn keeps(mut self, keeps: Keeps) -> Self {
        self.keeps = keeps;
        self
    }

    /// Runs it and holds it to everything above.
    #[track_caller]
    pub fn said(self) -> Said {
        let sandbox = self.sandbox;
        let keeps = self.keeps == Keeps::Everything;
        let before = if keeps { state(&sandbox.home()) } else { BTreeMap::new() };
        let beside = names(sandbox.dir.path());
        let out = tempfile::tempdir().unwrap();
        let (stdout, stderr, stdin) =
            (out.path().join("out"), out.path().join("err"), out.path().join("in"));
        fs::write(&stdin, self.stdin).unwrap();
        let binary = env!("CARGO_BIN_EXE_keyward");
        let mut command = match self.inside.split_first() {
            None => sandbox.command(binary),
            Some((program, arguments)) => {
                let mut command = sandbox.command(program);
                command.args(arguments).arg(binary);
                command
            }
        };
        let started = Instant::now();
        let mut child = command
            .args(self.line.split_whitespace())
            .env("SOME_SECRET", CANARY)
            .stdin(fs::File::open(&stdin).unwrap())
            .stdout(Stdio::from(fs::File::create(&stdout).unwrap()))
            .stderr(Stdio::from(fs::File::create(&stderr).unwrap()))
            .spawn()
            .unwrap_or_else(|error| panic!("{:?}: {error}", self.inside));
        let mut memory = 0;
        let status = loop {
            memory = memory.max(peak(child.id()));
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if started.elapsed() > TIME => {
                    let _ = child.kill();
                    let _ = child.wait();
                    panic!("keyward {} took more than {TIME:?}", self.line);
                }
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        let output = std::process::Output {
            status,
            stdout: fs::read(&stdout).unwrap(),
            stderr: fs::read(&stderr).unwrap(),
        };
        let said = Said::new(format!("{:?} keyward {}", self.inside, self.line), output);
        assert!([0, 1, 2, 3, 4, 5, 6, 7, 8, 130].contains(&said.status), "{said}");
        let all = format!("{}{}", said.out, said.err);
        for ugly in ["panicked", "stack backtrace", "RUST_BACKTRACE", "Os {", "Err(", CANARY] {
            assert!(!all.contains(ugly), "{ugly}: {said}");
        }
        // The doctor tells what is wrong as its result.
        if said.status >= 2 && said.status != 130 && !self.line.starts_with("doctor") {
            let error = said.err.lines().position(|line| line.starts_with("error["));
            let hint = error.and_then(|at| said.err.lines().nth(at + 1));
            assert!(hint.is_some_and(|hint| hint.starts_with("  ")), "no way forward: {said}");
        }
        assert!(memory < MEMORY, "{memory} KiB: {said}");
        if keeps {
            let after = state(&sandbox.home());
            let changed: Vec<_> = after
                .keys()
                .chain(before.keys())
                .filter(|path| after.get(*path) != before.get(*path))
                .collect();
            assert!(changed.is_empty(), "{changed:?} changed: {said}");
        }
        for name in names(&sandbox.home()) {
            let temporary = name.to_string_lossy().starts_with(".k");
            assert!(!temporary, "{name:?} was left behind: {said}");
        }
        assert_eq!(names(sandbox.dir.path()), beside, "a file was left behind: {said}");
        said
    }

    /// Runs it and wants this error.
    #[track_caller]
    pub fn fails(self, status: i32, code: &str) -> Said {
        self.said().fails(status, code)
    }
}

/// The regular files beneath a folder with their bytes; others by their names alone.
pub fn state(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match fs::symlink_metadata(&path) {
            Ok(data) if data.is_dir() => files.extend(state(&path)),
            Ok(data) if data.is_file() => {
                files.insert(path.clone(), fs::read(&path).unwrap_or_default());
            }
            _ => {
                files.insert(path, vec![]);
            }
        }
    }
    files
}

fn names(folder: &Path) -> Vec<std::ffi::OsString> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<_> = files.map(|file| file.file_name()).collect();
    names.sort();
    names
}

/// The most memory that a running process held so far, in KiB.
fn peak(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok()).unwrap_or(0)
}
