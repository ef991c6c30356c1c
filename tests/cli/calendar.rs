//! The calendar file through the binary: brought up to date in place, and never at the cost of what
//! somebody else put into it.

use std::fs;

use serde_json::json;

use crate::support::Sandbox;

/// The events of a file: UID to everything in it.
fn events(file: &str) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    text.split("BEGIN:VEVENT").skip(1).map(str::to_owned).collect()
}

#[test]
fn a_file_is_brought_up_to_date_in_place() {
    let keyward = Sandbox::with_file();
    for name in ["one", "two"] {
        keyward.pipe(&format!("add a/b/{name} --stdin --expires 2099-01-01"), name).ok();
    }
    let file = keyward.path("due.ics");
    let write = || keyward.run(&format!("calendar --out {file} --json")).ok().json();
    assert_eq!(write()["added"], 2);
    let first = fs::read_to_string(&file).unwrap();
    assert_eq!((&write()["added"], &write()["changed"]), (&json!(0), &json!(0)));
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        first,
        "nothing changed, so nothing is written anew"
    );

    // Somebody's own event, and a name for the calendar, in the way of another program.
    let own = "BEGIN:VEVENT\nUID:dentist@example.org\nDTSTAMP:20260101T000000Z\nDTSTART:20260102T090000Z\nSUMMARY:Dentist\nEND:VEVENT\n";
    let mine = first.replace("\r\n", "\n").replace("END:VCALENDAR", &format!("{own}END:VCALENDAR"));
    fs::write(&file, mine.replace("VERSION:2.0\n", "VERSION:2.0\nX-WR-CALNAME:Mine\n")).unwrap();
    keyward.run("edit one --rotate-every 30d --rename a/b/uno").ok();
    keyward.run("remove two").ok();
    let report = write();
    assert_eq!(
        (&report["events"], &report["changed"], &report["cancelled"], &report["others"]),
        (&json!(1), &json!(1), &json!(1), &json!(1)),
        "{report}"
    );
    let text = fs::read_to_string(&file).unwrap();
    assert!(
        text.contains("X-WR-CALNAME:Mine\r\n") && text.contains("SUMMARY:Dentist\r\n"),
        "{text}"
    );
    let [uno, two, _] = &events(&file)[..] else { panic!("{text}") };
    assert!(uno.contains("SUMMARY:Rotate a/b/uno\r\n"), "{uno}");
    assert!(two.contains("STATUS:CANCELLED\r\n") && !two.contains("VALARM"), "{two}");
    assert_eq!(write()["cancelled"], 0, "once is enough");
    keyward.run("bin restore two").ok();
    assert_eq!(write()["changed"], 1);
    assert_eq!(fs::read_to_string(&file).unwrap().matches("STATUS:CONFIRMED").count(), 2);
}

#[test]
fn what_is_no_calendar_is_left_as_it_is() {
    let keyward = Sandbox::with_file();
    keyward.add("a/b/one", "a-value");
    for (name, text) in [
        ("notes.txt", &b"call the dentist\n"[..]),
        ("cut.ics", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n"),
        ("bytes.ics", b"BEGIN:VCALENDAR\r\n\xff\xfe\r\nEND:VCALENDAR\r\n"),
    ] {
        let file = keyward.create(name, text);
        keyward.run(&format!("calendar --out {file}")).fails(3, "CALENDAR_INVALID");
        assert_eq!(fs::read(&file).unwrap(), text, "{name}");
    }
    // Another vault's events are another's.
    let file = keyward.path("both.ics");
    keyward.run(&format!("calendar --out {file}")).ok();
    let other = Sandbox::with_file();
    other.add("x/y/z", "a-value");
    let report = other.run(&format!("calendar --out {file} --json")).ok().json();
    assert_eq!((&report["others"], &report["cancelled"]), (&json!(1), &json!(0)), "{report}");
    let report = keyward.run(&format!("calendar --out {file} --json")).ok().json();
    assert_eq!((&report["added"], &report["others"]), (&json!(0), &json!(1)), "{report}");
}

#[test]
fn settings_are_read_and_set_by_name() {
    let keyward = Sandbox::with_file();
    let all = keyward.run("settings --json").ok().json();
    assert_eq!((&all["version"], &all["settings"]["rotate_days"]), (&json!(1), &json!(90)));
    keyward.run("settings rotate-days 30").ok().says("30");
    keyward.run("settings notify off").ok().says("off");
    let one = keyward.run("settings quiet_hours 21:30-07:00 --json").ok().json();
    assert_eq!(one["settings"], json!({ "quiet_hours": "21:30-07:00" }));
    keyward.run("settings quiet-hours none").ok().says("none");
    keyward.run("settings rotate-days 0").fails(3, "FIELD_INVALID");
    keyward.run("settings rotate-days many").fails(3, "FIELD_INVALID");
    keyward.run("settings quiet-hours 21:30-21:30").fails(3, "FIELD_INVALID");
    keyward.run("settings colour red").fails(4, "NOT_FOUND").says("quiet_hours");
    assert_eq!(
        keyward.run("settings rotate-days --json").ok().json()["settings"]["rotate_days"],
        30
    );
    keyward.add("a/b/c", "a-value");
    assert_eq!(keyward.run("show c --json").ok().json()["entry"]["rotate_days"], 30);
}

#[test]
fn a_snoozed_entry_is_still_due() {
    let keyward = Sandbox::with_file();
    keyward.pipe("add a/b/c --stdin --expires 2020-01-01", "a-value").ok();
    let said = keyward.run("snooze c 7d --json").ok().json();
    assert!(said["entry"]["snoozed_until"].is_string(), "{said}");
    keyward.run("due --check").exits(1).says("snoozed until");
    keyward.run("list").ok().says("snoozed until");
    keyward.run("show c").ok().says("snoozed");
    keyward.run("due --notify").ok();
    keyward.run("snooze c 2020-01-01").fails(3, "FIELD_INVALID");
    keyward.run("snooze c 9999d").fails(3, "FIELD_INVALID");
    keyward.run("snooze nobody 7d").fails(4, "NOT_FOUND");
    keyward.run("snooze c off").ok().says("again");
    assert_eq!(keyward.run("show c --json").ok().json()["entry"]["snoozed_until"], json!(null));
    keyward.run("audit verify").ok();
}
