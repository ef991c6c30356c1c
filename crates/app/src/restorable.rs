//! What of a backup's document may be restored. A backup is a file from outside: each entry has to
//! pass what `add` asks, and no date in it may rule over what is due.

use jiff::{Span, Timestamp};
use keyward_backup::{self as backup, Document};
use keyward_store::Entry;
use keyward_vault::{EntryName, check_value};

use crate::Error;
use crate::entries::tidy;
use crate::error::shown;
use crate::view::BadEntry;

/// Entries named in one error; a backup may hold thousands.
const NAMED: usize = 10;
/// Nothing in a backup is older: there was no Keyward before.
const OLDEST: &str = "2000-01-01T00:00:00Z";

/// A document's entries after the check.
pub(crate) struct Checked {
    /// The names of the entries that are left in the document, in order.
    pub(crate) names: Vec<EntryName>,
    /// What was taken out of it.
    pub(crate) bad: Vec<BadEntry>,
    /// What is odd and does not hinder.
    pub(crate) warnings: Vec<String>,
}

/// Takes out of the document what cannot be restored, and puts dates that cannot be believed to
/// `now`.
pub(crate) fn check(document: &mut Document, now: Timestamp) -> Checked {
    let mut checked = Checked { names: vec![], bad: vec![], warnings: vec![] };
    let believable = believable(now);
    if !believable(document.created) {
        checked.warnings.push(format!(
            "The backup says that it was made on {}, which cannot be.",
            document.created
        ));
    }
    let mut ids: Vec<String> = vec![];
    let mut odd_dates = 0_usize;
    for (index, mut entry) in std::mem::take(&mut document.entries).into_iter().enumerate() {
        match checked_name(&entry, &checked.names, &ids) {
            Ok(name) => {
                odd_dates += usize::from(settle_dates(&mut entry, &believable, now));
                ids.push(entry.id.clone());
                checked.names.push(name);
                document.entries.push(entry);
            }
            Err(problem) => checked.bad.push(BadEntry {
                position: u32::try_from(index + 1).unwrap_or(u32::MAX),
                name: shown(&entry.name),
                problem,
            }),
        }
    }
    if odd_dates > 0 {
        checked.warnings.push(format!(
            "{odd_dates} of its entries have dates that cannot be; their age counts from today."
        ));
    }
    checked
}

/// The error for entries that cannot be restored, one reason each.
pub(crate) fn refusal(bad: &[BadEntry]) -> Error {
    let mut named: Vec<String> = bad
        .iter()
        .take(NAMED)
        .map(|one| format!("entry {} `{}`: {}", one.position, one.name, one.problem))
        .collect();
    if bad.len() > NAMED {
        named.push(format!("and {} more", bad.len() - NAMED));
    }
    Error::new(
        "BACKUP_BAD_ENTRIES",
        format!(
            "{} of the backup cannot be restored ({}). Nothing was changed.",
            if bad.len() == 1 { "1 entry".to_owned() } else { format!("{} entries", bad.len()) },
            named.join("; ")
        ),
        "Use another copy, or go on without them with `--skip-bad`.",
    )
}

fn checked_name(
    entry: &backup::Entry,
    names: &[EntryName],
    ids: &[String],
) -> Result<EntryName, String> {
    let name = EntryName::parse(&entry.name, None, None).map_err(|error| error.to_string())?;
    let full = name.to_string();
    let same = |other: &EntryName| other.to_string().eq_ignore_ascii_case(&full);
    if names.iter().any(same) || ids.contains(&entry.id) {
        return Err("it is in the backup twice".to_owned());
    }
    let stages = ["pending", "current", "previous", "revoked", "dead"];
    if entry.versions.iter().any(|version| !stages.contains(&version.stage.as_str())) {
        return Err("it has a stage that is not known".to_owned());
    }
    let count = |stage: &str| entry.versions.iter().filter(|one| one.stage == stage).count();
    // One that was revoked first and has no new value yet has none.
    let ended = count("revoked") + count("dead") > 0;
    if count("current") > 1 || count("current") == 0 && !ended {
        return Err("it does not have one current version".to_owned());
    }
    for version in &entry.versions {
        check_value(&version.value).map_err(|error| error.to_string())?;
    }
    tidy(&mut row(entry, &name, &entry.id)).map_err(|error| {
        error.message.trim_end_matches(" Nothing was changed.").trim_end_matches('.').to_owned()
    })?;
    Ok(name)
}

/// The vault's row for a backup's entry.
pub(crate) fn row(from: &backup::Entry, name: &EntryName, id: &str) -> Entry {
    Entry {
        id: id.to_owned(),
        project: name.project.clone(),
        env: name.env.clone(),
        name: name.name.clone(),
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
        snooze: None,
        removed: None,
    }
}

fn believable(now: Timestamp) -> impl Fn(Timestamp) -> bool {
    let oldest: Timestamp = OLDEST.parse().unwrap_or(Timestamp::UNIX_EPOCH);
    // Two machines' clocks may differ a little.
    let newest = now.checked_add(Span::new().hours(24)).unwrap_or(Timestamp::MAX);
    move |at| at >= oldest && at <= newest
}

/// Puts dates that cannot be to now; returns whether there was one.
fn settle_dates(
    entry: &mut backup::Entry,
    believable: &impl Fn(Timestamp) -> bool,
    now: Timestamp,
) -> bool {
    let mut dates = vec![&mut entry.created, &mut entry.updated];
    for version in &mut entry.versions {
        dates.push(&mut version.created);
        dates.extend(version.retired.as_mut());
    }
    let mut odd = false;
    for date in dates {
        if !believable(*date) {
            *date = now;
            odd = true;
        }
    }
    odd
}
