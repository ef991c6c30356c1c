//! Rotation through the binary: both values kept, every step durable.

use crate::support::Sandbox;

fn stages(keyward: &Sandbox) -> String {
    let shown = keyward.run("show c --json").ok().json();
    let rows = shown["versions"].as_array().unwrap().iter().rev();
    rows.map(|row| row["stage"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_run_keeps_both_values_until_the_old_one_is_dead() {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/c", "old-value-1");
    let run = keyward.run("rotate c --start --json").ok().json();
    assert_eq!((&run["state"], &run["next"]["needs_value"]), (&"planned".into(), &true.into()));
    keyward.run("rotate c --start").fails(8, "RUN_OPEN");
    keyward.run("rotate c --next --no-input").fails(2, "NO_INPUT");
    keyward.pipe("rotate c --next --stdin", "old-value-1").fails(8, "RUN_STATE");
    keyward.pipe("rotate c --next --stdin", "new-value-2").ok();
    assert_eq!(stages(&keyward), "current pending");
    let overlap = keyward.run("env --shell dotenv --overlap").ok().out;
    assert_eq!(overlap, "C=\"old-value-1\"\nC_NEW=\"new-value-2\"\n");
    keyward.run("rotate c --next").ok();
    keyward.run("rotate c --next").ok();
    assert_eq!(stages(&keyward), "previous current");
    let overlap = keyward.run("env --shell dotenv --overlap").ok().out;
    assert_eq!(overlap, "C=\"new-value-2\"\nC_OLD=\"old-value-1\"\n");
    keyward.run("rotate c --abort").fails(8, "RUN_STATE");
    keyward.run("remove c").fails(8, "RUN_OPEN");
    keyward.run("rotate c --next").ok();
    keyward.run("rotate c --next").ok();
    let done = keyward.run("rotate c --next --json").ok().json();
    assert_eq!((&done["state"], &done["next"]), (&"done".into(), &serde_json::Value::Null));
    assert_eq!(stages(&keyward), "dead current");
    assert_eq!(keyward.run("get c --reveal").ok().out, "new-value-2");
    assert_eq!(keyward.run("get c --version 1 --reveal").ok().out, "old-value-1");
    keyward.run("rotate c --next").fails(4, "NOT_FOUND");
    keyward.run("audit verify").ok();
}

#[test]
fn an_aborted_run_leaves_the_old_value_in_force() {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/c", "old-value-1");
    keyward.pipe("rotate c --start --stdin", "new-value-2").ok();
    assert_eq!(stages(&keyward), "current pending");
    keyward.run("rotate c --abort").ok();
    assert_eq!(stages(&keyward), "current revoked");
    assert_eq!(keyward.run("get c --reveal").ok().out, "old-value-1");
    keyward.run("rotate c --status --json").ok().says("aborted");
}

#[test]
fn the_age_counts_from_the_value_and_the_calendar_has_stable_ids() {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/c", "old-value-1");
    keyward.run("edit c --notes later").ok();
    let id =
        keyward.run("show c --json").ok().json()["entry"]["id"].as_str().unwrap().to_lowercase();
    let one = keyward.run("calendar").ok();
    assert!(one.out.starts_with("BEGIN:VCALENDAR\r\n"), "{one}");
    assert!(one.out.contains(&format!("UID:{id}@keyward\r\n")), "{one}");
    let file = keyward.path("due.ics");
    keyward.run(&format!("calendar --out {file}")).ok();
    assert!(std::fs::read_to_string(file).unwrap().contains(&id));
    keyward.run("due --within 90d --json").ok().says("a/b/c");
    keyward.pipe("add a/b/never --stdin --rotate-every never", "value-value").ok();
    let due = keyward.run("due --at 2126-01-01T00:00:00Z --json").ok().json();
    assert_eq!(due["entries"].as_array().unwrap().len(), 1, "an entry that never rotates is due");
    keyward.pipe("add a/b/ends --stdin --expires 2027-01-01", "value-value").ok();
    let due = keyward.run("due --at 2027-01-01T00:00:00Z --json").ok().json();
    let ends =
        due["entries"].as_array().unwrap().iter().find(|row| row["name"] == "a/b/ends").unwrap();
    assert_eq!(ends["state"], "expired");
}
