//! Finding credentials in one text, whatever it came from.

mod decode;
pub(crate) mod matcher;
pub(crate) mod own;
pub(crate) mod search;
pub(crate) mod text;
