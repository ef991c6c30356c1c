//! Samples whose signature, timestamp or signed fields are members of the body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::{Sample, SignError};
use crate::adapters::Adapter;
use crate::lookup;
use crate::request::Request;
use crate::scheme::{Part, Unit};

/// Adds what the scheme reads from the body beside its signature.
pub(super) fn prepare(
    sample: &Sample,
    timestamp: &str,
    request: &mut Request,
) -> Result<(), SignError> {
    let scheme = sample.scheme;
    if let Some(name) = form_part(sample) {
        // The message of such a form is base64 text; a body that is no form becomes it.
        if lookup::form(request.body(), name).is_none() {
            let payload = STANDARD.encode(sample.body);
            request.body = Some(Vec::new());
            append_field(request, name, &payload);
        }
        return Ok(());
    }
    let paths: Vec<&str> = scheme
        .templates()
        .flat_map(|template| template.parts())
        .filter_map(|part| match part {
            Part::Json(path) => Some(path.as_str()),
            _ => None,
        })
        .collect();
    let time =
        scheme.timestamp.as_ref().and_then(|field| Some((field.json.as_deref()?, field.unit)));
    let is_sns = scheme.adapter == Some(Adapter::Sns);
    if paths.is_empty() && time.is_none() && !is_sns {
        return Ok(());
    }
    let given = object(sample)?;
    let mut document = given.clone();
    if is_sns {
        add_missing(&mut document, "Type", json!("Notification"));
        add_missing(&mut document, "MessageId", json!(sample.id));
        add_missing(&mut document, "Message", json!("sample"));
        add_missing(&mut document, "SignatureVersion", json!("2"));
        let hosts = scheme.cert_url.as_ref().and_then(|field| field.hosts.first());
        let host = hosts.map(|host| host.replace('*', "us-east-1")).unwrap_or_default();
        let url = format!("https://{host}/certificate.pem");
        add_missing(&mut document, "SigningCertURL", json!(url));
    }
    for path in paths {
        let is_time = path.contains("time");
        add_missing(&mut document, path, json!(if is_time { timestamp } else { sample.id }));
    }
    if let Some((path, unit)) = time {
        // The sample is sent now, whatever time the body had.
        let number = timestamp.parse::<i64>().ok().filter(|_| unit != Unit::Iso);
        let value = number.filter(|_| path.contains("Timestamp")).map(|number| json!(number));
        set_path(&mut document, path, value.unwrap_or_else(|| json!(timestamp)));
    }
    if document == given {
        return Ok(());
    }
    request.body = Some(document.to_string().into_bytes());
    Ok(())
}

/// The form field that is the whole message, if the scheme has one.
fn form_part<'a>(sample: &'a Sample) -> Option<&'a str> {
    sample.scheme.templates().flat_map(|t| t.parts()).find_map(|part| match part {
        Part::Form(name) => Some(name.as_str()),
        _ => None,
    })
}

/// Writes signatures to a path of the JSON body, one for each element where it says `[]`.
pub(super) fn set_json(
    sample: &Sample,
    request: &mut Request,
    path: &str,
    signatures: &[String],
) -> Result<(), SignError> {
    let problem = |problem| SignError::Body { provider: sample.scheme.provider.clone(), problem };
    let mut document =
        lookup::parse(request.body()).filter(Value::is_object).ok_or_else(|| problem(NO_OBJECT))?;
    let Some((list, rest)) = path.split_once("[].") else {
        let signature = signatures.first().map(String::as_str).unwrap_or_default();
        set_path(&mut document, path, json!(signature));
        request.body = Some(document.to_string().into_bytes());
        return Ok(());
    };
    let elements = document.get_mut(list).and_then(Value::as_array_mut);
    let elements = elements.filter(|all| !all.is_empty()).ok_or_else(|| problem(NO_LIST))?;
    for (at, element) in elements.iter_mut().enumerate() {
        let signature = signatures.get(at).or(signatures.first()).cloned().unwrap_or_default();
        set_path(element, rest, json!(signature));
    }
    request.body = Some(document.to_string().into_bytes());
    Ok(())
}

const NO_OBJECT: &str = "it must be a JSON object";
const NO_LIST: &str = "it must hold the list of items that are signed";

fn object(sample: &Sample) -> Result<Value, SignError> {
    let parsed = lookup::parse(sample.body).filter(Value::is_object);
    parsed.ok_or_else(|| SignError::Body {
        provider: sample.scheme.provider.clone(),
        problem: NO_OBJECT,
    })
}

fn add_missing(document: &mut Value, path: &str, value: Value) {
    if lookup::values(document, path).is_empty() {
        set_path(document, path, value);
    }
}

/// Sets a value at a path, with the objects on the way to it.
fn set_path(document: &mut Value, path: &str, value: Value) {
    let mut at = document;
    for step in path.split('.') {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at = &mut at[step];
    }
    *at = value;
}

/// Adds a field to a form body.
pub(super) fn append_field(request: &mut Request, name: &str, value: &str) {
    let mut body = String::from_utf8_lossy(request.body()).into_owned();
    if !body.is_empty() {
        body.push('&');
    }
    let field: String =
        form_urlencoded::Serializer::new(String::new()).append_pair(name, value).finish();
    body.push_str(&field);
    request.body = Some(body.into_bytes());
    super::place::set(request, "Content-Type", "application/x-www-form-urlencoded".into());
}
