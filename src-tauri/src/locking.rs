//! When the window locks by itself: after a while without anybody, after sleep, and, where the
//! desktop says so, before sleep and when its screen is locked.

use std::time::Duration;

use keyward_app::{Keyward, when_leaving};
use tauri::{AppHandle, Emitter as _, Manager as _};

use crate::shell::Shell;

/// How often it is looked whether somebody is there.
const LOOK: Duration = Duration::from_secs(2);

/// Watches from now on, in threads of its own.
pub fn watch(app: &AppHandle) {
    let handle = app.clone();
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(LOOK);
            let why = handle.state::<Shell>().presence().left();
            let keyward = handle.state::<Keyward>();
            if let Some(why) = keyward.should_lock(&why) {
                lock(&handle, why);
            }
        }
    });
    let handle = app.clone();
    when_leaving(move |why| lock(&handle, why));
}

fn lock(app: &AppHandle, why: &str) {
    app.state::<Shell>().cancel_scan();
    if app.state::<Keyward>().lock_everything(why) {
        // A window that is gone has nothing to show.
        let _ = app.emit("locked", ());
    }
}
