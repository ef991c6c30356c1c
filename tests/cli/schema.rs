//! As much of JSON Schema (draft 4) as the schema of SARIF uses. A keyword it does not know is a fault, so
//! that nothing is passed over in silence.

use serde_json::Value;

/// Everything that is wrong, each with where.
pub fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = vec![];
    check(schema, schema, value, "$", &mut faults);
    faults
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    let holds = |schema: &Value| {
        let mut inner = vec![];
        check(root, schema, value, at, &mut inner);
        inner.is_empty()
    };
    for (keyword, wanted) in schema.as_object().unwrap() {
        let good = match keyword.as_str() {
            "$schema" | "$comment" | "id" | "title" | "description" | "default" | "definitions" => {
                true
            }
            "$ref" => {
                let place = wanted.as_str().unwrap().strip_prefix('#').unwrap();
                check(root, root.pointer(place).unwrap(), value, at, faults);
                true
            }
            "type" => match wanted {
                Value::Array(types) => types.iter().any(|one| is_type(value, one)),
                one => is_type(value, one),
            },
            "enum" => wanted.as_array().unwrap().contains(value),
            "anyOf" => wanted.as_array().unwrap().iter().any(holds),
            "oneOf" => wanted.as_array().unwrap().iter().filter(|one| holds(one)).count() == 1,
            "minimum" => value.as_f64().is_none_or(|number| number >= wanted.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= wanted.as_f64().unwrap()),
            "minItems" => {
                value.as_array().is_none_or(|list| list.len() as u64 >= wanted.as_u64().unwrap())
            }
            "uniqueItems" => value.as_array().is_none_or(|list| {
                list.iter().enumerate().all(|(index, one)| !list[..index].contains(one))
            }),
            "pattern" => value.as_str().is_none_or(|text| matches(wanted.as_str().unwrap(), text)),
            "format" => value.as_str().is_none_or(|text| is_format(text, wanted.as_str().unwrap())),
            "required" => value.as_object().is_none_or(|fields| {
                wanted
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|name| fields.contains_key(name.as_str().unwrap()))
            }),
            "items" => {
                for (index, one) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, wanted, one, &format!("{at}[{index}]"), faults);
                }
                true
            }
            "properties" => {
                for (name, one) in value.as_object().into_iter().flatten() {
                    if let Some(schema) = wanted.get(name) {
                        check(root, schema, one, &format!("{at}.{name}"), faults);
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = schema.get("properties");
                let more = value.as_object().into_iter().flatten();
                for (name, one) in
                    more.filter(|(name, _)| known.and_then(|known| known.get(name)).is_none())
                {
                    match wanted {
                        Value::Bool(true) => {}
                        Value::Bool(false) => faults.push(format!("{at}: `{name}` is not known")),
                        schema => check(root, schema, one, &format!("{at}.{name}"), faults),
                    }
                }
                true
            }
            other => panic!("the schema says `{other}`, which is not checked here"),
        };
        if !good {
            faults.push(format!("{at}: {keyword} {wanted} does not hold for {value:.200}"));
        }
    }
}

fn is_type(value: &Value, wanted: &Value) -> bool {
    match wanted.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("type {other}"),
    }
}

fn is_format(text: &str, wanted: &str) -> bool {
    let uri = text.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b));
    match wanted {
        "uri" => uri && text.contains(':'),
        "uri-reference" => {
            let escaped = text.split('%').skip(1).all(|rest| {
                rest.len() >= 2 && rest.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit)
            });
            uri && escaped && !text.split('/').next().unwrap().contains(':')
        }
        "date-time" => text.len() >= 20 && text.contains('T') && text.ends_with('Z'),
        other => panic!("format {other}"),
    }
}

/// The patterns that a log of ours can meet; others must not be met.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        "^[0-9]+(\\.[0-9]+){3}$" => text.split('.').count() == 4,
        "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$" | "^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}?$" => {
            text.len() == 2 || text.len() == 5
        }
        other => panic!("`{text}` is to match {other}, which is not checked here"),
    }
}

#[test]
fn the_check_itself_finds_faults() {
    let schema: Value =
        serde_json::from_str(include_str!("../fixtures/sarif-schema-2.1.0.json")).unwrap();
    let good = serde_json::json!({
        "version": "2.1.0",
        "runs": [{ "tool": { "driver": { "name": "x" } }, "results": [{ "message": { "text": "t" } }] }],
    });
    assert_eq!(faults(&schema, &good), Vec::<String>::new());
    for (place, bad) in [
        ("/version", serde_json::json!("2.2.0")),
        ("/runs", serde_json::json!({})),
        ("/runs/0/results/0/message", serde_json::json!({})),
        ("/runs/0/results/0", serde_json::json!({ "message": { "text": "t" }, "levl": "note" })),
        ("/runs/0/results/0", serde_json::json!({ "message": { "text": "t" }, "level": "bad" })),
        ("/runs/0/results/0", serde_json::json!({ "message": { "text": "t" }, "ruleIndex": -2 })),
        ("/runs/0/tool/driver", serde_json::json!({})),
        ("/runs/0/tool/driver/name", serde_json::json!(1)),
    ] {
        let mut log = good.clone();
        *log.pointer_mut(place).unwrap() = bad;
        assert_ne!(faults(&schema, &log), Vec::<String>::new(), "{place}");
    }
}
