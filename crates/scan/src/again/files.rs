//! Files on disk that were read whole and hold nothing: they are read again when they change.

use std::fs::Metadata;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Session;

/// A file that was changed so shortly before a scan may be changed again without another time, in seconds.
const RACE: i64 = 2;

/// What a file's change shows in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stat {
    len: u64,
    /// When it was changed, in nanoseconds since 1970; and when that was last said of it.
    times: (i128, i128),
    /// Its number on its disk.
    number: u64,
}

impl Stat {
    #[cfg(unix)]
    fn of(meta: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;

        let time =
            |seconds: i64, nanos: i64| i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        let times = (time(meta.mtime(), meta.mtime_nsec()), time(meta.ctime(), meta.ctime_nsec()));
        Some(Self { len: meta.len(), times, number: meta.ino() })
    }

    #[cfg(not(unix))]
    fn of(meta: &Metadata) -> Option<Self> {
        let since = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        let time = i128::try_from(since.as_nanos()).ok()?;
        Some(Self { len: meta.len(), times: (time, time), number: 0 })
    }

    fn is_settled(&self, now: Timestamp) -> bool {
        let limit = now.as_nanosecond() - i128::from(RACE) * 1_000_000_000;
        self.times.0.max(self.times.1) < limit
    }
}

impl Session {
    /// Whether a file is as it was when nothing was found in it.
    pub(crate) fn is_clean(&self, name: &str, meta: &Metadata) -> bool {
        let Some(before) = self.before.files.get(name) else { return false };
        let same = Stat::of(meta).as_ref() == Some(before);
        if same {
            self.after().files.insert(name.to_owned(), before.clone());
        }
        same
    }

    /// Remembers that a file was read and holds nothing; `meta` is from before it was read.
    pub(crate) fn clean(&self, name: &str, meta: &Metadata) {
        if let Some(stat) = Stat::of(meta).filter(|stat| stat.is_settled(self.now)) {
            self.after().files.insert(name.to_owned(), stat);
        }
    }
}
