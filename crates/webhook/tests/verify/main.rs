//! The crate from outside: verdicts, causes and hostile input.

mod causes;
mod common;
mod every_scheme;
mod hostile;
mod material;
mod providers;
