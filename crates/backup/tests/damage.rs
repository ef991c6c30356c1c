//! Every truncation and every flipped bit of a small backup is refused (the sample through the
//! binary is in the black-box tests).

#![allow(clippy::unwrap_used, missing_docs)]

use jiff::Timestamp;
use keyward_backup::{Document, Lock, Opener, new_identity, open, seal};

fn small() -> (Vec<u8>, Lock, Opener) {
    let (identity, _) = new_identity();
    let opener = Opener::identities(&identity).unwrap();
    let document = Document {
        issued: vec![],
        places: vec![],
        connections: vec![],
        vault: "01VAULT".to_owned(),
        created: Timestamp::UNIX_EPOCH,
        audit_head: None,
        entries: vec![],
        manifest: None,
    };
    (document.to_json().unwrap().to_vec(), opener.lock(), opener)
}

#[test]
fn every_cut_and_every_flipped_bit_is_refused() {
    let (plain, lock, opener) = small();
    let sealed = seal(&plain, &lock, false).unwrap();
    assert!(open(&sealed, &opener, 18).is_ok());
    for cut in 0..sealed.len() {
        assert!(open(&sealed[..cut], &opener, 18).is_err(), "opened when cut at {cut}");
    }
    let mut bad = sealed.clone();
    for at in 0..sealed.len() {
        for bit in 0..8 {
            bad[at] ^= 1 << bit;
            assert!(open(&bad, &opener, 18).is_err(), "opened with bit {bit} of byte {at} flipped");
            bad[at] ^= 1 << bit;
        }
    }
    for longer in [&b"x"[..], b"\n", &sealed] {
        assert!(open(&[&sealed[..], longer].concat(), &opener, 18).is_err());
    }
}

#[test]
fn armour_is_refused_too_but_for_the_white_space_round_it() {
    use secrecy::ExposeSecret as _;
    let (plain, lock, opener) = small();
    let sealed = seal(&plain, &lock, true).unwrap();
    let text = sealed.trim_ascii_end().len();
    for cut in 0..text {
        assert!(open(&sealed[..cut], &opener, 18).is_err(), "opened when cut at {cut}");
    }
    let mut bad = sealed.clone();
    for at in 0..text {
        for bit in 0..8 {
            bad[at] ^= 1 << bit;
            // A line's end may be written in two ways; then the document has to be the same.
            if let Ok(found) = open(&bad, &opener, 18) {
                assert!(sealed[at].is_ascii_whitespace(), "bit {bit} of byte {at}");
                assert_eq!(found.expose_secret(), plain);
            }
            bad[at] ^= 1 << bit;
        }
    }
}

#[test]
fn a_file_of_many_chunks_cut_between_two_of_them_is_refused() {
    let (_, lock, opener) = small();
    // age's payload is a 16-byte nonce and chunks of 64 KiB with 16 bytes of tag each.
    let sealed = seal(&vec![b'x'; 5 * 65_536], &lock, false).unwrap();
    let payload = 16 + 5 * (65_536 + 16);
    let header = sealed.len() - payload;
    for chunks in 0..5 {
        let cut = header + 16 + chunks * (65_536 + 16);
        assert!(open(&sealed[..cut], &opener, 18).is_err(), "opened with {chunks} whole chunks");
    }
    assert!(open(&sealed, &opener, 18).is_ok());
}
