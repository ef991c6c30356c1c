//! Keys that the user issues to others, such as the API keys of a service of their own: how they are
//! written, how a typing error is told from a foreign key, and the hash that is kept instead of them.
//!
//! Invariants: no clock, no disk, no store. A key is handed out once, by [`make`], and is in nothing
//! else that this crate returns.

mod hash;
mod key;

pub use hash::{Cost, HashError, check_hash, fits, hash};
pub use key::{ID, KeyError, MAX_PREFIX, Made, Parts, RandomError, is_id, is_prefix, make, parse};
