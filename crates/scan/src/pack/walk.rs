//! Goes through delta families: each entry inflated once, each object built once from its base's bytes. The
//! costliest child comes last and takes its base's place, so that few buffers live at once however long the
//! chain is.

use libdeflater::Decompressor;

use super::delta::Delta;
use super::forest::Forest;
use super::inflate::{Buffer, believable, inflate};
use super::{Entry, Most, Pack, Window};

/// Families are scattered: on git/git, reading 128 KiB ahead read the pack sixty times over.
const AHEAD: usize = 2 * 1024;
/// So many buffers are kept for reuse, none larger than this.
const MAX_POOL: usize = 32;
const MAX_POOLED: usize = 2 * 1024 * 1024;

/// Why an entry could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Damaged,
    /// It would have this many bytes.
    TooLarge(u64),
}

/// What is done with each object of a family.
pub(crate) trait Visit {
    /// What an object leaves for those that build on it.
    type Left;
    /// An object without a base.
    fn root(&mut self, entry: Entry, bytes: &[u8]) -> Self::Left;
    /// An object, and how it came from its base.
    fn child(&mut self, entry: Entry, bytes: &[u8], delta: &Delta, base: &Self::Left)
    -> Self::Left;
    /// An object that cannot be had; nothing that builds on it can either.
    fn fault(&mut self, entry: Entry, fault: Fault);
    /// Whether to go on.
    fn go_on(&self) -> bool;
}

struct Frame<L> {
    entry: Entry,
    /// How many children are done.
    done: usize,
    bytes: Buffer,
    left: L,
}

/// What one thread needs to go through a pack.
pub(crate) struct Walker<'p> {
    forest: &'p Forest,
    window: Window<'p>,
    inflater: Decompressor,
    scratch: Buffer,
    delta: Delta,
    pool: Vec<Buffer>,
    /// Objects larger than this are left out.
    most: Most,
}

impl<'p> Walker<'p> {
    pub(crate) fn new(pack: &'p Pack, forest: &'p Forest, most: Most) -> Self {
        Self {
            forest,
            window: Window::new(pack, AHEAD),
            inflater: Decompressor::new(),
            scratch: Buffer::default(),
            delta: Delta::default(),
            pool: Vec::new(),
            most,
        }
    }

    /// Visits a root and all that builds on it.
    pub(crate) fn family<V: Visit>(&mut self, root: Entry, visit: &mut V) {
        let mut bytes = self.pool.pop().unwrap_or_default();
        if let Err(fault) = self.inflate(root, &mut bytes) {
            visit.fault(root, fault);
            self.below(root, visit);
            return;
        }
        let left = visit.root(root, bytes.bytes());
        let mut stack = vec![Frame { entry: root, done: 0, bytes, left }];
        while let Some(top) = stack.last_mut() {
            if !visit.go_on() {
                return;
            }
            let children = self.forest.children(top.entry);
            let Some(&child) = children.get(top.done) else {
                let frame = stack.pop();
                self.give_back(frame);
                continue;
            };
            top.done += 1;
            let last = top.done == children.len();
            if self.forest.kind(child).is_none() {
                visit.fault(child, Fault::Damaged);
                self.below(child, visit);
                continue;
            }
            let mut bytes = self.pool.pop().unwrap_or_default();
            if let Err(fault) = self.build(child, top.bytes.bytes(), &mut bytes) {
                visit.fault(child, fault);
                self.below(child, visit);
                continue;
            }
            let left = visit.child(child, bytes.bytes(), &self.delta, &top.left);
            if last {
                let frame = stack.pop();
                self.give_back(frame);
            }
            let frame = Frame { entry: child, done: 0, bytes, left };
            if self.forest.children(child).is_empty() {
                self.give_back(Some(frame));
            } else {
                stack.push(frame);
            }
        }
        if self.scratch.capacity() > MAX_POOLED {
            self.scratch = Buffer::default();
        }
    }

    /// What builds on an entry that cannot be had cannot be had either.
    fn below<V: Visit>(&self, entry: Entry, visit: &mut V) {
        for &child in &self.forest.family(entry)[1..] {
            visit.fault(child, Fault::Damaged);
        }
    }

    fn give_back<L>(&mut self, frame: Option<Frame<L>>) {
        if let Some(Frame { bytes, .. }) = frame
            && self.pool.len() < MAX_POOL
            && bytes.capacity() <= MAX_POOLED
        {
            self.pool.push(bytes);
        }
    }

    fn limit(&self, entry: Entry) -> u64 {
        self.forest.kind(entry).map_or(0, |kind| self.most.of(kind))
    }

    fn inflate(&mut self, entry: Entry, out: &mut Buffer) -> Result<(), Fault> {
        let size = self.forest.sizes[entry as usize];
        if size > self.limit(entry) {
            return Err(Fault::TooLarge(size));
        }
        let (start, end) = self.forest.data(entry);
        if end <= start || !believable(end - start, size) {
            return Err(Fault::Damaged);
        }
        let data = self.window.get(start, end).map_err(|_| Fault::Damaged)?;
        inflate(&mut self.inflater, data, size as usize, out).ok_or(Fault::Damaged)
    }

    fn build(&mut self, entry: Entry, base: &[u8], out: &mut Buffer) -> Result<(), Fault> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let inflated = self.inflate(entry, &mut scratch);
        self.scratch = scratch;
        inflated?;
        let delta = self.scratch.bytes();
        match Delta::sizes(delta) {
            Some((_, len, _)) if len > self.limit(entry) => return Err(Fault::TooLarge(len)),
            _ => {}
        }
        let limit = self.limit(entry);
        self.delta.apply(delta, base, limit, out).ok_or(Fault::Damaged)
    }
}
