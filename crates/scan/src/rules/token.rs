//! Token formats that carry their own proof: a checksum, or a structure that nobody types by chance.

use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `prefix_` + 30 base62 digits + 6 base62 digits (`0-9A-Za-z`, most significant first) of their CRC-32.
/// Source: GitHub's "Behind GitHub's new authentication token formats"; npm took the same form.
pub(super) fn github_crc32(token: &[u8]) -> bool {
    let Some(start) = token.iter().rposition(|&b| b == b'_') else {
        return false;
    };
    let body = &token[start + 1..];
    let Some((value, checksum)) = body.len().checked_sub(6).map(|cut| body.split_at(cut)) else {
        return false;
    };
    value.len() >= 30 && checksum == digits::<6>(crc32fast::hash(value), BASE62)
}

/// The id of a key that Keyward's user issued: `prefix_`, 8 base62 digits of id, 43 of secret, and 6 of the
/// CRC-32 of all that stands before them; none if the checksum does not fit. Source: docs/issued-keys.md.
pub(crate) fn issued_key(key: &[u8]) -> Option<&str> {
    let start = key.iter().rposition(|&b| b == b'_')? + 1;
    let cut = key.len().checked_sub(6).filter(|cut| *cut == start + 8 + 43)?;
    let (value, checksum) = key.split_at(cut);
    let fits = checksum == digits::<6>(crc32fast::hash(value), BASE62);
    std::str::from_utf8(&key[start..start + 8]).ok().filter(|_| fits)
}

/// A routable token ends in seven base36 digits of the CRC-32 of all that stands before them, prefix and
/// all: `glpat-<payload>.01.<length><checksum>`, or without the version. An older token has no dot and no
/// checksum, and there is nothing to hold against it.
/// Source: GitLab's "Cells: Routable Tokens" and its `RoutableTokenGenerator`.
pub(super) fn gitlab_crc32(token: &[u8]) -> bool {
    if !token.contains(&b'.') {
        return true;
    }
    let Some((value, checksum)) = token.len().checked_sub(7).map(|cut| token.split_at(cut)) else {
        return false;
    };
    checksum == digits::<7>(crc32fast::hash(value), BASE36)
}

/// `glsa_<secret>_<checksum>`: the CRC-32 of `glsa_<secret>`, its bytes least significant first, in hex.
/// Source: Grafana's `pkg/components/satokengen`.
pub(super) fn grafana_crc32(token: &[u8]) -> bool {
    let Some(cut) = token.iter().rposition(|&b| b == b'_') else {
        return false;
    };
    let checksum = hex::encode(crc32fast::hash(&token[..cut]).to_le_bytes());
    token[cut + 1..].eq_ignore_ascii_case(checksum.as_bytes())
}

/// A number's last `N` digits in the base that `alphabet` spells, most significant first.
fn digits<const N: usize>(mut number: u32, alphabet: &[u8]) -> [u8; N] {
    let base = u32::try_from(alphabet.len()).unwrap_or(u32::MAX);
    let mut out = [0; N];
    for digit in out.iter_mut().rev() {
        *digit = alphabet[(number % base) as usize];
        number /= base;
    }
    out
}

/// An identity of age, `AGE-SECRET-KEY-1…` (and `AGE-SECRET-KEY-PQ-1…`): Bech32 (BIP-173).
/// Source: <https://age-encryption.org/v1>, "The X25519 recipient type".
pub(super) fn age_identity(token: &[u8]) -> bool {
    let lower = Zeroizing::new(token.to_ascii_lowercase());
    let one_case = !token.iter().any(u8::is_ascii_lowercase);
    one_case && bech32(&lower).is_some_and(|prefix| prefix.starts_with(b"age-secret-key-"))
}

/// The prefix of a Bech32 string in lower case whose checksum fits. The length limit of 90 is for
/// payment addresses; age does without.
fn bech32(text: &[u8]) -> Option<&[u8]> {
    const CHARSET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let one = text.iter().rposition(|&b| b == b'1').filter(|&at| at > 0)?;
    let (prefix, data) = (&text[..one], &text[one + 1..]);
    if data.len() < 6 || !prefix.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let mut sum = 1_u32;
    let high = prefix.iter().map(|b| u32::from(b >> 5));
    let low = prefix.iter().map(|b| u32::from(b & 31));
    for value in high.chain([0]).chain(low) {
        sum = polymod(sum, value);
    }
    for byte in data {
        let value = CHARSET.iter().position(|c| c == byte)?;
        sum = polymod(sum, u32::try_from(value).ok()?);
    }
    (sum == 1).then_some(prefix)
}

/// One step of BIP-173's checksum.
fn polymod(sum: u32, value: u32) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let top = sum >> 25;
    let mut sum = ((sum & 0x01ff_ffff) << 5) ^ value;
    for (bit, generator) in GENERATOR.iter().enumerate() {
        if top >> bit & 1 == 1 {
            sum ^= generator;
        }
    }
    sum
}

pub(super) fn lenient_url_safe() -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&URL_SAFE, config)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn github_checksum_of_the_published_example() {
        // From GitHub's announcement of the format.
        assert!(github_crc32(b"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"));
        assert!(!github_crc32(b"ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18"));
        for short in [&b""[..], b"_", b"ghp_", b"ghp_12345", b"ghp_000000"] {
            assert!(!github_crc32(short));
        }
    }

    #[test]
    fn gitlab_checksum_of_a_published_example() {
        // An example of a routable token in a public rule set (MongoDB's Kingfisher).
        assert!(gitlab_crc32(b"glpat-vSY1cyL948aAB440qB6L4zlu9OzsUmEV.01.0w0sfevch"));
        assert!(!gitlab_crc32(b"glpat-vSY1cyL948aAB440qB6L4zlu9OzsUmEV.01.0w0sfevci"));
        assert!(!gitlab_crc32(b"glpat-wSY1cyL948aAB440qB6L4zlu9OzsUmEV.01.0w0sfevch"));
        assert!(gitlab_crc32(b"glpat-kSaPeOD_-T0JxMi3p28B"), "an older token has none");
        assert!(!gitlab_crc32(b"."));
    }

    #[test]
    fn grafana_checksum_of_its_own_test() {
        // From Grafana's satokengen tests.
        assert!(grafana_crc32(b"glsa_yscW25imSKJIuav8zF37RZmnbiDvB05G_fcaaf58a"));
        assert!(!grafana_crc32(b"glsa_yscW25imSKJIuav8zF37RZmnbiDvB05G_fcaaf58b"));
        assert!(!grafana_crc32(b"glsa"));
    }

    #[test]
    fn bech32_of_bip_173() {
        for (text, prefix) in [
            ("a12uel5l", "a"),
            ("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "abcdef"),
            ("split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "split"),
            ("?1ezyfcl", "?"),
        ] {
            assert_eq!(bech32(text.as_bytes()), Some(prefix.as_bytes()), "{text}");
        }
        for text in ["pzry9x0s0muk", "1pzry9x0s0muk", "x1b4n0q5v", "li1dgmt3", "a12uel5m", "1"] {
            assert_eq!(bech32(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn age_identity_of_the_test_kit() {
        // From the test vectors of age (CCTV).
        let key = b"AGE-SECRET-KEY-1XMWWC06LY3EE5RYTXM9MFLAZ2U56JJJ36S0MYPDRWSVLUL66MV4QX3S7F6";
        assert!(age_identity(key));
        assert!(!age_identity(&key.to_ascii_lowercase()), "it is written in upper case");
        let mut other = key.to_vec();
        other[20] = b'Q';
        assert!(!age_identity(&other));
    }

    proptest! {
        #[test]
        fn never_panics(text in prop::collection::vec(any::<u8>(), 0..80), prefix in 0..3_usize) {
            let prefix: &[u8] = [&b""[..], b"glsa_", b"AGE-SECRET-KEY-1"][prefix];
            let token = [prefix, &text].concat();
            for check in [github_crc32, gitlab_crc32, grafana_crc32, age_identity] {
                let _ = check(&token);
            }
        }
    }
}
