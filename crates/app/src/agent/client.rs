//! Finding the agent of a data folder, and asking it.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use keyward_store::private_folder;
use keyward_vault::LockKey;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Left, unavailable};
use crate::Error;

/// How long an agent may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// A socket's path is no longer than this (unix(7): 108 bytes with the final zero; macOS: 104).
const LONGEST_PATH: usize = 103;

/// Where an agent of this data folder may listen: in the session's own folder, else in the data
/// folder. The name is made from the data folder, so that no other vault's agent is asked.
fn places(home: &Path) -> Vec<PathBuf> {
    let Ok(home) = fs::canonicalize(home) else { return vec![] };
    let name = hex::encode(&Sha256::digest(home.as_os_str().as_encoded_bytes())[..8]);
    let session = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let session = session.filter(|folder| folder.is_absolute() && is_private(folder));
    session
        .map(|folder| folder.join("keyward"))
        .into_iter()
        .chain([home.join("agent")])
        .map(|folder| folder.join(format!("{name}.sock")))
        .collect()
}

/// A folder of this user that no one else can enter.
fn is_private(folder: &Path) -> bool {
    let own = rustix::process::geteuid().as_raw();
    fs::symlink_metadata(folder)
        .is_ok_and(|data| data.is_dir() && data.uid() == own && data.mode() & 0o077 == 0)
}

/// The place for a new agent's socket; its folder is made.
pub(crate) fn place(home: &Path) -> Result<PathBuf, Error> {
    let fits = |socket: &PathBuf| {
        let Some(folder) = socket.parent() else { return false };
        socket.as_os_str().len() <= LONGEST_PATH
            && private_folder(folder).is_ok()
            && is_private(folder)
    };
    places(home).into_iter().find(fits).ok_or_else(|| {
        unavailable("no folder of yours alone is there for its socket (XDG_RUNTIME_DIR), or its path is too long")
    })
}

/// The key of this lock, if an agent keeps it.
pub(crate) fn fetch(home: &Path, lock: &str) -> Option<LockKey> {
    places(home).iter().find_map(|socket| {
        let mut stream = ask(socket, &format!("key {lock}\n")).ok()?;
        let mut key = Zeroizing::new([0; 32]);
        stream.read_exact(&mut *key).ok()?;
        Some(LockKey::from_bytes(lock.to_owned(), &key))
    })
}

/// The agent that is running, if one is.
pub(crate) fn left(home: &Path) -> Option<Left> {
    places(home).iter().find_map(|socket| answer(socket, "left\n"))
}

/// Lets an agent of this lock run for so many seconds from now.
pub(crate) fn more(home: &Path, lock: &str, seconds: u64) -> Option<Left> {
    let request = format!("more {seconds} {lock}\n");
    places(home).iter().find_map(|socket| answer(socket, &request))
}

/// Ends every agent of this data folder and waits until it is gone; true when there was one.
/// Sockets that nobody listens on any more are taken away.
pub(crate) fn end(home: &Path) -> bool {
    let mut ended = false;
    for socket in places(home) {
        ended |= answer(&socket, "lock\n").is_some();
        let until = Instant::now() + PATIENCE;
        while UnixStream::connect(&socket).is_ok() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = fs::remove_file(&socket);
    }
    ended
}

fn answer(socket: &Path, request: &str) -> Option<Left> {
    let mut text = String::new();
    ask(socket, request).ok()?.take(128).read_to_string(&mut text).ok()?;
    let (lock, seconds) = text.trim_end().split_once(' ')?;
    Some(Left { lock: lock.to_owned(), seconds: seconds.parse().ok()? })
}

fn ask(socket: &Path, request: &str) -> io::Result<UnixStream> {
    if !socket.parent().is_some_and(is_private) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let mut stream = UnixStream::connect(socket)?;
    if !is_own(&stream) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    Ok(stream)
}

/// Whether a process of this user is at the other end (unix(7), `SO_PEERCRED`).
#[cfg(target_os = "linux")]
pub(super) fn is_own(stream: &UnixStream) -> bool {
    rustix::net::sockopt::socket_peercred(stream)
        .is_ok_and(|peer| peer.uid == rustix::process::geteuid())
}

/// Elsewhere the folder's mode alone keeps others out.
#[cfg(not(target_os = "linux"))]
pub(super) fn is_own(_stream: &UnixStream) -> bool {
    true
}
