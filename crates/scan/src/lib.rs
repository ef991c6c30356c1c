//! Finds credentials in files and in the whole history of a repository: rules as data, the vault's own
//! values in any encoding, and a report that says where, since when, and what was not looked at.
//!
//! It prints nothing, reads no clock, opens no network and runs no program, whatever a repository's config
//! says. [`scan`] is the way in; the caller measures [`Summary::seconds`] and decides what an exit status is.

mod again;
mod error;
mod files;
mod find;
#[cfg(fuzzing)]
pub mod fuzz;
mod ignores;
mod options;
mod pack;
mod path;
mod progress;
mod repo;
mod report;
mod rules;
mod scan;
mod sources;

pub use again::Again;
pub use error::{RuleError, RuleErrorCode, ScanError};
pub use find::own::OwnValue;
pub use ignores::IGNORE_FILE;
pub use options::{DEFAULT_MAX_BLOB, Options, Sources};
pub use progress::{Cancel, Progress, Silent};
pub use report::accept::{Acceptance, Accepted};
pub use report::baseline::{Baseline, MAX_BASELINE};
pub use report::export::{csv, markdown};
pub use report::html::html;
pub use report::sarif::sarif;
pub use report::{
    Confidence, Decoding, Finding, Issued, Kind, KnownFinding, Mode, Notice, Own, OwnValues, Place,
    Report, Severity, Skipped, Source, Summary,
};
pub use rules::rule::Rule;
pub use rules::{Class, Explanation, Matched, RuleNote, Rules, Verdict, classify};
pub use scan::{scan, scan_again, scan_bytes};
pub use sources::watch::Watched;

#[cfg(test)]
mod tests {
    #[test]
    fn built_in_rules_hold_their_own_examples() {
        let rules = crate::Rules::builtin();
        let faults: Vec<String> = rules.check().iter().map(ToString::to_string).collect();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
