//! Inflating (RFC 1950): packs say how large each entry becomes, so libdeflate does it in one go. A third
//! quicker on real entries than the streaming libraries.

use libdeflater::Decompressor;

/// Deflate shrinks by at most this factor (RFC 1951: 258 bytes for two bits), and a little for the frame.
const MOST: u64 = 1032;

/// A buffer that keeps its memory between uses and is not cleared for each.
#[derive(Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    len: usize,
}

impl Buffer {
    /// Room for `len` bytes, whose old content is meaningless.
    pub(crate) fn room(&mut self, len: usize) -> &mut [u8] {
        if self.bytes.len() < len {
            self.bytes.resize(len, 0);
        }
        self.len = len;
        &mut self.bytes[..len]
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    pub(crate) fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

/// Whether an entry of this many bytes can inflate to `size`: whoever wrote the pack may claim anything.
pub(crate) fn believable(compressed: u64, size: u64) -> bool {
    size <= compressed.saturating_mul(MOST)
}

/// Inflates zlib data of known size; `None` if it is damaged or of another size.
pub(crate) fn inflate(
    inflater: &mut Decompressor,
    data: &[u8],
    size: usize,
    out: &mut Buffer,
) -> Option<()> {
    // libdeflate wants a place to write to even for nothing.
    let room = out.room(size.max(1));
    let written = inflater.zlib_decompress(data, room).ok()?;
    out.len = written;
    (written == size).then_some(())
}
