//! `providers.txt`: each call of each built-in connector is well-formed and judged right.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyward_remote::connector::{Checked, Created, connector, connectors};
use secrecy::ExposeSecret as _;

use crate::server::Server;
use crate::{ADMIN, NEW, TOKEN, VALUE, clean, parameters, secret, told, with_connector};

struct Row {
    id: String,
    call: String,
    line: String,
    header: String,
    body: String,
    status: u16,
    answer: String,
    outcome: String,
}

/// The value of a provider's form, around the canary.
fn shaped(id: &str, canary: &str, number: u8) -> String {
    match id {
        "sendgrid" => format!("SG.keyid{number}.{canary}"),
        "twilio" => format!("SK{number}:{canary}"),
        "vault-approle" => format!("role1:{canary}"),
        "paddle" => format!("pdl_live_apikey_01id_{canary}"),
        _ => canary.to_owned(),
    }
}

fn rows() -> Vec<Row> {
    let lines = include_str!("providers.txt").lines();
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let row = |line: &str| {
        let [id, call, request, header, body, answer, outcome] = line
            .splitn(7, " | ")
            .collect::<Vec<_>>()
            .try_into()
            .unwrap_or_else(|_| panic!("{line}"));
        let fill = |text: &str| {
            let text = text
                .replace("NEWSECRET", NEW)
                .replace("SECRET", VALUE)
                .replace("NEW", &shaped(id, NEW, 2))
                .replace("VALUE", &shaped(id, VALUE, 1))
                .replace("ADMIN", ADMIN)
                .replace("RUN", TOKEN)
                .replace("CRLF", "\r\n");
            match text.split_once("BASIC(") {
                Some((before, pair)) => {
                    format!("{before}{}", STANDARD.encode(pair.trim_end_matches(')')))
                }
                None => text,
            }
        };
        let (status, answer) = answer.split_once(' ').unwrap_or((answer, ""));
        Row {
            id: id.to_owned(),
            call: call.to_owned(),
            line: fill(request),
            header: fill(header),
            body: fill(body),
            status: status.parse().unwrap_or(0),
            answer: fill(answer),
            outcome: outcome.to_owned(),
        }
    };
    lines.map(row).collect()
}

fn checked(checked: &Checked) -> String {
    clean(&format!("{checked:?}"));
    let liveness = serde_json::to_value(checked.liveness).unwrap();
    let mut text = format!("{} {}", liveness.as_str().unwrap(), checked.said);
    for (name, value) in
        [("id", checked.id.clone()), ("until", checked.expires.map(|time| time.to_string()))]
    {
        text.extend(value.map(|value| format!(", {name} {value}")));
    }
    text
}

fn created(created: &Created, id: &str) -> String {
    clean(&format!("{created:?}"));
    assert_eq!(created.value.expose_secret(), shaped(id, NEW, 2).as_bytes());
    let mut text = "new".to_owned();
    for (name, value) in [
        ("id", created.id.clone()),
        ("until", created.expires.map(|time| time.to_string())),
        ("old until", created.old_until.map(|time| time.to_string())),
    ] {
        text.extend(value.map(|value| format!(", {name} {value}")));
    }
    text
}

/// Makes the call of a row and says what came of it.
fn made(row: &Row, url: &str) -> String {
    let known = connector(&row.id).unwrap();
    let mut given = parameters();
    if row.id.starts_with("twilio") {
        given.insert("account".to_owned(), "AC1".to_owned());
    }
    match row.id.as_str() {
        "supabase" => given.insert("project".to_owned(), "ref1".to_owned()),
        "mailgun" => given.insert("role".to_owned(), "developer".to_owned()),
        _ => None,
    };
    if row.id == "mailgun" {
        given.remove("domain");
    }
    let value = secret(&shaped(&row.id, VALUE, 1));
    let new = secret(&shaped(&row.id, NEW, 2));
    let (call, rest) = row.call.split_once(' ').unwrap_or((&row.call, ""));
    let id = rest.strip_prefix("id=").map(|rest| rest.split(' ').next().unwrap());
    with_connector(known, Some(url), &given, |account| {
        let done = |result: Result<(), _>| match result {
            Ok(()) => "done".to_owned(),
            Err(failure) => told(&failure),
        };
        match call {
            "check" => match account.check(&value) {
                Ok(said) => checked(&said),
                Err(failure) => told(&failure),
            },
            "create" => match account.create(&value, TOKEN) {
                Ok(new) => created(&new, &row.id),
                Err(failure) => told(&failure),
            },
            "made" => match account.made(&value, TOKEN) {
                Ok(ids) => format!("[{}]", ids.join(", ")),
                Err(failure) => told(&failure),
            },
            "promote" => done(account.promote(&value, &new)),
            "revoke" => {
                let doomed = if rest == "other" { &new } else { &value };
                let doomed = Some(doomed).filter(|_| !rest.ends_with(" alone"));
                done(account.revoke(&value, doomed, id))
            }
            other => panic!("{other}"),
        }
    })
}

#[test]
fn every_call_is_well_formed_and_its_answer_judged() {
    for row in rows() {
        let (status, text) = (row.status, row.answer.clone());
        // Where a call needs the provider's id, the check that tells it comes first.
        let first = row.call.strip_prefix("create id=").map(|id| {
            let body = format!(r#"{{"result":{{"id":"{id}","status":"active"}}}}"#);
            crate::server::answer(200, &body)
        });
        let begins = usize::from(first.is_some());
        let server = Server::start(move |_, count| match &first {
            Some(first) if count == 0 => first.clone(),
            _ => crate::server::answer(status, &text),
        });
        let outcome = made(&row, &server.url);
        let shown = format!("{} | {} | {}", row.id, row.call, row.answer);
        assert_eq!(outcome, row.outcome, "{shown}");
        let seen = server.seen();
        if row.line == "-" {
            assert!(seen.is_empty(), "{shown}");
            continue;
        }
        assert_eq!(seen.len(), begins + 1, "{shown}: {seen:?}");
        let seen = &seen[begins];
        assert_eq!(seen.line, row.line, "{shown}");
        clean(&seen.line);
        let has = row.header == "-" || seen.headers.contains(&row.header);
        assert!(has, "{shown}: {:?}", seen.headers);
        assert!(row.body == "-" || seen.body.contains(&row.body), "{shown}: {}", seen.body);
        // Where a body has to be JSON, it is.
        if seen.headers.iter().any(|line| line == "Content-Type: application/json") {
            serde_json::from_str::<serde_json::Value>(&seen.body).unwrap();
        }
        assert!(seen.headers.iter().any(|line| line.starts_with("User-Agent: keyward/")));
        // A call that nobody signs shows no credential in its head.
        if !seen.headers.iter().any(|line| line.starts_with("Authorization")) {
            let tokens = seen.headers.iter().filter(|line| line.contains("Canary")).count();
            assert!(tokens <= 2, "{shown}: {:?}", seen.headers);
        }
    }
}

#[test]
fn every_call_of_every_connector_is_in_the_table() {
    let mut seen: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows() {
        let call = row.call.split(' ').next().unwrap().to_owned();
        let outcome = row.outcome.split(' ').next().unwrap().trim_end_matches(',').to_owned();
        let calls = seen.entry(row.id).or_default();
        calls.insert(if call == "check" { format!("check {outcome}") } else { call });
    }
    // Those whose calls are code have tests of their own.
    let by_code = ["aws", "google-service-account"];
    for connector in connectors().iter().filter(|known| !by_code.contains(&known.id.as_str())) {
        let calls = seen.remove(&connector.id).unwrap_or_default();
        let can = connector.can;
        for (can, call) in [
            (can.check, "check alive"),
            (can.check, "check dead"),
            (can.create, "create"),
            (can.find, "made"),
            (can.revoke, "revoke"),
            (can.promote, "promote"),
        ] {
            assert_eq!(calls.contains(call), can, "{}: {call}", connector.id);
        }
    }
    assert!(seen.is_empty(), "{seen:?}");
}
