//! One desktop notification, and what the user answers to it. Buttons are only where the desktop says
//! that it has them; elsewhere it is text.

use std::time::Duration;

use crate::Error;

/// What the user chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The notification itself, or its button "Open".
    Open,
    /// "Snooze a day".
    Snooze,
}

/// Shows a notification and waits at most `wait` for a button of it. With no time to wait it has
/// none.
///
/// # Errors
/// `NOTIFY` when the desktop shows no notifications.
pub(crate) fn show(
    title: &str,
    text: &str,
    wait: Duration,
    shown: impl FnOnce(),
) -> Result<Option<Answer>, Error> {
    platform::show(title, text, wait, shown).map_err(|_| {
        Error::new(
            "NOTIFY",
            "The reminder could not be shown: no notification service answers.",
            "`keyward due` lists the same; on a desktop, start its notification service.",
        )
    })
}

/// Why it was not shown does not matter: there is one thing to do about it.
struct NotShown;

#[cfg(target_os = "linux")]
mod platform {
    use std::sync::mpsc;
    use std::time::Duration;

    use notify_rust::{Notification, NotificationResponse, get_capabilities};

    use super::{Answer, NotShown};

    /// The library waits for an answer without an end, so that has a thread of its own, which the
    /// process leaves behind.
    pub(super) fn show(
        title: &str,
        text: &str,
        wait: Duration,
        shown: impl FnOnce(),
    ) -> Result<Option<Answer>, NotShown> {
        let (tell, told) = mpsc::channel();
        let (title, text) = (title.to_owned(), text.to_owned());
        std::thread::spawn(move || {
            let has = get_capabilities().unwrap_or_default();
            let has = |name: &str| has.iter().any(|one| one == name);
            let text = if has("body-markup") { plain(&text) } else { text };
            let buttons = !wait.is_zero() && has("actions");
            let mut notification = Notification::new();
            notification.appname("Keyward").summary(&title).body(&text);
            if buttons {
                notification.action("default", "Open Keyward");
                notification.action("open", "Open");
                notification.action("snooze", "Snooze a day");
            }
            let Ok(handle) = notification.show() else {
                let _ = tell.send(Err(NotShown));
                return;
            };
            let _ = tell.send(Ok(None));
            if buttons {
                let _ = handle.wait_for_response(|response: &NotificationResponse| {
                    let answer = match response {
                        NotificationResponse::Default => Some(Answer::Open),
                        NotificationResponse::Action(name) if name == "open" => Some(Answer::Open),
                        NotificationResponse::Action(name) if name == "snooze" => {
                            Some(Answer::Snooze)
                        }
                        _ => None,
                    };
                    let _ = tell.send(Ok(answer));
                });
            }
        });
        told.recv().map_err(|_| NotShown)??;
        shown();
        // No answer, in whatever way, is none.
        told.recv_timeout(wait).unwrap_or(Ok(None))
    }

    /// Where the body is markup, its text has to be written as such.
    fn plain(text: &str) -> String {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::time::Duration;

    use super::{Answer, NotShown};

    pub(super) fn show(
        title: &str,
        text: &str,
        _wait: Duration,
        shown: impl FnOnce(),
    ) -> Result<Option<Answer>, NotShown> {
        notify_rust::Notification::new()
            .appname("Keyward")
            .summary(title)
            .body(text)
            .show()
            .map_err(|_| NotShown)?;
        shown();
        Ok(None)
    }
}
