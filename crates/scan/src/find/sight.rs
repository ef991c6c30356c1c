//! What was seen, each kind once: thousands of versions of a file hold the same secret, so a hit carries a
//! number and the secret itself is kept in one place, in memory that wipes itself.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::report::{Confidence, Decoding};

/// A repository made to exhaust holds more; what is beyond is counted, not kept.
const MAX_SIGHTS: usize = 200_000;

/// One secret as one rule, or the vault, sees it.
#[derive(Debug)]
pub(crate) struct Sight {
    /// The rule's index; `None` where only the vault knows the value.
    pub(crate) rule: Option<usize>,
    pub(crate) own: Option<usize>,
    pub(crate) secret: Zeroizing<Vec<u8>>,
    /// The name it is assigned to, or empty.
    pub(crate) key: Vec<u8>,
    pub(crate) confidence: Confidence,
    /// Outermost first.
    pub(crate) decoded: Vec<Decoding>,
}

/// All sights of a scan, by number.
#[derive(Default)]
pub(crate) struct Sights {
    numbers: Mutex<HashMap<[u8; 32], u32>>,
    list: RwLock<Vec<Arc<Sight>>>,
    full: AtomicBool,
}

impl Sights {
    /// The number of a sight; `None` if there are too many.
    pub(crate) fn number(&self, sight: Sight) -> Option<u32> {
        let mut hasher = Sha256::new();
        hasher.update(format!(
            "{:?} {:?} {:?} {:?} ",
            sight.rule, sight.own, sight.confidence, sight.decoded
        ));
        hasher.update((sight.key.len() as u64).to_le_bytes());
        hasher.update(&sight.key);
        hasher.update(&*sight.secret);
        let digest = hasher.finalize().into();
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&number) = numbers.get(&digest) {
            return Some(number);
        }
        let mut list = self.list.write().unwrap_or_else(PoisonError::into_inner);
        if list.len() >= MAX_SIGHTS {
            self.full.store(true, Ordering::Relaxed);
            return None;
        }
        let number = u32::try_from(list.len()).ok()?;
        list.push(Arc::new(sight));
        numbers.insert(digest, number);
        Some(number)
    }

    /// Whether there were too many, so that some were left out.
    pub(crate) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    pub(crate) fn get(&self, number: u32) -> Arc<Sight> {
        let list = self.list.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&list[number as usize])
    }
}
