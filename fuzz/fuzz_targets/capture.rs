//! Any bytes as a capture: in the format that the first byte names, and in the one that they look like.
#![no_main]

// Its allocator ends what asks for more memory than it can need.
use keyward_fuzz as _;
use keyward_webhook::capture::{self, Format, MAX_REQUESTS};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let [number, sample @ ..] = bytes else { return };
    let named = Format::ALL[usize::from(*number) % Format::ALL.len()];
    for format in [Some(named), None] {
        let Ok(capture) = capture::read(sample, format) else { continue };
        assert!(format.is_none_or(|format| capture.format == format), "the format that was asked for");
        assert!((1..=MAX_REQUESTS).contains(&capture.requests.len()));
        for request in &capture.requests {
            assert!(!request.lossy || !request.notes.is_empty(), "a loss is said");
        }
        // What `keyward webhook import` would print is short of bodies only.
        let _ = capture.whole().and_then(capture::Capture::only);
    }
});
