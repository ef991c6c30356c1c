//! What a verification costs, and a failed diagnosis with fifty other secrets in play, by size of the
//! body: the median over all schemes, and the worst with its name. `cargo xtask bench webhook` runs it.

#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use keyward_webhook::{Scheme, table};

#[path = "../tests/verify/common.rs"]
#[allow(dead_code)]
mod common;
#[path = "../tests/verify/material.rs"]
#[allow(dead_code)]
mod material;

use material::{ask, body, material, sample};

/// Sizes of the body in bytes.
const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

fn main() {
    let schemes: Vec<&Scheme> = table().iter().filter(|scheme| scheme.has_key()).collect();
    println!("{} schemes, 50 other secrets", schemes.len());
    println!("| body | verification, median | worst | failed diagnosis, median | worst |");
    println!("| --- | --- | --- | --- | --- |");
    for size in SIZES {
        let (mut good, mut failed) = (Vec::new(), Vec::new());
        for scheme in &schemes {
            let Some((verification, diagnosis)) = cost(scheme, size) else { continue };
            good.push((verification, scheme.id.as_str()));
            failed.push((diagnosis, scheme.id.as_str()));
        }
        let [good, failed] = [good, failed].map(|mut all| {
            all.sort();
            all
        });
        let row = |all: &[(Duration, &str)]| {
            let (worst, id) = all[all.len() - 1];
            format!("{} | {} (`{id}`)", shown(all[all.len() / 2].0), shown(worst))
        };
        println!("| {} KB | {} | {} |", size / 1_000, row(&good), row(&failed));
        let slow = failed.iter().rev().take(8).filter(|(took, _)| took.as_millis() > 500);
        let slow: Vec<_> = slow.map(|(took, id)| format!("{id} {}", shown(*took))).collect();
        if !slow.is_empty() {
            println!("<!-- slowest: {} -->", slow.join(", "));
        }
    }
}

/// The least of a few runs, for a delivery that verifies and for one that does not; none for a scheme whose
/// body is not of any size.
fn cost(scheme: &Scheme, size: usize) -> Option<(Duration, Duration)> {
    let small = body(scheme);
    let text = match small.as_bytes() {
        [b'{', .., b'}'] => {
            let member = r#"{"id":"evt_1","url":"https://x.example/?a=1&b=2","text":"grün 😀","n":[1.0,2,{}]},"#;
            let list = member.repeat(size / member.len());
            format!("{},\"list\":[{list}null]}}", &small[..small.len() - 1])
        }
        _ => format!("{small}{}", "&Field=gr%C3%BCn+x".repeat(size / 18)),
    };
    let key = material(scheme, 7);
    let good = sample(scheme, &key, &text);
    let mut failed = good.clone();
    let changed = failed.body.as_mut()?;
    let at = changed.len() / 2;
    changed[at] ^= 1;
    let others: Vec<_> = (20..70).map(|seed| ("other", material(scheme, seed).verifying)).collect();
    let wrong = material(scheme, 9).verifying;
    let runs = if size < 100_000 { 3 } else { 1 };
    let least = |ask: &dyn Fn()| {
        let times = (0..runs).map(|_| {
            let start = Clock::now();
            ask();
            start.elapsed()
        });
        times.min()
    };
    let verification = least(&|| drop(ask(scheme, &good, &key.verifying, &others)))?;
    let diagnosis = least(&|| drop(ask(scheme, &failed, &wrong, &others)))?;
    Some((verification, diagnosis))
}

/// Time of this thread's own on a processor, where the system says it (Linux), so that a busy machine does
/// not blur the numbers; else time on the wall.
struct Clock {
    own: Option<u64>,
    wall: Instant,
}

impl Clock {
    fn now() -> Self {
        Self { own: own_nanoseconds(), wall: Instant::now() }
    }

    fn elapsed(&self) -> Duration {
        match self.own.zip(own_nanoseconds()) {
            Some((start, end)) => Duration::from_nanos(end.saturating_sub(start)),
            None => self.wall.elapsed(),
        }
    }
}

fn own_nanoseconds() -> Option<u64> {
    // The scheduler counts a slice when it ends: giving way ends it.
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

fn shown(time: Duration) -> String {
    match time.as_micros() {
        micros if micros < 1_000 => format!("{micros} µs"),
        micros if micros < 10_000 => format!("{:.1} ms", micros as f64 / 1e3),
        micros => format!("{} ms", micros / 1_000),
    }
}
