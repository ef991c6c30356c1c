//! What is staged for the next commit, from the object database and not from disk.

use std::collections::HashMap;
use std::sync::Mutex;

use gix::ObjectId;
use gix::objs::Kind;

use super::git::Git;
use crate::error::ScanError;
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
        let entries = match index::entries(self.repo) {
            Ok(entries) => entries,
            Err(why) => {
                run.skip(format!("{}.git/index", self.prefix), why, true);
                return Ok(());
            }
        };
        let mut reader = Reader::new(self.store);
        let mut buffer = Vec::new();
        let mut committed: HashMap<Vec<u8>, ObjectId> = HashMap::new();
        let mut walk = TreeWalk::new(self.store);
        if let Some(head) = refs::tips(self.repo).head {
            match reader.find(&head, &mut buffer).ok().and_then(|_| parse_commit(&buffer)) {
                Some((commit, _)) => walk.visit_all(commit.tree, &mut |blob, folder, name| {
                    committed.insert([folder, name].concat(), blob);
                }),
                None => run.skip(
                    format!("{}object {head}", self.prefix),
                    "damaged commit".to_owned(),
                    true,
                ),
            }
        }
        let gate = Mutex::new(());
        for entry in entries {
            run.cancel.check()?;
            if committed.get(&entry.path) == Some(&entry.id) {
                continue;
            }
            let name = format!("{}{}", self.prefix, shown(&entry.path));
            let Some(object) = self.store.get(&entry.id) else {
                // What is only marked to be added later has an empty blob that need not exist.
                if !entry.id.is_empty_blob() {
                    run.skip(name, "its staged content is missing".to_owned(), true);
                }
                continue;
            };
            match reader.content(object, &gate, &mut buffer) {
                Ok(Some((Kind::Blob, _guard))) => {
                    run.look(&Container::Staged(name, entry.id), &buffer);
                    let mut tally = run.tally();
                    tally.blobs += 1;
                    tally.bytes += buffer.len() as u64;
                    drop(tally);
                    run.progress.advance(0, 1, buffer.len() as u64);
                }
                Err(Unreadable::TooLarge(size)) => {
                    run.skip(name, too_large(size, run.options.max_blob), false)
                }
                _ => run.skip(name, "its staged content is damaged".to_owned(), true),
            }
        }
        Ok(())
    }
}
