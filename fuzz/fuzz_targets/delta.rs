//! Deltas: any bytes, and sound ones, which have to give what they were made for.
#![no_main]

use arbitrary::Arbitrary;
use keyward_fuzz::{Op, apply, delta};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
enum Input {
    Raw { delta: Vec<u8>, base: Vec<u8>, limit: u16 },
    Made { ops: Vec<Op>, base: Vec<u8>, damage: Option<(u16, u8)> },
}

fuzz_target!(|input: Input| match input {
    Input::Raw { delta, base, limit } => {
        let _ = keyward_scan::fuzz::delta(&delta, &base, u64::from(limit));
    }
    Input::Made { ops, base, damage: None } => {
        let made = delta(&ops, base.len());
        let meant = apply(&ops, &base);
        assert_eq!(keyward_scan::fuzz::delta(&made, &base, 1 << 30), meant);
        let len = meant.map_or(0, |meant| meant.len() as u64);
        if len > 0 {
            assert_eq!(keyward_scan::fuzz::delta(&made, &base, len - 1), None, "over the limit");
        }
    }
    Input::Made { ops, base, damage: Some((at, byte)) } => {
        let mut made = delta(&ops, base.len());
        let at = usize::from(at) % made.len();
        made[at] ^= byte;
        let _ = keyward_scan::fuzz::delta(&made, &base, 1 << 20);
    }
});
