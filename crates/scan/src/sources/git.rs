//! What a scan reads of one repository's objects: all of them, those that are new since a revision, or
//! what is staged.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::ObjectId;

use super::packs::{self, Found, INSIDE, Part, members, read_message};
use crate::error::ScanError;
use crate::find::matcher::Scratch;
use crate::find::settle::Settled;
use crate::find::text::Text;
use crate::find::unpack::is_archive;
use crate::pack::Kind;
use crate::pack::forest::Forest;
use crate::pack::walk::Fault;
use crate::path::shown;
use crate::repo::Repo;
use crate::repo::attribute::{Known, Orders, TreeWalk};
use crate::repo::history::History;
use crate::repo::ids::IdSet;
use crate::repo::objects::{Objects, Unreadable};
use crate::repo::reader::Reader;
use crate::repo::trees::{Since, Trees};
use crate::repo::{index, refs};
use crate::report::collect::{Container, GroupKey, Seen, examine};
use crate::scan::{Run, joined, threads, too_large};

/// Whether everything that trees name is here is asked in histories of up to so many trees, and of partial
/// clones. In a longer one it would cost a fifth of the scan, and an object that is gone holds no secret.
const MAX_CHECKED: usize = 50_000;
/// Of content that no commit leads to, so many places of one secret are told.
const MAX_UNNAMED: usize = 20;

/// The part of a scan that reads one repository's objects.
pub(crate) struct Git<'g> {
    pub(super) run: &'g Run<'g>,
    pub(crate) number: usize,
    pub(crate) prefix: &'g str,
    pub(crate) repo: &'g Repo,
    pub(crate) store: &'g Objects,
    pub(crate) history: History,
    /// The place in history of the first commit that is scanned for news.
    pub(crate) first_order: usize,
}

/// One name of a blob with a secret.
struct Place {
    found: Found,
    known: Option<Known>,
}

impl<'g> Git<'g> {
    pub(crate) fn new(
        run: &'g Run<'g>,
        number: usize,
        prefix: &'g str,
        repo: &'g Repo,
        store: &'g Objects,
    ) -> Self {
        Self { run, number, prefix, repo, store, history: History::default(), first_order: 0 }
    }

    /// Every object, reachable or not; then the names of what was found.
    pub(crate) fn everything(&mut self, orders: &mut Orders) -> Result<(), ScanError> {
        let run = self.run;
        run.progress.stage("history");
        let mut forests = Vec::new();
        let mut firsts = Vec::new();
        let mut first = 0_u32;
        for pack in &self.store.packs {
            let forest = Forest::grow(pack, self.store.hash_len());
            if forest.is_none() {
                let name = crate::path::relative(&self.repo.root, &pack.path);
                run.skip(
                    format!("{}{}", self.prefix, shown(&name)),
                    "damaged pack".to_owned(),
                    true,
                );
            }
            let forest = forest.unwrap_or_default();
            firsts.push(first);
            first += forest.len() as u32;
            forests.push(forest);
        }
        let loose = self.store.loose();
        run.progress.total(u64::from(first) + loose.len() as u64);

        let mut found = Vec::new();
        let mut faults = Vec::new();
        for (at, pack) in self.store.packs.iter().enumerate() {
            for part in packs::scan(run, pack, &forests[at], firsts[at]) {
                faults.extend(part.faults.iter().map(|(entry, fault)| (at, *entry, *fault)));
                self.bring_home(part, &mut found);
            }
            forests[at].forget_costs();
            let broken = (0..forests[at].len() as u32).filter(|&e| forests[at].kind(e).is_none());
            faults.extend(broken.map(|entry| (at, entry, Fault::Damaged)));
        }
        run.cancel.check()?;
        for part in self.scan_loose(&loose, first) {
            self.bring_home(part, &mut found);
        }
        run.cancel.check()?;
        let extra = self.other_copies(&forests, faults);
        let known = Numbers {
            store: self.store,
            forests: &forests,
            firsts: &firsts,
            loose: &loose,
            first_loose: first,
            extra,
        };
        self.attribute(&known, found, orders)
    }

    /// Adds what a thread brought.
    pub(super) fn bring_home(&mut self, part: Part, found: &mut Vec<Found>) {
        let run = self.run;
        self.history.commits.extend(part.commits);
        self.history.tags.extend(part.tags);
        found.extend(part.found);
        for (id, missed) in part.missed {
            run.missed(&format!("{}object {id}", self.prefix), vec![missed]);
        }
        let mut collector = run.collector();
        for (id, seen) in part.messages {
            collector.add(&Container::Message(self.number, id), seen, run.matcher);
        }
        collector.overflowed |= part.overflowed;
        let mut tally = run.tally();
        tally.blobs += part.blobs;
        tally.messages += part.read_messages;
        tally.bytes += part.bytes;
    }

    fn scan_loose(&self, loose: &[(ObjectId, u16)], first: u32) -> Vec<Part> {
        let run = self.run;
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads().min(loose.len() / 64 + 1))
                .map(|_| {
                    scope.spawn(|| {
                        let mut reader = Reader::new(self.store);
                        let mut scratch = Scratch::default();
                        let mut part = Part::default();
                        loop {
                            let at = next.fetch_add(1, Ordering::Relaxed);
                            let Some((id, folder)) = loose.get(at) else { return part };
                            if run.cancel.is_cancelled() {
                                return part;
                            }
                            let number = first + at as u32;
                            let read = reader.loose(id, *folder);
                            self.whole(*id, number, read, &mut scratch, &mut part);
                            run.progress.advance(0, 1, 0);
                        }
                    })
                })
                .collect();
            workers.into_iter().map(joined).collect()
        })
    }

    /// Scans one object that is in memory, whatever it is.
    pub(super) fn whole(
        &self,
        id: ObjectId,
        number: u32,
        read: Result<(Kind, &[u8]), Unreadable>,
        scratch: &mut Scratch,
        part: &mut Part,
    ) {
        let run = self.run;
        let name = || format!("{}object {id}", self.prefix);
        match read {
            Ok((Kind::Tree, _)) => {}
            Ok((Kind::Blob, bytes)) => {
                part.blobs += 1;
                part.bytes += bytes.len() as u64;
                if is_archive(bytes) {
                    members(run.matcher, bytes, (id, number), scratch, part);
                } else {
                    part.search(run.matcher, number, bytes, scratch);
                }
            }
            Ok((kind, bytes)) => {
                part.read_messages += 1;
                part.bytes += bytes.len() as u64;
                if !read_message(run.matcher, scratch, kind, id, bytes, part) {
                    run.skip(name(), "damaged commit or tag".to_owned(), true);
                }
            }
            Err(Unreadable::TooLarge(size)) => {
                run.skip(name(), too_large(size, run.options.limit()), false);
            }
            Err(Unreadable::Damaged) => run.skip(name(), "damaged object".to_owned(), true),
            Err(Unreadable::Missing) => run.skip(name(), "missing object".to_owned(), true),
        }
    }

    /// What could not be read where it was first met may be whole elsewhere; what is not is listed.
    fn other_copies(
        &mut self,
        forests: &[Forest],
        faults: Vec<(usize, u32, Fault)>,
    ) -> Vec<(ObjectId, Vec<Found>)> {
        let mut extra = Vec::new();
        let mut reader = Reader::new(self.store);
        let mut scratch = Scratch::default();
        let mut done = IdSet::default();
        for (pack, entry, fault) in faults {
            let place = forests[pack].places[entry as usize];
            let Some(id) = self.store.packs[pack].index.id(place) else { continue };
            if !done.insert(id) {
                continue;
            }
            let name = format!("{}object {id}", self.prefix);
            match fault {
                Fault::TooLarge(size) => {
                    self.run.skip(name, too_large(size, self.run.options.limit()), false);
                    continue;
                }
                Fault::TooMuch => {
                    let why = "its deltas branch so that too much would be in memory at once";
                    self.run.skip(name, why.to_owned(), true);
                    continue;
                }
                Fault::Damaged => {}
            }
            let mut part = Part::default();
            self.whole(id, 0, reader.find(&id), &mut scratch, &mut part);
            let found = std::mem::take(&mut part.found);
            if !found.is_empty() {
                extra.push((id, found));
            }
            self.bring_home(part, &mut Vec::new());
        }
        extra
    }

    /// Gives what was found its names, and hands it to the report.
    fn attribute(
        &mut self,
        numbers: &Numbers<'_>,
        mut found: Vec<Found>,
        orders: &mut Orders,
    ) -> Result<(), ScanError> {
        let run = self.run;
        run.progress.stage("attribution");
        let tips = refs::tips(self.repo);
        let mut ids: Vec<ObjectId> = tips.refs.iter().chain(&tips.reflogs).copied().collect();
        if self.repo.has_reftable() {
            ids.extend(self.history.commits.keys());
        }
        let shallow: IdSet = self.repo.shallow().into_iter().collect();
        let named: IdSet = tips.refs.iter().copied().collect();
        let roots = self.history.roots(ids, |id| self.store.contains(id));
        // A reflog may name what gc has taken away since; a ref may not.
        let mut missing: IdSet =
            roots.missing.into_iter().filter(|id| named.contains(id)).collect();
        let reachable = self.history.reachable(roots.commits, &shallow, &mut missing);
        for id in &reachable {
            let tree = self.history.commits[id].tree;
            if numbers.of(&tree).is_none() && !tree.is_empty_tree() {
                missing.insert(tree);
            }
        }
        let check = self.repo.is_partial() || numbers.trees() <= MAX_CHECKED;
        let messages: IdSet = run.collector().messages(self.number).into_iter().collect();
        if found.is_empty() && numbers.extra.is_empty() && messages.is_empty() && !check {
            self.report_missing(missing.len());
            return Ok(());
        }

        let (in_order, rest) = self.in_order(&tips, &shallow, reachable, orders);
        let pushed = self.pushed(&tips, &shallow);
        for (order, id) in in_order.iter().enumerate().filter(|(_, id)| messages.contains(*id)) {
            orders.commits.insert((self.number, *id), order);
        }
        found.sort_unstable();
        found.dedup();
        let mut blobs: BTreeMap<u32, ObjectId> = BTreeMap::new();
        for one in &found {
            if let Some(id) = numbers.id(one.blob) {
                blobs.insert(one.blob, id);
            }
        }
        let mut wanted: Vec<ObjectId> = blobs.values().copied().collect();
        wanted.extend(numbers.extra.iter().map(|(id, _)| *id));
        wanted.sort_unstable();
        wanted.dedup();
        let mut trees = Trees::gather(
            self.store,
            numbers.forests,
            numbers.firsts,
            numbers.loose,
            numbers.first_loose,
            &wanted,
            check,
        );
        missing.extend(trees.missing.drain());
        for (order, id) in (0..).zip(in_order.iter().chain(&rest)) {
            let since = Since { order, pushed: pushed.contains(id) };
            trees.begin(&self.history.commits[id].tree, since);
        }
        // A tag on a tree or a blob: what it holds has no commit, but it is reachable.
        let mut reader = Reader::new(self.store);
        for other in &roots.others {
            if reader.is_tree(other) {
                trees.begin(other, Since { order: u32::MAX, pushed: false });
            }
        }
        run.cancel.check()?;

        let mut staged: HashMap<ObjectId, Vec<String>> = HashMap::new();
        for entry in index::entries(self.repo).unwrap_or_default() {
            if wanted.binary_search(&entry.id).is_ok() {
                let path = format!("{}{}", self.prefix, shown(&entry.path));
                staged.entry(entry.id).or_default().push(path);
            }
        }
        let mut names: HashMap<ObjectId, Vec<Known>> = HashMap::new();
        let mut in_remotes = IdSet::default();
        for id in &wanted {
            run.cancel.check()?;
            let known = trees.names(id);
            if known.iter().any(|(_, since)| since.pushed) {
                in_remotes.insert(*id);
            }
            let mut list: Vec<Known> = known
                .into_iter()
                .map(|(path, since)| Known {
                    path: format!("{}{path}", self.prefix),
                    commit: in_order.get(since.order as usize).copied(),
                    order: since.order as usize,
                    staged: false,
                })
                .collect();
            if list.iter().all(|known| known.commit.is_none()) {
                list.extend(staged.remove(id).into_iter().flatten().map(|path| Known {
                    path,
                    commit: None,
                    order: 0,
                    staged: true,
                }));
            }
            if roots.others.contains(id) {
                list.push(Known {
                    path: String::new(),
                    commit: None,
                    order: usize::MAX,
                    staged: false,
                });
            }
            names.insert(*id, list);
        }
        drop(trees);

        let mut rows: Vec<(ObjectId, Found)> =
            found.into_iter().filter_map(|one| Some((*blobs.get(&one.blob)?, one))).collect();
        for (id, list) in &numbers.extra {
            rows.extend(list.iter().map(|one| (*id, *one)));
        }
        let head = self.in_head(&tips, &wanted.into_iter().collect());
        let groups = self.grouped(rows);
        for (key, rows) in &groups {
            if rows.iter().any(|(id, _)| head.contains(id)) {
                orders.in_head.insert(key.clone());
            }
            if rows.iter().any(|(id, _)| in_remotes.contains(id)) {
                orders.pushed.insert(key.clone());
            }
            orders.blobs.insert(key.clone(), rows.iter().map(|(id, _)| *id).collect());
        }
        self.read_again(self.choose(groups, &names))?;
        self.facts(&tips, orders, &shallow);
        self.report_missing(missing.len());
        Ok(())
    }

    /// The commits that something leads to, oldest first, and the others: nothing leads to those, but they still
    /// know the paths of what is left.
    fn in_order(
        &self,
        tips: &refs::Tips,
        shallow: &IdSet,
        reachable: IdSet,
        orders: &mut Orders,
    ) -> (Vec<ObjectId>, Vec<ObjectId>) {
        let rest: IdSet =
            self.history.commits.keys().copied().filter(|id| !reachable.contains(id)).collect();
        let rest = self.history.oldest_first(&rest);
        // What a ref leads to comes first: a commit that was amended away brought nothing that is left.
        let by_refs = self.history.roots(tips.refs.iter().copied(), |_| true).commits;
        let by_refs = self.history.reachable(by_refs, shallow, &mut IdSet::default());
        let mut in_order = self.history.oldest_first(&by_refs);
        orders.by_refs = in_order.len();
        let mut amended = reachable;
        amended.retain(|id| !by_refs.contains(id));
        in_order.extend(self.history.oldest_first(&amended));
        (in_order, rest)
    }

    /// The blobs of each secret.
    fn grouped(&self, rows: Vec<(ObjectId, Found)>) -> BTreeMap<GroupKey, Vec<(ObjectId, Found)>> {
        let matcher = self.run.matcher;
        let mut groups: BTreeMap<GroupKey, Vec<(ObjectId, Found)>> = BTreeMap::new();
        let mut keys: HashMap<u32, GroupKey> = HashMap::new();
        for (id, found) in rows {
            let key = keys
                .entry(found.sight)
                .or_insert_with(|| GroupKey::of(&matcher.sights.get(found.sight), matcher));
            groups.entry(key.clone()).or_default().push((id, found));
        }
        groups
    }

    /// Of all the versions that hold a secret, the one that brought it to each path.
    fn choose(
        &self,
        groups: BTreeMap<GroupKey, Vec<(ObjectId, Found)>>,
        names: &HashMap<ObjectId, Vec<Known>>,
    ) -> BTreeMap<ObjectId, Vec<Place>> {
        let mut chosen: BTreeMap<ObjectId, Vec<Place>> = BTreeMap::new();
        for rows in groups.into_values() {
            // What is staged there is another place than what was committed.
            let mut best: BTreeMap<(&str, bool), (usize, ObjectId)> = BTreeMap::new();
            for (id, _) in &rows {
                for known in &names[id] {
                    let place = (known.order, *id);
                    let first = best.entry((&known.path, known.staged)).or_insert(place);
                    *first = (*first).min(place);
                }
            }
            let mut unnamed = 0;
            for (id, found) in &rows {
                let list = chosen.entry(*id).or_default();
                for known in &names[id] {
                    if best.get(&(known.path.as_str(), known.staged)) == Some(&(known.order, *id)) {
                        list.push(Place { found: *found, known: Some(known.clone()) });
                    }
                }
                if names[id].is_empty() && unnamed < MAX_UNNAMED {
                    unnamed += 1;
                    list.push(Place { found: *found, known: None });
                }
            }
        }
        chosen
    }

    /// Reads the chosen blobs once more, for lines and columns.
    fn read_again(&self, chosen: BTreeMap<ObjectId, Vec<Place>>) -> Result<(), ScanError> {
        let run = self.run;
        let mut reader = Reader::new(self.store);
        let mut scratch = Scratch::default();
        for (id, places) in chosen.into_iter().filter(|(_, places)| !places.is_empty()) {
            run.cancel.check()?;
            let Ok((_, bytes)) = reader.find(&id) else {
                run.skip(format!("{}object {id}", self.prefix), "damaged object".to_owned(), true);
                continue;
            };
            // What was not read was said when the archive was first searched.
            let inside = is_archive(bytes).then(|| examine(run.matcher, bytes, &mut scratch));
            let text = Text::new(bytes);
            for place in places {
                let Found { sight, start, end, .. } = place.found;
                let seen = match &inside {
                    Some(seen) if start == INSIDE => seen.only(sight),
                    _ => Seen::at(&text, &[Settled { start, end, sight }]),
                };
                run.collector().add(&Container::Blob(id, place.known), seen, run.matcher);
            }
        }
        Ok(())
    }

    /// Which of these blobs the last commit holds.
    pub(crate) fn in_head(&self, tips: &refs::Tips, wanted: &IdSet) -> IdSet {
        let mut held = IdSet::default();
        if let Some(head) = tips.head.and_then(|head| self.history.commits.get(&head)) {
            TreeWalk::new(self.store).visit(head.tree, &mut |blob, _, _| {
                if wanted.contains(&blob) {
                    held.insert(blob);
                }
            });
        }
        held
    }

    /// The commits that remotes' branches lead to.
    fn pushed(&self, tips: &refs::Tips, shallow: &IdSet) -> IdSet {
        let from = self.history.roots(tips.remotes.iter().copied(), |_| true).commits;
        self.history.reachable(from, shallow, &mut IdSet::default())
    }

    /// What is known of the places that the report has so far: whether the last commit still holds them,
    /// whether they were pushed, and who brought them in.
    pub(super) fn facts(&self, tips: &refs::Tips, orders: &mut Orders, shallow: &IdSet) {
        let run = self.run;
        let collector = run.collector();
        let blob = |container: &Container| match container {
            Container::Blob(id, _) | Container::Staged(_, id) => Some(*id),
            _ => None,
        };
        let blobs = collector.places().filter_map(|(_, container)| blob(container)).collect();
        let held = self.in_head(tips, &blobs);
        let pushed = self.pushed(tips, shallow);
        orders.has_remote |= !tips.remotes.is_empty();
        let mut reader = Reader::new(self.store);
        for (key, container) in collector.places() {
            if blob(container).is_some_and(|id| held.contains(&id)) {
                orders.in_head.insert(key.clone());
            }
            let commit = match container {
                Container::Blob(_, Some(known)) => known.commit,
                Container::Message(_, id) => Some(*id),
                _ => None,
            };
            let Some(commit) = commit else { continue };
            if pushed.contains(&commit) {
                orders.pushed.insert(key.clone());
            }
            if !orders.authors.contains_key(&commit)
                && let Ok((Kind::Commit, bytes)) = reader.find(&commit)
                && let Some(author) = crate::repo::history::author(bytes)
            {
                orders.authors.insert(commit, author);
            }
        }
    }

    pub(super) fn report_missing(&self, missing: usize) {
        let partial = self.repo.is_partial();
        if partial {
            self.run.notice(
                "REPO_PARTIAL",
                "This is a partial clone: objects are missing on purpose and were not fetched."
                    .to_owned(),
            );
        }
        if missing > 0 {
            let why = if partial {
                "missing in this partial clone"
            } else {
                "missing from the repository"
            };
            let s = if missing == 1 { "object is" } else { "objects are" };
            self.run.skip(
                format!("{}.git/objects", self.prefix),
                format!("{missing} {s} {why}"),
                true,
            );
        }
    }
}

/// The numbers that objects have in one scan, and their ids.
struct Numbers<'n> {
    store: &'n Objects,
    forests: &'n [Forest],
    firsts: &'n [u32],
    loose: &'n [(ObjectId, u16)],
    first_loose: u32,
    /// What was read from another place than its first.
    extra: Vec<(ObjectId, Vec<Found>)>,
}

impl Numbers<'_> {
    fn id(&self, number: u32) -> Option<ObjectId> {
        if number >= self.first_loose {
            return self.loose.get((number - self.first_loose) as usize).map(|(id, _)| *id);
        }
        let pack = self.firsts.partition_point(|&first| first <= number).checked_sub(1)?;
        let entry = (number - self.firsts[pack]) as usize;
        self.store.packs[pack].index.id(*self.forests[pack].places.get(entry)?)
    }

    /// How many trees there are, those among loose objects not told apart.
    fn trees(&self) -> usize {
        let count = |forest: &Forest| {
            (0..forest.len() as u32).filter(|&entry| forest.kind(entry) == Some(Kind::Tree)).count()
        };
        self.forests.iter().map(count).sum::<usize>() + self.loose.len()
    }

    /// Whether there is such an object.
    fn of(&self, id: &ObjectId) -> Option<()> {
        let packed = self.store.packs.iter().any(|pack| pack.index.find(id.as_bytes()).is_some());
        (packed || self.loose.binary_search_by(|(other, _)| other.cmp(id)).is_ok()).then_some(())
    }
}
