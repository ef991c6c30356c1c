//! Packs and their indexes: real ones with a few bytes changed, and ones made to measure, which have to be
//! read as they were meant.
#![no_main]

use arbitrary::Arbitrary;
use keyward_fuzz::{Folder, Item, pack};
use libfuzzer_sys::{arbitrary::Unstructured, fuzz_target};

#[derive(Debug, Arbitrary)]
struct Input {
    sha256: bool,
    version: u8,
    items: Vec<Item>,
    /// Bytes to change, in the index and in the pack.
    damage: Vec<(bool, u16, u8)>,
}

thread_local! {
    static FOLDER: Folder = Folder::new();
}

fuzz_target!(|bytes: &[u8]| {
    match bytes {
        // As `cargo xtask fuzz` writes real packs: the length of the index, the index, the pack.
        [b'R', a, b, c, d, rest @ ..] => {
            let len = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
            let (index, pack) = rest.split_at(len.min(rest.len()));
            raw(index.to_vec(), pack);
        }
        _ => {
            let Ok(input) = Input::arbitrary(&mut Unstructured::new(bytes)) else { return };
            made(&input);
        }
    }
});

fn read(index: &[u8], pack: &[u8], hash_len: usize) -> Option<Vec<keyward_scan::fuzz::Object>> {
    FOLDER.with(|folder| {
        folder.write("one.pack", pack);
        let index = folder.write("one.idx", index);
        keyward_scan::fuzz::pack(&index, hash_len)
    })
}

fn raw(mut index: Vec<u8>, pack: &[u8]) {
    for hash_len in [20, 32] {
        // The index has to name the pack that it is of; else nothing more is read.
        if let (Some(at), Some(end)) =
            (index.len().checked_sub(2 * hash_len), pack.len().checked_sub(hash_len))
        {
            index[at..at + hash_len].copy_from_slice(&pack[end..]);
        }
        let _ = read(&index, pack, hash_len);
    }
}

fn made(input: &Input) {
    let hash_len = if input.sha256 { 32 } else { 20 };
    let mut made = pack(&input.items, hash_len, input.version);
    for (of_index, at, byte) in &input.damage {
        let bytes = if *of_index { &mut made.index } else { &mut made.pack };
        let at = usize::from(*at) % bytes.len();
        bytes[at] ^= byte;
    }
    let found = read(&made.index, &made.pack, hash_len);
    if input.damage.is_empty() {
        let meant: Vec<_> = made
            .offsets
            .iter()
            .zip(made.objects)
            .filter_map(|(offset, object)| object.map(|(kind, bytes)| (*offset, kind, bytes)))
            .collect();
        assert_eq!(found, Some(meant), "a sound pack is read as it was meant");
    }
}
