//! Scanning with the vault's own values at hand, and remembering what was found.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use keyward_scan::{
    Acceptance, Again, Baseline, Cancel, Confidence, Options, OwnValue, Progress, Report,
    ScanError, Severity, Sources, scan, scan_again, scan_bytes,
};
use keyward_store::{Tx, Use};

use crate::error::io;
use crate::outfile;
use crate::rules::{load_rules, partly_read};
use crate::snapshot::resolve;
use crate::view::{LeakCount, Repository, RepositoryList};
use crate::{Error, Keyward};

/// What to scan and how.
#[derive(Debug, Clone)]
pub struct ScanJob {
    /// Sources, limits and filters, as the scanner takes them.
    pub options: Options,
    /// Bytes to scan instead of paths (`--stdin`).
    pub stdin: Option<Vec<u8>>,
    /// Rule files of the user's own.
    pub rules: Vec<PathBuf>,
    /// Findings that are known already.
    pub baseline: Option<PathBuf>,
}

impl ScanJob {
    /// A scan of one path with the default sources.
    #[must_use]
    pub fn of(path: PathBuf) -> Self {
        Self { options: Options::new(path), stdin: None, rules: vec![], baseline: None }
    }
}

impl Keyward {
    /// Scans, and names the entries whose values were found. A scan needs no vault and no
    /// keychain; without them own values are `unavailable`. What is found of the vault's own in a
    /// repository is remembered with the entry.
    ///
    /// # Errors
    /// A path or repository that cannot be scanned at all, a rule file or a baseline that is
    /// refused, `CANCELLED`; with `own_only` also the keychain.
    pub fn scan(
        &self,
        mut job: ScanJob,
        progress: &dyn Progress,
        cancel: &Cancel,
    ) -> Result<Report, Error> {
        let started = Instant::now();
        let mut rules = load_rules(&job.rules)?;
        if let Some(path) = &job.baseline {
            job.options.baseline = Some(Baseline::read(path)?);
            job.options.today = Some(self.today());
        }
        let (own, opens) = match self.own_values() {
            Ok(own) => (own, true),
            Err(error) if job.options.own_only => return Err(error),
            // The report says that own values were not looked for; `doctor` says why. A locked vault
            // still knows which keys it issued.
            Err(error) => (None, ["VAULT_LOCKED", "UNLOCK_WAIT"].contains(&error.code.as_str())),
        };
        if opens {
            self.add_issued_rules(&mut rules);
        }
        let sources = &job.options.sources;
        // What is staged, and what is new since a revision, is little and always read.
        let little =
            sources.since.is_some() || (sources.staged && !sources.worktree && !sources.history);
        let memory = match (&job.stdin, &job.options.paths[..]) {
            (None, [path]) if !little => self.memory(path),
            _ => None,
        };
        let mut report = match (&job.stdin, &memory) {
            (Some(bytes), _) => scan_bytes(bytes, &job.options, &rules, own.as_deref(), cancel)?,
            (None, Some(memory)) => {
                let mark = if own.is_some() { self.own_mark()? } else { None };
                let again =
                    Again { before: memory.before.as_deref(), own: mark, now: self.clock() };
                let own = own.as_deref();
                let (report, after) =
                    scan_again(&job.options, &rules, own, &again, progress, cancel)?;
                memory.keep(after);
                report
            }
            (None, None) => scan(&job.options, &rules, own.as_deref(), progress, cancel)?,
        };
        self.name_issued(&mut report.findings);
        report.summary.notices.extend(partly_read(&rules));
        report.summary.seconds = started.elapsed().as_secs_f64();
        let whole = job.options.sources == Sources::default()
            && job.options.baseline.is_none()
            && !job.options.show_secrets;
        // Remembered only where a vault is there to do it; the scan itself never needs one.
        if own.is_some() && job.stdin.is_none() && whole {
            // A disk that takes nothing must not cost the user the findings.
            if let [path] = &job.options.paths[..] {
                let _ = self.remember_scan(path, &report);
            }
        }
        Ok(report)
    }

    /// Adds a report's findings of at least `least` confidence to the baseline at `path`, which is made if
    /// there is none. Rows that are there stay as they are, but for those that have expired. Returns how many
    /// rows are new.
    ///
    /// # Errors
    /// `BASELINE_INVALID` if something else is at the path, or the reason is empty; the disk.
    pub fn accept(
        &self,
        path: &Path,
        report: &Report,
        least: Confidence,
        reason: String,
        expires: Option<Date>,
    ) -> Result<usize, Error> {
        let old = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(io(&error, "the baseline")),
            Ok(_) => {
                outfile::check(path)?;
                // Read with its limits first: what is no baseline is not read whole.
                Baseline::read(path)?;
                Some(fs::read(path).map_err(|error| io(&error, "the baseline"))?)
            }
        };
        let counted = report.findings.iter().filter(|finding| finding.confidence >= least);
        let acceptance = Acceptance { reason, expires, when: Some(self.today()) };
        let file = path.display().to_string();
        let accepted = Baseline::accept(old.as_deref(), &file, counted, &acceptance)?;
        if accepted.rows > 0 || old.is_none() {
            outfile::write(path, accepted.text.as_bytes(), false)?;
        }
        Ok(accepted.rows)
    }

    fn today(&self) -> Date {
        self.now().to_zoned(TimeZone::UTC).date()
    }

    /// Every value of the vault; none when there is no vault.
    pub(crate) fn own_values(&self) -> Result<Option<Vec<OwnValue>>, Error> {
        if !self.vault_exists()? {
            return Ok(None);
        }
        self.with(|open| {
            let own = self.read_all(open)?.into_iter().map(|(entry, row, value)| OwnValue {
                entry,
                version: row.number,
                stage: row.stage,
                value,
            });
            Ok(own.collect())
        })
    }

    fn remember_scan(&self, path: &Path, report: &Report) -> Result<(), Error> {
        let root = absolute(path)?;
        let text = serde_json::to_string(report)
            .map_err(|_| Error::new("FAULT", "The report cannot be written.", ""))?;
        self.with(|open| {
            open.change(|tx, _| {
                tx.put_repository(&root, Some(&text))?;
                self.remember_leaks(tx, &root, report)?;
                let found = report.findings.len();
                let detail = format!("{found} {}", if found == 1 { "finding" } else { "findings" });
                Ok(((), vec![self.event("scan", &root, Some(detail))]))
            })
        })?;
        Ok(())
    }

    fn remember_leaks(&self, tx: &Tx<'_>, root: &str, report: &Report) -> Result<(), Error> {
        tx.clear_uses("leak", &format!("{root}: "))?;
        let entries = tx.entries(false)?;
        for finding in &report.findings {
            let Some(own) = &finding.own else { continue };
            let Ok(entry) = resolve(&entries, &own.entry) else {
                continue;
            };
            let commit = finding.commit.as_deref().map(|oid| &oid[..oid.len().min(10)]);
            let at = commit.map(|commit| format!(" in {commit}")).unwrap_or_default();
            tx.put_use(&Use {
                entry: entry.id.clone(),
                how: "leak".to_owned(),
                place: format!("{root}: {}:{}{at}", finding.path, finding.line),
                version: own.version,
                last: self.clock(),
            })?;
        }
        Ok(())
    }

    /// The repositories that are looked after.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn repositories(&self) -> Result<RepositoryList, Error> {
        let stored = self.with(|open| {
            open.read(|tx| {
                let scans: Vec<(String, String)> = tx
                    .audit()?
                    .iter()
                    .filter_map(keyward_audit::Event::of)
                    .filter(|event| event.action == "scan")
                    .map(|event| (event.subject, event.at.to_string()))
                    .collect();
                Ok((tx.repositories()?, scans))
            })
        })?;
        let (rows, scans) = stored.unwrap_or_default();
        let repositories = rows
            .into_iter()
            .map(|(path, report)| Repository {
                scanned: scans.iter().rev().find(|(at, _)| *at == path).map(|(_, at)| at.clone()),
                leaks: report.as_deref().map(leaks).unwrap_or_default(),
                path,
            })
            .collect();
        Ok(RepositoryList { repositories })
    }

    /// Looks after a repository or folder from now on.
    ///
    /// # Errors
    /// `NOT_FOUND` when there is no folder at the path.
    pub fn add_repository(&self, path: &Path) -> Result<RepositoryList, Error> {
        let data = fs::metadata(path).map_err(|error| io(&error, "the repository"))?;
        if !data.is_dir() {
            return Err(Error::new(
                "NOT_FOUND",
                "The path is not a folder.",
                "Give the repository's folder.",
            ));
        }
        let root = absolute(path)?;
        self.with_new(|open| open.change(|tx, _| Ok((tx.put_repository(&root, None)?, vec![]))))?;
        self.repositories()
    }

    /// Forgets a repository and what was found in it.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn forget_repository(&self, path: &str) -> Result<RepositoryList, Error> {
        self.with(|open| {
            open.change(|tx, _| {
                tx.delete_repository(path)?;
                tx.clear_uses("leak", &format!("{path}: "))?;
                Ok(((), vec![]))
            })
        })?;
        self.repositories()
    }

    /// The last report of a repository, as it was, as JSON.
    ///
    /// # Errors
    /// The keychain or the disk.
    pub fn last_report(&self, path: &str) -> Result<Option<serde_json::Value>, Error> {
        let text = self.with(|open| {
            open.read(|tx| {
                let stored = tx.repositories()?.into_iter().find(|(known, _)| known == path);
                Ok(stored.and_then(|(_, report)| report))
            })
        })?;
        Ok(text.flatten().and_then(|text| serde_json::from_str(&text).ok()))
    }
}

fn leaks(report: &str) -> LeakCount {
    let report: serde_json::Value = serde_json::from_str(report).unwrap_or_default();
    let mut count = LeakCount::default();
    for finding in report["findings"].as_array().into_iter().flatten() {
        let is = |field: &str, word: &str| finding[field].as_str() == Some(word);
        if !finding["own"].is_null() {
            count.own += 1;
        } else if is("confidence", Confidence::Low.as_str()) {
            count.low_confidence += 1;
        } else if is("severity", Severity::Critical.as_str()) {
            count.critical += 1;
        } else if is("severity", Severity::High.as_str()) {
            count.high += 1;
        } else {
            count.other += 1;
        }
    }
    count
}

fn absolute(path: &Path) -> Result<String, Error> {
    let path = fs::canonicalize(path).map_err(|error| io(&error, "the repository"))?;
    Ok(path.display().to_string())
}

/// Names a scanner's error under the contract's codes.
pub(crate) fn name(error: &ScanError) -> Error {
    let code = match error.code() {
        "IO" => "DISK_ERROR",
        code => code,
    };
    let message = match error {
        // It begins with a file's name.
        ScanError::Rule(_)
        | ScanError::BaselineInvalid { .. }
        | ScanError::IgnoreInvalid { .. } => format!("{error}."),
        _ => format!("{}.", crate::error::capital(&error.to_string())),
    };
    Error::new(code, message, error.hint())
}
