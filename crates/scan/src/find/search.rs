//! Runs rules on a text: one pass for all keywords, then each rule's pattern only round its own.

use std::ops::Range;

use zeroize::Zeroizing;

use crate::progress::Cancel;
use crate::report::{Confidence, Severity};
use crate::rules::Rules;
use crate::rules::check::Candidate;
use crate::rules::entropy::shannon;
use crate::rules::rule::Rule;

/// How far before its keyword a match may begin, in bytes.
const LEAD: usize = 512;

/// What a single rule found.
pub(super) struct Hit {
    pub(super) span: Range<usize>,
    pub(super) secret: Zeroizing<Vec<u8>>,
    pub(super) key: Vec<u8>,
    pub(super) confidence: Confidence,
}

/// Runs every wanted rule that has a keyword in `text`, on windows round its keywords.
pub(super) fn search(
    rules: &Rules,
    text: &[u8],
    wanted: impl Fn(usize) -> bool,
    cancel: &Cancel,
    mut found: impl FnMut(usize, Hit),
) {
    let prefilter = rules.prefilter();
    let mut windows: Vec<Vec<Range<usize>>> = Vec::new();
    let mut touched = Vec::new();
    for keyword in prefilter.keywords.find_overlapping_iter(text) {
        if windows.is_empty() {
            windows.resize_with(rules.len(), Vec::new);
        }
        for &rule in &prefilter.rules[keyword.pattern().as_usize()] {
            let window = keyword.start().saturating_sub(LEAD)
                ..text.len().min(keyword.end().saturating_add(rules.at(rule).reach));
            match windows[rule].last_mut() {
                Some(last) if window.start <= last.end => last.end = last.end.max(window.end),
                Some(_) => windows[rule].push(window),
                None if wanted(rule) => {
                    touched.push(rule);
                    windows[rule].push(window);
                }
                None => {}
            }
        }
    }
    touched.sort_unstable();
    for rule in touched {
        for window in std::mem::take(&mut windows[rule]) {
            search_window(rules.at(rule), text, window, cancel, |hit| {
                found(rule, hit);
            });
        }
    }
}

/// Everything the rule finds in a window. What lies before the window is seen by `\b` and `^`; a match that
/// touches its end is tried again with more text, so that a window never cuts one short.
fn search_window(
    rule: &Rule,
    text: &[u8],
    window: Range<usize>,
    cancel: &Cancel,
    mut found: impl FnMut(Hit),
) {
    let Ok(regex) = rule.compile() else {
        return;
    };
    let (mut at, mut end) = (window.start, window.end);
    let mut room = rule.reach;
    while at < end && !cancel.is_cancelled() {
        let Some(groups) = regex.captures_at(&text[..end], at) else {
            return;
        };
        let whole = groups.get(0).map_or(at..end, |group| group.range());
        if whole.end == end && end < text.len() {
            at = whole.start;
            end = text.len().min(end.saturating_add(room));
            room = room.saturating_mul(2);
            continue;
        }
        let secret = groups
            .name("secret")
            .or_else(|| groups.get(1))
            .map_or(whole.clone(), |group| group.range());
        // A delimiter that ended this match may begin the next one.
        at = if secret.end > whole.start { secret.end } else { whole.start + 1 };
        let value = &text[secret.clone()];
        if value.is_empty() || rule.entropy.is_some_and(|least| shannon(value) < least) {
            continue;
        }
        let key = groups.name("key").map_or(&b""[..], |group| group.as_bytes());
        let candidate = Candidate { secret: value, key, matched: &text[whole] };
        let most = match rule.check {
            Some(check) => check.judge(&candidate),
            None => Some(Confidence::High),
        };
        if let Some(most) = most {
            found(Hit {
                span: secret,
                secret: Zeroizing::new(value.to_vec()),
                key: key.to_vec(),
                confidence: rule.confidence.min(most),
            });
        }
    }
}

/// Whether one rule finds anything in `text`.
pub(crate) fn rule_finds(rules: &Rules, index: usize, text: &[u8]) -> bool {
    let mut finds = false;
    let cancel = Cancel::default();
    search(rules, text, |rule| rule == index, &cancel, |_, _| finds = true);
    finds
}

/// The surest rule whose secret, or whose whole match, is all of `value`.
pub(crate) fn classify(rules: &Rules, value: &[u8]) -> Option<usize> {
    let mut best: Option<(Confidence, Severity, usize)> = None;
    search(
        rules,
        value,
        |_| true,
        &Cancel::default(),
        |index, hit| {
            let rule = rules.at(index);
            let whole = hit.span == (0..value.len())
                || rule
                    .compile()
                    .ok()
                    .and_then(|regex| regex.find(value))
                    .is_some_and(|found| found.range() == (0..value.len()));
            let rank = (hit.confidence, rule.severity, usize::MAX - index);
            if whole
                && best.is_none_or(|(confidence, severity, last)| {
                    rank > (confidence, severity, usize::MAX - last)
                })
            {
                best = Some((hit.confidence, rule.severity, index));
            }
        },
    );
    best.map(|(_, _, index)| index)
}
