//! The format of `providers/*.toml` and of a user's own connector: what is called, with what, and what
//! each answer means.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::answer::Pointer;
use super::form::Form;
use super::template::{Node, Template};
use crate::Target;

/// The calls of one provider.
#[derive(Debug)]
pub(crate) struct Recipe {
    /// Where the calls go; none when the user has to say it.
    pub base: Option<Template>,
    /// Hosts that a call may go to; none when the user named the base.
    pub hosts: Option<BTreeSet<String>>,
    pub headers: BTreeMap<String, Template>,
    pub auth: Auth,
    /// How the stronger credential is shown, where that differs.
    pub admin_auth: Option<Auth>,
    pub value: Option<Form>,
    pub code: Vec<Pointer>,
    pub check: Option<Call>,
    pub create: Option<Call>,
    pub find: Option<Call>,
    pub promote: Option<Call>,
    /// Ways to revoke; the first for which everything was given is taken.
    pub revoke: Vec<Call>,
}

/// How a credential is shown.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Auth {
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    /// `user:password` of HTTP Basic (RFC 7617).
    pub basic: Option<Template>,
}

/// One call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    pub method: Method,
    pub path: Template,
    /// Another base for this call alone.
    pub base: Option<Template>,
    /// The credential that it is made with.
    #[serde(default, rename = "as")]
    pub actor: Actor,
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    pub json: Option<Node>,
    pub form: Option<BTreeMap<String, Template>>,
    /// Whether `form` goes out as `multipart/form-data` (RFC 7578).
    #[serde(default)]
    pub multipart: bool,
    /// This way to revoke is for ids that begin so.
    pub id_prefix: Option<String>,
    /// What answers mean; the first that fits counts.
    #[serde(default)]
    pub answers: Vec<Row>,
    /// What is read out of an answer.
    #[serde(default)]
    pub read: BTreeMap<String, Pointer>,
    /// Where the keys are in an answer that lists them.
    pub list: Option<List>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
    /// Vault's own.
    List,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Actor {
    /// The value that the call is about, or, for revoking, one that still works.
    #[default]
    Value,
    /// The stronger credential.
    Admin,
    /// The value that is revoked.
    Doomed,
    /// Nobody: the call shows no credential.
    Nobody,
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Meaning {
    Alive,
    Dead,
    NoPermission,
    /// It is done.
    Ok,
    /// There was nothing left to do.
    Gone,
    /// It was not done, though the status says success.
    Refused,
}

/// One row of the table of answers: everything that it names has to fit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    pub is: Meaning,
    pub status: Statuses,
    /// A place in the answer; alone, it has to be there.
    pub at: Option<Pointer>,
    /// What stands there: one of these.
    #[serde(default)]
    pub equals: Vec<Value>,
    /// What the text there holds.
    pub contains: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Statuses {
    One(u16),
    Any(Vec<u16>),
}

/// Where keys stand in a list, and which of them are a run's own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct List {
    pub at: Pointer,
    /// Holds the run's token.
    pub name: Pointer,
    pub id: Pointer,
    /// True, or there at all, when there are more than this answer has.
    pub more: Option<Pointer>,
}

impl Method {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::List => "LIST",
        }
    }
}

impl Statuses {
    pub(crate) fn has(&self, status: u16) -> bool {
        match self {
            Self::One(one) => *one == status,
            Self::Any(any) => any.contains(&status),
        }
    }
}

impl Recipe {
    /// Whether a value has the parts that calls are made of.
    pub(crate) fn takes(&self, value: &[u8]) -> bool {
        std::str::from_utf8(value).is_ok_and(|text| {
            !text.is_empty()
                && self.value.as_ref().is_none_or(|form| form.form.split(text).is_some())
        })
    }

    /// Whether a host is one of those that are built in; `*.` stands for every name below one.
    pub(crate) fn knows_host(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.hosts.iter().flatten().any(|known| match known.strip_prefix('*') {
            Some(end) => host.strip_suffix(end).is_some_and(|name| !name.is_empty()),
            None => *known == host,
        })
    }

    /// The hosts of its addresses.
    pub(crate) fn named_hosts(&self) -> Vec<String> {
        let base = self.base.as_ref().and_then(Template::fixed);
        let own = base.and_then(|base| Target::parse(&base).ok()).map(|target| target.host);
        self.hosts.iter().flatten().cloned().chain(own.filter(|_| self.hosts.is_none())).collect()
    }

    /// How this call's credential is shown.
    pub(crate) fn auth_of(&self, call: &Call) -> &Auth {
        match (&self.admin_auth, call.actor) {
            (Some(auth), Actor::Admin) => auth,
            _ => &self.auth,
        }
    }
}
