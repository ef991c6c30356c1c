//! Asks a provider whether a value is alive. Only where the user let Keyward, and only ever on demand.

use keyward_remote::connector::Liveness;
use keyward_store::{Entry, Version};

use crate::provider::{Reached, failed};
use crate::snapshot::Snapshot;
use crate::view::{CheckView, JSON_VERSION};
use crate::{Error, Keyward};

impl Keyward {
    /// Asks the provider whether the current value of an entry, or the version with this number, is
    /// alive. Where the provider says when it ends it, that is kept with the entry.
    ///
    /// # Errors
    /// `NOT_FOUND`, `PROVIDER_UNKNOWN`, `PROVIDER_NOT_ALLOWED`, `PROVIDER_NOT_CONNECTED`,
    /// `PROVIDER_FAILED`, the keychain or the disk.
    pub fn check(&self, name: &str, number: Option<u32>) -> Result<CheckView, Error> {
        let (entry, version, value, reached) = self.with_entry(name, |open| {
            let (entry, version) = open.read(|tx| {
                let snapshot = Snapshot::read(tx)?;
                let entry = snapshot.resolve(name)?;
                let version = match number {
                    None => snapshot.current(entry),
                    Some(number) => {
                        snapshot.versions(entry).iter().find(|one| one.number == number)
                    }
                };
                let version = version.cloned().ok_or_else(|| {
                    Error::new(
                        "NOT_FOUND",
                        format!("`{}` has no such version. Nothing was sent.", entry.path()),
                        "`keyward show` lists its versions.",
                    )
                })?;
                Ok((entry.clone(), version))
            })?;
            let reached = self.reach(open, &entry)?;
            let value = self.read_one(open, &version)?;
            Ok((entry, version, value, reached))
        })?;
        let at = self.clock();
        let checked = reached
            .account(at)
            .check(&value)
            .map_err(|failure| failed(&reached.name(), "asked about the value", &failure, ""))?;
        let view = CheckView {
            version: JSON_VERSION,
            entry: entry.path(),
            number: version.number,
            provider: reached.connector.id.clone(),
            liveness: word(checked.liveness).to_owned(),
            said: checked.said.clone(),
            expires: checked.expires.map(|at| at.to_string()),
            at: at.to_string(),
            took_ms: u64::try_from(self.clock().duration_since(at).as_millis()).unwrap_or(0),
        };
        self.keep_answer(&entry, &version, &reached, &checked, &view)?;
        Ok(view)
    }

    /// Records the answer, and the end that the provider sets.
    fn keep_answer(
        &self,
        entry: &Entry,
        version: &Version,
        reached: &Reached,
        checked: &keyward_remote::connector::Checked,
        view: &CheckView,
    ) -> Result<(), Error> {
        self.with_entry(&entry.path(), |open| {
            open.change(|tx, _| {
                if let (Some(end), "current") = (checked.expires, version.stage.as_str()) {
                    let day = end.to_zoned(jiff::tz::TimeZone::UTC).date();
                    if let Some(mut entry) = tx.entry(&entry.id)?
                        && entry.expires != Some(day)
                    {
                        entry.expires = Some(day);
                        entry.updated = self.clock();
                        tx.put_entry(&entry)?;
                    }
                }
                let detail =
                    format!("version {}, {}: {}", view.number, reached.connector.id, view.liveness);
                Ok(((), vec![self.event("check", &view.entry, Some(detail))]))
            })
        })
    }
}

pub(crate) fn word(liveness: Liveness) -> &'static str {
    match liveness {
        Liveness::Alive => "alive",
        Liveness::Dead => "dead",
        Liveness::NoPermission => "no-permission",
        Liveness::Unknown => "unknown",
    }
}
