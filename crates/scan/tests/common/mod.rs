//! Small repositories made by real git with fixed authors and dates, and the few words tests need.
#![allow(dead_code)] // Each test file uses its own part.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;

use keyward_scan::{Cancel, Finding, Options, Report, Rules, ScanError, Silent, Source, scan};

/// A repository in a folder of its own; nothing of the developer's machine leaks in.
pub struct Repo {
    home: tempfile::TempDir,
    pub path: PathBuf,
    clock: Cell<u64>,
}

impl Repo {
    pub fn new() -> Self {
        Self::with(&[])
    }

    /// With further arguments for `git init`.
    pub fn with(arguments: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let path = home.path().join("repo");
        let repo = Self { path: path.clone(), home, clock: Cell::new(1_700_000_000) };
        let path = path.to_str().expect("UTF-8");
        let init = [&["init", "-q", "-b", "main"], arguments, &[path]].concat();
        repo.git_in(repo.home.path(), &init);
        repo
    }

    /// Another folder beside the repository.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        self.git_in(&self.path, arguments)
    }

    pub fn git_in(&self, folder: &Path, arguments: &[&str]) -> String {
        let now = self.clock.get();
        self.clock.set(now + 60);
        let date = format!("{now} +0000");
        let output = Command::new("git")
            .current_dir(folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .args([
                "-c",
                "user.name=Ada",
                "-c",
                "user.email=ada@acme.test",
                "-c",
                "commit.gpgsign=false",
            ])
            .args([
                "-c",
                "protocol.file.allow=always",
                "-c",
                "core.autocrlf=false",
                "-c",
                "gc.auto=0",
            ])
            .args(arguments)
            .output()
            .expect("git is installed");
        assert!(
            output.status.success(),
            "git {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, content).expect("a file");
    }

    /// Commits everything and returns the commit's id.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// For this repository, with whole values in the report, so that tests can tell keys apart.
    pub fn options(&self) -> Options {
        shown(&self.path)
    }

    pub fn scan(&self) -> Report {
        run(&self.options()).expect("a report")
    }

    pub fn history(&self) -> Report {
        let mut options = self.options();
        options.sources.history = true;
        run(&options).expect("a report")
    }
}

pub fn run(options: &Options) -> Result<Report, ScanError> {
    scan(options, &Rules::builtin(), Some(&[]), &Silent, &Cancel::default())
}

/// A made-up Stripe key; different for each number. Put together here, so that this file holds none.
pub fn key(number: u32) -> String {
    format!("sk_{}_{:04}{}", "live", number, "hQ2mVx9LpR4tYw8NzKd3")
}

/// The finding of [`key`]`(number)`, which has to be the only one of it.
pub fn found(report: &Report, number: u32) -> Finding {
    let mut all = report.findings.iter().filter(|finding| finding.secret == key(number));
    let first = all.next().unwrap_or_else(|| panic!("key {number} was not found in {report:?}"));
    assert!(all.next().is_none(), "key {number} is one finding, not several");
    first.clone()
}

/// Path, line, commit and source of the place that matters most.
pub fn place(finding: &Finding) -> (&str, u64, Option<&str>, Source) {
    (&finding.path, finding.line, finding.commit.as_deref(), finding.source)
}

/// The codes of the report's notices.
pub fn notices(report: &Report) -> Vec<&str> {
    report.summary.notices.iter().map(|notice| notice.code.as_str()).collect()
}

/// Options for a path, with whole values in the report.
pub fn shown(path: &Path) -> Options {
    let mut options = Options::new(path);
    options.show_secrets = true;
    options
}
