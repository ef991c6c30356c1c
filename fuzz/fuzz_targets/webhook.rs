//! Captured requests, in both forms, verified by every scheme.
#![no_main]

use std::collections::BTreeMap;

// Its allocator ends what asks for more memory than it can need.
use keyward_fuzz as _;
use keyward_webhook::{Case, NamedSecret, Scheme, Verdict, read_request, table, verify};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let [number, sample @ ..] = bytes else { return };
    if let Ok(text) = std::str::from_utf8(sample) {
        let _ = Scheme::from_toml(text);
    }
    let Ok(request) = read_request(sample) else { return };
    let secret = |name: &str, bytes: &[u8]| NamedSecret {
        name: name.to_owned(),
        version: Some(1),
        bytes: bytes.to_vec().into(),
    };
    // One that is known to be wrong, so that a request that verifies with it is a fault.
    let secrets = [secret("accepted", b"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")];
    let also = [secret("other", b"another-secret-of-the-vault")];
    let params: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let schemes: Vec<&str> = table().iter().map(|scheme| scheme.id.as_str()).collect();
    let named = schemes.get(usize::from(*number)).copied();
    for scheme in [None, named] {
        let case = Case {
            request: &request,
            scheme,
            custom: None,
            secrets: &secrets,
            also: &also,
            params: &params,
            now: 1_760_000_000,
            tolerance: None,
        };
        if let Ok(report) = verify(&case) {
            assert_ne!(report.verdict, Verdict::Valid, "nobody can guess a signature");
        }
    }
});
