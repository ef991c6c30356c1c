//! The Keyward window. It holds windows, tray and dialogs, and forwards commands to
//! `keyward-app`; what a command does is there.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod commands;
mod locking;
mod progress;
mod rotation;
mod shell;
mod tray;

use std::time::Duration;

use keyward_app::{Config, Error, Keyward};
use tauri::{Manager as _, WindowEvent};

/// How often it is looked whether the day's reminder is to be sent.
const REMIND_EVERY: Duration = Duration::from_secs(30 * 60);
/// How long a reminder waits for an answer on it.
const ANSWER: Duration = Duration::from_secs(10 * 60);
/// How often the tray counts what is due, beside each change that the window makes.
const COUNT_EVERY: Duration = Duration::from_secs(60);

fn main() -> tauri::Result<()> {
    keyward_app::harden();
    let ask = || {
        Err(Error::new(
            "NO_INPUT",
            "The keychain file needs its passphrase.",
            "Set KEYWARD_PASSPHRASE_FILE before the window is started.",
        ))
    };
    let config = Config::from_environment("desktop", None, ask).map_err(anyhow)?;
    let mut builder = tauri::Builder::default();
    if has_bus() {
        builder = builder.plugin(tauri_plugin_single_instance::init(|app, _, _| tray::show(app)));
    }
    builder
        .plugin(tauri_plugin_dialog::init())
        .manage(Keyward::new(config))
        .manage(shell::Shell::default())
        .invoke_handler(tauri::generate_handler![
            commands::status,
            commands::home,
            commands::entries,
            commands::entry,
            commands::doctor,
            commands::add_entry,
            commands::edit_entry,
            commands::remove_entry,
            commands::restore_entry,
            commands::reveal,
            commands::copy,
            commands::import_preview,
            commands::import_apply,
            rotation::runs,
            rotation::run,
            rotation::rotation_start,
            rotation::rotation_next,
            rotation::rotation_acknowledge,
            rotation::rotation_abort,
            rotation::rotation_drive,
            rotation::cancel_drive,
            rotation::revoke,
            rotation::revoke_finding,
            rotation::save_evidence,
            rotation::check,
            rotation::providers,
            rotation::allow_provider,
            rotation::connection,
            rotation::connect,
            rotation::add_provider,
            rotation::destinations,
            rotation::destination_add,
            rotation::destination_remove,
            rotation::destination_push,
            rotation::destination_check,
            commands::save_calendar,
            commands::repositories,
            commands::add_repository,
            commands::forget_repository,
            commands::scan,
            commands::cancel_scan,
            commands::last_report,
            commands::webhook_schemes,
            commands::webhook_verify,
            commands::webhook_sign,
            commands::webhook_challenge,
            commands::webhook_send,
            commands::webhook_frameworks,
            commands::webhook_snippets,
            commands::webhook_read,
            commands::webhook_request,
            commands::backups,
            commands::backup_create,
            commands::backup_verify,
            commands::backup_drill,
            commands::backup_kit,
            commands::schedule_status,
            commands::schedule_set,
            commands::schedule_remove,
            commands::schedule_run,
            commands::restore_preview,
            commands::restore_apply,
            commands::audit,
            commands::audit_verify,
            commands::lock_status,
            commands::lock,
            commands::unlock,
            commands::passphrase_set,
            commands::passphrase_change,
            commands::passphrase_remove,
            commands::active,
            commands::settings,
            commands::save_settings,
            commands::send_reminder,
            commands::snooze,
            commands::remind_status,
            commands::remind_install,
            commands::remind_remove,
            commands::pick_file,
            commands::pick_folder,
            commands::pick_save,
            commands::open_url,
            commands::issue_list,
            commands::issue_create,
            commands::issue_verify,
            commands::issue_revoke,
            commands::issue_hash,
        ])
        .setup(|app| {
            let tray = tray::add(app);
            if let Some(window) = app.get_webview_window("main") {
                let hidden = window.clone();
                window.on_window_event(move |event| {
                    // With a tray the program stays for reminders; without one, closing ends it.
                    if let WindowEvent::CloseRequested { api, .. } = event
                        && tray
                        && hidden.hide().is_ok()
                    {
                        api.prevent_close();
                    }
                });
            }
            locking::watch(app.handle());
            let handle = app.handle().clone();
            std::thread::spawn(move || {
                loop {
                    // A keychain that does not answer now may answer next time.
                    let open = || tray::show(&handle);
                    let _ = handle.state::<Keyward>().remind_daily(ANSWER, open);
                    std::thread::sleep(REMIND_EVERY);
                }
            });
            let handle = app.handle().clone();
            std::thread::spawn(move || {
                loop {
                    std::thread::sleep(COUNT_EVERY);
                    if let Ok(Some(count)) = handle.state::<Keyward>().pressing_unasked() {
                        tray::say_due(&handle, count);
                    }
                }
            });
            Ok(())
        })
        .run(tauri::generate_context!())
}

fn anyhow(error: Error) -> tauri::Error {
    tauri::Error::Anyhow(error.into())
}

/// The single-instance plugin needs a session bus on Linux, and ends the program without one.
fn has_bus() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    set("DBUS_SESSION_BUS_ADDRESS").is_some()
        || set("XDG_RUNTIME_DIR")
            .is_some_and(|folder| std::path::Path::new(&folder).join("bus").exists())
}
