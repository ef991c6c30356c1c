//! From one secret and all its sightings to the finding that a report shows.

use std::cell::Cell;
use std::collections::HashSet;

use gix::ObjectId;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::collect::{Container, Group, GroupKey, Sighting};
use super::{Confidence, Finding, Issued, Kind, Own, Place, Severity, Source};
use crate::find::matcher::Matcher;
use crate::find::text::Position;
use crate::ignores::Ignores;
use crate::path::{is_generated, is_test_data};
use crate::repo::attribute::Orders;
use crate::rules::check::Check;
use crate::rules::entropy::guessable;
use crate::rules::rule::Rule;
use crate::rules::token;

/// How findings are to be shown.
pub(crate) struct Shown<'o> {
    /// The whole value instead of a masked one.
    pub(crate) secrets: bool,
    /// Quiet what looks like test data or generated files.
    pub(crate) quiet: bool,
    /// What ignore files leave out, and how many places that were.
    pub(crate) ignores: &'o [Ignores],
    pub(crate) ignored: Cell<u64>,
}

/// A place and the sighting it comes from, with what decides which matters most.
struct Ranked<'g> {
    rank: (u8, usize, usize, String, u64, u64),
    place: Place,
    blob: Option<ObjectId>,
    commit: Option<ObjectId>,
    sighting: &'g Sighting,
}

/// The finding; `None` if it is noise from a generated file.
pub(super) fn finding(
    key: &GroupKey,
    group: Group,
    matcher: &Matcher<'_>,
    orders: &Orders,
    options: &Shown<'_>,
) -> Option<Finding> {
    let rule = key.rule.map(|rule| matcher.rules.at(rule));
    let mut places = ranked(&group, orders);
    let before = places.len();
    places.retain(|place| !options.ignores.iter().any(|ignores| ignores.holds(&place.place.path)));
    options.ignored.set(options.ignored.get() + (before - places.len()) as u64);
    // What a rule's own exceptions let pass is no finding, unless the vault knows the value.
    if let Some(rule) = rule.filter(|_| group.own.is_none()) {
        places.retain(|place| rule.accepts(&group.secret, &place.place.path));
    }
    places.sort_by(|a, b| a.rank.cmp(&b.rank));
    let first = places.first()?;
    let own = group.own.map(|own| matcher.own.own(own));
    let mut confidence = group.confidence;
    let mut severity = rule.map_or(Severity::Low, |rule| rule.severity);
    if let Some(own) = group.own {
        confidence = Confidence::High;
        severity = severity.max(matcher.own.severity(own));
    } else if let Some(rule) = rule.filter(|rule| options.quiet && made_up_easily(rule)) {
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
    let proved = rule.is_some_and(|rule| rule.check.is_some_and(Check::proves));
    let generic = rule.is_none_or(|rule| rule.provider == "generic");
    let fingerprint = if !proved && guessable(&canonical, kind == Kind::Password || generic) {
        let name = own.as_ref().map_or(first.sighting.key.as_slice(), |own| own.entry.as_bytes());
        fingerprint(&[b"place", id.as_bytes(), first.place.path.as_bytes(), name])
    } else {
        fingerprint(&[id.as_bytes(), &canonical])
    };
    let issued = rule
        .filter(|rule| rule.check == Some(Check::IssuedKey))
        .and_then(|_| token::issued_key(&group.secret))
        .map(|id| Issued { id: id.to_owned(), label: None, state: None });
    let introduced = places.iter().find_map(|ranked| ranked.commit.filter(|_| ranked.rank.0 >= 2));
    let author = introduced.and_then(|commit| orders.authors.get(&commit));
    let on_disk = places.iter().any(|ranked| ranked.rank.0 == 0);
    let in_head = on_disk || key.is_in(&orders.in_head);
    let standing = Standing {
        pushed: key.is_in(&orders.pushed),
        committed: introduced.is_some(),
        staged: places.iter().any(|ranked| ranked.rank.0 == 1),
        has_remote: orders.has_remote,
    };
    let (start, end) = (first.sighting.start, first.sighting.end);
    let (blob, decoded) = (first.blob.map(|id| id.to_string()), first.sighting.decoded.clone());
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
        name: rule.map_or_else(|| "Value from your vault".to_owned(), |rule| rule.name.clone()),
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
        utf16_end_column: end.utf16_column(),
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
        author: author.map(|author| author.name.clone()),
        date: author.map(|author| author.date.clone()),
        in_head,
        pushed: standing.pushed,
        advice: advice(rule.and_then(|rule| rule.advice.as_deref()), own.as_ref()),
        steps: steps(&standing, own.as_ref(), issued.as_ref(), rule),
        console: rule.and_then(|rule| rule.console.clone()),
        own,
        issued,
    })
}

fn advice(rule: Option<&str>, own: Option<&Own>) -> Option<String> {
    match (own, rule) {
        (Some(own), _) if matches!(own.stage.as_str(), "revoked" | "dead") => Some(format!(
            "This is {}, version {}, which is {}. Check that it is refused, then clean up at leisure.",
            own.entry, own.version, own.stage
        )),
        // What it is stands beside it, and what to do in the steps.
        (Some(_), _) => None,
        (None, rule) => rule.map(ToOwned::to_owned),
    }
}

/// Tests and examples hold passwords that open nothing; a token in its provider's form is another matter.
fn made_up_easily(rule: &Rule) -> bool {
    rule.provider == "generic" || rule.kind == Kind::Password
}

/// How far a secret has come.
struct Standing {
    pushed: bool,
    committed: bool,
    staged: bool,
    has_remote: bool,
}

/// What to do, in order, for where the secret is now.
fn steps(
    standing: &Standing,
    own: Option<&Own>,
    issued: Option<&Issued>,
    rule: Option<&Rule>,
) -> Vec<String> {
    let mut steps = Vec::new();
    let mut say = |text: String| steps.push(text);
    let spent = own.is_some_and(|own| matches!(own.stage.as_str(), "revoked" | "dead"));
    if spent {
        return steps;
    }
    let replace = match (own, issued, rule.and_then(|rule| rule.console.as_deref())) {
        (Some(own), ..) => format!("Replace it: keyward rotate {} --start", own.entry),
        (None, Some(key), _) => {
            format!("Revoke it: keyward issue revoke {}, and on your server", key.id)
        }
        (None, None, Some(console)) => format!("Revoke it and make a new one at {console}"),
        (None, None, None) => "Revoke it where it was issued and make a new one.".to_owned(),
    };
    if standing.pushed || (standing.committed && !standing.has_remote) {
        say(replace);
        say("Take it out of the files and load it at run time (keyward run -- CMD).".to_owned());
        say(
            "Cleaning the history comes last and does not make the old key safe: git filter-repo --replace-text FILE"
                .to_owned(),
        );
    } else if standing.committed {
        say("It was committed and not pushed: take it out before you push.".to_owned());
        say("In the last commit: git commit --amend. Further back: git rebase -i.".to_owned());
        say(replace);
    } else if standing.staged {
        say("It is only staged: git restore --staged FILE, then take it out of the file."
            .to_owned());
    } else {
        match issued {
            // The vault never holds such a key.
            Some(_) => say("It is only on this disk: take it out of the file.".to_owned()),
            None => {
                say("It is only on this disk: keep it in the vault and take it out of the file."
                    .to_owned())
            }
        }
    }
    if let (Some(key), false) = (issued, standing.pushed || standing.committed) {
        say(format!(
            "If anyone else could read it, revoke it: keyward issue revoke {}, and on your server",
            key.id
        ));
    }
    steps
}

/// Work tree and input before the index, reachable history (oldest first), messages and the rest; plain
/// before encoded; then by path and position.
fn ranked<'g>(group: &'g Group, orders: &Orders) -> Vec<Ranked<'g>> {
    let mut out = Vec::with_capacity(group.sightings.len());
    for sighting in &group.sightings {
        let mut add =
            |rank: u8, order: usize, mut path: String, commit: Option<ObjectId>, source, blob| {
                if let Some(member) = &sighting.member {
                    path = format!("{path}!{}", member.path);
                }
                let Position { line, column, .. } = sighting.start;
                out.push(Ranked {
                    rank: (rank, order, sighting.decoded.len(), path.clone(), line, column),
                    place: Place {
                        path,
                        line,
                        column,
                        commit: commit.map(|id| id.to_string()),
                        source,
                        utf16_column: sighting.start.utf16_column(),
                    },
                    blob,
                    commit,
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
                let order =
                    orders.commits.get(&(*repository, *commit)).copied().unwrap_or(usize::MAX);
                add(3, order, String::new(), Some(*commit), Source::CommitMessage, None);
            }
            Container::Blob(blob, None) => {
                add(4, usize::MAX, String::new(), None, Source::History, Some(*blob));
            }
            Container::Blob(blob, Some(known)) => {
                let source = if known.staged { Source::Index } else { Source::History };
                let rank = match known.commit {
                    _ if known.staged => 1,
                    Some(_) => 2,
                    None => 4,
                };
                add(rank, known.order, known.path.clone(), known.commit, source, Some(*blob));
            }
        }
    }
    out
}

/// A secret in the form that is compared: a private key is the same with other line ends, or escaped.
pub(super) fn canonical(secret: &[u8], kind: Option<Kind>) -> Zeroizing<Vec<u8>> {
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
pub(crate) fn mask(secret: &[u8]) -> String {
    let shown = (secret.len() / 8).min(4);
    let plain = |part: &[u8]| -> String {
        part.iter().map(|&b| if b.is_ascii_graphic() { char::from(b) } else { '·' }).collect()
    };
    format!("{}…{}", plain(&secret[..shown]), plain(&secret[secret.len() - shown..]))
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
        assert_eq!(unix, canonical(b"-----BEGIN-----\r\nAB\r\nCD", Some(Kind::PrivateKey)));
        assert_eq!(unix, canonical(br"-----BEGIN-----\nAB\nCD", Some(Kind::PrivateKey)));
        assert_ne!(unix, canonical(b"-----BEGIN-----\nAB\nCE\n", Some(Kind::PrivateKey)));
    }
}
