//! Entries through the binary, on the encrypted keychain file.

use crate::support::{STRIPE_KEY, Sandbox};

#[test]
fn values_come_back_byte_for_byte() {
    let keyward = Sandbox::with_file();
    let values: [(&str, &[u8]); 4] = [
        ("text", b"plain value"),
        ("pem", b"-----BEGIN X-----\r\nabc\r\n-----END X-----\r\n"),
        ("bytes", b"\xff\x00\xfe not text \x80"),
        ("long", &[b'x'; 65_536]),
    ];
    for (name, value) in values {
        let file = keyward.create(name, value);
        keyward.run(&format!("add a/b/{name} --value-file {file}")).ok();
        let got = keyward.run(&format!("get a/b/{name} --reveal")).ok();
        assert_eq!(got.stdout, value, "{name} changed on its way");
    }
    let long = keyward.create("over", [b'x'; 65_537]);
    keyward.run(&format!("add a/b/over --value-file {long}")).fails(3, "SECRET_TOO_LARGE");
}

#[test]
fn stdin_drops_one_newline_of_a_single_line_and_files_are_exact() {
    let keyward = Sandbox::with_file();
    keyward.pipe("add a/b/one --stdin", "value\n").ok();
    assert_eq!(keyward.run("get one --reveal").ok().out, "value");
    keyward.pipe("add a/b/two --stdin", "line\nline\n").ok();
    assert_eq!(keyward.run("get two --reveal").ok().out, "line\nline\n");
    let file = keyward.create("v", "value\n");
    keyward.run(&format!("add a/b/three --value-file {file}")).ok();
    assert_eq!(keyward.run("get three --reveal").ok().out, "value\n");
    let with = keyward.and("MY_VALUE", "from env");
    with.run("add a/b/four --from-env MY_VALUE").ok();
    assert_eq!(with.run("get four --reveal").ok().out, "from env");
}

#[test]
fn a_value_is_printed_only_when_asked_for() {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/c", "CANARY-value");
    let got = keyward.run("get a/b/c").ok();
    assert_eq!(got.out, "", "`KEY=$(keyward get …)` would take this for the value");
    keyward.run("get a/b/c --reveal").ok().says("CANARY-value");
}

#[test]
fn generated_values_are_long_and_different() {
    let keyward = Sandbox::with_file();
    keyward.run("add a/b/one --generate").ok();
    keyward.run("add a/b/two --generate=64").ok();
    let one = keyward.run("get one --reveal").ok().out;
    let two = keyward.run("get two --reveal").ok().out;
    assert_eq!((one.len(), two.len()), (32, 64));
    assert!(!two.contains(&one));
}

#[test]
fn edit_remove_and_the_way_back() {
    let keyward = Sandbox::with_file();
    keyward.add("acme/prod/stripe", STRIPE_KEY);
    keyward
        .args(
            &[
                "edit",
                "stripe",
                "--tag",
                "billing",
                "--rotate-every",
                "30d",
                "--notes",
                "for the shop",
            ],
            b"",
        )
        .ok();
    let shown = keyward.run("show stripe --json").ok().json();
    assert_eq!(shown["entry"]["tags"], serde_json::json!(["billing"]));
    assert_eq!(shown["entry"]["rotate_days"], 30);
    assert_eq!(shown["notes"], "for the shop");
    keyward.run("edit stripe --rename acme/live/stripe").ok();
    keyward.run("remove live/stripe").ok();
    assert_eq!(keyward.run("list --json").ok().json()["entries"], serde_json::json!([]));
    keyward.run("bin list").ok().says("acme/live/stripe");
    keyward.run("bin restore stripe").ok();
    assert_eq!(keyward.run("get stripe --reveal").ok().out, STRIPE_KEY);
    keyward.run("audit verify").ok();
}

#[test]
fn a_list_is_searched_by_words() {
    let keyward = Sandbox::with_file();
    keyward.add("acme/prod/payments", STRIPE_KEY);
    keyward.add("acme/test/payments", "value-value");
    keyward.args(&["edit", "test/payments", "--tag", "Billing"], b"").ok();
    let found = |words: &str| -> Vec<String> {
        let list = keyward.run(&format!("list --json {words}")).ok().json();
        let rows = list["entries"].as_array().expect("entries");
        rows.iter().map(|row| row["name"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(found("PAYM"), ["acme/prod/payments", "acme/test/payments"]);
    assert_eq!(found("paym stripe"), ["acme/prod/payments"], "the provider counts");
    assert_eq!(found("billing"), ["acme/test/payments"]);
    let blank = keyward.args(&["list", "--json", "stripe PAYM"], b"").ok().json();
    assert_eq!(blank["entries"].as_array().map(Vec::len), Some(1), "words in one are words");
    assert_eq!(found("paym prod billing"), [""; 0], "each word must be there");
    keyward.run("list nothing").ok().says("No entry fits.");
}

#[test]
fn run_puts_values_into_the_environment_and_masks_them() {
    if cfg!(windows) {
        return;
    }
    let keyward = Sandbox::with_file();
    keyward.add("acme/prod/stripe", STRIPE_KEY);
    let said = keyward.args(&["run", "--", "sh", "-c", "echo got ${#STRIPE} $STRIPE; exit 7"], b"");
    let expected = format!("got {} [acme/prod/stripe]\n", STRIPE_KEY.len());
    assert_eq!(said.exits(7).out, expected);
    let killed = keyward.args(&["run", "--", "sh", "-c", "kill -TERM $$"], b"");
    killed.exits(128 + 15);
    keyward.run("run -- /nonexistent/program").fails(7, "COMMAND_NOT_STARTED");
    let lines = keyward.run("env --shell sh").ok();
    assert_eq!(lines.out, format!("export STRIPE='{STRIPE_KEY}'\n"));
    let masked = keyward.pipe("redact", format!("x {STRIPE_KEY} y")).ok();
    assert_eq!(masked.out, "x [acme/prod/stripe] y");
}

#[test]
fn memory_writes_nothing() {
    let keyward = Sandbox::bare().and("KEYWARD_KEYCHAIN", "memory");
    keyward.add("a/b/c", "some-value");
    assert_eq!(keyward.run("list --json").ok().json()["entries"], serde_json::json!([]));
    assert!(!keyward.home().exists(), "memory left something on the disk");
}

#[test]
fn two_processes_at_once_lose_nothing() {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/first", "value-value");
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let keyward = &keyward;
            scope.spawn(move || {
                for number in 0..4 {
                    keyward.add(&format!("a/b/w{writer}-{number}"), "value-value");
                }
            });
        }
    });
    let list = keyward.run("list --json").ok().json();
    assert_eq!(list["entries"].as_array().unwrap().len(), 17);
    keyward.run("audit verify").ok();
    keyward.run("doctor").ok();
}
