//! The diagnosis measured: every scheme that can be signed, broken in each way that a code of the contract
//! names, and counted. `cargo test -p keyward-webhook --test verify measured -- --nocapture` prints the table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use keyward_webhook::{
    Encoding, KeyForm, Layout, Method, Part, Report, Request, Scheme, Verdict, table,
};

use crate::material::{AUTHENTICATED, Material, ask, body, material, sample};

/// A delivery with one thing broken.
struct Broken {
    /// The code that names it.
    code: &'static str,
    what: &'static str,
    request: Request,
    /// The accepted secret, if that is what is wrong.
    secret: Option<Vec<u8>>,
    also: Vec<(&'static str, Vec<u8>)>,
    /// Whether the cause can be proved from what is there.
    provable: bool,
}

/// What was counted under one code.
#[derive(Default)]
struct Count {
    samples: usize,
    provable: usize,
    named: usize,
    possible: usize,
}

const PRETTY: &str = "{\n  \"id\": \"evt_1\",\n  \"b\": {\n    \"z\": 1.50,\n    \"a\": \"grün / é\"\n  },\n  \"list\": [\n    1,\n    2\n  ]\n}";
const COMPACT: &str = r#"{"id":"evt_1","b":{"z":1.50,"a":"grün / é"},"list":[1,2]}"#;

#[test]
#[allow(clippy::print_stdout)] // The table is what a reader of the test wants.
fn causes_are_named_and_none_is_made_up() {
    let (mut verdicts, mut wrong, mut false_claims) = (0, Vec::new(), Vec::new());
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    let mut missed = Vec::new();
    for scheme in table().iter().filter(|scheme| scheme.has_key()) {
        let key = material(scheme, 7);
        let good = sample(scheme, &key, &body(scheme));
        let covered = !AUTHENTICATED.contains(&scheme.id.as_str());
        let wanted = if covered { Verdict::Valid } else { Verdict::Authenticated };
        verdicts += 1;
        let said = ask(scheme, &good, &key.verifying, &[]).verdict;
        if said != wanted {
            wrong.push(format!("{}: good is {said:?}", scheme.id));
        }
        for broken in all(scheme, &key, &good) {
            let secret = broken.secret.as_ref().unwrap_or(&key.verifying);
            let report = ask(scheme, &broken.request, secret, &broken.also);
            let place = format!("{}, {} ({})", scheme.id, broken.what, broken.code);
            verdicts += 1;
            // Whoever has no command line is told without its flags.
            for reason in &report.reasons {
                let words = reason.wanted.as_ref().map_or(&reason.hint, |wanted| &wanted.words);
                assert!(!words.contains("--"), "{place}: {words}");
            }
            if report.verdict != Verdict::Invalid {
                wrong.push(format!("{place}: {:?}", report.verdict));
                continue;
            }
            let first = code(&report, 0);
            let count = counts.entry(broken.code).or_default();
            count.samples += 1;
            count.provable += usize::from(broken.provable);
            let proved = report.reasons.first().is_some_and(|reason| reason.proved);
            if proved && first != broken.code {
                false_claims.push(format!("{place}: claims {first}"));
            }
            let named = first == broken.code && (proved || !broken.provable);
            count.named += usize::from(named && broken.provable);
            count.possible += usize::from(
                !broken.provable
                    && (0..report.reasons.len()).any(|at| code(&report, at) == broken.code),
            );
            if !named && broken.provable {
                let all: Vec<_> = (0..report.reasons.len()).map(|at| code(&report, at)).collect();
                missed.push(format!("{place}: {}", all.join(" ")));
            }
            if broken.code == "other-stored-secret" {
                let name = report.reasons[0].secret.as_ref().map(|secret| secret.name.as_str());
                assert_eq!(name, Some("right"), "{place}");
            }
        }
    }
    println!("{}", shown(&counts));
    let provable: usize = counts.values().map(|count| count.provable).sum();
    let named: usize = counts.values().map(|count| count.named).sum();
    println!(
        "{verdicts} verdicts, {} wrong; {named} of {provable} provable causes named; {} false claims",
        wrong.len(),
        false_claims.len()
    );
    missed.iter().for_each(|line| println!("missed: {line}"));
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(false_claims.is_empty(), "{false_claims:#?}");
    assert!(named * 1_000 >= provable * 999, "{named} of {provable}: {missed:#?}");
    assert!(provable > 2_000 && counts.len() > 20, "{provable} samples of {} codes", counts.len());
}

fn shown(counts: &BTreeMap<&str, Count>) -> String {
    let mut out = String::from(
        "| cause | samples | provable | named and proved | named as possible |\n| --- | --- | --- | --- | --- |\n",
    );
    for (code, count) in counts {
        let _ = writeln!(
            out,
            "| `{code}` | {} | {} | {} | {} |",
            count.samples, count.provable, count.named, count.possible
        );
    }
    out
}

fn code(report: &Report, at: usize) -> String {
    let reason = report.reasons.get(at).map(|reason| serde_json::to_value(reason.code));
    reason
        .and_then(Result::ok)
        .and_then(|code| code.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// Everything that can be broken of a scheme.
fn all(scheme: &Scheme, key: &Material, good: &Request) -> Vec<Broken> {
    let mut all = Vec::new();
    bodies(scheme, key, &mut all);
    secrets(scheme, key, good, &mut all);
    signatures(scheme, good, &mut all);
    times(scheme, good, &mut all);
    urls(scheme, good, &mut all);
    all
}

fn broken(code: &'static str, what: &'static str, request: Request) -> Broken {
    Broken { code, what, request, secret: None, also: Vec::new(), provable: true }
}

/// Whether the body itself is signed, every byte of it.
fn signs_raw_body(scheme: &Scheme) -> bool {
    let in_header = !scheme.signature.header.is_empty() || scheme.signature.chosen;
    let has_time = scheme.timestamp.as_ref().is_none_or(|time| time.json.is_none());
    let raw = match &scheme.sign {
        Method::Hmac(recipe) | Method::Digest(recipe) => {
            recipe.template.has(&Part::Body) && recipe.also.is_empty()
        }
        Method::PublicKey(recipe) => recipe.template.has(&Part::Body),
        _ => false,
    };
    raw && in_header && has_time && scheme.adapter.is_none()
}

fn bodies(scheme: &Scheme, key: &Material, all: &mut Vec<Broken>) {
    if !signs_raw_body(scheme) {
        return;
    }
    let sorted = r#"{"b":{"a":"grün / é","z":1.50},"id":"evt_1","list":[1,2]}"#;
    let ascii = COMPACT.replace('ü', "\\u00fc").replace('é', "\\u00e9");
    let slashes = COMPACT.replace('/', "\\/");
    let spaced = COMPACT.replace(':', ": ").replace(",\"", ", \"").replace("1,2", "1, 2");
    let [floats, one_float] = ["1.0,2.0", "1.0,2"].map(|numbers| COMPACT.replace("1,2", numbers));
    let short = COMPACT.replace("1.50", "1.5").replace(':', ": ").replace(',', ", ");
    let [hundred, exponent] = ["150", "1.5e2"].map(|number| COMPACT.replace("1.50", number));
    let listed = COMPACT.replace(',', ", ");
    let crlf = PRETTY.replace('\n', "\r\n");
    let latin: Vec<u8> =
        COMPACT.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin-1")).collect();
    let mojibake: String = COMPACT.bytes().map(char::from).collect();
    let (with_lf, with_crlf) = (format!("{COMPACT}\n"), format!("{COMPACT}\r\n"));
    let line = |text: &str, end: &str| format!("{text}{end}").into_bytes();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(COMPACT.as_bytes()).expect("memory");
    let table: Vec<(&'static str, &'static str, &str, Vec<u8>)> = vec![
        ("body-reserialised", "pretty made compact", PRETTY, COMPACT.into()),
        ("body-reserialised", "compact made pretty", COMPACT, PRETTY.into()),
        ("body-reserialised", "blanks taken out", &spaced, COMPACT.into()),
        ("body-reserialised", "escapes undone", &ascii, COMPACT.into()),
        ("body-reserialised", "characters escaped", COMPACT, ascii.clone().into()),
        ("body-reserialised", "slashes unescaped", &slashes, COMPACT.into()),
        ("body-reserialised", "keys unsorted", sorted, COMPACT.into()),
        ("body-reserialised", "`.0` cut off", &floats, COMPACT.into()),
        ("body-reserialised", "`.0` cut off one number", &one_float, COMPACT.into()),
        ("body-reserialised", "zeros cut off, blanks put in", COMPACT, short.into()),
        ("body-reserialised", "an exponent put in", &hundred, exponent.into()),
        ("body-reserialised", "blanks after commas taken out", &listed, COMPACT.into()),
        ("trailing-newline-added", "LF added", COMPACT, line(COMPACT, "\n")),
        ("trailing-newline-added", "CRLF added", COMPACT, line(COMPACT, "\r\n")),
        ("trailing-newline-stripped", "LF cut", &with_lf, COMPACT.into()),
        ("trailing-newline-stripped", "CRLF cut", &with_crlf, COMPACT.into()),
        ("line-endings-changed", "LF to CRLF", PRETTY, crlf.clone().into()),
        ("line-endings-changed", "CRLF to LF", &crlf, PRETTY.into()),
        ("bom-added", "BOM", COMPACT, line("\u{feff}", COMPACT)),
        ("charset-changed", "Latin-1", COMPACT, latin),
        ("charset-changed", "twice UTF-8", COMPACT, mojibake.into()),
        ("body-compressed", "gzip", COMPACT, gzip.finish().expect("memory")),
        (
            "form-payload-decoded",
            "a form's JSON",
            "payload=%7B%22a%22%3A%22x+y%22%7D",
            br#"{"a":"x y"}"#.into(),
        ),
    ];
    for (code, what, signed, received) in table {
        let request = Request { body: Some(received), ..sample(scheme, key, signed) };
        all.push(broken(code, what, request));
    }
    let changed = COMPACT.replace("evt_1", "evt_2").into_bytes();
    let request = Request { body: Some(changed), ..sample(scheme, key, COMPACT) };
    all.push(Broken { provable: false, ..broken("body-modified", "a letter changed", request) });
    let request = Request { body: Some(Vec::new()), ..sample(scheme, key, COMPACT) };
    all.push(Broken { provable: false, ..broken("body-missing", "no body", request) });
}

fn secrets(scheme: &Scheme, key: &Material, good: &Request, all: &mut Vec<Broken>) {
    let with = |code, what, secret: Vec<u8>| Broken {
        secret: Some(secret),
        ..broken(code, what, good.clone())
    };
    let other = material(scheme, 9);
    if other.verifying != key.verifying {
        let also = (30..34).map(|seed| ("another", material(scheme, seed).verifying));
        let also = also.chain([("right", key.verifying.clone())]).collect();
        all.push(Broken {
            also,
            ..with("other-stored-secret", "another secret of the vault", other.verifying.clone())
        });
        all.push(Broken {
            provable: false,
            ..with("wrong-secret", "another secret", other.verifying)
        });
    }
    let (Method::Hmac(recipe) | Method::Digest(recipe)) = &scheme.sign else { return };
    let text = String::from_utf8(key.verifying.clone()).expect("text");
    all.push(with("secret-whitespace", "a line break behind it", format!("{text}\n").into()));
    all.push(with("secret-whitespace", "a blank before it", format!(" {text}").into()));
    all.push(with("secret-format", "quotes round it", format!("\"{text}\"").into()));
    all.push(with("secret-format", "a whole line", format!("WEBHOOK_SECRET={text}").into()));
    if let Some(prefix) = recipe.secret_prefix.first().filter(|_| recipe.key == KeyForm::Text) {
        all.push(with(
            "secret-prefix",
            "without its prefix",
            text.trim_start_matches(prefix.as_str()).into(),
        ));
    }
    if recipe.key == KeyForm::Text && recipe.secret_prefix.is_empty() && scheme.api_key.is_none() {
        let raw: Vec<u8> = (200..232).collect();
        let signing = Material { signing: raw.clone(), verifying: Vec::new() };
        let request = sample(scheme, &signing, &body(scheme));
        for (what, text) in [
            ("signed with its base64 decoded", STANDARD.encode(&raw)),
            ("signed with its hex decoded", hex::encode(raw)),
        ] {
            all.push(Broken {
                request: request.clone(),
                ..with("secret-encoding", what, text.into())
            });
        }
    }
}

/// The header that holds the signature at its end.
fn signature<'a>(scheme: &Scheme, request: &'a mut Request) -> Option<&'a mut String> {
    if scheme.signature.layout == Layout::Base64Json || scheme.id == "keygen" {
        return None;
    }
    let name = scheme.signature.header.first().map_or("X-Signature", String::as_str);
    request.headers.iter_mut().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn signatures(scheme: &Scheme, good: &Request, all: &mut Vec<Broken>) {
    let mut add = |code, what, provable, change: &dyn Fn(&str) -> String| {
        let mut request = good.clone();
        let Some(value) = signature(scheme, &mut request) else { return };
        let changed = change(value);
        if changed != *value {
            *value = changed;
            all.push(Broken { provable, ..broken(code, what, request) });
        }
    };
    add("signature-empty", "empty", false, &|_| String::new());
    if let Method::Hmac(recipe) | Method::Digest(recipe) = &scheme.sign {
        // The last word of the header is the signature.
        let split =
            |value: &str| value.rfind(|c: char| "=, |:;".contains(c)).map_or(0, |at| at + 1);
        add("signature-truncated", "six characters cut", true, &|value| {
            value[..value.len() - 6].to_owned()
        });
        add("signature-modified", "a letter changed", true, &|value| {
            let at = value.len() - 10;
            let by = if value.as_bytes()[at] == b'b' { "c" } else { "b" };
            format!("{}{by}{}", &value[..at], &value[at + 1..])
        });
        if recipe.encoding == Encoding::Hex {
            add("signature-case", "upper case", true, &|value| {
                let at = split(value);
                format!("{}{}", &value[..at], value[at..].to_uppercase())
            });
            add("signature-encoding", "base64 for hex", true, &|value| {
                let at = split(value);
                let bytes = hex::decode(&value[at..]).expect("hex");
                format!("{}{}", &value[..at], URL_SAFE_NO_PAD.encode(bytes))
            });
        }
        let prefix = scheme.signature.prefix.clone();
        if scheme.signature.layout == Layout::Plain && !prefix.is_empty() && !scheme.signature.bare
        {
            add("prefix-missing", "without its prefix", true, &|value| {
                value.replacen(&prefix, "", 1)
            });
        }
    }
    if matches!(scheme.sign, Method::Jwt(_)) {
        add("jwt-alg-none", "alg none", false, &|value| {
            let Some((_, rest)) = value.split_once('.') else { return value.to_owned() };
            let (claims, _) = rest.split_once('.').unwrap_or((rest, ""));
            let head = URL_SAFE_NO_PAD.encode(br#"{"alg":"none","typ":"JWT"}"#);
            format!("{}{head}.{claims}.", scheme.signature.prefix)
        });
    }
    let mut request = good.clone();
    if let Some(name) = scheme.signature.header.first()
        && request.header(name).is_some()
    {
        request.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        all.push(Broken { provable: false, ..broken("header-missing", "header missing", request) });
    }
}

fn times(scheme: &Scheme, good: &Request, all: &mut Vec<Broken>) {
    let Some(header) = scheme.timestamp.as_ref().and_then(|field| field.header.first()) else {
        return;
    };
    let set = |value: String| {
        let mut request = good.clone();
        let mut found = request.headers.iter_mut().filter(|(n, _)| n.eq_ignore_ascii_case(header));
        found.by_ref().for_each(|(_, old)| *old = value.clone());
        request
    };
    let Some(given) = good.header(header).map(|value| value.into_owned()) else { return };
    if let (Ok(number), true) = (given.parse::<i64>(), scheme.signs_timestamp()) {
        all.push(broken("timestamp-modified", "one more", set((number + 1).to_string())));
        let other = if given.len() > 10 { number / 1_000 } else { number * 1_000 };
        all.push(broken("timestamp-unit", "the other unit", set(other.to_string())));
        all.push(Broken {
            provable: false,
            ..broken("timestamp-malformed", "no number", set("soon".into()))
        });
    }
    let mut request = good.clone();
    request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(header));
    all.push(Broken { provable: false, ..broken("timestamp-missing", "missing", request) });
}

fn urls(scheme: &Scheme, good: &Request, all: &mut Vec<Broken>) {
    // Of the URL, these sign the path and the query alone.
    let whole = !["contentful", "mercado_pago"].contains(&scheme.id.as_str());
    if whole && scheme.needs_url() && matches!(scheme.sign, Method::Hmac(_)) {
        let url = good.url.clone().unwrap_or_default();
        let with_port = url.replace("hooks.example", "hooks.example:8080");
        for (what, other) in [
            ("http for https", url.replace("https:", "http:")),
            ("a slash", url.replace("/in?", "/in/?")),
        ] {
            all.push(broken("url-mismatch", what, Request { url: Some(other), ..good.clone() }));
        }
        // Twilio's library passes over the port.
        if !scheme.id.starts_with("twilio") {
            let request = Request { url: Some(with_port), ..good.clone() };
            all.push(broken("url-mismatch", "a port", request));
        }
        let proxied = url.replace("hooks.example", "10.0.0.7");
        let mut request = Request { url: Some(proxied), ..good.clone() };
        request.headers.push(("X-Forwarded-Host".into(), "hooks.example".into()));
        all.push(broken("url-mismatch", "the host behind a proxy", request.clone()));
        // The proxy took the scheme and the start of the path as well, and says so.
        request.url = Some(url.replace("https://hooks.example/in?", "http://10.0.0.7:8080/?"));
        for (name, value) in [
            ("X-Forwarded-Prefix", "/in".to_owned()),
            ("X-Original-URI", url.replace("https://hooks.example", "")),
        ] {
            let mut request = request.clone();
            request.headers.push((name.into(), value));
            all.push(broken("url-mismatch", "the path behind a proxy", request));
        }
        let longer = Some(url.replace("/in?", "/inner/in?"));
        all.push(broken("url-mismatch", "a prefix", Request { url: longer, ..good.clone() }));
        // Plivo sorts the query itself.
        if let Some((start, query)) = url.split_once('?').filter(|_| scheme.id != "plivo_v3") {
            let turned: Vec<&str> = query.split('&').rev().collect();
            let url = Some(format!("{start}?{}", turned.join("&")));
            all.push(broken("url-mismatch", "the query turned", Request { url, ..good.clone() }));
        }
    }
    if let Method::Hmac(recipe) = &scheme.sign
        && recipe.template.has(&Part::Method)
    {
        let request = Request { method: Some("PUT".into()), ..good.clone() };
        all.push(broken("method-mismatch", "another method", request));
    }
}
