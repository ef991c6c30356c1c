//! The sealed keychain file: its header, the limits on what it asks for, and what is behind its seal.
#![no_main]

// Its allocator ends what asks for more memory than it can need.
use keyward_fuzz as _;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| keyward_vault::fuzz_keychain_file(bytes, b"correct horse"));
