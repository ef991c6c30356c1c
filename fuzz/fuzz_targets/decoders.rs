//! What hides a secret in a text: base64, hexadecimal, escapes, wide characters, archives. The first two
//! bytes say from where the text is searched again.
#![no_main]

// Its allocator ends what asks for more memory than it can need.
use keyward_fuzz as _;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let [low, high, text @ ..] = bytes else { return };
    keyward_scan::fuzz::decoders(text, usize::from(u16::from_le_bytes([*low, *high])));
});
