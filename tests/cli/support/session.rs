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
        self.wait(|session| session.tool("secret-tool", &["search", "--all", "service", "none"]).0)
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
        let mut args = vec!["store", "--label=other", "service", "keyward", "username", account];
        args.extend(more);
        let mut child =
            self.sandbox.command("secret-tool").args(args).stdin(Stdio::piped()).spawn().unwrap();
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
