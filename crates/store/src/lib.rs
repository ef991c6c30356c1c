//! The one SQLite file of a vault: schema, migrations, typed rows.
//!
//! Invariants: no secret value is ever in it (a value too large for the platform's keychain is
//! here only as a sealed box); every row that decides something carries a keyed MAC, checked when
//! it is read; a change and its audit record are one transaction; the audit table takes no update
//! and no delete. This crate knows SQL and nothing of keychains, clocks or people.

mod error;
mod look;
mod open;
mod row;
mod schema;
mod tx;

pub use error::StoreError;
pub use look::{Look, lock_holder, look};
pub use open::{Store, private_folder};
pub use row::{
    AuditRecord, BackupRecord, Connection, Destination, Entry, Intent, IssuedKey, Lock,
    ProviderSetting, Run, Snooze, Tries, Use, Version,
};
pub use tx::{RowKey, Tx};
