//! What `fuzz/` reaches of this crate's inside: each function reads hostile bytes with the parsers of a scan
//! and panics where they contradict each other. Only there when built for fuzzing.

// A contradiction is told by a panic, which is what a fuzzer looks for.
#![allow(clippy::missing_panics_doc)]

use std::cell::RefCell;
use std::path::Path;
use std::sync::OnceLock;

use secrecy::SecretSlice;

use crate::find::encoded;
use crate::find::escapes;
use crate::find::matcher::{Matcher, Scratch};
use crate::find::text::Text;
use crate::find::unpack::{Limits, unpack};
use crate::options::Options;
use crate::pack::delta::Delta;
use crate::pack::forest::Forest;
use crate::pack::inflate::Buffer;
use crate::pack::single::Single;
use crate::pack::walk::{Fault, Visit, Walker};
use crate::pack::{Entry, Most, Pack};
use crate::progress::{Cancel, Silent};
use crate::report::collect::examine;
use crate::rules::Rules;
use crate::scan::Run;
use crate::sources::packs;
use crate::{OwnValue, repo};

/// The most bytes of a blob that are read here.
pub const MAX_BLOB: u64 = 1024 * 1024;

/// An object of a pack: where it begins, its kind as packs number it, its bytes.
pub type Object = (u64, u8, Vec<u8>);

/// Reads a pack by its index file with ids of `hash_len` bytes; what could be read of it, in its order. `None`
/// if it is refused as a whole, or unpacks to more than is kept here. Each object is read by itself too, and
/// has to be the same.
#[must_use]
pub fn pack(index: &Path, hash_len: usize) -> Option<Vec<Object>> {
    let pack = Pack::open(index, hash_len).ok()?;
    let forest = Forest::grow(&pack, hash_len)?;
    let most = Most { blob: MAX_BLOB };
    let mut all =
        Gather { forest: &forest, objects: Vec::new(), sum: 0, seen: vec![false; forest.len()] };
    let gate = std::sync::Mutex::new(());
    let mut walker = Walker::new(&pack, &forest, most, &gate);
    for root in forest.roots() {
        walker.family(root, &mut all);
    }
    if !all.go_on() {
        return None;
    }
    let Gather { mut objects, seen, .. } = all;
    for (entry, seen) in (0..).zip(&seen) {
        let known = forest.kind(entry).is_some();
        assert!(*seen || !known, "an entry with a kind is visited or a fault");
    }
    let mut single = Single::default();
    for (offset, kind, bytes) in &objects {
        let (its, alone) = single
            .read(&pack, hash_len, *offset, most)
            .expect("what a family gives can be read alone");
        assert_eq!((its as u8, alone), (*kind, bytes.as_slice()), "the same by both ways");
    }
    for at in 0..pack.index.count() {
        let id = pack.index.id(at);
        let found = id.and_then(|id| pack.index.find(id.as_bytes()));
        // Of ids that are not in order, or there twice, another may be found.
        let same = found.is_none_or(|found| pack.index.id(found) == id);
        assert!(same, "an id that is found is that id");
    }
    objects.sort();
    Some(objects)
}

/// So many bytes of a pack's objects are kept.
const MAX_KEPT: usize = 256 * 1024 * 1024;

struct Gather<'f> {
    forest: &'f Forest,
    objects: Vec<Object>,
    sum: usize,
    seen: Vec<bool>,
}

impl Gather<'_> {
    fn keep(&mut self, entry: Entry, bytes: &[u8]) {
        self.once(entry);
        let kind = self.forest.kind(entry).expect("what is visited has a kind");
        assert!(bytes.len() as u64 <= Most { blob: MAX_BLOB }.of(kind), "within the limit");
        self.sum += bytes.len();
        if self.go_on() {
            self.objects.push((self.forest.offsets[entry as usize], kind as u8, bytes.to_vec()));
        }
    }

    fn once(&mut self, entry: Entry) {
        let seen = &mut self.seen[entry as usize];
        assert!(!std::mem::replace(seen, true), "each entry is told of once");
    }
}

impl Visit for Gather<'_> {
    type Left = ();

    fn root(&mut self, entry: Entry, bytes: &[u8]) {
        self.keep(entry, bytes);
    }

    fn child(&mut self, entry: Entry, bytes: &[u8], _: &Delta, (): &()) {
        self.keep(entry, bytes);
    }

    fn fault(&mut self, entry: Entry, _: Fault) {
        self.once(entry);
    }

    fn go_on(&self) -> bool {
        self.sum <= MAX_KEPT
    }
}

/// Applies a delta to a base; the result, of at most `limit` bytes. What the delta is said to leave alone has
/// to be the base's.
#[must_use]
pub fn delta(delta: &[u8], base: &[u8], limit: u64) -> Option<Vec<u8>> {
    let (mut parsed, mut out) = (Delta::default(), Buffer::default());
    parsed.apply(delta, base, limit, &mut out)?;
    let out = out.bytes();
    assert!(out.len() as u64 <= limit, "within the limit");
    let mut stretches = Vec::new();
    parsed.dirty(|start, end| stretches.push((start, end)));
    let mut last = 0;
    for &(start, end) in &stretches {
        assert!(last <= start && start <= end && end <= parsed.len, "in order and inside");
        last = end;
    }
    let mut new = vec![true; out.len()];
    for copy in &parsed.copies {
        let to = copy.to as usize..copy.end() as usize;
        let from = copy.from as usize..(copy.from + copy.len) as usize;
        assert_eq!(out[to.clone()], base[from], "a copy is what the base has there");
        new[to].fill(false);
    }
    for (at, _) in new.iter().enumerate().filter(|(_, new)| **new) {
        let covered = stretches.iter().any(|&(start, end)| (start..end).contains(&(at as u32)));
        assert!(covered, "a new byte is in a dirty stretch");
    }
    if stretches.is_empty() {
        assert_eq!(out, base, "nothing changed");
    }
    Some(out.to_vec())
}

/// Undoes what one text holds in encoded form, in every way there is, and searches it. `cut` is a place in it
/// from which it is searched again.
pub fn decoders(bytes: &[u8], cut: usize) {
    let mut whole = Vec::new();
    encoded::runs(bytes, 0, bytes.len(), |run| {
        assert!(run.span.start < run.span.end && run.span.end <= bytes.len());
        assert!(run.bytes.len() <= run.span.len(), "decoding makes nothing longer");
        whole.push(run);
    });
    let cut = cut.min(bytes.len());
    for (from, to) in [(cut, bytes.len()), (0, cut), (cut / 2, cut)] {
        encoded::runs(bytes, from, to, |run| {
            assert!(whole.contains(&run), "what is found depends on the run alone");
        });
    }
    if let Some(plain) = escapes::undo(bytes, cut..bytes.len(), cut) {
        assert!(plain.bytes.len() <= bytes.len() - cut);
        assert_eq!(plain.place(0), cut);
        assert_eq!(plain.place(plain.bytes.len()), bytes.len());
        assert_eq!(plain.offset_of(cut), Some(0));
    }
    let text = Text::new(bytes);
    assert!(text.bytes.len() <= bytes.len().max(4) / 2 * 3 + 3);
    let places = text.places(vec![0, cut, text.bytes.len(), usize::MAX]);
    for offset in [0, cut, text.bytes.len(), usize::MAX] {
        let place = places.of(offset);
        assert!(place.line >= 1 && place.column >= 1 && place.utf16_column() >= 1);
    }
    let mut sum = 0;
    unpack(bytes, &Limits::new(MAX_BLOB), &mut |_, content| {
        assert!(content.len() as u64 <= MAX_BLOB + 1, "within the limit");
        sum += content.len() as u64;
        true
    });
    assert!(sum <= 8 * MAX_BLOB, "all together within their limit: {sum}");
    with_matcher(|matcher| {
        let _ = examine(matcher, bytes, &mut Scratch::default());
    });
}

/// Scans a pack by its index file twice: only what changed from version to version, and every version whole.
/// Both have to find the same.
pub fn changes(index: &Path) {
    let Ok(pack) = Pack::open(index, 20) else { return };
    let Some(forest) = Forest::grow(&pack, 20) else { return };
    with_matcher(|matcher| {
        let scanned = |whole: bool| {
            let options = Options { whole, max_blob: MAX_BLOB, ..Options::new("") };
            let cancel = Cancel::default();
            let run = Run::new(matcher, &options, &Silent, &cancel);
            let mut found = Vec::new();
            for part in packs::scan(&run, &pack, &forest, 0) {
                assert!(!part.overflowed, "few enough to be kept");
                found.extend(part.found);
            }
            found.sort_unstable();
            found.dedup();
            found
        };
        let (changed, whole) = (scanned(false), scanned(true));
        if changed != whole {
            let tell = |found: &[packs::Found]| -> Vec<String> {
                let row =
                    |one: &packs::Found| format!("{one:?} {:?}", matcher.sights.get(one.sight));
                found.iter().map(row).collect()
            };
            panic!("changes: {:#?}\nwhole: {:#?}", tell(&changed), tell(&whole));
        }
    });
}

/// Reads all that a repository's own files say of it; see [`crate::scan()`] for its objects.
pub fn repository(folder: &Path) {
    let Ok(Some(found)) = repo::discover(folder) else { return };
    let _ = found.notices();
    let _ = repo::refs::places(&found);
    let all = repo::refs::tips(&found);
    let current = repo::refs::current(&found);
    assert_eq!((&all.refs, all.head), (&current.refs, current.head), "the same without reflogs");
    let _ = repo::refs::head(&found);
    let _ = repo::index::read(&found, None);
}

/// Reads an object's bytes as a commit and as a tag.
pub fn messages(bytes: &[u8]) {
    use repo::history;

    if let Some((_, message)) = history::parse_commit(bytes) {
        assert!(message.len() <= bytes.len() + 1);
    }
    let _ = history::parse_tag(bytes);
    let _ = history::author(bytes);
}

/// A value of the vault that the texts of the fuzzer hold.
pub const OWN_VALUE: &str = "Zq3-own-value-of-forty-bytes-9981-abcdef";

/// Runs with the built-in rules, which are costly to make ready, and begins anew with the memory of what was
/// seen before it is full.
fn with_matcher(run: impl FnOnce(&Matcher<'static>)) {
    static RULES: OnceLock<Rules> = OnceLock::new();
    static OWN: OnceLock<Vec<OwnValue>> = OnceLock::new();
    thread_local! {
        static MATCHER: RefCell<Option<(Matcher<'static>, usize)>> = const { RefCell::new(None) };
    }
    const USES: usize = 2_000;

    MATCHER.with_borrow_mut(|slot| {
        if slot.as_ref().is_none_or(|(_, uses)| *uses >= USES) {
            let rules = RULES.get_or_init(Rules::builtin);
            let own = OWN.get_or_init(|| {
                vec![OwnValue {
                    entry: "acme/prod/own".to_owned(),
                    version: 1,
                    stage: "current".to_owned(),
                    value: SecretSlice::from(OWN_VALUE.as_bytes().to_vec()),
                }]
            });
            let options = Options { max_blob: MAX_BLOB, ..Options::new("") };
            *slot = Some((Matcher::new(rules, Some(own), &options, &Cancel::default()), 0));
        }
        if let Some((matcher, uses)) = slot {
            *uses += 1;
            run(matcher);
        }
    });
}

/// The examples and counter-examples of the built-in rules: what a fuzzer begins with.
#[must_use]
pub fn examples() -> &'static [&'static str] {
    static EXAMPLES: OnceLock<Vec<&'static str>> = OnceLock::new();
    EXAMPLES.get_or_init(|| {
        let rules: &'static Rules = Box::leak(Box::new(Rules::builtin()));
        let both = |rule: &'static crate::Rule| rule.examples.iter().chain(&rule.counter_examples);
        rules.iter().flat_map(both).map(String::as_str).collect()
    })
}
