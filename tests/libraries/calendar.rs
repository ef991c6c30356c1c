//! The calendar file as an independent parser reads it: what is due when, under ids that stay, with
//! numbers that only rise.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use jiff::civil::Date;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::driver::python;

struct Vault(TempDir);

impl Vault {
    fn new() -> Self {
        let vault = Self(tempfile::tempdir().unwrap());
        std::fs::write(vault.path("passphrase"), "correct horse battery\n").unwrap();
        vault
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn keyward(&self, line: &str, zone: &str) -> Value {
        let output = Command::new(env!("CARGO_BIN_EXE_keyward"))
            .args(line.split(' '))
            .arg("--json")
            .env("KEYWARD_HOME", self.path("kw"))
            .env("KEYWARD_KEYCHAIN", "file")
            .env("KEYWARD_PASSPHRASE_FILE", self.path("passphrase"))
            .env("TZ", zone)
            .output()
            .unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Writes the calendar and has it read: title to event.
    fn calendar(&self, zone: &str) -> BTreeMap<String, Value> {
        let file = self.path("due.ics");
        self.keyward(&format!("calendar --out {file}"), zone);
        let script =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/libraries/read_ics.py");
        let output = Command::new(python()).args(["-W", "ignore"]).arg(script).arg(&file).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let read: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!((&read["version"], &read["errors"]), (&json!("2.0"), &json!([])), "{read}");
        let events = read["events"].as_array().unwrap();
        events
            .iter()
            .map(|event| {
                assert_eq!(event["errors"], json!([]), "{event}");
                (event["summary"].as_str().unwrap().to_owned(), event.clone())
            })
            .collect()
    }

    /// The events must be the entries, whatever the time zone.
    fn agrees(&self, events: &BTreeMap<String, Value>) {
        let list = self.keyward("list", "UTC");
        let rows = list["entries"].as_array().unwrap();
        let confirmed = events.values().filter(|event| event["status"] == "CONFIRMED").count();
        assert_eq!(rows.len(), confirmed, "{events:?}");
        for row in rows {
            let name = row["name"].as_str().unwrap();
            let event = &events[&format!("Rotate {name}")];
            let id = row["id"].as_str().unwrap().to_lowercase();
            assert_eq!(event["uid"], format!("{id}@keyward"));
            assert_eq!(event["start"], row["due"]);
            let day: Date = row["due"].as_str().unwrap().parse().unwrap();
            assert_eq!(event["end"], day.tomorrow().unwrap().to_string());
            let early = day.checked_sub(jiff::Span::new().days(14)).unwrap();
            assert_eq!(event["alarms"], json!([format!("{early}T09:00"), format!("{day}T09:00")]));
        }
    }
}

#[test]
fn an_independent_parser_reads_the_calendar_as_it_is_meant() {
    let vault = Vault::new();
    let long = format!("{0}/{0}/{0}", "n".repeat(60));
    for (name, expires) in
        [("a/b/one", "2031-03-01"), ("a/b/two", "2028-03-01"), (&long, "2027-01-01")]
    {
        let value = vault.path("value");
        std::fs::write(&value, "a-value").unwrap();
        vault.keyward(
            &format!("add {name} --value-file {value} --rotate-every never --expires {expires}"),
            "UTC",
        );
    }
    let first = vault.calendar("Pacific/Kiritimati");
    vault.agrees(&first);
    // Another time zone's day is the same day, and the same file.
    assert_eq!(vault.calendar("America/St_Johns"), first);

    vault.keyward("edit one --expires 2029-05-05 --rename a/b/uno", "UTC");
    vault.keyward("remove two", "UTC");
    let second = vault.calendar("UTC");
    vault.agrees(&second);
    let (before, after) = (&first["Rotate a/b/one"], &second["Rotate a/b/uno"]);
    assert_eq!(before["uid"], after["uid"]);
    assert!(before["sequence"].as_i64() < after["sequence"].as_i64(), "{before} {after}");
    let (before, after) = (&first["Rotate a/b/two"], &second["Rotate a/b/two"]);
    assert_eq!((&before["uid"], &after["status"]), (&after["uid"], &json!("CANCELLED")));
    assert!(before["sequence"].as_i64() < after["sequence"].as_i64(), "{before} {after}");
    assert_eq!(first[&format!("Rotate {long}")], second[&format!("Rotate {long}")], "untouched");

    vault.keyward("bin restore two", "UTC");
    let third = vault.calendar("UTC");
    vault.agrees(&third);
    let (before, after) = (&second["Rotate a/b/two"], &third["Rotate a/b/two"]);
    assert!(before["sequence"].as_i64() < after["sequence"].as_i64(), "{before} {after}");
}
