//! Gathers what many threads see into one finding for each secret, and turns those into the report's.

use std::collections::{HashMap, HashSet};

use gix::ObjectId;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::attribute::Attribution;
use crate::entropy::guessable;
use crate::matcher::{Match, Matcher};
use crate::path::{is_generated, is_test_data};
use crate::report::{Confidence, Decoding, Finding, Kind, Own, Place, Severity, Source};
use crate::text::{Lines, Position, Text};

/// A repository made to exhaust holds more; what is beyond is counted, not kept.
const MAX_GROUPS: usize = 100_000;
/// The same for places.
const MAX_SIGHTINGS: usize = 2_000_000;
/// Marks that let a line pass.
const ALLOW: [&[u8]; 2] = [b"keyward:allow", b"gitleaks:allow"];

/// What was read, as far as it is known while scanning.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Container {
    /// A file on disk, by its shown path.
    File(String),
    /// Bytes handed in.
    Stdin,
    /// A staged blob and its shown path.
    Staged(String, ObjectId),
    /// A blob of the repository with this number; its paths are found later.
    Blob(usize, ObjectId),
    /// The message of this commit, or of a tag of it.
    Message(usize, ObjectId),
}

/// One secret in one container.
struct Sighting {
    container: Container,
    start: Position,
    end: Position,
    decoded: Vec<Decoding>,
    key: Vec<u8>,
}

#[derive(PartialEq, Eq, Hash)]
struct GroupKey {
    rule: Option<usize>,
    /// SHA-256 of the secret, so that the map holds no copy.
    secret: [u8; 32],
}

struct Group {
    secret: Zeroizing<Vec<u8>>,
    own: Option<usize>,
    confidence: Confidence,
    sightings: Vec<Sighting>,
}

/// All findings so far.
#[derive(Default)]
pub(crate) struct Collector {
    groups: HashMap<GroupKey, Group>,
    sightings: usize,
    /// Some findings were too many to keep.
    pub(crate) overflowed: bool,
}

/// The secrets of one text with their positions, ready for the collector.
pub(crate) struct Seen {
    matches: Vec<(Match, Position, Position)>,
    decoding: Option<Decoding>,
}

/// Searches one file, blob or message. Lines that carry an allow mark are passed over.
pub(crate) fn examine(matcher: &Matcher<'_>, raw: &[u8]) -> Seen {
    let text = Text::new(raw);
    let mut matches = matcher.find(&text.bytes);
    if matches.is_empty() {
        return Seen {
            matches: Vec::new(),
            decoding: None,
        };
    }
    let lines = Lines::new(&text);
    let allowed = marks(&text.bytes);
    if !allowed.is_empty() {
        matches.retain(|hit| {
            let (start, end) = lines.around(hit.span.start, hit.span.end.saturating_sub(1));
            let next = allowed.partition_point(|&at| at < start);
            allowed.get(next).is_none_or(|&at| at >= end)
        });
    }
    let matches = matches
        .into_iter()
        .map(|hit| {
            let start = lines.position(hit.span.start);
            let last = lines.position(hit.span.end.saturating_sub(1));
            // The byte after the last one, on the last one's line even where that ends it.
            let after = lines.position(hit.span.end);
            let end = if after.line == last.line {
                after
            } else {
                Position {
                    column: last.column + 1,
                    ..last
                }
            };
            (hit, start, end)
        })
        .collect();
    Seen {
        matches,
        decoding: text.decoding(),
    }
}

/// Where the allow marks are, in order.
fn marks(text: &[u8]) -> Vec<usize> {
    // Both marks end alike; few texts hold either.
    let tail = b":allow";
    let mut at = Vec::new();
    for (colon, _) in text.iter().enumerate().filter(|&(_, &b)| b == b':') {
        if text[colon..].starts_with(tail)
            && ALLOW
                .iter()
                .any(|mark| text[..colon + tail.len()].ends_with(mark))
        {
            at.push(colon);
        }
    }
    at
}

impl Collector {
    pub(crate) fn add(&mut self, container: &Container, seen: Seen, matcher: &Matcher<'_>) {
        for (hit, start, end) in seen.matches {
            let kind = hit.rule.map(|rule| matcher.rules.at(rule).kind);
            let key = GroupKey {
                rule: hit.rule,
                secret: Sha256::digest(&*canonical(&hit.secret, kind)).into(),
            };
            if self.sightings >= MAX_SIGHTINGS
                || (self.groups.len() >= MAX_GROUPS && !self.groups.contains_key(&key))
            {
                self.overflowed = true;
                continue;
            }
            self.sightings += 1;
            let group = self.groups.entry(key).or_insert_with(|| Group {
                secret: hit.secret,
                own: None,
                confidence: hit.confidence,
                sightings: Vec::new(),
            });
            group.own = group.own.or(hit.own);
            group.confidence = group.confidence.max(hit.confidence);
            group.sightings.push(Sighting {
                container: container.clone(),
                start,
                end,
                decoded: seen.decoding.into_iter().chain(hit.decoded).collect(),
                key: hit.key,
            });
        }
    }

    /// The blobs of a repository whose paths are wanted.
    pub(crate) fn blobs(&self, repository: usize) -> HashSet<ObjectId> {
        let sightings = self.groups.values().flat_map(|group| &group.sightings);
        sightings
            .filter_map(|sighting| match sighting.container {
                Container::Blob(number, id) if number == repository => Some(id),
                _ => None,
            })
            .collect()
    }

    /// The findings, in no order yet.
    pub(crate) fn findings(
        mut self,
        matcher: &Matcher<'_>,
        attribution: &Attribution,
        options: &Shown,
    ) -> Vec<Finding> {
        self.join_own();
        self.groups
            .into_iter()
            .filter_map(|(key, group)| finding(key.rule, group, matcher, attribution, options))
            .collect()
    }

    /// An own value that a rule knows in one place and only the vault in another is one finding.
    fn join_own(&mut self) {
        let known: HashMap<[u8; 32], usize> = self
            .groups
            .iter()
            .filter(|(_, group)| group.own.is_some())
            .filter_map(|(key, _)| Some((key.secret, key.rule?)))
            .collect();
        for (secret, rule) in known {
            // A rule's canonical form may differ from the plain value's: only equal values are joined.
            if let Some(bare) = self.groups.remove(&GroupKey { rule: None, secret })
                && let Some(group) = self.groups.get_mut(&GroupKey {
                    rule: Some(rule),
                    secret,
                })
            {
                group.sightings.extend(bare.sightings);
            }
        }
    }
}

/// How findings are to be shown.
pub(crate) struct Shown {
    /// The whole value instead of a masked one.
    pub(crate) secrets: bool,
    /// Quiet what looks like test data or generated files.
    pub(crate) quiet: bool,
}

/// A place and the sighting it comes from, with what decides which matters most.
struct Ranked<'g> {
    rank: (u8, usize, usize, String, u64, u64),
    place: Place,
    blob: Option<ObjectId>,
    sighting: &'g Sighting,
}

fn finding(
    rule: Option<usize>,
    group: Group,
    matcher: &Matcher<'_>,
    attribution: &Attribution,
    options: &Shown,
) -> Option<Finding> {
    let rule = rule.map(|rule| matcher.rules.at(rule));
    let mut places = ranked(&group, attribution);
    places.sort_by(|a, b| a.rank.cmp(&b.rank));
    let first = places.first()?;
    let own = group.own.map(|own| matcher.own.own(own));
    let mut confidence = group.confidence;
    let mut severity = rule.map_or(Severity::Low, |rule| rule.severity);
    if let Some(own) = group.own {
        confidence = Confidence::High;
        severity = severity.max(matcher.own.severity(own));
    } else if let Some(rule) = rule.filter(|rule| options.quiet && rule.provider == "generic") {
        if rule.confidence == Confidence::Low
            && places.iter().all(|place| is_generated(&place.place.path))
        {
            return None;
        }
        if places.iter().all(|place| is_test_data(&place.place.path)) {
            confidence = confidence.lowered();
        }
    }

    let kind = rule.map_or(Kind::Other, |rule| rule.kind);
    let id = rule.map_or("own-value", |rule| rule.id.as_str());
    let canonical = canonical(&group.secret, Some(kind));
    let proved = rule.is_some_and(|rule| rule.check.is_some_and(crate::check::Check::proves));
    let generic = rule.is_none_or(|rule| rule.provider == "generic");
    let fingerprint = if !proved && guessable(&canonical, kind == Kind::Password || generic) {
        let name = own
            .as_ref()
            .map_or(first.sighting.key.as_slice(), |own| own.entry.as_bytes());
        fingerprint(&[b"place", id.as_bytes(), first.place.path.as_bytes(), name])
    } else {
        fingerprint(&[id.as_bytes(), &canonical])
    };
    let (start, end) = (first.sighting.start, first.sighting.end);
    let (blob, decoded) = (
        first.blob.map(|id| id.to_string()),
        first.sighting.decoded.clone(),
    );
    let main = first.place.clone();
    let mut seen = HashSet::new();
    let places = places
        .into_iter()
        .map(|ranked| ranked.place)
        .filter(|place| {
            seen.insert((
                place.path.clone(),
                place.line,
                place.column,
                place.commit.clone(),
                place.source as u8,
            ))
        })
        .collect();
    Some(Finding {
        rule: id.to_owned(),
        name: rule.map_or_else(
            || "Value from your vault".to_owned(),
            |rule| rule.name.clone(),
        ),
        provider: rule.map(|rule| rule.provider.clone()),
        kind,
        mode: rule.and_then(|rule| rule.mode),
        severity,
        confidence,
        path: main.path,
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
        commit: main.commit,
        blob,
        source: main.source,
        secret: if options.secrets {
            crate::path::shown(&group.secret)
        } else {
            mask(&group.secret)
        },
        fingerprint,
        places,
        decoded,
        advice: advice(rule.and_then(|rule| rule.advice.as_deref()), own.as_ref()),
        console: rule.and_then(|rule| rule.console.clone()),
        own,
    })
}

fn advice(rule: Option<&str>, own: Option<&Own>) -> Option<String> {
    match (own, rule) {
        (Some(own), _) if matches!(own.stage.as_str(), "revoked" | "dead") => Some(format!(
            "This is {}, version {}, which is {}. Check that it is refused, then clean up at leisure.",
            own.entry, own.version, own.stage
        )),
        (Some(own), _) => Some(format!(
            "This is {}, version {} ({}). Revoke it first, then rotate it; cleaning the history comes last.",
            own.entry, own.version, own.stage
        )),
        (None, rule) => rule.map(ToOwned::to_owned),
    }
}

/// Work tree and input before the index, reachable history (oldest first), messages and the rest; plain
/// before encoded; then by path and position.
fn ranked<'g>(group: &'g Group, attribution: &Attribution) -> Vec<Ranked<'g>> {
    let mut out = Vec::with_capacity(group.sightings.len());
    for sighting in &group.sightings {
        let mut add =
            |rank: u8, order: usize, path: String, commit: Option<ObjectId>, source, blob| {
                let Position { line, column } = sighting.start;
                out.push(Ranked {
                    rank: (
                        rank,
                        order,
                        sighting.decoded.len(),
                        path.clone(),
                        line,
                        column,
                    ),
                    place: Place {
                        path,
                        line,
                        column,
                        commit: commit.map(|id| id.to_string()),
                        source,
                    },
                    blob,
                    sighting,
                });
            };
        match &sighting.container {
            Container::File(path) => add(0, 0, path.clone(), None, Source::Worktree, None),
            Container::Stdin => add(0, 0, "-".to_owned(), None, Source::Stdin, None),
            Container::Staged(path, blob) => {
                add(1, 0, path.clone(), None, Source::Index, Some(*blob))
            }
            Container::Message(repository, commit) => {
                let order = attribution
                    .order
                    .get(&(*repository, *commit))
                    .copied()
                    .unwrap_or(usize::MAX);
                add(
                    3,
                    order,
                    String::new(),
                    Some(*commit),
                    Source::CommitMessage,
                    None,
                );
            }
            Container::Blob(repository, blob) => match attribution.blobs.get(&(*repository, *blob))
            {
                Some(known) => {
                    for known in known {
                        let source = if known.staged {
                            Source::Index
                        } else {
                            Source::History
                        };
                        let rank = match known.commit {
                            _ if known.staged => 1,
                            Some(_) => 2,
                            None => 4,
                        };
                        add(
                            rank,
                            known.order,
                            known.path.clone(),
                            known.commit,
                            source,
                            Some(*blob),
                        );
                    }
                }
                None => add(
                    4,
                    usize::MAX,
                    String::new(),
                    None,
                    Source::History,
                    Some(*blob),
                ),
            },
        }
    }
    out
}

/// A secret in the form that is compared: a private key is the same with other line ends, or escaped.
fn canonical(secret: &[u8], kind: Option<Kind>) -> Zeroizing<Vec<u8>> {
    if kind != Some(Kind::PrivateKey) {
        return Zeroizing::new(secret.to_vec());
    }
    let mut out = Zeroizing::new(Vec::with_capacity(secret.len()));
    let mut bytes = secret.iter().copied().peekable();
    while let Some(b) = bytes.next() {
        match b {
            b'\\' if matches!(bytes.peek(), Some(b'n' | b'r')) => {
                bytes.next();
            }
            b if b.is_ascii_whitespace() || b"\\\"',".contains(&b) => {}
            b => out.push(b),
        }
    }
    out
}

/// Both ends of a value, each at most four characters and an eighth of it; nothing of one below eight.
fn mask(secret: &[u8]) -> String {
    let shown = (secret.len() / 8).min(4);
    let plain = |part: &[u8]| -> String {
        part.iter()
            .map(|&b| {
                if b.is_ascii_graphic() {
                    char::from(b)
                } else {
                    '·'
                }
            })
            .collect()
    };
    format!(
        "{}…{}",
        plain(&secret[..shown]),
        plain(&secret[secret.len() - shown..])
    )
}

/// 32 hexadecimal digits of SHA-256 over the parts with a NUL between.
fn fingerprint(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for (number, part) in parts.iter().enumerate() {
        if number > 0 {
            hasher.update([0]);
        }
        hasher.update(part);
    }
    hex::encode(&hasher.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_gives_little_away() {
        assert_eq!(mask(b"sk_live_7hQ2mVx9LpR4tYw8NzKd9f2c"), "sk_l…9f2c");
        assert_eq!(mask(b"hunter2"), "…");
        assert_eq!(mask(b"12345678"), "1…8");
        assert_eq!(mask(b"1234567890123456"), "12…56");
        assert_eq!(mask("äöüäöüäöüäöü".as_bytes()), "···…···");
        assert_eq!(mask(&[b'x'; 4_000]).chars().count(), 9);
    }

    #[test]
    fn keys_are_the_same_however_their_lines_end() {
        let unix = canonical(b"-----BEGIN-----\nAB\nCD\n", Some(Kind::PrivateKey));
        assert_eq!(
            unix,
            canonical(b"-----BEGIN-----\r\nAB\r\nCD", Some(Kind::PrivateKey))
        );
        assert_eq!(
            unix,
            canonical(br"-----BEGIN-----\nAB\nCD", Some(Kind::PrivateKey))
        );
        assert_ne!(
            unix,
            canonical(b"-----BEGIN-----\nAB\nCE\n", Some(Kind::PrivateKey))
        );
    }

    #[test]
    fn marks_are_found_in_order() {
        assert_eq!(marks(b"a keyward:allow b:allow gitleaks:allow").len(), 2);
        assert!(marks(b"nothing: allowed").is_empty());
    }
}
