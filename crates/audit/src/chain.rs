//! The keyed chain: appending to it and checking it.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, Mac};
use keyward_store::{AuditRecord, StoreError, Tx};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::Event;

/// The chain's key, derived for this purpose alone. Prints nothing.
pub struct Key([u8; 32]);

impl Key {
    /// Takes the key.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key([redacted])")
    }
}

/// The end of the chain: `<seq>:<hex of the MAC>` as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Number of the last row.
    pub seq: u64,
    /// Its MAC.
    pub mac: Vec<u8>,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, hex::encode(&self.mac))
    }
}

impl FromStr for Head {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (seq, mac) = text.trim().split_once(':').ok_or(())?;
        Ok(Self { seq: seq.parse().map_err(drop)?, mac: hex::decode(mac).map_err(drop)? })
    }
}

/// Where and how the record does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Broken {
    /// The row's text or MAC was changed.
    #[error("row {0} was edited")]
    Edited(u64),
    /// Rows are missing before this one.
    #[error("rows were removed before row {0}")]
    Removed(u64),
    /// The row was written as another one and stands in a place that is not its own.
    #[error("row {row} was swapped: it was written as row {from}")]
    Swapped {
        /// Where it stands.
        row: u64,
        /// Where it was written.
        from: u64,
    },
    /// The row is another one of the record once more.
    #[error("row {row} is a copy of row {of}")]
    Copied {
        /// Where it stands.
        row: u64,
        /// The row it is a copy of.
        of: u64,
    },
    /// The keychain's anchor knows more rows than there are.
    #[error("the record ends at row {last}, and the anchor in the keychain knows row {anchored}")]
    CutOff {
        /// Last row that is there.
        last: u64,
        /// Last row that was anchored.
        anchored: u64,
    },
    /// The row that the anchor names is another one now.
    #[error("row {0} is not the one that the anchor in the keychain names")]
    Replaced(u64),
    /// A head that was kept elsewhere knows more rows than there are.
    #[error("the record ends at row {last}, and the head that was kept is of row {kept}")]
    Behind {
        /// Last row that is there.
        last: u64,
        /// The kept head's row.
        kept: u64,
    },
    /// The row of a head that was kept elsewhere is another one now.
    #[error("row {0} is not the one of the head that was kept: the record was written anew")]
    Rewritten(u64),
}

impl Broken {
    /// The first row that does not fit.
    #[must_use]
    pub fn row(&self) -> u64 {
        match self {
            Self::Edited(row)
            | Self::Removed(row)
            | Self::Replaced(row)
            | Self::Rewritten(row)
            | Self::Swapped { row, .. }
            | Self::Copied { row, .. } => *row,
            Self::CutOff { last, .. } | Self::Behind { last, .. } => last + 1,
        }
    }
}

/// Appends an event in the caller's transaction and returns the new head.
///
/// # Errors
/// The database's; then the whole change fails with it.
pub fn append(tx: &Tx<'_>, key: &Key, event: &Event) -> Result<Head, StoreError> {
    let last = tx.last_audit()?;
    let (seq, before) = last.map_or((1, vec![]), |row| (row.seq + 1, row.mac));
    let body = serde_json::to_string(event)?;
    let mac = link(key, &before, seq, &body);
    tx.append_audit(&AuditRecord { seq, body, mac: mac.clone() })?;
    Ok(Head { seq, mac })
}

/// Checks the whole record, and that the anchor is one of its rows. Rows after the anchor are
/// well: a crash can leave the anchor behind, and nobody without the key can add rows.
///
/// # Errors
/// [`Broken`] names the first row that does not fit.
pub fn verify(
    rows: &[AuditRecord],
    key: &Key,
    anchor: Option<&Head>,
) -> Result<Option<Head>, Broken> {
    let mut before: &[u8] = &[];
    for (index, (expected, row)) in (1..).zip(rows).enumerate() {
        if row.seq > expected {
            return Err(Broken::Removed(row.seq));
        }
        if row.seq < expected || !fits(key, before, row.seq, row) {
            return Err(explain(rows, key, index, anchor));
        }
        before = &row.mac;
    }
    let last = rows.last().map_or(0, |row| row.seq);
    if let Some(anchor) = anchor {
        let index = usize::try_from(anchor.seq.saturating_sub(1)).unwrap_or(usize::MAX);
        match rows.get(index) {
            None => {
                return Err(Broken::CutOff { last, anchored: anchor.seq });
            }
            Some(row) if row.mac != anchor.mac => return Err(Broken::Replaced(anchor.seq)),
            Some(_) => {}
        }
    }
    Ok(rows.last().map(|row| Head { seq: row.seq, mac: row.mac.clone() }))
}

/// Checks a verified record against a head that was kept elsewhere.
///
/// # Errors
/// [`Broken::Behind`] or [`Broken::Rewritten`].
pub fn check_kept(rows: &[AuditRecord], kept: &Head) -> Result<(), Broken> {
    match rows.iter().find(|row| row.seq == kept.seq) {
        None => Err(Broken::Behind { last: rows.last().map_or(0, |row| row.seq), kept: kept.seq }),
        Some(row) if row.mac != kept.mac => Err(Broken::Rewritten(kept.seq)),
        Some(_) => Ok(()),
    }
}

/// What became of the first row that does not fit. An untouched row still fits the row that stood
/// before it when it was written, under its own number; so where it fits tells where it was.
fn explain(rows: &[AuditRecord], key: &Key, index: usize, anchor: Option<&Head>) -> Broken {
    let row = &rows[index];
    let mac_of = |seq: u64| -> Option<&[u8]> {
        let index = usize::try_from(seq).ok()?.checked_sub(1)?;
        rows.get(index).map(|row| row.mac.as_slice())
    };
    let last = rows.len() as u64;
    for from in 1..=last {
        // The row before it stands where it stood or, of two neighbours that changed places, in
        // the row's own place.
        let before = [if from == 1 { Some(&[][..]) } else { mac_of(from - 1) }, mac_of(from)];
        if before.into_iter().flatten().any(|before| fits(key, before, from, row)) {
            return if mac_of(from) == Some(&row.mac) && from != row.seq {
                Broken::Copied { row: row.seq, of: from }
            } else {
                Broken::Swapped { row: row.seq, from }
            };
        }
    }
    // Rows that were numbered anew after a removal fit each other under their old numbers.
    if let Some(next) = rows.get(index + 1) {
        let most = anchor.map_or(64, |anchor| anchor.seq.saturating_sub(last)).min(4096);
        if (1..=most.max(1)).any(|gap| fits(key, &row.mac, next.seq.saturating_add(gap), next)) {
            return Broken::Removed(row.seq);
        }
    }
    Broken::Edited(row.seq)
}

fn fits(key: &Key, before: &[u8], seq: u64, row: &AuditRecord) -> bool {
    link(key, before, seq, &row.body).as_slice().ct_eq(&row.mac).into()
}

fn link(key: &Key, before: &[u8], seq: u64, body: &str) -> Vec<u8> {
    let mut mac =
        <Hmac<Sha256> as Mac>::new_from_slice(&key.0).expect("HMAC takes keys of any length");
    mac.update(&(before.len() as u64).to_le_bytes());
    mac.update(before);
    mac.update(&seq.to_le_bytes());
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use keyward_store::{RowKey, Store};

    use super::*;

    fn key() -> Key {
        Key::new([3; 32])
    }

    fn record(count: usize) -> (Vec<AuditRecord>, Head) {
        let mut store = Store::memory().unwrap();
        let mut head = None;
        for index in 0..count {
            let event = Event {
                at: Timestamp::UNIX_EPOCH,
                actor: "cli".to_owned(),
                action: "add".to_owned(),
                subject: format!("a/b/{index}"),
                detail: None,
            };
            head =
                Some(store.write(&RowKey::new([0; 32]), |tx| append(tx, &key(), &event)).unwrap());
        }
        let rows = store.read(&RowKey::new([0; 32]), |tx| tx.audit()).unwrap();
        (rows, head.unwrap())
    }

    #[test]
    fn an_intact_chain_ends_at_its_anchor_or_after_it() {
        let (rows, head) = record(5);
        assert_eq!(verify(&rows, &key(), Some(&head)), Ok(Some(head)));
        let earlier = Head { seq: 3, mac: rows[2].mac.clone() };
        assert!(verify(&rows, &key(), Some(&earlier)).is_ok(), "a crash leaves the anchor behind");
        assert_eq!(verify(&[], &key(), None), Ok(None));
    }

    #[test]
    fn edit_removal_swap_and_cut_are_told_apart() {
        let (rows, head) = record(5);
        let anchor = Some(&head);
        let mut edited = rows.clone();
        edited[1].body = edited[1].body.replace("a/b/1", "a/b/9");
        assert_eq!(verify(&edited, &key(), anchor), Err(Broken::Edited(2)));
        let mut removed = rows.clone();
        removed.remove(2);
        assert_eq!(verify(&removed, &key(), anchor), Err(Broken::Removed(4)));
        let mut swapped = rows.clone();
        swapped.swap(1, 2);
        swapped[1].seq = 2;
        swapped[2].seq = 3;
        assert_eq!(verify(&swapped, &key(), anchor), Err(Broken::Swapped { row: 2, from: 3 }));
        let mut far = rows.clone();
        far.swap(0, 3);
        (far[0].seq, far[3].seq) = (1, 4);
        assert_eq!(verify(&far, &key(), anchor), Err(Broken::Swapped { row: 1, from: 4 }));
        let mut copied = rows.clone();
        copied.push(AuditRecord { seq: 6, ..rows[2].clone() });
        assert_eq!(verify(&copied, &key(), anchor), Err(Broken::Copied { row: 6, of: 3 }));
        let mut renumbered = rows.clone();
        renumbered.remove(1);
        for (row, seq) in renumbered.iter_mut().zip(1..) {
            row.seq = seq;
        }
        assert_eq!(verify(&renumbered, &key(), anchor), Err(Broken::Removed(2)));
        assert_eq!(
            verify(&rows[..3], &key(), anchor),
            Err(Broken::CutOff { last: 3, anchored: 5 })
        );
        assert_eq!(verify(&[], &key(), anchor), Err(Broken::CutOff { last: 0, anchored: 5 }));
        assert!(verify(&rows, &Key::new([4; 32]), anchor).is_err(), "another key's chain");
    }

    #[test]
    fn a_head_kept_elsewhere_tells_a_record_that_was_written_anew() {
        let (rows, head) = record(4);
        assert_eq!(check_kept(&rows, &head), Ok(()));
        let cut = check_kept(&rows[..2], &head);
        assert_eq!(cut, Err(Broken::Behind { last: 2, kept: 4 }));
        let other = Head { seq: 2, mac: vec![0; 32] };
        assert_eq!(check_kept(&rows, &other), Err(Broken::Rewritten(2)));
    }

    #[test]
    fn heads_are_text_and_back() {
        let (_, head) = record(2);
        assert_eq!(head.to_string().parse(), Ok(head));
        assert!("x".parse::<Head>().is_err());
    }
}
