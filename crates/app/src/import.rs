//! Taking in what there is: a `.env` file becomes entries, with a preview before anything is
//! written. The file itself is never changed.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use keyward_store::{Entry, Use, Version};
use keyward_vault::{EntryName, NewValue, Secret, secret};
use secrecy::ExposeSecret;

use crate::entries::{label, value_len};
use crate::error::io;
use crate::guess::Guess;
use crate::input::NewEntry;
use crate::snapshot::Snapshot;
use crate::view::{ImportReport, ImportRow, JSON_VERSION};
use crate::{Error, Keyward, dotenv, guard, limits};

/// What is taken in, from where, to where.
#[derive(Debug, Clone)]
pub struct Import<'a> {
    /// `dotenv`, or `auto` to look at the file.
    pub format: &'a str,
    /// The file.
    pub file: &'a Path,
    /// Project of the new entries.
    pub project: &'a str,
    /// Environment of the new entries.
    pub env: &'a str,
    /// Go on past bad rows.
    pub skip_bad: bool,
    /// Pass the guard against live and test mixed up.
    pub force: bool,
}

/// A value that is in the keychain, with the rows it is about to get.
struct Ready<'a> {
    entry: Entry,
    /// The version it takes the place of.
    old: Option<Version>,
    number: u32,
    value: &'a Secret,
    action: &'a str,
}

/// A row of the file with what is to be done with it.
struct Planned {
    row: ImportRow,
    name: Option<EntryName>,
    value: Option<Secret>,
}

impl Keyward {
    /// What an import would do; nothing is written.
    ///
    /// # Errors
    /// A file that is not there, too large or not text; the keychain or the disk.
    pub fn import_preview(&self, import: &Import<'_>) -> Result<ImportReport, Error> {
        let rows = self.plan(import)?.into_iter().map(|planned| planned.row).collect();
        Ok(ImportReport { version: JSON_VERSION, applied: false, rows })
    }

    /// Imports: every value is in the keychain and read back before the one transaction that makes
    /// the entries.
    ///
    /// # Errors
    /// As [`Keyward::import_preview`]; `IMPORT_BAD_ROWS` when a row is bad and `skip_bad` is not
    /// set. Nothing is imported then.
    pub fn import(&self, import: &Import<'_>) -> Result<ImportReport, Error> {
        let planned = self.plan(import)?;
        let bad: Vec<String> = planned
            .iter()
            .filter(|one| one.row.action == "bad")
            .map(|one| {
                format!("line {}: {}", one.row.line, one.row.note.clone().unwrap_or_default())
            })
            .collect();
        if !bad.is_empty() && !import.skip_bad {
            return Err(Error::new(
                "IMPORT_BAD_ROWS",
                format!(
                    "{} rows cannot be imported ({}). Nothing was imported.",
                    bad.len(),
                    bad.join("; ")
                ),
                "Mend them, or go on without them with `--skip-bad`.",
            ));
        }
        self.with_new(|open| {
            let now = self.clock();
            let snapshot = open.read(Snapshot::read)?;
            let new = planned.iter().filter(|one| one.row.action == "add").count();
            let values = planned.iter().filter_map(|one| one.value.as_ref());
            let bytes = values.map(value_len).sum();
            open.read(|tx| limits::check(tx, new, bytes))?;
            let mut ready: Vec<Ready<'_>> = vec![];
            for one in &planned {
                let (Some(name), Some(value)) = (&one.name, &one.value) else {
                    continue;
                };
                let (entry, old, number) = match one.row.action.as_str() {
                    "add" => {
                        let input = NewEntry {
                            name: name.to_string(),
                            var: Some(one.row.var.clone()),
                            ..NewEntry::default()
                        };
                        (self.new_entry(name, &input, value)?, None, 1)
                    }
                    "new-version" => {
                        let entry = snapshot.resolve(&name.to_string())?.clone();
                        let number =
                            snapshot.versions(&entry).iter().map(|v| v.number).max().unwrap_or(0)
                                + 1;
                        let old = snapshot.current(&entry).cloned();
                        (entry, old, number)
                    }
                    _ => continue,
                };
                ready.push(Ready { entry, old, number, value, action: &one.row.action });
            }
            let new: Vec<NewValue<'_>> = ready
                .iter()
                .map(|one| NewValue {
                    entry: &one.entry.id,
                    label: label(&one.entry.path(), one.number),
                    value: one.value,
                })
                .collect();
            let staged = self.stage_all(open, &new, now)?;
            let place = std::path::absolute(import.file).unwrap_or_else(|_| import.file.to_owned());
            let place = place.display().to_string();
            open.change(|tx, vault| {
                let mut events = vec![];
                for (Ready { entry, old, number, action, .. }, staged) in ready.iter().zip(&staged)
                {
                    let mut entry = entry.clone();
                    entry.updated = now;
                    tx.put_entry(&entry)?;
                    if let Some(old) = old {
                        let mut old = old.clone();
                        old.stage = "previous".to_owned();
                        old.retired = Some(now);
                        tx.put_version(&old, None)?;
                    }
                    vault.commit(
                        tx,
                        staged,
                        &staged.version(&entry.id, *number, "current", now),
                    )?;
                    // The file holds a copy: the next rotation has to know of it.
                    tx.put_use(&Use {
                        entry: entry.id.clone(),
                        how: "import".to_owned(),
                        place: place.clone(),
                        version: *number,
                        last: now,
                    })?;
                    let detail = format!("{action} from a .env file");
                    events.push(self.event("import", &entry.path(), Some(detail)));
                }
                Ok(((), events))
            })
        })?;
        let rows = planned.into_iter().map(|one| one.row).collect();
        Ok(ImportReport { version: JSON_VERSION, applied: true, rows })
    }

    fn plan(&self, import: &Import<'_>) -> Result<Vec<Planned>, Error> {
        if !["dotenv", "auto"].contains(&import.format) {
            return Err(Error::new(
                "FORMAT_UNKNOWN",
                "This format cannot be imported yet. Nothing was imported.",
                "Today Keyward reads `dotenv`.",
            ));
        }
        let text = read_text(import.file)?;
        let rows = dotenv::parse(&text);
        // Before anything is worked out, or a vault made, for what will not fit into one.
        if rows.len() > limits::MAX_ENTRIES {
            return Err(limits::too_many(0, rows.len()));
        }
        let mut planned: Vec<Planned> = rows.into_iter().map(|row| plan_row(row, import)).collect();
        later_line_wins(&mut planned);
        let compared = self.with(|open| {
            let snapshot = open.read(Snapshot::read)?;
            for one in &mut planned {
                let (Some(name), Some(value)) = (&one.name, &one.value) else {
                    continue;
                };
                if one.row.action != "add" {
                    continue;
                }
                let wanted = name.to_string().to_lowercase();
                let found =
                    snapshot.entries.iter().find(|entry| entry.path().to_lowercase() == wanted);
                if let Some(entry) = found {
                    let print = open.vault.keys().fingerprint(value.expose_secret());
                    let current = snapshot.current(entry);
                    let same = current.is_some_and(|version| version.fingerprint == print);
                    one.row.action = if same { "same" } else { "new-version" }.to_owned();
                }
            }
            Ok(())
        });
        // A preview needs no keychain: without one everything is new.
        match compared {
            Ok(_) => Ok(planned),
            Err(error) if crate::session::is_keychain(&error) && !self.vault_exists()? => {
                Ok(planned)
            }
            Err(error) => Err(error),
        }
    }
}

fn plan_row(row: dotenv::Row, import: &Import<'_>) -> Planned {
    let mut planned = Planned {
        row: ImportRow {
            line: row.line,
            var: String::new(),
            name: String::new(),
            kind: "other".to_owned(),
            provider: None,
            mode: "unknown".to_owned(),
            action: "bad".to_owned(),
            note: None,
        },
        name: None,
        value: None,
    };
    let (var, value) = match row.set {
        Ok(set) => set,
        Err(why) => {
            planned.row.note = Some(why.to_owned());
            return planned;
        }
    };
    planned.row.var.clone_from(&var);
    if var.contains(['-', '.']) {
        planned.row.note = Some("the name is not one that every shell takes".to_owned());
        return planned;
    }
    let short = var.to_ascii_lowercase().replace('_', "-");
    let short = short.trim_start_matches('-');
    match EntryName::new(import.project, import.env, short) {
        Ok(name) => {
            planned.row.name = name.to_string();
            planned.name = Some(name);
        }
        Err(error) => {
            planned.row.note = Some(error.to_string());
            return planned;
        }
    }
    let value = secret(value.as_bytes().to_vec());
    if value.expose_secret().is_empty() {
        planned.row.action = "skip".to_owned();
        planned.row.note = Some("has no value".to_owned());
        return planned;
    }
    if let Err(error) = keyward_vault::check_value(&value) {
        planned.row.note = Some(error.to_string());
        return planned;
    }
    let guess = Guess::of(short, &value);
    if !import.force && guard::check_var(&planned.row.name, &planned.row.var).is_err() {
        planned.row.action = "skip".to_owned();
        planned.row.note = Some("decides what programs load or run; --force takes it".to_owned());
        return planned;
    }
    if !import.force
        && let Err(error) = guard::check(&planned.row.name, import.env, &guess.mode)
    {
        planned.row.note = Some(error.message);
        planned.row.mode = guess.mode;
        return planned;
    }
    planned.row.kind = guess.kind;
    planned.row.provider = guess.provider;
    planned.row.mode = guess.mode;
    planned.row.action = "add".to_owned();
    planned.value = Some(value);
    planned
}

/// As in every `.env` reader the last line that sets a variable counts.
fn later_line_wins(planned: &mut [Planned]) {
    let mut last: BTreeMap<String, usize> = BTreeMap::new();
    for index in 0..planned.len() {
        if planned[index].row.action != "add" {
            continue;
        }
        if let Some(earlier) = last.insert(planned[index].row.name.clone(), index) {
            let line = planned[index].row.line;
            planned[earlier].row.action = "skip".to_owned();
            planned[earlier].row.note = Some(format!("set again on line {line}"));
            planned[earlier].value = None;
        }
    }
}

fn read_text(path: &Path) -> Result<zeroize::Zeroizing<String>, Error> {
    let what = "the file to import";
    let file = fs::File::open(path).map_err(|error| io(&error, what))?;
    let data = file.metadata().map_err(|error| io(&error, what))?;
    if !data.is_file() {
        return Err(Error::new(
            "IMPORT_TOO_LARGE",
            "The path is not a file. Nothing was imported.",
            "Give the path of a `.env` file.",
        ));
    }
    if data.len() > dotenv::MAX_FILE {
        return Err(Error::new(
            "IMPORT_TOO_LARGE",
            "The file is over 1 MiB. Nothing was imported.",
            "A `.env` file is smaller; check the path.",
        ));
    }
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(data.len() as usize + 1));
    file.take(dotenv::MAX_FILE).read_to_end(&mut bytes).map_err(|error| io(&error, what))?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(zeroize::Zeroizing::new(text.to_owned())),
        Err(_) => Err(Error::new(
            "FORMAT_UNKNOWN",
            "The file is not UTF-8 text. Nothing was imported.",
            "Save it as UTF-8.",
        )),
    }
}
