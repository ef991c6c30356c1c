//! Black-box tests of the `keyward` binary: command in; exit status, stdout and stderr out.

#![allow(clippy::unwrap_used, missing_docs)]

mod backup;
mod bad_scan;
mod canary;
mod contract;
mod hook;
#[cfg(target_os = "linux")]
mod keychain;
#[cfg(target_os = "linux")]
mod lock;
mod refusals;
mod rotation;
mod scan;
mod scan_watch;
mod schema;
#[cfg(target_os = "linux")]
mod story;
mod support;
mod vault;
mod webhook;
mod webhook_import;
mod webhook_sign;
