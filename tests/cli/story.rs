//! The main story on the real keychain, from a `.env` file to a restored vault.

use std::fs;

use crate::support::session::Session;
use crate::support::{Repo, STRIPE_HOOK, STRIPE_KEY, stripe_delivery};

const KEY: &str = "acme/prod/stripe-secret-key";
const HOOK: &str = "acme/prod/stripe-webhook-secret";

#[test]
fn from_dotenv_to_restored_vault() {
    let session = Session::start();
    let keyward = &session.sandbox;
    let dotenv = format!(
        "# shop\nexport STRIPE_SECRET_KEY={STRIPE_KEY}\nSTRIPE_WEBHOOK_SECRET=\"{STRIPE_HOOK}\"\n"
    );
    let file = keyward.create("shop/.env", &dotenv);

    // Import: a preview writes nothing; then both are in the keychain, and the file is as it was.
    let import = format!("import dotenv {file} --project acme --env prod --json");
    let preview = keyward.run(&format!("{import} --dry-run")).ok().json();
    assert_eq!(preview["rows"][0]["action"], "add");
    assert!(!session.items().contains("attribute"), "the preview wrote to the keychain");
    keyward.run(&import).ok();
    let items = session.items();
    for label in [format!("Keyward: {KEY} (version 1)"), format!("Keyward: {HOOK} (version 1)")] {
        assert!(items.contains(&label), "no item `{label}` in:\n{items}");
    }
    assert!(items.contains(STRIPE_KEY) && items.contains(STRIPE_HOOK));
    assert_eq!(fs::read_to_string(&file).unwrap(), dotenv);
    let list = keyward.run("list --json").ok().json();
    let row = &list["entries"][0];
    assert_eq!(
        (&row["name"], &row["provider"], &row["mode"]),
        (&KEY.into(), &"stripe".into(), &"live".into())
    );
    assert_eq!(list["entries"][1]["kind"], "webhook-secret");

    // Due: nothing today, both 91 days later.
    let now = jiff::Timestamp::now();
    keyward.run("due --check").ok();
    let later = now.as_second() + 91 * 86_400;
    let due = keyward.run(&format!("due --at {later} --check --json")).exits(1).json();
    let names: Vec<_> =
        due["entries"].as_array().unwrap().iter().map(|row| row["name"].clone()).collect();
    assert_eq!(names, [KEY, HOOK]);
    assert_eq!(due["entries"][0]["state"], "overdue");

    // Scan: committed, then deleted; the finding names entry, version and commit.
    let repo = Repo::new(&keyward.dir.path().join("repo"));
    repo.write("README.md", "# Shop\n");
    repo.commit("begin");
    repo.write("app/config.py", &format!("# settings\nSTRIPE = \"{STRIPE_KEY}\"\n"));
    let leak = repo.commit("configure payments");
    repo.git(&["rm", "-q", "app/config.py"]);
    repo.commit("remove the key");
    let path = repo.path.display().to_string();
    let scan = keyward.run(&format!("scan {path} --json")).exits(1).json();
    assert_eq!(scan["summary"]["findings"], 1, "{scan}");
    let finding = &scan["findings"][0];
    assert_eq!(
        finding["own"],
        serde_json::json!({ "entry": KEY, "version": 1, "stage": "current" })
    );
    assert_eq!(finding["commit"], leak);
    assert_eq!(
        (&finding["path"], &finding["line"], &finding["column"]),
        (&"app/config.py".into(), &2.into(), &11.into())
    );
    keyward.run(&format!("scan {path}")).exits(1).says(KEY).says("version 1 (current)").says(&leak);
    let state = keyward.run(&format!("show {KEY} --json")).ok().json();
    assert_eq!(state["entry"]["state"], "leaked");

    // Webhooks: a captured delivery is valid; the same one re-serialised is not, and says why.
    let body = "{\n  \"id\": \"evt_1\",\n  \"amount\": 1200,\n  \"name\": \"Zoë\"\n}";
    let time = now.as_second();
    let good = keyward.create("good.http", stripe_delivery(STRIPE_HOOK, time, body, body));
    let verdict =
        keyward.run(&format!("webhook verify --request {good} --secret {HOOK} --json")).ok().json();
    assert_eq!(verdict["verdict"], "valid", "{verdict}");
    assert_eq!(verdict["secret"], serde_json::json!({ "name": HOOK, "version": 1 }));
    let compact = "{\"id\":\"evt_1\",\"amount\":1200,\"name\":\"Zoë\"}";
    let bad = keyward.create("bad.http", stripe_delivery(STRIPE_HOOK, time, body, compact));
    let verdict = keyward
        .run(&format!("webhook verify --request {bad} --secret {HOOK} --json"))
        .exits(1)
        .json();
    assert_eq!(verdict["verdict"], "invalid");
    assert_eq!(verdict["reasons"][0]["code"], "body-reserialised", "{verdict}");
    assert_eq!(verdict["reasons"][0]["proved"], true);

    // Back up; wipe data folder and keychain items; restore; everything is back.
    let words = keyward.create("words", "four short plain words\n");
    let backup = keyward.path("vault.age");
    keyward.run(&format!("backup create --out {backup} --passphrase-file {words}")).ok();
    let before = keyward.run("list --json").ok().json();
    fs::remove_dir_all(keyward.home()).unwrap();
    assert!(session.tool("secret-tool", &["clear", "service", "keyward"]).0);
    assert!(!session.items().contains("attribute"), "the keychain is not empty");
    assert_eq!(keyward.run("list --json").ok().json()["entries"], serde_json::json!([]));
    keyward.run(&format!("backup restore {backup} --passphrase-file {words} --yes")).ok();
    let after = keyward.run("list --json").ok().json();
    for (old, new) in
        before["entries"].as_array().unwrap().iter().zip(after["entries"].as_array().unwrap())
    {
        for field in ["name", "id", "kind", "provider", "mode", "var", "tags", "current", "due"] {
            assert_eq!(old[field], new[field], "{field} of {}", old["name"]);
        }
    }
    let got = keyward.run(&format!("get {KEY} --reveal")).ok();
    assert_eq!(got.out, STRIPE_KEY);
    assert_eq!(keyward.run(&format!("get {HOOK} --reveal")).ok().out, STRIPE_HOOK);
    keyward.run("audit verify").ok();
    keyward.run("doctor").ok();
    let again = keyward
        .run(&format!("backup restore {backup} --passphrase-file {words} --yes --json"))
        .ok()
        .json();
    assert_eq!(
        (&again["same"], &again["added"]),
        (&2.into(), &0.into()),
        "a second restore is a no-op"
    );
}
