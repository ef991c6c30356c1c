//! Places that hold a copy of a value, and how a new one gets there: a line of an `.env` file, a file,
//! a store of secrets, a variable of a pipeline, a manifest, a command that reads it.

mod command;
mod dotenv;
mod file;
mod github;
mod gitlab;
mod http;
mod kv;
mod manifest;
mod write;
mod yaml;

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretSlice};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::aws::secrets_manager;
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
    /// One line for people, such as `/home/ada/shop/.env: STRIPE_KEY`.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Dotenv { path, var } => format!("{}: {var}", path.display()),
            Self::File { path } => path.display().to_string(),
            Self::SecretsManager { secret, region, field, .. } => {
                format!("AWS Secrets Manager {region}: {secret}{}", part(field.as_deref()))
            }
            Self::Kv { address, mount, path, field, namespace } => {
                let namespace = namespace.as_ref().map(|name| format!("{name}/"));
                let namespace = namespace.unwrap_or_default();
                format!("{address}: {namespace}{mount}/{path}, field {field}")
            }
            Self::GithubActions { repository, environment, name, .. } => {
                let environment = environment.as_ref().map(|name| format!(" ({name})"));
                format!("GitHub Actions {repository}{}: {name}", environment.unwrap_or_default())
            }
            Self::GitlabCi { project, key, scope, .. } => {
                let scope = scope.as_ref().map(|scope| format!(" ({scope})"));
                format!("GitLab CI {project}{}: {key}", scope.unwrap_or_default())
            }
            Self::Kubernetes { path, secret, key } => {
                let secret = secret.as_ref().map(|name| format!("{name}, "));
                format!("{}: {}{key}", path.display(), secret.unwrap_or_default())
            }
            Self::Command { argv, .. } => {
                let line = argv.join(" ");
                let short: String = line.chars().take(80).collect();
                let dots = if short.len() < line.len() { "…" } else { "" };
                format!("command: {short}{dots}")
            }
            Self::ByHand { note } => note.clone(),
        }
    }

    /// Whether a credential is needed to write it.
    #[must_use]
    pub fn needs_credential(&self) -> bool {
        match self {
            Self::SecretsManager { .. }
            | Self::Kv { .. }
            | Self::GithubActions { .. }
            | Self::GitlabCi { .. } => true,
            Self::Dotenv { .. }
            | Self::File { .. }
            | Self::Kubernetes { .. }
            | Self::Command { .. }
            | Self::ByHand { .. } => false,
        }
    }

    /// Whether [`Place::push`] can do it; a person does the rest.
    #[must_use]
    pub fn is_automatic(&self) -> bool {
        !matches!(self, Self::ByHand { .. })
    }

    /// What a person should know of a local place as it stands, a sentence each: that a variable is
    /// set twice, for example. Reads the file and nothing else; what cannot be read has no remarks.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        match self {
            Self::Dotenv { path, var } => dotenv::remarks(path, var),
            _ => vec![],
        }
    }

    /// Writes the value there. The same again changes nothing.
    ///
    /// # Errors
    /// [`Failure`]; the place is as it was unless it says [`crate::Happened::Perhaps`].
    pub fn push(&self, value: &SecretSlice<u8>, access: &Access<'_>) -> Result<(), Failure> {
        let value = value.expose_secret();
        if value.is_empty() {
            return Err(local("the value is empty"));
        }
        match self {
            Self::Dotenv { path, var } => dotenv::push(path, var, value),
            Self::File { path } => file::push(path, value),
            Self::Kubernetes { path, secret, key } => {
                manifest::push(path, secret.as_deref(), key, value)
            }
            Self::Command { argv, .. } => command::push(argv, value, access.variables),
            Self::SecretsManager { secret, region, field, endpoint } => {
                let place = managed(secret, region, field.as_ref(), endpoint.as_ref());
                place.push(value, access.credential()?, access.token, access.now)
            }
            Self::Kv { address, mount, path, field, namespace } => {
                let namespace = namespace.as_deref();
                kv::Field { address, mount, path, field, namespace }.push(value, access.token()?)
            }
            Self::GithubActions { repository, environment, name, endpoint } => {
                let (environment, endpoint) = (environment.as_deref(), endpoint.as_deref());
                let secret = github::Secret { repository, environment, name, endpoint };
                secret.push(value, access.token()?)
            }
            Self::GitlabCi { project, key, scope, endpoint } => {
                let (scope, endpoint) = (scope.as_deref(), endpoint.as_deref());
                gitlab::Variable { project, key, scope, endpoint }.push(value, access.token()?)
            }
            Self::ByHand { .. } => Err(Failure::without_effect(Why::Unsupported)),
        }
    }

    /// Says which of `values` is there.
    ///
    /// # Errors
    /// [`Failure`] when it cannot be read.
    pub fn check(&self, values: &[&SecretSlice<u8>], access: &Access<'_>) -> Result<Held, Failure> {
        match self {
            Self::Dotenv { path, var } => Ok(held(dotenv::read(path, var)?, values)),
            Self::File { path } => file::check(path, values),
            Self::Kubernetes { path, secret, key } => {
                Ok(held(manifest::read(path, secret.as_deref(), key)?, values))
            }
            Self::Command { check: None, .. } | Self::ByHand { .. } => Ok(Held::Unreadable),
            Self::Command { check: Some(argv), .. } => {
                command::check(argv, values, access.variables)
            }
            Self::SecretsManager { secret, region, field, endpoint } => {
                let place = managed(secret, region, field.as_ref(), endpoint.as_ref());
                Ok(held(place.read(access.credential()?, access.now)?, values))
            }
            Self::Kv { address, mount, path, field, namespace } => {
                let namespace = namespace.as_deref();
                let field = kv::Field { address, mount, path, field, namespace };
                Ok(held(field.read(access.token()?)?, values))
            }
            Self::GithubActions { repository, environment, name, endpoint } => {
                let (environment, endpoint) = (environment.as_deref(), endpoint.as_deref());
                github::Secret { repository, environment, name, endpoint }.check(access.token()?)
            }
            Self::GitlabCi { project, key, scope, endpoint } => {
                let (scope, endpoint) = (scope.as_deref(), endpoint.as_deref());
                let variable = gitlab::Variable { project, key, scope, endpoint };
                Ok(match variable.read(access.token()?)? {
                    gitlab::Found::Nothing => Held::Absent,
                    gitlab::Found::Value(value) => held(Some(value), values),
                    gitlab::Found::Hidden => Held::Unreadable,
                })
            }
        }
    }
}

impl Access<'_> {
    /// The credential's bytes, without the line end that a paste may have left.
    fn credential(&self) -> Result<&[u8], Failure> {
        let missing = || Failure::without_effect(Why::Missing("credential".to_owned()));
        Ok(self.credential.ok_or_else(missing)?.expose_secret().trim_ascii())
    }

    /// The credential as a header can carry it.
    fn token(&self) -> Result<&str, Failure> {
        let token = std::str::from_utf8(self.credential()?).ok();
        let token = token.filter(|token| token.bytes().all(|byte| byte.is_ascii_graphic()));
        token.filter(|token| !token.is_empty()).ok_or_else(|| local("the credential is no token"))
    }
}

fn managed<'a>(
    secret: &'a str,
    region: &'a str,
    field: Option<&'a String>,
    endpoint: Option<&'a String>,
) -> secrets_manager::Place<'a> {
    let (field, endpoint) = (field.map(String::as_str), endpoint.map(String::as_str));
    secrets_manager::Place { secret, region, field, endpoint }
}

/// Which of `values` was found, if anything was.
fn held(found: Option<Zeroizing<Vec<u8>>>, values: &[&SecretSlice<u8>]) -> Held {
    match found {
        None => Held::Absent,
        Some(found) if found.is_empty() => Held::Absent,
        Some(found) => known(&found, values),
    }
}

fn known(found: &[u8], values: &[&SecretSlice<u8>]) -> Held {
    let index = values.iter().position(|value| value.expose_secret() == found);
    index.map_or(Held::Other, Held::Known)
}

/// A failure on this machine; nothing was changed.
fn local(why: impl Into<String>) -> Failure {
    Failure::without_effect(Why::Local(why.into()))
}

/// The value as text, for places that take nothing else.
fn text(value: &[u8]) -> Result<&str, Failure> {
    std::str::from_utf8(value)
        .map_err(|_| local("the value is not text, and this place takes text alone"))
}

fn part(field: Option<&str>) -> String {
    field.map(|field| format!(", field {field}")).unwrap_or_default()
}
