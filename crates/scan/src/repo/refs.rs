//! Every object id that a repository's names and records point at: refs, HEAD and its relatives, all
//! work trees', and reflogs. Read as plain files, so that a pipe or a link among them does no harm.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use gix::ObjectId;

use crate::files;
use crate::repo::Repo;

/// `packed-refs` and a reflog may be this large, in bytes.
const MAX_LIST: u64 = 256 * 1024 * 1024;
/// A ref holds one line.
const MAX_REF: u64 = 64 * 1024;
/// Folders of refs are followed this deep.
const MAX_DEPTH: usize = 64;

/// What points into the history.
#[derive(Default)]
pub(crate) struct Tips {
    /// Branches, tags, stash, notes, HEAD of each work tree.
    pub(crate) refs: Vec<ObjectId>,
    /// What they pointed at before.
    pub(crate) reflogs: Vec<ObjectId>,
    /// Branches of remotes, as they were when last fetched or pushed.
    pub(crate) remotes: Vec<ObjectId>,
    /// The commit that HEAD of this work tree names; `None` before the first commit.
    pub(crate) head: Option<ObjectId>,
}

/// Reads all of them.
pub(crate) fn tips(repo: &Repo) -> Tips {
    read(repo, true)
}

/// Reads all but the reflogs, which may be long.
pub(crate) fn current(repo: &Repo) -> Tips {
    read(repo, false)
}

/// The git folders of all work trees, the common one first.
fn bases(repo: &Repo) -> Vec<PathBuf> {
    let mut bases = vec![repo.common_dir.clone()];
    bases.extend(folders(&repo.common_dir.join("worktrees")));
    if !bases.contains(&repo.git_dir) {
        bases.push(repo.git_dir.clone());
    }
    bases
}

/// The folders in which a file changes when a ref does, or the list of what is ignored.
pub(crate) fn places(repo: &Repo) -> Vec<PathBuf> {
    let mut places = vec![repo.common_dir.join("info"), repo.common_dir.join("worktrees")];
    for base in bases(repo) {
        let mut open = vec![(base.join("refs"), 0)];
        while let Some((folder, depth)) = open.pop() {
            if depth < MAX_DEPTH {
                open.extend(folders(&folder).into_iter().map(|inner| (inner, depth + 1)));
            }
            places.push(folder);
        }
        places.push(base);
    }
    places.retain(|place| place.is_dir());
    places
}

fn read(repo: &Repo, reflogs: bool) -> Tips {
    let mut names: HashMap<Vec<u8>, ObjectId> = packed(&repo.common_dir.join("packed-refs"));
    let mut tips = Tips::default();
    for base in &bases(repo) {
        each_file(&base.join("refs"), 0, &mut |path| {
            let id = files::small(path, MAX_REF).and_then(|line| id_at_start(&line));
            if let Some(id) = id {
                let name =
                    [b"refs/", crate::path::relative(&base.join("refs"), path).as_slice()].concat();
                if *base == repo.common_dir {
                    names.insert(name, id);
                } else {
                    tips.refs.push(id);
                }
            }
        });
        // HEAD, ORIG_HEAD, FETCH_HEAD (several lines), MERGE_HEAD and whatever tools add.
        for path in plain_files(base) {
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            if name.ends_with("HEAD") && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') {
                let lines = files::small(&path, MAX_REF).unwrap_or_default();
                tips.refs.extend(lines.split(|&b| b == b'\n').filter_map(id_at_start));
            }
        }
        if !reflogs {
            continue;
        }
        each_file(&base.join("logs"), 0, &mut |path| {
            let log = files::small(path, MAX_LIST).unwrap_or_default();
            for line in log.split(|&b| b == b'\n') {
                let mut ids = line
                    .splitn(3, |&b| b == b' ')
                    .take(2)
                    .filter_map(|id| ObjectId::from_hex(id).ok());
                tips.reflogs.extend(ids.by_ref().filter(|id| !id.is_null()));
            }
        });
    }
    tips.head = head_among(repo, &names);
    tips.refs.extend(tips.head);
    let remote = |name: &[u8]| name.starts_with(b"refs/remotes/");
    tips.remotes.extend(names.iter().filter(|(name, _)| remote(name)).map(|(_, id)| *id));
    tips.refs.extend(names.into_values());
    for list in [&mut tips.refs, &mut tips.reflogs] {
        list.sort_unstable();
        list.dedup();
    }
    tips
}

/// The commit that HEAD names, without reading any other ref; `None` before the first commit.
pub(crate) fn head(repo: &Repo) -> Option<ObjectId> {
    // Loose refs win over packed ones.
    head_among(repo, &HashMap::new())
        .or_else(|| head_among(repo, &packed(&repo.common_dir.join("packed-refs"))))
}

/// HEAD, through at most five symbolic names.
fn head_among(repo: &Repo, names: &HashMap<Vec<u8>, ObjectId>) -> Option<ObjectId> {
    let mut line = files::small(&repo.git_dir.join("HEAD"), MAX_REF)?;
    for _ in 0..5 {
        let Some(name) = line.strip_prefix(b"ref:") else {
            return id_at_start(&line);
        };
        let name = name.trim_ascii().to_vec();
        if let Some(id) = names.get(&name) {
            return Some(*id);
        }
        line = files::small(&crate::path::below(&repo.common_dir, &name)?, MAX_REF)?;
    }
    None
}

fn packed(path: &Path) -> HashMap<Vec<u8>, ObjectId> {
    let list = files::small(path, MAX_LIST).unwrap_or_default();
    let mut names = HashMap::new();
    for line in list.split(|&b| b == b'\n') {
        // `^` lines hold what the tag above points at, which is found through the tag.
        if let Some(space) = line.iter().position(|&b| b == b' ')
            && let Ok(id) = ObjectId::from_hex(&line[..space])
        {
            names.insert(line[space + 1..].trim_ascii().to_vec(), id);
        }
    }
    names
}

fn id_at_start(line: &[u8]) -> Option<ObjectId> {
    let len = line.iter().take_while(|b| b.is_ascii_hexdigit()).count();
    ObjectId::from_hex(&line[..len]).ok().filter(|id| !id.is_null())
}

fn entries(folder: &Path) -> impl Iterator<Item = std::fs::DirEntry> {
    std::fs::read_dir(folder).into_iter().flatten().flatten()
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let is_folder = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    entries(folder).filter(is_folder).map(|entry| entry.path()).collect()
}

fn plain_files(folder: &Path) -> Vec<PathBuf> {
    let is_file = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_file());
    entries(folder).filter(is_file).map(|entry| entry.path()).collect()
}

fn each_file(folder: &Path, depth: usize, visit: &mut impl FnMut(&Path)) {
    if depth > MAX_DEPTH {
        return;
    }
    plain_files(folder).iter().for_each(|path| visit(path));
    for inner in folders(folder) {
        each_file(&inner, depth + 1, visit);
    }
}
