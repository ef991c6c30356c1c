//! A history that has grown since it was scanned: only what is new is searched. Wherever what was known may
//! have changed its standing (a branch that is gone, a commit that was amended away, packs written anew), it
//! is scanned as a whole instead.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use gix::ObjectId;

use super::history::{Ground, History};
use crate::error::ScanError;
use crate::find::matcher::Scratch;
use crate::pack::Kind;
use crate::path::shown;
use crate::repo::attribute::{Known, Orders};
use crate::repo::ids::IdSet;
use crate::repo::index;
use crate::repo::reader::Reader;
use crate::repo::refs::Tips;
use crate::report::collect::{Collector, Container, GroupKey, examine};
use crate::scan::Run;
use crate::sources::git::Git;

/// More new objects than this are scanned with all the others.
const MAX_NEW: usize = 5_000;

/// Scans what is new; `None` if that would not do.
pub(super) fn scan(
    before: &History,
    ground: &Ground,
    run: &Run<'_>,
    git: &mut Git<'_>,
    tips: &Tips,
    orders: &mut Orders,
) -> Result<Option<()>, ScanError> {
    let Some(new) = new_objects(before, ground, git) else { return Ok(None) };
    if before.recall(run, git, orders).is_none() {
        return Ok(None);
    }
    let known = std::mem::take(&mut *run.collector());
    git.first_order = before.by_refs;
    let holding: IdSet = orders.blobs.values().flatten().copied().collect();
    let Some(news) = git.grown(tips, &new, &holding, orders)? else { return Ok(None) };
    // What refs led to, they still do; and what only reflogs did, they still do.
    let edge: BTreeSet<String> = news.edge.iter().map(ToString::to_string).collect();
    let refs: BTreeSet<&String> = ground.refs.iter().chain(&edge).collect();
    let reflogs: BTreeSet<&String> = ground.reflogs.iter().collect();
    let remotes: BTreeSet<&String> = ground.remotes.iter().chain(&edge).collect();
    let was = &before.ground;
    let unpushed = before.groups.iter().any(|group| !group.pushed);
    if !was.refs.iter().all(|id| refs.contains(id))
        || !was.reflogs.iter().all(|id| refs.contains(id) || reflogs.contains(id))
        // What was pushed still is; what was not may be now.
        || !was.remotes.iter().all(|id| remotes.contains(id))
        || (was.remotes != ground.remotes && unpushed)
    {
        return Ok(None);
    }
    let staged = staged(git);
    for id in new.iter().filter(|id| !news.read.contains(*id)) {
        if !loose_end(run, git, id, &staged) {
            return Ok(None);
        }
    }
    join(run, known, &staged, orders);
    stands_in_head(git, tips, orders);
    orders.has_remote = !tips.remotes.is_empty();
    orders.by_refs = before.by_refs + news.commits;
    Ok(Some(()))
}

/// The objects that were not there before; `None` if something else than new objects makes the difference.
fn new_objects(before: &History, ground: &Ground, git: &Git<'_>) -> Option<IdSet> {
    let was = &before.ground;
    if was.manner != ground.manner || git.repo.has_reftable() {
        return None;
    }
    let packs: BTreeSet<&String> = ground.packs.iter().collect();
    let loose: BTreeSet<&String> = ground.loose.iter().collect();
    if !was.packs.iter().all(|pack| packs.contains(pack))
        || !was.loose.iter().all(|id| loose.contains(id))
    {
        return None;
    }
    let known_loose: BTreeSet<&String> = was.loose.iter().collect();
    let (known, unknown): (Vec<_>, Vec<_>) = git.store.packs.iter().partition(|pack| {
        pack.index.pack_checksum().is_some_and(|sum| was.packs.contains(&hex::encode(sum)))
    });
    let is_known = |id: &ObjectId| {
        known_loose.contains(&id.to_string())
            || known.iter().any(|pack| pack.index.find(id.as_bytes()).is_some())
    };
    let mut new = IdSet::default();
    for id in &ground.loose {
        new.extend(ObjectId::from_hex(id.as_bytes()).ok().filter(|id| !is_known(id)));
    }
    for pack in unknown {
        if pack.index.count() as usize > MAX_NEW {
            return None;
        }
        for place in 0..pack.index.count() {
            new.extend(Some(pack.index.id(place)?).filter(|id| !is_known(id)));
        }
    }
    (new.len() <= MAX_NEW).then_some(new)
}

/// The paths of what is staged.
fn staged(git: &Git<'_>) -> HashMap<ObjectId, Vec<Known>> {
    let mut staged: HashMap<ObjectId, Vec<Known>> = HashMap::new();
    for entry in index::entries(git.repo).unwrap_or_default() {
        let path = format!("{}{}", git.prefix, shown(&entry.path));
        staged.entry(entry.id).or_default().push(Known {
            path,
            commit: None,
            order: 0,
            staged: true,
        });
    }
    staged
}

/// Searches a new object that no commit leads to; `false` if it is one whose standing is to be found out.
fn loose_end(
    run: &Run<'_>,
    git: &Git<'_>,
    id: &ObjectId,
    staged: &HashMap<ObjectId, Vec<Known>>,
) -> bool {
    let mut reader = Reader::new(git.store);
    match reader.find(id) {
        Ok((Kind::Tree, _)) => true,
        Ok((Kind::Blob, bytes)) => {
            let mut seen = examine(run.matcher, bytes, &mut Scratch::default());
            run.missed(&format!("{}object {id}", git.prefix), std::mem::take(&mut seen.missed));
            {
                let mut tally = run.tally();
                tally.blobs += 1;
                tally.bytes += bytes.len() as u64;
            }
            let names = staged.get(id).cloned().unwrap_or_default();
            let mut names: Vec<Option<Known>> = names.into_iter().map(Some).collect();
            if names.is_empty() {
                names.push(None);
            }
            for name in names.into_iter().filter(|_| !seen.is_empty()) {
                run.collector().add(&Container::Blob(*id, name), seen.clone(), run.matcher);
            }
            true
        }
        _ => false,
    }
}

/// Joins what is new with what was known: of each secret, the first place of each path stays.
fn join(
    run: &Run<'_>,
    known: Collector,
    staged: &HashMap<ObjectId, Vec<Known>>,
    orders: &mut Orders,
) {
    let mut collector = run.collector();
    for (key, group) in collector.groups() {
        let blobs = orders.blobs.entry(key.clone()).or_default();
        blobs.extend(group.sightings.iter().filter_map(|one| match &one.container {
            Container::Blob(id, _) => Some(*id),
            _ => None,
        }));
    }
    collector.absorb(known);
    collector.retain_places(|places| {
        let mut named: IdSet = IdSet::default();
        let mut first: BTreeMap<String, (usize, ObjectId)> = BTreeMap::new();
        for place in places.iter() {
            if let Container::Blob(id, Some(Known { path, commit: Some(_), order, .. })) =
                &place.container
            {
                named.insert(*id);
                let best = first.entry(path.clone()).or_insert((*order, *id));
                *best = (*best).min((*order, *id));
            }
        }
        places.retain_mut(|place| match &mut place.container {
            Container::Blob(id, Some(Known { path, commit: Some(_), order, .. })) => {
                first.get(path) == Some(&(*order, *id))
            }
            // No commit led to it: now one may, or the index may have let go of it.
            Container::Blob(id, known) => {
                if known.as_ref().is_some_and(|known| known.staged) || known.is_none() {
                    *known = staged.get(id).and_then(|names| names.first().cloned());
                }
                !named.contains(id)
            }
            _ => true,
        });
    });
}

/// Asks the last commit which of the secrets it still holds.
fn stands_in_head(git: &Git<'_>, tips: &Tips, orders: &mut Orders) {
    let wanted: IdSet = orders.blobs.values().flatten().copied().collect();
    let held = git.in_head(tips, &wanted);
    let is_held = |key: &GroupKey| orders.blobs[key].iter().any(|id| held.contains(id));
    orders.in_head = orders.blobs.keys().filter(|key| is_held(key)).cloned().collect();
}
