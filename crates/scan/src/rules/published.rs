//! Keys that everyone has: vendors print them in their documentation, samples and emulators.

use std::collections::HashSet;
use std::sync::OnceLock;

use sha2::{Digest as _, Sha256};

/// Their digests, and where each is published.
const LIST: &str = include_str!("published.txt");

/// Whether a vendor has published this very value.
pub(crate) fn is_published(value: &[u8]) -> bool {
    static DIGESTS: OnceLock<HashSet<[u8; 32]>> = OnceLock::new();
    let digests = DIGESTS.get_or_init(|| LIST.lines().filter_map(digest).collect());
    digests.contains::<[u8; 32]>(&Sha256::digest(value).into())
}

fn digest(line: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(line, &mut digest).ok().map(|()| digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_comment_or_a_digest() {
        let mut seen = HashSet::new();
        for line in LIST.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            assert!(digest(line).is_some_and(|digest| seen.insert(digest)), "{line}");
        }
    }

    #[test]
    fn the_examples_of_documentation_are_known() {
        // RFC 7519, section 3.1.
        let token = b"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(is_published(token));
        assert!(!is_published(&token[1..]));
        assert!(is_published(b"abcdef.0123456789abcdef"));
    }
}
