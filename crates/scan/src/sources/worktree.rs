//! Which files on disk are scanned: all that are not ignored, and all that are tracked even so. Links are
//! not followed, and pipes, sockets and devices are never opened.

use std::collections::BTreeSet;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::WalkBuilder;

use crate::files;
use crate::path;

/// What the walk tells, one at a time.
pub(crate) enum Step {
    /// A file to scan.
    File(PathBuf),
    /// Something to list as not scanned; `true` if it should have been read.
    Skip(PathBuf, String, bool),
    /// A file named `.env` or like it that is not ignored.
    Env(PathBuf),
}

/// What a walk is narrowed to: these files, and what is below these folders.
pub(crate) type Only = Arc<BTreeSet<PathBuf>>;

/// Goes through the files below `root`. `tracked` are the paths of the index. Stops when `step` says `false`.
pub(crate) fn walk(
    root: &Path,
    is_repository: bool,
    no_ignore: bool,
    only: Option<&Only>,
    tracked: BTreeSet<Vec<u8>>,
    mut step: impl FnMut(Step) -> bool,
) {
    let mut tracked = tracked;
    // A pipe in an ignore file's place would be read for ever.
    let ignoring = !no_ignore && plain_ignore_files(root);
    let refused: Refused = Arc::default();
    for entry in builder(root, is_repository, ignoring, only, &refused).build() {
        let go_on = match entry {
            Ok(entry) => {
                let path = entry.path();
                tracked.remove(&path::relative(root, path));
                let env = is_repository
                    && !no_ignore
                    && is_env(path)
                    && !step(Step::Env(path.to_owned()));
                !env && match entry.file_type() {
                    Some(kind) if kind.is_dir() => true,
                    Some(kind) if kind.is_file() => step(Step::File(path.to_owned())),
                    _ => step(special(path)),
                }
            }
            Err(error) => {
                let path = error_path(&error).unwrap_or(root).to_owned();
                let why =
                    error.io_error().map_or_else(|| "cannot be read".to_owned(), files::words);
                step(Step::Skip(path, why, true))
            }
        };
        if !go_on {
            return;
        }
    }
    for folder in refused.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        let why = "its .gitignore is not a regular file".to_owned();
        if !step(Step::Skip(folder, why, true)) {
            return;
        }
    }
    // What git tracks is committed, however it is ignored.
    for relative in tracked {
        let Some(path) = path::below(root, &relative) else {
            continue;
        };
        let inside = path
            .parent()
            .and_then(|folder| folder.canonicalize().ok())
            .is_some_and(|folder| folder.starts_with(root));
        if !inside {
            continue;
        }
        let go_on = match path.symlink_metadata() {
            Ok(meta) if meta.is_file() => step(Step::File(path)),
            Ok(meta) if !meta.is_dir() => step(special(&path)),
            _ => true,
        };
        if !go_on {
            return;
        }
    }
    if is_repository && no_ignore {
        // Whether it is ignored is a fact about the repository, not about this scan.
        let ignoring = plain_ignore_files(root);
        for entry in builder(root, is_repository, ignoring, only, &refused).build().flatten() {
            if is_env(entry.path()) && !step(Step::Env(entry.into_path())) {
                return;
            }
        }
    }
}

/// The folders at and below `root` that the walk goes into.
pub(crate) fn folders(
    root: &Path,
    is_repository: bool,
    no_ignore: bool,
    only: &Only,
    mut visit: impl FnMut(PathBuf),
) {
    let ignoring = !no_ignore && plain_ignore_files(root);
    let refused: Refused = Arc::default();
    let walk = builder(root, is_repository, ignoring, Some(only), &refused).build();
    for entry in walk.flatten() {
        if entry.file_type().is_some_and(|kind| kind.is_dir()) {
            visit(entry.into_path());
        }
    }
}

/// Whether a path is one of these, or below one.
pub(crate) fn is_within(only: &BTreeSet<PathBuf>, path: &Path) -> bool {
    path.ancestors().any(|above| only.contains(above))
}

/// Whether a walk has to come by here: at one of these, below one, or on the way to one.
fn concerns(only: &BTreeSet<PathBuf>, path: &Path) -> bool {
    let from_here = (Bound::Included(path), Bound::Unbounded);
    let on_the_way =
        only.range::<Path, _>(from_here).next().is_some_and(|other| other.starts_with(path));
    on_the_way || is_within(only, path)
}

/// Folders that were left out because of what stands in their ignore file's place.
type Refused = Arc<Mutex<Vec<PathBuf>>>;

/// Whether the ignore files of a folder are regular files, or not there.
fn plain_ignore_files(folder: &Path) -> bool {
    [".gitignore", ".git/info/exclude"]
        .iter()
        .all(|name| folder.join(name).metadata().map_or(true, |meta| meta.is_file()))
}

fn builder(
    root: &Path,
    is_repository: bool,
    ignoring: bool,
    only: Option<&Only>,
    refused: &Refused,
) -> WalkBuilder {
    let refused = Arc::clone(refused);
    let only = only.map(Arc::clone);
    let mut builder = WalkBuilder::new(root);
    builder
        .standard_filters(false)
        .hidden(false)
        .parents(ignoring && !is_repository)
        .git_ignore(ignoring)
        .git_exclude(ignoring)
        .git_global(ignoring)
        .require_git(true)
        .follow_links(false)
        .sort_by_file_name(Ord::cmp)
        .filter_entry(move |entry| {
            if entry.depth() == 0 {
                return true;
            }
            if only.as_deref().is_some_and(|only| !concerns(only, entry.path())) {
                return false;
            }
            let folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            if ignoring && folder && !plain_ignore_files(entry.path()) {
                refused
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(entry.path().to_owned());
                return false;
            }
            entry.file_name() != ".git"
        });
    builder
}

fn special(path: &Path) -> Step {
    let why =
        path.symlink_metadata().ok().and_then(|meta| files::special(&meta)).unwrap_or("it is gone");
    Step::Skip(path.to_owned(), why.to_owned(), false)
}

/// `.env` and `.env.production`, but not the samples that are meant to be shared.
fn is_env(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let sample = ["example", "sample", "template", "dist", "default", "defaults", "schema", "test"];
    name == ".env"
        || name
            .strip_prefix(".env.")
            .is_some_and(|rest| !rest.split('.').any(|part| sample.contains(&part)))
}

fn error_path(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            error_path(err)
        }
        ignore::Error::Loop { child, .. } => Some(child),
        _ => None,
    }
}
