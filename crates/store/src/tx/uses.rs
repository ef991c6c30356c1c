//! The rows of where entries were seen: files, commands, repositories.

use rusqlite::params;

use super::Tx;
use crate::{StoreError, Use};

impl Tx<'_> {
    /// Where an entry was seen, newest first; all entries when `entry` is none.
    ///
    /// # Errors
    /// A disk error.
    pub fn uses(&self, entry: Option<&str>) -> Result<Vec<Use>, StoreError> {
        self.used("SELECT body FROM used WHERE ?1 IS NULL OR entry = ?1", [entry])
    }

    /// Where any entry was seen in this way, newest first.
    ///
    /// # Errors
    /// A disk error.
    pub fn uses_as(&self, how: &str) -> Result<Vec<Use>, StoreError> {
        self.used("SELECT body FROM used WHERE how = ?1", [how])
    }

    fn used(&self, sql: &str, values: impl rusqlite::Params) -> Result<Vec<Use>, StoreError> {
        let mut statement = self.inner.prepare_cached(sql)?;
        let rows = statement
            .query_map(values, |row| row.get::<_, String>(0))?
            .collect::<Result<Vec<_>, _>>()?;
        let mut uses: Vec<Use> =
            rows.iter().map(|body| serde_json::from_str(body)).collect::<Result<_, _>>()?;
        uses.sort_by_key(|row| std::cmp::Reverse(row.last));
        Ok(uses)
    }

    /// Records that an entry was seen somewhere; a second time only moves the date.
    ///
    /// # Errors
    /// A disk error.
    pub fn put_use(&self, row: &Use) -> Result<(), StoreError> {
        let body = serde_json::to_string(row)?;
        self.inner.execute(
            "INSERT OR REPLACE INTO used (entry, how, place, body) VALUES (?1, ?2, ?3, ?4)",
            params![row.entry, row.how, row.place, body],
        )?;
        Ok(())
    }

    /// Forgets the uses of one kind whose place begins with `prefix`: a new scan of a repository
    /// replaces what the last one saw.
    ///
    /// # Errors
    /// A disk error.
    pub fn clear_uses(&self, how: &str, prefix: &str) -> Result<(), StoreError> {
        self.inner.execute(
            "DELETE FROM used WHERE how = ?1 AND substr(place, 1, length(?2)) = ?2",
            [how, prefix],
        )?;
        Ok(())
    }
}
