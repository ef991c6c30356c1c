//! Reads the rule files of gitleaks and of betterleaks, which grew out of it. What such a file asks for
//! and does not get here is said in a note; nothing is dropped in silence.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use toml::de::DeTable;

use super::RuleNote;
use super::allow::Allowlist;
use super::located::{Located, Part};
use super::rule::{MIN_KEYWORD, Rule, printable};
use super::{go_pattern, literal};
use crate::error::{RuleError, RuleErrorCode};
use crate::report::{Confidence, Kind, Severity};

/// The keys of a rule that say nothing about what it finds.
const DESCRIPTIVE: [&str; 4] = ["description", "tags", "specificity", "title"];
/// The keys of a file that say nothing about what it finds.
const FILE_KEYS: [&str; 5] =
    ["title", "description", "version", "minVersion", "betterleaksMinVersion"];

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) rules: Vec<Rule>,
    pub(super) notes: Vec<RuleNote>,
}

/// Reads the file if it has the shape of theirs; `None` if it has not, and the reader of our own format
/// is to say what it is.
pub(super) fn parse(text: &str, file: &str) -> Option<Result<Loaded, RuleError>> {
    let table = DeTable::parse(text).ok()?;
    let table = table.get_ref();
    let has = |key: &str| table.get(key).is_some();
    let theirs = ["rules", "allowlist", "allowlists", "extend", "prefilter", "minVersion"];
    if has("provider") || has("rule") || !theirs.into_iter().any(has) {
        return None;
    }
    let mut reader =
        Reader { toml: Located::new(text, file), rules: Vec::new(), shared: Vec::new() };
    Some(match reader.file(table) {
        Ok(()) => Ok(Loaded { rules: reader.rules, notes: reader.toml.notes }),
        Err(error) => Err(error),
    })
}

/// An exception of the whole file, and the rules it is for; all if none are named.
type Shared = (Vec<String>, Arc<Allowlist>);

struct Reader {
    toml: Located,
    rules: Vec<Rule>,
    shared: Vec<Shared>,
}

impl Reader {
    fn file(&mut self, table: &DeTable<'_>) -> Result<(), RuleError> {
        let whole = Part { table, rule: "", line: 1 };
        for (key, value) in table {
            let line = self.toml.line(key.span().start);
            match key.get_ref().as_ref() {
                "rules" => {}
                "allowlist" => {
                    let list = self.toml.table(value, "")?;
                    self.shared_list(list)?;
                }
                "allowlists" => {
                    for value in self.toml.array(whole, "allowlists")? {
                        let list = self.toml.table(value, "")?;
                        self.shared_list(list)?;
                    }
                }
                "prefilter" | "filter" => {
                    let expression = self.toml.string(whole, key.get_ref())?.unwrap_or_default();
                    let lists = self.toml.expression(whole, &expression, &mut None)?;
                    self.shared.extend(lists.into_iter().map(|list| (Vec::new(), list)));
                }
                "extend" => self.toml.note(
                    line,
                    "",
                    "`extend` is not followed: the built-in rules are always there, and other files are given with `--rules`".to_owned(),
                ),
                known if FILE_KEYS.contains(&known) => {}
                other => {
                    let what = format!("`{}` is not known here and is ignored", printable(other));
                    self.toml.note(line, "", what);
                }
            }
        }
        let mut ids = HashSet::new();
        for value in self.toml.array(whole, "rules")? {
            let part = self.toml.table(value, "")?;
            self.rule(part, &mut ids)?;
        }
        Ok(())
    }

    fn shared_list(&mut self, part: Part<'_>) -> Result<(), RuleError> {
        let targets =
            self.toml.strings(part, "targetRules")?.into_iter().map(|(id, _)| id).collect();
        if let Some(list) = self.toml.allowlist(part)? {
            self.shared.push((targets, list));
        }
        Ok(())
    }

    fn rule(&mut self, part: Part<'_>, ids: &mut HashSet<String>) -> Result<(), RuleError> {
        let Some((given, line)) = self.toml.string(part, "id")? else {
            return Err(self.toml.invalid(part.line, "", "a rule needs an `id`".to_owned()));
        };
        let id = plain_id(&given);
        let part = Part { rule: &given, line, ..part };
        if id.is_empty() {
            let why = "a rule id needs a letter or a digit".to_owned();
            return Err(self.toml.invalid(line, &given, why));
        }
        if !ids.insert(id.clone()) {
            let why = "another rule has this id already".to_owned();
            return Err(self.toml.refuse(RuleErrorCode::Duplicate, line, &given, why));
        }
        let Some((source, at)) = self.toml.string(part, "regex")? else {
            let what = "it has no `regex`: files are not found by their names alone, so the rule is left out";
            self.toml.note(line, &given, what.to_owned());
            return Ok(());
        };
        let mut pattern = go_pattern::translate(&source);
        // Compiled before anything is told from it, so that a hostile pattern meets the limits first.
        self.toml.compiled(&pattern, at, &given)?;
        let mut keywords: Vec<String> =
            self.toml.strings(part, "keywords")?.into_iter().map(|(word, _)| word).collect();
        // Shorter ones stand everywhere.
        keywords.retain(|word| word.len() >= MIN_KEYWORD);

        if keywords.iter().any(|word| word.len() > 128) || keywords.len() > 1_000 {
            let why = "a rule has at most 1,000 keywords of at most 128 bytes".to_owned();
            return Err(self.toml.invalid(line, &given, why));
        }
        let needs = literal::needs(&pattern, &keywords);
        match self.toml.integer(part, "secretGroup")? {
            Some((0, _)) | None => {
                if needs.groups > 1 && !needs.filled && !pattern.contains("(?P<secret>") {
                    let what = "its pattern has several groups: where the first is empty, the whole match is shown as the secret";
                    self.toml.note(line, &given, what.to_owned());
                }
            }
            Some((group, at)) => {
                pattern = usize::try_from(group)
                    .ok()
                    .and_then(|group| name_group(&pattern, group))
                    .ok_or_else(|| {
                        let why = format!("`secretGroup` is {group}, which the pattern has not");
                        self.toml.invalid(at, &given, why)
                    })?;
            }
        }
        if keywords.is_empty() {
            keywords = needs.words;
            keywords.retain(|word| word.len() >= MIN_KEYWORD);
            if keywords.is_empty() {
                let what = "it names no keyword and its pattern holds no text to look for first, so the rule is left out";
                self.toml.note(line, &given, what.to_owned());
                return Ok(());
            }
            let what = format!(
                "it names no keyword; `{}` was taken from its pattern",
                keywords.join("`, `")
            );
            self.toml.note(line, &given, what);
        } else if !needs.held && !needs.words.is_empty() {
            // Theirs may be anywhere in a text; ours are where the match is.
            keywords = needs.words;
        }
        let mut entropy = match self.toml.number(part, "entropy")? {
            Some((bits, at)) if !(0.0..=8.0).contains(&bits) => {
                let why = "entropy is between 0 and 8 bits a byte".to_owned();
                return Err(self.toml.invalid(at, &given, why));
            }
            // Theirs has to be exceeded, ours to be reached.
            other => other.filter(|(bits, _)| *bits > 0.0).map(|(bits, _)| bits.next_up()),
        };
        let path = match self.toml.string(part, "path")? {
            Some((path, at)) => Some(self.toml.exception(&path, at, &given)?),
            None => None,
        };
        let mut allowlists: Vec<Arc<Allowlist>> = Vec::new();
        for key in ["allowlist", "allowlists"] {
            for list in self.toml.one_or_many(part, key)? {
                let list = self.toml.table(list, &given)?;
                allowlists.extend(self.toml.allowlist(Part { rule: &given, ..list })?);
            }
        }
        if let Some(filter) = self.toml.string(part, "filter")? {
            allowlists.extend(self.toml.expression(part, &filter, &mut entropy)?);
        }
        for (targets, list) in &self.shared {
            if targets.is_empty() || targets.contains(&given) {
                allowlists.push(Arc::clone(list));
            }
        }
        let helper = self.toml.boolean(part, "skipReport")?;
        self.unused(part, helper);
        let description = self.toml.string(part, "description")?.map(|(text, _)| text);
        let generic = id.starts_with("generic");
        self.rules.push(Rule {
            name: short(description.as_deref().unwrap_or(&given)),
            provider: if generic { "generic" } else { "custom" }.to_owned(),
            provider_name: "Your own rules".to_owned(),
            console: None,
            advice: None,
            references: Vec::new(),
            kind: kind(&id),
            mode: None,
            severity: Severity::High,
            confidence: if helper || generic { Confidence::Low } else { Confidence::Medium },
            keywords,
            pattern,
            entropy,
            reach: None,
            begins: None,
            shape: OnceLock::new(),
            also: OnceLock::new(),
            examples: Vec::new(),
            counter_examples: Vec::new(),
            check: None,
            doubts: false,
            path,
            allowlists,
            id,
            file: self.toml.file.clone(),
            line: at,
            regex: OnceLock::new(),
        });
        Ok(())
    }

    /// Says what a rule asks for besides what was read of it.
    fn unused(&mut self, part: Part<'_>, helper: bool) {
        let mut notes = Vec::new();
        for (key, _) in part.table {
            let line = self.toml.line(key.span().start);
            let what = match key.get_ref().as_ref() {
                "id" | "regex" | "keywords" | "secretGroup" | "entropy" | "path" | "allowlist"
                | "allowlists" | "filter" => continue,
                known if DESCRIPTIVE.contains(&known) => continue,
                "validate" => "`validate` is not run: a scan asks nobody".to_owned(),
                "required" => {
                    "`required` is not looked for: it is reported without its companions".to_owned()
                }
                "skipReport" if helper => {
                    "`skipReport`: what it finds alone is reported with low confidence".to_owned()
                }
                "skipReport" => continue,
                other => format!("`{}` is not known here and is ignored", printable(other)),
            };
            notes.push((line, what));
        }
        for (line, what) in notes {
            self.toml.note(line, part.rule, what);
        }
    }
}

/// An id in our own letters.
fn plain_id(given: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let id: String = given.chars().map(plain).take(64).collect();
    id.trim_matches('-').to_owned()
}

/// The first words of a description, up to its first comma or full stop.
fn short(description: &str) -> String {
    let end = description.find([',', '.', ';', '\n']).unwrap_or(description.len());
    printable(&description[..end].chars().take(80).collect::<String>())
}

fn kind(id: &str) -> Kind {
    let has = |words: &[&str]| words.iter().any(|word| id.contains(word));
    if has(&["private-key", "secret-key-age", "age-secret"]) {
        Kind::PrivateKey
    } else if has(&["password", "passwd", "auth-user", "connection-string"]) {
        Kind::Password
    } else if has(&["webhook"]) {
        Kind::WebhookSecret
    } else if has(&["token", "jwt"]) || id.ends_with("-pat") {
        Kind::Token
    } else if has(&["key", "secret"]) {
        Kind::ApiKey
    } else {
        Kind::Other
    }
}

/// The pattern with its capture group of this number, from 1, named `secret`.
fn name_group(pattern: &str, number: usize) -> Option<String> {
    let bytes = pattern.as_bytes();
    let (mut at, mut seen, mut in_class) = (0, 0, false);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'[' if !in_class => in_class = true,
            b']' => in_class = false,
            b'(' if !in_class => {
                let rest = &pattern[at + 1..];
                let named = ["?P<", "?<"].iter().find_map(|mark| rest.strip_prefix(mark));
                if named.is_some() || !rest.starts_with('?') {
                    seen += 1;
                    if seen == number {
                        let after = match named {
                            Some(name) => name.split_once('>')?.1,
                            None => rest,
                        };
                        return Some(format!("{}(?P<secret>{after}", &pattern[..at]));
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}
