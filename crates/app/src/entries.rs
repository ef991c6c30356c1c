//! Entries: add, list, show, edit, remove, and back from the bin.

use jiff::civil::Date;
use jiff::{Span, Timestamp};
use keyward_store::{Entry, Use, Version};
use keyward_vault::{EntryName, NewValue, Secret, check_value, looks_like, new_id};
use secrecy::ExposeSecret as _;

use crate::error::shown;
use crate::guess::Guess;
use crate::input::{EntryEdit, ListFilter, NewEntry};
use crate::session::Open;
use crate::snapshot::{Snapshot, resolve};
use crate::view::{EntryDetail, EntryList, JSON_VERSION, UseRow, VersionRow};
use crate::{Error, Keyward, guard, limits};

/// Days an entry stays in the bin.
const BIN_DAYS: i64 = 30;
/// Kinds an entry can have.
pub(crate) const KINDS: [&str; 6] =
    ["api-key", "webhook-secret", "token", "password", "private-key", "other"];

impl Keyward {
    /// Stores a new entry with its first value.
    ///
    /// # Errors
    /// A refused name, field or value, a taken name, the guard, the keychain or the disk; nothing
    /// is stored then.
    pub fn add(&self, input: &NewEntry, value: &Secret) -> Result<EntryDetail, Error> {
        let name = EntryName::parse(&input.name, None, None)?;
        check_value(value)?;
        let entry = self.new_entry(&name, input, value)?;
        if !input.force {
            guard::check_var(&entry.path(), &entry.var)?;
            guard::check(&entry.path(), &entry.env, &entry.mode)?;
            // What the value itself says counts beside what was said about it.
            let guess = Guess::of(&entry.name, value);
            guard::check(&entry.path(), &entry.env, &guess.mode)?;
        }
        self.with_new(|open| {
            let now = self.clock();
            // Asked first, so that a taken name costs no keychain write.
            let alike = open.read(|tx| {
                let others = tx.entries(false)?;
                if others.iter().any(|other| other.path().eq_ignore_ascii_case(&entry.path())) {
                    return Err(keyward_store::StoreError::Taken.into());
                }
                limits::check(tx, 1, value_len(value))?;
                let alike = others.iter().find(|other| looks_like(&other.path(), &entry.path()));
                Ok(alike.map(Entry::path))
            })?;
            if let Some(other) = alike {
                self.notice(
                    "NAME_CONFUSABLE",
                    format!("`{}` looks like `{other}`; they are two entries.", entry.path()),
                );
            }
            let label = label(&entry.path(), 1);
            let staged = self.stage(open, NewValue { entry: &entry.id, label, value }, now)?;
            open.change(|tx, vault| {
                tx.put_entry(&entry)?;
                vault.commit(tx, &staged, &staged.version(&entry.id, 1, "current", now))?;
                let forced = input.force.then(|| "forced past the guard".to_owned());
                Ok(((), vec![self.event("add", &entry.path(), forced)]))
            })
        })?;
        self.show(&name.to_string())
    }

    /// The row of a new entry, its gaps filled in from the value.
    pub(crate) fn new_entry(
        &self,
        name: &EntryName,
        input: &NewEntry,
        value: &Secret,
    ) -> Result<Entry, Error> {
        let guess = Guess::of(&name.name, value);
        let now = self.clock();
        let mut entry = Entry {
            id: new_id(now)?,
            project: name.project.clone(),
            env: name.env.clone(),
            name: name.name.clone(),
            kind: input.kind.clone().unwrap_or(guess.kind),
            provider: input.provider.clone().or(guess.provider),
            mode: input.mode.clone().unwrap_or(guess.mode),
            var: input.var.clone().unwrap_or_else(|| default_var(&name.name)),
            owner: input.owner.clone(),
            url: input.url.clone().or(guess.console),
            notes: input.notes.clone(),
            ip_note: input.ip_note.clone(),
            tags: input.tags.clone(),
            rotate_days: input.rotate_days,
            expires: input.expires.as_deref().map(parse_date).transpose()?,
            created: now,
            updated: now,
            snooze: None,
            removed: None,
        };
        tidy(&mut entry)?;
        Ok(entry)
    }

    /// Lists entries, by name.
    ///
    /// # Errors
    /// The keychain or the disk. No vault is an empty list.
    pub fn list(&self, filter: &ListFilter) -> Result<EntryList, Error> {
        let now = self.now();
        let words = filter.words.iter().flat_map(|words| words.split_whitespace());
        let words: Vec<String> = words.map(str::to_lowercase).collect();
        let entries = self
            .with(|open| {
                let snapshot = open.read(Snapshot::read)?;
                let fits = |entry: &&Entry| {
                    filter.project.as_ref().is_none_or(|project| *project == entry.project)
                        && filter.env.as_ref().is_none_or(|env| *env == entry.env)
                        && filter.tag.as_ref().is_none_or(|tag| entry.tags.contains(tag))
                        && (words.is_empty() || has_words(entry, &words))
                };
                let rows = snapshot.entries.iter().filter(fits).map(|e| snapshot.row(e, now));
                Ok(match filter.due_within {
                    None => rows.collect(),
                    Some(days) => rows
                        .filter(|row| {
                            row.state == "expired"
                                || row.days_left.is_some_and(|left| left <= i64::from(days))
                        })
                        .collect(),
                })
            })?
            .unwrap_or_default();
        Ok(EntryList { version: JSON_VERSION, entries })
    }

    /// Everything about one entry but its values.
    ///
    /// # Errors
    /// `NOT_FOUND`, `AMBIGUOUS`, the keychain or the disk.
    pub fn show(&self, name: &str) -> Result<EntryDetail, Error> {
        let now = self.now();
        self.with_entry(name, |open| {
            open.read(|tx| {
                let snapshot = Snapshot::read(tx)?;
                let entry = snapshot.resolve(name)?;
                let mut versions: Vec<VersionRow> =
                    snapshot.versions(entry).iter().map(version_row).collect();
                versions.reverse();
                Ok(EntryDetail {
                    version: JSON_VERSION,
                    entry: snapshot.row(entry, now),
                    owner: entry.owner.clone(),
                    url: entry.url.clone(),
                    notes: entry.notes.clone(),
                    ip_note: entry.ip_note.clone(),
                    expires: entry.expires.map(|date| date.to_string()),
                    created: entry.created.to_string(),
                    versions,
                    uses: tx.uses(Some(&entry.id))?.iter().map(use_row).collect(),
                })
            })
        })
    }

    /// Changes an entry's fields; its age stays.
    ///
    /// # Errors
    /// As [`Keyward::add`] for the fields, `NOT_FOUND`, `NAME_EXISTS`.
    pub fn edit(&self, name: &str, edit: &EntryEdit) -> Result<EntryDetail, Error> {
        let id = self.with_entry(name, |open| {
            open.change(|tx, _| {
                let mut entry = resolve(&tx.entries(false)?, name)?.clone();
                let before = entry.clone();
                apply(&mut entry, edit)?;
                if entry.var != before.var {
                    guard::check_var(&entry.path(), &entry.var)?;
                }
                if entry.mode != before.mode || entry.env != before.env {
                    guard::check(&entry.path(), &entry.env, &entry.mode)?;
                }
                if entry == before {
                    return Ok((entry.path(), vec![]));
                }
                entry.updated = self.clock();
                tx.put_entry(&entry)?;
                let renamed = (before.path() != entry.path())
                    .then(|| format!("renamed from {}", before.path()));
                Ok((entry.path(), vec![self.event("edit", &entry.path(), renamed)]))
            })
        })?;
        self.show(&id)
    }

    /// Puts an entry in the bin, from where it comes back within 30 days. Returns its full name.
    ///
    /// # Errors
    /// `NOT_FOUND`, `AMBIGUOUS`, `RUN_OPEN` while a rotation is under way.
    pub fn remove(&self, name: &str) -> Result<String, Error> {
        self.with_entry(name, |open| {
            let now = self.clock();
            purge(open, self, now)?;
            open.change(|tx, _| {
                let snapshot = Snapshot::read(tx)?;
                let mut entry = snapshot.resolve(name)?.clone();
                if snapshot.runs.contains_key(&entry.id) {
                    return Err(Error::new(
                        "RUN_OPEN",
                        format!("`{}` is being rotated. Nothing was changed.", entry.path()),
                        "Finish the rotation or abort it first.",
                    ));
                }
                entry.removed = Some(now);
                tx.put_entry(&entry)?;
                let path = entry.path();
                Ok((path.clone(), vec![self.event("remove", &path, None)]))
            })
        })
    }

    /// Entries in the bin, by name.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn bin(&self) -> Result<EntryList, Error> {
        let now = self.now();
        let entries = self.with(|open| {
            open.read(|tx| {
                let snapshot = Snapshot::read(tx)?;
                Ok(tx.entries(true)?.iter().map(|entry| snapshot.row(entry, now)).collect())
            })
        })?;
        Ok(EntryList { version: JSON_VERSION, entries: entries.unwrap_or_default() })
    }

    /// Brings an entry back from the bin; the one removed last when several had the name.
    ///
    /// # Errors
    /// `NOT_FOUND`; `NAME_EXISTS` when the name was taken meanwhile.
    pub fn bin_restore(&self, name: &str) -> Result<EntryDetail, Error> {
        let path = self.with_entry(name, |open| {
            open.change(|tx, _| {
                let mut removed = tx.entries(true)?;
                removed.sort_by_key(|entry| std::cmp::Reverse(entry.removed));
                let mut entry = match resolve(&removed, name) {
                    Ok(entry) => entry.clone(),
                    Err(error) if error.code == "AMBIGUOUS" => {
                        let same = |entry: &&Entry| entry.path().eq_ignore_ascii_case(name);
                        removed.iter().find(same).cloned().ok_or(error)?
                    }
                    Err(error) => return Err(error),
                };
                entry.removed = None;
                // A backup made meanwhile is right not to have it.
                entry.updated = self.clock();
                tx.put_entry(&entry)?;
                let path = entry.path();
                Ok((path.clone(), vec![self.event("restore-entry", &path, None)]))
            })
        })?;
        self.show(&path)
    }
}

/// Deletes for good what has been in the bin for longer than its days: rows first, with an intent
/// for each item, then the items.
fn purge(open: &mut Open, keyward: &Keyward, now: Timestamp) -> Result<(), Error> {
    let cut = now.checked_sub(Span::new().hours(24 * BIN_DAYS)).unwrap_or(Timestamp::MIN);
    let old = open.read(|tx| {
        let removed = tx.entries(true)?.into_iter();
        Ok(removed.filter(|e| e.removed.is_some_and(|at| at < cut)).collect::<Vec<_>>())
    })?;
    if old.is_empty() {
        return Ok(());
    }
    open.change(|tx, vault| {
        let mut events = vec![];
        for entry in &old {
            vault.discard(tx, &tx.versions(&entry.id)?)?;
            tx.delete_entry(&entry.id)?;
            events.push(keyward.event("purge", &entry.path(), None));
        }
        Ok(((), events))
    })?;
    open.vault.sweep(&mut open.store, now)?;
    Ok(())
}

fn apply(entry: &mut Entry, edit: &EntryEdit) -> Result<(), Error> {
    if let Some(name) = &edit.name {
        let name = EntryName::parse(name, None, None)?;
        (entry.project, entry.env, entry.name) = (name.project, name.env, name.name);
    }
    let text = |field: &mut Option<String>, new: &Option<String>| {
        if let Some(new) = new {
            *field = (!new.is_empty()).then(|| new.clone());
        }
    };
    text(&mut entry.provider, &edit.provider);
    text(&mut entry.owner, &edit.owner);
    text(&mut entry.url, &edit.url);
    text(&mut entry.notes, &edit.notes);
    text(&mut entry.ip_note, &edit.ip_note);
    let plain = |field: &mut String, new: &Option<String>| {
        if let Some(new) = new {
            field.clone_from(new);
        }
    };
    plain(&mut entry.kind, &edit.kind);
    plain(&mut entry.mode, &edit.mode);
    plain(&mut entry.var, &edit.var);
    if let Some(tags) = &edit.tags {
        entry.tags.clone_from(tags);
    }
    if edit.rotate_days.is_some() {
        entry.rotate_days = edit.rotate_days;
    }
    if let Some(expires) = &edit.expires {
        entry.expires = if expires.is_empty() { None } else { Some(parse_date(expires)?) };
    }
    tidy(entry)
}

/// Checks the fields and puts them in order.
pub(crate) fn tidy(entry: &mut Entry) -> Result<(), Error> {
    let bad = |what: &str, hint: &str| {
        Err(Error::new("FIELD_INVALID", format!("{what} Nothing was changed."), hint))
    };
    if !KINDS.contains(&entry.kind.as_str()) {
        return bad("The kind is not known.", &format!("One of {}.", KINDS.join(", ")));
    }
    if !["live", "test", "unknown"].contains(&entry.mode.as_str()) {
        return bad("The mode is not known.", "`live`, `test` or `unknown`.");
    }
    let first = entry.var.bytes().next().unwrap_or(b'0');
    if first.is_ascii_digit()
        || entry.var.len() > 128
        || !entry.var.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    {
        return bad(
            "The variable's name is not one that every shell takes.",
            "Letters, digits and `_`, not beginning with a digit.",
        );
    }
    if entry.rotate_days.is_some_and(|days| days > 3650) {
        return bad("The rotation period is over ten years.", "0 to 3650 days; 0 is never.");
    }
    if entry.url.as_ref().is_some_and(|url| !url.starts_with("https://")) {
        return bad("The console URL is not an https:// address.", "Give it as https://….");
    }
    let fields = [&entry.provider, &entry.owner, &entry.url, &entry.notes, &entry.ip_note];
    let long = |text: &String| text.len() > 4096 || text.contains('\0');
    if fields.into_iter().flatten().any(long) || entry.tags.iter().any(|tag| tag.len() > 64) {
        return bad("A field is too long.", "Tags have at most 64 bytes, texts 4,096.");
    }
    entry.tags.retain(|tag| !tag.is_empty());
    entry.tags.sort();
    entry.tags.dedup();
    Ok(())
}

fn parse_date(text: &str) -> Result<Date, Error> {
    text.parse().map_err(|_| {
        Error::new(
            "FIELD_INVALID",
            format!("`{}` is not a date. Nothing was changed.", shown(text)),
            "Give it as YYYY-MM-DD.",
        )
    })
}

/// The default variable: the name in upper case, `-` and `.` to `_`.
pub(crate) fn default_var(name: &str) -> String {
    let mut var = name.to_ascii_uppercase().replace(['-', '.'], "_");
    if var.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        var.insert(0, '_');
    }
    var
}

/// Length of a value in bytes.
pub(crate) fn value_len(value: &Secret) -> u64 {
    value.expose_secret().len() as u64
}

/// What the system's keychain tool shows for an item.
pub(crate) fn label(path: &str, number: u32) -> String {
    format!("Keyward: {path} (version {number})")
}

/// Whether each word, in lower case, is somewhere in what a list shows of an entry.
fn has_words(entry: &Entry, words: &[String]) -> bool {
    let mut text = entry.path();
    for part in entry.provider.iter().chain([&entry.var]).chain(&entry.tags) {
        text.push(' ');
        text.push_str(part);
    }
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word.as_str()))
}

fn version_row(version: &Version) -> VersionRow {
    VersionRow {
        version: version.number,
        stage: version.stage.clone(),
        created: version.created.to_string(),
        retired: version.retired.map(|at| at.to_string()),
        size: version.size,
    }
}

fn use_row(row: &Use) -> UseRow {
    UseRow {
        how: row.how.clone(),
        place: row.place.clone(),
        version: row.version,
        last: row.last.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use keyward_vault::secret;
    use secrecy::ExposeSecret as _;

    use super::*;

    fn keyward() -> Keyward {
        Keyward::in_memory("2026-01-01T00:00:00Z".parse().unwrap())
    }

    fn new(name: &str) -> NewEntry {
        NewEntry { name: name.to_owned(), ..NewEntry::default() }
    }

    fn value(text: &str) -> Secret {
        secret(text.as_bytes().to_vec())
    }

    #[test]
    fn an_entry_is_found_by_its_last_parts_and_candidates_are_named() {
        let keyward = keyward();
        keyward.add(&new("acme/prod/stripe"), &value("one-value")).unwrap();
        keyward.add(&new("acme/dev/stripe"), &value("two-value")).unwrap();
        assert_eq!(keyward.show("prod/stripe").unwrap().entry.name, "acme/prod/stripe");
        let error = keyward.show("stripe").unwrap_err();
        assert_eq!(error.code, "AMBIGUOUS");
        assert!(error.message.contains("acme/dev/stripe, acme/prod/stripe"), "{error}");
        assert_eq!(keyward.show("nothing").unwrap_err().code, "NOT_FOUND");
        let taken = keyward.add(&new("acme/prod/Stripe"), &value("three"));
        assert_eq!(taken.unwrap_err().code, "NAME_EXISTS");
    }

    #[test]
    fn removed_entries_come_back_with_their_values() {
        let keyward = keyward();
        keyward.add(&new("a/b/c"), &value("the-value")).unwrap();
        keyward.remove("a/b/c").unwrap();
        assert_eq!(keyward.show("a/b/c").unwrap_err().code, "NOT_FOUND");
        assert_eq!(keyward.bin().unwrap().entries.len(), 1);
        keyward.bin_restore("a/b/c").unwrap();
        let got = keyward.reveal("a/b/c", None).unwrap();
        assert_eq!(got.expose_secret(), b"the-value");
    }

    #[test]
    fn an_edit_keeps_the_age_and_refuses_what_add_refuses() {
        let keyward = keyward();
        let before = keyward.add(&new("a/b/c"), &value("the-value")).unwrap();
        let edit = EntryEdit { notes: Some("n".to_owned()), ..EntryEdit::default() };
        let after = keyward.edit("c", &edit).unwrap();
        assert_eq!(after.entry.current.created, before.entry.current.created);
        assert_eq!(after.notes.as_deref(), Some("n"));
        let bad = EntryEdit { url: Some("javascript:alert(1)".to_owned()), ..EntryEdit::default() };
        assert_eq!(keyward.edit("c", &bad).unwrap_err().code, "FIELD_INVALID");
        let days = EntryEdit { rotate_days: Some(1_000_000_000), ..EntryEdit::default() };
        assert_eq!(keyward.edit("c", &days).unwrap_err().code, "FIELD_INVALID");
    }
}
