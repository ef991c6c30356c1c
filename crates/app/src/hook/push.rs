//! What a push would send: the commits that the remote has not, as far as is known here, and what is new
//! in their trees.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::object::Kind;
use keyward_scan::{Finding, Place as Seen, Report};

use super::place::Place;
use crate::Error;

/// Tags of tags are followed this far.
const MAX_TAGS: usize = 16;

/// One line of what Git tells a pre-push hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Update {
    /// What is sent; `None` for a deletion.
    local: Option<ObjectId>,
    /// What is there now; `None` for a new branch.
    remote: Option<ObjectId>,
}

/// What a push sends.
pub(super) struct Push<'r> {
    repo: &'r gix::Repository,
    commits: HashSet<ObjectId>,
    /// Annotated tags as they are, each with the commit that it stands at.
    pub(super) tags: Vec<(ObjectId, Vec<u8>)>,
    /// What their trees hold and the remote's have not.
    blobs: HashSet<ObjectId>,
    /// A commit that the remote has and that the new ones build on.
    pub(super) base: Option<ObjectId>,
    /// Something that is sent has no name here, so that only a scan of all objects meets it.
    pub(super) nameless: bool,
}

impl<'r> Push<'r> {
    /// Works out what the lines of a pre-push hook's input ask to send to `remote`.
    pub(super) fn of(place: &'r Place, remote: Option<&str>, lines: &[u8]) -> Result<Self, Error> {
        let repo = &place.repo;
        let updates = updates(lines)?;
        let mut push = Self {
            repo,
            commits: HashSet::new(),
            tags: Vec::new(),
            blobs: HashSet::new(),
            base: None,
            nameless: false,
        };
        let mut tips = Vec::new();
        for id in updates.iter().filter_map(|update| update.local) {
            match peel(repo, id)? {
                (Kind::Commit, commit) => {
                    tips.push(commit);
                    if commit != id {
                        let tag = repo.find_object(id).map_err(|_| unreadable())?;
                        push.tags.push((commit, tag.data.clone()));
                    }
                }
                (Kind::Blob, blob) => {
                    push.blobs.insert(blob);
                    push.nameless = true;
                }
                (_, tree) => {
                    push.collect(tree, &mut HashSet::new(), &mut HashSet::new())?;
                    push.nameless = true;
                }
            }
        }
        let known = push.known(remote, &updates);
        push.walk(tips, known)?;
        Ok(push)
    }

    /// Whether no commit and no file is sent that the remote has not; a tag may still be.
    pub(super) fn is_empty(&self) -> bool {
        self.commits.is_empty() && self.blobs.is_empty()
    }

    /// The commits that the remote is known to have: what it answered, and what its branches were when
    /// last fetched. Only this remote's: what another one has, this one may not know.
    fn known(&self, remote: Option<&str>, updates: &[Update]) -> Vec<ObjectId> {
        let mut known: Vec<ObjectId> = updates.iter().filter_map(|update| update.remote).collect();
        if let (Some(remote), Ok(refs)) = (remote, self.repo.references()) {
            let prefix = format!("refs/remotes/{remote}/");
            for reference in refs.all().into_iter().flatten().flatten() {
                if reference.name().as_bstr().starts_with(prefix.as_bytes())
                    && let Some(id) = reference.try_id()
                {
                    known.push(id.detach());
                }
            }
        }
        known.retain(|id| self.repo.has_object(*id));
        let commits = known.into_iter().filter_map(|id| peel(self.repo, id).ok());
        commits.filter(|(kind, _)| *kind == Kind::Commit).map(|(_, id)| id).collect()
    }

    fn walk(&mut self, tips: Vec<ObjectId>, known: Vec<ObjectId>) -> Result<(), Error> {
        let mut edge = HashSet::new();
        let mut order = Vec::new();
        let walk = self.repo.rev_walk(tips.clone()).with_hidden(known);
        for info in walk.all().map_err(|_| unreadable())? {
            let info = info.map_err(|_| unreadable())?;
            edge.extend(info.parent_ids.iter().copied());
            order.push(info.id);
        }
        self.commits.extend(&order);
        edge.retain(|id| !self.commits.contains(id));
        // A shallow clone ends somewhere; what is beyond is not here to build on.
        edge.retain(|id| self.repo.has_object(*id));
        let (mut trees, mut old) = (HashSet::new(), HashSet::new());
        for id in &edge {
            let tree = self.tree(*id)?;
            self.old(tree, &mut trees, &mut old)?;
        }
        for id in order {
            let tree = self.tree(id)?;
            self.collect(tree, &mut trees, &mut old)?;
        }
        self.base = edge.into_iter().min();
        self.nameless |= !self.named(&tips)?;
        Ok(())
    }

    /// Whether the names of this repository lead to all of these.
    fn named(&self, tips: &[ObjectId]) -> Result<bool, Error> {
        let refs = self.repo.references().map_err(|_| unreadable())?;
        let mut names: Vec<ObjectId> = Vec::new();
        for reference in refs.all().map_err(|_| unreadable())?.flatten() {
            names.extend(reference.try_id().map(gix::Id::detach));
        }
        names.extend(self.repo.head_id().ok().map(gix::Id::detach));
        let names: Vec<ObjectId> = names
            .into_iter()
            .filter_map(|id| peel(self.repo, id).ok())
            .filter(|(kind, _)| *kind == Kind::Commit)
            .map(|(_, id)| id)
            .collect();
        if tips.iter().all(|tip| names.contains(tip)) {
            return Ok(true);
        }
        let mut wanted: HashSet<ObjectId> = tips.iter().copied().collect();
        for info in self.repo.rev_walk(names).all().map_err(|_| unreadable())?.flatten() {
            wanted.remove(&info.id);
            if wanted.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn tree(&self, commit: ObjectId) -> Result<ObjectId, Error> {
        let commit = self.repo.find_commit(commit).map_err(|_| unreadable())?;
        Ok(commit.tree_id().map_err(|_| unreadable())?.detach())
    }

    /// Everything below a tree that the remote has.
    fn old(
        &self,
        tree: ObjectId,
        trees: &mut HashSet<ObjectId>,
        old: &mut HashSet<ObjectId>,
    ) -> Result<(), Error> {
        self.each(tree, trees, &mut |blob| {
            old.insert(blob);
        })
    }

    /// Everything below a tree that is sent.
    fn collect(
        &mut self,
        tree: ObjectId,
        trees: &mut HashSet<ObjectId>,
        old: &mut HashSet<ObjectId>,
    ) -> Result<(), Error> {
        let mut found = Vec::new();
        self.each(tree, trees, &mut |blob| found.push(blob))?;
        self.blobs.extend(found.into_iter().filter(|blob| !old.contains(blob)));
        Ok(())
    }

    /// Calls `visit` with each blob of the trees that were not met before.
    fn each(
        &self,
        tree: ObjectId,
        trees: &mut HashSet<ObjectId>,
        visit: &mut dyn FnMut(ObjectId),
    ) -> Result<(), Error> {
        let mut open = vec![tree];
        while let Some(id) = open.pop() {
            if !trees.insert(id) {
                continue;
            }
            let tree = self.repo.find_tree(id).map_err(|_| unreadable())?;
            for entry in tree.iter() {
                let entry = entry.map_err(|_| unreadable())?;
                if entry.mode().is_tree() {
                    open.push(entry.object_id());
                } else if !entry.mode().is_commit() {
                    visit(entry.object_id());
                }
            }
        }
        Ok(())
    }

    /// Leaves of a report what this push would send. What cannot be told stays.
    pub(super) fn keep(&self, report: &mut Report) {
        let mut paths = HashMap::new();
        report.findings.retain_mut(|finding| self.keep_finding(finding, &mut paths));
        report.summary.findings = report.findings.len() as u64;
    }

    fn keep_finding(
        &self,
        finding: &mut Finding,
        paths: &mut HashMap<(String, String), bool>,
    ) -> bool {
        let blob = finding.blob.as_deref().and_then(|id| ObjectId::from_hex(id.as_bytes()).ok());
        if blob.is_some_and(|blob| self.blobs.contains(&blob)) {
            return true;
        }
        let mut sent = finding.places.clone();
        sent.retain(|place| self.sends(place, paths));
        let Some(first) = sent.first() else {
            return false;
        };
        first.path.clone_into(&mut finding.path);
        (finding.line, finding.column) = (first.line, first.column);
        finding.commit.clone_from(&first.commit);
        finding.source = first.source;
        finding.places = sent;
        true
    }

    fn sends(&self, place: &Seen, paths: &mut HashMap<(String, String), bool>) -> bool {
        let id = place.commit.as_deref().map(|id| ObjectId::from_hex(id.as_bytes()));
        let Some(Ok(commit)) = id else {
            // Content without a commit: only if something is sent that has no name itself.
            return self.nameless;
        };
        if place.path.is_empty() {
            return self.commits.contains(&commit);
        }
        let key = (commit.to_string(), place.path.clone());
        *paths.entry(key).or_insert_with(|| {
            // A path that is not found again was escaped for show.
            self.blob_at(commit, &place.path).is_none_or(|blob| self.blobs.contains(&blob))
        })
    }

    fn blob_at(&self, commit: ObjectId, path: &str) -> Option<ObjectId> {
        let tree = self.repo.find_commit(commit).ok()?.tree().ok()?;
        let entry = tree.lookup_entry_by_path(Path::new(path)).ok()??;
        Some(entry.object_id())
    }
}

/// What a tag, or a tag of a tag, stands at. Followed here: the library takes tags for sound, and for finite.
fn peel(repo: &gix::Repository, id: ObjectId) -> Result<(Kind, ObjectId), Error> {
    let mut object = repo.find_object(id).map_err(|_| unreadable())?;
    for _ in 0..MAX_TAGS {
        if object.kind != Kind::Tag {
            return Ok((object.kind, object.id));
        }
        let target = object.to_tag_ref_iter().target_id().map_err(|_| unreadable())?;
        object = repo.find_object(target).map_err(|_| unreadable())?;
    }
    Err(unreadable())
}

/// Reads `<local ref> <local id> <remote ref> <remote id>` lines; an id of zeros is none.
fn updates(lines: &[u8]) -> Result<Vec<Update>, Error> {
    let mut updates = Vec::new();
    for line in lines.lines().filter(|line| !line.is_empty()) {
        let words: Vec<&[u8]> = line.split(|&b| b == b' ').collect();
        // A ref's name has no blanks, but what is pushed may be given as an expression that has.
        let id = |from_end: usize| {
            let word = words.len().checked_sub(from_end).and_then(|at| words.get(at))?;
            ObjectId::from_hex(word).ok()
        };
        let (Some(local), Some(remote)) = (id(3), id(1)) else {
            return Err(Error::new(
                "USAGE",
                "What is to be pushed is not told as Git tells it, so nothing was checked.",
                "This is for Git to run: <local ref> <local id> <remote ref> <remote id>.",
            ));
        };
        let some = |id: ObjectId| (!id.is_null()).then_some(id);
        updates.push(Update { local: some(local), remote: some(remote) });
    }
    Ok(updates)
}

fn unreadable() -> Error {
    Error::new(
        "REPO_UNREADABLE",
        "What is to be pushed cannot be read, so nothing was checked.",
        "`git fsck` tells more; `git push --no-verify` goes on without the check.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_that_is_none_is_refused() {
        let home = tempfile::tempdir().expect("a temporary folder");
        let git = |arguments: &[&str]| {
            let output = std::process::Command::new("git")
                .arg("-C")
                .arg(home.path())
                .args(arguments)
                .output()
                .expect("git is installed");
            String::from_utf8_lossy(&output.stdout).trim().to_owned()
        };
        git(&["init", "-q"]);
        std::fs::write(home.path().join("tag"), "nothing of a tag").expect("a file");
        let id = git(&["hash-object", "-t", "tag", "-w", "--literally", "tag"]);
        let id = ObjectId::from_hex(id.as_bytes()).expect("git wrote it");
        let repo = gix::open(home.path()).expect("a repository");
        assert_eq!(peel(&repo, id).expect_err("it is no tag").code, "REPO_UNREADABLE");
    }

    #[test]
    fn lines_are_read_as_git_writes_them() {
        let (a, b, zero) = ("1".repeat(40), "2".repeat(40), "0".repeat(40));
        let id = |text: &str| ObjectId::from_hex(text.as_bytes()).ok();
        let text = format!(
            "refs/heads/x {a} refs/heads/x {b}\n(delete) {zero} refs/heads/y {b}\nHEAD@{{1 day ago}} {a} refs/heads/z {zero}\n"
        );
        let read = updates(text.as_bytes()).expect("well-formed");
        assert_eq!(
            read,
            [
                Update { local: id(&a), remote: id(&b) },
                Update { local: None, remote: id(&b) },
                Update { local: id(&a), remote: None },
            ]
        );
        assert_eq!(updates(b"").expect("nothing is pushed"), []);
        for bad in ["x", "a b c d", "refs/heads/x 11 refs/heads/x 22", " "] {
            assert!(updates(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
