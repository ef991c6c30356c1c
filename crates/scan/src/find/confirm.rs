//! Whether a rule's pattern holds round one of its keywords. The answer depends on nothing but the bytes of
//! one slice round the keyword, and one more on either side.

use std::cmp::Reverse;
use std::ops::Range;

use regex_automata::{Anchored, Input, meta};
use zeroize::Zeroizing;

use super::escapes;
use crate::report::{Confidence, Decoding, Severity};
use crate::rules::Rules;
use crate::rules::check::{Candidate, Check};
use crate::rules::entropy::shannon;
use crate::rules::plausible::is_made_up;
use crate::rules::published::is_published;
use crate::rules::rule::{Compiled, Rule};
use crate::rules::shape::is_token;

/// So many matches that miss the keyword are passed over in one slice.
const MAX_MISSES: usize = 32;
/// Escaped text is longer than plain: so much more is looked at before and after.
const SLACK: (usize, usize) = (16, 64);

/// What a rule found.
#[derive(Debug)]
pub(crate) struct Confirmed {
    /// The secret's place.
    pub(crate) span: Range<usize>,
    pub(crate) secret: Zeroizing<Vec<u8>>,
    /// The name it is assigned to, or empty.
    pub(crate) key: Vec<u8>,
    pub(crate) confidence: Confidence,
    /// How the text round the keyword was escaped.
    pub(crate) decoded: Option<Decoding>,
}

/// How far before and after the keyword's first byte a rule looks, in bytes.
pub(crate) fn extent(rule: &Rule) -> (usize, usize) {
    let shape = rule.shape();
    (shape.lead + SLACK.0, shape.reach + SLACK.1)
}

/// What a thread keeps for the rules that it has met: searching needs memory of its own.
#[derive(Default)]
pub(crate) struct Caches(Vec<Option<Box<Cache>>>);

/// The memory for one pattern, and for its tail.
struct Cache {
    regex: meta::Cache,
    tail: Option<meta::Cache>,
}

impl Caches {
    fn of(&mut self, number: usize, compiled: &Compiled) -> &mut Cache {
        if self.0.len() <= number {
            self.0.resize_with(number + 1, || None);
        }
        self.0[number].get_or_insert_with(|| {
            let tail = compiled.tail.as_ref().map(meta::Regex::create_cache);
            Box::new(Cache { regex: compiled.regex.create_cache(), tail })
        })
    }
}

/// Whether so many token bytes stand together somewhere in `text`. Every `len`th byte is asked; only round one
/// that is a token's are its neighbours counted, and no further than needed.
fn has_run(text: &[u8], len: usize) -> bool {
    let mut at = len.saturating_sub(1);
    while let Some(&byte) = text.get(at) {
        if TOKEN[usize::from(byte)] {
            let (mut start, mut end) = (at, at + 1);
            while start > 0 && TOKEN[usize::from(text[start - 1])] && end - start < len {
                start -= 1;
            }
            while end < text.len() && TOKEN[usize::from(text[end])] && end - start < len {
                end += 1;
            }
            if end - start >= len {
                return true;
            }
            at = end;
        }
        at += len;
    }
    false
}

/// [`is_token`] as a table.
static TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = is_token(byte as u8);
        byte += 1;
    }
    table
};

/// The secret of the rule with this number round the keyword at `keyword`, in plain text or where quotes, slashes and the like are
/// escaped.
pub(crate) fn confirm(
    rule: &Rule,
    number: usize,
    caches: &mut Caches,
    text: &[u8],
    keyword: Range<usize>,
) -> Option<Confirmed> {
    let shape = rule.shape();
    if is_within_word(rule, text, keyword.start) {
        return None;
    }
    let (before, after) = extent(rule);
    let wide =
        keyword.start.saturating_sub(before)..text.len().min(keyword.start.saturating_add(after));
    // Most keywords are no key: what follows is too short. This says so at a tenth of a pattern's price.
    let starts = if shape.lead == 0 {
        let start = text.get(keyword.start..keyword.start + shape.starts);
        start.is_some_and(|start| start.iter().all(|&b| TOKEN[usize::from(b)]))
    } else {
        true
    };
    if !starts
        || !rule.also().may_hold(&text[wide.clone()])
        || (shape.run > shape.starts.max(keyword.len()) && !has_run(&text[wide.clone()], shape.run))
    {
        return None;
    }
    let compiled = rule.compile().ok()?;
    let cache = caches.of(number, compiled);
    let found = plain(rule, compiled, cache, text, &keyword);
    if found.is_some() {
        return found;
    }
    let plain_text = escapes::undo(text, wide, keyword.start)?;
    let start = plain_text.offset_of(keyword.start)?;
    let within = start..start + keyword.len();
    let mut found = plain(rule, compiled, cache, &plain_text.bytes, &within)?;
    found.span = plain_text.place(found.span.start)..plain_text.place(found.span.end);
    found.decoded = Some(plain_text.decoding);
    Some(found)
}

/// Whether a rule that goes by its keyword finds it at the end or in the middle of a longer word, as `meraki` is in
/// `CameraKit`: then it names no provider. A capital begins a word, and so does what follows an escaped line end
/// (`\\nmeraki_key`).
pub(crate) fn is_within_word(rule: &Rule, text: &[u8], at: usize) -> bool {
    if rule.check != Some(Check::InContext) || rule.shape().lead > 0 {
        return false;
    }
    let Some(&first) = text.get(at) else { return false };
    let before = |n: usize| at.checked_sub(n).map_or(b' ', |at| text[at]);
    let same_case = (first.is_ascii_lowercase() && before(1).is_ascii_lowercase())
        || (first.is_ascii_uppercase() && before(1).is_ascii_uppercase());
    same_case && !(before(2) == b'\\' && matches!(before(1), b'n' | b'r' | b't'))
}

/// The first match that holds the keyword and stands up to the rule's check.
fn plain(
    rule: &Rule,
    compiled: &Compiled,
    cache: &mut Cache,
    text: &[u8],
    keyword: &Range<usize>,
) -> Option<Confirmed> {
    let shape = rule.shape();
    let end = text.len().min(keyword.start.saturating_add(shape.reach));
    let start = match rule.begins {
        Some(begins) => begins.before(text, keyword.start, shape.lead)?,
        None => keyword.start.saturating_sub(shape.lead),
    };
    if let (Some(tail), Some(memory)) = (&compiled.tail, &mut cache.tail) {
        let input =
            Input::new(text).range(keyword.start..end).anchored(Anchored::Yes).earliest(true);
        tail.search_half_with(memory, &input)?;
    }
    let anchored = rule.begins.is_some() || start == keyword.start;
    let mut at = start;
    for _ in 0..MAX_MISSES {
        if at > keyword.start {
            return None;
        }
        let mode = if anchored { Anchored::Yes } else { Anchored::No };
        let input = Input::new(text).range(at..end).anchored(mode);
        let whole = compiled.regex.search_with(&mut cache.regex, &input)?.range();
        if whole.start > keyword.start {
            return None;
        }
        if whole.end >= keyword.end
            && let Some(found) = judge(rule, compiled, cache, text, whole.clone())
        {
            return Some(found);
        }
        if anchored {
            return None;
        }
        at = whole.start + 1;
    }
    None
}

fn judge(
    rule: &Rule,
    compiled: &Compiled,
    cache: &mut Cache,
    text: &[u8],
    whole: Range<usize>,
) -> Option<Confirmed> {
    let mut groups = compiled.regex.create_captures();
    let input = Input::new(text).range(whole.clone()).anchored(Anchored::Yes);
    compiled.regex.search_captures_with(&mut cache.regex, &input, &mut groups);
    let span = groups.get_group(compiled.secret).map_or(whole.clone(), |group| group.range());
    let value = &text[span.clone()];
    if value.is_empty() || rule.entropy.is_some_and(|least| shannon(value) < least) {
        return None;
    }
    let key = compiled.key.and_then(|key| groups.get_group(key)).map(|group| &text[group.range()]);
    let key = key.unwrap_or_default();
    let candidate = Candidate { secret: value, key, matched: &text[whole] };
    let most = match rule.check {
        Some(check) => check.judge(&candidate)?,
        None if rule.doubts && is_made_up(value) => Confidence::Low,
        None => Confidence::High,
    };
    let most = if is_published(value) { Confidence::Low } else { most };
    Some(Confirmed {
        secret: Zeroizing::new(value.to_vec()),
        key: key.to_vec(),
        confidence: rule.confidence.min(most),
        decoded: None,
        span,
    })
}

/// Calls `found` for every keyword of a rule in `text`; for single values and examples.
fn each_keyword(rule: &Rule, text: &[u8], mut found: impl FnMut(Range<usize>)) {
    let lower = text.to_ascii_lowercase();
    for word in &rule.keywords {
        let word = word.to_ascii_lowercase();
        for at in memchr::memmem::find_iter(&lower, word.as_bytes()) {
            found(at..at + word.len());
        }
    }
}

/// Whether one rule finds anything in `text`.
pub(crate) fn rule_finds(rules: &Rules, index: usize, text: &[u8]) -> bool {
    let rule = rules.at(index);
    let mut finds = false;
    let mut caches = Caches::default();
    each_keyword(rule, text, |keyword| {
        finds |= confirm(rule, index, &mut caches, text, keyword).is_some()
    });
    finds
}

/// The surest rule whose secret, or whose whole match, is all of `value`.
pub(crate) fn classify(rules: &Rules, value: &[u8]) -> Option<(usize, Confidence)> {
    let mut caches = Caches::default();
    let mut best: Option<(Confidence, Severity, Reverse<usize>)> = None;
    for (index, rule) in rules.iter().enumerate() {
        each_keyword(rule, value, |keyword| {
            let Some(hit) = confirm(rule, index, &mut caches, value, keyword) else { return };
            let whole = hit.span == (0..value.len())
                || rule.compile().is_ok_and(|compiled| {
                    compiled
                        .regex
                        .find(value)
                        .is_some_and(|found| found.range() == (0..value.len()))
                });
            if whole {
                best = best.max(Some((hit.confidence, rule.severity, Reverse(index))));
            }
        });
    }
    best.map(|(confidence, _, Reverse(index))| (index, confidence))
}
