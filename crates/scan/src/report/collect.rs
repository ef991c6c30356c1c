//! Gathers what many threads see into one finding for each secret, and turns those into the report's.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use gix::ObjectId;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::finding::{Shown, canonical, finding};
use super::{Confidence, Decoding, Finding};
use crate::find::matcher::{Matcher, Scratch};
use crate::find::settle::{Settled, settle};
use crate::find::sight::Sight;
use crate::find::text::{Position, Text};
use crate::find::unpack::{Member, Missed, is_archive, unpack};
use crate::repo::attribute::{Known, Orders};

/// A repository made to exhaust holds more; what is beyond is counted, not kept.
const MAX_GROUPS: usize = 100_000;
/// The same for places.
const MAX_SIGHTINGS: usize = 2_000_000;

/// So many secrets of one archive are kept.
const MAX_INSIDE: usize = 50_000;

/// What was read.
#[derive(Debug, Clone)]
pub(crate) enum Container {
    /// A file on disk, by its shown path.
    File(String),
    /// Bytes handed in.
    Stdin,
    /// A staged blob and its shown path.
    Staged(String, ObjectId),
    /// A blob, and one of the names that it had; `None` if no tree names it.
    Blob(ObjectId, Option<Known>),
    /// The message of this commit of the repository with this number, or of a tag of it.
    Message(usize, ObjectId),
}

/// One secret in one container.
pub(crate) struct Sighting {
    pub(crate) container: Container,
    /// The container is an archive, and it is in this member of it.
    pub(crate) member: Option<Arc<Member>>,
    pub(crate) start: Position,
    pub(crate) end: Position,
    pub(crate) decoded: Vec<Decoding>,
    pub(crate) key: Vec<u8>,
}

/// What makes two sights one finding.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct GroupKey {
    pub(super) rule: Option<usize>,
    /// SHA-256 of the secret, so that the map holds no copy.
    secret: [u8; 32],
}

impl GroupKey {
    pub(crate) fn of(sight: &Sight, matcher: &Matcher<'_>) -> Self {
        Self::new(sight.rule, &sight.secret, matcher)
    }

    pub(crate) fn new(rule: Option<usize>, secret: &[u8], matcher: &Matcher<'_>) -> Self {
        let kind = rule.map(|rule| matcher.rules.at(rule).kind);
        Self { rule, secret: Sha256::digest(&*canonical(secret, kind)).into() }
    }

    /// The rule that sees it; `None` where only the vault knows it.
    pub(crate) fn rule(&self) -> Option<usize> {
        self.rule
    }

    /// Whether a set holds this secret, as its rule or as the vault sees it.
    pub(super) fn is_in(&self, set: &HashSet<Self>) -> bool {
        set.contains(self) || set.contains(&Self { rule: None, ..self.clone() })
    }
}

pub(crate) struct Group {
    pub(crate) secret: Zeroizing<Vec<u8>>,
    pub(crate) own: Option<usize>,
    pub(crate) confidence: Confidence,
    pub(crate) sightings: Vec<Sighting>,
}

/// All findings so far.
#[derive(Default)]
pub(crate) struct Collector {
    groups: HashMap<GroupKey, Group>,
    sightings: usize,
    /// Some findings were too many to keep.
    pub(crate) overflowed: bool,
}

/// A secret with its position.
#[derive(Clone)]
struct Match {
    /// The number of the sight.
    sight: u32,
    member: Option<Arc<Member>>,
    start: Position,
    end: Position,
    decoding: Option<Decoding>,
}

/// The secrets of one file, blob or message with their positions, ready for the collector.
#[derive(Default, Clone)]
pub(crate) struct Seen {
    matches: Vec<Match>,
    /// Members of an archive that could not be read.
    pub(crate) missed: Vec<Missed>,
    pub(crate) overflowed: bool,
}

/// Searches one file, blob or message; of an archive, its members.
pub(crate) fn examine(matcher: &Matcher<'_>, raw: &[u8], scratch: &mut Scratch) -> Seen {
    let mut seen = Seen::default();
    if !is_archive(raw) {
        seen.search(matcher, raw, None, scratch);
        return seen;
    }
    let mut outer = Seen::default();
    seen.missed = unpack(raw, &matcher.limits, &mut |member, bytes| {
        let part = if is_archive(bytes) { &mut outer } else { &mut seen };
        part.search(matcher, bytes, Some(member), scratch);
        part.overflowed |= part.matches.len() > MAX_INSIDE;
        !part.overflowed && !matcher.is_cancelled()
    });
    // A comment is not in any member. What is, shows through where an archive does not compress.
    outer.search(matcher, raw, None, scratch);
    let key = |one: &Match| GroupKey::of(&matcher.sights.get(one.sight), matcher);
    let inside: HashSet<GroupKey> = seen.matches.iter().map(key).collect();
    seen.matches.extend(outer.matches.into_iter().filter(|one| !inside.contains(&key(one))));
    seen.overflowed |= outer.overflowed;
    seen
}

impl Seen {
    /// Adds what is in a text.
    fn search(
        &mut self,
        matcher: &Matcher<'_>,
        raw: &[u8],
        member: Option<&Member>,
        scratch: &mut Scratch,
    ) {
        let text = Text::new(raw);
        let hits = matcher.all(&text.bytes, scratch);
        let mut found = Self::at(&text, &settle(matcher, &text.bytes, &hits.list));
        if let Some(member) = member.filter(|_| !found.is_empty()) {
            let member = Arc::new(member.clone());
            found.matches.iter_mut().for_each(|one| one.member = Some(Arc::clone(&member)));
        }
        self.matches.append(&mut found.matches);
        self.overflowed |= hits.full;
    }

    /// The positions of what was found in a text before.
    pub(crate) fn at(text: &Text<'_>, settled: &[Settled]) -> Self {
        if settled.is_empty() {
            return Self::default();
        }
        let span = |one: &Settled| (one.start as usize, one.end as usize);
        let last = |one: &Settled| (one.end as usize).saturating_sub(1);
        let ends = settled.iter().flat_map(|one| [span(one).0, last(one), span(one).1]);
        let places = text.places(ends.collect());
        let decoding = text.decoding();
        let matches = settled
            .iter()
            .map(|one| {
                let (start, last) = (places.of(span(one).0), places.of(last(one)));
                // The byte after the last one, on the last one's line even where that ends it.
                let after = places.of(span(one).1);
                let end = if after.line == last.line {
                    after
                } else {
                    Position { column: last.column + 1, ..last }
                };
                Match { sight: one.sight, member: None, start, end, decoding }
            })
            .collect();
        Self { matches, ..Self::default() }
    }

    /// Only the places of one sight.
    pub(crate) fn only(&self, sight: u32) -> Self {
        let matches = self.matches.iter().filter(|one| one.sight == sight).cloned().collect();
        Self { matches, ..Self::default() }
    }

    /// The numbers of the sights.
    pub(crate) fn sights(&self) -> BTreeSet<u32> {
        self.matches.iter().map(|one| one.sight).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.matches.is_empty()
    }

    /// The sight that begins at this place, of those that are wanted.
    pub(crate) fn sight_at(
        &self,
        start: Position,
        member: Option<&Member>,
        wanted: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        let here = |one: &&Match| one.start == start && one.member.as_deref() == member;
        self.matches.iter().filter(here).map(|one| one.sight).find(|&sight| wanted(sight))
    }
}

impl Collector {
    pub(crate) fn add(&mut self, container: &Container, seen: Seen, matcher: &Matcher<'_>) {
        self.overflowed |= seen.overflowed;
        for Match { sight, member, start, end, decoding } in seen.matches {
            let sight = matcher.sights.get(sight);
            let archives = member.as_ref().map_or(0, |member| member.depth);
            let wrapped = std::iter::repeat_n(Decoding::Archive, archives).chain(decoding);
            let key = GroupKey::of(&sight, matcher);
            if self.sightings >= MAX_SIGHTINGS
                || (self.groups.len() >= MAX_GROUPS && !self.groups.contains_key(&key))
            {
                self.overflowed = true;
                continue;
            }
            self.sightings += 1;
            let group = self.groups.entry(key).or_insert_with(|| Group {
                secret: sight.secret.clone(),
                own: None,
                confidence: sight.confidence,
                sightings: Vec::new(),
            });
            group.own = group.own.or(sight.own);
            group.confidence = group.confidence.max(sight.confidence);
            group.sightings.push(Sighting {
                container: container.clone(),
                member,
                start,
                end,
                decoded: wrapped.chain(sight.decoded.iter().copied()).collect(),
                key: sight.key.clone(),
            });
        }
    }

    /// Every secret so far.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (&GroupKey, &Group)> {
        self.groups.iter()
    }

    /// Adds a secret that is remembered.
    pub(crate) fn put(&mut self, key: GroupKey, group: Group) {
        self.sightings += group.sightings.len();
        match self.groups.entry(key) {
            Entry::Vacant(entry) => drop(entry.insert(group)),
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                known.own = known.own.or(group.own);
                known.confidence = known.confidence.max(group.confidence);
                known.sightings.extend(group.sightings);
            }
        }
    }

    /// Adds all that another one holds.
    pub(crate) fn absorb(&mut self, other: Self) {
        self.overflowed |= other.overflowed;
        other.groups.into_iter().for_each(|(key, group)| self.put(key, group));
    }

    /// Lets go of some of each secret's places.
    pub(crate) fn retain_places(&mut self, mut retain: impl FnMut(&mut Vec<Sighting>)) {
        self.groups.values_mut().for_each(|group| retain(&mut group.sightings));
        self.groups.retain(|_, group| !group.sightings.is_empty());
    }

    /// The commits whose messages hold something, of one repository.
    pub(crate) fn messages(&self, repository: usize) -> Vec<ObjectId> {
        self.containers()
            .filter_map(|container| match container {
                Container::Message(number, id) if *number == repository => Some(*id),
                _ => None,
            })
            .collect()
    }

    /// Each secret and where it was read.
    pub(crate) fn places(&self) -> impl Iterator<Item = (&GroupKey, &Container)> {
        self.groups.iter().flat_map(|(key, group)| {
            group.sightings.iter().map(move |sighting| (key, &sighting.container))
        })
    }

    fn containers(&self) -> impl Iterator<Item = &Container> {
        self.places().map(|(_, container)| container)
    }

    /// The findings, in no order yet.
    pub(crate) fn findings(
        mut self,
        matcher: &Matcher<'_>,
        orders: &Orders,
        options: &Shown,
    ) -> Vec<Finding> {
        self.join_own();
        self.groups
            .into_iter()
            .filter_map(|(key, group)| finding(&key, group, matcher, orders, options))
            .collect()
    }

    /// An own value that a rule knows in one place and only the vault in another is one finding.
    fn join_own(&mut self) {
        let known: HashMap<[u8; 32], usize> = self
            .groups
            .iter()
            .filter(|(_, group)| group.own.is_some())
            .filter_map(|(key, _)| Some((key.secret, key.rule?)))
            .collect();
        for (secret, rule) in known {
            // A rule's canonical form may differ from the plain value's: only equal values are joined.
            if let Some(bare) = self.groups.remove(&GroupKey { rule: None, secret })
                && let Some(group) = self.groups.get_mut(&GroupKey { rule: Some(rule), secret })
            {
                group.sightings.extend(bare.sightings);
            }
        }
    }
}
