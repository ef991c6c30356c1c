//! What a pattern cannot say about a match: checksums, structure, and whether a generic match is a
//! placeholder or plain code.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use crate::report::Confidence;
use crate::rules::plausible;

/// A check that a rule names after its pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Check {
    /// GitHub and npm tokens end in six base62 digits of a CRC-32.
    GithubCrc32,
    /// A JSON Web Token whose header is JSON with an `alg` (RFC 7519).
    Jwt,
    /// An AWS key id, whose body is base32.
    AwsKeyId,
    /// A private key in PEM armour (RFC 7468) with a body that can be one.
    Pem,
    /// A value assigned to a name, in quotes.
    Quoted,
    /// A value assigned to a name, without quotes: much code looks like this.
    Unquoted,
    /// The password in a URL.
    UrlPassword,
    /// A value that is known by the provider's name near it: no placeholder, no word, no sequence.
    InContext,
}

/// A match to be judged.
pub(crate) struct Candidate<'t> {
    pub(crate) secret: &'t [u8],
    /// The name that it is assigned to, or empty.
    pub(crate) key: &'t [u8],
    /// The whole match.
    pub(crate) matched: &'t [u8],
}

impl Check {
    /// The most confidence that the match deserves; `None` if it is no credential.
    pub(crate) fn judge(self, candidate: &Candidate<'_>) -> Option<Confidence> {
        let secret = candidate.secret;
        let sure = |ok: bool| ok.then_some(Confidence::High);
        match self {
            Self::GithubCrc32 => sure(github_crc32(secret)),
            Self::Jwt => sure(jwt(secret)),
            Self::AwsKeyId => sure(aws_key_id(secret)),
            Self::Pem => sure(pem(secret)),
            Self::Quoted => plausible::assigned(candidate.key, secret, true),
            Self::Unquoted => plausible::assigned(candidate.key, secret, false),
            Self::UrlPassword => plausible::url_password(candidate.matched, secret),
            Self::InContext => sure(plausible::in_context(secret)),
        }
    }

    /// Whether it proves that the token was really issued in this form.
    pub(crate) fn proves(self) -> bool {
        matches!(self, Self::GithubCrc32 | Self::Jwt | Self::Pem)
    }
}

/// `prefix_` + 30 base62 digits + 6 base62 digits (`0-9A-Za-z`, most significant first) of their CRC-32.
/// Source: GitHub's "Behind GitHub's new authentication token formats"; npm took the same form.
fn github_crc32(token: &[u8]) -> bool {
    const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let Some(start) = token.iter().rposition(|&b| b == b'_') else {
        return false;
    };
    let body = &token[start + 1..];
    let Some((value, checksum)) = body.len().checked_sub(6).map(|cut| body.split_at(cut)) else {
        return false;
    };
    let mut crc = crc32fast::hash(value);
    let mut digits = [0_u8; 6];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(crc % 62) as usize];
        crc /= 62;
    }
    value.len() >= 30 && checksum == digits
}

fn jwt(token: &[u8]) -> bool {
    let parts: Vec<&[u8]> = token.split(|&b| b == b'.').collect();
    let [header, payload, ..] = parts.as_slice() else {
        return false;
    };
    let json = |part: &[u8]| -> Option<serde_json::Map<String, serde_json::Value>> {
        serde_json::from_slice(&lenient_url_safe().decode(part).ok()?).ok()
    };
    // Five parts are an encrypted token: its second part is a key, not JSON.
    let readable = parts.len() == 5 || json(payload).is_some();
    json(header).is_some_and(|header| header.contains_key("alg")) && readable
}

fn lenient_url_safe() -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&URL_SAFE, config)
}

/// Four letters of kind and sixteen base32 digits (RFC 4648).
/// Source: AWS IAM user guide, "IAM identifiers"; AWS's own samples end in EXAMPLE.
fn aws_key_id(id: &[u8]) -> bool {
    id.len() == 20
        && id[4..].iter().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(b))
        && !id.ends_with(b"EXAMPLE")
}

/// The lines between BEGIN and END, headers and escapes taken away, are base64 of a key's first
/// bytes: an ASN.1 SEQUENCE (PKCS #1, #8, SEC 1), OpenSSH's magic or an OpenPGP packet. An encrypted
/// legacy key has random bytes there, which its headers announce.
fn pem(block: &[u8]) -> bool {
    let Some(body) = pem_body(block) else {
        return false;
    };
    let text = String::from_utf8_lossy(body).replace("\\r", "\n").replace("\\n", "\n");
    let announced = text.contains("ENCRYPTED");
    let mut base64 = Vec::new();
    for line in text.lines() {
        let line = line.trim_matches(|c: char| c.is_whitespace() || "\"',+\\".contains(c));
        // A header (`DEK-Info: …`) or the checksum of OpenPGP armour (`=abcd`).
        if line.contains(": ") || line.starts_with('=') {
            continue;
        }
        base64.extend(line.bytes().filter(|b| !b.is_ascii_whitespace()));
    }
    let end = base64.iter().position(|&b| b == b'=').unwrap_or(base64.len());
    base64.truncate(end);
    let whole = base64.len() / 4 * 4;
    let Ok(key) = base64::engine::general_purpose::STANDARD.decode(&base64[..whole]) else {
        return false;
    };
    let openpgp =
        key.first().is_some_and(|b| b & 0x80 != 0) && block.starts_with(b"-----BEGIN PGP");
    key.len() >= 30
        && (announced || key[0] == 0x30 || key.starts_with(b"openssh-key-v1\0") || openpgp)
}

fn pem_body(block: &[u8]) -> Option<&[u8]> {
    let start = find(block, b"KEY")?;
    let open = start + find(&block[start..], b"-----")? + 5;
    let close = find(&block[open..], b"-----END")?;
    Some(&block[open..open + close])
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
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
    fn jwt_of_rfc_7519() {
        let token = b"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert!(jwt(token));
        assert!(!jwt(b"eyJ0eXAiOiJKV1QifQ.e30.c2ln"), "a header without alg");
        assert!(!jwt(b"eyJhbGciOiJub25lIn0.bm90IGpzb24.x"));
        assert!(!jwt(b"a.b.c"));
    }

    #[test]
    fn aws_ids_are_base32() {
        assert!(aws_key_id(b"AKIAQYLPMN5HFIQR7XYA"));
        assert!(!aws_key_id(b"AKIAQYLPMN5HFIQR0XYA"));
        assert!(!aws_key_id(b"AKIAIOSFODNN7EXAMPLE"));
    }

    #[test]
    fn pem_bodies() {
        // An Ed25519 key made for this test.
        let key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIBe5t6Jr4jc1P5t7kVgU8Zg8eMvY2o0NqR3dM1k5cH9x\n-----END PRIVATE KEY-----";
        assert!(pem(key.as_bytes()));
        assert!(pem(key.replace('\n', "\\n").as_bytes()), "as in JSON");
        assert!(pem(key.replace('\n', "\r\n").as_bytes()));
        assert!(!pem(b"-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----"));
        assert!(!pem(b"-----BEGIN PRIVATE KEY-----\nint main(void) { return parse(key); }\n-----END PRIVATE KEY-----"));
        assert!(!pem(b"-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----"));
        assert!(!pem(b"KEY"));
    }
}
