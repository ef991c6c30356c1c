//! How much a vault holds: what a list still answers at once, and what a backup still takes.

use keyward_store::Tx;

use crate::Error;

/// Most entries, those in the bin among them.
pub(crate) const MAX_ENTRIES: usize = 10_000;
/// Most bytes of all versions' values together: half of what a backup document may have, for
/// base64 and the rest of it take their share.
pub(crate) const MAX_BYTES: u64 = 32 * 1024 * 1024;

/// Whether so many more entries and bytes of values fit. Asked before anything is written.
///
/// # Errors
/// `VAULT_LIMIT`, or the database's.
pub(crate) fn check(tx: &Tx<'_>, entries: usize, bytes: u64) -> Result<(), Error> {
    let there = tx.entries(false)?.len() + tx.entries(true)?.len();
    let stored = tx.all_versions()?.iter().map(|version| u64::from(version.size)).sum();
    fit(there, entries, stored, bytes)
}

fn fit(there: usize, entries: usize, stored: u64, bytes: u64) -> Result<(), Error> {
    if entries > 0 && there + entries > MAX_ENTRIES {
        return Err(too_many(there, entries));
    }
    if stored + bytes > MAX_BYTES {
        return Err(limit(format!(
            "A vault's values have at most 32 MiB together; this one has {stored} bytes, and {bytes} more would be too many."
        )));
    }
    Ok(())
}

/// The error of a vault with `there` entries and so many more.
pub(crate) fn too_many(there: usize, more: usize) -> Error {
    limit(format!(
        "A vault holds 10,000 entries; this one has {there}, and {more} more would be too many."
    ))
}

fn limit(what: String) -> Error {
    Error::new(
        "VAULT_LIMIT",
        format!("{what} Nothing was changed."),
        "Remove what is no longer used, or keep the rest in a vault of its own with another KEYWARD_HOME.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vault_is_held_to_what_a_list_and_a_backup_take() {
        assert!(fit(9_999, 1, 0, 65_536).is_ok());
        assert_eq!(fit(9_999, 2, 0, 1).unwrap_err().code, "VAULT_LIMIT");
        assert!(fit(10_000, 0, MAX_BYTES - 1, 1).is_ok(), "a full vault still rotates");
        assert_eq!(fit(1, 1, MAX_BYTES, 1).unwrap_err().code, "VAULT_LIMIT");
    }
}
