//! What a pattern cannot say about a match: checksums, structure, and whether a generic match is a
//! placeholder or plain code.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::report::Confidence;
use crate::rules::{plausible, token};

/// A check that a rule names after its pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Check {
    /// GitHub and npm tokens end in six base62 digits of a CRC-32.
    GithubCrc32,
    /// GitLab's routable tokens end in seven base36 digits of a CRC-32.
    GitlabCrc32,
    /// Keys that the user issued end in six base62 digits of a CRC-32 over all before them.
    IssuedKey,
    /// Grafana's service account tokens end in a CRC-32 in hex.
    GrafanaCrc32,
    /// An identity of age, which is Bech32 (BIP-173).
    AgeIdentity,
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
    /// Base64 of `user:password`, as HTTP's Basic scheme has it (RFC 7617).
    BasicAuth,
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
        // A token whose checksum does not fit was altered or made up. It is kept, but nobody is woken.
        let fits = |ok: bool| Some(if ok { Confidence::High } else { Confidence::Low });
        match self {
            Self::GithubCrc32 => fits(token::github_crc32(secret)),
            Self::GitlabCrc32 => fits(token::gitlab_crc32(secret)),
            Self::IssuedKey => fits(token::issued_key(secret).is_some()),
            Self::GrafanaCrc32 => fits(token::grafana_crc32(secret)),
            Self::AgeIdentity => fits(token::age_identity(secret)),
            Self::Jwt => sure(jwt(secret)),
            Self::AwsKeyId => sure(aws_key_id(secret)),
            Self::Pem => sure(pem(secret)),
            Self::Quoted => plausible::assigned(candidate.key, secret, true),
            Self::Unquoted => plausible::assigned(candidate.key, secret, false),
            Self::UrlPassword => plausible::url_password(candidate.matched, secret),
            Self::BasicAuth => basic_auth(secret),
            Self::InContext => plausible::in_context(secret),
        }
    }

    /// Whether it proves that the token was really issued in this form.
    pub(crate) fn proves(self) -> bool {
        matches!(
            self,
            Self::GithubCrc32
                | Self::IssuedKey
                | Self::GrafanaCrc32
                | Self::AgeIdentity
                | Self::Jwt
                | Self::Pem
        )
    }

    /// Its name in a rule file.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::GithubCrc32 => "github-crc32",
            Self::GitlabCrc32 => "gitlab-crc32",
            Self::IssuedKey => "issued-key",
            Self::GrafanaCrc32 => "grafana-crc32",
            Self::AgeIdentity => "age-identity",
            Self::Jwt => "jwt",
            Self::AwsKeyId => "aws-key-id",
            Self::Pem => "pem",
            Self::Quoted => "quoted",
            Self::Unquoted => "unquoted",
            Self::UrlPassword => "url-password",
            Self::BasicAuth => "basic-auth",
            Self::InContext => "in-context",
        }
    }
}

fn jwt(token: &[u8]) -> bool {
    let parts: Vec<&[u8]> = token.split(|&b| b == b'.').collect();
    let [header, payload, ..] = parts.as_slice() else {
        return false;
    };
    let json = |part: &[u8]| -> Option<serde_json::Map<String, serde_json::Value>> {
        serde_json::from_slice(&token::lenient_url_safe().decode(part).ok()?).ok()
    };
    // Five parts are an encrypted token: its second part is a key, not JSON.
    let readable = parts.len() == 5 || json(payload).is_some();
    json(header).is_some_and(|header| header.contains_key("alg")) && readable
}

/// A name, a colon and a password that is not a placeholder. Docker leaves the padding out.
fn basic_auth(encoded: &[u8]) -> Option<Confidence> {
    let end = encoded.iter().position(|&b| b == b'=').unwrap_or(encoded.len());
    let plain = Zeroizing::new(STANDARD_NO_PAD.decode(&encoded[..end]).ok()?);
    let colon = plain.iter().position(|&b| b == b':')?;
    let (user, password) = (&plain[..colon], &plain[colon + 1..]);
    let printable = plain.iter().all(|b| (b' '..=b'~').contains(b));
    if !printable || user.is_empty() || password.len() < 4 {
        return None;
    }
    plausible::url_password(b"", password)
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
    fn a_checksum_that_does_not_fit_lowers_the_confidence() {
        let judge = |token: &[u8]| {
            Check::GithubCrc32.judge(&Candidate { secret: token, key: b"", matched: token })
        };
        let published = b"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";
        assert_eq!(judge(published), Some(Confidence::High));
        let mut altered = published.to_vec();
        altered[10] = b'x';
        assert_eq!(judge(&altered), Some(Confidence::Low));
    }

    #[test]
    fn names_are_those_of_rule_files() {
        #[derive(Deserialize)]
        struct Line {
            check: Check,
        }
        for name in [
            "github-crc32",
            "gitlab-crc32",
            "issued-key",
            "grafana-crc32",
            "age-identity",
            "jwt",
            "aws-key-id",
            "pem",
            "quoted",
            "unquoted",
            "url-password",
            "basic-auth",
            "in-context",
        ] {
            let line: Line = toml::from_str(&format!("check = \"{name}\"")).expect(name);
            assert_eq!(line.check.as_str(), name);
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
    fn basic_is_a_name_and_a_password() {
        let judge = |text: &[u8]| basic_auth(text);
        // `deploy:7Kq-m2xVpZ`, `deploy:password`, `no colon here`.
        assert_eq!(judge(b"ZGVwbG95OjdLcS1tMnhWcFo="), Some(Confidence::High));
        assert_eq!(judge(b"ZGVwbG95OjdLcS1tMnhWcFo"), Some(Confidence::High), "without padding");
        assert_eq!(judge(b"ZGVwbG95OnBhc3N3b3Jk"), None);
        assert_eq!(judge(b"bm8gY29sb24gaGVyZQ=="), None);
        assert_eq!(judge(b"not base64"), None);
        assert_eq!(judge(b""), None);
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
