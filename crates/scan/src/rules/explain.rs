//! Why each rule sees something in a text, or does not: for people who write rules. Values leave masked.

use regex_automata::Input;
use serde::Serialize;
use zeroize::Zeroizing;

use super::Rules;
use super::check::Candidate;
use super::entropy::shannon;
use super::plausible::is_made_up;
use super::published::is_published;
use super::rule::Rule;
use crate::find::confirm::is_within_word;
use crate::report::Confidence;
use crate::report::finding::mask;

/// So many matches of one rule are told.
const MAX_MATCHES: usize = 100;

/// What came of a rule, or of one match of it. Ordered: the further it came, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// No keyword is there, so the pattern was not tried.
    NoKeyword,
    /// A keyword is there, but the pattern does not match.
    NoMatch,
    /// The pattern matches, and what it matched was refused.
    Refused,
    /// It is a finding.
    Found,
}

/// What one rule makes of a text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The rule's id.
    pub rule: String,
    /// Its name for people.
    pub name: String,
    /// The best that came of any match.
    pub verdict: Verdict,
    /// Those of its keywords that are in the text.
    pub keywords: Vec<String>,
    /// What its pattern matched, at most 100 of it.
    pub matches: Vec<Matched>,
}

/// One match of a pattern.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Matched {
    /// From 1.
    pub line: u64,
    /// In bytes, from 1.
    pub column: u64,
    /// Masked, such as `sk_l…9f2c`.
    pub secret: String,
    /// The secret's Shannon entropy, in bits a byte.
    pub entropy: f64,
    /// What the rule asks for, in bits a byte.
    pub least_entropy: Option<f64>,
    /// The check that the rule names, such as `github-crc32`.
    pub check: Option<String>,
    /// Found or refused.
    pub verdict: Verdict,
    /// How sure a finding is.
    pub confidence: Option<Confidence>,
    /// Why it was refused, or is less sure than the rule; in words.
    pub why: Option<String>,
}

impl Rules {
    /// What each rule makes of a text that stands at `path` (empty where it has none), in the order of the
    /// rules. The text is taken as it is; nothing in it is decoded.
    #[must_use]
    pub fn explain(&self, text: &[u8], path: &str) -> Vec<Explanation> {
        let lower = Zeroizing::new(text.to_ascii_lowercase());
        self.iter().map(|rule| explain(rule, text, &lower, path)).collect()
    }
}

fn explain(rule: &Rule, text: &[u8], lower: &[u8], path: &str) -> Explanation {
    let has = |word: &&String| {
        let word = word.to_ascii_lowercase();
        lower.windows(word.len()).any(|part| part == word.as_bytes())
    };
    let keywords: Vec<String> = rule.keywords.iter().filter(has).cloned().collect();
    let mut matches = Vec::new();
    let wanted = !keywords.is_empty();
    if wanted && let Ok(compiled) = rule.compile() {
        let mut at = 0;
        while matches.len() < MAX_MATCHES && at <= text.len() {
            let mut groups = compiled.regex.create_captures();
            compiled.regex.captures(Input::new(text).range(at..), &mut groups);
            let range = |group| groups.get_group(group).map(|span| span.range());
            let Some(whole) = range(0) else { break };
            let secret = range(compiled.secret).unwrap_or(whole.clone());
            if is_within_word(rule, text, whole.start) {
                at = whole.start + 1;
                continue;
            }
            at = if secret.end > whole.start { secret.end } else { whole.start + 1 };
            let candidate = Candidate {
                secret: &text[secret.clone()],
                key: compiled.key.and_then(range).map_or(&b""[..], |key| &text[key]),
                matched: &text[whole],
            };
            matches.push(matched(rule, &candidate, text, secret.start, path));
        }
    }
    let verdict = if matches.iter().any(|one| one.verdict == Verdict::Found) {
        Verdict::Found
    } else if !matches.is_empty() {
        Verdict::Refused
    } else if wanted {
        Verdict::NoMatch
    } else {
        Verdict::NoKeyword
    };
    Explanation { rule: rule.id.clone(), name: rule.name.clone(), verdict, keywords, matches }
}

fn matched(
    rule: &Rule,
    candidate: &Candidate<'_>,
    text: &[u8],
    start: usize,
    path: &str,
) -> Matched {
    let before = &text[..start];
    let entropy = shannon(candidate.secret);
    let check = rule.check.map(|check| check.as_str().to_owned());
    let judged = judge(rule, candidate, entropy, path);
    let lowered = |confidence| {
        let published = is_published(candidate.secret);
        (confidence < rule.confidence).then(|| match &check {
            _ if published => "a vendor has published it, as an example for everyone".to_owned(),
            Some(check) => {
                format!("the check {check} does not fit, so it is less sure than the rule")
            }
            None => "it looks made up, so it is less sure than the rule".to_owned(),
        })
    };
    Matched {
        line: 1 + before.iter().filter(|&&byte| byte == b'\n').count() as u64,
        column: 1 + before.iter().rev().take_while(|&&byte| byte != b'\n').count() as u64,
        secret: mask(candidate.secret),
        entropy,
        least_entropy: rule.entropy,
        verdict: if judged.is_ok() { Verdict::Found } else { Verdict::Refused },
        confidence: judged.as_ref().ok().copied(),
        why: match judged {
            Ok(confidence) => lowered(confidence),
            Err(why) => Some(why),
        },
        check,
    }
}

/// How sure a match is, or why it is none.
fn judge(
    rule: &Rule,
    candidate: &Candidate<'_>,
    entropy: f64,
    path: &str,
) -> Result<Confidence, String> {
    if candidate.secret.is_empty() {
        return Err("the secret is empty".to_owned());
    }
    if let Some(least) = rule.entropy.filter(|least| entropy < *least) {
        return Err(format!("its entropy is {entropy:.2} bits a byte; {least:.2} are asked for"));
    }
    let most = match rule.check {
        None if rule.doubts && is_made_up(candidate.secret) => Confidence::Low,
        None => Confidence::High,
        Some(check) => check
            .judge(candidate)
            .ok_or_else(|| format!("the check {} does not take it", check.as_str()))?,
    };
    if !rule.accepts(candidate.secret, path) {
        return Err("the rule's own exceptions (paths, values or words) let it pass".to_owned());
    }
    let most = if is_published(candidate.secret) { Confidence::Low } else { most };
    Ok(rule.confidence.min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'e>(all: &'e [Explanation], id: &str) -> &'e Explanation {
        all.iter().find(|one| one.rule == id).expect("a built-in rule")
    }

    #[test]
    fn it_agrees_with_the_scan_on_every_example() {
        let rules = Rules::builtin();
        for (index, rule) in rules.iter().enumerate() {
            for text in rule.examples.iter().chain(&rule.counter_examples) {
                let found = crate::find::confirm::rule_finds(&rules, index, text.as_bytes());
                let lower = text.to_ascii_lowercase();
                let told = explain(rule, text.as_bytes(), lower.as_bytes(), "");
                let told = told.verdict == Verdict::Found;
                assert_eq!(told, found, "{}: {text}", rule.id);
            }
        }
    }

    #[test]
    fn every_step_is_told() {
        let rules = Rules::builtin();
        let published = "x\ntoken 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";
        let all = rules.explain(published.as_bytes(), "");
        let github = of(&all, "github-personal-access-token");
        assert_eq!(github.matches[0].confidence, Some(Confidence::Low));
        assert!(github.matches[0].why.as_deref().is_some_and(|why| why.contains("published")));

        let example = rules.get("github-personal-access-token").map(|rule| &rule.examples[0]);
        let example = example.expect("a built-in rule");
        let token = &example[example.find("ghp_").expect("its prefix")..][..40];
        let text = format!("x\ntoken {token}");
        let all = rules.explain(text.as_bytes(), "");
        let github = of(&all, "github-personal-access-token");
        assert_eq!(github.verdict, Verdict::Found);
        assert_eq!(github.keywords, ["ghp_"]);
        let found = &github.matches[0];
        assert_eq!((found.line, found.column, found.confidence), (2, 7, Some(Confidence::High)));
        assert!(!found.secret.contains(&token[8..12]) && found.secret.len() < 16);
        assert_eq!(of(&all, "stripe-secret-key").verdict, Verdict::NoKeyword);

        let altered = published.replace("zQWB", "zQWC");
        let all = rules.explain(altered.as_bytes(), "");
        let found = &of(&all, "github-personal-access-token").matches[0];
        assert_eq!(found.confidence, Some(Confidence::Low));
        assert!(found.why.as_deref().is_some_and(|why| why.contains("github-crc32")));

        let flat = format!("ghp_{}", "a".repeat(36));
        let all = rules.explain(flat.as_bytes(), "");
        let github = of(&all, "github-personal-access-token");
        assert_eq!(github.verdict, Verdict::Refused);
        assert!(github.matches[0].why.as_deref().is_some_and(|why| why.contains("entropy")));
        let all = rules.explain(b"ghp_short", "");
        assert_eq!(of(&all, "github-personal-access-token").verdict, Verdict::NoMatch);
    }
}
