//! Findings without their secrets, and back: a secret is read again from one of its places.

use std::sync::Arc;

use gix::ObjectId;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::find::matcher::{Matcher, Scratch};
use crate::find::text::{Position, Text, offset_of};
use crate::find::unpack::{Member, is_archive};
use crate::pack::Kind;
use crate::repo::attribute::{Known, Orders};
use crate::repo::history::parse_commit;
use crate::repo::reader::Reader;
use crate::report::collect::{Collector, Container, Group, GroupKey, Sighting, examine};
use crate::report::{Confidence, Decoding};

/// One secret of a history.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Stored {
    rule: Option<usize>,
    own: Option<usize>,
    confidence: Confidence,
    places: Vec<Place>,
    /// At which of the places it is read again.
    read: usize,
    /// Every blob that holds it.
    pub(super) blobs: Vec<String>,
    pub(super) in_head: bool,
    pub(super) pushed: bool,
}

/// Where a secret stands.
#[derive(Clone, Serialize, Deserialize)]
struct Place {
    /// A blob, or a commit whose message it is.
    object: String,
    is_message: bool,
    name: Option<Name>,
    /// Of a message: the commit's place in history.
    order: Option<usize>,
    member: Option<Member>,
    start: Position,
    end: Position,
    decoded: Vec<Decoding>,
    key: Vec<u8>,
}

/// A name that a blob has in a commit, or in the index.
#[derive(Clone, Serialize, Deserialize)]
struct Name {
    path: String,
    commit: Option<String>,
    order: usize,
    staged: bool,
}

impl Stored {
    /// Every secret of a history; `None` if one of them could not be read again from its places.
    pub(super) fn all(
        collector: &Collector,
        orders: &Orders,
        reader: &mut Reader<'_>,
        matcher: &Matcher<'_>,
    ) -> Option<Vec<Self>> {
        let mut all = Vec::new();
        for (key, group) in collector.groups() {
            let places: Vec<Place> =
                group.sightings.iter().map(|one| Place::of(one, orders)).collect::<Option<_>>()?;
            let read = places.iter().position(|place| {
                place
                    .secret(key.rule(), reader, matcher)
                    .is_some_and(|secret| *secret == *group.secret)
            })?;
            let mut blobs: Vec<String> =
                orders.blobs.get(key).into_iter().flatten().map(ToString::to_string).collect();
            blobs.sort_unstable();
            blobs.dedup();
            all.push(Self {
                rule: key.rule(),
                own: group.own,
                confidence: group.confidence,
                places,
                read,
                blobs,
                in_head: orders.in_head.contains(key),
                pushed: orders.pushed.contains(key),
            });
        }
        Some(all)
    }

    /// Puts a secret back among the findings; `None` if its place no longer shows it.
    pub(super) fn recall(
        &self,
        repository: usize,
        reader: &mut Reader<'_>,
        matcher: &Matcher<'_>,
        orders: &mut Orders,
    ) -> Option<(GroupKey, Group)> {
        let secret = self.places.get(self.read)?.secret(self.rule, reader, matcher)?;
        let key = GroupKey::new(self.rule, &secret, matcher);
        let mut sightings = Vec::with_capacity(self.places.len());
        for place in &self.places {
            let id = ObjectId::from_hex(place.object.as_bytes()).ok()?;
            let container = if place.is_message {
                if let Some(order) = place.order {
                    orders.commits.insert((repository, id), order);
                }
                Container::Message(repository, id)
            } else {
                let known = match &place.name {
                    Some(name) => Some(name.known()?),
                    None => None,
                };
                Container::Blob(id, known)
            };
            sightings.push(Sighting {
                container,
                member: place.member.clone().map(Arc::new),
                start: place.start,
                end: place.end,
                decoded: place.decoded.clone(),
                key: place.key.clone(),
            });
        }
        if self.in_head {
            orders.in_head.insert(key.clone());
        }
        if self.pushed {
            orders.pushed.insert(key.clone());
        }
        let blobs = self.blobs.iter().map(|id| ObjectId::from_hex(id.as_bytes()).ok());
        orders.blobs.insert(key.clone(), blobs.collect::<Option<_>>()?);
        let group = Group { secret, own: self.own, confidence: self.confidence, sightings };
        Some((key, group))
    }
}

impl Place {
    fn of(sighting: &Sighting, orders: &Orders) -> Option<Self> {
        let (object, is_message, name, order) = match &sighting.container {
            Container::Blob(id, known) => (id, false, known.as_ref().map(Name::of), None),
            Container::Message(repository, id) => {
                (id, true, None, orders.commits.get(&(*repository, *id)).copied())
            }
            Container::File(_) | Container::Stdin | Container::Staged(..) => return None,
        };
        Some(Self {
            object: object.to_string(),
            is_message,
            name,
            order,
            member: sighting.member.as_deref().cloned(),
            start: sighting.start,
            end: sighting.end,
            decoded: sighting.decoded.clone(),
            key: sighting.key.clone(),
        })
    }

    /// Reads the secret that stands here.
    fn secret(
        &self,
        rule: Option<usize>,
        reader: &mut Reader<'_>,
        matcher: &Matcher<'_>,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let id = ObjectId::from_hex(self.object.as_bytes()).ok()?;
        let message;
        let bytes = match reader.find(&id).ok()? {
            (Kind::Blob, bytes) if !self.is_message => bytes,
            (Kind::Commit, bytes) if self.is_message => {
                message = parse_commit(bytes)?.1;
                &message
            }
            _ => return None,
        };
        if self.decoded.is_empty()
            && self.member.is_none()
            && !Text::is_wide(bytes)
            && !is_archive(bytes)
        {
            let (start, end) = (offset_of(bytes, self.start)?, offset_of(bytes, self.end)?);
            return Some(Zeroizing::new(bytes.get(start..end)?.to_vec()));
        }
        let seen = examine(matcher, bytes, &mut Scratch::default());
        let sight = seen.sight_at(self.start, self.member.as_ref(), |sight| {
            matcher.sights.get(sight).rule == rule
        })?;
        Some(matcher.sights.get(sight).secret.clone())
    }
}

impl Name {
    fn of(known: &Known) -> Self {
        Self {
            path: known.path.clone(),
            commit: known.commit.map(|id| id.to_string()),
            order: known.order,
            staged: known.staged,
        }
    }

    fn known(&self) -> Option<Known> {
        let commit = match &self.commit {
            Some(id) => Some(ObjectId::from_hex(id.as_bytes()).ok()?),
            None => None,
        };
        Some(Known { path: self.path.clone(), commit, order: self.order, staged: self.staged })
    }
}
