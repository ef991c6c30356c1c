//! What a commit is about to hold when Git keeps it in another index than the usual one: for
//! `git commit -a` and `git commit PATH` it makes one of its own and names it to the hooks.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use keyward_scan::{Cancel, Progress, Report, Source, Sources};

use super::place::Place;
use crate::error::io;
use crate::{Error, Keyward, ScanJob};

/// The index that Git named to this hook, if it is not the repository's own.
pub(super) fn other_index(place: &Place) -> Option<PathBuf> {
    let named = std::env::var_os("GIT_INDEX_FILE").filter(|name| !name.is_empty())?;
    let named = std::path::absolute(PathBuf::from(named)).ok()?;
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    (real(&named) != real(&place.repo.git_dir().join("index"))).then_some(named)
}

impl Keyward {
    /// Scans what an index holds that the last commit does not, as a scan of staged files would.
    ///
    /// The contents are laid out under their paths in a private folder that is gone afterwards; they are in
    /// the work tree anyway.
    pub(super) fn scan_index(
        &self,
        place: &Place,
        index: &Path,
        mut job: ScanJob,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Report, Error> {
        let folder = tempfile::Builder::new()
            .prefix("keyward-")
            .tempdir()
            .map_err(|error| io(&error, "a temporary folder"))?;
        let ids = lay_out(place, index, folder.path(), job.options.max_blob)?;
        job.options.paths = vec![folder.path().to_owned()];
        job.options.sources = Sources { worktree: true, ..Sources::default() };
        let mut report = self.scan(job, progress, cancel)?;
        // An ignore file above the temporary folder must not hide anything.
        if report.summary.files != ids.len() as u64 {
            report.summary.complete = false;
        }
        let blob = |path: &str| ids.get(path).map(ToString::to_string);
        for finding in &mut report.findings {
            finding.blob = blob(&finding.path);
            finding.source = Source::Index;
            for place in &mut finding.places {
                place.source = Source::Index;
            }
        }
        (report.summary.blobs, report.summary.files) = (report.summary.files, 0);
        Ok(report)
    }
}

/// Writes every blob of the index that the last commit has not at that path; returns them by path.
fn lay_out(
    place: &Place,
    index: &Path,
    folder: &Path,
    max_blob: u64,
) -> Result<HashMap<String, ObjectId>, Error> {
    let repo = &place.repo;
    let unreadable = |what: &str| {
        Error::new(
            "REPO_UNREADABLE",
            format!("What is to be committed cannot be read: {what}. Nothing was scanned."),
            "`git fsck` tells more; `git commit --no-verify` goes on without the check.",
        )
    };
    let options = gix::index::decode::Options { thread_limit: Some(1), ..Default::default() };
    let index = gix::index::File::at(index, repo.object_hash(), true, options)
        .map_err(|_| unreadable("its index is damaged"))?;
    let head = match repo.head() {
        Ok(head) if head.is_unborn() => None,
        _ => Some(repo.head_tree().map_err(|_| unreadable("the last commit is damaged"))?),
    };
    let mut ids = HashMap::new();
    for entry in index.entries() {
        if entry.mode.is_submodule() || entry.mode.is_sparse() || entry.id.is_empty_blob() {
            continue;
        }
        let path = entry.path(&index);
        let committed = match &head {
            Some(tree) => tree
                .lookup_entry(path.split(|&b| b == b'/').map(|part| part.as_bstr().to_owned()))
                .map_err(|_| unreadable("the last commit is damaged"))?
                .map(|entry| entry.object_id()),
            None => None,
        };
        if committed == Some(entry.id) {
            continue;
        }
        let target = gix::path::from_bstr(path)
            .map_err(|_| unreadable("a path in its index cannot be named here"))?;
        if !target.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(unreadable("a path in its index leads elsewhere"));
        }
        let size = repo.find_header(entry.id).map_err(|_| unreadable("an object is missing"))?;
        if size.size() > max_blob {
            continue;
        }
        let object = repo.find_object(entry.id).map_err(|_| unreadable("an object is damaged"))?;
        write(&folder.join(&target), &object.data)?;
        ids.insert(path.to_str_lossy().into_owned(), entry.id);
    }
    Ok(ids)
}

/// Writes a file of which there is none yet: two paths that a file system takes for one stop the commit
/// rather than go by unseen.
fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    let written = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
        std::io::Write::write_all(&mut file, content)
    });
    written.map_err(|error| io(&error, "a temporary file"))
}
