//! Destinations: the places that hold copies of a value, told by the user or seen, written and
//! looked at on demand. What a place holds is compared and never shown.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use keyward_remote::destination::{Access, Held, Place};
use keyward_remote::{Failure, Happened, Why};
use keyward_rotation::Placed;
use keyward_store::{Destination, Entry, Tx, Version};
use keyward_vault::{Secret, new_id};

use crate::error::shown;
use crate::input::NewPlace;
use crate::session::Open;
use crate::snapshot::{Snapshot, resolve};
use crate::view::{DestinationList, DestinationRow, JSON_VERSION, SeenPlace};
use crate::{Error, Keyward};

/// Most places of one entry.
const MAX_PLACES: usize = 64;

/// A place, ready to be written or looked at.
pub(crate) struct Ready {
    pub(crate) row: Destination,
    pub(crate) place: Place,
    credential: Option<Secret>,
}

impl Ready {
    pub(crate) fn push(&self, value: &Secret, token: &str, now: Timestamp) -> Result<(), Failure> {
        self.place.push(value, &self.access(token, now))
    }

    pub(crate) fn held(
        &self,
        values: &[&Secret],
        token: &str,
        now: Timestamp,
    ) -> Result<Held, Failure> {
        self.place.check(values, &self.access(token, now))
    }

    fn access<'a>(&'a self, token: &'a str, now: Timestamp) -> Access<'a> {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        Access { credential: self.credential.as_ref(), token, now, variables: &NONE }
    }
}

/// What a look at a place, or a push to it, found.
struct Seen {
    id: String,
    /// The version that is there, as far as known.
    holds: Option<u32>,
    state: &'static str,
    note: Option<String>,
}

impl Keyward {
    /// Makes a place known that holds a copy of an entry's value. Nothing is written there.
    ///
    /// # Errors
    /// `NOT_FOUND`, `PLACE_INVALID`, the keychain or the disk.
    pub fn destination_add(&self, name: &str, new: &NewPlace) -> Result<DestinationRow, Error> {
        self.with_entry(name, |open| {
            let now = self.clock();
            open.change(|tx, _| {
                let snapshot = Snapshot::read(tx)?;
                let entry = snapshot.resolve(name)?;
                let place = to_place(new, &entry.var)?;
                let credential = match new.credential.as_deref().filter(|name| !name.is_empty()) {
                    Some(name) => Some(resolve(&snapshot.entries, name)?.id.clone()),
                    None if place.needs_credential() => {
                        return Err(invalid(
                            "This place is written with a credential of its own.",
                            "Name the entry that holds it with `--with NAME`.",
                        ));
                    }
                    None => None,
                };
                let others = tx.destinations()?;
                let here: Vec<_> = others.iter().filter(|one| one.entry == entry.id).collect();
                let body = serde_json::to_value(&place).map_err(|_| fault())?;
                if here.iter().any(|one| one.place == body) {
                    return Err(invalid(
                        "The entry has this place already.",
                        "`keyward destination list` shows it.",
                    ));
                }
                if here.len() >= MAX_PLACES {
                    return Err(invalid("An entry has at most 64 places.", "Take one away first."));
                }
                let row = Destination {
                    id: new_id(now)?,
                    entry: entry.id.clone(),
                    place: body,
                    credential,
                    added: now,
                    holds: None,
                };
                tx.put_destination(&row)?;
                let event = self.event("destination-add", &entry.path(), Some(place.shown()));
                Ok((view(&snapshot, &row, &place, None), vec![event]))
            })
        })
    }

    /// Forgets a place; what it holds stays there.
    ///
    /// # Errors
    /// `NOT_FOUND`, the keychain or the disk.
    pub fn destination_remove(&self, id: &str) -> Result<DestinationRow, Error> {
        self.with_entry(id, |open| {
            open.change(|tx, _| {
                let snapshot = Snapshot::read(tx)?;
                let row = find(tx, id)?;
                let place = parse(&row)?;
                tx.delete_destination(&row.id)?;
                let shown = view(&snapshot, &row, &place, None);
                let event = self.event("destination-remove", &shown.entry, Some(place.shown()));
                Ok((shown, vec![event]))
            })
        })
    }

    /// The places of one entry, or of all, and where entries were seen beside them.
    ///
    /// # Errors
    /// `NOT_FOUND`, the keychain or the disk.
    pub fn destinations(&self, name: Option<&str>) -> Result<DestinationList, Error> {
        let found = self.with(|open| open.read(|tx| list(tx, name, &[])))?;
        match (found, name) {
            (Some(list), _) => Ok(list),
            (None, Some(name)) => Err(Error::not_found(name)),
            (None, None) => Ok(empty()),
        }
    }

    /// Writes the current value to the places of an entry that do not hold it, or to the one with this
    /// id, and looks whether it is there.
    ///
    /// # Errors
    /// `NOT_FOUND`, the keychain or the disk. A place that does not take it is a row with
    /// `state: failed`.
    pub fn destination_push(&self, name: &str, id: Option<&str>) -> Result<DestinationList, Error> {
        self.visit(
            name,
            id,
            |ready, values, token, now| {
                if !ready.place.is_automatic() {
                    return seen(&ready.row, ready.row.holds.map(|(v, _)| v), "unknown", None);
                }
                let current = &values[0];
                match ready.push(&current.1, token, now) {
                    Ok(()) => seen(&ready.row, Some(current.0.number), "current", None),
                    Err(failure) => {
                        let holds = ready.row.holds.map(|(version, _)| version);
                        seen(&ready.row, holds, "failed", Some(says(&failure)))
                    }
                }
            },
            "destination-push",
        )
    }

    /// Looks what the places of an entry hold.
    ///
    /// # Errors
    /// As [`Keyward::destination_push`].
    pub fn destination_check(
        &self,
        name: &str,
        id: Option<&str>,
    ) -> Result<DestinationList, Error> {
        self.visit(name, id, look, "destination-check")
    }

    /// Does something at each place of an entry, with the values of its versions, the current first.
    fn visit(
        &self,
        name: &str,
        id: Option<&str>,
        work: impl Fn(&Ready, &[(Version, Secret)], &str, Timestamp) -> Seen,
        action: &str,
    ) -> Result<DestinationList, Error> {
        let (entry, ready, values) = self.with_entry(name, |open| {
            let (entry, rows, versions) = open.read(|tx| {
                let snapshot = Snapshot::read(tx)?;
                let entry = snapshot.resolve(name)?.clone();
                let mut rows = tx.destinations()?;
                rows.retain(|row| row.entry == entry.id && id.is_none_or(|id| is_id(row, id)));
                if let (Some(id), true) = (id, rows.is_empty()) {
                    return Err(no_place(id));
                }
                let mut versions = snapshot.versions(&entry).to_vec();
                versions.sort_by_key(|one| (one.stage != "current", u32::MAX - one.number));
                if versions.first().is_none_or(|first| first.stage != "current") {
                    return Err(Error::new(
                        "NOT_FOUND",
                        format!("`{}` has no current value. Nothing was written.", entry.path()),
                        "Hand in a new one with `keyward rotate NAME --next`.",
                    ));
                }
                Ok((entry, rows, versions))
            })?;
            let values = self.values(open, &versions)?;
            let ready = self.ready(open, &rows)?;
            Ok((entry, ready, versions.into_iter().zip(values).collect::<Vec<_>>()))
        })?;
        let now = self.clock();
        // The same version at the same place is the same write, however often it is asked for.
        let seen: Vec<Seen> = ready
            .iter()
            .map(|one| {
                let token = push_token(&one.row.id, &values[0].0);
                work(one, &values, &token, now)
            })
            .collect();
        self.with_entry(name, |open| {
            open.change(|tx, _| {
                let mut events = vec![];
                for mut row in tx.destinations()? {
                    let Some(seen) = seen.iter().find(|seen| seen.id == row.id) else { continue };
                    if let (Some(version), true) = (seen.holds, seen.state != "failed") {
                        row.holds = Some((version, now));
                        tx.put_destination(&row)?;
                    }
                    let place = parse(&row)?;
                    let detail = format!("{}: {}", place.shown(), seen.state);
                    events.push(self.event(action, &entry.path(), Some(detail)));
                }
                Ok((list(tx, Some(&entry.path()), &seen)?, events))
            })
        })
    }

    /// Reads the places out of their rows, with the values that they are written with.
    pub(crate) fn ready(&self, open: &mut Open, rows: &[Destination]) -> Result<Vec<Ready>, Error> {
        let mut out = vec![];
        for row in rows {
            let place = parse(row)?;
            let credential = match &row.credential {
                None => None,
                Some(id) => {
                    let version = open.read(|tx| {
                        Ok(tx.versions(id)?.into_iter().rev().find(|one| one.stage == "current"))
                    })?;
                    version.map(|version| self.read_one(open, &version)).transpose()?
                }
            };
            out.push(Ready { row: row.clone(), place, credential });
        }
        Ok(out)
    }
}

/// The name of a push: the same place and version give the same one.
pub(crate) fn push_token(place: &str, version: &Version) -> String {
    // Secrets Manager takes 32 to 64 characters.
    format!("keyward-{}-{}", place.to_lowercase(), &version.id.to_lowercase())
}

fn look(ready: &Ready, values: &[(Version, Secret)], token: &str, now: Timestamp) -> Seen {
    let row = &ready.row;
    let known = row.holds.map(|(version, _)| version);
    if !ready.place.is_automatic() {
        return seen(row, known, "unknown", None);
    }
    let candidates: Vec<&Secret> = values.iter().map(|(_, value)| value).collect();
    match ready.held(&candidates, token, now) {
        Ok(Held::Known(0)) => seen(row, Some(values[0].0.number), "current", None),
        Ok(Held::Known(index)) => {
            seen(row, values.get(index).map(|(version, _)| version.number), "behind", None)
        }
        Ok(Held::Other) => seen(row, None, "other", None),
        Ok(Held::Absent) => seen(row, None, "absent", None),
        Ok(Held::Unreadable) => seen(row, known, "unreadable", None),
        Err(failure) => seen(row, known, "failed", Some(says(&failure))),
    }
}

fn seen(row: &Destination, holds: Option<u32>, state: &'static str, note: Option<String>) -> Seen {
    Seen { id: row.id.clone(), holds, state, note }
}

/// A failed push in words.
pub(crate) fn says(failure: &Failure) -> String {
    match (&failure.why, failure.happened) {
        (Why::Conflict, _) => failure.to_string(),
        (_, Happened::No) => format!("{failure}; it is as it was"),
        (_, Happened::Perhaps) => format!("{failure}; it may have been written all the same"),
    }
}

fn list(tx: &Tx<'_>, name: Option<&str>, looked: &[Seen]) -> Result<DestinationList, Error> {
    let snapshot = Snapshot::read(tx)?;
    let wanted = name.map(|name| snapshot.resolve(name)).transpose()?.map(|entry| &entry.id);
    let fits = |id: &String| wanted.is_none_or(|wanted| wanted == id);
    let mut out = empty();
    for row in tx.destinations()?.iter().filter(|row| fits(&row.entry)) {
        // Those of entries in the bin wait there with them.
        if snapshot.entries.iter().all(|entry| entry.id != row.entry) {
            continue;
        }
        let place = parse(row)?;
        let seen = looked.iter().find(|seen| seen.id == row.id);
        out.destinations.push(view(&snapshot, row, &place, seen));
    }
    for used in tx.uses(None)? {
        let Some(entry) = snapshot.entries.iter().find(|entry| entry.id == used.entry) else {
            continue;
        };
        let is_known = out.destinations.iter().any(|row| row.place.contains(&used.place));
        if fits(&used.entry) && used.how != "copy" && !is_known {
            out.seen.push(SeenPlace {
                entry: entry.path(),
                how: used.how,
                place: used.place,
                version: used.version,
                last: used.last.to_string(),
            });
        }
    }
    Ok(out)
}

fn empty() -> DestinationList {
    DestinationList { version: JSON_VERSION, destinations: vec![], seen: vec![] }
}

fn view(
    snapshot: &Snapshot,
    row: &Destination,
    place: &Place,
    seen: Option<&Seen>,
) -> DestinationRow {
    let of = |id: &str| snapshot.entries.iter().find(|entry| entry.id == id);
    let entry = of(&row.entry);
    let current = entry.and_then(|entry| snapshot.current(entry)).map(|version| version.number);
    let held = row.holds.map(|(version, _)| version);
    let state = match (seen, held) {
        (Some(seen), _) => seen.state,
        (None, None) => "unknown",
        (None, held) if held == current => "current",
        (None, _) => "behind",
    };
    DestinationRow {
        id: row.id.clone(),
        entry: entry.map(Entry::path).unwrap_or_default(),
        kind: row.place.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default().to_owned(),
        place: place.shown(),
        credential: row.credential.as_deref().and_then(of).map(Entry::path),
        by_hand: !place.is_automatic(),
        holds: seen.map_or(held, |seen| seen.holds),
        since: row.holds.map(|(_, at)| at.to_string()),
        state: state.to_owned(),
        note: seen.and_then(|seen| seen.note.clone()).or_else(|| remarks(place)),
    }
}

/// What a person should know of a place as it stands.
fn remarks(place: &Place) -> Option<String> {
    let remarks = place.remarks();
    (!remarks.is_empty()).then(|| remarks.join(" "))
}

/// The places of an entry as a rotation run takes them.
pub(crate) fn placed(tx: &Tx<'_>, entry: &Entry) -> Result<Vec<Placed>, Error> {
    let rows = tx.destinations()?.into_iter().filter(|row| row.entry == entry.id);
    rows.map(|row| {
        let place = parse(&row)?;
        Ok(Placed { id: row.id, shown: place.shown(), by_hand: !place.is_automatic(), at: None })
    })
    .collect()
}

/// Notes that a place holds a version.
pub(crate) fn holds(tx: &Tx<'_>, id: &str, version: u32, now: Timestamp) -> Result<(), Error> {
    if let Some(mut row) = tx.destinations()?.into_iter().find(|row| row.id == id) {
        row.holds = Some((version, now));
        tx.put_destination(&row)?;
    }
    Ok(())
}

fn find(tx: &Tx<'_>, id: &str) -> Result<Destination, Error> {
    let mut rows = tx.destinations()?;
    rows.retain(|row| is_id(row, id));
    match rows.len() {
        1 => Ok(rows.swap_remove(0)),
        _ => Err(no_place(id)),
    }
}

/// The whole id, or how it ends: at least four letters.
fn is_id(row: &Destination, id: &str) -> bool {
    row.id.eq_ignore_ascii_case(id)
        || id.len() >= 4 && row.id.to_lowercase().ends_with(&id.to_lowercase())
}

fn no_place(id: &str) -> Error {
    Error::new(
        "NOT_FOUND",
        format!("There is no one place `{}`. Nothing was changed.", shown(id)),
        "`keyward destination list` shows the ids.",
    )
}

pub(crate) fn parse(row: &Destination) -> Result<Place, Error> {
    serde_json::from_value(row.place.clone()).map_err(|_| {
        let what = "a destination cannot be read".to_owned();
        keyward_store::StoreError::Damaged { what }.into()
    })
}

fn to_place(new: &NewPlace, var: &str) -> Result<Place, Error> {
    let text = |field: &Option<String>, what: &str| {
        let given = field.clone().filter(|text| !text.is_empty());
        given.ok_or_else(|| {
            invalid(&format!("It needs {what}."), "See `keyward destination add --help`.")
        })
    };
    let file = |what: &str| -> Result<PathBuf, Error> {
        std::path::absolute(text(&new.path, what)?).map_err(|error| crate::error::io(&error, what))
    };
    let optional = |field: &Option<String>| field.clone().filter(|text| !text.is_empty());
    let key = || optional(&new.key).unwrap_or_else(|| var.to_owned());
    for address in new.address.iter().filter(|address| !address.is_empty()) {
        crate::provider::check_endpoint(address)?;
    }
    Ok(match new.kind.as_str() {
        "dotenv" => Place::Dotenv { path: file("the path of the file")?, var: key() },
        "file" => Place::File { path: file("the path of the file")? },
        "secrets-manager" => Place::SecretsManager {
            secret: text(&new.secret, "the name of the secret")?,
            region: text(&new.region, "the region")?,
            field: optional(&new.key),
            endpoint: optional(&new.address),
        },
        "kv" => Place::Kv {
            address: text(&new.address, "the server's address")?,
            mount: optional(&new.mount).unwrap_or_else(|| "secret".to_owned()),
            path: text(&new.path, "the path of the secret")?,
            field: key(),
            namespace: optional(&new.namespace),
        },
        "github-actions" => Place::GithubActions {
            repository: text(&new.project, "the repository, `owner/name`")?,
            environment: optional(&new.environment),
            name: key(),
            endpoint: optional(&new.address),
        },
        "gitlab-ci" => Place::GitlabCi {
            project: text(&new.project, "the project, an id or `group/project`")?,
            key: key(),
            scope: optional(&new.environment),
            endpoint: optional(&new.address),
        },
        "kubernetes" => Place::Kubernetes {
            path: file("the path of the manifest")?,
            secret: optional(&new.secret),
            key: key(),
        },
        "command" if !new.argv.is_empty() => Place::Command {
            argv: new.argv.clone(),
            check: (!new.check.is_empty()).then(|| new.check.clone()),
        },
        "command" => return Err(invalid("It needs a command.", "Give it after `--`.")),
        "by-hand" => Place::ByHand { note: text(&new.note, "what to do, with --note")? },
        other => {
            return Err(invalid(
                &format!("No kind of place is called `{}`.", shown(other)),
                "dotenv, file, secrets-manager, kv, github-actions, gitlab-ci, kubernetes, command or by-hand.",
            ));
        }
    })
}

fn invalid(message: &str, hint: &str) -> Error {
    Error::new("PLACE_INVALID", format!("{message} Nothing was changed."), hint)
}

fn fault() -> Error {
    Error::new("FAULT", "A place cannot be written down.", "Please report this.")
}
