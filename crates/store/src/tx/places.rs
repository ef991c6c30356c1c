//! The rows of providers and of the places that hold copies.

use rusqlite::params;

use super::Tx;
use crate::{Connection, Destination, ProviderSetting, StoreError};

impl Tx<'_> {
    /// What the user lets Keyward do at each provider that was ever set, by id.
    ///
    /// # Errors
    /// As [`Tx::entries`].
    pub fn providers(&self) -> Result<Vec<ProviderSetting>, StoreError> {
        self.all("provider", "SELECT id, body, mac FROM provider ORDER BY id", [])
    }

    /// Writes what the user lets Keyward do at a provider.
    ///
    /// # Errors
    /// A disk error.
    pub fn put_provider(&self, setting: &ProviderSetting) -> Result<(), StoreError> {
        self.put("provider", "id", &setting.id, setting)
    }

    /// What providers have to be told of each entry beside its value.
    ///
    /// # Errors
    /// As [`Tx::entries`].
    pub fn connections(&self) -> Result<Vec<Connection>, StoreError> {
        self.all("connection", "SELECT entry, body, mac FROM connection ORDER BY entry", [])
    }

    /// Writes what a provider has to be told of an entry.
    ///
    /// # Errors
    /// A disk error.
    pub fn put_connection(&self, connection: &Connection) -> Result<(), StoreError> {
        self.put("connection", "entry", &connection.entry, connection)
    }

    /// Forgets what a provider has to be told of an entry.
    ///
    /// # Errors
    /// A disk error.
    pub fn delete_connection(&self, entry: &str) -> Result<(), StoreError> {
        self.inner.execute("DELETE FROM connection WHERE entry = ?1", [entry])?;
        Ok(())
    }

    /// The places that hold copies, in the order in which they were made known.
    ///
    /// # Errors
    /// As [`Tx::entries`].
    pub fn destinations(&self) -> Result<Vec<Destination>, StoreError> {
        self.all("destination", "SELECT id, body, mac FROM destination ORDER BY id", [])
    }

    /// Writes a place, new or changed.
    ///
    /// # Errors
    /// A disk error.
    pub fn put_destination(&self, place: &Destination) -> Result<(), StoreError> {
        let (body, mac) = self.seal("destination", &place.id, place)?;
        self.inner.execute(
            "INSERT INTO destination (id, entry, body, mac) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE SET body = ?3, mac = ?4",
            params![place.id, place.entry, body, mac],
        )?;
        Ok(())
    }

    /// Forgets a place; what it holds stays there.
    ///
    /// # Errors
    /// A disk error.
    pub fn delete_destination(&self, id: &str) -> Result<(), StoreError> {
        self.inner.execute("DELETE FROM destination WHERE id = ?1", [id])?;
        Ok(())
    }
}
