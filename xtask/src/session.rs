//! A desktop of its own for a command: a display without a screen, a private session bus and an
//! unlocked private keyring. Nothing of the user's is touched.

use std::path::Path;
use std::process::Command;

use crate::steps::done;
use crate::{Result, root};

/// Runs `node script arguments…` in a private desktop session under Xvfb.
pub fn node(script: &str, arguments: &[&str]) -> Result<()> {
    let folder = root().join("target/xtask-session");
    // Each run begins with an empty home, so that nothing of the last one helps it along.
    let _ = std::fs::remove_dir_all(&folder);
    let make = |name: &str| {
        let path = folder.join(name);
        std::fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok::<_, String>(path)
    };
    let (home, run) = (make("home")?, make("run")?);
    private(&run)?;
    // The keyring is unlocked with a password that only this session has.
    let inner = "printf %s session | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; exec \"$@\"";
    let mut command = Command::new("xvfb-run");
    command
        .args(["-a", "-s", "-screen 0 1280x800x24", "dbus-run-session", "--"])
        .args(["bash", "-c", inner, "session", "node"])
        .arg(root().join(script))
        .args(arguments)
        .env("HOME", &home)
        .env("XDG_RUNTIME_DIR", &run)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("KEYWARD_HOME", home.join("keyward"))
        .env("LANG", "C.UTF-8")
        // No graphics card: WebKit draws in software.
        .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
        .env("LIBGL_ALWAYS_SOFTWARE", "1")
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("KEYWARD_KEYCHAIN")
        .current_dir(root());
    done(&mut command)
}

#[cfg(unix)]
fn private(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
        .map_err(|error| format!("{}: {error}", folder.display()))
}

#[cfg(not(unix))]
fn private(_folder: &Path) -> Result<()> {
    Ok(())
}
