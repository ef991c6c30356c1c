//! How many captures come back byte for byte, by format, over bodies that quoting, framing and guessing get
//! wrong. The captures are written by `emitters.py`, which knows nothing of the importers; the table is printed
//! with `--nocapture`.

use std::collections::BTreeMap;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyward_webhook::capture::{Capture, read};
use serde::Deserialize;

#[derive(Deserialize)]
struct Sample {
    format: String,
    emitter: String,
    /// Whether the format carries these bytes.
    carries: bool,
    body: String,
    capture: String,
}

#[derive(Default)]
struct Count {
    /// Captures that carry the bytes, and those of them that came back.
    carried: usize,
    exact: usize,
    /// Captures that do not, and those of them that were flagged, refused or right all the same.
    lost: usize,
    said: usize,
}

/// What came of one capture.
enum Outcome {
    Exact,
    /// Other bytes, or none, and it is said.
    Said,
    Silent(String),
}

fn outcome(sample: &Sample) -> Outcome {
    let [body, capture] =
        [&sample.body, &sample.capture].map(|text| STANDARD.decode(text).expect("base64"));
    let read = read(&capture, None).and_then(Capture::whole);
    let read = match read {
        Ok(read) if read.format.name() != sample.format => {
            return Outcome::Silent(format!("taken for {}", read.format.name()));
        }
        Ok(read) => read,
        Err(_) => return Outcome::Said,
    };
    match read.only() {
        Err(error) => Outcome::Silent(error.to_string()),
        Ok(request)
            if request.body.as_deref() == Some(&*body)
                || (body.is_empty() && request.body().is_empty()) =>
        {
            Outcome::Exact
        }
        Ok(request) if request.lossy && !request.notes.is_empty() => Outcome::Said,
        Ok(request) => {
            Outcome::Silent(format!("{:.200?}", String::from_utf8_lossy(request.body())))
        }
    }
}

#[test]
#[allow(clippy::print_stdout)] // The table is what a reader of the test wants.
fn at_least_99_of_100_come_back_byte_for_byte_and_no_loss_is_silent() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/capture/emitters.py");
    let output = Command::new("python3").arg(script).output().expect("python3 is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (mut formats, mut emitters) = (BTreeMap::new(), BTreeMap::new());
    let mut silent = Vec::new();
    for line in output.stdout.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
        let sample: Sample = serde_json::from_slice(line).expect("a sample");
        let outcome = outcome(&sample);
        for count in [
            formats.entry(sample.format.clone()).or_insert_with(Count::default),
            emitters.entry((sample.format.clone(), sample.emitter.clone())).or_default(),
        ] {
            match sample.carries {
                true => count.carried += 1,
                false => count.lost += 1,
            }
            match (sample.carries, &outcome) {
                (true, Outcome::Exact) => count.exact += 1,
                (false, Outcome::Exact | Outcome::Said) => count.said += 1,
                _ => {}
            }
        }
        let is_wrong = sample.carries && !matches!(outcome, Outcome::Exact);
        if let Outcome::Silent(why) = &outcome {
            silent.push(format!("{} {}: {why}", sample.emitter, shown(&sample.body)));
        } else if is_wrong {
            println!("flagged, not exact: {} {}", sample.emitter, shown(&sample.body));
        }
    }
    println!("| format | byte for byte | what it cannot carry: said |\n| --- | --- | --- |");
    for (format, count) in &formats {
        println!(
            "| {format} | {} of {} | {} of {} |",
            count.exact, count.carried, count.said, count.lost
        );
    }
    let total = |of: fn(&Count) -> usize| formats.values().map(of).sum::<usize>();
    let (carried, exact) = (total(|c| c.carried), total(|c| c.exact));
    println!("| all | {exact} of {carried} | {} of {} |", total(|c| c.said), total(|c| c.lost));
    assert!(silent.is_empty(), "{} read wrong and not said:\n{}", silent.len(), silent.join("\n"));
    assert_eq!(formats.len(), 17, "every format is measured");
    assert!(carried > 4_000, "{carried} samples");
    for ((format, emitter), Count { carried, exact, .. }) in emitters {
        assert!(
            100 * exact >= 99 * carried,
            "{format}, {emitter}: {exact} of {carried} byte for byte"
        );
    }
}

/// The start of a body, for a message.
fn shown(body: &str) -> String {
    let bytes = STANDARD.decode(body).unwrap_or_default();
    format!("{:.120?}", String::from_utf8_lossy(&bytes))
}
