//! Leaks of issued keys: a scan looks for the prefixes by a rule made here, checks each key's checksum and
//! hands its id back; whose key it is and whether it still holds is said from the rows, without any hash.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use keyward_scan::{Finding, Rules, Severity};

use super::{state, subject};
use crate::{Error, Keyward};

/// Prefixes in one rule, as many keywords as a rule may have.
const AT_ONCE: usize = 64;

impl Keyward {
    /// Adds the rules that find this vault's issued keys. Without a vault, or a keychain to trust its rows
    /// by, there are none; a scan goes on without.
    pub(crate) fn add_issued_rules(&self, rules: &mut Rules) {
        let prefixes = self.issued_prefixes().unwrap_or_default();
        let text = rule_file(&prefixes);
        // Fails only where a rule file of the user's own has the same id, and then that one holds.
        let _ = rules.extend_from_toml(&text, "issued keys");
    }

    fn issued_prefixes(&self) -> Result<BTreeSet<String>, Error> {
        if !self.vault_exists()? {
            return Ok(BTreeSet::new());
        }
        let keys = self.with(|open| open.read(|tx| Ok(tx.issued_keys()?)))?.unwrap_or_default();
        Ok(keys.into_iter().map(|key| key.prefix).collect())
    }

    /// Says of each finding that is an issued key whose it is, and what to do.
    pub(crate) fn name_issued(&self, findings: &mut [Finding]) {
        for finding in findings.iter_mut().filter(|finding| finding.issued.is_some()) {
            // The scan has found it; a vault that cannot be read now must not cost the finding.
            let _ = self.name_one(finding);
        }
    }

    fn name_one(&self, finding: &mut Finding) -> Result<(), Error> {
        let Some(issued) = &mut finding.issued else { return Ok(()) };
        let row = self.with(|open| open.read(|tx| Ok(tx.issued_key(&issued.id)?)))?.flatten();
        let Some(row) = row else {
            "Key with a prefix of yours, not issued from this vault".clone_into(&mut finding.name);
            // This vault cannot revoke what it does not know.
            finding.steps.clear();
            finding.advice = Some(
                "Revoke it on the server that knows it, or in the vault that issued it.".to_owned(),
            );
            return Ok(());
        };
        let state = state(&row, self.now());
        let label = row.label.as_ref().map(|label| format!(", {label}")).unwrap_or_default();
        finding.name = format!("Key that you issued ({}{label}), {state}:", subject(&row));
        issued.label = row.label;
        issued.state = Some(state.to_owned());
        if state != "active" {
            finding.severity = Severity::Medium;
            finding.steps.clear();
            finding.advice = Some(format!(
                "This key is {state}. Check that your server refuses it, then clean up at leisure."
            ));
        }
        Ok(())
    }
}

/// The rules in the scanner's own format.
fn rule_file(prefixes: &BTreeSet<String>) -> String {
    let mut text = "provider = \"issued-by-you\"\nname = \"Issued by you\"\n".to_owned();
    let all: Vec<&str> = prefixes.iter().map(String::as_str).collect();
    for (number, some) in all.chunks(AT_ONCE).enumerate() {
        let more = if number == 0 { String::new() } else { format!("-{}", number + 1) };
        let keywords: Vec<String> = some.iter().map(|prefix| format!("\"{prefix}_\"")).collect();
        // A prefix has only letters, digits and `_`, so it means itself in a pattern.
        let _ = write!(
            text,
            "\n[[rule]]\nid = \"issued-key{more}\"\nname = \"Key that you issued\"\nkind = \"api-key\"\n\
             severity = \"critical\"\nconfidence = \"high\"\nkeywords = [{}]\n\
             pattern = '\\b((?:{})_[0-9A-Za-z]{{57}})\\b'\ncheck = \"issued-key\"\n",
            keywords.join(", "),
            some.join("|"),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prefix_is_in_a_rule_that_the_scanner_takes() {
        let prefixes: BTreeSet<String> = (0..70).map(|n| format!("p{n}_live")).collect();
        let mut rules = Rules::builtin();
        let before = rules.iter().count();
        rules.extend_from_toml(&rule_file(&prefixes), "issued keys").unwrap();
        let added: Vec<_> = rules.iter().skip(before).collect();
        assert_eq!(added.len(), 2);
        assert_eq!(added.iter().map(|rule| rule.keywords.len()).sum::<usize>(), 70);
        assert_eq!(added[1].id, "issued-key-2");
        // None were issued: no rule.
        rules.extend_from_toml(&rule_file(&BTreeSet::new()), "none").unwrap();
        assert_eq!(rules.iter().count(), before + 2);
    }
}
