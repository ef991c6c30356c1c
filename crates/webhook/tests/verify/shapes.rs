//! One thing broken at a time, for schemes of every shape: the cause is named, proved, and first.

use keyward_webhook::{
    Code, Encoding, KeyForm, Method, Part, Report, Request, Scheme, Verdict, table,
};

use crate::common::NOW;
use crate::material::{JSON, Material, ask, material, sample};

fn expect(scheme: &Scheme, report: &Report, code: Code) {
    let first = report.reasons.first().unwrap_or_else(|| panic!("{}: no reason", scheme.id));
    assert_eq!(
        (report.verdict, first.code, first.proved),
        (Verdict::Invalid, code, true),
        "{}: {:?}",
        scheme.id,
        report.reasons
    );
}

fn scheme(id: &str) -> &'static Scheme {
    table().iter().find(|scheme| scheme.id == id).expect("a scheme of the table")
}

fn good(scheme: &Scheme, body: &str) -> (Material, Request) {
    let key = material(scheme, 7);
    let request = sample(scheme, &key, body);
    (key, request)
}

fn covers_raw_json(scheme: &&Scheme) -> bool {
    let in_header = !scheme.signature.header.is_empty() || scheme.signature.chosen;
    let body_time = scheme.timestamp.as_ref().is_some_and(|t| t.json.is_some());
    let signed = match &scheme.sign {
        Method::Hmac(r) | Method::Digest(r) => r.template.has(&Part::Body),
        Method::PublicKey(r) => r.template.has(&Part::Body) || r.template.has(&Part::BodySha256),
        Method::Jwt(jwt) => jwt.body.is_some(),
        _ => false,
    };
    in_header && signed && !body_time
}

#[test]
fn a_body_written_anew() {
    let pretty = "{\n  \"id\": \"evt_1\",\n  \"list\": [\n    1\n  ]\n}";
    let compact = r#"{"id":"evt_1","list":[1]}"#;
    let mut seen = 0;
    for scheme in table().iter().filter(covers_raw_json) {
        for (signed, received, code) in [
            (pretty, compact, Code::BodyReserialised),
            (compact, pretty, Code::BodyReserialised),
            (compact, "{\"id\":\"evt_1\",\"list\":[1]}\r\n", Code::TrailingNewlineAdded),
            ("{\"id\":\"evt_1\"}\n", "{\"id\":\"evt_1\"}", Code::TrailingNewlineStripped),
            (pretty, &pretty.replace('\n', "\r\n"), Code::LineEndingsChanged),
            (compact, &format!("\u{feff}{compact}"), Code::BomAdded),
        ] {
            let (key, mut request) = good(scheme, signed);
            request.body = Some(received.into());
            expect(scheme, &ask(scheme, &request, &key.verifying, &[]), code);
        }
        seen += 1;
    }
    assert!(seen > 115, "{seen} schemes");
}

#[test]
fn a_compressed_body() {
    use std::io::Write as _;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(JSON.as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    for id in ["github", "stripe", "discord", "livekit", "hubspot_v3"] {
        let (key, mut request) = good(scheme(id), JSON);
        request.body = Some(packed.clone());
        expect(scheme(id), &ask(scheme(id), &request, &key.verifying, &[]), Code::BodyCompressed);
    }
    let (key, mut request) = good(scheme("getstream"), JSON);
    request.body = Some(packed);
    let report = ask(scheme("getstream"), &request, &key.verifying, &[]);
    assert_eq!(report.verdict, Verdict::Valid, "its signature covers the plain body");
}

#[test]
fn white_space_round_the_secret() {
    for scheme in table().iter().filter(|scheme| !scheme.has_public_key() && scheme.has_key()) {
        let (key, request) = good(scheme, &crate::material::body(scheme));
        let secret = [key.verifying.as_slice(), b"\n"].concat();
        expect(scheme, &ask(scheme, &request, &secret, &[]), Code::SecretWhitespace);
    }
}

#[test]
fn a_secret_without_its_prefix_or_decoding() {
    for scheme in table() {
        let Method::Hmac(recipe) = &scheme.sign else { continue };
        let (key, request) = good(scheme, &crate::material::body(scheme));
        let text = String::from_utf8(key.verifying.clone()).unwrap();
        if recipe.key == KeyForm::Base64 && !recipe.secret_prefix.is_empty() {
            let extra = format!("v1,{text}");
            if recipe.secret_prefix.len() == 1 {
                let report = ask(scheme, &request, extra.as_bytes(), &[]);
                expect(scheme, &report, Code::SecretPrefix);
            }
        }
        if recipe.key == KeyForm::Hex {
            let bytes = hex::decode(&text).unwrap();
            let report = ask(scheme, &request, &bytes, &[]);
            expect(scheme, &report, Code::SecretEncoding);
        }
        if recipe.key == KeyForm::Text && recipe.secret_prefix.is_empty() {
            let report = ask(scheme, &request, format!("whsec_{text}").as_bytes(), &[]);
            expect(scheme, &report, Code::SecretPrefix);
            let quoted = ask(scheme, &request, format!("\"{text}\"").as_bytes(), &[]);
            expect(scheme, &quoted, Code::SecretFormat);
        }
    }
}

#[test]
fn a_signature_in_another_encoding_or_case() {
    for scheme in table().iter().filter(covers_raw_json) {
        let (Method::Hmac(hmac) | Method::Digest(hmac)) = &scheme.sign else { continue };
        if hmac.also.iter().any(|other| other.encoding.is_some()) {
            continue;
        }
        let name = scheme.signature.header.first().map_or("X-Signature", String::as_str);
        let (key, request) = good(scheme, JSON);
        let change = |to: &dyn Fn(&str) -> String| {
            let mut request = request.clone();
            let (_, value) = request.headers.iter_mut().find(|(n, _)| n == name).unwrap();
            let start = value
                .rfind([',', '='])
                .filter(|_| hmac.encoding == Encoding::Hex)
                .map_or(0, |at| at + 1);
            let start = if hmac.encoding == Encoding::Hex {
                start
            } else {
                start.max(value.len() - value.trim_start_matches(&*prefix(scheme)).len())
            };
            let signature = value.split_off(start);
            value.push_str(&to(&signature));
            ask(scheme, &request, &key.verifying, &[])
        };
        match hmac.encoding {
            Encoding::Hex => {
                expect(scheme, &change(&|s| s.to_uppercase()), Code::SignatureCase);
                let to_base64 = |s: &str| crate::common::sign::base64(&hex::decode(s).unwrap());
                expect(scheme, &change(&to_base64), Code::SignatureEncoding);
                expect(
                    scheme,
                    &change(&|s| s[..40.min(s.len() - 2)].to_owned()),
                    Code::SignatureTruncated,
                );
            }
            Encoding::Base64 => {
                let to_hex = |s: &str| hex::encode(crate::common::standard_b64(s));
                expect(scheme, &change(&to_hex), Code::SignatureEncoding);
            }
            _ => {}
        }
    }
}

/// What stands before a signature in its header.
fn prefix(scheme: &Scheme) -> String {
    scheme.signature.prefix.clone()
}

#[test]
fn a_timestamp_in_another_unit() {
    for scheme in table().iter().filter(|scheme| scheme.signs_timestamp()) {
        let (key, mut request) = good(scheme, JSON);
        let milli = (NOW * 1_000).to_string();
        let before = request.headers.clone();
        for (_, value) in &mut request.headers {
            *value = match value.contains(&milli) {
                true => value.replace(&milli, &NOW.to_string()),
                false => value.replace(&NOW.to_string(), &milli),
            };
        }
        if before == request.headers {
            continue;
        }
        let report = ask(scheme, &request, &key.verifying, &[]);
        let first = &report.reasons[0];
        assert_eq!(
            (first.code, first.proved),
            (Code::TimestampUnit, true),
            "{}: {:?}",
            scheme.id,
            report.reasons
        );
    }
}

#[test]
fn a_date_written_anew() {
    for id in ["box", "orb", "twitch", "zendesk", "kick", "paypal"] {
        let (key, mut request) = good(scheme(id), JSON);
        for (_, value) in &mut request.headers {
            *value = value.replace("2025-10-09T08:53:20Z", "2025-10-09T08:53:20.000Z");
        }
        expect(
            scheme(id),
            &ask(scheme(id), &request, &key.verifying, &[]),
            Code::TimestampModified,
        );
    }
}

#[test]
fn url_method_and_id() {
    for scheme in table().iter().filter(|scheme| scheme.needs_url()) {
        let (key, mut request) = good(scheme, &crate::material::body(scheme));
        let signed = request.url.take().unwrap();
        let missing = ask(scheme, &request, &key.verifying, &[]);
        assert_eq!(
            (missing.verdict, missing.reasons[0].code),
            (Verdict::Invalid, Code::UrlMissing),
            "{}",
            scheme.id
        );
        // Only some of them sign scheme and host.
        let changed = match scheme.id.as_str() {
            "mercado_pago" => continue,
            "contentful" | "atlassian_connect" | "keygen" => signed.replace("/in?", "/in/?"),
            _ => signed.replace("https://", "http://"),
        };
        request.url = Some(changed);
        let report = ask(scheme, &request, &key.verifying, &[]);
        if scheme.id != "atlassian_connect" {
            expect(scheme, &report, Code::UrlMismatch);
        }
    }
    for id in ["hubspot_v2", "hubspot_v3", "contentful", "keygen", "atlassian_connect"] {
        let (key, mut request) = good(scheme(id), JSON);
        request.method = Some("PUT".into());
        expect(scheme(id), &ask(scheme(id), &request, &key.verifying, &[]), Code::MethodMismatch);
    }
    for id in ["standard_webhooks", "svix", "twitch", "kick"] {
        let (key, mut request) = good(scheme(id), JSON);
        for (_, value) in
            request.headers.iter_mut().filter(|(name, _)| name.to_lowercase().ends_with("-id"))
        {
            *value = "msg_other".into();
        }
        request.headers.push(("X-Request-Id".into(), "msg_2mX9".into()));
        expect(scheme(id), &ask(scheme(id), &request, &key.verifying, &[]), Code::IdModified);
    }
}

#[test]
fn another_hash_or_a_neighbours_recipe() {
    let sign_as = |id: &str, change: &dyn Fn(&mut Scheme)| {
        let mut other = scheme(id).clone();
        change(&mut other);
        let key = material(scheme(id), 7);
        (ask(scheme(id), &sample(&other, &key, JSON), &key.verifying, &[]), scheme(id))
    };
    for (id, algorithm) in [
        ("github", keyward_webhook::Algorithm::Sha512),
        ("paystack", keyward_webhook::Algorithm::Sha256),
        ("vercel", keyward_webhook::Algorithm::Sha384),
        ("box", keyward_webhook::Algorithm::Sha1),
    ] {
        let (report, scheme) = sign_as(id, &|scheme| match &mut scheme.sign {
            Method::Hmac(hmac) => hmac.algorithm = algorithm,
            _ => unreachable!(),
        });
        expect(scheme, &report, Code::AlgorithmMismatch);
    }
    for (id, template) in [
        ("slack", "{timestamp}.{body}"),
        ("klaviyo", "{timestamp}{body}"),
        ("box", "{timestamp}{body}"),
        ("trello", "{url}{body}"),
        ("square", "{body}{url}"),
        ("stripe", "{body}"),
    ] {
        let (report, scheme) = sign_as(id, &|scheme| match &mut scheme.sign {
            Method::Hmac(hmac) => hmac.template = template.to_owned().try_into().unwrap(),
            _ => unreachable!(),
        });
        expect(scheme, &report, Code::WrongTemplate);
    }
}

#[test]
fn a_changed_field_is_only_a_possibility() {
    for (id, from, to) in [
        ("adyen_payments", "1130", "1131"),
        ("mailgun", "msg_2mX9", "msg_2mX8"),
        ("dropbox_sign", "msg_2mX9", "msg_2mX8"),
    ] {
        let (key, mut request) = good(scheme(id), &crate::material::body(scheme(id)));
        let body = String::from_utf8(request.body.clone().unwrap()).unwrap();
        assert!(body.contains(from), "{id}: {body}");
        request.body = Some(body.replace(from, to).into());
        let report = ask(scheme(id), &request, &key.verifying, &[]);
        assert_eq!(report.verdict, Verdict::Invalid, "{id}");
        let codes: Vec<_> = report.reasons.iter().map(|r| (r.code, r.proved)).collect();
        assert_eq!(codes, [(Code::WrongSecret, false), (Code::SignedFieldModified, false)], "{id}");
    }
}

#[test]
fn each_of_several_signed_items_must_fit() {
    let adyen = scheme("adyen_payments");
    let one = crate::material::body(adyen);
    let item = &one[one.find('[').unwrap() + 1..one.rfind(']').unwrap()];
    let two = one.replace(item, &format!("{item},{}", item.replace("1130", "9900")));
    let (key, mut request) = good(adyen, &two);
    assert_eq!(ask(adyen, &request, &key.verifying, &[]).verdict, Verdict::Authenticated);
    let body = String::from_utf8(request.body.clone().unwrap()).unwrap();
    request.body = Some(body.replace("9900", "9901").into());
    assert_eq!(
        ask(adyen, &request, &key.verifying, &[]).verdict,
        Verdict::Invalid,
        "one forged item is enough"
    );
}
