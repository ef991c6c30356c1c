//! A history that was scanned before: the same again, or grown, or to be scanned anew.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::groups::Stored;
use super::{Session, grow};
use crate::error::ScanError;
use crate::files;
use crate::repo::attribute::{Author, Orders};
use crate::repo::index::MAX_INDEX;
use crate::repo::reader::Reader;
use crate::repo::refs;
use crate::report::collect::{Collector, Container};
use crate::report::{Notice, Skipped};
use crate::scan::{Run, Tally};
use crate::sources::git::Git;

/// Places in the order of history from here on are those of commits that only reflogs know.
const AMENDED: usize = 1 << 31;

/// What a scan of a history found, and of what.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct History {
    pub(super) ground: Ground,
    pub(super) groups: Vec<Stored>,
    pub(super) authors: Vec<(String, String, String)>,
    pub(super) has_remote: bool,
    /// How many commits refs led to: the places of these in the order of history are below.
    pub(super) by_refs: usize,
    pub(super) counts: Counts,
}

/// All that a scan of a history depends on, besides the content of its objects.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ground {
    /// The checksum of each pack, and every loose object; sorted.
    pub(super) packs: Vec<String>,
    pub(super) loose: Vec<String>,
    /// What refs, reflogs and remotes' branches name; sorted.
    pub(super) refs: Vec<String>,
    pub(super) reflogs: Vec<String>,
    pub(super) remotes: Vec<String>,
    pub(super) head: Option<String>,
    /// The index, by its checksum.
    index: Option<String>,
    /// What else is asked of a repository.
    pub(super) manner: String,
}

/// The counts and complaints of a scan.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Counts {
    blobs: u64,
    messages: u64,
    bytes: u64,
    pub(super) incomplete: bool,
    skipped: Vec<(String, String)>,
    skipped_more: u64,
    notices: Vec<(String, String)>,
}

impl Ground {
    fn of(git: &Git<'_>, tips: &refs::Tips) -> Self {
        let sorted = |ids: &[gix::ObjectId]| {
            let mut ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            ids.sort_unstable();
            ids.dedup();
            ids
        };
        let mut packs: Vec<String> = git
            .store
            .packs
            .iter()
            .filter_map(|pack| Some(hex::encode(pack.index.pack_checksum()?)))
            .collect();
        packs.sort_unstable();
        let loose: Vec<gix::ObjectId> = git.store.loose().into_iter().map(|(id, _)| id).collect();
        let mut shallow = git.repo.shallow();
        shallow.sort_unstable();
        let manner = format!(
            "{} {} {} {shallow:?}",
            git.repo.hash,
            git.repo.is_partial(),
            git.repo.has_reftable()
        );
        Self {
            packs,
            loose: sorted(&loose),
            refs: sorted(&tips.refs),
            reflogs: sorted(&tips.reflogs),
            remotes: sorted(&tips.remotes),
            head: tips.head.map(|id| id.to_string()),
            index: files::small(&git.repo.git_dir.join("index"), MAX_INDEX)
                .map(|bytes| hex::encode(Sha256::digest(bytes))),
            manner,
        }
    }
}

impl Counts {
    fn of(tally: &Tally) -> Self {
        Self {
            blobs: tally.blobs,
            messages: tally.messages,
            bytes: tally.bytes,
            incomplete: tally.incomplete,
            skipped: tally
                .skipped
                .iter()
                .map(|one| (one.path.clone(), one.reason.clone()))
                .collect(),
            skipped_more: tally.skipped_more,
            notices: tally
                .notices
                .iter()
                .map(|one| (one.code.clone(), one.message.clone()))
                .collect(),
        }
    }

    /// Adds them to a running scan's.
    pub(super) fn add_to(&self, tally: &mut Tally) {
        tally.blobs += self.blobs;
        tally.messages += self.messages;
        tally.bytes += self.bytes;
        tally.incomplete |= self.incomplete;
        tally.skipped_more += self.skipped_more;
        let skipped = self.skipped.iter().cloned();
        tally.skipped.extend(skipped.map(|(path, reason)| Skipped { path, reason }));
        let notices = self.notices.iter().cloned();
        tally.notices.extend(notices.map(|(code, message)| Notice { code, message }));
    }
}

impl Session {
    /// Scans a history, or what is new in it, or nothing.
    pub(crate) fn history(
        &self,
        run: &Run<'_>,
        git: &mut Git<'_>,
        orders: &mut Orders,
    ) -> Result<(), ScanError> {
        let tips = refs::tips(git.repo);
        let ground = Ground::of(git, &tips);
        // What the history's own scan finds and counts is kept apart, to be remembered.
        let files = std::mem::take(&mut *run.collector());
        let counted = std::mem::take(&mut *run.tally());
        let remembered = self.before.history.as_ref();
        let done = match remembered {
            Some(before) if before.ground == ground => before.recall(run, git, orders),
            Some(before) => grow::scan(before, &ground, run, git, &tips, orders)?,
            None => None,
        };
        let same = done.is_some() && remembered.is_some_and(|before| before.ground == ground);
        if done.is_none() {
            *run.collector() = Collector::default();
            *run.tally() = Tally::default();
            *orders = Orders::default();
            git.everything(orders)?;
        }
        let after = if same { remembered.cloned() } else { History::of(ground, run, git, orders) };
        self.after().history = after;
        let collector = std::mem::replace(&mut *run.collector(), files);
        run.collector().absorb(collector);
        let tally = std::mem::replace(&mut *run.tally(), counted);
        Counts::of(&tally).add_to(&mut run.tally());
        Ok(())
    }
}

impl History {
    fn of(ground: Ground, run: &Run<'_>, git: &Git<'_>, orders: &Orders) -> Option<Self> {
        let collector = run.collector();
        // What could not be read may be there next time, though no checksum tells. A damaged archive is what it
        // is: its object was read.
        if collector.overflowed || run.matcher.sights.is_full() || run.tally().lost {
            return None;
        }
        let mut reader = Reader::new(git.store);
        let groups = Stored::all(&collector, orders, &mut reader, run.matcher)?;
        let authors = orders.authors.iter();
        let authors = authors
            .map(|(id, author)| (id.to_string(), author.name.clone(), author.date.clone()))
            .collect();
        let counts = Counts::of(&run.tally());
        Some(Self {
            ground,
            groups,
            authors,
            has_remote: orders.has_remote,
            by_refs: orders.by_refs,
            counts,
        })
    }

    /// Puts everything back as it was found; `None` if something is not there any more.
    pub(super) fn recall(&self, run: &Run<'_>, git: &Git<'_>, orders: &mut Orders) -> Option<()> {
        let mut reader = Reader::new(git.store);
        for stored in &self.groups {
            let (key, mut group) = stored.recall(git.number, &mut reader, run.matcher, orders)?;
            // What comes with refs from now on comes before what only reflogs knew.
            for place in &mut group.sightings {
                if let Container::Blob(_, Some(known)) = &mut place.container
                    && (self.by_refs..AMENDED).contains(&known.order)
                {
                    known.order += AMENDED;
                }
            }
            run.collector().put(key, group);
        }
        for (id, name, date) in &self.authors {
            let id = gix::ObjectId::from_hex(id.as_bytes()).ok()?;
            orders.authors.insert(id, Author { name: name.clone(), date: date.clone() });
        }
        orders.has_remote = self.has_remote;
        self.counts.add_to(&mut run.tally());
        orders.by_refs = self.by_refs;
        Some(())
    }
}
