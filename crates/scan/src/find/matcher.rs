//! Finds credentials in one text: keywords first, then the rules' patterns round them, then the vault's
//! own values, then the same in what the text holds in encoded form.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use zeroize::Zeroizing;

use super::decode;
use super::own::OwnIndex;
use super::search::search;
use crate::progress::Cancel;
use crate::report::{Confidence, Decoding, Severity};
use crate::rules::Rules;

/// Encodings inside encodings are undone this deep.
const MAX_DEPTH: usize = 2;
/// So many matches of one text are kept, before those on the same bytes are settled.
const MAX_MATCHES: usize = 50_000;
/// So many secrets of one encoded stretch are kept.
const MAX_TOGETHER: usize = 200;
/// A text with a NUL among this many first bytes is binary; unsure rules only make noise there.
const BINARY_PROBE: usize = 8_000;

/// What to look for.
pub(crate) struct Matcher<'a> {
    pub(crate) rules: &'a Rules,
    pub(crate) own: OwnIndex<'a>,
    /// Look for own values only.
    pub(crate) own_only: bool,
    /// One text can be large enough to be worth stopping in.
    pub(crate) cancel: Cancel,
}

/// One secret in a text.
#[derive(Clone)]
pub(crate) struct Match {
    /// The rule's index; `None` where only the vault knows the value.
    pub(crate) rule: Option<usize>,
    pub(crate) own: Option<usize>,
    /// Where it is in the text; for an encoded one, all of the encoded stretch.
    pub(crate) span: Range<usize>,
    pub(crate) secret: Zeroizing<Vec<u8>>,
    /// The name it is assigned to, or empty.
    pub(crate) key: Vec<u8>,
    pub(crate) confidence: Confidence,
    /// Outermost first.
    pub(crate) decoded: Vec<Decoding>,
}

impl Matcher<'_> {
    /// Every secret in `text`; where several rules see the same bytes, the surest one has them. Also
    /// whether there were too many to keep.
    pub(crate) fn find(&self, text: &[u8]) -> (Vec<Match>, bool) {
        let mut found = Vec::new();
        self.dive(text, None, &mut Vec::new(), &mut found);
        let too_many = found.len() >= MAX_MATCHES;
        (self.settle(found), too_many)
    }

    /// Searches `text`, and then what is encoded in it. `outer` is the stretch of the original that
    /// `text` was decoded from.
    fn dive(
        &self,
        text: &[u8],
        outer: Option<&Range<usize>>,
        chain: &mut Vec<Decoding>,
        found: &mut Vec<Match>,
    ) {
        let least =
            if outer.is_some() || is_binary(text) { Confidence::Medium } else { Confidence::Low };
        if !self.own_only {
            search(
                self.rules,
                text,
                |rule| self.rules.at(rule).confidence >= least,
                &self.cancel,
                |index, hit| {
                    keep(
                        found,
                        Match {
                            rule: Some(index),
                            own: None,
                            span: outer.cloned().unwrap_or(hit.span),
                            secret: hit.secret,
                            key: hit.key,
                            confidence: hit.confidence,
                            decoded: chain.clone(),
                        },
                    );
                },
            );
        }
        self.own.find(text, |own| {
            let mut decoded = chain.clone();
            decoded.extend(own.decoding);
            keep(
                found,
                Match {
                    rule: None,
                    own: Some(own.own),
                    span: outer.cloned().unwrap_or(own.span),
                    secret: Zeroizing::new(self.own.value(own.own).to_vec()),
                    key: Vec::new(),
                    confidence: Confidence::High,
                    decoded,
                },
            );
        });
        if chain.len() < MAX_DEPTH {
            decode::each(text, |decoded| {
                chain.push(decoded.decoding);
                let bytes = Zeroizing::new(decoded.bytes);
                self.dive(&bytes, Some(outer.unwrap_or(&decoded.span)), chain, found);
                chain.pop();
            });
        }
    }

    /// One match for each stretch of text: the surest, then the worst, then the plainest.
    fn settle(&self, mut found: Vec<Match>) -> Vec<Match> {
        if found.len() < 2 {
            return found;
        }
        found.sort_by_cached_key(|hit| {
            let severity = hit.rule.map_or(Severity::Critical, |rule| self.rules.at(rule).severity);
            // A rule that is sure names what was found; an unsure one gives way to the vault.
            let class = match hit.rule {
                Some(_) if hit.confidence > Confidence::Low => 0,
                None => 1,
                Some(_) => 2,
            };
            (
                class,
                Reverse(hit.confidence),
                Reverse(severity),
                hit.decoded.len(),
                Reverse(hit.secret.len()),
                hit.span.start,
                hit.rule,
                hit.own,
            )
        });
        let mut kept: Vec<Match> = Vec::new();
        // Start of each stretch that is taken → its end, and who has it.
        let mut taken: BTreeMap<usize, (usize, Vec<usize>)> = BTreeMap::new();
        for hit in found {
            let before = taken.range(..hit.span.end).next_back();
            let Some((start, (_, owners))) = before.filter(|(_, (end, _))| *end > hit.span.start)
            else {
                taken.insert(hit.span.start, (hit.span.end, vec![kept.len()]));
                kept.push(hit);
                continue;
            };
            // Different secrets inside one encoded stretch all count.
            let apart = !hit.decoded.is_empty()
                && owners.len() < MAX_TOGETHER
                && owners.iter().all(|&owner| {
                    let other = &kept[owner];
                    other.decoded == hit.decoded
                        && other.span == hit.span
                        && !overlap(&other.secret, &hit.secret)
                });
            if apart {
                let start = *start;
                if let Some((_, owners)) = taken.get_mut(&start) {
                    owners.push(kept.len());
                }
                kept.push(hit);
                continue;
            }
            for &owner in owners {
                let keeper = &mut kept[owner];
                if hit.rule.is_none()
                    && (keeper.span == hit.span || overlap(&keeper.secret, &hit.secret))
                {
                    keeper.own = keeper.own.or(hit.own);
                } else if keeper.rule.is_none()
                    && keeper.span == hit.span
                    && keeper.secret == hit.secret
                {
                    keeper.rule = hit.rule;
                    keeper.key.clone_from(&hit.key);
                }
            }
        }
        kept
    }
}

/// A text made to exhaust may hold millions.
fn keep(found: &mut Vec<Match>, hit: Match) {
    if found.len() < MAX_MATCHES {
        found.push(hit);
    }
}

/// Whether one secret is part of the other.
fn overlap(a: &[u8], b: &[u8]) -> bool {
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    short.is_empty() || long.windows(short.len()).any(|window| window == short)
}

fn is_binary(text: &[u8]) -> bool {
    text[..text.len().min(BINARY_PROBE)].contains(&0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::SecretSlice;

    use super::*;
    use crate::find::own::OwnValue;

    /// The rule's id, the decodings, the span and the own value's number.
    type Found = (Option<String>, Vec<Decoding>, Range<usize>, Option<usize>);

    const STRIPE: &str = "sk_live_7hQ2mVx9LpR4tYw8NzKd3sBf";

    fn find(text: &[u8], own: &[OwnValue]) -> Vec<Found> {
        let rules = Rules::builtin();
        let matcher = Matcher {
            rules: &rules,
            own: OwnIndex::new(own),
            own_only: false,
            cancel: Cancel::default(),
        };
        let mut found: Vec<_> = matcher
            .find(text)
            .0
            .into_iter()
            .map(|hit| {
                (hit.rule.map(|rule| rules.at(rule).id.clone()), hit.decoded, hit.span, hit.own)
            })
            .collect();
        found.sort_by_key(|hit| hit.2.start);
        found
    }

    fn own(value: &str) -> OwnValue {
        OwnValue {
            entry: "acme/prod/x".into(),
            version: 2,
            stage: "current".into(),
            value: SecretSlice::from(value.as_bytes().to_vec()),
        }
    }

    #[test]
    fn the_sure_rule_has_the_span() {
        let text = format!("api_key = \"{STRIPE}\"");
        let found = find(text.as_bytes(), &[]);
        assert_eq!(found, [(Some("stripe-secret-key".to_owned()), vec![], 11..43, None)]);
    }

    #[test]
    fn own_values_join_the_rule_or_stand_alone() {
        let text = format!("a {STRIPE} b Vv9-plain-words c");
        let found = find(text.as_bytes(), &[own(STRIPE), own("Vv9-plain-words")]);
        assert_eq!(found[0], (Some("stripe-secret-key".to_owned()), vec![], 2..34, Some(0)));
        assert_eq!(found[1], (None, vec![], 37..52, Some(1)));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn encoded_secrets_are_found_twice_deep() {
        use base64::Engine as _;
        use base64::engine::general_purpose::STANDARD;
        let once = STANDARD.encode(format!("key: {STRIPE}\nother: {}", STRIPE.replace("7h", "8h")));
        let found = find(format!("data: {once}").as_bytes(), &[]);
        assert_eq!(found.len(), 2, "both secrets of one stretch");
        assert_eq!(found[0].1, [Decoding::Base64]);
        let twice = STANDARD.encode(format!("again {once}"));
        let found = find(twice.as_bytes(), &[]);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].1, [Decoding::Base64, Decoding::Base64]);
    }

    #[test]
    fn windows_do_not_change_what_is_found() {
        // A keyword long before and a secret that ends exactly at the first window's end.
        for pad in [4_040, 4_050, 4_060, 4_064, 4_065, 4_090, 5_000] {
            let text = format!("sk_live_ {}{STRIPE} end", "x ".repeat(pad / 2));
            let found = find(text.as_bytes(), &[]);
            assert_eq!(found.len(), 1, "{pad}");
            assert_eq!(found[0].2.len(), STRIPE.len(), "{pad}: cut short");
        }
    }

    #[test]
    fn classifies_whole_values_only() {
        let rules = Rules::builtin();
        let class = rules.classify(format!(" {STRIPE}\n").as_bytes()).expect("a Stripe key");
        assert_eq!((class.provider.as_str(), class.rule.as_str()), ("stripe", "stripe-secret-key"));
        let class =
            rules.classify(b"postgres://app:s9Kd-2mPq7vX@db.acme.io:5432/app").expect("a URL");
        assert_eq!(class.rule, "generic-connection-string");
        assert_eq!(rules.classify(format!("key {STRIPE}").as_bytes()), None);
        assert_eq!(rules.classify(b""), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn never_panics(
            parts in prop::collection::vec(
                prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..30),
                    Just(b"sk_live_".to_vec()),
                    Just(b"password = \"".to_vec()),
                    Just(b"postgres://a:b".to_vec()),
                    Just(b"-----BEGIN PRIVATE KEY-----".to_vec()),
                    Just(b"%2F\\u00".to_vec()),
                    Just(STRIPE.as_bytes().to_vec()),
                ],
                0..12,
            )
        ) {
            let text = parts.concat();
            for hit in find(&text, &[own("some own value")]) {
                prop_assert!(hit.2.end <= text.len());
            }
        }
    }
}
