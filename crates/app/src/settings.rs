//! What the user may set.

use keyward_rotation::QuietHours;
use keyward_store::Tx;
use serde_json::Value;

use crate::error::shown;
use crate::view::Settings;
use crate::{Error, Keyward};

const KEY: &str = "settings";

/// Reads the settings; the defaults where none were saved.
pub(crate) fn read(tx: &Tx<'_>) -> Result<Settings, Error> {
    let text = tx.meta(KEY)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// The hours in which nothing is shown, if there are any.
pub(crate) fn quiet(settings: &Settings) -> Option<QuietHours> {
    settings.quiet_hours.parse().ok()
}

impl Keyward {
    /// The settings in force.
    ///
    /// # Errors
    /// The keychain or the disk. No vault has the defaults.
    pub fn settings(&self) -> Result<Settings, Error> {
        Ok(self.with(|open| open.read(read))?.unwrap_or_default())
    }

    /// Saves the settings.
    ///
    /// # Errors
    /// `FIELD_INVALID` for a value out of its range; nothing is saved then.
    pub fn save_settings(&self, settings: &Settings) -> Result<Settings, Error> {
        let fits = (1..=3650).contains(&settings.rotate_days)
            && settings.lead_days <= 365
            && (5..=600).contains(&settings.clear_after)
            && [0, 1, 5, 15, 60].contains(&settings.lock_after)
            && ["system", "light", "dark"].contains(&settings.theme.as_str())
            && (settings.quiet_hours.is_empty() || quiet(settings).is_some());
        if !fits {
            return Err(Error::new(
                "FIELD_INVALID",
                "A setting is out of its range. Nothing was changed.",
                "Rotate every 1 to 3650 days, remind 0 to 365 days before, clear the clipboard after 5 to 600 seconds, lock after 1, 5, 15 or 60 minutes or never (0); the theme is system, light or dark; quiet hours are two times such as 22:00-08:00.",
            ));
        }
        self.with_new(|open| {
            open.change(|tx, _| {
                if read(tx)? == *settings {
                    return Ok(((), vec![]));
                }
                let text = serde_json::to_string(settings)
                    .map_err(|_| Error::new("FAULT", "The settings cannot be written.", ""))?;
                tx.put_meta(KEY, &text)?;
                Ok(((), vec![self.event("settings", "vault", None)]))
            })
        })?;
        self.settings()
    }

    /// Saves one setting by its name, given as text: a number, `on` or `off`, or a word; `none` is
    /// an empty one. `-` and `_` are the same in a name.
    ///
    /// # Errors
    /// `NOT_FOUND` for a name that is none, `FIELD_INVALID` for a value that does not fit; nothing is
    /// saved then.
    pub fn set_setting(&self, key: &str, text: &str) -> Result<Settings, Error> {
        let key = setting_key(key);
        let mut all = fields(&self.settings()?);
        let misfit = |what: &str| {
            let message = format!("`{}` does not fit `{key}`. Nothing was changed.", shown(text));
            Err(Error::new("FIELD_INVALID", message, format!("It takes {what}.")))
        };
        let value = match all.get(&key) {
            None => return Err(no_setting(&key, &all)),
            Some(Value::Bool(_)) => match text {
                "on" | "true" | "yes" => Value::Bool(true),
                "off" | "false" | "no" => Value::Bool(false),
                _ => return misfit("`on` or `off`"),
            },
            Some(Value::Number(_)) => match text.parse::<u32>() {
                Ok(number) => Value::from(number),
                Err(_) => return misfit("a whole number"),
            },
            Some(_) if text == "none" => Value::from(""),
            Some(_) => Value::from(text),
        };
        all.insert(key, value);
        let settings = serde_json::from_value(Value::Object(all))
            .map_err(|_| Error::new("FAULT", "The settings cannot be read.", ""))?;
        self.save_settings(&settings)
    }

    /// One setting by its name.
    ///
    /// # Errors
    /// `NOT_FOUND` for a name that is none; the keychain or the disk.
    pub fn setting(&self, key: &str) -> Result<(String, Value), Error> {
        let key = setting_key(key);
        let mut all = fields(&self.settings()?);
        match all.remove(&key) {
            Some(value) => Ok((key, value)),
            None => Err(no_setting(&key, &all)),
        }
    }
}

fn setting_key(text: &str) -> String {
    text.replace('-', "_")
}

fn fields(settings: &Settings) -> serde_json::Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    }
}

fn no_setting(key: &str, all: &serde_json::Map<String, Value>) -> Error {
    let known: Vec<&str> = all.keys().map(String::as_str).collect();
    Error::new(
        "NOT_FOUND",
        format!("There is no setting `{}`.", shown(key)),
        format!("The settings are {}.", known.join(", ")),
    )
}
