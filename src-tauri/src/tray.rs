//! The tray icon: open the window, quit, and how many keys need the user: in words in the menu and the
//! tooltip, and as a dot on the icon. Where the desktop has no tray the window does without.

use std::sync::{Mutex, PoisonError};

use tauri::image::Image;
use tauri::menu::{Menu, MenuItem};
use tauri::tray::TrayIconBuilder;
use tauri::{App, AppHandle, Manager as _, Wry};

const ID: &str = "main";
/// The colour of the dot: red, on light and dark panels.
const DOT: [u8; 4] = [0xc4, 0x2b, 0x1c, 0xff];

/// What the tray says, and the line in its menu that says it.
struct Due {
    line: MenuItem<Wry>,
    said: Mutex<u32>,
}

/// Adds the tray icon. Returns whether there is one.
pub fn add(app: &App) -> bool {
    // The Linux library panics when the indicator library is not installed; the window works
    // without it.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| build(app)))
        .is_ok_and(|built| built.is_ok())
}

fn build(app: &App) -> tauri::Result<()> {
    let line = MenuItem::with_id(app, "due", words(0), true, None::<&str>)?;
    let open = MenuItem::with_id(app, "open", "Open Keyward", true, None::<&str>)?;
    let quit = MenuItem::with_id(app, "quit", "Quit", true, None::<&str>)?;
    let menu = Menu::with_items(app, &[&line, &open, &quit])?;
    let mut tray =
        TrayIconBuilder::with_id(ID).tooltip("Keyward").menu(&menu).on_menu_event(|app, event| {
            match event.id().as_ref() {
                "due" | "open" => show(app),
                "quit" => app.exit(0),
                _ => {}
            }
        });
    if let Some(icon) = app.default_window_icon() {
        tray = tray.icon(icon.clone());
    }
    tray.build(app)?;
    app.manage(Due { line, said: Mutex::new(0) });
    Ok(())
}

/// Says how many keys need the user, where that is not what it says already.
pub fn say_due(app: &AppHandle, count: u32) {
    let (Some(due), Some(tray)) = (app.try_state::<Due>(), app.tray_by_id(ID)) else {
        return;
    };
    let mut said = due.said.lock().unwrap_or_else(PoisonError::into_inner);
    if *said == count {
        return;
    }
    *said = count;
    // A desktop that shows one of these and not another still says it.
    let _ = due.line.set_text(words(count));
    let _ = tray.set_tooltip(Some(tooltip(count)));
    if let Some(icon) = app.default_window_icon() {
        let _ = tray.set_icon(Some(if count == 0 { icon.clone() } else { dotted(icon) }));
    }
}

fn words(count: u32) -> String {
    match count {
        0 => "Nothing is due".to_owned(),
        1 => "1 key needs you".to_owned(),
        many => format!("{many} keys need you"),
    }
}

fn tooltip(count: u32) -> String {
    if count == 0 { "Keyward".to_owned() } else { format!("Keyward: {}", words(count)) }
}

/// The icon with a dot in its upper right corner.
fn dotted(icon: &Image<'_>) -> Image<'static> {
    let (width, height) = (icon.width(), icon.height());
    let mut pixels = icon.rgba().to_vec();
    let radius = width.min(height) / 4;
    let (middle_x, middle_y) = (width.saturating_sub(radius + 1), radius);
    for (index, pixel) in pixels.chunks_exact_mut(4).enumerate() {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let (x, y) = (index % width.max(1), index / width.max(1));
        let (dx, dy) = (x.abs_diff(middle_x), y.abs_diff(middle_y));
        if dx * dx + dy * dy <= radius * radius {
            pixel.copy_from_slice(&DOT);
        }
    }
    Image::new_owned(pixels, width, height)
}

/// Brings the window to the front.
pub fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window("main") {
        let _ = window.show();
        let _ = window.unminimize();
        let _ = window.set_focus();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dot_is_in_the_corner_and_the_rest_is_the_icon() {
        let icon = Image::new_owned(vec![7; 32 * 32 * 4], 32, 32);
        let dotted = dotted(&icon);
        assert_eq!((dotted.width(), dotted.height()), (32, 32));
        let at = |x: usize, y: usize| &dotted.rgba()[(y * 32 + x) * 4..][..4];
        assert_eq!(at(23, 8), DOT);
        for (x, y) in [(0, 0), (31, 31), (0, 31), (31, 0), (10, 8)] {
            assert_eq!(at(x, y), [7; 4], "at {x}, {y}");
        }
        // An icon of nothing is no reason to panic.
        assert!(super::dotted(&Image::new_owned(vec![], 0, 0)).rgba().is_empty());
    }

    #[test]
    fn the_number_is_in_words() {
        assert_eq!(
            [words(0), words(1), words(3)],
            ["Nothing is due", "1 key needs you", "3 keys need you"]
        );
        assert_eq!([tooltip(0), tooltip(2)], ["Keyward", "Keyward: 2 keys need you"]);
    }
}
