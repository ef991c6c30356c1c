//! One finding for each stretch of text: where several rules and the vault see the same bytes, the surest has
//! them. And lines that carry a mark are passed over.

use std::cmp::Reverse;
use std::sync::Arc;

use super::hits::{Hit, What};
use super::matcher::Matcher;
use super::sight::Sight;
use crate::report::Severity;

/// A text with a NUL among this many first bytes is binary; unsure rules only make noise there.
const BINARY_PROBE: usize = 8_000;
/// So many secrets of one encoded stretch are kept.
const MAX_TOGETHER: usize = 200;

/// A secret that has its stretch: the number of its sight, and its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Settled {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) sight: u32,
}

/// The secrets among `hits`, which are in order of their start.
pub(crate) fn settle(matcher: &Matcher<'_>, text: &[u8], hits: &[Hit]) -> Vec<Settled> {
    if hits.iter().all(|hit| !matches!(hit.what, What::Secret { .. })) {
        return Vec::new();
    }
    let binary = memchr::memchr(0, &text[..text.len().min(BINARY_PROBE)]).is_some();
    let marks: Vec<&Hit> = hits.iter().filter(|hit| hit.what == What::Allow).collect();
    let wanted = hits.iter().filter(|hit| match hit.what {
        What::Secret { unsure, .. } => {
            let noise = unsure && binary;
            // Only the nearest mark on either side can be on its line.
            let after = marks.partition_point(|mark| mark.start < hit.start);
            let mut near = marks[after.saturating_sub(1)..].iter().take(2);
            !noise && !near.any(|mark| same_line(text, hit, mark))
        }
        _ => false,
    });
    let mut out = Vec::new();
    let mut cluster: Vec<&Hit> = Vec::new();
    let mut end = 0;
    for hit in wanted {
        if hit.start >= end && !cluster.is_empty() {
            one_cluster(matcher, &cluster, &mut out);
            cluster.clear();
        }
        end = if cluster.is_empty() { hit.end } else { end.max(hit.end) };
        cluster.push(hit);
    }
    one_cluster(matcher, &cluster, &mut out);
    out.sort_unstable();
    out.dedup();
    out
}

fn same_line(text: &[u8], hit: &Hit, mark: &Hit) -> bool {
    let (hit_end, mark_end) = (hit.end.saturating_sub(1).max(hit.start), mark.end);
    let between = if mark.start >= hit_end {
        hit_end as usize..mark.start as usize
    } else if hit.start >= mark_end {
        mark_end as usize..hit.start as usize
    } else {
        return true;
    };
    text.get(between).is_some_and(|gap| memchr::memchr2(b'\n', b'\r', gap).is_none())
}

/// Settles hits that overlap, or hang together through others.
fn one_cluster(matcher: &Matcher<'_>, cluster: &[&Hit], out: &mut Vec<Settled>) {
    let number = |hit: &Hit| match hit.what {
        What::Secret { sight, .. } => Some(sight),
        _ => None,
    };
    if let [hit] = cluster {
        out.extend(number(hit).map(|sight| Settled { start: hit.start, end: hit.end, sight }));
        return;
    }
    let mut rows: Vec<(&Hit, u32, Arc<Sight>)> = cluster
        .iter()
        .filter_map(|hit| number(hit).map(|sight| (*hit, sight, matcher.sights.get(sight))))
        .collect();
    rows.sort_by_cached_key(|(hit, _, sight)| {
        let severity =
            sight.rule.map_or(Severity::Critical, |rule| matcher.rules.at(rule).severity);
        let provider = sight.rule.is_some_and(|rule| matcher.rules.at(rule).provider == "generic");
        // A rule that is sure names what was found; an unsure one gives way to the vault.
        let class = match sight.rule {
            Some(_) if sight.confidence > crate::report::Confidence::Low => 0,
            None => 1,
            Some(_) => 2,
        };
        (
            class,
            Reverse(sight.confidence),
            provider,
            Reverse(severity),
            sight.decoded.len(),
            Reverse(sight.secret.len()),
            hit.start,
            sight.rule,
            sight.own,
        )
    });
    let mut kept: Vec<(&Hit, u32, Arc<Sight>, Option<usize>)> = Vec::new();
    'rows: for (hit, sight_number, sight) in rows {
        let touching: Vec<usize> = (0..kept.len())
            .filter(|&at| kept[at].0.start < hit.end && hit.start < kept[at].0.end)
            .collect();
        if touching.is_empty() {
            kept.push((hit, sight_number, sight, None));
            continue;
        }
        // Different secrets inside one encoded stretch all count.
        let apart = !sight.decoded.is_empty()
            && touching.len() < MAX_TOGETHER
            && touching.iter().all(|&at| {
                let (other_hit, _, other, _) = &kept[at];
                other.decoded == sight.decoded
                    && (other_hit.start, other_hit.end) == (hit.start, hit.end)
                    && !overlap(&other.secret, &sight.secret)
            });
        if apart {
            kept.push((hit, sight_number, sight, None));
            continue;
        }
        for at in touching {
            let (keeper_hit, _, keeper, own) = &mut kept[at];
            let same_place = (keeper_hit.start, keeper_hit.end) == (hit.start, hit.end);
            if sight.rule.is_none() && (same_place || overlap(&keeper.secret, &sight.secret)) {
                *own = own.or(sight.own);
                continue 'rows;
            }
        }
    }
    for (hit, number, sight, own) in kept {
        // The vault knows what a rule has named: that is a sight of its own.
        let joined = own.filter(|_| sight.own.is_none()).and_then(|own| {
            matcher.sights.number(Sight {
                rule: sight.rule,
                own: Some(own),
                secret: sight.secret.clone(),
                key: sight.key.clone(),
                confidence: sight.confidence,
                decoded: sight.decoded.clone(),
            })
        });
        out.push(Settled { start: hit.start, end: hit.end, sight: joined.unwrap_or(number) });
    }
}

/// Whether one secret is part of the other.
fn overlap(a: &[u8], b: &[u8]) -> bool {
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    memchr::memmem::find(long, short).is_some()
}
