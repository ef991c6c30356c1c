//! Key pairs in every dress, against signatures that other programs made.

use std::collections::BTreeMap;

use keyward_webhook::{Case, NamedSecret, Request, Scheme, Verdict, find, verify};

fn fits(scheme: &Scheme, key: &str, headers: &[(&str, &str)], body: &[u8]) -> bool {
    let headers = headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
    let request = Request { headers, body: Some(body.to_vec()), ..Request::default() };
    let secrets =
        [NamedSecret { name: "key".into(), version: None, bytes: key.as_bytes().to_vec().into() }];
    let case = Case {
        request: &request,
        scheme: None,
        custom: Some(scheme),
        secrets: &secrets,
        also: &[],
        params: &BTreeMap::new(),
        now: 1_600_112_502,
        tolerance: None,
    };
    verify(&case).expect("a complete question").verdict == Verdict::Valid
}

fn scheme(algorithm: &str, encoding: &str) -> Scheme {
    let text = format!(
        "id = \"own\"\nprovider = \"Own\"\n[signature]\nheader = \"X-Own\"\n[sign]\nmethod = \"public-key\"\n\
         algorithm = \"{algorithm}\"\ntemplate = \"{{body}}\"\nencoding = \"{encoding}\"\n"
    );
    Scheme::from_toml(&text).expect("a complete scheme")
}

/// A certificate that OpenSSL made for the test key.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
    MIIDBTCCAe2gAwIBAgIUIxmJ8H1zcoy/P3YD27oDi0qBLHowDQYJKoZIhvcNAQEL\n\
    BQAwEjEQMA4GA1UEAwwHZXhhbXBsZTAeFw0yNjExMjIwNjI3MzZaFw0zNjExMTkw\n\
    NjI3MzZaMBIxEDAOBgNVBAMMB2V4YW1wbGUwggEiMA0GCSqGSIb3DQEBAQUAA4IB\n\
    DwAwggEKAoIBAQD0NUr7I5jqnWgy0dJDtxpHVN22H2XR4OLr7/jTSd09xWqpYPuH\n\
    Y5VwBcwzsK2jOpU0/okmJ+6FwOTD+UauxJ25ETw3eQzt1DsfsZwVH9ZVzPGPvUFt\n\
    Fya1CR8k/ii/wgPtUfGzB/ewH2PrOh7/m/dJJeI3yD1o/iF5P4MT2cVX1U5Wvk6d\n\
    qLAouqEP5ATfZZRcQXEUnAFKR27DxHXsKw79kYWyb3WdNlH5I9E+Tv5mLfmIH367\n\
    ox7BqFvfSfLENFx4f+cWNS4qpMFO2hX/KFJEeXgVgv/kInqMh7O+J8PfShWCqFAP\n\
    BYlTwQMpxRAPot8d4aqjhq4tgbz0BxG/VQEhAgMBAAGjUzBRMB0GA1UdDgQWBBTZ\n\
    hyynfdy58vYn0NbPOYcmGg8d9zAfBgNVHSMEGDAWgBTZhyynfdy58vYn0NbPOYcm\n\
    Gg8d9zAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQBzMpjebSoA\n\
    0MiCXTtRQpua2kRtHpF/K+FfSZsEQhAdzkyZ7hmZnT879Mvfbr8iEkNkppYj5cwa\n\
    qCSVDplgYo1/DVGBdDp/iGphLOHzXrxdEKrjTxJC4iZ0p1YTFhI+NjQY7RWFcIi8\n\
    Xo1Wa+sJtTsDrQY0Bk9zXXfCqMJbqHmCSn8SQWzGdstJ4DrTBo4YAt75QIQAxH2J\n\
    xUAD5l+hCe1IvBAt4m9LeOeQU4pb+p3VeubHQl1Det0E7KXYYk8yEQyVMVA4W7UU\n\
    gwqudH5fviMU51GBT6XT1kWh1zHyr+Hhjg/pjyu/ezc+cyDiDo6sRB+lMhvd0iOO\n\
    bja2/AB6CY4Z\n\
    -----END CERTIFICATE-----\n";

const SPKI: &str = "-----BEGIN PUBLIC KEY-----\n\
    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA9DVK+yOY6p1oMtHSQ7ca\n\
    R1Tdth9l0eDi6+/400ndPcVqqWD7h2OVcAXMM7CtozqVNP6JJifuhcDkw/lGrsSd\n\
    uRE8N3kM7dQ7H7GcFR/WVczxj71BbRcmtQkfJP4ov8ID7VHxswf3sB9j6zoe/5v3\n\
    SSXiN8g9aP4heT+DE9nFV9VOVr5OnaiwKLqhD+QE32WUXEFxFJwBSkduw8R17CsO\n\
    /ZGFsm91nTZR+SPRPk7+Zi35iB9+u6Mewahb30nyxDRceH/nFjUuKqTBTtoV/yhS\n\
    RHl4FYL/5CJ6jIezvifD30oVgqhQDwWJU8EDKcUQD6LfHeGqo4auLYG89AcRv1UB\n\
    IQIDAQAB\n\
    -----END PUBLIC KEY-----";

const PKCS1: &str = "-----BEGIN RSA PUBLIC KEY-----\n\
    MIIBCgKCAQEA9DVK+yOY6p1oMtHSQ7caR1Tdth9l0eDi6+/400ndPcVqqWD7h2OV\n\
    cAXMM7CtozqVNP6JJifuhcDkw/lGrsSduRE8N3kM7dQ7H7GcFR/WVczxj71BbRcm\n\
    tQkfJP4ov8ID7VHxswf3sB9j6zoe/5v3SSXiN8g9aP4heT+DE9nFV9VOVr5Onaiw\n\
    KLqhD+QE32WUXEFxFJwBSkduw8R17CsO/ZGFsm91nTZR+SPRPk7+Zi35iB9+u6Me\n\
    wahb30nyxDRceH/nFjUuKqTBTtoV/yhSRHl4FYL/5CJ6jIezvifD30oVgqhQDwWJ\n\
    U8EDKcUQD6LfHeGqo4auLYG89AcRv1UBIQIDAQAB\n\
    -----END RSA PUBLIC KEY-----";

/// Signatures by `openssl dgst` over [`MESSAGE`].
const SHA256: &str = "dd1bb6011af95d76db7e8c482612cd8545baefdaa3ec179cba092f0762bafec7152095a2697386a7bef00a8600a190422b29e801bb72a1c333077261f686536335b809c1750a036a187c169a3018c828cbb272ca6a1bf171090cc89f8b69e19947e3b1910b420f1397f928c8952331ca609a0699e174d7119a0986e6f1b012da4fd46f2e3459301c51d3eade7abdd60b3c75c4ad0b6eb1ed59dfee21f81f91a140dc55aec65645df715f4da2b7a667fbe8116d058ef3aa8e1e26cbb3261655e54700877f12e60a8e8793ff1d36359067241aa4cb89c2d86fcfb9ee641126c698b8c08f6f3d8e3fd6a80ac31ac6ced7ad984228164067271606a43da24f3dc35a";
const SHA512: &str = "0e30e78f8c0b5cbc0c66fd168fca3b69b926d96bcf14560cffccc639cbb98920a353e9bc110c552cd19b0260918d188de68699baedfde9f6c7277f0aa86e519e4f7d7c5d7bc412369b923867599137e95d3199287c784f026787c21c6d6c60936e230dfc34d1878e4655e915d30072f3c43ddfa053d712bcc86e7ebff43300e1969eccab17fda2cadd492ff3e26606619cce92aa21bf92200fa5e02cab12bc68df1c22d57dc1ecd5b02e8e3c422174c0778272aa559fed26fc808b2a4bcafdca847ce3a8cd8b57e7e90b0784dde62374ce11b47231d8e26d28eb0cc0d8462d63faa125074920e708f4807d36cbbe7952a43b1f1fc7c7a8463d73bd2105945533";
const PSS: &str = "91514a6e2dec46b60c6b0a701a5701e26d83c14d30d3fb8fc2aeae1edf3e27bb7cae0fee12d19d8c5bbf69fc4757f36fa7e8f222f8f8381268de70c26c071157c876e9264f9773fdc50488f1a396a7bc0b39852b6cb3b1675184ac77b1786b87f53f9860f24aadab1b5ba6927759d8960a407cc14abce8b9d52223bca62b32fc144ede1f01c0d35e26360a384ee8620a04c1ca429e20f01c3cde8ca13a36b4a3b2498c6f3caf7d43610e8049081a4aa950cb33fa08b1cd232ea2a052d33ee5c39f8f84b45407803e744437d728c86c3ce90f77e9d323440b137dd7d9aca87b9ba6d0a337d80276bca2e6ababc64286841c14a57c0a41c789c684bb3dffd9b957";
const MESSAGE: &[u8] = b"what is signed";

#[test]
fn rsa_in_every_dress() {
    for key in [CERTIFICATE, SPKI, PKCS1] {
        for (algorithm, signature) in
            [("rsa-sha256", SHA256), ("rsa-sha512", SHA512), ("rsa-pss-sha256", PSS)]
        {
            let scheme = scheme(algorithm, "hex");
            assert!(fits(&scheme, key, &[("X-Own", signature)], MESSAGE), "{algorithm}");
            assert!(!fits(&scheme, key, &[("X-Own", signature)], b"what is signee"), "{algorithm}");
        }
        // A signature is of one algorithm only.
        assert!(!fits(&scheme("rsa-sha512", "hex"), key, &[("X-Own", SHA256)], MESSAGE));
        assert!(!fits(&scheme("rsa-pss-sha256", "hex"), key, &[("X-Own", SHA256)], MESSAGE));
        assert!(!fits(&scheme("rsa-sha256", "hex"), key, &[("X-Own", PSS)], MESSAGE));
    }
}

/// RFC 8032 section 7.1, test 3, with the two-byte message as timestamp and body.
#[test]
fn ed25519_in_every_dress() {
    let hex = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025";
    let bytes = hex::decode(hex).unwrap();
    let base64 = crate::common::sign::base64(&bytes);
    let der = [hex::decode("302a300506032b6570032100").unwrap(), bytes].concat();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        crate::common::sign::base64(&der)
    );
    let jwk = format!(
        r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#,
        base64.replace('+', "-").replace('/', "_").trim_end_matches('=')
    );
    let signature = "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a";
    let scheme = scheme("ed25519", "hex");
    for key in [hex, &base64, &pem, &jwk] {
        assert!(fits(&scheme, key, &[("X-Own", signature)], &[0xaf, 0x82]), "{key}");
        assert!(fits(&scheme, key, &[("X-Own", &signature.to_uppercase())], &[0xaf, 0x82]));
        assert!(!fits(&scheme, key, &[("X-Own", signature)], &[0xaf, 0x83]), "{key}");
    }
}

/// With the neutral point as key and nonce, the plain equation holds for every message.
#[test]
fn a_key_of_small_order_verifies_nothing() {
    let mut neutral = [0_u8; 32];
    neutral[0] = 1;
    let signature = hex::encode([&neutral[..], &[0; 32]].concat());
    let headers = [("X-Signature-Ed25519", signature.as_str()), ("X-Signature-Timestamp", "1")];
    assert!(!fits(find("discord").unwrap(), &hex::encode(neutral), &headers, b"anything"));
}

/// The example that SendGrid's libraries test with.
#[test]
fn sendgrid_publishes_this_one() {
    let key = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
    let headers = [
        (
            "X-Twilio-Email-Event-Webhook-Signature",
            "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
        ),
        ("X-Twilio-Email-Event-Webhook-Timestamp", "1600112502"),
    ];
    let body = "[{\"email\":\"hello@world.com\",\"event\":\"dropped\",\"reason\":\"Bounced Address\",\"sg_event_id\":\"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA\",\"sg_message_id\":\"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0\",\"smtp-id\":\"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>\",\"timestamp\":1600112492}]\r\n";
    let scheme = find("sendgrid").unwrap();
    assert!(fits(scheme, key, &headers, body.as_bytes()));
    assert!(
        !fits(scheme, key, &headers, body.trim_end().as_bytes()),
        "the line break at the end is signed"
    );
}

/// A key of one kind is not taken for another, and odd DER is refused.
#[test]
fn what_is_no_key_is_refused() {
    let headers = [("X-Own", "00")];
    for key in [
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----",
        "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}",
        "{\"keys\":[]}",
        "3082ffff",
        "30847fffffff",
    ] {
        for algorithm in ["rsa-sha256", "ed25519", "ecdsa-sha256"] {
            assert!(!fits(&scheme(algorithm, "hex"), key, &headers, b""), "{key}");
        }
    }
}
