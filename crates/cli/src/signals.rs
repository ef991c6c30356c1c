//! Ctrl-C: exit status 130 with the terminal as it was, unless a child of ours is to decide.

use std::sync::atomic::{AtomicBool, Ordering};

static CHILD_DECIDES: AtomicBool = AtomicBool::new(false);
static CANCELLING: AtomicBool = AtomicBool::new(false);
static LOOP_DECIDES: AtomicBool = AtomicBool::new(false);
static TOLD_TO_END: AtomicBool = AtomicBool::new(false);

/// Installs the handler. Called once, before anything asks or works.
pub fn install() {
    #[cfg(unix)]
    let terminal = rustix::termios::tcgetattr(std::io::stdin()).ok();
    // Without a handler Ctrl-C still ends the program, only without the tidy exit status.
    let _ = ctrlc::set_handler(move || {
        if CHILD_DECIDES.load(Ordering::SeqCst) {
            return;
        }
        if LOOP_DECIDES.load(Ordering::SeqCst) {
            TOLD_TO_END.store(true, Ordering::SeqCst);
            return;
        }
        if CANCELLING.load(Ordering::SeqCst) {
            // A scan stops by itself and says what it has; a second Ctrl-C does not wait.
            CANCELLING.store(false, Ordering::SeqCst);
            crate::commands::scan::cancel();
            return;
        }
        #[cfg(unix)]
        if let Some(terminal) = &terminal {
            let _ = rustix::termios::tcsetattr(
                std::io::stdin(),
                rustix::termios::OptionalActions::Now,
                terminal,
            );
        }
        std::process::exit(130);
    });
}

/// While a child runs in our terminal, Ctrl-C is its to handle; we pass on how it ended.
pub fn leave_to_child(on: bool) {
    CHILD_DECIDES.store(on, Ordering::SeqCst);
}

/// While a scan runs, the first Ctrl-C cancels it.
pub fn cancel_first(on: bool) {
    CANCELLING.store(on, Ordering::SeqCst);
}

/// From now on a signal to end only says so, and a loop of ours looks for it.
pub fn leave_to_loop() {
    LOOP_DECIDES.store(true, Ordering::SeqCst);
}

/// Whether such a signal came.
pub fn was_told_to_end() -> bool {
    TOLD_TO_END.load(Ordering::SeqCst)
}
