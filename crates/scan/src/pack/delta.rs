//! Deltas: an object told as copies from its base and inserted bytes (gitformat-pack, "Deltified
//! representation").

use super::inflate::Buffer;

/// One instruction, its place in the result given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Copy {
    /// Where in the base.
    pub(crate) from: u32,
    /// Where in the result.
    pub(crate) to: u32,
    pub(crate) len: u32,
}

impl Copy {
    pub(crate) fn end(&self) -> u32 {
        self.to + self.len
    }
}

/// What a delta says: which parts come from the base. Everything between is new.
#[derive(Debug, Default)]
pub(crate) struct Delta {
    pub(crate) base_len: u32,
    pub(crate) len: u32,
    /// In the order of the result; neighbours that continue each other are one.
    pub(crate) copies: Vec<Copy>,
}

impl Delta {
    /// The sizes at a delta's beginning: of the base, of the result, and where the instructions begin.
    pub(crate) fn sizes(bytes: &[u8]) -> Option<(u64, u64, usize)> {
        let (base_len, at) = number(bytes, 0)?;
        let (len, at) = number(bytes, at)?;
        Some((base_len, len, at))
    }

    /// Builds the result from `base` into `out` and notes the copies; `None` if anything does not fit, or
    /// the result would have more than `limit` bytes.
    pub(crate) fn apply(
        &mut self,
        bytes: &[u8],
        base: &[u8],
        limit: u64,
        out: &mut Buffer,
    ) -> Option<()> {
        let (base_len, len, mut at) = Self::sizes(bytes)?;
        if base_len != base.len() as u64 || len > limit {
            return None;
        }
        self.copies.clear();
        self.base_len = u32::try_from(base_len).ok()?;
        self.len = u32::try_from(len).ok()?;
        let out = out.room(usize::try_from(len).ok()?);
        let mut to = 0_usize;
        while let Some(&op) = bytes.get(at) {
            at += 1;
            if op & 0x80 != 0 {
                let mut part = |bit: u8| -> Option<u32> {
                    if op & 1 << bit == 0 {
                        return Some(0);
                    }
                    let byte = *bytes.get(at)?;
                    at += 1;
                    Some(u32::from(byte))
                };
                let from = part(0)? | part(1)? << 8 | part(2)? << 16 | part(3)? << 24;
                let len = match part(4)? | part(5)? << 8 | part(6)? << 16 {
                    0 => 0x10000,
                    len => len,
                };
                let (start, n) = (from as usize, len as usize);
                let source = base.get(start..start.checked_add(n)?)?;
                out.get_mut(to..to.checked_add(n)?)?.copy_from_slice(source);
                let copy = Copy { from, to: to as u32, len };
                match self.copies.last_mut() {
                    Some(last) if last.end() == copy.to && last.from + last.len == from => {
                        last.len += len;
                    }
                    _ => self.copies.push(copy),
                }
                to += n;
            } else if op != 0 {
                let n = usize::from(op);
                let source = bytes.get(at..at + n)?;
                out.get_mut(to..to + n)?.copy_from_slice(source);
                (at, to) = (at + n, to + n);
            } else {
                return None;
            }
        }
        (to == out.len()).then_some(())
    }

    /// Calls `dirty` with each stretch of the result that is not what its surroundings were in the base:
    /// what was inserted, and, as empty stretches, the seams where parts of the base meet that did not,
    /// or that were not at the base's own beginning or end.
    pub(crate) fn dirty(&self, mut dirty: impl FnMut(u32, u32)) {
        let mut at = 0;
        let mut source = 0;
        for copy in &self.copies {
            if copy.to > at || copy.from != source || (copy.to == 0 && copy.from != 0) {
                dirty(at, copy.to);
            }
            (at, source) = (copy.end(), copy.from + copy.len);
        }
        if at < self.len || source != self.base_len {
            dirty(at, self.len);
        }
    }
}

/// Seven bits a byte, least first.
fn number(bytes: &[u8], mut at: usize) -> Option<(u64, usize)> {
    let (mut value, mut shift) = (0_u64, 0);
    loop {
        let byte = *bytes.get(at)?;
        at += 1;
        if shift > 56 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return Some((value, at));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn applied(delta: &[u8], base: &[u8]) -> Option<(Vec<u8>, Delta)> {
        let (mut out, mut parsed) = (Buffer::default(), Delta::default());
        parsed.apply(delta, base, 1 << 20, &mut out)?;
        Some((out.bytes().to_vec(), parsed))
    }

    fn stretches(delta: &Delta) -> Vec<(u32, u32)> {
        let mut out = Vec::new();
        delta.dirty(|start, end| out.push((start, end)));
        out
    }

    #[test]
    fn copies_and_inserts() {
        // Of "0123456789": "012", "xy", "789".
        let delta = [10, 8, 0b1001_0000, 3, 2, b'x', b'y', 0b1001_0001, 7, 3];
        let (text, parsed) = applied(&delta, b"0123456789").expect("it fits");
        assert_eq!(text, b"012xy789");
        assert_eq!(stretches(&parsed), [(3, 5)]);
    }

    #[test]
    fn seams_and_ends_are_dirty() {
        // "012" then "45": a seam, and the base's end is missing.
        let delta = [10, 5, 0b1001_0000, 3, 0b1001_0001, 4, 2];
        assert_eq!(
            stretches(&applied(&delta, b"0123456789").expect("it fits").1),
            [(3, 3), (5, 5)]
        );
        // Not from the base's beginning.
        let delta = [10, 9, 0b1001_0001, 1, 9];
        assert_eq!(stretches(&applied(&delta, b"0123456789").expect("it fits").1), [(0, 0)]);
        // All of it, in two that continue each other.
        let delta = [10, 10, 0b1001_0000, 4, 0b1001_0001, 4, 6];
        assert_eq!(stretches(&applied(&delta, b"0123456789").expect("it fits").1), []);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for delta in [
            &[9, 3, 0b1001_0000, 3][..], // another base
            &[10, 3, 0b1001_0001, 9, 3], // past the base
            &[10, 2, 0b1001_0000, 3],    // past the result
            &[10, 4, 0b1001_0000, 3],    // short of it
            &[10, 1, 0],                 // reserved
            &[10, 3, 3, b'x'],           // cut short
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert!(applied(delta, b"0123456789").is_none(), "{delta:?}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(delta in prop::collection::vec(any::<u8>(), 0..80), len in 0_usize..300) {
            let mut delta = delta;
            if let Some(first) = delta.first_mut() {
                *first = (len & 0x7f) as u8;
            }
            if let Some((text, parsed)) = applied(&delta, &vec![b'a'; len & 0x7f]) {
                prop_assert_eq!(text.len(), parsed.len as usize);
                for (start, end) in stretches(&parsed) {
                    prop_assert!(start <= end && end <= parsed.len);
                }
            }
        }
    }
}
