//! The long runs: tests of the suite that take a sample there and everything here. Each is one test
//! by name; the number of rounds goes to it in `KEYWARD_SOAK`.

use std::process::Command;

use crate::steps::{done, say};
use crate::{Result, packages, root};

/// One long run.
struct Soak {
    name: &'static str,
    what: &'static str,
    /// Package, and the test target in it.
    package: &'static str,
    target: &'static str,
    test: &'static str,
    rounds: u32,
}

const SOAKS: &[Soak] = &[
    Soak {
        name: "restore-kill",
        what: "a restore killed at a point of its run: the old vault or the new, never a mix",
        package: "keyward",
        target: "cli",
        test: "restore_kill::a_restore_killed_at_any_point_leaves_the_old_vault_or_the_new",
        rounds: 200,
    },
    Soak {
        name: "rotation-kill",
        what: "a rotation run killed anywhere: carried on, it ends with one current version and no key astray",
        package: "keyward",
        target: "cli",
        test: "rotation_kill::a_run_killed_anywhere_ends_right_where_keys_are_issued_and_deleted",
        rounds: 300,
    },
    Soak {
        name: "roll-kill",
        what: "the same where the new key ends the old one in the same moment",
        package: "keyward",
        target: "cli",
        test: "rotation_kill::a_run_killed_anywhere_ends_right_where_keys_are_rolled_in_place",
        rounds: 300,
    },
];

/// Runs all of them, or the one that is named, with its own number of rounds or the one given.
pub fn run(words: &[&str]) -> Result<()> {
    let (name, rounds) = match words {
        [] => (None, None),
        ["--rounds", number] => (None, Some(parse(number)?)),
        [name] => (Some(*name), None),
        [name, "--rounds", number] => (Some(*name), Some(parse(number)?)),
        _ => return Err("cargo xtask soak [NAME] [--rounds N]".to_owned()),
    };
    let chosen: Vec<&Soak> =
        SOAKS.iter().filter(|soak| name.is_none_or(|name| name == soak.name)).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = SOAKS.iter().map(|soak| soak.name).collect();
        return Err(format!("no soak of that name; there are {}", names.join(", ")));
    }
    packages::install(packages::Need::Tests)?;
    for soak in chosen {
        let rounds = rounds.unwrap_or(soak.rounds);
        say(&format!("{} ({rounds} rounds): {}", soak.name, soak.what));
        let mut command = Command::new(env!("CARGO"));
        command
            .args(["test", "--package", soak.package, "--test", soak.target, "--"])
            .args(["--exact", soak.test, "--include-ignored", "--nocapture"])
            .env("KEYWARD_SOAK", rounds.to_string())
            .current_dir(root());
        done(&mut command)?;
    }
    Ok(())
}

fn parse(number: &str) -> Result<u32> {
    match number.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!("`{number}` is not a number of rounds")),
    }
}
