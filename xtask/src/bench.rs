//! `cargo xtask bench`: Keyward and its peers at the same work, in turn, so that a noisy machine is noisy
//! for all of them.

mod scan;
mod vault;

use std::process::{Command, Stdio};

use crate::Result;

pub use scan::bench as scan;
pub use vault::bench as vault;

fn run(command: &mut Command) -> Result<()> {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!("{command:?} failed")),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The seconds of CPU time that a shell's children took, from what its `times` printed.
fn cpu(times: &[u8]) -> f64 {
    // The second line is the children's: user and system, as 1m2.34s.
    let text = String::from_utf8_lossy(times);
    text.lines().nth(1).unwrap_or_default().split_whitespace().filter_map(seconds).sum()
}

fn seconds(word: &str) -> Option<f64> {
    let (minutes, seconds) = word.strip_suffix('s')?.split_once('m')?;
    Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
}
