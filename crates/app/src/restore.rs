//! Restores: everything is decrypted and checked before anything is applied, and what is applied
//! is one transaction.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use keyward_backup::{self as backup, Document, MAX_WORK_FACTOR, Opener};
use keyward_store::{Entry, Version};
use keyward_vault::{EntryName, NewValue, Secret, Staged, new_id};
use secrecy::ExposeSecret;

use crate::backup::{Key, prove, to_backup};
use crate::entries::{label, tidy, value_len};
use crate::issue::{self, IssuedPlan};
use crate::restorable::{self, Checked};
use crate::session::Open;
use crate::snapshot::Snapshot;
use crate::view::{JSON_VERSION, RestoreChange, RestoreReport};
use crate::{Error, Keyward, limits, place_backup};

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

/// How a restore is done.
#[derive(Debug, Clone, Copy, Default)]
pub struct RestoreOptions {
    /// What happens to entries that are in both.
    pub merge: Merge,
    /// Only say what would change.
    pub dry_run: bool,
    /// Go on without entries that cannot be restored.
    pub skip_bad: bool,
    /// Highest scrypt work factor that is done; [`MAX_WORK_FACTOR`] when not given.
    pub max_work_factor: Option<u8>,
}

/// Versions to write, each with its staged value if that is new here.
type Restored = Vec<(Version, Option<Staged>)>;

/// A version that an entry is to have.
enum Row<'a> {
    /// Its value is here already.
    Here(Version),
    /// The backup's, under this number.
    New(u32, &'a backup::Version),
}

impl Row<'_> {
    fn number(&self) -> u32 {
        match self {
            Self::Here(row) => row.number,
            Self::New(number, _) => *number,
        }
    }
}

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
    /// vault is backed up first under the same key, and the rows change in one transaction. Into
    /// an empty data folder it makes the vault.
    ///
    /// # Errors
    /// What is wrong with the file or the key, `BACKUP_BAD_ENTRIES`, the keychain, the disk.
    /// Nothing is changed then.
    pub fn restore(
        &self,
        path: &Path,
        key: &Key,
        options: RestoreOptions,
    ) -> Result<RestoreReport, Error> {
        let opener = key.opener()?;
        let factor = options.max_work_factor.unwrap_or(MAX_WORK_FACTOR);
        let mut document = backup::read(path, &opener, factor)?;
        self.begin_anew();
        let seen = self.with(|open| {
            let proved = prove(open, &mut document)?;
            let (snapshot, issued) =
                open.read(|tx| Ok::<_, Error>((Snapshot::read(tx)?, tx.issued_keys()?)))?;
            Ok((proved, snapshot, issued))
        })?;
        let (proved, issued_here, had_vault) = match &seen {
            Some((proved, _, issued)) => (*proved, issued.as_slice(), true),
            None => (None, [].as_slice(), false),
        };
        let Checked { names, bad, warnings } = restorable::check(&mut document, self.clock());
        if !bad.is_empty() && !options.skip_bad {
            return Err(restorable::refusal(&bad));
        }
        let issued = issue::plan_issued(&document.issued, issued_here, options.merge)?;
        let print = |value: &Secret| {
            self.with(|open| Ok(open.vault.keys().fingerprint(value.expose_secret())))
        };
        let mut planned = vec![];
        for (from, name) in document.entries.iter().zip(names) {
            let snapshot = seen.as_ref().map(|(_, snapshot, _)| snapshot);
            planned.push(plan(from, name, snapshot, options.merge, &print)?);
        }
        let mut report =
            restore_report(&planned, issue::changes(&issued), proved, !options.dry_run);
        (report.bad, report.warnings) = (bad, warnings);
        report.warnings.extend(place_backup::warnings(&document, proved));
        let changes = report.changes.iter().any(|change| change.apply);
        if options.dry_run || (!changes && had_vault) {
            return Ok(report);
        }
        if had_vault {
            report.before = self.back_up_before(&opener)?.map(|path| path.display().to_string());
        }
        self.apply(&planned, &issued, &document, proved)?;
        Ok(report)
    }

    /// Restores all of a document into a vault that does not exist yet.
    pub(crate) fn restore_all(&self, document: &mut Document) -> Result<(), Error> {
        let Checked { names, bad, .. } = restorable::check(document, self.clock());
        if !bad.is_empty() {
            return Err(restorable::refusal(&bad));
        }
        let planned: Vec<Planned<'_>> = document
            .entries
            .iter()
            .zip(names)
            .map(|(from, name)| Planned {
                from,
                name,
                here: None,
                change: "added",
                note: None,
                apply: true,
            })
            .collect();
        let issued = issue::plan_issued(&document.issued, &[], Merge::default())?;
        self.apply(&planned, &issued, document, None)
    }

    /// The backup that every restore into a filled vault begins with.
    fn back_up_before(&self, opener: &Opener) -> Result<Option<PathBuf>, Error> {
        let folder = self.config.home.join("before-restore");
        std::fs::create_dir_all(&folder)
            .map_err(|error| crate::error::io(&error, "the folder for the backup before"))?;
        let path = folder.join(self.clock().strftime("%Y-%m-%dT%H-%M-%S%.6fZ.age").to_string());
        let Some(document) = self.with(|open| self.document(open))? else {
            return Ok(None);
        };
        backup::write(&path, &document, &opener.lock(), false, false)?;
        Ok(Some(path))
    }

    /// Puts the planned entries in: all values into the keychain first, then all rows at once.
    fn apply(
        &self,
        planned: &[Planned<'_>],
        issued: &[IssuedPlan],
        document: &Document,
        proved: Option<bool>,
    ) -> Result<(), Error> {
        self.with_new(|open| {
            let now = self.clock();
            let snapshot = open.read(Snapshot::read)?;
            let new = || planned.iter().filter(|one| one.apply && one.here.is_none());
            let bytes = new().flat_map(|one| &one.from.versions);
            let bytes = bytes.map(|version| value_len(&version.value)).sum();
            let new = new().count();
            open.read(|tx| limits::check(tx, new, bytes))?;
            let mut rows: Vec<(Entry, Vec<Row<'_>>)> = vec![];
            let mut applied = BTreeMap::new();
            for one in planned.iter().filter(|one| one.apply) {
                let entry = self.restored_entry(one)?;
                let known = snapshot.versions(&entry);
                let prints: Vec<String> = one
                    .from
                    .versions
                    .iter()
                    .map(|from| open.vault.keys().fingerprint(from.value.expose_secret()))
                    .collect();
                let pairs = pair(&one.from.versions, &prints, known);
                let mut versions: Vec<Row<'_>> = vec![];
                for (from, here) in one.from.versions.iter().zip(&pairs) {
                    // A value that is here already keeps its item and takes the backup's stage.
                    if let Some(at) = here {
                        let mut row = known[*at].clone();
                        row.stage.clone_from(&from.stage);
                        row.retired = from.retired;
                        versions.push(Row::Here(row));
                        continue;
                    }
                    let taken = |number: u32| {
                        known.iter().any(|row| row.number == number)
                            || versions.iter().any(|row| row.number() == number)
                    };
                    let number = (from.number..).find(|number| !taken(*number)).unwrap_or(u32::MAX);
                    versions.push(Row::New(number, from));
                }
                // Values that only the vault has are kept, no longer as the current one.
                for (at, row) in known.iter().enumerate() {
                    if pairs.contains(&Some(at)) {
                        continue;
                    }
                    let mut row = row.clone();
                    if row.stage == "current" {
                        "previous".clone_into(&mut row.stage);
                        row.retired = Some(now);
                    }
                    versions.push(Row::Here(row));
                }
                applied.insert(one.from.id.as_str(), entry.id.clone());
                rows.push((entry, versions));
            }
            let rows = self.store_new(open, rows, now)?;
            // Which entry here each of the backup's is, for those that name another.
            let mut ids = BTreeMap::new();
            for one in planned {
                if let Some(here) = &one.here {
                    ids.insert(one.from.id.as_str(), here.id.clone());
                }
            }
            ids.extend(applied.iter().map(|(from, here)| (*from, here.clone())));
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
                issue::put_issued(tx, issued)?;
                place_backup::put(tx, document, &applied, &ids, proved == Some(true))?;
                Ok(((), events))
            })
        })
    }

    /// Puts the values that are new here into the keychain, all at once.
    fn store_new(
        &self,
        open: &mut Open,
        rows: Vec<(Entry, Vec<Row<'_>>)>,
        now: Timestamp,
    ) -> Result<Vec<(Entry, Restored)>, Error> {
        let mut new = vec![];
        for (entry, versions) in &rows {
            for row in versions {
                if let Row::New(number, from) = row {
                    let label = label(&entry.path(), *number);
                    new.push(NewValue { entry: &entry.id, label, value: &from.value });
                }
            }
        }
        let mut staged = self.stage_all(open, &new, now)?.into_iter();
        drop(new);
        let mut stored = |entry: &Entry, row: Row<'_>| match row {
            Row::Here(row) => Some((row, None)),
            Row::New(number, from) => staged.next().map(|staged| {
                let mut row = staged.version(&entry.id, number, &from.stage, from.created);
                row.retired = from.retired;
                (row, Some(staged))
            }),
        };
        let with_values = |(entry, versions): (Entry, Vec<Row<'_>>)| {
            let versions = versions.into_iter().filter_map(|row| stored(&entry, row)).collect();
            (entry, versions)
        };
        Ok(rows.into_iter().map(with_values).collect())
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
        let mut entry = restorable::row(from, &one.name, &id);
        tidy(&mut entry)?;
        Ok(entry)
    }
}

pub(crate) fn malformed(what: &str) -> Error {
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
    let mut prints = vec![];
    for version in &from.versions {
        prints.extend(print(&version.value)?);
    }
    if snapshot.runs.contains_key(&here.id) {
        let note = Some("it is being rotated: finish or abort that first".to_owned());
        return Ok(Planned { from, name, here: Some(here), change: "changed", note, apply: false });
    }
    let versions = snapshot.versions(&here);
    let pairs = pair(&from.versions, &prints, versions);
    // The same when taking it over would change nothing: every value is here in its stage, and what
    // only the vault has is not its current one.
    let in_place = |(from, at): (&backup::Version, &Option<usize>)| {
        at.is_some_and(|at| versions[at].stage == from.stage)
    };
    let rest_is_past = versions
        .iter()
        .enumerate()
        .all(|(at, row)| pairs.contains(&Some(at)) || row.stage != "current");
    let same_values = rest_is_past && from.versions.iter().zip(&pairs).all(in_place);
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

/// Which of the vault's versions each of the backup's is, by its value; where one value is there
/// twice, the one of the same number.
fn pair(from: &[backup::Version], prints: &[String], rows: &[Version]) -> Vec<Option<usize>> {
    let mut pairs: Vec<Option<usize>> = vec![None; from.len()];
    for by_number in [true, false] {
        for (index, (version, print)) in from.iter().zip(prints).enumerate() {
            if pairs[index].is_some() {
                continue;
            }
            let fits = |(at, row): &(usize, &Version)| {
                row.fingerprint == *print
                    && (!by_number || row.number == version.number)
                    && !pairs.contains(&Some(*at))
            };
            pairs[index] = rows.iter().enumerate().find(fits).map(|(at, _)| at);
        }
    }
    pairs
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

fn restore_report(
    planned: &[Planned<'_>],
    issued: Vec<RestoreChange>,
    proved: Option<bool>,
    applied: bool,
) -> RestoreReport {
    let entries = planned.iter().map(|one| RestoreChange {
        name: one.name.to_string(),
        change: one.change.to_owned(),
        apply: one.apply,
        note: one.note.clone(),
    });
    let changes: Vec<RestoreChange> = entries.chain(issued).collect();
    let count = |change: &str| {
        u32::try_from(changes.iter().filter(|one| one.change == change).count()).unwrap_or(u32::MAX)
    };
    RestoreReport {
        version: JSON_VERSION,
        applied,
        added: count("added"),
        changed: count("changed"),
        older: count("older"),
        same: count("same"),
        origin_proved: proved,
        changes,
        before: None,
        bad: vec![],
        warnings: vec![],
    }
}
