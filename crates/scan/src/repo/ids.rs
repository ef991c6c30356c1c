//! Sets and maps of object ids. An id is a hash already, but a pack's index may claim any; so it is
//! hashed once more under a secret seed, lest a made-up repository puts them all into one bucket.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;

use gix::ObjectId;

/// A map whose keys are object ids.
pub(crate) type IdMap<V> = HashMap<ObjectId, V, Seeded>;
/// A set of object ids.
pub(crate) type IdSet = HashSet<ObjectId, Seeded>;

/// Makes hashers with the process's seed.
#[derive(Clone, Default)]
pub(crate) struct Seeded;

/// Multiplies eight bytes at a time into 128 bits and folds the halves together.
pub(crate) struct Folding(u64);

impl BuildHasher for Seeded {
    type Hasher = Folding;

    fn build_hasher(&self) -> Folding {
        static SEED: OnceLock<u64> = OnceLock::new();
        Folding(*SEED.get_or_init(|| RandomState::new().build_hasher().finish()))
    }
}

impl Hasher for Folding {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            let mixed = u128::from(self.0 ^ u64::from_le_bytes(word)) * 0x9e37_79b9_7f4a_7c15;
            self.0 = (mixed as u64 ^ (mixed >> 64) as u64).rotate_left(23);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_ids_are_spread() {
        for place in 0..5 {
            let mut buckets = HashSet::new();
            for number in 0..1_000_u32 {
                let mut id = [0; 20];
                id[place * 4..place * 4 + 4].copy_from_slice(&number.to_be_bytes());
                let id = ObjectId::from_bytes_or_panic(&id);
                buckets.insert(Seeded.hash_one(id) % 1_024);
            }
            assert!(buckets.len() > 500, "{} buckets of 1,024 are used", buckets.len());
        }
    }
}
