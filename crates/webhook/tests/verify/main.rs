//! The crate from outside: verdicts, causes and hostile input.

mod bounds;
mod causes;
mod certificates;
mod common;
mod every_scheme;
mod hostile;
mod key_pairs;
mod material;
mod measured;
mod providers;
mod published;
mod shapes;
mod tokens;
