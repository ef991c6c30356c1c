//! Backups: one JSON document, encrypted with age (age-encryption.org/v1), so that `age -d` opens
//! it without us.
//!
//! Reading goes from the outside in, and each layer is checked before the next is touched: limits
//! from the header, then the whole ciphertext, then the whole document, then its manifest. Nothing
//! is handed out from a file that is not good to its last byte. Applying a document to a vault is
//! the app's work.
//!
//! Compatibility: every later version of Keyward reads documents of format 1.

mod document;
mod envelope;
mod file;
mod retention;

pub use document::{
    Connection, Counts, Document, DocumentError, Entry, FORMAT, IssuedKey, MAX_DOCUMENT, Place,
    Version,
};
pub use envelope::{Lock, LockError, MAX_WORK_FACTOR, OpenError, Opener, new_identity, open, seal};
pub use file::{FileError, Written, read, write};
pub use retention::{Kept, Retention};
