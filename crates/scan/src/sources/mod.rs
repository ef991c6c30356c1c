//! Where texts come from: files on disk, the index, and the history of a repository.

pub(crate) mod git;
pub(crate) mod packs;
mod since;
mod staged;
pub(crate) mod watch;
pub(crate) mod worktree;
