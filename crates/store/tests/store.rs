//! The database as its callers meet it: private files, seals, one writer, nothing half done.

use jiff::Timestamp;
use keyward_store::{AuditRecord, Entry, RowKey, Store, StoreError};

fn entry(id: &str, name: &str) -> Entry {
    Entry {
        id: id.to_owned(),
        project: "acme".to_owned(),
        env: "prod".to_owned(),
        name: name.to_owned(),
        kind: "api-key".to_owned(),
        provider: None,
        mode: "unknown".to_owned(),
        var: "X".to_owned(),
        owner: None,
        url: None,
        notes: None,
        ip_note: None,
        tags: vec![],
        rotate_days: None,
        expires: None,
        created: Timestamp::UNIX_EPOCH,
        updated: Timestamp::UNIX_EPOCH,
        snooze: None,
        removed: None,
    }
}

fn key() -> RowKey {
    RowKey::new([7; 32])
}

#[test]
fn names_are_unique_in_any_letter_case_until_removed() {
    let mut store = Store::memory().unwrap();
    store.write(&key(), |tx| tx.put_entry(&entry("1", "Stripe"))).unwrap();
    let taken = store.write(&key(), |tx| tx.put_entry(&entry("2", "stripe")));
    assert!(matches!(taken, Err(StoreError::Taken)), "{taken:?}");
    let mut removed = entry("1", "Stripe");
    removed.removed = Some(Timestamp::UNIX_EPOCH);
    store.write(&key(), |tx| tx.put_entry(&removed)).unwrap();
    store.write(&key(), |tx| tx.put_entry(&entry("2", "stripe"))).unwrap();
}

#[test]
fn a_failed_transaction_changes_nothing() {
    let mut store = Store::memory().unwrap();
    let failed: Result<(), StoreError> = store.write(&key(), |tx| {
        tx.put_entry(&entry("1", "a"))?;
        Err(StoreError::Busy { holder: None })
    });
    assert!(failed.is_err());
    let entries = store.read(&key(), |tx| tx.entries(false)).unwrap();
    assert!(entries.is_empty(), "the entry of a failed transaction is still there");
}

#[test]
fn an_altered_row_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("home/keyward.db");
    let mut store = Store::open(&path).unwrap();
    store.write(&key(), |tx| tx.put_entry(&entry("1", "a"))).unwrap();
    drop(store);
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute("UPDATE entry SET body = replace(body, 'api-key', 'token')", []).unwrap();
    drop(raw);
    let mut store = Store::open(&path).unwrap();
    let read = store.read(&key(), |tx| tx.entries(false));
    assert!(matches!(read, Err(StoreError::Damaged { .. })), "{read:?}");
}

#[test]
fn the_audit_table_takes_no_update_and_no_delete() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("home/keyward.db");
    let mut store = Store::open(&path).unwrap();
    let record = AuditRecord { seq: 1, body: "{}".to_owned(), mac: vec![1] };
    store.write(&key(), |tx| tx.append_audit(&record)).unwrap();
    let raw = rusqlite::Connection::open(&path).unwrap();
    assert!(raw.execute("UPDATE audit SET body = ''", []).is_err());
    assert!(raw.execute("DELETE FROM audit", []).is_err());
}

#[test]
fn foreign_and_broken_files_are_named_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("png"), b"\x89PNG\r\n\x1a\n and so on, longer than a SQLite header is, which is a hundred bytes, so that it counts").unwrap();
    assert!(matches!(Store::open(&at("png")), Err(StoreError::NotOurs)));
    std::fs::write(at("empty"), b"").unwrap();
    assert!(matches!(Store::open(&at("empty")), Err(StoreError::Empty)));
    std::fs::create_dir(at("folder")).unwrap();
    assert!(matches!(Store::open(&at("folder")), Err(StoreError::NotAFile)));
    let other = rusqlite::Connection::open(at("other")).unwrap();
    other.execute("CREATE TABLE t (x)", []).unwrap();
    drop(other);
    let before = std::fs::read(at("other")).unwrap();
    assert!(matches!(Store::open(&at("other")), Err(StoreError::NotOurs)));
    assert_eq!(std::fs::read(at("other")).unwrap(), before, "a foreign database was changed");
    let newer = Store::open(&at("newer")).unwrap();
    drop(newer);
    let raw = rusqlite::Connection::open(at("newer")).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    drop(raw);
    assert!(matches!(Store::open(&at("newer")), Err(StoreError::TooNew { found: 99, .. })));
}

#[cfg(unix)]
#[test]
fn files_are_private_and_links_are_not_followed() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("home/keyward.db");
    drop(Store::open(&path).unwrap());
    let mode = |p: &std::path::Path| std::fs::metadata(p).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    drop(Store::open(&path).unwrap());
    assert_eq!(mode(&path), 0o600, "a wider mode is narrowed");
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(matches!(Store::open(&link), Err(StoreError::Symlink)));
}
