//! Issued keys in backups: written as they are, and brought back so that nothing that was revoked ever
//! holds again.

use keyward_backup as backup;
use keyward_issue::{check_hash, is_id, is_prefix};
use keyward_store::{IssuedKey, Tx};

use super::{check_place, good_label};
use crate::Error;
use crate::restore::{Merge, malformed};
use crate::view::RestoreChange;

/// One key of a backup, as it would be after the restore.
pub(crate) struct IssuedPlan {
    row: IssuedKey,
    change: &'static str,
}

pub(crate) fn to_backup(row: &IssuedKey) -> backup::IssuedKey {
    backup::IssuedKey {
        id: row.id.clone(),
        prefix: row.prefix.clone(),
        label: row.label.clone(),
        project: row.project.clone(),
        env: row.env.clone(),
        created: row.created,
        expires: row.expires,
        revoked: row.revoked,
        verified: row.verified,
        hash: row.hash.clone(),
    }
}

/// Checks the issued keys of a backup, and says what becomes of each beside those that are `here`.
/// Missing ones are added; of one that is in both, only a revocation is taken over.
pub(crate) fn plan_issued(
    keys: &[backup::IssuedKey],
    here: &[IssuedKey],
    merge: Merge,
) -> Result<Vec<IssuedPlan>, Error> {
    let mut plans: Vec<IssuedPlan> = vec![];
    for key in keys {
        let good = is_id(&key.id)
            && is_prefix(&key.prefix)
            && key.label.as_deref().is_none_or(good_label)
            && check_place(key.project.as_deref(), key.env.as_deref()).is_ok()
            && check_hash(&key.hash).is_ok();
        if !good {
            return Err(malformed("an issued key is not one"));
        }
        if plans.iter().any(|plan| plan.row.id == key.id) {
            return Err(malformed("an issued key is in the backup twice"));
        }
        plans.push(match here.iter().find(|row| row.id == key.id) {
            None => IssuedPlan { row: from_backup(key), change: "added" },
            Some(row) if row.revoked.is_none() && key.revoked.is_some() && merge != Merge::Skip => {
                IssuedPlan {
                    row: IssuedKey { revoked: key.revoked, ..row.clone() },
                    change: "changed",
                }
            }
            Some(row) => IssuedPlan { row: row.clone(), change: "same" },
        });
    }
    Ok(plans)
}

/// What a preview shows of them.
pub(crate) fn changes(plans: &[IssuedPlan]) -> Vec<RestoreChange> {
    plans
        .iter()
        .map(|plan| RestoreChange {
            name: super::subject(&plan.row),
            change: plan.change.to_owned(),
            apply: plan.change != "same",
            note: (plan.change == "changed").then(|| "revoked".to_owned()),
        })
        .collect()
}

/// Writes those that change.
pub(crate) fn put_issued(tx: &Tx<'_>, plans: &[IssuedPlan]) -> Result<(), Error> {
    for plan in plans.iter().filter(|plan| plan.change != "same") {
        tx.put_issued_key(&plan.row)?;
    }
    Ok(())
}

fn from_backup(key: &backup::IssuedKey) -> IssuedKey {
    IssuedKey {
        id: key.id.clone(),
        prefix: key.prefix.clone(),
        label: key.label.clone(),
        project: key.project.clone(),
        env: key.env.clone(),
        created: key.created,
        expires: key.expires,
        revoked: key.revoked,
        verified: key.verified,
        hash: key.hash.clone(),
    }
}
