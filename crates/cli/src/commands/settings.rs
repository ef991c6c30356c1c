//! `keyward settings`: the same settings as the window's.

use std::fmt::Write as _;

use keyward_app::Error;
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::printer::safe;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this setting
    key: Option<String>,
    /// Set it to this: a number, on or off, a word; none empties it
    value: Option<String>,
}

pub fn run(args: &Args, context: &Context<'_>) -> Result<u8, Error> {
    let keyward = context.keyward()?;
    if let (Some(key), Some(value)) = (&args.key, &args.value) {
        keyward.set_setting(key, value)?;
    }
    let settings = match &args.key {
        Some(key) => {
            let (key, value) = keyward.setting(key)?;
            Value::Object(Map::from_iter([(key, value)]))
        }
        None => json!(keyward.settings()?),
    };
    let document = json!({ "version": 1, "settings": settings });
    context.printer.result(&document, |document| {
        let mut out = String::new();
        for (key, value) in document["settings"].as_object().into_iter().flatten() {
            let _ = writeln!(out, "{key:<12}  {}", safe(&words(value)));
        }
        out
    });
    Ok(0)
}

/// A value as it is typed.
fn words(value: &Value) -> String {
    match value {
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        Value::String(text) if text.is_empty() => "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
