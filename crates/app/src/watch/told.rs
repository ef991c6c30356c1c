//! What was told already, so that nothing is told twice until it went away and came back.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use keyward_scan::{Finding, Place, Report, Source};

use super::News;

/// A finding in a file, as far as its end needs to be told.
struct Short {
    rule: String,
    name: String,
    secret: String,
}

/// Findings by fingerprint and path.
#[derive(Default)]
pub(super) struct Told {
    /// In files: path, then fingerprint.
    files: BTreeMap<String, BTreeMap<String, Short>>,
    /// In commits and their messages: fingerprint and path, or the commit.
    commits: HashSet<(String, String)>,
}

impl Told {
    /// Takes all of a report as told.
    pub(super) fn all(&mut self, report: &Report) {
        for finding in &report.findings {
            for place in &finding.places {
                if place.source == Source::Worktree {
                    self.put(finding, &place.path);
                } else {
                    self.commits.insert(key(finding, place));
                }
            }
        }
    }

    fn put(&mut self, finding: &Finding, path: &str) -> bool {
        let short = Short {
            rule: finding.rule.clone(),
            name: finding.name.clone(),
            secret: finding.secret.clone(),
        };
        let file = self.files.entry(path.to_owned()).or_default();
        file.insert(finding.fingerprint.clone(), short).is_none()
    }

    /// The news of a scan of files: `read` are those that were read, `gone` those, or the folders,
    /// that are not there any more.
    pub(super) fn files(
        &mut self,
        report: &Report,
        read: &BTreeSet<String>,
        gone: &[String],
    ) -> Vec<News> {
        let mut news = Vec::new();
        let mut now: HashSet<(&str, &str)> = HashSet::new();
        for finding in &report.findings {
            let mut new = Vec::new();
            for place in &finding.places {
                now.insert((&place.path, &finding.fingerprint));
                let again = new.iter().any(|other: &Place| other.path == place.path);
                if again || self.put(finding, &place.path) {
                    new.push(place.clone());
                }
            }
            news.extend(narrowed(finding, new));
        }
        let mut over = Vec::new();
        for path in read {
            let Some(file) = self.files.get_mut(path) else { continue };
            over.extend(
                file.extract_if(.., |print, _| !now.contains(&(path.as_str(), print.as_str())))
                    .map(|(print, short)| (path.clone(), print, short)),
            );
        }
        for path in gone {
            let below = format!("{path}/");
            let files =
                self.files.extract_if(.., |name, _| name == path || name.starts_with(&below));
            for (name, file) in files {
                over.extend(file.into_iter().map(|(print, short)| (name.clone(), print, short)));
            }
        }
        self.files.retain(|_, file| !file.is_empty());
        news.extend(over.into_iter().map(|(path, fingerprint, short)| News::Gone {
            path,
            fingerprint,
            rule: short.rule,
            name: short.name,
            secret: short.secret,
        }));
        news
    }

    /// The news of a scan of commits. What is in a file now, and was told there, is no news.
    pub(super) fn commits(&mut self, report: &Report) -> Vec<News> {
        let mut news = Vec::new();
        for finding in &report.findings {
            let mut new = finding.places.clone();
            new.retain(|place| {
                let on_disk = self.files.get(&place.path);
                let on_disk = on_disk.is_some_and(|file| file.contains_key(&finding.fingerprint));
                self.commits.insert(key(finding, place)) && !on_disk
            });
            news.extend(narrowed(finding, new));
        }
        news
    }

    /// The files in which something was told, of those whose names begin so.
    pub(super) fn paths<'t>(&'t self, prefix: &'t str) -> impl Iterator<Item = &'t str> {
        self.files.keys().map(String::as_str).filter(move |name| name.starts_with(prefix))
    }

    /// Forgets what was told of files whose names begin so.
    pub(super) fn forget(&mut self, prefix: &str) {
        self.files.retain(|name, _| !name.starts_with(prefix));
    }
}

fn key(finding: &Finding, place: &Place) -> (String, String) {
    let at = match &place.commit {
        Some(commit) if place.path.is_empty() => format!("commit {commit}"),
        _ => place.path.clone(),
    };
    (finding.fingerprint.clone(), at)
}

/// The finding with these of its places only; none without places.
fn narrowed(finding: &Finding, places: Vec<Place>) -> Option<News> {
    let first = places.first()?;
    let mut finding = finding.clone();
    if Some(first) != finding.places.first() {
        let lines = finding.end_line.saturating_sub(finding.line);
        if lines == 0 {
            let columns = finding.end_column.saturating_sub(finding.column);
            finding.end_column = first.column + columns;
        }
        finding.end_line = first.line + lines;
        first.path.clone_into(&mut finding.path);
        (finding.line, finding.column) = (first.line, first.column);
        finding.commit.clone_from(&first.commit);
        finding.source = first.source;
        finding.blob = None;
    }
    finding.places = places;
    Some(News::Finding { finding: Box::new(finding) })
}
