//! What Keyward knows of each provider's interface for its own credentials: how a key is made,
//! tried, revoked, and what its refusal looks like. Most of it is data (`providers/*.toml`).

mod answer;
mod exchange;
mod form;
mod google;
mod parse;
mod recipe;
mod run;
mod table;
mod template;

use std::collections::BTreeMap;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretSlice};
use serde::{Deserialize, Serialize};

pub(crate) use self::answer::Json;
use self::google::Google;
pub use self::parse::RecipeError;
use self::recipe::Recipe;
use self::run::Runner;
use crate::{Failure, Why};

/// How a provider replaces a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// A second one is made; both work until the old one is deleted.
    IssueDelete,
    /// One call gives the new one and ends the old one at once.
    RollInPlace,
    /// One call gives the new one; the old one works on for a time that the call says.
    RollWithGrace,
    /// A second slot is filled and then promoted, which ends the first one.
    PrimarySecondary,
    /// It is made in the console; the interface can only disable it.
    DisableOnly,
    /// It is made in the console; it can revoke itself, or anyone who has it can.
    SelfRevoke,
    /// The console alone.
    ConsoleOnly,
}

/// Against what a connector's calls were tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tried {
    /// The provider's own server software (OpenBao).
    Real,
    /// A third party's simulation of it (moto).
    Simulated,
    /// Only a local server of the tests that answers as the provider's documentation says.
    Documented,
}

/// Something a connector has to know besides the value: an account id, a role, a region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name, as in `--param NAME=VALUE`.
    pub name: String,
    /// What it is and where it is found, in one line.
    pub about: String,
    /// What stands for it where none is given; none means that it has to be given.
    #[serde(default)]
    pub default: Option<String>,
}

/// Which calls a connector has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Can {
    /// It says whether a value is alive.
    pub check: bool,
    /// It makes a new value (and, where the shape says so, ends the old one).
    pub create: bool,
    /// It finds what a run made and never got to know.
    pub find: bool,
    /// It revokes.
    pub revoke: bool,
    /// It promotes the second slot to the first.
    pub promote: bool,
}

/// What is known of one provider's interface.
#[derive(Debug)]
pub struct Connector {
    /// Id such as `gitlab`; what `keyward provider allow` takes.
    pub id: String,
    /// The entry's `provider` that it serves.
    pub provider: String,
    /// What people call it.
    pub title: String,
    /// How it replaces a credential.
    pub shape: Shape,
    /// The console page on which keys are made and revoked.
    pub console: String,
    /// What to click there to make one, a line each.
    pub make_by_hand: Vec<String>,
    /// What to click there to revoke one, a line each.
    pub revoke_by_hand: Vec<String>,
    /// What it has to know besides the value.
    pub parameters: Vec<Parameter>,
    /// What stronger credential `create` and `revoke` need; none when the value itself may.
    pub admin: Option<String>,
    /// Which calls it has.
    pub can: Can,
    /// Against what they were tried.
    pub tried: Tried,
    /// Traps that a person has to know, a line each.
    pub notes: Vec<String>,
    /// Where the facts are from.
    pub sources: Vec<String>,
    /// How its calls are made.
    kind: Kind,
}

/// How a connector's calls are made.
#[derive(Debug)]
enum Kind {
    /// As its data says.
    Recipe(Box<Recipe>),
    /// Signed calls, in `crate::aws`.
    Aws,
    /// By code, for Google's service accounts.
    Google,
}

impl Connector {
    /// Reads a connector of the user's own: the text of a file such as those in `providers/`, at most
    /// 64 KiB, with a `base` that is `https`, or `http` on this machine.
    ///
    /// # Errors
    /// [`RecipeError`] with the line; also when it takes the id of a built-in one.
    pub fn parse(text: &str) -> Result<Self, RecipeError> {
        let connector = parse::parse(text, true)?;
        if self::connector(&connector.id).is_some() {
            let why = format!("`{}` is built in; give yours another `id`", connector.id);
            return Err(RecipeError { line: None, why });
        }
        Ok(connector)
    }

    /// Whether a value is of the form that this connector works with, such as `SG.<id>.<secret>`; where
    /// it knows of none, any text is.
    #[must_use]
    pub fn takes(&self, value: &SecretSlice<u8>) -> bool {
        match &self.kind {
            Kind::Recipe(recipe) => recipe.takes(value.expose_secret()),
            Kind::Aws => crate::aws::takes(value.expose_secret()),
            Kind::Google => google::takes(value.expose_secret()),
        }
    }

    /// Whether no address is built in, so that [`Account::endpoint`] has to be given.
    #[must_use]
    pub fn needs_endpoint(&self) -> bool {
        match &self.kind {
            Kind::Recipe(recipe) => self.can != Can::default() && recipe.base.is_none(),
            Kind::Aws => false,
            Kind::Google => false,
        }
    }

    /// Whether [`Account::made`] tells the keys of one run from all others, by the run's name.
    #[must_use]
    pub fn finds_by_name(&self) -> bool {
        self.can.find && matches!(self.kind, Kind::Recipe(_))
    }

    /// The hosts that its calls go to unless an endpoint is given.
    #[must_use]
    pub fn hosts(&self) -> Vec<String> {
        match &self.kind {
            Kind::Recipe(recipe) => recipe.named_hosts(),
            Kind::Aws => crate::aws::HOSTS.map(str::to_owned).to_vec(),
            Kind::Google => google::HOSTS.map(str::to_owned).to_vec(),
        }
    }
}

/// The connectors that are built in, by id.
#[must_use]
pub fn connectors() -> &'static [Connector] {
    table::table()
}

/// The connector of an id, or else the first of an entry's provider.
#[must_use]
pub fn connector(id: &str) -> Option<&'static Connector> {
    let by_id = connectors().iter().find(|known| known.id == id);
    by_id.or_else(|| connectors().iter().find(|known| known.provider == id))
}

/// One account at a provider: the connector with what it has to know to act.
#[derive(Debug)]
pub struct Account<'a> {
    /// The connector.
    pub connector: &'a Connector,
    /// Its parameters, as given; defaults need not be in here.
    pub parameters: &'a BTreeMap<String, String>,
    /// The stronger credential, where one was given.
    pub admin: Option<&'a SecretSlice<u8>>,
    /// An address of the user's own instead of the built-in one: a self-managed server. `https`, or
    /// `http` on this machine.
    pub endpoint: Option<&'a str>,
    /// The time of the calls (signatures and tokens hold it).
    pub now: Timestamp,
}

/// What the provider says of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Liveness {
    /// It takes it.
    Alive,
    /// It refuses it, in the very way in which it refuses what was revoked.
    Dead,
    /// It knows it, and does not let it do this.
    NoPermission,
    /// No answer that says either.
    Unknown,
}

/// The answer to "is this value alive?".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What it amounts to.
    pub liveness: Liveness,
    /// The proof in a few words: status and the provider's own code, `HTTP 401 (invalid_api_key)`.
    pub said: String,
    /// The provider's id of the key, where it gives one.
    pub id: Option<String>,
    /// When the provider ends it, where it says so.
    pub expires: Option<Timestamp>,
}

/// A value that was just made.
#[derive(Debug)]
pub struct Created {
    /// The value.
    pub value: SecretSlice<u8>,
    /// The provider's id of it.
    pub id: Option<String>,
    /// When the provider ends it, as it says itself.
    pub expires: Option<Timestamp>,
    /// When the old value ends, where making the new one set that.
    pub old_until: Option<Timestamp>,
}

impl Account<'_> {
    /// Asks whether a value is alive. One harmless request; at most one repeat.
    ///
    /// # Errors
    /// [`Failure`] when it cannot be asked; an answer that says nothing is [`Liveness::Unknown`].
    pub fn check(&self, value: &SecretSlice<u8>) -> Result<Checked, Failure> {
        match &self.connector.kind {
            Kind::Recipe(recipe) => Runner::new(self, recipe).check(value),
            Kind::Aws => crate::aws::check(self, value),
            Kind::Google => Google(self).check(value),
        }
    }

    /// Makes a new value for the one that is `old`. `token` is the run's own: it goes where the
    /// provider keeps a name or an idempotency key, and [`Account::made`] finds by it.
    ///
    /// # Errors
    /// [`Failure`]; where it may have happened, look with [`Account::made`] before another try.
    pub fn create(&self, old: &SecretSlice<u8>, token: &str) -> Result<Created, Failure> {
        match &self.connector.kind {
            Kind::Recipe(recipe) => Runner::new(self, recipe).create(old, token),
            Kind::Aws => crate::aws::create(self, old, token),
            Kind::Google => Google(self).create(old),
        }
    }

    /// Ids of the keys that a run with this token made at the provider.
    ///
    /// # Errors
    /// [`Failure`]; [`Why::Unsupported`] where the provider lists nothing.
    pub fn made(&self, with: &SecretSlice<u8>, token: &str) -> Result<Vec<String>, Failure> {
        match &self.connector.kind {
            Kind::Recipe(recipe) => Runner::new(self, recipe).made(with, token),
            Kind::Aws => crate::aws::made(self, with, token),
            Kind::Google => Err(Failure::without_effect(Why::Unsupported)),
        }
    }

    /// Promotes the second slot, which ends the first one.
    ///
    /// # Errors
    /// [`Failure`]. Promoting twice is no error where the provider says that it is done.
    pub fn promote(&self, old: &SecretSlice<u8>, new: &SecretSlice<u8>) -> Result<(), Failure> {
        match &self.connector.kind {
            Kind::Recipe(recipe) => Runner::new(self, recipe).promote(old, new),
            Kind::Aws => Err(Failure::without_effect(Why::Unsupported)),
            Kind::Google => Err(Failure::without_effect(Why::Unsupported)),
        }
    }

    /// Revokes a key, by its value, its id, or both, whatever the provider takes; with `with`, a value
    /// of the same account that still works (it may be the key itself), or the stronger credential.
    /// What is gone already is no error.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn revoke(
        &self,
        with: &SecretSlice<u8>,
        doomed: Option<&SecretSlice<u8>>,
        id: Option<&str>,
    ) -> Result<(), Failure> {
        match &self.connector.kind {
            Kind::Recipe(recipe) => Runner::new(self, recipe).revoke(with, doomed, id),
            Kind::Aws => crate::aws::revoke(self, with, doomed, id),
            Kind::Google => Google(self).revoke(with, doomed, id),
        }
    }
}
