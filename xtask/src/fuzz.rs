//! `cargo xtask fuzz`: runs the targets of `fuzz/` under libFuzzer with the stable compiler. What a sanitizer
//! would add needs another one; there is no `unsafe` here that it could watch but three lines of the sieve.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::{Result, fuzz_seeds, root, steps};

/// Each target, and the longest input that it is given, in bytes: larger ones show no more, only later.
const TARGETS: [(&str, usize); 11] = [
    ("pack", 16_384),
    ("delta", 4_096),
    ("decoders", 8_192),
    ("rules", 16_384),
    ("differential", 4_096),
    ("git_files", 8_192),
    ("capture", 4_096),
    ("webhook", 4_096),
    ("backup", 8_192),
    ("dotenv", 2_048),
    ("keychain_file", 2_048),
];
const MINUTES: u64 = 10;

/// Counters at every edge of the code and at every comparison, which libFuzzer reads. With `--target` they are
/// only in what runs, not in build scripts.
const FLAGS: [&str; 7] = [
    "--cfg",
    "fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Runs one target or, if none is named, all: `[TARGET] [--minutes N]`.
pub fn run(args: &[&str]) -> Result<()> {
    let mut minutes = MINUTES;
    let mut named = None;
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match *arg {
            "--minutes" => {
                let given = args.next().and_then(|n| n.parse().ok());
                minutes = given.filter(|&n| n > 0).ok_or("--minutes takes a number from 1")?;
            }
            name => named = Some(name),
        }
    }
    let known = |name: &str| TARGETS.iter().any(|(target, _)| *target == name);
    if let Some(name) = named.filter(|name| !known(name)) {
        let names: Vec<&str> = TARGETS.iter().map(|(target, _)| *target).collect();
        return Err(format!("there is no target `{name}`; there are {}", names.join(", ")));
    }
    let programs = build()?;
    let folder = root().join("target");
    for (target, max_len) in TARGETS {
        if named.is_none_or(|name| name == target) {
            steps::say(&format!("{target}, {minutes} minutes"));
            one(target, max_len, minutes, &programs.join(target), &folder)?;
        }
    }
    Ok(())
}

/// Builds all targets; the folder they are in. What they are built with differs, so it is kept apart.
fn build() -> Result<PathBuf> {
    let host = host()?;
    let target = root().join("target/fuzz-build");
    steps::done(
        Command::new(env!("CARGO"))
            .args(["build", "--release", "--target", &host, "--manifest-path"])
            .arg(root().join("fuzz/Cargo.toml"))
            .env("CARGO_TARGET_DIR", &target)
            .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\u{1f}")),
    )?;
    Ok(target.join(host).join("release"))
}

/// The platform that the compiler is for.
fn host() -> Result<String> {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .map_err(|error| format!("rustc could not be started: {error}"))?;
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .ok_or_else(|| "rustc does not say what it builds for".to_owned())
}

fn one(target: &str, max_len: usize, minutes: u64, program: &Path, folder: &Path) -> Result<()> {
    let corpus = folder.join("fuzz-corpus").join(target);
    let crashes = folder.join("fuzz-crashes").join(target);
    for folder in [&corpus, &crashes] {
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    fuzz_seeds::write(target, &corpus)?;
    let started = Instant::now();
    let status = Command::new(program)
        .arg(&corpus)
        .arg(format!("-artifact_prefix={}/", crashes.display()))
        .arg(format!("-max_total_time={}", 60 * minutes))
        .arg(format!("-max_len={max_len}"))
        // Seconds for one input, MiB for the process; a single allocation has its limit in `fuzz/src/lib.rs`.
        .args(["-timeout=10", "-rss_limit_mb=2048", "-verbosity=0", "-print_funcs=0"])
        .args(["-print_final_stats=1"])
        .status()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    if status.success() {
        println!("{target}: clean after {} s", started.elapsed().as_secs());
        return Ok(());
    }
    let input = newest(&crashes).map_or_else(
        || format!("none in {}", crashes.display()),
        |path| path.display().to_string(),
    );
    Err(format!(
        "{target} ended with {status}; the input: {input}\nto see it again: {} {input}",
        program.display()
    ))
}

fn newest(folder: &Path) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?.flatten();
    files
        .max_by_key(|file| file.metadata().and_then(|meta| meta.modified()).ok())
        .map(|file| file.path())
}
