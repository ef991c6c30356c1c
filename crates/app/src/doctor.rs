//! Is everything well? What the doctor looks at, and the window's status line.

use crate::session::KeychainKind;
use crate::view::{Check, Doctor, JSON_VERSION, KeychainStatus, Status};
use crate::{Error, Keyward, surroundings};

impl Keyward {
    /// Looks at data folder, keychain, database, values, audit record and backups, each on its
    /// own, so that one fault does not hide another.
    #[must_use]
    pub fn doctor(&self) -> Doctor {
        let mut checks = vec![self.check_keychain()];
        checks.push(self.check_vault());
        if checks.iter().all(|check| check.ok) {
            checks.push(self.check_values());
            checks.push(self.check_lock());
            checks.push(self.check_audit());
            checks.push(self.check_backup());
            checks.push(self.check_drill());
        }
        checks.push(self.check_reminders());
        checks.extend(self.check_extras());
        let notices = self.notices().into_iter();
        checks.extend(notices.map(|notice| warning("notice", notice.code, notice.message)));
        Doctor { version: JSON_VERSION, ok: checks.iter().all(|check| check.ok), checks }
    }

    /// The window's status line.
    ///
    /// # Errors
    /// The disk. A keychain that does not answer is part of the status.
    pub fn status(&self) -> Result<Status, Error> {
        let check = self.check_keychain();
        let kind: &str = self.config.keychain.into();
        let vault = self.vault_exists().unwrap_or(true);
        // Asked often and unasked, so it must never make the keychain ask the user: only a vault
        // that is open already says when its last backup was.
        let (last_backup, last_drill) = if self.is_open() {
            let list = self.backups()?;
            let newest = list.backups.into_iter().next();
            (newest.map(|backup| backup.created), list.drill.map(|drill| drill.at))
        } else {
            (None, None)
        };
        Ok(Status {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            vault,
            keychain: KeychainStatus {
                kind: kind.to_owned(),
                ok: check.ok,
                code: check.code,
                message: check.message,
                hint: check.hint,
            },
            last_backup,
            last_drill,
            home: self.config.home.display().to_string(),
        })
    }

    fn check_keychain(&self) -> Check {
        match self.keychain_answers() {
            Ok(kind) => well(
                "keychain",
                match kind {
                    "file" => "The encrypted keychain file opens.".to_owned(),
                    "memory" => "Values are in memory only and end with this process.".to_owned(),
                    _ => format!("{} answers.", platform_keychain()),
                },
            ),
            Err(mut error) => {
                if error.code.starts_with("KC_") {
                    let absent = ["KC_NO_BUS", "KC_NO_SERVICE"].contains(&error.code.as_str());
                    for place in surroundings::describe(absent) {
                        error.hint = format!("{} {place}", error.hint);
                    }
                }
                ill("keychain", error)
            }
        }
    }

    /// Items of other programs that match the account of one of ours. Those of ours are used; the
    /// others only confuse.
    fn check_extras(&self) -> Option<Check> {
        let extras = self.with(|open| Ok(open.vault.extras())).ok().flatten()?;
        if extras.is_empty() {
            return None;
        }
        let mut check = warning(
            "extras",
            "KC_AMBIGUOUS",
            format!(
                "Another program keeps items under accounts of ours (service `keyward`): {}. Keyward uses its own.",
                extras.join(", ")
            ),
        );
        check.hint = Some(
            "Remove the other one in the system's keychain tool; it has attributes beyond service and username.".to_owned(),
        );
        Some(check)
    }

    fn check_vault(&self) -> Check {
        let home = self.config.home.display();
        match self.vault_exists() {
            Ok(false) => match self.with(|_| Ok(())) {
                Ok(_) => well(
                    "vault",
                    "There is no vault yet; the first `add` or `import` makes it.".to_owned(),
                ),
                Err(error) => ill("vault", error),
            },
            Ok(true) => match self.with(|open| {
                open.store.check()?;
                open.read(|tx| Ok(tx.entries(false)?.len()))
            }) {
                Ok(count) => {
                    let count = count.unwrap_or(0);
                    let place = match self.config.keychain {
                        KeychainKind::Memory => "memory".to_owned(),
                        _ => home.to_string(),
                    };
                    well("vault", format!("{count} entries, every row under its seal, in {place}."))
                }
                Err(error) => ill("vault", error),
            },
            Err(error) => ill("vault", error),
        }
    }

    fn check_values(&self) -> Check {
        let read = self.with(|open| {
            let versions = open.read(|tx| Ok(tx.all_versions()?))?;
            Ok(self.values_unasked(open, &versions)?.len())
        });
        match read {
            Err(error) if error.code == "VAULT_LOCKED" => well(
                "values",
                "The values are sealed under the passphrase; unlock to have them checked."
                    .to_owned(),
            ),
            Ok(count) => {
                let count = count.unwrap_or(0);
                well("values", format!("{count} values are in the keychain as they were stored."))
            }
            Err(error) => ill("values", error),
        }
    }

    fn check_lock(&self) -> Check {
        let behind = |count: u32| {
            Error::new(
                "LOCK_UNFINISHED",
                format!(
                    "Setting or removing the passphrase was cut off; {count} values have not followed. None is lost."
                ),
                "`keyward unlock` with the passphrase finishes it.",
            )
        };
        match self.lock_status() {
            Ok(status) if status.behind > 0 => ill("lock", behind(status.behind)),
            Ok(status) if !status.passphrase => well(
                "lock",
                "There is no passphrase; whoever opens the keychain has the values.".to_owned(),
            ),
            Ok(status) if status.locked => {
                well("lock", "There is a passphrase, and the vault is locked.".to_owned())
            }
            Ok(status) => well(
                "lock",
                match status.unlocked_for {
                    Some(seconds) => format!(
                        "There is a passphrase; the vault is unlocked for {} more.",
                        crate::spoken(seconds)
                    ),
                    None => "There is a passphrase, and the vault is unlocked.".to_owned(),
                },
            ),
            Err(error) => ill("lock", error),
        }
    }

    fn check_audit(&self) -> Check {
        match self.audit_verify(None) {
            Ok(verdict) if verdict.ok => well("audit", verdict.message),
            Ok(verdict) => ill(
                "audit",
                Error::new(
                    "AUDIT_BROKEN",
                    verdict.message,
                    "Compare with a head you kept elsewhere; `keyward audit verify` tells the row.",
                ),
            ),
            Err(error) => ill("audit", error),
        }
    }

    fn check_backup(&self) -> Check {
        match self.backups() {
            Ok(list) => match list.backups.iter().find(|backup| backup.present) {
                Some(backup) => {
                    well("backup", format!("The last backup is of {}.", &backup.created))
                }
                None => well(
                    "backup",
                    "There is no backup yet; `keyward backup create` makes one.".to_owned(),
                ),
            },
            Err(error) => ill("backup", error),
        }
    }

    /// A late drill is a reminder and no fault.
    fn check_drill(&self) -> Check {
        match self.backups() {
            Ok(list) => match (list.drill_due, list.drill) {
                (Some(text), _) => reminded("drill", text, "`keyward backup drill` rehearses one."),
                (None, Some(drill)) => well(
                    "drill",
                    format!("A restore was rehearsed on {}; everything came back.", &drill.at),
                ),
                (None, None) => well("drill", "There is nothing to rehearse yet.".to_owned()),
            },
            Err(error) => ill("drill", error),
        }
    }
}

/// A check that passed and has something to suggest.
fn reminded(id: &str, message: String, hint: &str) -> Check {
    Check { hint: Some(hint.to_owned()), ..well(id, message) }
}

fn well(id: &str, message: String) -> Check {
    Check { id: id.to_owned(), ok: true, code: None, message, hint: None }
}

/// Not as it should be, and nothing stops for it.
fn warning(id: &str, code: &str, message: String) -> Check {
    Check { id: id.to_owned(), ok: true, code: Some(code.to_owned()), message, hint: None }
}

fn ill(id: &str, error: Error) -> Check {
    Check {
        id: id.to_owned(),
        ok: false,
        code: Some(error.code),
        message: error.message,
        hint: Some(error.hint),
    }
}

fn platform_keychain() -> &'static str {
    if cfg!(target_os = "macos") {
        "The login keychain"
    } else if cfg!(windows) {
        "The Credential Manager"
    } else {
        "The Secret Service"
    }
}
