//! The story's core on a second vendor of the Secret Service: KeePassXC, without a screen, its
//! database unlocked from stdin. It adds attributes of its own and forbids changing ours.
//! Skipped only where KeePassXC is not installed.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::session::Session;

const PASSWORD: &[u8] = b"database password\ndatabase password\n";

/// Ends KeePassXC with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs KeePassXC's command line with the database's password on stdin.
fn tool(session: &Session, args: &[&str]) -> String {
    let mut child = session
        .sandbox
        .command("keepassxc-cli")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(PASSWORD).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "keepassxc-cli {args:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn start(session: &Session) -> Running {
    let sandbox = &session.sandbox;
    let first = sandbox.path("first.kdbx");
    tool(session, &["db-create", "-q", "-p", &first]);
    let xml = tool(session, &["export", "-q", &first]);
    // Which group the service shows is an item of the database's custom data: the root group.
    let root = xml.split("<Root>").nth(1).and_then(|rest| rest.split("<UUID>").nth(1));
    let root = root.and_then(|rest| rest.split('<').next()).unwrap();
    let id = STANDARD.decode(root).unwrap();
    let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    let id =
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    let item = format!(
        "<CustomData><Item><Key>FDO_SECRETS_EXPOSED_GROUP</Key><Value>{{{id}}}</Value></Item></CustomData>"
    );
    let (meta, rest) = xml.split_once("</Meta>").unwrap();
    let meta = match (meta.find("<CustomData>"), meta.find("</CustomData>")) {
        (Some(from), Some(to)) => {
            format!("{}{item}{}", &meta[..from], &meta[to + "</CustomData>".len()..])
        }
        _ => format!("{}{item}", meta.replace("<CustomData/>", "")),
    };
    let edited = sandbox.create("edited.xml", format!("{meta}</Meta>{rest}"));
    let database = sandbox.path("second.kdbx");
    tool(session, &["import", "-q", "-p", &edited, &database]);
    sandbox.create(
        ".config/keepassxc/keepassxc.ini",
        "[General]\nConfigVersion=2\nUpdateCheckMessageShown=true\nSingleInstance=false\n\
         [FdoSecrets]\nEnabled=true\nShowNotification=false\nConfirmAccessItem=false\nConfirmDeleteItem=false\n\
         [GUI]\nCheckForUpdates=false\n",
    );
    let mut child = sandbox
        .command("keepassxc")
        .args(["--pw-stdin", &database])
        .env("QT_QPA_PLATFORM", "offscreen")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"database password\n").unwrap();
    let running = Running(child);
    let ask = [
        "--session",
        "--print-reply",
        "--dest=org.freedesktop.secrets",
        "/org/freedesktop/secrets",
        "org.freedesktop.Secret.Service.ReadAlias",
        "string:default",
    ];
    let up = session.wait(|session| session.tool("dbus-send", &ask).1.contains("/collection/"));
    assert!(up, "KeePassXC did not show its database on the bus");
    running
}

#[test]
fn the_storys_core_on_keepassxc() {
    // Its one thread writes its database and draws its window: on a busy machine it may not answer in time,
    // which is said as it should be and is no fault of ours.
    for last in [false, false, true] {
        let Err(panic) = std::panic::catch_unwind(story) else { return };
        let said = panic.downcast_ref::<String>().map(String::as_str).unwrap_or_default();
        if last || !said.contains("KC_TIMEOUT") {
            std::panic::resume_unwind(panic);
        }
    }
}

fn story() {
    let mut version = Command::new("keepassxc-cli");
    if version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        return;
    }
    let session = Session::without_keyring();
    let keepassxc = start(&session);
    let keyward = &session.sandbox;
    // It is on the bus before its window is done with opening the database.
    assert!(session.wait(|_| keyward.run("list").status == 0), "KeePassXC does not answer");
    keyward.add("acme/prod/stripe", "first-value");
    keyward.add("acme/prod/stripe-hook", "hook-value");
    assert_eq!(keyward.run("get prod/stripe --reveal").ok().out, "first-value");
    let binary = keyward.create("bytes", b"\xff\x00\xfe bytes");
    keyward.run(&format!("add acme/prod/bytes --value-file {binary}")).ok();
    assert_eq!(keyward.run("get bytes --reveal").ok().stdout, b"\xff\x00\xfe bytes");
    keyward.pipe("rotate prod/stripe --start --stdin", "second-value").ok();
    for _ in 0..5 {
        keyward.run("rotate prod/stripe --next").ok();
    }
    assert_eq!(keyward.run("get prod/stripe --reveal").ok().out, "second-value");
    assert_eq!(keyward.run("get prod/stripe --version 1 --reveal").ok().out, "first-value");
    keyward.run("remove acme/prod/stripe-hook").ok();
    keyward.run("bin restore stripe-hook").ok();
    keyward.run("doctor").ok();
    keyward.run("audit verify").ok();
    // A second item of another program, found among ours.
    let accounts = session.accounts();
    let value = accounts
        .iter()
        .find(|account| account.matches('/').count() == 2 && !account.starts_with("home"));
    session.store_item(value.unwrap(), &["xtra", "1"], "another program's");
    keyward.run("doctor").ok();
    // Its end is the end of the service.
    drop(keepassxc);
    keyward.run("list").fails(5, "KC_NO_SERVICE");
}
