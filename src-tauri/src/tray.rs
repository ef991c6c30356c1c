//! The tray icon: open the window, quit. Where the desktop has no tray the window does without.

use tauri::menu::{Menu, MenuItem};
use tauri::tray::TrayIconBuilder;
use tauri::{App, AppHandle, Manager as _};

/// Adds the tray icon. Returns whether there is one.
pub fn add(app: &App) -> bool {
    // The Linux library panics when the indicator library is not installed; the window works
    // without it.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| build(app)))
        .is_ok_and(|built| built.is_ok())
}

fn build(app: &App) -> tauri::Result<()> {
    let open = MenuItem::with_id(app, "open", "Open Keyward", true, None::<&str>)?;
    let quit = MenuItem::with_id(app, "quit", "Quit", true, None::<&str>)?;
    let menu = Menu::with_items(app, &[&open, &quit])?;
    let mut tray = TrayIconBuilder::with_id("main").tooltip("Keyward").menu(&menu).on_menu_event(
        |app, event| match event.id().as_ref() {
            "open" => show(app),
            "quit" => app.exit(0),
            _ => {}
        },
    );
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.build(app)?;
    Ok(())
}

/// Brings the window to the front.
pub fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window("main") {
        let _ = window.show();
        let _ = window.unminimize();
        let _ = window.set_focus();
    }
}
