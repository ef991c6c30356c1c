//! Which commit a revision names (gitrevisions(7)). Names are looked up by the library; what follows them is
//! walked by our own code, because the library takes tags and commits for sound and ends the process if not.

use gix::ObjectId;

use super::history::{parse_commit, parse_tag};
use super::reader::Reader;
use super::{Repo, refs};
use crate::pack::Kind;

/// Tags of tags are followed this far.
const MAX_TAGS: usize = 16;

/// The commit that a revision names: a ref, an id or the beginning of one, an upstream, and any of `~N`, `^N`,
/// `^{}` and `^{commit}` after it. `None` if there is none.
pub(crate) fn commit(repo: &Repo, reader: &mut Reader<'_>, revision: &str) -> Option<ObjectId> {
    let end = revision.find(['^', '~']).unwrap_or(revision.len());
    let (name, mut steps) = revision.split_at(end);
    let mut id = peeled(reader, named(repo, name)?)?;
    while let Some(step) = steps.chars().next() {
        steps = &steps[1..];
        if let Some(rest) = steps.strip_prefix('{').filter(|_| step == '^') {
            let (kind, rest) = rest.split_once('}')?;
            if !matches!(kind, "" | "commit") {
                return None;
            }
            steps = rest;
            continue;
        }
        let len = steps.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = steps.split_at(len);
        let number: usize = if digits.is_empty() { 1 } else { digits.parse().ok()? };
        steps = rest;
        match step {
            '~' => {
                for _ in 0..number {
                    id = parent(reader, &id, 1)?;
                }
            }
            '^' if number == 0 => {}
            '^' => id = parent(reader, &id, number)?,
            _ => return None,
        }
    }
    Some(id)
}

/// What a name without steps stands for.
fn named(repo: &Repo, name: &str) -> Option<ObjectId> {
    if matches!(name, "HEAD" | "@") {
        return refs::head(repo);
    }
    // With a colon it names a file, or what a message says.
    if name.is_empty() || name.contains(':') {
        return None;
    }
    let options = gix::open::Options::isolated()
        .open_path_as_is(true)
        .strict_config(false)
        .object_store_slots(gix::odb::store::init::Slots::Given(256));
    let repo = gix::open_opts(repo.git_dir.clone(), options).ok()?;
    Some(repo.rev_parse_single(name).ok()?.detach())
}

/// The commit that an id, or the tag with this id, leads to.
fn peeled(reader: &mut Reader<'_>, mut id: ObjectId) -> Option<ObjectId> {
    for _ in 0..MAX_TAGS {
        match reader.find(&id).ok()? {
            (Kind::Commit, _) => return Some(id),
            (Kind::Tag, bytes) => id = parse_tag(bytes)?.0,
            _ => return None,
        }
    }
    None
}

/// The parent with this number, from 1, of a commit.
fn parent(reader: &mut Reader<'_>, id: &ObjectId, number: usize) -> Option<ObjectId> {
    let (_, bytes) = reader.find(id).ok()?;
    let parent = parse_commit(bytes)?.0.parents.get(number.checked_sub(1)?).copied()?;
    peeled(reader, parent)
}
