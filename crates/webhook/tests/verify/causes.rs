//! Breaks exactly one thing of a good delivery and expects that cause, proved, and first.

use crate::common::{Good, NOW, ask, good, hmac_sha1, hmac_sha256, sign, standard_b64};
use keyward_webhook::{Code, Report, Request, Verdict};

const FIVE: [&str; 5] = ["stripe", "github", "slack", "shopify", "standard_webhooks"];

/// Asks about a delivery with one thing broken.
fn broken(scheme: &str, body: &str, change: impl FnOnce(&mut Good)) -> Report {
    let mut delivery = good(scheme, body);
    assert_eq!(ask(&delivery).verdict, Verdict::Valid, "{scheme} before it is broken");
    change(&mut delivery);
    ask(&delivery)
}

fn expect(report: &Report, code: Code, place: &str) {
    assert_eq!(report.verdict, Verdict::Invalid, "{place}");
    let first = report.reasons.first().expect("a reason");
    assert_eq!((first.code, first.proved), (code, true), "{place}: {:?}", report.reasons);
    assert!(!first.message.is_empty() && !first.hint.is_empty());
    assert!(!report.checks[0].ok, "{place}: the signature does not hold as it stands");
    assert_eq!(report.reasons.len(), 1, "{place}: a proved cause stands alone");
}

const COMPACT: &str =
    r#"{"id":"evt_1","b":1.0,"a":[1e3,{},[]],"a":"https://x.example/?q=1&r=<\"ü😀\">"}"#;

#[test]
fn a_body_that_was_changed_on_its_way() {
    let pretty = "{\n  \"id\": \"evt_1\",\n  \"n\": 1.50,\n  \"list\": [\n    1,\n    {}\n  ]\n}";
    let compact_of_pretty = r#"{"id":"evt_1","n":1.50,"list":[1,{}]}"#;
    let spaced = r#"{"id": "evt_1", "n": 1.50, "list": [1, {}]}"#;
    let indented = |unit: &str| pretty.replace("  ", unit);
    let ruby =
        "{\n  \"id\": \"evt_1\",\n  \"n\": 1.50,\n  \"list\": [\n    1,\n    {\n    }\n  ]\n}";
    let escaped = r#"{"a":"\u00fc\ud83d\ude00","b":"x\/y"}"#;
    let raw = r#"{"a":"ü😀","b":"x/y"}"#;
    let go = r#"{"a":"\u003cb\u003e \u0026"}"#;
    let lines = "a=1\nb=2\nc";
    use Code::*;
    let table: &[(&str, &str, Code)] = &[
        (pretty, compact_of_pretty, BodyReserialised),
        (compact_of_pretty, pretty, BodyReserialised),
        (spaced, pretty, BodyReserialised),
        (&indented("    "), compact_of_pretty, BodyReserialised),
        (&indented("   "), compact_of_pretty, BodyReserialised),
        (&indented("\t"), spaced, BodyReserialised),
        (ruby, compact_of_pretty, BodyReserialised),
        (&format!("{compact_of_pretty}\n"), pretty, BodyReserialised),
        (r#"{"a":1,"b":{"c":2,"d":3}}"#, r#"{"b":{"d":3,"c":2},"a":1}"#, BodyReserialised),
        (escaped, raw, BodyReserialised),
        (raw, escaped, BodyReserialised),
        (r#"{"b":"x\/y"}"#, r#"{ "b": "x/y" }"#, BodyReserialised),
        (go, r#"{"a":"<b> &"}"#, BodyReserialised),
        (r#"{"a":"\u003Cb\u003E\u002B"}"#, r#"{"a":"<b>+"}"#, BodyReserialised),
        (COMPACT, &serde_json::to_string(COMPACT).unwrap(), BodyReserialised),
        (COMPACT, &format!("{COMPACT}\n"), TrailingNewlineAdded),
        (COMPACT, &format!("{COMPACT}\r\n"), TrailingNewlineAdded),
        (&format!("{COMPACT}\n"), COMPACT, TrailingNewlineStripped),
        (&format!("{COMPACT}\r\n"), COMPACT, TrailingNewlineStripped),
        (lines, &lines.replace('\n', "\r\n"), LineEndingsChanged),
        (&lines.replace('\n', "\r\n"), lines, LineEndingsChanged),
        (pretty, &pretty.replace('\n', "\r\n"), LineEndingsChanged),
        (COMPACT, &format!("\u{feff}{COMPACT}"), BomAdded),
        ("{\"a\":\"gr\u{fc}n €\"}", "{\"a\":\"grÃ¼n â‚¬\"}", CharsetChanged),
        ("payload=%7B%22a%22%3A%22x+y%22%7D", r#"{"a":"x y"}"#, FormPayloadDecoded),
        ("a=x+y&b=%2F1", r#"{"a":"x y","b":"/1"}"#, FormPayloadDecoded),
        ("a=x%20y&b=%2F1", "a=x+y&b=%2F1", FormPayloadDecoded),
    ];
    for scheme in FIVE {
        for (signed, received, code) in table {
            let report = broken(scheme, signed, |d| d.request.body = Some((*received).into()));
            let place = format!("{scheme}: {signed:?} came as {received:?}");
            expect(&report, *code, &place);
            assert_eq!(report.secret.as_ref().map(|s| s.name.as_str()), Some("mine"), "{place}");
            let difference = report.difference.expect(&place);
            assert_ne!(difference.received, difference.signed, "{place}");
        }
    }
}

#[test]
fn bytes_of_another_character_set() {
    for scheme in FIVE {
        let latin1 = broken(scheme, "{\"a\":\"ü€\"}", |d| {
            d.request.body = Some(b"{\"a\":\"\xfc\x80\"}".to_vec())
        });
        expect(&latin1, Code::CharsetChanged, scheme);
        let utf16 =
            |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let powershell = broken(scheme, COMPACT, |d| {
            d.request.body = Some([vec![0xff, 0xfe], utf16(COMPACT)].concat())
        });
        expect(&powershell, Code::CharsetChanged, scheme);
    }
}

#[test]
fn a_body_that_is_missing_or_changed_is_only_a_possibility() {
    for scheme in FIVE {
        for body in [None, Some(vec![])] {
            let report = broken(scheme, COMPACT, |d| d.request.body = body);
            assert_eq!(
                (report.reasons[0].code, report.reasons[0].proved),
                (Code::BodyMissing, false)
            );
        }
        let report = broken(scheme, COMPACT, |d| {
            d.request.body = Some(COMPACT.replace("evt_1", "evt_2").into())
        });
        assert_eq!(report.secret, None);
        let codes: Vec<_> = report.reasons.iter().map(|r| (r.code, r.proved)).collect();
        assert_eq!(codes, [(Code::WrongSecret, false), (Code::BodyModified, false)]);
        let short = broken(scheme, COMPACT, |d| {
            d.request.headers.push(("Content-Length".into(), COMPACT.len().to_string()));
            d.request.body.as_mut().unwrap().truncate(20);
        });
        assert_eq!(short.reasons[0].code, Code::BodyModified, "Content-Length speaks for it");
        let gzip = broken(scheme, COMPACT, |d| d.request.body = Some(b"\x1f\x8b\x08\0".to_vec()));
        assert_eq!((gzip.reasons[0].code, gzip.reasons[0].proved), (Code::BodyCompressed, false));
    }
}

#[test]
fn a_secret_that_is_not_as_it_should_be() {
    for scheme in FIVE {
        let right = good(scheme, COMPACT).secret;
        let with = |secret: Vec<u8>| broken(scheme, COMPACT, |d| d.secret = secret);
        let text = String::from_utf8(right.clone()).unwrap();
        for (secret, code) in [
            (format!("{text}\n"), Code::SecretWhitespace),
            (format!(" {text}\r\n"), Code::SecretWhitespace),
            (format!("{} {}", &text[..9], &text[9..]), Code::SecretWhitespace),
            (format!("\"{text}\""), Code::SecretFormat),
            (format!("WEBHOOK_SECRET={text}"), Code::SecretFormat),
            (format!("\u{feff}{text}"), Code::SecretFormat),
            (format!("v1,{text}"), Code::SecretPrefix),
        ] {
            let report = with(secret.clone().into_bytes());
            expect(&report, code, &format!("{scheme}: {secret:?}"));
            assert_eq!(report.reasons[0].secret.as_ref().map(|s| s.name.as_str()), Some("mine"));
        }
    }
    let stripe = good("stripe", COMPACT).secret;
    let report = broken("stripe", COMPACT, |d| d.secret = stripe[6..].to_vec());
    expect(&report, Code::SecretPrefix, "stripe without whsec_");
}

#[test]
fn a_secret_that_is_decoded_or_is_not() {
    let body = COMPACT;
    // Stripe's key is the text; Standard Webhooks' is what the base64 stands for.
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let decoded = standard_b64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let stripe = broken("stripe", body, |d| {
        let mac = hmac_sha256(&decoded, format!("{NOW}.{body}").as_bytes());
        d.secret = secret.into();
        d.set("Stripe-Signature", format!("t={NOW},v1={}", hex::encode(mac)));
    });
    expect(&stripe, Code::SecretEncoding, "the sender decoded a Stripe secret");
    let standard = broken("standard_webhooks", body, |d| {
        let mac = hmac_sha256(secret.as_bytes(), format!("msg_1.{NOW}.{body}").as_bytes());
        d.secret = secret.into();
        d.set("webhook-signature", format!("v1,{}", sign::base64(&mac)));
    });
    expect(&standard, Code::SecretEncoding, "the sender took the text");
    for key in [hex::decode("00ff10").unwrap(), b"\0\xff\x10".to_vec()] {
        let github = broken("github", body, |d| {
            d.secret = b"00ff10".to_vec();
            d.set(
                "X-Hub-Signature-256",
                format!("sha256={}", hex::encode(hmac_sha256(&key, body.as_bytes()))),
            );
        });
        expect(&github, Code::SecretEncoding, "hex text for hex bytes");
    }
    let raw = broken("github", body, |d| {
        d.secret = vec![0, 0xff, 0x10];
        d.set(
            "X-Hub-Signature-256",
            format!("sha256={}", hex::encode(hmac_sha256(b"00ff10", body.as_bytes()))),
        );
    });
    expect(&raw, Code::SecretEncoding, "hex bytes for hex text");
}

#[test]
fn a_secret_that_cannot_be_one() {
    let bad =
        broken("standard_webhooks", COMPACT, |d| d.secret = b"whsec_***not base64***".to_vec());
    assert_eq!((bad.reasons[0].code, bad.reasons[0].proved), (Code::SecretFormat, false));
    assert_eq!(bad.reasons.len(), 1);
    let key =
        broken("stripe", COMPACT, |d| d.secret = b"sk_live_abcdefghijklmnopqrstuvwx".to_vec());
    assert_eq!((key.reasons[0].code, key.reasons[0].proved), (Code::SecretIsApiKey, false));
    let wrong = broken("stripe", COMPACT, |d| d.secret = b"whsec_of_another_endpoint".to_vec());
    assert_eq!((wrong.reasons[0].code, wrong.reasons[0].proved), (Code::WrongSecret, false));
    assert_eq!(wrong.secret, None);
}

#[test]
fn another_stored_secret_is_named() {
    for scheme in FIVE {
        let report = broken(scheme, COMPACT, |d| {
            d.also = vec![
                ("acme/test/hook", b"whsec_AAAA".to_vec()),
                ("acme/live/hook", d.secret.clone()),
            ];
            d.secret = b"whsec_BBBB".to_vec();
        });
        expect(&report, Code::OtherStoredSecret, scheme);
        assert_eq!(
            report.reasons[0].secret.as_ref().map(|s| s.name.as_str()),
            Some("acme/live/hook")
        );
        assert_eq!(report.secret, None, "no accepted secret fits");
    }
}

#[test]
fn a_signature_that_was_changed() {
    for scheme in FIVE {
        let change = |change: fn(&str) -> String| {
            broken(scheme, COMPACT, |d| {
                let signature = d.signature.clone();
                d.replace(&signature, &change(&signature));
            })
        };
        expect(&change(|s| s[..s.len() - 4].to_owned()), Code::SignatureTruncated, scheme);
        expect(&change(|s| s[..12].to_owned()), Code::SignatureTruncated, scheme);
        expect(&change(|s| s[9..].to_owned()), Code::SignatureTruncated, scheme);
        expect(&change(|s| format!("{}00", &s[..s.len() - 2])), Code::SignatureModified, scheme);
        expect(&change(|s| format!("{s}0")), Code::SignatureModified, scheme);
        expect(&change(|s| format!("\"{s}\"")), Code::SignatureEncoding, scheme);
        expect(&change(other_encoding), Code::SignatureEncoding, scheme);
        let empty = change(|_| String::new());
        assert_eq!(empty.reasons[0].code, Code::SignatureEmpty, "{scheme}");
    }
    for scheme in ["stripe", "github", "slack"] {
        let upper = broken(scheme, COMPACT, |d| {
            d.replace(&d.signature.clone(), &d.signature.to_uppercase())
        });
        expect(&upper, Code::SignatureCase, scheme);
    }
    for scheme in ["shopify", "standard_webhooks"] {
        let lower = broken(scheme, COMPACT, |d| {
            d.replace(&d.signature.clone(), &d.signature.to_lowercase())
        });
        expect(&lower, Code::SignatureCase, scheme);
        let unpadded = broken(scheme, COMPACT, |d| d.replace("=", ""));
        expect(&unpadded, Code::SignatureEncoding, scheme);
    }
}

/// Hex for base64 and the other way round.
fn other_encoding(signature: &str) -> String {
    match hex::decode(signature) {
        Ok(bytes) => sign::base64(&bytes),
        Err(_) => hex::encode(standard_b64(signature)),
    }
}

#[test]
fn what_stands_before_the_signature() {
    for (scheme, prefix, header) in [
        ("github", "sha256=", "X-Hub-Signature-256"),
        ("slack", "v0=", "X-Slack-Signature"),
        ("standard_webhooks", "v1,", "webhook-signature"),
    ] {
        let bare = broken(scheme, COMPACT, |d| d.replace(prefix, ""));
        expect(&bare, Code::PrefixMissing, scheme);
        let version = broken(scheme, COMPACT, |d| {
            d.set(header, format!("v7{}{}", &prefix[prefix.len() - 1..], d.signature))
        });
        expect(&version, Code::UnsupportedVersion, scheme);
    }
    let field = broken("stripe", COMPACT, |d| d.replace("v1=", "sig="));
    expect(&field, Code::SignatureFieldMissing, "stripe");
    let version = broken("stripe", COMPACT, |d| d.replace("v1=", "v2="));
    expect(&version, Code::UnsupportedVersion, "stripe");
    for algorithm in ["none", "sha1", "md5"] {
        let named = broken("github", COMPACT, |d| d.replace("sha256", algorithm));
        expect(&named, Code::AlgorithmMismatch, algorithm);
    }
    let sha1 = broken("github", COMPACT, |d| {
        let mac = hmac_sha1(&d.secret, COMPACT.as_bytes());
        d.set("X-Hub-Signature-256", format!("sha1={}", hex::encode(mac)));
    });
    expect(&sha1, Code::AlgorithmMismatch, "really SHA-1");
    let silent = broken("shopify", COMPACT, |d| {
        let mac = hmac_sha1(&d.secret, COMPACT.as_bytes());
        d.set("X-Shopify-Hmac-Sha256", sign::base64(&mac));
    });
    expect(&silent, Code::AlgorithmMismatch, "SHA-1 without saying so");
}

#[test]
fn what_is_missing_is_named() {
    for scheme in FIVE {
        let header = good(scheme, COMPACT).header;
        let gone = broken(scheme, COMPACT, |d| d.request.headers.retain(|(n, _)| n != header));
        assert_eq!(gone.reasons[0].code, Code::HeaderMissing, "{scheme}");
        assert!(gone.reasons[0].message.contains(header));
        assert_eq!(gone.signed_text, None);
    }
    let code = |scheme: &str, gone: &str| {
        broken(scheme, COMPACT, |d| d.request.headers.retain(|(n, _)| n != gone)).reasons[0].code
    };
    assert_eq!(code("slack", "X-Slack-Request-Timestamp"), Code::TimestampMissing);
    assert_eq!(code("standard_webhooks", "webhook-timestamp"), Code::TimestampMissing);
    assert_eq!(code("standard_webhooks", "webhook-id"), Code::HeaderMissing);
    let no_t = broken("stripe", COMPACT, |d| d.replace(&format!("t={NOW},"), ""));
    assert_eq!(no_t.reasons[0].code, Code::TimestampMissing);
    assert_eq!(no_t.reasons.len(), 1);
}

#[test]
fn a_header_that_is_there_twice() {
    for scheme in FIVE {
        let report = broken(scheme, COMPACT, |d| {
            let header = (
                d.header.to_owned(),
                d.value().replace(&d.signature, &"0".repeat(d.signature.len())),
            );
            d.request.headers.insert(0, header);
        });
        expect(&report, Code::HeaderRepeated, scheme);
        let same =
            broken(scheme, COMPACT, |d| d.request.headers.push((d.header.into(), d.value())));
        expect(&same, Code::HeaderRepeated, scheme);
    }
}

const TIMED: [&str; 3] = ["stripe", "slack", "standard_webhooks"];

#[test]
fn age_is_a_fact_of_its_own() {
    for scheme in TIMED {
        let old = broken(scheme, COMPACT, |d| d.now = NOW + 301);
        assert_eq!((old.verdict, old.reasons.len()), (Verdict::Invalid, 1));
        assert_eq!((old.reasons[0].code, old.reasons[0].proved), (Code::TimestampTooOld, true));
        assert!(old.checks[0].ok && !old.checks[1].ok);
        assert_eq!(old.checks[1].age_seconds, Some(301));
        assert_eq!(broken(scheme, COMPACT, |d| d.now = NOW + 300).verdict, Verdict::Valid);
        let ahead = broken(scheme, COMPACT, |d| d.now = NOW - 301);
        assert_eq!(ahead.checks[1].age_seconds, Some(-301));
        if scheme == "stripe" {
            assert_eq!(ahead.verdict, Verdict::Valid, "Stripe's library takes the future");
        } else {
            assert_eq!(ahead.reasons[0].code, Code::TimestampInFuture);
        }
        let wider = broken(scheme, COMPACT, |d| (d.now, d.tolerance) = (NOW + 900, Some(900)));
        assert_eq!(wider.verdict, Verdict::Valid);
        let both = broken(scheme, COMPACT, |d| {
            d.now = NOW + 999;
            d.request.body.as_mut().unwrap().push(b'\n');
        });
        let codes: Vec<_> = both.reasons.iter().map(|r| (r.code, r.proved)).collect();
        assert_eq!(codes, [(Code::TrailingNewlineAdded, true), (Code::TimestampTooOld, true)]);
    }
}

#[test]
fn a_timestamp_that_was_changed() {
    for scheme in TIMED {
        let with = |text: String| broken(scheme, COMPACT, |d| d.replace(&NOW.to_string(), &text));
        expect(&with((NOW + 60).to_string()), Code::TimestampModified, scheme);
        expect(&with((NOW - 200).to_string()), Code::TimestampModified, scheme);
        let milli = with((NOW * 1_000).to_string());
        assert_eq!(
            (milli.reasons[0].code, milli.reasons[0].proved),
            (Code::TimestampUnit, true),
            "{scheme}"
        );
        for text in ["abc", "9e18", "-1", "1.5", "99999999999999999999"] {
            let report = with(text.into());
            assert_eq!(report.reasons[0].code, Code::TimestampMalformed, "{scheme} {text}");
            assert_eq!((report.checks[1].ok, report.checks[1].age_seconds), (false, None));
        }
    }
    for (scheme, limited) in [("slack", true), ("standard_webhooks", true), ("stripe", false)] {
        // Signed in milliseconds throughout: the signature fits, the age cannot.
        let mut delivery = good(scheme, COMPACT);
        delivery.resign(&(NOW * 1_000).to_string());
        let report = ask(&delivery);
        assert!(report.checks[0].ok);
        if limited {
            assert_eq!(report.reasons[0].code, Code::TimestampUnit);
        } else {
            assert_eq!(report.verdict, Verdict::Valid, "Stripe's library takes the future");
        }
    }
}

#[test]
fn another_recipe_than_the_schemes_own() {
    let report = broken("slack", COMPACT, |d| {
        let mac = hmac_sha256(&d.secret, format!("{NOW}.{COMPACT}").as_bytes());
        d.set("X-Slack-Signature", format!("v0={}", hex::encode(mac)));
    });
    expect(&report, Code::WrongTemplate, "slack signed like stripe");
    let mut delivery = good("github", COMPACT);
    delivery.scheme = "stripe";
    let report = ask(&delivery);
    let codes: Vec<_> = report.reasons.iter().map(|r| (r.code, r.proved)).collect();
    assert_eq!(codes, [(Code::HeaderMissing, false), (Code::WrongTemplate, true)]);
}

#[test]
fn twilio_and_its_url() {
    let signed = "https://hooks.example/in?x=1";
    let body = "Body=hi+there&From=%2B1415";
    let fields = "Bodyhi thereFrom+1415";
    let mac = sign::base64(&hmac_sha1(b"token", format!("{signed}{fields}").as_bytes()));
    let delivery = |url: &str| Good {
        request: Request {
            url: Some(url.into()),
            headers: vec![("X-Twilio-Signature".into(), mac.clone())],
            body: Some(body.into()),
            ..Request::default()
        },
        secret: b"token".to_vec(),
        ..Good::empty("twilio")
    };
    assert_eq!(ask(&delivery(signed)).verdict, Verdict::Valid);
    assert_eq!(ask(&delivery("https://hooks.example:443/in?x=1")).verdict, Verdict::Valid);
    for seen in [
        "http://hooks.example/in?x=1",
        "https://hooks.example/in/?x=1",
        "http://hooks.example:8080/in/?x=1",
    ] {
        let report = ask(&delivery(seen));
        expect(&report, Code::UrlMismatch, seen);
        assert!(
            report.reasons[0].message.contains("/in?x=1`, not"),
            "{}",
            report.reasons[0].message
        );
    }
    let mut proxied = delivery("http://10.0.0.7:3000/in?x=1");
    proxied.request.headers.push(("X-Forwarded-Host".into(), "hooks.example".into()));
    expect(&ask(&proxied), Code::UrlMismatch, "behind a proxy");
    let mut none = delivery(signed);
    none.request.url = None;
    assert_eq!(ask(&none).reasons[0].code, Code::UrlMissing);
    none.params.insert("url".into(), signed.into());
    assert_eq!(ask(&none).verdict, Verdict::Valid, "the parameter stands in");
    let mut parsed = delivery(signed);
    parsed
        .request
        .headers
        .push(("Content-Type".into(), "application/x-www-form-urlencoded".into()));
    parsed.request.body = Some(br#"{"Body":"hi there","From":"+1415"}"#.to_vec());
    expect(&ask(&parsed), Code::FormPayloadDecoded, "fields as JSON");
}
