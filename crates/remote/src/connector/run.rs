//! What an account can do, in the calls of its recipe.

use std::collections::BTreeMap;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretSlice};
use serde_json::Value;
use zeroize::Zeroizing;

use super::answer::{after, id, time};
use super::exchange::Judged;
use super::form::Parts;
use super::recipe::{Actor, Call, Meaning, Recipe};
use super::template::{Facts, Hole, Of, Template};
use super::{Account, Checked, Created, Liveness, Shape};
use crate::client::Patience;
use crate::{Failure, Happened, Why};

/// Longest value that is taken from an answer, in bytes.
const MAX_VALUE: usize = 64 * 1024;

/// A recipe with an account: what a call needs.
pub(crate) struct Runner<'a> {
    pub(super) account: &'a Account<'a>,
    pub(super) recipe: &'a Recipe,
    pub(super) patience: Patience,
}

/// What one call is filled with.
#[derive(Default, Clone)]
pub(crate) struct Given {
    pub(super) value: Option<Known>,
    pub(super) admin: Option<Known>,
    pub(super) new: Option<Known>,
    pub(super) doomed: Option<Known>,
    id: Option<String>,
    token: Option<String>,
    parameters: BTreeMap<String, String>,
    /// With what the call is made.
    pub(super) actor: Option<Known>,
}

/// A value as text, with its parts.
#[derive(Clone)]
pub(super) struct Known {
    text: Zeroizing<String>,
    parts: Parts,
    secrets: Vec<Zeroizing<String>>,
}

impl Facts for Given {
    fn look_up(&self, hole: &Hole) -> Result<Option<Zeroizing<String>>, Failure> {
        let known = match hole.of {
            Of::Key => &self.actor,
            Of::Value => &self.value,
            Of::Admin => &self.admin,
            Of::New => &self.new,
            Of::Doomed => &self.doomed,
            Of::Id => return Ok(self.id.clone().map(Zeroizing::new)),
            Of::Token => return Ok(self.token.clone().map(Zeroizing::new)),
            Of::Param => {
                let given = hole.part.as_ref().and_then(|name| self.parameters.get(name));
                let given = given.filter(|text| !text.is_empty());
                return Ok(given.cloned().map(Zeroizing::new));
            }
        };
        let Some(known) = known else { return Ok(None) };
        Ok(match &hole.part {
            None => Some(known.text.clone()),
            Some(part) => known.parts.get(part).cloned(),
        })
    }
}

impl Given {
    /// Every secret that a call could hold.
    pub(super) fn secrets(&self) -> Vec<Zeroizing<String>> {
        let known = [&self.value, &self.admin, &self.new, &self.doomed];
        known.into_iter().flatten().flat_map(|known| known.secrets.clone()).collect()
    }
}

impl<'a> Runner<'a> {
    pub(crate) fn new(account: &'a Account<'a>, recipe: &'a Recipe) -> Self {
        Self { account, recipe, patience: Patience::USUAL }
    }

    /// See [`Account::check`].
    pub(crate) fn check(&self, value: &SecretSlice<u8>) -> Result<Checked, Failure> {
        let call = self.recipe.check.as_ref().ok_or_else(unsupported)?;
        let mut given = self.given()?;
        given.value = Some(self.known(value)?);
        self.asked(call, given)
    }

    fn asked(&self, call: &Call, given: Given) -> Result<Checked, Failure> {
        let own = given.value.as_ref().and_then(|known| self.id_in(known));
        let secrets = given.secrets();
        let judged = self.make(call, given)?;
        let liveness = match judged.meaning {
            Some(Meaning::Alive) => Liveness::Alive,
            Some(Meaning::Dead) => Liveness::Dead,
            Some(Meaning::NoPermission) => Liveness::NoPermission,
            _ => Liveness::Unknown,
        };
        let is_known = matches!(liveness, Liveness::Alive | Liveness::NoPermission);
        let read = |name: &str| self.read(call, name, &judged.json.0).filter(|_| is_known);
        let said = match &judged.code {
            Some(code) => format!("HTTP {} ({code})", judged.status),
            None => format!("HTTP {}", judged.status),
        };
        let id = own.or_else(|| id(text(read("id")?)?, &secrets));
        let expires = self.expires(call, &judged.json.0).filter(|_| is_known);
        Ok(Checked { liveness, said, id, expires })
    }

    /// See [`Account::create`].
    pub(crate) fn create(&self, old: &SecretSlice<u8>, token: &str) -> Result<Created, Failure> {
        let call = self.recipe.create.as_ref().ok_or_else(unsupported)?;
        let mut given = self.given()?;
        let known = self.known(old)?;
        given.token = Some(token.to_owned());
        given.value = Some(known.clone());
        if self.needs_id(call) {
            given.id = Some(self.id_of(&known)?);
        }
        let mut secrets = given.secrets();
        let same = given.id.clone();
        let judged = self.make(call, given)?;
        if judged.meaning != Some(Meaning::Ok) {
            return Err(self.refused(&judged));
        }
        // From here on it has happened: the value is in the answer, or it is lost.
        let lost = |why| Failure { happened: Happened::Perhaps, why: Why::Answer(why), wait: None };
        let json = &judged.json.0;
        let new = self.new_value(call, json, &known).ok_or(lost("no value is in it"))?;
        if new.is_empty() || new.len() > MAX_VALUE {
            return Err(lost("the value in it is empty, or longer than 64 KiB"));
        }
        if *new == *known.text {
            return Err(lost("it gave the old value again"));
        }
        let new = self.split(new).ok_or(lost("the value in it is not of the provider's form"))?;
        secrets.extend(new.secrets.clone());
        let read = self.read(call, "id", json).and_then(text);
        let rolled = self.account.connector.shape == Shape::RollInPlace;
        let id = read.and_then(|text| id(text, &secrets)).or_else(|| self.id_in(&new));
        let id = id.or(same.filter(|_| rolled));
        let old_until = self.read(call, "old_until", json).and_then(time);
        let old_until = old_until.or(rolled.then_some(self.account.now));
        Ok(Created {
            value: SecretSlice::from(new.text.as_bytes().to_vec()),
            id,
            expires: self.expires(call, json),
            old_until,
        })
    }

    /// See [`Account::made`].
    pub(crate) fn made(&self, with: &SecretSlice<u8>, token: &str) -> Result<Vec<String>, Failure> {
        let call = self.recipe.find.as_ref().ok_or_else(unsupported)?;
        let list = call.list.as_ref().ok_or_else(unsupported)?;
        let mut given = self.given()?;
        given.value = Some(self.known(with)?);
        given.token = Some(token.to_owned());
        let secrets = given.secrets();
        let judged = self.make(call, given)?;
        if judged.meaning != Some(Meaning::Ok) {
            return Err(self.refused(&judged));
        }
        let json = &judged.json.0;
        let answer = |why| Failure::without_effect(Why::Answer(why));
        let Some(Value::Array(keys)) = list.at.find(json) else {
            return Err(answer("no list of keys is in it"));
        };
        let is_ours = |key: &&Value| {
            let name = list.name.text(key).map(|name| name.to_ascii_lowercase());
            !token.is_empty() && name.is_some_and(|name| name.contains(&token.to_ascii_lowercase()))
        };
        let ours = keys.iter().filter(is_ours).map(|key| {
            let id = list.id.text(key).and_then(|text| id(text, &secrets));
            id.ok_or(answer("a key in it has no id"))
        });
        let ours = ours.collect::<Result<Vec<_>, _>>()?;
        let more = list.more.as_ref().and_then(|more| more.find(json));
        let is_more = more.is_some_and(|more| !matches!(more, Value::Bool(false)) && *more != "");
        if ours.is_empty() && is_more {
            return Err(answer("there are more keys than it lists"));
        }
        Ok(ours)
    }

    /// See [`Account::promote`].
    pub(crate) fn promote(
        &self,
        old: &SecretSlice<u8>,
        new: &SecretSlice<u8>,
    ) -> Result<(), Failure> {
        let call = self.recipe.promote.as_ref().ok_or_else(unsupported)?;
        let mut given = self.given()?;
        given.value = Some(self.known(old)?);
        given.new = Some(self.known(new)?);
        let judged = self.make(call, given)?;
        if matches!(judged.meaning, Some(Meaning::Ok | Meaning::Gone)) {
            return Ok(());
        }
        // Promoted before: the old one is refused, and the new one stands in its place.
        let is = |value, liveness| self.check(value).is_ok_and(|said| said.liveness == liveness);
        if is(old, Liveness::Dead) && is(new, Liveness::Alive) {
            return Ok(());
        }
        Err(self.refused(&judged))
    }

    /// See [`Account::revoke`].
    pub(crate) fn revoke(
        &self,
        with: &SecretSlice<u8>,
        doomed: Option<&SecretSlice<u8>>,
        id: Option<&str>,
    ) -> Result<(), Failure> {
        // Promoting is what ends the first of two slots. To delete "the second one" with the first as
        // both would delete the wrong one.
        let itself = doomed.is_none_or(|doomed| doomed.expose_secret() == with.expose_secret());
        if self.account.connector.shape == Shape::PrimarySecondary && itself {
            return Err(unsupported());
        }
        let mut given = self.given()?;
        given.value = Some(self.known(with)?);
        given.doomed = doomed.map(|value| self.known(value)).transpose()?;
        given.id = id.map(str::to_owned);
        if given.id.is_none() {
            given.id = given.doomed.as_ref().and_then(|known| self.id_in(known));
        }
        let ways = &self.recipe.revoke;
        let mut lacking = ways.iter().map(|call| self.lacks(call, &given));
        let call = match lacking.clone().position(|lack| lack.is_none()) {
            Some(index) => &ways[index],
            // The provider may tell the id itself, as long as it takes the value.
            None => {
                let first = lacking.next().flatten().ok_or_else(unsupported)?;
                let by_id = ways.iter().find(|call| self.lacks(call, &given) == Some(Of::Id));
                let (Some(call), Some(doomed)) = (by_id, given.doomed.clone()) else {
                    return Err(missing(first));
                };
                match self.check_known(&doomed)? {
                    Checked { id: Some(id), .. } => given.id = Some(id),
                    Checked { liveness: Liveness::Dead, .. } => return Ok(()),
                    _ => return Err(missing(Of::Id)),
                }
                call
            }
        };
        let judged = self.make(call, given)?;
        match judged.meaning {
            Some(Meaning::Ok | Meaning::Gone) => Ok(()),
            _ => Err(self.refused(&judged)),
        }
    }

    /// What a call needs that was not given: the first such thing.
    fn lacks(&self, call: &Call, given: &Given) -> Option<Of> {
        let actor = match call.actor {
            Actor::Admin if given.admin.is_none() => Some(Of::Admin),
            Actor::Doomed if given.doomed.is_none() => Some(Of::Doomed),
            _ => None,
        };
        // Without an id, a way for some ids alone is none.
        if let Some(prefix) = &call.id_prefix
            && !given.id.as_ref().is_some_and(|id| id.starts_with(prefix))
        {
            return Some(Of::Id);
        }
        let lacks = |of: Of| match of {
            Of::Id => given.id.is_none(),
            Of::Doomed => given.doomed.is_none(),
            Of::Admin => given.admin.is_none(),
            _ => false,
        };
        actor.or_else(|| self.uses(call).into_iter().find(|&of| lacks(of)))
    }

    fn needs_id(&self, call: &Call) -> bool {
        self.uses(call).contains(&Of::Id)
    }

    fn uses(&self, call: &Call) -> Vec<Of> {
        let mut texts: Vec<&Template> = vec![&call.path];
        texts.extend(call.headers.values());
        texts.extend(call.json.iter().flat_map(super::template::Node::templates));
        texts.extend(call.form.iter().flat_map(BTreeMap::values));
        texts.into_iter().flat_map(Template::holes).map(|hole| hole.of).collect()
    }

    /// The provider's id of a value: in the value itself, or as the provider says.
    fn id_of(&self, known: &Known) -> Result<String, Failure> {
        if let Some(id) = self.id_in(known) {
            return Ok(id);
        }
        self.check_known(known)?.id.ok_or_else(|| missing(Of::Id))
    }

    /// What the provider says of a value, where that has its id.
    fn check_known(&self, known: &Known) -> Result<Checked, Failure> {
        let tells = self.recipe.check.as_ref().filter(|call| call.read.contains_key("id"));
        let call = tells.ok_or_else(|| missing(Of::Id))?;
        self.asked(call, Given { value: Some(known.clone()), ..self.given()? })
    }

    /// Parameters with their defaults, and the stronger credential.
    fn given(&self) -> Result<Given, Failure> {
        let known = self.account.connector.parameters.iter().filter_map(|parameter| {
            let given = self.account.parameters.get(&parameter.name);
            Some((parameter.name.clone(), given.or(parameter.default.as_ref())?.clone()))
        });
        let admin = match self.account.admin {
            None => None,
            Some(admin) => {
                let text = plain(admin)?;
                Some(Known { secrets: vec![text.clone()], text, parts: Parts::new() })
            }
        };
        Ok(Given { parameters: known.collect(), admin, ..Given::default() })
    }

    fn known(&self, value: &SecretSlice<u8>) -> Result<Known, Failure> {
        self.split(plain(value)?).ok_or_else(|| {
            let form = self.recipe.value.as_ref().map_or("", |form| form.form.shown());
            Failure::without_effect(Why::Missing(format!("a value of the form {form}")))
        })
    }

    fn split(&self, text: Zeroizing<String>) -> Option<Known> {
        let Some(form) = &self.recipe.value else {
            return Some(Known { secrets: vec![text.clone()], text, parts: Parts::new() });
        };
        let parts = form.form.split(&text)?;
        let secret = parts.iter().filter(|(name, _)| !form.public.contains(name));
        let secrets = secret.map(|(_, part)| part.clone()).collect();
        Some(Known { text, parts, secrets })
    }

    fn id_in(&self, known: &Known) -> Option<String> {
        let part = self.recipe.value.as_ref()?.id.as_ref()?;
        id(known.parts.get(part)?.to_string(), &known.secrets)
    }

    fn read<'j>(&self, call: &Call, name: &str, json: &'j Value) -> Option<&'j Value> {
        call.read.get(name)?.find(json)
    }

    fn expires(&self, call: &Call, json: &Value) -> Option<Timestamp> {
        let lifetime = || after(self.account.now, self.read(call, "lifetime", json)?);
        self.read(call, "expires", json).and_then(time).or_else(lifetime)
    }

    /// The new value: as it stands in the answer, or put together of parts of the answer and of the
    /// old value.
    fn new_value(&self, call: &Call, json: &Value, old: &Known) -> Option<Zeroizing<String>> {
        let read = |name: &str| self.read(call, name, json).and_then(text).map(Zeroizing::new);
        let Some(form) = self.recipe.value.as_ref().filter(|_| !call.read.contains_key("value"))
        else {
            return read("value");
        };
        let mut parts = Parts::new();
        for name in form.form.names() {
            let part = match call.read.contains_key(name) {
                true => read(name)?,
                false => old.parts.get(name)?.clone(),
            };
            parts.insert(name.to_owned(), part);
        }
        form.form.join(&parts)
    }

    /// Why an answer is not the one that was hoped for. What a 2xx or a refusal in it says was decided
    /// by the provider; nothing was done.
    fn refused(&self, judged: &Judged) -> Failure {
        let Judged { status, code, meaning, .. } = judged;
        let happened = match (meaning, status) {
            (None, 200..300) => Happened::Perhaps,
            _ => Happened::No,
        };
        Failure { happened, why: Why::Refused { status: *status, code: code.clone() }, wait: None }
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn plain(value: &SecretSlice<u8>) -> Result<Zeroizing<String>, Failure> {
    let text = std::str::from_utf8(value.expose_secret());
    let text =
        text.map_err(|_| Failure::without_effect(Why::Missing("a value that is text".to_owned())))?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn unsupported() -> Failure {
    Failure::without_effect(Why::Unsupported)
}

pub(super) fn missing(of: Of) -> Failure {
    let what = match of {
        Of::Admin => "the stronger credential",
        Of::Doomed => "the value that is to be revoked",
        _ => "the provider's id of the key",
    };
    Failure::without_effect(Why::Missing(what.to_owned()))
}
