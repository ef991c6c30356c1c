//! Reads a recipe's text, and checks it so far that a call can only fail for what it is given.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use thiserror::Error;

use super::answer::Pointer;
use super::form::Form;
use super::google;
use super::recipe::{Actor, Auth, Call, Meaning, Recipe, Row};
use super::template::{Hole, Node, Of, Template, is_name};
use super::{Can, Connector, Kind, Parameter, Shape, Tried};
use crate::{Target, client};

/// Longest text of a recipe, in bytes.
const MAX_TEXT: usize = 64 * 1024;
/// Most entries of any list in it.
const MAX_ENTRIES: usize = 40;
/// Longest line of its words, in bytes.
const MAX_LINE: usize = 400;

/// Why a connector's text cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}{why}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct RecipeError {
    /// The line where it stands, from 1, where that is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub why: String,
}

fn refuse(why: impl Into<String>) -> RecipeError {
    RecipeError { line: None, why: why.into() }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    id: String,
    provider: String,
    title: String,
    shape: Shape,
    console: String,
    #[serde(default)]
    make_by_hand: Vec<String>,
    #[serde(default)]
    revoke_by_hand: Vec<String>,
    #[serde(default)]
    parameters: Vec<WireParameter>,
    admin: Option<String>,
    #[serde(default = "documented")]
    tried: Tried,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default)]
    sources: Vec<String>,
    base: Option<Template>,
    #[serde(default)]
    hosts: BTreeSet<String>,
    #[serde(default)]
    headers: BTreeMap<String, Template>,
    #[serde(default)]
    auth: Auth,
    admin_auth: Option<Auth>,
    value: Option<Form>,
    #[serde(default)]
    code: Vec<Pointer>,
    check: Option<Call>,
    create: Option<Call>,
    find: Option<Call>,
    promote: Option<Call>,
    #[serde(default)]
    revoke: Vec<Call>,
    /// Calls that are made by code.
    adapter: Option<Adapter>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Adapter {
    Aws,
    GoogleServiceAccount,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireParameter {
    name: String,
    about: String,
    default: Option<String>,
}

fn documented() -> Tried {
    Tried::Documented
}

/// Reads a recipe. `own` is one that a user wrote.
pub(crate) fn parse(text: &str, own: bool) -> Result<Connector, RecipeError> {
    if text.len() > MAX_TEXT {
        return Err(refuse("it is longer than 64 KiB"));
    }
    let wire: Wire = toml::from_str(text).map_err(|error| {
        let line = |at: usize| text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
        let why = error.message().chars().filter(|c| !c.is_control()).take(300).collect();
        RecipeError { line: error.span().map(|span| line(span.start)), why }
    })?;
    words(&wire)?;
    let hosts = hosts(&wire, own)?;
    let parameters: Vec<_> = wire
        .parameters
        .into_iter()
        .map(|WireParameter { name, about, default }| Parameter { name, about, default })
        .collect();
    if own && wire.adapter.is_some() {
        return Err(refuse("`adapter` is for those that are built in"));
    }
    let can = Can {
        check: wire.check.is_some(),
        create: wire.create.is_some(),
        find: wire.find.is_some(),
        revoke: !wire.revoke.is_empty(),
        promote: wire.promote.is_some(),
    };
    let recipe = Recipe {
        base: wire.base,
        hosts,
        headers: wire.headers,
        auth: wire.auth,
        admin_auth: wire.admin_auth,
        value: wire.value,
        code: wire.code,
        check: wire.check,
        create: wire.create,
        find: wire.find,
        promote: wire.promote,
        revoke: wire.revoke,
    };
    recipe.fits(&parameters, wire.admin.is_some())?;
    let (can, kind) = match wire.adapter {
        Some(Adapter::Aws) => (crate::aws::CAN, Kind::Aws),
        Some(Adapter::GoogleServiceAccount) => (google::CAN, Kind::Google),
        None => (can, Kind::Recipe(Box::new(recipe))),
    };
    Ok(Connector {
        id: wire.id,
        provider: wire.provider,
        title: wire.title,
        shape: wire.shape,
        console: wire.console,
        make_by_hand: wire.make_by_hand,
        revoke_by_hand: wire.revoke_by_hand,
        parameters,
        admin: wire.admin,
        can,
        tried: wire.tried,
        notes: wire.notes,
        sources: wire.sources,
        kind,
    })
}

/// Checks what is shown to people.
fn words(wire: &Wire) -> Result<(), RecipeError> {
    let is_id = |text: &str| {
        (1..=40).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    for (name, text) in [("id", &wire.id), ("provider", &wire.provider)] {
        if !is_id(text) {
            let why = format!("`{name}` is up to 40 small letters, digits and hyphens");
            return Err(refuse(why));
        }
    }
    let lists = [&wire.make_by_hand, &wire.revoke_by_hand, &wire.notes, &wire.sources];
    let about = wire.parameters.iter().map(|parameter| &parameter.about);
    let single = [&wire.title, &wire.console].into_iter().chain(&wire.admin).chain(about);
    for line in single.chain(lists.into_iter().flatten()) {
        if line.is_empty() || line.len() > MAX_LINE || line.chars().any(char::is_control) {
            return Err(refuse(
                "a line of words is empty, longer than 400 bytes, or holds signs that do not print",
            ));
        }
    }
    if !Target::parse(&wire.console).is_ok_and(|target| target.secure) {
        return Err(refuse("`console` is an https address"));
    }
    let mut names = BTreeSet::new();
    for parameter in &wire.parameters {
        if !is_name(&parameter.name) || !names.insert(&parameter.name) {
            return Err(refuse(
                "a parameter's name is small letters, digits and `_`, and there once",
            ));
        }
    }
    let most = lists.map(Vec::len).into_iter().chain([wire.parameters.len(), wire.revoke.len()]);
    if most.max().unwrap_or(0) > MAX_ENTRIES {
        return Err(refuse("a list in it has more than 40 entries"));
    }
    Ok(())
}

/// Checks where the calls go, and says which hosts they may go to.
fn hosts(wire: &Wire, own: bool) -> Result<Option<BTreeSet<String>>, RecipeError> {
    let calls = [&wire.check, &wire.create, &wire.find, &wire.promote];
    let calls = calls.into_iter().flatten().chain(&wire.revoke);
    let mut hosts = wire.hosts.clone();
    for base in wire.base.iter().chain(calls.filter_map(|call| call.base.as_ref())) {
        let Some(base) = base.fixed() else {
            if own || wire.hosts.is_empty() {
                return Err(refuse("`base` is an address without placeholders"));
            }
            continue;
        };
        let target = Target::parse(&base).map_err(|error| refuse(error.to_string()))?;
        if !(target.secure || own && client::is_loopback(&target.host)) {
            let here = if own { "https, or http on this machine" } else { "https" };
            return Err(refuse(format!("`base` is {here}")));
        }
        if base.ends_with('/') || base.contains(['?', '#']) {
            return Err(refuse("`base` ends before the slash that `path` begins with"));
        }
        hosts.insert(target.host);
    }
    if own && wire.base.is_none() {
        return Err(refuse("`base` is missing: the https address that all calls begin with"));
    }
    Ok((!own).then_some(hosts))
}

impl Recipe {
    /// Checks that every call can be made from what there is.
    fn fits(&self, parameters: &[Parameter], has_admin: bool) -> Result<(), RecipeError> {
        let named = [
            ("check", &self.check),
            ("create", &self.create),
            ("find", &self.find),
            ("promote", &self.promote),
        ];
        let named = named.into_iter().filter_map(|(name, call)| Some((name, call.as_ref()?)));
        for (name, call) in named.chain(self.revoke.iter().map(|call| ("revoke", call))) {
            let why = self.call_fits(name, call, parameters, has_admin).err();
            if let Some(why) = why {
                return Err(refuse(format!("`{name}`: {why}")));
            }
        }
        if let Some(form) = &self.value {
            let names: Vec<_> = form.form.names().collect();
            if !form.public.iter().chain(&form.id).all(|part| names.contains(&part.as_str())) {
                return Err(refuse("`value`: a public part, or the id, is none of its parts"));
            }
            if names.iter().all(|name| form.public.iter().any(|public| public == name)) {
                return Err(refuse("`value`: one part at least is a secret"));
            }
        }
        Ok(())
    }

    fn call_fits(
        &self,
        name: &str,
        call: &Call,
        parameters: &[Parameter],
        has_admin: bool,
    ) -> Result<(), String> {
        if call.path.holes().any(|hole| self.is_secret(hole)) {
            return Err("a value never goes into the address".to_owned());
        }
        let auth = if call.actor == Actor::Nobody { None } else { Some(self.auth_of(call)) };
        let mut texts: Vec<&Template> = vec![&call.path];
        texts.extend(self.base.iter().chain(&call.base));
        texts.extend(self.headers.values().chain(call.headers.values()));
        texts.extend(auth.iter().flat_map(|auth| auth.headers.values().chain(&auth.basic)));
        texts.extend(call.json.iter().flat_map(Node::templates));
        texts.extend(call.form.iter().flat_map(BTreeMap::values));
        for hole in texts.into_iter().flat_map(Template::holes) {
            let fits = match hole.of {
                Of::Key => call.actor != Actor::Nobody,
                Of::Value => true,
                Of::Admin => has_admin,
                Of::New => name == "promote",
                Of::Doomed => name == "revoke",
                Of::Id => matches!(name, "create" | "revoke"),
                Of::Token => matches!(name, "create" | "find"),
                Of::Param => parameters.iter().any(|known| Some(&known.name) == hole.part.as_ref()),
            };
            let mut parts = self.value.iter().flat_map(|form| form.form.names());
            let is_part = hole.of == Of::Param
                || hole.part.as_ref().is_none_or(|part| parts.any(|known| known == part));
            if !fits || !is_part {
                return Err("a placeholder has nothing to stand for here".to_owned());
            }
        }
        let actor = match call.actor {
            Actor::Admin => has_admin,
            Actor::Doomed => name == "revoke",
            Actor::Value | Actor::Nobody => true,
        };
        if !actor {
            return Err("`as` is a credential that this call does not have".to_owned());
        }
        if call.json.is_some() && call.form.is_some() {
            return Err("it has a body twice".to_owned());
        }
        if !call.path.starts_with_slash() {
            return Err("`path` begins with a slash".to_owned());
        }
        let asks = name == "check";
        let says = |row: &Row| {
            matches!(row.is, Meaning::Alive | Meaning::Dead | Meaning::NoPermission) == asks
                && (row.at.is_some() || row.equals.is_empty() && row.contains.is_none())
        };
        if !call.answers.iter().all(says) {
            return Err("a row of `answers` does not say what this call can tell".to_owned());
        }
        if asks && !call.answers.iter().any(|row| row.is == Meaning::Alive) {
            return Err("no row of `answers` says that a value is alive".to_owned());
        }
        if call.list.is_some() != (name == "find") {
            return Err("`list` belongs to `find`, which needs it".to_owned());
        }
        let parts: Vec<_> = self.value.iter().flat_map(|form| form.form.names()).collect();
        let known = ["id", "expires", "lifetime", "old_until", "value"];
        if !call
            .read
            .keys()
            .all(|key| known.contains(&key.as_str()) || parts.contains(&key.as_str()))
        {
            return Err("`read` names what nobody asks for".to_owned());
        }
        let reads_value =
            call.read.keys().any(|key| key == "value" || parts.contains(&key.as_str()));
        if name == "create" && !reads_value {
            return Err("`read` does not say where the new value is".to_owned());
        }
        Ok(())
    }

    /// Whether a placeholder puts a secret in.
    fn is_secret(&self, hole: &Hole) -> bool {
        let is_value = !matches!(hole.of, Of::Id | Of::Token | Of::Param);
        let public =
            |part: &String| self.value.as_ref().is_some_and(|form| form.public.contains(part));
        is_value && !hole.part.as_ref().is_some_and(public)
    }
}
