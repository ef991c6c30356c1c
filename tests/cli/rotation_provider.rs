//! Whole rotation runs through the binary against a provider and places in the test: made, tried, put
//! everywhere, revoked, and proved dead.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::provider::{Fault, Provider, Shape, gitlab, paddle, sendgrid, twilio};
use crate::support::{Said, Sandbox};

const ENV: &str = "# the shop\nPORT=8080\nSENDGRID=old # keep\n";

/// A vault with a SendGrid key, the stronger credential beside it, and leave to talk to the provider.
fn with_sendgrid() -> (Sandbox, Provider, String) {
    let old = sendgrid(9001);
    let provider = Provider::start(Shape::IssueDelete, &old);
    let keyward = Sandbox::with_file();
    keyward.add("acme/prod/sendgrid", &old);
    keyward.run("provider connect sendgrid --provider sendgrid --param scopes=mail.send --admin acme/prod/sendgrid").ok();
    keyward.run(&format!("provider allow sendgrid --endpoint {}", provider.url)).ok();
    (keyward, provider, old)
}

fn with_gitlab() -> (Sandbox, Provider, String) {
    let old = gitlab(9001);
    let provider = Provider::start(Shape::RollInPlace, &old);
    let keyward = Sandbox::with_file();
    keyward.add("acme/prod/gitlab", &old);
    keyward.run("provider connect gitlab --provider gitlab").ok();
    keyward.run(&format!("provider allow gitlab --endpoint {}", provider.url)).ok();
    (keyward, provider, old)
}

fn value(keyward: &Sandbox, line: &str) -> String {
    keyward.run(line).ok().out
}

fn stages(keyward: &Sandbox, name: &str) -> Vec<(u64, String)> {
    let shown = keyward.run(&format!("show {name} --json")).ok().json();
    let versions = shown["versions"].as_array().unwrap().iter();
    let mut stages: Vec<_> = versions
        .map(|one| (one["version"].as_u64().unwrap(), one["stage"].as_str().unwrap().to_owned()))
        .collect();
    stages.sort();
    stages
}

fn stage(number: u64, stage: &str) -> (u64, String) {
    (number, stage.to_owned())
}

fn no_value(said: &Said, values: &[&str]) {
    for value in values {
        assert!(!said.out.contains(value) && !said.err.contains(value), "{said}");
    }
}

#[test]
fn a_whole_run_ends_with_the_old_key_proved_dead() {
    let (keyward, provider, old) = with_sendgrid();
    let env = keyward.create("shop/.env", ENV);
    let file = keyward.create("shop/key", "old\n");
    keyward.run(&format!("destination add sendgrid dotenv {env} --var SENDGRID")).ok();
    keyward.run(&format!("destination add sendgrid file {file}")).ok();
    provider.fault(Fault::Slow(2));
    provider.fault(Fault::Linger(2));
    let said = keyward.run("rotate sendgrid --start --provider-api --overlap 0s --json").ok();
    let run = said.json();
    assert_eq!(run["state"], "done", "{said}");
    let new = sendgrid(1);
    no_value(&said, &[&old, &new]);
    assert_eq!(provider.alive(), std::slice::from_ref(&new));
    assert_eq!(value(&keyward, "get sendgrid --reveal"), new);
    assert_eq!(stages(&keyward, "sendgrid"), [stage(1, "dead"), stage(2, "current")]);
    let text = fs::read_to_string(&env).unwrap();
    assert!(text.starts_with("# the shop\nPORT=8080\nSENDGRID="), "{text}");
    assert!(text.contains(&new) && text.contains("# keep"), "{text}");
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{new}\n"));
    let proofs = run["proofs"].as_array().unwrap();
    let said_dead = proofs.iter().find(|proof| proof["of"] == "old-dead").unwrap();
    assert!(said_dead["said"].as_str().unwrap().contains("401"), "{said_dead}");
    assert!(said_dead["after_ms"].is_u64(), "{said_dead}");
    // The evidence, for people and for programs.
    let evidence = keyward.path("evidence.md");
    keyward.run(&format!("rotate sendgrid --evidence {evidence}")).ok();
    let markdown = fs::read_to_string(&evidence).unwrap();
    assert!(markdown.contains("The old key is refused: the provider answered"), "{markdown}");
    assert!(!markdown.contains(&new) && !markdown.contains(&old), "{markdown}");
    let evidence = keyward.path("evidence.json");
    keyward.run(&format!("rotate sendgrid --evidence {evidence}")).ok();
    let parsed: Value = serde_json::from_str(&fs::read_to_string(&evidence).unwrap()).unwrap();
    assert_eq!(parsed["state"], "done");
    keyward.run("audit verify").ok();
}

#[test]
fn nothing_is_sent_to_a_provider_that_was_not_allowed() {
    let (keyward, provider, _) = with_sendgrid();
    keyward.run("provider forbid sendgrid").ok();
    for line in ["check sendgrid", "rotate sendgrid --start --provider-api"] {
        keyward.run(line).fails(3, "PROVIDER_NOT_ALLOWED");
    }
    assert!(provider.calls().is_empty(), "{:?}", provider.calls());
    // The run that was begun goes on by hand.
    let said = keyward.run("rotate sendgrid --status --json").ok().json();
    assert_eq!(said["next"]["waits_for"], "you");
    assert!(!said["next"]["clicks"].as_array().unwrap().is_empty());
    // Revoking shows what to do instead.
    let said = keyward.run("revoke sendgrid --yes --json");
    assert_eq!(said.status, 1, "nothing was revoked yet: {said}");
    let said = said.json();
    assert_eq!(
        (said["emergency"].as_bool(), &said["next"]["waits_for"]),
        (Some(true), &"you".into())
    );
    assert!(provider.calls().is_empty());
}

#[test]
fn an_answer_that_is_lost_leaves_no_key_behind() {
    for fault in [Fault::LoseCreated, Fault::HalfCreated] {
        let (keyward, provider, _) = with_sendgrid();
        provider.fault(fault);
        let said = keyward.run("rotate sendgrid --start --provider-api --overlap 0s --json").ok();
        assert_eq!(said.json()["state"], "done", "{fault:?}: {said}");
        let current = value(&keyward, "get sendgrid --reveal");
        assert_eq!(provider.alive(), [current], "{fault:?}");
    }
}

#[test]
fn what_is_busy_or_down_is_said_and_goes_on_later() {
    let (keyward, provider, old) = with_sendgrid();
    provider.fault(Fault::TooMany);
    keyward.run("check sendgrid").ok();
    // A question is asked twice, then it is an error that says so.
    provider.fault(Fault::Down);
    provider.fault(Fault::Down);
    keyward.run("rotate sendgrid --start --provider-api --overlap 0s").fails(7, "PROVIDER_FAILED");
    assert_eq!(provider.alive(), [old]);
    let said = keyward.run("rotate sendgrid --resume --provider-api --json").ok();
    assert_eq!(said.json()["state"], "done", "{said}");
    assert_eq!(provider.alive(), [value(&keyward, "get sendgrid --reveal")]);
}

#[test]
fn a_roll_in_place_is_current_at_once_and_never_rolled_twice() {
    let (keyward, provider, _) = with_gitlab();
    let env = keyward.create(".env", "TOKEN=old\n");
    keyward.run(&format!("destination add gitlab dotenv {env} --var TOKEN")).ok();
    let said = keyward.run("rotate gitlab --start --provider-api --json").ok();
    let run = said.json();
    assert_eq!((&run["state"], &run["shape"]), (&"done".into(), &"roll-in-place".into()), "{said}");
    assert_eq!(provider.alive(), [gitlab(1)]);
    assert_eq!(fs::read_to_string(&env).unwrap(), format!("TOKEN={}\n", gitlab(1)));
    // The end that the provider set is read back.
    let shown = keyward.run("show gitlab --json").ok().json();
    assert_eq!(shown["expires"], "2027-03-08");
    // An answer that is lost takes the value with it; nobody rolls again with the dead one.
    provider.fault(Fault::LoseCreated);
    let said = keyward.run("rotate gitlab --start --provider-api --json").ok();
    let run = said.json();
    assert_eq!(
        (&run["state"], &run["next"]["waits_for"]),
        (&"planned".into(), &"you".into()),
        "{said}"
    );
    assert!(run["next"]["text"].as_str().unwrap().contains("was lost"), "{said}");
    assert!(!provider.family_ended());
    keyward.run("rotate gitlab --abort").fails(8, "RUN_STATE");
    keyward.pipe("rotate gitlab --next --stdin", gitlab(77)).ok();
    assert_eq!(value(&keyward, "get gitlab --reveal"), gitlab(77), "it is the only one that works");
}

#[test]
fn a_place_that_fails_revokes_nothing_and_says_who_holds_what() {
    let (keyward, provider, old) = with_sendgrid();
    let good = keyward.create("good", "old");
    let lost = keyward.path("no/such/folder/.env");
    keyward.run(&format!("destination add sendgrid file {good}")).ok();
    keyward.run(&format!("destination add sendgrid dotenv {lost} --var X")).ok();
    let said = keyward.run("rotate sendgrid --start --provider-api --overlap 0s");
    let said = said.fails(7, "PLACE_FAILED");
    assert!(said.err.contains("Nothing was revoked") && said.err.contains("good"), "{said}");
    let new = sendgrid(1);
    assert_eq!(provider.alive(), [new.clone(), old.clone()], "both work");
    keyward.run("rotate sendgrid --abort").fails(8, "RUN_STATE");
    // Mended, the same run goes on.
    keyward.create("no/such/folder/.env", "X=old\n");
    let said = keyward.run("rotate sendgrid --resume --provider-api --json").ok();
    assert_eq!(said.json()["state"], "done", "{said}");
    assert_eq!(provider.alive(), [new]);
}

#[test]
fn a_run_that_is_given_up_revokes_the_new_key() {
    let (keyward, provider, old) = with_sendgrid();
    keyward.run("destination add sendgrid by-hand tell-the-office").ok();
    let said = keyward.run("rotate sendgrid --start --provider-api --json").ok().json();
    assert_eq!(
        (&said["state"], &said["next"]["waits_for"]),
        (&"verified-new".into(), &"you".into())
    );
    assert_eq!(provider.alive().len(), 2);
    keyward.run("rotate sendgrid --abort").ok();
    assert_eq!(provider.alive(), std::slice::from_ref(&old));
    assert_eq!(value(&keyward, "get sendgrid --reveal"), old);
}

#[test]
fn a_place_by_hand_is_waited_for_and_then_the_overlap() {
    let (keyward, provider, _) = with_sendgrid();
    keyward.run("destination add sendgrid by-hand tell-the-office").ok();
    let run = keyward.run("rotate sendgrid --start --provider-api --overlap 2h --json").ok().json();
    let id = run["places"][0]["id"].as_str().unwrap().to_owned();
    keyward.run("rotate sendgrid --next").fails(8, "RUN_STATE");
    keyward.run(&format!("rotate sendgrid --placed {id}")).ok();
    let run = keyward.run("rotate sendgrid --resume --provider-api --json").ok().json();
    assert_eq!((&run["state"], &run["next"]["waits_for"]), (&"overlap".into(), &"clock".into()));
    assert_eq!(provider.alive().len(), 2, "both work meanwhile");
}

#[test]
fn an_emergency_revokes_first_by_name_and_by_finding() {
    let (keyward, provider, old) = with_gitlab();
    keyward.create("repo/config.py", format!("TOKEN = '{old}'\n"));
    let repo = keyward.path("repo");
    let report = keyward.run(&format!("scan {repo} --json"));
    let report = report.json();
    let finding = &report["findings"][0];
    assert_eq!(finding["own"]["entry"], "acme/prod/gitlab", "{report}");
    let fingerprint = finding["fingerprint"].as_str().unwrap();
    let said = keyward.run(&format!("revoke --finding {fingerprint} --yes --json")).ok();
    let run = said.json();
    assert_eq!(
        (&run["state"], run["emergency"].as_bool()),
        (&"verified-dead".into(), Some(true)),
        "{said}"
    );
    assert!(provider.alive().is_empty());
    assert!(run["next"]["needs_value"].as_bool().unwrap());
    keyward.pipe("rotate gitlab --next --stdin", gitlab(5)).ok();
    assert_eq!(value(&keyward, "get gitlab --reveal"), gitlab(5));
    assert_eq!(stages(&keyward, "gitlab"), [stage(1, "dead"), stage(2, "current")]);
    keyward.run("revoke --finding 0123 --yes").fails(4, "NOT_FOUND");
}

#[test]
fn a_key_is_asked_about() {
    let (keyward, provider, _) = with_gitlab();
    let said = keyward.run("check gitlab --json").ok().json();
    assert_eq!((&said["liveness"], said["expires"].is_string()), (&"alive".into(), true));
    assert_eq!(keyward.run("show gitlab --json").ok().json()["expires"], "2027-03-01");
    keyward.run("rotate gitlab --start --provider-api").ok();
    let said = keyward.run("check gitlab --version 1");
    assert_eq!(said.status, 1, "{said}");
    assert!(said.out.contains("dead"), "{said}");
    assert!(!provider.family_ended());
}

#[test]
fn a_new_value_is_looked_at_before_it_is_taken() {
    let (keyward, _, _) = with_gitlab();
    keyward.run("rotate gitlab --start").ok();
    keyward.pipe("rotate gitlab --next --stdin", "glpat-short").fails(3, "VALUE_UNFIT");
    keyward.pipe("rotate gitlab --next --stdin --force", "glpat-short").ok();
    // Made up, valid in form; the second with a letter that its checksum does not fit.
    let (old, new) =
        ("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", "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"); // keyward:allow
    keyward.add("acme/prod/github", old);
    keyward.run("rotate github --start").ok();
    let wrong = new.replace("IrA", "IrB");
    let said = keyward.pipe("rotate github --next --stdin", &wrong).fails(3, "VALUE_UNFIT");
    assert!(said.err.contains("checksum"), "{said}");
    keyward.pipe("rotate github --next --stdin", new).ok();
}

#[test]
fn a_backup_brings_back_where_copies_are_and_never_the_leave_to_talk() {
    let (keyward, _, _) = with_gitlab();
    let env = keyward.create(".env", "TOKEN=old\n");
    keyward.run(&format!("destination add gitlab dotenv {env} --var TOKEN")).ok();
    keyward.run("destination add gitlab command -- cat").ok();
    let kit = keyward.path("kit.txt");
    let made = keyward.run(&format!("backup kit --out {kit} --json")).ok().json();
    let file = keyward.path("all.age");
    let recipient = made["recipient"].as_str().unwrap();
    keyward.run(&format!("backup create --out {file} --recipient {recipient}")).ok();
    let other = Sandbox::with_file();
    let said = other.run(&format!("backup restore {file} --identity {kit} --yes")).ok();
    assert!(format!("{}{}", said.out, said.err).contains("come back as notes"), "{said}");
    let list = other.run("destination list gitlab --json").ok().json();
    let places = list["destinations"].as_array().unwrap();
    assert_eq!(places.len(), 2, "{list}");
    assert!(places.iter().all(|place| place["kind"] == "by-hand"), "{list}");
    let connection = other.run("provider connect gitlab --json").ok().json();
    assert_eq!(connection["provider"]["allowed"], false, "{connection}");
    // The vault's own backup brings them back as they were, once.
    keyward.run("remove gitlab").ok();
    let restore = format!("backup restore {file} --identity {kit} --merge overwrite --yes");
    keyward.run(&restore).ok();
    keyward.run(&restore).ok();
    let list = keyward.run("destination list gitlab --json").ok().json();
    assert_eq!(list["destinations"].as_array().unwrap().len(), 2, "{list}");
}

#[test]
fn a_run_is_driven_by_one_process_at_a_time() {
    let (keyward, provider, _) = with_sendgrid();
    provider.fault(Fault::Linger(4));
    let mut command = keyward.command(env!("CARGO_BIN_EXE_keyward"));
    command.args(["rotate", "sendgrid", "--start", "--provider-api", "--overlap", "0s"]);
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let is_lock = |row: &fs::DirEntry| row.file_name().to_string_lossy().starts_with("rotate-");
    let lock = || fs::read_dir(keyward.home()).unwrap().flatten().any(|row| is_lock(&row));
    while !provider.calls().iter().any(|call| call.starts_with("DELETE")) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before the old key was revoked");
        std::thread::sleep(Duration::from_millis(20));
    }
    // It waits until the old key is refused; meanwhile nobody else takes a step.
    keyward.run("rotate sendgrid --resume --provider-api").fails(8, "RUN_BUSY");
    assert!(child.wait().unwrap().success());
    assert!(!lock(), "the run's lock outlived it");
    assert_eq!(provider.alive(), [value(&keyward, "get sendgrid --reveal")]);
}

#[test]
fn a_file_that_was_imported_is_shown_until_it_is_a_place() {
    let keyward = Sandbox::with_file();
    let env = keyward.create("shop/.env", "API_TOKEN=some-value\nAPI_TOKEN=some-value\n");
    keyward.run(&format!("import dotenv {env} --project a --env b --yes --skip-bad"));
    let list = keyward.run("destination list api-token --json").ok().json();
    assert_eq!(list["seen"][0]["how"], "import", "{list}");
    assert_eq!(list["seen"][0]["place"], env.as_str());
    keyward.run(&format!("destination add api-token dotenv {env}")).ok();
    let list = keyward.run("destination check api-token --json").ok().json();
    assert_eq!(list["seen"].as_array().unwrap().len(), 0, "{list}");
    let place = &list["destinations"][0];
    assert_eq!(
        (&place["state"], place["place"].as_str().unwrap()),
        (&"current".into(), format!("{env}: API_TOKEN").as_str())
    );
    assert!(place["note"].is_string(), "a variable that is set twice is told: {place}");
}

/// A vault with one key of a provider of this shape, connected.
fn with(shape: Shape, id: &str, first: &str, more: &str) -> (Sandbox, Provider) {
    let provider = Provider::start(shape, first);
    let keyward = Sandbox::with_file();
    keyward.add("acme/prod/key", first);
    keyward.add("acme/prod/admin", "admin-of-tests");
    provider.put("admin-of-tests", "second");
    keyward.run(&format!("provider connect acme/prod/key --provider {id} {more}")).ok();
    keyward.run(&format!("provider allow {id} --endpoint {}", provider.url)).ok();
    (keyward, provider)
}

/// What is alive beside the admin's own.
fn alive(provider: &Provider) -> Vec<String> {
    provider.alive().into_iter().filter(|value| value != "admin-of-tests").collect()
}

#[test]
fn a_grace_is_waited_for_and_the_old_key_ends_by_itself() {
    let (keyward, provider) = with(Shape::RollWithGrace, "paddle", &paddle(9001), "");
    let start = "rotate acme/prod/key --start --provider-api --overlap 0s --json";
    let run = keyward.run(start).ok();
    let view = run.json();
    assert_eq!(
        (&view["state"], &view["shape"]),
        (&"done".into(), &"roll-with-grace".into()),
        "{run}"
    );
    assert_eq!(alive(&provider), [value(&keyward, "get acme/prod/key --reveal")]);
    assert!(provider.calls().iter().all(|call| !call.starts_with("DELETE")), "nothing was revoked");
}

#[test]
fn a_second_slot_is_filled_and_promoted_when_everybody_has_it() {
    let account = "--param account=ACtests";
    let (keyward, provider) =
        with(Shape::PrimarySecondary, "twilio-auth-token", &twilio(9001), account);
    let env = keyward.create(".env", "TOKEN=old\n");
    keyward.run(&format!("destination add acme/prod/key dotenv {env} --var TOKEN")).ok();
    let run = keyward.run("rotate acme/prod/key --start --provider-api --overlap 0s --json").ok();
    assert_eq!(run.json()["state"], "done", "{run}");
    let new = value(&keyward, "get acme/prod/key --reveal");
    assert_eq!(alive(&provider), std::slice::from_ref(&new));
    let calls = provider.calls();
    let at = |what: &str| calls.iter().position(|call| call.contains(what)).unwrap();
    assert!(at("Secondary") < at("Promote"), "{calls:?}");
    assert_eq!(fs::read_to_string(&env).unwrap(), format!("TOKEN={new}\n"));
}

#[test]
fn a_second_slot_is_emptied_when_the_run_is_given_up() {
    let account = "--param account=ACtests";
    let (keyward, provider) =
        with(Shape::PrimarySecondary, "twilio-auth-token", &twilio(9001), account);
    keyward.run("destination add acme/prod/key by-hand tell-the-office").ok();
    keyward.run("rotate acme/prod/key --start --provider-api").ok();
    assert_eq!(alive(&provider).len(), 2);
    keyward.run("rotate acme/prod/key --abort").ok();
    assert_eq!(alive(&provider), [twilio(9001)]);
}

#[test]
fn a_key_that_the_interface_can_only_disable_is_made_by_hand() {
    let first = "sk-made-up-anthropic-first";
    let more = "--admin acme/prod/admin --param key-id=irst";
    let (keyward, provider) = with(Shape::DisableOnly, "anthropic", first, more);
    let start = "rotate acme/prod/key --start --provider-api --overlap 0s --json";
    let run = keyward.run(start).ok().json();
    assert_eq!((&run["state"], &run["next"]["waits_for"]), (&"planned".into(), &"you".into()));
    assert!(!run["next"]["clicks"].as_array().unwrap().is_empty());
    let second = "sk-made-up-anthropic-second";
    provider.put(second, "made in the console");
    keyward.pipe("rotate acme/prod/key --next --stdin", second).ok();
    let run = keyward.run("rotate acme/prod/key --resume --provider-api --json").ok();
    assert_eq!(run.json()["state"], "done", "{run}");
    assert_eq!(alive(&provider), [second]);
    // The id of the old key is not taken for the new one's.
    let connection = keyward.run("provider connect acme/prod/key --json").ok().json();
    assert!(connection["parameters"].get("key-id").is_none(), "{connection}");
}

#[test]
fn a_key_that_whoever_has_it_can_revoke() {
    let (keyward, provider) = with(Shape::SelfRevoke, "github", "ghp-made-up-first", "");
    let second = "ghp-made-up-second";
    provider.put(second, "made in the console");
    keyward.run("rotate acme/prod/key --start --provider-api --overlap 0s").ok();
    keyward.pipe("rotate acme/prod/key --next --stdin", second).ok();
    let run = keyward.run("rotate acme/prod/key --resume --provider-api --json").ok();
    assert_eq!(run.json()["state"], "done", "{run}");
    assert_eq!(alive(&provider), [second]);
    let dead = &run.json()["proofs"][1];
    assert!(dead["said"].as_str().unwrap().contains("Bad credentials"), "{dead}");
}

#[test]
fn a_run_is_given_up_when_the_provider_cannot_be_reached_if_that_is_said() {
    let (keyward, _, old) = with_sendgrid();
    keyward.run("destination add sendgrid by-hand tell-the-office").ok();
    keyward.run("rotate sendgrid --start --provider-api").ok();
    keyward.run("provider allow sendgrid --endpoint http://127.0.0.1:9").ok();
    keyward.run("rotate sendgrid --abort").fails(3, "PROVIDER_NOT_CONNECTED");
    let said = keyward.run("rotate sendgrid --abort --force").ok();
    assert!(said.err.contains("notice[KEY_PERHAPS_LEFT]"), "{said}");
    assert_eq!(value(&keyward, "get sendgrid --reveal"), old);
}

#[test]
fn a_run_whose_abort_was_cut_off_is_only_given_up() {
    let (keyward, provider, old) = with_sendgrid();
    keyward.run("destination add sendgrid by-hand tell-the-office").ok();
    let run = keyward.run("rotate sendgrid --start --provider-api --json").ok().json();
    let id = run["places"][0]["id"].as_str().unwrap();
    provider.fault(Fault::LoseDeleted);
    keyward.run("rotate sendgrid --abort").fails(7, "PROVIDER_FAILED");
    assert_eq!(provider.alive(), std::slice::from_ref(&old), "the new key is dead already");
    keyward.run(&format!("rotate sendgrid --placed {id}")).fails(8, "RUN_STATE");
    keyward.run("rotate sendgrid --next").fails(8, "RUN_STATE");
    let run = keyward.run("rotate sendgrid --resume --provider-api --json").ok();
    assert_eq!(run.json()["state"], "aborted", "{run}");
    assert_eq!(provider.alive(), std::slice::from_ref(&old));
    assert_eq!(value(&keyward, "get sendgrid --reveal"), old);
}

#[test]
fn a_pending_value_that_leaked_is_revoked_with_its_run_and_not_under_it() {
    let (keyward, provider, old) = with_sendgrid();
    keyward.run("destination add sendgrid by-hand tell-the-office").ok();
    keyward.run("rotate sendgrid --start --provider-api").ok();
    keyward.create("repo/config.py", format!("KEY = '{}'\n", sendgrid(1)));
    let report = keyward.run(&format!("scan {} --json", keyward.path("repo"))).json();
    let fingerprint = report["findings"][0]["fingerprint"].as_str().unwrap().to_owned();
    keyward.run(&format!("revoke --finding {fingerprint} --yes")).fails(8, "RUN_OPEN");
    assert_eq!(provider.alive().len(), 2);
    keyward.run("rotate sendgrid --abort").ok();
    assert_eq!(provider.alive(), [old]);
}

#[test]
fn a_provider_that_became_known_after_the_start_is_known_for_what_it_does() {
    let old = gitlab(9001);
    let provider = Provider::start(Shape::RollInPlace, &old);
    let keyward = Sandbox::with_file();
    keyward.run("add acme/prod/gitlab --provider own --stdin").fails(3, "SECRET_EMPTY");
    keyward.pipe("add acme/prod/gitlab --provider own --stdin", &old).ok();
    keyward.run("rotate gitlab --start").ok();
    keyward.run("provider connect gitlab --provider gitlab").ok();
    keyward.run(&format!("provider allow gitlab --endpoint {}", provider.url)).ok();
    keyward.run("destination add gitlab by-hand tell-the-office").ok();
    let run = keyward.run("rotate gitlab --resume --provider-api --json").ok().json();
    assert_eq!((&run["shape"], &run["can_abort"]), (&"roll-in-place".into(), &false.into()));
    assert_eq!(value(&keyward, "get gitlab --reveal"), gitlab(1), "the only one that works");
}

#[test]
fn a_run_is_not_carried_on_at_another_address() {
    let (keyward, provider, old) = with_sendgrid();
    keyward.run("rotate sendgrid --start --provider-api --overlap 1h").ok();
    let other = Provider::start(Shape::IssueDelete, "none");
    keyward.run(&format!("provider allow sendgrid --endpoint {}", other.url)).ok();
    let said = keyward.run("revoke sendgrid --yes --json");
    assert_eq!(said.json()["state"], "overlap", "{said}");
    assert!(other.calls().is_empty(), "{:?}", other.calls());
    assert!(provider.alive().contains(&old), "still alive where it is from");
    keyward.run(&format!("provider allow sendgrid --endpoint {}", provider.url)).ok();
    let run = keyward.run("revoke sendgrid --yes --json").ok();
    assert_eq!(run.json()["state"], "done", "the overlap is not waited for: {run}");
    assert_eq!(provider.alive(), [value(&keyward, "get sendgrid --reveal")]);
}

#[test]
fn what_is_revoked_for_good_can_be_removed_and_backed_up() {
    let (keyward, provider, _) = with_gitlab();
    keyward.run("revoke gitlab --yes").ok();
    assert!(provider.alive().is_empty());
    let list = keyward.run("list --json").ok().json();
    assert_eq!(list["entries"][0]["state"], "expired", "{list}");
    keyward.run("get gitlab --reveal").fails(4, "NOT_FOUND");
    let kit = keyward.path("kit.txt");
    let made = keyward.run(&format!("backup kit --out {kit} --json")).ok().json();
    let (file, to) = (keyward.path("all.age"), made["recipient"].as_str().unwrap().to_owned());
    keyward.run(&format!("backup create --out {file} --recipient {to}")).ok();
    Sandbox::with_file().run(&format!("backup restore {file} --identity {kit} --yes")).ok();
    keyward.run("rotate gitlab --abort").fails(8, "RUN_STATE");
    keyward.run("rotate gitlab --abort --force").ok();
    keyward.run("remove gitlab").ok();
}

#[test]
fn what_was_told_to_one_provider_is_not_told_to_another() {
    let (keyward, _, _) = with_sendgrid();
    let told = |line: &str| {
        let view = keyward.run(&format!("provider connect sendgrid {line} --json")).ok().json();
        (view["admin"].is_string(), view["parameters"]["scopes"].is_string())
    };
    // Said outright is the same as known from the entry.
    assert_eq!(told("--provider sendgrid"), (true, true));
    assert_eq!(told("--provider gitlab"), (false, false));
}

#[test]
fn a_revocation_that_only_a_person_can_do_is_no_success() {
    let (keyward, provider, _) = with_sendgrid();
    keyward.run("rotate sendgrid --start --provider-api --overlap 1h").ok();
    keyward.run("provider forbid sendgrid").ok();
    let said = keyward.run("revoke sendgrid --yes");
    assert_eq!(said.status, 1, "{said}");
    assert!(said.out.starts_with("NOT revoked yet"), "{said}");
    assert_eq!(provider.alive().len(), 2);
}
