//! A sandbox that reads well: a home of its own, the binary, and what it said.

pub mod bad;
#[cfg(target_os = "linux")]
pub mod session;

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Made-up values, valid in form.
pub const STRIPE_KEY: &str = "sk_live_51KwTqYbD8mZr4NcVx7LpQeJ2hGs9fUa3"; // keyward:allow
pub const STRIPE_HOOK: &str = "whsec_p3VnTq8ZrLw5KxYb2MdJc7HfGs4NaUe9"; // keyward:allow

/// A folder of its own, an environment of its own, and a vault in it.
pub struct Sandbox {
    pub dir: TempDir,
    envs: Vec<(String, String)>,
}

impl Sandbox {
    /// With the encrypted keychain file: works on every machine.
    pub fn with_file() -> Self {
        let sandbox = Self::bare();
        sandbox.create("passphrase", "correct horse battery\n");
        let passphrase = sandbox.path("passphrase");
        sandbox.and("KEYWARD_KEYCHAIN", "file").and("KEYWARD_PASSPHRASE_FILE", &passphrase)
    }

    /// With no keychain said, and nothing of the developer's machine in the environment.
    pub fn bare() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("kw").display().to_string();
        Self { dir, envs: vec![("KEYWARD_HOME".to_owned(), home)] }
    }

    /// The same sandbox with one more variable.
    pub fn and(mut self, name: &str, value: &str) -> Self {
        self.envs.retain(|(known, _)| known != name);
        self.envs.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    pub fn home(&self) -> PathBuf {
        let home = self.envs.iter().find(|(name, _)| name == "KEYWARD_HOME");
        PathBuf::from(&home.unwrap().1)
    }

    pub fn create(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.dir.path());
        for name in ["PATH", "SystemRoot", "TEMP", "TMP", "TMPDIR", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", self.dir.path()).env("LANG", "C.UTF-8");
        command.envs(self.envs.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs `keyward` with arguments split at blanks.
    pub fn run(&self, line: &str) -> Said {
        self.args(&line.split_whitespace().collect::<Vec<_>>(), b"")
    }

    /// The same with something on stdin.
    pub fn pipe(&self, line: &str, stdin: impl AsRef<[u8]>) -> Said {
        self.args(&line.split_whitespace().collect::<Vec<_>>(), stdin.as_ref())
    }

    pub fn args(&self, args: &[&str], stdin: &[u8]) -> Said {
        let mut command = self.command(env!("CARGO_BIN_EXE_keyward"));
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that does not read its stdin closes it early; that is its right.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        let said =
            Said::new(format!("keyward {}", args.join(" ")), child.wait_with_output().unwrap());
        assert_ne!(said.status, 101, "a panic: {said}");
        said
    }

    /// Stores an entry.
    pub fn add(&self, name: &str, value: &str) -> Said {
        self.pipe(&format!("add {name} --stdin"), value).ok()
    }
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub line: String,
    pub status: i32,
    pub stdout: Vec<u8>,
    pub out: String,
    pub err: String,
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "`{}` exited with {}\n--- stdout\n{}\n--- stderr\n{}",
            self.line, self.status, self.out, self.err
        )
    }
}

impl Said {
    pub fn new(line: String, output: Output) -> Self {
        Self {
            line,
            status: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            stdout: output.stdout,
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub fn exits(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    #[track_caller]
    pub fn ok(self) -> Self {
        self.exits(0)
    }

    /// Fails with this code, said on stderr in the contract's form.
    #[track_caller]
    pub fn fails(self, status: i32, code: &str) -> Self {
        assert!(self.err.contains(&format!("error[{code}]: ")), "no error[{code}]: {self}");
        for ugly in ["Os { code", "stack backtrace", "RUST_BACKTRACE", "panicked"] {
            assert!(!self.err.contains(ugly), "{ugly} in the error: {self}");
        }
        self.exits(status)
    }

    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.out.contains(text) || self.err.contains(text), "no `{text}`: {self}");
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        match serde_json::from_str(&self.out) {
            Ok(value) => value,
            Err(error) => panic!("stdout is not one JSON document ({error}): {self}"),
        }
    }
}

/// A Git repository made by running git with fixed dates.
pub struct Repo {
    pub path: PathBuf,
}

impl Repo {
    pub fn new(path: &Path) -> Self {
        fs::create_dir_all(path).unwrap();
        let repo = Self { path: path.to_owned() };
        repo.git(&["init", "-q", "-b", "main"]);
        repo
    }

    pub fn git(&self, args: &[&str]) -> String {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=Ada",
                "-c",
                "user.email=ada@example.com",
                "-c",
                "commit.gpgsign=false",
            ])
            .args(args)
            .current_dir(&self.path)
            .env("GIT_CONFIG_GLOBAL", if cfg!(windows) { "NUL" } else { "/dev/null" })
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_DATE", "2026-01-02T03:04:05Z")
            .env("GIT_COMMITTER_DATE", "2026-01-02T03:04:05Z")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "git {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub fn write(&self, name: &str, content: &str) {
        let path = self.path.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Commits everything and returns the commit's id.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }
}

/// A captured Stripe delivery as raw HTTP, signed by an implementation of our own tests.
pub fn stripe_delivery(secret: &str, time: i64, body: &str, sent: &str) -> String {
    use hmac::Mac as _;
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{time}.{body}").as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    format!(
        "POST /hooks/stripe HTTP/1.1\r\nHost: shop.example\r\nContent-Type: application/json\r\nStripe-Signature: t={time},v1={signature}\r\nContent-Length: {}\r\n\r\n{sent}",
        sent.len()
    )
}

/// Whether a user may make namespaces of their own here, as tests with mounts need. Some systems
/// and containers forbid it.
#[cfg(target_os = "linux")]
pub fn namespaces() -> bool {
    let mut command = Command::new("unshare");
    command.args(["-rm", "true"]).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}
