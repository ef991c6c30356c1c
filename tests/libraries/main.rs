//! Keyward against the providers' own libraries: what they sign, Keyward accepts; what Keyward signs, they
//! accept; and of every broken sample both say the same.
//!
//! Each language has one process for all its libraries (`libraries.py`, `libraries.mjs`). Keyward is the real
//! binary where a sample must be accepted or was signed with another secret, and the crate that it
//! is built on for the thousands of broken ones. `cargo xtask libraries` installs what is compared with.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod calendar;
mod driver;
mod samples;

use std::collections::{BTreeMap, BTreeSet};

use driver::{Driver, Library};
use samples::{Kept, Keyward, Sample};
use serde_json::json;

/// The time that samples are signed at.
const TIME: i64 = 1_780_000_000;

/// Where a library says something else than Keyward, and why Keyward stays: library, case, reason.
const DIFFER: &[(&str, &str, &str)] = &[
    ("@sendgrid/eventwebhook", "last character", LENIENT),
    ("@sendgrid/eventwebhook", "signature with", LENIENT),
    ("@slack/bolt", "age -", FUTURE),
    ("@slack/bolt", "another day", FUTURE),
    ("@vonage/jwt", "b", PAYLOAD),
    ("@vonage/jwt", "line break", PAYLOAD),
    ("@workos-inc/node", "age -", FUTURE),
    ("@workos-inc/node", "another day", FUTURE),
    ("anthropic", "signature with more", LENIENT),
    ("atlassian-jwt", "age", "The library leaves the token's times to its caller."),
    ("atlassian-jwt", "another day", "The library leaves the token's times to its caller."),
    ("dodopayments", "signature with more", LENIENT),
    ("event-notification-nodejs-sdk", "signature with", LENIENT),
    ("event-notification-nodejs-sdk", "last character", LENIENT),
    ("lithic", "signature with more", LENIENT),
    ("livekit-server-sdk", "age -", "Node allows the clocks 10 seconds of difference, Python 60."),
    ("livekit-server-sdk", "signature with letters", LENIENT),
    ("messagebird (Node)", "age", "Node allows the clocks 5 seconds of difference, Python 1."),
    ("messagebird (Node)", "signature with letters", LENIENT),
    (
        "pusher (Python)",
        "a",
        "It compares `time_ms` in the body with the clock; Node's library and the documentation do not.",
    ),
    ("replicate", "signature with more", LENIENT),
    ("sendgrid", "signature with more", LENIENT),
    ("standardwebhooks (Python)", "signature with more", LENIENT),
    ("svix (Python)", "signature with more", LENIENT),
    ("telnyx", "signature with more", LENIENT),
    ("verify-paddle-webhook", "line break", LENIENT),
    ("vonage-jwt", "b", PAYLOAD),
    ("vonage-jwt", "line break", PAYLOAD),
];

/// A decoder of base64 that takes more than base64.
const LENIENT: &str = "Its decoder passes over what is no base64, or stands behind the padding; the provider sends none.";
/// A claim that nobody checks.
const PAYLOAD: &str =
    "The library leaves `payload_hash` to its caller; the documentation has it compared.";
/// A window that is open to one side.
const FUTURE: &str =
    "This library looks at the past only; the provider's other one at both, and Keyward with it.";

/// Ages in seconds round the windows that libraries have: 5 s, 30 s, 1, 3, 5, 10 and 30 minutes, 2 hours.
const AGES: [i64; 31] = [
    -86_400, -601, -600, -301, -300, -299, -181, -180, -61, -60, -31, -6, -5, 1, 4, 5, 6, 29, 30,
    31, 60, 61, 180, 181, 299, 300, 301, 600, 601, 1_800, 1_801,
];

#[test]
fn keyward_agrees_with_the_python_libraries() {
    agree(Driver::python(), 50);
}

#[test]
fn keyward_agrees_with_the_node_libraries() {
    agree(Driver::node(), 29);
}

/// Compares with each library of a driver, and wants so many of them.
fn agree(mut driver: Driver, at_least: usize) {
    let libraries = driver.libraries.clone();
    assert!(libraries.len() >= at_least, "only {} libraries", libraries.len());
    let keyward = Keyward::new(&mut driver);
    let (mut compared, mut differ, mut seen) = (0, Vec::new(), BTreeSet::new());
    for (name, library) in &libraries {
        for sample in cases(&keyward, &mut driver, name, library) {
            let theirs = driver.verify(name, library, &keyward, &sample);
            let ours = match sample.wanted {
                Some(_) => keyward.verify(library, &sample),
                None => keyward.judge(library, &sample),
            };
            compared += 1;
            if theirs.accepts == ours.accepts && sample.wanted.is_none_or(|w| w == ours.accepts) {
                continue;
            }
            let known =
                DIFFER.iter().find(|(of, case, _)| of == name && sample.case.starts_with(case));
            match known {
                Some(known) => {
                    seen.insert(known);
                }
                None => differ
                    .push(format!("{name}, {}: it says {theirs:?}, Keyward {ours:?}", sample.case)),
            }
        }
    }
    println!("{} libraries, {compared} samples, {} known differences", libraries.len(), seen.len());
    assert!(differ.is_empty(), "{} of {compared} differ:\n{}", differ.len(), differ.join("\n"));
    // Where padding ends a signature is another with other keys.
    let of_these = DIFFER
        .iter()
        .filter(|(name, _, reason)| libraries.contains_key(*name) && *reason != LENIENT);
    for known @ (name, case, _) in of_these {
        assert!(seen.contains(known), "{name}, {case}: this difference is gone");
    }
}

/// All samples for one library.
fn cases(keyward: &Keyward, driver: &mut Driver, name: &str, library: &Library) -> Vec<Sample> {
    let mut all = Vec::new();
    let bodies = samples::bodies(library);
    for (at, body) in bodies.iter().enumerate() {
        let good = keyward.sign(library, body, Kept::Right);
        let other = keyward.sign(library, body, Kept::Other);
        all.push(Sample::wanted("signed by Keyward", &good, TIME, true));
        all.push(Sample::wanted("signed with another secret", &other, TIME, false));
        if library.signs {
            let theirs = driver.sign(name, library, keyward, body);
            all.push(Sample::wanted("signed by the library", &theirs, TIME, true));
        }
        all.push(Sample::new("body changed", &samples::body_changed(&good), TIME));
        if at > 0 {
            continue;
        }
        all.extend(samples::broken(&good, &other, library.parsed));
        let far = [-10, 10].map(|days| Sample::new("another day", &good, TIME + days * 86_400));
        if far.iter().any(|sample| {
            !keyward.judge(library, sample).accepts
                || !driver.verify(name, library, keyward, sample).accepts
        }) {
            all.extend(AGES.map(|age| Sample::new(&format!("age {age}"), &good, TIME + age)));
        }
        all.extend(far);
    }
    all
}

/// What was asked of one side, and why it refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether it accepts.
    pub accepts: bool,
    /// Why not.
    pub why: String,
}

/// A request as both sides take it.
pub type Request = serde_json::Value;

/// Parameters that a scheme needs besides its secret.
pub fn params(scheme: &str) -> BTreeMap<&'static str, &'static str> {
    match scheme {
        "paypal" => [("webhook-id", "8PT597110X687430LKGECATA")].into(),
        "livekit" => [("api-key", "APIZ4kq8nLw5KxY")].into(),
        _ => BTreeMap::new(),
    }
}

#[test]
fn every_known_difference_has_a_reason() {
    assert!(DIFFER.iter().all(|(_, _, reason)| reason.len() > 20), "{}", json!(DIFFER));
}
