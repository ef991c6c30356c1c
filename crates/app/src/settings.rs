//! What the user may set.

use keyward_store::Tx;

use crate::view::Settings;
use crate::{Error, Keyward};

const KEY: &str = "settings";

/// Reads the settings; the defaults where none were saved.
pub(crate) fn read(tx: &Tx<'_>) -> Result<Settings, Error> {
    let text = tx.meta(KEY)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
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
            && ["system", "light", "dark"].contains(&settings.theme.as_str());
        if !fits {
            return Err(Error::new(
                "FIELD_INVALID",
                "A setting is out of its range. Nothing was changed.",
                "Rotate every 1 to 3650 days, remind 0 to 365 days before, clear the clipboard after 5 to 600 seconds, lock after 1, 5, 15 or 60 minutes or never (0).",
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
}
