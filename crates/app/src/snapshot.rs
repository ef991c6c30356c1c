//! One unchanging view of the vault's rows: what lists are made of, and which entry a name means.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use keyward_rotation::{Due, Policy, due};
use keyward_store::{Entry, Run, Tx, Version};

use crate::Error;
use crate::error::shown;
use crate::remind::local_day;
use crate::settings;
use crate::view::{CurrentVersion, EntryRow, Settings};

/// Everything that rows are made of, read in one view.
pub(crate) struct Snapshot {
    pub(crate) entries: Vec<Entry>,
    pub(crate) versions: BTreeMap<String, Vec<Version>>,
    pub(crate) runs: BTreeMap<String, Run>,
    /// Entry and version number of leaks that were seen.
    leaks: BTreeSet<(String, u32)>,
    settings: Settings,
}

impl Snapshot {
    pub(crate) fn read(tx: &Tx<'_>) -> Result<Self, Error> {
        let mut versions: BTreeMap<String, Vec<Version>> = BTreeMap::new();
        for version in tx.all_versions()? {
            versions.entry(version.entry.clone()).or_default().push(version);
        }
        let runs = tx.runs()?.into_iter().filter(|run| run.open);
        let leaks = tx.uses_as("leak")?;
        Ok(Self {
            entries: tx.entries(false)?,
            versions,
            runs: runs.map(|run| (run.entry.clone(), run)).collect(),
            leaks: leaks.into_iter().map(|row| (row.entry, row.version)).collect(),
            settings: settings::read(tx)?,
        })
    }

    pub(crate) fn versions(&self, entry: &Entry) -> &[Version] {
        self.versions.get(&entry.id).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn current(&self, entry: &Entry) -> Option<&Version> {
        self.versions(entry).iter().rev().find(|version| version.stage == "current")
    }

    pub(crate) fn due(&self, entry: &Entry, now: Timestamp) -> Due {
        let policy = Policy {
            rotate_days: entry.rotate_days.unwrap_or(self.settings.rotate_days),
            lead_days: self.settings.lead_days,
        };
        let changed = self.current(entry).map_or(entry.created, |version| version.created);
        due(changed, entry.expires, policy, now)
    }

    /// Until when reminders of an entry are put off; none when they are not, or no longer.
    pub(crate) fn snoozed_until(&self, entry: &Entry, now: Timestamp) -> Option<Date> {
        let snooze = entry.snooze.as_ref()?;
        let number = self.current(entry).map_or(0, |version| version.number);
        let holds = snooze.version == number && snooze.until > local_day(now);
        holds.then_some(snooze.until)
    }

    pub(crate) fn row(&self, entry: &Entry, now: Timestamp) -> EntryRow {
        let due = self.due(entry, now);
        let current = self.current(entry);
        let number = current.map_or(0, |version| version.number);
        let leaked = self.leaks.contains(&(entry.id.clone(), number));
        EntryRow {
            name: entry.path(),
            id: entry.id.clone(),
            project: entry.project.clone(),
            env: entry.env.clone(),
            kind: entry.kind.clone(),
            provider: entry.provider.clone(),
            mode: entry.mode.clone(),
            var: entry.var.clone(),
            tags: entry.tags.clone(),
            current: CurrentVersion {
                version: number,
                created: current.map_or(entry.created, |version| version.created).to_string(),
            },
            due: due.date.map(|date| date.to_string()),
            days_left: due.days_left,
            age_days: due.age_days,
            rotate_days: entry.rotate_days.unwrap_or(self.settings.rotate_days),
            state: match current {
                // What was revoked first and has no new value yet works as little as what expired.
                None => "expired",
                Some(_) if leaked => "leaked",
                Some(_) => due.state.word(),
            }
            .to_owned(),
            run: self.runs.get(&entry.id).and_then(|run| {
                run.state.get("state").and_then(|state| state.as_str()).map(str::to_owned)
            }),
            snoozed_until: self.snoozed_until(entry, now).map(|date| date.to_string()),
        }
    }

    /// Finds the one entry a name stands for: the whole name, or its last parts.
    pub(crate) fn resolve(&self, name: &str) -> Result<&Entry, Error> {
        resolve(&self.entries, name)
    }
}

/// Finds the one entry that `name` means among `entries`.
pub(crate) fn resolve<'a>(entries: &'a [Entry], name: &str) -> Result<&'a Entry, Error> {
    let wanted = name.to_lowercase();
    let tail = format!("/{wanted}");
    let found: Vec<&Entry> = entries
        .iter()
        .filter(|entry| {
            let path = entry.path().to_lowercase();
            path == wanted || path.ends_with(&tail)
        })
        .collect();
    // A whole name wins over a longer one that ends the same.
    if let Some(exact) = found.iter().find(|entry| entry.path().to_lowercase() == wanted) {
        return Ok(exact);
    }
    match found[..] {
        [] => Err(Error::not_found(name)),
        [one] => Ok(one),
        _ => {
            let names: Vec<String> = found.iter().map(|entry| entry.path()).collect();
            Err(Error::new(
                "AMBIGUOUS",
                format!("`{}` fits several entries: {}.", shown(name), names.join(", ")),
                "Give more of the name.",
            ))
        }
    }
}
