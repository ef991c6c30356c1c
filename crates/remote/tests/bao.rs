//! A field of a KV secret, in OpenBao's own server.

#![allow(clippy::unwrap_used, missing_docs, clippy::disallowed_types)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread::spawn;

use keyward_remote::destination::{Held, Place};
use keyward_remote::{Failure, Happened, Why};
use serde_json::{Value, json};
use support::bao::{Bao, ROOT};
use support::{access, secret};

/// A request as any client would make it.
fn ask(bao: &Bao, method: &str, path: &str, body: &Value) -> Value {
    let at = bao.address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(at).unwrap();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let head = format!(
        "{method} /v1/{path} HTTP/1.0\r\nHost: {at}\r\nX-Vault-Token: {ROOT}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let body = answer.split_once("\r\n\r\n").unwrap().1;
    serde_json::from_str(body).unwrap_or(Value::Null)
}

fn place(address: &str, path: &str) -> Place {
    Place::Kv {
        address: address.to_owned(),
        mount: "secret".to_owned(),
        path: path.to_owned(),
        field: "key".to_owned(),
        namespace: None,
    }
}

fn push(place: &Place, value: &str, token: &str) -> Result<(), Failure> {
    place.push(&secret(value), &access(Some(&secret(token))))
}

fn check(place: &Place, values: &[&str]) -> Result<Held, Failure> {
    let values: Vec<_> = values.iter().map(secret).collect();
    place.check(&values.iter().collect::<Vec<_>>(), &access(Some(&secret(ROOT))))
}

/// Stands before the server and lets `before` happen ahead of each write.
fn between(bao: &Bao, mut before: impl FnMut(&Bao) + Send + 'static, times: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let behind = Bao::view(bao);
    spawn(move || {
        for stream in listener.incoming().take(times) {
            let mut stream = stream.unwrap();
            let mut request = vec![0; 65536];
            let read = stream.read(&mut request).unwrap();
            if request.starts_with(b"POST") {
                before(&behind);
            }
            let at = behind.address.trim_start_matches("http://");
            let mut onward = TcpStream::connect(at).unwrap();
            onward.write_all(&request[..read]).unwrap();
            let mut answer = vec![];
            let _ = onward.read_to_end(&mut answer);
            let _ = stream.write_all(&answer);
        }
    });
    address
}

#[test]
fn one_field_of_a_kv_secret_changes_with_check_and_set() {
    let bao = Bao::start();
    let at = |path: &str| place(&bao.address, path);
    let written = json!({"data": {"key": "one", "other": "o", "n": 12345678901234567890_u64, "deep": {"a": [1, null]}}});
    ask(&bao, "POST", "secret/data/shop/stripe", &written);
    // Large numbers are rounded by the server itself.
    let before = ask(&bao, "GET", "secret/data/shop/stripe", &Value::Null);
    assert_eq!(check(&at("shop/stripe"), &["one"]), Ok(Held::Known(0)));
    push(&at("shop/stripe"), "two", ROOT).unwrap();
    let found = ask(&bao, "GET", "secret/data/shop/stripe", &Value::Null);
    let mut wanted = before["data"]["data"].clone();
    wanted["key"] = "two".into();
    assert_eq!(found["data"]["data"], wanted);
    assert_eq!(found["data"]["metadata"]["version"], 2);
    push(&at("shop/stripe"), "two", ROOT).unwrap();
    let found = ask(&bao, "GET", "secret/data/shop/stripe", &Value::Null);
    assert_eq!(found["data"]["metadata"]["version"], 2, "the same again writes nothing");
    assert_eq!(check(&at("shop/stripe"), &["one", "two"]), Ok(Held::Known(1)));
    assert_eq!(check(&at("shop/stripe"), &["one"]), Ok(Held::Other));

    // One that was never there, and one whose last version was deleted.
    assert_eq!(check(&at("new"), &["x"]), Ok(Held::Absent));
    push(&at("new"), "x", ROOT).unwrap();
    assert_eq!(check(&at("new"), &["x"]), Ok(Held::Known(0)));
    ask(&bao, "DELETE", "secret/data/new", &Value::Null);
    assert_eq!(check(&at("new"), &["x"]), Ok(Held::Absent));
    push(&at("new"), "y", ROOT).unwrap();
    assert_eq!(check(&at("new"), &["x", "y"]), Ok(Held::Known(1)));

    // Refusals say why, and none of them a value.
    let refused = push(&at("new"), "CANARY-value", "CANARY-token").unwrap_err();
    assert_eq!(refused.to_string(), "it answered 403 (permission denied)");
    assert_eq!(refused.happened, Happened::No);
    let other = Place::Kv {
        mount: "none".to_owned(),
        address: bao.address.clone(),
        path: "x".into(),
        field: "key".into(),
        namespace: None,
    };
    assert!(push(&other, "x", ROOT).is_err());
    assert!(push(&at("../sys/seal"), "x", ROOT).unwrap_err().to_string().contains("no path"));
    let binary = at("new").push(&secret(b"\xff"), &access(Some(&secret(ROOT)))).unwrap_err();
    assert!(binary.to_string().contains("not text"));
}

#[test]
fn a_write_that_came_between_is_taken_over_once_and_told_the_second_time() {
    let bao = Bao::start();
    ask(&bao, "POST", "secret/data/a", &json!({"data": {"key": "one", "other": 0}}));
    let mut number = 0;
    let once = between(
        &bao,
        move |bao| {
            number += 1;
            if number == 1 {
                ask(bao, "POST", "secret/data/a", &json!({"data": {"key": "one", "other": 1}}));
            }
        },
        4,
    );
    push(&place(&once, "a"), "two", ROOT).unwrap();
    let found = ask(&bao, "GET", "secret/data/a", &Value::Null);
    assert_eq!(found["data"]["data"], json!({"key": "two", "other": 1}));

    let mut number = 1;
    let always = between(
        &bao,
        move |bao| {
            number += 1;
            ask(bao, "POST", "secret/data/a", &json!({"data": {"key": "theirs", "other": number}}));
        },
        4,
    );
    let conflict = push(&place(&always, "a"), "three", ROOT).unwrap_err();
    assert_eq!((conflict.why, conflict.happened), (Why::Conflict, Happened::No));
    let found = ask(&bao, "GET", "secret/data/a", &Value::Null);
    assert_eq!(found["data"]["data"], json!({"key": "theirs", "other": 3}));
}
