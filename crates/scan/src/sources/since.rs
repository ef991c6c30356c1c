//! The part of a history that is new since a revision.

use std::path::Path;

use gix::ObjectId;

use super::git::Git;
use super::packs::Part;
use crate::error::ScanError;
use crate::find::matcher::Scratch;
use crate::pack::Kind;
use crate::path::shown;
use crate::repo::attribute::{Known, Orders, TreeWalk};
use crate::repo::ids::{IdMap, IdSet};
use crate::repo::objects::Unreadable;
use crate::repo::reader::Reader;
use crate::repo::{refs, revision};
use crate::report::collect::{Container, examine};

/// What is new in a history.
struct News {
    commits: IdSet,
    tags: Vec<ObjectId>,
    /// The known commits that the new ones build on.
    edge: IdSet,
    missing: IdSet,
    damaged: IdSet,
}

/// What a blob that a new commit names is to this scan.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    New,
    /// It was read, and holds a secret: this is one more place of it.
    Holding,
    /// It was read, and holds nothing.
    Known,
}

/// What was scanned of a history that has grown.
pub(crate) struct Grown {
    pub(crate) commits: usize,
    /// The known commits that the new ones build on.
    pub(crate) edge: IdSet,
    /// Every object that was read.
    pub(crate) read: IdSet,
}

impl Git<'_> {
    /// What refs lead to and the revision `since` does not, as `git rev-list --objects --all ^REV` counts it: new commits,
    /// and what their trees hold that the commits they build on do not.
    pub(crate) fn since(
        &mut self,
        path: &Path,
        since: &str,
        orders: &mut Orders,
    ) -> Result<(), ScanError> {
        let run = self.run;
        run.progress.stage("history");
        let not_found = || ScanError::RevisionNotFound {
            path: path.to_owned(),
            revision: crate::rules::rule::printable(since),
        };
        let mut reader = Reader::new(self.store);
        let base = revision::commit(self.repo, &mut reader, since).ok_or_else(not_found)?;
        let tips = refs::tips(self.repo);
        let mut damaged = IdSet::default();
        let ids = tips.refs.iter().copied().chain([base]);
        self.history.load(&mut reader, ids, |_| false, &mut damaged, || run.cancel.check())?;
        if !self.history.commits.contains_key(&base) {
            return Err(not_found());
        }
        let shallow: IdSet = self.repo.shallow().into_iter().collect();
        let roots = self.history.roots(tips.refs.iter().copied(), |id| self.store.contains(id));
        let mut missing = roots.missing;
        let hidden = self.history.reachable([base], &shallow, &mut missing);
        let mut new = self.history.reachable(roots.commits, &shallow, &mut missing);
        new.retain(|id| !hidden.contains(id));

        let parents = new.iter().flat_map(|id| &self.history.commits[id].parents);
        let edge: IdSet =
            parents.filter(|id| hidden.contains(*id)).copied().chain([base]).collect();
        let tags = self.history.tags.iter().filter(|(_, target)| !hidden.contains(*target));
        let tags: Vec<ObjectId> = tags.map(|(id, _)| *id).collect();
        let news = News { commits: new, tags, edge, missing, damaged };
        self.scan_news(&news, &tips, orders, |_| Standing::New)?;
        Ok(())
    }

    /// What `tips` lead to beyond the commits and tags that are `known`, which these then join.
    pub(crate) fn beyond(
        &mut self,
        tips: &refs::Tips,
        known: &mut IdSet,
        orders: &mut Orders,
    ) -> Result<(), ScanError> {
        let news = self.news(tips, |id| known.contains(id))?;
        let read: Vec<ObjectId> = news.commits.iter().chain(&news.tags).copied().collect();
        self.scan_news(&news, tips, orders, |_| Standing::New)?;
        // Only now: what a cancelled or failed scan did not read is still new.
        known.extend(read);
        Ok(())
    }

    /// What `tips` lead to that is not `known`.
    fn news(
        &mut self,
        tips: &refs::Tips,
        known: impl Fn(&ObjectId) -> bool,
    ) -> Result<News, ScanError> {
        let run = self.run;
        let mut reader = Reader::new(self.store);
        let mut damaged = IdSet::default();
        let go_on = || run.cancel.check();
        let unknown = tips.refs.iter().copied().filter(|id| !known(id));
        self.history.load(&mut reader, unknown, &known, &mut damaged, go_on)?;
        let commits: IdSet = self.history.commits.keys().copied().collect();
        let tags: Vec<ObjectId> = self.history.tags.keys().copied().collect();
        let parents = commits.iter().flat_map(|id| &self.history.commits[id].parents);
        let edge: IdSet = parents.filter(|id| known(id)).copied().collect();
        let more: Vec<ObjectId> = edge.iter().copied().chain(tips.head).collect();
        self.history.load(&mut reader, more, &known, &mut IdSet::default(), go_on)?;
        Ok(News { commits, tags, edge, missing: IdSet::default(), damaged })
    }

    /// Scans what `tips` lead to among the `new` objects, and gives those that are known to be `holding` a
    /// secret their new names; `None` if something is amiss there.
    pub(crate) fn grown(
        &mut self,
        tips: &refs::Tips,
        new: &IdSet,
        holding: &IdSet,
        orders: &mut Orders,
    ) -> Result<Option<Grown>, ScanError> {
        let news = self.news(tips, |id| !new.contains(id))?;
        if !news.damaged.is_empty() {
            return Ok(None);
        }
        let standing = |id: &ObjectId| match (new.contains(id), holding.contains(id)) {
            (true, _) => Standing::New,
            (false, true) => Standing::Holding,
            (false, false) => Standing::Known,
        };
        let (mut read, moved) = self.scan_news(&news, tips, orders, standing)?;
        if moved {
            return Ok(None);
        }
        read.extend(news.commits.iter().chain(&news.tags));
        Ok(Some(Grown { commits: news.commits.len(), edge: news.edge, read }))
    }

    /// Returns the blobs that it read (those that hold nothing are passed over), and whether a folder that is
    /// known has another name now.
    fn scan_news(
        &mut self,
        news: &News,
        tips: &refs::Tips,
        orders: &mut Orders,
        standing: impl Fn(&ObjectId) -> Standing,
    ) -> Result<(IdSet, bool), ScanError> {
        let run = self.run;
        let shallow: IdSet = self.repo.shallow().into_iter().collect();
        let News { commits: new, tags, edge, missing, damaged } = news;
        let mut missing = missing.clone();
        let mut reader = Reader::new(self.store);
        // The trees that new commits build on are known; so is everything below them.
        let mut walk = TreeWalk::new(self.store);
        let mut known: IdSet = IdSet::default();
        for id in edge {
            run.cancel.check()?;
            // What gc has taken away is no longer there to compare with.
            let Some(commit) = self.history.commits.get(id) else { continue };
            walk.visit(commit.tree, &mut |blob, _, _| {
                known.insert(blob);
            });
        }
        walk.moved = false;
        let mut names: IdMap<Vec<Known>> = IdMap::default();
        for (order, id) in (self.first_order..).zip(self.history.oldest_first(new)) {
            run.cancel.check()?;
            orders.commits.insert((self.number, id), order);
            walk.visit(self.history.commits[&id].tree, &mut |blob, folder, name| {
                let is_place = match standing(&blob) {
                    Standing::New => !known.contains(&blob),
                    Standing::Holding => true,
                    Standing::Known => false,
                };
                if is_place {
                    let path = format!("{}{}{}", self.prefix, shown(folder), shown(name));
                    let names = names.entry(blob).or_default();
                    if names.iter().all(|known| known.path != path) {
                        names.push(Known { path, commit: Some(id), order, staged: false });
                    }
                }
            });
        }
        run.progress.total((names.len() + new.len() + tags.len()) as u64);
        let mut scratch = Scratch::default();
        let mut part = Part::default();
        let mut read = IdSet::default();
        for (id, known) in names {
            read.insert(id);
            run.cancel.check()?;
            match reader.find(&id) {
                Ok((Kind::Blob, bytes)) => {
                    if standing(&id) == Standing::New {
                        part.blobs += 1;
                        part.bytes += bytes.len() as u64;
                    }
                    let mut seen = examine(run.matcher, bytes, &mut scratch);
                    if let Some(known) = known.first() {
                        run.missed(&known.path, std::mem::take(&mut seen.missed));
                    }
                    for known in known.into_iter().filter(|_| !seen.is_empty()) {
                        run.collector().add(
                            &Container::Blob(id, Some(known)),
                            seen.clone(),
                            run.matcher,
                        );
                    }
                }
                Err(Unreadable::Missing) => drop(walk.missing.insert(id)),
                other => self.whole(id, 0, other, &mut scratch, &mut part),
            }
        }
        for id in new.iter().chain(tags) {
            self.whole(*id, 0, reader.find(id), &mut scratch, &mut part);
        }
        self.bring_home(part, &mut Vec::new());
        self.facts(tips, orders, &shallow);
        missing.extend(walk.missing.iter().copied());
        self.report_missing(missing.len());
        for id in damaged.iter().chain(&walk.damaged) {
            run.skip(format!("{}object {id}", self.prefix), "damaged object".to_owned(), true);
        }
        Ok((read, walk.moved))
    }
}
