//! What can go wrong with the database file, told apart by what a person can do about it.

use thiserror::Error;

use crate::look::size_is_limited;

/// Why the database could not be opened, read or written. Never holds row contents.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The file exists and has no bytes.
    #[error("the vault file is empty")]
    Empty,
    /// The path is a folder, FIFO, socket or device.
    #[error("the vault path is not a regular file")]
    NotAFile,
    /// The path is a symbolic link; links are not followed.
    #[error("the vault path is a symbolic link")]
    Symlink,
    /// The file belongs to another user.
    #[error("the vault file belongs to another user")]
    Permissions,
    /// The file is not a Keyward database.
    #[error("the file is not a Keyward vault")]
    NotOurs,
    /// Written by a newer program; `found` is its schema version.
    #[error("the vault has schema {found}, newer than this program's {known}")]
    TooNew {
        /// Schema version in the file.
        found: i64,
        /// Newest schema version this program reads.
        known: i64,
    },
    /// SQLite or a row's MAC says that the file was damaged or altered; `what` names the place.
    #[error("the vault file is damaged: {what}")]
    Damaged {
        /// The table or check that failed.
        what: String,
    },
    /// Another process holds the write lock for longer than five seconds.
    #[error("another program{} is writing to the vault", .holder.map_or_else(String::new, |id| format!(" (process {id})")))]
    Busy {
        /// Its process id, where the system tells.
        holder: Option<u32>,
    },
    /// The file system gives no locks.
    #[error("the vault's file system gives no locks, as some network drives do")]
    NoLocks,
    /// A row with the same unique name is already there.
    #[error("the name is taken")]
    Taken,
    /// No space left on the disk.
    #[error("the disk is full")]
    Full,
    /// The shell or the system limits how large a file may get.
    #[error("the vault's file would be larger than this session may write")]
    Limit,
    /// The file or its folder cannot be written.
    #[error("the vault cannot be written")]
    ReadOnly,
    /// Another I/O failure.
    #[error("the disk answered with an error ({0})")]
    Io(String),
    /// A query of ours failed: a fault of the program.
    #[error("a database request failed ({0})")]
    Fault(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let Some(code) = error.sqlite_error_code() else {
            return Self::Fault(error.to_string());
        };
        match code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy { holder: None },
            ErrorCode::DatabaseCorrupt => Self::Damaged { what: "its pages do not fit".to_owned() },
            ErrorCode::NotADatabase => Self::NotOurs,
            ErrorCode::DiskFull => Self::Full,
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => {
                Self::ReadOnly
            }
            ErrorCode::SystemIoFailure => io_failure(&error),
            ErrorCode::ConstraintViolation => Self::Taken,
            ErrorCode::Unknown if error.to_string().starts_with("no such") => {
                Self::Damaged { what: "a table is missing".to_owned() }
            }
            _ => Self::Fault(format!("SQLite code {}", code as i32)),
        }
    }
}

/// SQLite's extended result codes (sqlite.org/rescode.html), told apart by what helps.
fn io_failure(error: &rusqlite::Error) -> StoreError {
    use rusqlite::ffi;
    let extended = error.sqlite_error().map_or(0, |inner| inner.extended_code);
    match extended {
        ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_TRUNCATE if size_is_limited() => {
            StoreError::Limit
        }
        ffi::SQLITE_IOERR_WRITE => {
            StoreError::Io("it took no more bytes: a quota, or a fault".to_owned())
        }
        ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC => {
            StoreError::Io("what was written did not reach it".to_owned())
        }
        ffi::SQLITE_IOERR_LOCK | ffi::SQLITE_IOERR_RDLOCK | ffi::SQLITE_IOERR_UNLOCK => {
            StoreError::NoLocks
        }
        ffi::SQLITE_IOERR_READ | ffi::SQLITE_IOERR_SHORT_READ => {
            StoreError::Io("it could not be read".to_owned())
        }
        other => StoreError::Io(format!("SQLite code {other}")),
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::Full,
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly
            }
            std::io::ErrorKind::FileTooLarge => Self::Limit,
            kind => Self::Io(kind.to_string()),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        // Only position and category: the text of a row stays out of messages.
        Self::Damaged {
            what: format!("a row is not what it should be (column {})", error.column()),
        }
    }
}
