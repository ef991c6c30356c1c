//! Finds the repository at a path and reads what decides how it is scanned: where its parts are, its
//! hash, its config. Nothing that the config names is ever run, and nothing outside is followed.

pub(crate) mod attribute;
mod config;
pub(crate) mod history;
pub(crate) mod ids;
pub(crate) mod index;
mod index_format;
pub(crate) mod objects;
pub(crate) mod reader;
pub(crate) mod refs;
pub(crate) mod revision;
pub(crate) mod trees;

use std::path::{Path, PathBuf};

use self::config::{Setting, is_true, read_config, runs_code, setting};

use crate::ScanError;
use crate::files;
use crate::path::native;
use crate::report::Notice;

/// A `.git` file, `commondir`, `gitdir` and `HEAD` hold one line.
const MAX_LINE: u64 = 8 * 1024;

/// A repository on disk.
pub(crate) struct Repo {
    /// The scanned folder, absolute and without links.
    pub(crate) root: PathBuf,
    /// Whether `root` holds files next to its `.git`.
    pub(crate) has_work_tree: bool,
    /// This work tree's own part: `HEAD`, `index`.
    pub(crate) git_dir: PathBuf,
    /// What all work trees share: `objects`, `refs`, `config`.
    pub(crate) common_dir: PathBuf,
    pub(crate) hash: gix::hash::Kind,
    config: Vec<Setting>,
}

/// The repository whose top folder is `path`; `None` if that is no repository.
pub(crate) fn discover(path: &Path) -> Result<Option<Repo>, ScanError> {
    let root = path.canonicalize().map_err(|error| io_error(path, &error))?;
    if !root.is_dir() {
        return Ok(None);
    }
    let dot_git = root.join(".git");
    let (git_dir, has_work_tree) = match std::fs::symlink_metadata(&dot_git) {
        Ok(meta) if meta.is_dir() => (dot_git.clone(), true),
        Ok(meta) if meta.is_symlink() => {
            let target = dot_git.canonicalize().map_err(|error| io_error(&dot_git, &error))?;
            if !target.starts_with(&root) {
                return Err(outside(path, target));
            }
            (target, true)
        }
        Ok(meta) if meta.is_file() => (follow_git_file(path, &root, &dot_git)?, true),
        _ if is_git_dir(&root) => (root.clone(), false),
        _ => return Ok(None),
    };
    if !is_git_dir(&git_dir) && !git_dir.join("commondir").is_file() {
        // An empty `.git` folder makes no repository.
        return Ok(None);
    }
    let common_dir = common_dir(path, &root, &git_dir)?;
    let objects = common_dir.join("objects").canonicalize();
    if let Ok(objects) = objects
        && !objects.starts_with(&common_dir)
        && !objects.starts_with(&root)
    {
        return Err(outside(path, objects));
    }

    let mut config = read_config(path, &common_dir.join("config"))?;
    if setting(&config, "extensions", "worktreeconfig").is_some_and(is_true) {
        config.extend(read_config(path, &git_dir.join("config.worktree"))?);
    }
    // Git refuses what it does not know (gitrepository-layout): it may keep its objects elsewhere.
    let version = setting(&config, "core", "repositoryformatversion").flatten().unwrap_or("0");
    if !matches!(version.trim(), "0" | "1") {
        let why = format!("its format version `{version}` is not known");
        return Err(unreadable(path, crate::rules::rule::printable(&why)));
    }
    let hash = match setting(&config, "extensions", "objectformat") {
        None => gix::hash::Kind::Sha1,
        Some(Some(name)) if name.eq_ignore_ascii_case("sha1") => gix::hash::Kind::Sha1,
        Some(Some(name)) if name.eq_ignore_ascii_case("sha256") => gix::hash::Kind::Sha256,
        Some(other) => {
            let why = format!("its object format `{}` is not known", other.unwrap_or_default());
            return Err(unreadable(path, crate::rules::rule::printable(&why)));
        }
    };
    Ok(Some(Repo { root, has_work_tree, git_dir, common_dir, hash, config }))
}

/// A folder with the three things that every repository has.
fn is_git_dir(path: &Path) -> bool {
    path.join("HEAD").symlink_metadata().is_ok()
        && path.join("objects").is_dir()
        && path.join("refs").is_dir()
}

/// Where `gitdir: …` leads: inside the root, or to a place that names this work tree as its own.
fn follow_git_file(path: &Path, root: &Path, dot_git: &Path) -> Result<PathBuf, ScanError> {
    let line = one_line(dot_git).unwrap_or_default();
    let Some(target) =
        line.strip_prefix("gitdir:").map(str::trim).filter(|target| !target.is_empty())
    else {
        return Err(unreadable(path, "its .git file does not say `gitdir: …`".to_owned()));
    };
    let target = root.join(target);
    let Ok(target) = target.canonicalize() else {
        return Err(unreadable(
            path,
            "its .git file leads to a folder that is not there".to_owned(),
        ));
    };
    if target.starts_with(root) {
        return Ok(target);
    }
    // A linked work tree: `gitdir` there names our .git file.
    let worktree = one_line(&target.join("gitdir"))
        .and_then(|back| target.join(back).canonicalize().ok())
        .is_some_and(|back| back == *dot_git);
    // A submodule: its config there names our folder.
    let submodule = || {
        let config = read_config(path, &target.join("config")).unwrap_or_default();
        setting(&config, "core", "worktree")
            .flatten()
            .and_then(|back| target.join(back).canonicalize().ok())
            .is_some_and(|back| back == root)
    };
    if worktree || submodule() { Ok(target) } else { Err(outside(path, target)) }
}

/// Where the objects and refs are: the git folder itself, or for a linked work tree the one above
/// `worktrees/NAME`, and no other.
fn common_dir(path: &Path, root: &Path, git_dir: &Path) -> Result<PathBuf, ScanError> {
    let git_dir = git_dir.canonicalize().map_err(|error| io_error(git_dir, &error))?;
    let Some(line) = one_line(&git_dir.join("commondir")) else {
        return Ok(git_dir);
    };
    let common = git_dir.join(line).canonicalize().map_err(|error| io_error(&git_dir, &error))?;
    let above =
        git_dir.parent().filter(|folder| folder.ends_with("worktrees")).and_then(Path::parent);
    if above == Some(&common) || common.starts_with(root) {
        Ok(common)
    } else {
        Err(outside(path, common))
    }
}

fn one_line(path: &Path) -> Option<String> {
    let bytes = files::small(path, MAX_LINE)?;
    Some(String::from_utf8(bytes).ok()?.trim_end_matches(['\n', '\r']).to_owned())
}

impl Repo {
    /// Objects are missing on purpose, to be fetched when needed: which this program never does.
    pub(crate) fn is_partial(&self) -> bool {
        setting(&self.config, "extensions", "partialclone").is_some()
            || self.config.iter().any(|s| {
                s.section == "remote" && s.key == "promisor" && is_true(s.value.as_deref())
            })
    }

    /// Its refs are in a format that is not read here.
    pub(crate) fn has_reftable(&self) -> bool {
        setting(&self.config, "extensions", "refstorage")
            .flatten()
            .is_some_and(|name| name.starts_with("reftable"))
    }

    /// Commits whose parents were left out when cloning.
    pub(crate) fn shallow(&self) -> Vec<gix::ObjectId> {
        let bytes =
            files::small(&self.common_dir.join("shallow"), 64 * 1024 * 1024).unwrap_or_default();
        bytes
            .split(|&b| b == b'\n')
            .filter_map(|line| gix::ObjectId::from_hex(line.trim_ascii()).ok())
            .collect()
    }

    /// Facts that the reader should know before trusting this repository, or this report.
    pub(crate) fn notices(&self) -> Vec<Notice> {
        let mut notices = Vec::new();
        let mut add =
            |code: &str, message: String| notices.push(Notice { code: code.to_owned(), message });
        let mut armed: Vec<String> =
            self.config.iter().filter(|s| runs_code(s)).map(Setting::name).collect();
        armed.sort();
        armed.dedup();
        if !armed.is_empty() {
            let more = armed.len().saturating_sub(20);
            armed.truncate(20);
            let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
            add(
                "REPO_RUNS_CODE",
                format!(
                    "This repository's config makes Git run programs: {}{tail}. Keyward ran none of them; look at \
                     .git/config before you run Git here.",
                    armed.join(", ")
                ),
            );
        }
        if !self.shallow().is_empty() {
            add(
                "REPO_SHALLOW",
                "This is a shallow clone: older history is not here and was not scanned. `git fetch --unshallow` gets it."
                    .to_owned(),
            );
        }
        if self.has_reftable() {
            add(
                "REPO_REFTABLE",
                "This repository keeps its refs in the reftable format, which is not read yet: every commit was taken \
                 as reachable."
                    .to_owned(),
            );
        }
        if gix::sec::Trust::from_path_ownership(&self.common_dir).ok()
            == Some(gix::sec::Trust::Reduced)
        {
            add(
                "REPO_OTHER_OWNER",
                "This repository belongs to another user. It was only read; running Git in it may run that user's \
                 programs."
                    .to_owned(),
            );
        }
        notices
    }
}

fn io_error(path: &Path, error: &std::io::Error) -> ScanError {
    if error.kind() == std::io::ErrorKind::NotFound {
        ScanError::NotFound { path: path.to_owned() }
    } else {
        ScanError::Io { path: path.to_owned(), why: files::words(error) }
    }
}

fn outside(path: &Path, target: PathBuf) -> ScanError {
    ScanError::RepositoryOutsideRoot { path: path.to_owned(), target }
}

fn unreadable(path: &Path, why: String) -> ScanError {
    ScanError::RepositoryUnreadable { path: path.to_owned(), why }
}

/// The path of a line in a repository's file, which may be any bytes.
pub(crate) fn path_of_line(line: &[u8]) -> Option<PathBuf> {
    native(line.strip_suffix(b"\r").unwrap_or(line))
}
