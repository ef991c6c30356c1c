//! The contract that every command keeps: JSON alone on stdout, errors in JSON, exit statuses.

use crate::support::Sandbox;

#[test]
fn json_is_one_document_with_a_version() {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/c", "value-value");
    for line in [
        "list",
        "show c",
        "due",
        "runs",
        "audit list",
        "audit verify",
        "backup list",
        "doctor",
        "rules list",
        "webhook schemes",
        "bin list",
    ] {
        let said = keyward.run(&format!("{line} --json")).ok();
        assert_eq!(said.json()["version"], 1, "{said}");
        assert_eq!(keyward.run(&format!("{line} --format json")).ok().json()["version"], 1);
    }
}

#[test]
fn errors_are_json_on_stderr_when_asked() {
    let keyward = Sandbox::with_file();
    let said = keyward.run("show nothing --json").exits(4);
    assert_eq!(said.out, "");
    let last: serde_json::Value = serde_json::from_str(said.err.lines().last().unwrap()).unwrap();
    assert_eq!(last["error"]["code"], "NOT_FOUND");
    assert!(last["error"]["message"].is_string() && last["error"]["hint"].is_string());
}

#[test]
fn usage_is_two_and_help_is_zero() {
    let keyward = Sandbox::with_file();
    keyward.run("").exits(2);
    keyward.run("nonsense").exits(2);
    keyward.run("list --nonsense").exits(2);
    keyward.run("--help").ok().says("Usage");
    keyward.run("--version").ok().says("keyward 0.");
    keyward.run("list --format pdf").fails(2, "USAGE");
    keyward.and("KEYWARD_KEYCHAIN", "paper").run("list").fails(2, "USAGE");
}

#[test]
fn completions_are_printed_for_every_shell() {
    let keyward = Sandbox::bare();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        keyward.run(&format!("completions {shell}")).ok().says("keyward");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_closed_pipe_is_no_error_and_a_full_disk_is_one() {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/c", "value-value");
    let program = env!("CARGO_BIN_EXE_keyward");
    let shell = |script: String| {
        let output = keyward.command("sh").args(["-c", &script]).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (_, out) = shell(format!("{program} rules list; echo status $? | head -1"));
    assert!(out.contains("status 0"));
    let (_, out) =
        shell(format!("({program} rules list; echo status $? >&2) 2>&1 >/dev/null | head -1"));
    assert_eq!(out, "status 0\n");
    let (status, _) = shell(format!("{program} rules list | head -1 >/dev/null; exit 0"));
    assert_eq!(status, Some(0));
    let (status, _) = shell(format!("{program} list >/dev/full"));
    assert_eq!(status, Some(7));
    let (status, _) = shell(format!("{program} list >&-"));
    assert!([Some(0), Some(7)].contains(&status), "{status:?}");
}
