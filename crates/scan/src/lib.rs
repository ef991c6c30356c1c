//! Finds credentials in files and in the whole history of a repository: rules as data, the vault's own
//! values in any encoding, and a report that says where, since when, and what was not looked at.
//!
//! It prints nothing, reads no clock, opens no network and runs no program, whatever a repository's config
//! says. [`scan`] is the way in; the caller measures [`Summary::seconds`] and decides what an exit status is.

mod attribute;
mod baseline;
mod check;
mod collect;
mod decode;
mod entropy;
mod error;
mod files;
mod git;
mod history;
mod index;
mod matcher;
mod objects;
mod own;
mod path;
mod plausible;
mod progress;
mod refs;
mod repo;
mod report;
mod rule;
mod rules;
mod scan;
mod text;
mod worktree;

pub use baseline::{Baseline, MAX_BASELINE};
pub use error::{RuleError, RuleErrorCode, ScanError};
pub use own::OwnValue;
pub use progress::{Cancel, Progress, Silent};
pub use report::{
    Confidence, Decoding, Finding, Kind, Mode, Notice, Own, OwnValues, Place, Report, Severity,
    Skipped, Source, Summary,
};
pub use rule::Rule;
pub use rules::{Class, Rules, classify};
pub use scan::{DEFAULT_MAX_BLOB, Options, Sources, scan, scan_bytes};

#[cfg(test)]
mod tests {
    #[test]
    fn built_in_rules_hold_their_own_examples() {
        let rules = crate::Rules::builtin();
        let faults: Vec<String> = rules.check().iter().map(ToString::to_string).collect();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
