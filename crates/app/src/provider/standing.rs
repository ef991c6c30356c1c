//! How an entry stands with its provider: which connector it is, what the user allowed, what is missing,
//! and, once values are read, everything that is needed to act.

use std::collections::BTreeMap;
use std::ops::Deref;

use jiff::Timestamp;
use keyward_remote::connector::{Account, Connector, connector};
use keyward_rotation::{Can, Run, Shape};
use keyward_store::{Connection, Entry, ProviderSetting, Tx};
use keyward_vault::Secret;

use super::{invalid, provider_name};
use crate::Error;

/// A connector, built in or the user's own.
#[derive(Debug)]
pub(crate) enum Known {
    BuiltIn(&'static Connector),
    Own(Box<Connector>),
}

impl Deref for Known {
    type Target = Connector;

    fn deref(&self) -> &Connector {
        match self {
            Self::BuiltIn(connector) => connector,
            Self::Own(connector) => connector,
        }
    }
}

/// Everything that is needed to act for an entry at its provider, read out of the vault.
#[derive(Debug)]
pub(crate) struct Reached {
    pub(crate) connector: Known,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) admin: Option<Secret>,
    pub(super) endpoint: Option<String>,
}

impl Reached {
    /// What people call the provider.
    pub(crate) fn name(&self) -> String {
        provider_name(&self.connector)
    }

    /// Which connector at which address: what a run is held to.
    pub(crate) fn at(&self) -> String {
        at(&self.connector, self.endpoint.as_deref())
    }

    /// How the provider replaces a credential.
    pub(crate) fn shape(&self) -> Shape {
        shape(self.connector.shape)
    }

    /// The account as the connector takes it.
    pub(crate) fn account(&self, now: Timestamp) -> Account<'_> {
        Account {
            connector: &self.connector,
            parameters: &self.parameters,
            admin: self.admin.as_ref(),
            endpoint: self.endpoint.as_deref(),
            now,
        }
    }
}

/// How an entry stands with its provider, without any value.
pub(crate) struct Standing {
    pub(crate) connector: Option<Known>,
    pub(crate) connection: Option<Connection>,
    pub(crate) setting: Option<ProviderSetting>,
    /// What is missing before Keyward can act, a line each.
    pub(crate) missing: Vec<String>,
}

/// The parameter that holds the provider's id of the current key. Every connector that revokes has it;
/// some providers tell the id only when a key is made.
pub(crate) const KEY_ID: &str = "key-id";

impl Standing {
    pub(crate) fn read(tx: &Tx<'_>, entry: &Entry) -> Result<Self, Error> {
        let connection = tx.connections()?.into_iter().find(|one| one.entry == entry.id);
        let said = connection.as_ref().and_then(|one| one.connector.clone());
        let wanted = said.or_else(|| entry.provider.clone());
        let settings = tx.providers()?;
        let known = wanted.as_deref().map(|id| find(&settings, id)).transpose()?.flatten();
        let mut missing = vec![];
        let mut setting = None;
        if let Some(known) = &known {
            setting = settings.into_iter().find(|one| one.id == known.id);
            if known.needs_endpoint() && setting.as_ref().is_none_or(|one| one.endpoint.is_none()) {
                missing.push(
                    "the server's address: `keyward provider allow ID --endpoint URL`".to_owned(),
                );
            }
            for parameter in &known.parameters {
                let given =
                    connection.as_ref().is_some_and(|c| c.parameters.contains_key(&parameter.name));
                if parameter.default.is_none() && !given {
                    missing.push(format!("{}: {}", parameter.name, parameter.about));
                }
            }
        }
        Ok(Self { connector: known, connection, setting, missing })
    }

    /// Which connector at which address, where there is one.
    pub(crate) fn at(&self) -> Option<String> {
        let endpoint = self.setting.as_ref().and_then(|setting| setting.endpoint.as_deref());
        self.connector.as_deref().map(|known| at(known, endpoint))
    }

    /// The provider's id of the current key, where it was kept.
    pub(crate) fn key_id(&self) -> Option<String> {
        self.connection.as_ref().and_then(|one| one.parameters.get(KEY_ID).cloned())
    }

    pub(crate) fn is_allowed(&self) -> bool {
        self.setting.as_ref().is_some_and(|setting| setting.allowed.is_some())
    }

    pub(crate) fn shape(&self) -> Shape {
        self.connector.as_ref().map_or(Shape::ConsoleOnly, |known| shape(known.shape))
    }

    /// What the program may do for a run, as far as that is known without a value.
    pub(crate) fn can_for(&self, run: &Run) -> Can {
        let Some(known) = self.connector.as_ref().filter(|_| self.is_ready()) else {
            return Can::default();
        };
        let has_admin = self.connection.as_ref().is_some_and(|c| c.admin.is_some());
        let may_act = known.admin.is_none() || has_admin;
        // A key that makes its own successor has to be alive, and so has one that is rolled.
        let rolls = self.shape().ends_old_at_once();
        let by_admin = known.admin.is_some() && has_admin && !rolls;
        let may_create = may_act && (by_admin || !run.old_is_gone());
        let promotes = known.can.promote;
        Can {
            create: known.can.create && may_create,
            check: known.can.check,
            // Of two slots the second is promoted in a calm run; nothing ends the first one by itself.
            revoke: may_act && if promotes { !run.emergency } else { known.can.revoke },
        }
    }

    fn is_ready(&self) -> bool {
        self.is_allowed() && self.missing.is_empty()
    }
}

fn at(known: &Connector, endpoint: Option<&str>) -> String {
    match endpoint {
        Some(url) => format!("{} ({url})", known.id),
        None => known.id.clone(),
    }
}

pub(super) fn find(settings: &[ProviderSetting], id: &str) -> Result<Option<Known>, Error> {
    if let Some(known) = connector(id) {
        return Ok(Some(Known::BuiltIn(known)));
    }
    let own = settings.iter().find(|one| one.id == id).map(parse_own).transpose()?.flatten();
    Ok(own.map(|own| Known::Own(Box::new(own))))
}

pub(super) fn parse_own(setting: &ProviderSetting) -> Result<Option<Connector>, Error> {
    let Some(text) = &setting.recipe else { return Ok(None) };
    Connector::parse(text).map(Some).map_err(|error| {
        let hint = "Take it in again with `keyward provider add FILE`.";
        invalid(&format!("The connector `{}`: {error}.", setting.id), hint)
    })
}

pub(super) fn shape(shape: keyward_remote::connector::Shape) -> Shape {
    use keyward_remote::connector::Shape as S;
    match shape {
        S::IssueDelete => Shape::IssueDelete,
        S::RollInPlace => Shape::RollInPlace,
        S::RollWithGrace => Shape::RollWithGrace,
        S::PrimarySecondary => Shape::PrimarySecondary,
        S::DisableOnly => Shape::DisableOnly,
        S::SelfRevoke => Shape::SelfRevoke,
        S::ConsoleOnly => Shape::ConsoleOnly,
    }
}
