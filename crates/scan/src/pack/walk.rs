//! Goes through delta families: each entry inflated once, each object built once from its base's bytes. The
//! costliest child comes last and takes its base's place, so that few buffers live at once however long the
//! chain is.

use std::sync::{Mutex, MutexGuard, PoisonError};

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

/// Of objects larger than this, one family at a time is in memory.
const LARGE: u64 = 8 * 1024 * 1024;
/// So much of what a family still builds on is held at most, in bytes. Of git's own packs hardly more than two
/// objects are; it takes a tree of large ones, made for it, to reach this.
const MAX_HELD: u64 = 128 * 1024 * 1024;

/// Why an entry could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Damaged,
    /// It would have this many bytes.
    TooLarge(u64),
    /// Too much would be in memory beside it.
    TooMuch,
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

impl<L> Frame<L> {
    fn len(&self) -> u64 {
        self.bytes.bytes().len() as u64
    }
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
    /// Whoever holds it may have large objects in memory.
    gate: &'p Mutex<()>,
    large: Option<MutexGuard<'p, ()>>,
}

impl<'p> Walker<'p> {
    pub(crate) fn new(pack: &'p Pack, forest: &'p Forest, most: Most, gate: &'p Mutex<()>) -> Self {
        Self {
            forest,
            window: Window::new(pack, AHEAD),
            inflater: Decompressor::new(),
            scratch: Buffer::default(),
            delta: Delta::default(),
            pool: Vec::new(),
            most,
            gate,
            large: None,
        }
    }

    /// Visits a root and all that builds on it.
    pub(crate) fn family<V: Visit>(&mut self, root: Entry, visit: &mut V) {
        self.visit(root, visit);
        self.large = None;
        if self.scratch.capacity() > MAX_POOLED {
            self.scratch = Buffer::default();
        }
    }

    fn visit<V: Visit>(&mut self, root: Entry, visit: &mut V) {
        let mut bytes = self.pool.pop().unwrap_or_default();
        if let Err(fault) = self.inflate(root, &mut bytes) {
            visit.fault(root, fault);
            self.below(root, Fault::Damaged, visit);
            return;
        }
        let left = visit.root(root, bytes.bytes());
        // What the frames below the last one hold.
        let mut held = 0;
        let mut stack = vec![Frame { entry: root, done: 0, bytes, left }];
        while let Some(top) = stack.last_mut() {
            if !visit.go_on() {
                return;
            }
            let children = self.forest.children(top.entry);
            let Some(&child) = children.get(top.done) else {
                let frame = stack.pop();
                held -= stack.last().map_or(0, Frame::len);
                self.give_back(frame);
                continue;
            };
            top.done += 1;
            let last = top.done == children.len();
            if self.forest.kind(child).is_none() {
                visit.fault(child, Fault::Damaged);
                self.below(child, Fault::Damaged, visit);
                continue;
            }
            if held > MAX_HELD {
                visit.fault(child, Fault::TooMuch);
                self.below(child, Fault::TooMuch, visit);
                continue;
            }
            let mut bytes = self.pool.pop().unwrap_or_default();
            if let Err(fault) = self.build(child, top.bytes.bytes(), &mut bytes) {
                visit.fault(child, fault);
                self.below(child, Fault::Damaged, visit);
                continue;
            }
            let left = visit.child(child, bytes.bytes(), &self.delta, &top.left);
            if last {
                let frame = stack.pop();
                held -= stack.last().map_or(0, Frame::len);
                self.give_back(frame);
            }
            let frame = Frame { entry: child, done: 0, bytes, left };
            if self.forest.children(child).is_empty() {
                self.give_back(Some(frame));
            } else {
                held += stack.last().map_or(0, Frame::len);
                stack.push(frame);
            }
        }
    }

    /// What builds on an entry that cannot be had cannot be had either.
    fn below<V: Visit>(&self, entry: Entry, fault: Fault, visit: &mut V) {
        for &child in &self.forest.family(entry)[1..] {
            visit.fault(child, fault);
        }
    }

    /// Waits until no other thread has large objects in memory, if one of this size is about to be made.
    fn make_way(&mut self, size: u64) {
        if size > LARGE && self.large.is_none() {
            self.large = Some(self.gate.lock().unwrap_or_else(PoisonError::into_inner));
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
        self.make_way(size);
        let data = self.window.get(start, end).map_err(|_| Fault::Damaged)?;
        inflate(&mut self.inflater, data, size as usize, out).ok_or(Fault::Damaged)
    }

    fn build(&mut self, entry: Entry, base: &[u8], out: &mut Buffer) -> Result<(), Fault> {
        let mut scratch = std::mem::take(&mut self.scratch);
        let inflated = self.inflate(entry, &mut scratch);
        self.scratch = scratch;
        inflated?;
        match Delta::sizes(self.scratch.bytes()) {
            Some((_, len, _)) if len > self.limit(entry) => return Err(Fault::TooLarge(len)),
            Some((_, len, _)) => self.make_way(len),
            None => {}
        }
        let delta = self.scratch.bytes();
        let limit = self.limit(entry);
        self.delta.apply(delta, base, limit, out).ok_or(Fault::Damaged)
    }
}
