//! What opening a vault looks at beside its key: whether an older database was put back, whether
//! the clock was, and what waits to be recorded; and which vault the keychain remembers for a data
//! folder.

use std::path::Path;

use jiff::SignedDuration;
use keyward_audit::{Event, Head};
use keyward_store::Store;
use keyward_vault::{Keychain, Vault};
use sha2::{Digest as _, Sha256};

use crate::session::{KeychainKind, Open};
use crate::{Error, Keyward};

/// How far the clock may stand before the last record without a word.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_hours(24);

/// What an open vault carries from its opening to its next change.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// Events that could not be written when they happened.
    pub(crate) deferred: Vec<Event>,
    /// The anchor that knew more than the database did.
    pub(crate) rolled_back: Option<Event>,
}

impl Keyward {
    /// The keychain account that remembers which vault this data folder has.
    pub(crate) fn home_account(&self) -> Option<String> {
        match self.config.keychain {
            KeychainKind::Memory => return None,
            // It lies in the folder itself.
            KeychainKind::File => return Some("home".to_owned()),
            KeychainKind::Os => {}
        }
        let home = &self.config.home;
        let home = std::fs::canonicalize(home).unwrap_or_else(|_| home.clone());
        let digest = Sha256::digest(home.as_os_str().as_encoded_bytes());
        Some(format!("home/{}", hex::encode(&digest[..16])))
    }

    /// What is left of a vault without a database is no first run: a keychain file, or a vault
    /// that the operating system's keychain remembers for this folder. A restore may begin anew
    /// there; so may anything in a folder that was emptied as a whole, which is told.
    pub(crate) fn refuse_orphans(&self) -> Result<(), Error> {
        let gone = "The vault's database is gone";
        match self.config.keychain {
            KeychainKind::File if self.config.home.join("keychain.sealed").exists() => {
                Err(Error::new(
                    "VAULT_MISSING",
                    format!("{gone}; its keychain file is still here. Nothing was changed."),
                    "Put `keyward.db` back, or restore a backup into a new KEYWARD_HOME.",
                ))
            }
            KeychainKind::Os if !self.begins_anew() => {
                let Some(account) = self.home_account() else { return Ok(()) };
                match Vault::of_home(&*self.keychain()?, &account)? {
                    None => Ok(()),
                    Some(_) if is_empty(&self.config.home) => {
                        self.notice(
                            "VAULT_MISSING",
                            "This data folder is empty, and the keychain still has the keys of a vault that was here. If it is not you who emptied it, restore a backup with `keyward backup restore`.",
                        );
                        Ok(())
                    }
                    Some(_) => Err(Error::new(
                        "VAULT_MISSING",
                        format!("{gone}; the keychain still has its keys. Nothing was changed."),
                        format!(
                            "Put `keyward.db` back, or restore a backup with `keyward backup restore`. To begin anew here instead, remove the keychain item `{account}` of the service `keyward`, or use another KEYWARD_HOME."
                        ),
                    )),
                }
            }
            _ => Ok(()),
        }
    }

    /// Names a keychain file's error by what its earlier states say: where one of them opens, the
    /// passphrase is right and the file is not.
    pub(crate) fn with_generation(&self, keychain: &dyn Keychain, error: Error) -> Error {
        let about_the_file =
            ["VAULT_WRONG_PASSPHRASE", "VAULT_DAMAGED", "VAULT_EMPTY", "VAULT_NOT_OURS"];
        if self.config.keychain != KeychainKind::File
            || !about_the_file.contains(&error.code.as_str())
        {
            return error;
        }
        let Some(path) = keychain.good_generation() else { return error };
        let (code, message) = match error.code.as_str() {
            "VAULT_WRONG_PASSPHRASE" => {
                ("VAULT_DAMAGED", "The keychain file is damaged. Nothing was changed.".to_owned())
            }
            _ => (error.code.as_str(), error.message.clone()),
        };
        Error::new(
            code,
            message,
            format!(
                "An earlier state of it opens: put `{}` in the place of `keychain.sealed`. Values added since then come from a backup.",
                path.display()
            ),
        )
    }

    /// Compares what was opened with what the keychain and the last record know.
    pub(crate) fn look_back(&self, store: &mut Store, vault: &Vault) -> Waiting {
        let mut waiting = Waiting::default();
        if let Some(text) = &vault.beside().deferred {
            waiting.deferred = serde_json::from_str(text).unwrap_or_default();
        }
        // A record that cannot be read says so where it is needed.
        let Ok(last) = store.read(vault.row_key(), |tx| tx.last_audit()) else {
            return waiting;
        };
        let anchor = vault.beside().anchor.as_deref();
        let seq = last.as_ref().map_or(0, |row| row.seq);
        if let Some(Ok(anchor)) = anchor.map(str::parse::<Head>) {
            let other =
                last.as_ref().is_some_and(|row| row.seq == anchor.seq && row.mac != anchor.mac);
            if seq < anchor.seq || other {
                self.notice(
                    "VAULT_ROLLBACK",
                    format!(
                        "The database is older than the keychain knows: its record ends at row {seq}, and row {} was written. Changes since then are missing. If you did not put it back yourself, look at `keyward audit verify` and the newest backup.",
                        anchor.seq
                    ),
                );
                let detail = format!("the record ended at row {seq}; the anchor was {anchor}");
                waiting.rolled_back = Some(self.event("rollback", "vault", Some(detail)));
            }
        }
        let recorded = last.as_ref().and_then(Event::of).map(|event| event.at);
        let now = self.clock();
        if let Some(at) = recorded.filter(|at| at.duration_since(now) > CLOCK_SLACK) {
            self.notice(
                "CLOCK_MOVED",
                format!(
                    "The clock says {}, and the last record is of {}. Ages and due dates follow the clock; set it right.",
                    now.strftime("%Y-%m-%d"),
                    at.strftime("%Y-%m-%d")
                ),
            );
        }
        waiting
    }

    /// Commits a record of something that is allowed although it cannot be recorded now: the
    /// events wait in the keychain for the next change.
    ///
    /// # Errors
    /// Those of the change, unless the disk took none of it.
    pub(crate) fn record_or_defer(&self, open: &mut Open, event: &Event) -> Result<(), Error> {
        let Err(error) = open.change(|_, _| Ok(((), vec![event.clone()]))) else {
            return Ok(());
        };
        if !error.code.starts_with("DISK_") {
            return Err(error);
        }
        let kept = open.defer(event.clone());
        let what = error.message.trim_end_matches(" Nothing was changed.");
        let then = if kept {
            "This is recorded with the next change."
        } else {
            "Neither database nor keychain takes a record of this now."
        };
        self.notice("AUDIT_DEFERRED", format!("{what} {then}"));
        Ok(())
    }
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).map_or(true, |mut files| files.next().is_none())
}
