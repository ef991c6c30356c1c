//! What can go wrong with the database file, told apart by what a person can do about it.

use thiserror::Error;

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
    #[error("another program is writing to the vault")]
    Busy,
    /// A row with the same unique name is already there.
    #[error("the name is taken")]
    Taken,
    /// No space left on the disk.
    #[error("the disk is full")]
    Full,
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
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
            ErrorCode::DatabaseCorrupt => Self::Damaged { what: "its pages do not fit".to_owned() },
            ErrorCode::NotADatabase => Self::NotOurs,
            ErrorCode::DiskFull => Self::Full,
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => {
                Self::ReadOnly
            }
            ErrorCode::SystemIoFailure => Self::Io(format!("SQLite code {}", code as i32)),
            ErrorCode::ConstraintViolation => Self::Taken,
            _ => Self::Fault(format!("SQLite code {}", code as i32)),
        }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::Full,
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly
            }
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
