//! Finds credentials in one text, or in those parts of it that changed: literals first, then the rules'
//! patterns round them, then the vault's own values, then the same in what the text holds in encoded form.

use std::ops::Range;

use zeroize::Zeroizing;

use super::confirm::{Caches, confirm, extent};
use super::encoded;
use super::hits::{Ask, Hit, Hits, What};
use super::literal::{Anchor, Literals, Owner};
use super::own::{OwnIndex, OwnValue};
use super::sight::{Sight, Sights};
use super::unpack::Limits;
use crate::options::Options;
use crate::progress::Cancel;
use crate::report::{Confidence, Decoding};
use crate::rules::Rules;

/// Encodings inside encodings are undone this deep.
const MAX_DEPTH: usize = 3;
/// Literals are gathered in pieces of so many bytes of text before they are asked about.
const PIECE: usize = 256 * 1024;
/// How far before and after a literal's first byte most rules look. What looks further is asked again
/// whenever something changes in its reach.
pub(crate) const BEFORE: usize = 64;
pub(crate) const AFTER: usize = 256;

/// What to look for.
pub(crate) struct Matcher<'a> {
    pub(crate) rules: &'a Rules,
    pub(crate) own: OwnIndex<'a>,
    pub(crate) sights: Sights,
    /// How far archives are unpacked.
    pub(crate) limits: Limits,
    literals: Literals,
    /// One text can be large enough to be worth stopping in.
    cancel: Cancel,
}

/// What one thread keeps between texts.
#[derive(Default)]
pub(crate) struct Scratch {
    positions: Vec<u32>,
    anchors: Vec<Anchor>,
    caches: Caches,
}

impl<'a> Matcher<'a> {
    pub(crate) fn new(
        rules: &'a Rules,
        own: Option<&'a [OwnValue]>,
        options: &Options,
        cancel: &Cancel,
    ) -> Self {
        let own = OwnIndex::new(own.unwrap_or_default());
        let literals = Literals::new(rules, &own, options.own_only);
        let limits = Limits::new(options.limit());
        Self { rules, own, sights: Sights::default(), limits, literals, cancel: cancel.clone() }
    }

    /// Everything in `text`.
    pub(crate) fn all(&self, text: &[u8], scratch: &mut Scratch) -> Hits {
        let mut hits = Hits::of_last();
        self.part(text, 0..text.len(), scratch, &mut hits);
        hits.sort();
        hits
    }

    /// What begins in `range`, appended to `hits`; of what is encoded, all that a change before the range's last
    /// [`BEFORE`] bytes may have made another.
    pub(crate) fn part(
        &self,
        text: &[u8],
        range: Range<usize>,
        scratch: &mut Scratch,
        hits: &mut Hits,
    ) {
        self.each_anchor(text, range.clone(), scratch, |anchor, caches| {
            self.anchor(text, anchor, caches, hits);
            !hits.full
        });
        let end = range.end.saturating_add(encoded::REACH + encoded::MIN_RUN);
        encoded::runs(text, range.start, end, |run| {
            let (start, end) = (run.span.start as u32, run.span.end as u32);
            let low = run.span.start.saturating_sub(encoded::REACH) as u32;
            let high = (run.span.end + encoded::REACH).min(text.len()) as u32;
            let bytes = Zeroizing::new(run.bytes);
            let mut chain = vec![run.decoding];
            self.inside(&bytes, &mut chain, scratch, &mut |sight| {
                let unsure = sight.confidence == Confidence::Low;
                if let Some(sight) = self.sights.number(sight) {
                    let what = What::Secret { sight, unsure };
                    hits.push(Hit { start, end, what, low, high, ask: None });
                }
            });
        });
    }

    /// Calls `found` for every literal in a range until it says `false` or the scan is cancelled. In pieces: a
    /// text may be nothing but one literal.
    fn each_anchor(
        &self,
        text: &[u8],
        range: Range<usize>,
        scratch: &mut Scratch,
        mut found: impl FnMut(Anchor, &mut Caches) -> bool,
    ) {
        let Scratch { positions, anchors, caches } = scratch;
        for start in range.clone().step_by(PIECE) {
            let end = range.end.min(start + PIECE);
            anchors.clear();
            self.literals.anchors(text, start, end, positions, |anchor| anchors.push(anchor));
            for anchor in anchors.iter() {
                if self.cancel.is_cancelled() || !found(*anchor, caches) {
                    return;
                }
            }
        }
    }

    /// Asks again whom a change may have made to think otherwise.
    pub(crate) fn again(&self, text: &[u8], ask: Ask, scratch: &mut Scratch, hits: &mut Hits) {
        let literal = self.literals.at(ask.literal);
        let at = ask.at as usize;
        match literal.owner {
            Owner::Rules(_) => {
                let anchor = Anchor { at, literal: ask.literal };
                self.rule(text, anchor, ask.rule, &mut scratch.caches, hits);
            }
            Owner::Own(probe) => self.probe(text, at, ask.literal, probe, hits),
            Owner::Allow => {}
        }
    }

    /// Whether the scan was cancelled.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// How long a literal is.
    pub(crate) fn literal_len(&self, literal: u32) -> usize {
        self.literals.at(literal).len()
    }

    fn anchor(&self, text: &[u8], anchor: Anchor, caches: &mut Caches, hits: &mut Hits) {
        let literal = self.literals.at(anchor.literal);
        match &literal.owner {
            Owner::Rules(rules) => {
                for &number in rules {
                    self.rule(text, anchor, number, caches, hits);
                }
            }
            Owner::Own(probe) => self.probe(text, anchor.at, anchor.literal, *probe, hits),
            Owner::Allow => {
                let (start, end) = (anchor.at as u32, (anchor.at + literal.len()) as u32);
                hits.push(Hit { start, end, what: What::Allow, low: start, high: end, ask: None });
            }
        }
    }

    fn rule(&self, text: &[u8], anchor: Anchor, number: u32, caches: &mut Caches, hits: &mut Hits) {
        let rule = self.rules.at(number as usize);
        let (before, after) = extent(rule);
        let keyword = anchor.at..anchor.at + self.literals.at(anchor.literal).len();
        let far = before > BEFORE || after > AFTER;
        let found = confirm(rule, number as usize, caches, text, keyword.clone());
        let (span, what) = match found {
            Some(found) => {
                let unsure = found.confidence == Confidence::Low;
                let sight = Sight {
                    rule: Some(number as usize),
                    own: None,
                    secret: found.secret,
                    key: found.key,
                    confidence: found.confidence,
                    decoded: found.decoded.into_iter().collect(),
                };
                match self.sights.number(sight) {
                    Some(sight) => (found.span, What::Secret { sight, unsure }),
                    None => return,
                }
            }
            None if far => (keyword, What::Nothing),
            None => return,
        };
        let (low, high) = reach(text, anchor.at, before, after);
        let ask =
            far.then_some(Ask { at: anchor.at as u32, literal: anchor.literal, rule: number });
        hits.push(Hit { start: span.start as u32, end: span.end as u32, what, low, high, ask });
    }

    fn probe(&self, text: &[u8], at: usize, literal: u32, probe: usize, hits: &mut Hits) {
        let (before, after) = self.own.shape(probe);
        let (span, what) = match self.own.confirm(probe, text, at) {
            Some(found) => {
                let sight = Sight {
                    rule: None,
                    own: Some(found.own),
                    secret: Zeroizing::new(self.own.value(found.own).to_vec()),
                    key: Vec::new(),
                    confidence: Confidence::High,
                    decoded: found.decoding.into_iter().collect(),
                };
                match self.sights.number(sight) {
                    Some(sight) => (found.span, What::Secret { sight, unsure: false }),
                    None => return,
                }
            }
            None => (at..at, What::Nothing),
        };
        let (low, high) = reach(text, at, before, after);
        let ask = Some(Ask { at: at as u32, literal, rule: 0 });
        hits.push(Hit { start: span.start as u32, end: span.end as u32, what, low, high, ask });
    }

    /// Searches text that was decoded; there, rules that are unsure only make noise.
    fn inside(
        &self,
        text: &[u8],
        chain: &mut Vec<Decoding>,
        scratch: &mut Scratch,
        found: &mut dyn FnMut(Sight),
    ) {
        self.each_anchor(text, 0..text.len(), scratch, |Anchor { at, literal }, caches| {
            match &self.literals.at(literal).owner {
                Owner::Rules(rules) => {
                    let keyword = at..at + self.literal_len(literal);
                    for &number in rules {
                        let rule = self.rules.at(number as usize);
                        if rule.confidence == Confidence::Low {
                            continue;
                        }
                        let Some(hit) =
                            confirm(rule, number as usize, caches, text, keyword.clone())
                        else {
                            continue;
                        };
                        found(Sight {
                            rule: Some(number as usize),
                            own: None,
                            secret: hit.secret,
                            key: hit.key,
                            confidence: hit.confidence,
                            decoded: chain.iter().copied().chain(hit.decoded).collect(),
                        });
                    }
                }
                Owner::Own(probe) => {
                    if let Some(hit) = self.own.confirm(*probe, text, at) {
                        found(Sight {
                            rule: None,
                            own: Some(hit.own),
                            secret: Zeroizing::new(self.own.value(hit.own).to_vec()),
                            key: Vec::new(),
                            confidence: Confidence::High,
                            decoded: chain.iter().copied().chain(hit.decoding).collect(),
                        });
                    }
                }
                Owner::Allow => {}
            }
            true
        });
        if chain.len() < MAX_DEPTH {
            encoded::runs(text, 0, text.len(), |run| {
                chain.push(run.decoding);
                self.inside(&Zeroizing::new(run.bytes), chain, scratch, found);
                chain.pop();
            });
        }
    }
}

/// The bytes looked at, and one more on either side.
fn reach(text: &[u8], at: usize, before: usize, after: usize) -> (u32, u32) {
    let high = at.saturating_add(after + 1).min(text.len());
    (at.saturating_sub(before + 1) as u32, high as u32)
}
