//! Captures from outside: what other programs write is read byte for byte, and nothing crashes.

mod hostile;
mod measured;
mod shell;
mod writers;
