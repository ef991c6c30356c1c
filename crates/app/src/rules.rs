//! Rules for scans: the built-in ones and the user's own files, and trying them on a text.

use std::path::{Path, PathBuf};

use keyward_scan::{Explanation, Notice, Rules, ScanError, Verdict};
use serde::Serialize;

use crate::Error;
use crate::view::JSON_VERSION;

/// What rules make of a text.
#[derive(Debug, Serialize)]
pub struct RuleTest {
    /// The version of this format: 1.
    pub version: u32,
    /// The rules that have a keyword in the text, or the one that was asked for by name.
    pub rules: Vec<Explanation>,
    /// How many rules find something.
    pub found: usize,
    /// How many rules were tried.
    pub tried: usize,
}

/// The built-in rules and those of these files.
///
/// # Errors
/// A file that is refused, under the codes of rule files.
pub fn load_rules(files: &[PathBuf]) -> Result<Rules, Error> {
    let mut rules = Rules::builtin();
    for file in files {
        rules.extend_from_file(file).map_err(ScanError::from)?;
    }
    Ok(rules)
}

/// Tells what rules make of a text that stands at `path`; of one rule only if `only` names it.
///
/// # Errors
/// A rule file that is refused; `NOT_FOUND` when no rule has the name.
pub fn test_rules(
    files: &[PathBuf],
    text: &[u8],
    path: Option<&Path>,
    only: Option<&str>,
) -> Result<RuleTest, Error> {
    let rules = load_rules(files)?;
    if only.is_some_and(|id| rules.get(id).is_none()) {
        return Err(Error::new(
            "NOT_FOUND",
            "There is no such rule.",
            "`keyward rules list` shows them; a rule of your own needs `--rules FILE`.",
        ));
    }
    let path = path.map(|path| path.to_string_lossy().replace('\\', "/")).unwrap_or_default();
    let mut told = rules.explain(text, &path);
    told.retain(|one| match only {
        Some(id) => one.rule == id,
        None => one.verdict > Verdict::NoKeyword,
    });
    Ok(RuleTest {
        version: JSON_VERSION,
        found: told.iter().filter(|one| one.verdict == Verdict::Found).count(),
        tried: if only.is_some() { 1 } else { rules.iter().count() },
        rules: told,
    })
}

/// The notice that a rule file of another tool asks for more than is done here.
pub(crate) fn partly_read(rules: &Rules) -> Option<Notice> {
    let notes = rules.notes();
    let first = notes.first()?;
    let more = match notes.len() - 1 {
        0 => String::new(),
        more => format!(" And {more} more."),
    };
    Some(Notice {
        code: "RULES_PARTLY_READ".to_owned(),
        message: format!(
            "Not all that the rule files ask for is done here. {first}.{more} `keyward rules check FILE` lists it."
        ),
    })
}
