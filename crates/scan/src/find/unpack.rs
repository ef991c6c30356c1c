//! Archives: zip and its kin (jar, whl, docx, …), tar and gzip, told by their content and unpacked in memory,
//! so that their members can be searched as files are. Nothing is written to disk, names of members are only
//! ever shown, and whoever made an archive to exhaust gets no further than the limits below.

use std::cell::Cell;
use std::io::{self, Cursor, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};

use flate2::bufread::GzDecoder;
use tar::EntryType;
use zip::CompressionMethod;
use zip::result::ZipError;
use zip::unstable::read::ZipIterable;

use crate::path::shown;
use crate::repo::reader::LARGE;
use crate::scan::too_large;

/// Archives in archives are unpacked this deep.
const MAX_DEPTH: usize = 3;
/// So many members of one archive, those of archives inside it included, are read.
const MAX_MEMBERS: usize = 10_000;
/// All members together unpack to at most so many times the largest that is read at all, ...
const MAX_SUM: u64 = 4;
/// ... and to so many times the archive's own size: more is made to exhaust, deflate's most is 1,032 ...
const MAX_RATIO: u64 = 1_000;
/// ... unless it is this little, in bytes.
const ALWAYS: u64 = 1024 * 1024;
/// So much a tar may say about one member before its content: names, times, attributes.
const MAX_ABOUT: u64 = 1024 * 1024;
/// So much of a member's name is shown.
const MAX_NAME: usize = 4_096;
/// So many missed members of one archive are listed; more are counted.
const MAX_LISTED: usize = 10;

/// What all threads of a scan heed.
pub(crate) struct Limits {
    /// Larger members are not read, and no more than this, in bytes, is unpacked at one time.
    pub(crate) max_blob: u64,
    /// Held by the one archive that has a large member in memory.
    gate: Mutex<()>,
}

impl Limits {
    pub(crate) fn new(max_blob: u64) -> Self {
        Self { max_blob, gate: Mutex::default() }
    }
}

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Member {
    /// Its name; those of the archives that it is in before it, with `!` between.
    pub(crate) path: String,
    /// In how many archives it is.
    pub(crate) depth: usize,
}

/// A member that was not read, or not all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missed {
    /// As in [`Member::path`]; empty for the archive itself.
    pub(crate) member: String,
    pub(crate) reason: String,
    /// It should have been readable.
    pub(crate) damaged: bool,
}

/// What an archive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Zip,
    Tar,
    Gzip,
    /// Known by name only.
    Other(&'static str),
}

impl Kind {
    /// By what formats begin with; a zip may follow a program that unpacks it, so its end counts too.
    fn of(bytes: &[u8]) -> Option<Self> {
        const OTHERS: [(&[u8], &str); 4] = [
            (b"\xfd7zXZ\0", "xz"),
            (b"\x28\xb5\x2f\xfd", "Zstandard"),
            (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
            (b"Rar!\x1a\x07", "RAR"),
        ];
        let ends = |record: &[u8]| {
            bytes.len().checked_sub(22).is_some_and(|at| bytes[at..].starts_with(record))
        };
        if bytes.starts_with(b"PK\x03\x04") || ends(b"PK\x05\x06") {
            Some(Self::Zip)
        } else if bytes.starts_with(b"\x1f\x8b\x08") {
            Some(Self::Gzip)
        } else if is_tar(bytes) {
            Some(Self::Tar)
        } else if bytes.starts_with(b"BZh") && bytes.get(4..10) == Some(b"1AY&SY") {
            Some(Self::Other("bzip2"))
        } else {
            OTHERS
                .iter()
                .find(|(magic, _)| bytes.starts_with(magic))
                .map(|(_, name)| Self::Other(name))
        }
    }
}

/// The name of the format, or for the oldest tars the first header's checksum.
fn is_tar(bytes: &[u8]) -> bool {
    let Some(header) = bytes.get(..512) else { return false };
    if matches!(&header[257..265], b"ustar\x0000" | b"ustar  \0") {
        return true;
    }
    let sum = &header[148..156];
    let octal = |b: &u8| matches!(b, b'0'..=b'7' | b' ' | 0);
    if header[0] == 0 || !sum.iter().chain(&header[100..108]).all(octal) {
        return false;
    }
    let told = sum
        .iter()
        .filter(|b| b.is_ascii_digit())
        .fold(0_u32, |told, b| told * 8 + u32::from(b - b'0'));
    let blank = 8 * u32::from(b' ');
    let all = |part: &[u8]| part.iter().map(|&b| u32::from(b)).sum::<u32>();
    told == all(&header[..148]) + blank + all(&header[156..])
}

/// Whether this is something to [`unpack`].
pub(crate) fn is_archive(bytes: &[u8]) -> bool {
    Kind::of(bytes).is_some()
}

/// Calls `see` with every member that can be read, archives in archives included, until it says no. What
/// could not be read is returned. Of a damaged member, what comes before the damage is seen.
pub(crate) fn unpack(
    bytes: &[u8],
    limits: &Limits,
    see: &mut dyn FnMut(&Member, &[u8]) -> bool,
) -> Vec<Missed> {
    let Some(kind) = Kind::of(bytes) else { return Vec::new() };
    let sum = (bytes.len() as u64).saturating_mul(MAX_RATIO).max(ALWAYS);
    let meter = Meter { left: Cell::new(sum.min(limits.max_blob.saturating_mul(MAX_SUM))) };
    let mut unpacker = Unpacker {
        limits,
        meter: &meter,
        see,
        guard: None,
        open: 0,
        members: 0,
        stopped: false,
        missed: Vec::new(),
        more: (0, false),
    };
    unpacker.archive(bytes, kind, "", 1);
    let Unpacker { mut missed, more, .. } = unpacker;
    if more.0 > 0 {
        let reason = format!("{} more members were not read", more.0);
        missed.push(Missed { member: String::new(), reason, damaged: more.1 });
    }
    missed
}

/// How much may still be unpacked.
struct Meter {
    left: Cell<u64>,
}

impl Meter {
    fn is_spent(&self) -> bool {
        self.left.get() == 0
    }
}

/// A reader that stops when the meter is spent.
struct Metered<'m, R> {
    meter: &'m Meter,
    /// What may be read before the next member's content.
    about: &'m Cell<u64>,
    inner: R,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = self.meter.left.get().min(self.about.get());
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let read = self.inner.read(&mut buffer[..most])?;
        self.meter.left.set(self.meter.left.get() - read as u64);
        self.about.set(self.about.get() - read as u64);
        Ok(read)
    }
}

/// Gzip, whose streams may follow each other. What else follows is padding.
struct Gunzip<'b>(Option<GzDecoder<&'b [u8]>>);

impl Read for Gunzip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.0 {
            let read = decoder.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let rest = *decoder.get_ref();
            self.0 = rest.starts_with(b"\x1f\x8b\x08").then(|| GzDecoder::new(rest));
        }
        Ok(0)
    }
}

/// How reading a member ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    TooLarge,
    Damaged,
}

struct Unpacker<'u> {
    limits: &'u Limits,
    meter: &'u Meter,
    see: &'u mut dyn FnMut(&Member, &[u8]) -> bool,
    guard: Option<MutexGuard<'u, ()>>,
    /// Bytes of members that are in memory.
    open: u64,
    members: usize,
    /// No more is to be read.
    stopped: bool,
    missed: Vec<Missed>,
    /// How many more, and whether one of them is damaged.
    more: (usize, bool),
}

impl<'u> Unpacker<'u> {
    fn archive(&mut self, bytes: &[u8], kind: Kind, path: &str, depth: usize) {
        match kind {
            Kind::Zip => self.zip(bytes, path, depth),
            Kind::Tar => self.tar(bytes, path, depth),
            Kind::Gzip => self.gzip(bytes, path, depth),
            Kind::Other(name) => {
                self.pass(path.to_owned(), format!("packed with {name}, which is not read"), false);
            }
        }
    }

    /// Entry by entry, so that many of them, or several of one name, change nothing.
    fn zip(&mut self, bytes: &[u8], path: &str, depth: usize) {
        let damaged = |unpacker: &mut Self| {
            unpacker.pass(path.to_owned(), "damaged zip archive".to_owned(), true);
        };
        let mut zip = match ZipIterable::try_new(Cursor::new(bytes), zip::read::Config::default()) {
            Ok(zip) => zip,
            Err(ZipError::UnsupportedArchive(_)) => {
                let reason = "part of a zip archive in several files".to_owned();
                return self.pass(path.to_owned(), reason, false);
            }
            Err(_) => return damaged(self),
        };
        let Ok(entries) = zip.files() else { return damaged(self) };
        let mut content = Cursor::new(bytes);
        for entry in entries {
            let Ok(entry) = entry else { return damaged(self) };
            if entry.is_dir() {
                continue;
            }
            let name = join(path, entry.name_raw());
            if !self.next(path) {
                return;
            }
            if entry.encrypted() {
                self.pass(name, "encrypted".to_owned(), false);
                continue;
            }
            if !matches!(
                entry.compression(),
                CompressionMethod::Stored | CompressionMethod::Deflated
            ) {
                let reason = "compressed in a way that is not read".to_owned();
                self.pass(name, reason, false);
                continue;
            }
            let size = entry.size();
            if size > self.room() {
                self.pass(name, too_large(size, self.room()), false);
                continue;
            }
            match entry.with_reader(&mut content, zip::ZipReadOptions::new()) {
                Ok(file) => {
                    let about = Cell::new(u64::MAX);
                    let mut file = Metered { meter: self.meter, about: &about, inner: file };
                    self.member(name, size, &mut file, depth);
                }
                Err(_) => self.pass(name, "damaged".to_owned(), true),
            }
        }
    }

    fn gzip(&mut self, bytes: &[u8], path: &str, depth: usize) {
        // What is packed is mostly a tar; that goes through member by member.
        let mut head = Vec::new();
        let read = Gunzip(Some(GzDecoder::new(bytes))).take(512).read_to_end(&mut head);
        let decoder = GzDecoder::new(bytes);
        if read.is_ok() && is_tar(&head) {
            return self.tar(Gunzip(Some(decoder)), path, depth);
        }
        if !self.next(path) {
            return;
        }
        let name = decoder.header().and_then(|header| header.filename()).unwrap_or(b"content");
        let name = join(path, name);
        let about = Cell::new(u64::MAX);
        let mut file = Metered { meter: self.meter, about: &about, inner: Gunzip(Some(decoder)) };
        self.member(name, 0, &mut file, depth);
    }

    fn tar(&mut self, reader: impl Read, path: &str, depth: usize) {
        let about = Cell::new(MAX_ABOUT);
        let reader = Metered { meter: self.meter, about: &about, inner: reader };
        let mut tar = tar::Archive::new(reader);
        let Ok(mut entries) = tar.entries() else { return };
        let mut passed_over = 0;
        loop {
            about.set(MAX_ABOUT.saturating_add(passed_over));
            let mut entry = match entries.next() {
                None => return,
                Some(Ok(entry)) => entry,
                Some(Err(_)) if self.meter.is_spent() => return self.spent(path),
                Some(Err(_)) => {
                    return self.pass(path.to_owned(), "damaged tar archive".to_owned(), true);
                }
            };
            about.set(u64::MAX);
            // A sparse file is longer than what the archive holds of it.
            let kind = entry.header().entry_type();
            let size = entry.size();
            let held = match kind {
                EntryType::GNUSparse => entry.header().entry_size().unwrap_or(size),
                _ => size,
            };
            passed_over = held;
            if matches!(
                kind,
                EntryType::Directory
                    | EntryType::Symlink
                    | EntryType::Link
                    | EntryType::Char
                    | EntryType::Block
                    | EntryType::Fifo
                    | EntryType::XGlobalHeader
            ) {
                continue;
            }
            let name = join(path, &entry.path_bytes());
            if !self.next(path) {
                return;
            }
            if size > self.room() {
                self.pass(name, too_large(size, self.room()), false);
                continue;
            }
            self.member(name, size, &mut entry, depth);
        }
    }

    /// Whether one more member may be read.
    fn next(&mut self, path: &str) -> bool {
        if self.stopped {
            return false;
        }
        if self.meter.is_spent() {
            self.spent(path);
            return false;
        }
        self.members += 1;
        if self.members > MAX_MEMBERS {
            let reason = format!("more than {MAX_MEMBERS} members; the rest was not searched");
            self.stop(path, reason);
            return false;
        }
        true
    }

    /// How large a member may be beside those it is in.
    fn room(&self) -> u64 {
        self.limits.max_blob.saturating_sub(self.open)
    }

    /// Reads a member that says to have `size` bytes (0 if it does not say), and shows it.
    fn member(&mut self, path: String, size: u64, reader: &mut dyn Read, depth: usize) {
        let room = self.room();
        let mut bytes = Vec::new();
        let mut end = fill(reader, &mut bytes, LARGE.min(room));
        if end == End::TooLarge && room > LARGE {
            if self.guard.is_none() {
                self.guard = Some(self.limits.gate.lock().unwrap_or_else(PoisonError::into_inner));
            }
            end = fill(reader, &mut bytes, room);
        }
        if self.meter.is_spent() && end != End::Whole {
            self.spent(&path);
        } else if end == End::TooLarge {
            let reason = format!(
                "unpacks to more than {room} bytes; the rest was not searched; `--max-blob` raises it"
            );
            self.pass(path.clone(), reason, false);
        } else if end == End::Damaged || (bytes.len() as u64) < size {
            self.pass(path.clone(), "damaged".to_owned(), true);
        }
        let member = Member { path, depth };
        if !(self.see)(&member, &bytes) {
            self.stopped = true;
        }
        let Some(kind) = Kind::of(&bytes).filter(|_| !self.stopped) else { return };
        if depth == MAX_DEPTH {
            let reason = format!("an archive in {MAX_DEPTH} others, which is not unpacked");
            return self.pass(member.path, reason, false);
        }
        let open = bytes.len() as u64;
        self.open += open;
        self.archive(&bytes, kind, &member.path, depth + 1);
        self.open -= open;
    }

    fn spent(&mut self, path: &str) {
        self.stop(path, "unpacks to far more than its size; the rest was not searched".to_owned());
    }

    fn stop(&mut self, path: &str, reason: String) {
        if !std::mem::replace(&mut self.stopped, true) {
            self.missed.push(Missed { member: path.to_owned(), reason, damaged: false });
        }
    }

    fn pass(&mut self, member: String, reason: String, damaged: bool) {
        if self.missed.len() < MAX_LISTED {
            self.missed.push(Missed { member, reason, damaged });
        } else {
            self.more = (self.more.0 + 1, self.more.1 | damaged);
        }
    }
}

/// Reads until `bytes` has `most`, and finds out whether there is more.
fn fill(reader: &mut dyn Read, bytes: &mut Vec<u8>, most: u64) -> End {
    let wanted = most.saturating_add(1).saturating_sub(bytes.len() as u64);
    match reader.take(wanted).read_to_end(bytes) {
        Ok(_) if bytes.len() as u64 > most => End::TooLarge,
        Ok(_) => End::Whole,
        Err(_) => End::Damaged,
    }
}

/// The path of a member of the archive at `path`, to be shown.
fn join(path: &str, name: &[u8]) -> String {
    let name = shown(&name[..name.len().min(MAX_NAME)]);
    if path.is_empty() { name } else { format!("{path}!{name}") }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn zip(content: &[u8]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for name in ["a", "b/c"] {
            zip.start_file(name, SimpleFileOptions::default()).expect("a member");
            zip.write_all(content).expect("memory");
        }
        zip.finish().expect("memory").into_inner()
    }

    fn tar(content: &[u8]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, "d".repeat(150), content).expect("memory");
        tar.into_inner().expect("memory")
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::GzBuilder::new()
            .filename("named")
            .write(Vec::new(), flate2::Compression::fast());
        gzip.write_all(content).expect("memory");
        gzip.finish().expect("memory")
    }

    /// Paths with sizes, and what was missed.
    fn all(bytes: &[u8], max_blob: u64) -> (Vec<(String, usize)>, Vec<Missed>) {
        let mut seen = Vec::new();
        let missed = unpack(bytes, &Limits::new(max_blob), &mut |member, bytes| {
            seen.push((member.path.clone(), bytes.len()));
            true
        });
        (seen, missed)
    }

    #[test]
    fn told_by_content() {
        assert_eq!(Kind::of(&zip(b"x")), Some(Kind::Zip));
        assert_eq!(Kind::of(&tar(b"x")), Some(Kind::Tar));
        assert_eq!(Kind::of(&gzip(b"x")), Some(Kind::Gzip));
        assert_eq!(Kind::of(b"BZh91AY&SY..."), Some(Kind::Other("bzip2")));
        let mut old = tar::Header::new_old();
        old.set_path("a").expect("a short name");
        old.set_mode(0o644);
        old.set_cksum();
        assert_eq!(Kind::of(old.as_bytes()), Some(Kind::Tar), "without a magic");
        let mut text = old.as_bytes().to_vec();
        text[0] = b'b';
        for other in [&text[..], b"", b"PK", b"BZh and so on, 1AY", &[0; 600], &[b'0'; 600]] {
            assert_eq!(Kind::of(other), None);
        }
    }

    #[test]
    fn a_gzip_gives_its_name() {
        assert_eq!(all(&gzip(b"hello"), 1_000), (vec![("named".to_owned(), 5)], vec![]));
    }

    #[test]
    fn no_more_than_the_limit_is_open_at_a_time() {
        let inner = tar(&[b'x'; 6_000]);
        let (seen, missed) = all(&gzip(&gzip(&inner)), 12_000);
        assert_eq!(seen.len(), 2, "{missed:?}");
        let (seen, missed) = all(&zip(&inner), 12_000);
        assert_eq!(seen, [("a".to_owned(), inner.len()), ("b/c".to_owned(), inner.len())]);
        assert!(missed.iter().all(|one| one.reason.contains("--max-blob")) && missed.len() == 2);
    }

    #[test]
    fn a_long_list_of_missed_members_is_cut() {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for number in 0..30 {
            zip.start_file(number.to_string(), SimpleFileOptions::default()).expect("a member");
            zip.write_all(&[b'x'; 200]).expect("memory");
        }
        let bytes = zip.finish().expect("memory").into_inner();
        let (_, missed) = all(&bytes, 100);
        assert_eq!(missed.len(), MAX_LISTED + 1);
        assert_eq!(missed[MAX_LISTED].reason, "20 more members were not read");
    }

    #[test]
    fn what_a_tar_says_about_a_member_is_bounded() {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_path("long").expect("a short name");
        header.set_entry_type(EntryType::GNULongName);
        header.set_size(3 * MAX_ABOUT);
        header.set_cksum();
        tar.append(&header, io::repeat(b'n').take(3 * MAX_ABOUT)).expect("memory");
        let bytes = tar.into_inner().expect("memory");
        let (seen, missed) = all(&bytes, 64 * 1024 * 1024);
        assert!(seen.is_empty());
        assert_eq!(missed.len(), 1);
        assert!(missed[0].damaged);
    }

    proptest! {
        #[test]
        fn never_panics_and_stays_in_its_limits(
            kind in 0..5,
            content in prop::collection::vec(any::<u8>(), 0..3_000),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
            cut in any::<prop::sample::Index>(),
            limit in 100_u64..20_000,
        ) {
            let mut bytes = match kind {
                0 => zip(&content),
                1 => tar(&content),
                2 => gzip(&content),
                3 => gzip(&tar(&content)),
                _ => zip(&gzip(&tar(&content))),
            };
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            bytes.truncate(bytes.len() - cut.index(bytes.len()) / 8);
            let (seen, _) = all(&bytes, limit);
            prop_assert!(seen.iter().all(|(_, len)| *len as u64 <= limit + 1));
        }
    }
}
