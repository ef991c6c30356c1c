//! Keys that the user issues: made and handed out once, kept only as a hash, verified, revoked.

mod leak;
mod restore;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use keyward_issue::{Cost, HashError, KeyError, Made, is_id, is_prefix, parse};
use keyward_scan::classify;
use keyward_store::IssuedKey;
use keyward_vault::{EntryName, Secret, check_value};
use secrecy::ExposeSecret as _;

use crate::error::shown;
use crate::input::{ExpectedKey, NewIssuedKey};
use crate::view::{
    IssuedKeyHash, IssuedKeyList, IssuedKeyRow, IssuedKeyVerdict, IssuedKeyView, JSON_VERSION,
};
use crate::{Error, Keyward};

pub(crate) use restore::{IssuedPlan, changes, plan_issued, put_issued, to_backup};

/// Longest label, in bytes.
const MAX_LABEL: usize = 256;

impl Keyward {
    /// Makes a key and hands it over, once: only its Argon2id hash is kept. A key that `hand_over`
    /// could not bring to anybody is revoked at once.
    ///
    /// # Errors
    /// `FIELD_INVALID` for a prefix, label, day or cost that does not fit, `NAME_INVALID` for a place; the
    /// keychain or the disk: no key is issued then. What `hand_over` fails with.
    pub fn issue_create<T>(
        &self,
        input: &NewIssuedKey,
        hand_over: impl FnOnce(&Secret) -> Result<T, Error>,
    ) -> Result<(IssuedKeyView, T), Error> {
        let cost = match &input.cost {
            Some(text) => Cost::parse(text).map_err(|error| {
                refused(error, "Left out they are m=65536,t=3,p=4 (64 MiB, 3 passes, 4 lanes).")
            })?,
            None => Cost::default(),
        };
        let now = self.clock();
        let expires = input.expires.as_deref().map(|text| end(text, now)).transpose()?;
        let label = input.label.clone().filter(|label| !label.is_empty());
        if label.as_ref().is_some_and(|label| !good_label(label)) {
            return Err(field("The label is too long.", "At most 256 bytes of text."));
        }
        check_place(input.project.as_deref(), input.env.as_deref())?;
        let Made { id, key } = make(&input.prefix)?;
        let hash = keyward_issue::hash(&key, cost).map_err(fault)?;
        let row = IssuedKey {
            id,
            prefix: input.prefix.clone(),
            label,
            project: input.project.clone(),
            env: input.env.clone(),
            created: now,
            expires,
            revoked: None,
            verified: None,
            hash,
        };
        self.with_new(|open| {
            open.change(|tx, _| {
                // One in 2^47, and then the other key's row would be lost.
                if tx.issued_key(&row.id)?.is_some() {
                    return Err(Error::new("FAULT", "The key's id is taken.", "Try again."));
                }
                tx.put_issued_key(&row)?;
                let until = row.expires.map(|day| format!(", until {day}")).unwrap_or_default();
                let detail = format!("prefix {}{until}", row.prefix);
                Ok(((), vec![self.event("issue", &subject(&row), Some(detail))]))
            })
        })?;
        match hand_over(&key) {
            Ok(handed) => {
                let key = view(&row, self.now());
                Ok((IssuedKeyView { version: JSON_VERSION, key }, handed))
            }
            Err(mut error) => {
                self.issue_revoke(&row.id)?;
                error.message += &format!(" Key {} reached nobody, so it was revoked.", row.id);
                Err(error)
            }
        }
    }

    /// Every key that was issued, newest first.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn issue_list(&self) -> Result<IssuedKeyList, Error> {
        let mut rows = self.with(|open| open.read(|tx| Ok(tx.issued_keys()?)))?.unwrap_or_default();
        rows.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        let now = self.now();
        let keys = rows.iter().map(|row| view(row, now)).collect();
        Ok(IssuedKeyList { version: JSON_VERSION, keys })
    }

    /// One key by its id.
    ///
    /// # Errors
    /// `NOT_FOUND`, `USE_STDIN` for a whole key in the place of its id; the keychain or the disk.
    pub fn issue_find(&self, id: &str) -> Result<IssuedKeyView, Error> {
        let key = view(&self.issued(id)?, self.now());
        Ok(IssuedKeyView { version: JSON_VERSION, key })
    }

    /// Says whether a key is one that was issued here and still holds. A checksum that does not fit
    /// costs nothing; every other key costs one Argon2, known or not.
    ///
    /// # Errors
    /// `SECRET_EMPTY`, `SECRET_TOO_LARGE`; `NOT_FOUND` when the id asked about is none; the keychain or
    /// the disk. A key that is not valid is a verdict, not an error.
    pub fn issue_verify(
        &self,
        key: &Secret,
        expected: &ExpectedKey,
    ) -> Result<IssuedKeyVerdict, Error> {
        check_value(key)?;
        if let Some(id) = &expected.id {
            self.issued(id)?;
        }
        let says = |verdict: &str, message: &str| IssuedKeyVerdict {
            version: JSON_VERSION,
            verdict: verdict.to_owned(),
            message: message.to_owned(),
            key: None,
        };
        let parts = match parse(key) {
            Ok(parts) => parts,
            Err(KeyError::Form) => {
                return Ok(says(
                    "not-a-key",
                    "Not a key that was issued here: those are a prefix, `_`, and 57 letters and digits. Look for a blank or a line end too many, or a part cut off.",
                ));
            }
            Err(KeyError::Checksum) => {
                return Ok(says(
                    "mistyped",
                    "The key's checksum does not fit: it was mistyped, cut off or made up.",
                ));
            }
        };
        let read = |id: &str| self.with(|open| open.read(|tx| Ok(tx.issued_key(id)?)));
        let row = read(parts.id)?.flatten().filter(|row| row.prefix == parts.prefix);
        let fits = match &row {
            Some(row) => keyward_issue::fits(key, &row.hash).map_err(fault)?,
            // As much work as for a key that is known.
            None => keyward_issue::hash(key, Cost::default()).map(|_| false).map_err(fault)?,
        };
        let Some(row) = row.filter(|_| fits) else {
            return Ok(says(
                "unknown",
                "The key is well formed, but it was not issued from this vault.",
            ));
        };
        let asked = expected.id.as_ref().is_none_or(|id| *id == row.id)
            && expected.prefix.as_ref().is_none_or(|prefix| *prefix == row.prefix);
        let now = self.now();
        // Read again: it may have been revoked while the hash was worked out.
        let row = if asked { self.verified(&row, now)? } else { row };
        let view = view(&row, now);
        let (verdict, message) = match view.state.as_str() {
            _ if !asked => ("other", format!("This is key {}, not the one asked about.", view.id)),
            "revoked" => {
                let when = row.revoked.map(day).unwrap_or_default();
                ("revoked", format!("Key {} was revoked on {when}.", view.id))
            }
            "expired" => {
                let when = row.expires.unwrap_or_default();
                ("expired", format!("Key {} expired on {when}.", view.id))
            }
            _ => ("valid", format!("Key {} is valid.", view.id)),
        };
        Ok(IssuedKeyVerdict { key: Some(view), ..says(verdict, &message) })
    }

    /// Revokes a key, for good. A key that was revoked before stays as it is.
    ///
    /// # Errors
    /// `NOT_FOUND`, `USE_STDIN` for a whole key in the place of its id; the keychain or the disk.
    pub fn issue_revoke(&self, id: &str) -> Result<IssuedKeyView, Error> {
        self.issued(id)?;
        let row = self.with(|open| {
            open.change(|tx, _| {
                let mut row = tx.issued_key(id)?.ok_or_else(unknown)?;
                if row.revoked.is_some() {
                    return Ok((row, vec![]));
                }
                row.revoked = Some(self.clock());
                tx.put_issued_key(&row)?;
                let event = self.event("issue-revoke", &subject(&row), None);
                Ok((row, vec![event]))
            })
        })?;
        let key = view(&row.ok_or_else(unknown)?, self.now());
        Ok(IssuedKeyView { version: JSON_VERSION, key })
    }

    /// The hash line of a key, for a database of the user's own. It is recorded.
    ///
    /// # Errors
    /// As [`Keyward::issue_revoke`].
    pub fn issue_hash(&self, id: &str) -> Result<IssuedKeyHash, Error> {
        let row = self.issued(id)?;
        self.with(|open| {
            let event = self.event("issue-hash", &subject(&row), None);
            open.change(|_, _| Ok(((), vec![event])))
        })?;
        let state = view(&row, self.now()).state;
        Ok(IssuedKeyHash { version: JSON_VERSION, id: row.id, hash: row.hash, state })
    }

    /// The row of an id that was typed.
    fn issued(&self, id: &str) -> Result<IssuedKey, Error> {
        if !is_id(id) {
            return Err(match parse(&keyward_vault::secret(id.as_bytes().to_vec())) {
                Ok(parts) => Error::new(
                    "USE_STDIN",
                    format!(
                        "That is a whole key, and it is now in your shell's history. Its id is {}.",
                        parts.id
                    ),
                    format!(
                        "Revoke it with `keyward issue revoke {}`; to verify a key, pipe it in.",
                        parts.id
                    ),
                ),
                // What was typed is not said again: it may be a key with a fault in it.
                Err(_) => unknown(),
            });
        }
        self.with(|open| open.read(|tx| Ok(tx.issued_key(id)?)))?.flatten().ok_or_else(unknown)
    }

    /// The row as it is now, with the time at which it was found valid if it is. A disk that takes
    /// nothing must not change the verdict.
    fn verified(&self, row: &IssuedKey, now: Timestamp) -> Result<IssuedKey, Error> {
        let written = self.with(|open| {
            open.change(|tx, _| {
                let mut row = tx.issued_key(&row.id)?.ok_or_else(unknown)?;
                if state(&row, now) == "active" {
                    row.verified = Some(self.clock());
                    tx.put_issued_key(&row)?;
                }
                Ok((row, vec![]))
            })
        });
        match written {
            Ok(written) => written.ok_or_else(unknown),
            Err(error) if error.code.starts_with("DISK_") || error.code == "VAULT_BUSY" => {
                self.issued(&row.id)
            }
            Err(error) => Err(error),
        }
    }
}

/// The state of a key at one moment.
fn state(row: &IssuedKey, now: Timestamp) -> &'static str {
    match (row.revoked, row.expires) {
        (Some(_), _) => "revoked",
        (None, Some(end)) if day(now) >= end => "expired",
        _ => "active",
    }
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

fn view(row: &IssuedKey, now: Timestamp) -> IssuedKeyRow {
    IssuedKeyRow {
        id: row.id.clone(),
        prefix: row.prefix.clone(),
        label: row.label.clone(),
        project: row.project.clone(),
        env: row.env.clone(),
        created: row.created.to_string(),
        expires: row.expires.map(|day| day.to_string()),
        revoked: row.revoked.map(|at| at.to_string()),
        verified: row.verified.map(|at| at.to_string()),
        state: state(row, now).to_owned(),
        cost: keyward_issue::check_hash(&row.hash).map(|cost| cost.to_string()).unwrap_or_default(),
    }
}

/// What the audit record calls a key.
fn subject(row: &IssuedKey) -> String {
    format!("issued key {}", row.id)
}

/// A key with this prefix, unless it would look like another provider's.
fn make(prefix: &str) -> Result<Made, Error> {
    if !is_prefix(prefix) {
        return Err(field(
            "The prefix does not fit.",
            "2 to 32 letters, digits and single `_`, a letter first and no `_` last, such as acme_live.",
        ));
    }
    let made = keyward_issue::make(prefix)
        .map_err(|_| Error::new("FAULT", "The system gave no randomness.", "Try again."))?;
    match classify(made.key.expose_secret()) {
        None => Ok(made),
        Some(class) => Err(field(
            &format!(
                "Keys that begin with `{}_` would be taken for those of {}.",
                prefix, class.provider
            ),
            "Choose a prefix of your own: scanners report a leaked key to whom its form names.",
        )),
    }
}

/// The day from which a key is refused: `YYYY-MM-DD`, or days from today such as `90d`.
fn end(text: &str, now: Timestamp) -> Result<Date, Error> {
    let hint = "Give a day to come as YYYY-MM-DD, or 1 to 3650 days such as 90d.";
    let today = day(now);
    let date = match text.strip_suffix('d').map(str::parse::<u16>) {
        Some(Ok(days @ 1..=3650)) => today.checked_add(Span::new().days(i64::from(days))).ok(),
        Some(_) => None,
        None => text.parse().ok(),
    };
    match date {
        Some(date) if date > today => Ok(date),
        Some(_) => Err(field("The key would be expired from the start.", hint)),
        None => Err(field(&format!("`{}` is not a day.", shown(text)), hint)),
    }
}

/// Project and environment follow the rules of names; either may be missing.
fn check_place(project: Option<&str>, env: Option<&str>) -> Result<(), Error> {
    EntryName::new(project.unwrap_or("x"), env.unwrap_or("x"), "x")?;
    Ok(())
}

fn good_label(label: &str) -> bool {
    label.len() <= MAX_LABEL && !label.contains('\0')
}

fn field(what: &str, hint: &str) -> Error {
    Error::new("FIELD_INVALID", format!("{what} No key was issued."), hint)
}

fn refused(error: HashError, hint: &str) -> Error {
    field(&format!("{}.", crate::error::capital(&error.to_string())), hint)
}

fn fault(error: HashError) -> Error {
    let says = format!("{}. Nothing was changed.", crate::error::capital(&error.to_string()));
    Error::new("FAULT", says, "Free some memory, then try again.")
}

fn unknown() -> Error {
    Error::new(
        "NOT_FOUND",
        "There is no issued key with this id. Nothing was changed.",
        "`keyward issue list` shows the keys and their ids; an id has eight letters and digits.",
    )
}
