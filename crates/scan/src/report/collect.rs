//! Gathers what many threads see into one finding for each secret, and turns those into the report's.

use std::collections::{BTreeSet, HashMap};

use gix::ObjectId;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::finding::{Shown, canonical, finding};
use super::{Confidence, Decoding, Finding};
use crate::find::matcher::{Match, Matcher};
use crate::find::text::{Position, Text};
use crate::repo::attribute::Attribution;
use crate::repo::ids::IdSet;

/// A repository made to exhaust holds more; what is beyond is counted, not kept.
const MAX_GROUPS: usize = 100_000;
/// The same for places.
const MAX_SIGHTINGS: usize = 2_000_000;
/// Marks that let a line pass.
const ALLOW: [&[u8]; 2] = [b"keyward:allow", b"gitleaks:allow"];

/// What was read, as far as it is known while scanning.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Container {
    /// A file on disk, by its shown path.
    File(String),
    /// Bytes handed in.
    Stdin,
    /// A staged blob and its shown path.
    Staged(String, ObjectId),
    /// A blob of the repository with this number; its paths are found later.
    Blob(usize, ObjectId),
    /// The message of this commit, or of a tag of it.
    Message(usize, ObjectId),
}

/// One secret in one container.
pub(super) struct Sighting {
    pub(super) container: Container,
    pub(super) start: Position,
    pub(super) end: Position,
    pub(super) decoded: Vec<Decoding>,
    pub(super) key: Vec<u8>,
}

#[derive(PartialEq, Eq, Hash)]
struct GroupKey {
    rule: Option<usize>,
    /// SHA-256 of the secret, so that the map holds no copy.
    secret: [u8; 32],
}

pub(super) struct Group {
    pub(super) secret: Zeroizing<Vec<u8>>,
    pub(super) own: Option<usize>,
    pub(super) confidence: Confidence,
    pub(super) sightings: Vec<Sighting>,
}

/// All findings so far.
#[derive(Default)]
pub(crate) struct Collector {
    groups: HashMap<GroupKey, Group>,
    sightings: usize,
    /// Some findings were too many to keep.
    pub(crate) overflowed: bool,
}

/// The secrets of one text with their positions, ready for the collector.
#[derive(Default)]
pub(crate) struct Seen {
    matches: Vec<(Match, Position, Position)>,
    decoding: Option<Decoding>,
    overflowed: bool,
}

/// Searches one file, blob or message. Lines that carry an allow mark are passed over.
pub(crate) fn examine(matcher: &Matcher<'_>, raw: &[u8]) -> Seen {
    let text = Text::new(raw);
    let (matches, overflowed) = matcher.find(&text.bytes);
    if matches.is_empty() {
        return Seen::default();
    }
    let marks = marks(&text.bytes);
    let last = |hit: &Match| hit.span.end.saturating_sub(1);
    let ends = matches.iter().flat_map(|hit| [hit.span.start, last(hit), hit.span.end]);
    let places = text.places(ends.chain(marks.iter().copied()).collect());
    let allowed: BTreeSet<u64> = marks.into_iter().map(|at| places.of(at).line).collect();
    let matches = matches
        .into_iter()
        .filter_map(|hit| {
            let (start, last) = (places.of(hit.span.start), places.of(last(&hit)));
            if allowed.range(start.line..=last.line).next().is_some() {
                return None;
            }
            // The byte after the last one, on the last one's line even where that ends it.
            let after = places.of(hit.span.end);
            let end = if after.line == last.line {
                after
            } else {
                Position { column: last.column + 1, ..last }
            };
            Some((hit, start, end))
        })
        .collect();
    Seen { matches, decoding: text.decoding(), overflowed }
}

/// Where the allow marks are, in order.
fn marks(text: &[u8]) -> Vec<usize> {
    // Both marks end alike; few texts hold either.
    let tail = b":allow";
    let mut at = Vec::new();
    for (colon, _) in text.iter().enumerate().filter(|&(_, &b)| b == b':') {
        if text[colon..].starts_with(tail)
            && ALLOW.iter().any(|mark| text[..colon + tail.len()].ends_with(mark))
        {
            at.push(colon);
        }
    }
    at
}

impl Collector {
    pub(crate) fn add(&mut self, container: &Container, seen: Seen, matcher: &Matcher<'_>) {
        self.overflowed |= seen.overflowed;
        for (hit, start, end) in seen.matches {
            let kind = hit.rule.map(|rule| matcher.rules.at(rule).kind);
            let key = GroupKey {
                rule: hit.rule,
                secret: Sha256::digest(&*canonical(&hit.secret, kind)).into(),
            };
            if self.sightings >= MAX_SIGHTINGS
                || (self.groups.len() >= MAX_GROUPS && !self.groups.contains_key(&key))
            {
                self.overflowed = true;
                continue;
            }
            self.sightings += 1;
            let group = self.groups.entry(key).or_insert_with(|| Group {
                secret: hit.secret,
                own: None,
                confidence: hit.confidence,
                sightings: Vec::new(),
            });
            group.own = group.own.or(hit.own);
            group.confidence = group.confidence.max(hit.confidence);
            group.sightings.push(Sighting {
                container: container.clone(),
                start,
                end,
                decoded: seen.decoding.into_iter().chain(hit.decoded).collect(),
                key: hit.key,
            });
        }
    }

    /// The blobs of a repository whose paths are wanted.
    pub(crate) fn blobs(&self, repository: usize) -> IdSet {
        let sightings = self.groups.values().flat_map(|group| &group.sightings);
        sightings
            .filter_map(|sighting| match sighting.container {
                Container::Blob(number, id) if number == repository => Some(id),
                _ => None,
            })
            .collect()
    }

    /// The findings, in no order yet.
    pub(crate) fn findings(
        mut self,
        matcher: &Matcher<'_>,
        attribution: &Attribution,
        options: &Shown,
    ) -> Vec<Finding> {
        self.join_own();
        self.groups
            .into_iter()
            .filter_map(|(key, group)| finding(key.rule, group, matcher, attribution, options))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_in_order() {
        assert_eq!(marks(b"a keyward:allow b:allow gitleaks:allow").len(), 2);
        assert!(marks(b"nothing: allowed").is_empty());
    }
}
