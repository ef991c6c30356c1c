//! The tamper-evident record: who did what, when, to which entry.
//!
//! Each row's MAC (HMAC-SHA-256 under a key of the vault) covers the MAC before it, so a row that
//! was edited, removed or moved breaks the chain at that place. The head is kept in the keychain
//! as well, so a record cut off at its end is noticed too. Rows are appended in the transaction
//! of the change they record. It is tamper-evident, not tamper-proof: who holds the vault's key
//! can write a new chain.

mod chain;
mod event;

pub use chain::{Broken, Head, Key, append, check_kept, verify};
pub use event::Event;
