//! Places that hold a copy of a value, and how a new one gets there: a line of an `.env` file, a file,
//! a store of secrets, a variable of a pipeline, a manifest, a command that reads it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use secrecy::SecretSlice;
use serde::{Deserialize, Serialize};

use crate::{Failure, Why};

/// A place that holds a copy of a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Place {
    /// A line `VAR=value` of an `.env` file.
    Dotenv {
        /// Absolute path.
        path: PathBuf,
        /// The variable.
        var: String,
    },
    /// A file that holds the value and nothing else.
    File {
        /// Absolute path.
        path: PathBuf,
    },
    /// A secret of AWS Secrets Manager, staged `AWSPENDING`, then `AWSCURRENT`.
    SecretsManager {
        /// Name or ARN of the secret.
        secret: String,
        /// Region, such as `eu-central-1`.
        region: String,
        /// A key of a JSON object that the secret is; none when it is the value itself.
        field: Option<String>,
        /// An address instead of Amazon's: `https`, or `http` on this machine.
        endpoint: Option<String>,
    },
    /// A field of a secret in a KV version 2 store of Vault or OpenBao, written with check-and-set.
    Kv {
        /// Address of the server: `https`, or `http` on this machine.
        address: String,
        /// Where the store is mounted, `secret` by default.
        mount: String,
        /// Path of the secret.
        path: String,
        /// The field.
        field: String,
        /// Namespace, where the server has them.
        namespace: Option<String>,
    },
    /// An Actions secret of a GitHub repository, or of one of its environments.
    GithubActions {
        /// `owner/name`.
        repository: String,
        /// The environment, for a secret of one.
        environment: Option<String>,
        /// Name of the secret.
        name: String,
        /// An address instead of `https://api.github.com`.
        endpoint: Option<String>,
    },
    /// A CI/CD variable of a GitLab project.
    GitlabCi {
        /// Numeric id, or `group/project`.
        project: String,
        /// Name of the variable.
        key: String,
        /// Its environment scope, `*` by default.
        scope: Option<String>,
        /// An address instead of `https://gitlab.com`.
        endpoint: Option<String>,
    },
    /// A key of a Secret in a Kubernetes manifest (YAML), in `data` or `stringData`.
    Kubernetes {
        /// Absolute path of the manifest.
        path: PathBuf,
        /// `metadata.name` of the Secret; none when the file has just one.
        secret: Option<String>,
        /// The key.
        key: String,
    },
    /// A command that reads the value from its standard input.
    Command {
        /// The program and its arguments; no shell reads them.
        argv: Vec<String>,
        /// A command that prints what is there, for `check`; none when there is no way to know.
        check: Option<Vec<String>>,
    },
    /// A person does it.
    ByHand {
        /// What to do and where.
        note: String,
    },
}

/// What a place holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// The value that was asked about; the index into what [`Place::check`] was given.
    Known(usize),
    /// Some other value.
    Other,
    /// Nothing.
    Absent,
    /// It cannot be read back; the place tells no one what it holds.
    Unreadable,
}

/// What a place needs besides the value.
#[derive(Debug)]
pub struct Access<'a> {
    /// The credential with which the place is written; an AWS one is `KEYID:SECRET` or a JSON object
    /// as `aws sts` prints it.
    pub credential: Option<&'a SecretSlice<u8>>,
    /// The run's or the push's own token: the same one again writes nothing twice.
    pub token: &'a str,
    /// The time of the call.
    pub now: Timestamp,
    /// Variables for a command, and nothing else of ours.
    pub variables: &'a BTreeMap<String, String>,
}

impl Place {
    /// One line for people, such as `shop/.env: STRIPE_KEY`.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{self:?}")
    }

    /// Whether a credential is needed to write it.
    #[must_use]
    pub fn needs_credential(&self) -> bool {
        false
    }

    /// Whether [`Place::push`] can do it; a person does the rest.
    #[must_use]
    pub fn is_automatic(&self) -> bool {
        !matches!(self, Self::ByHand { .. })
    }

    /// Writes the value there. The same again changes nothing.
    ///
    /// # Errors
    /// [`Failure`]; the place is as it was unless it says [`crate::Happened::Perhaps`].
    pub fn push(&self, _value: &SecretSlice<u8>, _access: &Access<'_>) -> Result<(), Failure> {
        Err(Failure::without_effect(Why::Unsupported))
    }

    /// Says which of `values` is there.
    ///
    /// # Errors
    /// [`Failure`] when it cannot be read.
    pub fn check(
        &self,
        _values: &[&SecretSlice<u8>],
        _access: &Access<'_>,
    ) -> Result<Held, Failure> {
        Err(Failure::without_effect(Why::Unsupported))
    }
}
