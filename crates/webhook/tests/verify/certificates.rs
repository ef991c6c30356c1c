//! Certificates that were handed over, judged as PayPal's library does. OpenSSL made all of them (`paypal/`),
//! and the signature: a root and an issuer on P-256, and RSA certificates for one key, good from January 2025
//! to January 2026.

use std::collections::BTreeMap;

use keyward_webhook::{Case, Code, Report, Request, Verdict, verify};

const DAY: i64 = 86_400;
/// Within the year of the certificates.
const NOW: i64 = 1_760_000_000;

const LEAF: &str = include_str!("paypal/leaf.pem");
const ISSUER: &str = include_str!("paypal/issuer.pem");
const ROOT: &str = include_str!("paypal/root.pem");
const OTHER: &str = include_str!("paypal/other.pem");
const FORGED: &str = include_str!("paypal/forged.pem");
const NO_AUTHORITY: &str = include_str!("paypal/no-authority.pem");
const BY_NO_AUTHORITY: &str = include_str!("paypal/by-no-authority.pem");

fn ask(certificates: &[&str], now: i64, url: &str, body: &[u8]) -> Report {
    let headers = [
        ("PAYPAL-TRANSMISSION-ID", "69cd13f0-d67a-11e5-baa3-778b53f4ae55"),
        ("PAYPAL-TRANSMISSION-TIME", "2025-10-09T08:53:20Z"),
        ("PAYPAL-CERT-URL", url),
        ("PAYPAL-TRANSMISSION-SIG", include_str!("paypal/signature.txt").trim_end()),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let request = Request { headers, body: Some(body.to_vec()), ..Request::default() };
    let params = BTreeMap::from([
        ("cert".to_owned(), certificates.concat().into_bytes()),
        ("webhook-id".to_owned(), b"8PT597110X687430LKGECATA".to_vec()),
    ]);
    let case = Case {
        request: &request,
        scheme: None,
        custom: None,
        secrets: &[],
        also: &[],
        params: &params,
        now,
        tolerance: None,
    };
    verify(&case).expect("a complete question")
}

const URL: &str = "https://api.paypal.com/v1/notifications/certs/CERT-360caa42";
const BODY: &[u8] = b"{\"id\":\"WH-1\"}";

fn at(certificates: &[&str], now: i64) -> Report {
    ask(certificates, now, URL, BODY)
}

#[test]
fn a_chain_that_holds_is_valid_and_what_was_not_looked_at_is_said() {
    for (chain, said) in [
        (&[LEAF][..], "its name, its dates were checked; not whether `Example Issuing`"),
        (
            &[LEAF, ISSUER],
            "its name, its dates and 1 signature up its chain were checked; not whether `Example Root`",
        ),
        (&[LEAF, ROOT, ISSUER], "and 2 signatures up its chain"),
        (&[LEAF, OTHER, NO_AUTHORITY], "not whether `Example Issuing`"),
    ] {
        let report = at(chain, NOW);
        assert_eq!(report.verdict, Verdict::Valid, "{:?}", report.reasons);
        assert!(report.notes.iter().any(|note| note.contains(said)), "{said}: {:?}", report.notes);
        assert!(report.notes.iter().any(|note| note.contains("revoked")), "{:?}", report.notes);
    }
}

#[test]
fn a_certificate_that_the_library_would_refuse_is_named() {
    for (chain, now, said) in [
        (&[OTHER, ISSUER][..], NOW, "made out to `messageverificationcerts.evilpaypal.com`"),
        (&[LEAF], NOW + 365 * DAY, "ran out at 2026-02-01T00:00:00Z"),
        (&[LEAF, ISSUER], NOW - 365 * DAY, "is good from 2025-01-01T00:00:00Z on"),
        (&[FORGED, ISSUER, ROOT], NOW, "`Example Issuing` signed it, and that one's key did not"),
        (&[BY_NO_AUTHORITY, NO_AUTHORITY, ISSUER], NOW, "`Example Device`, which is no authority"),
    ] {
        let report = at(chain, now);
        // The key of each is the same, so the signature fits: it is the certificate that does not hold.
        assert!(report.checks[0].ok, "{said}");
        assert_eq!(report.verdict, Verdict::Invalid, "{said}");
        let reason = &report.reasons[0];
        assert_eq!((reason.code, reason.proved), (Code::CertUntrusted, true), "{said}");
        assert!(reason.message.contains(said), "{}", reason.message);
    }
}

#[test]
fn the_signature_and_the_url_count_as_before() {
    let changed = ask(&[LEAF, ISSUER], NOW, URL, b"{\"id\":\"WH-2\"}");
    assert_eq!(changed.verdict, Verdict::Invalid);
    assert_ne!(changed.reasons[0].code, Code::CertUntrusted);
    let elsewhere = ask(&[LEAF, ISSUER], NOW, "https://api.paypal.com.evil.example/c", BODY);
    assert_eq!(elsewhere.verdict, Verdict::Invalid);
    assert_eq!(elsewhere.reasons[0].code, Code::CertUrlUntrusted);
}
