//! What is staged for the next commit, from the object database and not from disk.

use std::collections::HashMap;

use gix::ObjectId;

use super::git::Git;
use crate::error::ScanError;
use crate::find::matcher::Scratch;
use crate::pack::Kind;
use crate::path::shown;
use crate::repo::attribute::TreeWalk;
use crate::repo::history::parse_commit;
use crate::repo::objects::Unreadable;
use crate::repo::reader::Reader;
use crate::repo::{index, refs};
use crate::report::collect::Container;
use crate::scan::too_large;

impl Git<'_> {
    /// Index entries whose blob is not the last commit's at that path, from the object database.
    pub(crate) fn staged(&mut self) -> Result<(), ScanError> {
        let run = self.run;
        run.progress.stage("index");
        let staged = match index::read(self.repo, run.options.sources.index.as_deref()) {
            Ok(staged) => staged,
            Err(why) => {
                run.skip(format!("{}.git/index", self.prefix), why, true);
                return Ok(());
            }
        };
        let mut reader = Reader::new(self.store);
        let mut scratch = Scratch::default();
        let mut committed: HashMap<Vec<u8>, ObjectId> = HashMap::new();
        let mut walk = TreeWalk::new(self.store);
        if let Some(head) = refs::head(self.repo) {
            let tree = match reader.find(&head) {
                Ok((Kind::Commit, bytes)) => parse_commit(bytes).map(|(commit, _)| commit.tree),
                _ => None,
            };
            match tree {
                // Folders that the index knows to be the commit's are passed over unread.
                Some(tree) => {
                    walk.visit_changed(tree, &staged.folders, &mut |blob, folder, name| {
                        committed.insert([folder, name].concat(), blob);
                    })
                }
                None => run.skip(
                    format!("{}object {head}", self.prefix),
                    "damaged commit".to_owned(),
                    true,
                ),
            }
        }
        for entry in staged.entries {
            run.cancel.check()?;
            if committed.get(&entry.path) == Some(&entry.id) || walk.is_same(&entry.path) {
                continue;
            }
            let name = format!("{}{}", self.prefix, shown(&entry.path));
            match reader.find(&entry.id) {
                Ok((Kind::Blob, bytes)) => {
                    let size = bytes.len() as u64;
                    let container = Container::Staged(name.clone(), entry.id);
                    run.look(&name, &container, bytes, &mut scratch);
                    let mut tally = run.tally();
                    tally.blobs += 1;
                    tally.bytes += size;
                    drop(tally);
                    run.progress.advance(0, 1, size);
                }
                // What is only marked to be added later has an empty blob that need not exist.
                Err(Unreadable::Missing) if entry.id.is_empty_blob() => {}
                Err(Unreadable::Missing) => {
                    run.skip(name, "its staged content is missing".to_owned(), true);
                }
                Err(Unreadable::TooLarge(size)) => {
                    run.skip(name, too_large(size, run.options.limit()), false)
                }
                _ => run.skip(name, "its staged content is damaged".to_owned(), true),
            }
        }
        Ok(())
    }
}
