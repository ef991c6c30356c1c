//! Being told by the desktop that the person leaves: before the computer sleeps, and when its screen
//! is locked. Linux only; elsewhere idle time has to do.

/// Calls `tell` with the reason each time the person leaves, from threads of its own. Where there is
/// no bus, or nothing on it that knows, it is never called.
#[cfg(target_os = "linux")]
pub fn when_leaving(tell: impl Fn(&'static str) + Send + Sync + 'static) {
    linux::watch(std::sync::Arc::new(tell));
}

/// Does nothing here.
#[cfg(not(target_os = "linux"))]
pub fn when_leaving(_tell: impl Fn(&'static str) + Send + Sync + 'static) {}

#[cfg(target_os = "linux")]
mod linux {
    //! systemd-logind (org.freedesktop.login1) on the system bus, the screen saver of the desktop on
    //! the session bus.

    use std::cell::Cell;
    use std::path::Path;
    use std::rc::Rc;
    use std::sync::Arc;
    use std::time::Duration;

    use dbus::Error;
    use dbus::arg::OwnedFd;
    use dbus::blocking::LocalConnection;
    use dbus::message::MatchRule;

    const LOGIND: &str = "org.freedesktop.login1";
    const MANAGER: &str = "org.freedesktop.login1.Manager";
    /// The names under which desktops offer the same signal.
    const SCREEN_SAVERS: [&str; 4] = [
        "org.freedesktop.ScreenSaver",
        "org.gnome.ScreenSaver",
        "org.cinnamon.ScreenSaver",
        "org.mate.ScreenSaver",
    ];
    /// How long it waits for a bus that is gone.
    const AGAIN: Duration = Duration::from_secs(60);

    pub(super) type Tell = Arc<dyn Fn(&'static str) + Send + Sync>;

    pub(super) fn watch(tell: Tell) {
        let also = Arc::clone(&tell);
        std::thread::spawn(move || {
            loop {
                // A bus that is not there, or goes, is no fault: idle time still locks.
                let _ = LocalConnection::new_system().and_then(|bus| listen_system(&bus, &tell));
                std::thread::sleep(AGAIN);
            }
        });
        if has_session_bus() {
            std::thread::spawn(move || {
                loop {
                    let _ =
                        LocalConnection::new_session().and_then(|bus| listen_session(&bus, &also));
                    std::thread::sleep(AGAIN);
                }
            });
        }
    }

    /// Asked first, since the library would start a bus of its own.
    fn has_session_bus() -> bool {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        set("DBUS_SESSION_BUS_ADDRESS").is_some()
            || set("XDG_RUNTIME_DIR").is_some_and(|folder| Path::new(&folder).join("bus").exists())
    }

    /// Sleep waits until the keys are forgotten: that is what the inhibitor lock is for.
    pub(super) fn listen_system(bus: &LocalConnection, tell: &Tell) -> Result<(), Error> {
        let sleep: Rc<Cell<Option<bool>>> = Rc::default();
        let locked: Rc<Cell<bool>> = Rc::default();
        let heard = Rc::clone(&sleep);
        let rule = MatchRule::new_signal(MANAGER, "PrepareForSleep").with_sender(LOGIND);
        bus.add_match(rule, move |(begins,): (bool,), _, _| {
            heard.set(Some(begins));
            true
        })?;
        let heard = Rc::clone(&locked);
        let rule =
            MatchRule::new_signal("org.freedesktop.login1.Session", "Lock").with_sender(LOGIND);
        bus.add_match(rule, move |(): (), _, _| {
            heard.set(true);
            true
        })?;
        let mut delay = inhibit(bus).ok();
        loop {
            bus.process(AGAIN)?;
            match sleep.take() {
                Some(true) => {
                    tell("the computer goes to sleep");
                    drop(delay.take());
                }
                Some(false) => delay = inhibit(bus).ok(),
                None => {}
            }
            if locked.take() {
                tell("the screen was locked");
            }
        }
    }

    /// Delays sleep for as long as the answer lives, five seconds at most.
    fn inhibit(bus: &LocalConnection) -> Result<OwnedFd, Error> {
        let logind = bus.with_proxy(LOGIND, "/org/freedesktop/login1", Duration::from_secs(5));
        let (delay,): (OwnedFd,) = logind.method_call(
            MANAGER,
            "Inhibit",
            ("sleep", "Keyward", "Forgets its keys before sleep", "delay"),
        )?;
        Ok(delay)
    }

    pub(super) fn listen_session(bus: &LocalConnection, tell: &Tell) -> Result<(), Error> {
        for interface in SCREEN_SAVERS {
            let tell = Arc::clone(tell);
            let rule = MatchRule::new_signal(interface, "ActiveChanged");
            bus.add_match(rule, move |(active,): (bool,), _, _| {
                if active {
                    tell("the screen was locked");
                }
                true
            })?;
        }
        loop {
            bus.process(AGAIN)?;
        }
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Child, Command, Stdio};
    use std::sync::Arc;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::{Duration, Instant};

    use dbus::Message;
    use dbus::blocking::LocalConnection;
    use dbus::channel::{Channel, Sender as _};

    use super::linux::{Tell, listen_session, listen_system};

    /// A bus of the test's own, ended with the value.
    struct Bus {
        daemon: Child,
        address: String,
    }

    impl Bus {
        fn start() -> Self {
            let mut daemon = Command::new("dbus-daemon")
                .args(["--session", "--nofork", "--print-address"])
                .stdout(Stdio::piped())
                .spawn()
                .expect("dbus-daemon is installed by `cargo xtask test`");
            let mut address = String::new();
            BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
            Self { daemon, address: address.trim().to_owned() }
        }

        fn connect(address: &str) -> LocalConnection {
            let mut channel = Channel::open_private(address).unwrap();
            channel.register().unwrap();
            channel.into()
        }
    }

    impl Drop for Bus {
        fn drop(&mut self) {
            let _ = self.daemon.kill();
            let _ = self.daemon.wait();
        }
    }

    /// Listens in a thread and hands out what it is told.
    fn listen(
        bus: &Bus,
        how: impl Fn(&LocalConnection, &Tell) -> Result<(), dbus::Error> + Send + 'static,
    ) -> Receiver<&'static str> {
        let (say, hear) = channel();
        let address = bus.address.clone();
        std::thread::spawn(move || {
            let tell: Tell = Arc::new(move |why| {
                let _ = say.send(why);
            });
            how(&Bus::connect(&address), &tell)
        });
        hear
    }

    /// Sends a signal until somebody heard it: the listener may not be there yet.
    fn told(
        from: &LocalConnection,
        hear: &Receiver<&'static str>,
        signal: &dyn Fn() -> Message,
    ) -> &'static str {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            from.send(signal()).unwrap();
            from.process(Duration::from_millis(10)).unwrap();
            if let Ok(why) = hear.recv_timeout(Duration::from_millis(100)) {
                return why;
            }
            assert!(Instant::now() < end, "nobody heard it within 20 seconds");
        }
    }

    fn signal(path: &str, interface: &str, name: &str) -> Message {
        Message::new_signal(path, interface, name).unwrap()
    }

    #[test]
    fn logind_tells_before_sleep_and_at_a_locked_screen() {
        let bus = Bus::start();
        let hear = listen(&bus, listen_system);
        let logind = Bus::connect(&bus.address);
        logind.request_name("org.freedesktop.login1", false, true, false).unwrap();
        let (path, manager) = ("/org/freedesktop/login1", "org.freedesktop.login1.Manager");
        let sleep = || signal(path, manager, "PrepareForSleep").append1(true);
        assert_eq!(told(&logind, &hear, &sleep), "the computer goes to sleep");
        let lock = || {
            signal("/org/freedesktop/login1/session/_1", "org.freedesktop.login1.Session", "Lock")
        };
        let mut why = told(&logind, &hear, &lock);
        while why == "the computer goes to sleep" {
            why = told(&logind, &hear, &lock);
        }
        assert_eq!(why, "the screen was locked");
        // Another program's word is not logind's, and waking is not leaving.
        while hear.recv_timeout(Duration::from_millis(300)).is_ok() {}
        let other = Bus::connect(&bus.address);
        other.send(sleep()).unwrap();
        other.process(Duration::from_millis(50)).unwrap();
        logind.send(signal(path, manager, "PrepareForSleep").append1(false)).unwrap();
        logind.process(Duration::from_millis(50)).unwrap();
        assert!(hear.recv_timeout(Duration::from_millis(300)).is_err());
    }

    #[test]
    fn a_screen_saver_tells_when_it_begins() {
        let bus = Bus::start();
        let hear = listen(&bus, listen_session);
        let desktop = Bus::connect(&bus.address);
        let changed = || {
            signal("/org/gnome/ScreenSaver", "org.gnome.ScreenSaver", "ActiveChanged").append1(true)
        };
        assert_eq!(told(&desktop, &hear, &changed), "the screen was locked");
    }
}
