//! System packages: which ones a task needs, and installing them with the platform's own package
//! manager after saying which.

use std::process::{Command, Stdio};

use crate::Result;

/// What a task needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Building and opening the window.
    Window,
    /// Running it without a display, too.
    Headless,
    /// All tests.
    Tests,
}

/// Debian and Ubuntu; Fedora; Arch. The last two are from those systems' package lists and have
/// not been tried.
struct Names {
    apt: &'static [&'static str],
    dnf: &'static [&'static str],
    pacman: &'static [&'static str],
}

const WINDOW: Names = Names {
    apt: &[
        "build-essential",
        "pkg-config",
        "libwebkit2gtk-4.1-dev",
        "libayatana-appindicator3-1",
        "librsvg2-2",
        "xdg-utils",
    ],
    dnf: &["gcc", "pkgconf", "webkit2gtk4.1-devel", "libayatana-appindicator-gtk3", "xdg-utils"],
    pacman: &["base-devel", "webkit2gtk-4.1", "libayatana-appindicator", "xdg-utils"],
};

const HEADLESS: Names = Names {
    apt: &[
        "xvfb",
        "webkit2gtk-driver",
        "gnome-keyring",
        "dbus",
        "libsecret-tools",
        "imagemagick",
        "fonts-dejavu-core",
    ],
    dnf: &[
        "xorg-x11-server-Xvfb",
        "webkit2gtk4.1-driver",
        "gnome-keyring",
        "dbus-daemon",
        "libsecret",
        "ImageMagick",
        "dejavu-sans-fonts",
    ],
    pacman: &[
        "xorg-server-xvfb",
        "webkit2gtk-4.1",
        "gnome-keyring",
        "dbus",
        "libsecret",
        "imagemagick",
        "ttf-dejavu",
    ],
};

const TESTS: Names = Names {
    apt: &[
        "age",
        "chromium",
        "git",
        "xclip",
        "dunst",
        "jq",
        "strace",
        "faketime",
        "keepassxc",
        "bsdutils",
        "util-linux",
        "python3-venv",
        "python3-argon2",
    ],
    dnf: &[
        "age",
        "chromium",
        "git",
        "xclip",
        "dunst",
        "jq",
        "strace",
        "libfaketime",
        "keepassxc",
        "util-linux",
        "python3-argon2-cffi",
    ],
    pacman: &[
        "age",
        "chromium",
        "git",
        "xclip",
        "dunst",
        "jq",
        "strace",
        "libfaketime",
        "keepassxc",
        "util-linux",
        "python-argon2-cffi",
    ],
};

/// Installs what is missing.
pub fn install(need: Need) -> Result<()> {
    if !cfg!(target_os = "linux") {
        // macOS brings its own web view and keychain; Windows has WebView2.
        return Ok(());
    }
    let groups: &[&Names] = match need {
        Need::Window => &[&WINDOW],
        Need::Headless => &[&WINDOW, &HEADLESS],
        Need::Tests => &[&WINDOW, &HEADLESS, &TESTS],
    };
    let manager =
        ["apt-get", "dnf", "pacman"].into_iter().find(|name| answers(name, &["--version"]));
    let Some(manager) = manager else {
        return Err(
            "no apt-get, dnf or pacman here: install WebKitGTK 4.1 with its headers, then run this again".to_owned(),
        );
    };
    let wanted = groups.iter().flat_map(|names| match manager {
        "apt-get" => names.apt,
        "dnf" => names.dnf,
        _ => names.pacman,
    });
    let missing: Vec<&str> = wanted.copied().filter(|name| !installed(manager, name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("Installing with {manager}: {}", missing.join(" "));
    let arguments: &[&str] = match manager {
        "apt-get" => &["install", "-y", "--no-install-recommends"],
        "dnf" => &["install", "-y"],
        _ => &["-S", "--needed", "--noconfirm"],
    };
    if manager == "apt-get" {
        as_root(manager, &["update", "-qq"])?;
    }
    as_root(manager, &[arguments, &missing].concat())
}

fn installed(manager: &str, package: &str) -> bool {
    match manager {
        "apt-get" => Command::new("dpkg-query")
            .args(["-W", "-f=${Status}", package])
            .output()
            .is_ok_and(|output| output.stdout.starts_with(b"install ok installed")),
        "dnf" => answers("rpm", &["-q", package]),
        _ => answers("pacman", &["-Q", package]),
    }
}

/// Runs the package manager, through sudo unless we are root already.
fn as_root(program: &str, arguments: &[&str]) -> Result<()> {
    let root =
        Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout.starts_with(b"0\n"));
    let mut command = if root { Command::new(program) } else { Command::new("sudo") };
    if !root {
        command.arg(program);
    }
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!("{program} {} did not succeed", arguments.join(" "))),
    }
}

/// Whether a program is there and succeeds.
pub fn answers(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
