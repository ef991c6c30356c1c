//! What a user can do with Keyward: one function each. (laid out next)
pub mod view;
