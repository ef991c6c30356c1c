//! The schema, and the steps from one version of it to the next.

use rusqlite::Connection;

use crate::StoreError;

/// Marks a SQLite file as ours (`PRAGMA application_id`): the bytes `KEYW`.
pub(crate) const APPLICATION_ID: i64 = 0x4B45_5957;

/// Each step brings the file from schema `index` to `index + 1`. Steps are never edited, only
/// added.
const STEPS: &[&str] = &[
    "
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- `path` is the full name in lower case, NULL once the entry is in the bin.
CREATE TABLE entry (
    id   TEXT PRIMARY KEY,
    path TEXT UNIQUE,
    body TEXT NOT NULL,
    mac  BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE version (
    id     TEXT PRIMARY KEY,
    entry  TEXT NOT NULL REFERENCES entry (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    body   TEXT NOT NULL,
    mac    BLOB NOT NULL,
    box    BLOB,
    UNIQUE (entry, number)
) WITHOUT ROWID;

CREATE TABLE intent (
    account TEXT PRIMARY KEY,
    at      TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE run (
    id    TEXT PRIMARY KEY,
    entry TEXT NOT NULL REFERENCES entry (id) ON DELETE CASCADE,
    open  INTEGER NOT NULL,
    body  TEXT NOT NULL,
    mac   BLOB NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX run_open ON run (entry) WHERE open = 1;

CREATE TABLE used (
    entry TEXT NOT NULL REFERENCES entry (id) ON DELETE CASCADE,
    how   TEXT NOT NULL,
    place TEXT NOT NULL,
    body  TEXT NOT NULL,
    PRIMARY KEY (entry, how, place)
) WITHOUT ROWID;

CREATE TABLE backup (
    path TEXT PRIMARY KEY,
    body TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE repository (
    path   TEXT PRIMARY KEY,
    report TEXT
) WITHOUT ROWID;

CREATE TABLE delivery (
    endpoint TEXT NOT NULL,
    id       TEXT NOT NULL,
    at       TEXT NOT NULL,
    PRIMARY KEY (endpoint, id)
) WITHOUT ROWID;

CREATE TABLE audit (
    seq  INTEGER PRIMARY KEY,
    body TEXT NOT NULL,
    mac  BLOB NOT NULL
);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit record takes no update'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit record takes no delete'); END;
",
    "
-- Keys that the user issued: their hashes.
CREATE TABLE issued (
    id   TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    mac  BLOB NOT NULL
) WITHOUT ROWID;
",
    "
-- The lock: its wrapped key under `passphrase`, failed tries under `tries`.
CREATE TABLE lock (
    id   TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    mac  BLOB NOT NULL
) WITHOUT ROWID;
",
    "
-- Providers that the user lets Keyward talk to.
CREATE TABLE provider (
    id   TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    mac  BLOB NOT NULL
) WITHOUT ROWID;

-- What a provider has to be told of an entry beside its value.
CREATE TABLE connection (
    entry TEXT PRIMARY KEY REFERENCES entry (id) ON DELETE CASCADE,
    body  TEXT NOT NULL,
    mac   BLOB NOT NULL
) WITHOUT ROWID;

-- Places that hold a copy of an entry's value.
CREATE TABLE destination (
    id    TEXT PRIMARY KEY,
    entry TEXT NOT NULL REFERENCES entry (id) ON DELETE CASCADE,
    body  TEXT NOT NULL,
    mac   BLOB NOT NULL
) WITHOUT ROWID;
",
];

/// Newest schema this program knows.
pub(crate) const NEWEST: i64 = STEPS.len() as i64;

/// Brings the schema up to [`NEWEST`] in one transaction.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let found = version(connection)?;
    if found > NEWEST {
        return Err(StoreError::TooNew { found, known: NEWEST });
    }
    if found == NEWEST {
        return Ok(());
    }
    let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Another process may have migrated while we waited for the lock.
    let found = version(&tx)?;
    for (index, step) in STEPS.iter().enumerate() {
        if index as i64 >= found {
            tx.execute_batch(step)?;
        }
    }
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", NEWEST)?;
    tx.commit()?;
    Ok(())
}

/// Schema version of the open file.
pub(crate) fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}
