//! Opening the file: what it must be before SQLite may touch it, and with which settings.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::look::{self, Look, look};
use crate::schema::{self, APPLICATION_ID};
use crate::{RowKey, StoreError, Tx};

/// How long a writer waits for another one.
const BUSY: Duration = Duration::from_secs(5);

/// The open database of one vault.
pub struct Store {
    connection: Connection,
    path: Option<PathBuf>,
    narrowed: bool,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database at `path`, or makes it when there is no file. The folder is made with
    /// mode 0700 and the file with 0600; wider modes are narrowed.
    ///
    /// # Errors
    /// A path that is not a regular file of this user, a file that is not ours, one written by a
    /// newer program, a damaged one, or a disk error. Nothing is changed in those cases.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        private_folder(folder)?;
        let (existed, narrowed) = match look(path)? {
            Look::Nothing => (false, false),
            Look::Empty => return Err(StoreError::Empty),
            Look::File { narrowed } => (true, narrowed),
        };
        if !existed {
            // Made here, so that it never exists with a wider mode.
            private_file(path)?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match Connection::open_with_flags(path, flags) {
            Ok(connection) => connection,
            Err(_) if existed => Connection::open_with_flags(
                path,
                OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            )?,
            Err(error) => return Err(error.into()),
        };
        let store = Self::prepare(connection, Some(path.to_owned()), existed);
        let store = store.map_err(|error| explain(error, Some(path)))?;
        Ok(Self { narrowed, ..store })
    }

    /// Whether others could read the file until it was opened now.
    #[must_use]
    pub fn was_narrowed(&self) -> bool {
        self.narrowed
    }

    /// A database in memory, for tests and `KEYWARD_KEYCHAIN=memory`.
    ///
    /// # Errors
    /// Only when SQLite cannot allocate.
    pub fn memory() -> Result<Self, StoreError> {
        Self::prepare(Connection::open_in_memory()?, None, false)
    }

    /// Whether a database file is at `path`; an empty or foreign one counts, so that it is never
    /// taken for a first run.
    ///
    /// # Errors
    /// As [`Store::open`] for things that are not regular files.
    pub fn exists(path: &Path) -> Result<bool, StoreError> {
        Ok(look::inspect(path)?.is_some())
    }

    fn prepare(
        mut connection: Connection,
        path: Option<PathBuf>,
        existed: bool,
    ) -> Result<Self, StoreError> {
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        // A removed row's bytes are overwritten, and every commit reaches the disk.
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        if existed {
            let id: i64 =
                connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
            if id != APPLICATION_ID && schema::version(&connection)? != 0 {
                return Err(StoreError::NotOurs);
            }
            if id != APPLICATION_ID && table_count(&connection)? > 0 {
                return Err(StoreError::NotOurs);
            }
        }
        schema::migrate(&mut connection)?;
        Ok(Self { connection, path, narrowed: false })
    }

    /// Where the file is; none for a database in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Runs `work` in a transaction that holds the write lock from its start. It commits when
    /// `work` is done, and changes nothing when it fails.
    ///
    /// # Errors
    /// Those of `work`, and [`StoreError`] for the transaction itself.
    pub fn write<T, E: From<StoreError>>(
        &mut self,
        key: &RowKey,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transaction(TransactionBehavior::Immediate, key, work)
    }

    /// Runs `work` on one unchanging view of the data.
    ///
    /// # Errors
    /// Those of `work`, and [`StoreError`] for the transaction itself.
    pub fn read<T, E: From<StoreError>>(
        &mut self,
        key: &RowKey,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transaction(TransactionBehavior::Deferred, key, work)
    }

    fn transaction<T, E: From<StoreError>>(
        &mut self,
        behavior: TransactionBehavior,
        key: &RowKey,
        work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let path = self.path.as_deref();
        let inner = self
            .connection
            .transaction_with_behavior(behavior)
            .map_err(|error| explain(error.into(), path))?;
        let tx = Tx::new(inner, key);
        let value = work(&tx)?;
        tx.commit().map_err(|error| explain(error, path))?;
        Ok(value)
    }

    /// Reads one plain setting that needs no key, such as the vault's id.
    ///
    /// # Errors
    /// A disk error or a damaged file.
    pub fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        crate::tx::meta(&self.connection, key)
    }

    /// SQLite's own check of the whole file.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] with the first complaint.
    pub fn check(&self) -> Result<(), StoreError> {
        let word: String =
            self.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if word == "ok" { Ok(()) } else { Err(StoreError::Damaged { what: word }) }
    }
}

fn table_count(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?)
}

/// Finds out who keeps the file busy, or that nobody does and its file system gives no locks.
fn explain(error: StoreError, path: Option<&Path>) -> StoreError {
    let (StoreError::Busy { .. }, Some(path)) = (&error, path) else {
        return error;
    };
    match look::lock_holder(path) {
        None if look::gives_no_locks(path.parent().unwrap_or(Path::new("."))) => {
            StoreError::NoLocks
        }
        holder => StoreError::Busy { holder },
    }
}

/// Makes a folder, and those above it, that only this user can look into (mode 0700). One that is
/// there stays as it is.
///
/// # Errors
/// The disk's.
pub fn private_folder(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn private_file(path: &Path) -> Result<(), StoreError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        // Another process made it first; it is ours as well.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Ok(()),
    }
}
