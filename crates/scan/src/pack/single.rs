//! One object out of a pack, for what is wanted here and there: its chain of deltas, from the root back up.

use libdeflater::Decompressor;

use super::delta::Delta;
use super::inflate::{Buffer, believable, inflate};
use super::walk::Fault;
use super::{Header, Kind, MAX_HEADER, Most, Pack, What};
use crate::files;

/// See [`super::forest`].
const MAX_CHAIN: usize = 4_095;
/// Compressed data is read in pieces of about this size until it is whole.
const PIECE: u64 = 4 * 1024;

/// Reads single objects; keeps its buffers.
pub(crate) struct Single {
    inflater: Decompressor,
    data: Vec<u8>,
    buffers: [Buffer; 3],
    delta: Delta,
}

impl Default for Single {
    fn default() -> Self {
        Self {
            inflater: Decompressor::new(),
            data: Vec::new(),
            buffers: Default::default(),
            delta: Delta::default(),
        }
    }
}

impl Single {
    /// The object that begins at `offset`, if it is not too large.
    pub(crate) fn read(
        &mut self,
        pack: &Pack,
        hash_len: usize,
        offset: u64,
        most: Most,
    ) -> Result<(Kind, &[u8]), Fault> {
        let mut chain = Vec::new();
        let mut at = offset;
        let kind = loop {
            let header = header(pack, hash_len, at).ok_or(Fault::Damaged)?;
            chain.push((at + u64::from(header.0.len), header.0.size));
            match header.0.what {
                What::Whole(kind) => break kind,
                What::Offset(distance) => {
                    at = at.checked_sub(distance).filter(|_| distance > 0).ok_or(Fault::Damaged)?;
                }
                What::Named { at: from } => {
                    let from = usize::from(from);
                    let place = pack.index.find(&header.1[from..from + hash_len]);
                    at = place.and_then(|place| pack.index.offset(place)).ok_or(Fault::Damaged)?;
                }
            }
            if chain.len() > MAX_CHAIN {
                return Err(Fault::Damaged);
            }
        };
        let limit = most.of(kind);
        let Self { inflater, data, buffers: [current, other, scratch], delta } = self;
        let (start, size) = chain.pop().ok_or(Fault::Damaged)?;
        if size > limit {
            return Err(Fault::TooLarge(size));
        }
        let mut whole = |start: u64, size: u64, out: &mut Buffer| {
            inflate_at(inflater, data, pack, start, size, out).ok_or(Fault::Damaged)
        };
        whole(start, size, current)?;
        while let Some((start, size)) = chain.pop() {
            if size > limit.saturating_add(1 << 20) {
                return Err(Fault::TooLarge(size));
            }
            whole(start, size, scratch)?;
            if let Some((_, len, _)) = Delta::sizes(scratch.bytes())
                && len > limit
            {
                return Err(Fault::TooLarge(len));
            }
            delta.apply(scratch.bytes(), current.bytes(), limit, other).ok_or(Fault::Damaged)?;
            std::mem::swap(current, other);
        }
        Ok((kind, self.buffers[0].bytes()))
    }

    /// The object read last.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffers[0].bytes()
    }
}

fn header(pack: &Pack, hash_len: usize, at: u64) -> Option<(Header, [u8; MAX_HEADER])> {
    let mut bytes = [0; MAX_HEADER];
    let len = pack.end.checked_sub(at)?.min(MAX_HEADER as u64) as usize;
    files::read_at(&pack.file, &mut bytes[..len], at).ok()?;
    Some((Header::parse(&bytes[..len], hash_len)?, bytes))
}

/// Where an entry ends is not known here: as much is read as it is likely to have, then more.
fn inflate_at(
    inflater: &mut Decompressor,
    data: &mut Vec<u8>,
    pack: &Pack,
    start: u64,
    size: u64,
    out: &mut Buffer,
) -> Option<()> {
    let here = pack.end.checked_sub(start)?;
    if !believable(here, size) {
        return None;
    }
    let mut wanted = (size / 2).max(PIECE).min(here);
    loop {
        data.resize(usize::try_from(wanted).ok()?, 0);
        files::read_at(&pack.file, data, start).ok()?;
        if inflate(inflater, data, usize::try_from(size).ok()?, out).is_some() {
            return Some(());
        }
        // Stored data has a few bytes more than it holds; beyond that it is damaged.
        if wanted == here || wanted > size + size / 1000 + 1024 {
            return None;
        }
        wanted = (wanted * 2).max(size + size / 1000 + 1025).min(here);
    }
}
