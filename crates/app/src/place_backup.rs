//! Places and connections in backups. A restore brings back where copies are, and never the leave to
//! talk to a provider: that is given anew on each machine. From a backup that another vault wrote a place
//! comes back as a note for a person: a file from elsewhere may not say what is written, run or sent.

use std::collections::BTreeMap;

use keyward_backup::{self as backup, Document};
use keyward_store::{Connection, Destination, Entry, Tx};

use crate::Error;
use crate::place::parse;

/// The places of these entries as they stand in a backup.
pub(crate) fn places(rows: &[Destination], entries: &[Entry]) -> Vec<backup::Place> {
    let kept = rows.iter().filter(|row| entries.iter().any(|entry| entry.id == row.entry));
    kept.map(|row| backup::Place {
        id: row.id.clone(),
        entry: row.entry.clone(),
        place: row.place.clone(),
        credential: row.credential.clone(),
        added: row.added,
    })
    .collect()
}

/// The connections of these entries as they stand in a backup.
pub(crate) fn connections(rows: &[Connection], entries: &[Entry]) -> Vec<backup::Connection> {
    let kept = rows.iter().filter(|row| entries.iter().any(|entry| entry.id == row.entry));
    kept.map(|row| backup::Connection {
        entry: row.entry.clone(),
        connector: row.connector.clone(),
        admin: row.admin.clone(),
        parameters: row.parameters.clone(),
    })
    .collect()
}

/// What a restore changes of them, a line each.
pub(crate) fn warnings(document: &Document, proved: Option<bool>) -> Vec<String> {
    let written = document.places.iter().filter(|row| !is_by_hand(row)).count();
    let text = "places come back as notes, because this vault did not write the backup: add those again that Keyward is to write";
    match written {
        0 => vec![],
        _ if proved == Some(true) => vec![],
        written => vec![format!("{written} {text}")],
    }
}

/// Puts in what is not here yet for the entries that were `applied`; `ids` says which entry here each
/// of the backup's is.
pub(crate) fn put(
    tx: &Tx<'_>,
    document: &Document,
    applied: &BTreeMap<&str, String>,
    ids: &BTreeMap<&str, String>,
    proved: bool,
) -> Result<(), Error> {
    // A file from elsewhere may not choose what of this vault's is sent where.
    let known_ids = if proved { ids } else { applied };
    let here = |id: &Option<String>| id.as_ref().and_then(|id| known_ids.get(id.as_str()).cloned());
    let known = tx.destinations()?;
    for row in &document.places {
        let Some(entry) = applied.get(row.entry.as_str()) else { continue };
        let mut fresh = Destination {
            id: row.id.clone(),
            entry: entry.clone(),
            place: row.place.clone(),
            credential: here(&row.credential),
            added: row.added,
            holds: None,
        };
        let is_here = known
            .iter()
            .any(|one| one.id == fresh.id || one.entry == fresh.entry && one.place == fresh.place);
        let is_id = fresh.id.len() == 26 && fresh.id.bytes().all(|b| b.is_ascii_alphanumeric());
        let Ok(place) = parse(&fresh) else { continue };
        if is_here || !is_id {
            continue;
        }
        if !proved && !is_by_hand(row) {
            let note = format!("As it was: {}", place.shown());
            fresh.place = serde_json::json!({ "kind": "by-hand", "note": note });
            fresh.credential = None;
        }
        tx.put_destination(&fresh)?;
    }
    let connected = tx.connections()?;
    for row in &document.connections {
        let Some(entry) = applied.get(row.entry.as_str()) else { continue };
        if connected.iter().any(|one| one.entry == *entry) {
            continue;
        }
        tx.put_connection(&Connection {
            entry: entry.clone(),
            connector: row.connector.clone(),
            admin: here(&row.admin),
            parameters: row.parameters.clone(),
        })?;
    }
    Ok(())
}

fn is_by_hand(row: &backup::Place) -> bool {
    row.place.get("kind").and_then(|kind| kind.as_str()) == Some("by-hand")
}
