//! Black-box tests of the `keyward` binary: command in; exit status, stdout and stderr out.

#![allow(clippy::unwrap_used, missing_docs)]

mod backup;
mod backup_habit;
#[cfg(target_os = "linux")]
mod bad_backup;
#[cfg(target_os = "linux")]
mod bad_input;
#[cfg(target_os = "linux")]
mod bad_keychain;
mod bad_scan;
#[cfg(target_os = "linux")]
mod bad_vault;
#[cfg(target_os = "linux")]
mod bad_webhook;
mod calendar;
mod canary;
mod contract;
#[cfg(target_os = "linux")]
mod crash;
mod hook;
mod issue;
#[cfg(target_os = "linux")]
mod keepassxc;
#[cfg(target_os = "linux")]
mod keychain;
#[cfg(target_os = "linux")]
mod lock;
mod provider;
mod refusals;
#[cfg(target_os = "linux")]
mod remind;
#[cfg(unix)]
mod restore_kill;
mod rotation;
#[cfg(unix)]
mod rotation_kill;
mod rotation_provider;
#[cfg(target_os = "linux")]
mod rotation_servers;
mod scan;
mod scan_watch;
mod schema;
#[cfg(target_os = "linux")]
mod story;
mod support;
mod vault;
mod webhook;
mod webhook_import;
mod webhook_send;
mod webhook_sign;
