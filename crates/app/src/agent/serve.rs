//! The agent itself: it keeps the key until its time is over, the machine slept, or it is told to
//! end, and hands it to processes of the same user.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

use keyward_vault::LockKey;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::client::is_own;
use super::{LONGEST, Order, unavailable};
use crate::{Error, boot};

/// How often it looks at the time.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 250_000_000 };
/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_millis(500);
/// The clock that goes on during sleep may be this much ahead of the one that does not.
const SLEPT: Duration = Duration::from_secs(2);

/// Until when, on two clocks: one of them stands still while the machine sleeps.
struct Limit {
    begun: Instant,
    begun_millis: u64,
    seconds: u64,
}

impl Limit {
    fn new(seconds: u64) -> Self {
        let seconds = seconds.min(LONGEST);
        Self { begun: Instant::now(), begun_millis: boot::moment().millis, seconds }
    }

    fn left(&self) -> Duration {
        let awake = self.begun.elapsed();
        let all = Duration::from_millis(boot::moment().millis.saturating_sub(self.begun_millis));
        if all > awake + SLEPT {
            return Duration::ZERO;
        }
        Duration::from_secs(self.seconds).saturating_sub(awake.max(all))
    }
}

/// Keeps the key and serves it until its time is over, the machine slept, it is told to end, its
/// socket is gone, or `stop` says so. `ready` is called as soon as it listens.
///
/// # Errors
/// `AGENT_UNAVAILABLE` when it cannot listen.
pub fn serve(order: Order, ready: impl FnOnce(), stop: impl Fn() -> bool) -> Result<(), Error> {
    // A session of its own: the terminal that started it may close.
    let _ = rustix::process::setsid();
    let _ = std::env::set_current_dir("/");
    // So that the key is never swapped out, where the system lets that much be held.
    #[cfg(target_os = "linux")]
    let _ = rustix::mm::mlockall(rustix::mm::MlockAllFlags::CURRENT);
    let key = LockKey::from_bytes(order.lock.clone(), &order.key);
    let Order { socket, seconds, key: sent, .. } = order;
    drop(sent);
    let (listener, inode) =
        listen(&socket).map_err(|_| unavailable("its socket cannot be made"))?;
    let mut limit = Limit::new(seconds);
    ready();
    while limit.left() > Duration::ZERO && !stop() && is_ours(&socket, inode) {
        let mut fds = [PollFd::new(&listener, PollFlags::IN)];
        if !matches!(poll(&mut fds, Some(&LOOK)), Ok(1..)) {
            continue;
        }
        let Ok((stream, _)) = listener.accept() else { continue };
        // Asked again, since it may have slept since.
        if limit.left().is_zero() {
            break;
        }
        if let Ok(false) = answer(&stream, &key, &mut limit) {
            break;
        }
    }
    drop(key);
    if is_ours(&socket, inode) {
        let _ = fs::remove_file(&socket);
    }
    Ok(())
}

/// Listens under another name first and moves the socket over an older one, so that there is no
/// moment without an agent, and none with wider permissions.
fn listen(socket: &Path) -> io::Result<(UnixListener, u64)> {
    let own = socket.with_extension(format!("{}", std::process::id()));
    let _ = fs::remove_file(&own);
    let listener = UnixListener::bind(&own)?;
    fs::set_permissions(&own, fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    let inode = fs::symlink_metadata(&own)?.ino();
    fs::rename(&own, socket)?;
    Ok((listener, inode))
}

/// Whether the socket at the path is still the one that was made: a newer agent takes its place.
fn is_ours(socket: &Path, inode: u64) -> bool {
    fs::symlink_metadata(socket).is_ok_and(|data| data.ino() == inode)
}

/// Answers one request; false is the end.
fn answer(mut stream: &UnixStream, key: &LockKey, limit: &mut Limit) -> io::Result<bool> {
    if !is_own(stream) {
        return Ok(true);
    }
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = [0; 128];
    let mut length = 0;
    let until = Instant::now() + PATIENCE;
    while !line[..length].contains(&b'\n') {
        if Instant::now() > until {
            return Ok(true);
        }
        match stream.read(&mut line[length..])? {
            0 => return Ok(true),
            read => length += read,
        }
    }
    let text = std::str::from_utf8(&line[..length]).unwrap_or_default();
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        ["key", lock] if lock == key.id() => stream.write_all(key.bytes())?,
        ["more", seconds, lock] if lock == key.id() => {
            if let Ok(seconds) = seconds.parse() {
                *limit = Limit::new(seconds);
            }
            writeln!(stream, "{} {}", key.id(), limit.left().as_secs())?;
        }
        ["left"] => writeln!(stream, "{} {}", key.id(), limit.left().as_secs())?,
        ["lock"] => {
            writeln!(stream, "{} 0", key.id())?;
            return Ok(false);
        }
        _ => {}
    }
    Ok(true)
}
