//! Where the program runs, as far as it decides whether there can be a keychain: what the doctor
//! says beside a keychain that does not answer.

/// What is known of the place, each with what to do there; the most telling first. `absent` says
/// that there is no keychain at all, as opposed to one that is locked or hangs.
pub(crate) fn describe(absent: bool) -> Vec<&'static str> {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let kernel = std::fs::read_to_string("/proc/version").unwrap_or_default();
    let marks = ["/.dockerenv", "/run/.containerenv"];
    told(&Facts {
        absent,
        wsl: set("WSL_DISTRO_NAME") || kernel.to_lowercase().contains("microsoft"),
        ssh: set("SSH_CONNECTION"),
        container: set("container") || marks.iter().any(|mark| std::path::Path::new(mark).exists()),
        bus: set("DBUS_SESSION_BUS_ADDRESS"),
    })
}

/// What the environment and the system say.
#[derive(Clone, Copy)]
struct Facts {
    absent: bool,
    wsl: bool,
    ssh: bool,
    container: bool,
    bus: bool,
}

fn told(facts: &Facts) -> Vec<&'static str> {
    let mut told = vec![];
    if facts.absent && facts.wsl {
        told.push("This is WSL, which starts no keychain by itself: set KEYWARD_KEYCHAIN=file, or start gnome-keyring in the session.");
    }
    if facts.absent && facts.container {
        told.push("This is a container, which has no keychain: set KEYWARD_KEYCHAIN=file and mount KEYWARD_HOME, so that it outlives the container.");
    }
    if facts.ssh && !facts.bus {
        told.push("This is an SSH session without the desktop's session bus: set KEYWARD_KEYCHAIN=file, or log in at the desktop once and set DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/$UID/bus.");
    } else if facts.ssh {
        told.push("This is an SSH session: a locked keychain can show its dialog only on the desktop. Unlock it there, or set KEYWARD_KEYCHAIN=file.");
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_is_named_with_what_to_do_there() {
        let none = Facts { absent: true, wsl: false, ssh: false, container: false, bus: false };
        assert!(told(&none).is_empty());
        assert!(told(&Facts { wsl: true, ..none })[0].starts_with("This is WSL"));
        assert!(told(&Facts { container: true, ..none })[0].starts_with("This is a container"));
        let locked = Facts { absent: false, container: true, ..none };
        assert!(told(&locked).is_empty(), "a locked keychain is there, container or not");
        let far = Facts { ssh: true, ..none };
        assert!(told(&far)[0].contains("without the desktop's session bus"));
        assert!(told(&Facts { bus: true, ..far })[0].contains("Unlock it there"));
    }
}
