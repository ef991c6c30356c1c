//! Reads what another tool's rule file lets pass: gitleaks' allowlists and betterleaks' filters.

use std::sync::Arc;

use regex_automata::meta::Regex;

use super::allow::Allowlist;
use super::filter::{Reason, Target, reasons};
use super::located::{Located, Part, Text};
use super::{go_pattern, pattern};
use crate::error::RuleError;

impl Located {
    /// An allowlist in gitleaks' form; `None` if nothing of it can be used.
    pub(super) fn allowlist(
        &mut self,
        part: Part<'_>,
    ) -> Result<Option<Arc<Allowlist>>, RuleError> {
        let mut list = Allowlist::default();
        let condition = self.string(part, "condition")?.map(|(word, _)| word.to_ascii_uppercase());
        list.all = match condition.as_deref() {
            None | Some("OR" | "||") => false,
            Some("AND" | "&&") => true,
            Some(_) => {
                let why = "`condition` of an allowlist is AND or OR".to_owned();
                return Err(self.invalid(part.line, part.rule, why));
            }
        };
        let target = self.string(part, "regexTarget")?.map(|(word, _)| word);
        let regexes = self.strings(part, "regexes")?;
        let on_secret = match target.as_deref() {
            None | Some("" | "secret") => true,
            Some("match" | "line") => regexes.is_empty(),
            Some(_) => {
                let why = "`regexTarget` of an allowlist is secret, match or line".to_owned();
                return Err(self.invalid(part.line, part.rule, why));
            }
        };
        let commits = !self.strings(part, "commits")?.is_empty();
        let missing = match (on_secret, commits) {
            (true, false) => None,
            (false, _) => Some("an allowlist's regexes on the match or the line"),
            (true, true) => Some("an allowlist's commits"),
        };
        if let Some(missing) = missing {
            let whole = if list.all { ", and so none of that list" } else { "" };
            let what = format!("{missing} cannot be used{whole}: more may be reported");
            self.note(part.line, part.rule, what);
            if list.all {
                return Ok(None);
            }
        }
        if on_secret {
            for (regex, line) in regexes {
                list.regexes.push(self.exception(&regex, line, part.rule)?);
            }
        }
        let words = self.strings(part, "stopwords")?;
        list.words = words.into_iter().map(|(word, _)| word.to_ascii_lowercase()).collect();
        list.words.retain(|word| !word.is_empty());
        for (path, line) in self.strings(part, "paths")? {
            list.paths.push(self.exception(&path, line, part.rule)?);
        }
        Ok((!list.is_empty()).then(|| Arc::new(list)))
    }

    /// The exceptions of a filter expression; its entropy goes into `entropy`.
    pub(super) fn expression(
        &mut self,
        part: Part<'_>,
        (text, line): &Text,
        entropy: &mut Option<f64>,
    ) -> Result<Vec<Arc<Allowlist>>, RuleError> {
        let mut lists = Vec::new();
        for reason in reasons(text) {
            let mut list = Allowlist::default();
            match reason {
                Reason::Entropy(bits) => {
                    *entropy = Some(entropy.map_or(bits, |least| least.max(bits)));
                    continue;
                }
                Reason::Contains(words) => {
                    list.words = words.iter().map(|word| word.to_ascii_lowercase()).collect();
                    list.words.retain(|word| !word.is_empty());
                }
                Reason::Matches { target: Target::Path, patterns, unless: false } => {
                    for path in patterns {
                        list.paths.push(self.exception(&path, *line, part.rule)?);
                    }
                }
                Reason::Matches { target: Target::Secret, patterns, unless } => {
                    list.unless = unless;
                    for regex in patterns {
                        list.regexes.push(self.exception(&regex, *line, part.rule)?);
                    }
                }
                Reason::Matches { .. } | Reason::Unknown(_) => {
                    let what = "a part of its `filter` is not understood and does not count: more may be reported";
                    self.note(*line, part.rule, what.to_owned());
                }
            }
            if !list.is_empty() {
                lists.push(Arc::new(list));
            }
        }
        Ok(lists)
    }

    pub(super) fn compiled(
        &self,
        pattern: &str,
        line: usize,
        rule: &str,
    ) -> Result<Regex, RuleError> {
        pattern::compile(pattern).map_err(|(code, why)| self.refuse(code, line, rule, why))
    }

    /// A pattern of an exception, which may match the empty text.
    pub(super) fn exception(
        &self,
        source: &str,
        line: usize,
        rule: &str,
    ) -> Result<Regex, RuleError> {
        pattern::compile_any(&go_pattern::translate(source))
            .map_err(|(code, why)| self.refuse(code, line, rule, why))
    }
}
