//! A sandbox that reads well: a home of its own, the binary, and what it said.

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

/// What every row of the table of bad inputs has to hold, whatever its own error is: an exit
/// status of the contract, never a panic or a signal, and an end; an error in the contract's form
/// (code, what happened, what to do) without anything ugly; no planted value in any output;
/// nothing of the vault changed; no file left behind; bounded memory. That the window shows the
/// same text as inert text is the business of `tests/ui`.
pub mod bad {
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
}

#[cfg(target_os = "linux")]
pub mod session {
    //! A private session bus with an unlocked gnome-keyring on it, ended with the value.

    use std::io::{BufRead as _, BufReader, Write as _};
    use std::path::PathBuf;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use super::Sandbox;

    const PASSWORD: &str = "login password";
    /// A bus that starts nothing by itself, so that no service is there but what the test starts.
    const NO_ACTIVATION: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

    pub struct Session {
        bus: Child,
        keyring: Option<Child>,
        pub sandbox: Sandbox,
    }

    /// A bus of one's own: the daemon, and a sandbox that knows its address.
    pub fn bus() -> (Child, Sandbox) {
        let sandbox = Sandbox::bare();
        let run = sandbox.path("run");
        std::fs::create_dir(&run).unwrap();
        let data = sandbox.path("data");
        let config = sandbox.create("bus.conf", NO_ACTIVATION);
        let mut bus = Command::new("dbus-daemon")
            .args(["--nofork", "--print-address", "--config-file", &config])
            .env("XDG_RUNTIME_DIR", &run)
            .env("XDG_DATA_HOME", &data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("dbus-daemon is installed by `cargo xtask test`");
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let sandbox = sandbox
            .and("DBUS_SESSION_BUS_ADDRESS", address.trim())
            .and("XDG_RUNTIME_DIR", &run)
            .and("XDG_DATA_HOME", &data);
        (bus, sandbox)
    }

    impl Session {
        /// Starts both; they are Debian's `dbus` and `gnome-keyring`.
        pub fn start() -> Self {
            let mut session = Self::without_keyring();
            session.start_keyring(Some(PASSWORD), &[]);
            assert!(session.answers(), "the private keyring did not answer");
            session
        }

        /// The bus alone.
        pub fn without_keyring() -> Self {
            let (bus, sandbox) = bus();
            Self { bus, keyring: None, sandbox }
        }

        /// Starts the keyring, unlocked with a password or not at all, perhaps inside another
        /// program, and waits until it is on the bus.
        pub fn start_keyring(&mut self, password: Option<&str>, inside: &[&str]) {
            let mut words: Vec<&str> = inside.to_vec();
            words.push("gnome-keyring-daemon");
            words.extend(password.map(|_| "--unlock"));
            words.extend(["--foreground", "--components=secrets"]);
            let mut keyring = self
                .sandbox
                .command(words[0])
                .args(&words[1..])
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("gnome-keyring-daemon is installed by `cargo xtask test`");
            let mut pipe = keyring.stdin.take().unwrap();
            pipe.write_all(password.unwrap_or_default().as_bytes()).unwrap();
            drop(pipe);
            self.keyring = Some(keyring);
            let ask = [
                "--session",
                "--print-reply",
                "--dest=org.freedesktop.DBus",
                "/",
                "org.freedesktop.DBus.GetNameOwner",
                "string:org.freedesktop.secrets",
            ];
            self.wait(|session| session.tool("dbus-send", &ask).0);
        }

        /// Ends the keyring at once, as a crash does.
        pub fn kill_keyring(&mut self) {
            if let Some(mut keyring) = self.keyring.take() {
                let _ = keyring.kill();
                let _ = keyring.wait();
            }
        }

        /// Another keyring daemon on the same files: unlocked with the right password or another,
        /// or locked.
        pub fn restart_keyring(&mut self, password: Option<&str>) {
            self.kill_keyring();
            self.start_keyring(password, &[]);
        }

        /// The right password.
        pub fn password() -> &'static str {
            PASSWORD
        }

        pub fn kill_bus(&mut self) {
            let _ = self.bus.kill();
            let _ = self.bus.wait();
        }

        /// The file that gnome-keyring keeps its items in.
        pub fn keyring_file(&self) -> PathBuf {
            PathBuf::from(self.sandbox.path("data")).join("keyrings/login.keyring")
        }

        fn answers(&self) -> bool {
            self.wait(|session| {
                session.tool("secret-tool", &["search", "--all", "service", "none"]).0
            })
        }

        /// Waits until something holds; the machine may be busy.
        pub fn wait(&self, holds: impl Fn(&Self) -> bool) -> bool {
            let started = Instant::now();
            while started.elapsed() < Duration::from_secs(30) {
                if holds(self) {
                    return true;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
            false
        }

        /// Runs a tool of the system in the session: whether it succeeded, and what it said.
        pub fn tool(&self, program: &str, args: &[&str]) -> (bool, String) {
            let output = self.sandbox.command(program).args(args).output().unwrap();
            let text = [output.stdout, output.stderr].concat();
            (output.status.success(), String::from_utf8_lossy(&text).into_owned())
        }

        /// What the system's own tool shows of ours.
        pub fn items(&self) -> String {
            self.tool("secret-tool", &["search", "--all", "service", "keyward"]).1
        }

        /// Stores an item as another program would: a second one where the attributes differ.
        pub fn store_item(&self, account: &str, more: &[&str], value: &str) {
            let mut args =
                vec!["store", "--label=other", "service", "keyward", "username", account];
            args.extend(more);
            let mut child = self
                .sandbox
                .command("secret-tool")
                .args(args)
                .stdin(Stdio::piped())
                .spawn()
                .unwrap();
            child.stdin.take().unwrap().write_all(value.as_bytes()).unwrap();
            assert!(child.wait().unwrap().success());
        }

        /// The accounts of our items, from what the system's own tool shows.
        pub fn accounts(&self) -> Vec<String> {
            let items = self.items();
            let lines = items.lines().filter_map(|line| line.strip_prefix("attribute.username = "));
            let mut accounts: Vec<String> = lines.map(str::to_owned).collect();
            accounts.sort();
            accounts
        }

        pub fn signal_keyring(&self, signal: &str) {
            let id = self.keyring.as_ref().unwrap().id().to_string();
            assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        }

        /// Locks the default collection, as a desktop's lock does.
        pub fn lock(&self) {
            let (done, said) = self.tool(
                "dbus-send",
                &[
                    "--session",
                    "--print-reply",
                    "--dest=org.freedesktop.secrets",
                    "/org/freedesktop/secrets",
                    "org.freedesktop.Secret.Service.Lock",
                    "array:objpath:/org/freedesktop/secrets/collection/login",
                ],
            );
            assert!(done, "{said}");
        }
    }

    impl Drop for Session {
        fn drop(&mut self) {
            self.kill_keyring();
            self.kill_bus();
        }
    }
}
