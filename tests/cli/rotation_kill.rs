//! A rotation run that is killed between and inside any two of its steps, and killed again while it is
//! carried on, comes to a right end: one current version, no key at the provider that the vault does
//! not know, no place with a value that nobody knows. `cargo xtask soak rotation-kill` does it three
//! hundred times.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::provider::{Provider, Shape, gitlab, sendgrid};
use crate::support::Sandbox;

struct Scene {
    keyward: Sandbox,
    provider: Provider,
    env: String,
    file: String,
    /// Values that were handed in by hand, which the provider was told of.
    by_hand: u32,
}

impl Scene {
    fn new(shape: Shape) -> Self {
        let keyward = Sandbox::with_file();
        let (first, id) = match shape {
            Shape::IssueDelete => {
                (sendgrid(9001), "sendgrid --param scopes=mail.send --admin acme/prod/key")
            }
            _ => (gitlab(9001), "gitlab"),
        };
        let provider = Provider::start(shape, &first);
        keyward.add("acme/prod/key", &first);
        keyward.run(&format!("provider connect acme/prod/key --provider {id}")).ok();
        let id = id.split(' ').next().unwrap();
        keyward.run(&format!("provider allow {id} --endpoint {}", provider.url)).ok();
        let env = keyward.create(".env", format!("A=1\nKEY={first}\nB=2\n"));
        let file = keyward.create("key", &first);
        keyward.run(&format!("destination add acme/prod/key dotenv {env} --var KEY")).ok();
        keyward.run(&format!("destination add acme/prod/key file {file}")).ok();
        Self { keyward, provider, env, file, by_hand: 0 }
    }

    /// Runs until `after`, then kills; true when it was still running.
    fn killed(&self, line: &str, after: Duration) -> bool {
        let mut command = self.keyward.command(env!("CARGO_BIN_EXE_keyward"));
        command.args(line.split(' '));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        std::thread::sleep(after);
        let running = child.try_wait().unwrap().is_none();
        let _ = child.kill();
        let _ = child.wait();
        running
    }

    /// How long a run takes that nobody kills.
    fn undisturbed(&self, start: &str) -> Duration {
        let began = Instant::now();
        self.keyward.run(start).ok();
        let whole = began.elapsed();
        self.check("undisturbed");
        whole
    }

    /// What both places hold, which is always a value that the vault knows.
    fn places(&self) -> [String; 2] {
        let env = fs::read_to_string(&self.env).unwrap();
        assert!(env.starts_with("A=1\nKEY=") && env.ends_with("\nB=2\n"), "{env}");
        let line = env.lines().nth(1).unwrap().trim_start_matches("KEY=").trim_matches(['"', '\'']);
        [line.to_owned(), fs::read_to_string(&self.file).unwrap()]
    }

    fn known(&self) -> Vec<(String, String)> {
        let shown = self.keyward.run("show acme/prod/key --json").ok().json();
        let versions = shown["versions"].as_array().unwrap();
        // The last few are all that a place can hold.
        let known = versions.iter().take(4).map(|version| {
            let line = format!("get acme/prod/key --reveal --version {}", version["version"]);
            (version["stage"].as_str().unwrap().to_owned(), self.keyward.run(&line).ok().out)
        });
        known.collect()
    }

    /// Carries the run on to its end, with a new value by hand where the provider's was lost.
    fn finish(&mut self) {
        for _ in 0..4 {
            let said = self.keyward.run("rotate acme/prod/key --resume --provider-api --json");
            if said.status == 4 {
                // It was killed before there was a run.
                self.keyward.run("rotate acme/prod/key --start --provider-api --overlap 0s").ok();
                return;
            }
            let run = said.ok().json();
            if run["state"] == "done" {
                return;
            }
            assert_eq!(run["next"]["needs_value"], true, "{run}");
            // What nobody can know is told, and cleared away by the person who is told.
            let text = run["next"]["text"].as_str().unwrap();
            assert!(text.contains("was lost") && text.contains("delete"), "{text}");
            self.provider.clear();
            self.by_hand += 1;
            let value = gitlab(20_000 + self.by_hand);
            self.provider.put(&value, "by hand");
            self.keyward.pipe("rotate acme/prod/key --next --stdin", &value).ok();
        }
        panic!("the run does not end");
    }

    fn check(&self, what: &str) {
        let known = self.known();
        let current: Vec<&String> =
            known.iter().filter(|(stage, _)| stage == "current").map(|(_, value)| value).collect();
        assert_eq!(current.len(), 1, "{what}: {known:?}");
        assert_eq!(self.provider.alive(), [current[0].clone()], "{what}: keys at the provider");
        assert_eq!(self.places(), [current[0].clone(), current[0].clone()], "{what}: places");
        assert!(!self.provider.family_ended(), "{what}: rolled with a dead token");
    }
}

fn kill_and_carry_on(shape: Shape, kills: u32) {
    let mut scene = Scene::new(shape);
    let start = "rotate acme/prod/key --start --provider-api --overlap 0s";
    let mut whole = scene.undisturbed(start);
    let mut hit = 0;
    for kill in 0..kills {
        let what = format!("{shape:?}, kill {kill} of {kills}");
        // A run takes longer as the vault fills, and on a machine that is busier than it was.
        if kill > 0 && kill % 20 == 0 {
            whole = scene.undisturbed(start);
        }
        // Steps of the golden section come close to every moment, and in no order.
        let part = |shift: f64| (f64::from(kill) * 0.618_034 + shift) % 1.0;
        let after = whole.mul_f64(part(0.02));
        match scene.killed(start, after) {
            true => hit += 1,
            // It came too late: a run takes less than was thought.
            false => whole = after,
        }
        if kill % 3 == 0 {
            let after = whole.mul_f64(part(0.37));
            scene.killed("rotate acme/prod/key --resume --provider-api", after);
        }
        let known = scene.known();
        for held in scene.places() {
            assert!(known.iter().any(|(_, value)| *value == held), "{what}: nobody knows {held}");
        }
        scene.finish();
        scene.check(&what);
    }
    assert!(hit * 2 >= kills, "only {hit} of {kills} kills came before the end");
    if kills >= 100 {
        // Some of them fell between a key that was made and the vault that was to know it.
        let rows = scene.keyward.run("audit list --json").ok().out;
        assert!(rows.contains("rotate-settled") || rows.contains("rotate-lost"));
    }
    scene.keyward.run("audit verify").ok();
    scene.keyward.run("doctor").ok();
}

fn rounds(sample: u32) -> u32 {
    std::env::var("KEYWARD_SOAK").ok().and_then(|n| n.parse().ok()).unwrap_or(sample)
}

#[test]
fn a_run_killed_anywhere_ends_right_where_keys_are_issued_and_deleted() {
    kill_and_carry_on(Shape::IssueDelete, rounds(8));
}

#[test]
fn a_run_killed_anywhere_ends_right_where_keys_are_rolled_in_place() {
    kill_and_carry_on(Shape::RollInPlace, rounds(6));
}
