//! `cargo xtask`: everything that building, running and testing Keyward takes, on a machine that
//! has only Rust, Node and git.

#![allow(clippy::print_stdout, clippy::print_stderr)]

mod bench;
mod bindings;
mod capture_seeds;
mod fuzz;
mod fuzz_seeds;
mod libraries;
mod packages;
mod servers;
mod session;
mod soak;
mod steps;
mod ui;

use std::path::PathBuf;
use std::process::ExitCode;

/// What went wrong, in words.
type Result<T> = std::result::Result<T, String>;

const HELP: &str = "\
cargo xtask run [--headless]  install what is missing, build, and open the window
                              (--headless: under Xvfb with a private keychain, drive the
                              first journey and leave a screenshot in artifacts/)
cargo xtask test              install what the tests need and run all of them
cargo xtask e2e               the story in the real window, with a screenshot of each screen
cargo xtask libraries         install the providers' webhook libraries that the tests compare with
cargo xtask servers           install the servers that the tests talk to (moto, OpenBao)
cargo xtask ui                build the window's pages
cargo xtask bindings          write ui/src/lib/bindings.ts from the Rust views
cargo xtask bench scan [--runs N] [--plot] REPOSITORY…
                              Keyward and its peers in turn over the same repositories
cargo xtask bench vault [--runs N] [SIZE…]
                              what an operation costs in vaults of 10 to 10,000 entries, beside
                              secret-tool, pass and keepassxc-cli
cargo xtask bench webhook     what a verification and a failed diagnosis cost, by size of the body
cargo xtask fuzz [TARGET] [--minutes N]
                              hostile bytes for every parser, or for one, ten minutes each
cargo xtask soak [NAME] [--rounds N]
                              the long runs of tests that the suite takes a sample of
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["run"] => steps::run(),
        ["run", "--headless"] => steps::run_headless(),
        ["test"] => steps::test(),
        ["e2e"] => steps::e2e(),
        ["libraries"] => libraries::install(),
        ["servers"] => servers::install(),
        ["ui"] => ui::build(),
        ["bindings"] => bindings::write(),
        ["bench", "scan", ref rest @ ..] => bench::scan(rest),
        ["bench", "vault", ref rest @ ..] => bench::vault(rest),
        ["bench", "webhook"] => {
            steps::cargo(&["bench", "--package", "keyward-webhook", "--bench", "cost"])
        }
        ["fuzz", ref rest @ ..] => fuzz::run(rest),
        ["soak", ref rest @ ..] => soak::run(rest),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        _ => Err(format!("this is not a command of ours\n\n{HELP}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(PathBuf::from).unwrap_or(here)
}
