//! The format of the keychain file, apart from the disk, so that hostile bytes can be tried on it
//! alone. `docs/keychain-file.md` writes it down for others.
//!
//! Format 1: the line `keyward-keychain\n`, one byte format, Argon2id parameters (memory in KiB,
//! passes, lanes: three little-endian u32), 16 bytes salt, then a sealed box whose associated data
//! is everything before it. Inside: a JSON object from account to base64 of the value. Parameters
//! are checked before any work is done for them.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use super::KeychainError;
use crate::kdf::{self, COST, Cost, SALT};
use crate::sealed;

const MAGIC: &[u8] = b"keyward-keychain\n";
const FORMAT: u8 = 1;
/// Length of the header, in bytes.
pub(super) const HEADER: usize = MAGIC.len() + 1 + 12 + SALT;

/// From account to the value as base64 text, wiped when dropped.
pub(super) type Items = BTreeMap<String, Zeroizing<String>>;
/// The key that a passphrase and a header give.
pub(super) type Key = Zeroizing<[u8; 32]>;

/// Everything before the sealed box: what the key is made from, and its associated data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header([u8; HEADER]);

impl Header {
    /// A header of the newest format with a random salt.
    pub(super) fn fresh() -> Result<Self, KeychainError> {
        let mut salt = [0; SALT];
        getrandom::getrandom(&mut salt)
            .map_err(|_| KeychainError::Failed("no randomness".to_owned()))?;
        let mut bytes = Vec::with_capacity(HEADER);
        bytes.extend_from_slice(MAGIC);
        bytes.push(FORMAT);
        for number in [COST.memory, COST.passes, COST.lanes] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&salt);
        Ok(Self(bytes.try_into().expect("the parts add up to the header")))
    }

    /// Reads the header of a file; no work is done for what it asks.
    pub(super) fn read(file: &[u8]) -> Result<Self, KeychainError> {
        if file.is_empty() {
            return Err(KeychainError::FileEmpty);
        }
        let magic = MAGIC.len().min(file.len());
        if file[..magic] != MAGIC[..magic] {
            return Err(KeychainError::FileNotOurs);
        }
        let header = Self(*file.first_chunk().ok_or(KeychainError::FileDamaged)?);
        match header.0[MAGIC.len()] {
            FORMAT => {}
            found if found > FORMAT => return Err(KeychainError::FileTooNew(found)),
            _ => return Err(KeychainError::FileDamaged),
        }
        header.cost().check().map_err(|kdf::TooMuch| KeychainError::FileLimit)?;
        Ok(header)
    }

    fn cost(&self) -> Cost {
        let at = MAGIC.len() + 1;
        let number = |index: usize| {
            let bytes = &self.0[at + 4 * index..at + 4 * index + 4];
            u32::from_le_bytes(bytes.try_into().expect("a slice of four bytes"))
        };
        Cost { memory: number(0), passes: number(1), lanes: number(2) }
    }

    /// Derives the key: slow on purpose.
    pub(super) fn key(&self, passphrase: &[u8]) -> Result<Key, KeychainError> {
        kdf::derive(passphrase, &self.0[HEADER - SALT..], self.cost())
            .map_err(|kdf::TooMuch| KeychainError::FileLimit)
    }

    /// The file with its format byte set back to ours, if a single flipped bit made it another:
    /// damage, and not a newer program's file.
    pub(super) fn unflipped(file: &[u8]) -> Option<Vec<u8>> {
        let found = *file.get(MAGIC.len())?;
        if (found ^ FORMAT).count_ones() != 1 {
            return None;
        }
        let mut bytes = file.to_vec();
        bytes[MAGIC.len()] = FORMAT;
        Some(bytes)
    }
}

/// Opens the sealed box of a file whose header was read.
pub(super) fn open(header: &Header, key: &Key, file: &[u8]) -> Result<Items, KeychainError> {
    let body = file.get(HEADER..).ok_or(KeychainError::FileDamaged)?;
    let plain = sealed::open(key, &header.0, body).map_err(|_| KeychainError::WrongPassphrase)?;
    let items: BTreeMap<String, String> =
        serde_json::from_slice(plain.expose_secret()).map_err(|_| KeychainError::FileDamaged)?;
    Ok(items.into_iter().map(|(name, value)| (name, Zeroizing::new(value))).collect())
}

/// The whole file for these items.
pub(super) fn seal(header: &Header, key: &Key, items: &Items) -> Result<Vec<u8>, KeychainError> {
    let borrowed: BTreeMap<&str, &str> =
        items.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let plain =
        Zeroizing::new(serde_json::to_vec(&borrowed).map_err(|_| KeychainError::WriteFailed)?);
    let body = sealed::seal(key, &header.0, &plain).map_err(|_| KeychainError::WriteFailed)?;
    Ok([&header.0[..], &body].concat())
}

/// Tries hostile bytes on the format, for the fuzz targets: `passphrase` is what opens them.
/// Memory and time are held to a hundredth of what a real file may ask for.
#[cfg(fuzzing)]
pub fn fuzz(bytes: &[u8], passphrase: &[u8]) {
    let Ok(header) = Header::read(bytes) else {
        let _ = Header::unflipped(bytes);
        return;
    };
    let (cost, most) = (header.cost(), kdf::MOST);
    assert!(cost.memory <= most.memory && cost.passes <= most.passes && cost.lanes <= most.lanes);
    if cost.memory > 64 || cost.passes > 2 {
        return;
    }
    let key = header.key(passphrase).expect("parameters within the limits");
    if let Ok(items) = open(&header, &key, bytes) {
        let again = seal(&header, &key, &items).expect("what was read can be written");
        assert_eq!(open(&header, &key, &again).expect("and read again"), items);
    }
    // What is behind the seal, with the seal out of the way.
    let body = bytes.get(HEADER..).unwrap_or_default();
    let sealed = sealed::seal(&key, &header.0, body).expect("there is randomness");
    let _ = open(&header, &key, &[&header.0[..], &sealed].concat());
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A file whose key costs next to nothing (8 KiB, one pass, one lane), for tests of every byte.
    pub(crate) fn cheap(passphrase: &[u8], items: &Items) -> Vec<u8> {
        let mut header = Header::fresh().unwrap();
        let at = MAGIC.len() + 1;
        for (index, number) in [8_u32, 1, 1].into_iter().enumerate() {
            header.0[at + 4 * index..at + 4 * index + 4].copy_from_slice(&number.to_le_bytes());
        }
        let key = header.key(passphrase).unwrap();
        seal(&header, &key, items).unwrap()
    }

    fn read(file: &[u8]) -> Result<Items, KeychainError> {
        let header = Header::read(file)?;
        open(&header, &header.key(b"p")?, file)
    }

    #[test]
    fn every_truncation_and_every_flipped_bit_is_refused() {
        let items = Items::from([("a".to_owned(), Zeroizing::new("dmFsdWU=".to_owned()))]);
        let file = cheap(b"p", &items);
        assert_eq!(read(&file).unwrap(), items);
        for cut in 0..file.len() {
            assert!(read(&file[..cut]).is_err(), "read when cut at {cut}");
        }
        // Four times as much memory is asked for at most, so even these are quick; a pass more or
        // less is another key.
        for at in 0..file.len() {
            for bit in 0..8 {
                let mut bad = file.clone();
                bad[at] ^= 1 << bit;
                assert!(read(&bad).is_err(), "read with bit {bit} of byte {at} flipped");
            }
        }
    }

    #[test]
    fn a_flipped_format_byte_is_damage_and_a_higher_one_is_a_newer_program() {
        let file = cheap(b"p", &Items::new());
        let mut flipped = file.clone();
        flipped[MAGIC.len()] ^= 4;
        assert_eq!(Header::read(&flipped), Err(KeychainError::FileTooNew(5)));
        assert_eq!(Header::unflipped(&flipped), Some(file.clone()));
        let mut newer = file;
        newer[MAGIC.len()] = 99;
        assert_eq!(Header::unflipped(&newer), None);
    }

    #[test]
    fn absurd_parameters_are_refused_before_any_work() {
        let file = cheap(b"p", &Items::new());
        for (index, number) in [(0, u32::MAX), (0, 0), (1, u32::MAX), (1, 0), (2, u32::MAX), (2, 0)]
        {
            let mut bad = file.clone();
            let at = MAGIC.len() + 1 + 4 * index;
            bad[at..at + 4].copy_from_slice(&number.to_le_bytes());
            assert_eq!(Header::read(&bad), Err(KeychainError::FileLimit), "{index}: {number}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Header::read(&bytes).is_err());
            let all = [MAGIC, &bytes].concat();
            let _ = Header::read(&all);
            let _ = Header::unflipped(&all);
        }
    }
}
