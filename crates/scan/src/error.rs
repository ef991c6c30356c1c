//! What can stop a scan or refuse a rule file, with the stable code that scripts see.

use std::fmt;
use std::path::PathBuf;

/// Why a scan could not be carried out. What merely could not be read is in the report instead.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// A path to scan does not exist.
    #[error("there is nothing at {}", path.display())]
    NotFound {
        /// The path as given.
        path: PathBuf,
    },
    /// A path to scan exists but cannot be opened at all.
    #[error("{} cannot be read: {why}", path.display())]
    Io {
        /// The path as given.
        path: PathBuf,
        /// The operating system's words.
        why: String,
    },
    /// `--staged`, `--history` or `--since` was asked for where there is no repository.
    #[error("{} is not the top folder of a Git repository", path.display())]
    NotARepository {
        /// The path as given.
        path: PathBuf,
    },
    /// A `.git` file or link leads out of the scanned folder to something that does not lead back.
    #[error("the .git of {} points outside it, to {}, which does not point back", path.display(), target.display())]
    RepositoryOutsideRoot {
        /// The path as given.
        path: PathBuf,
        /// Where its `.git` leads.
        target: PathBuf,
    },
    /// The repository's own files (config, format) cannot be understood.
    #[error("the repository at {} cannot be read: {why}", path.display())]
    RepositoryUnreadable {
        /// The path as given.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The revision of `--since` does not exist.
    #[error("there is no revision `{revision}` in {}", path.display())]
    RevisionNotFound {
        /// The repository.
        path: PathBuf,
        /// What was asked for.
        revision: String,
    },
    /// A baseline file is not one.
    #[error("{file}:{line}: this is not a baseline: {why}")]
    BaselineInvalid {
        /// The file's name.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        why: String,
    },
    /// A `.keywardignore` cannot be followed.
    #[error("{file}:{line}: this ignore file cannot be followed: {why}")]
    IgnoreInvalid {
        /// The file's name.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        why: String,
    },
    /// A rule file was refused.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The caller cancelled.
    #[error("the scan was cancelled")]
    Cancelled,
}

impl ScanError {
    /// The stable code, such as `REPO_OUTSIDE_ROOT`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "NOT_FOUND",
            Self::Io { .. } => "IO",
            Self::NotARepository { .. } => "NOT_A_REPOSITORY",
            Self::RepositoryOutsideRoot { .. } => "REPO_OUTSIDE_ROOT",
            Self::RepositoryUnreadable { .. } => "REPO_UNREADABLE",
            Self::RevisionNotFound { .. } => "REVISION_NOT_FOUND",
            Self::BaselineInvalid { .. } => "BASELINE_INVALID",
            Self::IgnoreInvalid { .. } => "IGNORE_INVALID",
            Self::Rule(error) => error.code.as_str(),
            Self::Cancelled => "CANCELLED",
        }
    }

    /// What to do next, for people.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "Check the path and run the scan again.",
            Self::Io { .. } => "Check the permissions of this path.",
            Self::NotARepository { .. } => {
                "Give the folder that holds `.git`, or leave the flag out to scan plain files."
            }
            Self::RepositoryOutsideRoot { .. } => {
                "If you trust the other folder, scan it directly."
            }
            Self::RepositoryUnreadable { .. } => {
                "Use `--worktree` to scan its files without the repository."
            }
            Self::RevisionNotFound { .. } => {
                "Fetch it, or name a branch, tag or commit that is here."
            }
            Self::BaselineInvalid { .. } => {
                "Use a file of `keyward scan --write-baseline`, the JSON of an earlier scan, or {\"version\":1,\"fingerprints\":[…]}."
            }
            Self::IgnoreInvalid { .. } => {
                "Correct the file; it is read like a .gitignore. `--no-ignore` scans without it."
            }
            Self::Rule(_) => "Correct the rule file; `keyward rules check` tests it alone.",
            Self::Cancelled => "Run it again when you like; nothing was changed.",
        }
    }
}

/// What is wrong with a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleErrorCode {
    /// The file is not readable TOML of the rule format.
    Invalid,
    /// The file is too large or holds too many rules.
    TooLarge,
    /// The pattern compiles to more than 1 MiB, or is longer than 4 KiB.
    TooComplex,
    /// More than 50 nested groups.
    TooDeep,
    /// Look-around or a back-reference: not possible in linear time.
    Unsupported,
    /// The pattern matches the empty string, and so everywhere.
    MatchesEmpty,
    /// Two rules have the same id.
    Duplicate,
    /// A rule does not find one of its examples.
    ExampleMissed,
    /// A rule finds one of its counter-examples.
    CounterExampleFound,
}

impl RuleErrorCode {
    /// The stable code, such as `RULE_TOO_DEEP`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "RULE_INVALID",
            Self::TooLarge => "RULE_FILE_TOO_LARGE",
            Self::TooComplex => "RULE_TOO_COMPLEX",
            Self::TooDeep => "RULE_TOO_DEEP",
            Self::Unsupported => "RULE_UNSUPPORTED",
            Self::MatchesEmpty => "RULE_MATCHES_EMPTY",
            Self::Duplicate => "RULE_DUPLICATE",
            Self::ExampleMissed => "RULE_EXAMPLE_MISSED",
            Self::CounterExampleFound => "RULE_COUNTER_EXAMPLE_FOUND",
        }
    }
}

/// A rule file, or one rule in it, was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// Which kind of fault.
    pub code: RuleErrorCode,
    /// The rule file's name.
    pub file: String,
    /// The line in it, from 1.
    pub line: usize,
    /// The rule's id; empty if the fault is the file's.
    pub rule: String,
    /// What is wrong, in words. Text from the file is escaped.
    pub why: String,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if !self.rule.is_empty() {
            write!(f, "rule `{}`: ", self.rule)?;
        }
        f.write_str(&self.why)
    }
}

impl std::error::Error for RuleError {}
