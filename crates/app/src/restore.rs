//! Restores: everything is decrypted and checked before anything is applied, and what is applied
//! is one transaction.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use keyward_backup::{self as backup, Document, MAX_WORK_FACTOR, Opener};
use keyward_store::{Entry, Version};
use keyward_vault::{EntryName, Secret, Staged, check_value, new_id};
use secrecy::ExposeSecret;

use crate::backup::{Key, prove, to_backup};
use crate::entries::label;
use crate::snapshot::Snapshot;
use crate::view::{JSON_VERSION, RestoreChange, RestoreReport};
use crate::{Error, Keyward};

/// What a restore does with entries that are in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Merge {
    /// Leaves them as they are.
    Skip,
    /// Takes over those that are newer in the backup.
    #[default]
    Newer,
    /// Takes over all that differ.
    Overwrite,
}

impl Merge {
    /// Reads the flag's word.
    ///
    /// # Errors
    /// `USAGE` for another word.
    pub fn parse(word: &str) -> Result<Self, Error> {
        match word {
            "skip" => Ok(Self::Skip),
            "newer" => Ok(Self::Newer),
            "overwrite" => Ok(Self::Overwrite),
            _ => Err(Error::new(
                "USAGE",
                "The merge mode is not known.",
                "One of skip, newer, overwrite.",
            )),
        }
    }
}

/// Versions to write, each with its staged value if that is new here.
type Restored = Vec<(Version, Option<Staged>)>;

/// One entry of a backup beside what the vault has.
struct Planned<'a> {
    from: &'a backup::Entry,
    name: EntryName,
    /// The vault's entry of the same id, or else of the same name.
    here: Option<Entry>,
    change: &'static str,
    note: Option<String>,
    apply: bool,
}

impl Keyward {
    /// Restores a backup: everything is decrypted and checked before anything is applied, the
    /// vault is backed up first under the same key, and the rows change in one transaction. With
    /// `dry_run` only the preview is made. Into an empty data folder it makes the vault.
    ///
    /// # Errors
    /// What is wrong with the file or the key, the keychain, the disk. Nothing is changed then.
    pub fn restore(
        &self,
        path: &Path,
        key: &Key,
        merge: Merge,
        dry_run: bool,
        max_work_factor: Option<u8>,
    ) -> Result<RestoreReport, Error> {
        let opener = key.opener()?;
        let mut document = backup::read(path, &opener, max_work_factor.unwrap_or(MAX_WORK_FACTOR))?;
        let names = check_entries(&document)?;
        let seen = self.with(|open| {
            let proved = prove(open, &mut document)?;
            let snapshot = open.read(Snapshot::read)?;
            Ok((proved, snapshot))
        })?;
        let (proved, had_vault) = match &seen {
            Some((proved, _)) => (*proved, true),
            None => (None, false),
        };
        let print = |value: &Secret| {
            self.with(|open| Ok(open.vault.keys().fingerprint(value.expose_secret())))
        };
        let mut planned = vec![];
        for (from, name) in document.entries.iter().zip(names) {
            let snapshot = seen.as_ref().map(|(_, snapshot)| snapshot);
            planned.push(plan(from, name, snapshot, merge, &print)?);
        }
        let report = restore_report(&planned, proved, !dry_run);
        let changes = planned.iter().any(|one| one.apply);
        if dry_run || (!changes && had_vault) {
            return Ok(report);
        }
        if had_vault {
            self.back_up_before(&opener)?;
        }
        self.apply(&planned, &document)?;
        Ok(report)
    }

    /// The backup that every restore into a filled vault begins with.
    fn back_up_before(&self, opener: &Opener) -> Result<(), Error> {
        let folder = self.config.home.join("before-restore");
        std::fs::create_dir_all(&folder)
            .map_err(|error| crate::error::io(&error, "the folder for the backup before"))?;
        let name = format!("{}.age", self.clock().strftime("%Y-%m-%dT%H-%M-%SZ"));
        if let Some(document) = self.with(|open| self.document(open))? {
            backup::write(&folder.join(name), &document, &opener.lock(), false, false)?;
        }
        Ok(())
    }

    /// Puts the planned entries in: all values into the keychain first, then all rows at once.
    fn apply(&self, planned: &[Planned<'_>], document: &Document) -> Result<(), Error> {
        self.with_new(|open| {
            let now = self.clock();
            let snapshot = open.read(Snapshot::read)?;
            let mut rows: Vec<(Entry, Restored)> = vec![];
            for one in planned.iter().filter(|one| one.apply) {
                let entry = self.restored_entry(one)?;
                let mut known = snapshot.versions(&entry).to_vec();
                let mut versions: Restored = vec![];
                for from in &one.from.versions {
                    let print = open.vault.keys().fingerprint(from.value.expose_secret());
                    // A value that is here already keeps its item and takes the backup's stage.
                    if let Some(at) = known.iter().position(|row| row.fingerprint == print) {
                        let mut row = known.swap_remove(at);
                        row.stage.clone_from(&from.stage);
                        row.retired = from.retired;
                        versions.push((row, None));
                        continue;
                    }
                    let taken = |number: u32| {
                        snapshot.versions(&entry).iter().any(|row| row.number == number)
                            || versions.iter().any(|(row, _)| row.number == number)
                    };
                    let number = (from.number..).find(|number| !taken(*number)).unwrap_or(u32::MAX);
                    let text = label(&entry.path(), number);
                    let staged = self.stage(open, &entry.id, &text, &from.value, now)?;
                    let mut row = staged.version(&entry.id, number, &from.stage, from.created);
                    row.retired = from.retired;
                    versions.push((row, Some(staged)));
                }
                // Values that only the vault has are kept, no longer as the current one.
                for mut row in known {
                    if row.stage == "current" {
                        "previous".clone_into(&mut row.stage);
                        row.retired = Some(now);
                    }
                    versions.push((row, None));
                }
                rows.push((entry, versions));
            }
            open.change(|tx, vault| {
                let head = document.audit_head.as_deref().unwrap_or("none");
                let mut events = vec![self.event(
                    "restore",
                    &format!("vault {}", document.vault),
                    Some(format!("audit head there {head}, backup of {}", document.created)),
                )];
                for (entry, versions) in &rows {
                    tx.put_entry(entry)?;
                    for (row, staged) in versions {
                        match staged {
                            Some(staged) => vault.commit(tx, staged, row)?,
                            None => tx.put_version(row, None)?,
                        }
                    }
                    events.push(self.event("restore-entry", &entry.path(), None));
                }
                Ok(((), events))
            })
        })
    }

    fn restored_entry(&self, one: &Planned<'_>) -> Result<Entry, Error> {
        let from = one.from;
        let id = match &one.here {
            Some(here) => here.id.clone(),
            None if from.id.len() == 26 && from.id.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                from.id.clone()
            }
            None => new_id(self.clock())?,
        };
        Ok(Entry {
            id,
            project: one.name.project.clone(),
            env: one.name.env.clone(),
            name: one.name.name.clone(),
            kind: from.kind.clone(),
            provider: from.provider.clone(),
            mode: from.mode.clone(),
            var: from.var.clone(),
            owner: from.owner.clone(),
            url: from.url.clone(),
            notes: from.notes.clone(),
            ip_note: from.ip_note.clone(),
            tags: from.tags.clone(),
            rotate_days: from.rotate_days,
            expires: from.expires,
            created: from.created,
            updated: from.updated,
            removed: None,
        })
    }
}

/// Checks every name and value of a document before anything of it is used.
fn check_entries(document: &Document) -> Result<Vec<EntryName>, Error> {
    let mut names: Vec<EntryName> = vec![];
    for entry in &document.entries {
        let name = EntryName::parse(&entry.name, None, None)?;
        let same = |other: &EntryName| other.to_string().eq_ignore_ascii_case(&name.to_string());
        if names.iter().any(same) {
            return Err(malformed("an entry is in the backup twice"));
        }
        let current = entry.versions.iter().filter(|version| version.stage == "current").count();
        let stages = ["pending", "current", "previous", "revoked", "dead"];
        if current != 1 || entry.versions.iter().any(|v| !stages.contains(&v.stage.as_str())) {
            return Err(malformed("an entry has no current version, or a stage that is not known"));
        }
        for version in &entry.versions {
            check_value(&version.value)?;
        }
        names.push(name);
    }
    Ok(names)
}

fn malformed(what: &str) -> Error {
    Error::new(
        "BACKUP_MALFORMED",
        format!("The backup cannot be restored: {what}. Nothing was changed."),
        "Use another copy or an older backup.",
    )
}

fn plan<'a>(
    from: &'a backup::Entry,
    name: EntryName,
    snapshot: Option<&Snapshot>,
    merge: Merge,
    print: &impl Fn(&Secret) -> Result<Option<String>, Error>,
) -> Result<Planned<'a>, Error> {
    let full = name.to_string();
    let here = snapshot.and_then(|snapshot| {
        let by_id = snapshot.entries.iter().find(|entry| entry.id == from.id);
        let same_name = |entry: &&Entry| entry.path().eq_ignore_ascii_case(&full);
        by_id.or_else(|| snapshot.entries.iter().find(same_name)).cloned()
    });
    let (Some(here), Some(snapshot)) = (here, snapshot) else {
        return Ok(Planned { from, name, here: None, change: "added", note: None, apply: true });
    };
    let mut prints: BTreeMap<String, &str> = BTreeMap::new();
    for version in &from.versions {
        if let Some(print) = print(&version.value)? {
            prints.insert(print, &version.stage);
        }
    }
    let versions = snapshot.versions(&here);
    let same_values = prints.len() == versions.len()
        && versions.iter().all(|row| prints.get(&row.fingerprint) == Some(&row.stage.as_str()));
    let same_fields = {
        let mut theirs = to_backup(&here, vec![]);
        theirs.id.clone_from(&from.id);
        fields(&theirs) == fields(from)
    };
    let newest = |times: &mut dyn Iterator<Item = Timestamp>| times.max().unwrap_or(Timestamp::MIN);
    let theirs = newest(&mut from.versions.iter().map(|v| v.created).chain([from.updated]));
    let ours = newest(&mut versions.iter().map(|v| v.created).chain([here.updated]));
    let (change, apply) = if same_values && same_fields {
        ("same", false)
    } else if theirs >= ours {
        ("changed", merge != Merge::Skip)
    } else {
        ("older", merge == Merge::Overwrite)
    };
    let note = (change != "same").then(|| match (same_values, same_fields) {
        (true, _) => "fields differ".to_owned(),
        (_, true) => "values differ".to_owned(),
        _ => "values and fields differ".to_owned(),
    });
    Ok(Planned { from, name, here: Some(here), change, note, apply })
}

/// Everything of an entry but its values, for comparing.
fn fields(entry: &backup::Entry) -> String {
    format!(
        "{:?}",
        (
            (&entry.name, &entry.kind, &entry.provider, &entry.mode, &entry.var, &entry.owner),
            (&entry.url, &entry.notes, &entry.ip_note, &entry.tags),
            (entry.rotate_days, entry.expires),
        )
    )
}

fn restore_report(planned: &[Planned<'_>], proved: Option<bool>, applied: bool) -> RestoreReport {
    let count = |change: &str| {
        u32::try_from(planned.iter().filter(|one| one.change == change).count()).unwrap_or(u32::MAX)
    };
    RestoreReport {
        version: JSON_VERSION,
        applied,
        added: count("added"),
        changed: count("changed"),
        older: count("older"),
        same: count("same"),
        origin_proved: proved,
        changes: planned
            .iter()
            .map(|one| RestoreChange {
                name: one.name.to_string(),
                change: one.change.to_owned(),
                apply: one.apply,
                note: one.note.clone(),
            })
            .collect(),
    }
}
