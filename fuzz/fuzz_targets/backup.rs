//! Backups: the document, the age file round it, and the keys that open one.
#![no_main]

// Its allocator ends what asks for more memory than it can need.
use keyward_fuzz as _;
use keyward_backup::{Document, Lock, Opener, open};
use keyward_vault::secret;
use libfuzzer_sys::fuzz_target;

/// The identity of thirty-two bytes 0x42, as age's own test vectors have it.
const IDENTITY: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";

fuzz_target!(|bytes: &[u8]| {
    if let Ok(mut document) = Document::from_json(bytes) {
        let again = document.to_json().expect("what was read can be written");
        let read = Document::from_json(&again).expect("and read again");
        assert_eq!(read.counts(), document.counts());
        assert_eq!(*read.to_json().expect("the same"), *again);
        document.sign(&[7; 32]).expect("it is not too large");
        assert!(document.prove(&[7; 32]).is_ok() && document.prove(&[8; 32]).is_err());
    }
    let _ = Opener::identities(&secret(bytes.to_vec()));
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Lock::recipients(&[text.to_owned()]);
    }
    let identity = Opener::identities(&secret(IDENTITY.as_bytes().to_vec())).expect("an identity");
    let passphrase = Opener::passphrase(&secret(b"correct horse".to_vec())).expect("a passphrase");
    for opener in [&identity, &passphrase] {
        // Next to no work is allowed, so that what asks for more is refused at once.
        let _ = open(bytes, opener, 4);
    }
});
