//! `.env` files.
#![no_main]

// Its allocator ends what asks for more memory than it can need.
use keyward_fuzz as _;
use libfuzzer_sys::fuzz_target;

// By its path: the crate that it is of brings the keychain and the clipboard.
#[allow(dead_code)]
#[path = "../../crates/app/src/dotenv.rs"]
mod dotenv;

fuzz_target!(|text: &str| {
    let lines = text.matches(['\n', '\r']).count() + 1;
    let mut last = 0;
    for row in dotenv::parse(text) {
        assert!(row.line > last && row.line as usize <= lines, "lines are in order");
        last = row.line;
        if let Ok((name, value)) = row.set {
            assert!(!name.is_empty() && value.len() <= text.len());
        }
    }
});
