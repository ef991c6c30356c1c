//! Finding credentials in one text, whatever it came from.

pub(crate) mod confirm;
pub(crate) mod encoded;
pub(crate) mod escapes;
pub(crate) mod hits;
mod literal;
pub(crate) mod matcher;
pub(crate) mod own;
pub(crate) mod settle;
pub(crate) mod sight;
mod split;
pub(crate) mod text;
pub(crate) mod unpack;
