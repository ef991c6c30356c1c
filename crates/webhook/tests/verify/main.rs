//! The crate from outside: verdicts, causes and hostile input.

mod causes;
mod common;
mod hostile;
mod providers;
